"""Which file the history is in."""

import os
from pathlib import Path

from engine.errors import RequestError

VARIABLE = "WORKBENCH_HISTORY"
"""Environment variable that names another file, or switches the history off."""
OFF = "off"


def history_file(named: str = "") -> Path | None:
    """Return the file of the history, which need not exist; None where it is switched off.

    ``$WORKBENCH_HISTORY``, else ``named``, which is read in the same way, else ``workbench/history.sqlite3`` in
    ``$XDG_DATA_HOME`` or ``~/.local/share``. Raises RequestError where there is no home folder.
    """
    named = os.environ.get(VARIABLE) or named
    if named.lower() == OFF:
        return None
    try:
        return Path(named).expanduser() if named else _data_folder() / "workbench" / "history.sqlite3"
    except RuntimeError:  # a user without an entry in the password file
        raise RequestError(f"the history has no place, because there is no home folder: set {VARIABLE}") from None


def _data_folder() -> Path:
    named = Path(os.environ.get("XDG_DATA_HOME", ""))
    return named if named.is_absolute() else Path.home() / ".local" / "share"  # as the XDG specification has it
