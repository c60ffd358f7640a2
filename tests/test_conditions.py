"""What moves measurements on one machine, and that it makes no other machine of it."""

import os

import pytest

from engine import conditions as module
from engine import host
from engine.conditions import conditions

OF_THE_PROCESS = ("logical cores", "affinity", "quota")
"""What is asked of the process and not read below a folder."""


def a_machine(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return {name: words for name, words in conditions(folder).items() if name not in OF_THE_PROCESS}


CPU = "sys/devices/system/cpu"


def test_a_machine_that_tells_nothing_has_no_conditions(tmp_path):
    assert a_machine(tmp_path, {}) == {}


def test_conditions_of_a_machine_that_tells_everything(tmp_path):
    files = {
        f"{CPU}/cpu0/cpufreq/scaling_governor": "performance",
        f"{CPU}/cpu1/cpufreq/scaling_governor": "powersave",
        f"{CPU}/intel_pstate/no_turbo": "0",
        f"{CPU}/smt/active": "1",
        "proc/sys/kernel/randomize_va_space": "2",
        "proc/1/cgroup": "0::/kubepods/burstable/pod1",
        "proc/cpuinfo": "processor : 0\nflags : fpu hypervisor sse",
        "sys/class/dmi/id/sys_vendor": "QEMU",
    }
    assert a_machine(tmp_path, files) == {
        "governor": "performance, powersave",
        "turbo": "on",
        "hyperthreads": "on",
        "address randomisation": "on",
        "container": "kubernetes",
        "virtual machine": "QEMU",
    }


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({f"{CPU}/intel_pstate/no_turbo": "1"}, {"turbo": "off"}),
        ({f"{CPU}/cpufreq/boost": "1"}, {"turbo": "on"}),
        ({f"{CPU}/smt/active": "0"}, {"hyperthreads": "off"}),
        ({f"{CPU}/smt/active": "0", "proc/cpuinfo": "flags\t: hypervisor"}, {"virtual machine": "yes"}),
        ({"proc/cpuinfo": "flags\t: fpu"}, {}),
        ({".dockerenv": ""}, {"container": "docker"}),
        ({"run/.containerenv": ""}, {"container": "podman"}),
        ({"proc/version": "Linux version 6.6 (microsoft-standard-WSL2)"}, {"virtual machine": "WSL"}),
        ({"proc/sys/kernel/randomize_va_space": "0"}, {"address randomisation": "off"}),
        ({"proc/1/cgroup": "0::/init.scope"}, {}),
    ],
)
def test_each_condition_is_told_where_it_can_be_read(tmp_path, files, expected):
    assert a_machine(tmp_path, files) == expected


def test_affinity_and_quota_are_told_apart_and_only_where_they_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "quota", lambda: None)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    assert conditions(tmp_path) == {"logical cores": "8"}
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})
    monkeypatch.setattr(module, "quota", lambda: 1.5)
    assert conditions(tmp_path) == {"logical cores": "8", "affinity": "3 logical cores", "quota": "1.5 cores"}


def test_a_machine_under_another_governor_is_the_same_machine(monkeypatch):
    told = []
    for governor in ("powersave", "performance"):
        monkeypatch.setattr(host, "conditions", lambda governor=governor: {"governor": governor})
        told.append(host.describe_host())
    assert [each.conditions["governor"] for each in told] == ["powersave", "performance"]
    assert told[0].fingerprint == told[1].fingerprint
