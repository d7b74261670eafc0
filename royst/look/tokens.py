"""Colours and sizes, each by what it means. The style sheet, the charts, the PDF and the web pages all take them from here.

The scale from best to worst runs from petrol through grey to rust: blue and orange stay apart in the common kinds of colour
blindness, and the ends differ in darkness too, so that print in grey keeps them apart. Every fill, or its edge, stands 3:1 from the page;
every ink 4.5:1 from what lies under it (WCAG 2.1, 1.4.3 and 1.4.11); a test computes both.
"""

from __future__ import annotations

from dataclasses import dataclass

PAGE = "#ffffff"
TINT = "#f3f6f7"
INK = "#17212b"
MUTED = "#4f5b66"
RULE = "#d3dade"
EDGE = "#78838d"
BRAND = "#0b4a5e"
LINK = "#0a5a74"
FOCUS = "#17212b"
FOCUS_GROUND = "#ffd34e"
WARNING = "#fdf3d7"
WARNING_EDGE = "#946300"


@dataclass(frozen=True)
class Tone:
    """How a mark is drawn: ``fill``, the ``ink`` of text on it, and the ``edge`` that parts it from the page."""

    fill: str
    ink: str
    edge: str


TONES: dict[str, Tone] = {
    "best": Tone("#0b4a5e", "#ffffff", "#0b4a5e"),
    "good": Tone("#5799b0", INK, "#5799b0"),
    "middle": Tone("#dfe3e6", INK, EDGE),
    "poor": Tone("#c97a2e", INK, "#c97a2e"),
    "worst": Tone("#9a4312", "#ffffff", "#9a4312"),
    "apart": Tone("#ffffff", INK, EDGE),
    "accent": Tone("#0b5f7d", "#ffffff", "#0b5f7d"),
    "muted": Tone("#65707a", "#ffffff", "#65707a"),
}
"""By the tones of ``publish.document``. From best (the answer one hopes for) to worst; ``apart`` is outside the scale (not relevant)."""

SERIES = ("#0b5f7d", "#9a4312", "#5b4a8a", "#4f5b66")
"""Lines of one chart, in order; each also has its own mark."""

COLOURS: dict[str, str] = {
    "page": PAGE, "tint": TINT, "ink": INK, "muted": MUTED, "rule": RULE, "edge": EDGE, "brand": BRAND, "link": LINK,
    "focus": FOCUS, "focus-ground": FOCUS_GROUND, "warning": WARNING, "warning-edge": WARNING_EDGE,
}  # fmt: skip


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` (WCAG 2.1)."""

    def linear(part: int) -> float:
        value = part / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.1)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
