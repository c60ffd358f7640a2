"""Sweeps of the past: their reports, two beside one another, and how speed changed."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

import msgspec
from textual import on, work
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from engine.errors import WorkbenchError
from workbench.tui.answers import complaint, plain_lines, surroundings
from workbench.tui.bindings import bindings
from workbench.tui.permission import Phase
from workbench.tui.screens.asking import DISTURBING, AskingScreen
from workbench.tui.widgets.panel import Panel
from workbench.tui.widgets.sweeps import Past, SweepsTable

EMPTY = "No sweep in the history yet: r on the first screen starts one."
MOST = 500
"""Sweeps that are listed; how many more there are is not asked."""
HINT = "enter: its report   s: save its plan   m: mark   =: compare two   t: trend"
SETTLED = 0.2
"""Seconds without another change of the window before a text is made for its new width."""
VERDICTS = (0, 10, 11, 12)
"""Exit codes of a comparison that was made."""


class HistoryScreen(AskingScreen):
    """A table of sweeps, and below it what was asked about them."""

    PAGE = "history"
    CSS_PATH = ["page.tcss", "history.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = bindings("history")
    QUESTION = ("history", "--json", "--limit", str(MOST))

    asked: tuple[str, ...] = ()
    """The command whose text the panel shows; empty: it is closed."""
    _width = 0
    """Characters of the lines being shown."""
    _filling = False
    """Whether the text is still being waited for."""

    def body(self) -> Iterable[Widget]:
        """Return a table, a panel below it, and a line that says what can be done."""
        yield Static("", classes="empty", id="message", markup=False)
        yield SweepsTable(self.signs, id="sweeps")
        yield Panel(id="panel")
        yield Static(Content(HINT), id="hint", markup=False)

    @property
    def table(self) -> SweepsTable:
        """The table, also while it is not shown."""
        return self.query_one(SweepsTable)

    @property
    def panel(self) -> Panel:
        """The text below the table."""
        return self.query_one(Panel)

    @property
    def listed(self) -> bool:
        """Whether there is a table; else there is a message."""
        return self.has_class("-listed")

    # what is listed

    def answer(self, document: bytes) -> None:
        """Show the sweeps."""
        past = msgspec.json.decode(document, type=Past)
        if not past.sweeps:
            self.explain([EMPTY])
        self.table.show(past)
        self.set_class(bool(past.sweeps), "-listed")
        cut = f"the newest {MOST}   " if len(past.sweeps) == MOST else ""
        self.query_one("#hint", Static).update(Content(cut + HINT))
        if past.sweeps and not self.asked:
            self.table.focus()
        self.refresh_keys()

    async def entered(self, phase: Phase) -> None:
        """Leave a sweep alone."""
        if self.measuring and self._filling:
            self.close()
        await super().entered(phase)

    def explain(self, lines: Sequence[str]) -> None:
        """Show a message in place of the table."""
        self.close()
        self.remove_class("-listed")
        self.query_one("#message", Static).update(Content("\n".join(lines)))
        self.refresh_keys()

    @on(SweepsTable.Selected)
    @on(SweepsTable.Marked)
    def _other_row(self) -> None:
        self.refresh_keys()

    # what can be done

    def why_not(self, name: str) -> str | None:
        """Return why an action cannot be done now, or None if it can."""
        if name not in ("report", "compare", "trend", "save"):
            return super().why_not(name)
        if self.measuring:
            return DISTURBING
        if not self.listed or self.table.sweep is None:
            return "no sweep is selected"
        if name == "compare" and len(self.table.marks) != 2:
            return f"mark two sweeps with m to compare them; {len(self.table.marks)} marked now"
        if name == "save" and self.table.sweep.recommended is None:
            return "this sweep recommends no plan"
        return None

    def action_save(self) -> None:
        """Ask where to save the plan that the selected sweep recommends."""
        if sweep := self.table.sweep:
            self._save(sweep.id)

    @work(exclusive=True, group="save")
    async def _save(self, sweep: int) -> None:
        from engine.analyse.comparing import parse_report

        try:
            code, out, said = await self.session.services.command(["history", "show", str(sweep), "--json"])
            if code:
                self.refuse(" ".join(complaint(code, said, self.signs)))
            else:
                self.ask_where_to_save(parse_report(f"sweep {sweep}", out))
        except (OSError, WorkbenchError) as error:
            self.refuse(str(error))

    def action_report(self) -> None:
        """Show the report of the selected sweep."""
        if sweep := self.table.sweep:
            self.open("history", "show", str(sweep.id))

    def action_trend(self) -> None:
        """Show how the speed of the selected sweep's workload changed."""
        if sweep := self.table.sweep:
            self.open("history", "trend", sweep.reference)

    def action_compare(self) -> None:
        """Compare the two marked sweeps, the older one as what was before."""
        before, after = self.table.marked
        self.open("compare", f"history:{before.id}", f"history:{after.id}")

    async def action_stop(self) -> None:
        """Close the text; without one as everywhere."""
        if self.asked:
            self.close()
        else:
            await super().action_stop()

    # the text below

    def open(self, *command: str) -> None:
        """Show what a command says."""
        self.asked = command
        self.add_class("-asked")
        self.panel.say([f"workbench {' '.join(command)}{self.signs.ellipsis}"])
        self.panel.focus()
        self._fill()

    def close(self) -> None:
        """Show the table alone."""
        if self.asked:
            self.workers.cancel_group(self, "text")
            self.asked, self._filling = (), False
            self.remove_class("-asked")
            self.table.focus()

    def on_resize(self) -> None:
        """Have the text made for the new width, once it is settled."""
        if self.asked and not self.measuring:
            self.set_timer(SETTLED, self._refill)

    def _refill(self) -> None:
        if self.asked and not self.measuring and self.panel.room != self._width:
            self._fill()

    @work(exclusive=True, group="text")
    async def _fill(self) -> None:
        command, self._width, self._filling = list(self.asked), self.panel.room, True
        try:
            code, out, said = await self.session.services.command(command, surroundings(self._width, self.signs))
            fine = code == 0 or (command[0] == "compare" and code in VERDICTS)
            lines = plain_lines(out.decode(errors="replace").rstrip()) if fine else complaint(code, said, self.signs)
        except OSError as error:
            lines = [self.signs.text(f"no answer: {error}")]
        self._filling = False
        self.panel.say(lines)

    def equivalent(self) -> list[str]:
        """Return the command that says the same."""
        return ["workbench", *(self.asked or ("history",))]
