"""The nursery that workers are forked from, and the user's script in workers."""

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
from collections import Counter

import psutil
import pytest

from engine.errors import RequestError
from engine.pool.starting import START_METHODS, forkserver
from engine.pool.starting.client import Client
from engine.pool.starting.preparation import preparation
from tests.conftest import wait_until
from tests.pool.started import PATIENCE, PROMPT, ROOT, Worker, a_worker, an_engine, first_line, has_ended

each_method = pytest.mark.parametrize("method", START_METHODS)


def client():
    found = forkserver._Shared.client
    assert found is not None
    return found


@pytest.fixture
def nursery(monkeypatch):
    """A nursery of the test's own, with nothing excluded."""
    monkeypatch.setattr(forkserver._Shared, "client", None)
    monkeypatch.setattr(forkserver._Shared, "losses", Counter())
    monkeypatch.setattr(forkserver._Shared, "excluded", set())
    yield lambda: psutil.Process(client()._process.pid)
    forkserver._part()


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module that workers can import."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name, text):
        (tmp_path / f"{name}.py").write_text(text)
        return name

    return write


# ---- the user's script

SCRIPT = """
import pickle, socket, sys
from engine.pool.starting import starter
from engine.pool.starting.preparation import preparation

print("running", __name__, flush=True)

def triple(number):
    return 3 * number

def main():
    facts = preparation()
    ours, theirs = socket.socketpair()
    process = starter(sys.argv[1], sys.argv[2:]).start(theirs, "tests.pool.bodies:call_from_main")
    theirs.close()
    ours.send(pickle.dumps((facts, pickle.dumps(triple))))
    imported_before, answer = pickle.loads(ours.recv(1 << 16))
    print(imported_before, answer, process.exit_code(20))
"""
GUARDED = (
    SCRIPT
    + """
if __name__ == "__main__":
    main()
"""
)
UNGUARDED = (
    SCRIPT
    + """
main()
"""
)


def run_script(tmp_path, text, *arguments):
    path = tmp_path / "script.py"
    path.write_text(text)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=PATIENCE, check=False)


@each_method
def test_a_function_defined_in_the_script_is_found(method, tmp_path, leftovers):
    ended = run_script(tmp_path, GUARDED, method)
    already = method == "fork"
    assert ended.stdout.splitlines() == [
        "running __main__",
        *([] if already else ["running __mp_main__"]),
        f"{already} 42 0",
    ]
    assert ended.stderr == ""


def test_the_nursery_imports_the_script_when_told_to(tmp_path, leftovers):
    ended = run_script(tmp_path, GUARDED, "forkserver", "__main__")
    assert ended.stdout == "running __main__\nTrue 42 0\n"
    assert ended.stderr == "running __mp_main__\n"


@pytest.mark.parametrize("arguments", [("spawn",), ("forkserver",), ("forkserver", "__main__")])
def test_a_script_without_a_main_guard_is_told_to_have_one(arguments, tmp_path, leftovers):
    ended = run_script(tmp_path, UNGUARDED, *arguments)
    assert "engine.errors.RequestError: worker processes import your script" in ended.stdout
    assert "below if __name__ == '__main__':" in ended.stdout


@each_method
def test_nothing_starts_while_the_script_is_imported(method, monkeypatch):
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    with pytest.raises(RequestError, match="below if __name__ == '__main__':"):
        preparation()
    with pytest.raises(RequestError, match="below if __name__ == '__main__':"):
        Worker(method)


def test_a_script_without_a_main_guard_can_fork(tmp_path, leftovers):
    assert run_script(tmp_path, UNGUARDED, "fork").stdout == "running __main__\nTrue 42 0\n"


def test_a_fork_does_not_import_the_script_again_whatever_it_is_called(tmp_path, leftovers):
    (tmp_path / "script.py").write_text(GUARDED)
    (tmp_path / "folder").mkdir()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(tmp_path / "folder" / ".." / "script.py"), "fork"]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=PATIENCE, check=False)
    assert ended.stdout == "running __main__\nTrue 42 0\n"


def test_a_script_that_is_a_module_is_found_by_its_name(tmp_path, leftovers):
    (tmp_path / "scripted.py").write_text(GUARDED)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "scripted", "forkserver", "__main__"]
    ended = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=PATIENCE, check=False
    )
    assert ended.stdout == "running __main__\nTrue 42 0\n"


