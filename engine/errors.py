"""Every error a user can meet, and the exit code each one ends the program with.

    WorkbenchError
    ├── RequestError            2   the request is wrong: an unknown name, a bad value, a broken file
    │   ├── UnknownName         2   ... a name that does not exist; the message holds the nearest that does
    │   ├── FileProblem         2   ... something at a line of a file the user gave
    │   └── WorkloadProblem     2   ... the user's workload cannot be loaded
    ├── Lacking                 3   this machine or environment lacks something; the message says what to install
    └── WorkFailed              4   the work itself failed
        ├── TaskFailed          4   ... in one task, which is named
        │   ├── TaskStuck       4       ... that, or whose result, cannot be pickled or unpickled
        │   ├── TaskDied        4       ... that ended two worker processes on its own
        │   ├── TaskTimedOut    4       ... that took longer than it may
        │   └── TaskOutgrew     4       ... that needed more memory than it may
        └── PoolBroken          4   ... because worker processes end again and again without getting anything done

Only ``workbench.cli.main`` and ``engine.__main__`` catch them. A message says what is wrong, where, and what would be
right.
"""

from collections.abc import Iterable
from pathlib import Path

INTERRUPTED = 130
"""Exit code of what was stopped by a key or a signal, as shells have it: 128 and the number of SIGINT."""


class WorkbenchError(Exception):
    """Base of every error with a message meant for the user."""

    exit_code = 4


class RequestError(WorkbenchError):
    """What was asked for cannot be done as asked; nothing was run."""

    exit_code = 2


class UnknownName(RequestError):
    """A name that does not exist, with the nearest one that does."""

    def __init__(self, kind: str, name: str, known: Iterable[str], where: str = "") -> None:

        from difflib import get_close_matches  # 6 ms that a start without a mistake does not need

        choices = sorted(known)
        near = get_close_matches(name, choices, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(choices)}"
        prefix = f"{where}: " if where else ""
        super().__init__(f"{prefix}unknown {kind} {name!r}; {hint}")


class FileProblem(RequestError):
    """Something wrong at a place in a file the user gave."""

    def __init__(self, path: Path | str, line: int | None, problem: str) -> None:
        place = f"{path}:{line}" if line else str(path)
        super().__init__(f"{place}: {problem}")


class WorkloadProblem(RequestError):
    """The user's workload cannot be imported or is not a workload."""


class Lacking(WorkbenchError):
    """The machine or the environment lacks something that was asked for by name."""

    exit_code = 3


class WorkFailed(WorkbenchError):
    """The work itself failed, so there is nothing to report or to compare with."""

    exit_code = 4


class TaskFailed(WorkFailed):
    """One task failed; carries its position in the task list, its parameters, what happened and, where the task raised,
    the traceback in the worker."""

    how = "raised "

    def __init__(self, index: int, task: str, problem: str, trace: str = "") -> None:
        super().__init__(f"task {index} ({task}) {self.how}{problem}")
        self.index, self.task, self.problem, self.trace = index, task, problem, trace

    def __reduce__(self) -> tuple[type["TaskFailed"], tuple[int, str, str, str]]:
        return type(self), (self.index, self.task, self.problem, self.trace)


class TaskStuck(TaskFailed):
    """A task cannot get to a worker, or its result cannot get back."""

    how = "cannot travel: "


class TaskDied(TaskFailed):
    """A task ended two worker processes while it was the only one they computed; ``trace`` holds their last stack."""

    how = "ended its worker process twice: it "


class TaskTimedOut(TaskFailed):
    """A task was stopped because it took too long; ``trace`` holds its stack where one could be had."""

    how = "was stopped: "


class TaskOutgrew(TaskFailed):
    """A task was stopped because its worker needed more memory than its budget."""

    how = "was stopped: "


class PoolBroken(WorkFailed):
    """Worker processes end again and again, without getting anything done between."""
