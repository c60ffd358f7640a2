"""What is seen of a sweep: table, words on the selected plan, plot or lanes, progress, the recommendation."""

from time import monotonic

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from engine.plan import describe
from engine.report import SweepReport, TrialReport
from workbench.state import State
from workbench.tui.session import Session
from workbench.tui.widgets.plot import WorkersPlot
from workbench.tui.widgets.progress import ProgressLine
from workbench.tui.widgets.results import Result, ResultsTable
from workbench.tui.widgets.series import FIGURES, plot_series
from workbench.words.format import breakdown_line, recommendation, wrap
from workbench.words.lanes import lane_lines
from workbench.words.numbers import UNICODE, Signs, fit, ratio
from workbench.words.quality import quality_lines
from workbench.words.table import status_words

_QUALITIES = 6
"""Lines on quality against speed, header included; the command line prints all."""

_TALL = 32
"""Lines from which on there is room for them; on 24 only the header would show, and the table has the scores."""

_EDGES = 2
"""Columns beside the words."""

_FEW = 5
"""Lines of the verdict where there is little room: the plot shows nothing in one line, and another screen tells all."""

DRAWN_EVERY = 3.0
"""Seconds between two drawings while a sweep runs: a plot is sent whole, 5 kB on 80 columns, a row is 120 bytes."""

VIEWS = (*FIGURES, "lanes")
"""What can be drawn between table and progress."""


