"""Three ways to start a worker process, held to one contract."""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from engine.errors import Lacking, UnknownName
from engine.pool import lifeline
from engine.pool.starting import START_METHODS, forkserver, starter
from engine.threads import VARIABLES
from tests.pool.started import PATIENCE, PROMPT, ROOT, Worker, a_worker, an_engine, has_ended

each_method = pytest.mark.parametrize("method", START_METHODS)


def descriptors():
    return sorted(Path("/proc/self/fd").iterdir())


# ---- what a new process is like


@each_method
def test_the_body_gets_its_end_of_the_channel(method):
    with a_worker(method) as worker:
        assert worker.ask("6 * 7") == "42"
        assert worker.ask("os.getpid()") == str(worker.process.pid)


def test_an_unknown_start_method_is_named():
    with pytest.raises(UnknownName, match="did you mean 'spawn'"):
        starter("spwan")


@each_method
def test_a_process_is_in_a_group_of_its_own(method):
    with a_worker(method) as worker:
        assert worker.ask("os.getpgid(0)") == str(worker.process.pid)


@each_method
def test_standard_input_is_empty(method):
    with a_worker(method) as worker:
        assert worker.ask("(os.readlink('/proc/self/fd/0'), sys.stdin.read())") == "('/dev/null', '')"


@each_method
def test_no_signal_handling_of_the_engine_is_inherited(method):
    signals = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: None) for number in signals}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR1})
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    wakeup = signal.set_wakeup_fd(theirs.fileno())
    try:
        with a_worker(method) as worker:
            assert worker.ask("handlers()") == "[]"
            assert worker.ask("signal.getsignal(signal.SIGTERM) == signal.SIG_DFL") == "True"
            assert worker.ask("signal.pthread_sigmask(signal.SIG_BLOCK, ())") == "set()"
            assert worker.ask("signal.set_wakeup_fd(-1)") == "-1"
    finally:
        signal.set_wakeup_fd(wakeup)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in before.items():
            signal.signal(number, handler)
        ours.close()
        theirs.close()


@each_method
def test_what_the_engine_ignores_is_not_ignored(method):
    unlike = {signal.SIGTERM: signal.SIG_IGN, signal.SIGCHLD: signal.SIG_IGN, signal.SIGPIPE: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in unlike.items()}
    try:
        with a_worker(method) as worker:
            order = "[signal.getsignal(number).name for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE)]"
            assert worker.ask(order) == "['SIG_DFL', 'SIG_DFL', 'SIG_IGN']"
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@each_method
def test_ctrl_c_does_not_reach_a_process(method):
    with a_worker(method) as worker:
        worker.ask("1")
        worker.process.kill(signal.SIGINT)
        assert worker.ask("2") == "2"


@each_method
def test_environment_folder_and_search_path_are_those_of_the_moment(method, monkeypatch, tmp_path):
    monkeypatch.setenv("WORKBENCH_TEST_LATE", "here")
    monkeypatch.delenv("HOME")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "late"))
    with a_worker(method) as worker:
        assert worker.ask("os.environ['WORKBENCH_TEST_LATE'], 'HOME' in os.environ") == "('here', False)"
        assert worker.ask("os.getcwd()") == repr(str(tmp_path))
        assert worker.ask("sys.path") == repr(sys.path)
        limits = ["1"] * len(VARIABLES) if method == "spawn" else [*map(os.environ.get, VARIABLES)]
        assert worker.ask(f"[os.environ.get(name) for name in {VARIABLES}]") == repr(limits)


@each_method
def test_output_goes_where_that_of_the_engine_goes_at_the_moment(method, capfd):
    with a_worker(method) as worker:
        worker.ask("print('said by a worker')")
        assert worker.leave() == 0
        assert capfd.readouterr().out == "said by a worker\n"


@each_method
def test_a_process_holds_its_channel_and_its_lifeline_alone(method):
    with a_worker(method) as worker:
        kinds = eval(worker.ask("held()"))
    if method == "fork":  # a copy of this process has what pytest has opened
        assert kinds.count("socket") == 1
        assert "anon_inode" not in kinds
    else:
        assert kinds == ["pipe", "socket"]


