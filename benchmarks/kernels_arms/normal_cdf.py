"""How far each kernel's normal CDF is from SciPy's."""

from collections.abc import Callable

import numpy as np
from overhead_arms.report import Section, Table, claim, progress
from overhead_arms.scale import Scale
from scipy.special import ndtr

from kernels_arms.speed import lacking

_BAR = 1e-12
"""The compiled code of the author of the case is off by 7e-8, and by 3e-5 beyond four standard deviations."""

Array = np.ndarray


def run(scale: Scale) -> Section:
    """Compare 2 N(d) over 40 standard deviations to either side and close to zero."""
    progress("normal CDF")
    near = np.logspace(-300, 2, 20_000)
    grid = np.concatenate((np.linspace(-40.0, 40.0, 2_000_001), near, -near))
    expected = ndtr(grid)
    errors = {name: float(np.abs(cdf(grid) - expected).max()) for name, cdf in _CDFS.items() if not lacking(name)}
    rows = [(name, f"{error:.2g}") for name, error in errors.items()]
    title = f"Largest difference from scipy.special.ndtr at {len(grid):,} points"
    name = "normal CDF of the numba kernel: largest difference from SciPy's"
    found = [errors["numba"]] if "numba" in errors else []
    claims = [claim(name, found, "", _BAR, "at most", "numba is not installed" if not found else "")]
    return Section([Table(title, ("", "difference"), rows)], claims, errors)


def _numpy(d: Array) -> Array:
    from scipy.special import erfc

    from engine.workloads.straddles.pricing import ROOT_HALF

    return np.asarray(erfc(-d * ROOT_HALF) / 2)


def _numba(d: Array) -> Array:
    from engine.workloads.straddles.compiled import twice_normal_cdf

    found = np.empty(len(d))
    twice_normal_cdf(d, found)
    return found / 2


def _torch(d: Array) -> Array:
    import torch

    from engine.workloads.straddles.pricing import ROOT_HALF

    return np.asarray(torch.special.erfc(-torch.from_numpy(d) * ROOT_HALF).numpy() / 2)


_CDFS: dict[str, Callable[[Array], Array]] = {"numpy": _numpy, "numba": _numba, "torch": _torch}
"""As each kernel computes it."""
