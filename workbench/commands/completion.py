"""``workbench completion``: what makes a shell complete command lines."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script with which a shell completes commands, flags, workloads, modes and files of workbench.

    \b
    eval "$(workbench completion bash)"      in ~/.bashrc
    eval "$(workbench completion zsh)"       in ~/.zshrc, below compinit
    workbench completion fish | source       in ~/.config/fish/config.fish
    """
    kind = get_completion_class(shell)
    assert kind
    click.echo(kind(ctx.find_root().command, {}, "workbench", "_WORKBENCH_COMPLETE").source(), nl=False)
