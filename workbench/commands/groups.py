"""Groups of sub-commands."""

from typing import Any

import click

from engine.errors import UnknownName


class Subcommands(click.Group):
    """A group that answers an unknown command with the nearest known one."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Return name, command and what is left. Raises UnknownName, but not while a shell completes a line."""
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise UnknownName("command", args[0], known, " ".join(ctx.command_path.split()[1:]))
        return super().resolve_command(ctx, args)
