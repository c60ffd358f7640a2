"""What can be asked of a pool and of a pass; whatever is wrong is one sentence that names what would be right."""

import math

import numpy as np
import pytest

import engine
from engine.errors import RequestError
from engine.pool.options import OnError, Options, Progress, check, retry
from engine.workload import ResultSpec

WRONG = [
    ({"chunksize": 5}, "unknown option 'chunksize'; did you mean 'chunk_size'?"),
    ({"on_eror": "skip"}, "unknown option 'on_eror'; did you mean 'on_error'?"),
    (
        {"workers": 3},
        "unknown option 'workers'; known: chunk_size, on_error, progress, result, timeout",
    ),
    ({"chunk_size": 0}, "chunk_size: expected 'auto' or a whole number from 1, got 0"),
    ({"chunk_size": -3}, "chunk_size: expected 'auto' or a whole number from 1, got -3"),
    ({"chunk_size": 2.0}, "chunk_size: expected 'auto' or a whole number from 1, got 2.0"),
    ({"chunk_size": True}, "chunk_size: expected 'auto' or a whole number from 1, got True"),
    ({"chunk_size": "big"}, "chunk_size: expected 'auto' or a whole number from 1, got 'big'"),
    ({"chunk_size": None}, "chunk_size: expected 'auto' or a whole number from 1, got None"),
    ({"timeout": 0}, "timeout: expected seconds above 0, or None for no limit, got 0"),
    ({"timeout": -1.5}, "timeout: expected seconds above 0, or None for no limit, got -1.5"),
    ({"timeout": math.nan}, "timeout: expected seconds above 0, or None for no limit, got nan"),
    ({"timeout": "2s"}, "timeout: expected seconds above 0, or None for no limit, got '2s'"),
    ({"timeout": True}, "timeout: expected seconds above 0, or None for no limit, got True"),
    (
        {"on_error": "skipp"},
        "on_error (or engine.retry(n)): unknown way to go on after an error 'skipp'; did you mean 'skip'?",
    ),
    (
        {"on_error": "explode"},
        "on_error (or engine.retry(n)): unknown way to go on after an error 'explode'; known: keep, skip, stop",
    ),
    (
        {"on_error": 3},
        "on_error (or engine.retry(n)): unknown way to go on after an error '3'; known: keep, skip, stop",
    ),
    ({"result": "float64"}, "result: expected engine.ResultSpec(dtype, shape) or None, got 'float64'"),
    ({"result": np.float64}, "result: expected engine.ResultSpec(dtype, shape) or None, got <class 'numpy.float64'>"),
    ({"result": ResultSpec("flaot64")}, "result: unknown dtype 'flaot64'; did you mean 'float64'?"),
    (
        {"result": ResultSpec("object")},
        "result: 'object' is of no fixed size; leave result out, and results are pickled",
    ),
    ({"result": ResultSpec("str")}, "result: 'str' is of no fixed size; leave result out, and results are pickled"),
    (
        {"result": ResultSpec("float64", 20)},  # type: ignore[arg-type]
        "result: expected a shape such as (76, 20), or () for a number, got 20",
    ),
    (
        {"result": ResultSpec("float64", (76, -1))},
        "result: expected a shape such as (76, 20), or () for a number, got (76, -1)",
    ),
    ({"progress": 5}, "progress: expected a function that takes a Progress, or None, got 5"),
]


@pytest.mark.parametrize(("options", "message"), WRONG, ids=[str(options)[:40] for options, _ in WRONG])
def test_what_cannot_be_asked_for_is_refused_with_what_can(options, message):
    with pytest.raises(RequestError) as error:
        check(options)
    assert str(error.value) == message


def test_a_message_shows_an_excerpt_of_what_was_given_by_mistake():
    with pytest.raises(RequestError) as error:
        check({"chunk_size": list(range(10**5))})  # type: ignore[typeddict-item]
    assert len(str(error.value)) < 300


