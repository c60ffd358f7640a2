"""Jobs bound to small data, for tests of modes and pools."""

from engine.executor import Job
from engine.modes import find_mode
from engine.plan import Plan
from engine.tune.space import check_settings
from engine.workloads import resolve


def a_job(workload="fixed_cost", kernel="python", **settings):
    known = resolve(workload)
    values = check_settings(known, settings)
    data = known.load("small", **values)
    return Job(known.kernels[kernel], data, known.tasks(data), known.result(values))


def execute(job, mode, **knobs):
    """Set up, run once, tear down; return a copy of the results."""
    plan = Plan(mode=mode, **knobs)
    executor = find_mode(mode)(job, plan)
    with executor:
        return executor.run().results.copy()
