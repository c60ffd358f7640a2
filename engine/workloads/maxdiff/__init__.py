"""The maxdiff workload: tuning two price offsets by a derivative-free search."""

from engine.knob import Knob
from engine.workload import Kernel, Workload
from engine.workloads.knobs import seed_knob
from engine.workloads.maxdiff import batched, numpy_kernel, python_kernel, torch_kernel
from engine.workloads.maxdiff.data import load, tasks
from engine.workloads.maxdiff.result import result, score

_BATCHED = {"method": ("exact", "grid")}

MAXDIFF = Workload(
    name="maxdiff",
    summary="tune two price offsets: thousands of small searches; more workers, fewer evaluations or a better method?",
    load=load,
    tasks=tasks,
    kernels={
        "python": Kernel(python_kernel.evaluate, python_kernel.prepare),
        "numpy": Kernel(
            numpy_kernel.evaluate,
            numpy_kernel.prepare,
            requires=_BATCHED,
            bytes_per_task=batched.BYTES_PER_TASK,
        ),
        "torch": Kernel(
            torch_kernel.evaluate,
            torch_kernel.prepare,
            device=True,
            requires=_BATCHED,
            needs={"torch": "workbench[gpu]"},
            bytes_per_task=batched.BYTES_PER_TASK,
        ),
    },
    result=result,
    score=score,
    knobs=(
        Knob(
            "method",
            "how offsets are searched: DIRECT, a grid that shrinks twice, or every breakpoint of the profit",
            "direct",
            ("direct", "grid", "exact"),
            changes_quality=True,
            sweep=("direct", "grid", "exact"),
        ),
        Knob(
            "maxfun",
            "evaluations after which DIRECT stops, about; 500, 240 and 100 are the origin's",
            500,
            low=1,
            changes_quality=True,
            only_with=("method", "direct"),
        ),
        Knob(
            "sharing",
            "simulations that share one pair of offsets; 1: each has its own",
            1,
            (1, 16),
            changes_quality=True,
        ),
        Knob("rows", "days the offsets are tuned on", 7, (7, 252), changes_answers=True),
        Knob(
            "market",
            "equity: 0.00278 % a side; crypto: 0.8 % a side and never short",
            "equity",
            ("equity", "crypto"),
            changes_answers=True,
        ),
        Knob("simulations", "number of tasks; 0: by size", 0, low=0, changes_answers=True),
        seed_knob("the made-up days; the next gives those out of sample"),
    ),
    sizes={
        "small": "50 simulations of 4 searches",
        "medium": "350 simulations of 4 searches",
        "large": "2,100 simulations of 4 searches: 30 symbols with 70 each",
    },
)
