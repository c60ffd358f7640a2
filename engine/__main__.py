"""``python -m engine sweep|run|block|loop``: the engine as a process of its own; a request on standard input, events on
standard output.

``sweep`` takes a SweepRequest and ``run`` a RunRequest; they are what the terminal UI starts. ``block`` and ``loop``
are the measuring processes that a sweep starts.
"""

import sys


def main() -> int:
    """Serve one request of the kind named on the command line; return the exit code."""
    kind = sys.argv[1] if len(sys.argv) == 2 else ""
    if kind == "sweep":
        from engine.tune.serve import serve_sweep

        return serve_sweep()
    if kind == "run":
        from engine.production.serve import serve_run

        return serve_run()
    from engine.child import BlockRequest, LoopRequest, loop, measure_block, serve

    if kind == "block":
        return serve(measure_block, BlockRequest)
    if kind == "loop":
        return serve(loop, LoopRequest)
    print("usage: python -m engine sweep|run|block|loop", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