class Board(Vertical):
    """Shows the session; it is told when to look and keeps nothing of its own but what is on screen."""

    def __init__(self, session: Session, signs: Signs = UNICODE, id: str | None = None) -> None:
        super().__init__(id=id)
        self._session, self._signs = session, signs
        self._state = State()
        self._trials: list[TrialReport] = []
        self._view = VIEWS[0]
        self._told: dict[str, str] = {}
        """Texts on screen, by the id of their widget."""
        self._drawn = 0.0
        """When the view was drawn last."""
        self._estimate: tuple[float | None, float] = (None, monotonic())

    def compose(self) -> ComposeResult:
        """From the figures to what to do with them."""
        yield ResultsTable(self._signs, id="results")
        yield Static("", id="detail", markup=False)
        yield WorkersPlot(self._signs, id="plot")
        yield Static("", id="lanes", markup=False)
        yield ProgressLine(self._signs, id="progress")
        yield Static("", id="verdict", markup=False)

    def on_mount(self) -> None:
        """Let keys move the cursor. It is watched: a message would put its words into the next frame, 17 ms later."""
        self.watch(self.table, "cursor", self._look, init=False)
        self.start()
        self.show()

    @property
    def table(self) -> ResultsTable:
        """The table of plans."""
        return self.query_one(ResultsTable)

    def start(self) -> None:
        """A sweep begins: let keys move the cursor, forget marks."""
        for table in self.query(ResultsTable):
            table.marks, table.touched = [], False
            table.focus()

    def show(self) -> None:
        """Bring the screen up to date; what has not changed is not painted."""
        state = self._session.state
        if state.seconds_left != self._estimate[0]:
            self._estimate = (state.seconds_left, monotonic())
        changed, self._state = state is not self._state, state
        if changed:
            self._show_figures(state)
        playback = self._session.playback
        self.query_one(ProgressLine).display = bool(playback) or not state.finished
        self.query_one("#verdict").display = state.finished
        self.query_one(ProgressLine).show(state, monotonic() - self._estimate[1], playback)

    def _show_figures(self, state: State) -> None:
        self._trials = self._session.figures.of(state)
        chosen = state.recommendation.plan if state.recommendation else None
        results = [
            Result(figures, row.status, row.reason, row.plan == chosen)
            for figures, row in zip(self._trials, state.rows, strict=True)
        ]
        self.table.show(results)
        self.table.styles.height = len(state.rows) + 1
        for index, row in enumerate(state.rows):
            if row.status == "running":
                self.table.reveal(index)
        if state.finished or monotonic() - self._drawn >= DRAWN_EVERY:
            self._show_view()
        self._show_detail()
        if state.finished:
            self._show_verdict(state)

    def next_view(self) -> None:
        """Draw the next figure, or the lanes of the selected plan."""
        self._view = VIEWS[(VIEWS.index(self._view) + 1) % len(VIEWS)]
        self._show_view()

    def _show_view(self) -> None:
        self._drawn = monotonic()
        plot, lanes = self.query_one(WorkersPlot), self.query_one("#lanes", Static)
        plot.set_class(self._view == "lanes", "-hidden")
        lanes.set_class(self._view != "lanes", "-hidden")
        if self._view == "lanes":
            self._show_lanes(lanes)
            return
        figure, report = FIGURES[self._view], self._state.report
        scaling = report.scaling if report else ()
        wanted = [self._trials[row] for row in sorted(self.table.shown)]
        plot.show(plot_series(figure, self._trials, self._state.ceiling, scaling, wanted), figure)

    def _show_lanes(self, lanes: Static) -> None:
        row = self._session.row(self._session.selected)
        sample = row.samples[-1][1] if row and row.samples else None
        width, height = max(self.size.width - 2, 20), max(lanes.size.height, 4)
        self._tell("#lanes", "\n".join(lane_lines(sample, width, height, self._signs)))

    def _tell(self, where: str, text: str) -> None:
        """Show a text; one that is there already would be sent all the same."""
        if self._told.get(where) != text:
            self._told[where] = text
            self.query_one(where, Static).update(Content(text), layout=False)

    def choose(self) -> None:
        """Put the cursor on the recommended plan."""
        recommendation, plans = self._state.recommendation, self._state.plans
        if recommendation and recommendation.plan in plans:
            self.table.select(plans.index(recommendation.plan))
            self.table.touched = False
            self.table.call_after_refresh(self.table.show_from_top)

    def resume(self) -> None:
        """Follow what was selected and marked on other screens."""
        plans, session = list(self._state.plans), self._session
        self.table.marks = [plans.index(session.marked)] if session.marked in plans else []
        self.table.refresh()
        if session.selected in plans:
            self.table.select(plans.index(session.selected))

    @on(ResultsTable.Selected)
    @on(ResultsTable.Marked)
    def _selected(self, event: ResultsTable.Selected) -> None:
        event.stop()
        self._look()

    @on(ResultsTable.Sifted)
    def _sifted(self, event: ResultsTable.Sifted) -> None:
        event.stop()
        self._show_view()

    def _look(self) -> None:
        """Tell the session what is looked at, and put it into words."""
        rows, table = self._state.rows, self.table
        self._session.selected = rows[table.row].plan if table.row is not None and table.row < len(rows) else None
        self._session.marked = rows[table.marks[-1]].plan if table.marks and table.marks[-1] < len(rows) else None
        self._show_detail()
        if self._view == "lanes":
            self._show_view()

    def _show_detail(self) -> None:
        row = self.table.row
        if row is not None and row < len(self._state.rows):
            self._tell("#detail", self._detail(row))

    def _detail(self, index: int) -> str:
        row, figures = self._state.rows[index], self._trials[index]
        head = self._signs.text(describe(row.plan, self._state.plans))
        if row.status not in ("ok", "running", "eliminated") or (not row.samples and not row.report):
            return f"{head}\n{status_words(row.status, row.reason or row.phase, self._signs)}"
        speedup = f" ({ratio(figures.job_speedup.median, self._signs)})" if figures.job_speedup else ""
        job = f"whole job{speedup} {breakdown_line(figures, self._signs)}"
        verdict = f": {self._signs.text(figures.verdict)}" if figures.verdict else ""
        lines = [f"{head}{verdict}", job]
        if self.size.height < _TALL:  # a line each
            lines = [fit(line, max(self.size.width - _EDGES, 20), self._signs) for line in lines]
        return "\n".join(lines)

    def _show_verdict(self, state: State) -> None:
        panel = self.query_one("#verdict", Static)
        panel.set_class(bool(state.error), "-failed")
        if state.report:
            lines = self._recommended(state.report)
        else:
            lines = [f"{self._signs.status[1]} {self._signs.text(state.error)}"]
        panel.update(Content("\n".join(lines)))

    def _recommended(self, report: SweepReport) -> list[str]:
        """The recommendation in as many lines as there is room for: in full, or of each sentence what fits."""
        signs, width = self._signs, max(self.size.width - 2 * _EDGES, 20)
        first, *others = recommendation(report, signs)
        sentences = [f"{signs.chosen} {first}" if report.recommendation else first, *others]
        noise = [f"noise: {signs.text(report.noise[0])}"] if report.noise else []
        if self.size.height < _TALL:
            sentences[0] = fit(f"{sentences[0]}  (4 tells more)", width, signs)
            return [fit(sentence, width, signs) for sentence in (*sentences[: _FEW - len(noise)], *noise)]
        lines = [part for sentence in sentences for part in wrap(sentence, width)]
        return [*lines, *quality_lines(report.trials, signs)[:_QUALITIES], *noise]

    def on_resize(self) -> None:
        """Say in the new room what is said, and draw the lanes in it."""
        self._show_detail()
        if self._state.finished:
            self._show_verdict(self._state)
        if self._view == "lanes":
            self._show_view()
