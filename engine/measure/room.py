"""Whether a plan's copies of the data fit into memory at all, so that one that cannot is never started."""

from engine.executor import Bytes
from engine.modes import find_mode
from engine.plan import Plan
from engine.pool.limits import in_words


def no_room(plan: Plan, data_bytes: Bytes, memory: Bytes) -> str | None:
    """Return why a plan cannot fit into ``memory`` bytes, or None where it may.

    The need is taken as (workers with a copy of their own + 1) × ``data_bytes``, the size of the serialised data: the
    one more is what the last worker is sent, which is written whole before it is read. That is the least it can be,
    since arrays weigh as much in memory as serialised and Python objects several times that, while interpreters,
    results and the working memory of kernels are left out. So what is refused would surely not fit; what is not refused
    still may not.
    """
    copies = find_mode(plan.mode).copies(plan)
    if not copies or (1 + copies) * data_bytes <= memory:
        return None
    need, there = in_words((1 + copies) * data_bytes), in_words(memory)
    return f"would need about {need} for {1 + copies} copies of the data, {there} are there"
