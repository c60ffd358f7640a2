"""Which noise spoils a measurement, said in words with the figure."""

from collections.abc import Iterator, Sequence
from statistics import median

import msgspec

from engine.report import Noise

SLACK = 0.1
"""Cores that others may take beyond those the plan leaves over."""
ALONGSIDE = 0.5
"""Cores that others may take beside a plan that leaves some over."""
STOLEN = 0.05
"""Part of the CPU time this plan wanted that the hypervisor may give to other machines."""
THROTTLED = 0.02
"""Part of the time for which a quota may hold the plan back."""
PRESSURE = 0.25
"""Part of the time, beyond what is typical of the plan, in which some process may wait for a core."""
SWITCHES = 100.0
"""Involuntary context switches per second and worker beyond what is typical of the plan."""
SLOWER = 0.9
"""Part of the typical clock below which the cores count as slowed down."""


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
    return SLACK if spare <= 0 else min(spare + SLACK, max(SLACK, ALONGSIDE * spare))


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
