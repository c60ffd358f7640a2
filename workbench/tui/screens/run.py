"""A tuned config at work."""

from collections.abc import Iterable

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from workbench.tui.screens.page import PageScreen


class RunScreen(PageScreen):
    """A tuned config at work."""

    PAGE = "run"

    def body(self) -> Iterable[Widget]:
        """Return what is to be seen."""
        yield Static(Content("Nothing was measured yet: 1 goes to the form."), classes="empty", markup=False)
