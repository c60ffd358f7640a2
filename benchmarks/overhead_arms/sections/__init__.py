"""The sections of benchmarks/overhead.py by name, in the order they are measured and printed."""

from collections.abc import Callable

from overhead_arms.report import Section
from overhead_arms.scale import Scale
from overhead_arms.sections import dispatch, lookup, shared_data, starts, useful_work

SECTIONS: dict[str, Callable[[Scale], Section]] = {
    "dispatch": dispatch.run,
    "work": useful_work.run,
    "data": shared_data.run,
    "starts": starts.run,
    "lookup": lookup.run,
}
