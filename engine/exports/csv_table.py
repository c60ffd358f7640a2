"""One row for each plan, with every figure of the results table, for a spreadsheet."""

import csv
import io
from collections.abc import Callable

from engine.exports.base import Export, block_points, knob_columns
from engine.report import Interval, SweepReport, TrialReport

Figure = Callable[[TrialReport], object]


def _interval(name: str) -> dict[str, Figure]:
    def part(edge: str) -> Figure:
        def figure(trial: TrialReport) -> object:
            found: Interval | None = getattr(trial, name)
            return None if found is None else getattr(found, edge)

        return figure

    return {f"{name}.{edge}": part(edge) for edge in ("median", "low", "high")}


def _plain(name: str) -> dict[str, Figure]:
    return {name: lambda trial: getattr(trial, name)}


FIGURES: dict[str, Figure] = {
    **_plain("status"),
    **_plain("reason"),
    "blocks": lambda trial: len(block_points(trial)),
    **_interval("seconds"),
    **_interval("job_seconds"),
    **_plain("setup_seconds"),
    **_plain("first_run_seconds"),
    **_interval("full_seconds"),
    **_plain("tasks_per_second"),
    **_interval("speedup"),
    **_interval("job_speedup"),
    **_plain("efficiency"),
    **_plain("serial_fraction"),
    **_plain("peak_memory_bytes"),
    **_plain("bytes_copied"),
    **_plain("identical"),
    **_plain("max_error"),
    **_plain("score"),
    **_plain("verdict"),
}
"""The columns behind those of the knobs; the names are the fields of the report."""


def render(report: SweepReport) -> bytes:
    """Return a header and a row for each plan, RFC 4180, UTF-8; a figure that is not known is an empty cell."""
    columns = knob_columns(report)
    columns = [*columns, ("recommended", [_recommended(report, trial) for trial in report.trials])]
    sink = io.StringIO(newline="")
    writer = csv.writer(sink)
    writer.writerow([*(name for name, _ in columns), *FIGURES])
    for index, trial in enumerate(report.trials):
        knobs = [values[index] for _, values in columns]
        writer.writerow([*knobs, *(figure(trial) for figure in FIGURES.values())])
    return sink.getvalue().encode()


def _recommended(report: SweepReport, trial: TrialReport) -> bool:
    return report.recommendation is not None and report.recommendation.plan == trial.plan


CSV = Export("csv", ".csv", "one row for each plan, for a spreadsheet", render)
