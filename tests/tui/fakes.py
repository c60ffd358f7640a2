"""Stand-ins for what the UI talks to, and a way to wait for conditions instead of for time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from engine.errors import WorkloadProblem
from engine.events import AnyEvent, Failed, SweepFinished
from engine.knob import Knob
from engine.report import SweepReport
from engine.request import SweepRequest
from engine.run_events import RunEvent, RunFailed, RunProgress, RunRequest, RunStarted, TasksLoaded
from tests.builders import a_report, a_sweep
from workbench.tui.app import Workbench
from workbench.tui.catalogue import EVERYTHING, Catalogue, InstalledOffer, ModeFacts, Reference, WorkloadOffer
from workbench.tui.journal import Unfinished
from workbench.tui.services import CommandOutput, Services
from workbench.tui.widgets.picker import Lookup

STRADDLES = WorkloadOffer(
    reference="straddles",
    summary="price a book of straddles over a year of days",
    sizes={"small": "10 s in Python", "medium": "2 min", "large": "20 min"},
    kernels=("python", "numpy", "torch"),
    knobs=(
        Knob("layout", "how the data is laid out", "dict", ("dict", "rows", "columns")),
        Knob("fee", "cost of a trade", 0.5, low=0, unit="bp"),
    ),
)
OWN = WorkloadOffer(reference="mine.py:WORK", summary="my own [/dim]", sizes={"tiny": ""}, kernels=("loop",))
FUNCTION = WorkloadOffer(reference="mine.py:run_one", summary="one backtest", sizes={"all": ""}, kernels=("python",))
INSTALLED = InstalledOffer(reference="triple", name="triple", package="acme [1.2]")
MODES = (
    ModeFacts(name="sequential", summary="one task after the other in this process"),
    ModeFacts(name="thread", summary="a pool of threads; kernels that hold the GIL gain nothing"),
    ModeFacts(name="process", summary="a pool of processes, data pickled to each worker"),
    ModeFacts(name="shared-memory", summary="processes that read one copy of the data, results in shared slots"),
    ModeFacts(name="gpu-batch", summary="whole chunks on a device", unavailable="no GPU; pip install 'workbench[gpu]'"),
)


async def a_catalogue(wanted: Reference) -> Catalogue:
    """What the child process would say."""
    if wanted == EVERYTHING:
        other = WorkloadOffer(reference="fixed_cost", summary="known cost", sizes={"small": ""}, kernels=("python",))
        return Catalogue(modes=MODES, workloads=(STRADDLES, other), installed=(INSTALLED,))
    if wanted == Reference(OWN.reference):
        return Catalogue(workloads=(OWN,))
    if wanted == Reference(INSTALLED.reference):
        return Catalogue(workloads=(WorkloadOffer(reference=INSTALLED.reference, summary="triples"),))
    if wanted.workload == FUNCTION.reference and wanted.tasks:
        return Catalogue(workloads=(FUNCTION,))
    if wanted.workload == FUNCTION.reference:
        raise WorkloadProblem("mine.py:run_one is a function: say what its tasks are, as in --tasks mine.py:tasks")
    raise WorkloadProblem(f"cannot import {wanted.workload!r}: No module named 'nowhere'")


class FakeEngine:
    """An engine whose events a test lets out one by one; stop() makes it write a partial report."""

    def __init__(
        self, events: Iterable[AnyEvent] = (), report: SweepReport | None = None, error: OSError | None = None
    ) -> None:
        self.queue: asyncio.Queue[AnyEvent] = asyncio.Queue()
        for event in events:
            self.queue.put_nowait(event)
        self._partial = report or a_report(complete=False, blocks=1)
        self._error = error
        self.stopped = self.killed = False

    async def events(self) -> AsyncIterator[AnyEvent]:
        if self._error:
            raise self._error
        while True:
            event = await self.queue.get()
            yield event
            if isinstance(event, SweepFinished | Failed):
                return

    async def stop(self) -> None:
        if not self.stopped:
            self.stopped = True
            self.queue.put_nowait(SweepFinished(report=self._partial))

    def kill(self) -> None:
        self.killed = True


class FakeRun:
    """A production run half way through, until it is stopped."""

    def __init__(self) -> None:
        self.stopped = False
        self._end = asyncio.Event()

    async def events(self) -> AsyncIterator[RunEvent]:
        host, plan = a_report().host, a_report().baseline
        yield RunStarted(workload="straddles", size="small", plan=plan, because="it is the config's", host=host)
        yield TasksLoaded(tasks=100, seconds=0.1)
        yield RunProgress(done=50, tasks=100, seconds=2.0, rate=25.0, seconds_left=2.0)
        await self._end.wait()
        yield RunFailed(message="stopped", exit_code=130)

    async def stop(self) -> None:
        self.stopped = True
        self._end.set()

    def kill(self) -> None:
        self._end.set()


class World:
    """What the UI did to the outside."""

    def __init__(
        self,
        *engines: FakeEngine,
        command: CommandOutput = (0, b"{}", ""),
        answers: Mapping[str, bytes] | None = None,
        look_up: Lookup = a_catalogue,
        full: Exception | None = None,
    ) -> None:
        """``answers``: what single commands print. ``full``: what keeping a report in the history raises."""
        self.engines = list(engines) or [FakeEngine(a_sweep())]
        self.requests: list[SweepRequest] = []
        self.kept: list[SweepReport] = []
        self.saved: list[tuple[SweepReport, Path]] = []
        self.commands: list[list[str]] = []
        self.copied: list[str] = []
        self.interrupted: list[Unfinished] = []
        self.forgotten: list[Path] = []
        self.runs: list[FakeRun] = []
        self._answers = answers or {}
        self._command, self._look_up, self._full = command, look_up, full

    def services(self) -> Services:
        doors = (self._start, self._look_up, self._save, self._run, self._copy, self._keep)
        return Services(*doors, self._unfinished, self._go_on, self.forgotten.append, self._produce)

    def _produce(self, request: RunRequest) -> FakeRun:
        self.runs.append(FakeRun())
        return self.runs[-1]

    def _unfinished(self) -> list[Unfinished]:
        return self.interrupted

    def _go_on(self, earlier: Unfinished) -> FakeEngine:
        return self._start(earlier.request)

    def _start(self, request: SweepRequest) -> FakeEngine:
        self.requests.append(request)
        return self.engines[len(self.requests) - 1]

    def _save(self, report: SweepReport, path: Path) -> None:
        self.saved.append((report, path))
        path.write_text("saved")

    async def _keep(self, report: SweepReport) -> int:
        if self._full:
            raise self._full
        self.kept.append(report)
        return len(self.kept)

    async def _run(self, arguments: list[str], environment: Mapping[str, str] | None = None) -> CommandOutput:
        self.commands.append(arguments)
        told = self._answers.get(arguments[0])
        return self._command if told is None else (0, told, "")

    async def _copy(self, text: str) -> bool:
        self.copied.append(text)
        return True


@asynccontextmanager
async def a_screen(world: World, size: tuple[int, int] = (80, 24), **arguments: Any) -> AsyncIterator[Pilot[None]]:
    """The app on a screen of this size, with the form filled in."""
    app = Workbench(world.services(), **arguments)
    async with app.run_test(size=size, notifications=True) as pilot:
        screen = app.sweep_screen
        await until(pilot, lambda: screen.is_mounted and (screen.phase != "form" or screen.ready))
        await pilot.pause()
        yield pilot


async def until(pilot: Pilot[None], condition: Callable[[], object], patience: float = 10.0) -> None:
    """Let the app work until the condition holds."""
    async with asyncio.timeout(patience):
        while not condition():
            if crash := pilot.app._exception:
                raise crash
            await pilot.pause(0.01)


def text_of(pilot: Pilot[None]) -> str:
    """What is on the screen, line by line."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def screen_of(pilot: Pilot[None]) -> Any:
    """The sweep screen, whatever dialog is above it."""
    app = pilot.app
    assert isinstance(app, Workbench)
    return app.sweep_screen
