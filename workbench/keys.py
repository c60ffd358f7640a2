"""Names of keys, as the screen knows them, so that a wrong one is told before there is a screen."""

import unicodedata

from engine.errors import RequestError, UnknownName

FIXED = ("ctrl+q", "ctrl+c")
"""Keys that always quit."""
MODIFIERS = ("ctrl", "alt", "shift", "super", "hyper", "meta")
NAMED = (
    *("escape", "enter", "tab", "space", "backspace", "delete", "insert"),
    *("home", "end", "pageup", "pagedown", "up", "down", "left", "right"),
    *(f"f{number}" for number in range(1, 25)),
)
_SHORT = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Names of signs that keys have instead of those of Unicode."""


def check_keys(text: str, where: str) -> str:
    """Return keys separated by commas, without blanks, if each exists. Raises RequestError naming ``where``."""
    keys = [key.strip() for key in text.split(",")]
    for key in keys:
        if key in FIXED:
            raise RequestError(f"{where}: {key} always quits and can do nothing else")
        _check_key(key, where)
    return ",".join(keys)


def _check_key(key: str, where: str) -> None:
    *modifiers, base = key.split("+")
    if not base:
        raise RequestError(f"{where}: expected keys such as 'escape,x', got {key!r}; + is 'plus' and , is 'comma'")
    for modifier in modifiers:
        if modifier not in MODIFIERS:
            raise UnknownName("key", modifier, MODIFIERS, where)
    if not (len(base) == 1 and base.isprintable() and not base.isspace()) and base not in names():
        raise UnknownName("key", base, names(), where)


def names() -> tuple[str, ...]:
    """Return the names of all keys that have more than one letter."""
    signs = (chr(code) for code in range(33, 127))
    return (*NAMED, *(sign_name(sign) for sign in signs if not sign.isalnum()))


def sign_name(sign: str) -> str:
    """Return the name of a sign's key, such as ``question_mark``."""
    name = unicodedata.name(sign).lower().replace("-", "_").replace(" ", "_")
    return _SHORT.get(name, name)
