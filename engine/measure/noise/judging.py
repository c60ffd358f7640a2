"""Which noise spoils a measurement, said in words with the figure."""

from collections.abc import Iterator, Sequence
from statistics import median

import msgspec

from engine.report import Noise

SLACK = 0.05
"""Part of all cores that others may take beyond those the plan leaves over. Measured on two shared cores with a loop of
integers of 0.3 to 0.7 s in one and in two processes, 880 runs over an hour in which others came and went, against quiet
runs of the same half minute. Two processes: others 0.1 to 0.2 cost 8 %, 0.2 to 0.4 cost 23 %, 0.4 to 0.7 cost 41 %, a
whole core 87 %. One process: it waited for 1 % of its time while others took 0.95 to 1.05, for 11 % from 1.05 on, 19 %
from 1.1, 36 % from 1.2. Quiet, others read 0.00 to 0.05."""
ALONGSIDE = 0.5
"""Part of the cores left over that others may take. A neighbour on a core of its own made one process 2 % slower in the
same measurement (53 runs with others at 0.95 to 1.05). It costs more where two cores are one with hyperthreads, or
share a power budget, which a process cannot see; so half of what was harmless here."""
STOLEN = 0.03
"""Part of the CPU time this plan wanted that the hypervisor may give to other machines; it takes as much longer. Of the
same 880 runs 0.7 % had more."""
THROTTLED = 0.02
"""Part of the time for which a quota may hold the plan back; it takes at least as much longer."""
PRESSURE = 0.25
"""Part of the time, beyond what is typical of the plan, in which some process may wait for a core: 0.01 in quiet runs
of two processes, 0.22 where others cost 23 %, 0.34 where they cost 41 %. It confirms, and stands in where the
machine's times are not told."""
SWITCHES = 75.0
"""Involuntary context switches per second and worker beyond what is typical of the plan: 6 in quiet runs of one
process, 65 beside a neighbour on a core of its own, 126 once they collide."""
SLOWER = 0.9
"""Part of the typical clock below which the cores count as slowed down. Not measured: no machine at hand tells it."""


def judge(noise: Noise, workers: int, cores: int, typical: Noise | None = None) -> Noise:
    """Return the noise with the reasons why what was measured under it does not count; none: it counts.

    ``workers`` are those of the plan, times the threads of each; ``cores`` those it may use (``Sensors.cores``).
    ``typical`` is the usual noise of the same plan, such as the median over its blocks: steal and quotas that are
    always there belong to the place, and pressure, switches and the clock say something only against what is usual.
    Others are never excused: a neighbour that stays for most of a sweep would become typical.
    """
    found = (*_absolute(noise, workers, cores, typical or Noise()), *_against(noise, workers, typical))
    return msgspec.structs.replace(noise, reasons=found)


def _absolute(noise: Noise, workers: int, cores: int, usual: Noise) -> Iterator[str]:
    if noise.others > room_for_others(workers, cores):
        yield f"other processes kept {noise.others:.2g} cores busy"
    if _wanted(noise, workers, cores) > STOLEN + _wanted(usual, workers, cores):
        yield f"the hypervisor took {_wanted(noise, workers, cores):.0%} of the CPU time it wanted"
    if noise.throttled > THROTTLED + usual.throttled:
        yield f"a CPU quota held it back {noise.throttled:.0%} of the time"


def room_for_others(workers: int, cores: int) -> float:
    """Return how many cores others may keep busy beside so many workers before they disturb them."""
    spare = cores - workers
    slack = SLACK * cores
    return slack if spare <= 0 else min(spare + slack, max(slack, ALONGSIDE * spare))


def _wanted(noise: Noise, workers: int, cores: int) -> float:
    """Steal as a part of the time of the cores that were wanted: idle ones have nothing to lose."""
    wanted = min(float(cores), workers + noise.others)
    return min(1.0, noise.stolen * cores / wanted) if wanted else 0.0


def _against(noise: Noise, workers: int, usual: Noise | None) -> Iterator[str]:
    if usual is None:
        return
    if noise.pressure is not None and usual.pressure is not None and noise.pressure > usual.pressure + PRESSURE:
        yield f"processes waited for a core {noise.pressure:.0%} of the time, usually {usual.pressure:.0%}"
    if noise.switches > usual.switches + SWITCHES * workers:
        yield f"it was interrupted {noise.switches:.0f} times a second, usually {usual.switches:.0f}"
    if noise.megahertz and usual.megahertz and noise.megahertz < SLOWER * usual.megahertz:
        yield f"the cores ran at {noise.megahertz:.0f} MHz, usually {usual.megahertz:.0f}"


def typical_noise(noises: Sequence[Noise]) -> Noise | None:
    """Return the median of each figure, over the blocks of one plan; None: there are none."""
    if not noises:
        return None

    def middle(values: list[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return median(known) if known else None

    return Noise(
        stolen=median(noise.stolen for noise in noises),
        others=median(noise.others for noise in noises),
        throttled=median(noise.throttled for noise in noises),
        pressure=middle([noise.pressure for noise in noises]),
        switches=median(noise.switches for noise in noises),
        megahertz=middle([noise.megahertz for noise in noises]),
    )
