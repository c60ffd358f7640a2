"""Reports whose plans have everything that explains them: breakdown, factors, causes, notes, a certificate."""

from msgspec.structs import replace

from engine.analyse.factors import factors_of
from engine.report import Breakdown, Certificate, Loss, SweepReport, TrialReport
from tests.builders import SOME_PLANS, a_report

ALONE = Breakdown(start=0.002, compute=0.4, dispatch=0.004)


def explained(trial: TrialReport) -> TrialReport:
    """A plan that ships and starts more, the more workers it has."""
    if not trial.measured:
        return trial
    workers = trial.plan.workers
    many = workers > 1
    parts = Breakdown(
        start=0.05 * workers if many else 0.002,
        ship=0.3 if trial.plan.mode == "process" else 0.0,
        compute=0.4 / workers,
        locks=0.2 if trial.plan.mode == "thread" else 0.0,
        imbalance=0.02 if many else 0.0,
        dispatch=0.004,
    )
    losses = (
        Loss(cause="starting workers", share=0.1, seconds=parts.start, advice="keep [the] workers"),
        Loss(cause="shipping data", share=0.4, seconds=parts.ship, advice="use shared-memory"),
    )
    return replace(
        trial,
        breakdown=parts,
        bytes_shipped=432_000_000 if parts.ship else None,
        factors=factors_of(parts, ALONE, workers),
        losses=tuple(loss for loss in losses if many and loss.seconds),
        notes=("libraries have [more] threads than allowed",) if many else (),
    )


def an_explained_report(**changes: object) -> SweepReport:
    """The report of the usual sweep, explained, with a certificate and a tie."""
    report = a_report(**changes)  # type: ignore[arg-type]
    certificate = Certificate(
        within=0.021, wanted=0.03, confidence=0.95, blocks=4, confirmed=True, ties=(SOME_PLANS[5],)
    )
    chosen = report.recommendation
    assert chosen
    return replace(
        report,
        trials=tuple(map(explained, report.trials)),
        recommendation=replace(chosen, certificate=certificate),
    )
