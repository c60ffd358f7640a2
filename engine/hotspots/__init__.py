"""Hot spots: which functions a plan spends its time in, sampled from outside by py-spy."""

from engine.hotspots.capturing import Capture, CaptureRequest, capture
from engine.hotspots.hot import HotFunction

__all__ = ["Capture", "CaptureRequest", "HotFunction", "capture"]
