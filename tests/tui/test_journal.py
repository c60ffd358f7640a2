"""Sweeps of the screen are recorded while they run, and those that did not come to their end can go on."""

import asyncio
import io
import os
import stat
import sys
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.errors import FileProblem
from engine.events import AnyEvent, Failed, SweepFinished, TakenOver, decode, encode
from engine.recording import read_recording
from engine.request import SweepRequest
from engine.tune import serve
from tests.builders import a_continued_race, a_race, a_report, a_start, a_sweep, a_trial
from tests.tui.fakes import FakeEngine
from tests.tune.fakes import a_request, fake, report_of, swept
from workbench.tui import journal, services
from workbench.tui.engine_process import EngineProcess
from workbench.tui.journal import forget, go_on_command, state_folder, unfinished
from workbench.tui.journaled import Journaled

__all__ = ["fake"]

REQUEST = SweepRequest(workload="straddles", axes={"workers": (1, 2)}, settings={"layout": ("dict", "a b")})
START = a_start()
HALF: list[AnyEvent] = [START, *a_trial(0, 0, 2.0), *a_trial(0, 1, 0.4), *a_trial(1, 1, 0.4)]
STOPPED = SweepFinished(report=a_report(complete=False, blocks=1))


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "workbench"


def files(state):
    return sorted(path.name for path in state.iterdir()) if state.exists() else []


def stream_of(events, request=REQUEST, earlier=None) -> Any:
    """The events of a recorded sweep, to be followed as far as one likes."""
    return Journaled(FakeEngine(events), request, earlier).events()


def follow(events, request=REQUEST, earlier=None):
    """Follow a sweep to its end; return what came by and what was complained about."""
    engine, problems = Journaled(FakeEngine(events), request, earlier), list[str]()
    engine.on_problem = problems.append

    async def seen():
        return [event async for event in engine.events()]

    return asyncio.run(seen()), problems


def interrupt(events, request=REQUEST, earlier=None):
    """Follow a sweep until the screen goes, after these events; return what there is to go on from."""

    async def some():
        async with aclosing(stream_of(events, request, earlier)) as stream:
            for _ in events:
                await anext(stream)

    asyncio.run(some())
    return unfinished()


def test_a_sweep_that_came_to_its_end_leaves_no_recording(state):
    assert follow(a_sweep()) == (a_sweep(), [])
    assert files(state) == []


