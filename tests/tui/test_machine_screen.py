"""The machine on the screen: what it offers, what limits each mode, what goes on now."""

import msgspec
import pytest
from msgspec.structs import replace

from engine.measure.noise import Member, Reading, Times
from engine.report import Noise
from tests.builders import a_start, a_sweep
from tests.machines import a_machine
from tests.tui.fakes import FakeEngine, World, text_of, until
from tests.tui.playing import REQUEST, done, play, running
from workbench.tui.widgets import meters as widget
from workbench.tui.widgets.meters import OFF
from workbench.words.meters import meter_lines, meters
from workbench.words.numbers import ASCII


class FakeSensors:
    """A machine on which others keep a core busy; every look is a second later."""

    cores = 2
    opened = closed = looks = 0

    def __init__(self):
        FakeSensors.opened += 1

    def look(self) -> Reading:
        FakeSensors.looks += 1
        now = float(FakeSensors.looks)
        return Reading(now, Times(counted=2 * now, idle=now, stalled=0.1 * now), {1: Member(0.0, 0)})

    def close(self) -> None:
        FakeSensors.closed += 1


@pytest.fixture(autouse=True)
def sensors(monkeypatch):
    """Meters over a made-up machine, ten times as fast."""
    monkeypatch.setattr(widget, "SECOND", 0.1)
    FakeSensors.opened = FakeSensors.closed = FakeSensors.looks = 0
    monkeypatch.setattr(widget, "Sensors", FakeSensors)


def a_world(*engines, machine=None, **answer):
    output = (0, msgspec.json.encode(machine or a_machine()), "")
    return World(*engines, command=answer.get("command", output))


def play_machine(story, world=None, size=(80, 24), **arguments):
    return play(story, world or a_world(), size, **({"request": REQUEST, "autostart": False} | arguments))


async def at_machine(pilot, text="gpu-batch"):
    await pilot.press("6")
    await until(pilot, lambda: text in text_of(pilot))


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (160, 50)])
def test_modes_their_limits_and_how_to_lift_them_are_shown(size):
    async def story(pilot, world):
        await at_machine(pilot, "thread" if size[1] > 12 else "others")
        assert world.commands == [["doctor", "--json"]]
        await pilot.press("end")
        await until(pilot, lambda: "fingerprint" in text_of(pilot))
        await pilot.press("y")
        await until(pilot, lambda: world.copied == ["workbench doctor"])

    play_machine(story, size=size)


def test_the_whole_machine_fits_a_large_screen():
    async def story(pilot, world):
        await at_machine(pilot)
        text = text_of(pilot)
        assert "✓ thread         available; of pure Python" in text
        assert "○ gpu-batch      not available: torch is not installed" in text
        assert "to lift it: pip install 'workbench[gpu]'" in text
        assert "2 usable; 1 physical, 2 logical, affinity all, quota 1.5 cores" in text
        assert "none: no NVIDIA driver is loaded" in text
        assert "openblas 0.3.30, 2 threads" in text

    play_machine(story, size=(160, 50))


def test_meters_have_bars_figures_and_words():
    async def story(pilot, world):
        await at_machine(pilot, "busy")
        lines = text_of(pilot).splitlines()
        others = next(line for line in lines if "others " in line and "█" in line)
        assert "0.99 of 2" in others
        assert others.endswith("● busy")
        assert any("waiting" in line and "10%" in line and "○ quiet" in line for line in lines)

    play_machine(story)


def test_meters_stop_when_the_screen_is_left_and_hold_nothing_open():
    async def story(pilot, world):
        await at_machine(pilot, "busy")
        assert (FakeSensors.opened, FakeSensors.closed) == (1, 0)
        await pilot.press("1")
        await until(pilot, lambda: FakeSensors.closed == 1)
        looks = FakeSensors.looks
        await pilot.pause(0.25)
        assert looks == FakeSensors.looks
        await pilot.press("6")
        await until(pilot, lambda: looks + 2 < FakeSensors.looks)

    play_machine(story)


def test_meters_are_off_and_nothing_is_asked_while_a_sweep_is_timed():
    async def story(pilot, world):
        await running(pilot)
        await at_machine(pilot, OFF)
        assert "a sweep is running; the list is read when it is over" in text_of(pilot)
        assert (FakeSensors.opened, world.commands) == (0, [])
        await pilot.press("escape")
        await until(pilot, lambda: "busy" in text_of(pilot) and "gpu" in text_of(pilot))

    play(story, a_world(FakeEngine([a_start()])))


def test_meters_go_off_when_a_sweep_starts():
    async def story(pilot, world):
        await done(pilot)
        await at_machine(pilot, "busy")
        await pilot.press("r")
        await running(pilot)
        await until(pilot, lambda: FakeSensors.closed == FakeSensors.opened)
        await pilot.press("6")
        await until(pilot, lambda: OFF in text_of(pilot))
        assert FakeSensors.opened == FakeSensors.closed == 1

    play(story, a_world(FakeEngine(a_sweep()), FakeEngine([a_start()])))


def test_a_recording_disturbs_nobody_so_meters_run():
    async def story(pilot, world):
        await at_machine(pilot, "busy")

    from workbench.tui.playback import Playback

    play_machine(story, request=None, replay=(Playback(a_sweep(), seconds=60), "old.jsonl"))


def test_facts_from_outside_are_plain_text():
    odd = replace(a_machine(), host=replace(a_machine().host, cpu="[/dim] \x1b[31m CPU"))

    async def story(pilot, world):
        await at_machine(pilot)
        assert "[/dim] [31m CPU" in text_of(pilot)

    play_machine(story, a_world(machine=odd), size=(160, 50))


@pytest.mark.parametrize(
    ("command", "message"),
    [((3, b"", "workbench: it lacks [b]x[/b]"), "it lacks [b]x[/b]"), ((0, b"[", ""), "no answer: ")],
)
def test_a_machine_that_cannot_be_told_is_a_message(command, message):
    async def story(pilot, world):
        await at_machine(pilot, message)

    play_machine(story, a_world(command=command))


def test_the_bounds_of_busy_are_those_that_measurements_are_judged_by():
    assert [meter.busy for meter in meters(Noise(), 4)] == [False] * 4
    loud = Noise(others=0.21, stolen=0.04, throttled=0.03, pressure=0.3)
    assert [meter.busy for meter in meters(loud, 4)] == [True] * 4
    assert meters(Noise(others=0.19), 4)[0].busy is False


@pytest.mark.parametrize("width", [30, 36, 76, 156])
def test_meters_fit_the_width_in_ascii_too(width):
    lines = meter_lines(Noise(others=1.5, pressure=None), 2, width, ASCII)
    assert all(line.isascii() for line in lines)
    assert max(map(len, lines)) <= max(width, 38)
    assert lines[3].endswith("not told here")
