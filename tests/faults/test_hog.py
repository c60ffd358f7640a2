"""Something else takes the cores in the middle of a sweep: its block is named and decides nothing."""

import subprocess
import sys
from contextlib import ExitStack, contextmanager

import pytest
from msgspec.structs import replace

from engine.analyse.ledger import Ledger
from engine.analyse.report import build_report
from engine.events import (
    BlockFinished,
    BlockStarted,
    RaceLooked,
    SweepFinished,
    SweepStarted,
    TrialDisturbed,
    TrialFinished,
)
from engine.host import usable_cores
from engine.request import SweepRequest
from engine.tune.sweep import sweep

HOGGED = 1


@contextmanager
def hogs():
    started = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(usable_cores())]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def hogged():
    """The events of a sweep of three blocks; beside the second, no core is free."""
    request = SweepRequest(
        workload="fixed_cost",
        axes={"mode": ("sequential", "shared-memory"), "kernel": ("python", "numpy"), "workers": (2,)},
        settings={"tasks": (200,), "work": (2_000,)},
        full_grid=True,
        blocks=3,
    )
    with ExitStack() as stack:
        events = []
        for event in sweep(request):
            events.append(event)
            if isinstance(event, BlockStarted) and event.block == HOGGED:
                stack.enter_context(hogs())
            if isinstance(event, BlockFinished) and event.block == HOGGED:
                stack.close()
        return events


def report_of(events):
    return next(event.report for event in events if isinstance(event, SweepFinished))


def test_the_block_is_named_with_its_reason(hogged):
    named = [note for note in report_of(hogged).noise if note.startswith(f"block {HOGGED + 1}: ")]
    assert "other processes kept" in named[0]


def test_its_measurements_are_repeated_and_then_left_out(hogged):
    spoilt = [each for each in hogged if isinstance(each, TrialFinished | TrialDisturbed) and each.block == HOGGED]
    assert any(isinstance(each, TrialDisturbed) for each in spoilt)
    assert not any(each.sample.undisturbed for each in spoilt)


def recommended(events):
    ledger = Ledger(next(event for event in events if isinstance(event, SweepStarted)))
    for event in events:
        if not isinstance(event, SweepFinished | RaceLooked):
            ledger.add(event)
    ledger.blocks = 3
    best = build_report(ledger, "job").recommendation
    return best and best.plan


def quiet(event):
    """The event as if nothing else had gone on, which on a shared machine cannot be relied on."""
    if not isinstance(event, TrialFinished) or event.block == HOGGED or not event.sample.noise:
        return event
    return replace(event, sample=replace(event.sample, noise=replace(event.sample.noise, reasons=())))


def test_the_recommendation_is_that_of_the_other_blocks(hogged):
    events = [quiet(event) for event in hogged]
    others = [event for event in events if getattr(event, "block", None) != HOGGED]
    assert recommended(events) == recommended(others) is not None
