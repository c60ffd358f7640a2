"""How fast the screen answers: the real one on a pseudo-terminal, over a real sweep that keeps all cores busy.

Keys move the cursor of the results table; a key is answered when the words on the plan it came to have arrived. What is
measured is everything between a keyboard and a terminal: reading, handling, painting, writing.
"""

import contextlib
import os
import pty
import random
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import quantiles

import msgspec

from engine.errors import WorkFailed
from engine.host import usable_cores
from engine.plan import describe
from engine.request import SweepRequest
from workbench.words.numbers import UNICODE, Signs, bar, seconds, size

KEYS = 200
"""Pressed in all; the 99th percentile needs a hundred."""
PAUSE = (0.03, 0.09)
"""Seconds between an answer and the next key, at random."""
WATCHED = 5.0
"""Seconds in which bytes are counted."""
PATIENCE = 30.0
"""Seconds the screen gets to come up, and to answer a key."""
WANTED = 0.05
"""Seconds within which 99 of 100 keys are to be answered."""
EDGES = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5)
"""Upper edges of the histogram, in seconds."""


class Lag(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured."""

    first_paint: float
    """Seconds from starting the program to the first text on its screen."""
    keys: tuple[float, ...]
    """Seconds from each key to its answer."""
    bytes_per_second: float
    """Sent to the terminal by the sweep alone, before any key."""
    columns: int
    rows: int

    def percentile(self, percent: int) -> float:
        """Return the time within which so many of 100 keys were answered."""
        return quantiles(self.keys, n=100, method="inclusive")[percent - 1]


def busy_sweep() -> SweepRequest:
    """Return a sweep that keeps every core busy for longer than anyone measures."""
    cores = usable_cores()
    return SweepRequest(
        workload="fixed_cost",
        axes={
            "mode": ("sequential", "thread", "process", "shared-memory"),
            "workers": (cores, cores * 2),
            "kernel": ("python",),
        },
        settings={"tasks": (400,), "work": (20_000,)},
        blocks=500,
        full_grid=True,
        accept_noise=True,
    )


@dataclass
class Terminal:
    """A program on a pseudo-terminal, and what it has sent."""

    master: int
    process: "subprocess.Popen[bytes]"
    output: bytes = b""

    def until(self, text: bytes, since: int = 0, patience: float = PATIENCE) -> float:
        """Read until something matches a pattern; return when that was. Raises WorkFailed."""
        deadline, pattern = time.perf_counter() + patience, re.compile(text)
        while not pattern.search(self.output, since):
            left = deadline - time.perf_counter()
            if left <= 0 or not self._read(left):
                raise WorkFailed(f"the screen did not show {text.decode()!r} within {patience:.0f} s")
        return time.perf_counter()

    def _read(self, patience: float) -> bool:
        ready, _, _ = select.select([self.master], [], [], patience)
        chunk = b""
        if ready:
            with contextlib.suppress(OSError):  # the program has gone
                chunk = os.read(self.master, 1 << 16)
        self.output += chunk
        return bool(chunk)

    def rest(self, patience: float) -> None:
        """Take what comes in this time."""
        end = time.perf_counter() + patience
        while (left := end - time.perf_counter()) > 0:
            self._read(left)


@contextlib.contextmanager
def on_terminal(command: Sequence[str], columns: int, rows: int, **environ: str) -> Iterator[Terminal]:
    """Start a program on a pseudo-terminal of this size; end it when that is left."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (rows, columns))
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": str(rows), **environ}
    environment.setdefault("LANG", "C.UTF-8")
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    )
    os.close(slave)
    os.set_blocking(master, True)
    try:
        yield Terminal(master, process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(master)


def measure_lag(columns: int = 80, rows: int = 24, keys: int = KEYS, watched: float = WATCHED) -> Lag:
    """Start the screen over a busy sweep, press keys, time the answers. Raises WorkFailed when it does not come up."""
    request = msgspec.json.encode(busy_sweep()).decode()
    command = [sys.executable, "-P", "-m", "workbench.tui.app", request]
    begun = time.perf_counter()
    with on_terminal(command, columns, rows) as terminal:
        first_paint = terminal.until(b"Workbench") - begun
        terminal.until(b"block 1")
        terminal.rest(1.0)
        sent = len(terminal.output)
        terminal.rest(watched)
        rate = (len(terminal.output) - sent) / watched
        answers = _press(terminal, keys)
    return Lag(first_paint=first_paint, keys=answers, bytes_per_second=rate, columns=columns, rows=rows)


def _press(terminal: Terminal, keys: int) -> tuple[float, ...]:
    """Move the cursor down and up between the first rows; return how long each move took to be seen."""
    names, draw, place = _names(), random.Random(1), 0
    answers = []
    for _ in range(keys):
        down = place < min(3, len(names) - 1) and (place == 0 or draw.random() < 0.5)
        place += 1 if down else -1
        since, pressed = len(terminal.output), time.perf_counter()
        os.write(terminal.master, b"j" if down else b"k")
        # the plan that runs is followed by a colon elsewhere on the screen
        answers.append(terminal.until(re.escape(names[place]).encode() + b"[^:]", since) - pressed)
        terminal.rest(draw.uniform(*PAUSE))
    return tuple(answers)


def _names() -> list[str]:
    """The plans of the sweep, in the words of the screen."""
    from engine.tune.space import expand

    plans = expand(busy_sweep()).plans
    return [describe(plan, plans) for plan in plans]


def lag_lines(lag: Lag, width: int = 80, signs: Signs = UNICODE) -> list[str]:
    """Return the figures and a histogram."""
    counts, before = [], 0.0
    for edge in (*EDGES, float("inf")):
        counts.append(sum(before < each <= edge for each in lag.keys))
        before = edge
    most, room = max(counts), max(min(width - 30, 50), 10)
    names = [f"up to {seconds(edge, signs)}" for edge in EDGES] + [f"over {seconds(EDGES[-1], signs)}"]
    verdict = "holds" if lag.percentile(99) <= WANTED else "MISSED"
    return [
        f"first paint {seconds(lag.first_paint, signs)} after the start, {lag.columns} {signs.times} {lag.rows}",
        f"{len(lag.keys)} keys over a sweep that keeps all cores busy: median {seconds(lag.percentile(50), signs)}, "
        f"99 of 100 within {seconds(lag.percentile(99), signs)} ({seconds(WANTED, signs)} wanted: {verdict})",
        f"{size(int(lag.bytes_per_second))} a second sent to the terminal while the sweep runs",
        "",
        *(
            f"{name:>14}  {bar(count / most, room, signs)} {count}"
            for name, count in zip(names, counts, strict=True)
            if count
        ),
    ]
