"""A plan: a mode plus a value for each knob. Its fields are the only list of engine options there is."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec

from engine.knob import Knob, Scalar

ChunkSize = Annotated[int, msgspec.Meta(ge=1)] | Literal["auto"]
StartMethod = Literal["fork", "spawn", "forkserver"]
Device = Literal["auto", "cpu", "cuda", "mps"]


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to execute a workload. Hashable; two plans are equal when every field is."""

    mode: Annotated[str, msgspec.Meta(description="how it is executed; `workbench modes` lists them")]
    workers: Annotated[
        int, msgspec.Meta(ge=1, description="degree of parallelism", extra={"axis_words": ("auto", "io")})
    ] = 1
    chunk_size: Annotated[
        ChunkSize,
        msgspec.Meta(description="tasks a worker receives at once; auto lets the mode choose", extra={"unit": "tasks"}),
    ] = "auto"
    kernel: Annotated[
        str, msgspec.Meta(description="which implementation of the workload's function computes a chunk")
    ] = ""
    start_method: Annotated[StartMethod, msgspec.Meta(description="how worker processes are started")] = "forkserver"
    threads_per_worker: Annotated[
        int, msgspec.Meta(ge=1, description="threads that BLAS, OpenMP and torch may use inside each worker")
    ] = 1
    device: Annotated[
        Device, msgspec.Meta(description="where gpu-batch computes; auto takes cuda, then mps, then cpu")
    ] = "auto"
    settings: Annotated[dict[str, Scalar], msgspec.Meta(description="values for the workload's own knobs")] = {}

    def __hash__(self) -> int:
        return hash((*(getattr(self, name) for name in FIELDS if name != "settings"), *sorted(self.settings.items())))


FIELDS: tuple[str, ...] = Plan.__struct_fields__


def _knob(name: str, hint: Any) -> Knob:
    """One field of Plan as a knob: help, range, choices and default come from its annotation."""
    kind, meta = get_args(hint)
    default = Plan.__struct_defaults__[FIELDS.index(name) - 1] if name != "mode" else ""
    extra = meta.extra or {}
    literals = tuple(value for part in (kind, *get_args(kind)) for value in get_args(part) if isinstance(value, str))
    direct = get_args(kind) if all(isinstance(value, str) for value in get_args(kind)) else ()
    words = () if direct else literals
    low = meta.ge if meta.ge is not None else (1 if words else None)
    return Knob(
        name,
        meta.description or "",
        default,
        direct,
        low,
        extra.get("unit", ""),
        words,
        axis_words=extra.get("axis_words", ()),
    )


KNOBS: tuple[Knob, ...] = tuple(
    _knob(name, hint)
    for name, hint in get_type_hints(Plan, include_extras=True).items()
    if name in FIELDS and name != "settings"
)
"""The fields of Plan but ``settings``, as knobs; command-line flags, TOML keys, form fields and sweep axes are made
from these."""


_STARTS_PROCESSES = ("process", "shared-memory")
"""Modes for which the start method means anything to a reader; the modes' own ``honours`` cannot be asked from here."""


def start_method_of(plan: Plan) -> str:
    """Return how the plan starts its worker processes; empty for a mode that has none."""
    return plan.start_method if plan.mode in _STARTS_PROCESSES else ""


def describe(plan: Plan, among: Iterable[Plan] = ()) -> str:
    """Return the plan in a few words, such as ``shared-memory × 2, numpy, spawn``.

    Whatever all plans of ``among`` have in common is left out, but for mode and kernel; so is a chunk size of ``auto``.
    """
    among = list(among)
    same = {name for name in FIELDS if among and all(getattr(p, name) == getattr(among[0], name) for p in among)}
    parts = [f"{plan.mode} × {plan.workers}" if plan.workers > 1 else plan.mode, plan.kernel]
    parts += [f"chunk {plan.chunk_size}"] if plan.chunk_size != "auto" and "chunk_size" not in same else []
    parts += [start_method_of(plan)] if "start_method" not in same else []
    parts += [f"{plan.threads_per_worker} threads each"] if plan.threads_per_worker > 1 else []
    parts += [f"{name}={value}" for name, value in varying_settings(plan, among).items()]
    return ", ".join(part for part in parts if part)


def varying_settings(plan: Plan, among: Iterable[Plan]) -> dict[str, Scalar]:
    """Return the plan's settings without those that every plan of ``among`` shares; all of them for no plans."""
    among = list(among)
    return {
        name: value
        for name, value in plan.settings.items()
        if not among or any(other.settings.get(name) != value for other in among)
    }
