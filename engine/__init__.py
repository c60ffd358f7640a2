"""Workbench's engine: measure how fastest to run a workload, say why, and run it that way.

Public names, in reading order. They are loaded when first used, so that importing the engine costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.errors import WorkbenchError
    from engine.knob import Knob
    from engine.lookup import LookupTable
    from engine.plan import Plan
    from engine.pool.api import Pool, pool
    from engine.pool.interrupt import Interrupted
    from engine.pool.options import Progress, retry
    from engine.production.config import TunedConfig, load_config, save_config
    from engine.production.run import run
    from engine.report import SweepReport
    from engine.request import SweepRequest, load_profile
    from engine.tune.sweep import sweep
    from engine.workload import Kernel, ResultSpec, Workload

_HOME = {
    "Workload": "engine.workload",
    "Kernel": "engine.workload",
    "ResultSpec": "engine.workload",
    "Knob": "engine.knob",
    "Plan": "engine.plan",
    "Pool": "engine.pool.api",
    "retry": "engine.pool.options",
    "Progress": "engine.pool.options",
    "Interrupted": "engine.pool.interrupt",
    "LookupTable": "engine.lookup",
    "SweepRequest": "engine.request",
    "load_profile": "engine.request",
    "sweep": "engine.tune.sweep",
    "SweepReport": "engine.report",
    "TunedConfig": "engine.production",
    "load_config": "engine.production",
    "save_config": "engine.production",
    "run": "engine.production",
    "WorkbenchError": "engine.errors",
}

__all__ = [
    "Interrupted",
    "Kernel",
    "Knob",
    "LookupTable",
    "Plan",
    "Pool",
    "Progress",
    "ResultSpec",
    "SweepReport",
    "SweepRequest",
    "TunedConfig",
    "WorkbenchError",
    "Workload",
    "load_config",
    "load_profile",
    "pool",
    "retry",
    "run",
    "save_config",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name == "pool":  # the package that is also a function: once it is imported it stands here by itself
        return importlib.import_module("engine.pool")
    if name not in _HOME:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
