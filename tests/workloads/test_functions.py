"""Plain functions as a workload, and workloads that installed packages bring."""

import pickle
import sys

import numpy as np
import pytest

from engine.chunks import run_chunk
from engine.errors import UnknownName, WorkbenchError, WorkloadProblem
from engine.loading import load
from engine.workloads import resolve
from engine.workloads.functions import checked_tasks
from engine.workloads.installed import Installed, installed
from tests.jobs import execute

PLAIN = """
import functools
import numpy as np

LIMIT = 7
CHOICES = [3, 1, 2]
BOOK = {"scale": 10}

def load():
    return {"scale": 10}

def tasks():
    return [1, 2, 3]

def tasks_of(data):
    return range(data["scale"])

def run_one(data, task):
    '''Scale a task.

    At length.
    '''
    return data["scale"] * task

def alone(task):
    return task + 1

def three(data, task, more):
    return None

def generated():
    yield 1

async def later(data, task):
    return None

def numbers():
    return np.arange(4)

def nested():
    return {1, 2}

def plain_decorator(function):
    def wrapper(data, task):
        return function(data, task)
    return wrapper

def good_decorator(function):
    @functools.wraps(function)
    def wrapper(data, task):
        return function(data, task)
    return wrapper

shorthand = lambda data, task: task
wrapped = plain_decorator(run_one)

@good_decorator
def decorated(data, task):
    return -task

class Strategy:
    pass
"""


@pytest.fixture
def plain(tmp_path, monkeypatch):
    """A file of plain functions; the module is forgotten afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "own_plain.py").write_text(PLAIN)
    yield f"{tmp_path}/own_plain.py"
    sys.modules.pop("own_plain", None)


def results(workload):
    data, tasks = load(workload, "all", {})
    return run_chunk(workload.kernels["python"].function, data, tasks, 0, lambda: 0.0)[0]


@pytest.mark.parametrize(
    ("function", "tasks", "data", "expected"),
    [
        ("run_one", "tasks", "load", [10, 20, 30]),
        ("run_one", "CHOICES", "BOOK", [30, 10, 20]),
        ("run_one", "tasks_of", "load", [10 * task for task in range(10)]),
        ("run_one", "numbers", "load", [0, 10, 20, 30]),
        ("alone", "tasks", "", [2, 3, 4]),
        ("alone", "CHOICES", "", [4, 2, 3]),
        ("decorated", "tasks", "load", [-1, -2, -3]),
    ],
)
def test_functions_lists_and_objects_make_a_workload(plain, function, tasks, data, expected):
    workload = resolve(f"{plain}:{function}", f"{plain}:{tasks}", data and f"{plain}:{data}")
    assert results(workload) == expected


def test_its_name_and_summary_are_those_of_the_function(plain):
    workload = resolve(f"{plain}:run_one", f"{plain}:tasks", f"{plain}:load")
    assert (workload.name, workload.summary) == ("own_plain:run_one", "Scale a task.")
    assert workload.naive == "python"
    assert workload.result({}) is None


def test_its_kernel_can_be_pickled_and_tells_workers_what_to_import(plain):
    kernel = resolve(f"{plain}:run_one", f"{plain}:tasks", f"{plain}:load").kernels["python"]
    assert kernel.function.__module__ == "own_plain"
    again = pickle.loads(pickle.dumps(kernel))
    assert again.function({"scale": 2}, [1, 5]) == [2, 10]
    assert again.function.__module__ == "own_plain"


@pytest.mark.parametrize("mode", ["thread", "process", "shared-memory"])
def test_every_mode_gives_the_results_in_the_order_of_the_tasks(plain, mode, leftovers):
    from engine.executor import Job

    workload = resolve(f"{plain}:run_one", f"{plain}:tasks_of", f"{plain}:load")
    data, tasks = load(workload, "all", {})
    job = Job(workload.kernels["python"], data, tasks, None)
    assert execute(job, mode, workers=2, start_method="spawn") == [10 * task for task in range(10)]


@pytest.mark.parametrize(
    ("function", "tasks", "data", "message"),
    [
        ("run_one", "", "", "run_one is a function: say what its tasks are, as in --tasks "),
        ("run_one", "tasks", "", "missing a required argument: 'task'; say with --data what its first argument is"),
        ("alone", "tasks", "load", "alone(task) cannot be called as alone(data, task): too many positional arguments"),
        ("alone", "tasks", "load", "leave --data out"),
        ("three", "tasks", "load", "missing a required argument: 'more'; a task is one argument"),
        ("run_on", "tasks", "load", "has no attribute 'run_on'; did you mean"),
        ("run_one", "task", "load", "own_plain.py:tasks?"),
        ("run_one", "tasks", "laod", "own_plain.py:load?"),
        ("run_one", "zzz", "load", "has no attribute 'zzz'; it defines LIMIT, CHOICES"),
        ("LIMIT", "tasks", "load", "LIMIT is an int, not a function of one task"),
        ("Strategy", "tasks", "load", "is the class Strategy, not a function"),
        ("shorthand", "tasks", "load", "is a lambda, which workers cannot find by its name: write it with def"),
        ("wrapped", "tasks", "load", "is made inside a function (plain_decorator.<locals>.wrapper)"),
        ("later", "tasks", "load", "is async"),
        ("generated", "tasks", "", "yields its results"),
        ("run_one", "LIMIT", "load", "the tasks must be a list, a tuple, a range or an array, not an int"),
        ("run_one", "generated", "load", "array, not a generator; write list(...) around it"),
        ("run_one", "nested", "load", "array, not a set"),
        ("run_one", "tasks", "tasks_of", "tasks_of(data) cannot be called as tasks_of(): missing a required"),
        ("alone", "tasks_of", "", "tasks_of(data) cannot be called as tasks_of()"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(plain, function, tasks, data, message):
    references = [name and f"{plain}:{name}" for name in (function, tasks, data)]
    with pytest.raises(WorkloadProblem) as caught:
        load(resolve(*references), "all", {})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_workload_takes_no_tasks_of_others(tmp_path):
    with pytest.raises(WorkloadProblem, match="STRADDLES is a Workload, which has tasks and data of its own"):
        resolve("engine.workloads.straddles:STRADDLES", "own.py:tasks")
    with pytest.raises(WorkloadProblem, match="straddles has tasks and data of its own"):
        resolve("straddles", "own.py:tasks")


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ("tasks", "say where the tasks are defined, as in mybacktest.py:tasks"),
        ("own_plain.py", "name the tasks in the file, as in own_plain.py:tasks"),
        ("own_plain.py:", "name the tasks in the file, as in own_plain.py:tasks"),
    ],
)
def test_a_reference_without_its_file_or_its_name_is_told_so(plain, tasks, message):
    with pytest.raises(WorkloadProblem, match=message):
        resolve(f"{plain}:run_one", tasks)


@pytest.mark.parametrize("tasks", [[1], (1,), range(3), np.zeros(2), np.zeros((2, 3))])
def test_sequences_and_arrays_are_tasks(tasks):
    assert checked_tasks(tasks, "x:y") is tasks


@pytest.mark.parametrize("tasks", [{1: 2}, {1}, "text", iter([1]), np.float64(1), np.array(3), None])
def test_nothing_else_is(tasks):
    with pytest.raises(WorkloadProblem, match="x:y: the tasks must be a list"):
        checked_tasks(tasks, "x:y")


OFFERED = """
from engine import Kernel, Workload

