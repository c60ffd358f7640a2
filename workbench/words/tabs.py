"""The names of the screens in one line."""

from workbench.actions import PAGES

ROOMY = 72
"""Columns from which every tab has its name; below only the one being shown."""


def tab_words(current: str, width: int) -> list[str]:
    """Return the text of every tab; the one being shown is in brackets, so that colour alone never tells."""
    words = []
    for page in PAGES:
        text = f"{page.key} {page.label}" if width >= ROOMY or page.name == current else page.key
        words.append(f"[{text}]" if page.name == current else f" {text} ")
    return words
