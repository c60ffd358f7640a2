"""The straddles workload: valuing option straddles day by day."""

from engine.knob import Knob
from engine.workload import Kernel, Workload
from engine.workloads.knobs import CLOSE_COLUMNS, prices_knob, seed_knob
from engine.workloads.straddles import numba_kernel, numpy_kernel, python_kernel, torch_kernel
from engine.workloads.straddles.data import load, tasks
from engine.workloads.straddles.result import result, score

STRADDLES = Workload(
    name="straddles",
    summary="value option straddles day by day: thousands of tiny tasks over one huge read-only price table",
    load=load,
    tasks=tasks,
    kernels={
        "python": Kernel(python_kernel.evaluate, python_kernel.prepare),
        "numpy": Kernel(
            numpy_kernel.evaluate,
            numpy_kernel.prepare,
            requires={"layout": "columns"},
            bytes_per_task=numpy_kernel.BYTES_PER_TASK,
        ),
        "numba": Kernel(
            numba_kernel.evaluate,
            numba_kernel.prepare,
            requires={"layout": "columns"},
            needs={"numba": "workbench[numba]"},
            bytes_per_task=numba_kernel.BYTES_PER_TASK,
        ),
        "torch": Kernel(
            torch_kernel.evaluate,
            torch_kernel.prepare,
            device=True,
            requires={"layout": "columns"},
            needs={"torch": "workbench[gpu]"},
            bytes_per_task=torch_kernel.BYTES_PER_TASK,
        ),
    },
    result=result,
    score=score,
    knobs=(
        Knob(
            "layout",
            "how prices are kept: one flat dict of strings, columns of numbers with an index, or a LookupTable "
            "of the dict's keys and numbers, which workers share",
            "dict",
            ("dict", "columns", "lookup"),
            sweep=("dict", "columns"),
        ),
        Knob(
            "rows",
            "what a straddle returns: a table of its days, or nine numbers",
            "table",
            ("table", "summary"),
            changes_answers=True,
        ),
        Knob("memoise", "whether the python kernel keeps schedules, tickers and days it worked out before", True),
        Knob(
            "entries",
            "prices in the table, padded with unused tickers; 0: 1.03 million for small, else 8.22, a file as it is",
            0,
            low=0,
        ),
        prices_knob("an asset"),
        CLOSE_COLUMNS,
        seed_knob(),
    ),
    sizes={
        "small": "2 assets, 2,304 straddles",
        "medium": "20 assets, 23,040 straddles",
        "large": "200 assets, 230,400 straddles",
    },
)
