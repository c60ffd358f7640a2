"""Lines of pieces on the screen: each kind in its style, made of the theme's colours."""

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from workbench.words.pieces import Kind, Line

STYLES: dict[Kind, str] = {
    "": "",
    "heading": "bold",
    "faint": "$foreground-muted",
    "bar": "$text-primary",
    "strong": "bold",
    "good": "$text-success",
    "lost": "$text-error",
    "lost too": "$text-warning",
    "added": "$text-success",
    "removed": "$text-error",
}


def content_of(lines: Sequence[Line]) -> Content:
    """Return the lines with styles; what they say is never parsed."""
    texts = [Content.assemble(*((piece.text, STYLES[piece.kind]) for piece in each)) for each in lines]
    return Content("\n").join(texts)


class Account(Static):
    """The lines themselves; they are painted only when they have changed."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__("", id=id, classes="words", markup=False)
        self._lines: Sequence[Line] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines."""
        if lines != self._lines:
            self._lines = lines
            self.update(content_of(lines))
