"""What a refusal or a death tells the user: what happened, to which task, and what to do about it."""

import pickle
import signal

import pytest

from engine.errors import TaskTimedOut
from engine.pool.advice import Death, Doom, explain_refusal, indented, unpicklable, users_frames
from engine.pool.board import Phase
from engine.pool.messages import Refused


def a_death(code=-9, phase=Phase.RUNNING, first=10, count=3, stack="", doom=None):
    return Death(code, phase, first, count, stack, doom)


REASONS = [
    ("AttributeError: Can't get attribute 'f' on <module '__main__'>", "at the top level of a module"),
    ("ModuleNotFoundError: No module named 'strategies'", "install it, or put its folder on PYTHONPATH"),
    ("SystemExit: 3 at script.py:7", "importing one must not end the program"),
]


@pytest.mark.parametrize(("reason", "advice"), REASONS)
def test_a_refusal_comes_with_advice_and_the_workers_traceback(reason, advice):
    text = explain_refusal(Refused(f"a worker could not do it: {reason}", "Traceback:\n  line 1\n"))
    first, *rest = text.splitlines()
    assert first.startswith(f"a worker could not do it: {reason}; ")
    assert advice in first
    assert rest == ["    Traceback:", "      line 1"]


def test_a_refusal_nobody_has_advice_for_is_told_as_it_is():
    assert (
        explain_refusal(Refused("a worker could not do it: ValueError", "")) == "a worker could not do it: ValueError"
    )


class Outer:
    class Inner:
        def __reduce__(self):
            raise TypeError("cannot pickle 'socket' object")


def refusal_to_pickle(thing):
    with pytest.raises(Exception) as error:  # noqa: PT011 - the point is what is made of whatever it is
        pickle.dumps(thing, protocol=5)
    return unpicklable("the function", error.value)


def test_what_cannot_be_pickled_is_told_with_what_to_do_instead():
    def local():
        return None

    assert "a lambda has no name to find it by: write it as a function" in refusal_to_pickle(lambda task: task)
    assert "it is defined inside a function: move it to the top level" in refusal_to_pickle(local)
    message = refusal_to_pickle(Outer.Inner())
    assert message.startswith("the function cannot be pickled: TypeError: cannot pickle 'socket' object; ")
    assert message.endswith("give workers plain data and build such objects in the function")


ENDS = [
    (-signal.SIGSEGV, "was killed by SIGSEGV"),
    (-signal.SIGKILL, "was killed by SIGKILL"),
    (-99, "was killed by signal 99"),
    (0, "ended with exit code 0"),
    (7, "ended with exit code 7"),
    (None, "ended in an unknown way"),
]


@pytest.mark.parametrize(("code", "how"), ENDS)
def test_a_death_is_told_by_its_signal_or_exit_code(code, how):
    assert a_death(code).how == how
    assert str(a_death(code)) == f"{how} while it computed tasks 10 to 12"


def test_a_death_that_the_engine_brought_about_is_told_by_its_reason():
    doom = Doom("it took longer than 2 s", TaskTimedOut, 10, 1)
    assert a_death(doom=doom).how == "it took longer than 2 s"


@pytest.mark.parametrize("phase", Phase)
def test_only_a_death_at_tasks_names_tasks(phase):
    assert ("tasks 10 to 12" in str(a_death(phase=phase))) == (phase >= Phase.READING)


def test_the_stack_stands_below_the_message():
    assert str(a_death(phase=Phase.IDLE, stack="Fatal: x\n  File y\n")).splitlines() == [
        "was killed by SIGKILL while it had nothing to do",
        "    Fatal: x",
        "      File y",
    ]


def test_nothing_is_indented_to_nothing():
    assert indented("") == indented(" \n") == ""


def test_of_a_stack_the_frames_of_the_user_are_kept():
    stack = """Fatal Python error: Segmentation fault

Current thread 0x1 (most recent call first):
  File "/home/ann/strategies.py", line 7 in explode
  File "/site/engine/chunks.py", line 40 in run_chunk
  File "/site/engine/pool/computing.py", line 108 in compute
  File "<string>", line 1 in <module>

Extension modules: numpy
"""
    kept = users_frames(stack)
    assert "strategies.py" in kept
    assert "Segmentation fault" in kept
    assert "engine" not in kept
    assert "<string>" not in kept
    assert "Extension" not in kept