def load(size):
    return 3

def tasks(data):
    return [1, 2]

def compute(data, chunk):
    return [data * task for task in chunk]

WORK = Workload(name="triple", summary="triples", load=load, tasks=tasks, kernels={"python": Kernel(compute)})
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a function that installs a package into a folder on the search path."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(name, entries, module="offered_work", code=OFFERED):
        (tmp_path / f"{module}.py").write_text(code)
        folder = tmp_path / f"{name.replace('-', '_')}-1.2.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        lines = "".join(f"{key} = {value}\n" for key, value in entries.items())
        (folder / "entry_points.txt").write_text(f"[workbench.workloads]\n{lines}")
        return tmp_path

    yield install
    for name in ("offered_work", "broken_work"):
        sys.modules.pop(name, None)


def test_a_package_offers_a_workload_by_its_entry_point(package):
    package("acme-tests", {"triple": "offered_work:WORK", "more": "offered_work:WORK [extra]"})
    assert Installed("triple", "acme-tests 1.2", "offered_work:WORK") in installed()
    assert "offered_work" not in sys.modules
    workload = resolve("triple")
    data, tasks = load(workload, "small", {})
    assert workload.kernels["python"].function(data, tasks) == [3, 6]
    assert resolve("more") is workload


def test_a_broken_entry_point_is_named_with_its_package_and_spoils_no_other(package):
    package("acme-broken", {"spoilt": "broken_work:WORK"}, "broken_work", "import nothing_like_it\n")
    package("acme-tests", {"triple": "offered_work:WORK", "gone": "offered_work:GONE"})
    with pytest.raises(WorkloadProblem, match=r"workload spoilt of the package acme-broken 1.2: .*nothing_like_it"):
        resolve("spoilt")
    with pytest.raises(WorkloadProblem, match=r"workload gone of the package acme-tests 1.2: .*no attribute 'GONE'"):
        resolve("gone")
    assert resolve("triple").name == "triple"


def test_built_in_names_win_and_other_names_are_offered(package):
    package("acme-tests", {"straddles": "offered_work:WORK", "triple": "offered_work:WORK"})
    assert resolve("straddles").name == "straddles"
    with pytest.raises(UnknownName, match="unknown workload 'tripel'; did you mean 'triple'"):
        resolve("tripel")


def test_two_packages_with_one_name_are_both_named(package):
    package("acme-one", {"triple": "offered_work:WORK"})
    package("acme-two", {"triple": "offered_work:WORK"})
    with pytest.raises(WorkbenchError, match=r"acme-one 1.2 and acme-two 1.2 both have a workload triple"):
        resolve("triple")
