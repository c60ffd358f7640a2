"""Where the time of the selected plan goes, beside a marked one."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

from engine.plan import Plan, describe
from workbench.format import wrap
from workbench.pieces import Line, lines_of
from workbench.state import Row, State
from workbench.table import status_sign
from workbench.tui.actions import bindings
from workbench.tui.screens.page import PageScreen
from workbench.tui.widgets.account import Account
from workbench.why import Subject, why_lines

EMPTY = "Nothing was measured yet: 1 goes to the form, where r starts a sweep; d starts the demo."


class WhyScreen(PageScreen):
    """Explains the plan under the cursor of the first screen; keys go to others."""

    PAGE = "why"
    BINDINGS: ClassVar[list[BindingType]] = bindings("why")

    def body(self) -> Iterable[Widget]:
        """Return a place for the account."""
        with VerticalScroll(classes="scroll account"):
            yield Account(id="account")

    def on_mount(self) -> None:
        """Arrow keys scroll."""
        self.query_one(VerticalScroll).focus()

    def on_resize(self) -> None:
        """Use the room there is."""
        self.call_after_refresh(self.paint)

    def show(self) -> None:
        """Explain the plan that is selected now."""
        state = self.session.state
        if state.finished and self.session.selected is None:
            self.session.selected = self.plan  # what other keys, such as that of the hot spots, are about
        # Textual 8.2.8 forgets to measure what was updated both before and after it was mounted
        if width := self.query_one(VerticalScroll).scrollable_content_region.width:
            self.query_one(Account).show(self._lines(state, max(width, 20)))

    @property
    def plan(self) -> Plan | None:
        """The plan that is explained: the selected one, else the recommended, else the first that was measured."""
        session, state = self.session, self.session.state
        wanted = [session.selected, state.recommendation.plan if state.recommendation else None]
        wanted += [row.plan for row in state.rows if row.samples or (row.report and row.report.measured)]
        wanted += state.plans[:1]
        return next((plan for plan in wanted if plan in state.plans), None)

    def _lines(self, state: State, width: int) -> list[Line]:
        row = self.session.row(self.plan)
        if row is None:
            return lines_of(wrap(self.signs.text(state.error) or EMPTY, width), "faint")
        marked = self.session.row(self.session.marked)
        other = self._subject(marked) if marked and marked.plan != row.plan else None
        return why_lines(self._subject(row), other, width, self.signs)

    def _subject(self, row: Row) -> Subject:
        state, signs = self.session.state, self.signs
        index = state.rows.index(row)
        chosen = state.recommendation is not None and row.plan == state.recommendation.plan
        words = ["recommended"] if chosen else []
        words += ["the baseline"] if index == state.baseline else []
        words += ["marked"] if row.plan == self.session.marked else []
        place = f"plan {index + 1} of {len(state.rows)}{''.join(f', {word}' for word in words)}"
        return Subject(
            name=describe(row.plan, state.plans),
            trial=self.session.figures.of(state)[index],
            sign=signs.mark if row.plan == self.session.marked else signs.chosen if chosen else self._sign(row),
            place=place,
            final=state.finished,
        )

    def _sign(self, row: Row) -> str:
        return status_sign(row.status, self.signs)

    def action_step(self, by: int) -> None:
        """Explain the next plan, or the one before."""
        plans = self.session.state.plans
        if (plan := self.plan) is not None:
            self.session.selected = plans[(plans.index(plan) + by) % len(plans)]
            self.paint()
            self.refresh_keys()

    def action_beside(self) -> None:
        """Mark this plan, to see others beside it; or take the mark away."""
        plan = self.plan
        if plan is None:
            return
        self.session.marked = None if self.session.marked == plan else plan
        marked = "marked; j and k show other plans beside it" if self.session.marked else "no longer marked"
        self.notify(f"{self.name_of(plan)}: {marked}", timeout=4, markup=False)
        self.paint()
