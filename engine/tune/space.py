"""Which plans a request stands for: every legal one, once, the baseline first."""

import importlib.util
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from engine.errors import RequestError, UnknownName
from engine.executor import Executor
from engine.host import usable_cores
from engine.knob import Knob, Scalar, find_knob
from engine.modes import MODES, find_mode
from engine.plan import KNOBS, Plan
from engine.request import Axis, SweepRequest
from engine.workload import Kernel, Workload
from engine.workloads import resolve


@dataclass(frozen=True)
class Space:
    """The plans of a sweep."""

    workload: Workload
    size: str
    plans: tuple[Plan, ...]
    """The baseline is the first."""
    unavailable: dict[int, str]
    """Reason by index, for plans that cannot run on this machine."""


def expand(request: SweepRequest) -> Space:
    """Return the plans of a request. Raises RequestError for anything in it that does not exist or is out of range."""
    workload = resolve(request.workload, request.tasks, request.data)
    size = check_size(workload, request.size)
    settings = list(_settings(workload, request))
    axes = _axes(workload, request)
    wanted = list(dict.fromkeys(plan for each in settings for plan in _plans(workload, axes, each)))
    if not wanted:
        raise RequestError(_why_none(workload, axes))
    naive = [_sequential(workload.naive, each) for each in _naive_settings(workload, settings)]
    own = [_sequential(plan.kernel, plan.settings) for plan in wanted if not find_mode(plan.mode).on_device]
    plans = tuple(dict.fromkeys([*naive, *_in_order(wanted, [*naive, *own])]))
    reasons = {index: why for index, plan in enumerate(plans) if (why := _unavailable(workload, plan))}
    return Space(workload, size, plans, reasons)


def compared_with(space: Space, chosen: Iterable[int]) -> set[int]:
    """Return the plans that these are compared with: the baseline, the naive kernel of the same quality, and the same
    kernel run sequentially."""
    plans, naive = space.plans, space.workload.naive
    qualities = [knob.name for knob in space.workload.knobs if knob.changes_quality]
    alone = [(index, plan) for index, plan in enumerate(plans) if plan.mode == "sequential"]
    found = {0}
    for mine in (plans[index] for index in chosen):
        quality = [mine.settings.get(name) for name in qualities]
        as_good = (at for at, p in alone if p.kernel == naive and [p.settings.get(q) for q in qualities] == quality)
        same = (at for at, p in alone if (p.kernel, p.settings) == (mine.kernel, mine.settings))
        found |= {*islice(as_good, 1), *islice(same, 1)}
    return found


def check_size(workload: Workload, size: str) -> str:
    """Return the size, or the workload's first for an empty one. Raises UnknownName."""
    if size and size not in workload.sizes:
        raise UnknownName("size", size, workload.sizes, "--size")
    return size or next(iter(workload.sizes))


def check_settings(workload: Workload, settings: dict[str, Scalar]) -> dict[str, Scalar]:
    """Return a value for every knob of the workload. Raises RequestError."""
    request = SweepRequest(workload=workload.name, settings={name: (value,) for name, value in settings.items()})
    return next(_settings(workload, request))


def auto_workers() -> tuple[int, ...]:
    """Return the worker counts worth a look here: the powers of two from 2 to the usable cores, and the cores
    themselves."""
    cores = usable_cores()
    powers = [1 << k for k in range(1, cores.bit_length()) if 1 << k <= cores]
    return tuple(sorted({*powers, cores}))


def io_workers() -> int:
    """Return min(32, cores + 4): what ``concurrent.futures.ThreadPoolExecutor`` takes, meant for tasks that wait."""
    return min(32, usable_cores() + 4)


WORKER_WORDS: dict[str, Callable[[], tuple[int, ...]]] = {"auto": auto_workers, "io": lambda: (io_workers(),)}
"""What a sweep may be told instead of a number of workers."""


def _settings(workload: Workload, request: SweepRequest) -> Iterator[dict[str, Scalar]]:
    """Every combination of the workload's settings, a value for each knob."""
    for name in request.settings:
        find_knob(workload.knobs, name, f"--set {name}" if workload.knobs else f"{workload.name} has no knobs")
    axes = [
        _values(knob, request.settings.get(knob.name, knob.sweep or (knob.default,)), "--set")
        for knob in workload.knobs
    ]
    for knob, axis in zip(workload.knobs, axes, strict=True):
        if knob.changes_answers and len(axis) > 1:
            raise RequestError(f"--set {knob.name}: it changes the answers, which a sweep compares; give one value")
    for values in product(*axes):
        yield _without_idle(workload, dict(zip(workload.knob_names(), values, strict=True)))


def _without_idle(workload: Workload, settings: dict[str, Scalar]) -> dict[str, Scalar]:
    """The settings with knobs that do nothing beside the others at their default, so that such plans collapse."""
    idle = [knob for knob in workload.knobs if knob.only_with and settings[knob.only_with[0]] != knob.only_with[1]]
    return settings | {knob.name: knob.default for knob in idle}


