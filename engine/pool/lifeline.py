"""Processes that must not outlive the one that needs them."""

import ctypes
import os
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1


def die_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """Ask the kernel to send this process a signal when the thread that started it ends. Linux; elsewhere nothing
    happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)


def end_group_with(descriptor: int) -> None:
    """End this process group when the pipe behind ``descriptor`` closes: for systems without a parent-death signal.

    Not used on Linux, because a thread in a process that forks workers is what makes fork unsafe.
    """

    def wait() -> None:
        while os.read(descriptor, 4096):
            pass
        os.killpg(0, signal.SIGTERM)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()
