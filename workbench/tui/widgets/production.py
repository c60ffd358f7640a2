"""A production run: which tuned config, where the results go, and how far it is."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Button, Static

from engine.run_events import RunFailed, RunRequest
from workbench.run_state import RunState, asked_for, fold
from workbench.tui.run_process import ProductionRun, RunProcess
from workbench.tui.widgets.run_form import RunForm
from workbench.words.numbers import UNICODE, Signs
from workbench.words.production import run_lines

DEFAULT = "tuned.toml"
PAINTS_PER_SECOND = 10
"""At most; more would take CPU from the workers."""
EMPTY = "Nothing was run yet. Start runs the tuned config above; s on the first screen saves one after a sweep."
ROOMY = 14
"""Lines from which on there is room for the list of configs."""


class ProductionPanel(Vertical):
    """Starts a run, shows it and stops it. Events are folded into a RunState; what is on screen is that state."""

    DEFAULT_CSS: ClassVar[str] = """
    ProductionPanel { height: 1fr; padding: 0 1; }
    ProductionPanel #buttons { height: 1; margin-top: 1; }
    ProductionPanel #buttons Button { width: auto; margin-right: 2; }
    ProductionPanel #story { height: 1fr; margin-top: 1; }
    ProductionPanel.-low #buttons, ProductionPanel.-low #story { margin-top: 0; }
    ProductionPanel #lines { height: auto; }
    """

    class Started(Message):
        """A run was asked for."""

        def __init__(self, request: RunRequest) -> None:
            super().__init__()
            self.request = request

    class Ended(Message):
        """A run came to its end; ``state`` says which."""

        def __init__(self, state: RunState) -> None:
            super().__init__()
            self.state = state

    def __init__(
        self,
        start: Callable[[RunRequest], ProductionRun] = RunProcess,
        signs: Signs = UNICODE,
        config: str = DEFAULT,
        folder: Path = Path(),
        busy: Callable[[], str | None] = lambda: None,
    ) -> None:
        """``folder``: whose tuned configs are listed. ``busy``: why nothing else may run now."""
        super().__init__()
        self._begin, self._signs, self._given, self._folder = start, signs, config, folder
        self._busy = busy
        self.state = RunState()
        self.process: ProductionRun | None = None
        """The run that is shown; it may be over."""
        self._heard = monotonic()
        self._shown = ""
        self._painter: Timer | None = None

    def compose(self) -> ComposeResult:
        """What is asked for, what can be done, and what became of it."""
        yield RunForm(self._signs, self._given, self._folder)
        with Horizontal(id="buttons"):
            yield Button("Start", variant="primary", id="start", compact=True)
            yield Button("Stop", id="stop", compact=True, disabled=True)
        with VerticalScroll(id="story"):
            yield Static(Content(EMPTY), id="lines", markup=False)

    def on_mount(self) -> None:
        """Nothing is started by itself."""
        self._painter = self.set_interval(1 / PAINTS_PER_SECOND, self._paint, pause=True)

    @property
    def form(self) -> RunForm:
        """What the run is asked for."""
        return self.query_one(RunForm)

    def why_not(self, name: str) -> str | None:
        """Return why ``start`` or ``stop`` cannot be done now, or None if it can."""
        if name == "stop":
            return None if self.state.active else "nothing is running"
        return "a run is going on; stop it first" if self.state.active else self._busy() or self.form.problem

    def start(self) -> None:
        """Start what the form stands for, or say why not."""
        if reason := self.why_not("start"):
            self.form.say(reason, wrong=True)
            return
        request = self.form.request
        self.process = self._begin(request)
        self._enter(asked_for(request.config, request.out))
        self.post_message(self.Started(request))
        self._follow(self.process)

    def stop(self) -> None:
        """Stop the run; what it computed is lost."""
        if self.process and self.state.active:
            self.form.say("stopping; nothing will be written")
            self.run_worker(self.process.stop(), group="stop", exclusive=True)

    @work(exclusive=True, group="run")
    async def _follow(self, process: ProductionRun) -> None:
        try:
            async for event in process.events():
                self.state, self._heard = fold(self.state, event), monotonic()
                if self.state.finished:
                    self._end()
        except OSError as error:
            self.state = fold(self.state, RunFailed(message=f"the engine could not be started: {error}", exit_code=3))
            self._end()

    def _end(self) -> None:
        self._enter(self.state)
        self.form.look()
        self.post_message(self.Ended(self.state))

    def _enter(self, state: RunState) -> None:
        """Let buttons, form and timer fit a state that has just begun or ended."""
        self.state, self._heard = state, monotonic()
        if self._painter:
            (self._painter.resume if state.active else self._painter.pause)()
        self.form.open(not state.active)
        start, stop = self.query_one("#start", Button), self.query_one("#stop", Button)
        start.disabled, stop.disabled = state.active, not state.active
        (stop if state.active else start).focus()
        self._paint()

    def _paint(self) -> None:
        """Show the state. Called by a timer, so many events make one update, and after the last."""
        if not self.is_attached or self.state.phase == "idle":
            return
        waited = monotonic() - self._heard if self.state.active else 0.0
        width = max(self.size.width - 4, 20)
        text = "\n".join(run_lines(self.state, width, self._signs, waited))
        if text != self._shown:
            self._shown = text
            self.query_one("#lines", Static).update(Content(text))

    @on(RunForm.Filled)
    def _filled(self, event: RunForm.Filled) -> None:
        event.stop()
        self.query_one("#start").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        (self.start if event.button.id == "start" else self.stop)()

    def on_resize(self) -> None:
        """Wrap again."""
        roomy = self.size.height >= ROOMY
        self.set_class(not roomy, "-low")
        self.form.fit(roomy)
        self._paint()

    def on_unmount(self) -> None:
        """Leave nothing behind."""
        if self.process and self.state.active:
            self.process.kill()
