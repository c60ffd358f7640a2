"""The forecaster of ``network`` in torch: as written, or compiled where the machine can."""

import itertools
import os
import shutil
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from engine.knob import Settings
from engine.workloads.symbols.cpu_kernels import Ready, warmed_up
from engine.workloads.symbols.data import SymbolData
from engine.workloads.symbols.network import (
    ACTIVATION_LIMIT,
    ACTIVATION_STEPS,
    HIDDEN_SCALE,
    OUTPUT_SCALE,
    ROOT_HALF,
    Float32Array,
    Weights,
)

if TYPE_CHECKING:
    from torch import Tensor

_numbers = itertools.count()

_used_in: list[int] = []
"""The process that prepared the forecaster first; a fork of it inherits this."""


def forward(
    batch: "Tensor", first: "Tensor", first_bias: "Tensor", second: "Tensor", second_bias: "Tensor"
) -> "Tensor":
    """Return the forecasts of a batch of inputs, as ``network.infer`` does: [contexts, 512] -> [contexts, 96]."""
    hidden = (batch @ first + first_bias) * HIDDEN_SCALE
    activated = hidden * 0.5 * (1.0 + (hidden * ROOT_HALF).erf())
    activations = (activated * ACTIVATION_STEPS).round().clamp(max=ACTIVATION_LIMIT)
    return (activations @ second + second_bias) * OUTPUT_SCALE


def tensors(weights: Weights, device: str) -> "tuple[Tensor, Tensor, Tensor, Tensor]":
    """Return the weights on a device, in the order in which ``forward`` takes them."""
    import torch

    parts = (weights.first, weights.first_bias, weights.second, weights.second_bias)
    first, first_bias, second, second_bias = (torch.tensor(part, device=device) for part in parts)
    return first, first_bias, second, second_bias


def prepare(data: SymbolData, device: str) -> Ready:
    """Load the forecaster, compile it if asked for and possible, and warm it up.

    Warns, naming what is missing, where it cannot be compiled; it then runs as written and gives the same answers.
    """
    import torch

    _keep_from_hanging()
    run = _choose(data.compiled)
    weights = tensors(data.weights, "cpu")

    def infer(batch: Float32Array) -> Float32Array:
        with torch.inference_mode():
            forecasts: Float32Array = run(torch.from_numpy(batch), *weights).numpy()
        return forecasts

    return warmed_up(Ready(data, infer), data.contexts)


def _keep_from_hanging() -> None:
    """Use one thread in a fork of a process that has used torch: GNU OpenMP waits for ever there for the threads it had
    before, which no fork inherits."""
    import torch

    if not _used_in:
        _used_in.append(os.getpid())
    elif _used_in[0] != os.getpid():
        torch.set_num_threads(1)


def _choose(compiled: str) -> "Callable[..., Tensor]":
    if compiled == "eager" or why_eager():
        return forward
    return compile_forward()


def notes(settings: Settings) -> tuple[str, ...]:
    """Say that the model is not compiled though it was to be, and what is missing."""
    why = why_eager() if settings["compiled"] == "auto" else None
    return (f"the model runs without torch.compile: {why}",) if why else ()


def why_eager() -> str | None:
    """Return what torch.compile lacks on this machine to compile for the CPU; None: nothing."""
    usual = {"darwin": "clang++", "win32": "cl"}.get(sys.platform, "g++")
    compiler = os.environ.get("CXX", usual)
    if shutil.which(compiler) is None:
        return f"there is no C++ compiler ({compiler}) here; install one, or name it in CXX"
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        return "the headers of Python (python3-dev) are not installed"
    return None


def compile_forward() -> "Callable[..., Tensor]":
    """Return a compiled ``forward`` of its own, which compiles when first called with a shape.

    torch keeps what it compiled by the function's code and name. Under a new name nothing is left of an earlier set-up
    in this process, so every set-up is as cold as in a new one, but for the files torch keeps in its cache folder
    (TORCHINDUCTOR_FORCE_DISABLE_CACHES=1 does without those).
    """
    import torch
    import torch._inductor.config as inductor

    inductor.compile_threads = 1  # one small function needs no pool of compiling processes, least of all in a worker
    code: Any = forward.__code__.replace(co_name=f"forward_{next(_numbers)}")
    compiled: Callable[..., Tensor] = torch.compile(FunctionType(code, globals()))
    return compiled
