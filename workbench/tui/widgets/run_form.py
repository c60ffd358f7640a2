"""What a production run is asked for: a tuned config, of those in a folder or any other, and where the results go."""

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from engine.run_events import RunRequest
from workbench.words.numbers import Signs
from workbench.words.tuned import TunedFile, tuned_files, tuned_line


class RunForm(Vertical):
    """Two fields, the tuned configs there are, and a line that says what is wrong."""

    DEFAULT_CSS: ClassVar[str] = """
    RunForm { height: auto; }
    RunForm .field { height: 1; }
    RunForm .field Label { width: 14; color: $text-muted; }
    RunForm .field Input { width: 1fr; }
    RunForm #configs { height: auto; max-height: 5; margin: 0 0 0 14; border: none; padding: 0; }
    RunForm #hint { height: auto; max-height: 2; color: $text-muted; }
    RunForm #hint.-wrong { color: $text-error; }
    """

    class Filled(Message):
        """Enter was pressed in the last field, so the button is next."""

    def __init__(self, signs: Signs, config: str, folder: Path) -> None:
        super().__init__()
        self._signs, self._given, self._folder = signs, config, folder
        self._files: tuple[TunedFile, ...] = ()
        self._lines: list[str] = []
        self._roomy = self._open = True

    def compose(self) -> ComposeResult:
        """From what to run to where it ends up."""
        with Horizontal(classes="field"):
            yield Label("tuned config")
            yield Input(self._given, placeholder="path of a tuned config", id="config", compact=True)
        yield OptionList(id="configs", compact=True, markup=False)
        with Horizontal(classes="field"):
            yield Label("results to")
            yield Input(placeholder="FILE.parquet or .npy; empty: nowhere", id="out", compact=True)
        yield Static("", id="hint", markup=False)

    def on_mount(self) -> None:
        """See what there is."""
        self._list()
        self.look()
        self.check()

    @work(exclusive=True, group="configs")
    async def look(self) -> None:
        """List the tuned configs of the folder, in a thread: it may be a slow one."""
        self._files = await asyncio.to_thread(tuned_files, self._folder)
        self._list()

    def _list(self) -> None:
        width = max(self.size.width - 16, 20)
        chooser = self.query_one("#configs", OptionList)
        lines = [tuned_line(file, width, self._signs) for file in self._files]
        if lines != self._lines:  # new options would lose the cursor
            self._lines = lines
            chooser.set_options([Option(Content(line)) for line in lines])
        chooser.display = bool(self._files) and self._roomy and self._open

    def fit(self, roomy: bool) -> None:
        """Lay out for a size; where there is little room, the list goes."""
        self._roomy = roomy
        self._list()

    def open(self, can_edit: bool) -> None:
        """Let the fields be edited, or not."""
        self._open = can_edit
        for field in self.query(Input):
            field.disabled = not can_edit
        self._list()
        self.check()

    @property
    def request(self) -> RunRequest:
        """What the fields stand for."""
        return RunRequest(config=self._text("config"), out=self._text("out"))

    def _text(self, name: str) -> str:
        text = self.query_one(f"#{name}", Input).value.strip()
        return str(Path(text).expanduser()) if text else ""

    @property
    def problem(self) -> str | None:
        """What is wrong with the fields. Whether the file is a tuned config, the engine finds out."""
        return None if self._text("config") else "name a tuned config"

    def check(self) -> None:
        """Say what is wrong, or what would be replaced."""
        out = self._text("out")
        replaced = f"{out} exists and will be replaced" if out and Path(out).is_file() else ""
        self.say((self.problem or replaced) if self._open else "", wrong=self._open and bool(self.problem))

    def say(self, text: str, wrong: bool = False) -> None:
        """Show a line below the fields; none for an empty one."""
        hint = self.query_one("#hint", Static)
        hint.set_class(wrong, "-wrong")
        hint.update(Content((f"{self._signs.status[1]} " if wrong else "") + self._signs.text(text)))
        hint.display = bool(text)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.check()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        """Enter goes on to the next field, and from the last to the button."""
        event.stop()
        if event.input.id == "config":
            self.query_one("#out").focus()
        else:
            self.post_message(self.Filled())

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.query_one("#config", Input).value = str(self._folder / self._files[event.option_index].path)
        self.query_one("#out").focus()
