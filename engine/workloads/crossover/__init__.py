"""The crossover workload: grids of strategies that trade when two moving averages cross."""

from engine.knob import Knob
from engine.workload import Kernel, Workload
from engine.workloads.crossover import numba_kernel, numpy_kernel, python_kernel, torch_kernel
from engine.workloads.crossover.data import load, tasks
from engine.workloads.crossover.families import FAMILIES
from engine.workloads.crossover.result import COLUMNS, result, score
from engine.workloads.knobs import BAR_COLUMNS, prices_knob, seed_knob

_RESULT_BYTES = 8 * len(COLUMNS)
"""Everything else a batched kernel needs is bounded by its block."""

CROSSOVER = Workload(
    name="crossover",
    summary="backtest every combination of a strategy grid: moving averages that cross, with fees and full metrics",
    load=load,
    tasks=tasks,
    kernels={
        "python": Kernel(python_kernel.evaluate),
        "numpy": Kernel(numpy_kernel.evaluate, numpy_kernel.prepare, bytes_per_task=_RESULT_BYTES),
        "numba": Kernel(
            numba_kernel.evaluate,
            numba_kernel.prepare,
            needs={"numba": "workbench[numba]"},
            bytes_per_task=_RESULT_BYTES,
        ),
        "torch": Kernel(
            torch_kernel.evaluate,
            torch_kernel.prepare,
            device=True,
            needs={"torch": "workbench[gpu]"},
            bytes_per_task=_RESULT_BYTES,
        ),
    },
    result=result,
    score=score,
    knobs=(
        Knob(
            "family",
            "the grid: 675 combinations of two EMAs and an RSI, or 4,851 pairs of SMAs",
            "ema-rsi",
            tuple(FAMILIES),
            changes_answers=True,
        ),
        Knob(
            "fill",
            "when a signal is filled: at the open of the next bar, or at the close it was computed from, which only a "
            "comparison with other engines should ask for",
            "next-open",
            ("next-open", "same-close"),
            changes_answers=True,
        ),
        Knob("bars", "made-up bars per symbol; 0: by size", 0, low=0, changes_answers=True),
        prices_knob("a symbol"),
        BAR_COLUMNS,
        seed_knob(),
    ),
    sizes={
        "small": "1 symbol: 675 backtests (ema-rsi) or 4,851 (sma)",
        "medium": "5 symbols: 3,375 or 24,255 backtests",
        "large": "5 symbols in 3 windows: 10,125 or 72,765 backtests",
    },
)
