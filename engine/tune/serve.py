"""``python -m engine sweep``: a sweep as a process of its own, for the terminal UI. SIGTERM ends it with a partial
report."""

import signal
import sys
import threading
from pathlib import Path

import msgspec

from engine.child import hold_on_to_parent
from engine.errors import WorkbenchError
from engine.events import Failed, write_all
from engine.recording import read_recording
from engine.request import SweepRequest
from engine.tune.sweep import sweep


def serve_sweep(earlier: Path | None = None) -> int:
    """Read a SweepRequest, write the sweep's events; return the exit code. ``earlier``: the recording of a sweep to go
    on from."""
    stop = stop_on_signals()
    hold_on_to_parent()
    out = sys.stdout.buffer
    request = msgspec.json.decode(sys.stdin.buffer.readline(), type=SweepRequest)
    try:
        write_all(out, sweep(request, stop, read_recording(earlier) if earlier else ()))
    except WorkbenchError as error:
        write_all(out, [Failed(message=str(error), exit_code=error.exit_code)])
        return error.exit_code
    except BrokenPipeError:
        return 4  # the reader is gone, and with it everyone who could be told
    return 0


def stop_on_signals() -> threading.Event:
    """Return a flag that SIGINT and SIGTERM raise, in place of ending the process where it stands."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
