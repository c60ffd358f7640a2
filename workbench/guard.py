"""A process that outlives the screen: however the screen ends, the terminal is left as it was found.

The program forks before it draws. The child shows the screen; the parent only waits, so that it is there to put the
terminal back when the child was killed or crashed in compiled code.
"""

import contextlib
import fcntl
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import NoReturn

from workbench.terminal import Terminal, remember, say, tidy_up

FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
AWAITED = frozenset({*FORWARDED, signal.SIGCHLD, signal.SIGTSTP, signal.SIGCONT})

OF_KEYS = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)
"""What the terminal sends for a key goes to the child as well, so it is not forwarded."""

STOPPING, CONTINUING = 0.4, 0.05
"""Seconds the child gets to stop, or to go on, because of a signal that it may have got as well."""

CAUSES = {
    signal.SIGKILL: " (often: out of memory)",
    signal.SIGSEGV: " (a crash in compiled code)",
    signal.SIGBUS: " (a crash in compiled code)",
    signal.SIGABRT: " (compiled code gave up)",
}


def guarded(show: Callable[[], int]) -> int:
    """Call ``show``, which draws on the terminal, in a child process; return its exit code, 128+n for signal n.

    To be called while the process has one thread. What ``show`` raises comes out of the child, and only what it
    returns out of the parent, so the caller is to end the process in either case.
    """
    with _signals_held_back():
        terminal, news, life = remember(), os.pipe(), os.pipe()
        try:
            child = os.fork()
        except OSError:  # no process to be had: rather unguarded than not at all
            child = -1
        if child > 0:
            os.close(news[1])
            os.close(life[0])
            return _watch(child, terminal, news[0])
    begun = time.time()
    if child == 0:
        os.close(news[0])
        os.close(life[1])
        _end_with_guard(life[0])
    try:
        code = show()
    finally:
        with contextlib.suppress(OSError):  # the guard has gone
            os.write(news[1], b".")
    if child == 0:
        if select.select([life[0]], [], [], 0)[0]:  # nobody else is left to do it
            tidy_up()
            say(last_words(code, os.getpid(), begun))
        _end_at_once(code)
    return code


def _end_at_once(code: int) -> NoReturn:
    """End this process without taking the interpreter apart, which takes 0.3 s where it is full of a screen."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody reads it any more
            stream.flush()
    os._exit(code)


@contextlib.contextmanager
def _signals_held_back() -> Iterator[None]:
    """Let signals wait until they are asked for, so that none is lost between the fork and the waiting."""
    handler = signal.signal(signal.SIGCHLD, lambda *_: None)  # also where it is inherited as ignored
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
    try:
        yield
    finally:
        signal.signal(signal.SIGCHLD, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _end_with_guard(life: int) -> None:
    """Be sent SIGTERM when the other end of the pipe closes: this process is told to go as by anyone else."""
    if sys.platform == "linux":
        fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(life, fcntl.F_SETSIG, signal.SIGTERM)
        fcntl.fcntl(life, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
        if select.select([life], [], [], 0)[0]:  # it closed before the signal was asked for
            os.kill(os.getpid(), signal.SIGTERM)
    else:
        threading.Thread(target=_read_until_closed, args=(life,), name="guard", daemon=True).start()


def _read_until_closed(life: int) -> None:
    os.read(life, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _watch(child: int, terminal: Terminal, news: int) -> int:
    """Wait for the child; then put the terminal back unless it did that itself, and say what happened."""
    begun = time.time()
    code = os.waitstatus_to_exitcode(_Watch(child, terminal).until_ended())
    os.set_blocking(news, False)
    try:
        orderly = bool(os.read(news, 1))
    except BlockingIOError:  # somebody else holds the other end
        orderly = False
    os.close(news)
    if not orderly or terminal.disturbed():
        terminal.restore()
    else:
        tidy_up()
    say(last_words(code, child, begun))
    return 128 - code if code < 0 else code


class _Watch:
    """The time in which the child runs."""

    def __init__(self, child: int, terminal: Terminal) -> None:
        self._child, self._terminal = child, terminal
        self._stopped, self._changes = False, 0
        self._status: int | None = None

    def until_ended(self) -> int:
        """Pass signals on until the child has ended; return its wait status."""
        while self._runs():
            number, from_key = _next_signal()
            if not self._runs() or from_key:
                continue
            if number in FORWARDED:
                os.kill(self._child, number)
            elif number == signal.SIGTSTP:
                self._pass_on(signal.SIGTSTP, STOPPING, stopped=True)
            elif number == signal.SIGCONT:
                self._pass_on(signal.SIGCONT, CONTINUING, stopped=False)
        assert self._status is not None
        return self._status

    def _runs(self) -> bool:
        """Take in what the child did since; return whether it has not ended, though it may be stopped."""
        while self._status is None:
            pid, status = os.waitpid(self._child, os.WNOHANG | os.WUNTRACED | os.WCONTINUED)
            if not pid:
                return True
            self._changes += 1
            if os.WIFSTOPPED(status):
                self._stopped = True
                self._stop_too()
            elif os.WIFCONTINUED(status):
                self._stopped = False
            else:
                self._status = status
        return False

    def _stop_too(self) -> None:
        """Give the terminal to the shell, as if a key had stopped the whole job; without a shell that waits for jobs
        the kernel lets us go on."""
        if self._terminal.disturbed():  # it was stopped without warning
            self._terminal.restore()
        else:
            tidy_up()
        os.killpg(0, signal.SIGTSTP)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTSTP})  # here it stops
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTSTP})

    def _pass_on(self, number: signal.Signals, patience: float, *, stopped: bool) -> None:
        """Send a signal on unless the child got it too: Textual would take a second one for another."""
        deadline, before = time.monotonic() + patience, self._changes
        while self._runs() and self._stopped != stopped and self._changes == before:
            if time.monotonic() > deadline:
                os.kill(self._child, number)
                return
            time.sleep(0.01)


def _next_signal() -> tuple[int, bool]:
    """Wait for a signal; return it, and whether the terminal sent it for a key."""
    if sys.platform == "linux":
        found = signal.sigwaitinfo(AWAITED)
        return found.si_signo, found.si_signo in OF_KEYS and found.si_code > 0
    else:  # noqa: RET505 - what comes after would be unreachable on Linux
        return signal.sigwait(AWAITED), False


def last_words(code: int, child: int, begun: float) -> list[str]:
    """Return what to say after a child that ended with this code, negative for a signal: how, and how the sweep goes on
    that it recorded since ``begun``."""
    if 0 <= code <= 128:
        return []
    words = [f"the screen was ended by {_name(-code)}"] if code < 0 else []
    with contextlib.suppress(Exception):  # such as memory that is short: what happened is said all the same
        from workbench.tui.journal import go_on_words

        words += go_on_words(child, begun)
    return words


def _name(number: int) -> str:
    try:
        named = signal.Signals(number)
    except ValueError:  # a real-time signal
        return f"signal {number}"
    return named.name + CAUSES.get(named, "")


def why_no_screen() -> str:
    """Return why the screen cannot be drawn; empty if it can. In a browser there is no terminal, but a driver."""
    if "TEXTUAL_DRIVER" in os.environ:
        return ""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return "no terminal to draw on"
    return "this terminal cannot be drawn on (TERM=dumb)" if os.environ.get("TERM") == "dumb" else ""
