"""Why a plan loses: its lost seconds by cause, and one plain sentence."""

from engine.analyse.causes import causes_of
from engine.analyse.figures import Figures
from engine.analyse.words import amount, figure, portion
from engine.report import Goal, Loss, TrialReport

WORTH_NAMING = 0.02
"""Share of the job below which a loss is noise."""


def losses_of(trial: TrialReport, figures: Figures) -> tuple[Loss, ...]:
    """Return what one whole job of a trial lost its time to, biggest first; the rest of the job is the work itself.

    The work itself is what the same kernel takes sequentially, divided by the workers; everything else is a loss.
    """
    parts = trial.breakdown
    if parts is None:
        return ()
    total = sum(getattr(parts, name) for name in parts.__struct_fields__)
    causes = causes_of(trial, parts, figures)
    losses = [Loss(cause=c, seconds=s, share=s / total, advice=a) for c, s, a in causes if s > WORTH_NAMING * total]
    return tuple(sorted(losses, key=lambda loss: -loss.seconds))


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
    return (figures.work(trial) - figures.work(figures.best)) / trial.plan.workers


def _compute_ratio(trial: TrialReport, figures: Figures) -> float:
    needed = figures.work(figures.best)
    return figures.work(trial) / needed if needed else 1.0


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
