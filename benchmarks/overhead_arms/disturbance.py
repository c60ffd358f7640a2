"""What else the machine did meanwhile: figures taken on a busy machine must say so."""

import os
from typing import Any

import psutil


class Disturbance:
    """Share of time stolen by the host and load before the run, over the life of a run."""

    def __init__(self) -> None:
        self._load = os.getloadavg()[0]
        self._before = psutil.cpu_times()
        self._steal = 0.0

    def stop(self) -> None:
        """Take the second reading."""
        after = psutil.cpu_times()
        passed = sum(after[:8]) - sum(self._before[:8])
        self._steal = (getattr(after, "steal", 0.0) - getattr(self._before, "steal", 0.0)) / passed if passed else 0.0

    def facts(self) -> dict[str, Any]:
        """Return both as numbers."""
        return {"load_before": round(self._load, 2), "stolen_share": round(self._steal, 4)}

    def __str__(self) -> str:
        return f"load before the run {self._load:.2f}; stolen by the host {self._steal:.1%} of the time"
