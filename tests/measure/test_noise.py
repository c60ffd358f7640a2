import os
import resource
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.measure.noise import Member, NoiseWatch, Reading, Sensors, Spell, Times, between, rates, spell
from engine.measure.noise.family import Family
from engine.measure.noise.files import Again, number_after
from engine.measure.noise.machine import Machine
from engine.measure.noise.portable import PlainFamily, PlainMachine
from engine.measure.noise.reading import STEP
from engine.report import Noise
from tests.machine import made_up_machine

ME = os.getpid()
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def stat(**cores):
    """The text of /proc/stat: for each core the eight columns up to steal."""
    total = [sum(column) for column in zip(*cores.values(), strict=True)]
    lines = {"cpu ": total, **cores}
    rows = [f"{name} {' '.join(map(str, columns))} 0 0" for name, columns in lines.items()]
    return "\n".join([*rows, "intr 12345 0 1"])


@pytest.fixture
def made_up(monkeypatch, tmp_path):
    """A machine of four cores, all of which this process may use."""
    machine = made_up_machine(monkeypatch, tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3}, raising=False)
    machine.write(tmp_path / "proc/stat", stat(**{f"cpu{n}": [100, 0, 50, 800, 30, 5, 5, 10 * n] for n in range(4)}))
    return machine


def look_at_machine(root):
    machine = Machine(root)
    try:
        return machine.cores, machine.look()
    finally:
        machine.close()


def test_all_cores_are_read_from_the_first_line(made_up, tmp_path):
    cores, times = look_at_machine(tmp_path)
    assert cores == 4
    assert times.idle == pytest.approx(4 * 830 * STEP)
    assert times.stolen == pytest.approx(60 * STEP)
    assert times.counted == pytest.approx((4 * 990 + 60) * STEP)
    assert (times.throttled, times.stalled, times.megahertz) == (0, None, None)


def test_only_the_cores_this_process_may_use_count(made_up, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {1, 3, 77})
    cores, times = look_at_machine(tmp_path)
    assert cores == 2
    assert times.stolen == pytest.approx(40 * STEP)


def test_pressure_is_read_in_seconds(made_up, tmp_path):
    made_up.write(tmp_path / "proc/pressure/cpu", "some avg10=1.00 avg60=0.00 avg300=0.00 total=2500000\nfull total=7")
    assert look_at_machine(tmp_path)[1].stalled == 2.5


def test_frequencies_are_averaged_over_a_few_cores(made_up, tmp_path):
    for core, kilohertz in enumerate([2_000_000, 3_000_000]):
        made_up.write(tmp_path / f"sys/devices/system/cpu/cpu{core}/cpufreq/scaling_cur_freq", str(kilohertz))
    made_up.write(tmp_path / "sys/devices/system/cpu/cpu2/cpufreq/scaling_cur_freq", "<unknown>")
    assert look_at_machine(tmp_path)[1].megahertz == 2500


def test_a_quota_of_any_ancestor_tells_how_long_it_held_back(made_up, tmp_path):
    made_up.join("cgroup2", "/a/b")
    made_up.write(made_up.groups / "a/b/cpu.max", "max 100000")
    made_up.write(made_up.groups / "a/b/cpu.stat", "nr_throttled 9\nthrottled_usec 99000000")
    made_up.write(made_up.groups / "a/cpu.max", "50000 100000")
    made_up.write(made_up.groups / "a/cpu.stat", "usage_usec 5\nnr_throttled 3\nthrottled_usec 1500000")
    assert look_at_machine(tmp_path)[1].throttled == 1.5


def test_version_1_counts_nanoseconds(made_up, tmp_path):
    made_up.join("cgroup", "/a", options="rw,cpu,cpuacct")
    made_up.write(made_up.groups / "a/cpu.cfs_quota_us", "50000")
    made_up.write(made_up.groups / "a/cpu.cfs_period_us", "100000")
    made_up.write(made_up.groups / "a/cpu.stat", "nr_periods 4\nnr_throttled 2\nthrottled_time 250000000")
    assert look_at_machine(tmp_path)[1].throttled == 0.25


@pytest.mark.parametrize("text", ["", "intr 1 2 3", "cpu  1 2 3"])
def test_a_machine_that_tells_nothing_is_no_error(made_up, tmp_path, text):
    made_up.write(tmp_path / "proc/stat", text)
    cores, times = look_at_machine(tmp_path)
    assert cores >= 1
    assert times.counted is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [(b"a 12\nb 3", 3), (b"b\t4\n", 4), (b"b=5", 5), (b"b x", None), (b"b", None), (b"b ", None), (b"", None)],
)
def test_numbers_behind_words(text, expected):
    assert number_after(text, b"b") == expected


