import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from engine.events import AnyEvent, Failed, SweepFinished, encode
from engine.request import SweepRequest
from tests.builders import a_start, a_sweep
from workbench.tui.engine_process import EngineProcess

PATIENCE = 5.0
"""Seconds the system gets to bury a killed process."""

REQUEST = SweepRequest(workload="straddles")


def an_engine(script: str) -> EngineProcess:
    return EngineProcess(REQUEST, (sys.executable, "-c", script))


async def all_of(engine) -> list[AnyEvent]:
    return [event async for event in engine.events()]


def replaying(events: list[AnyEvent], path: Path) -> str:
    path.write_bytes(b"".join(map(encode, events)))
    return f"import sys; request = sys.stdin.readline(); sys.stdout.write(open({str(path)!r}).read())"


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int) -> bool:
    deadline = time.monotonic() + PATIENCE
    while alive(pid) and time.monotonic() < deadline:
        os.sched_yield()
    return not alive(pid)


def test_events_come_in_order_and_the_last_is_the_report(tmp_path):
    events = a_sweep()
    assert asyncio.run(all_of(an_engine(replaying(events, tmp_path / "events")))) == events


def test_the_request_arrives_as_one_line_and_standard_input_stays_open():
    script = (
        'import sys, select; line = sys.stdin.readline(); assert \'"workload":"straddles"\' in line;'
        "closed = select.select([sys.stdin], [], [], 0.1)[0];"
        'print(\'{"event":"Failed","message":"\' + (\'closed\' if closed else \'open\') + \'","exit_code":2}\')'
    )
    assert asyncio.run(all_of(an_engine(script))) == [Failed(message="open", exit_code=2)]


def test_an_engine_that_dies_becomes_a_failure_with_its_last_words():
    [event] = asyncio.run(all_of(an_engine("import sys; sys.stderr.write('no such thing\\n'); sys.exit(3)")))
    assert event == Failed(message="the engine ended with exit code 3: no such thing", exit_code=4)


def test_an_engine_that_is_killed_is_named_by_its_signal():
    [event] = asyncio.run(all_of(an_engine("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")))
    assert isinstance(event, Failed)
    assert event.message.startswith("the engine was killed by SIGSEGV")


def test_what_is_not_an_event_does_not_end_the_stream(tmp_path):
    script = f"print('hello from the user'); {replaying(a_sweep(), tmp_path / 'events')}"
    assert asyncio.run(all_of(an_engine(script))) == a_sweep()


def test_a_command_that_does_not_exist_raises_an_os_error():
    with pytest.raises(OSError, match="No such file"):
        asyncio.run(all_of(EngineProcess(REQUEST, ("/nowhere/at/all",))))


def test_stop_asks_for_the_partial_report_and_gets_it(tmp_path):
    (tmp_path / "start").write_bytes(encode(a_start()))
    (tmp_path / "end").write_bytes(encode(a_sweep()[-1]))
    script = (
        "import signal, sys, time\n"
        f"def end(*_): sys.stdout.write(open({str(tmp_path / 'end')!r}).read()); sys.stdout.flush(); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        f"sys.stdout.write(open({str(tmp_path / 'start')!r}).read()); sys.stdout.flush()\n"
        "time.sleep(60)"
    )

    async def stopped() -> list[AnyEvent]:
        engine, seen = an_engine(script), []
        async for event in engine.events():
            seen.append(event)
            if len(seen) == 1:
                await engine.stop()
        return seen

    assert isinstance(asyncio.run(stopped())[-1], SweepFinished)


STUBBORN = (
    "import signal, subprocess, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    'print(\'{"event":"BlockStarted","block":%d}\' % child.pid, flush=True)\n'
    "time.sleep(60)"
)


def test_an_engine_that_does_not_answer_a_stop_is_ended_within_a_second_with_everything_it_started():
    async def stopped() -> tuple[list[AnyEvent], float]:
        engine, seen = an_engine(STUBBORN), []
        begun = 0.0
        async for event in engine.events():
            seen.append(event)
            if len(seen) == 1:
                begun = time.monotonic()
                await engine.stop()
        return seen, time.monotonic() - begun

    seen, waited = asyncio.run(stopped())
    assert waited < 1.5  # 0.8 s by design; the rest is room for a busy machine
    assert isinstance(seen[-1], Failed)
    assert seen[-1].exit_code == 130
    assert gone(seen[0].block)  # type: ignore[union-attr]


def test_cancelling_the_reader_leaves_no_process_behind():
    async def cancelled() -> int:
        engine, pids = an_engine(STUBBORN), []

        async def read() -> None:
            async for event in engine.events():
                pids.append(event.block)  # type: ignore[union-attr]

        task = asyncio.create_task(read())
        while not pids:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
        return pids[0]

    assert gone(asyncio.run(cancelled()))
