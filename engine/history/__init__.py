"""Every finished sweep in one SQLite file, so that speed can be followed over commits and days.

schema      tables, and how an older file becomes one of today
database    connections: one writer at a time, nothing half-written, every failure one clear message
place       which file it is
checkout    the git commit that a workload was measured at
records     what is read: summaries, points, series
writing     a report as rows
reading     rows as records
change      whether a sweep differs from those before it by more than noise
store       the history itself
"""

from engine.history.place import history_file
from engine.history.records import Best, Point, Series, Summary
from engine.history.store import History, keep, open_history

__all__ = ["Best", "History", "Point", "Series", "Summary", "history_file", "keep", "open_history"]
