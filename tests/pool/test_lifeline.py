"""What ends with the engine, and what no child of the engine may hold."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine.pool import lifeline
from tests.pool.started import PATIENCE, PROMPT, ROOT, first_line


def in_a_fork(work):
    """Run something in a forked child; return what it returns, as text."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.write(write_end, repr(work()).encode())
        finally:
            os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as answer:
        text = answer.read()
    os.waitpid(pid, 0)
    return text


def run(code, *descriptors):
    """Start an interpreter that holds descriptors and says "tied" when it is."""
    command = [sys.executable, "-c", code, *map(str, descriptors)]
    return subprocess.Popen(command, pass_fds=descriptors, stdout=subprocess.PIPE, cwd=ROOT)


def link(descriptor):
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())


TIED = """
import re, sys, time
from engine.pool import lifeline
lifeline.tie(int(sys.argv[1]))
print("tied", flush=True)
"""
IDLE = TIED + "time.sleep(600)"
BUSY = TIED + "re.match(r'(a+)+$', 'a' * 60 + 'b')"
BY_THREAD = "from engine.pool import lifeline; lifeline.KERNEL_SIDE = False\n" + IDLE


@pytest.mark.parametrize(("code", "end"), [(IDLE, -signal.SIGKILL), (BUSY, -signal.SIGKILL), (BY_THREAD, 1)])
def test_a_tied_process_ends_when_the_pipe_closes(code, end):
    read_end, write_end = os.pipe()
    with run(code, read_end) as child:
        os.close(read_end)
        assert child.stdout.readline() == b"tied\n"
        os.close(write_end)
        assert child.wait(PATIENCE) == end


@pytest.mark.parametrize("step", ["tie", "_reopen"])
def test_a_process_that_is_tied_too_late_ends_at_once(step):
    read_end, write_end = os.pipe()
    os.close(write_end)
    with run(IDLE.replace("lifeline.tie", f"lifeline.{step}"), read_end) as child:
        os.close(read_end)
        assert child.wait(PATIENCE) == -signal.SIGKILL
        assert child.stdout.read() == b""


def test_one_lifeline_ends_many():
    read_end, write_end = os.pipe()
    with contextlib.ExitStack() as opened:
        children = [opened.enter_context(run(IDLE, read_end)) for _ in range(3)]
        os.close(read_end)
        assert [child.stdout.readline() for child in children] == [b"tied\n"] * 3
        os.close(write_end)
        assert [child.wait(PATIENCE) for child in children] == [-signal.SIGKILL] * 3


FORKING_ENGINE = """
import os, socket, sys, threading, time
from engine.pool.starting import starter
ours, theirs = socket.socketpair()
def start():
    global process
    process = starter("spawn").start(theirs, "tests.pool.bodies:obey")
thread = threading.Thread(target=start)  # where the lifeline is the only tie
thread.start(); thread.join()
theirs.close()
ours.send(b"1"); ours.recv(1)
pid = os.fork()
if not pid:
    time.sleep(600)
print(process.pid, pid, flush=True)
time.sleep(600)
"""


def test_a_child_that_the_user_forks_does_not_keep_workers_alive():
    with subprocess.Popen(
        [sys.executable, "-c", FORKING_ENGINE], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as engine:
        worker, child = map(int, first_line(engine.stdout).split())
        handle = os.pidfd_open(worker)
        engine.kill()
        assert select.select([handle], [], [], PROMPT)[0]
        os.kill(child, signal.SIGKILL)  # still there, with the engine's standard output
        os.close(handle)


def test_a_process_has_one_lifeline_and_a_fork_of_it_another():
    mine = lifeline.read_end()
    assert lifeline.read_end() == mine
    pipe = link(mine)
    theirs = in_a_fork(lambda: link(lifeline.read_end()))
    assert eval(theirs).startswith("pipe:")
    assert eval(theirs) != pipe


def test_a_fork_finds_dev_null_in_place_of_what_is_private():
    ours, theirs = socket.socketpair()
    lifeline.keep_private(ours.fileno())
    assert in_a_fork(lambda: link(ours.fileno())) == "'/dev/null'"
    assert "socket" in in_a_fork(lambda: link(theirs.fileno()))
    lifeline.release(ours.fileno())
    assert "socket" in in_a_fork(lambda: link(ours.fileno()))
    lifeline.release(ours.fileno())
    ours.close()
    theirs.close()


def test_closing_in_a_fork_what_was_private_closes_nothing_else():
    ours, theirs = socket.socketpair()
    lifeline.keep_private(ours.fileno())

    def open_then_close():
        new = os.open(os.devnull, os.O_RDONLY)
        ours.close()
        return os.fstat(new).st_mode != 0

    assert in_a_fork(open_then_close) == "True"
    lifeline.release(ours.fileno())
    ours.close()
    theirs.close()


def test_a_fork_without_a_free_descriptor_closes_what_is_private():
    code = """
import os, resource
from engine.pool import lifeline
read_end, write_end = os.pipe()
lifeline.keep_private(write_end)
resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) - 1, 4096))
pid = os.fork()
if not pid:
    os.read(0, 1)
    os._exit(0)
os.close(write_end)
print(os.read(read_end, 1), flush=True)
os._exit(0)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as engine:
        assert first_line(engine.stdout) == b"b''\n"


def test_what_is_spared_is_so_in_forks_of_that_thread_alone():
    ours, theirs = socket.socketpair()
    lifeline.keep_private(ours.fileno())
    links = []
    with lifeline.spared(ours.fileno()):
        links.append(in_a_fork(lambda: link(ours.fileno())))
        other = threading.Thread(target=lambda: links.append(in_a_fork(lambda: link(ours.fileno()))))
        other.start()
        other.join()
    assert "socket" in links[0]
    assert links[1] == "'/dev/null'"
    lifeline.release(ours.fileno())
    ours.close()
    theirs.close()


def test_no_other_thread_forks_while_forks_are_held_back():
    held, done = threading.Event(), []

    def fork_then():
        held.wait()
        done.append(in_a_fork(lambda: 1))

    other = threading.Thread(target=fork_then)
    other.start()
    with lifeline.unforked():
        held.set()
        other.join(0.05)
        assert not done
    other.join()
    assert done == ["1"]
    assert in_a_fork(lambda: in_a_fork(lambda: 2)) == repr("2")  # a fork of a fork is held back by nothing


def test_a_fork_can_fork_in_another_of_its_threads():
    def fork_in_a_thread():
        done = []
        other = threading.Thread(target=lambda: done.append(in_a_fork(lambda: 3)))
        other.start()
        other.join(PATIENCE)
        return done

    assert in_a_fork(fork_in_a_thread) == repr(["3"])


def test_a_lifeline_stays_clear_of_standard_descriptors():
    code = """
import os
from engine.pool import lifeline
said = os.dup(1)
os.closerange(0, 3)
lifeline.read_end()
free = []
for number in range(3):
    try:
        os.fstat(number)
    except OSError:
        free.append(number)
os.write(said, repr(free).encode())
"""
    ended = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT, check=True)
    assert ended.stdout == b"[0, 1, 2]"
