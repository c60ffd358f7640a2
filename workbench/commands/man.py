"""``workbench man``: the manual page."""

import click


@click.command()
@click.pass_context
def man(ctx: click.Context) -> None:
    """Print the manual page: every command and option, settings, files and exit codes.

    \b
    workbench man | man -l -
    workbench man > ~/.local/share/man/man1/workbench.1
    """
    from workbench.manual import manual_page

    root = ctx.find_root().command
    assert isinstance(root, click.Group)
    click.echo(manual_page(root), nl=False)
