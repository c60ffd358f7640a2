"""A workload in a file of the user's own, which can do anything."""

import textwrap
import uuid

import pytest

SOURCE = """
import os, signal, sys, threading
from engine import Kernel, Workload

def load(size, **settings):
    {load}
    return None

def tasks(data):
    return list(range({tasks}))

def compute(data, tasks):
    {compute}
    return [task * task for task in tasks]

WORKLOAD = Workload(name="mine", summary="mine", load=load, tasks=tasks, kernels={{"python": Kernel(compute)}})
"""


@pytest.fixture
def workload_file(tmp_path):
    """Return a function that writes such a file and returns its reference; the arguments are statements."""

    def write(compute="pass", load="pass", tasks=6):
        path = tmp_path / f"mine_{uuid.uuid4().hex}.py"  # a process imports a name once
        path.write_text(textwrap.dedent(SOURCE.format(compute=compute, load=load, tasks=tasks)))
        return f"{path}:WORKLOAD"

    return write
