"""The command line: arguments become a request, a request becomes events, events become text."""

import importlib
import sys
from typing import TYPE_CHECKING

import click

from engine.errors import INTERRUPTED, WorkbenchError
from engine.interruption import forget_interrupt, unwrapped_interrupt
from workbench.commands.groups import Subcommands

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {
    "demo": (
        "workbench.commands.sweep",
        "demo",
        "embedded data, about a minute, ends in a recommended plan and the reason",
    ),
    "sweep": ("workbench.commands.sweep", "sweep", "measure plans and recommend one"),
    "check": ("workbench.commands.check", "check", "run a few tasks of your own in every mode; what would break?"),
    "run": ("workbench.commands.run", "run", "run a workload with a tuned config"),
    "flamegraph": ("workbench.commands.flamegraph", "flamegraph", "where one plan spends its time, with py-spy"),
    "compare": ("workbench.commands.compare", "compare", "is it slower than before? two reports, plan by plan"),
    "scaling": ("workbench.commands.scaling", "scaling", "the same work, and more work, on more workers"),
    "what-if": ("workbench.commands.what_if", "what_if", "what a run would take on a machine you describe"),
    "export": ("workbench.commands.export", "export", "write a report as CSV, Parquet, Markdown or for other tools"),
    "history": ("workbench.commands.history", "history", "sweeps of the past, and how speed changed since"),
    "replay": ("workbench.commands.replay", "replay", "show a recorded sweep again"),
    "serve": ("workbench.commands.serve", "serve", "the screen in a browser, on this machine only"),
    "config": ("workbench.commands.config", "config", "settings, tuned configs and the schemas of all files"),
    "workloads": ("workbench.commands.lists", "workloads", "list the built-in workloads"),
    "modes": ("workbench.commands.lists", "modes", "list the execution modes and what each needs"),
    "doctor": ("workbench.commands.doctor", "doctor", "what this machine offers and what limits each mode"),
    "completion": ("workbench.commands.completion", "completion", "make the shell complete command lines"),
    "man": ("workbench.commands.man", "man", "print the manual page"),
}
"""Module, attribute and one line of help; a module is imported when its command is used."""

EPILOG = """
Start with `workbench` for the screen, or `workbench demo` for a minute's tour. `workbench completion --help` tells how
the shell completes commands, `workbench config` how to choose theme, keys and more.

Exit codes: 0 ok, 2 usage or config, 3 environment lacks something, 4 the work failed, 10 slower than the baseline,
11 ambiguous, 12 measurement contaminated, 13 no baseline, 130 interrupted.
"""


class LazyGroup(Subcommands):
    """A group that imports a command's module when the command is used: `--help` stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list["CompletionItem"]:
        """Offer the commands without importing them, and flags."""
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=text) for name, (_, _, text) in COMMANDS.items() if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


@click.group(
    cls=LazyGroup, invoke_without_command=True, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="workbench", prog_name="workbench")
@click.pass_context
def workbench(ctx: click.Context) -> None:
    """Find the fastest safe way to run a backtest on this machine, see why, and lock it in.

    Without a command: the terminal UI.
    """
    if ctx.invoked_subcommand is None:
        ctx.exit(_open_screen())


def _open_screen() -> int:
    from workbench.entrance import show_screen
    from workbench.guard import guarded, why_no_screen

    if why := why_no_screen():
        click.echo(
            f"workbench: {why}; use `workbench sweep` or `workbench demo`, with --plain for words alone", err=True
        )
        return 2

    return guarded(show_screen)


def main(arguments: list[str] | None = None) -> int:
    """Run the program; return the exit code. The one place that turns errors into messages."""
    try:
        with unwrapped_interrupt():
            code = workbench.main(arguments, prog_name="workbench", standalone_mode=False)
        return int(code or 0)
    except WorkbenchError as error:
        click.echo(f"workbench: {error}", err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("workbench: interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone; nothing is left to say
        return 0


def script() -> None:
    """Entry point of the installed command."""
    code = main()
    forget_interrupt()
    sys.exit(code)
