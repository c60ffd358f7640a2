"""``python -m engine.checking``: one check in a process of its own; a CheckRequest on standard input, events on
standard output."""

import sys

from engine.checking.findings import CheckRequest
from engine.checking.trying import try_out
from engine.child import serve

if __name__ == "__main__":
    sys.exit(serve(try_out, CheckRequest))
