"""Connections to the file: one writer at a time, nothing half-written, every failure one clear message.

A connection lives for one operation, so that no process holds the file between two and a fork inherits nothing.
"""

import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import msgspec

from engine.errors import FileProblem
from engine.files import make_folder
from engine.history.schema import is_current, is_new, migrate, misfit

PATIENCE = 10.0
"""Seconds to wait for another process that writes."""

_POLL = 0.01

_PROBLEMS = {
    "SQLITE_NOTADB": "is not a database",
    "SQLITE_CORRUPT": "is damaged",
    "SQLITE_BUSY": f"another process has been writing to it for {PATIENCE:g} s",
    "SQLITE_READONLY": "cannot be written to",
    "SQLITE_CANTOPEN": "cannot be opened",
    "SQLITE_FULL": "cannot be written: the disk is full",
}
"""What SQLite's codes mean to a reader; an extended code starts with its plain one."""

_UNREADABLE = (msgspec.DecodeError, zlib.error)
_UNWRITABLE = (OverflowError, UnicodeError)


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection that sees one state of the file throughout; a file that is not there reads as an empty one.

    Raises FileProblem.
    """
    with _explained(path), closing(_connect(path if path.exists() else None, path)) as db:
        db.execute("BEGIN")
        yield db


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection whose changes are all kept when the block ends, and none if it raises or the process dies.

    Raises FileProblem, also when another process writes for longer than ``PATIENCE`` seconds.
    """
    make_folder(path.resolve().parent)
    with _explained(path), closing(_connect(path, path)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield db
        db.execute("COMMIT")  # closing an open transaction takes it back
        with suppress(sqlite3.OperationalError):  # another process writes already; the next change gives space back
            db.executescript("PRAGMA incremental_vacuum")  # one step frees one page, and this takes every step


def _connect(file: Path | None, path: Path) -> sqlite3.Connection:
    if path.exists() and not path.is_file():
        raise FileProblem(path, None, "is not a file")
    db = sqlite3.connect(file.resolve() if file else ":memory:", timeout=PATIENCE, isolation_level=None)
    try:
        _prepare(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA trusted_schema = OFF")  # the file may come from elsewhere: nothing in it runs
    db.execute("PRAGMA foreign_keys = ON")
    if problem := misfit(db):
        raise FileProblem(path, None, problem)
    if is_current(db):
        return
    if is_new(db):
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        _write_ahead(db)
    migrate(db)


def _write_ahead(db: sqlite3.Connection) -> None:
    """Switch to WAL, for which SQLite itself does not wait when another process does the same."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL").fetchall()
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > deadline:
                raise
            time.sleep(_POLL)
        else:
            return


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what SQLite and the decoders raise into FileProblem."""
    try:
        yield
    except sqlite3.Error as error:
        raise FileProblem(path, None, _words(error)) from None
    except OSError as error:
        raise FileProblem(path, None, f"cannot be opened: {error.strerror}") from None
    except _UNREADABLE as error:
        raise FileProblem(path, None, f"holds what cannot be read: {error}") from None
    except _UNWRITABLE as error:
        raise FileProblem(path, None, f"cannot hold this report: {error}") from None


def _words(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "")
    return next((words for code, words in _PROBLEMS.items() if name.startswith(code)), f"cannot be used: {error}")
