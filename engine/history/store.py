"""The history: what can be asked of it and done to it."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.errors import RequestError
from engine.history import database, reading
from engine.history.checkout import checkout_of
from engine.history.finding import check_ids, column, condition
from engine.history.place import VARIABLE, history_file
from engine.history.records import Best, Series, Summary
from engine.history.writing import add_report
from engine.plan import Plan
from engine.report import SweepReport


def open_history(path: Path | str | None = None) -> "History":
    """Return the history in a file, or in its usual place; the file is made when the first sweep is added.

    Raises FileProblem where the file is no history or one of a newer version, RequestError where it is switched off.
    """
    place = Path(path) if path is not None else history_file()
    if place is None:
        raise RequestError(f"the history is switched off by {VARIABLE}=off; unset it, or let it name a file")
    with database.reading(place):
        return History(place)


def keep(report: SweepReport, named: str = "") -> int | None:
    """Add a finished sweep to the history in its usual place; return its id.

    ``named``: as ``history_file`` takes it. None: it was not kept, because the history is switched off or no block was
    finished. Raises FileProblem and RequestError.
    """
    place = history_file(named)
    return History(place).add(report) if place and report.blocks else None


@dataclass(frozen=True)
class History:
    """Finished sweeps in an SQLite file. Holds no connection, so any thread or process may use it.

    Every method raises FileProblem where the file cannot be read or written; none leaves a change half done.
    """

    path: Path

    def add(self, report: SweepReport) -> int:
        """Keep a report with the git commit of the workload's folder; return its id. A report is kept only once."""
        checkout = checkout_of(report.workload.reference)
        with database.writing(self.path) as db:
            return add_report(db, report, checkout)

    def sweeps(
        self, workload: str | None = None, host: str | None = None, limit: int | None = None
    ) -> tuple[Summary, ...]:
        """Return sweeps, newest first.

        Args:
            workload: name, or reference as in a report or on the command line; None: all.
            host: how its fingerprint starts; None: all.
            limit: at most so many, from 0; None: all.

        Raises RequestError for a workload or host that is not in the history, naming the nearest that is.
        """
        with database.reading(self.path) as db:
            return tuple(reading.summaries(db, condition(db, workload, host), limit))

    def summary(self, sweep: int) -> Summary:
        """Return one sweep in a line. Raises RequestError naming the nearest ids."""
        with database.reading(self.path) as db:
            check_ids(db, [sweep])
            return reading.summaries(db, ("sweeps.id = ?", (sweep,)))[0]

    def workloads(self) -> tuple[str, ...]:
        """Return the names of the workloads, in the order of the alphabet."""
        with database.reading(self.path) as db:
            return tuple(column(db, "workload"))

    def plans(self, workload: str) -> tuple[Plan, ...]:
        """Return the plans of a workload that were measured, oldest first. Raises RequestError for no such workload."""
        with database.reading(self.path) as db:
            return tuple(reading.plans(db, condition(db, workload)))

    def document(self, sweep: int) -> bytes:
        """Return a report as it was stored: one JSON document. Raises RequestError naming the nearest ids."""
        with database.reading(self.path) as db:
            check_ids(db, [sweep])
            return reading.document(db, sweep)

    def report(self, sweep: int) -> SweepReport:
        """Return a report. Raises RequestError naming the nearest ids."""
        with database.reading(self.path) as db:
            check_ids(db, [sweep])
            return msgspec.json.decode(reading.document(db, sweep), type=SweepReport)

    def trend(self, workload: str, plan: Plan | None = None, host: str | None = None) -> tuple[Series, ...]:
        """Return how long a steady run took over time, and where it changed by more than noise.

        Args:
            workload: name or reference.
            plan: the one to follow; None: whatever each sweep recommended.
            host: how its fingerprint starts; None: all.

        A series has points of one workload, size, settings and host. Raises RequestError as ``sweeps`` does.
        """
        with database.reading(self.path) as db:
            return tuple(reading.series(db, condition(db, workload, host), plan))

    def best(self, workload: str | None = None, host: str | None = None) -> tuple[Best, ...]:
        """Return the best known plan of each workload, size, settings, data, host and goal, newest first.

        Raises RequestError as ``sweeps`` does.
        """
        with database.reading(self.path) as db:
            return tuple(reading.best(db, condition(db, workload, host)))

    def remove(self, sweeps: Collection[int]) -> None:
        """Remove sweeps for good: all of them, or none and RequestError where one does not exist."""
        with database.reading(self.path) as db:
            check_ids(db, sweeps)
        with database.writing(self.path) as db:
            db.executemany("DELETE FROM sweeps WHERE id = ?", [(sweep,) for sweep in sweeps])

    def prune(self, keep: int) -> int:
        """Remove all but the newest ``keep``, from 0, sweeps of each workload, size and host; return how many."""
        if not self.path.exists():
            return 0
        with database.writing(self.path) as db:
            return db.execute(
                "DELETE FROM sweeps WHERE id IN (SELECT id FROM (SELECT id, ROW_NUMBER() OVER"
                " (PARTITION BY reference, size, host ORDER BY created DESC, id DESC) AS place FROM sweeps)"
                " WHERE place > ?)",
                (keep,),
            ).rowcount