@each_method
def test_no_process_holds_the_channel_of_another(method):
    with a_worker(method) as first, a_worker(method) as second:
        second.ask("1")
        first.process.kill()
        first.end.settimeout(PROMPT)
        assert first.end.recv(1) == b""


@each_method
def test_no_process_holds_what_the_engine_keeps_private(method):
    read_end, write_end = os.pipe()
    lifeline.keep_private(write_end)
    with a_worker(method) as worker:
        worker.ask("1")
        lifeline.release(write_end)
        os.close(write_end)
        assert select.select([read_end], [], [], PROMPT)[0]
        assert os.read(read_end, 1) == b""
    os.close(read_end)


# ---- how it ends


@each_method
def test_a_body_that_returns_ends_with_zero(method):
    with a_worker(method) as worker:
        worker.ask("1")
        assert worker.process.exit_code(0) is None
        assert worker.leave() == 0
        assert worker.process.exit_code(0) == 0


@each_method
def test_a_body_that_raises_ends_with_one_and_a_traceback(method, capfd):
    with a_worker(method, "fail") as worker:
        assert worker.process.exit_code(PATIENCE) == 1
        assert "ValueError: this body is broken" in capfd.readouterr().err


@each_method
def test_a_body_that_does_not_exist_says_so(method, capfd):
    with a_worker(method, "nothing") as worker:
        assert worker.process.exit_code(PATIENCE) == 1
        assert "has no attribute 'nothing'" in capfd.readouterr().err


@each_method
@pytest.mark.parametrize(("body", "code"), [("leave", 7), ("die", -signal.SIGUSR1)])
def test_an_exit_code_says_how_it_ended(method, body, code):
    with a_worker(method, body) as worker:
        assert has_ended(worker.process.handle, PATIENCE)
        assert worker.process.exit_code(0) == code


@each_method
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_can_be_killed_more_than_once(method, number):
    with a_worker(method) as worker:
        worker.ask("1")
        worker.process.kill(number)
        assert worker.process.exit_code(PATIENCE) == -number
        worker.process.kill(number)
        worker.process.close()
        worker.process.close()
        worker.process.kill(number)
        assert worker.process.exit_code(0) == -number


@each_method
def test_waiting_for_an_exit_code_ends_when_the_patience_does(method):
    with a_worker(method) as worker:
        worker.ask("1")
        assert worker.process.exit_code(0.01) is None


@each_method
def test_a_process_dies_with_its_parent_by_the_kernel_as_well(method):
    with a_worker(method) as worker:
        assert worker.ask("death_signal()") == str(int(signal.SIGKILL))


@each_method
def test_a_process_outlives_the_thread_that_started_it(method):
    started: list[Worker] = []
    thread = threading.Thread(target=lambda: started.append(Worker(method)))
    thread.start()
    thread.join()
    (worker,) = started
    assert worker.ask("1") == "1"
    assert worker.leave() == 0
    worker.process.close()


@each_method
def test_a_fork_of_the_engine_cannot_kill_its_workers(method):
    with a_worker(method) as worker:
        worker.ask("1")
        pid = os.fork()
        if not pid:
            try:
                worker.process.kill()
                worker.process.close()
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(pid, 0)[1] == 0
        assert worker.ask("2") == "2"


@each_method
def test_two_threads_can_start_processes_at_once(method):
    started: list[Worker] = []
    together = threading.Barrier(2)

    def start():
        together.wait()
        started.extend(Worker(method) for _ in range(3))

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({worker.ask("os.getpid()") for worker in started}) == 6
    assert [worker.leave() for worker in started] == [0] * 6
    for worker in started:
        worker.process.close()


@each_method
def test_nothing_is_left_of_many_processes(method, leftovers):
    count = {"spawn": 10}.get(method, 100)
    with a_worker(method) as worker:
        worker.ask("1")
    before = descriptors()
    for _ in range(count):
        with a_worker(method) as worker:
            worker.ask("1")
    assert descriptors() == before
    children = psutil.Process().children(recursive=True)
    assert not [child for child in children if child.status() == psutil.STATUS_ZOMBIE]


