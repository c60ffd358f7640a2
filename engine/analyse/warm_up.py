"""Does warming up pay? Told where a sweep takes ``none`` and another value of a knob called ``warm_up``."""

from collections.abc import Sequence
from math import ceil

from engine.analyse.words import duration
from engine.executor import Seconds
from engine.report import TrialReport

KNOB, COLD = "warm_up", "none"


def break_even(cold_first: Seconds, warm_first: Seconds, warm_up: Seconds) -> int | None:
    """Return after how many first runs a warm-up has paid for itself; None: it makes the first run no faster.

    ``cold_first`` and ``warm_first`` are the first run of a worker without and with it, ``warm_up`` is what it adds to
    set-up. Later runs are as fast either way, so on workers that are kept it pays with the first run or not at all: 1,
    or a larger number. The larger number is of first runs that one warm-up serves, as where compiled code is kept on
    disk for processes to come.
    """
    saved = cold_first - warm_first
    return max(1, ceil(warm_up / saved - 1e-9)) if saved > 0 else None


def warm_up_note(trial: TrialReport, trials: Sequence[TrialReport]) -> str:
    """Return what warming up costs and saves, from the plan that differs in nothing else; empty where there is none."""
    cold = _cold_twin(trial, trials)
    if cold is None or not (trial.setup_seconds and trial.first_run_seconds):
        return ""
    assert cold.setup_seconds is not None
    assert cold.first_run_seconds is not None
    adds = max(0.0, trial.setup_seconds - cold.setup_seconds)
    runs = break_even(cold.first_run_seconds, trial.first_run_seconds, adds)
    firsts = f"{duration(trial.first_run_seconds)} instead of {duration(cold.first_run_seconds)}"
    pays = "never pays" if runs is None else f"pays after {runs} first run{'' if runs == 1 else 's'}"
    return f"warm-up adds {duration(adds)} to set-up and makes the first run {firsts}: it {pays}"


def _cold_twin(trial: TrialReport, trials: Sequence[TrialReport]) -> TrialReport | None:
    plan = trial.plan
    if not trial.measured or plan.settings.get(KNOB, COLD) == COLD:
        return None
    settings = {**plan.settings, KNOB: COLD}
    return next((t for t in trials if t.measured and _alike(t, trial) and dict(t.plan.settings) == settings), None)


def _alike(one: TrialReport, other: TrialReport) -> bool:
    a, b = one.plan, other.plan
    return (a.mode, a.workers, a.kernel, a.chunk_size, a.start_method, a.threads_per_worker, a.device) == (
        b.mode,
        b.workers,
        b.kernel,
        b.chunk_size,
        b.start_method,
        b.threads_per_worker,
        b.device,
    )
