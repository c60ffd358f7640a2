"""The user's script in a worker process: functions that it defines live in ``__main__``, so a worker imports it as
``__mp_main__``, by the standard library's own code."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import process, spawn
from pathlib import Path
from typing import Any

from engine.errors import RequestError

MAIN = "__main__"
"""Stands for the user's script in a list of modules to preload."""


class _Here:
    copied = False
    """This process is a fork of the engine: the script is here, run by the engine itself."""


def preparation() -> dict[str, Any]:
    """Return what a worker needs to import the user's script: search path, folder, arguments and main module.

    Raises RequestError when called while a child imports the main module, which starts a pool of its own then.
    """
    refuse_while_importing()
    # not spawn.get_preparation_data: it settles the start method of the user's own use of multiprocessing
    facts = {"sys_path": list(sys.path), "sys_argv": list(sys.argv), "orig_dir": _first_folder()}
    with suppress(FileNotFoundError):  # the folder has been removed
        facts["dir"] = str(Path.cwd())
    return facts | _main_module()


def _main_module() -> dict[str, str]:
    main = sys.modules[MAIN]
    name = getattr(getattr(main, "__spec__", None), "name", None)
    if name is not None:
        return {"init_main_from_name": name}
    path = getattr(main, "__file__", None)
    if path is None:
        return {}
    found = Path(_first_folder() or "", path)
    return {"init_main_from_path": os.path.normpath(found)} if found.exists() else {}


def _first_folder() -> str | None:
    """Return the folder this program was started in, unless it is unknown: what its relative paths begin with."""
    folder: str | None = process.ORIGINAL_DIR  # type: ignore[attr-defined]
    return folder


def refuse_while_importing() -> None:
    """Raise RequestError in a child that is importing the user's script."""
    if getattr(process.current_process(), "_inheriting", False):
        raise RequestError(
            "worker processes import your script, and it starts workers when imported; "
            "put the code that starts the pool below if __name__ == '__main__':"
        )


def prepare(facts: Mapping[str, Any]) -> None:
    """Bring this process to where the engine is, and import the user's script. Raises whatever the script raises.

    Nothing happens in a fork of the engine, or when it has been done.
    """
    if not _Here.copied:
        with _importing():
            spawn.prepare(dict(facts))


@contextmanager
def _importing() -> Iterator[None]:
    current: Any = process.current_process()
    current._inheriting = True  # private, and the one mark by which a pool knows that a script without a guard runs
    try:
        yield
    finally:
        del current._inheriting


def note_copied() -> None:
    """Say that this process is a fork of the engine."""
    _Here.copied = True
