"""Sample one plan at work and write what was seen. Timed sweeps never sample: a capture is a run of its own."""

import math
import re
import sys
import tempfile
from pathlib import Path

import msgspec

from engine.errors import RequestError, WorkFailed
from engine.files import make_folder, write_atomically
from engine.host import usable_cores
from engine.hotspots import folded
from engine.hotspots.hot import HotFunction, hottest
from engine.hotspots.pyspy import Recorded, Spying, find_py_spy, record
from engine.hotspots.speedscope import speedscope
from engine.hotspots.svg import flame_graph
from engine.hotspots.working import Working, working
from engine.plan import Plan, describe

MANY_THREADS = 32
"""Operating-system threads above which stopping each of them for every sample slows the work several times over."""

GENTLE_RATE = 25

_TARGET = (sys.executable, "-P", "-m", "engine", "loop")


class CaptureRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to sample and where to put it."""

    workload: str
    """Built-in name, module:attribute or file.py:attribute."""
    tasks: str = ""
    """The same for the tasks of a plain function."""
    data: str = ""
    """The same for its data."""
    size: str = ""
    """Empty: the workload's first size."""
    plan: Plan
    out: str
    """Folder for the files; made when it is not there."""
    seconds: float = 5.0
    """Of work, after loading and set-up."""
    rate: int = 100
    """Samples a second of each thread that is not waiting."""
    patience: float = 600.0
    """Further seconds for loading and set-up, after which everything is ended."""

    def __post_init__(self) -> None:
        for name in ("seconds", "rate", "patience"):
            if getattr(self, name) <= 0:
                raise RequestError(f"{name} must be above 0, got {getattr(self, name)!r}")


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan spends its time in."""

    functions: tuple[HotFunction, ...]
    """The ten that were themselves executing most often."""
    files: dict[str, str]
    """Path by kind: folded, svg, speedscope."""
    samples: int
    """Those of the work; shares are parts of these."""
    dropped: int
    """Those of loading, imports and waiting, which are in no share."""
    errors: int
    kernel_share: float
    """Part of the samples in the kernel; the rest is the engine in the measuring process."""
    message: str
    """How far to trust this, one sentence a line."""


def capture(request: CaptureRequest) -> Capture:
    """Run a plan again and again under py-spy and return where its time went.

    Timed sweeps never sample, since py-spy stops the work to read it: it runs the plan for its own sake, and no timing
    from it counts. Raises Lacking when py-spy is missing or refused, WorkFailed when there is nothing to show.
    """
    rate, blocking = _gently(request)
    names = ("workload", "tasks", "data", "size", "plan", "seconds")
    line = {name: getattr(request, name) for name in names}
    deadline = request.seconds + request.patience
    spying = Spying(find_py_spy(), _TARGET, msgspec.json.encode(line) + b"\n", rate, blocking, deadline)
    make_folder(Path(request.out))
    with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
        recorded = record(spying, Path(folder))
    work = working(recorded.stacks)
    if not work.marked and recorded.crash:
        raise WorkFailed(f"the work ended before it began: {recorded.crash}")
    samples = sum(work.stacks.values())
    return Capture(
        functions=hottest(work.stacks),
        files=_write_all(request, work.stacks, rate),
        samples=samples,
        dropped=work.dropped,
        errors=recorded.errors,
        kernel_share=work.kernel / samples,
        message="\n".join(_notes(recorded, work, rate, blocking)),
    )


def _gently(request: CaptureRequest) -> tuple[int, bool]:
    """Return the rate, and whether the work may be stopped for each sample."""
    plan = request.plan
    threads = plan.workers * plan.threads_per_worker
    if plan.mode == "gpu-batch" or plan.kernel.startswith("torch"):
        threads += plan.workers * usable_cores()  # torch starts a thread for each core whatever it is told to use
    many = threads > MANY_THREADS
    return (min(request.rate, GENTLE_RATE) if many else request.rate), not many


def _notes(recorded: Recorded, work: Working, rate: int, blocking: bool) -> list[str]:
    samples = sum(work.stacks.values())
    total = samples + work.dropped
    notes = [_accuracy(samples)]
    if not work.marked:
        notes.append("No sample was in the work, so loading and imports are shown: capture for more seconds.")
    if work.dropped:
        notes.append(f"{work.dropped} of {total} samples were loading, imports or waiting, and are left out.")
    if not blocking:
        notes.append(f"{rate} samples a second of running threads, because they are many: single stacks may be wrong.")
    if recorded.behind:
        notes.append(f"py-spy fell {recorded.behind:.1f} s behind, so shares may be wrong: sample at a lower rate.")
    if recorded.errors > (total + recorded.errors) * 0.05:
        notes.append(f"{recorded.errors} of {total + recorded.errors} stacks could not be read.")
    if recorded.crash:
        notes.append(f"The work did not end well: {recorded.crash}")
    return notes


def _accuracy(samples: int) -> str:
    # The widest 95 % interval of a binomial share; neighbouring samples are alike, so this is the least to expect.
    points = 196 * math.sqrt(0.25 / samples)
    return f"Shares are good to about ±{points:.1f} points at {samples} samples."


def _write_all(request: CaptureRequest, stacks: folded.Stacks, rate: int) -> dict[str, str]:
    plan = request.plan
    parts = (_slug(part) for part in (Path(request.workload).name, plan.mode, plan.kernel))
    stem = Path(request.out).resolve() / "-".join(part for part in parts if part)
    title = f"{' '.join(filter(None, (request.workload, request.size)))}, {describe(plan)}"
    contents = {
        "folded": folded.write(stacks).encode(errors="replace"),
        "svg": flame_graph(stacks, title).encode(),
        "speedscope.json": speedscope(stacks, title, rate),
    }
    for ending, content in contents.items():
        write_atomically(Path(f"{stem}.{ending}"), content)
    return {ending.removesuffix(".json"): f"{stem}.{ending}" for ending in contents}


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("._-")[:80]