def print_progress(progress):
    print(progress)


FINE = [
    ({}, Options()),
    ({"chunk_size": "auto"}, Options()),
    ({"chunk_size": 1}, Options(chunk_size=1)),
    ({"chunk_size": np.int64(50)}, Options(chunk_size=50)),
    ({"timeout": None}, Options()),
    ({"timeout": 2}, Options(timeout=2.0)),
    ({"timeout": np.float32(0.5)}, Options(timeout=0.5)),
    ({"on_error": "keep"}, Options(on_error=OnError(0, "keep"))),
    ({"on_error": retry(3)}, Options(on_error=OnError(3, "stop"))),
    ({"on_error": retry(3, "skip")}, Options(on_error=OnError(3, "skip"))),
    ({"result": None}, Options()),
    ({"result": ResultSpec("f4", (2,))}, Options(result=ResultSpec("f4", (2,)))),
    ({"result": ResultSpec("S5")}, Options(result=ResultSpec("S5"))),
    ({"progress": print_progress}, Options(progress=print_progress)),
]


@pytest.mark.parametrize(("options", "expected"), FINE, ids=[str(options)[:40] for options, _ in FINE])
def test_what_can_be_asked_for_is_taken_and_the_rest_is_as_if_nothing_was_said(options, expected):
    assert check(options) == expected


@pytest.mark.parametrize("times", [0, -1, 1.5, "3", None, True])
def test_a_retry_is_a_whole_number_of_times(times):
    with pytest.raises(RequestError, match="retry: times: expected a whole number from 1, got"):
        retry(times)


@pytest.mark.parametrize(("then", "hint"), [("kep", "did you mean 'keep'"), (5, "known: keep, skip, stop")])
def test_after_a_retry_there_are_three_ways(then, hint):
    with pytest.raises(RequestError, match=f"retry: then: unknown way to go on after an error '{then}'; {hint}"):
        retry(2, then)


WRONG_POOLS = [
    ({"workers": 0}, "workers: expected None or a whole number from 1, got 0"),
    ({"workers": 2.0}, "workers: expected None or a whole number from 1, got 2.0"),
    ({"workers": True}, "workers: expected None or a whole number from 1, got True"),
    ({"workers": "auto"}, "workers: expected None or a whole number from 1, got 'auto'"),
    ({"threads_per_worker": 0}, "threads_per_worker: expected a whole number from 1, got 0"),
    ({"threads_per_worker": None}, "threads_per_worker: expected a whole number from 1, got None"),
    ({"memory": 0}, "memory (bytes): expected None or a whole number from 1, got 0"),
    ({"memory": "2GB"}, "memory (bytes): expected None or a whole number from 1, got '2GB'"),
    ({"start_method": "frok"}, "unknown start method 'frok'; did you mean 'fork'?"),
    ({"start_method": None}, "unknown start method 'None'; known: fork, forkserver, spawn"),
    ({"preload": "numpy"}, "preload: expected a list of module names, got 'numpy'; write ['numpy']"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG_POOLS, ids=[str(given)[:40] for given, _ in WRONG_POOLS])
def test_a_pool_that_cannot_be_is_refused_before_anything_is_started(arguments, message):
    with pytest.raises(RequestError) as error:
        engine.pool(**arguments)
    assert str(error.value) == message


def test_progress_tells_the_rate_and_the_seconds_left():
    progress = Progress(done=25, failed=1, total=100, seconds=5.0)
    assert progress.rate == 5.0
    assert progress.left == 15.0


@pytest.mark.parametrize("progress", [Progress(0, 0, 100, 5.0), Progress(5, 0, None, 5.0), Progress(5, 0, 100, 0.0)])
def test_nobody_can_tell_how_long_it_takes_before_anything_is_done_or_without_an_end(progress):
    assert progress.left is None


def test_at_the_end_nothing_is_left():
    assert Progress(100, 0, 100, 5.0).left == 0.0
