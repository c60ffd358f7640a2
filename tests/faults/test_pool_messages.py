"""What people get wrong when they begin with pools: one message each, soon, with what to do instead."""

import subprocess
import sys
import threading

import pytest

import engine
from engine.errors import TaskStuck, WorkFailed
from engine.pool.starting import START_METHODS
from tests.faults import crashers
from tests.faults.pools import ROOT, environment, run_script, within

pytestmark = pytest.mark.timeout(60)

UNGUARDED = """
import sys
import engine

def double(number):
    return 2 * number

def work():
    with engine.pool(2, start_method=sys.argv[1]) as pool:
        print(list(pool.map(double, range(3))))

{call}
"""


def told(done):
    """The message on standard error, without the tracebacks before and after it."""
    return next(line for line in done.stderr.splitlines() if line.startswith("engine.errors."))


@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_a_script_without_a_guard_is_told_where_to_put_one(method, tmp_path, leftovers):
    with within(2):
        done = run_script(tmp_path, UNGUARDED.format(call="work()"), method)
    assert done.returncode == 1
    assert done.stdout == ""
    assert told(done).startswith("engine.errors.WorkFailed: a worker could not import the main module: RequestError: ")
    advice = (
        "worker processes import your script, and it starts workers when imported; "
        "put the code that starts the pool below if __name__ == '__main__':"
    )
    assert told(done).count(advice) == 1
    assert told(done).count("put the code") == 1


@pytest.mark.parametrize("call", ["work()", "if __name__ == '__main__':\n    work()"], ids=["bare", "guarded"])
def test_fork_needs_no_guard(call, tmp_path, leftovers):
    done = run_script(tmp_path, UNGUARDED.format(call=call), "fork")
    assert (done.stdout, done.stderr, done.returncode) == ("[0, 2, 4]\n", "", 0)


@pytest.mark.parametrize("method", START_METHODS)
def test_with_a_guard_a_function_of_the_script_can_be_called(method, tmp_path, leftovers):
    done = run_script(tmp_path, UNGUARDED.format(call="if __name__ == '__main__':\n    work()"), method)
    assert (done.stdout, done.stderr, done.returncode) == ("[0, 2, 4]\n", "", 0)


@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_a_script_that_ends_itself_when_imported_is_told_so(method, tmp_path, leftovers):
    call = "if __name__ == '__main__':\n    work()\nsys.exit(9)"
    with within(2):
        done = run_script(tmp_path, UNGUARDED.format(call=call), method)
    assert done.returncode == 1
    assert "a worker could not import the main module: SystemExit: 9" in told(done)
    assert "importing one must not end the program" in told(done)


INTERACTIVE = """\
import engine
def double(number): return 2 * number

with engine.pool(2, start_method={method!r}) as pool:
    list(pool.map(double, range(3)))

"""


@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_a_function_of_an_interactive_session_is_told_where_to_live(method, leftovers):
    with within(2):
        session = INTERACTIVE.format(method=method)
        command = [sys.executable, "-i"]
        done = subprocess.run(command, cwd=ROOT, env=environment(), input=session, capture_output=True, text=True)
    assert done.returncode == 0  # the session goes on
    assert "Can't get attribute 'double'" in told(done)
    assert "must be defined at the top level of a module or of the script, not in an interactive session" in told(done)


def test_a_function_of_an_interactive_session_is_known_to_a_fork(leftovers):
    session = INTERACTIVE.format(method="fork")
    command = [sys.executable, "-i"]
    done = subprocess.run(command, cwd=ROOT, env=environment(), input=session, capture_output=True, text=True)
    assert done.stdout == "[0, 2, 4]\n"


# ---- what cannot be pickled


@pytest.fixture(scope="module")
def pool():
    with engine.pool(2) as pool:
        yield pool


def local_function():
    def local(task):
        return task

    return local


LAMBDA = "; a lambda has no name to find it by: write it as a function at the top level of a module"
LOCAL = "; it is defined inside a function: move it to the top level of its module"
PLAIN = "; give workers plain data and build such objects in the function"


@pytest.mark.parametrize(
    ("function", "advice"),
    [
        (lambda task: task, LAMBDA),
        (local_function(), LOCAL),
        (threading.Lock().acquire, PLAIN),
        (crashers.Undumpable("exception").__repr__, PLAIN),
    ],
    ids=["lambda", "local", "method of what cannot be pickled", "its pickling raises"],
)
def test_a_function_that_cannot_be_pickled_is_refused_with_advice(function, advice, pool):
    with within(2), pytest.raises(WorkFailed) as caught:
        list(pool.map(function, range(3)))
    assert type(caught.value) is WorkFailed
    assert str(caught.value).startswith("the function cannot be pickled: ")
    assert str(caught.value).endswith(advice)
    assert list(pool.map(crashers.square, range(3))) == [0, 1, 4]


def deep():
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    return nested


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (local_function(), f"AttributeError: Can't pickle local object 'local_function.<locals>.local'{LOCAL}"),
        (threading.Lock(), f"TypeError: cannot pickle '_thread.lock' object{PLAIN}"),
        ((number for number in range(3)), f"TypeError: cannot pickle 'generator' object{PLAIN}"),
        (crashers.Undumpable("exception"), f"ValueError: out of cheese{PLAIN}"),
        (deep(), f"RecursionError: maximum recursion depth exceeded while pickling an object{PLAIN}"),
    ],
    ids=["local function", "lock", "generator", "its pickling raises", "deep"],
)
def test_data_that_cannot_be_pickled_is_refused_with_advice(data, problem):
    with within(2), pytest.raises(WorkFailed) as caught, engine.pool(2, data):
        pass
    assert str(caught.value) == f"the data cannot be pickled: {problem}"


@pytest.mark.parametrize("bad", [threading.Lock(), lambda: None, crashers.Undumpable("exception")], ids=type)
@pytest.mark.parametrize("chunk_size", [1, 4, "auto"])
def test_a_task_that_cannot_be_pickled_is_the_one_that_fails(bad, chunk_size, pool):
    tasks = [0, 1, bad, 3, 4, 5]
    with within(2):
        results = list(pool.map(crashers.echo, tasks, chunk_size=chunk_size, on_error="keep"))
    failure = results.pop(2)
    assert results == [0, 1, 3, 4, 5]
    assert type(failure) is TaskStuck
    assert failure.index == 2
    assert str(failure).startswith(f"task 2 ({bad!r}) cannot travel: it cannot be pickled: ")


def give_lock(task):
    return threading.Lock() if task == 2 else task


def give_lambda(task):
    return (lambda: task) if task == 2 else task


def give_generator(task):
    return (each for each in "abc") if task == 2 else task


@pytest.mark.parametrize("function", [give_lock, give_lambda, give_generator])
@pytest.mark.parametrize("chunk_size", [1, 4, "auto"])
def test_a_result_that_cannot_be_pickled_is_the_one_that_fails(function, chunk_size, pool):
    with within(2):
        results = list(pool.map(function, range(6), chunk_size=chunk_size, on_error="keep"))
    failure = results.pop(2)
    assert results == [0, 1, 3, 4, 5]
    assert type(failure) is TaskStuck
    assert str(failure).startswith("task 2 (2) cannot travel: its result cannot be pickled: ")
    assert "in _without_the_unpicklable" in failure.trace


def test_the_first_that_cannot_be_pickled_is_raised(pool):
    with within(2), pytest.raises(TaskStuck, match=r"task 2 \(2\) cannot travel: its result cannot be pickled"):
        list(pool.map(give_lock, range(6)))
