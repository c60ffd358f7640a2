"""Sweeps whose measuring processes are made up: every plan takes a known time in a given block, whoever asks."""

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from engine.events import (
    AnyEvent,
    BlockStarted,
    ControlMeasured,
    DataLoaded,
    SweepFinished,
    SweepStarted,
    TrialFinished,
    TrialStarted,
)
from engine.plan import Plan
from engine.report import Recommendation, SweepReport
from engine.request import SweepRequest
from engine.tune import sweep as sweeping
from engine.tune.blocks import Blocks
from tests.builders import a_sample

BEST = 0.4
"""Seconds of the fastest plan there can be."""


def seconds_of(plan: Plan, block: int, noise: float = 0.01) -> float:
    """What a plan takes in a block: thread is best, more workers are better, no block is like another."""
    base = {"sequential": 2.0, "process": 1.5, "thread": 0.8, "shared-memory": 0.9}[plan.mode] / plan.workers
    base = base if plan.kernel == "python" else base * 0.8
    seed = zlib.crc32(repr((plan, block)).encode())
    return float(base * (1 + 0.03 * block) * np.exp(np.random.default_rng(seed).normal(0, noise)))


class Fake(Blocks):
    """Measures nothing."""

    data_hash = "a1"

    def _process(self, block: int, todo: list[int]) -> Any:
        request = self._block_request(block, todo)
        digest = self.data_hash if request.weigh else ""
        yield self._admit(DataLoaded(block=block, plan=todo[0], tasks=50, seconds=0.1, data_bytes=9, data_hash=digest))
        yield self._admit(ControlMeasured(block=block, seconds=0.04))
        for index in todo:
            yield self._admit(TrialStarted(block=block, plan=index))
            sample = a_sample(seconds_of(self.space.plans[index], block), setup=0.001)
            yield self._admit(TrialFinished(block=block, plan=index, sample=sample))


@pytest.fixture
def fake(monkeypatch):
    """Make every sweep of this process a made-up one; return the class that measures."""
    made_up = type("FakeOfTest", (Fake,), {})
    monkeypatch.setattr(sweeping, "Blocks", made_up)
    return made_up


def a_request(**changes: Any) -> SweepRequest:
    """Three plans: sequential, and thread with 2 workers and with 4."""
    axes = {"mode": ("sequential", "thread"), "workers": (2, 4), "kernel": ("python",)} | changes.pop("axes", {})
    return SweepRequest(**({"workload": "fixed_cost", "axes": axes} | changes))


def swept(request: SweepRequest, earlier: Sequence[AnyEvent] = ()) -> list[AnyEvent]:
    return list(sweeping.sweep(request, earlier=earlier))


def report_of(events: Sequence[AnyEvent]) -> SweepReport:
    return next(event.report for event in events if isinstance(event, SweepFinished))


def chosen_of(events: Sequence[AnyEvent]) -> Recommendation:
    recommendation = report_of(events).recommendation
    assert recommendation
    return recommendation


def start_of(events: Sequence[AnyEvent]) -> SweepStarted:
    return next(event for event in events if isinstance(event, SweepStarted))


def plans_of(events: Sequence[AnyEvent]) -> tuple[Plan, ...]:
    return start_of(events).plans


def samples(events: Sequence[AnyEvent]) -> dict[tuple[Plan, int], Any]:
    """Every sample by plan and block."""
    plans = plans_of(events)
    return {(plans[e.plan], e.block): e.sample for e in events if isinstance(e, TrialFinished)}


def up_to(events: Sequence[AnyEvent], ends: Callable[[AnyEvent], bool]) -> list[AnyEvent]:
    """The events before the first of which this holds: what a sweep that was killed has recorded."""
    return list(events[: next(at for at, event in enumerate(events) if ends(event))])


def starts_block(number: int) -> Callable[[AnyEvent], bool]:
    return lambda event: isinstance(event, BlockStarted) and event.block == number
