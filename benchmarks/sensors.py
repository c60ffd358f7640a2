"""What watching costs: sensors and events around a run, against the same run alone.

    python benchmarks/sensors.py [--quick] [--json] [--out FILE]

A block times three arms twice each, the second time in mirrored order, so that drift cancels: the bare run, the bare
run under another name, and the run with a look at every sensor before and after it, the judgement, and its event on the
way to a process that reads it. Figures are medians over blocks of ratios within a block. The second name is the null
control: as far as it differs from the first, nothing can be said. Blocks that something else disturbed are measured
again. ``--quick`` takes fewer blocks, within a minute.
"""

import argparse
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import IO, Any

import msgspec
from overhead_arms.disturbance import Disturbance
from overhead_arms.report import Claim, Table, claim, claim_line, number, progress, spread, table_lines

from engine.events import RunFinished, encode
from engine.host import describe_host
from engine.measure.noise import NoiseWatch, Sensors

SECONDS = 0.3
"""Of one run."""
WORKERS = 2
"""Idle processes in the family, which every look has to visit."""
BLOCKS, FEW, ATTEMPTS = 60, 9, 3
BAR = 0.01
"""Share of a run that watching may cost."""

LOOK = BAR * 0.5 / 6
"""Seconds that one may take: a trial looks up to six times, and its steady runs take half a second at least."""

ARMS = ("bare", "again", "watched")
_IDLER = "import sys\nsys.stdin.read()"
_READER = "import sys\nfrom engine.events import decode\nfor line in sys.stdin.buffer: decode(line)"


def work(steps: int) -> int:
    """A loop of integers, which needs nothing but a core."""
    total = 0
    for i in range(steps):
        total += i * i % 7
    return total


def steps_of_a_run() -> int:
    """Return how many steps take about 0.3 s here."""
    spent = []
    for _ in range(7):
        begun = time.process_time()
        work(500_000)
        spent.append(time.process_time() - begun)
    return int(500_000 * SECONDS / median(spent))


@contextmanager
def children(code: str, count: int) -> Iterator[list[IO[bytes]]]:
    """Start so many processes and yield their standard inputs."""
    command = [sys.executable, "-c", code]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(count)]
    try:
        yield [process.stdin for process in started if process.stdin]
    finally:
        for process in started:
            process.communicate()


