"""``python -m engine sweep|block|loop``: the engine as a process of its own; a request on standard input, events on
standard output.

``sweep`` takes a SweepRequest and is what the terminal UI starts; ``block`` and ``loop`` are the measuring processes it
starts.
"""

import sys


def main() -> int:
    """Serve one request of the kind named on the command line; return the exit code."""
    kind = sys.argv[1] if len(sys.argv) == 2 else ""
    if kind == "sweep":
        from engine.tune.serve import serve_sweep

        return serve_sweep()
    from engine.child import BlockRequest, LoopRequest, loop, measure_block, serve

    if kind == "block":
        return serve(measure_block, BlockRequest)
    if kind == "loop":
        return serve(loop, LoopRequest)
    print("usage: python -m engine sweep|block|loop", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
