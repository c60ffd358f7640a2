"""Choosing what is measured: a built-in workload or one's own, and its size."""

from collections.abc import Awaitable, Callable

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Label, Select, Static

from engine.errors import WorkbenchError
from workbench.numbers import UNICODE, Signs
from workbench.tui.catalogue import Catalogue, WorkloadOffer

OWN = "\0own"
"""Value of the list's last entry: a reference typed below it."""

Lookup = Callable[[str], Awaitable[Catalogue]]


class WorkloadPicker(Vertical):
    """Knows the workload's sizes and knobs once it is chosen, or why there are none."""

    class Changed(Message):
        """Another workload or size, or another reason why there is none."""

    def __init__(self, look_up: Lookup, given: str = "", size: str = "", signs: Signs = UNICODE) -> None:
        super().__init__(id="picker")
        self._look_up, self._given, self._given_size, self._signs = look_up, given, size, signs
        self._known: tuple[WorkloadOffer, ...] = ()
        self.offer: WorkloadOffer | None = None
        """The workload chosen; None while there is an obstacle."""
        self.obstacle = "still looking at what this machine can do"
        """Why there is no workload to sweep."""

    def compose(self) -> ComposeResult:
        """List and size, the reference of one's own, and what the workload is about."""
        with Horizontal(classes="field"):
            yield Label("workload")
            yield Select[str]([], id="workload", compact=True, prompt="looking")
            yield Label("size", classes="second")
            yield Select[str]([], id="size", compact=True, prompt="default")
        yield Input(self._given, placeholder="module:attribute or file.py:attribute", id="own", compact=True)
        yield Static("", id="summary", markup=False)

    def on_mount(self) -> None:
        """One's own reference is asked for only when it is chosen."""
        self.query_one("#own").display = False

    @property
    def reference(self) -> str:
        """The workload chosen or typed."""
        value = self.query_one("#workload", Select).value
        if value == OWN:
            return self.query_one("#own", Input).value.strip()
        return value if isinstance(value, str) else ""

    @property
    def size_name(self) -> str:
        """The size chosen; empty: the workload's first."""
        value = self.query_one("#size", Select).value
        return value if isinstance(value, str) else ""

    def fill(self, offers: tuple[WorkloadOffer, ...]) -> None:
        """Offer these workloads, and one's own."""
        self._known = offers
        references = [offer.reference for offer in offers]
        wanted = self._given or (references[0] if references else OWN)
        select = self.query_one("#workload", Select)
        select.set_options([*((name, name) for name in references), ("your own, named below", OWN)])
        select.value = wanted if wanted in references else OWN

    def fail(self, obstacle: str) -> None:
        """Say why there is no workload."""
        self.offer, self.obstacle = None, obstacle
        self.post_message(self.Changed())

    @on(Select.Changed)
    def _selected(self, event: Select.Changed) -> None:
        event.stop()
        if event.select.id == "workload" and not event.select.is_blank():
            self.query_one("#own").display = event.value == OWN
            if event.value == OWN and event.select.has_focus:
                self.query_one("#own").focus()  # what is typed next is its name, not a key of the screen
            self._chosen()
        else:
            self.post_message(self.Changed())

    @on(Input.Changed, "#own")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input.display:
            self.fail("workload: press Enter to look it up")

    @on(Input.Submitted, "#own")
    def _entered(self) -> None:
        """Only now: looking it up runs the module's code. The event goes on to the form, which moves the focus."""
        self._chosen()

    def _chosen(self) -> None:
        if self.reference:
            self.fail(f"looking up {self.reference}")
            self._describe(self.reference)
        else:
            self.fail("workload: type module:attribute or file.py:attribute")

    @work(exclusive=True)
    async def _describe(self, reference: str) -> None:
        offer = next((offer for offer in self._known if offer.reference == reference), None)
        try:
            offer = offer or (await self._look_up(reference)).workloads[0]
        except (WorkbenchError, OSError) as error:
            self.fail(f"workload: {error}")
        else:
            self._show(offer)

    def _show(self, offer: WorkloadOffer) -> None:
        self.offer, self.obstacle = offer, ""
        self.query_one("#summary", Static).update(Content(self._signs.text(offer.summary)))
        select = self.query_one("#size", Select)
        select.set_options([(f"{size} {words}".strip(), size) for size, words in offer.sizes.items()])
        if offer.sizes:
            select.value = self._given_size if self._given_size in offer.sizes else next(iter(offer.sizes))
        self.post_message(self.Changed())
