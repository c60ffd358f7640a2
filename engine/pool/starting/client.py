"""The engine's side of a nursery, and of the workers that come out of it."""

import contextlib
import errno
import os
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from engine.pool import lifeline
from engine.pool.starting import wire
from engine.pool.starting.direct import (
    beyond_standard,
    give_back,
    in_words,
    lacking,
    launch,
    send_signal,
    standard_output,
    steady_parent,
    wait_for,
)
from engine.pool.starting.nursery import Scene
from engine.threads import environment

_REPLY = 0.1
"""Seconds the nursery has to tell the exit code of a process that has ended; it takes 0.1 ms when it is not busy."""
_REAPING = 1.0
"""Seconds a nursery that has been killed gets to end."""
_PAUSE = 0.005
"""Seconds between two questions for an exit code on a system without handles."""

_ARROW = "JE_ARROW_MALLOC_CONF"
"""What pyarrow's allocator reads; it starts a thread when imported, and pandas imports pyarrow."""


class Lost(Exception):
    """The nursery has ended or does not answer."""


class Busy(Lost):
    """The nursery has not answered in time."""


class Client:
    """The engine's side of one nursery, which it starts. Safe for several threads."""

    patience: ClassVar[float] = 60.0
    """Seconds the nursery has for one import or one fork before it counts as lost; torch takes 1.2 from a warm disk."""

    def __init__(self) -> None:
        with in_words(), lifeline.unforked():
            ours, theirs = socket.socketpair()
            self._control = socket.socket(fileno=lifeline.above_standard(ours.detach()))
            lifeline.keep_private(self._control.fileno())
        self._control.settimeout(self.patience)
        self._lock = threading.Lock()
        self._number = 0
        self._torn = False  # a message was sent or received in part, which KeyboardInterrupt can bring about
        self._wards: set[int] = set()
        self._to_forget: deque[int] = deque()
        self._retired = False
        self.imported: set[str] = set()
        """Modules it has been told to import."""
        try:
            with in_words(), theirs, beyond_standard(theirs) as end:
                read_end = lifeline.read_end()
                code = f"from engine.pool.starting.nursery import main; main({end}, {read_end}, {steady_parent()})"
                self._process = launch(code, (end, read_end), _environment(), session=True)
        except BaseException:
            self.disown()
            raise

    def import_module(self, name: str) -> int:
        """Let it import a module; return the number of threads it runs afterwards. Raises Lost."""
        return int(self._ask("import", name, Scene.here().path)[0])

    def prepare(self, facts: dict[str, Any]) -> int:
        """Let it import the user's script; return the number of threads it runs afterwards. Raises Lost."""
        return int(self._ask("prepare", facts)[0])

    def fork(self, channel: socket.socket, body: str) -> "Ward":
        """Let it fork a worker that calls ``body`` with the channel. Raises Lost, Lacking."""
        try:
            with in_words(), standard_output() as standard:
                answer, handed = self._ask("fork", body, Scene.here(), descriptors=(channel.fileno(), *standard))
        except Busy:
            self._process.kill()  # or it might fork another worker for the same channel, later
            raise
        if answer[0] == "refused":
            raise lacking(answer[1])
        _, ticket, pid = answer
        self._wards.add(ticket)
        ward = Ward(self, ticket, pid, handed)
        if not handed and hasattr(os, "pidfd_open"):  # this process may not have one more descriptor
            self.kill(ticket, signal.SIGKILL)
            ward.close()
            raise lacking(errno.EMFILE)
        return ward

    def kill(self, ticket: int, number: int) -> None:
        """Let it send a signal to a worker."""
        with contextlib.suppress(Lost):
            self._ask("kill", ticket, number)

    def exit_code(self, ticket: int, patience: float) -> int | None:
        """Ask for the exit code of a worker. Raises Lost, Busy when the patience is used up."""
        answer, _ = self._ask("exit code", ticket, patience=patience)
        return None if answer is None else int(answer)

    def forget(self, ticket: int) -> None:
        """Let it reap a worker when it can, and end it if that was the last of a nursery that is retired."""
        self._wards.discard(ticket)
        self._to_forget.append(ticket)
        with contextlib.suppress(Lost), self._turn(0):  # or else whoever has the turn next passes it on
            self._pass_on()
        if self._retired:
            self.retire()

    def retire(self) -> None:
        """End the nursery as soon as it has no more workers. Idempotent."""
        self._retired = True
        if self._wards or self._control.fileno() < 0:
            return
        self.disown()
        self._process.kill()
        self._process.exit_code(_REAPING)
        self._process.close()

    def disown(self) -> None:
        """Close the connection, as after a fork, when the nursery belongs to somebody else."""
        lifeline.release(self._control.fileno())
        self._control.close()

    def _ask(
        self, *request: Any, descriptors: Sequence[int] = (), patience: float | None = None
    ) -> tuple[Any, list[int]]:
        deadline = time.monotonic() + (self.patience if patience is None else patience)
        with self._turn(deadline):
            self._pass_on()
            self._send(*request, descriptors=descriptors)
            while wait_for(deadline - time.monotonic(), self._control.fileno(), self._process.handle):
                number, answer, handed = self._receive()
                if number == self._number:
                    return answer, handed
                for descriptor in handed:  # the answer to a question whose asker has gone
                    os.close(descriptor)
        raise Busy

    @contextlib.contextmanager
    def _turn(self, deadline: float) -> Iterator[None]:
        if not self._lock.acquire(timeout=max(0, deadline - time.monotonic())):
            raise Busy
        try:
            if self._torn:
                raise Lost
            yield
        except (EOFError, OSError):
            raise Lost from None
        finally:
            self._lock.release()

    def _send(self, *request: Any, descriptors: Sequence[int] = ()) -> None:
        self._number, self._torn = self._number + 1, True
        wire.send(self._control, (self._number, *request), descriptors)
        self._torn = False

    def _receive(self) -> tuple[int, Any, list[int]]:
        if not wait_for(0, self._control.fileno()):
            raise EOFError
        self._torn = True
        (number, answer), handed = wire.receive(self._control)
        self._torn = False
        return number, answer, handed

    def _pass_on(self) -> None:
        while self._to_forget:
            self._send("forget", self._to_forget.popleft())


