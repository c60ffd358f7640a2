"""What a plan spends its time in: the hottest functions of a capture, and where its files are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from textual import on, work

from engine.plan import Plan
from workbench.tui.entries import flamegraph_command
from workbench.tui.messages import CaptureWanted
from workbench.tui.screens.reading import ReadingScreen
from workbench.words.format import wrap
from workbench.words.pieces import Line, line, lines_of
from workbench.words.spots import spot_lines

if TYPE_CHECKING:
    from engine.hotspots import Capture

EMPTY = "Nothing was sampled yet: select a plan on the first screen (1) and press f."
SAMPLING = "sampling; this takes a few seconds"
_COMPLAINTS = 12
"""Lines that are shown of a capture's complaints, the last ones."""


class HotspotsScreen(ReadingScreen):
    """Runs the capture as a process of its own and shows what it found."""

    PAGE = "hotspots"
    _plan = ""
    """Whose hot spots these are, in words."""
    _found: "Capture | None" = None
    _instead: Sequence[str] = (EMPTY,)
    """What is said while there is no capture."""

    @on(CaptureWanted)
    def _wanted(self, event: CaptureWanted) -> None:
        self._capture(event.plan)

    @work(exclusive=True)
    async def _capture(self, plan: Plan) -> None:
        self._plan, self._found, self._instead = self.name_of(plan), None, [f"{SAMPLING}{self.signs.ellipsis}"]
        self.show()
        arguments = flamegraph_command(self.session.state, plan, "hotspots")
        try:
            code, out, complaints = await self.session.services.command(arguments)
            if code:
                self._instead = self._failed(complaints.splitlines() or [f"the capture ended with exit code {code}"])
            else:
                self._found = decode(out)
        except (OSError, msgspec.DecodeError) as error:
            self._instead = self._failed([str(error)])
        self.show()

    def _failed(self, complaints: Sequence[str]) -> list[str]:
        return [f"{self.signs.status[1]} no capture", *complaints[-_COMPLAINTS:]]

    def tell(self, width: int) -> None:
        """Show the table, the files and how far to trust it."""
        head = [*lines_of(wrap(f"Hot spots of {self._plan}", width), "heading"), line()] if self._plan else []
        self.read([*head, *(self._told(self._found, width) if self._found else self._words(self._instead, width))])

    def _told(self, found: "Capture", width: int) -> list[Line]:
        files = [line(f"{kind:<11}{self.signs.text(path)}") for kind, path in found.files.items()]
        trust = self._words([f"{found.samples} samples", *found.message.splitlines()], width)
        return [*lines_of(spot_lines(found.functions, width, self.signs)), line(), *trust, line(), *files]

    def _words(self, texts: Sequence[str], width: int) -> list[Line]:
        return [each for text in texts for each in lines_of(wrap(self.signs.text(text), width))]

    def equivalent(self) -> list[str]:
        """Return the command that samples the selected plan."""
        if self.session.selected is None:
            return ["workbench", "flamegraph", "--help"]
        return ["workbench", *flamegraph_command(self.session.state, self.session.selected, "hotspots")]


def decode(document: bytes) -> "Capture":
    """Read what ``workbench flamegraph --json`` printed. Raises msgspec.DecodeError."""
    from engine.hotspots import Capture

    return msgspec.json.decode(document, type=Capture)