def _values(knob: Knob, axis: Axis, where: str) -> Axis:
    return tuple(dict.fromkeys(knob.check(value, f"{where} {knob.name}") for value in axis))


def _axes(workload: Workload, request: SweepRequest) -> dict[str, Axis]:
    """A tuple of values for each knob of the plan."""
    defaults: dict[str, Axis] = {knob.name: (knob.default,) for knob in KNOBS}
    defaults |= {
        "mode": tuple(mode.name for mode in MODES),
        "workers": auto_workers(),
        "kernel": tuple(workload.kernels),
    }
    axes = defaults | {name: axis for name, axis in request.axes.items() if axis}
    for name in request.axes:
        find_knob(KNOBS, name, "axes")
    axes["workers"] = tuple(dict.fromkeys(n for value in axes["workers"] for n in _in_numbers(value)))
    for mode in axes["mode"]:
        find_mode(str(mode), "--modes")
    for kernel in axes["kernel"]:
        if kernel not in workload.kernels:
            raise UnknownName("kernel", str(kernel), workload.kernels, "--kernel")
    return {knob.name: _values(knob, axes[knob.name], "--" + knob.name.replace("_", "-")) for knob in KNOBS}


def _in_numbers(value: Scalar) -> tuple[Scalar, ...]:
    return WORKER_WORDS[value]() if isinstance(value, str) and value in WORKER_WORDS else (value,)


def _plans(workload: Workload, axes: dict[str, Axis], settings: dict[str, Scalar]) -> Iterator[Plan]:
    """Legal plans for one combination of settings; knobs a mode ignores keep their default, so such plans collapse."""
    for name, kernel in product(axes["mode"], axes["kernel"]):
        mode = find_mode(str(name))
        if _misfit(mode, workload.kernels[str(kernel)], settings):
            continue
        turned = sorted(mode.honours - {"kernel"})
        for values in product(*(axes[knob] for knob in turned)):
            yield Plan(mode=mode.name, kernel=str(kernel), settings=settings, **dict(zip(turned, values, strict=True)))  # type: ignore[arg-type]


def _misfit(mode: type[Executor], kernel: Kernel, settings: dict[str, Scalar]) -> str | None:
    if mode.on_device != kernel.device:
        return "computes on a device: gpu-batch only" if kernel.device else "does not compute on a device"
    return kernel.misfit(settings)


def _why_none(workload: Workload, axes: dict[str, Axis]) -> str:
    """Say why a request has no legal plan."""
    kernels = {str(name): workload.kernels[str(name)] for name in axes["kernel"]}
    reasons = [
        f"kernel {name} {_misfit(find_mode(str(mode)), kernel, {}) or 'does not fit the settings'}"
        for mode, (name, kernel) in product(axes["mode"], kernels.items())
    ]
    return f"no plan is possible for {workload.name}: " + "; ".join(dict.fromkeys(reasons))


def _naive_settings(workload: Workload, settings: Sequence[dict[str, Scalar]]) -> list[dict[str, Scalar]]:
    """Settings with which the naive kernel runs for others to be compared with: one for each quality asked for.

    The first is the baseline's; its quality is the default one, whatever was asked for.
    """
    naive = workload.kernels[workload.naive]
    fitting = [each for each in settings if not naive.misfit(each)] or [settings[0]]
    qualities = [knob for knob in workload.knobs if knob.changes_quality]
    baseline = fitting[0] | {knob.name: knob.default for knob in qualities}
    by_quality: dict[Axis, dict[str, Scalar]] = {}
    for each in (baseline, *fitting):
        by_quality.setdefault(tuple(each[knob.name] for knob in qualities), each)
    return list(by_quality.values())


def _sequential(kernel: str, settings: dict[str, Scalar]) -> Plan:
    return Plan(mode="sequential", kernel=kernel, settings=settings)


def _in_order(wanted: list[Plan], references: list[Plan]) -> Iterator[Plan]:
    """Each kernel's sequential reference before the first plan that needs it, unless it was asked for anyway."""
    given = {(plan.kernel, tuple(plan.settings.items())) for plan in wanted if plan.mode == "sequential"}
    by_key = {(plan.kernel, tuple(plan.settings.items())): plan for plan in references}
    for plan in wanted:
        key = (plan.kernel, tuple(plan.settings.items()))
        if key in by_key and key not in given:
            yield by_key[key]
        yield plan


def _unavailable(workload: Workload, plan: Plan) -> str | None:
    kernel = workload.kernels[plan.kernel]
    missing = [f"needs {name}: pip install '{how}'" for name, how in kernel.needs.items() if not _installed(name)]
    return find_mode(plan.mode).unavailable() or (missing[0] if missing else None)


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
