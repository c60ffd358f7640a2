"""What an earlier sweep measured, out of its recording, as blocks of a new sweep. Plans are matched by value."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from engine.errors import RequestError
from engine.events import (
    AnyEvent,
    BlockFinished,
    BlockStarted,
    CeilingMeasured,
    ControlMeasured,
    DataLoaded,
    RunFinished,
    Sample,
    SweepStarted,
    TrialDisturbed,
    TrialFailed,
    TrialFinished,
    TrialStarted,
)
from engine.plan import Plan
from engine.report import Host

Block = tuple[AnyEvent, ...]
"""The events of a block that a new sweep takes over, with its numbers of plans and blocks."""

_OfPlan = TrialStarted | RunFinished | TrialFinished | TrialDisturbed | TrialFailed
_OfBlock = BlockStarted | DataLoaded | ControlMeasured | CeilingMeasured | BlockFinished | _OfPlan


def take_over(events: Sequence[AnyEvent], now: SweepStarted, *, accept_noise: bool = False) -> tuple[Block, ...]:
    """Return the blocks of a recording with what was measured of the plans of the sweep that starts now.

    How the race stood is left out, because it is judged anew: for another goal or among other plans it may stand
    differently, and for the same ones it comes out the same. So are plans that were not available, or cut off where
    nothing is cut off now. ``accept_noise``: what was disturbed counts.

    Raises RequestError for measurements that do not belong into this sweep, and for a recording that is damaged.
    """
    then, *rest = events
    if not isinstance(then, SweepStarted):
        raise RequestError("--continue: the recording does not begin with the start of a sweep")
    check_alike(then, now)
    numbers = {index: now.plans.index(plan) for index, plan in enumerate(then.plans) if plan in now.plans}
    blocks: dict[int, list[_OfBlock]] = {}
    for event in rest:
        if isinstance(event, SweepStarted):
            raise RequestError("--continue: the recording holds more than one sweep")
        if isinstance(event, _OfBlock):
            _check_sound(event, then.plans)
            moved = _moved(event, numbers, then.plans)
            blocks.setdefault(event.block, []).extend([moved] if moved and _holds(moved, now) else [])
    whole = [_finished_trials(block) for _, block in sorted(blocks.items())]
    measured = [block for block in whole if any(isinstance(event, TrialFinished) for event in block)]
    accepted = [[_accepted(event) for event in block] if accept_noise else block for block in measured]
    return tuple(tuple(replace(event, block=at) for event in block) for at, block in enumerate(accepted))


def _moved(event: _OfBlock, numbers: Mapping[int, int], plans: Sequence[Plan]) -> _OfBlock | None:
    """The event with the new numbers of its plans; None: it is of a plan that is not in the new sweep."""
    match event:
        case BlockStarted():
            return replace(event, plans=tuple(numbers[plan] for plan in event.plans if plan in numbers))
        case DataLoaded():
            settings = plans[event.plan].settings
            alike = [new for old, new in numbers.items() if plans[old].settings == settings]
            return replace(event, plan=alike[0]) if alike else None
        case ControlMeasured() | CeilingMeasured() | BlockFinished():
            return event
        case _:
            return replace(event, plan=numbers[event.plan]) if event.plan in numbers else None


def _holds(event: _OfBlock, now: SweepStarted) -> bool:
    """Whether it still holds: a missing library may be there by now, and only a race cuts plans off."""
    if not isinstance(event, TrialFailed):
        return True
    return event.status == "failed" or (event.status == "eliminated" and now.race)


def _finished_trials(block: Sequence[_OfBlock]) -> list[_OfBlock]:
    """A block without the trial in which the sweep was ended."""
    ended = {event.plan for event in block if isinstance(event, TrialFinished | TrialFailed)}
    return [event for event in block if not isinstance(event, _OfPlan) or event.plan in ended]


def _accepted(event: _OfBlock) -> _OfBlock:
    """The event with nothing held against its sample."""
    if isinstance(event, TrialFinished) and event.sample.noise:
        return replace(event, sample=replace(event.sample, noise=replace(event.sample.noise, reasons=())))
    return event


def _check_sound(event: _OfBlock, plans: Sequence[Plan]) -> None:
    """Raise RequestError for what no sweep writes and nobody could compute with."""
    if isinstance(event, DataLoaded | _OfPlan) and not 0 <= event.plan < len(plans):
        raise RequestError(f"--continue: the recording is damaged: it names plan {event.plan} of {len(plans)}")
    if isinstance(event, TrialFinished | TrialDisturbed) and not _possible(event.sample):
        raise RequestError(
            f"--continue: the recording is damaged: plan {event.plan} took no time in block {event.block + 1}"
        )


def _possible(sample: Sample) -> bool:
    return bool(sample.steady) and min(sample.job_seconds, *sample.steady) > 0


def check_alike(then: SweepStarted, now: SweepStarted) -> None:
    """Raise RequestError, saying what differs, unless both sweeps measure the same on the same machine."""
    asked = {
        "workload": (then.reference, now.reference),
        "tasks": (then.tasks_reference, now.tasks_reference),
        "data": (then.data_reference, now.data_reference),
        "size": (then.size, now.size),
        "sample": (then.sample, now.sample),
    }
    _refuse("asks for something else", asked)
    if then.host.fingerprint != now.host.fingerprint:
        _refuse("was made on another machine", _facts(then.host, now.host), certain=True)
    if then.code != now.code:
        libraries = {name: (then.host.libraries.get(name), version) for name, version in now.host.libraries.items()}
        _refuse("was made with other libraries", libraries)
        raise RequestError(
            "--continue: the workload's files, or Workbench itself, changed since the recording was made"
        )
    baselines = then.plans[then.baseline] if 0 <= then.baseline < len(then.plans) else None, now.plans[now.baseline]
    if baselines[0] != baselines[1]:
        _refuse("has another baseline", _settings(*baselines), certain=True)


def _refuse(how: str, pairs: Mapping[str, tuple[object, object]], *, certain: bool = False) -> None:
    """Raise RequestError naming the pairs that differ; ``certain``: also where none does."""
    differing = [f"{name} {_shown(one)}, now {_shown(other)}" for name, (one, other) in pairs.items() if one != other]
    if differing or certain:
        raise RequestError(f"--continue: the recording {how}" + (f": {'; '.join(differing)}" if differing else ""))


def _shown(value: object) -> str:
    return "none" if value in (None, "", ()) else str(value)


def _facts(then: Host, now: Host) -> dict[str, tuple[object, object]]:
    names = [name for name in Host.__struct_fields__ if name not in ("fingerprint", "libraries")]
    return {name.replace("_", " "): (getattr(then, name), getattr(now, name)) for name in names}


def _settings(then: Plan | None, now: Plan) -> dict[str, tuple[object, object]]:
    """What differs between two baselines, which are always sequential and naive: their settings."""
    before = then.settings if then else {}
    return {name: (before.get(name), value) for name, value in now.settings.items()}
