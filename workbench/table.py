"""The results table: its columns, and which of them a width has room for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from engine.plan import Plan, start_method_of
from engine.report import Interval, TrialReport
from workbench.numbers import UNICODE, Seconds, Signs, efficiency, fit, rate, ratio, seconds, size, timing

STATUSES = ("ok", "failed", "unavailable", "unmeasured", "pending", "running", "eliminated")
"""Every status a row can have, in the order of ``Signs.status``."""


@dataclass(frozen=True)
class Column:
    """One column of the results table."""

    header: str
    priority: int
    """The columns with the smallest numbers get room first."""
    cell: Callable[[TrialReport, Signs], str]
    right: bool = True
    figure: bool = True
    """Measured, so empty until there is a sample; the others say which plan it is."""
    width: int = 0
    """Smallest width, so that the table does not jump while figures come in."""
    minor: bool = False
    """Shown only when it differs between plans."""


def _plan_cell(text: Callable[[Plan], object]) -> Callable[[TrialReport, Signs], str]:
    return lambda trial, signs: signs.text(str(text(trial.plan)))


def _settings(plan: Plan) -> str:
    if len(plan.settings) == 1:
        return str(*plan.settings.values())
    return " ".join(f"{name}={value}" for name, value in plan.settings.items())


def _seconds(value: Seconds | None, signs: Signs) -> str:
    return "" if value is None else seconds(value, signs)


def _timing(value: Interval | None, signs: Signs) -> str:
    return timing(value, signs) if value else ""


def _ratio(value: Interval | None, signs: Signs) -> str:
    return ratio(value.median, signs) if value else ""


def _efficiency(value: float | None, signs: Signs) -> str:
    return "" if value is None else efficiency(value, signs)


def _job(trial: TrialReport, signs: Signs) -> str:
    if trial.job_seconds is None:
        return ""
    return f"{seconds(trial.job_seconds.median, signs)} {_ratio(trial.job_speedup, signs):>5}".rstrip()


VERDICT = 40
"""Characters of the verdict that the table shows; the whole sentence stands below it."""

COLUMNS: tuple[Column, ...] = (
    Column("mode", 0, _plan_cell(lambda plan: plan.mode), right=False, figure=False, width=10),
    Column("workers", 1, _plan_cell(lambda plan: plan.workers), figure=False),
    Column("kernel", 2, _plan_cell(lambda plan: plan.kernel), right=False, figure=False),
    Column("settings", 5, _plan_cell(_settings), right=False, figure=False),
    Column("chunk", 5, _plan_cell(lambda plan: plan.chunk_size), figure=False),
    Column("start", 6, _plan_cell(start_method_of), right=False, figure=False, minor=True),
    Column("threads", 6, _plan_cell(lambda plan: plan.threads_per_worker), figure=False, minor=True),
    Column("device", 6, _plan_cell(lambda plan: plan.device), right=False, figure=False, minor=True),
    Column("steady run", 3, lambda trial, signs: _timing(trial.seconds, signs), width=12),
    Column("speedup", 4, lambda trial, signs: _ratio(trial.speedup, signs), width=7),
    Column("score", 4, lambda trial, _: "" if trial.score is None else f"{trial.score:.4f}", minor=True),
    Column("efficiency", 7, lambda trial, signs: _efficiency(trial.efficiency, signs), width=10),
    Column(
        "tasks/s", 8, lambda trial, _: "" if trial.tasks_per_second is None else rate(trial.tasks_per_second), width=7
    ),
    Column(
        "memory", 9, lambda trial, _: "" if trial.peak_memory_bytes is None else size(trial.peak_memory_bytes), width=7
    ),
    Column("whole job", 6, lambda trial, signs: _job(trial, signs), width=13),
    Column("set-up", 11, lambda trial, signs: _seconds(trial.setup_seconds, signs), width=7),
    Column("verdict", 12, lambda trial, signs: fit(signs.text(trial.verdict), VERDICT, signs), right=False),
)
"""Every column in reading order."""

_CONSTANT_LAST = 20
"""Added to the priority of a knob that is the same in every plan: it tells no row from another."""


def row_cells(trial: TrialReport, signs: Signs = UNICODE, columns: Sequence[Column] = COLUMNS) -> tuple[str, ...]:
    """Return one row of the results table, one text per column; a figure that is not known is empty."""
    return tuple(column.cell(trial, signs) for column in columns)


def status_sign(status: str, signs: Signs = UNICODE) -> str:
    """Return the character that stands for a status."""
    return signs.status[STATUSES.index(status)]


def status_words(status: str, reason: str, signs: Signs = UNICODE) -> str:
    """Return a status with its reason, such as ``failed: wrong results``."""
    return signs.text(f"{status}: {reason}" if reason else status)


@dataclass(frozen=True)
class Table:
    """Columns that fit a width."""

    columns: tuple[Column, ...]
    widths: tuple[int, ...]
    room: int
    """Characters a line may take; the words of a status may go beyond the last column."""
    settings: frozenset[str] = frozenset()
    """Names of the settings in which the plans differ; the others tell nothing."""
    signs: Signs = UNICODE

    def header(self) -> str:
        """Return the line above the rows."""
        return "  " + self._join([column.header for column in self.columns])

    def line(self, trial: TrialReport, status: str, reason: str = "", chosen: bool = False) -> str:
        """Return one row; the words of its status stand where figures are missing."""
        cells = row_cells(_trimmed(trial, self.settings), self.signs, self.columns)
        text = f"{self.signs.chosen if chosen else status_sign(status, self.signs)} {self._join(cells)}"
        if trial.seconds is not None and status in ("ok", "running", "pending", "eliminated"):
            return text
        knobs = [width for column, width in zip(self.columns, self.widths, strict=True) if not column.figure]
        start = 2 + sum(knobs) + len(knobs)
        words = status_words(status, reason, self.signs)
        return text[:start].ljust(start) + fit(words, self.room - start, self.signs)

    def _join(self, cells: Sequence[str]) -> str:
        return " ".join(
            cell.rjust(width) if column.right else cell.ljust(width)
            for cell, column, width in zip(cells, self.columns, self.widths, strict=True)
        )


def fit_table(trials: Sequence[TrialReport], width: int, signs: Signs = UNICODE) -> Table:
    """Return the table of these trials without the columns that say least, so that it fits the width if it can."""
    settings = _differing(trials)
    rows = [row_cells(_trimmed(trial, settings), signs) for trial in trials]
    widths = [
        max([len(column.header), column.width, *(len(row[index]) for row in rows)])
        for index, column in enumerate(COLUMNS)
    ]
    candidates = [index for index in range(len(COLUMNS)) if not _silent(index, rows)]
    candidates.sort(key=lambda index: COLUMNS[index].priority + (_CONSTANT_LAST if _constant(index, rows) else 0))
    kept: list[int] = []
    for index in candidates:
        if not kept or 1 + sum(widths[other] + 1 for other in (*kept, index)) <= width:
            kept.append(index)
    kept.sort()
    return Table(
        tuple(COLUMNS[index] for index in kept), tuple(widths[index] for index in kept), width, settings, signs
    )


def _differing(trials: Sequence[TrialReport]) -> frozenset[str]:
    first = trials[0].plan.settings if trials else {}
    return frozenset(
        name for trial in trials for name, value in trial.plan.settings.items() if first.get(name) != value
    )


def _trimmed(trial: TrialReport, settings: frozenset[str]) -> TrialReport:
    kept = {name: value for name, value in trial.plan.settings.items() if name in settings}
    return replace(trial, plan=replace(trial.plan, settings=kept))


def _silent(index: int, rows: Sequence[tuple[str, ...]]) -> bool:
    """Whether a column has nothing to say: it is minor and the same for all plans, or says which plan it is and is
    empty."""
    texts = {row[index] for row in rows if row[index]}
    return len(texts) <= 1 if COLUMNS[index].minor else not (COLUMNS[index].figure or texts)


def _constant(index: int, rows: Sequence[tuple[str, ...]]) -> bool:
    values = {row[index] for row in rows if row[index]}  # an empty cell is a knob the mode does not have
    return index > 0 and not COLUMNS[index].figure and len(values) <= 1
