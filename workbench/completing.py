"""What a shell offers while a command line is typed."""

from collections.abc import Callable, Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from engine.knob import Knob
from workbench.names import mode_names, workload_names

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

SIZES = ("small", "medium", "large")
"""What the built-in workloads have."""
_FILES = ("profiles/*.toml", "*.toml", "*.py")
"""Files that a target may be."""


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leave it to the shell, which knows how to complete files."""
    return [CompletionItem(incomplete, type="file")]


def targets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer workloads, profiles and the files beside them; any other file where none of these begins like that."""
    near = sorted(str(path) for pattern in _FILES for path in Path().glob(pattern))
    return _starting((*workload_names(), *near), incomplete) or files(ctx, param, incomplete)


def workloads(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the workloads."""
    return _starting(workload_names(), incomplete)


def sizes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the usual sizes."""
    return _starting(SIZES, incomplete)


def values_of(knob: Knob, many: bool) -> Completer:
    """Return what offers the values of a knob; ``many``: one after another, separated by commas."""

    def offer(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        values = mode_names() if knob.name == "mode" else tuple(map(str, knob.choices)) or knob.words
        if not many:
            return _starting(values, incomplete)
        before, comma, _ = incomplete.rpartition(",")
        left = (value for value in (*values, *knob.axis_words) if value not in before.split(","))
        return _starting((f"{before}{comma}{value}" for value in left), incomplete)

    return offer


def _starting(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(word) for word in words if word.startswith(incomplete)]
