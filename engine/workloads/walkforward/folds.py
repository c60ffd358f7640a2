"""Windows of the folds, in calendar days."""

import numpy as np

from engine.workloads.prices import IntArray


def fold_windows(first: int, last: int, fold: int, step: int, gap: int) -> IntArray:
    """Return [folds, 4]: first and last day number of training and of testing, for the days ``first`` to ``last``.

    Training takes ``fold`` days, testing the ``step`` days after it and after ``gap`` unused ones, clipped to the end;
    the next fold begins ``step`` days later. A fold needs at least one calendar day to test on.
    """
    train = np.arange(first, last - fold - gap + 1, step, dtype=np.int64)
    test = train + fold + gap
    return np.stack([train, train + fold - 1, test, np.minimum(test + step - 1, last)], axis=1)
