"""The screens, one file each; a screen is imported when it is first shown."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.tui.screens.page import PageScreen


def page_class(name: str) -> "type[PageScreen]":
    """Import and return the class of a page: ``why`` is ``WhyScreen`` of ``why.py``."""
    module = importlib.import_module(f"workbench.tui.screens.{name}")
    found: type[PageScreen] = getattr(module, f"{name.title()}Screen")
    return found
