"""Choosing what is measured: a built-in workload, one of an installed package or one's own, and its size."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import astuple
from pathlib import Path

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Label, Select, Static

from engine.errors import WorkbenchError
from engine.knob import Knob
from workbench.own_code import defined_in, suggestions
from workbench.tui.catalogue import Catalogue, Reference, WorkloadOffer
from workbench.tui.entries import DATA, REFERENCE, TASKS
from workbench.tui.widgets.fields import Field
from workbench.words.numbers import UNICODE, Signs

OWN = "\0own"
"""Value of the list's last entry: a reference typed below it."""

NAMED = "named"
"""Section of the fields that name a workload of one's own."""

_FIELDS: tuple[tuple[Knob, str], ...] = (
    (REFERENCE, "module:attribute or file.py:attribute"),
    (TASKS, "file.py:attribute, where that is a function of one task"),
    (DATA, "file.py:attribute, where the function takes data as well"),
)
"""In the order of Reference, with what an empty field shows."""

Lookup = Callable[[Reference], Awaitable[Catalogue]]


class WorkloadPicker(Vertical):
    """Knows the workload's sizes and knobs once it is chosen, or why there are none."""

    class Changed(Message):
        """Another workload or size, or another reason why there is none."""

    def __init__(self, look_up: Lookup, given: Reference, size: str = "", signs: Signs = UNICODE) -> None:
        super().__init__(id="picker")
        self._look_up, self._given, self._given_size, self._signs = look_up, given, size, signs
        self._known: tuple[WorkloadOffer, ...] = ()
        self._asked: Reference | None = None
        """What is or was looked up; None since something else was typed."""
        self.offer: WorkloadOffer | None = None
        """The workload chosen; None while there is an obstacle."""
        self.obstacle = "still looking at what this machine can do"
        """Why there is no workload to sweep."""

    def compose(self) -> ComposeResult:
        """List and size, what names one's own, and what the workload is about."""
        with Horizontal(classes="field"):
            yield Label("workload")
            yield Select[str]([], id="workload", compact=True, prompt="looking")
            yield Label("size", classes="second")
            yield Select[str]([], id="size", compact=True, prompt="default")
        with Vertical(id="own"):
            for knob, placeholder in _FIELDS:
                yield Field(knob, "", NAMED, self._signs, placeholder)
        yield Static("", id="summary", markup=False)

    def on_mount(self) -> None:
        """What names one's own is asked for only when that is chosen."""
        self.query_one("#own").display = False

    @property
    def wanted(self) -> Reference:
        """What names the workload chosen or typed."""
        value = self.query_one("#workload", Select).value
        if value == OWN:
            return Reference(*(field.text.strip() for field in self.query(Field)))
        return Reference(value if isinstance(value, str) else "")

    @property
    def size_name(self) -> str:
        """The size chosen; empty: the workload's first."""
        value = self.query_one("#size", Select).value
        return value if isinstance(value, str) else ""

    @property
    def typing(self) -> bool:
        """Whether the cursor is in one of the fields that name one's own workload."""
        return any(field.has_focus_within for field in self.query(Field))

    @property
    def complaint(self) -> str:
        """What became of looking up what was typed; empty before that, and where all is well."""
        return self.obstacle if self._asked else ""

    def fill(self, catalogue: Catalogue) -> None:
        """Offer the workloads there are, and one's own."""
        self._known = catalogue.workloads
        names = {offer.reference: offer.reference for offer in catalogue.workloads}
        names |= {offer.reference: f"{offer.name} of {offer.package}" for offer in catalogue.installed}
        options = [(Text(self._signs.text(name)), reference) for reference, name in names.items()]
        select = self.query_one("#workload", Select)
        select.prompt = "choose one"
        select.set_options([*options, (Text("your own, named below"), OWN)])
        wanted = self._given.workload or next(iter(names), OWN)
        if wanted in names:
            select.value = wanted
        else:
            select.value = OWN
            for field, text in zip(self.query(Field), astuple(self._given), strict=True):
                field.text = text

    def fail(self, obstacle: str) -> None:
        """Say why there is no workload; the words and sizes of another go."""
        self._describe_by("", {})
        self._obstruct(obstacle)

    def _obstruct(self, obstacle: str) -> None:
        self.offer, self.obstacle = None, obstacle
        self.post_message(self.Changed())

    @on(Select.Changed)
    def _selected(self, event: Select.Changed) -> None:
        event.stop()
        if event.select.id == "workload" and not event.select.is_blank():
            self.query_one("#own").display = event.value == OWN
            if event.value == OWN:
                self._suggest()
            if event.value == OWN and event.select.has_focus:
                self.query(Input).first().focus()  # what is typed next is its name, not a key of the screen
            self._chosen()
        else:
            self.post_message(self.Changed())

    @work(group="suggest", exclusive=True)
    async def _suggest(self) -> None:
        """Suggest what the files of this folder define."""
        found = suggestions(await asyncio.to_thread(defined_in, Path.cwd()))
        for field in self.query(Field):
            field.suggest(found[field.knob.name])

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.query_one("#own").display and self.wanted != self._asked:
            self._prompt("press Enter to look it up")

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        """Only now: looking it up runs the module's code. The cursor stays until that has worked."""
        event.stop()
        self._chosen()

    def _chosen(self) -> None:
        wanted = self.wanted
        if wanted.workload:
            self._asked = wanted
            self._obstruct(f"looking up {wanted.workload}")
            self._find(wanted)
        else:
            self._prompt("type module:attribute or file.py:attribute")

    def _prompt(self, words: str) -> None:
        """Say what is to be done; what is still being looked up is no longer wanted."""
        self.workers.cancel_group(self, "find")
        self._asked = None
        self.fail(f"workload: {words}")

    @work(group="find", exclusive=True)
    async def _find(self, wanted: Reference) -> None:
        offer = next((offer for offer in self._known if offer.reference == wanted.workload), None)
        try:
            offer = offer or (await self._look_up(wanted)).workloads[0]
        except (WorkbenchError, OSError) as error:
            self.fail(f"workload: {error}")
        else:
            self.offer, self.obstacle = offer, ""
            self._describe_by(offer.summary, offer.sizes)
            self.post_message(self.Changed())

    def _describe_by(self, summary: str, sizes: dict[str, str]) -> None:
        self.query_one("#summary", Static).update(Content(self._signs.text(summary)))
        select = self.query_one("#size", Select)
        select.set_options([(Text(self._signs.text(f"{size} {words}")), size) for size, words in sizes.items()])
        if sizes:
            select.value = self._given_size if self._given_size in sizes else next(iter(sizes))
