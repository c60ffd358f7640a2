"""A machine that has too little of something: it works without, or says with figures what it lacks."""

import errno
import re

import pytest

import engine
from engine.errors import Lacking
from engine.pool import limits
from engine.pool.starting.direct import lacking
from engine.workload import ResultSpec
from tests.faults import crashers
from tests.faults.pools import run_script
from tests.pool.test_sharedfile import in_private_mounts

pytestmark = pytest.mark.timeout(60)

IN_A_SMALL_SHM = """
import os
import numpy as np
import engine
from engine.workload import ResultSpec
from tests.faults.crashers import table_beside
data = {"prices": np.ones(1_000_000)}
with engine.pool(2, data) as pool:
    tables = list(pool.map(table_beside, range(500), result=ResultSpec("float64", (19, 5))))
    assert all((table_beside(data, task) == table).all() for task, table in enumerate(tables))
print(len(tables), os.listdir("/dev/shm"), os.statvfs("/dev/shm").f_bavail)
"""


def test_a_full_dev_shm_does_not_matter_to_a_pool(leftovers):
    done = in_private_mounts("head -c 1048576 /dev/zero > /dev/shm/full", IN_A_SMALL_SHM)
    assert (done.stderr, done.stdout) == ("", "500 ['full'] 0\n")


def test_an_empty_dev_shm_stays_empty_while_a_pool_works(leftovers):
    done = in_private_mounts("true", IN_A_SMALL_SHM)
    assert (done.stderr, done.stdout) == ("", "500 [] 256\n")


FEW_DESCRIPTORS = """
import resource, sys
import engine
from engine.errors import Lacking
from tests.faults.crashers import square

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    method = sys.argv[1]
    with engine.pool(2, start_method=method) as pool:
        print(list(pool.map(square, range(5))))
    try:
        engine.pool(64, start_method=method).__enter__()
    except Lacking as error:
        print(error)
    with engine.pool(2, start_method=method) as pool:
        print(list(pool.map(square, range(5))))
"""


@pytest.mark.parametrize("method", ["forkserver", "fork"])
def test_with_64_descriptors_2_workers_work_and_64_are_refused_with_figures(method, tmp_path, leftovers):
    done = run_script(tmp_path, FEW_DESCRIPTORS, method)
    assert done.stderr == ""
    before, refusal, after = done.stdout.splitlines()
    assert before == after == "[0, 1, 4, 9, 16]"
    needed, opened, allowed, total = map(int, re.findall(r"\d+", refusal))
    assert (needed, allowed, total) == (64 * 4, 64, needed + opened)


def test_more_workers_than_memory_are_refused_with_figures(monkeypatch):
    monkeypatch.setattr(limits, "available_memory", lambda: 1_000_000_000)
    with pytest.raises(Lacking, match=r"30 workers need .* = 1\.3 GB; 1\.0 GB are available: 23 workers fit"):
        engine.pool(30).__enter__()


# ---- a worker that cannot be replaced


@pytest.fixture
def own_pool():
    with engine.pool(2) as pool:
        yield pool


def refuse(*_):
    raise lacking(errno.EAGAIN)


REFUSAL = "the system refuses to start another process .*: use fewer workers, or raise the limit of processes"


def test_a_worker_that_cannot_be_replaced_ends_the_pass_with_the_reason(own_pool, monkeypatch):
    starter = own_pool._workers.crew._starter
    monkeypatch.setattr(starter, "start", refuse)
    with pytest.raises(Lacking, match=REFUSAL):
        list(own_pool.map(crashers.run, [1, 2, "SIGKILL", 4]))
    with pytest.raises(Lacking, match=REFUSAL):  # not before there is room
        list(own_pool.map(crashers.square, range(5)))
    monkeypatch.undo()
    assert list(own_pool.map(crashers.square, range(5))) == [0, 1, 4, 9, 16]


def test_a_pool_whose_worker_cannot_be_replaced_can_be_left(monkeypatch):
    with engine.pool(2) as pool:
        monkeypatch.setattr(pool._workers.crew._starter, "start", refuse)
        with pytest.raises(Lacking, match=REFUSAL):
            list(pool.map(crashers.run, [1, 2, "SIGKILL", 4]))
    assert pool.workers == ()


def test_slots_that_there_is_no_memory_for_are_refused_and_the_pool_goes_on(own_pool, monkeypatch):
    huge = ResultSpec("float64", (1 << 34,))
    with pytest.raises(Lacking, match="MB of shared memory cannot be had"):
        list(own_pool.map(crashers.square, range(5), result=huge))
    assert list(own_pool.map(crashers.square, range(5))) == [0, 1, 4, 9, 16]


def test_a_pool_that_cannot_start_all_its_workers_leaves_none(monkeypatch, leftovers):
    from engine.pool.starting.forkserver import ForkServer

    start, started = ForkServer.start, list[object]()

    def start_two(self, *arguments):
        if len(started) == 2:
            raise lacking(errno.EAGAIN)
        started.append(start(self, *arguments))
        return started[-1]

    monkeypatch.setattr(ForkServer, "start", start_two)
    with pytest.raises(Lacking, match=REFUSAL):
        engine.pool(3).__enter__()
    assert len(started) == 2
