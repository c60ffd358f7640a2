"""Keys and words, on ``?``; searchable."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from workbench.actions import PAGES, Action, every_action, first_key
from workbench.words.format import wrap
from workbench.words.numbers import UNICODE, Signs

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
    """What the keys do and what the figures mean; typing shows the lines with these words only."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1", "dismiss_help", "Close"),
        Binding("down", "scroll(1)", "Down", show=False),
        Binding("up", "scroll(-1)", "Up", show=False),
        Binding("pagedown", "scroll(10)", "Page down", show=False),
        Binding("pageup", "scroll(-10)", "Page up", show=False),
    ]

    def __init__(self, signs: Signs = UNICODE, keys: Mapping[str, str] | None = None) -> None:
        """``keys``: those the user has changed, by id of the action."""
        super().__init__()
        self._signs, self._keys = signs, keys or {}

    def compose(self) -> ComposeResult:
        """A field for words, then keys, signs and words."""
        with Vertical(classes="dialog"):
            yield Input(placeholder="type to search; esc closes", compact=True, id="needle")
            with VerticalScroll(classes="scroll", can_focus=False):
                yield Static("", id="help", markup=False)

    def on_mount(self) -> None:
        """Typing searches at once."""
        self.query_one(Input).focus()
        self._show()

    @on(Input.Changed)
    def _typed(self) -> None:
        self._show()

    def on_resize(self) -> None:
        """Break the lines for the new width."""
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        width = max(min(self.app.size.width, 110) - 10, 24)
        lines = self._lines(width, self.query_one(Input).value)
        self.query_one("#help", Static).update(Content("\n".join(lines or ["nothing has these words"])))

    def _lines(self, width: int, needle: str) -> list[str]:
        status = self._signs.status
        actions = every_action()
        signs = [
            (self._signs.chosen, "recommended"),
            (status[0], "measured, results right"),
            (status[1], "failed: its reason stands in the row"),
            (status[2], "unavailable on this machine"),
            (status[5], "being measured now"),
            (self._signs.light[0], "the machine was quiet in the last measurement"),
            (self._signs.light[1], "something disturbed it"),
        ]
        blocks = (
            ("Keys", [self._row(each) for each in actions if each.place in ("app", "page")]),
            *(
                (f"Screen {p.key}, {p.label}", [self._row(each) for each in actions if each.place == p.name])
                for p in PAGES
            ),
            ("Tables", [self._row(each) for each in actions if each.place == "table"]),
            ("Signs", signs),
            ("Words", list(WORDS)),
        )
        return _found(blocks, needle.lower().split(), width)

    def _row(self, action: Action) -> tuple[str, str]:
        keys = self._keys.get(action.id, action.keys).split(",")
        return self._signs.text(" ".join(map(first_key, keys[:2]))), action.help

    def action_scroll(self, by: int) -> None:
        """Scroll the lines while words are typed."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)

    def action_dismiss_help(self) -> None:
        """Close."""
        self.dismiss(None)


Rows = list[tuple[str, str]]


def _found(blocks: Sequence[tuple[str, Rows]], words: Sequence[str], width: int) -> list[str]:
    """Return the blocks with the rows that have all words."""
    lines: list[str] = []
    for title, rows in blocks:
        found = [row for row in rows if all(word in " ".join(row).lower() for word in words)]
        if found:
            lines += [*([""] if lines else []), *_block(title, found, width)]
    return lines


def _block(title: str, rows: Rows, width: int) -> list[str]:
    indent = " " * 14
    return [title, *(line for left, right in rows for line in wrap(f"  {left:<12}{right}", width, indent))]
