"""Why a plan loses: its lost seconds by cause, and one plain sentence."""

from dataclasses import dataclass

from engine.analyse.words import amount, duration, figure, portion
from engine.executor import Seconds
from engine.plan import Plan
from engine.report import Breakdown, Ceiling, Goal, Loss, TrialReport

FULL = 0.9
"""Share of the cores below which the machine itself is to blame; two copies of a loop differ by 5 % between runs."""

WORTH_NAMING = 0.02
"""Share of the job below which a loss is noise."""


@dataclass(frozen=True)
class Figures:
    """The trials of a sweep and the one that won."""

    trials: tuple[TrialReport, ...]
    best: TrialReport
    goal: Goal
    tasks: int = 0
    """Of a run."""
    ceiling: tuple[Ceiling, ...] = ()

    def sequential(self, plan: Plan) -> TrialReport | None:
        """Return the sequential trial of the same kernel and settings."""
        for trial in self.trials:
            same = (trial.plan.kernel, trial.plan.settings) == (plan.kernel, plan.settings)
            if same and trial.plan.mode == "sequential" and trial.measured:
                return trial
        return None


def losses_of(trial: TrialReport, figures: Figures) -> tuple[Loss, ...]:
    """Return what one whole job of a trial lost its time to, biggest first; the rest of the job is the work itself.

    The work itself is what the same kernel takes sequentially, divided by the workers; everything else is a loss.
    """
    parts = trial.breakdown
    if parts is None:
        return ()
    total = sum(getattr(parts, name) for name in parts.__struct_fields__)
    extra = max(0.0, parts.compute - _work(trial, figures) / trial.plan.workers)
    causes = _causes(trial, parts, extra, figures)
    losses = [Loss(cause=c, seconds=s, share=s / total, advice=a) for c, s, a in causes if s > WORTH_NAMING * total]
    return tuple(sorted(losses, key=lambda loss: -loss.seconds))


def _work(trial: TrialReport, figures: Figures) -> float:
    """CPU seconds the trial's kernel needs for all tasks: sequentially where that was measured, else as seen here."""
    for known in (figures.sequential(trial.plan), trial):
        if known and known.breakdown:
            return known.breakdown.compute * known.plan.workers
    return 0.0


def _causes(trial: TrialReport, parts: Breakdown, extra: float, figures: Figures) -> list[tuple[str, Seconds, str]]:
    """Every cause with its seconds and what to do about it."""
    plan = trial.plan
    waiting = "waiting for the GIL" if plan.mode == "thread" else "waiting for a core"
    return [
        ("shipping data", parts.ship, _shipping_advice(plan)),
        ("starting workers" if plan.workers > 1 else "set-up", parts.start, _starting_advice(plan)),
        (waiting, parts.locks, _waiting_advice(plan, parts)),
        (
            "uneven chunks",
            parts.imbalance,
            "one chunk takes longer than a fair share: smaller chunks or tasks",
        ),
        ("idle tail", parts.tail, "use smaller chunks, or chunk size auto, whose last chunks are small"),
        ("returning results", parts.transfer, _transfer_advice(plan)),
        ("dispatch", parts.dispatch, _dispatch_advice(trial, parts, figures)),
        ("extra CPU time per task", extra, _extra_advice(plan, figures)),
    ]


def _shipping_advice(plan: Plan) -> str:
    if plan.mode == "process":
        where = "with the data in arrays and a big dict in a LookupTable"
        return f"use shared-memory, {where}: pickling a Python object per worker costs what it weighs"
    return "keep the data in arrays, and a big dict in a LookupTable: what is in neither is copied to each worker"


def _starting_advice(plan: Plan) -> str:
    return "keep the workers for more than one job, and import less where they start" if plan.workers > 1 else ""


def _waiting_advice(plan: Plan, parts: Breakdown) -> str:
    if plan.mode != "thread":
        return "more workers than free cores, or library threads beside them: fewer workers, threads_per_worker=1"
    share = parts.locks / max(parts.locks + parts.compute, 1e-9)
    return f"threads waited for the GIL {share:.0%} of their time: use processes, or a kernel that releases the GIL"


def _transfer_advice(plan: Plan) -> str:
    declared = "declare the form of a result, so that it comes back through shared memory"
    return f"use shared-memory and {declared}" if plan.mode == "process" else f"{declared}, or return less"


