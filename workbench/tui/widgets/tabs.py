"""The first line of every screen: where one is, and the keys that lead elsewhere."""

from textual import events
from textual.content import Content
from textual.widgets import Static

from workbench.actions import PAGES
from workbench.words.numbers import UNICODE, Signs
from workbench.words.tabs import ROOMY, tab_words


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
