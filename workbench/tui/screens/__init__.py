"""The screens, one file each; a screen is imported when it is first shown."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.tui.screens.page import PageScreen

SCREENS = {
    "sweep": "SweepScreen",
    "why": "WhyScreen",
    "hotspots": "HotspotsScreen",
    "recommend": "RecommendScreen",
    "history": "HistoryScreen",
    "machine": "MachineScreen",
    "run": "RunScreen",
}
"""Module and class of each page."""


def page_class(name: str) -> "type[PageScreen]":
    """Import and return the class of a page."""
    found: type[PageScreen] = getattr(importlib.import_module(f"workbench.tui.screens.{name}"), SCREENS[name])
    return found
