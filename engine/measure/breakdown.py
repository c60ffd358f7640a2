"""Where the time of one run went: parts that add up to it."""

import pickle
import time
from statistics import mean

from msgspec.structs import replace

from engine.executor import Outcome, Seconds, Shipping
from engine.measure.device import DeviceShares
from engine.report import Breakdown


def break_down_run(
    seconds: Seconds, outcome: Outcome, ghost: Seconds = 0.0, device: DeviceShares | None = None
) -> Breakdown:
    """Split a run into parts that add up to it.

    As in the POP efficiency model (co-design.pop-coe.eu/metrics): mean useful time, imbalance, and the rest of the wall
    time. Imbalance is what a worker waits for the busiest one; as much of it as one chunk exceeds a fair share of all
    would stay however chunks were handed out. Busy time without CPU time is waiting for a lock or a core.

    ``ghost``: what serialising the results takes, where that was measured beside the run (``ghost_transfer``).
    ``device``: what the time inside the kernel consists of, where it computes on one.
    """
    if device:
        return _on_device(seconds, outcome, device)
    walls = [worker.wall for worker in outcome.workers]
    fair, busiest = mean(walls), max(walls)
    compute = min(mean(worker.cpu for worker in outcome.workers), fair)
    skewed = max(0.0, min(outcome.longest, busiest) - fair)
    rest = max(0.0, seconds - busiest)
    transfer = min(rest, outcome.transfer + ghost)
    return Breakdown(
        compute=compute,
        locks=fair - compute,
        imbalance=skewed,
        tail=busiest - fair - skewed,
        transfer=transfer,
        dispatch=rest - transfer,
    )


def _on_device(seconds: Seconds, outcome: Outcome, device: DeviceShares) -> Breakdown:
    """As above for a run on a device: launching counts as dispatch, copying as transfer."""
    inside = min(seconds, outcome.workers[0].wall)
    compute, transfer = inside * device.kernel, inside * device.transfer
    return Breakdown(compute=compute, transfer=transfer, dispatch=seconds - compute - transfer)


def with_set_up(run: Breakdown, setup: Seconds, shipping: Shipping) -> Breakdown:
    """Return the parts of a whole job: a run with the set-up before it."""
    ship = min(shipping.seconds, setup)
    return replace(run, start=setup - ship, ship=ship)


def ghost_transfer(outcome: Outcome) -> Seconds:
    """Return the seconds that pickled results cost a run: pickling in all workers at once, unpickling one by one.

    The standard pool does both where no clock can be read, so it is done once more with the same results, outside of
    any run. 0.0 where results are not pickled.
    """
    if not outcome.pickled:
        return 0.0
    size, results = max(1, outcome.chunk_size), outcome.results
    begun = time.perf_counter()
    sent = [pickle.dumps(results[at : at + size], protocol=5) for at in range(0, len(results), size)]
    middle = time.perf_counter()
    for each in sent:
        pickle.loads(each)
    return (middle - begun) / len(outcome.workers) + time.perf_counter() - middle