def test_preparation_leaves_multiprocessing_to_the_user():
    code = "import multiprocessing as m; from engine.pool.starting import preparation as p; p.preparation(); "
    code += "m.set_start_method('spawn')"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_a_script_that_is_gone_is_not_imported():
    code = "import __main__; from engine.pool.starting.preparation import preparation; __main__.__file__ = 'gone.py'; "
    code += "print([key for key in preparation() if 'main' in key])"
    assert subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, stdout=subprocess.PIPE).stdout == b"[]\n"


def test_preparation_travels():
    facts = preparation()
    assert pickle.loads(pickle.dumps(facts)) == facts
    assert facts["sys_argv"] == sys.argv


@each_method
def test_text_that_the_engine_has_not_written_out_is_printed_once(method, tmp_path, leftovers, monkeypatch):
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    text = GUARDED.replace("flush=True", "end=' '")  # into a pipe, so it stays in the buffer
    assert run_script(tmp_path, text, method).stdout.count("running __main__") == 1


# ---- the nursery


def test_workers_come_out_of_one_nursery_with_one_thread(nursery):
    with a_worker("forkserver") as first, a_worker("forkserver") as second:
        parents = {psutil.Process(worker.process.pid).ppid() for worker in (first, second)}
        assert parents == {nursery().pid}
        assert first.ask("'numpy' in sys.modules, threads()") == "(True, 1)"
        assert first.ask("__import__('gc').isenabled(), __import__('gc').get_freeze_count() > 10000") == "(True, True)"
        assert nursery().num_threads() == 1
        assert nursery().environ()["OPENBLAS_NUM_THREADS"] == "1"
        assert os.getsid(nursery().pid) == nursery().pid


def test_a_nursery_imports_what_it_is_told_to(nursery, module, capfd, monkeypatch):
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    name = module("worth_preloading", "print('imported once')")
    with a_worker("forkserver") as worker:
        assert worker.ask(f"{name!r} in sys.modules") == "False"
    for _ in range(2):
        with a_worker("forkserver", preload=[name]) as worker:
            assert worker.ask(f"{name!r} in sys.modules") == "True"
            assert worker.leave() == 0
    assert capfd.readouterr() == ("", "imported once\n")


@pytest.mark.parametrize("text", ["raise ValueError", "import sys; sys.exit()", "import nothing_of_that_name", "1 +"])
def test_a_module_that_cannot_be_imported_is_left_to_the_workers(nursery, module, text):
    with a_worker("forkserver") as worker, a_worker("forkserver", preload=[module("broken", text)]) as second:
        assert {psutil.Process(one.process.pid).ppid() for one in (worker, second)} == {nursery().pid}


def test_a_module_that_ends_the_nursery_is_left_to_the_workers(nursery, module):
    name = module("deadly", "import os; os._exit(3)")
    with a_worker("forkserver", preload=[name]) as worker:
        assert worker.ask(f"{name!r} in sys.modules, 'numpy' in sys.modules") == "(False, True)"


THREADED = "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()"


def test_a_module_that_starts_a_thread_is_left_to_the_workers(nursery, module):
    name = module("threaded", THREADED)
    with a_worker("forkserver") as before:
        old = nursery()
        with a_worker("forkserver", preload=[name]) as worker:
            assert nursery() != old
            assert worker.ask(f"{name!r} in sys.modules, threads()") == "(False, 1)"
            assert worker.ask(f"bool(__import__({name!r})), threads()") == "(True, 2)"
            assert before.ask("1") == "1"
        assert old.is_running()
        assert before.leave() == 0
    assert not old.is_running()
    new = nursery()
    with a_worker("forkserver", preload=[name]):
        assert nursery() == new


def test_a_nursery_that_was_killed_is_replaced(nursery):
    with a_worker("forkserver") as worker:
        old = nursery()
        old.kill()
        assert worker.process.exit_code(PATIENCE) == -signal.SIGKILL
        with a_worker("forkserver") as second:
            assert second.ask("1") == "1"
            assert nursery() != old
    assert not old.is_running()


def test_the_end_of_a_nursery_is_seen_although_something_else_holds_its_socket(nursery, module, tmp_path):
    name = module("forking", "import os, time; os.fork() or time.sleep(600)")
    with a_worker("forkserver", preload=[name]) as worker:
        (held,) = [child for child in nursery().children() if child.pid != worker.process.pid]
        nursery().kill()
        with a_worker("forkserver") as second:
            assert second.ask("1") == "1"
        held.kill()


def test_a_module_that_ignores_its_children_costs_no_exit_code(nursery, module):
    name = module("ignoring", "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)")
    with a_worker("forkserver", "leave", preload=[name]) as worker:
        assert worker.process.exit_code(PATIENCE) == 7


