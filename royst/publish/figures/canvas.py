"""Where a chart is drawn: marks and text as SVG, with coordinates in pixels and text that stays text."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Literal

from royst.look import FONT, SYSTEM_FONTS
from royst.look.letters import covered, width, wrap
from royst.look.tokens import INK, PAGE, RULE, TONES

Anchor = Literal["start", "middle", "end"]

WIDE = 720
NARROW = 350
LABEL = 14.0
VALUE = 13.0
SMALL = 12.0
LEADING = 1.3
RIM = f".rim{{stroke:{PAGE};stroke-width:4px;stroke-linejoin:round;paint-order:stroke}}"
"""Text with a rim of page colour, where it crosses lines. On the web the style sheet says the same."""
SAFETY = 1.06
"""System fonts on the web run up to some six per cent wider than the font we measure with."""


WIDER = 1.2
"""How much more room bold letters may take in a system font: kept where a name ends at the edge of the drawing."""


def measured(text: str, size: float, weight: int = 400) -> float:
    """Width of a text in pixels, with room for a wider system font."""
    return width(text, size, weight) * SAFETY


def lines(text: str, size: float, room: float, weight: int = 400) -> list[str]:
    """A text broken into lines that fit ``room`` pixels in any of the fonts."""
    return wrap(text, size, room / SAFETY, weight)


def number(value: float) -> str:
    """A coordinate with at most one decimal."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


@dataclass
class Canvas:
    """Gathers marks; ``width`` is fixed, ``height`` grows with what is drawn (``grow``)."""

    width: float
    height: float = 0.0
    parts: list[str] = field(default_factory=list)

    def grow(self, bottom: float) -> None:
        self.height = max(self.height, bottom)

    @property
    def narrow(self) -> bool:
        return self.width < 500

    def rect(self, x: float, y: float, w: float, h: float, fill: str, *, edge: str = "", radius: float = 0.0) -> None:
        stroke = f' stroke="{edge}"' if edge and edge != fill else ""
        inset = 0.5 if stroke else 0.0
        round_ = f' rx="{number(radius)}"' if radius else ""
        self.parts.append(
            f'<rect x="{number(x + inset)}" y="{number(y + inset)}" width="{number(max(w - 2 * inset, 0.2))}" '
            f'height="{number(h - 2 * inset)}" fill="{fill}"{stroke}{round_}/>'
        )
        self.grow(y + h)

    def line(
        self, x1: float, y1: float, x2: float, y2: float, stroke: str = RULE, *, weight: float = 1.0, dash: str = ""
    ) -> None:
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<path d="M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}" stroke="{stroke}" stroke-width="{number(weight)}" fill="none"{dashed}/>'
        )
        self.grow(max(y1, y2))

    def path(self, points: list[tuple[float, float]], stroke: str, *, weight: float = 2.5, dash: str = "") -> None:
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        d = "L".join(f"{number(x)} {number(y)}" for x, y in points)
        self.parts.append(
            f'<path d="M{d}" stroke="{stroke}" stroke-width="{number(weight)}" fill="none" stroke-linejoin="round"{dashed}/>'
        )

    def dot(self, x: float, y: float, r: float, fill: str, *, edge: str = PAGE) -> None:
        self.parts.append(
            f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(r)}" fill="{fill}" stroke="{edge}" stroke-width="1.5"/>'
        )
        self.grow(y + r)

    def mark(self, kind: int, x: float, y: float, r: float, fill: str) -> None:
        """A point of the given series: circle, square, triangle, diamond."""
        if kind % 4 == 0:
            self.dot(x, y, r, fill)
            return
        shapes = {
            1: [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
            2: [(0, -1.15), (1.1, 0.85), (-1.1, 0.85)],
            3: [(0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)],
        }[kind % 4]
        points = " ".join(f"{number(x + r * dx)},{number(y + r * dy)}" for dx, dy in shapes)
        self.parts.append(f'<polygon points="{points}" fill="{fill}" stroke="{PAGE}" stroke-width="1.5"/>')
        self.grow(y + r)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = LABEL,
        weight: int = 400,
        fill: str = INK,
        anchor: Anchor = "start",
        halo: bool = False,
    ) -> None:
        """One line of text on the baseline ``y``. ``halo``: a rim of page colour, for text that crosses lines."""
        said = "" if anchor == "start" else f' text-anchor="{anchor}"'
        bold = "" if weight == 400 else f' font-weight="{weight}"'
        rim = ' class="rim"' if halo else ""
        ink = "" if fill == INK else f' fill="{fill}"'
        self.parts.append(
            f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}"{ink}{bold}{said}{rim}>{escape(text)}</text>'
        )
        self.grow(y + size * 0.35)

    def block(
        self,
        x: float,
        top: float,
        texts: list[str],
        *,
        size: float = LABEL,
        weight: int = 400,
        fill: str = INK,
        anchor: Anchor = "start",
        halo: bool = False,
    ) -> float:
        """Lines of text from ``top`` down; returns the bottom."""
        step = size * LEADING
        for index, text in enumerate(texts):
            self.text(
                x, top + size * 0.95 + index * step, text, size=size, weight=weight, fill=fill, anchor=anchor, halo=halo
            )
        return top + step * len(texts)

    def svg(self, alt: str = "", *, kind: str = "", web: bool = True) -> str:
        """The finished drawing. On the web it carries its text alternative; in a PDF the figure around it does."""
        fonts = SYSTEM_FONTS if web else FONT
        height = number(self.height + 2)
        role = f' role="img" aria-label="{escape(alt)}"' if web else ""
        named = f' class="{kind}"' if kind else ""
        style = "" if web else f"<style>{RIM}</style>"
        body = "".join(self.parts if web else map(covered, self.parts))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(self.width)} {height}" width="{number(self.width)}" height="{height}"'
            f'{named}{role} fill="{INK}" font-family=\'{fonts}\' font-variant-numeric="tabular-nums">{style}{body}</svg>'
        )


