"""Files that are either whole or not there: a reader sees the old one or the new one, never a half."""

import os
from pathlib import Path

from engine.errors import FileProblem


def make_folder(folder: Path) -> None:
    """Make a folder that can be written to. Raises FileProblem, before anything is run for what would go there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileProblem(folder, None, f"cannot be made: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FileProblem(folder, None, "cannot be written to")


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file by way of a temporary one beside it, both synced to the disk. Raises FileProblem."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise FileProblem(path, None, f"cannot be written: {error.strerror}") from None
    finally:
        temporary.unlink(missing_ok=True)


def replace_keeping(path: Path, content: bytes) -> Path | None:
    """Write a file as ``write_atomically`` does, and keep what it held as NAME.bak; return that path, None if nothing
    was lost. Raises FileProblem, and then the file is as it was.

    Writing what is there already keeps the file of before, which would otherwise be replaced by a copy of the new one.
    """
    if not path.exists():
        write_atomically(path, content)
        return None
    try:
        before = path.read_bytes()
    except OSError as error:
        raise FileProblem(path, None, f"cannot be read, so it is not overwritten: {error.strerror}") from None
    if before == content:
        return None
    kept = path.with_name(f"{path.name}.bak")
    write_atomically(kept, before)
    write_atomically(path, content)
    return kept


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
