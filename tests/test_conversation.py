"""A talk with a process: answers as they come, silence, a stop, and how it ended. Nothing of it stays behind."""

import threading
import time

import msgspec
import pytest

from engine.conversation import Conversation, Silent, Stopped
from engine.threads import VARIABLES

CHILD = "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"


class Question(msgspec.Struct):
    number: int


@pytest.fixture
def talk(tmp_path, monkeypatch, leftovers):
    """Return a function that begins a conversation with a process that runs some code."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def begin(code, threads=1):
        (tmp_path / "talker.py").write_text(f"import os, signal, sys, time\n{code}")
        return Conversation(("talker", "argument"), Question(7), bytes.decode, threads)

    return begin


def test_answers_come_in_order_however_they_are_cut(talk):
    code = "\n".join(f"os.write(1, {part!r}); time.sleep(0.02)" for part in (b"one\ntw", b"o\n", b"three", b"\n"))
    with talk(code) as talking:
        assert list(talking.answers(lambda: 10)) == ["one", "two", "three"]
        assert talking.exit_code() == 0
        assert talking.last_words() == "ended with exit code 0"


def test_the_request_arrives_as_one_line_and_standard_input_stays_open(talk):
    code = (
        "import select\nprint(sys.argv[1:], sys.stdin.readline().strip(), flush=True)\n"
        "print(select.select([sys.stdin], [], [], 0.1)[0])"
    )
    with talk(code) as talking:
        assert list(talking.answers(lambda: 10)) == ["""['argument'] {"number":7}""", "[]"]


def test_a_process_that_asks_for_nothing_is_heard_all_the_same(talk):
    with talk("os.close(0); print('hello')") as talking:
        assert list(talking.answers(lambda: 10)) == ["hello"]


@pytest.mark.parametrize("threads", [1, 3])
def test_libraries_of_the_process_may_use_as_many_threads_as_it_was_given(talk, threads):
    with talk(f"print({{os.environ[name] for name in {VARIABLES}}})", threads) as talking:
        assert list(talking.answers(lambda: 10)) == [str({str(threads)})]


@pytest.mark.parametrize(
    ("code", "number", "words"),
    [
        ("sys.exit('first\\nno such file')", 1, "ended with exit code 1: no such file"),
        ("os._exit(9)", 9, "ended with exit code 9"),
        ("os.kill(os.getpid(), signal.SIGKILL)", -9, "was killed by SIGKILL"),
    ],
)
def test_last_words_say_how_it_ended_and_what_it_complained_of_last(talk, code, number, words):
    with talk(code) as talking:
        assert list(talking.answers(lambda: 10)) == []
        assert (talking.exit_code(), talking.last_words()) == (number, words)


def test_silence_is_an_error_after_the_patience(talk):
    with talk("print('hello', flush=True); time.sleep(60)") as talking:
        answers = talking.answers(lambda: 2)
        assert next(answers) == "hello"
        with pytest.raises(Silent, match=r"^no progress for 2 s$"):
            next(answers)


def test_the_patience_may_end_while_one_waits(talk):
    left = [60.0, 60.0]
    with talk("print('hello', flush=True); time.sleep(60)") as talking:
        answers = talking.answers(lambda: left.pop() if left else 0.5)
        assert next(answers) == "hello"
        with pytest.raises(Silent) as silence:
            next(answers)
    assert silence.value.seconds == 0.5


def test_the_time_a_listener_takes_is_not_the_silence_of_the_process(talk, monkeypatch):
    with talk("print('hello', flush=True); time.sleep(0.5); print('again')") as talking:
        answers = talking.answers(lambda: 2)
        assert next(answers) == "hello"
        now = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: now() + 1000)
        assert list(answers) == ["again"]


def test_a_stop_is_noticed_within_a_second_while_the_process_says_nothing(talk):
    stop = threading.Event()
    with talk("print('hello', flush=True); time.sleep(60)") as talking:
        answers = talking.answers(lambda: 60, stop)
        assert next(answers) == "hello"
        stop.set()
        begun = time.monotonic()
        with pytest.raises(Stopped):
            next(answers)
        assert time.monotonic() - begun < 1


def test_leaving_ends_the_process_with_everything_it_started(talk, leftovers):
    with talk(CHILD + "print('started', flush=True); time.sleep(60)") as talking:
        assert next(talking.answers(lambda: 10)) == "started"
        assert len(leftovers.processes()) == 2
    assert leftovers.processes() == []
