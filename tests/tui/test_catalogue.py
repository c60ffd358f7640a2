"""What the form offers, looked up in a process of its own."""

import asyncio
import os

import pytest

from engine.errors import RequestError
from workbench.tui.catalogue import InstalledOffer, Reference, load_catalogue

MINE = '''
def tasks():
    return [1, 2, 3]

def load():
    return {"factor": 3}

def run_one(data, task):
    """Scale a task."""
    return data["factor"] * task
'''
OFFERED = """
from pathlib import Path

Path(__file__).with_suffix(".imported").touch()

from engine.workload import Kernel, Workload

def kernel(data, tasks):
    return list(tasks)

WORK = Workload("work", "does little", lambda size: None, lambda data: [1, 2], {"python": Kernel(kernel)})
"""


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """A folder with two installed packages, one of which takes the name of a built-in workload."""
    (tmp_path / "offered_work.py").write_text(OFFERED)
    for package, name in (("acme-tests", "triple"), ("acme-greedy", "straddles")):
        folder = tmp_path / f"{package.replace('-', '_')}-1.2.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
        (folder / "entry_points.txt").write_text(f"[workbench.workloads]\n{name} = offered_work:WORK\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    return tmp_path


def test_a_function_is_looked_up_with_its_tasks_and_data(tmp_path):
    mine = tmp_path / "mine_offered.py"
    mine.write_text(MINE)
    wanted = Reference(f"{mine}:run_one", f"{mine}:tasks", f"{mine}:load")
    [offer] = asyncio.run(load_catalogue(wanted)).workloads
    assert (offer.reference, offer.summary, offer.kernels) == (f"{mine}:run_one", "Scale a task.", ("python",))
    with pytest.raises(RequestError, match="say what its tasks are, as in --tasks"):
        asyncio.run(load_catalogue(Reference(f"{mine}:run_one")))


def test_workloads_of_packages_are_named_without_an_import_until_one_is_chosen(packages):
    catalogue = asyncio.run(load_catalogue())
    assert "straddles" in [offer.reference for offer in catalogue.workloads]
    assert {
        InstalledOffer(reference="triple", name="triple", package="acme-tests 1.2"),
        InstalledOffer(reference="offered_work:WORK", name="straddles", package="acme-greedy 1.2"),
    } <= set(catalogue.installed)
    assert not (packages / "offered_work.imported").exists()
    [offer] = asyncio.run(load_catalogue(Reference("triple"))).workloads
    assert (offer.reference, offer.summary) == ("triple", "does little")
