"""Which functions the samples were in."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from engine.hotspots.folded import Frame, Stacks, split_frame
from engine.hotspots.working import kernel_depth


class HotFunction(msgspec.Struct, frozen=True, kw_only=True):
    """A function with its part of the samples, 0 to 1."""

    name: str
    file: str
    line: int
    """Where in the function the samples were most often: innermost there, else on the way further in; 0: unknown."""
    self_share: float
    """Samples in which the function itself was executing."""
    total_share: float
    """Samples in which it or anything it called was executing; recursion counts once."""
    kernel: bool = False
    """Seen below the call of the kernel, so part of the workload and not of the engine."""


Function = tuple[str, str]


def functions(stacks: Stacks) -> tuple[HotFunction, ...]:
    """Return every function, the hottest by self share first."""
    samples = sum(stacks.values())
    own: Counter[Function] = Counter()
    total: Counter[Function] = Counter()
    lines: dict[Function, Counter[tuple[bool, int]]] = {}
    kernel: set[Function] = set()
    for stack, count in stacks.items():
        frames = [split_frame(frame) for frame in stack]
        own[_function(frames[-1])] += count
        total.update(dict.fromkeys(_functions(frames), count))
        kernel |= _functions(frames[kernel_depth(stack) :])
        for frame in frames[:-1]:
            lines.setdefault(_function(frame), Counter())[False, frame.line] += count
        lines.setdefault(_function(frames[-1]), Counter())[True, frames[-1].line] += count
    hot = [
        HotFunction(
            name=function[0],
            file=function[1],
            line=_hottest_line(lines[function]),
            self_share=own[function] / samples,
            total_share=total[function] / samples,
            kernel=function in kernel,
        )
        for function in total
    ]
    return tuple(sorted(hot, key=lambda one: (-one.self_share, -one.total_share, one.name, one.file)))


def hottest(stacks: Stacks, limit: int = 10) -> tuple[HotFunction, ...]:
    """Return the functions that were themselves executing most often."""
    return tuple(one for one in functions(stacks)[:limit] if one.self_share)


def _function(frame: Frame) -> Function:
    return frame.name, frame.file


def _functions(frames: Iterable[Frame]) -> set[Function]:
    return {_function(frame) for frame in frames}


def _hottest_line(lines: Counter[tuple[bool, int]]) -> int:
    (_, line), _ = max(lines.items(), key=lambda entry: (entry[0][0], entry[1], -entry[0][1]))
    return line
