import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from engine import cgroups
from engine.errors import Lacking
from engine.pool import limits
from engine.pool.limits import (
    available_memory,
    check_descriptors,
    check_memory,
    check_processes,
    fair_budget,
    in_words,
    private_memory,
)
from tests.machine import made_up_machine

ROOT = Path(__file__).parents[2]
KB, MB, GB = 1_000, 1_000_000, 1_000_000_000
needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="reads what only Linux tells of a process")


@pytest.fixture
def machine(monkeypatch, tmp_path):
    made_up = made_up_machine(monkeypatch, tmp_path)
    made_up.write(
        made_up.proc / "meminfo", "MemTotal: 30000 kB\nMemFree: 2000 kB\nMemAvailable:   20000 kB\nCached: 5 kB"
    )
    return made_up


@pytest.fixture
def available(monkeypatch):
    def set_to(size):
        monkeypatch.setattr(limits, "available_memory", lambda: size)

    return set_to


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 MB"), (340 * MB, "340 MB"), (999_600_000, "1.0 GB"), (8_800 * MB, "8.8 GB")]
)
def test_bytes_in_words(size, words):
    assert in_words(size) == words


# ---------------------------------------------------------------- what is available


def test_an_unlimited_process_may_take_what_the_machine_has(machine):
    assert available_memory() == 20_000 * 1024


def group(machine, folder, limit, used, cache, version=2):
    names = {1: ("limit_in_bytes", "usage_in_bytes", "total_inactive_file"), 2: ("max", "current", "inactive_file")}
    top, current, inactive = names[version]
    machine.write(machine.groups / folder / f"memory.{top}", limit)
    machine.write(machine.groups / folder / f"memory.{current}", used)
    # version 1 tells of the group alone as well, which says nothing about its children
    machine.write(machine.groups / folder / "memory.stat", f"anon 1\ninactive_file {cache}\n{inactive} {cache}")


@pytest.mark.parametrize("version", [1, 2])
def test_a_group_leaves_its_limit_less_its_use_without_the_cache(machine, version):
    machine.join(*(("cgroup", "/a") if version == 1 else ("cgroup2", "/a")), options="rw,memory")
    group(machine, "a", 9 * MB, 5 * MB, 2 * MB, version)
    assert available_memory() == 6 * MB


def test_version_1_counts_the_cache_of_children_under_another_name(machine):
    machine.join("cgroup", "/a", options="rw,memory")
    group(machine, "a", 9 * MB, 5 * MB, 0, version=1)
    machine.write(machine.groups / "a/memory.stat", f"inactive_file {MB}\ntotal_inactive_file {3 * MB}")
    assert available_memory() == 7 * MB


@pytest.mark.parametrize("tightest", ["a/b", "a", ""])
def test_the_tightest_ancestor_decides(machine, tightest):
    machine.join("cgroup2", "/a/b")
    for folder in ("a/b", "a", ""):
        group(machine, folder, (8 if folder == tightest else 15) * MB, 2 * MB, 0)
    assert available_memory() == 6 * MB


def test_where_the_kernel_would_slow_a_group_down_is_a_limit_too(machine):
    machine.join("cgroup2", "/a")
    group(machine, "a", "max", 2 * MB, 0)
    machine.write(machine.groups / "a/memory.high", 5 * MB)
    assert available_memory() == 3 * MB


def test_a_group_over_its_limit_leaves_nothing_rather_than_less(machine):
    machine.join("cgroup2", "/a")
    group(machine, "a", 2 * MB, 5 * MB, 0)
    assert available_memory() == 0


def test_a_system_that_tells_nothing_still_has_memory(monkeypatch, tmp_path):
    monkeypatch.setattr(cgroups, "PROC", tmp_path / "missing")
    assert available_memory() > MB


# ---------------------------------------------------------------- what a process has to itself


def test_private_memory_is_what_is_anonymous_here_or_swapped_out(machine):
    status = "Name:\tx\nVmRSS:\t 900 kB\nRssAnon:\t 100 kB\nRssFile:\t 300 kB\nRssShmem:\t 500 kB\nVmSwap:\t 7 kB"
    machine.write(machine.proc / "41/status", status)
    assert private_memory(41) == 107 * 1024


def test_a_process_that_is_gone_has_nothing():
    process = subprocess.Popen(["true"])
    process.wait()
    assert private_memory(process.pid) == private_memory(process.pid, 0) == 0


