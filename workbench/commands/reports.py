"""Reports by name: a file that ``workbench sweep --out`` wrote, or a sweep of the history."""

from typing import TYPE_CHECKING

from engine.errors import RequestError

if TYPE_CHECKING:
    from engine.report import SweepReport

PAST = "history:"
"""How the name of a sweep in the history starts; its id follows."""


def named_report(name: str) -> "SweepReport":
    """Return the report in a file or, for ``history:ID``, in the history. Raises FileProblem, RequestError."""
    from engine.analyse.comparing import load_report, parse_report
    from workbench.commands.keeping import open_kept

    if not name.startswith(PAST):
        return load_report(name)
    number = name.removeprefix(PAST)
    if not (number.isascii() and number.isdigit()):
        raise RequestError(f"{name}: expected {PAST} and the id of a sweep; `workbench history` lists them")
    return parse_report(name, open_kept().document(int(number)))
