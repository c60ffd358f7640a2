"""Write the screenshots of the README: the real app, driven by keys, showing a recorded sweep.

    python screenshots/make.py [RECORDING]

Writes one SVG and one PNG per scene and size beside this file.
"""

import asyncio
import contextlib
import html
import os
import re
import sys
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

import cairosvg
from textual.pilot import Pilot

from engine.events import AnyEvent, SweepFinished, TrialStarted
from engine.history import keep
from engine.recording import read_recording
from workbench.actions import PAGES
from workbench.tui.app import Workbench
from workbench.tui.playback import Playback
from workbench.tui.services import CommandOutput, Services, workbench_command
from workbench.tui.widgets.results import ResultsTable

Size = tuple[int, int]
Scene = tuple[str, str]
"""Its name and its picture."""

WAITING = ("sampling; this takes", "asking `workbench")
"""Words of a screen that is not ready yet."""

HERE = Path(__file__).parent
RECORDING = HERE.parent / "tests" / "recorded" / "demo.jsonl"
SIZES = ((80, 24), (120, 40))
PATIENCE = 30.0
FONT = "DejaVu Sans Mono"
BRAILLE_FONT = "DejaVu Sans"


class Held(Playback):
    """Plays a recording as far as a point in its last block, and stays there."""

    async def events(self) -> AsyncIterator[AnyEvent]:
        """Yield events up to the point, then wait for a stop."""
        for event in self._events[: midway(self._events)]:
            yield event
        while not self._stopped:
            await self._changed.wait()


def midway(events: Sequence[AnyEvent]) -> int:
    """Return the place after the start of a trial in the last block."""
    starts = [index for index, event in enumerate(events) if isinstance(event, TrialStarted)]
    return starts[len(starts) * 5 // 6] + 1


async def until(pilot: Pilot[None], condition: Callable[[Workbench], object]) -> None:
    """Let the app work until a condition holds and has been painted."""
    assert isinstance(pilot.app, Workbench)
    async with asyncio.timeout(PATIENCE):
        while not condition(pilot.app):
            await pilot.pause(0.05)
    await pilot.pause(0.3)


async def form(size: Size) -> AsyncGenerator[Scene, None]:
    """The form, as it opens, and the help over it."""
    app = Workbench()
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda app: app.sweep_screen.ready)
        yield "form", app.export_screenshot()
        await pilot.press("question_mark")
        await pilot.pause(0.3)
        yield "help", app.export_screenshot()


async def running(size: Size) -> AsyncGenerator[Scene, None]:
    """A sweep in its last block: as a plot and as lanes."""
    app = Workbench(replay=(Held(read_recording(RECORDING)), ""))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda app: app.session.phase == "running" and app.session.state.rows)
        yield "running", app.export_screenshot()
        await pilot.press("v", "v", "v", "G")
        await pilot.pause(0.3)
        yield "lanes", app.export_screenshot()


async def told_anywhere(arguments: list[str], environment: Mapping[str, str] | None = None) -> CommandOutput:
    """Run a command as the screen does, and say what it says without where this checkout lies."""
    code, out, complaints = await workbench_command(arguments, environment)
    for place, name in ((Path.cwd(), "."), (HERE.parent, "/opt/workbench"), (Path(sys.base_prefix), "/usr")):
        out = out.replace(str(place).encode(), name.encode())
    return code, out, complaints


async def finished(size: Size) -> AsyncGenerator[Scene, None]:
    """Every screen after the sweep. Past sweeps, the machine and hot spots are those of the commands themselves."""
    services = Services(command=told_anywhere)
    app = Workbench(services, replay=(Playback(read_recording(RECORDING), seconds=0.1), ""))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda app: app.session.phase == "done")
        yield "done", app.export_screenshot()
        await choose_a_parallel_plan(pilot)
        for page in PAGES[1:]:
            await pilot.press("f" if page.name == "hotspots" else page.key)
            await until(pilot, lambda app: not any(word in screen_text(app) for word in WAITING))
            yield page.name, app.export_screenshot()


async def choose_a_parallel_plan(pilot: Pilot[None]) -> None:
    """Look at a plan that loses something, and at another beside it on a wide screen."""
    app = pilot.app
    assert isinstance(app, Workbench)
    table = app.screen.query_one(ResultsTable)
    rows = [row for row, each in enumerate(app.session.state.rows) if each.plan.workers > 1]
    table.select(rows[0])
    await pilot.pause()


def screen_text(app: Workbench) -> str:
    """Return what is on the screen."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def placed(svg: str) -> str:
    """Return the SVG with a fixed-width font of this system and every character in a place of its own.

    cairosvg neither loads the font the SVG names nor stretches text to the length it gives.
    """
    svg = re.sub(r'font-family: *"?Fira Code"?(, monospace)?', f"font-family: {FONT}", svg)
    return re.sub(r'<text ([^>]*?)x="([\d.]+)"([^>]*?)textLength="([\d.]+)"([^>]*)>([^<]*)</text>', _one_by_one, svg)


def _one_by_one(match: re.Match[str]) -> str:
    before, x, between, length, after, text = match.groups()
    letters = html.unescape(text)
    step = float(length) / max(len(letters), 1)
    return "".join(
        f'<text {before}x="{float(x) + index * step:.2f}"{between}{after}{_font(letter)}>{html.escape(letter)}</text>'
        for index, letter in enumerate(letters)
        if not letter.isspace()
    )


def _font(letter: str) -> str:
    return f' style="font-family: {BRAILLE_FONT}"' if "\u2800" <= letter <= "\u28ff" else ""


def history_of_recordings(folder: Path) -> None:
    """Make a history of every finished sweep that is recorded here."""
    os.environ["WORKBENCH_HISTORY"] = str(folder / "history.sqlite3")
    for path in sorted(RECORDING.parent.glob("*.jsonl")):
        last = read_recording(path)[-1]
        if isinstance(last, SweepFinished):
            keep(last.report)


async def write(size: Size) -> None:
    """Write every scene at a size."""
    for story in (form, running, finished):
        async with contextlib.aclosing(story(size)) as scenes:
            async for name, svg in scenes:
                path = HERE / f"{name}-{size[0]}x{size[1]}.svg"
                path.write_text(svg)
                cairosvg.svg2png(bytestring=placed(svg).encode(), write_to=str(path.with_suffix(".png")))
                print(path.relative_to(HERE.parent))


def main() -> None:
    """Write every scene at every size, from a folder of their own: what is captured and saved stays there."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        os.environ["XDG_STATE_HOME"] = folder
        history_of_recordings(Path(folder))
        for size in SIZES:
            asyncio.run(write(size))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        RECORDING = Path(sys.argv[1]).resolve()
    main()
