"""Values read back from a chart's geometry: a page may print whole per cents and draw hundredths."""

from __future__ import annotations

import re

import numpy as np

SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)
TICK = re.compile(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*text-anchor="middle"[^>]*>(-?[\d.,]+)</text>')
DOT = re.compile(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="5.5"')
MEANS = 10
"""Axes that end here or before are of means, which are printed with two decimals; those that end after 100 are of waves."""
PIXEL = 0.05
"""Coordinates are printed to a tenth of a pixel."""


def dots(page: str) -> list[tuple[float, float]]:
    """Every dot that stands on an axis of per cents, as (value, how far the reading may be off)."""
    found = []
    for svg in SVG.findall(page):
        rows: dict[str, list[tuple[float, float]]] = {}
        for x, y, text in TICK.findall(svg):
            rows.setdefault(y, []).append((float(x), float(text.replace(",", "."))))
        axis = max(rows.values(), key=len, default=[])
        if len(axis) < 3 or not MEANS < max(value for _, value in axis) <= 100:
            continue
        (slope, start), off = np.polyfit(*zip(*axis), 1), abs(axis[-1][1] - axis[0][1]) / abs(axis[-1][0] - axis[0][0])
        if np.abs(np.polyval([slope, start], [x for x, _ in axis]) - [v for _, v in axis]).max() > 2 * PIXEL * off:
            continue
        lowest, bottom = min(x for x, _ in axis) - 1, max(map(float, rows))
        found += [
            (float(slope * float(x) + start), 2 * PIXEL * off)
            for x, y in DOT.findall(svg)
            if float(x) >= lowest and float(y) < bottom and off * PIXEL < 0.02
        ]
    return found


def finer(page: str, step: float = 0.1) -> list[float]:
    """Values that are drawn where no figure rounded to ``step`` stands."""
    return [value for value, off in dots(page) if abs(value - round(value / step) * step) > off]
