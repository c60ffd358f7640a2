"""The dialog that saves the recommended plan as a tuned config."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from engine.errors import WorkbenchError
from engine.plan import describe
from engine.report import SweepReport
from workbench.numbers import UNICODE, Signs

DEFAULT = "tuned.toml"


class SaveScreen(ModalScreen[Path | None]):
    """Asks for a path. Where a file would be overwritten, it says so and Enter cancels."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    def __init__(
        self,
        report: SweepReport,
        save: Callable[[SweepReport, Path], None],
        signs: Signs = UNICODE,
        path: str = DEFAULT,
    ) -> None:
        super().__init__()
        self._report, self._save, self._signs, self._path = report, save, signs, path

    def compose(self) -> ComposeResult:
        """The plan, the path, what is there already, and two buttons."""
        plan = self._report.recommendation.plan if self._report.recommendation else self._report.baseline
        name = describe(plan, [trial.plan for trial in self._report.trials])
        with Vertical(classes="dialog"):
            yield Static(Content(f"Save {self._signs.text(name)}"), classes="title", markup=False)
            yield Input(self._path, placeholder="path of the tuned config", compact=True)
            yield Static("", id="existing", classes="warning", markup=False)
            yield Static("", id="problem", classes="problem", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Save", id="save", variant="primary", compact=True)

    def on_mount(self) -> None:
        """Start with the safe button where something would be overwritten."""
        self._look()
        self.query_one("#cancel" if self._exists else "#save").focus()

    @property
    def path(self) -> Path:
        """Where to save, as typed."""
        return Path(self.query_one(Input).value.strip()).expanduser()

    @property
    def _exists(self) -> bool:
        return bool(self.query_one(Input).value.strip()) and self.path.exists()

    @on(Input.Changed)
    def _look(self) -> None:
        words = f"{self.path} exists and would be overwritten" if self._exists else ""
        self.query_one("#existing", Static).update(Content(self._signs.text(words)))
        self.query_one("#save", Button).label = Content("Overwrite" if self._exists else "Save")
        self.query_one("#problem", Static).update(Content(""))

    @on(Input.Submitted)
    def _entered(self) -> None:
        """Enter in the path goes to the safe button, never straight to overwriting."""
        if self._exists:
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
        if not self.query_one(Input).value.strip():
            self._complain("type a path")
            return
        try:
            self._save(self._report, self.path)
        except (WorkbenchError, OSError) as error:
            self._complain(str(error))
        else:
            self.app.notify(self._signs.text(str(self.path)), title="saved", markup=False)
            self.dismiss(self.path)

    def _complain(self, problem: str) -> None:
        text = f"{self._signs.status[1]} {self._signs.text(problem)}"
        self.query_one("#problem", Static).update(Content(text))

    def action_cancel(self) -> None:
        """Close without saving."""
        self.dismiss(None)