def test_a_process_that_nobody_has_waited_for_has_nothing():
    process = subprocess.Popen(["true"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert private_memory(process.pid) == private_memory(process.pid, 0) == 0
    process.wait()


def test_a_system_without_proc_is_asked_in_another_way(monkeypatch, tmp_path):
    monkeypatch.setattr(cgroups, "PROC", tmp_path / "missing")
    assert private_memory(os.getpid()) > MB


IN_A_FORK = """
import json, mmap, os
from engine.pool.limits import private_memory
from engine.pool.sharedfile import SharedFile

MB = 1_000_000
shared = SharedFile(100 * MB)
inherited = mmap.mmap(-1, 60 * MB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
inherited.write(b"x" * (60 * MB))
told, tell = os.pipe()
until, end = os.pipe()
pid = os.fork()
if pid == 0:
    os.close(end)
    mapped = shared.map()
    sum(mapped[::4096])  # nobody else touches it, so it counts as private to this process in smaps_rollup
    inherited[: 20 * MB] = b"y" * (20 * MB)
    os.write(tell, b"x")
    os.read(until, 1)
    os._exit(0)
os.read(told, 1)
with open(f"/proc/{pid}/status") as status:
    rss = [int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS:")]
print(json.dumps([rss[0], *(private_memory(pid, above) for above in (None, 1000 * MB, 50 * MB))]))
"""


@needs_proc
def test_pages_of_shared_data_and_of_the_parent_are_not_a_workers_own():
    done = subprocess.run([sys.executable, "-c", IN_A_FORK], cwd=ROOT, capture_output=True, text=True, check=True)
    rss, quick, not_suspicious, exact = json.loads(done.stdout)
    assert rss > 160 * MB
    assert 60 * MB <= quick < 100 * MB  # without the shared data
    assert not_suspicious == quick
    assert 20 * MB <= exact < 60 * MB  # without what is still the parent's as well


# ---------------------------------------------------------------- whether a plan fits


def test_a_plan_that_just_fits_is_allowed(available):
    available(100)
    check_memory(20, 40, 2)
    check_memory(100, 0, 8)


@pytest.mark.parametrize(
    ("plan", "left", "words"),
    [
        (
            (400 * MB, 2_100 * MB, 4),
            6_200 * MB,
            "4 workers need 400 MB of shared memory and 4 × 2.1 GB of their own = 8.8 GB; "
            "6.2 GB are available: 2 workers fit",
        ),
        (
            (5 * GB, 2 * GB, 2),
            7 * GB,
            "2 workers need 5.0 GB of shared memory and 2 × 2.0 GB of their own = 9.0 GB; "
            "7.0 GB are available: 1 worker fits",
        ),
        (
            (3 * GB, GB, 1),
            2 * GB,
            "1 worker needs 3.0 GB of shared memory and 1.0 GB of its own = 4.0 GB; "
            "2.0 GB are available: not even 1 worker fits",
        ),
    ],
)
def test_a_plan_that_does_not_fit_is_refused_with_what_would(available, plan, left, words):
    available(left)
    with pytest.raises(Lacking) as caught:
        check_memory(*plan)
    assert str(caught.value) == words


def test_as_many_workers_fit_as_the_refusal_says(available):
    available(100)
    with pytest.raises(Lacking, match="3 workers fit"):
        check_memory(10, 30, 4)
    check_memory(10, 30, 3)


def test_a_fair_budget_keeps_a_reserve(available):
    available(1000)
    assert fair_budget(350, 3) == (950 - 350) // 3
    assert fair_budget(0, 1) == 950


def test_a_fair_budget_of_nothing_is_nothing(available):
    available(1000)
    assert fair_budget(2000, 3) == 0


# ---------------------------------------------------------------- descriptors


class Limit:
    """The limits of a process, without a process."""

    def __init__(self, monkeypatch, soft, hard, most=None):
        self.now = (soft, hard)
        self._most = most
        monkeypatch.setattr(resource, "getrlimit", lambda kind: self.now)
        monkeypatch.setattr(resource, "setrlimit", self._set)

    def _set(self, kind, pair):
        if self._most is not None and pair[0] > self._most:
            raise ValueError("not allowed to raise maximum limit")
        self.now = pair


@pytest.fixture
def opened(machine):
    for number in range(10):
        machine.write(machine.proc / f"self/fd/{number}", "")
    return machine


def test_enough_descriptors_are_left_alone(monkeypatch, opened):
    limit = Limit(monkeypatch, 110, 5000)
    check_descriptors(100)
    assert limit.now == (110, 5000)


@pytest.mark.parametrize(("hard", "soft"), [(resource.RLIM_INFINITY, 366), (5000, 366), (200, 200)])
def test_the_soft_limit_is_raised_with_something_to_spare(monkeypatch, opened, hard, soft):
    limit = Limit(monkeypatch, 50, hard)
    check_descriptors(100)
    assert limit.now == (soft, hard)


@pytest.mark.parametrize(("hard", "most", "has"), [(109, None, 109), (resource.RLIM_INFINITY, 60, 50)])
def test_too_low_a_limit_is_refused_with_the_command_that_lifts_it(monkeypatch, opened, hard, most, has):
    Limit(monkeypatch, 50, hard, most)
    with pytest.raises(Lacking, match=rf"^100 more files .*, 10 are, .* may have {has}: .*`ulimit -n 110`"):
        check_descriptors(100)


REALLY_OPENED = """
import os, resource
from engine.errors import Lacking
from engine.pool.limits import check_descriptors
resource.setrlimit(resource.RLIMIT_NOFILE, (40, 150))
check_descriptors(100)
opened = [os.dup(0) for _ in range(100)]
try:
    check_descriptors(100)
except Lacking as error:
    print(error.exit_code, resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_what_is_promised_can_be_opened():
    done = subprocess.run([sys.executable, "-c", REALLY_OPENED], cwd=ROOT, capture_output=True, text=True)
    assert (done.stderr, done.stdout) == ("", "3 (150, 150)\n")


# ---------------------------------------------------------------- processes


@pytest.fixture
def user(monkeypatch, machine):
    """This user runs 3 processes with 2 threads each; the whole system runs 900."""
    for pid in (11, 12, 13):
        for thread in (1, 2):
            (machine.proc / f"{pid}/task/{thread}").mkdir(parents=True)
    if (machine.proc / "11/task").stat().st_nlink != 4:
        pytest.skip("the temp folder's file system does not count links like /proc")
    machine.write(machine.proc / "loadavg", "0.5 0.4 0.3 2/900 18000")
    machine.write(machine.proc / "self/uid_map", "0 1000 1")
    return machine


def test_a_machine_with_few_processes_is_not_counted_by_user(monkeypatch, user):
    Limit(monkeypatch, 1000, 1000)
    monkeypatch.setattr(limits, "_tasks_of_user", lambda: pytest.fail("costs more, and is not needed"))
    check_processes(100)


def test_processes_of_other_users_do_not_count(monkeypatch, user):
    limit = Limit(monkeypatch, 106, 106)
    check_processes(100)
    assert limit.now == (106, 106)


def test_the_soft_limit_of_processes_is_raised_where_that_is_enough(monkeypatch, user):
    limit = Limit(monkeypatch, 50, 400)
    check_processes(100)
    assert limit.now == (106, 400)


def test_too_many_processes_are_refused_with_numbers(monkeypatch, user):
    Limit(monkeypatch, 50, 105)
    with pytest.raises(Lacking, match=r"^100 more processes .* runs 6 processes .* may run 105: .*`ulimit -u 106`"):
        check_processes(100)


def test_root_of_the_whole_system_is_exempt(monkeypatch, user):
    Limit(monkeypatch, 1, 1)
    monkeypatch.setattr(os, "getuid", lambda: 0)
    user.write(user.proc / "self/uid_map", "         0          0 4294967295")
    check_processes(100)


@pytest.mark.parametrize("folder", ["a/b", "a"])
def test_a_group_that_runs_too_much_is_refused_with_numbers(monkeypatch, user, folder):
    Limit(monkeypatch, resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    user.join("cgroup2", "/a/b")
    user.write(user.groups / folder / "pids.max", "64")
    user.write(user.groups / folder / "pids.current", "60")
    check_processes(4)
    with pytest.raises(Lacking, match=r"^5 more processes .* runs 60 and may run 64: .*--pids-limit"):
        check_processes(5)


def test_a_system_that_tells_nothing_refuses_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(cgroups, "PROC", tmp_path / "missing")
    Limit(monkeypatch, 1, 1)
    check_processes(5)
    Limit(monkeypatch, 100_000, 100_000)
    check_descriptors(5)


REALLY_STARTED = """
import os, resource
from engine.errors import Lacking
from engine.pool.limits import check_processes
os.setuid(54321)
resource.setrlimit(resource.RLIMIT_NPROC, (2, 4))
check_processes(3)
told, tell = os.pipe()
def start():
    pid = os.fork()
    if pid == 0:
        os.close(tell)
        os.read(told, 1)
        os._exit(0)
for _ in range(3):
    start()
try:
    check_processes(1)
except Lacking as error:
    print(error)
try:
    start()
except BlockingIOError:
    print("the kernel agrees")
"""


@needs_proc
@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become a user without processes")
def test_the_kernel_counts_processes_in_the_same_way():
    done = subprocess.run([sys.executable, "-c", REALLY_STARTED], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr == ""
    assert "1 more process is needed; this user runs 4 processes and threads and may run 4" in done.stdout
    assert "the kernel agrees" in done.stdout
