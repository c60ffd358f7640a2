"""What this machine offers, what limits each mode on it, and what disturbs a measurement now."""

from collections.abc import Iterable, Sequence

import msgspec
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from workbench.tui.permission import Phase
from workbench.tui.screens.asking import AskingScreen
from workbench.tui.widgets.meters import EDGES, OFF, Meters
from workbench.words.format import wrap
from workbench.words.machine import Machine, fact_lines, mode_lines
from workbench.words.meters import EXPLAINED


class MachineScreen(AskingScreen):
    """What ``workbench doctor`` says, below meters of what goes on."""

    PAGE = "machine"
    CSS_PATH = ["page.tcss", "machine.tcss"]
    QUESTION = ("doctor", "--json")

    machine: Machine | None = None
    """What was told."""

    def body(self) -> Iterable[Widget]:
        """Return meters, modes and facts, all in one column."""
        with VerticalScroll(classes="scroll"):
            yield Static(Content("What disturbs a measurement, once a second"), classes="heading", markup=False)
            yield Meters(self.signs, id="meters")
            yield Static("", classes="words", id="explained", markup=False)
            yield Static("", classes="words", id="told", markup=False)

    def on_mount(self) -> None:
        """Arrow keys scroll."""
        self.query_one(VerticalScroll).focus()

    @property
    def meters(self) -> Meters:
        """The meters."""
        return self.query_one(Meters)

    def answer(self, document: bytes) -> None:
        """Show the machine."""
        self.machine = msgspec.json.decode(document, type=Machine)
        self._tell()

    def explain(self, lines: Sequence[str]) -> None:
        """Show a message in place of what would be told."""
        self.machine = None
        self.query_one("#told", Static).update(Content("\n".join(lines)))

    def _tell(self) -> None:
        width = max(self.size.width - EDGES, 20)
        explained = "\n".join(wrap(EXPLAINED, width))
        self.query_one("#explained", Static).update(Content(explained))
        if self.machine is None:
            return
        modes, facts = mode_lines(self.machine, width, self.signs), fact_lines(self.machine, width, self.signs)
        heads = ("Modes\n", "bold"), ("\n\nMachine\n", "bold")
        self.query_one("#told", Static).update(Content.assemble(heads[0], "\n".join(modes), heads[1], "\n".join(facts)))

    def on_resize(self) -> None:
        """Break the lines for the new width."""
        self._tell()

    # meters

    def on_screen_resume(self) -> None:
        """Read on."""
        self._attend()

    def on_screen_suspend(self) -> None:
        """What is not seen is not read."""
        self.meters.stop()

    async def entered(self, phase: Phase) -> None:
        """Leave a sweep alone."""
        await super().entered(phase)
        if self.watched:
            self._attend()
        elif self.measuring:
            self.meters.stop(OFF)

    def _attend(self) -> None:
        if self.measuring:
            self.meters.stop(OFF)
        else:
            self.meters.start()

    def equivalent(self) -> list[str]:
        """Return the command that says the same."""
        return ["workbench", "doctor"]
