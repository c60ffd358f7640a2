"""What a plan spends its time in: the hottest functions of a capture, and where its files are."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

import msgspec
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from workbench.numbers import UNICODE, Signs, percent

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


class HotspotsScreen(ModalScreen[None]):
    """Runs the capture as a process of its own and shows what it found. Esc ends both."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "close", "Cancel")]

    def __init__(
        self,
        plan: str,
        arguments: list[str],
        command: Callable[[list[str]], Awaitable[tuple[int, bytes, str]]],
        signs: Signs = UNICODE,
    ) -> None:
        super().__init__()
        self._plan, self._arguments, self._command, self._signs = plan, arguments, command, signs

    def compose(self) -> ComposeResult:
        """The plan and a place for the result."""
        with Vertical(classes="dialog"):
            yield Static(Content(self._signs.text(f"Hot spots of {self._plan}")), classes="title", markup=False)
            with VerticalScroll(classes="scroll"):
                yield Static(
                    Content(f"sampling; this takes a few seconds{self._signs.ellipsis} (esc cancels)"),
                    id="found",
                    markup=False,
                )

    def on_mount(self) -> None:
        """Start at once."""
        self.query_one(VerticalScroll).focus()
        self._capture()

    @work(exclusive=True)
    async def _capture(self) -> None:
        try:
            code, out, complaints = await self._command(self._arguments)
            lines = self._failed(code, complaints) if code else hotspot_lines(decode(out), self._signs)
        except (OSError, msgspec.DecodeError) as error:
            lines = self._failed(4, str(error))
        self.query_one("#found", Static).update(Content("\n".join(lines)))

    def _failed(self, code: int, complaints: str) -> list[str]:
        lines = complaints.splitlines() or [f"the capture ended with exit code {code}"]
        return [f"{self._signs.status[1]} no capture", *(self._signs.text(line) for line in lines[-12:])]

    def action_close(self) -> None:
        """Close; a capture still running is ended."""
        self.workers.cancel_node(self)
        self.dismiss(None)


def decode(document: bytes) -> Sampled:
    """Read the capture's JSON. Raises msgspec.DecodeError."""
    return msgspec.json.decode(document, type=Sampled)
