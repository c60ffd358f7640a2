"""What a sweep has measured so far, and how long the rest will take."""

from collections import defaultdict
from statistics import mean, median

from engine.events import (
    AnyEvent,
    CeilingMeasured,
    DataLoaded,
    Sample,
    SweepStarted,
    TrialFailed,
    TrialFinished,
)
from engine.report import Status


class Ledger:
    """Collects the events of one sweep; the report is made from this and from nothing else."""

    def __init__(self, started: SweepStarted) -> None:
        self.started = started
        self.samples: dict[int, dict[int, Sample]] = defaultdict(dict)
        """By plan, then block."""
        self.failures: dict[int, tuple[Status, str]] = {}
        self.ceilings: dict[int, list[float]] = defaultdict(list)
        self.loaded: dict[int, DataLoaded] = {}
        """The first load of each data, by the plan it names."""
        self.blocks = 0
        self.notes: list[str] = []

    def add(self, event: AnyEvent) -> None:
        """Take note of one event."""
        match event:
            case DataLoaded() if not self.data_of(event.plan):
                self.loaded[event.plan] = event
            case CeilingMeasured():
                self.ceilings[event.workers].append(event.speedup)
            case TrialFinished():
                self.samples[event.plan][event.block] = event.sample
            case TrialFailed():
                self.failures[event.plan] = (event.status, event.reason)

    def data_of(self, index: int) -> DataLoaded | None:
        """Return what was loaded for a plan's settings."""
        plans = self.started.plans
        return next((e for known, e in self.loaded.items() if plans[known].settings == plans[index].settings), None)

    def racing(self) -> list[int]:
        """Plans that have not failed."""
        return [index for index in range(len(self.started.plans)) if index not in self.failures]

    def ceiling(self) -> dict[int, float]:
        """Median over the sweep, by workers."""
        return {workers: median(values) for workers, values in sorted(self.ceilings.items())}


class Clockwork:
    """Estimates the seconds a sweep still takes: each plan costs what it cost before, an unknown one what its like
    cost."""

    def __init__(self, started: SweepStarted) -> None:
        self._plans = started.plans
        self._blocks = started.blocks
        self._cost: dict[int, float] = {}
        self._other: dict[int, float] = defaultdict(float)
        """Seconds of a block that were no trial's: loading data, starting processes."""

    def spent(self, index: int, seconds: float) -> None:
        """A trial took this long, everything included."""
        self._cost[index] = seconds

    def spent_elsewhere(self, block: int, seconds: float) -> None:
        """Seconds of a block that belong to no plan."""
        self._other[block] += seconds

    def left(self, block: int, todo: list[int], racing: list[int]) -> float | None:
        """Return the seconds left when ``todo`` of this block and ``racing`` of every later one are to be measured."""
        if not self._cost:
            return None
        later = self._blocks - block - 1
        overhead = max(self._other.values(), default=0.0)
        return sum(map(self._guess, todo)) + later * (sum(map(self._guess, racing)) + overhead)

    def _guess(self, index: int) -> float:
        if index in self._cost:
            return self._cost[index]
        plan = self._plans[index]
        alike = [cost for known, cost in self._cost.items() if self._plans[known].kernel == plan.kernel]
        return mean(alike or self._cost.values())
