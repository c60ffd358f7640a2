"""The sweep of the first minute."""

from engine.host import usable_cores
from engine.request import SweepRequest


def demo_request(accept_noise: bool = False) -> SweepRequest:
    """Return a sweep over embedded data that takes about a minute."""
    return SweepRequest(
        workload="straddles",
        axes={"workers": (max(2, usable_cores()),)},
        settings={"entries": (250_000,)},
        blocks=1,
        accept_noise=accept_noise,
    )
