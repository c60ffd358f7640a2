"""Loading a workload's data, and weighing it."""

import hashlib
import pickle

from engine.chunks import explain
from engine.errors import WorkbenchError, WorkFailed
from engine.knob import Scalar
from engine.workload import Data, Tasks, Workload


def load(workload: Workload, size: str, settings: dict[str, Scalar]) -> tuple[Data, Tasks]:
    """Return data and tasks. Raises WorkFailed when the workload's own code raises or there are no tasks."""
    try:
        data = workload.load(size, **settings)
        tasks = workload.tasks(data)
    except WorkbenchError:
        raise
    except Exception as error:
        raise WorkFailed(f"{workload.name}: loading the data failed: {explain(error)}") from error
    if not (hasattr(tasks, "__len__") and hasattr(tasks, "__getitem__")):
        raise WorkFailed(
            f"{workload.name}: tasks() must return a list, a tuple or an array, not {type(tasks).__name__}"
        )
    if not len(tasks):
        raise WorkFailed(f"{workload.name} has no tasks, so there is nothing to run")
    return data, tasks


class _Scale:
    """A file that keeps nothing but the length and the hash of what is written."""

    def __init__(self) -> None:
        self.bytes = 0
        self.hash = hashlib.sha256()

    def write(self, part: bytes | memoryview) -> int:
        view = memoryview(part)
        self.bytes += view.nbytes
        self.hash.update(view)
        return view.nbytes


def weigh(data: Data) -> tuple[int, str]:
    """Return the bytes of the data when serialised, and their sha256. 0 and "" for data that cannot be pickled."""
    scale = _Scale()
    try:
        pickle.Pickler(scale, protocol=5).dump(data)
    except (pickle.PicklingError, TypeError, AttributeError):
        return 0, ""
    return scale.bytes, scale.hash.hexdigest()
