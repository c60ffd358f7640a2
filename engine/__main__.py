"""``python -m engine sweep|run|block|loop``: the engine as a process of its own; a request on standard input, events on
standard output.

``sweep`` takes a SweepRequest and ``run`` a RunRequest; they are what the terminal UI starts. The recording of an
earlier sweep may be named behind ``sweep``, to go on from. ``block`` and ``loop`` are the measuring processes that a
sweep starts.
"""

import sys
from pathlib import Path

from engine.interruption import forget_interrupt


def main() -> int:
    """Serve one request of the kind named on the command line; return the exit code."""
    kind, *files = sys.argv[1:] or [""]
    if kind == "sweep" and len(files) <= 1:
        from engine.tune.serve import serve_sweep

        return serve_sweep(Path(files[0]) if files else None)
    if kind == "run" and not files:
        from engine.production.serve import serve_run

        return serve_run()
    from engine.child import BlockRequest, LoopRequest, loop, measure_block, serve

    if kind == "block" and not files:
        return serve(measure_block, BlockRequest)
    if kind == "loop" and not files:
        return serve(loop, LoopRequest)
    print("usage: python -m engine sweep [RECORDING] | run | block | loop", file=sys.stderr)
    return 2


if __name__ == "__main__":
    code = main()
    forget_interrupt()
    sys.exit(code)
