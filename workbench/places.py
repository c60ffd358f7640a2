"""Where files of the user's are: as the XDG specification has it, unless a variable names another place."""

from collections.abc import Mapping
from pathlib import Path

CONFIG = "WORKBENCH_CONFIG"
"""Environment variable that names another settings file."""


def settings_file(environ: Mapping[str, str]) -> Path | None:
    """Return the settings file, which need not exist; None where there is no home folder to look in."""
    try:
        if named := environ.get(CONFIG):
            return Path(named).expanduser()
        return _folder(environ, "XDG_CONFIG_HOME", ".config") / "config.toml"
    except RuntimeError:  # a user without an entry in the password file
        return None


def state_folder(environ: Mapping[str, str]) -> Path | None:
    """Return the folder for what is remembered from session to session; None where there is no home folder."""
    try:
        return _folder(environ, "XDG_STATE_HOME", ".local/state")
    except RuntimeError:
        return None


def _folder(environ: Mapping[str, str], variable: str, usual: str) -> Path:
    named = Path(environ.get(variable, ""))
    home = Path(environ["HOME"]) if environ.get("HOME") else None
    return (named if named.is_absolute() else (home or Path.home()) / usual) / "workbench"
