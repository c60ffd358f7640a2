"""The identity of the code: what changes it, and what does not."""

import sys

import pytest
from msgspec.structs import replace

from engine.host import describe_host
from engine.request import SweepRequest
from engine.tune.identity import code_of, sources
from engine.workloads import WORKLOADS, resolve

HELPER = "def rest(task):\n    return task\n"
MAIN = "def tasks():\n    return [1, 2]\n\n\ndef run_one(task):\n    import {helper}\n    return {helper}.rest(task)\n"


@pytest.fixture
def user(tmp_path, monkeypatch, request):
    """A folder with a user's file that imports another one from beside it."""
    name = f"identity_{abs(hash(request.node.name))}"
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / f"{name}_helper.py").write_text(HELPER)
    (tmp_path / f"{name}.py").write_text(MAIN.format(helper=f"{name}_helper"))
    return tmp_path / f"{name}.py"


def code(file, **changes):
    request = SweepRequest(workload=f"{file}:run_one", tasks=f"{file}:tasks", **changes)
    return code_of(request, resolve(request.workload, request.tasks), describe_host())


def test_how_it_is_measured_is_not_its_code(user):
    assert code(user) == code(user, blocks=9, goal="steady")


def test_a_change_of_the_file_or_of_one_beside_it_is_other_code(user):
    before = code(user)
    user.with_name(f"{user.stem}_helper.py").write_text(HELPER + "\n")
    assert code(user) != before
    user.with_name("unrelated.py").write_text("x = 1")
    between = code(user)
    user.write_text(user.read_text() + "\n")
    assert code(user) != between


def test_other_libraries_are_other_code():
    request, host = SweepRequest(workload="fixed_cost"), describe_host()
    workload = resolve("fixed_cost")
    assert code_of(request, workload, host) != code_of(request, workload, replace(host, libraries={}))


def test_imports_are_followed_in_a_ring_and_into_packages(tmp_path):
    (tmp_path / "a.py").write_text("import b\nfrom package.inner import x\nimport numpy\n")
    (tmp_path / "b.py").write_text("import a\nfrom . import c\n")
    (tmp_path / "c.py").write_text("")
    (tmp_path / "package").mkdir()
    for name in ("__init__", "inner", "other"):
        (tmp_path / "package" / f"{name}.py").write_text("")
    found = {str(path.relative_to(tmp_path)) for path in sources(tmp_path / "a.py")}
    assert found == {"a.py", "b.py", "c.py", *(f"package/{name}.py" for name in ("__init__", "inner", "other"))}


def test_a_file_that_was_broken_since_counts_as_it_is(tmp_path):
    (tmp_path / "a.py").write_text("import b\n")
    (tmp_path / "b.py").write_text("def broken(:\n")
    assert len(sources(tmp_path / "a.py")) == 2


def test_every_built_in_workload_has_code_of_its_own():
    host = describe_host()
    codes = {code_of(SweepRequest(workload=each.name), each, host) for each in WORKLOADS}
    assert len(codes) == len(WORKLOADS)