# ---- the end of the engine


@each_method
@pytest.mark.parametrize("body", ["obey", "busy"])
@pytest.mark.parametrize("where", ["main", "thread"])
def test_a_process_ends_with_its_engine_even_while_it_is_busy_in_c(method, body, where, leftovers):
    with an_engine(method, body, where) as (engine, worker):
        assert not has_ended(worker, 0)
        engine.kill()
        assert has_ended(worker, PROMPT)


@each_method
def test_a_process_ends_when_the_whole_group_of_its_engine_is_killed(method, leftovers):
    with an_engine(method, "busy") as (engine, worker):
        os.killpg(engine.pid, signal.SIGKILL)
        assert has_ended(worker, PROMPT)


# ---- systems that refuse, or have less

FULL = """
import os, resource, socket, sys
import psutil
from engine.errors import Lacking
from engine.pool.starting import starter
from tests.conftest import wait_until
starting = starter(sys.argv[1])
ours, theirs = socket.socketpair()
if sys.argv[2] == "later":
    first = starting.start(theirs, "tests.pool.bodies:obey")
    first.kill(); first.exit_code(20); first.close()
resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
full, refused = [], 0
try:
    while True:
        full.append(os.dup(2))
except OSError:
    pass
while full:
    try:
        process = starting.start(theirs, "tests.pool.bodies:obey")
    except Lacking as error:
        refused += 1
        assert "Too many open files): use fewer workers, or raise the limit of open files (ulimit -n)" in str(error)
        os.close(full.pop())
    else:
        process.kill()
        assert process.exit_code(20) == -9
        process.close()
        break
parents = [child.pid for child in psutil.Process().children() if "nursery" in " ".join(child.cmdline())]
def lives(child):
    try:
        return child.pid not in parents and child.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
def alive():
    return [child for child in psutil.Process().children(recursive=True) if lives(child)]
print(refused, process.exit_code(20), wait_until(lambda: not alive()))
"""


@each_method
@pytest.mark.parametrize("when", ["first", "later"])
def test_a_system_without_descriptors_is_told_in_words(method, when, leftovers):
    ended = subprocess.run(
        [sys.executable, "-c", FULL, method, when], capture_output=True, text=True, cwd=ROOT, timeout=50, check=False
    )
    assert ended.stderr == ""
    refused, code, none_is_left = ended.stdout.split()
    assert 1 <= int(refused) <= 12
    assert int(code) == -signal.SIGKILL
    assert none_is_left == "True"


@each_method
def test_a_system_without_handles_of_processes_will_do(method, monkeypatch, tmp_path):
    monkeypatch.setattr(forkserver._Shared, "client", None)
    monkeypatch.delattr(os, "pidfd_open")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "no_handles.py").write_text("import os; del os.pidfd_open")
    with a_worker(method, preload=["no_handles"]) as worker, a_worker(method, preload=["no_handles"]) as second:
        assert worker.process.handle == -1
        assert worker.ask("1") == "1"
        assert worker.process.exit_code(0.01) is None
        assert worker.leave() == 0
        worker.process.kill()
        second.process.kill(signal.SIGTERM)
        assert second.process.exit_code(PATIENCE) == -signal.SIGTERM
    forkserver._part()


CLOSED = """
import os, socket, sys
from engine.pool.starting import starter
said = os.dup(1)
for number in range(3):
    os.close(number)
ours, theirs = socket.socketpair()
process = starter(sys.argv[1]).start(theirs, "tests.pool.bodies:obey")
theirs.close()
ours.send(b"os.readlink('/proc/self/fd/0')")
os.write(said, ours.recv(1 << 16))
"""


@each_method
def test_an_engine_without_standard_descriptors_can_start_processes(method, leftovers):
    ended = subprocess.run(
        [sys.executable, "-c", CLOSED, method], capture_output=True, cwd=ROOT, timeout=50, check=False
    )
    assert ended.stdout == b"'/dev/null'"


def test_a_fork_that_is_refused_is_told_in_words(monkeypatch):
    def refuse():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refuse)
    with pytest.raises(Lacking, match="use fewer workers, or raise the limit of processes"):
        Worker("fork")
