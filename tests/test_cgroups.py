import pytest

from engine import cgroups, host
from tests.machine import made_up_machine

MB = 1 << 20
V1_UNLIMITED = "9223372036854771712"


@pytest.fixture
def machine(monkeypatch, tmp_path):
    return made_up_machine(monkeypatch, tmp_path)


def test_every_ancestor_is_looked_at_innermost_first(machine):
    machine.join("cgroup2", "/user.slice/run.scope")
    top = machine.groups
    assert cgroups.folders("memory") == (top / "user.slice/run.scope", top / "user.slice", top)


def test_a_container_sees_its_part_of_the_tree_only(machine):
    machine.join("cgroup2", "/docker/abc/inner", root="/docker/abc")
    assert cgroups.folders("memory") == (machine.groups / "inner", machine.groups)


@pytest.mark.parametrize("path", ["/../other", "/elsewhere"])
def test_a_group_outside_what_is_mounted_leaves_the_mount(machine, path):
    machine.join("cgroup2", path, root="/docker/abc")
    assert cgroups.folders("memory") == (machine.groups,)


def test_each_controller_of_version_1_has_a_tree_of_its_own(machine):
    machine.join("cgroup", "/a", mount=machine.groups / "cpu", options="rw,cpu,cpuacct")
    machine.join("cgroup", "/b", mount=machine.groups / "memory", options="rw,memory")
    machine.join("cgroup2", "/", mount=machine.groups / "unified")
    tree = machine.groups
    assert cgroups.folders("cpu") == (tree / "cpu/a", tree / "cpu", tree / "unified")
    assert cgroups.folders("memory") == (tree / "memory/b", tree / "memory", tree / "unified")
    assert cgroups.folders("pids") == (tree / "unified",)


def test_a_folder_may_have_a_blank_in_its_name(machine):
    machine.join("cgroup2", "/", mount=machine.groups / "of mine")
    assert cgroups.folders("cpu") == (machine.groups / "of mine",)


def test_a_system_without_proc_has_no_groups_and_no_limits(monkeypatch, tmp_path):
    monkeypatch.setattr(cgroups, "PROC", tmp_path / "missing")
    assert cgroups.folders("memory") == ()
    assert cgroups.memory_limit() is None
    assert cgroups.cores() is None
    assert host.usable_cores() >= 1
    assert host.memory_bytes() > 0


@pytest.mark.parametrize(
    ("texts", "expected"),
    [(["7"], 7), (["max"], None), ([None, "9"], 9), ([None, None], None), (["max", "9"], None), (["-1"], None)],
)
def test_the_first_file_that_exists_tells_the_number(tmp_path, texts, expected):
    names = ["new", "old"][: len(texts)]
    for name, text in zip(names, texts, strict=True):
        if text is not None:
            (tmp_path / name).write_text(f"{text}\n")
    assert cgroups.number(tmp_path, *names) == expected


def test_the_tightest_memory_limit_of_all_ancestors_holds(machine):
    machine.join("cgroup2", "/a/b")
    machine.write(machine.groups / "a/b/memory.max", "max")
    machine.write(machine.groups / "a/memory.max", str(5 * MB))
    assert cgroups.memory_limit() == host.memory_bytes() == 5 * MB
    machine.write(machine.groups / "memory.max", str(3 * MB))
    assert cgroups.memory_limit() == host.memory_bytes() == 3 * MB


def test_without_a_real_limit_the_machine_decides_about_memory(machine):
    machine.join("cgroup", "/a", options="rw,memory")
    machine.write(machine.groups / "a/memory.limit_in_bytes", V1_UNLIMITED)
    assert MB < host.memory_bytes() < int(V1_UNLIMITED)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a/b/cpu.max": "150000 100000"}, 2),
        ({"a/b/cpu.max": "max 100000", "a/cpu.max": "300000 100000", "cpu.max": "800000 100000"}, 3),
        ({"a/b/cpu.max": "1000 100000"}, 1),
        ({"a/b/cpu.max": "max 100000"}, None),
        ({}, None),
    ],
)
def test_cpu_quotas_of_version_2(machine, files, expected):
    machine.join("cgroup2", "/a/b")
    for name, text in files.items():
        machine.write(machine.groups / name, text)
    assert cgroups.cores() == expected


def test_a_quota_is_told_exactly(machine):
    machine.join("cgroup2", "/a")
    machine.write(machine.groups / "a/cpu.max", "150000 100000")
    assert cgroups.quota() == 1.5


@pytest.mark.parametrize(("quota", "expected"), [("250000", 3), ("-1", None)])
def test_cpu_quotas_of_version_1(machine, quota, expected):
    machine.join("cgroup", "/a", options="rw,cpu,cpuacct")
    machine.write(machine.groups / "a/cpu.cfs_quota_us", quota)
    machine.write(machine.groups / "a/cpu.cfs_period_us", "100000")
    assert cgroups.cores() == expected


def test_a_quota_lowers_the_usable_cores_and_never_below_one(machine):
    machine.join("cgroup2", "/a")
    machine.write(machine.groups / "a/cpu.max", "100 100000")
    assert host.usable_cores() == 1
    machine.write(machine.groups / "a/cpu.max", "99900000 100000")
    with_much_quota = host.usable_cores()
    machine.write(machine.groups / "a/cpu.max", "max 100000")
    assert host.usable_cores() == with_much_quota