@dataclass
class Measured:
    """Every timed run, and what a look right after one took."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """By arm, one for each block: the mean of its two runs."""
    looks: list[float] = field(default_factory=list)
    """Seconds of each look, with the caches as a run leaves them."""
    events: list[float] = field(default_factory=list)
    """Seconds of judging and of each event."""
    disturbed: tuple[str, ...] = ()
    """What else went on, where that spoils the figures."""
    left_out: int = 0
    """Blocks that were disturbed and measured again."""

    def ratios(self, arm: str) -> list[float]:
        """Return an arm's seconds against the bare run's, block by block."""
        return [one / bare for one, bare in zip(self.seconds[arm], self.seconds["bare"], strict=True)]

    def shares(self) -> list[float]:
        """Return what two looks and an event take, against a bare run."""
        run = median(self.seconds["bare"])
        pairs = zip(self.looks[::2], self.looks[1::2], self.events, strict=True)
        return [(one + other + event) / run for one, other, event in pairs]


class Watched:
    """A run with everything around it."""

    def __init__(self, sensors: Sensors, stream: IO[bytes], measured: Measured) -> None:
        self._sensors, self._stream, self._measured = sensors, stream, measured

    def run(self, steps: int) -> None:
        """Look, run, look, judge, tell."""
        marks = [time.perf_counter()]
        watch = NoiseWatch(self._sensors)
        watch.begin()
        marks.append(time.perf_counter())
        work(steps)
        marks.append(time.perf_counter())
        watch.end()
        marks.append(time.perf_counter())
        noise = watch.noise(1)
        event = RunFinished(block=0, plan=0, kind="steady", seconds=marks[2] - marks[1])
        self._stream.write(encode(event))
        self._stream.flush()
        marks.append(time.perf_counter())
        assert noise
        self._measured.looks += [marks[1] - marks[0], marks[3] - marks[2]]
        self._measured.events.append(marks[4] - marks[3])


def measure(blocks: int) -> Measured:
    """Time so many blocks, and those again that something else disturbed, up to three times as many in all."""
    found: list[Measured] = []
    with ExitStack() as stack:
        stack.enter_context(children(_IDLER, WORKERS))
        (stream,) = stack.enter_context(children(_READER, 1))
        sensors = stack.enter_context(Sensors())
        steps = steps_of_a_run()
        while len(found) < ATTEMPTS * blocks and sum(not each.disturbed for each in found) < blocks:
            progress(f"block {len(found) + 1}")
            found.append(measure_block(steps, sensors, stream, random.Random(len(found)).sample(ARMS, len(ARMS))))
    quiet = [each for each in found if not each.disturbed]
    return together(quiet if len(quiet) > blocks / 2 else found, len(found) - len(quiet))


def measure_block(steps: int, sensors: Sensors, stream: IO[bytes], order: Sequence[str]) -> Measured:
    """Time every arm twice, in this order and back."""
    measured, watch = Measured(), NoiseWatch(sensors)
    runs = {"bare": work, "again": work, "watched": Watched(sensors, stream, measured).run}
    twice: dict[str, float] = defaultdict(float)
    watch.begin()
    for arm in (*order, *reversed(order)):
        begun = time.perf_counter()
        runs[arm](steps)
        twice[arm] += time.perf_counter() - begun
    watch.end()
    measured.seconds.update({arm: [seconds / 2] for arm, seconds in twice.items()})
    noise = watch.noise(1)
    measured.disturbed = noise.reasons if noise else ()
    return measured


def together(blocks: Sequence[Measured], left_out: int) -> Measured:
    """Return all blocks as one."""
    measured = Measured(left_out=left_out)
    for block in blocks:
        measured.looks += block.looks
        measured.events += block.events
        measured.disturbed = measured.disturbed or block.disturbed
        for arm, seconds in block.seconds.items():
            measured.seconds[arm] += seconds
    return measured


def claims_of(measured: Measured) -> list[Claim]:
    """Return what is said of the costs."""
    off = abs(median(measured.ratios("again")) - 1)
    busy = "; ".join(measured.disturbed)
    note = busy or (f"the same run differs from itself by {off:.1%}" if off > BAR / 2 else "")
    percent = [(ratio - 1) * 100 for ratio in measured.ratios("watched")]
    shares = [share * 100 for share in measured.shares()]
    looks = [seconds * 1e6 for seconds in measured.looks]
    return [
        claim(f"a run of {SECONDS:g} s with sensors and events, beyond the bare run", percent, "%", 1, "at most", note),
        claim("time inside sensors and events, part of the run", shares, "%", 1, "at most", busy),
        claim(f"one look right after a run, {WORKERS} workers", looks, "µs", LOOK * 1e6, "at most", busy),
    ]


def table_of(measured: Measured) -> Table:
    """Return each arm against the bare run."""
    names = {"bare": "the run alone", "again": "the same under another name", "watched": "with sensors and events"}
    rows = [(names[arm], spread(measured.ratios(arm), digits=4), spread(measured.seconds[arm])) for arm in ARMS]
    notes = (
        f"a look takes {number(median(measured.looks) * 1e6)} µs and an event {number(median(measured.events) * 1e6)} "
        f"µs; medians and ranges over {len(measured.seconds['bare'])} blocks, {measured.left_out} were disturbed",
    )
    return Table("A run, and the same run watched", ("", "ratio", "s"), rows, notes)


def document_of(measured: Measured, claims: Sequence[Claim], disturbance: Disturbance) -> dict[str, Any]:
    """Return the one JSON document: claims, host, what disturbed, and every sample."""
    return {
        "claims": claims,
        "host": describe_host(),
        "disturbance": disturbance.facts() | {"disturbed_blocks": measured.left_out},
        "samples": {
            "seconds": measured.seconds,
            "look_seconds": measured.looks,
            "event_seconds": measured.events,
        },
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer blocks, within a minute")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--out", type=Path, help="also write that document to a file")
    given = parser.parse_args()
    disturbance = Disturbance()
    measured = measure(FEW if given.quick else BLOCKS)
    disturbance.stop()
    claims = claims_of(measured)
    text = msgspec.json.format(msgspec.json.encode(document_of(measured, claims, disturbance)), indent=1).decode()
    if given.out:
        given.out.write_text(text + "\n")
    lines = [*map(claim_line, claims), *table_lines(table_of(measured)), "", str(disturbance)]
    print(text if given.json else "\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
