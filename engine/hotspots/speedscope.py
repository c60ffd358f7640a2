"""Folded stacks as a file for https://www.speedscope.app."""

from typing import Any

import msgspec

from engine.hotspots.folded import Stacks, split_frame

SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def speedscope(stacks: Stacks, name: str, rate: float) -> bytes:
    """Return a ``sampled`` profile whose weights are seconds at ``rate`` samples a second."""
    index: dict[str, int] = {}
    samples = [[index.setdefault(frame, len(index)) for frame in stack] for stack in sorted(stacks)]
    weights = [stacks[stack] / rate for stack in sorted(stacks)]
    profile = {
        "type": "sampled",
        "name": name,
        "unit": "seconds",
        "startValue": 0,
        "endValue": sum(weights),
        "samples": samples,
        "weights": weights,
    }
    document = {
        "$schema": SCHEMA,
        "name": name,
        "exporter": "workbench",
        "activeProfileIndex": 0,
        "shared": {"frames": [_frame(text) for text in index]},
        "profiles": [profile],
    }
    return msgspec.json.encode(document)


def _frame(text: str) -> dict[str, Any]:
    frame = split_frame(text)
    place = {"file": frame.file} if frame.file else {}
    return {"name": frame.name, **place, **({"line": frame.line} if frame.line else {})}
