"""The forecaster, 512 -> 256 -> GELU -> 96 with fixed weights, in NumPy.

It stands in for a trained model: the same shapes and the same float32 arithmetic, with seeded weights. Inputs, weights
and activations are whole numbers times a power of two, as in a network quantised to 8 bits (Jacob et al., Quantization
and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference, CVPR 2018). All sums stay below 2**24
and are therefore exact in float32, also with the shortened factors of TF32. So an answer depends neither on how many
contexts share an inference nor on the library, its threads or the device; and a score that jumps where one price
overtakes another cannot come out differently because a forecast differs in its last bit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.workloads.prices import FloatArray

Float32Array = NDArray[np.float32]

CONTEXT, HIDDEN, HORIZON = 512, 256, 96
"""Values the forecaster sees, width of the hidden layer, values it predicts."""

INPUT_STEPS, INPUT_LIMIT = 8, 31
"""An input is a whole number of eighths of a standard deviation, at most 31 of them."""

LEAST_DEVIATION = 1e-6
"""Below that of a price that moves by one cent once; a price that never moves has nothing but rounding errors."""

HIDDEN_SCALE = 2.0**-9
"""What a unit of the first layer's sum stands for. The biases are odd multiples of a half, which keeps the activations
away from the places where rounding them could go either way."""

ACTIVATION_STEPS, ACTIVATION_LIMIT = 16.0, 255.0
"""An activation is a whole number of sixteenths, at most 255 of them; GELU never goes below -3."""

OUTPUT_SCALE = 2.0**-18
"""What a unit of the second layer's sum stands for: predicted moves are about 1.5 percent."""

ROOT_HALF = 0.5**0.5

_SEED = 512_256_96


@dataclass(frozen=True, eq=False)
class Weights:
    """The parameters; all float32."""

    first: Float32Array
    """[512, 256]"""
    first_bias: Float32Array
    """[256]"""
    second: Float32Array
    """[256, 96]"""
    second_bias: Float32Array
    """[96]"""


def make_weights() -> Weights:
    """Return the fixed weights, always the same."""
    rng = np.random.default_rng(_SEED)
    first = np.clip(np.rint(rng.normal(0.0, 4.0, (CONTEXT, HIDDEN))), -15, 15)
    first_bias = np.rint(rng.normal(0.0, 64.0, HIDDEN)) + 0.5
    second = np.clip(np.rint(rng.normal(0.0, 16.0, (HIDDEN, HORIZON))), -63, 63)
    second_bias = np.rint(rng.normal(0.0, 500.0, HORIZON))
    return Weights(*(part.astype(np.float32) for part in (first, first_bias, second, second_bias)))


def inputs(contexts: FloatArray) -> Float32Array:
    """Return contexts scaled by their mean and deviation, in eighths of it: [..., 512] -> [..., 512] whole numbers."""
    deviation = np.maximum(contexts.std(axis=-1, keepdims=True), LEAST_DEVIATION)
    steps = (contexts - contexts.mean(axis=-1, keepdims=True)) / deviation
    steps *= INPUT_STEPS
    whole: Float32Array = np.clip(np.rint(steps, out=steps), -INPUT_LIMIT, INPUT_LIMIT, out=steps).astype(np.float32)
    return whole


def infer(weights: Weights, batch: Float32Array) -> Float32Array:
    """Return the forecasts of a batch of inputs: [contexts, 512] -> [contexts, 96], as fractions of the last close."""
    hidden = (batch @ weights.first + weights.first_bias) * HIDDEN_SCALE
    activations = np.rint(gelu(hidden) * ACTIVATION_STEPS)
    np.minimum(activations, ACTIVATION_LIMIT, out=activations)
    forecasts: Float32Array = (activations @ weights.second + weights.second_bias) * OUTPUT_SCALE
    return forecasts


def gelu(values: Float32Array) -> Float32Array:
    """Return x * Phi(x), with the distribution function Phi of the normal distribution (Hendrycks and Gimpel, Gaussian
    Error Linear Units, arXiv:1606.08415); the exact form, not the one with tanh."""
    from scipy.special import erf

    half: Float32Array = values * 0.5
    activated: Float32Array = half * (1.0 + np.asarray(erf(values * ROOT_HALF), np.float32))
    return activated
