"""Reading a report file; it is data, and reading it runs no code."""

import re
from pathlib import Path

import msgspec

from engine.errors import FileProblem
from engine.report import SCHEMA, SweepReport


class _Head(msgspec.Struct):
    schema: int


def load_report(path: Path | str) -> SweepReport:
    """Read a report written by ``workbench sweep --out``. Raises FileProblem naming the line, where there is one, and
    what is wrong: unreadable, not JSON, another schema, a field of another type, a time that is none."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise FileProblem(path, None, f"cannot be read: {error.strerror}") from None
    return parse_report(path, content)


def parse_report(path: Path | str, content: bytes) -> SweepReport:
    """Return the report in a document that came from ``path``; raises as ``load_report`` does."""
    _check_schema(path, content)
    try:
        report = msgspec.json.decode(content, type=SweepReport)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `$")
        name = place.rstrip("`").lstrip(".")
        line = _line_of(content, re.sub(r"\[[^]]*\]", "", name).rsplit(".", 1)[-1])
        raise FileProblem(path, line, f"{name}: {problem}" if name else problem) from None
    _check_times(path, report)
    return report


def _check_schema(path: Path | str, content: bytes) -> None:
    try:
        schema = msgspec.json.decode(content, type=_Head).schema
    except msgspec.ValidationError:
        raise FileProblem(path, None, "not a report of a sweep: it has no schema number") from None
    except msgspec.DecodeError as error:
        found = re.search(r"byte (\d+)", str(error))
        line = content.count(b"\n", 0, int(found[1])) + 1 if found else None
        raise FileProblem(path, line, f"not valid JSON: {error}") from None
    if schema != SCHEMA:
        raise FileProblem(path, _line_of(content, "schema"), f"schema {schema} is not {SCHEMA}; measure again")


def _line_of(content: bytes, name: str) -> int | None:
    """The line of a key that occurs once; None otherwise, and in a file of one line."""
    places = [found.start() for found in re.finditer(rb'"%s"\s*:' % re.escape(name.encode()), content)]
    return content.count(b"\n", 0, places[0]) + 1 if len(places) == 1 and b"\n" in content.strip() else None


def _check_times(path: Path | str, report: SweepReport) -> None:
    for index, trial in enumerate(report.trials):
        steady = (seconds for sample in trial.samples for seconds in sample.steady)
        if any(not seconds > 0 for seconds in (*trial.runs, *steady)):
            raise FileProblem(path, None, f"trials[{index}]: a run that took no time")