def test_a_nursery_that_was_stopped_is_replaced(nursery, monkeypatch):
    with a_worker("forkserver") as worker:
        old = nursery()
        old.suspend()
        monkeypatch.setattr(Client, "patience", 3.0)
        with a_worker("forkserver") as second:
            assert second.ask("1") == "1"
            assert nursery() != old
        assert worker.process.exit_code(PATIENCE) == -signal.SIGKILL


def test_a_nursery_whose_messages_were_interrupted_is_replaced(nursery):
    with a_worker("forkserver") as worker:
        old = nursery()
        client()._torn = True  # as KeyboardInterrupt leaves it between the halves of a message
        with a_worker("forkserver") as second:
            assert second.ask("1") == "1"
            assert nursery() != old
            assert worker.ask("1") == "1"


def test_a_nursery_that_is_killed_again_and_again_costs_no_module(nursery, module):
    for name in [module(f"harmless{number}", "") for number in range(3)]:
        with a_worker("forkserver", preload=[name]) as worker:  # the nursery is lost when told to import it
            assert worker.ask(f"{name!r} in sys.modules, 'numpy' in sys.modules") == "(True, True)"
            nursery().kill()
            assert worker.process.exit_code(PATIENCE) == -signal.SIGKILL


def test_a_nursery_ends_with_its_engine(leftovers):
    with an_engine("forkserver", "obey") as (engine, worker):
        (child,) = psutil.Process(engine.pid).children()
        nursery = os.pidfd_open(child.pid)
        engine.kill()
        assert has_ended(worker, PROMPT)
        assert has_ended(nursery, PROMPT)
        os.close(nursery)


def test_a_nursery_that_is_busy_importing_ends_with_its_engine(tmp_path, leftovers):
    (tmp_path / "endless.py").write_text(
        "print('importing', flush=True)\nimport re; re.match('(a+)+$', 'a' * 60 + 'b')"
    )
    code = "import socket; from engine.pool.starting import starter; "
    code += "starter('forkserver', ['endless']).start(socket.socketpair()[0], 'tests.pool.bodies:obey')"
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, env=environment) as engine:
        assert first_line(engine.stderr) == b"importing\n"
        (child,) = psutil.Process(engine.pid).children()
        handle = os.pidfd_open(child.pid)
        engine.kill()
        assert has_ended(handle, PROMPT)
        os.close(handle)


def test_what_arrow_starts_when_imported_does_not_spoil_a_nursery(nursery):
    with a_worker("forkserver", preload=["pyarrow"]) as worker:
        assert worker.ask("'pyarrow' in sys.modules, threads()") == "(True, 1)"
        assert worker.ask("'JE_ARROW_MALLOC_CONF' in os.environ") == "False"


def test_a_fork_of_the_engine_has_a_nursery_of_its_own(nursery):
    # the lock as another thread may hold it at that moment
    with a_worker("forkserver") as worker, forkserver._Shared.lock, a_worker("fork") as fork:
        parent = fork.ask("sys.modules['tests.pool.test_nursery'].parent_of_a_worker()")
        assert parent == str(psutil.Process(fork.process.pid).children()[0].pid)
        assert worker.ask("os.getppid()") == str(nursery().pid)


FORGETTING = """
import os, socket
from engine.pool.starting import starter
ours, theirs = socket.socketpair()
process = starter("forkserver").start(theirs, "tests.pool.bodies:obey")
process.kill(); process.exit_code(20); process.close()
pid = os.fork()
if pid:
    os.waitpid(pid, 0)
ours.close(); theirs.close()
"""


def test_a_fork_of_the_engine_forgets_the_nursery_without_a_word(leftovers):
    command = [sys.executable, "-W", "error", "-c", FORGETTING]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE, check=True)
    assert ended.stderr == ""


def test_asking_about_a_worker_that_another_thread_closes_costs_nothing(nursery):
    with a_worker("forkserver") as worker, a_worker("forkserver") as closed:
        ticket = closed.process._ticket
        closed.process.close()
        client().kill(ticket, signal.SIGKILL)
        assert client().exit_code(ticket, PATIENCE) is None
        assert worker.ask("1") == "1"


def test_a_worker_that_nobody_asks_about_is_reaped(nursery):
    with a_worker("forkserver") as worker, a_worker("forkserver") as forgotten:
        forgotten.process.kill()
        assert has_ended(forgotten.process.handle, PATIENCE)
        forgotten.process.close()
        assert forgotten.process.exit_code(PATIENCE) is None
        assert wait_until(lambda: [child.pid for child in nursery().children()] == [worker.process.pid], PATIENCE)


def parent_of_a_worker():
    with a_worker("forkserver") as worker:
        return int(worker.ask("os.getppid()"))
