"""spawn: a fresh interpreter for every worker. It shares nothing with the engine, and imports everything anew."""

import os
import socket
from collections.abc import Sequence

from engine.pool import lifeline
from engine.pool.starting.contract import Process
from engine.pool.starting.direct import beyond_standard, in_words, launch, steady_parent
from engine.pool.starting.preparation import refuse_while_importing
from engine.threads import environment


class Spawn:
    """Starts workers as new interpreters, with the environment as it is now but for the limits of threads."""

    def __init__(self, preload: Sequence[str] = (), threads: int = 1) -> None:
        """``threads``: what libraries may use, told before any is imported. ``preload`` is of no use here: nothing is
        imported ahead of a fresh interpreter."""
        self._limits = environment(threads)

    def start(self, channel: socket.socket, body: str) -> Process:
        """Start a process that calls ``body`` with the channel. Raises Lacking, RequestError."""
        refuse_while_importing()
        with in_words(), beyond_standard(channel) as end:
            read_end = lifeline.read_end()
            code = (
                f"from engine.pool.starting.newborn import live; live({body!r}, {end}, {read_end}, {steady_parent()})"
            )
            return launch(code, (end, read_end), dict(os.environ) | self._limits, session=False)
