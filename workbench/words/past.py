"""Sweeps of the past in words, the same in the lists of ``workbench history`` and on the screen."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from engine.history.records import Subject
from engine.plan import Plan, describe

HERE = "here"
"""What stands for the fingerprint of this machine."""
SHORT = 8
"""Digits of a fingerprint or hash, and of a commit, that tables show."""


def date(created: str) -> str:
    """Return day and minute, in UTC."""
    return created[:16].replace("T", " ")


def commit_words(commit: str | None, dirty: bool | None) -> str:
    """Return the start of a commit, with a star where files differed from it."""
    return f"{commit[:SHORT]}{'*' if dirty else ''}" if commit else ""


def machine(subject: Subject, here: str) -> str:
    """Return the host of a sweep; ``here`` is the fingerprint of this machine."""
    return HERE if subject.host == here else subject.host[:SHORT]


def short_plan(plan: Plan | None, common: Mapping[str, Any]) -> str:
    """Return a plan in a few words, without the settings that every plan of its sweep has."""
    if plan is None:
        return ""
    own = {name: value for name, value in plan.settings.items() if common.get(name) != value}
    return describe(replace(plan, settings=own))


def blocks_words(blocks: int, complete: bool) -> str:
    """Return how many blocks were measured, and whether that is fewer than were wanted."""
    return f"{blocks}{'' if complete else ' (stopped)'}"


def sizes(subjects: Sequence[Subject]) -> list[str]:
    """Return the size of each, and whatever else tells it from others of the same workload: settings, data."""
    alike: dict[str, list[Subject]] = {}
    data: dict[object, set[str]] = {}
    for each in subjects:
        alike.setdefault(each.reference, []).append(each)
        data.setdefault(_question(each), set()).add(_data(each))
    telling = {reference: _telling(group) for reference, group in alike.items()}
    words = []
    for each in subjects:
        own = [f"{name}={value}" for name, value in each.settings.items() if name in telling[each.reference]]
        own += [f"data {_data(each)[:SHORT]}"] if len(data[_question(each)]) > 1 else []
        words.append(" ".join([each.size, *own]))
    return words


def _telling(subjects: Sequence[Subject]) -> set[str]:
    """The settings in which they differ."""
    names = {name for each in subjects for name in each.settings}
    return {name for name in names if len({each.settings.get(name) for each in subjects}) > 1}


def _question(subject: Subject) -> tuple[object, ...]:
    return subject.reference, subject.size, tuple(sorted(subject.settings.items(), key=lambda item: item[0]))


def _data(subject: Subject) -> str:
    return getattr(subject, "data_hash", "")
