"""A process that adds sweeps to a history: ``python -m tests.history.writer FILE FIRST COUNT [STOP]``.

Waits for a line on its input, then prints the id of every sweep once it is kept. With STOP it prints ``stopped`` within
the transaction, after so many rows, and does nothing more.
"""

import signal
import sys

from engine.history import open_history, writing
from tests.history.reports import a_day

_insert = writing._insert


def stop_after(rows):
    left = [rows]

    def insert(*arguments):
        number = _insert(*arguments)
        left[0] -= 1
        if not left[0]:
            print("stopped", flush=True)
            signal.pause()
        return number

    writing._insert = insert


def main(file, first, count, stop="0"):
    print("ready", flush=True)
    sys.stdin.readline()
    if int(stop):
        stop_after(int(stop))
    for place in range(int(first), int(first) + int(count)):
        report = a_day(1 + place % 28, times=1 + place / 1000)
        print(open_history(file).add(report), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
