"""What ``workbench run --json`` prints."""

import msgspec

from engine.plan import Plan
from engine.report import Host

SCHEMA = 1


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A production run that came to its end."""

    schema: int = SCHEMA
    config: str
    """Path of the tuned config."""
    workload: str
    size: str
    plan: Plan
    """The one that was used; the tuned one unless the notes say otherwise."""
    host: Host
    notes: tuple[str, ...] = ()
    """What differs from the machine and the data that the config was made on."""
    tasks: int
    done: int
    failed: int
    seconds: float
    """Of the whole run, loading and writing included."""
    rate: float
    """Tasks per second since every worker could work."""
    out: str | None
    """Where the results are; null: they were not to be written."""
