"""The results table: its columns, and which of them a width has room for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from engine.plan import Plan, start_method_of
from engine.report import Interval, TrialReport
from workbench.words.numbers import UNICODE, Seconds, Signs, efficiency, fit, rate, ratio, seconds, size, timing

STATUSES = ("ok", "failed", "unavailable", "unmeasured", "pending", "running", "eliminated")
"""Every status a row can have, in the order of ``Signs.status``."""


Rank = float | str | None
"""Place of a row when it is sorted by a column; None comes last in either direction."""


@dataclass(frozen=True)
class Column:
    """One column of the results table."""

    header: str
    priority: int
    """The columns with the smallest numbers get room first."""
    cell: Callable[[TrialReport, Signs], str]
    rank: Callable[[TrialReport], Rank]
    """What rows are sorted by."""
    right: bool = True
    figure: bool = True
    """Measured, so empty until there is a sample; the others say which plan it is."""
    width: int = 0
    """Smallest width, so that the table does not jump while figures come in."""
    minor: bool = False
    """Shown only when it differs between plans."""


def _knob(header: str, priority: int, value: Callable[[Plan], Any], **more: Any) -> Column:
    """A column that says which plan it is."""
    return Column(
        header,
        priority,
        lambda trial, signs: signs.text(str(value(trial.plan))),
        lambda trial: _rank(value(trial.plan)),
        figure=False,
        **more,
    )


def _rank(value: object) -> Rank:
    return float(value) if isinstance(value, int | float) else str(value) or None


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


def _rate(value: float | None) -> str:
    return "" if value is None else rate(value)


def _size(value: int | None) -> str:
    return "" if value is None else size(value)


def _verdict(trial: TrialReport, signs: Signs) -> str:
    return fit(signs.text(trial.verdict), VERDICT, signs)


def _efficiency(value: float | None, signs: Signs) -> str:
    return "" if value is None else efficiency(value, signs)


def _middle(pick: Callable[[TrialReport], Interval | None]) -> Callable[[TrialReport], float | None]:
    def rank(trial: TrialReport) -> float | None:
        interval = pick(trial)
        return None if interval is None else interval.median

    return rank


def _job(trial: TrialReport, signs: Signs) -> str:
    if trial.job_seconds is None:
        return ""
    return f"{seconds(trial.job_seconds.median, signs)} {_ratio(trial.job_speedup, signs):>5}".rstrip()


VERDICT = 40
"""Characters of the verdict that the table shows; the whole sentence stands below it."""

COLUMNS: tuple[Column, ...] = (
    _knob("mode", 0, lambda plan: plan.mode, right=False, width=10),
    _knob("workers", 1, lambda plan: plan.workers),
    _knob("kernel", 2, lambda plan: plan.kernel, right=False),
    _knob("settings", 5, _settings, right=False),
    _knob("chunk", 5, lambda plan: plan.chunk_size),
    _knob("start", 6, start_method_of, right=False, minor=True),
    _knob("threads", 6, lambda plan: plan.threads_per_worker, minor=True),
    _knob("device", 6, lambda plan: plan.device, right=False, minor=True),
    Column("steady run", 3, lambda t, signs: _timing(t.seconds, signs), _middle(lambda t: t.seconds), width=12),
    Column("speedup", 4, lambda t, signs: _ratio(t.speedup, signs), _middle(lambda t: t.speedup), width=7),
    Column("score", 4, lambda t, _: "" if t.score is None else f"{t.score:.4f}", lambda t: t.score, minor=True),
    Column("efficiency", 7, lambda t, signs: _efficiency(t.efficiency, signs), lambda t: t.efficiency, width=10),
    Column("tasks/s", 8, lambda t, _: _rate(t.tasks_per_second), lambda t: t.tasks_per_second, width=7),
    Column("memory", 9, lambda t, _: _size(t.peak_memory_bytes), lambda t: t.peak_memory_bytes, width=7),
    Column("whole job", 6, _job, _middle(lambda t: t.job_seconds), width=13),
    Column("set-up", 11, lambda t, signs: _seconds(t.setup_seconds, signs), lambda t: t.setup_seconds, width=7),
    Column("verdict", 12, _verdict, lambda t: t.verdict or None, right=False),
)
"""Every column in reading order."""

MORE_IS_BETTER = frozenset({"speedup", "score", "efficiency", "tasks/s"})

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

    def place(self, header: str) -> tuple[int, int]:
        """Return where a column's header starts and ends in the line above the rows; (0, 0) without that column."""
        start = 2
        for column, width in zip(self.columns, self.widths, strict=True):
            if column.header == header:
                left = start + width - len(header) if column.right else start
                return left, left + len(header)
            start += width + 1
        return 0, 0

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


class Layout:
    """The cells of all rows, and from them the columns that fit. A row that changes costs that row alone."""

    def __init__(self, trials: Sequence[TrialReport], signs: Signs = UNICODE) -> None:
        self._signs, self._settings = signs, _differing(trials)
        self._widths = [max(len(column.header), column.width) for column in COLUMNS]
        self._texts: list[set[str]] = [set() for _ in COLUMNS]
        """Up to two different texts of each column: whether there is one, and whether there are more."""
        for trial in trials:
            self.note(trial)

    def note(self, trial: TrialReport) -> None:
        """Take a row into account, or what it has changed to. Columns never become narrower."""
        for index, text in enumerate(row_cells(_trimmed(trial, self._settings), self._signs)):
            self._widths[index] = max(self._widths[index], len(text))
            if text and len(self._texts[index]) < 2:
                self._texts[index].add(text)

    def table(self, width: int) -> Table:
        """Return the table without the columns that say least, so that it fits the width if it can."""
        candidates = [index for index in range(len(COLUMNS)) if not self._silent(index)]
        candidates.sort(key=lambda index: COLUMNS[index].priority + (_CONSTANT_LAST if self._constant(index) else 0))
        kept: list[int] = []
        for index in candidates:
            if not kept or 1 + sum(self._widths[other] + 1 for other in (*kept, index)) <= width:
                kept.append(index)
        kept.sort()
        columns, widths = tuple(COLUMNS[index] for index in kept), tuple(self._widths[index] for index in kept)
        return Table(columns, widths, width, self._settings, self._signs)

    def _silent(self, index: int) -> bool:
        """Whether a column has nothing to say: it is minor and the same for all plans, or says which plan it is and is
        empty."""
        column, texts = COLUMNS[index], self._texts[index]
        return len(texts) <= 1 if column.minor else not (column.figure or texts)

    def _constant(self, index: int) -> bool:
        # an empty cell is a knob the mode does not have
        return index > 0 and not COLUMNS[index].figure and len(self._texts[index]) <= 1


def fit_table(trials: Sequence[TrialReport], width: int, signs: Signs = UNICODE) -> Table:
    """Return the table of these trials that fits the width."""
    return Layout(trials, signs).table(width)


def _differing(trials: Sequence[TrialReport]) -> frozenset[str]:
    first = trials[0].plan.settings if trials else {}
    return frozenset(
        name for trial in trials for name, value in trial.plan.settings.items() if first.get(name) != value
    )


def _trimmed(trial: TrialReport, settings: frozenset[str]) -> TrialReport:
    if trial.plan.settings.keys() <= settings:
        return trial
    kept = {name: value for name, value in trial.plan.settings.items() if name in settings}
    return replace(trial, plan=replace(trial.plan, settings=kept))
