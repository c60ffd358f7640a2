"""A target, a py-spy that says what a test wants it to say, and a way to know that no process is left."""

import os
import sys

import pytest

from engine.errors import Lacking
from engine.hotspots import capture, capturing
from tests.hotspots.builders import TARGET, request

FAKE = """#!{python}
import pathlib, subprocess, sys
options, target = sys.argv[1 : sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1 :]
with open({log!r}, "a") as log:
    print(*options, file=log)
if {run}:
    subprocess.run(target)
raw = {raw!r}
if raw is not None:
    pathlib.Path(options[options.index("-o") + 1]).write_text(raw)
print({output!r})
print({errors!r}, file=sys.stderr)
sys.exit({code})
"""


@pytest.fixture
def stub_target(monkeypatch):
    monkeypatch.setattr(capturing, "_TARGET", TARGET)


@pytest.fixture(scope="session")
def refusal(tmp_path_factory):
    """Why py-spy cannot be used here; None: it can."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(capturing, "_TARGET", TARGET)
        try:
            capture(request(tmp_path_factory.mktemp("refusal"), seconds=0.3))
        except Lacking as error:
            return str(error)
    return None


@pytest.fixture
def real_py_spy(refusal, stub_target):
    if refusal:
        pytest.skip(refusal)


@pytest.fixture
def fake_py_spy(monkeypatch, tmp_path):
    """Return a function that puts a fake in py-spy's place; what it was called with is in tmp_path/log."""

    def install(raw=None, output="", errors="", code=0, run=False):
        program = tmp_path / "py-spy"
        values = {"raw": raw, "output": output, "errors": errors, "code": code, "run": run}
        program.write_text(FAKE.format(python=sys.executable, log=str(tmp_path / "log"), **values))
        program.chmod(0o755)
        monkeypatch.setattr(capturing, "find_py_spy", lambda: str(program))

    return install


class Alive:
    """A named pipe that reads as ended only when every process that opened it is gone."""

    def __init__(self, path):
        self.path = path
        os.mkfifo(path)
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(self._descriptor, True)
        self._own: int | None = os.open(path, os.O_WRONLY)  # so that reading waits for the first process to open it

    def wait_for(self, processes):
        said = b""
        while said.count(b"\n") < processes:
            said += os.read(self._descriptor, 100)

    def wait_for_none(self):
        self._let_go()
        while os.read(self._descriptor, 100):
            pass

    def close(self):
        self._let_go()
        os.close(self._descriptor)

    def _let_go(self):
        if self._own is not None:
            os.close(self._own)
        self._own = None


@pytest.fixture
def alive(tmp_path, monkeypatch):
    pipe = Alive(tmp_path / "alive")
    monkeypatch.setenv("ALIVE", str(pipe.path))
    yield pipe
    pipe.close()
