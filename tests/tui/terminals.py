"""A program on a terminal of its own, and what it leaves there."""

import contextlib
import os
import pty
import select
import subprocess
import sys
import termios
import time
from pathlib import Path

from tests.tui.emulator import left_behind

PROGRAM = (
    "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"  # so that hanging up reaches it
    "import sys; from pathlib import Path; from workbench.tui import app, services;"
    "services.EngineProcess.__init__.__defaults__ = ((sys.executable, '-c', sys.argv[1]),);"
    "from engine.request import SweepRequest;"
    "sys.exit(app.run(SweepRequest(workload='straddles'), autostart=True))"
)
"""The app with a script in place of the engine."""


class Terminal:
    """A program on a pseudo-terminal of 80x24."""

    def __init__(self, *arguments: str, program: str = "", **environment: str) -> None:
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, 80))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.process = subprocess.Popen(
            [sys.executable, "-c", program or PROGRAM, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env=os.environ
            | {"TERM": "xterm-256color", "LANG": "C.UTF-8", "COLUMNS": "80", "LINES": "24"}
            | environment,
        )
        self.output = b""

    def read(self, seconds: float) -> bool:
        """Read what has come; False when nothing did."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if ready:
            with contextlib.suppress(OSError):
                self.output += os.read(self.master, 1 << 16)
        return bool(ready)

    def until(self, text: bytes, patience: float = 30.0) -> None:
        deadline = time.monotonic() + patience
        while text not in self.output:
            assert time.monotonic() < deadline, self.output[-2000:]
            assert self.process.poll() is None, self.output[-2000:]
            self.read(0.05)

    def end(self, patience: float = 20.0) -> int:
        deadline = time.monotonic() + patience
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "still running"
            self.read(0.05)
        while self.read(0):
            pass
        return self.process.returncode

    def restored(self) -> bool:
        """Keys are read as before, and nothing that was switched on is on."""
        assert left_behind(self.output) == set()
        return termios.tcgetattr(self.slave) == self.before

    def answer(self) -> None:
        """Say that synchronized output and resizes as input are known, so that all that can be switched on is."""
        self.until(b"?2048$p")
        os.write(self.master, b"\x1b[?2026;2$y\x1b[?2048;2$y")
        self.until(b"\x1b[?1016h")

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


def engine_gone(folder: Path) -> bool:
    pid = int((folder / "pid").read_text())
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if not Path(f"/proc/{pid}").exists() or Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return True
        os.sched_yield()
    return False
