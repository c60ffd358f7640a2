"""Importing the user's code under observation: what it does besides defining things."""

import sysconfig
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Self

import psutil

from engine.checking.findings import Finding

STEP = "import"

SLOW = 0.5
"""Seconds of a file's own work at import from which on it is worth a word: every worker that is spawned does it
again."""

_NOT_THE_USERS = (
    *(Path(sysconfig.get_paths()[name]) for name in ("stdlib", "purelib", "platlib")),
    Path(__file__).parents[1],
)


class WatchedImport:
    """While entered, every module that is imported from a source file is timed, without the modules it imports."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        """Own seconds by file."""
        self._inner: list[float] = []
        self._threads = set(threading.enumerate())
        self._children = set(psutil.Process().children())

    def __enter__(self) -> Self:
        original = SourceFileLoader.exec_module

        def exec_module(loader: SourceFileLoader, module: ModuleType) -> None:
            begun = time.perf_counter()
            self._inner.append(0.0)
            try:
                original(loader, module)
            finally:
                whole = time.perf_counter() - begun
                self.seconds[loader.path] += whole - self._inner.pop()
                if self._inner:
                    self._inner[-1] += whole

        SourceFileLoader.exec_module = exec_module  # type: ignore[assignment, method-assign]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del SourceFileLoader.exec_module  # that of its base class again

    def findings(self) -> Iterator[Finding]:
        """Yield what the import did that it should not do."""
        for file, seconds in self.seconds.items():
            if seconds >= SLOW and not _is_installed(Path(file)):
                yield Finding(
                    severity="warning",
                    step=STEP,
                    what=f"importing the file takes {seconds:.1f} s of work of its own, and every worker imports it",
                    where=file,
                    advice="read files and compute in load(), or the function given to --data: that is shared",
                )
        for thread in set(threading.enumerate()) - self._threads:
            yield Finding(
                severity="warning",
                step=STEP,
                what=f"importing starts the thread {thread.name!r}: a process that is forked then can hang",
                advice="start threads inside the function, or use the start method spawn",
            )
        for process in set(psutil.Process().children()) - self._children:
            yield Finding(
                severity="breaks",
                step=STEP,
                what=f"importing starts the process {_command(process)}, and workers import it as well",
                advice='move what starts it below if __name__ == "__main__":',
            )


def _is_installed(file: Path) -> bool:
    return any(file.is_relative_to(folder) for folder in _NOT_THE_USERS)


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())[:100] or process.name()
    except psutil.Error:
        return str(process.pid)
