"""Where the time of the selected plan goes, beside a marked one."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from engine.plan import Plan, describe
from workbench.tui.bindings import bindings
from workbench.tui.screens.reading import UNMEASURED, ReadingScreen
from workbench.tui.session import Session
from workbench.words.numbers import UNICODE, Signs
from workbench.words.pieces import Line
from workbench.words.table import status_sign
from workbench.words.why import Subject, why_lines


class WhyScreen(ReadingScreen):
    """Explains the plan under the cursor of the first screen; keys go to others."""

    PAGE = "why"
    BINDINGS: ClassVar[list[BindingType]] = bindings("why")

    def __init__(self, session: Session, signs: Signs = UNICODE) -> None:
        super().__init__(session, signs)
        self._known: object = None
        """What was put into words last."""

    def tell(self, width: int) -> None:
        """Explain the plan that is selected now; only what has changed is put into words again."""
        session, state = self.session, self.session.state
        plans = state.plans
        plan = self._plan(plans)
        if state.finished and session.selected is None:
            session.selected = plan  # what other keys, such as that of the hot spots, are about
        trials = session.figures.of(state)
        places = [plans.index(each) for each in (plan, session.marked) if each in plans]
        known = ([trials[place] for place in places], places, width, state.finished, state.error)
        if known != self._known:
            self._known = known
            self.read(self._lines(plans, places, width))

    def _plan(self, plans: Sequence[Plan]) -> Plan | None:
        """The plan that is explained: the selected one, else the recommended, else the first that was measured."""
        session, state = self.session, self.session.state
        if session.selected in plans:
            return session.selected
        if state.recommendation and state.recommendation.plan in plans:
            return state.recommendation.plan
        measured = (row.plan for row in state.rows if row.samples or (row.report and row.report.measured))
        return next(measured, next(iter(plans), None))

    def _lines(self, plans: Sequence[Plan], places: Sequence[int], width: int) -> list[Line]:
        if self._plan(plans) is None:
            return self.faint(self.session.state.error or UNMEASURED, width)
        subject, *marked = (self._subject(plans, place) for place in dict.fromkeys(places))
        return why_lines(subject, marked[0] if marked else None, width, self.signs)

    def _subject(self, plans: Sequence[Plan], place: int) -> Subject:
        state, signs, plan = self.session.state, self.signs, plans[place]
        chosen = state.recommendation is not None and plan == state.recommendation.plan
        marked = plan == self.session.marked
        words = [f"plan {place + 1} of {len(plans)}"]
        words += ["recommended"] if chosen else []
        words += ["the baseline"] if place == state.baseline else []
        words += ["marked"] if marked else []
        sign = signs.mark if marked else signs.chosen if chosen else status_sign(state.rows[place].status, signs)
        trial = self.session.figures.of(state)[place]
        return Subject(describe(plan, plans), trial, sign, ", ".join(words), state.finished)

    def action_step(self, by: int) -> None:
        """Explain the next plan, or the one before."""
        plans = self.session.state.plans
        if (plan := self._plan(plans)) is not None:
            self.session.selected = plans[(plans.index(plan) + by) % len(plans)]
            self.paint()
            self.refresh_keys()

    def action_beside(self) -> None:
        """Mark this plan, to see others beside it; or take the mark away."""
        plan = self._plan(self.session.state.plans)
        if plan is None:
            return
        self.session.marked = None if self.session.marked == plan else plan
        marked = "marked; j and k show other plans beside it" if self.session.marked else "no longer marked"
        self.notify(f"{self.name_of(plan)}: {marked}", timeout=4, markup=False)
        self.paint()
