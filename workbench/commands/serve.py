"""``workbench serve``: the screen in a browser on this machine."""

import shlex
import socket
import sys

import click

from engine.errors import Lacking, RequestError

HOST = "localhost"
"""There is no password, so nobody else is let in: for a remote machine, forward the port over ssh."""


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="port on localhost")
def serve(port: int) -> int:
    """Show the screen in a browser, on this machine only.

    \b
    workbench serve
    workbench serve --port 8080

    Every browser tab has a workbench of its own. From another machine: ssh -L 8000:localhost:8000 HOST, then open
    http://localhost:8000 there. Needs pip install 'workbench[serve]'.
    """
    try:
        from workbench.commands.served import LocalServer
    except ImportError:
        raise Lacking("`workbench serve` needs textual-serve: pip install 'workbench[serve]'") from None
    _check_free(port)
    click.echo(f"the workbench is at http://{HOST}:{port}; Ctrl-C ends it", err=True)
    LocalServer(shlex.join([sys.executable, "-P", "-m", "workbench"]), HOST, port, title="Workbench").serve()
    return 0


def _check_free(port: int) -> None:
    """Raises RequestError when something else listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise RequestError(f"--port {port}: {error.strerror}; --port names another") from None
