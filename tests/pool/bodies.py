"""Bodies for worker processes, in a module that is quick to import."""

import contextlib
import ctypes
import os
import pickle
import re
import signal
import sys
import traceback
from pathlib import Path

from engine.pool.starting.preparation import prepare


def obey(end):
    """Evaluate what arrives and send back what comes out, until the other end closes."""
    while order := end.recv(1 << 16):
        end.sendall(repr(eval(order)).encode())


def fail(end):
    raise ValueError("this body is broken")


def leave(end):
    sys.exit(7)


def die(end):
    os.kill(os.getpid(), signal.SIGUSR1)


def busy(end):
    """Say hello, then stay in C with the GIL held."""
    end.sendall(b"x")
    re.match(r"(a+)+$", "a" * 60 + "b")


def call_from_main(end):
    """Import the main module, then call a function of it that arrives pickled; send what comes out or goes wrong."""
    facts, pickled = pickle.loads(end.recv(1 << 16))
    before = hasattr(sys.modules["__main__"], "triple")
    try:
        prepare(facts)
        answer = pickle.loads(pickled)(14)
    except BaseException:  # noqa: BLE001 - what goes wrong is what the test is about
        answer = traceback.format_exc()
    end.sendall(pickle.dumps((before, answer)))


def handlers():
    return [number.name for number in signal.valid_signals() if callable(signal.getsignal(number))]


def held():
    """What the descriptors of this process are, standard ones and /dev/null aside."""
    links = []
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the one that lists them
            links += [str(path.readlink())] if int(path.name) > 2 else []
    return sorted(link.partition(":")[0] for link in links if link != "/dev/null")


def death_signal():
    """The signal that the kernel sends to this process when its parent ends."""
    number = ctypes.c_int()
    ctypes.CDLL(None).prctl(2, ctypes.byref(number), 0, 0, 0)  # PR_GET_PDEATHSIG
    return number.value


def threads():
    return len(list(Path("/proc/self/task").iterdir()))
