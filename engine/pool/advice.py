"""What a worker's refusal or a death means to the user, with what to do about it."""

import signal
import textwrap
from dataclasses import dataclass

from engine.errors import TaskFailed
from engine.pool.board import DOING, Phase
from engine.pool.messages import Refused

_ADVICE = (
    (
        "Can't get attribute",
        "what workers are to call must be defined at the top level of a module or of the script, "
        "not in an interactive session and not only after the pool was started",
    ),
    ("No module named", "workers import it anew: install it, or put its folder on PYTHONPATH"),
    ("SystemExit", "workers import the modules anew, so importing one must not end the program"),
)
"""Text in a refusal -> advice; the first that fits is given."""


_NOT_THE_USERS = ("/engine/pool/", "/engine/chunks.py", 'File "<string>"', "Extension modules:")


def explain_refusal(refusal: Refused) -> str:
    """Return a refusal with advice and the worker's traceback."""
    advice = next((f"; {words}" for text, words in _ADVICE if text in refusal.reason), "")
    return f"{refusal.reason}{advice}{indented(refusal.trace)}"


def unpicklable(what: str, error: BaseException) -> str:
    """Return why something cannot be sent to workers, with advice."""
    text = f"{type(error).__name__}: {error}"
    if "<lambda>" in text:
        advice = "a lambda has no name to find it by: write it as a function at the top level of a module"
    elif "<locals>" in text or "local object" in text:
        advice = "it is defined inside a function: move it to the top level of its module"
    else:
        advice = "give workers plain data and build such objects in the function"
    return f"{what} cannot be pickled: {text}; {advice}"


def users_frames(stack: str) -> str:
    """Return what faulthandler wrote without the frames of the engine around the user's."""
    kept = [line for line in stack.splitlines() if not any(text in line for text in _NOT_THE_USERS)]
    return "\n".join(kept)


def indented(text: str) -> str:
    """Return a traceback as the lines below a message; nothing for no text."""
    return "\n" + textwrap.indent(text.rstrip(), "    ") if text.strip() else ""


@dataclass(frozen=True)
class Doom:
    """Why the engine ends a worker, and for which tasks."""

    reason: str
    kind: type[TaskFailed] = TaskFailed
    """What the task has failed with, if it is only one."""
    first: int = 0
    count: int = 0
    """The tasks to blame; none where the worker itself is the trouble."""
    trace: str = ""
    """The traceback, where the reason is an exception in the engine."""


@dataclass(frozen=True)
class Death:
    """What is known about a worker that ended."""

    code: int | None
    """Exit code; negative: killed by that signal; None: unknown."""
    phase: Phase
    first: int
    count: int
    """The tasks it was dealing with."""
    stack: str
    """What faulthandler wrote; empty if nothing."""
    doom: Doom | None = None
    """Why the engine ended it; None: it was not the engine."""

    @property
    def how(self) -> str:
        """How it ended, in a few words."""
        if self.doom:
            return self.doom.reason
        if self.code is None:
            return "ended in an unknown way"
        if self.code >= 0:
            return f"ended with exit code {self.code}"
        try:
            return f"was killed by {signal.Signals(-self.code).name}"
        except ValueError:
            return f"was killed by signal {-self.code}"

    def __str__(self) -> str:
        tasks = f" tasks {self.first} to {self.first + self.count - 1}" if self.phase >= Phase.READING else ""
        return f"{self.how} {DOING[self.phase]}{tasks}{indented(self.stack)}"
