"""What goes wrong in the user's work: each ends in one clear sentence, in every mode, with nothing left behind."""

import os
import signal
import threading

import msgspec
import pytest

from engine.errors import TaskFailed, WorkbenchError, WorkFailed
from engine.executor import Job
from engine.modes import MODES, find_mode
from engine.plan import Plan
from engine.workload import Kernel
from tests.jobs import a_job, execute

CPU_MODES = [mode.name for mode in MODES if not mode.on_device]
POOLS = ["process", "shared-memory"]


@pytest.mark.parametrize("mode", CPU_MODES)
@pytest.mark.parametrize("chunk_size", [1, 8, "auto"])
def test_a_task_that_raises_is_named_with_its_place(mode, chunk_size, leftovers):
    job = a_job(tasks=20, work=5, fail_at=13)
    with pytest.raises(TaskFailed, match=r"task 13 \(.*\) raised ValueError: .* at .*fixed_cost.py:\d+"):
        execute(job, mode, workers=2, chunk_size=chunk_size, start_method="fork")


def _die(data, tasks):
    if 7 in tasks:
        os.kill(os.getpid(), signal.SIGKILL)
    return [0] * len(tasks)


def _leave(data, tasks):
    os._exit(3)


def _lambda(data, tasks):
    return [lambda: None for _ in tasks]


def _short(data, tasks):
    return [1]


def _echo(data, tasks):
    return [type(task).__name__ for task in tasks]


def _no_memory(data, tasks):
    raise MemoryError


def run_with(function, mode, tasks=10, data=None, **knobs):
    knobs = {"mode": mode, "workers": 2, "start_method": "fork", "chunk_size": 2} | knobs
    tasks = tasks if isinstance(tasks, list) else list(range(tasks))
    with find_mode(mode)(Job(Kernel(function), data, tasks, None), msgspec.convert(knobs, Plan)) as executor:
        return executor.run().results


def test_a_killed_worker_is_reported_with_its_signal_and_tasks(leftovers):
    with pytest.raises(WorkFailed, match=r"task 7 \(7\) ended its worker process twice: it was killed by SIGKILL"):
        run_with(_die, "shared-memory")


def test_a_worker_that_leaves_is_reported_with_its_exit_code(leftovers):
    with pytest.raises(WorkFailed, match=r"task \d \(\d\) ended its worker process twice: it ended with exit code 3"):
        run_with(_leave, "shared-memory")


@pytest.mark.parametrize("function", [_die, _leave])
def test_the_standard_pool_loses_everything_and_says_so(function, leftovers):
    with pytest.raises(WorkFailed, match="a worker process died during a run, and with it the whole standard pool"):
        run_with(function, "process")


@pytest.mark.parametrize("mode", POOLS)
def test_a_result_that_cannot_be_pickled_is_named(mode, leftovers):
    with pytest.raises(WorkFailed, match="cannot be pickled"):
        run_with(_lambda, mode)


@pytest.mark.parametrize("mode", POOLS)
@pytest.mark.parametrize("start_method", ["spawn", "forkserver"])
def test_a_kernel_that_cannot_be_pickled_is_named(mode, start_method, leftovers):
    with pytest.raises(WorkFailed, match="cannot be pickled"):
        run_with(lambda data, tasks: list(tasks), mode, start_method=start_method)


@pytest.mark.parametrize("mode", POOLS)
def test_a_task_that_cannot_be_pickled_fails_the_trial_not_the_sweep(mode, leftovers):
    with pytest.raises((WorkbenchError, AttributeError, TypeError), match="pickle"):
        run_with(_echo, mode, tasks=[lambda: None] * 4, start_method="spawn")


@pytest.mark.parametrize("mode", POOLS)
def test_data_that_cannot_be_pickled_fails_the_trial_not_the_sweep(mode, leftovers):
    with pytest.raises((WorkbenchError, AttributeError, TypeError), match="pickle"):
        run_with(_echo, mode, data=threading.Lock(), start_method="spawn")


@pytest.mark.parametrize("mode", CPU_MODES)
def test_a_kernel_that_returns_too_few_results_is_refused(mode, leftovers):
    with pytest.raises(WorkFailed, match="the kernel returned 1 results for 2 tasks"):
        run_with(_short, mode)


@pytest.mark.parametrize("mode", CPU_MODES)
def test_running_out_of_memory_in_a_task_is_a_message(mode, leftovers):
    with pytest.raises(TaskFailed, match=r"task \d \(\d\) raised MemoryError"):
        run_with(_no_memory, mode)


class Unloadable:
    def __reduce__(self):
        return _explode, ()


def _explode():
    raise RuntimeError("no such account")


def test_data_that_cannot_be_rebuilt_in_a_worker_is_a_message(leftovers):
    with pytest.raises(WorkFailed, match="a worker could not unpickle the data: RuntimeError: no such account"):
        run_with(_echo, "shared-memory", data=Unloadable(), start_method="spawn")


def test_data_that_cannot_be_rebuilt_ends_the_standard_pool_with_a_message(leftovers):
    with pytest.raises(WorkFailed, match="a worker process died during set-up"):
        run_with(_echo, "process", data=Unloadable(), start_method="spawn")


def test_an_exception_with_markup_and_newlines_is_one_plain_line():
    def hostile(data, tasks):
        raise ValueError("[/red]\nnext\tline")

    with pytest.raises(TaskFailed) as caught:
        run_with(hostile, "sequential")
    assert "\n" not in str(caught.value)
    assert "[/red] next line" in str(caught.value)
