"""Everything one can do, once: keys, footer, palette and help are made from this table."""

from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True)
class Action:
    """One thing to do on the sweep screen or anywhere."""

    name: str
    """Also the name of the ``action_`` method."""
    keys: str
    label: str
    """Word in the footer; empty: not shown there."""
    help: str
    anywhere: bool = False
    """Belongs to the app, not to the sweep screen."""


ACTIONS: tuple[Action, ...] = (
    Action("sweep", "r,f5", "Run", "run the sweep of the form, or the last one again"),
    Action("stop", "escape", "Stop/back", "stop the sweep and keep what was measured; after that: back to the form"),
    Action("new", "n", "", "back to the form for a new sweep"),
    Action("save", "s", "Save", "save the recommended plan as a tuned config"),
    Action("hotspots", "f", "Hot spots", "sample the selected plan and show its hottest functions"),
    Action("command", "y", "Copy command", "copy the command line that does the same"),
    Action("help", "question_mark,f1", "Help", "keys and words", anywhere=True),
    Action("leave", "q", "Quit", "leave; a running sweep is stopped after a question", anywhere=True),
)
"""In the order of the footer."""

TABLE_HELP = ("j k g G", "next, previous, first, last plan; arrows, Home, End, page keys and the mouse too")
"""Line of the help for the results table."""

TABLE_KEYS: tuple[tuple[str, str, str], ...] = (
    ("j,down", "cursor(1)", "next plan"),
    ("k,up", "cursor(-1)", "previous plan"),
    ("g,home", "cursor(-1000000)", "first plan"),
    ("G,end", "cursor(1000000)", "last plan"),
    ("pagedown", "page(1)", "a page down"),
    ("pageup", "page(-1)", "a page up"),
)
"""Keys, action and help of the results table."""


def bindings(anywhere: bool) -> list[BindingType]:
    """Return the bindings of the app or of the sweep screen; ids allow keymaps to change the keys."""
    return [
        Binding(action.keys, action.name, action.label or action.name, show=bool(action.label), id=action.name)
        for action in ACTIONS
        if action.anywhere == anywhere
    ]


def table_bindings() -> list[BindingType]:
    """Return the bindings of the results table."""
    return [Binding(keys, action, text, show=False, id=f"table.{text}") for keys, action, text in TABLE_KEYS]


def first_key(keys: str) -> str:
    """Return the first of several keys as it is printed on the keyboard."""
    key = keys.split(",")[0]
    return {"question_mark": "?", "escape": "esc"}.get(key, key)
