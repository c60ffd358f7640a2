"""The first line of every screen: where one is, and the keys that lead elsewhere."""

from textual import events
from textual.content import Content
from textual.widgets import Static

from workbench.actions import PAGES
from workbench.numbers import UNICODE, Signs

ROOMY = 72
"""Columns from which every tab has its name; below only the one being shown."""


def tab_words(current: str, width: int) -> list[str]:
    """Return the text of every tab; the one being shown is in brackets, so that colour alone never tells."""
    words = []
    for page in PAGES:
        text = f"{page.key} {page.label}" if width >= ROOMY or page.name == current else page.key
        words.append(f"[{text}]" if page.name == current else f" {text} ")
    return words


class Tabs(Static):
    """The line itself."""

    def __init__(self, current: str, signs: Signs = UNICODE) -> None:
        super().__init__(_content(current, ROOMY), id="tabs", markup=False)
        self._current, self._signs = current, signs

    def on_resize(self) -> None:
        """Use the room there is."""
        self.update(_content(self._current, self.size.width), layout=False)

    async def on_click(self, event: events.Click) -> None:
        """Go to the tab under the mouse."""
        edge = self.styles.padding.left
        for page, text in zip(PAGES, tab_words(self._current, self.size.width), strict=True):
            edge += len(text)
            if event.x < edge:
                await self.app.run_action(f"go('{page.name}')")
                return


def _content(current: str, width: int) -> Content:
    styles = ["bold" if page.name == current else "" for page in PAGES]
    return Content.assemble(*zip(tab_words(current, width), styles, strict=True))
