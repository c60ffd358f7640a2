"""What a terminal is left with by the bytes that were written to it: a pure emulator of its modes."""

import re

_SEQUENCE = re.compile(
    rb"\x1b\[\?(?P<modes>[\d;]+)(?P<switch>[hl])"
    rb"|\x1b\[(?P<kitty>[<>])\d*u"
    rb"|\x1b\[(?P<style>[\d;:]*)m"
    rb"|\x1b\]22;(?P<pointer>\w+)\x07"
    rb"|\x1b\]8;[^;]*;(?P<link>[^\x07\x1b]*)(?:\x07|\x1b\\)"
)
_ON_BY_DEFAULT = {7, 25}
"""Lines wrap, and the cursor is shown."""


def left_behind(output: bytes) -> set[str]:
    """Return what is not as in a terminal that was just opened, such as ``mode 1049``; the last word counts."""
    modes, words = dict[int, bool](), dict[str, bool]()
    keys = {False: 0, True: 0}  # kitty keeps a stack for each of the two screens
    for found in _SEQUENCE.finditer(output):
        if found["modes"]:
            modes |= {int(mode): found["switch"] == b"h" for mode in found["modes"].split(b";")}
        elif found["kitty"]:
            screen = modes.get(1049, False)
            keys[screen] = max(0, keys[screen] + (1 if found["kitty"] == b">" else -1))
        elif found["pointer"]:
            words["pointer"] = found["pointer"] != b"default"
        elif found["link"] is not None:
            words["link"] = bool(found["link"])
        else:
            words["style"] = found["style"].strip(b"0") != b""
    words["kitty's keys"] = any(keys.values())
    wrong = {f"mode {mode}" for mode, on in modes.items() if on != (mode in _ON_BY_DEFAULT)}
    return wrong | {word for word, on in words.items() if on}
