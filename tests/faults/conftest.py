"""A workload in a file of the user's own, which can do anything."""

import textwrap

import pytest

SOURCE = """
import os, signal, sys, threading
from engine import Kernel, Workload

def load(size, **settings):
    {load}
    return None

def tasks(data):
    return list(range(6))

def compute(data, tasks):
    {compute}
    return [task * task for task in tasks]

WORKLOAD = Workload(name="mine", summary="mine", load=load, tasks=tasks, kernels={{"python": Kernel(compute)}})
"""


@pytest.fixture
def workload_file(tmp_path):
    """Return a function that writes such a file and returns its reference; the arguments are statements."""

    def write(compute="pass", load="pass"):
        path = tmp_path / f"mine_{abs(hash((compute, load))):x}.py"
        path.write_text(textwrap.dedent(SOURCE.format(compute=compute, load=load)))
        return f"{path}:WORKLOAD"

    return write
