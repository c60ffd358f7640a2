"""The emulator that tests compare terminals with."""

import pytest

from tests.tui.emulator import left_behind
from workbench.terminal import RESET

EVERYTHING = (
    b"\x1b[?1049h\x1b[?1000h\x1b[?1003h\x1b[?1015h\x1b[?1006h\x1b[?25l\x1b[?1004h\x1b[>25u\x1b[?2004h\x1b[?7l"
    b"\x1b[?2048h\x1b[?1016h\x1b[?2026h\x1b]22;pointer\x07\x1b[1;31m\x1b]8;id=1;http://x\x1b\\text"
)


@pytest.mark.parametrize(
    ("output", "left"),
    [
        (b"", set()),
        (b"plain", set()),
        (b"\x1b[?1049h", {"mode 1049"}),
        (b"\x1b[?1049h\x1b[?1049l", set()),
        (b"\x1b[?25l", {"mode 25"}),
        (b"\x1b[?1000;1006h\x1b[?1006l", {"mode 1000"}),
        (b"\x1b[1;31mred", {"style"}),
        (b"\x1b[1;31mred\x1b[0m", set()),
        (b"\x1b[>25u\x1b[?1049l\x1b[<u", set()),
        (b"\x1b[?1049h\x1b[>25u\x1b[?1049l\x1b[<u", {"kitty's keys"}),
        (b"\x1b]22;pointer\x07", {"pointer"}),
        (b"\x1b[?2026$p", set()),
    ],
)
def test_the_last_word_counts(output, left):
    assert left_behind(output) == left


def test_everything_that_textual_switches_on_is_undone():
    assert len(left_behind(EVERYTHING)) == 16
    assert left_behind(EVERYTHING + RESET) == set()
