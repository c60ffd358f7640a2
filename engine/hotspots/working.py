"""Which samples belong to the work: sampling starts with the process, so loading and imports are in them as well."""

from dataclasses import dataclass

from engine.hotspots.folded import MEASURING, Stack, Stacks, split_frame

WORK = "work_under_capture"
"""The function of the measuring process around all runs."""

KERNEL = "run_chunk"
"""The function through which every mode calls the kernel, in workers as well."""


@dataclass(frozen=True)
class Working:
    """The samples that count, and what became of the others."""

    stacks: Stacks
    kernel: int
    """Samples in the kernel, whichever process or thread it ran in."""
    engine: int
    """Samples of the measuring process between the runs' start and end outside the kernel."""
    dropped: int
    """Samples of loading, imports, workers waiting, and tear-down."""
    marked: bool = True
    """False when no sample was in the work and so every one was kept."""


def working(stacks: Stacks) -> Working:
    """Keep the samples of the work; every one if none is, because that is better than nothing."""
    kernel = {stack: count for stack, count in stacks.items() if kernel_depth(stack) <= len(stack)}
    engine = {stack: count for stack, count in stacks.items() if stack not in kernel and _in_engine(stack)}
    kept = kernel | engine
    dropped = sum(stacks.values()) - sum(kept.values())
    if not kept:
        return Working(stacks, 0, 0, 0, marked=False)
    return Working(kept, sum(kernel.values()), sum(engine.values()), dropped)


def kernel_depth(stack: Stack) -> int:
    """Return the index of the first frame below the kernel's call; beyond the end when the stack does not get there."""
    return next((depth for depth, frame in enumerate(stack, 1) if is_call(frame, KERNEL)), len(stack) + 1)


def is_call(frame: str, function: str) -> bool:
    """Return whether the frame is of a function or method of that name."""
    # The plain search first: most frames of most stacks need no parsing.
    return function in frame and split_frame(frame).name.rpartition(".")[2] == function


def _in_engine(stack: Stack) -> bool:
    return stack[0] == MEASURING and any(is_call(frame, WORK) for frame in stack)
