"""The form of a sweep, built from the knobs of the plan, the modes and the workload's own knobs."""

from pathlib import Path
from typing import cast

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, ItemGrid, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Checkbox, Input, Label, Select, Static

from engine.errors import WorkbenchError
from engine.knob import Knob
from engine.report import Goal
from engine.request import Axis, SweepRequest
from workbench.tui.catalogue import EVERYTHING, Reference, WorkloadOffer
from workbench.tui.entries import AXES, BLOCKS, SAMPLE, Entries, check, entries_of
from workbench.tui.messages import FormChecked, FormSubmitted
from workbench.tui.widgets.fields import Field, ModeBox
from workbench.tui.widgets.picker import NAMED, Lookup, WorkloadPicker
from workbench.words.numbers import UNICODE, Signs

_GOALS = (("whole job", "job"), ("steady run", "steady"))
_START = Entries(
    axes={
        "workers": "auto",
        "chunk_size": "auto",
        "start_method": "forkserver",
        "threads_per_worker": "1",
        "device": "auto",
    }
)
_COLUMN = 36

INVITATION = "Enter starts the sweep; Tab moves between fields; ? helps"
"""What is said while nothing is wrong."""


class SweepForm(Vertical):
    """Everything that makes a SweepRequest. It checks itself on every change."""

    def __init__(
        self, look_up: Lookup, request: SweepRequest | None = None, signs: Signs = UNICODE, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._look_up, self._signs = look_up, signs
        self._given = entries_of(request) if request else _START
        self._described: WorkloadOffer | None = None
        """The workload whose settings are on screen."""
        self._checking = False
        self._invitation = INVITATION
        self.request: SweepRequest | None = None
        """What the form stands for; None while something is wrong."""
        self.problems: dict[str, str] = {}
        """What is wrong, by the key of the field."""

    def compose(self) -> ComposeResult:
        """The fields, in the order in which they matter."""
        given = self._given
        named = Reference(given.workload, given.tasks, given.data)
        with VerticalScroll(id="fields", can_focus=False):
            yield WorkloadPicker(self._look_up, named, given.size, self._signs)
            yield Vertical(id="modes")
            fields = [Field(knob, given.axes.get(knob.name, ""), signs=self._signs) for knob in AXES]
            yield ItemGrid(*fields, id="axes", min_column_width=_COLUMN)
            yield ItemGrid(id="settings", min_column_width=_COLUMN)
            with ItemGrid(id="care", min_column_width=_COLUMN):
                yield Field(BLOCKS, given.blocks, "care", self._signs)
                yield Field(SAMPLE, given.sample, "care", self._signs, "all tasks")
                with Horizontal(classes="field"):
                    yield Label("goal")
                    yield Select[str](_GOALS, value=given.goal, allow_blank=False, id="goal", compact=True)
        yield Static("", id="hint", markup=False)
        with Horizontal(id="buttons"):
            yield Button("Run sweep", variant="primary", id="run", compact=True)
            yield Button("Demo, about a minute", id="demo", compact=True)

    def on_mount(self) -> None:
        """Pressing Enter at once starts the sweep; in a folder without a workload, the demo."""
        self.focus_run()
        self._check()

    def focus_run(self) -> None:
        """Put the focus on what someone who is here for the first time, or who knows what he wants, presses."""
        strange = not self._given.workload and is_strange(Path.cwd())
        if strange and self._invitation == INVITATION:
            self.invite("Enter starts the demo, about a minute; Tab moves between fields; ? helps")
        self.query_one("#demo" if strange else "#run").focus()

    @property
    def picker(self) -> WorkloadPicker:
        """Where the workload is chosen."""
        return self.query_one(WorkloadPicker)

    @work(exclusive=True)
    async def load(self) -> None:
        """Fill in what there is to choose from, once."""
        if self.query(ModeBox):
            return
        try:
            catalogue = await self._look_up(EVERYTHING)
        except (WorkbenchError, OSError) as error:
            self.picker.fail(str(error))
            return
        ticked = self._given.modes
        boxes = [ModeBox(mode, not ticked or mode.name in ticked) for mode in catalogue.modes]
        await self.query_one("#modes").mount_all(boxes)
        self.picker.fill(catalogue)

    @on(WorkloadPicker.Changed)
    async def _picked(self, event: WorkloadPicker.Changed) -> None:
        event.stop()
        offer, shown = self.picker.offer, self._described
        outdated = shown and shown.reference != self.picker.wanted.workload
        if offer is not shown and (offer or outdated):
            self._described = offer
            await self._show_settings(offer or WorkloadOffer(reference=""))
            if offer and self.picker.typing:
                self.query_one("#run").focus()
        self._check()

    async def _show_settings(self, offer: WorkloadOffer) -> None:
        given = self._given.settings if self._given.workload == offer.reference else {}
        settings = self.query_one("#settings")
        await settings.remove_children()
        await settings.mount_all(
            Field(knob, given.get(knob.name, _default(knob)), "settings", self._signs) for knob in offer.knobs
        )
        for field in self.query_one("#axes").query(Field):
            if field.knob.name == "kernel":
                field.offer(offer.kernels)

    def entries(self) -> Entries:
        """Return what the form holds."""
        wanted, care = self.picker.wanted, self._texts("care")
        return Entries(
            workload=wanted.workload,
            tasks=wanted.tasks,
            data=wanted.data,
            size=self.picker.size_name,
            modes=tuple(box.mode.name for box in self.query(ModeBox) if box.value and not box.disabled),
            axes=self._texts("axes"),
            settings=self._texts("settings"),
            blocks=care[BLOCKS.name],
            sample=care[SAMPLE.name],
            goal=cast(Goal, self.query_one("#goal", Select).value),
            rest=self._given.rest,
        )

    def _texts(self, section: str) -> dict[str, str]:
        return {field.knob.name: field.text for field in self.query(Field) if field.section == section}

    def invite(self, text: str) -> None:
        """Say what else could be done, where no field is being filled in."""
        self._invitation = text
        self._show_hint()

    def _check_soon(self) -> None:
        """Many fields change at once when a workload is chosen; one look at them is enough."""
        if not self._checking:
            self._checking = True
            self.call_later(self._check)

    def _check(self) -> None:
        self._checking = False
        self.request, self.problems = check(self.entries(), self.picker.offer)
        if self.picker.obstacle:
            self.request = None
            self.problems = {"workload": self.picker.obstacle} | {**self.problems, "workload": self.picker.obstacle}
        for field in self.query(Field):
            field.mark(field.key in self.problems)
        self._show_hint()
        self.post_message(FormChecked())

    def _show_hint(self) -> None:
        """Show what is wrong with the field in focus, or what it means; without one, what is wrong anywhere."""
        field = next((field for field in self.query(Field) if field.has_focus_within), None)
        problem = self._problem_with(field) if field else next(iter(self.problems.values()), "")
        text = problem or (field.hint if field else self._invitation)
        sign = f"{self._signs.status[1]} " if problem else ""
        hint = self.query_one("#hint", Static)
        if field and hint.has_class("-wrong") != bool(problem):
            # where there is little room, a problem takes some from the fields
            self.call_after_refresh(self._bring_into_view, field)
        hint.set_class(bool(problem), "-wrong")
        hint.update(Content(sign + self._signs.text(text)), layout=False)

    def _bring_into_view(self, field: Field) -> None:
        """Scroll once the room that the problem takes is known, which is a refresh later."""
        field.scroll_visible(animate=False)
        self.call_after_refresh(field.scroll_visible, animate=False)

    def _problem_with(self, field: Field) -> str:
        """Return what is wrong with a field; those that name a workload are looked up, and go wrong, together."""
        return self.picker.complaint if field.section == NAMED else self.problems.get(field.key, "")

    @on(Input.Changed)
    @on(Checkbox.Changed)
    @on(Select.Changed)
    def _changed(self, event: Message) -> None:
        event.stop()
        self._check_soon()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one("#run").focus()

    @on(Button.Pressed)
    def _run(self, event: Button.Pressed) -> None:
        event.stop()
        self.post_message(FormSubmitted(demo=event.button.id == "demo"))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Explain the field in focus."""
        self._show_hint()


def is_strange(folder: Path) -> bool:
    """Whether a folder has nothing in it that one would measure: no Python file, no profile or tuned config."""
    try:
        return not any(path.suffix in (".py", ".toml") for path in folder.iterdir())
    except OSError:
        return False


def _default(knob: Knob) -> str:
    axis: Axis = knob.sweep or (knob.default,)
    return entries_of(SweepRequest(workload="", settings={knob.name: axis})).settings[knob.name]