def test_a_file_that_is_not_there_reads_as_empty(tmp_path):
    missing = Again(tmp_path / "missing")
    assert missing.read() == b""
    missing.close()


class MadeUpFamily:
    """Processes in a folder, whose CPU times are in a dict."""

    def __init__(self, machine, folder):
        self._machine, self._proc, self.cpu = machine, folder / "proc", {}

    def put(self, pid, children, *, cpu=1.0, switches=0, threads=1):
        self.cpu[pid] = cpu
        folder = self._proc / str(pid)
        status = f"Name:\tThreads:\nPid:\t{pid}\nThreads:\t{threads}\nnonvoluntary_ctxt_switches:\t{switches}"
        self._machine.write(folder / "status", status)
        for number in range(threads):
            mine = children[number::threads]
            self._machine.write(folder / f"task/{pid + number}/children", " ".join(map(str, mine)))

    def look(self):
        family = Family(self._proc, self.cpu.get)
        try:
            return family.look()[0]
        finally:
            family.close()


@pytest.fixture
def family(made_up, tmp_path):
    return MadeUpFamily(made_up, tmp_path)


@LINUX
def test_the_family_reaches_through_a_nursery_and_every_thread(family):
    nursery, workers, other = 10**7, (10**7 + 10, 10**7 + 20), 10**7 + 30
    family.put(ME, [nursery, other], threads=2)
    family.put(nursery, workers, cpu=0.5)
    for pid in workers:
        family.put(pid, [], cpu=2.0, switches=7)
    family.put(other, [], cpu=4.0)
    members = family.look()
    assert set(members) == {ME, nursery, other, *workers}
    assert members[workers[0]] == Member(2.0, 7)
    assert sum(member.cpu for member in members.values()) == 9.5


@LINUX
def test_a_process_that_ends_while_one_looks_is_left_out(family):
    family.put(ME, [10**7, 10**7 + 1])
    family.put(10**7, [], cpu=None)
    assert set(family.look()) == {ME}


def a_reading(at, members=None, ended=(0.0, 0), **machine):
    known = {pid: Member(*figures) for pid, figures in (members or {1: (0.0, 0)}).items()}
    return Reading(at, Times(**machine), known, Member(*ended))


def test_what_is_neither_idle_nor_stolen_nor_ours_is_the_others():
    first = a_reading(10.0, {1: (5.0, 3)}, counted=100.0, idle=50.0, stolen=1.0, stalled=4.0, megahertz=3000.0)
    second = a_reading(12.0, {1: (6.5, 13)}, counted=108.0, idle=54.0, stolen=1.41, stalled=4.5, megahertz=2000.0)
    noise = between(first, second, 4)
    assert noise.others == pytest.approx((8 - 4 - 0.41 - 1.5 - STEP) / 2)
    assert noise.stolen == pytest.approx((0.41 - STEP) / 8)
    assert noise.pressure == 0.25
    assert noise.switches == 5
    assert noise.megahertz == 2500
    assert noise.throttled == 0
    assert noise.reasons == ()


def test_one_step_of_the_clock_is_no_neighbour():
    idle = a_reading(0.0, counted=0.0, idle=0.0, stolen=0.0)
    rounded = a_reading(0.05, counted=0.1, idle=0.1 - STEP, stolen=0.0)
    assert between(idle, rounded, 2).others == pytest.approx(0, abs=1e-9)
    rounded = a_reading(0.05, counted=0.1, idle=0.1 - STEP, stolen=STEP)
    assert between(idle, rounded, 2).stolen == 0


def test_those_who_start_or_end_meanwhile_are_family_too():
    first = a_reading(0.0, {1: (1.0, 1), 2: (3.0, 10)}, ended=(7.0, 100), counted=0.0)
    second = a_reading(1.0, {1: (1.2, 2), 3: (0.1, 5)}, ended=(10.5, 112), counted=4.0)
    found = spell(first, second, 4)
    assert found.own == pytest.approx(0.2 + 0.1 + 0.5)
    assert found.switches == 1 + 5 + 2


def test_one_who_is_gone_but_not_reaped_takes_nothing_back():
    first = a_reading(0.0, {1: (1.0, 1), 2: (3.0, 10)})
    assert spell(first, a_reading(1.0, {1: (1.5, 4)}), 4).own == 0.5


