"""Keys and words, on ``?``."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from workbench.numbers import UNICODE, Signs
from workbench.tui.actions import ACTIONS, TABLE_KEYS, first_key

WORDS = (
    ("steady run", "one run of all tasks with workers up and caches warm"),
    ("whole job", "from nothing to results: set-up plus first run"),
    ("speedup", "baseline seconds / plan seconds, block by block; the baseline is sequential with the first kernel"),
    ("efficiency", "speedup against the same kernel run sequentially, divided by workers"),
    ("ceiling", "speedup of independent copies of a CPU-only control: what this machine had to give"),
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
            yield Static(Content("\n".join(self._lines())), markup=False)

    def on_mount(self) -> None:
        """Arrow keys scroll."""
        self.query_one(VerticalScroll).focus()

    def _lines(self) -> list[str]:
        keys = [(first_key(action.keys), action.help) for action in ACTIONS]
        keys += [(" ".join(text.split(",")), help) for text, _, help in TABLE_KEYS]
        keys += [("ctrl+p", "palette: every action by name, themes"), ("esc", "closes this")]
        status = self._signs.status
        signs = [
            (self._signs.chosen, "recommended"),
            (status[0], "measured, results right"),
            (status[1], "failed: its reason stands in the row"),
            (status[2], "unavailable on this machine"),
            (status[5], "being measured now"),
        ]
        return [
            *_block("Keys", keys),
            "",
            *_block("Signs", signs),
            "",
            *_block("Words", list(WORDS)),
        ]

    def action_dismiss_help(self) -> None:
        """Close."""
        self.dismiss(None)


def _block(title: str, rows: list[tuple[str, str]]) -> list[str]:
    return [title, *(f"  {left:<14}{right}" for left, right in rows)]
