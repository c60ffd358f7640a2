"""The manual page in roff, made from the commands and the settings."""

import inspect
from collections.abc import Iterator
from importlib.metadata import version

import click

from engine.knob import Knob
from workbench.places import CONFIG
from workbench.settings import ACTIONS, KEYS, KNOBS, variable_of

_ROFF = str.maketrans(
    {"\\": "\\e", "-": "\\-", '"': "\\(dq", "`": "\\(ga", "~": "\\(ti", "^": "\\(ha", "×": "\\(mu", "–": "\\(en"}
)
"""Signs that roff takes for something else."""


def manual_page(root: click.Group) -> str:
    """Return the page of a program."""
    return "\n".join(_page(root)) + "\n"


def _page(root: click.Group) -> Iterator[str]:
    context = click.Context(root, info_name="workbench")
    summary, _, rest = inspect.cleandoc(root.help or "").partition("\n\n")
    yield f'.TH WORKBENCH 1 "" "workbench {version("workbench")}"'
    yield from (".SH NAME", f"workbench \\- {_plain(summary[0].lower() + summary[1:].rstrip('.'))}")
    yield from (".SH SYNOPSIS", f".B {_plain(_usage(context))}")
    yield from (".SH DESCRIPTION", *_paragraphs(rest), *_options(context), ".SH COMMANDS", *_commands(root, context))
    yield from (".SH SETTINGS", *_settings())
    yield from (".SH EXIT STATUS", *_paragraphs(inspect.cleandoc(root.epilog or "")))


def _commands(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        inner = click.Context(command, parent=context, info_name=name)
        yield f'.SS "{_plain(_usage(inner))}"'
        yield from _paragraphs(inspect.cleandoc(command.help or ""))
        yield from _options(inner)
        if isinstance(command, click.Group):
            yield from _commands(command, inner)


def _usage(context: click.Context) -> str:
    return f"{context.command_path} {' '.join(context.command.collect_usage_pieces(context))}"


def _options(context: click.Context) -> Iterator[str]:
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context)
        if record and "--help" not in parameter.opts:
            yield from (".TP", f".B {_plain(record[0])}", _plain(record[1]))


def _settings() -> Iterator[str]:
    yield _plain(
        f"The file is ~/.config/workbench/config.toml, or what {CONFIG} names; `workbench config init` writes one."
        " An environment variable counts before the file."
    )
    for knob in KNOBS:
        yield from (".TP", f".B {_plain(f'{knob.name}, {variable_of(knob.name)}')}", _plain(_words(knob)))
    yield from (".TP", f".B {_plain(f'[{KEYS}], {variable_of(KEYS)}')}")
    yield _plain(f'keys by action, such as stop = "escape,x" or stop=escape,x; actions: {", ".join(ACTIONS)}')


def _words(knob: Knob) -> str:
    choices = f"; one of {', '.join(map(str, knob.choices))}" if knob.choices else ""
    return f"{knob.help}{choices}; default {knob.default}" if knob.default != "" else f"{knob.help}{choices}"


def _paragraphs(text: str) -> Iterator[str]:
    """Yield paragraphs; one that begins with a backspace keeps its lines."""
    for paragraph in text.split("\n\n"):
        kept = paragraph.startswith("\b\n")
        lines = [_plain(line) for line in paragraph.removeprefix("\b\n").splitlines()]
        yield from (".PP", *((".nf", *lines, ".fi") if kept else lines))


def _plain(text: str) -> str:
    """Return a line in which roff sees nothing to obey."""
    line = text.translate(_ROFF)
    return f"\\&{line}" if line.startswith((".", "'")) else line
