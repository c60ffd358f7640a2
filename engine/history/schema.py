"""The tables, and how an older file becomes one of today."""

import sqlite3

APPLICATION = 0x57424831
"""``PRAGMA application_id``: "WBH1", which tells our file from another program's."""

_SWEEPS = """
CREATE TABLE sweeps (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest TEXT NOT NULL UNIQUE,         -- sha256 of the report's JSON: the same report is kept once
    created TEXT NOT NULL,               -- ISO 8601, UTC
    workbench TEXT NOT NULL,             -- version
    host TEXT NOT NULL,                  -- fingerprint
    cpu TEXT NOT NULL,
    cores INTEGER NOT NULL,              -- usable ones
    workload TEXT NOT NULL,
    reference TEXT NOT NULL,
    size TEXT NOT NULL,
    tasks INTEGER NOT NULL,
    settings TEXT NOT NULL,              -- JSON, those common to every plan
    data_hash TEXT NOT NULL,
    git_commit TEXT,                     -- NULL: no git checkout
    dirty INTEGER,                       -- 1: files differ from the commit; NULL: unknown
    complete INTEGER NOT NULL,
    blocks INTEGER NOT NULL,
    confidence REAL NOT NULL,            -- of every interval
    control REAL,                        -- seconds of the control, the median over blocks
    goal TEXT,                           -- job or steady; NULL: nothing is recommended
    speedup REAL, speedup_low REAL, speedup_high REAL,                  -- of the recommended plan, for the goal
    report BLOB NOT NULL                 -- the whole report, zlib over JSON
)
"""

_TRIALS = """
CREATE TABLE trials (
    id INTEGER PRIMARY KEY,
    sweep INTEGER NOT NULL REFERENCES sweeps (id) ON DELETE CASCADE,
    plan TEXT NOT NULL,                  -- JSON
    plan_key TEXT NOT NULL,              -- equal for equal plans, over versions
    recommended INTEGER NOT NULL,
    status TEXT NOT NULL,
    seconds REAL, seconds_low REAL, seconds_high REAL,                  -- a steady run
    speedup REAL, speedup_low REAL, speedup_high REAL,
    job_seconds REAL, job_seconds_low REAL, job_seconds_high REAL,      -- a whole job
    job_speedup REAL, job_speedup_low REAL, job_speedup_high REAL,
    points INTEGER NOT NULL,             -- undisturbed blocks behind these figures
    efficiency REAL,
    memory INTEGER                       -- bytes
)
"""

_SAMPLES = """
CREATE TABLE samples (
    trial INTEGER NOT NULL REFERENCES trials (id) ON DELETE CASCADE,
    block INTEGER NOT NULL,
    setup REAL, first_run REAL,          -- seconds
    steady TEXT NOT NULL,                -- JSON, seconds of every steady run
    clean INTEGER NOT NULL               -- 0: disturbed, so it does not count
)
"""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        _SWEEPS,
        _TRIALS,
        _SAMPLES,
        "CREATE INDEX sweeps_workload ON sweeps (workload)",
        "CREATE INDEX trials_sweep ON trials (sweep)",
        "CREATE INDEX trials_plan ON trials (plan_key)",
        "CREATE INDEX samples_trial ON samples (trial)",
    ),
)
"""What brings a file from schema 0, an empty one, to 1, from 1 to 2 and so on. An entry never changes; one is added."""


def number(db: sqlite3.Connection, pragma: str) -> int:
    """Return the value of a pragma that is a number."""
    return int(db.execute(f"PRAGMA {pragma}").fetchone()[0])


def misfit(db: sqlite3.Connection) -> str:
    """Return why this version cannot use a database; empty: it can. Raises sqlite3.Error where it is none."""
    version = number(db, "user_version")
    used = version or db.execute("SELECT 1 FROM sqlite_master").fetchone()
    if used and number(db, "application_id") != APPLICATION:
        return "is a database of another program, not a history of sweeps"
    if version > len(MIGRATIONS):
        newest = len(MIGRATIONS)
        return f"has schema {version}, and this version of workbench knows up to {newest}: install the newer one"
    return ""


def is_new(db: sqlite3.Connection) -> bool:
    """Return whether a database has no tables yet."""
    return number(db, "user_version") == 0


def is_current(db: sqlite3.Connection) -> bool:
    """Return whether a database has today's tables."""
    return number(db, "user_version") == len(MIGRATIONS)


def migrate(db: sqlite3.Connection) -> None:
    """Bring a database to today's tables, all or nothing; another process may do the same at this moment."""
    db.execute("BEGIN IMMEDIATE")
    for statements in MIGRATIONS[number(db, "user_version") :]:
        for statement in statements:
            db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION}")
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    db.execute("COMMIT")
