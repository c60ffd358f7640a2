import importlib.util
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from threadpoolctl import threadpool_info

from engine import threads
from engine.threads import VARIABLES, library_threads, limit_loaded, prepare_limits, violations


def test_a_process_started_meanwhile_obeys_and_this_one_too():
    import numpy  # noqa: F401 - its BLAS is what is limited

    code = "import numpy, threadpoolctl; print({pool['num_threads'] for pool in threadpoolctl.threadpool_info()})"
    with library_threads(1):
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}
        child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout == "{1}\n"


@pytest.mark.parametrize("before", [None, "7"])
def test_everything_is_as_before_afterwards(monkeypatch, before):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False) if before is None else monkeypatch.setenv(name, before)
    with library_threads(3):
        assert {os.environ[name] for name in VARIABLES} == {"3"}
    assert {os.environ.get(name) for name in VARIABLES} == {before}


def run(code, **variables):
    """What a fresh process prints whose libraries start with 3 threads."""
    environment = os.environ | dict.fromkeys(VARIABLES, "3") | variables
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return done.stdout.splitlines()


REAL = """
import {modules}
from threadpoolctl import threadpool_info
from engine.threads import limit_loaded, violations
for limit in (1, 2):
    limit_loaded(limit)
    print({{pool["num_threads"] for pool in threadpool_info()}}, pyarrow.cpu_count(), violations(limit))
limit_loaded(3)
print(*violations(1), sep="\\n")
"""


def test_what_is_loaded_is_limited_lower_and_higher_and_stays_so():
    first, second, *sentences = run(REAL.format(modules="numpy, pyarrow"))
    assert (first, second) == ("{1} 1 ()", "{2} 2 ()")
    assert "pyarrow may use 3 threads instead of 1" in sentences


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs torch")
def test_torch_is_limited_too():
    first, second, *sentences = run(REAL.format(modules="numpy, pyarrow, torch"))
    assert (first, second) == ("{1} 1 ()", "{2} 2 ()")
    assert "torch may use 3 threads instead of 1" in sentences


class Library:
    """A native library as threadpoolctl shows it."""

    internal_api = "openblas"

    def __init__(self, num_threads, filepath="/home/someone/venv/numpy.libs/libopenblas64.so"):
        self.num_threads, self.filepath, self.times_set = num_threads, filepath, 0

    def set_num_threads(self, number):
        self.num_threads = number
        self.times_set += 1


@pytest.fixture
def nothing_loaded(monkeypatch):
    for name in ("torch", "pyarrow", "numexpr", "polars", "numba.np.ufunc.parallel"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.fixture
def loaded(monkeypatch, nothing_loaded):
    """A process in which nothing is loaded but what the test says."""
    monkeypatch.setenv("NUMBA_NUM_THREADS", "7")
    libraries: list[Library] = []
    monkeypatch.setattr(threads, "_native_libraries", lambda: libraries)

    def load(library, **members):
        if isinstance(library, Library):
            libraries.append(library)
            return library
        module = SimpleNamespace(**members)
        monkeypatch.setitem(sys.modules, library, module)
        return module

    return load


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/home/someone/venv/numpy.libs/libopenblas64.so", "numpy.libs/libopenblas64.so"),
        ("/home/someone/libgomp.so.1", "libgomp.so.1"),
    ],
)
def test_a_violation_names_the_file_and_no_folder_of_the_machine(loaded, path, place):
    loaded(Library(8, path))
    assert violations(1) == (f"openblas may use 8 threads instead of 1 ({place})",)


def test_fewer_threads_than_allowed_violate_nothing(loaded):
    loaded(Library(2))
    loaded("polars", thread_pool_size=lambda: 2)
    assert violations(2) == ()


def test_what_has_the_right_number_is_not_touched(loaded):
    library = loaded(Library(2))
    limit_loaded(2)
    assert library.times_set == 0
    limit_loaded(1)
    assert (library.num_threads, library.times_set) == (1, 1)


def test_a_library_that_cannot_be_changed_any_more_is_named(loaded):
    loaded("polars", thread_pool_size=lambda: 8)
    limit_loaded(2)
    assert violations(2) == ("polars may use 8 threads instead of 2",)


def test_a_library_that_refuses_the_number_is_named(loaded):
    def refuse(_):
        raise ValueError("at most 8")

    loaded("numexpr", get_num_threads=lambda: 8, set_num_threads=refuse)
    limit_loaded(2)
    assert violations(2) == ("numexpr may use 8 threads instead of 2",)


def test_a_module_that_is_being_imported_is_left_alone(loaded):
    loaded("torch")
    limit_loaded(2)
    assert violations(2) == ()


def numba(loaded, started):
    """Numba with 4 threads, which run or would be started by its first parallel loop."""
    pool = loaded("numba.np.ufunc.parallel", _is_initialized=started, NUM_THREADS=4)
    pool.config = SimpleNamespace(NUMBA_NUM_THREADS=4)
    pool.mask = 4
    pool.get_num_threads = lambda: pool.mask if started else pytest.fail("starts the threads")
    pool.set_num_threads = lambda n: setattr(pool, "mask", n) if started else pytest.fail("starts the threads")
    return pool


@pytest.mark.parametrize("limit", [2, 6])
def test_numba_is_limited_without_starting_its_threads(loaded, limit):
    pool = numba(loaded, started=False)
    assert violations(1) == ("numba may use 4 threads instead of 1",)
    limit_loaded(limit)
    assert pool.NUM_THREADS == pool.config.NUMBA_NUM_THREADS == limit
    assert os.environ["NUMBA_NUM_THREADS"] == str(limit)
    assert violations(limit) == ()


@pytest.mark.parametrize(("limit", "mask"), [(2, 2), (6, 4)])
def test_numba_with_running_threads_uses_fewer_of_them_and_can_still_compile(loaded, limit, mask):
    pool = numba(loaded, started=True)
    limit_loaded(limit)
    assert pool.mask == mask
    assert violations(1) == (f"numba may use {mask} threads instead of 1",)
    assert os.environ["NUMBA_NUM_THREADS"] == "4"  # another number, and its next compilation raises


def test_numba_can_compile_inside_and_after_a_limited_block(loaded):
    numba(loaded, started=True)
    with library_threads(2):
        assert os.environ["NUMBA_NUM_THREADS"] == "4"
    assert os.environ["NUMBA_NUM_THREADS"] == "4"


def test_libraries_are_looked_for_again_only_after_an_import(monkeypatch, nothing_loaded):
    looks = []

    class Controller:
        def __init__(self):
            looks.append(1)
            self.lib_controllers = [Library(8)]

    monkeypatch.setattr("threadpoolctl.ThreadpoolController", Controller)
    threads._scan.cache_clear()
    prepare_limits()
    assert (len(looks), len(violations(7))) == (1, 1)
    limit_loaded(8)
    assert len(looks) == 1
    monkeypatch.setitem(sys.modules, "just_imported", SimpleNamespace())
    assert (len(violations(7)), len(looks)) == (1, 2)
    threads._scan.cache_clear()


def test_what_was_prepared_is_not_looked_for_again():
    code = "import numpy; from engine import threads as t; t.prepare_limits(); t.limit_loaded(1); t.violations(1)"
    assert run(f"{code}; print(t._scan.cache_info().misses)") == ["1"]
