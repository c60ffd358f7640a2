"""A recording: the events of a sweep in a file, one line of JSON each."""

from pathlib import Path

import msgspec

from engine.errors import FileProblem
from engine.events import AnyEvent, decode


def read_recording(path: Path) -> list[AnyEvent]:
    """Return the events of a recording, at least one. Raises FileProblem with the line that is wrong.

    A last line that is no event and has no end was being written when the sweep was killed, and is left out.
    """
    try:
        *lines, last = path.read_bytes().split(b"\n")
    except OSError as error:
        raise FileProblem(path, None, f"cannot be read: {error.strerror}") from None
    events: list[AnyEvent] = []
    for number, line in enumerate([*lines, last], 1):
        try:
            events += [decode(line)] if line.strip() else []
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if number <= len(lines):
                raise FileProblem(path, number, f"not an event of a sweep: {error}") from None
    if not events:
        raise FileProblem(path, None, "holds no events")
    return events
