"""What a sweep has measured so far, and how long the rest will take."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import mean, median

from engine.analyse.ceilings import ceiling_of
from engine.events import (
    AnyEvent,
    CeilingMeasured,
    ControlMeasured,
    DataLoaded,
    PlanEliminated,
    RaceLooked,
    Sample,
    SweepStarted,
    TakenOver,
    TrialDisturbed,
    TrialFailed,
    TrialFinished,
)
from engine.measure.noise import typical_noise
from engine.report import Ceiling, Noise, Status

USUAL = 2
"""Undisturbed blocks of a plan after which the next is judged against them; one alone may be the odd one out."""


class Ledger:
    """Collects the events of one sweep; the report is made from this and from nothing else."""

    def __init__(self, started: SweepStarted) -> None:
        self.started = started
        self.samples: dict[int, dict[int, Sample]] = defaultdict(dict)
        """By plan, then block."""
        self.repeated: dict[int, list[tuple[int, Sample]]] = defaultdict(list)
        """Disturbed samples that were taken again, with their blocks, by plan."""
        self.cut_short = False
        """Something ended a race before it was decided."""
        self.failures: dict[int, tuple[Status, str]] = {}
        self.ceilings: list[CeilingMeasured] = []
        self.controls: dict[int, list[float]] = defaultdict(list)
        """Seconds of the control alone, by block, in each of its processes."""
        self.loaded: dict[int, DataLoaded] = {}
        """The first load of each data, by the plan it names."""
        self.blocks = 0
        """Blocks so far, with those of an earlier sweep that this one continues."""
        self.blocks_before = 0
        """Of these, blocks of the earlier sweep."""
        self.standing: RaceLooked | None = None
        """The last there was."""
        self.eliminated: dict[int, str] = {}
        """Why a measured plan left the race."""
        self.notes: list[str] = []

    def add(self, event: AnyEvent) -> None:
        """Take note of one event."""
        match event:
            case DataLoaded() if not self.data_of(event.plan):
                self.loaded[event.plan] = event
            case ControlMeasured():
                self.controls[event.block].append(event.seconds)
            case CeilingMeasured():
                self.ceilings.append(event)
            case TrialFinished():
                self.samples[event.plan][event.block] = event.sample
            case TrialDisturbed():
                self.repeated[event.plan].append((event.block, event.sample))
            case TrialFailed():
                self.failures[event.plan] = (event.status, event.reason)
            case PlanEliminated():
                self.eliminated[event.plan] = event.reason
            case RaceLooked():
                self.standing = event
            case TakenOver():
                self.blocks_before = event.blocks

    def data_of(self, index: int) -> DataLoaded | None:
        """Return what was loaded for a plan's settings."""
        plans = self.started.plans
        return next((e for known, e in self.loaded.items() if plans[known].settings == plans[index].settings), None)

    def counted(self, index: int) -> dict[int, Sample]:
        """Return a plan's undisturbed samples by block; where there are none, all of them."""
        samples = self.samples[index]
        return {block: sample for block, sample in samples.items() if sample.undisturbed} or dict(samples)

    def typical_noise(self, index: int) -> Noise | None:
        """Return what usually goes on while a plan is measured, from its undisturbed blocks; None before there are
        ``USUAL`` of them. Disturbed blocks are left out, or a neighbour that stays would become usual."""
        noises = [sample.noise for sample in self.samples[index].values() if sample.noise and sample.undisturbed]
        return typical_noise(noises) if len(noises) >= USUAL else None

    def everything(self, index: int) -> list[tuple[int, Sample]]:
        """Return a plan's samples with their blocks, those that were taken again as well."""
        both = [*self.samples[index].items(), *self.repeated[index]]
        return sorted(both, key=lambda pair: pair[0])

    @property
    def complete(self) -> bool:
        """Whether the sweep came to its own end."""
        if not self.started.race:
            return all(len(self.samples[index]) >= self.started.blocks for index in self.racing())
        return self.standing is not None and not self.cut_short

    def fastest_job(self) -> float | None:
        """Return the seconds of the fastest whole job seen, or None before there is one."""
        samples = (sample for blocks in self.samples.values() for sample in blocks.values())
        return min((sample.setup + sample.first_run for sample in samples), default=None)

    def racing(self) -> list[int]:
        """Plans that have not failed."""
        return [index for index in range(len(self.started.plans)) if index not in self.failures]

    def control_seconds(self) -> tuple[float, ...]:
        """Return the control's seconds in each block, the median over its processes; 0.0 where it has none."""
        return tuple(median(self.controls[block] or [0.0]) for block in range(self.blocks))

    def ceiling(self) -> tuple[Ceiling, ...]:
        """What this machine had to give: medians over the sweep, by workers."""
        return ceiling_of(self.ceilings)


class Clockwork:
    """Estimates the seconds a sweep still takes: each plan costs what it cost before, an unknown one what its like
    cost."""

    def __init__(self, started: SweepStarted) -> None:
        self._plans = started.plans
        self._cost: dict[int, float] = {}
        self._other: dict[int, float] = defaultdict(float)
        """Seconds of a block that were no trial's: loading data, starting processes."""

    def spent(self, index: int, seconds: float) -> None:
        """A trial took this long, everything included."""
        self._cost[index] = seconds

    def spent_elsewhere(self, block: int, seconds: float) -> None:
        """Seconds of a block that belong to no plan."""
        self._other[block] += seconds

    def left(self, todo: Sequence[int], ahead: Sequence[Sequence[int]] = ()) -> float | None:
        """Return the seconds left when ``todo`` of this block is to be measured and then the blocks ``ahead``."""
        if not self._cost:
            return None
        overhead = max(self._other.values(), default=0.0)
        return sum(map(self._guess, todo)) + sum(sum(map(self._guess, plans)) + overhead for plans in ahead)

    def _guess(self, index: int) -> float:
        if index in self._cost:
            return self._cost[index]
        plan = self._plans[index]
        alike = [cost for known, cost in self._cost.items() if self._plans[known].kernel == plan.kernel]
        return mean(alike or self._cost.values())
