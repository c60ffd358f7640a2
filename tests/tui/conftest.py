"""Programs on terminals of their own."""

import pytest

from engine.events import SweepFinished, encode
from tests.builders import a_report, a_start, a_trial
from tests.tui.terminals import Terminal


@pytest.fixture
def start(tmp_path, monkeypatch, leftovers):
    """Starts a program on a terminal; the engine of a screen measures two plans and then waits."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "events").write_bytes(b"".join(map(encode, [a_start(), *a_trial(0, 0, 2.0), *a_trial(0, 1, 0.4)])))
    (tmp_path / "last").write_bytes(encode(SweepFinished(report=a_report(complete=False, blocks=1))))
    engine = (
        "import os, pathlib, signal, sys\n"
        f"last = open({str(tmp_path / 'last')!r}).read()\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(print(last, flush=True)))\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))\n"
        f"print(open({str(tmp_path / 'events')!r}).read(), flush=True)\n"
        "sys.stdin.read()"
    )
    started = []

    def begin(*programs: str) -> Terminal:
        first, *others = programs
        started.append(Terminal(*others, engine, program=first))
        return started[-1]

    yield begin
    for terminal in started:
        terminal.close()
