"""Write the screenshots of the README: the real app, driven by keys, showing a recorded sweep.

    python screenshots/make.py [RECORDING]

Writes one SVG and one PNG per scene and size beside this file.
"""

import asyncio
import html
import re
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import cairosvg
from textual.pilot import Pilot

from engine.events import AnyEvent, TrialStarted
from engine.recording import read_recording
from workbench.tui.app import Workbench
from workbench.tui.playback import Playback
from workbench.tui.screens.help import HelpScreen

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


async def until(pilot: Pilot[None], phase: str) -> None:
    """Let the app work until the sweep is in this phase and has been painted."""
    assert isinstance(pilot.app, Workbench)
    async with asyncio.timeout(PATIENCE):
        while pilot.app.sweep_screen.phase != phase:
            await pilot.pause(0.05)
    await pilot.pause(0.3)


async def scene_form(size: tuple[int, int]) -> str:
    """The form, as it opens."""
    app = Workbench()
    async with app.run_test(size=size) as pilot, asyncio.timeout(PATIENCE):
        while app.sweep_screen.form.request is None:
            await pilot.pause(0.05)
        await pilot.pause()
        return app.export_screenshot()


async def scene_running(size: tuple[int, int]) -> str:
    """A sweep in its last block."""
    app = Workbench(replay=(Held(read_recording(RECORDING)), ""))
    async with app.run_test(size=size) as pilot:
        await until(pilot, "running")
        await pilot.pause(0.3)
        return app.export_screenshot()


async def scene_done(size: tuple[int, int]) -> str:
    """The recommendation."""
    app = Workbench(replay=(Playback(read_recording(RECORDING), seconds=0.1), ""))
    async with app.run_test(size=size) as pilot:
        await until(pilot, "done")
        return app.export_screenshot()


async def scene_help(size: tuple[int, int]) -> str:
    """Keys and words."""
    app = Workbench()
    async with app.run_test(size=size) as pilot:
        await app.push_screen(HelpScreen())
        await pilot.pause()
        return app.export_screenshot()


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


SCENES = {"form": scene_form, "running": scene_running, "done": scene_done, "help": scene_help}


def main() -> None:
    """Write every scene at every size."""
    for name, scene in SCENES.items():
        for width, height in SIZES:
            svg = asyncio.run(scene((width, height)))
            path = HERE / f"{name}-{width}x{height}.svg"
            path.write_text(svg)
            cairosvg.svg2png(bytestring=placed(svg).encode(), write_to=str(path.with_suffix(".png")))
            print(path.relative_to(HERE.parent))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        RECORDING = Path(sys.argv[1])
    main()
