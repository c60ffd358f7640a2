"""What a plan spends its time in: the hottest functions of a capture, and where its files are."""

from collections.abc import Iterable, Sequence

import msgspec
from textual import on, work
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from engine.plan import Plan
from workbench.numbers import UNICODE, Signs, percent
from workbench.tui.entries import flamegraph_command
from workbench.tui.messages import CaptureWanted
from workbench.tui.screens.page import PageScreen

EMPTY = "Nothing was sampled yet: select a plan on the first screen (1) and press f."

MOST = 10


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table."""

    name: str
    file: str
    line: int
    self_share: float
    total_share: float


class Sampled(msgspec.Struct, frozen=True):
    """What ``workbench flamegraph --json`` says."""

    functions: tuple[Function, ...]
    files: dict[str, str] = {}
    samples: int = 0
    message: str = ""


def hotspot_lines(sampled: Sampled, signs: Signs = UNICODE) -> list[str]:
    """Return the table, the files and how far to trust it."""
    lines = ["  self  total  function"]
    for one in sampled.functions[:MOST]:
        place = f"{one.file}:{one.line}" if one.line else one.file
        shares = f"{percent(one.self_share):>6} {percent(one.total_share):>6}"
        lines.append(f"{shares}  {signs.text(one.name)}  {signs.text(place)}")
    lines += ["", f"{sampled.samples} samples", *(signs.text(line) for line in sampled.message.splitlines()), ""]
    return lines + [f"{kind:<11}{signs.text(path)}" for kind, path in sampled.files.items()]


class HotspotsScreen(PageScreen):
    """Runs the capture as a process of its own and shows what it found."""

    PAGE = "hotspots"

    def body(self) -> Iterable[Widget]:
        """Return a place for the result."""
        with VerticalScroll(classes="scroll"):
            yield Static(Content(EMPTY), id="found", classes="words", markup=False)

    def on_mount(self) -> None:
        """Arrow keys scroll."""
        self.query_one(VerticalScroll).focus()

    @on(CaptureWanted)
    def _wanted(self, event: CaptureWanted) -> None:
        self._capture(event.plan)

    @work(exclusive=True)
    async def _capture(self, plan: Plan) -> None:
        name = self.name_of(plan)
        self._tell([f"Hot spots of {name}", "", f"sampling; this takes a few seconds{self.signs.ellipsis}"])
        arguments = flamegraph_command(self.session.state, plan, "hotspots")
        try:
            code, out, complaints = await self.session.services.command(arguments)
            lines = self._failed(code, complaints) if code else hotspot_lines(decode(out), self.signs)
        except (OSError, msgspec.DecodeError) as error:
            lines = self._failed(4, str(error))
        self._tell([f"Hot spots of {name}", "", *lines])

    def _tell(self, lines: Sequence[str]) -> None:
        self.query_one("#found", Static).update(Content("\n".join(lines)))

    def _failed(self, code: int, complaints: str) -> list[str]:
        lines = complaints.splitlines() or [f"the capture ended with exit code {code}"]
        return [f"{self.signs.status[1]} no capture", *(self.signs.text(line) for line in lines[-12:])]

    def equivalent(self) -> list[str]:
        """Return the command that samples the selected plan."""
        if self.session.selected is None:
            return ["workbench", "flamegraph", "--help"]
        return ["workbench", *flamegraph_command(self.session.state, self.session.selected, "hotspots")]


def decode(document: bytes) -> Sampled:
    """Read the capture's JSON. Raises msgspec.DecodeError."""
    return msgspec.json.decode(document, type=Sampled)
