"""Keys and words, on ``?``."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from workbench.format import wrap
from workbench.numbers import UNICODE, Signs
from workbench.tui.actions import ACTIONS, TABLE_HELP, first_key

WORDS = (
    ("steady run", "one run of all tasks with workers up and caches warm"),
    ("whole job", "from nothing to results: set-up plus first run"),
    ("speedup", "baseline seconds / plan seconds, block by block; the baseline is sequential with the first kernel"),
    ("efficiency", "speedup against the same kernel run sequentially, divided by workers"),
    ("ceiling", "speedup of independent copies of a CPU-only control: what this machine had to give"),
    ("memory", "the same of copies that only read and write memory: the ceiling of work that does little else"),
    ("block", "one fresh measuring process that measures every plan once; figures are medians over blocks"),
)


class HelpScreen(ModalScreen[None]):
    """What the keys do and what the figures mean."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f1,enter", "dismiss_help", "Close")]

    def __init__(self, signs: Signs = UNICODE) -> None:
        super().__init__()
        self._signs = signs

    def compose(self) -> ComposeResult:
        """A list of keys, signs and words."""
        with Vertical(classes="dialog"), VerticalScroll(classes="scroll"):
            yield Static(self._text(), markup=False)

    def on_mount(self) -> None:
        """Arrow keys scroll."""
        self.query_one(VerticalScroll).focus()

    def on_resize(self) -> None:
        """Break the lines for the new width."""
        self.query_one(Static).update(self._text())

    def _text(self) -> Content:
        width = max(min(self.app.size.width, 110) - 10, 24)
        return Content("\n".join(self._lines(width)))

    def _lines(self, width: int) -> list[str]:
        keys = [(first_key(action.keys), action.help) for action in ACTIONS]
        keys += [TABLE_HELP, ("ctrl+p", "palette: every action by name, themes"), ("esc", "closes this")]
        status = self._signs.status
        signs = [
            (self._signs.chosen, "recommended"),
            (status[0], "measured, results right"),
            (status[1], "failed: its reason stands in the row"),
            (status[2], "unavailable on this machine"),
            (status[5], "being measured now"),
        ]
        return [
            *_block("Keys", keys, width),
            "",
            *_block("Signs", signs, width),
            "",
            *_block("Words", list(WORDS), width),
        ]

    def action_dismiss_help(self) -> None:
        """Close."""
        self.dismiss(None)


def _block(title: str, rows: list[tuple[str, str]], width: int) -> list[str]:
    indent = " " * 14
    return [title, *(line for left, right in rows for line in wrap(f"  {left:<12}{right}", width, indent))]
