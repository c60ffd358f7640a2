"""What else went on while a plan was measured, sensed in layers and without root.

    with Sensors() as sensors:
        first = sensors.look()
        ...                                     # what is timed
        noise = between(first, sensors.look(), sensors.cores)
        noise = judge(noise, workers, sensors.cores)

Everywhere: CPU time of the machine and of this family of processes, involuntary context switches. On Linux also steal,
quotas of control groups, pressure (PSI) and clock frequency, each where the system tells it.

Idle time is counted in steps of 10 ms, so a few milliseconds cannot be judged. Noise is judged over all timed runs of a
plan in a block together, about 0.5 s, and one step is taken off, so that no rounding is mistaken for a neighbour.
"""

from engine.measure.noise.judging import judge, typical_noise
from engine.measure.noise.reading import Member, Reading, Spell, Times, between, rates, spell
from engine.measure.noise.sensors import Sensors
from engine.measure.noise.watch import NoiseWatch, Sensing

__all__ = [
    "Member",
    "NoiseWatch",
    "Reading",
    "Sensing",
    "Sensors",
    "Spell",
    "Times",
    "between",
    "judge",
    "rates",
    "spell",
    "typical_noise",
]
