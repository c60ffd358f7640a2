"""What is at the place where a tuned config is to be saved. Looking changes nothing and runs nothing."""

from dataclasses import dataclass
from pathlib import Path

from engine.errors import WorkbenchError
from engine.production.config import load_config

_LARGEST = 1_000_000
"""Bytes beyond which a file is no tuned config; those we write have 3 kB."""


@dataclass(frozen=True)
class Standing:
    """What is there."""

    exists: bool = False
    text: str = ""
    """Of the tuned config that is there; empty: there is none."""
    problem: str = ""
    """Why what is there is no tuned config, so that it should not be overwritten."""


def look(path: Path) -> Standing:
    """Say what is at a path."""
    try:
        if not path.exists():
            return Standing()
        if not path.is_file():
            return Standing(True, problem="it is no file")
        if path.stat().st_size > _LARGEST:
            return Standing(True, problem="it is too big for one")
        load_config(path)
        return Standing(True, path.read_text(encoding="utf-8"))
    except WorkbenchError as error:
        return Standing(True, problem=str(error).removeprefix(f"{path}: "))
    except (OSError, ValueError) as error:
        return Standing(True, problem=str(error))
