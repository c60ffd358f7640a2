"""Where the time of a plan goes, alone or beside another: the facts of the report, drawn. Pure text."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import log, prod

from engine.analyse.factors import COMPUTE, STEPS
from engine.report import Interval, TrialReport
from workbench.words.account import factor_text
from workbench.words.efficiency import efficiency_bar, letters, taken
from workbench.words.format import breakdown_parts, verdict_words, whole_job, wrap
from workbench.words.numbers import UNICODE, Signs, percent, ratio, seconds, timing
from workbench.words.pieces import Entry, Line, beside, entry_lines, line, lines_of

NOT_YET = "factors and causes come with the report"
SIDE_BY_SIDE = 96
"""Columns from which on two plans stand side by side."""

_GAP = 3
_EVEN = 0.005
"""A difference of a factor, or of a whole job as a share, below which two plans are alike."""


@dataclass(frozen=True)
class Subject:
    """One plan to explain."""

    name: str
    trial: TrialReport
    sign: str = ""
    """Its status, or that it is recommended or marked."""
    place: str = ""
    """Which of all plans it is."""
    final: bool = True
    """Whether the report has come."""


Section = list[Line]


def why_lines(subject: Subject, other: Subject | None, width: int, signs: Signs = UNICODE) -> list[Line]:
    """Return the account of a plan; with another one that is marked, of both, and what sets them apart."""
    if other is None:
        return _joined(_account(subject, None, width, signs))
    room = (width - _GAP) // 2
    if width < SIDE_BY_SIDE:
        room = width
    blocks = _account(other, None, room, signs, subject), _account(subject, other, room, signs, other)
    told = [*_difference(subject, other, width, signs), line()]
    if width < SIDE_BY_SIDE:
        return [*told, *_joined(blocks[1]), line(), *_joined(blocks[0])]
    pairs = [beside(left, right, room, _GAP) for left, right in zip(*blocks, strict=True)]
    return [*told, *_joined(pairs)]


def _joined(sections: Iterable[Section]) -> list[Line]:
    lines: list[Line] = []
    for section in sections:
        lines += [*([line()] if lines and section else []), *section]
    return lines


def _account(
    subject: Subject, against: Subject | None, width: int, signs: Signs, partner: Subject | None = None
) -> list[Section]:
    """The sections of one plan. ``against``: what its figures are compared with; ``partner``: whose rows it has too."""
    return [
        _head(subject, width, signs),
        _efficiency(subject, against, width, signs, partner),
        _job(subject, against, width, signs, partner),
        _losses(subject, width, signs),
        _notes(subject, width, signs),
    ]


def _head(subject: Subject, width: int, signs: Signs) -> Section:
    trial = subject.trial
    name = signs.text(f"{subject.sign} {subject.name}")
    lines = lines_of(wrap(name, width, "  "), "heading")
    lines += lines_of([signs.text(subject.place)] if subject.place else [], "faint")
    lines += lines_of(wrap(signs.text(words), width)) if (words := verdict_words(trial)) else []
    figures = [f"whole job {_time(trial.job_seconds, trial.job_speedup, signs)}" if trial.job_seconds else ""]
    figures += [f"steady run {_time(trial.seconds, trial.speedup, signs)}" if trial.seconds else ""]
    return lines + lines_of(wrap(", ".join(filter(None, figures)), width), "faint")


def _time(took: Interval, speedup: Interval | None, signs: Signs) -> str:
    return timing(took, signs) + (f" ({ratio(speedup.median, signs)})" if speedup else "")


def _efficiency(
    subject: Subject, against: Subject | None, width: int, signs: Signs, partner: Subject | None
) -> Section:
    """The factors as one bar and line by line."""
    factors = subject.trial.factors
    title = line("Efficiency of a steady run", "heading")
    if not factors:
        known = subject.trial.efficiency
        words = [f"efficiency {percent(known)}"] if known is not None else []
        words += [NOT_YET if not subject.final else "the report tells no factors of this plan"]
        return [title, *lines_of(wrap("; ".join(words), width), "faint")] if subject.trial.measured else []
    rows = _rows(subject.trial, *([partner.trial] if partner else []))
    changes, signed, factors = taken(factors), letters(factors), _filled(subject.trial, rows)
    before = _filled(against.trial, rows) if against else {}
    widest = _widest({name: _apart(factors.get(name), before.get(name)) for name in rows})
    entries = [
        Entry(
            name,
            factor_text(factors[name]) if name in factors else "-",
            _points(changes.get(name, 0.0)) if name in factors else "",
            _step(factors.get(name), before.get(name)) if against else "",
            factors.get(name),
            signed.get(name, " "),
            "strong" if name == widest else "",
        )
        for name in rows
    ]
    header = Entry("factor", "value", "takes", "differs" if against else "")
    return [title, *efficiency_bar(subject.trial.factors, width, signs), *entry_lines(header, entries, width, signs)]


_ORDER = [name for name, _ in STEPS]


def _rows(*trials: TrialReport) -> list[str]:
    """The factors that any of the plans has, in the order in which they are taken away."""
    names = dict.fromkeys(name for trial in trials for name in trial.factors)
    return sorted(names, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))


def _filled(trial: TrialReport, rows: Sequence[str]) -> dict[str, float]:
    """The factors of a plan with those that are left out because they take nothing; a device has others altogether."""
    nothing = dict.fromkeys(rows, 1.0) if COMPUTE in trial.factors else {}
    return nothing | trial.factors


def _points(change: float) -> str:
    """What a factor adds or takes, in points of 100 %."""
    return "0%" if abs(change) < _EVEN else f"{change * 100:+.0f}%"


def _step(value: float | None, before: float | None) -> str:
    if value is None or before is None:
        return ""
    return "=" if abs(value - before) < _EVEN else f"{value - before:+.2f}"


def _apart(value: float | None, before: float | None) -> float:
    return abs(log(value / before)) if value and before else 0.0


def _widest(distances: dict[str, float]) -> str:
    """The name with the largest distance; empty where all are alike."""
    name = max(distances, key=lambda each: distances[each], default="")
    return name if name and distances[name] > 0.01 else ""


def _job(subject: Subject, against: Subject | None, width: int, signs: Signs, partner: Subject | None) -> Section:
    """Where one whole job went."""
    trial = subject.trial
    also = set(breakdown_parts(partner.trial)) if partner else set()
    parts = breakdown_parts(trial, also)
    if not parts:
        return []
    before = breakdown_parts(against.trial, parts) if against else {}
    gaps = {name: part.seconds - before[name].seconds for name, part in parts.items() if name in before}
    widest = _widest({name: abs(gap) / whole_job(trial) for name, gap in gaps.items()})
    entries = [
        Entry(
            part.words + part.more,
            seconds(part.seconds, signs),
            percent(part.share),
            _longer(gaps.get(name), whole_job(trial), signs),
            part.share,
            kind="strong" if name == widest else "",
        )
        for name, part in parts.items()
    ]
    whole = seconds(whole_job(trial), signs)
    header = Entry("part", "seconds", "share", "differs" if before else "")
    return [line(f"Where a whole job of {whole} goes", "heading"), *entry_lines(header, entries, width, signs)]


def _longer(gap: float | None, whole: float, signs: Signs) -> str:
    if gap is None:
        return ""
    return "=" if abs(gap) < _EVEN * whole else f"{'+' if gap > 0 else '-'}{seconds(abs(gap), signs)}"


def _losses(subject: Subject, width: int, signs: Signs) -> Section:
    """What the time was lost to, in words, the most expensive first."""
    losses = sorted(subject.trial.losses, key=lambda loss: -loss.seconds)
    lines: Section = []
    for loss in losses:
        words = f"{percent(loss.share):>4}  {signs.text(f'{loss.cause}, {seconds(loss.seconds, signs)}')}"
        lines += lines_of(wrap(words, width, "      "))
        lines += lines_of(_indented(f"do: {loss.advice}", width, signs), "faint") if loss.advice else []
    if not lines and subject.trial.measured:
        lines = lines_of(wrap("nothing worth a word" if subject.final else NOT_YET, width), "faint")
    return [line("What it loses time to", "heading"), *lines] if lines else []


def _indented(text: str, width: int, signs: Signs) -> list[str]:
    return [f"      {each}" for each in wrap(signs.text(text), max(width - 6, 16))]


def _notes(subject: Subject, width: int, signs: Signs) -> Section:
    notes = [each for note in subject.trial.notes for each in wrap(f"- {signs.text(note)}", width, "  ")]
    return [line("Notes", "heading"), *lines_of(notes)] if notes else []


def _difference(subject: Subject, other: Subject, width: int, signs: Signs) -> Section:
    """What sets two plans apart, in words: the parts of a job by seconds, the factors by how far they are apart."""
    words = (f"Beside {signs.mark} {other.name} (marked):", _jobs_apart(subject, other, signs))
    lines = [*words, _factors_apart(subject.trial, other.trial)]
    return [each for text in lines if text for each in lines_of(wrap(signs.text(text), width, "  "))]


def _jobs_apart(subject: Subject, other: Subject, signs: Signs) -> str:
    mine, theirs = whole_job(subject.trial), whole_job(other.trial)
    if not (mine and theirs):
        return ""
    parts = breakdown_parts(subject.trial, breakdown_parts(other.trial))
    before = breakdown_parts(other.trial, parts)
    gaps = {part.words: part.seconds - before[name].seconds for name, part in parts.items()}
    named = [f"{name} {_longer(gaps[name], mine, signs)}" for name in _largest(gaps, _EVEN * max(mine, theirs))]
    long = f"the whole job takes {ratio(mine / theirs, signs)} as long"
    return long + (f": {', '.join(named)}" if named else "")


def _factors_apart(mine: TrialReport, theirs: TrialReport) -> str:
    if not (mine.factors and theirs.factors):
        return ""
    rows = _rows(mine, theirs)
    here, there = _filled(mine, rows), _filled(theirs, rows)
    far = {name: _apart(here.get(name), there.get(name)) for name in rows}
    named = [f"{name} {factor_text(here[name])} instead of {factor_text(there[name])}" for name in _largest(far, 0.01)]
    efficiency = f"{percent(prod(mine.factors.values()))} instead of {percent(prod(theirs.factors.values()))}"
    return f"efficiency {efficiency}" + (f": {', '.join(named)}" if named else "")


def _largest(sizes: dict[str, float], least: float, most: int = 3) -> Sequence[str]:
    names: Collection[str] = [name for name, size in sizes.items() if abs(size) > least]
    return sorted(names, key=lambda name: -abs(sizes[name]))[:most]
