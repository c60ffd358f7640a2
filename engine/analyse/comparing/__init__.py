"""Is it slower than before? Two reports of one workload on one machine, compared plan by plan."""

from engine.analyse.comparing.compare import THRESHOLD, compare
from engine.analyse.comparing.matching import host_differences
from engine.analyse.comparing.reading import load_report, parse_report
from engine.analyse.comparing.result import EXIT_CODES, NO_BASELINE, Comparison, PlanComparison, Ratio

__all__ = [
    "EXIT_CODES",
    "NO_BASELINE",
    "THRESHOLD",
    "Comparison",
    "PlanComparison",
    "Ratio",
    "compare",
    "host_differences",
    "load_report",
    "parse_report",
]
