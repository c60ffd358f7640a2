"""A knob: one setting the tuner may turn, described once for flags, TOML keys, form fields, axes and docs."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.errors import RequestError, UnknownName

Scalar = str | int | float | bool
"""The value of a knob: what TOML, JSON and a command line can all hold."""

Settings = Mapping[str, Scalar]
"""Values for the knobs of a workload, by name."""


@dataclass(frozen=True)
class Knob:
    """One setting with its meaning and its legal values."""

    name: str
    """As in TOML and JSON; the flag is the same with dashes."""
    help: str
    """One sentence: what turning it changes."""
    default: Scalar
    """Also decides the type of every other value."""
    choices: tuple[Scalar, ...] = ()
    """The only legal values; empty: any value of the type."""
    low: float | None = None
    """Smallest legal number."""
    unit: str = ""
    """Unit of the number, for labels."""
    words: tuple[str, ...] = ()
    """Words allowed instead of a number, such as ``auto``."""
    changes_answers: bool = False
    """Results differ between its values, so one sweep, which compares all results, takes one value of it."""
    sweep: tuple[Scalar, ...] = ()
    """What a sweep takes unless told otherwise; empty: the default alone."""
    changes_quality: bool = False
    """Its values approximate one answer well or badly: a sweep takes several, compares results within each value alone,
    and shows their score."""
    only_with: tuple[str, Scalar] | None = None
    """Another knob and its value without which this one does nothing; it then stays at its default."""
    axis_words: tuple[str, ...] = ()
    """Words a sweep takes in place of values it finds on the machine, such as ``auto`` workers."""
    high: float | None = None
    """Largest legal number."""

    def parse(self, text: str, where: str) -> Scalar:
        """Turn what a person typed into a value. Raises RequestError naming ``where``."""
        if text in self.words or (isinstance(self.default, str) and not self._numeric()):
            return self.check(text, where)
        try:
            return self.check(_convert(text, self._number_type()), where)
        except ValueError:
            expected = " or ".join((_KIND[self._number_type()], *self.words))
            raise RequestError(f"{where}: expected {expected}, got {text!r}") from None

    def check(self, value: Scalar, where: str) -> Scalar:
        """Return the value if it is legal. Raises RequestError naming ``where`` and the nearest legal choice."""
        if isinstance(value, str) and value in self.words:
            return value
        if self.choices and value not in self.choices:
            raise UnknownName(f"{self.name}", str(value), map(str, self.choices), where)
        wanted = self._number_type()
        if wanted is float and type(value) is int:
            value = float(value)
        if type(value) is not wanted:
            expected = " or ".join((_KIND[wanted], *self.words))
            raise RequestError(f"{where}: expected {expected}, got {value!r}")
        if self.low is not None and isinstance(value, int | float) and value < self.low:
            raise RequestError(f"{where}: {self.name} must be at least {self.low:g}, got {value!r}")
        if self.high is not None and isinstance(value, int | float) and value > self.high:
            raise RequestError(f"{where}: {self.name} must be at most {self.high:g}, got {value!r}")
        return value

    def parse_axis(self, text: str, where: str) -> Scalar:
        """Do as ``parse`` does for a value of a sweep, which may also be one of ``axis_words``."""
        return text if text in self.axis_words else self.parse(text, where)

    def check_axis(self, value: Scalar, where: str) -> Scalar:
        """Do as ``check`` does for a value of a sweep, which may also be one of ``axis_words``."""
        return value if value in self.axis_words else self.check(value, where)

    def _numeric(self) -> bool:
        return bool(self.words)

    def _number_type(self) -> type:
        return int if self._numeric() else type(self.default)


_KIND = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
_TRUTH = {"true": True, "on": True, "yes": True, "1": True, "false": False, "off": False, "no": False, "0": False}


def _convert(text: str, kind: type) -> Scalar:
    if kind is bool:
        if text.lower() not in _TRUTH:
            raise ValueError(text)
        return _TRUTH[text.lower()]
    value: Scalar = kind(text)
    return value


def find_knob(knobs: tuple[Knob, ...], name: str, where: str) -> Knob:
    """Return the knob of that name. Raises UnknownName."""
    for knob in knobs:
        if knob.name == name:
            return knob
    raise UnknownName("knob", name, [knob.name for knob in knobs], where)
