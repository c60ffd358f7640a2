"""Folded stacks as a flame graph: one self-contained SVG, outermost frames at the top, click a frame to zoom."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

from engine.hotspots.folded import Stacks, split_frame
from engine.hotspots.working import KERNEL, is_call

WIDTH = 1200
ROW = 18
HEAD = 56
NARROWEST = 0.001
"""Part of all samples below which a frame is left out."""

_LETTER = 6.7
"""Width of a letter of the 11 px monospace text, so that text is cut where its frame ends."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_STYLE = (
    "svg{font:11px monospace;background:#fff}rect{stroke:#fff;stroke-width:.6}text{fill:#111;pointer-events:none}"
    ".f{cursor:pointer}.f:hover rect{stroke:#111}"
)

# data-x and data-w are whole samples, so that whether a frame is inside another one is exact.
_SCRIPT = """
const frames = [...document.querySelectorAll('.f')];
function zoom(to) {
  const [x, w, row] = ['x', 'w', 'row'].map(key => +to.dataset[key]);
  for (const one of frames) {
    const from = one.dataset.x - x, end = from + +one.dataset.w;
    const above = +one.dataset.row < row && from <= 0 && end >= w;
    const left = above ? 0 : from / w, wide = above ? 1 : one.dataset.w / w;
    one.style.display = above || (from >= 0 && end <= w && +one.dataset.row >= row) ? '' : 'none';
    const [rect, text] = [one.querySelector('rect'), one.querySelector('text')];
    rect.setAttribute('x', left * WIDTH);
    rect.setAttribute('width', wide * WIDTH);
    text.setAttribute('x', left * WIDTH + 3);
    const fits = Math.floor((wide * WIDTH - 6) / LETTER), name = one.dataset.name;
    text.textContent = fits < 3 ? '' : name.length <= fits ? name : name.slice(0, fits - 1) + '\\u2026';
  }
}
for (const one of frames) one.addEventListener('click', () => zoom(one));
"""


@dataclass
class _Node:
    """A frame under one particular chain of callers."""

    frame: str
    row: int
    kernel: bool
    """Below the call of the kernel."""
    samples: int = 0
    left: int = 0
    """Samples to the left of it."""
    callees: dict[str, "_Node"] = field(default_factory=dict)


def flame_graph(stacks: Stacks, title: str) -> str:
    """Return the SVG. The engine's own frames are grey, those of the workload coloured."""
    root = _tree(stacks)
    placed = [node for node in _walk(root) if node.samples >= root.samples * NARROWEST]
    height = HEAD + ROW * (max((node.row for node in placed), default=0) + 1) + 8
    marked = any(node.kernel for node in placed)
    frames = "\n".join(_draw(node, root.samples, grey=marked and not node.kernel) for node in placed)
    legend = f"{root.samples} samples" + (" · coloured: the workload · grey: the engine" if marked else "")
    script = _SCRIPT.replace("WIDTH", str(WIDTH)).replace("LETTER", str(_LETTER))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="100%">\n'
        f"<style>{_STYLE}</style>\n"
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>\n'
        f"<title>{_text(title)}</title>\n"
        f'<text x="3" y="20" style="font-size:15px">{_text(_fitting(title, WIDTH * 11 / 15))}</text>\n'
        f'<text x="3" y="40">{_text(legend)} · click a frame to zoom, the top one to zoom out</text>\n'
        f"{frames}\n<script><![CDATA[{script}]]></script>\n</svg>\n"
    )


def _tree(stacks: Stacks) -> _Node:
    root = _Node("all", 0, kernel=False)
    for stack, count in sorted(stacks.items()):
        node = root
        node.samples += count
        for frame in stack:
            if frame not in node.callees:
                below = node.kernel or is_call(node.frame, KERNEL)
                node.callees[frame] = _Node(frame, node.row + 1, below)
            node = node.callees[frame]
            node.samples += count
    return root


def _walk(root: _Node) -> Iterator[_Node]:
    # A loop, because stacks may be deeper than Python's own recursion limit allows.
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        left = node.left
        for callee in node.callees.values():
            callee.left = left
            left += callee.samples
            waiting.append(callee)


def _draw(node: _Node, samples: int, grey: bool) -> str:
    x, width = node.left / samples * WIDTH, node.samples / samples * WIDTH
    y, fill = HEAD + node.row * ROW, _colour(node, grey)
    name = _text(node.frame)
    return (
        f'<g class="f" data-x="{node.left}" data-w="{node.samples}" data-row="{node.row}" data-name="{name}">'
        f"<title>{name}: {node.samples} samples, {node.samples / samples:.1%}</title>"
        f'<rect x="{x:.2f}" y="{y}" width="{width:.2f}" height="{ROW - 1}" fill="{fill}"/>'
        f'<text x="{x + 3:.2f}" y="{y + 13}">{_text(_fitting(node.frame, width))}</text></g>'
    )


def _fitting(text: str, width: float) -> str:
    letters = int((width - 6) / _LETTER)
    if letters < 3:
        return ""
    return text if len(text) <= letters else text[: letters - 1] + "…"


def _colour(node: _Node, grey: bool) -> str:
    # From the function's name, so that the lines of one function look alike and stay so from capture to capture.
    code = zlib.crc32(split_frame(node.frame).name.encode(errors="replace"))
    if grey:
        return "#{0:02x}{0:02x}{0:02x}".format(208 + code % 24)
    return f"#{236 + code % 20:02x}{140 + code // 20 % 90:02x}{60 + code // 1800 % 50:02x}"


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))
