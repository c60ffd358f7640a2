"""The dialog that saves the recommended plan as a tuned config."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from engine.errors import RequestError, WorkbenchError
from engine.plan import describe
from engine.production.config import config_text
from engine.production.standing import Standing, look
from engine.report import SweepReport
from workbench.tui.widgets.account import Account
from workbench.words.difference import knob_changes, unified_lines
from workbench.words.numbers import UNICODE, Signs
from workbench.words.pieces import Line, line, lines_of
from workbench.words.recommended import CONFIG


class SaveScreen(ModalScreen[Path | None]):
    """Asks for a path. Where a tuned config would be overwritten, it shows what would change and Enter cancels; any
    other file is never overwritten."""

    CSS_PATH = "dialog.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-middle"), (36, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel"),
        Binding("down,j", "scroll(1)", "Down", show=False),
        Binding("up,k", "scroll(-1)", "Up", show=False),
        Binding("pagedown,ctrl+d", "scroll(8)", "Page down", show=False),
        Binding("pageup,ctrl+u", "scroll(-8)", "Page up", show=False),
    ]

    def __init__(
        self,
        report: SweepReport,
        save: Callable[[SweepReport, Path], Path | None],
        signs: Signs = UNICODE,
        path: str = CONFIG,
    ) -> None:
        """``save`` returns where the file of before is kept."""
        super().__init__()
        self._report, self._save, self._signs, self._path = report, save, signs, path
        self._there = Standing()

    def compose(self) -> ComposeResult:
        """The plan, the path, what is there already and how it differs, and two buttons."""
        plan = self._report.recommendation.plan if self._report.recommendation else self._report.baseline
        name = describe(plan, [trial.plan for trial in self._report.trials])
        with Vertical(classes="dialog"):
            yield Static(Content(f"Save {self._signs.text(name)}"), classes="title", markup=False)
            yield Input(self._path, placeholder="path of the tuned config", compact=True)
            yield Static("", id="existing", classes="warning", markup=False)
            with VerticalScroll(id="difference", can_focus=False):
                yield Account()
            yield Static("", id="problem", classes="problem", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Save", id="save", variant="primary", compact=True)

    def on_mount(self) -> None:
        """Start with the safe button where something would be overwritten."""
        self._look()
        self.query_one("#cancel" if self._there.exists else "#save").focus()

    @property
    def path(self) -> Path:
        """Where to save, as typed."""
        return Path(self.query_one(Input).value.strip()).expanduser()

    @on(Input.Changed)
    def _look(self) -> None:
        """Say what is at the path, and what saving would change."""
        self._there = look(self.path) if self.query_one(Input).value.strip() else Standing()
        there = self._there
        words = self._refusal() if there.problem else self._warning() if there.exists else ""
        self.query_one("#existing", Static).update(Content(self._signs.text(words)))
        self.query_one("#save", Button).label = Content("Overwrite" if there.exists and not there.problem else "Save")
        self.query_one("#problem", Static).update(Content(""))
        lines = self._difference(there.text) if there.text else []
        self.query_one("#difference").display = bool(lines)
        self.query_one(Account).show(lines)

    def _warning(self) -> str:
        return f"{self.path} exists and would be overwritten; what it holds is kept as {self.path.name}.bak"

    def _refusal(self) -> str:
        return f"{self.path} is not a tuned config ({self._there.problem}): choose another name"

    def _difference(self, here: str) -> list[Line]:
        """The knobs that change, in words, then the whole difference."""
        try:
            wanted = config_text(self._report)
        except RequestError as error:
            return lines_of([self._signs.text(str(error))])
        if here == wanted:
            return [line("it holds exactly this already")]
        knobs = [self._signs.text(each.words()) for each in knob_changes(here, wanted)]
        words = lines_of(knobs or ["the plan stays as it is; what it was found out from changes"], "strong")
        return [*words, line(), *unified_lines(here, wanted, self._signs)]

    @on(Input.Submitted)
    def _entered(self) -> None:
        """Enter in the path goes to the safe button, never straight to overwriting."""
        if self._there.exists:
            self.query_one("#cancel").focus()
        else:
            self._write()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "save":
            self._write()
        else:
            self.dismiss(None)

    def _write(self) -> None:
        self._look()  # what is there may have changed since it was typed
        if not self.query_one(Input).value.strip():
            self._complain("type a path")
            return
        if self._there.problem:
            self._complain(self._refusal())
            return
        try:
            kept = self._save(self._report, self.path)
        except (WorkbenchError, OSError) as error:
            self._complain(str(error))
            return
        words = f"{self.path}; what it held before is in {kept}" if kept else str(self.path)
        self.app.notify(self._signs.text(words), title="saved", markup=False)
        self.dismiss(self.path)

    def _complain(self, problem: str) -> None:
        text = f"{self._signs.status[1]} {self._signs.text(problem)}"
        self.query_one("#problem", Static).update(Content(text))

    def action_scroll(self, by: int) -> None:
        """Scroll the difference."""
        self.query_one("#difference").scroll_relative(y=by, animate=False)

    def action_cancel(self) -> None:
        """Close without saving."""
        self.dismiss(None)
