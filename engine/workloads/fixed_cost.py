"""The fixed_cost workload: tasks of a known cost with a known answer, for measuring what an execution mode adds.

Task i runs a linear congruential generator ``work`` steps from a start value that depends on i and on the payload. The
end of such a run has a closed form, so every answer can be checked without running anything (Knuth, The Art of Computer
Programming 2, 3.2.1, equation 6).
"""

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from engine.knob import Knob, Scalar, Settings
from engine.workload import Kernel, ResultSpec, Tasks, Workload

FACTOR, STEP, MASK = 1_103_515_245, 12_345, 2**31 - 1
"""x -> (FACTOR * x + STEP) mod 2**31, the generator of ANSI C; products stay below 2**62, so int64 never overflows."""

TASKS = {"small": 1_000, "medium": 10_000, "large": 100_000}
"""Tasks by size."""

_OBJECT_BYTES = 200
"""About what one entry of the payload dict takes: two strings and their slot."""


@dataclass(frozen=True, eq=False)
class FixedCostData:
    """The data of the workload."""

    tasks: int
    work: int
    """Steps of the generator per task."""
    fail_at: int
    """Index of the task that raises; -1: none."""
    payload: NDArray[np.int64] | dict[str, str]
    """What shipping the data costs; each task reads one entry."""
    device: str = "cpu"


def load(size: str, **settings: Scalar) -> FixedCostData:
    """Return the data of a size; ``settings`` has a value for every knob."""
    count, wanted = int(settings["tasks"]) or TASKS[size], int(settings["data_bytes"])
    payload = _objects(wanted) if settings["payload"] == "objects" else _array(wanted)
    return FixedCostData(count, int(settings["work"]), int(settings["fail_at"]), payload)


def _array(wanted: int) -> NDArray[np.int64]:
    return np.arange(max(wanted // 8, 1), dtype=np.int64) * 7 & MASK


def _objects(wanted: int) -> dict[str, str]:
    return {f"entry {i:012d}": f"{i * 7 & MASK:032d}" for i in range(max(wanted // _OBJECT_BYTES, 1))}


def tasks(data: FixedCostData) -> Tasks:
    """Return the task indices, an array."""
    return cast(Tasks, np.arange(data.tasks))


def start(data: FixedCostData, index: int) -> int:
    """Return the start value of a task. Raises ValueError for the task that is to fail."""
    if index == data.fail_at:
        raise ValueError(f"task {index} was asked to fail (fail_at={data.fail_at})")
    entry = index % len(data.payload)
    read = int(data.payload[f"entry {entry:012d}"]) if isinstance(data.payload, dict) else int(data.payload[entry])
    return (read + index) & MASK


def answer(data: FixedCostData, index: int) -> int:
    """Return the result of a task in closed form, without taking its steps."""
    power = pow(FACTOR, data.work, (MASK + 1) * (FACTOR - 1))
    geometric = (power - 1) // (FACTOR - 1)
    return (start(data, index) * power + STEP * geometric) & MASK


def evaluate_python(data: FixedCostData, tasks: Tasks) -> list[int]:
    """Return the end value of each task, one step after the other; holds the GIL throughout."""
    return [_run(start(data, int(index)), data.work) for index in tasks]


def _run(value: int, work: int) -> int:
    for _ in range(work):
        value = (value * FACTOR + STEP) & MASK
    return value


def evaluate_numpy(data: FixedCostData, tasks: Tasks) -> NDArray[np.int64]:
    """Return the end value of each task, all tasks of the chunk in one step."""
    values = _starts(data, tasks)
    for _ in range(data.work):
        values *= FACTOR
        values += STEP
        values &= MASK
    return values


def _starts(data: FixedCostData, tasks: Tasks) -> NDArray[np.int64]:
    return np.array([start(data, int(index)) for index in tasks], dtype=np.int64)


def prepare_torch(data: FixedCostData, device: str) -> FixedCostData:
    """Remember the device."""
    return replace(data, device=device)


def evaluate_torch(data: FixedCostData, tasks: Tasks) -> NDArray[np.int64]:
    """Return the end value of each task, all tasks of the chunk in one step on the device."""
    import torch

    values: Any = torch.from_numpy(_starts(data, tasks)).to(data.device)
    for _ in range(data.work):
        values.mul_(FACTOR).add_(STEP).bitwise_and_(MASK)
    ends: NDArray[np.int64] = values.cpu().numpy()
    return ends


def result(settings: Settings) -> ResultSpec:
    """Return the form of one task's result."""
    return ResultSpec("int64")


FIXED_COST = Workload(
    name="fixed_cost",
    summary="tasks of a known cost with a known answer: what does an execution mode add?",
    load=load,
    tasks=tasks,
    kernels={
        "python": Kernel(evaluate_python),
        "numpy": Kernel(evaluate_numpy, bytes_per_task=16),
        "torch": Kernel(
            evaluate_torch, prepare_torch, device=True, needs={"torch": "workbench[gpu]"}, bytes_per_task=16
        ),
    },
    result=result,
    tolerance=0.0,
    knobs=(
        Knob("tasks", "number of tasks; 0: by size", 0, low=0, changes_answers=True),
        Knob(
            "work",
            "steps of the generator in each task, about 0.05 microseconds each in the python kernel",
            2_000,
            low=0,
            changes_answers=True,
        ),
        Knob(
            "data_bytes", "size of the payload that workers need", 1_000_000, low=0, unit="bytes", changes_answers=True
        ),
        Knob(
            "payload",
            "what the payload is made of: one array, or a dict of Python strings",
            "array",
            ("array", "objects"),
            changes_answers=True,
        ),
        Knob("fail_at", "index of a task that raises an error; -1: none", -1, low=-1, changes_answers=True),
    ),
    sizes={"small": "1,000 tasks", "medium": "10,000 tasks", "large": "100,000 tasks"},
)
