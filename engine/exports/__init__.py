"""A report in other formats: one file each, and the table EXPORTS."""

from pathlib import Path

from engine.errors import RequestError, UnknownName
from engine.exports.base import Export
from engine.exports.csv_table import CSV
from engine.exports.github_action import GITHUB_ACTION
from engine.exports.markdown import MARKDOWN
from engine.exports.parquet import PARQUET
from engine.exports.pytest_benchmark import PYTEST_BENCHMARK
from engine.exports.tuned import TUNED

EXPORTS: tuple[Export, ...] = (CSV, PARQUET, MARKDOWN, PYTEST_BENCHMARK, GITHUB_ACTION, TUNED)
"""Every format; a new one is a file and an entry here."""


def find_export(name: str) -> Export:
    """Return a format by name. Raises UnknownName with the nearest one."""
    for export in EXPORTS:
        if export.name == name:
            return export
    raise UnknownName("format", name, [export.name for export in EXPORTS], "--format")


def export_for(path: Path) -> Export:
    """Return the format that the ending of a file stands for. Raises RequestError where it stands for none or
    several."""
    fitting = [export for export in EXPORTS if export.suffix == path.suffix.lower()]
    if len(fitting) == 1:
        return fitting[0]
    choices = ", ".join(export.name for export in fitting or EXPORTS)
    why = f"{path.suffix} may be several formats" if fitting else f"no format has the ending {path.suffix!r}"
    raise RequestError(f"--out: {path}: {why}; say with --format which: {choices}")


__all__ = ["EXPORTS", "TUNED", "Export", "export_for", "find_export"]
