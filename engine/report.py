"""The report of a sweep: the JSON that CI and notebooks read (``schema: 1``)."""

from typing import Literal

import msgspec

from engine.knob import Scalar
from engine.plan import Plan

SCHEMA = 1
Status = Literal["ok", "failed", "unavailable", "unmeasured", "eliminated"]
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
    conditions: dict[str, str] = {}
    """What moves measurements on one and the same machine, in words, where it can be read: governor, turbo,
    hyperthreads, affinity and the like. No part of the fingerprint."""


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
    """Mean time a worker had nothing to do because one chunk took longer than a fair share of all."""
    tail: float = 0.0
    """Mean time a worker had nothing to do while others computed their last chunks, beyond that."""
    transfer: float = 0.0
    """Serialising results and copying them back."""
    dispatch: float = 0.0
    """The rest of the run: handing out chunks and collecting results."""


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """One named cause of lost time in one whole job."""

    cause: str
    share: float
    """Part of the job's seconds, 0 to 1."""
    seconds: float
    advice: str = ""


class Noise(msgspec.Struct, frozen=True, kw_only=True):
    """What else went on while one plan was measured in one block."""

    stolen: float = 0.0
    """Part of the machine's CPU time that its hypervisor gave to other machines, 0 to 1."""
    others: float = 0.0
    """Cores that other processes kept busy, on average."""
    throttled: float = 0.0
    """Part of the time in which a control group's CPU quota held this process back, 0 to 1."""
    pressure: float | None = None
    """Part of the time in which some process of the machine waited for a core (PSI ``cpu some``), 0 to 1."""
    switches: float = 0.0
    """Involuntary context switches of the measuring process and its workers, per second."""
    megahertz: float | None = None
    """Mean clock of the cores, where readable."""
    reasons: tuple[str, ...] = ()
    """Why this measurement does not count, in words; empty: it does."""


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One plan in one block as it was measured, so that anyone can repeat the statistics. Seconds."""

    block: int
    setup: float
    first_run: float
    """The warm-up run: the first on cold caches."""
    steady: tuple[float, ...]
    """Every run after it."""
    noise: Noise | None = None


class TrialReport(msgspec.Struct, frozen=True, kw_only=True):
    """One plan, measured."""

    plan: Plan
    status: Status
    reason: str = ""
    """Why it failed, is unavailable or was not measured."""
    runs: tuple[float, ...] = ()
    """Seconds of a steady run, one per undisturbed block: the median of that block's runs."""
    samples: tuple[Measurement, ...] = ()
    """Everything that was measured, disturbed blocks as well."""
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
    """Speedup against the same kernel run sequentially, divided by workers; steady runs. For a kernel of a device, the
    part of the run in which the device computed."""
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
    data_objects: str = ""
    """The biggest container of Python objects in it, in words; empty: none is big."""
    identical: bool | None = None
    """Bit for bit equal to the same kernel run sequentially."""
    max_error: float | None = None
    """Largest difference from the baseline's results, or from the naive kernel's of the same quality."""
    score: float | None = None
    """Quality of all results, where the workload has such a measure; more is better."""
    breakdown: Breakdown | None = None
    factors: dict[str, float] = {}
    """Named factors whose product is the efficiency of a steady run; below 1 is a loss."""
    job_factors: dict[str, float] = {}
    """The same for one whole job: their product is sequential job / (workers × this job), same kernel."""
    losses: tuple[Loss, ...] = ()
    notes: tuple[str, ...] = ()
    """What is not as it should be: libraries with more threads than allowed, data that cannot be shared."""
    verdict: str = ""
    """One plain sentence: why this plan wins or what it loses its time to."""

    @property
    def measured(self) -> bool:
        """Whether there are figures: it is in the race, or left it after it was measured."""
        return self.seconds is not None and self.job_seconds is not None


class Ceiling(msgspec.Struct, frozen=True):
    """Speedup of ``workers`` independent copies of a control on this machine during this sweep."""

    workers: int
    compute: float
    """Of a loop of integers, which needs nothing but a core."""
    bandwidth: float | None = None
    """Of a loop over more memory than any cache holds."""


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """How sure the recommendation is."""

    within: float | None
    """The recommended plan is at most this share slower than any other, such as 0.03; None: nothing can be said."""
    wanted: float
    """What was asked for."""
    confidence: float
    """Probability with which that holds, such as 0.95."""
    blocks: int
    """Blocks behind it."""
    confirmed: bool = False
    """Whether winner, runner-up and baseline were measured once more in fresh processes, and it held."""
    ties: tuple[Plan, ...] = ()
    """Plans that may be as fast, the recommended one not among them."""
    note: str = ""
    """Why ``within`` is not what was wanted, where it is not."""


class Prediction(msgspec.Struct, frozen=True):
    """Speedup against one worker, at a number of workers."""

    workers: int
    speedup: Interval
    measured: bool = False


class Scaling(msgspec.Struct, frozen=True, kw_only=True):
    """How the speedup of one mode and kernel grows with workers: the laws of Amdahl and of Gunther (USL), fitted."""

    mode: str
    kernel: str
    settings: dict[str, Scalar] = {}
    serial_fraction: Interval | None = None
    """Amdahl's: 1 / (s + (1 - s) / N)."""
    contention: Interval | None = None
    """USL: N / (1 + contention (N - 1) + coherency N (N - 1))."""
    coherency: Interval | None = None
    throughput_at_one: Interval | None = None
    """USL's third coefficient, tasks per second of one worker."""
    peak_workers: tuple[float, float] | None = None
    """Workers beyond which more make it slower, low and high; None: not identifiable from what was measured."""
    predictions: tuple[Prediction, ...] = ()
    note: str = ""
    """What cannot be said from these points, and what to measure for it."""


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
    certificate: Certificate | None = None
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
    blocks_before: int = 0
    """Of these, blocks that were taken over from the recording of an earlier sweep."""
    confidence: float
    """Coverage of every interval in the report."""
    host: Host
    workload: WorkloadFacts
    baseline: Plan
    trials: tuple[TrialReport, ...]
    ceiling: tuple[Ceiling, ...] = ()
    control_seconds: tuple[float, ...] = ()
    """Seconds of one copy of the integer loop alone, the median in each block, by ``Measurement.block``: what the
    machine itself did between two sweeps. 0 where it was not measured."""
    scaling: tuple[Scaling, ...] = ()
    recommendation: Recommendation | None = None
    noise: tuple[str, ...] = ()
    """What disturbed the measurement."""
    screen_seconds: float | None = None
    """CPU seconds that the screen used beside the sweep, in a process of its own; None: there was no screen."""
