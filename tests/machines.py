"""A made-up machine as ``workbench doctor`` tells it."""

from typing import Any

from tests.builders import a_host
from workbench.words.machine import (
    Cores,
    Interpreter,
    Library,
    Machine,
    Memory,
    ModeState,
    SharedMemory,
    Tracing,
)


def a_machine(**changes: Any) -> Machine:
    facts: dict[str, Any] = {
        "host": a_host(libraries={"numpy": "2.4.0"}, conditions={"governor": "performance", "turbo": "on"}),
        "cores": Cores(usable=2, physical=1, logical=2, quota=1.5),
        "memory": Memory(total=16_000_000_000, available=12_000_000_000, limit=8_000_000_000),
        "no_gpu": "no NVIDIA driver is loaded",
        "shared_memory": SharedMemory(total=64_000_000, free=63_000_000),
        "libraries": (Library(name="openblas", version="0.3.30", threads=2, file="numpy.libs/libopenblas.so"),),
        "tracing": Tracing(scope="1", allowed=True),
        "python": Interpreter(
            version="3.11.7", implementation="CPython", executable="/usr/bin/python3", gil=True, free_threaded=False
        ),
        "modes": (
            ModeState(name="sequential", available=True),
            ModeState(
                name="thread",
                available=True,
                limit="of pure Python one thread computes at a time: this Python has a GIL",
                lift="a kernel that releases it (numpy, numba)",
            ),
            ModeState(
                name="gpu-batch",
                available=False,
                limit="torch is not installed",
                lift="pip install 'workbench[gpu]'",
            ),
        ),
        "flamegraph": ModeState(name="flamegraph", available=True),
    }
    return Machine(**(facts | changes))
