"""What the walkforward workload computes on: bars in one of four formats, and the windows of the folds."""

from dataclasses import dataclass
from datetime import date
from typing import cast

import numpy as np

from engine.errors import FileProblem, RequestError
from engine.knob import Scalar
from engine.workload import Tasks
from engine.workloads.prices import IntArray
from engine.workloads.walkforward.bars import EPOCH, Bars, from_file, made_up
from engine.workloads.walkforward.features import Features
from engine.workloads.walkforward.folds import fold_windows
from engine.workloads.walkforward.formats import Prices, formatted
from engine.workloads.walkforward.learner import check_model

YEARS = {"small": (2020, 2021), "medium": (2018, 2022), "large": (2013, 2022)}
"""First and last year of the folds over made-up prices, by size."""

SPAN = {size: date(last + 1, 1, 1).toordinal() - date(first, 1, 1).toordinal() for size, (first, last) in YEARS.items()}
"""Calendar days of the folds over a file at most, by size: its most recent ones."""

FEWEST_BARS = 50
"""Bars before the first fold without which its features cannot be worked out."""


@dataclass(frozen=True, eq=False)
class WalkData:
    """The data of the workload, the same for every kernel."""

    prices: Prices
    folds: IntArray
    """[folds, 4] day numbers: first and last day of training and of testing."""
    seed: int
    model: str
    """``ridge`` or ``forest``"""
    rows: str
    """``folds`` or ``trades``: what a task returns."""
    early: bool
    """Whether the numpy kernel works out its features in set-up rather than in each fold."""
    refit_days: int
    """Days up to the current one for which the naive kernel fits the trend every day; 0: all."""
    features: Features | None = None
    """Filled by the numpy kernel's ``prepare``, if they are worked out in set-up."""


def load(size: str, **settings: Scalar) -> WalkData:
    """Return the data of a size; ``settings`` has a value for every knob.

    Raises Lacking for a model whose library is not installed, FileProblem for a file that cannot be used and
    RequestError for windows that leave no fold.
    """
    check_model(str(settings["model"]))
    history = int(settings["history"])
    path, seed = str(settings["prices"]), int(settings["seed"])
    if path:
        bars = from_file(path, str(settings["columns"]), FEWEST_BARS)
        last = int(bars.days[-1])
        first = max(int(bars.days[0]) + history, last - SPAN[size] + 1)
        _check_history(bars, first, path)
    else:
        first, last = (date(YEARS[size][0], 1, 1).toordinal() - EPOCH, date(YEARS[size][1], 12, 31).toordinal() - EPOCH)
        bars = made_up(int(settings["assets"]), first - history, last, seed)
    return WalkData(
        prices=formatted(bars, str(settings["prices_format"])),
        folds=_folds(first, last, settings),
        seed=seed,
        model=str(settings["model"]),
        rows=str(settings["rows"]),
        early=settings["features"] == "set-up",
        refit_days=int(settings["refit_days"]),
    )


def tasks(data: WalkData) -> Tasks:
    """Return the positions of the folds, an array."""
    return cast(Tasks, np.arange(len(data.folds)))


def _check_history(bars: Bars, first: int, path: str) -> None:
    found = int(np.searchsorted(bars.days, first))
    if found < FEWEST_BARS:
        problem = f"has {found} weekdays before the first fold ({_text(first)}), at least {FEWEST_BARS} are needed"
        raise FileProblem(path, None, f"{problem}; give more with --set history")


def _folds(first: int, last: int, settings: dict[str, Scalar]) -> IntArray:
    fold, step, gap = (int(settings[name]) for name in ("fold", "step", "gap"))
    found = fold_windows(first, last, fold, step, gap)
    if not len(found):
        raise RequestError(
            f"no fold fits between {_text(first)} and {_text(last)}: fold={fold} and gap={gap} need "
            f"{fold + gap + 1} days after the {settings['history']} of history, there are {max(last - first + 1, 0)}"
        )
    return found


def _text(day: int) -> str:
    return date.fromordinal(day + EPOCH).isoformat()