def test_a_quota_that_holds_two_workers_back_half_of_the_time():
    assert rates(Spell(seconds=10, own=10, throttled=10), 4).throttled == 0.5
    assert rates(Spell(seconds=10, own=5, throttled=5), 4).throttled == 0.5
    assert rates(Spell(seconds=10, own=2, throttled=3), 4).throttled == 0.3


def test_counters_that_stand_still_tell_nothing():
    still = {"counted": 0.0, "idle": 0.0, "stolen": 0.0}
    assert spell(a_reading(0.0, **still), a_reading(1.0, **still), 2).busy is None
    assert between(a_reading(0.0, **still), a_reading(1.0, **still), 2).others == 0
    assert between(a_reading(0.0), a_reading(1.0), 2) == Noise()
    assert between(a_reading(0.0, **still), a_reading(0.0, **still), 2) == Noise()


PART = st.floats(0, 10)
SPELLS = st.builds(Spell, PART, PART | st.none(), PART, PART, PART, PART | st.none(), st.integers(0, 99), PART)


@given(SPELLS, SPELLS, st.integers(1, 64))
def test_spells_add_up_and_rates_stay_in_range(one, other, cores):
    together = one + other
    assert together.seconds == one.seconds + other.seconds
    assert (together.busy is None) == (one.busy is None or other.busy is None)
    noise = rates(together, cores)
    assert 0 <= noise.others <= cores
    assert 0 <= noise.stolen <= 1
    assert 0 <= noise.throttled <= 1
    assert noise.pressure is None or 0 <= noise.pressure <= 1


def test_a_real_look_is_sane():
    with Sensors() as sensors:
        first = sensors.look()
        sum(range(300_000))
        second = sensors.look()
        found = spell(first, second, sensors.cores)
        noise = between(first, second, sensors.cores)
    assert ME in first.members
    assert 0 < found.own <= found.seconds * threading.active_count() + STEP
    assert second.at > first.at
    assert 0 <= noise.others <= sensors.cores
    assert sensors.cores <= (os.cpu_count() or 1)


@LINUX
def test_a_real_child_is_counted_alive_and_when_it_has_ended():
    code = "sum(range(3_000_000)); print(flush=True); input()"
    with Sensors() as sensors:
        first = sensors.look()
        child = subprocess.Popen([sys.executable, "-ISc", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert child.stdout
        child.stdout.readline()
        alive = sensors.look()
        child.communicate(b"\n")
        gone = sensors.look()
    assert alive.members[child.pid].cpu > 0
    assert child.pid not in gone.members
    whole = gone.ended.cpu - first.ended.cpu
    used = spell(first, alive, 1).own + spell(alive, gone, 1).own
    assert used >= whole * 0.99
    assert spell(first, gone, 1).own >= whole


def test_what_psutil_tells_is_the_same_in_kind():
    machine, family = PlainMachine(), PlainFamily()
    times = machine.look()
    members, ended = family.look()
    assert machine.cores >= 1
    assert times.counted is not None
    assert 0 < times.idle < times.counted
    assert members[ME].cpu > 0
    assert ended.cpu <= sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) + STEP
    machine.close()
    family.close()


def test_without_proc_the_sensors_fall_back_to_psutil(tmp_path):
    with Sensors(tmp_path) as sensors:
        first = sensors.look()
        assert between(first, sensors.look(), sensors.cores).megahertz is None
        assert ME in first.members


def test_a_watch_without_sensors_tells_nothing():
    watch = NoiseWatch(None)
    watch.begin()
    watch.end()
    assert watch.noise(1) is None


class Script:
    """Sensors that read what they are told to."""

    cores = 2

    def __init__(self, *readings):
        self._readings = list(readings)

    def look(self):
        return self._readings.pop(0)


def test_a_watch_adds_its_spells_up():
    stands = {"counted": 0.0, "idle": 0.0}
    passed = {"counted": 2.0, "idle": 1.0}
    readings = [
        a_reading(0.0, **stands),
        a_reading(1.0, {1: (0.5, 0)}, **passed),
        a_reading(50.0, **stands),
        a_reading(51.0, {1: (1.0, 30)}, **passed),
    ]
    watch = NoiseWatch(Script(*readings))
    watch.end()  # without a beginning
    for _ in range(2):
        watch.begin()
        watch.end()
    noise = watch.noise(2)
    assert noise is not None
    assert noise.others == pytest.approx((0.5 + 0.0 - STEP) / 2)
    assert noise.switches == 15
