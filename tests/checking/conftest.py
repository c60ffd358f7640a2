"""Files of users to check, which are forgotten after the test."""

import sys

import pytest

SOURCE = """
import os, random, threading
import numpy as np

STATE = []

class Session:
    def __init__(self):
        self.lock = threading.Lock()

def load():
    return {"prices": np.arange(6.0), "cache": {}, "scale": 2.0}

def load_stuck():
    return {"book": Session(), "scale": 2.0}

def load_fails():
    raise OSError("no such database")

def tasks():
    return list(range(8))

def tasks_stuck():
    return [threading.Lock(), 1]

def good(data, task):
    return data["scale"] * task

def raises(data, task):
    return 1 / task

def writes(data, task):
    data["prices"][0] += 1
    return float(task)

def caches(data, task):
    data["cache"][task] = True
    return float(task)

def random_results(data, task):
    return random.random()

def remembers(data, task):
    STATE.append(task)
    return len(STATE)

def stuck_result(data, task):
    return lambda: task

def of_process(data, task):
    return os.getpid() * 1.0

def of_thread(data, task):
    return threading.current_thread() is threading.main_thread()

def dies_in_threads(data, task):
    if threading.current_thread() is not threading.main_thread():
        os._exit(7)
    return float(task)

def hangs_in_threads(data, task):
    if threading.current_thread() is not threading.main_thread():
        threading.Event().wait()
    return float(task)
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """Return a function that names something in a file of the user's."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    file = tmp_path / "own_checked.py"
    file.write_text(SOURCE)

    def name(attribute, more=""):
        if more:
            file.write_text(SOURCE + more)
        return f"{file}:{attribute}"

    yield name
    sys.modules.pop("own_checked", None)
