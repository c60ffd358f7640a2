"""Everything one can do, once: keys, footer, palette and help are made from this table, and so are remapped keys."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """One screen of the app."""

    name: str
    key: str
    label: str
    help: str
    command: str = ""
    """Sub-command of ``workbench`` that tells the same."""


PAGES: tuple[Page, ...] = (
    Page("sweep", "1", "Sweep", "what to measure, and the figures as they come", "sweep"),
    Page("why", "2", "Why", "where the time of the selected plan goes, beside a marked one", "sweep"),
    Page("hotspots", "3", "Hot spots", "the hottest functions of a plan", "flamegraph"),
    Page("recommend", "4", "Recommend", "the plan to use, how sure that is, and how to use it", "sweep --save-config"),
    Page("history", "5", "History", "sweeps of the past: compare two, follow a plan", "history"),
    Page("machine", "6", "Machine", "what this machine offers, what limits each mode, what disturbs it", "doctor"),
    Page("run", "7", "Run", "run a tuned config", "run"),
)
"""In the order of the tabs."""


@dataclass(frozen=True)
class Action:
    """One thing to do."""

    name: str
    """With its arguments; without them also the name of the ``action_`` method."""
    keys: str
    label: str
    """Word in the footer; empty: not shown there."""
    help: str
    place: str = "page"
    """Whose it is: ``app``, ``page`` (every screen), ``table``, or one screen by name."""
    command: str = ""
    """Sub-command of ``workbench`` that does the same; empty: it only makes sense on a screen."""
    title: str = ""
    """Name in the palette; empty: the label."""

    @property
    def id(self) -> str:
        """What names the action in a keymap: ``sort``, ``next-row``, ``go-why``."""
        name, _, argument = self.name.partition("(")
        if not argument:
            return name
        return f"go-{argument.strip(chr(39) + ')')}" if name == "go" else self.title.lower().replace(" ", "-")


ACTIONS: tuple[Action, ...] = (
    Action("sweep", "r,f5", "Run", "run the sweep of the form, or the last one again", command="sweep"),
    Action(
        "stop", "escape", "Stop/back", "stop the sweep and keep what was measured; else back: to the sweep, the form"
    ),
    Action("help", "question_mark,f1", "Help", "keys and words; type to search", "app", "--help"),
    Action("leave", "q", "Quit", "leave; a running sweep is stopped after a question", "app"),
    Action(
        "save",
        "s",
        "Save",
        "save the recommended plan, or the one of the selected past sweep, as a tuned config",
        command="sweep --save-config",
    ),
    Action(
        "hotspots", "f", "Spots", "sample the selected plan: its hottest functions", "page", "flamegraph", "Hot spots"
    ),
    Action("view", "v", "View", "draw something else: speedup, efficiency, time, the workers' lanes", "sweep"),
    Action("command", "y", "Copy", "copy the command line that does the same", title="Copy command"),
    Action("new", "n", "", "back to the form for a new sweep", title="New"),
    Action(
        "demo", "d", "", "sweep the straddle backtest on embedded data, about a minute", command="demo", title="Demo"
    ),
    Action("resume", "c", "", "go on with the last sweep that was interrupted", command="sweep", title="Continue"),
    Action("suspend", "ctrl+z", "", "to the shell; `fg` comes back, a sweep goes on meanwhile", "app", title="Suspend"),
    Action("palette", "colon", "", "every action by name, themes", "app", title="Palette"),
    Action("pause", "space", "", "pause a recording, and go on", "sweep", "replay", "Pause"),
    Action("pace(2)", "plus,equals_sign", "", "play a recording twice as fast", "sweep", "replay", "Faster"),
    Action("pace(-2)", "minus", "", "play a recording half as fast", "sweep", "replay", "Slower"),
    Action("scrub(1)", "right,l", "", "go forward in a recording", "sweep", "replay", "Forward"),
    Action("scrub(-1)", "left,h", "", "go back in a recording", "sweep", "replay", "Backward"),
    Action("cursor(1)", "j,down", "", "next row", "table", title="Next row"),
    Action("cursor(-1)", "k,up", "", "previous row", "table", title="Previous row"),
    Action("cursor(-1000000)", "g,home", "", "first row", "table", title="First row"),
    Action("cursor(1000000)", "G,end", "", "last row", "table", title="Last row"),
    Action("page(1)", "pagedown,ctrl+d", "", "a page down", "table", title="Page down"),
    Action("page(-1)", "pageup,ctrl+u", "", "a page up", "table", title="Page up"),
    Action(
        "filter",
        "slash",
        "",
        "show the rows with some words, and draw their lines; Enter keeps them, esc shows all",
        "table",
        title="Filter",
    ),
    Action("sort", "o", "", "sort by the next column; the mouse on a header does too", "table", title="Sort"),
    Action("reverse", "O", "", "sort the other way round", "table", title="Reverse order"),
    Action("original", "u", "", "all rows in their original order", "table", title="Original order"),
    Action("mark", "m", "", "mark a row, to see it beside another", "table", title="Mark"),
    Action("report", "enter", "", "the report of the selected sweep", "history", "history show", "Report"),
    Action(
        "compare", "equals_sign", "", "compare the two marked sweeps, plan by plan", "history", "compare", "Compare"
    ),
    Action("trend", "t", "", "how the selected workload's speed changed", "history", "history trend", "Trend"),
    Action("beside", "m", "Mark", "mark this plan, to see others beside it", "why", title="Mark plan"),
    Action("step(1)", "j", "Next", "explain the next plan", "why", title="Next plan"),
    Action("step(-1)", "k", "", "explain the plan before", "why", title="Previous plan"),
    Action("python", "Y", "Copy Python", "copy the Python lines that use the plan", "recommend"),
)
"""In the order of the footer, then of the help."""


def every_action() -> tuple[Action, ...]:
    """Return the actions and a way to each screen."""
    ways = (
        Action(f"go('{p.name}')", p.key, "", f"{p.label}: {p.help}", "app", p.command, f"{p.label} screen")
        for p in PAGES
    )
    return (*ACTIONS, *ways)


def names(places: Iterable[str]) -> list[str]:
    """Return the names, without arguments, of what can be done in these places."""
    return list(dict.fromkeys(each.name.partition("(")[0] for each in ACTIONS if each.place in places))


def first_key(keys: str) -> str:
    """Return the first of several keys as it is printed on the keyboard."""
    key = keys.split(",")[0]
    printed = {
        "question_mark": "?",
        "escape": "esc",
        "slash": "/",
        "colon": ":",
        "plus": "+",
        "minus": "-",
        "equals_sign": "=",
        "left": "←",
        "right": "→",
    }
    return printed.get(key, key)
