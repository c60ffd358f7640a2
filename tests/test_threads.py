import os
import subprocess
import sys

import pytest
from threadpoolctl import threadpool_info

from engine.threads import VARIABLES, library_threads


def test_a_process_started_meanwhile_obeys_and_this_one_too():
    import numpy  # noqa: F401 - its BLAS is what is limited

    code = "import numpy, threadpoolctl; print({pool['num_threads'] for pool in threadpoolctl.threadpool_info()})"
    with library_threads(1):
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}
        child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout == "{1}\n"


@pytest.mark.parametrize("before", [None, "7"])
def test_everything_is_as_before_afterwards(monkeypatch, before):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False) if before is None else monkeypatch.setenv(name, before)
    with library_threads(3):
        assert {os.environ[name] for name in VARIABLES} == {"3"}
    assert {os.environ.get(name) for name in VARIABLES} == {before}
