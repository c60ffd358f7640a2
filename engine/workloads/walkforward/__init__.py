"""The walkforward workload: retrain on a window, test on the next one, fold after fold."""

from engine.knob import Knob
from engine.workload import Kernel, Workload
from engine.workloads.knobs import BAR_COLUMNS, prices_knob, seed_knob
from engine.workloads.walkforward import numpy_kernel, python_kernel
from engine.workloads.walkforward.data import load, tasks
from engine.workloads.walkforward.formats import FORMATS
from engine.workloads.walkforward.learner import FITS
from engine.workloads.walkforward.result import result, score

WALKFORWARD = Workload(
    name="walkforward",
    summary="retrain and test trading strategies over moving windows: few, long, uneven tasks",
    load=load,
    tasks=tasks,
    kernels={
        "python": Kernel(python_kernel.evaluate, python_kernel.prepare),
        "numpy": Kernel(numpy_kernel.evaluate, numpy_kernel.prepare),
    },
    result=result,
    score=score,
    knobs=(
        Knob(
            "prices_format",
            "what each fold reads its prices from: the arrays in memory, or the bytes of an Arrow, Parquet or CSV "
            "file, which it decodes anew",
            "memory",
            FORMATS,
        ),
        Knob(
            "features",
            "when the numpy kernel works out its features: once in set-up, or in each fold",
            "set-up",
            ("set-up", "fold"),
        ),
        Knob(
            "refit_days",
            "days up to the current one over which the python kernel rolls its trend fits every day; 0: the whole "
            "history, as in the origin (minutes instead of seconds)",
            5,
            low=0,
            unit="days",
        ),
        Knob("model", "what predicts the profit of a trade", "ridge", tuple(FITS), changes_answers=True),
        Knob(
            "rows",
            "what a fold returns: its metrics and coefficients, or its trades",
            "folds",
            ("folds", "trades"),
            changes_answers=True,
        ),
        Knob("fold", "calendar days a fold trains on", 252, low=1, unit="days", changes_answers=True),
        Knob(
            "step", "calendar days a fold tests on, and to the next fold", 126, low=1, unit="days", changes_answers=True
        ),
        Knob("gap", "calendar days left out between both", 0, low=0, unit="days", changes_answers=True),
        Knob("history", "calendar days before the first fold", 600, low=75, unit="days", changes_answers=True),
        Knob("assets", "number of made-up assets", 5, low=1, changes_answers=True),
        prices_knob("an asset"),
        BAR_COLUMNS,
        seed_knob("the made-up prices and of the exploration"),
    ),
    sizes={
        "small": "5 assets, 2 years, 4 folds",
        "medium": "5 assets, 5 years, 13 folds",
        "large": "5 assets, 10 years, 27 folds",
    },
)