def block_height(texts: list[str], size: float = LABEL) -> float:
    return size * LEADING * len(texts)


@dataclass(frozen=True)
class Axis:
    """Values to pixels on a straight scale."""

    start: float
    end: float
    left: float
    right: float

    def at(self, value: float) -> float:
        """Where ``value`` stands, held within the axis."""
        held = min(max(value, self.start), self.end)
        span = (self.end - self.start) or 1.0
        return self.left + (held - self.start) / span * (self.right - self.left)

    def ticks(self, most: int) -> list[float]:
        """Round values, at most ``most`` of them, within the axis."""
        span = (self.end - self.start) or 1.0
        for step in (0.1, 0.2, 0.25, 0.5, 1, 2, 2.5, 5, 10, 20, 25, 50, 100, 200, 500, 1000):
            first = -(-self.start // step) * step
            count = int((self.end - first) / step + 1e-9) + 1
            if count <= most:
                return [round(first + step * i, 6) for i in range(count)]
        return [self.start, self.start + span]


def tick_text(value: float, language: str) -> str:
    """A tick's number in the language: a comma in Norwegian, a true minus."""
    text = f"{value:g}".replace("-", "\N{MINUS SIGN}")
    return text if language == "en" else text.replace(".", ",")


def legend(canvas: Canvas, entries: list[tuple[str, str]], top: float, *, left: float = 0.0) -> float:
    """Swatches with names, wrapped to the width; returns the bottom."""
    x, y = left, top
    for name, tone in entries:
        room = canvas.width - left
        parts = lines(name, VALUE, room - 22)
        wide = 22 + max(measured(part, VALUE) for part in parts) + 18
        if x > left and x + wide - 18 > canvas.width:
            x, y = left, y + 22
        style = TONES[tone]
        canvas.rect(x, y + 2, 14, 14, style.fill, edge=style.edge, radius=2)
        bottom = canvas.block(x + 21, y + 0.5, parts, size=VALUE)
        x += wide
        if len(parts) > 1:
            x, y = left, bottom + 2
    return y + (24 if x > left else 0)
