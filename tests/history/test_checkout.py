"""The commit beside every sweep."""

import subprocess
import sys

import pytest

from engine.history import checkout, open_history
from engine.history.checkout import Checkout, checkout_of
from tests.history.reports import a_day

NAME = ("-c", "user.name=me", "-c", "user.email=me@example.org", "-c", "commit.gpgsign=false")


def git(folder, *arguments):
    done = subprocess.run(["git", *NAME, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A checkout with one commit, away from the working folder."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mine"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "mine_plain.py").write_text("WORK = 1\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "first")
    return folder


def found(reference):
    checkout = checkout_of(reference)
    assert checkout
    return checkout


def reference(folder):
    return f"{folder}/mine_plain.py:WORK"


def test_a_clean_checkout_is_its_commit(folder):
    head = git(folder, "rev-parse", "HEAD")
    assert checkout_of(reference(folder)) == Checkout(head, False)
    (folder / "results.json").write_text("{}")
    assert checkout_of(reference(folder)) == Checkout(head, False)


def test_a_changed_file_makes_it_dirty(folder):
    (folder / "mine_plain.py").write_text("WORK = 2\n")
    assert found(reference(folder)).dirty is True


def test_a_workload_that_is_not_in_the_commit_makes_it_dirty(folder):
    (folder / "mine_new.py").write_text("WORK = 2\n")
    assert found(f"{folder}/mine_new.py:WORK").dirty is True


def test_a_built_in_workload_has_the_commit_of_the_working_folder(folder, monkeypatch):
    assert checkout_of("straddles") is None
    monkeypatch.chdir(folder)
    assert found("straddles").commit == git(folder, "rev-parse", "HEAD")


def test_a_module_has_the_commit_of_its_own_folder(folder, monkeypatch):
    monkeypatch.syspath_prepend(str(folder))
    __import__("mine_plain")
    try:
        assert found("mine_plain:WORK").dirty is False
    finally:
        del sys.modules["mine_plain"]


def test_without_a_commit_without_git_and_without_a_folder_there_is_none(tmp_path, folder, monkeypatch):
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "--quiet")
    assert checkout_of(f"{empty}/x.py:WORK") is None
    assert checkout_of(f"{tmp_path}/gone/x.py:WORK") is None
    assert checkout_of("a\0b.py:WORK") is None
    monkeypatch.setenv("PATH", str(empty))
    assert checkout_of(reference(folder)) is None


def test_a_git_that_hangs_is_given_up(folder, tmp_path, monkeypatch):
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "git").write_text("#!/bin/sh\nexec tail -f /dev/null\n")
    (fake / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake}:/usr/bin:/bin")
    monkeypatch.setattr(checkout, "PATIENCE", 0.05)
    assert checkout_of(reference(folder)) is None


def test_a_program_that_the_checkout_names_is_not_started(folder, tmp_path):
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    git(folder, "config", "core.fsmonitor", str(hook))
    assert found(reference(folder)).dirty is False
    assert not (tmp_path / "ran").exists()


def test_variables_of_a_surrounding_git_do_not_mislead(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert checkout_of(reference(folder)) is not None


def test_a_sweep_is_kept_with_its_commit(folder, tmp_path):
    history = open_history(tmp_path / "h.sqlite3")
    history.add(a_day(1, workload__reference=reference(folder)))
    (sweep,) = history.sweeps()
    assert (sweep.commit, sweep.dirty) == (git(folder, "rev-parse", "HEAD"), False)
    history.add(a_day(2))
    assert (history.sweeps()[0].commit, history.sweeps()[0].dirty) == (None, None)
