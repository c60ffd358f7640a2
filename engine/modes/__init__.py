"""The execution modes: one file each. Adding one is a file, an import and an entry in ``MODES``."""

from engine.errors import UnknownName
from engine.executor import Executor
from engine.modes.gpu_batch import GpuBatch
from engine.modes.process import Process
from engine.modes.sequential import Sequential
from engine.modes.shared_memory import SharedMemory
from engine.modes.thread import Thread

MODES: tuple[type[Executor], ...] = (Sequential, Thread, Process, SharedMemory, GpuBatch)


def find_mode(name: str, where: str = "") -> type[Executor]:
    """Return the mode of that name. Raises UnknownName."""
    for mode in MODES:
        if mode.name == name:
            return mode
    raise UnknownName("mode", name, [mode.name for mode in MODES], where)
