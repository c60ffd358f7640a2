"""How speed grows with workers: the laws of Amdahl, Gunther (USL) and Gustafson, fitted with honest intervals.

    laws.py      the formulas                     points.py    blocks -> one level for each count of workers
    fit.py       least squares                    fitted.py    laws with resamples; misfit.py: do the points lie on it
    peak.py      an interval or a refusal         predict.py   the same for other numbers of workers
    strong.py    speedup, efficiency, Karp-Flatt  weak.py      scaled speedup, Gustafson
    report.py    points -> report                 machine.py   points -> seconds on a machine one only describes

Every interval comes from blocks drawn with replacement, since a block, one fresh process, is what was repeated.
"""

from engine.analyse.scaling.fit import fit_amdahl, fit_usl
from engine.analyse.scaling.fitted import Fitted, fit_points
from engine.analyse.scaling.laws import Law, amdahl_speedup, gustafson_speedup, usl_speedup
from engine.analyse.scaling.machine import Machine, Need, WhatIf, parse_machine, what_if
from engine.analyse.scaling.points import Points
from engine.analyse.scaling.report import scaling_of
from engine.analyse.scaling.strong import Reached, strong_scaling
from engine.analyse.scaling.weak import GrowingPoints, Grown, WeakScaling, weak_scaling

__all__ = [
    "Fitted",
    "GrowingPoints",
    "Grown",
    "Law",
    "Machine",
    "Need",
    "Points",
    "Reached",
    "WeakScaling",
    "WhatIf",
    "amdahl_speedup",
    "fit_amdahl",
    "fit_points",
    "fit_usl",
    "gustafson_speedup",
    "parse_machine",
    "scaling_of",
    "strong_scaling",
    "usl_speedup",
    "weak_scaling",
    "what_if",
]
