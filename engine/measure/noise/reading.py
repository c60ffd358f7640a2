"""Snapshots of the sensors, and what two of them say about the time between."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.report import Noise

STEP = 1 / os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 0.01
"""Seconds, 0.01 nearly everywhere: the unit in which the kernel tells the machine's times. The idle time behind them is
exact, so the difference of two readings is off by less than one step, however far apart they are."""


@dataclass(frozen=True)
class Member:
    """What one process of the family has used up since it started."""

    cpu: float
    """Seconds of all its threads."""
    switches: int
    """Involuntary context switches."""


NOTHING = Member(0.0, 0)


@dataclass(frozen=True)
class Times:
    """Counters of the whole machine in seconds, of which only differences mean something."""

    counted: float | None = None
    """CPU time of the cores this process may use, whatever they did; None: not told."""
    idle: float = 0.0
    """The part in which they had nothing to do."""
    stolen: float = 0.0
    """The part that the hypervisor gave to other machines."""
    throttled: float = 0.0
    """CPU time for which quotas held this process's control groups back."""
    stalled: float | None = None
    """Time in which some process of the machine waited for a core; None: not told."""
    megahertz: float | None = None
    """Mean clock of some cores at this moment; None: not told."""


@dataclass(frozen=True)
class Reading:
    """One look at every sensor."""

    at: float
    """Monotonic time, in seconds."""
    machine: Times = Times()
    members: Mapping[int, Member] = field(default_factory=dict)
    """This process and its living descendants, by pid."""
    ended: Member = NOTHING
    """All descendants that have ended."""


@dataclass(frozen=True)
class Spell:
    """What happened between two readings; spells add up. Seconds, of one core where it is CPU time."""

    seconds: float = 0.0
    busy: float | None = 0.0
    """CPU time of all processes together; None: not told."""
    own: float = 0.0
    """The part of this family."""
    stolen: float = 0.0
    throttled: float = 0.0
    stalled: float | None = 0.0
    switches: int = 0
    megahertz_seconds: float | None = 0.0

    def __add__(self, other: "Spell") -> "Spell":
        return Spell(
            self.seconds + other.seconds,
            _sum(self.busy, other.busy),
            self.own + other.own,
            self.stolen + other.stolen,
            self.throttled + other.throttled,
            _sum(self.stalled, other.stalled),
            self.switches + other.switches,
            _sum(self.megahertz_seconds, other.megahertz_seconds),
        )


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def spell(first: Reading, second: Reading, cores: int) -> Spell:
    """Return what happened between two readings of so many cores."""
    old, new, seconds = first.machine, second.machine, second.at - first.at
    own = _own(first, second)
    clock = _sum(old.megahertz, new.megahertz)
    return Spell(
        seconds,
        _busy(first, second, cores),
        own.cpu,
        max(0.0, new.stolen - old.stolen),
        max(0.0, new.throttled - old.throttled),
        None if old.stalled is None or new.stalled is None else max(0.0, new.stalled - old.stalled),
        own.switches,
        None if clock is None else clock / 2 * seconds,
    )


def _busy(first: Reading, second: Reading, cores: int) -> float | None:
    """CPU time of all processes: what is left of the cores' time. User and system time would say it at once, but they
    are sampled at each tick, while idle time is exact. None where the counters stand still, as in some sandboxes."""
    old, new = first.machine, second.machine
    whole = cores * (second.at - first.at)
    if old.counted is None or new.counted is None or new.counted - old.counted < whole / 2 - cores * STEP:
        return None
    return max(0.0, whole - (new.idle - old.idle) - (new.stolen - old.stolen))


def _own(first: Reading, second: Reading) -> Member:
    """What the family used up, those who started or ended meanwhile included."""
    pairs = [(first.members.get(pid, NOTHING), member) for pid, member in second.members.items()]
    gone = [member for pid, member in first.members.items() if pid not in second.members]
    cpu = second.ended.cpu - first.ended.cpu - sum(member.cpu for member in gone)
    switches = second.ended.switches - first.ended.switches - sum(member.switches for member in gone)
    return Member(
        max(0.0, cpu) + sum(max(0.0, new.cpu - old.cpu) for old, new in pairs),
        max(0, switches) + sum(max(0, new.switches - old.switches) for old, new in pairs),
    )


def rates(spell: Spell, cores: int) -> Noise:
    """Return a spell, or several together, as rates, not yet judged. What is not told reads as 0 or None.

    ``others`` and ``stolen`` are lower bounds: one step of the kernel's 10 ms is taken off.
    """
    if spell.seconds <= 0:
        return Noise()
    others = 0.0 if spell.busy is None else max(0.0, spell.busy - spell.own - STEP)
    return Noise(
        stolen=min(1.0, max(0.0, spell.stolen - STEP) / (cores * spell.seconds)),
        others=min(float(cores), others / spell.seconds),
        throttled=_held_back(spell),
        pressure=None if spell.stalled is None else min(1.0, spell.stalled / spell.seconds),
        switches=spell.switches / spell.seconds,
        megahertz=None if spell.megahertz_seconds is None else spell.megahertz_seconds / spell.seconds,
    )


def _held_back(spell: Spell) -> float:
    """Part of the time, from a counter that adds up over the cores on which the group was held back.

    A group of two workers with a quota of one core is held back on two cores for half of the time: it counts one second
    a second. Against what it computed meanwhile, one second as well, that is half.
    """
    if not spell.throttled:
        return 0.0
    return min(spell.throttled / spell.seconds, spell.throttled / (spell.throttled + spell.own))


def between(first: Reading, second: Reading, cores: int) -> Noise:
    """Return the rates between two readings of so many cores, not yet judged; see ``rates``."""
    return rates(spell(first, second, cores), cores)
