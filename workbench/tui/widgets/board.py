"""What is seen of a sweep: table, words on the selected plan, plot, progress, and in the end the recommendation."""

from time import monotonic

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from engine.plan import describe
from workbench.figures import trial
from workbench.format import breakdown_line, recommendation_lines
from workbench.numbers import UNICODE, Signs, ratio
from workbench.quality import quality_lines
from workbench.state import Row, State
from workbench.table import status_words
from workbench.tui.widgets.plot import SpeedupPlot
from workbench.tui.widgets.progress import ProgressLine
from workbench.tui.widgets.results import Result, ResultsTable
from workbench.tui.widgets.series import speedup_series

_QUALITIES = 6
"""Lines on quality against speed, header included; the command line prints all."""

_TALL = 32
"""Lines from which on there is room for them; on 24 only the header would show, and the table has the scores."""


class Board(Vertical):
    """Shows a State; it is told when to look and keeps nothing of its own but what is on screen."""

    def __init__(self, signs: Signs = UNICODE, id: str | None = None) -> None:
        super().__init__(id=id)
        self._signs = signs
        self._state = State()
        self._estimate: tuple[float | None, float] = (None, monotonic())

    def compose(self) -> ComposeResult:
        """From the figures to what to do with them."""
        yield ResultsTable(self._signs, id="results")
        yield Static("", id="detail", markup=False)
        yield SpeedupPlot(self._signs, id="plot")
        yield ProgressLine(self._signs, id="progress")
        yield Static("", id="verdict", markup=False)

    @property
    def row(self) -> Row | None:
        """What is known of the plan under the cursor."""
        cursor = self.query_one(ResultsTable).cursor
        return self._state.rows[cursor] if cursor < len(self._state.rows) else None

    def focus_results(self) -> None:
        """Let keys move the cursor."""
        self.query_one(ResultsTable).focus()

    def show(self, state: State) -> None:
        """Bring the screen up to date; what has not changed is not painted."""
        if state.seconds_left != self._estimate[0]:
            self._estimate = (state.seconds_left, monotonic())
        changed, self._state = state is not self._state, state
        if changed:
            self._show_figures(state)
        self.query_one(ProgressLine).display = not state.finished
        self.query_one("#verdict").display = state.finished
        if not state.finished:
            self.query_one(ProgressLine).show(state, monotonic() - self._estimate[1])

    def _show_figures(self, state: State) -> None:
        trials = [trial(state, index) for index in range(len(state.rows))]
        chosen = state.recommendation.plan if state.recommendation else None
        table = self.query_one(ResultsTable)
        table.show(
            [
                Result(figures, row.status, row.reason, row.plan == chosen)
                for figures, row in zip(trials, state.rows, strict=True)
            ]
        )
        table.styles.height = len(state.rows) + 1
        self.query_one(SpeedupPlot).show(speedup_series(trials, state.ceiling))
        self._show_detail(table.cursor)
        if state.finished:
            self._show_verdict(state)

    def choose(self) -> None:
        """Put the cursor on the recommended plan."""
        recommendation = self._state.recommendation
        plans = self._state.plans
        if recommendation and recommendation.plan in plans:
            self.query_one(ResultsTable).cursor = plans.index(recommendation.plan)

    @on(ResultsTable.Selected)
    def _selected(self, event: ResultsTable.Selected) -> None:
        event.stop()
        self._show_detail(event.index)

    def _show_detail(self, index: int) -> None:
        if index < len(self._state.rows):
            self.query_one("#detail", Static).update(Content(self._detail(index)), layout=False)

    def _detail(self, index: int) -> str:
        row, figures = self._state.rows[index], trial(self._state, index)
        head = self._signs.text(describe(row.plan, self._state.plans))
        if row.status not in ("ok", "running", "eliminated") or (not row.samples and not row.report):
            return f"{head}\n{status_words(row.status, row.reason or row.phase, self._signs)}"
        speedup = f" ({ratio(figures.job_speedup.median, self._signs)})" if figures.job_speedup else ""
        job = f"whole job{speedup} {breakdown_line(figures, self._signs)}"
        verdict = f": {self._signs.text(figures.verdict)}" if figures.verdict else ""
        return f"{head}{verdict}\n{job}"

    def _show_verdict(self, state: State) -> None:
        panel = self.query_one("#verdict", Static)
        panel.set_class(bool(state.error), "-failed")
        if state.report:
            lines = recommendation_lines(state.report, max(self.size.width - 4, 20), self._signs)
            lines = [f"{self._signs.chosen} {lines[0]}", *lines[1:]] if state.recommendation else lines
            if self.size.height >= _TALL:
                lines += quality_lines(state.report.trials, self._signs)[:_QUALITIES]
            lines += [f"noise: {self._signs.text(state.report.noise[0])}"] if state.report.noise else []
        else:
            lines = [f"{self._signs.status[1]} {self._signs.text(state.error)}"]
        panel.update(Content("\n".join(lines)))

    def on_resize(self) -> None:
        """Wrap the recommendation again."""
        if self._state.finished:
            self._show_verdict(self._state)