def test_an_interrupted_sweep_is_kept_with_what_was_asked(state, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = datetime.now(UTC)
    [kept] = interrupt(HALF)
    assert read_recording(kept.path) == HALF
    assert (kept.request, kept.folder, kept.pid) == (REQUEST, tmp_path, os.getpid())
    assert (kept.workload, kept.plans, kept.plans_done) == ("straddles", len(START.plans), 2)
    assert before <= kept.when <= before + timedelta(minutes=1)
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


def test_a_stopped_sweep_and_one_whose_engine_died_are_kept():
    follow([*HALF, STOPPED])
    follow([*HALF, Failed(message="the engine was killed by SIGKILL", exit_code=4)])
    assert [kept.plans_done for kept in unfinished()] == [2, 2]


@pytest.mark.parametrize("events", [[], HALF[:1], HALF[:3]])
def test_where_nothing_was_measured_there_is_nothing_to_go_on_from(events, state):
    follow([*events, Failed(message="no such size", exit_code=2)])
    assert interrupt(events) == []
    assert files(state) == []


def test_a_sweep_that_runs_is_not_offered():
    async def story():
        stream = stream_of(HALF)
        for _ in HALF:
            await anext(stream)
        running = unfinished()
        await stream.aclose()
        return running

    assert asyncio.run(story()) == []
    assert len(unfinished()) == 1


def test_every_event_is_on_the_disk_before_it_is_shown(state):
    async def story():
        async with aclosing(stream_of(HALF)) as stream:
            for number in range(len(HALF)):
                await anext(stream)
                [path] = state.glob("*.jsonl")
                assert read_recording(path) == HALF[: number + 1]

    asyncio.run(story())


def test_a_killed_screen_costs_at_most_the_line_it_was_writing():
    [kept] = interrupt(HALF)
    kept.path.write_bytes(kept.path.read_bytes() + encode([*a_trial(2, 2, 0.4)][-1])[:-9])
    [again] = unfinished()
    assert again == kept
    assert read_recording(again.path) == HALF


def test_the_newest_comes_first_and_ten_are_kept(state):
    for workers in range(1, 14):
        interrupt(HALF, msgspec.structs.replace(REQUEST, axes={"workers": (workers,)}))
    assert [kept.request.axes["workers"] for kept in unfinished()] == [(workers,) for workers in range(13, 3, -1)]
    assert len(files(state)) == 20
    forget(unfinished()[0].path)
    forget(state / "sweep-gone.jsonl")
    assert len(unfinished()) == 9
    assert len(files(state)) == 18


def test_what_cannot_be_read_is_left_out(state):
    kept = interrupt(HALF)
    (state / "sweep-9.jsonl").write_bytes(b"\x00\xff\n")
    (state / "sweep-9.request.json").write_text("{}")
    (state / "sweep-8.jsonl").mkdir()
    (state / "sweep-7.jsonl").write_bytes(kept[0].path.read_bytes())
    assert unfinished() == kept


def test_a_sweep_that_goes_on_takes_the_place_of_its_recording_once_it_holds_as_much(state):
    [kept] = interrupt(a_race()[:12])
    events = a_continued_race()
    taken_over = next(at for at, event in enumerate(events) if isinstance(event, TakenOver))
    [same] = interrupt(events[:taken_over], earlier=kept)
    assert same == kept
    [other] = interrupt(events[: taken_over + 3], earlier=kept)
    assert other.path != kept.path
    assert read_recording(other.path) == events[: taken_over + 3]
    assert len(files(state)) == 2
    follow([*events[: taken_over + 3], SweepFinished(report=a_report())], earlier=other)
    assert files(state) == []


def test_a_recording_that_is_refused_stays():
    [kept] = interrupt(HALF)
    follow([Failed(message="--continue: the recording was made on another machine", exit_code=2)], earlier=kept)
    assert unfinished() == [kept]


def test_a_folder_that_cannot_be_made_is_one_complaint_and_no_harm(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    events, problems = follow(a_sweep())
    assert events == a_sweep()
    assert len(problems) == 1
    assert problems[0].startswith("the sweep is not recorded: ")
    assert unfinished() == []


def test_a_full_disk_is_one_complaint_and_what_was_written_stays(monkeypatch):
    written = journal.begin

    class Full:
        def __init__(self, file):
            self._file, self._left = file, len(HALF) - 1
            self.flush, self.close = file.flush, file.close

        def write(self, line):
            self._left -= 1
            if self._left < 0:
                raise OSError(28, "No space left on device")
            return self._file.write(line)

    def begin(*arguments):
        path, file = written(*arguments)
        return path, Full(file)

    monkeypatch.setattr(journal, "begin", begin)
    events, problems = follow([*HALF, STOPPED])
    assert events == [*HALF, STOPPED]
    assert problems == ["the sweep is not recorded: [Errno 28] No space left on device"]
    assert read_recording(unfinished()[0].path) == HALF[:-1]
    assert len(follow(a_sweep())[1]) == 1
    assert len(unfinished()) == 1  # a sweep that ends leaves nothing, also if it could not be recorded whole


def test_a_folder_that_has_gone_is_one_complaint_and_no_harm(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    events, problems = follow(a_sweep())
    assert (events, len(problems)) == (a_sweep(), 1)


def test_a_recording_that_cannot_be_removed_is_one_complaint(monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(journal, "forget", refuse)
    events, problems = follow(a_sweep())
    assert (events, len(problems)) == (a_sweep(), 1)


def test_a_request_that_cannot_be_written_leaves_no_recording(state, monkeypatch):
    def refuse(path, content):
        raise FileProblem(path, None, "cannot be written: Read-only file system")

    monkeypatch.setattr(journal, "write_atomically", refuse)
    _, problems = follow([*HALF, STOPPED])
    assert len(problems) == 1
    assert "Read-only file system" in problems[0]
    assert files(state) == []


def test_without_a_home_there_is_a_complaint_and_nothing_to_go_on_from(monkeypatch):
    def nowhere():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    assert len(follow(a_sweep())[1]) == 1
    assert unfinished() == []


@pytest.mark.parametrize("named", ["", "relative"])
def test_the_folder_is_in_the_home_unless_another_is_named(named, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", named)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder() == tmp_path / ".local" / "state" / "workbench"


def test_the_command_that_goes_on_names_the_folder_it_was_asked_in(tmp_path, monkeypatch):
    (tmp_path / "it's").mkdir()
    monkeypatch.chdir(tmp_path / "it's")
    [kept] = interrupt(HALF)
    line = f"workbench sweep straddles --workers 1,2 --set 'layout=dict,a b' --continue {kept.path}"
    assert go_on_command(kept) == line
    monkeypatch.chdir(tmp_path)
    assert go_on_command(kept) == f"cd '{tmp_path}/it'\"'\"'s' && {line}"


def test_the_screen_records_every_sweep_and_goes_on_in_the_folder_it_was_asked_in(tmp_path, monkeypatch):
    (tmp_path / "asked").mkdir()
    monkeypatch.chdir(tmp_path / "asked")
    (tmp_path / "half").write_bytes(b"".join(map(encode, HALF)))
    script = "import os, sys; sys.stderr.write(' '.join([os.getcwd(), *sys.argv[1:]])); print(open('../half').read())"
    monkeypatch.setattr(EngineProcess.__init__, "__defaults__", ((sys.executable, "-c", script),))

    async def last_of(engine):
        return [event async for event in engine.events()][-1]

    asyncio.run(last_of(services.start_sweep(REQUEST)))
    [kept] = unfinished()
    monkeypatch.chdir(tmp_path)
    failed = asyncio.run(last_of(services.go_on_with(kept)))
    assert failed.message.endswith(f": {tmp_path / 'asked'} {kept.path}")


def test_the_engine_goes_on_from_a_recording_to_what_the_command_comes_to(fake):
    request = a_request()
    whole = swept(request)[:-1]
    [kept] = interrupt(whole, request)

    async def rest() -> list[Any]:
        return [event async for event in services.go_on_with(kept).events()]

    *told, last = asyncio.run(rest())
    *expected, end = swept(request, whole)
    report = report_of([end])
    assert told[1:] == expected[1:]
    assert msgspec.structs.replace(last.report, created=report.created, host=report.host) == report
    assert unfinished() == []


def test_an_engine_that_cannot_read_the_recording_says_so(tmp_path, monkeypatch, capsysbinary):
    monkeypatch.setattr(serve, "stop_on_signals", lambda: None)
    monkeypatch.setattr(serve, "hold_on_to_parent", lambda: None)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(msgspec.json.encode(REQUEST))))
    assert serve.serve_sweep(tmp_path / "gone.jsonl") == 2
    missing = f"{tmp_path / 'gone.jsonl'}: cannot be read: No such file or directory"
    assert decode(capsysbinary.readouterr().out) == Failed(message=missing, exit_code=2)
