"""The torch kernel: the contexts of all symbols of a chunk in one inference on a device, and their scores with them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import Lacking
from engine.workload import Tasks
from engine.workloads.prices import FloatArray
from engine.workloads.symbols.data import VALIDATION, SymbolData, first_days, moves
from engine.workloads.symbols.network import CONTEXT, INPUT_LIMIT, INPUT_STEPS, LEAST_DEVIATION
from engine.workloads.symbols.result import COLUMNS, summarise
from engine.workloads.symbols.scoring import VARIANTS, best_profits, days_of
from engine.workloads.symbols.torch_model import forward, tensors

if TYPE_CHECKING:
    from torch import Tensor

BYTES_PER_TASK = 70 * (4 * CONTEXT * 8 * 3 + 4 * 31 * 31 * 8)
"""Of 70 simulations: contexts in double precision and two copies on their way to inputs, and the pairs of offsets."""


@dataclass(frozen=True, eq=False)
class DeviceSymbols:
    """Histories, moves and weights on the device."""

    ohlc: "Tensor"
    """[symbols, 4, 1024]"""
    actual: "Tensor"
    """[symbols, simulations, 4, 7] moves of the days to be predicted"""
    weights: "tuple[Tensor, ...]"


def prepare(data: SymbolData, device: str) -> DeviceSymbols:
    """Copy histories and weights to the device and warm it up on the contexts of one symbol. Raises Lacking on a device
    without double precision."""
    import torch

    if device == "mps":
        raise Lacking(
            "the torch kernel of symbols scores in double precision, which mps lacks; use --device cpu or cuda"
        )
    actual = np.stack([moves(history, data.simulations) for history in data.ohlc])
    ready = DeviceSymbols(
        ohlc=torch.tensor(data.ohlc, device=device),
        actual=torch.tensor(actual, device=device),
        weights=tensors(data.weights, device),
    )
    if data.warm_up != "none":
        count = 4 * data.simulations if data.warm_up == "real" else 1
        with torch.inference_mode():
            forward(torch.zeros((count, CONTEXT), device=device), *ready.weights).cpu()
    return ready


def evaluate(data: DeviceSymbols, tasks: Tasks) -> FloatArray:
    """Return the result of each symbol, [symbols, 8]."""
    import torch

    with torch.inference_mode():
        chosen = torch.tensor(np.asarray(tasks, dtype=np.int64), device=data.ohlc.device)
        actual = data.actual[chosen]
        predicted = _forecasts(data, chosen).reshape(actual.shape)
        profits = best_profits(torch, days_of(actual.flatten(0, 1), predicted.flatten(0, 1)))
        each = (profits.reshape(*actual.shape[:2], len(VARIANTS)), actual, predicted)
        rows = [summarise(*parts) for parts in zip(*(part.cpu().numpy() for part in each), strict=True)]
    return np.array(rows).reshape(len(rows), len(COLUMNS))


def _forecasts(data: DeviceSymbols, chosen: "Tensor") -> "Tensor":
    """Predicted moves of the chosen symbols, [symbols * simulations * 4, 7], in double precision."""
    import torch

    simulations = data.actual.shape[1]
    first = torch.from_numpy(first_days(simulations)).to(chosen.device)
    contexts = data.ohlc[chosen].unfold(2, CONTEXT, 1)[:, :, first].transpose(1, 2)
    batch = _inputs(contexts).reshape(-1, CONTEXT)
    return forward(batch, *data.weights)[:, :VALIDATION].double()


def _inputs(contexts: "Tensor") -> "Tensor":
    """As ``network.inputs``."""
    centred = contexts - contexts.mean(dim=-1, keepdim=True)
    deviation = centred.square().mean(dim=-1, keepdim=True).sqrt().clamp(min=LEAST_DEVIATION)
    steps = centred / deviation * INPUT_STEPS
    return steps.round().clamp(-INPUT_LIMIT, INPUT_LIMIT).float()
