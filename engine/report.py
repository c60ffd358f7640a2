"""The report of a sweep: the JSON that CI and notebooks read (``schema: 1``)."""

from typing import Literal

import msgspec

from engine.knob import Scalar
from engine.plan import Plan

SCHEMA = 1
Status = Literal["ok", "failed", "unavailable", "unmeasured"]
Goal = Literal["job", "steady"]


class Interval(msgspec.Struct, frozen=True):
    """A median with the order-statistic interval around it; the report says at which confidence."""

    median: float
    low: float
    high: float


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """The machine a result is valid for."""

    fingerprint: str
    cpu: str
    physical_cores: int
    usable_cores: int
    """What affinity and the cgroup quota leave to this process."""
    memory_bytes: int
    gpus: tuple[str, ...] = ()
    system: str
    python: str
    gil: bool
    libraries: dict[str, str] = {}


class WorkloadFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was computed."""

    name: str
    reference: str
    """What finds it again: a built-in name, module:attribute or file.py:attribute."""
    tasks_reference: str = ""
    """The same for the tasks of a plain function."""
    data_reference: str = ""
    """The same for its data."""
    size: str
    tasks: int
    """Those that were run."""
    all_tasks: int = 0
    """Where these are a sample: how many there are in all."""
    settings: dict[str, Scalar] = {}
    """Settings common to every plan; those that differ are in the plans."""
    data_bytes: int = 0
    """Bytes of the baseline's data when serialised."""
    data_hash: str = ""
    """sha256 of the serialised data of the baseline."""


class Breakdown(msgspec.Struct, frozen=True, kw_only=True):
    """Where one whole job went, in wall seconds; the parts add up to set-up plus first run."""

    start: float = 0.0
    """Starting workers and whatever else set-up did."""
    ship: float = 0.0
    """Getting the data to the workers."""
    compute: float = 0.0
    """Mean CPU time of a worker inside the kernel."""
    locks: float = 0.0
    """Mean time a worker was inside the kernel without a CPU: the GIL, other locks, a busy machine."""
    imbalance: float = 0.0
    """Mean time a worker had nothing to do while the busiest one still computed."""
    dispatch: float = 0.0
    """The rest of the run: handing out chunks and bringing results back."""


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """One named cause of lost time in one whole job."""

    cause: str
    share: float
    """Part of the job's seconds, 0 to 1."""
    seconds: float
    advice: str = ""


class TrialReport(msgspec.Struct, frozen=True, kw_only=True):
    """One plan, measured."""

    plan: Plan
    status: Status
    reason: str = ""
    """Why it failed, is unavailable or was not measured."""
    runs: tuple[float, ...] = ()
    """Seconds of a steady run, one per block: the median of that block's runs."""
    seconds: Interval | None = None
    """One steady run: set-up done, caches warm."""
    setup_seconds: float | None = None
    first_run_seconds: float | None = None
    job_seconds: Interval | None = None
    """One whole job from nothing: set-up plus first run."""
    full_seconds: Interval | None = None
    """Where a sample of the tasks was measured: one whole job over all of them, estimated."""
    full_reason: str = ""
    """Why there is no such estimate, or where there is one why it says little."""
    full_speedup: Interval | None = None
    """Baseline ``full_seconds`` / these, paired over blocks."""
    tasks_per_second: float | None = None
    speedup: Interval | None = None
    """Baseline seconds / these seconds, steady runs, paired over blocks."""
    job_speedup: Interval | None = None
    """The same for one whole job."""
    efficiency: float | None = None
    """Speedup against the same kernel run sequentially, divided by workers; steady runs."""
    serial_fraction: float | None = None
    """Karp-Flatt: (1/S - 1/N) / (1 - 1/N) with S against the same kernel."""
    peak_memory_bytes: int | None = None
    """Largest sum of the proportional set sizes (PSS) of all processes, so shared pages count once."""
    bytes_copied: int | None = None
    """Data and results that were copied between processes in one whole job."""
    bytes_shipped: int | None = None
    """The part of ``bytes_copied`` that is data, for all workers together."""
    tasks_per_chunk: int | None = None
    """What ``chunk_size`` came to."""
    data_hash: str = ""
    """sha256 of the serialised data it ran on."""
    identical: bool | None = None
    """Bit for bit equal to the same kernel run sequentially."""
    max_error: float | None = None
    """Largest difference from the baseline's results, or from the naive kernel's of the same quality."""
    score: float | None = None
    """Quality of all results, where the workload has such a measure; more is better."""
    breakdown: Breakdown | None = None
    losses: tuple[Loss, ...] = ()
    notes: tuple[str, ...] = ()
    """What is not as it should be: libraries with more threads than allowed, data that cannot be shared."""
    verdict: str = ""
    """One plain sentence: why this plan wins or what it loses its time to."""


class Ceiling(msgspec.Struct, frozen=True):
    """Speedup of ``workers`` independent copies of a CPU-only control on this machine during this sweep."""

    workers: int
    compute: float


class Recommendation(msgspec.Struct, frozen=True, kw_only=True):
    """The plan to use."""

    plan: Plan
    goal: Goal
    """``job``: fastest from nothing to results; ``steady``: fastest once a pool is up."""
    speedup: Interval
    """Against the baseline, for the goal."""
    reason: str
    note: str = ""
    """What would change the choice, such as after how many runs a pool pays."""
    estimate: str = ""
    """Where a sample was measured: how long the whole job takes with this plan and with the baseline, or why that
    cannot be said."""


class SweepReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a sweep found out."""

    schema: int = SCHEMA
    workbench: str
    created: str
    """ISO 8601, UTC."""
    complete: bool
    """False when the sweep was stopped before its last block."""
    blocks: int
    """Finished blocks, the number of fresh measuring processes behind each figure."""
    confidence: float
    """Coverage of every interval in the report."""
    host: Host
    workload: WorkloadFacts
    baseline: Plan
    trials: tuple[TrialReport, ...]
    ceiling: tuple[Ceiling, ...] = ()
    recommendation: Recommendation | None = None
    noise: tuple[str, ...] = ()
    """What disturbed the measurement."""
