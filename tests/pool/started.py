"""Worker processes as tests start them, and engines for tests to kill."""

import contextlib
import os
import select
import socket
import subprocess
import sys
from pathlib import Path

from engine.pool import lifeline
from engine.pool.starting import starter

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0
"""Seconds for what a test waits for."""
PROMPT = 1.0
"""Seconds in which something happens by itself that takes 1 ms on an idle machine, and does not happen otherwise."""


class Worker:
    """A started process with the engine's end of its channel."""

    def __init__(self, method, body="obey", preload=()):
        with lifeline.unforked():
            self.end, theirs = socket.socketpair()
            lifeline.keep_private(self.end.fileno())
        self.end.settimeout(PATIENCE)
        try:
            with theirs:
                self.process = starter(method, preload).start(theirs, f"tests.pool.bodies:{body}")
        except BaseException:
            self.hang_up()
            raise

    def ask(self, order):
        self.end.sendall(order.encode())
        return self.end.recv(1 << 16).decode()

    def hang_up(self):
        if self.end.fileno() >= 0:
            lifeline.release(self.end.fileno())
            self.end.close()

    def leave(self):
        self.hang_up()
        return self.process.exit_code(PATIENCE)


@contextlib.contextmanager
def a_worker(*arguments, **keywords):
    worker = Worker(*arguments, **keywords)
    try:
        yield worker
    finally:
        worker.hang_up()
        worker.process.kill()
        worker.process.exit_code(PATIENCE)
        worker.process.close()


def first_line(stream):
    assert stream is not None
    return stream.readline()


def has_ended(pidfd, seconds):
    return bool(select.select([pidfd], [], [], seconds)[0])


ENGINE = """
import os, socket, sys, threading, time
from engine.pool.starting import starter
ours, theirs = socket.socketpair()
def start():
    global process
    process = starter(sys.argv[1]).start(theirs, "tests.pool.bodies:" + sys.argv[2])
if sys.argv[3] == "thread":  # so that the lifeline is the only tie
    thread = threading.Thread(target=start)
    thread.start(); thread.join()
else:
    start()
theirs.close()
if sys.argv[2] == "busy":
    ours.recv(1)
else:
    ours.send(b"1"); ours.recv(1)
print(process.pid, flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def an_engine(method, body, where="main"):
    engine = subprocess.Popen(
        [sys.executable, "-c", ENGINE, method, body, where],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        process_group=0,
    )
    with engine:
        worker = os.pidfd_open(int(first_line(engine.stdout)))
        try:
            yield engine, worker
        finally:
            os.close(worker)
            engine.kill()
