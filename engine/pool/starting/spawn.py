"""spawn: a fresh interpreter for every worker. It shares nothing with the engine, and imports everything anew."""

import socket
from collections.abc import Sequence

from engine.pool import lifeline
from engine.pool.starting.contract import Process
from engine.pool.starting.direct import beyond_standard, in_words, launch, steady_parent
from engine.pool.starting.preparation import refuse_while_importing


class Spawn:
    """Starts workers as new interpreters, with the environment as it is now."""

    def __init__(self, preload: Sequence[str] = ()) -> None:
        """Take no notice of ``preload``: nothing is imported ahead of a fresh interpreter."""

    def start(self, channel: socket.socket, body: str) -> Process:
        """Start a process that calls ``body`` with the channel. Raises Lacking, RequestError."""
        refuse_while_importing()
        with in_words(), beyond_standard(channel) as end:
            read_end = lifeline.read_end()
            code = (
                f"from engine.pool.starting.newborn import live; live({body!r}, {end}, {read_end}, {steady_parent()})"
            )
            return launch(code, (end, read_end), None, session=False)
