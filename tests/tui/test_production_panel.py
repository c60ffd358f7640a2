"""The panel of a production run, in an app of its own."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Button, Input, OptionList

from engine.run_events import RunEnded, RunEvent, RunFailed, RunProgress, RunRequest
from tests.runs import a_config, a_run, write
from tests.tui.fakes import text_of, until
from tests.tui.test_engine_process import STUBBORN, gone
from workbench.tui.run_process import RunProcess
from workbench.tui.widgets.production import ProductionPanel
from workbench.words.numbers import ASCII, UNICODE
from workbench.words.tuned import tuned_files

STOPPED = RunFailed(message="interrupted after 250 of 1000 tasks; no results were written", exit_code=130)


class FakeRun:
    """A run whose events a test lets out."""

    def __init__(self, events: Iterable[RunEvent] = (), error: OSError | None = None) -> None:
        self.queue: asyncio.Queue[RunEvent] = asyncio.Queue()
        for event in events:
            self.queue.put_nowait(event)
        self._error = error
        self.stopped = self.killed = False

    async def events(self) -> AsyncIterator[RunEvent]:
        if self._error:
            raise self._error
        while True:
            event = await self.queue.get()
            yield event
            if isinstance(event, RunEnded | RunFailed):
                return

    async def stop(self) -> None:
        self.stopped = True
        self.queue.put_nowait(STOPPED)

    def kill(self) -> None:
        self.killed = True


class Stage(App[None]):
    """Nothing but the panel; keeps its messages."""

    def __init__(self, run: FakeRun, **options: Any) -> None:
        super().__init__()
        self.run_shown, self.options = run, options
        self.requests: list[RunRequest] = []
        self.heard: list[object] = []

    def compose(self) -> ComposeResult:
        yield ProductionPanel(self._start, **self.options)

    def _start(self, request: RunRequest) -> FakeRun:
        self.requests.append(request)
        return self.run_shown

    def on_production_panel_started(self, event: ProductionPanel.Started) -> None:
        self.heard.append(event.request)

    def on_production_panel_ended(self, event: ProductionPanel.Ended) -> None:
        self.heard.append(event.state)

    @property
    def panel(self) -> ProductionPanel:
        return self.query_one(ProductionPanel)


Story = Callable[[Pilot[None], Stage], Awaitable[None]]


def play(story: Story, stage: Stage, size: tuple[int, int] = (80, 24)) -> Stage:
    async def run() -> None:
        async with stage.run_test(size=size) as pilot:
            await pilot.pause()
            await story(pilot, stage)

    asyncio.run(run())
    return stage


def test_a_run_is_started_shown_and_ended(tmp_path):
    async def story(pilot: Pilot[None], stage: Stage) -> None:
        await pilot.click("#out")
        await pilot.press(*"out.parquet", "enter", "enter")
        await until(pilot, lambda: stage.panel.state.finished)
        assert "are in out.parquet" in text_of(pilot)
        assert stage.focused is stage.query_one("#start", Button)

    stage = play(story, Stage(FakeRun(a_run()), folder=tmp_path))
    assert stage.requests == [RunRequest(config="tuned.toml", out="out.parquet")]
    assert [type(each).__name__ for each in stage.heard] == ["RunRequest", "RunState"]


def test_a_running_run_is_painted_by_the_clock_and_can_be_stopped(tmp_path):
    async def story(pilot: Pilot[None], stage: Stage) -> None:
        stage.panel.start()
        await until(pilot, lambda: "250 of 1,000 tasks, 125/s" in text_of(pilot))
        assert stage.query_one("#config", Input).disabled
        assert stage.panel.why_not("start")
        await pilot.press("enter")
        await until(pilot, lambda: "stopped after" in text_of(pilot))
        assert not stage.query_one("#config", Input).disabled
        assert stage.panel.why_not("stop")

    stage = play(story, Stage(FakeRun(a_run()[:4]), folder=tmp_path))
    assert stage.run_shown.stopped
    assert not stage.run_shown.killed


def test_events_are_painted_by_a_clock_of_ten_a_second_and_not_one_by_one(tmp_path, monkeypatch):
    async def story(pilot: Pilot[None], stage: Stage) -> None:
        stage.panel.start()
        begun = monotonic()
        counted[0] = 0
        for done in range(500):
            stage.run_shown.queue.put_nowait(RunProgress(done=done, tasks=1000, seconds=3.0))
        await until(pilot, lambda: "499 of 1,000" in text_of(pilot))
        assert counted[0] <= 3 + 10 * (monotonic() - begun)
        await stage.run_shown.stop()
        await until(pilot, lambda: stage.panel.state.finished)

    counted = [0]
    paint = ProductionPanel._paint

    def counting(panel: ProductionPanel) -> None:
        counted[0] += 1
        paint(panel)

    monkeypatch.setattr(ProductionPanel, "_paint", counting)
    play(story, Stage(FakeRun(a_run()[:2]), folder=tmp_path))


def test_the_configs_of_the_folder_are_offered_with_plan_and_speedup(tmp_path):
    write(a_config("shared-memory"), tmp_path / "fast.toml")
    write(a_config("thread"), tmp_path / "other.toml")
    (tmp_path / "profile.toml").write_text('workload = "straddles"')
    (tmp_path / "broken.toml").write_bytes(b"\xff[")
    assert [file.path for file in tuned_files(tmp_path)] == ["fast.toml", "other.toml"]

    async def story(pilot: Pilot[None], stage: Stage) -> None:
        await until(pilot, lambda: "fast.toml" in text_of(pilot))
        assert "fast.toml  1.80×  fixed_cost small  shared-memory × 2" in text_of(pilot)
        stage.query_one(OptionList).focus()
        stage.query_one(OptionList).highlighted = 0
        await pilot.press("down", "enter")
        await until(pilot, lambda: stage.query_one("#config", Input).value == str(tmp_path / "other.toml"))

    play(story, Stage(FakeRun(), folder=tmp_path))


def test_a_folder_that_is_not_there_has_no_configs(tmp_path):
    assert tuned_files(tmp_path / "none") == ()


def test_without_a_config_nothing_is_started(tmp_path):
    async def story(pilot: Pilot[None], stage: Stage) -> None:
        stage.query_one("#config", Input).value = " "
        await pilot.pause()
        stage.panel.start()
        await pilot.pause()
        assert "name a tuned config" in text_of(pilot)

    assert play(story, Stage(FakeRun(), folder=tmp_path)).requests == []


def test_results_that_would_be_replaced_are_announced(tmp_path):
    (tmp_path / "r.npy").write_bytes(b"old")

    async def story(pilot: Pilot[None], stage: Stage) -> None:
        stage.query_one("#out", Input).value = str(tmp_path / "r.npy")
        await until(pilot, lambda: "will be" in text_of(pilot))

    play(story, Stage(FakeRun(), folder=tmp_path))


def test_an_engine_that_cannot_be_started_is_a_failed_run(tmp_path):
    async def story(pilot: Pilot[None], stage: Stage) -> None:
        stage.panel.start()
        await until(pilot, lambda: "could not be started" in text_of(pilot))
        assert stage.panel.state.exit_code == 3

    play(story, Stage(FakeRun(error=OSError(2, "No such file")), folder=tmp_path))


def test_text_from_outside_is_no_markup(tmp_path):
    async def story(pilot: Pilot[None], stage: Stage) -> None:
        stage.panel.start()
        await until(pilot, lambda: "[bold]why[/]" in text_of(pilot))

    failed = RunFailed(message="[bold]why[/]", exit_code=4)
    play(story, Stage(FakeRun([*a_run()[:3], failed]), folder=tmp_path))


def test_taking_the_panel_down_leaves_no_run_behind(tmp_path):
    async def story(pilot: Pilot[None], stage: Stage) -> None:
        stage.panel.start()
        await until(pilot, lambda: stage.panel.state.tasks)
        await stage.panel.remove()

    assert play(story, Stage(FakeRun(a_run()[:4]), folder=tmp_path)).run_shown.killed


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (20, 6), (120, 40)])
@pytest.mark.parametrize("signs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_every_size_shows_the_progress(size, signs, tmp_path):
    write(a_config("thread"), tmp_path / "t.toml")

    async def story(pilot: Pilot[None], stage: Stage) -> None:
        stage.panel.start()
        await until(pilot, lambda: stage.panel.state.done)
        stage.panel._paint()
        await pilot.pause()
        if size[1] >= 12:
            assert "25%" in text_of(pilot)
        if signs is ASCII:
            assert "█" not in text_of(pilot)

    play(story, Stage(FakeRun(a_run()[:4]), folder=tmp_path, signs=signs), size)


async def all_of(process: RunProcess) -> list[RunEvent]:
    return [event async for event in process.events()]


def test_the_process_runs_a_config_to_its_end(tmp_path, leftovers):
    path = write(a_config("thread"), tmp_path / "t.toml")
    events = asyncio.run(all_of(RunProcess(RunRequest(config=str(path), out=str(tmp_path / "r.npy")))))
    assert isinstance(events[-1], RunEnded)
    assert (tmp_path / "r.npy").exists()


def test_the_process_is_stopped_within_a_second_and_says_how_far_it_was(tmp_path, leftovers):
    path = write(a_config("shared-memory", tasks=4, work=100_000_000), tmp_path / "t.toml")

    async def stopped() -> list[RunEvent]:
        process, seen = RunProcess(RunRequest(config=str(path))), list[RunEvent]()
        async for event in process.events():
            seen.append(event)
            if isinstance(event, RunProgress):
                await process.stop()
        return seen

    last = asyncio.run(stopped())[-1]
    assert isinstance(last, RunFailed)
    assert last.exit_code == 130


def test_a_process_that_does_not_answer_is_ended_with_all_it_started():
    marked = STUBBORN.replace('"event":"BlockStarted","block":%d', '"event":"TaskFailed","error":"","position":%d')
    process = RunProcess(RunRequest(config="t.toml"), (sys.executable, "-c", marked))

    async def stopped() -> list[Any]:
        seen: list[Any] = []
        async for event in process.events():
            seen.append(event)
            if len(seen) == 1:
                await process.stop()
        return seen

    child, last = asyncio.run(stopped())
    assert last == RunFailed(message="stopped; no results were written", exit_code=130)
    assert gone(child.position)


def test_a_process_that_dies_is_a_failure_with_its_last_words():
    script = "import sys; sys.stderr.write('no such thing\\n'); sys.exit(3)"
    [event] = asyncio.run(all_of(RunProcess(RunRequest(config=""), (sys.executable, "-c", script))))
    assert event == RunFailed(message="the engine ended with exit code 3: no such thing", exit_code=4)


def test_the_panel_reads_configs_without_the_engines_modes():
    code = "import sys, workbench.tui.widgets.production; print('numpy' in sys.modules, 'engine.modes' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout == "False False\n"