def _environment() -> dict[str, str]:
    """Return the environment in which nothing that a nursery imports starts a thread: neither BLAS nor Arrow."""
    conf = [os.environ[_ARROW]] if _ARROW in os.environ else []
    return dict(os.environ) | environment(1) | {_ARROW: ",".join([*conf, "background_thread:false"])}


class Ward:
    """A worker that a nursery has forked, as its engine sees it."""

    def __init__(self, client: Client, ticket: int, pid: int, handed: Sequence[int]) -> None:
        self.pid = pid
        self.handle = handed[0] if handed else -1
        if handed:
            lifeline.keep_private(self.handle)
        self._client: Client | None = client
        self._ticket = ticket
        self._code: int | None = None

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal. No error if the process is gone."""
        if self.handle >= 0:
            send_signal(self.handle, number)
        elif self._client:
            self._client.kill(self._ticket, number)

    def exit_code(self, patience: float) -> int | None:
        """Return the exit code within so many seconds, or None.

        The nursery is asked for the code of a process that has ended, which takes 0.1 ms more; while it imports
        something it does not answer. If it was killed, its workers were killed with it.
        """
        deadline = time.monotonic() + patience
        if self.handle >= 0:
            return self._ask(deadline) if self._code is None and wait_for(patience, self.handle) else self._code
        while self._ask(deadline) is None and self._client and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        return self._code

    def _ask(self, deadline: float) -> int | None:
        if self._code is None and self._client:
            try:
                self._code = self._client.exit_code(self._ticket, max(_REPLY, deadline - time.monotonic()))
            except Busy:
                return None
            except Lost:
                self._code = -signal.SIGKILL if self._is_gone() else None
        return self._code

    def _is_gone(self) -> bool:
        if self.handle >= 0:
            return wait_for(0, self.handle)
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def close(self) -> None:
        """Give the handle back; the nursery reaps the process once it has ended. Idempotent."""
        client, self._client = self._client, None
        if client:
            client.forget(self._ticket)
        self.handle = give_back(self.handle)
