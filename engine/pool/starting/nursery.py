"""The nursery: a process with one thread that has imported what workers need and forks itself into workers.

The standard library's fork server would be in the way. There is one per process, whose environment and list of modules
are settled by whoever starts it first; it imports nothing of what the workload needs; and it gives neither a pidfd of a
worker nor the reason why one could not be made. This one takes the environment, folder, search path and output of every
worker from the engine at the moment of its start, and imports what it is told to, when it is told to.

The engine asks and the nursery answers, one message each:

    ("import", name, path)                  the number of threads that run afterwards
    ("prepare", facts)                      the same, after importing the user's script
    ("fork", body, scene), 3 descriptors    ("started", ticket, pid) and a pidfd, or ("refused", errno)
    ("kill", ticket, number)                None
    ("exit code", ticket)                   the code, or None while the process lives
    ("forget", ticket)                      no answer; the process is reaped once it has ended

A message starts with its number; that of a fork is the ticket of its process.
"""

import contextlib
import ctypes  # noqa: F401 - loaded once here, for die_with_parent in the workers: 4 ms
import errno
import gc
import importlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from engine.pool import lifeline
from engine.pool.starting import newborn, wire
from engine.pool.starting.preparation import prepare
from engine.threads import prepare_limits

ALWAYS = ("numpy", "engine.pool.worker")
"""Modules imported before the first question, while the engine imports its own."""
_AFTERLIFE = 0.02
"""Seconds for which the system may count a thread that has been joined."""

Answer = tuple[Any, Sequence[int]]
"""What to say, and the descriptors to hand over with it."""


@dataclass(frozen=True)
class Scene:
    """What a worker takes over from the engine at the moment of its start, as a child of its own would."""

    environment: dict[str, str]
    path: list[str]
    folder: str

    @classmethod
    def here(cls) -> "Scene":
        """Return the scene of this process."""
        return cls(dict(os.environ), list(sys.path), _folder())

    def enter(self) -> None:
        """Make it the scene of this process."""
        for name in os.environ.keys() - self.environment.keys():
            del os.environ[name]
        os.environ.update(self.environment)
        sys.path[:] = self.path
        with contextlib.suppress(OSError):  # the engine's folder has been removed
            os.chdir(self.folder)


def _folder() -> str:
    try:
        return str(Path.cwd())
    except FileNotFoundError:
        return "/"


@dataclass
class _Child:
    pid: int
    code: int | None = None

    def look(self) -> int | None:
        """Reap it if it has ended; return its exit code."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code


class Nursery:
    """Answers the engine's requests until it closes the socket."""

    def __init__(self, control: socket.socket, read_end: int) -> None:
        self._control = control
        self._read_end = read_end
        self._children: dict[int, _Child] = {}
        self._forgotten: list[_Child] = []
        self._answers: dict[str, Callable[..., Answer]] = {
            "import": self._import,
            "prepare": self._prepare,
            "fork": self._fork,
            "kill": self._kill,
            "exit code": self._exit_code,
            "forget": self._forget,
        }

    def serve(self) -> None:
        """Answer until the engine closes its end."""
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                (number, request, *arguments), given = wire.receive(self._control)
                answer, handed = self._answers[request](number, *arguments, *given)
                if request != "forget":
                    wire.send(self._control, (number, answer), handed)
                for descriptor in (*given, *handed):
                    os.close(descriptor)
                self._forgotten = [child for child in self._forgotten if child.look() is None]

    def _import(self, _: int, name: str, path: list[str]) -> Answer:
        sys.path[:] = path
        return _guarded(lambda: importlib.import_module(name)), ()

    def _prepare(self, _: int, facts: dict[str, Any]) -> Answer:
        return _guarded(lambda: prepare(facts)), ()

    def _fork(self, ticket: int, body: str, scene: Scene, *given: int) -> Answer:
        if len(given) < 3:
            return ("refused", errno.EMFILE), ()
        prepare_limits()  # once after each import, instead of once in each worker: 5 ms
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            return ("refused", error.errno), ()
        if not pid:
            newborn.live(body, given[0], self._read_end, parent, first=lambda: self._leave(scene, *given[1:]))
        try:
            handed = [os.pidfd_open(pid)] if hasattr(os, "pidfd_open") else []
        except OSError as error:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return ("refused", error.errno), ()
        self._children[ticket] = _Child(pid)
        return ("started", ticket, pid), handed

    def _leave(self, scene: Scene, output: int, errors: int) -> None:
        """Stop being a nursery: what a new worker does first."""
        self._control.close()
        for descriptor, place in ((output, 1), (errors, 2)):
            os.dup2(descriptor, place)
            os.close(descriptor)
        scene.enter()
        gc.enable()

    def _kill(self, _: int, ticket: int, number: int) -> Answer:
        child = self._children.get(ticket)
        if child and child.look() is None:
            os.kill(child.pid, number)
        return None, ()

    def _exit_code(self, _: int, ticket: int) -> Answer:
        child = self._children.get(ticket)  # None: another thread of the engine has closed it meanwhile
        return child.look() if child else None, ()

    def _forget(self, _: int, ticket: int) -> Answer:
        self._forgotten.append(self._children.pop(ticket))
        return None, ()


def _guarded(work: Callable[[], object]) -> int:
    """Import something; return how many threads run then. What it raises, the worker that needs it raises again."""
    with contextlib.suppress(BaseException):  # a script may call sys.exit() when imported
        work()
    newborn.calm()  # the script may have handlers of its own
    newborn.flush()  # or every worker would print it again
    gc.freeze()  # a collection in a worker would copy every page that holds an object: 6 MB
    deadline = time.monotonic() + _AFTERLIFE
    while _threads() > 1 and time.monotonic() < deadline:
        time.sleep(_AFTERLIFE / 20)
    return _threads()


def _threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - threads of C libraries count as well
    except FileNotFoundError:
        return threading.active_count()


def main(control: int, read_end: int, parent: int) -> NoReturn:
    """Be a nursery, until the engine closes the other end of ``control`` or ends."""
    newborn.calm()
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.dup2(2, 1)  # what modules print when imported does not belong to the engine's output
    if lifeline.KERNEL_SIDE:  # elsewhere it would take a thread, and the control socket closes as well
        newborn.depend(os.dup(read_end), parent)
    for descriptor in (control, read_end):
        os.set_inheritable(descriptor, False)
    gc.disable()  # before the imports, since memory that is freed here is copied later when it is used again
    for name in ALWAYS:
        _guarded(partial(importlib.import_module, name))
    Nursery(socket.socket(fileno=control), read_end).serve()
    os._exit(0)
