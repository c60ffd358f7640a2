"""The form of a sweep, built from the knobs of the plan, the modes and the workload's own knobs."""

from contextlib import suppress
from typing import cast

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, ItemGrid, Vertical, VerticalScroll
from textual.content import Content
from textual.css.query import NoMatches
from textual.message import Message
from textual.widgets import Button, Checkbox, Input, Label, Select, Static

from engine.knob import Knob
from engine.report import Goal
from engine.request import Axis, SweepRequest
from workbench.numbers import UNICODE, Signs
from workbench.tui.catalogue import Catalogue, WorkloadOffer
from workbench.tui.entries import AXES, BLOCKS, Entries, check, entries_of
from workbench.tui.widgets.fields import Field, ModeBox

OWN = "\0own"
"""Value of the workload list's last entry: a reference typed below it."""

_GOALS = (("whole job", "job"), ("steady run", "steady"))
_DEFAULTS = {
    "workers": "auto",
    "chunk_size": "auto",
    "start_method": "spawn",
    "threads_per_worker": "1",
    "device": "auto",
}
_COLUMN = 36


class SweepForm(Vertical):
    """Everything that makes a SweepRequest. It checks itself on every change."""

    class Submitted(Message):
        """Someone pressed Run."""

    class Checked(Message):
        """Whether the form stands for a request may have changed."""

    class WorkloadNamed(Message):
        """A workload was chosen or typed, and the form wants to know its sizes and knobs."""

        def __init__(self, reference: str) -> None:
            super().__init__()
            self.reference = reference

    def __init__(self, request: SweepRequest | None = None, signs: Signs = UNICODE, id: str | None = None) -> None:
        super().__init__(id=id)
        self._given = entries_of(request) if request else None
        self._signs = signs
        self._offer: WorkloadOffer | None = None
        self._obstacle = "still looking at what this machine can do"
        """Why there is no workload to sweep, whatever the fields say."""
        self.request: SweepRequest | None = None
        """What the form stands for; None while something is wrong."""
        self.problems: dict[str, str] = {}
        """What is wrong, by the name of the field."""

    def compose(self) -> ComposeResult:
        """The fields, in the order in which they matter."""
        given = self._given or Entries(axes=_DEFAULTS)
        with VerticalScroll(id="fields", can_focus=False):
            with Horizontal(classes="field"):
                yield Label("workload")
                yield Select[str]([], id="workload", compact=True, prompt="looking")
                yield Label("size", classes="second")
                yield Select[str]([], id="size", compact=True, prompt="default")
            yield Input(given.workload, placeholder="module:attribute or file.py:attribute", id="own", compact=True)
            yield Static("", id="summary", markup=False)
            yield Vertical(id="modes")
            fields = [Field(knob, given.axes.get(knob.name, ""), signs=self._signs) for knob in AXES]
            yield ItemGrid(*fields, id="axes", min_column_width=_COLUMN)
            yield ItemGrid(id="settings", min_column_width=_COLUMN)
            with ItemGrid(id="care", min_column_width=_COLUMN):
                yield Field(BLOCKS, given.blocks, "blocks", self._signs)
                with Horizontal(classes="field"):
                    yield Label("goal")
                    yield Select[str](_GOALS, value=given.goal, allow_blank=False, id="goal", compact=True)
        yield Static("", id="hint", markup=False)
        yield Button("Run sweep", variant="primary", id="run", compact=True)

    def on_mount(self) -> None:
        """Pressing Enter at once starts the sweep."""
        self.query_one("#own").display = False
        self.query_one("#run").focus()
        self._check()

    async def offer(self, catalogue: Catalogue) -> None:
        """Fill in what there is to choose from."""
        references = [workload.reference for workload in catalogue.workloads]
        ticked = self._given.modes if self._given else ()
        boxes = [ModeBox(mode, not ticked or mode.name in ticked) for mode in catalogue.modes]
        await self.query_one("#modes").mount_all(boxes)
        wanted = self._given.workload if self._given else references[0] if references else OWN
        select = self.query_one("#workload", Select)
        select.set_options([*((name, name) for name in references), ("your own, named below", OWN)])
        select.value = wanted if wanted in references else OWN

    async def describe(self, offer: WorkloadOffer) -> None:
        """Show the sizes and knobs of this workload."""
        self._offer, self._obstacle = offer, ""
        given = self._given if self._given and self._given.workload == offer.reference else Entries()
        self.query_one("#summary", Static).update(Content(self._signs.text(offer.summary)))
        select = self.query_one("#size", Select)
        select.set_options([(f"{size} {words}".strip(), size) for size, words in offer.sizes.items()])
        if offer.sizes:
            select.value = given.size if given.size in offer.sizes else next(iter(offer.sizes))
        settings = self.query_one("#settings")
        await settings.remove_children()
        await settings.mount_all(
            Field(knob, given.settings.get(knob.name, _default(knob)), "settings", self._signs) for knob in offer.knobs
        )
        for field in self.query(Field):
            if field.knob.name == "kernel" and field.section == "axes":
                field.offer(offer.kernels)
        self._check()

    def fail(self, obstacle: str) -> None:
        """Say why the workload cannot be used."""
        self._obstacle = obstacle
        self._check()

    @property
    def reference(self) -> str:
        """The workload chosen or typed."""
        value = self.query_one("#workload", Select).value
        if value == OWN:
            return self.query_one("#own", Input).value.strip()
        return value if isinstance(value, str) else ""

    def entries(self) -> Entries:
        """Return what the form holds."""
        size, goal = self.query_one("#size", Select).value, self.query_one("#goal", Select).value
        texts: dict[str, dict[str, str]] = {"axes": {}, "settings": {}, "blocks": {}}
        for field in self.query(Field):
            texts[field.section][field.knob.name] = field.text
        return Entries(
            workload=self.reference,
            size=size if isinstance(size, str) else "",
            modes=tuple(box.mode.name for box in self.query(ModeBox) if box.value and not box.disabled),
            axes=texts["axes"],
            settings=texts["settings"],
            blocks=texts["blocks"].get(BLOCKS.name, ""),
            goal=cast(Goal, goal),
        )

    def _check(self) -> None:
        self.request, self.problems = check(self.entries(), self._offer)
        if self._obstacle:
            self.request, self.problems = None, {"workload": self._obstacle, **self.problems}
        for field in self.query(Field):
            field.mark(field.knob.name in self.problems)
        self.show_hint()
        self.post_message(self.Checked())

    def show_hint(self) -> None:
        """Show what is wrong with the field in focus, else anywhere, else what the field in focus means."""
        field = next((field for field in self.query(Field) if field.has_focus_within), None)
        hint = self.query_one("#hint", Static)
        problem = self.problems.get(field.knob.name, "") if field else ""
        problem = problem or (next(iter(self.problems.values()), "") if not field else "")
        hint.set_class(bool(problem), "-wrong")
        sign = f"{self._signs.status[1]} " if problem else ""
        text = problem or (field.hint if field else "Enter starts the sweep; Tab moves between fields; ? helps")
        hint.update(Content(sign + self._signs.text(text)), layout=False)

    @on(Input.Changed)
    @on(Checkbox.Changed)
    def _changed(self, event: Input.Changed | Checkbox.Changed) -> None:
        event.stop()
        if isinstance(event, Input.Changed) and event.input.id == "own" and event.input.display:
            self._offer, self._obstacle = None, "workload: press Enter to look it up"
        self._check()

    @on(Select.Changed)
    def _selected(self, event: Select.Changed) -> None:
        event.stop()
        if event.select.id == "workload" and not event.select.is_blank():
            own = event.value == OWN
            self.query_one("#own").display = own
            self._name_workload()
        with suppress(NoMatches):
            self._check()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if event.input.id == "own":
            self._name_workload()
        self.query_one("#run").focus()

    def _name_workload(self) -> None:
        self._offer = None
        if self.reference:
            self._obstacle = f"looking up {self.reference}"
            self.post_message(self.WorkloadNamed(self.reference))
        else:
            self._obstacle = "workload: type module:attribute or file.py:attribute"

    @on(Button.Pressed, "#run")
    def _run(self, event: Button.Pressed) -> None:
        event.stop()
        self.post_message(self.Submitted())

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Explain the field in focus."""
        self.show_hint()


def _default(knob: Knob) -> str:
    axis: Axis = (knob.default,)
    return entries_of(SweepRequest(workload="", settings={knob.name: axis})).settings[knob.name]
