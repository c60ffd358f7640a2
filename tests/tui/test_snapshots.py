"""Every screen at four sizes in four looks, as pictures: SVG from a recorded sweep, compared byte for byte.

A picture that is meant to have changed: SNAPSHOTS=update python -m pytest tests/tui/test_snapshots.py, and look at it
(``zcat tests/tui/snapshots/NAME.svg.gz``).
"""

import asyncio
import difflib
import gzip
import html
import os
import re
from pathlib import Path
from time import monotonic

import msgspec
import pytest
from textual.widgets import Input

from engine.recording import read_recording
from tests.machines import a_machine
from tests.tui.fakes import World, a_screen, screen_of, until
from tests.tui.test_history_screen import listed
from tests.tui.test_machine_screen import FakeSensors
from workbench.actions import PAGES
from workbench.tui.playback import Playback
from workbench.tui.widgets import meters
from workbench.words.numbers import ASCII, UNICODE

FOLDER = Path(__file__).parent / "snapshots"
RECORDING = Path(__file__).parents[1] / "recorded" / "demo.jsonl"
SIZES = ((40, 12), (80, 24), (160, 50), (300, 100))
SCROLLBARS = set("▁▂▃▄▅▆▇")
UPDATE = os.environ.get("SNAPSHOTS") == "update"
STILL = 1.0
"""Seconds without a change after which a picture counts as the last one."""

LOOKS = ("dark", "light", "ansi", "plain")
"""Two themes in colours, the terminal's own colours, and neither colour nor Unicode."""


def normal(svg: str) -> str:
    """Return a picture without the names that Textual makes from its whole content."""
    return re.sub(r"terminal-\d+", "terminal", svg)


async def pictures(size, look):
    """Every page over the recorded demo, one after the other in one app; each once it is as it was, or keeps still."""
    found = {}
    playback = Playback(read_recording(RECORDING), seconds=0.1)
    signs = ASCII if look == "plain" else UNICODE
    world = World(answers={"history": listed(), "doctor": msgspec.json.encode(a_machine())})
    async with a_screen(world, size, replay=(playback, "demo.jsonl"), signs=signs) as pilot:
        app = pilot.app
        app.animation_level = "none"
        app.theme = {"dark": "textual-dark", "light": "textual-light"}.get(look, "ansi-dark")
        await until(pilot, lambda: screen_of(pilot).phase == "done")
        for page in PAGES:
            await pilot.press(page.key)
            for field in app.screen.query(Input):
                field.cursor_blink = False
            name = f"{page.name}-{size[0]}x{size[1]}-{look}.svg.gz"
            found[name] = await settled(pilot, "" if UPDATE else earlier(name))
    return found


def earlier(name):
    """The picture of a page as it was, or nothing."""
    file = FOLDER / name
    return gzip.decompress(file.read_bytes()).decode() if file.is_file() else ""


async def settled(pilot, wanted):
    """Return the picture once it is the wanted one; else when it has not changed for a second."""
    before, since = "", monotonic()
    while monotonic() - since < STILL:
        now = normal(pilot.app.export_screenshot())
        if now == wanted:
            break
        before, since = now, monotonic() if now != before else since
        await pilot.pause(0.05)
    return now


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_screen_looks_as_it_did(size, look, monkeypatch):
    monkeypatch.setattr(meters, "SECOND", 0.02)
    monkeypatch.setattr(meters, "Sensors", FakeSensors)
    if look == "plain":
        monkeypatch.setenv("NO_COLOR", "1")
    different = []
    for name, picture in asyncio.run(pictures(size, look)).items():
        if UPDATE:
            (FOLDER / name).write_bytes(gzip.compress(picture.encode(), mtime=0))
        elif (before := earlier(name)) != picture:
            different += [name, *words_apart(before, picture)]
    assert not different


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_without_unicode_there_is_none_but_in_scrollbars(size):
    for page in PAGES:
        words = "".join(words_of(earlier(f"{page.name}-{size[0]}x{size[1]}-plain.svg.gz"))).replace("\xa0", " ")
        assert {sign for sign in words if not sign.isascii()} <= SCROLLBARS, page.name


def words_apart(before, now):
    """Lines that one of two pictures has and the other has not, as text."""
    return list(difflib.unified_diff(words_of(before), words_of(now), n=0))[:20]


def words_of(svg):
    """The texts of a picture."""
    return [html.unescape(re.sub(r"<[^>]+>", "", text)) for text in re.findall(r"<text.*?</text>", svg)]
