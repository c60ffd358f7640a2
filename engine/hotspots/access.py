"""Whether processes of one's own may be sampled, tried on a child."""

import contextlib
import subprocess
import sys
from pathlib import Path

_WAITS = "import sys; sys.stdin.read()"


def may_sample() -> bool | None:
    """Return whether the memory of a child may be read, as py-spy does; None: this system has no way to try. 20 ms."""
    if not Path("/proc/self/mem").exists():
        return None
    command = [sys.executable, "-I", "-S", "-c", _WAITS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as child:
        try:
            return _readable(Path(f"/proc/{child.pid}/mem"))
        finally:
            with contextlib.suppress(OSError):
                child.kill()


def _readable(memory: Path) -> bool:
    try:
        memory.open("rb", buffering=0).close()
    except OSError:
        return False
    return True