def _dispatch_advice(trial: TrialReport, parts: Breakdown, figures: Figures) -> str:
    """With the cost of one hand-out, which is what chunks are too small for."""
    size, do = trial.tasks_per_chunk or 0, "use bigger chunks, or chunk size auto"
    if not (size and figures.tasks):
        return do
    each = duration(parts.dispatch / max(1.0, figures.tasks / size))
    tasks = f"{size} task{'' if size == 1 else 's'}"
    return f"handing out {tasks} at a time costs {each}: {do}"


def _extra_advice(plan: Plan, figures: Figures) -> str:
    """What the control probes say of the machine with as many workers."""
    ceiling = next((each for each in figures.ceiling if each.workers == plan.workers), None)
    if ceiling and ceiling.compute < FULL * plan.workers:
        gave = f"{ceiling.compute:.2f} of {plan.workers} cores"
        return f"the machine gave {gave} to independent copies of a loop too: hyperthreads, clock speed or neighbours"
    if ceiling and ceiling.bandwidth is not None and ceiling.bandwidth < FULL * plan.workers:
        return f"workers share memory bandwidth, of which {plan.workers} copies got {ceiling.bandwidth:.2f} times one's"
    return "workers share cache, memory bandwidth and clock speed"


def verdict_of(trial: TrialReport, losses: tuple[Loss, ...], figures: Figures) -> str:
    """Return one sentence: how the trial compares with the best, and the main cause."""
    if not trial.measured or not figures.best.job_seconds:
        return trial.reason
    if trial.plan == figures.best.plan:
        return "fastest whole job" if figures.goal == "job" else "fastest steady run"
    slower = _slower(trial, figures)
    return f"{slower}: {_main_cause(trial, losses, figures)}"


def _slower(trial: TrialReport, figures: Figures) -> str:
    mine, best = _goal_seconds(trial, figures.goal), _goal_seconds(figures.best, figures.goal)
    return f"{figure(mine / best)}× the best" if mine / best >= 1.005 else "as fast as the best"


def _goal_seconds(trial: TrialReport, goal: Goal) -> float:
    interval = trial.job_seconds if goal == "job" else trial.seconds
    return interval.median if interval else float("inf")


def _main_cause(trial: TrialReport, losses: tuple[Loss, ...], figures: Figures) -> str:
    """The biggest cause: a loss of this plan, or its kernel being slower than the best plan's."""
    parts = trial.breakdown
    job = sum(getattr(parts, name) for name in parts.__struct_fields__) if parts else 0.0
    kernel = _kernel_gap(trial, figures)
    if losses and losses[0].seconds > kernel:
        return _sentence(trial, losses[0], job)
    if kernel > WORTH_NAMING * job:
        ratio = _compute_ratio(trial, figures)
        return f"the {trial.plan.kernel} kernel computes {figure(ratio, 2)}× as long as {figures.best.plan.kernel}"
    if trial.plan.workers < figures.best.plan.workers:
        return f"{trial.plan.workers} of {figures.best.plan.workers} workers"
    return "no single cause stands out"


def _kernel_gap(trial: TrialReport, figures: Figures) -> float:
    """Seconds the trial's kernel needs longer than the best plan's would with the same workers."""
    if trial.plan.kernel == figures.best.plan.kernel:
        return 0.0
    return (_work(trial, figures) - _work(figures.best, figures)) / trial.plan.workers


def _compute_ratio(trial: TrialReport, figures: Figures) -> float:
    needed = _work(figures.best, figures)
    return _work(trial, figures) / needed if needed else 1.0


def _sentence(trial: TrialReport, loss: Loss, job: float) -> str:
    workers, shipped = trial.plan.workers, trial.bytes_shipped or 0
    what = loss.cause
    if loss.cause == "shipping data" and trial.plan.mode == "process":
        what = f"pickled {amount(shipped / workers)} to each of {workers} workers"
    elif loss.cause == "shipping data":
        what = f"packed the data once and rebuilt its objects in each of {workers} workers, {amount(shipped)} in all"
    elif loss.cause == "starting workers":
        what = f"starting {workers} workers"
    return f"{what}: {portion(loss.seconds, job)}"
