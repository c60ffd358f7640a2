"""What the walkforward workload calls things: strategies, regimes and the inputs of the learner."""

STRATEGIES = ("regime-aware ensemble", "momentum", "mean reversion", "SMA crossover", "basic ensemble")
"""Long or flat; positions in this tuple stand for them everywhere."""

REGIME_AWARE, MOMENTUM, REVERSION, CROSSOVER, ENSEMBLE = range(len(STRATEGIES))

REGIMES = ("trend", "chop", "volatile")
"""In the order that decides ties."""

TREND, CHOP, VOLATILE = range(len(REGIMES))

NUMBERS = (
    "volatility20", "rsi14", "sma20/sma50", "volume/mean20", "position20", "momentum5", "momentum20", "z20", "return1",
    "returns5",
)  # fmt: skip
"""The numeric features of a day, in the order of ``Features.numbers``. Every window includes the current bar."""

INPUTS = (*STRATEGIES, *REGIMES, *NUMBERS)
"""The 18 inputs of the learner: strategy and regime one-hot, then the numbers."""
