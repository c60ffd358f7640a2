"""The symbols workload: one shared forecaster, thirty symbols."""

from engine.knob import Knob
from engine.workload import Kernel, Workload
from engine.workloads.knobs import seed_knob
from engine.workloads.symbols import cpu_kernels, torch_kernel, torch_model
from engine.workloads.symbols.data import load, tasks
from engine.workloads.symbols.result import result, score

_TORCH = {"torch": "workbench[gpu]"}

SYMBOLS = Workload(
    name="symbols",
    summary="forecast and rank symbols with one shared model that is slow until it is warm",
    load=load,
    tasks=tasks,
    kernels={
        "python": Kernel(cpu_kernels.evaluate_python, cpu_kernels.prepare_python),
        "numpy": Kernel(cpu_kernels.evaluate, cpu_kernels.prepare_numpy),
        "torch-cpu": Kernel(cpu_kernels.evaluate, torch_model.prepare, needs=_TORCH, notes=torch_model.notes),
        "torch": Kernel(
            torch_kernel.evaluate,
            torch_kernel.prepare,
            device=True,
            needs=_TORCH,
            bytes_per_task=torch_kernel.BYTES_PER_TASK,
        ),
    },
    result=result,
    score=score,
    knobs=(
        Knob(
            "warm_up",
            "what set-up infers with the model: nothing, one made-up context, or as many contexts as a run does at "
            "once; a compiled model is compiled for that shape then, and otherwise in the first run",
            "real",
            ("none", "dummy", "real"),
        ),
        Knob(
            "compiled",
            "whether the torch-cpu kernel compiles its model: where there is a C++ compiler, or never",
            "auto",
            ("auto", "eager"),
        ),
        Knob(
            "contexts",
            "contexts in one inference of the numpy and torch-cpu kernels; 0: all of a symbol",
            0,
            low=0,
        ),
        Knob("symbols", "number of symbols; 0: by size", 0, low=0, changes_answers=True),
        Knob("simulations", "simulations of each symbol, at most 505; 0: by size", 0, low=0, changes_answers=True),
        seed_knob(),
    ),
    sizes={
        "small": "6 symbols × 10 simulations",
        "medium": "30 symbols × 70 simulations",
        "large": "120 symbols × 70 simulations",
    },
)
