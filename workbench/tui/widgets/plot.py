"""A figure against workers, both on log2 axes: the lines of the modes, the ideal, and what this machine had to give."""

from collections.abc import Callable, Sequence
from math import log2

from textual.app import ComposeResult, RenderResult
from textual.containers import Horizontal
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static
from textual_hires_canvas import Canvas
from textual_plot import AxisFormatter, HiResMode, PlotWidget

from workbench.tui.widgets.series import FIGURES, Figure, Series, limits, power_label, powers_of_two
from workbench.words.numbers import UNICODE, Signs

MARKERS = "oxs^vd+*@%"
"""Marks of the lines where lines of dots cannot be drawn, and in the legend."""


_GUIDES = {"ideal": ".", "ceiling": "-", "memory": "~", "band-low": ":", "band-high": ":"}
"""Marks of the lines that were not measured with the workload."""

_NAMED = _GUIDES.keys() - {"band-high"}
"""Those in the legend; a band is named once."""


_FRAME = {"━": "-", "┃": "|"}
"""Parts of the frame in ASCII; corners and ticks are crosses."""


class Log2Formatter(AxisFormatter):
    """Ticks at powers of two, for values that are logarithms."""

    def __init__(self, most: int = 8, label: Callable[[float], str] = power_label) -> None:
        self._most, self._label = most, label

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        """Return the exponents to mark."""
        return powers_of_two(min_, max_, min(max_ticks, self._most))

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        """Return the numbers they stand for."""
        return [self._label(tick) for tick in ticks]


class _Plot(PlotWidget, can_focus=False):
    """The plot with narrow margins and no axis labels, to make the most of a few lines."""

    margin_top = reactive(0)
    margin_bottom = reactive(1)
    margin_left = reactive(6)

    def __init__(self, signs: Signs = UNICODE) -> None:
        super().__init__(allow_pan_and_zoom=False)
        self._signs = signs
        self.set_x_formatter(Log2Formatter())
        self.set_y_formatter(Log2Formatter())

    def render(self) -> RenderResult:
        """Draw; where the terminal has no Unicode, the frame as well is made of what there is."""
        result = super().render()
        if self._signs.ascii_only:
            canvas = self.query_one("#plot", Canvas)
            width, height = canvas.size
            edges = {(x, y) for x in range(width) for y in (0, height - 1)}
            edges |= {(x, y) for y in range(height) for x in (0, width - 1)}
            for x, y in edges:
                sign, style = canvas.get_pixel(x, y)
                if not sign.isascii():
                    canvas.set_pixel(x, y, _FRAME.get(sign, "+"), style)
        return result


class WorkersPlot(Horizontal):
    """The plot with its legend beside it, so that it covers no data."""

    COMPONENT_CLASSES = {
        "plot--ideal",
        "plot--ceiling",
        "plot--memory",
        "plot--band-low",
        "plot--band-high",
        "plot--line-0",
        "plot--line-1",
        "plot--line-2",
        "plot--line-3",
        "plot--line-4",
        "plot--line-5",
    }

    def __init__(self, signs: Signs = UNICODE, id: str | None = None) -> None:
        super().__init__(id=id)
        self._signs = signs
        self._series: tuple[Series, ...] = ()
        self._figure = FIGURES["speedup"]

    def compose(self) -> ComposeResult:
        """The legend beside the plot."""
        yield _Plot(self._signs)
        yield Static("", id="key", markup=False)

    def show(self, series: tuple[Series, ...], figure: Figure = FIGURES["speedup"]) -> None:
        """Draw these lines of this figure, if they are not on screen already."""
        if (series, figure) == (self._series, self._figure):
            return
        self._series, self._figure = series, figure
        self._draw()

    def notify_style_update(self) -> None:
        """Draw again in the colours of another theme. Those of the lines are made after this was called."""
        super().notify_style_update()
        self.call_later(self._draw_again)

    def _draw(self) -> None:
        plot = self.query_one(_Plot)
        plot.clear()
        (x_low, x_high), (y_low, y_high) = limits(self._series)
        plot.set_xlimits(x_low, x_high)
        plot.set_ylimits(y_low, y_high)
        plot.set_y_formatter(Log2Formatter(max(plot.size.height // 2 - 1, 2), self._figure.label))
        for line in sorted(self._series, key=lambda line: line.kind not in _GUIDES):
            self._draw_line(plot, line)
        self.query_one("#key", Static).update(self._legend(), layout=False)

    def _draw_line(self, plot: _Plot, line: Series) -> None:
        xs, ys = [log2(x) for x, _ in line.points], [log2(y) for _, y in line.points]
        style = str(self.get_component_rich_style(_style(line), partial=True))
        if line.kind in _GUIDES:
            columns = max(plot.size.width, 2)
            steps = [step / columns for step in range(columns + 1)]
            dots = [(a + (b - a) * t, c + (d - c) * t) for (a, b, c, d) in _spans(xs, ys) for t in steps]
            plot.scatter([x for x, _ in dots], [y for _, y in dots], marker=_mark(line), marker_style=style)
            return
        if line.kind == "mode" and self._signs.braille:
            plot.plot(xs, ys, line_style=style, hires_mode=HiResMode.BRAILLE)
        plot.scatter(xs, ys, marker=_mark(line), marker_style=style)

    def on_resize(self) -> None:
        """Choose as many ticks as fit the new height. The plot itself gets its new size after this was called."""
        self.call_after_refresh(self._draw_again)

    def _draw_again(self) -> None:
        if self._series and self.is_mounted:
            self._draw()
            self.query_one(_Plot).refresh(layout=True)  # else textual-plot 0.10 keeps the canvas of the old size

    def _legend(self) -> Content:
        """The guides, then the lines, the best first: where there is no room for all, those are the ones named."""
        guides = [self._entry(line) for line in self._series if line.kind in _NAMED]
        pairs = [Content("  ").join(guides[at : at + 2]) for at in range(0, len(guides), 2)]  # three are too wide
        measured = [line for line in self._series if line.kind not in _GUIDES]
        measured.sort(key=lambda line: line.points[-1][1], reverse=self._figure.best is max)
        lines = [Content(f"{self._figure.name} by workers"), *pairs, *map(self._entry, measured)]
        if len(lines) > self.size.height > 1:
            rest = len(lines) - self.size.height + 1
            lines[-rest:] = [Content(f"{self._signs.ellipsis} {rest} more; / filters")]
        return Content("\n").join(lines)

    def _entry(self, line: Series) -> Content:
        style = self.get_visual_style(_style(line), partial=True)
        return Content.styled(f"{_mark(line)} {self._signs.text(line.label)}", style)


def _style(line: Series) -> str:
    return f"plot--{line.kind}" if line.kind in _GUIDES else f"plot--line-{line.place % 6}"


def _mark(line: Series) -> str:
    return _GUIDES[line.kind] if line.kind in _GUIDES else MARKERS[line.place % len(MARKERS)]


def _spans(xs: Sequence[float], ys: Sequence[float]) -> list[tuple[float, float, float, float]]:
    return list(zip(xs, xs[1:], ys, ys[1:], strict=False))
