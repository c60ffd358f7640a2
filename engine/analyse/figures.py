"""What a plan is compared with when its losses are explained."""

from dataclasses import dataclass

from engine.executor import Seconds
from engine.plan import Plan
from engine.report import Ceiling, Goal, TrialReport


@dataclass(frozen=True)
class Figures:
    """The trials of a sweep and the one that won."""

    trials: tuple[TrialReport, ...]
    best: TrialReport
    goal: Goal
    tasks: int = 0
    """Of a run."""
    ceiling: tuple[Ceiling, ...] = ()
    cores: int = 0
    """Of the machine that may be used; 0: unknown."""

    def sequential(self, plan: Plan) -> TrialReport | None:
        """Return the sequential trial of the same kernel and settings."""
        for trial in self.trials:
            same = (trial.plan.kernel, trial.plan.settings) == (plan.kernel, plan.settings)
            if same and trial.plan.mode == "sequential" and trial.measured:
                return trial
        return None

    def work(self, trial: TrialReport) -> Seconds:
        """Return the CPU seconds a trial's kernel needs for all tasks: sequentially where that was measured, else as
        seen in the trial itself; 0.0 where nothing is known."""
        for known in (self.sequential(trial.plan), trial):
            if known and known.breakdown:
                return known.breakdown.compute * known.plan.workers
        return 0.0

    def ceiling_of(self, workers: int) -> Ceiling | None:
        """Return what so many independent copies of the controls got."""
        return next((each for each in self.ceiling if each.workers == workers), None)
