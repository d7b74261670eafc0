"""Estimates as dots, their intervals as lines, on one axis."""

from __future__ import annotations

from royst.look.tokens import EDGE, INK, MUTED, RULE, TONES
from royst.publish.document import Dot, DotPlot
from royst.publish.figures.canvas import LABEL, SMALL, VALUE, Axis, Canvas, block_height, lines, measured, tick_text

ROW = 30.0
LONG = 12


def draw(figure: DotPlot, canvas: Canvas, language: str) -> None:
    """Labels left of the axis on a wide canvas, above each dot on a narrow one; the number at the right, always."""
    value_room = max((measured(dot.text, VALUE, 600) for dot in figure.dots), default=0.0) + 14
    label_room = 0.0 if canvas.narrow else min(canvas.width * 0.38, _widest(figure) + 14)
    axis = Axis(figure.start, figure.end, label_room + 8, canvas.width - value_room - 8)
    top = _head(figure, canvas, axis)
    grid_top = top
    marks: list[tuple[Dot, float]] = []
    headings = dict(figure.groups)
    for index, dot in enumerate(figure.dots):
        if index in headings:
            top = (
                canvas.block(
                    0,
                    top + (12 if index else 4),
                    lines(headings[index], LABEL, canvas.width, 600),
                    weight=600,
                    halo=True,
                )
                + 4
            )
        top, y = _label(canvas, dot, top, label_room)
        marks.append((dot, y))
    _grid(figure, canvas, axis, grid_top, top, language)
    for dot, y in marks:
        _mark(canvas, dot, y, axis)


def _widest(figure: DotPlot) -> float:
    return max((measured(dot.label, LABEL) for dot in figure.dots), default=0.0)


def _head(figure: DotPlot, canvas: Canvas, axis: Axis) -> float:
    """The axis' name, and the reference's; returns where the rows begin."""
    top = canvas.block(0, 0, lines(figure.axis, SMALL, canvas.width), size=SMALL, fill=MUTED) if figure.axis else 0.0
    if figure.reference is not None and figure.reference_text:
        x = axis.at(figure.reference)
        words = lines(figure.reference_text, SMALL, canvas.width)
        widest = max(measured(word, SMALL) for word in words)
        at = min(max(x, widest / 2), canvas.width - widest / 2)
        top = canvas.block(at, top + 3, words, size=SMALL, fill=INK, anchor="middle")
    return top + (22 if long(figure) else 4)


def long(figure: DotPlot) -> bool:
    """Whether the axis' numbers stand above the rows too."""
    return len(figure.dots) > LONG


def _label(canvas: Canvas, dot: Dot, top: float, label_room: float) -> tuple[float, float]:
    """Draw the label; returns the row's bottom and the height of its dot."""
    if canvas.narrow:
        top = canvas.block(0, top + 4, lines(dot.label, LABEL, canvas.width), halo=True)
        return top + 30, top + 10
    said = lines(dot.label, LABEL, label_room - 6)
    row = max(ROW, block_height(said) + 8)
    canvas.block(0, top + (row - block_height(said)) / 2 - 1, said)
    return top + row, top + row / 2


def _grid(figure: DotPlot, canvas: Canvas, axis: Axis, top: float, bottom: float, language: str) -> None:
    """Faint lines under the marks, numbers below them; drawn first, so put in front of what is gathered."""
    under = Canvas(canvas.width)
    ticks = axis.ticks(5 if canvas.narrow else 6)
    for tick in ticks:
        under.line(axis.at(tick), top, axis.at(tick), bottom, RULE)
        canvas.text(axis.at(tick), bottom + 16, tick_text(tick, language), size=SMALL, fill=MUTED, anchor="middle")
        if long(figure):
            canvas.text(axis.at(tick), top - 6, tick_text(tick, language), size=SMALL, fill=MUTED, anchor="middle")
    if figure.reference is not None:
        x = axis.at(figure.reference)
        under.line(x, top, x, bottom, INK, weight=1.5, dash="4 3")
    canvas.parts[0:0] = under.parts
    canvas.grow(bottom + 20)


def _mark(canvas: Canvas, dot: Dot, y: float, axis: Axis) -> None:
    style = TONES[dot.tone]
    colour = style.edge
    if dot.estimate is None:
        words = lines(dot.missing or dot.text or "–", VALUE, canvas.width - axis.left)
        canvas.text(axis.left, y + VALUE * 0.36, words[0], size=VALUE, fill=MUTED, halo=True)
        return
    if dot.low is not None and dot.high is not None:
        interval(canvas, axis.at(dot.low), axis.at(dot.high), y, colour)
    canvas.dot(axis.at(dot.estimate), y, 5.5, style.fill if style.fill != "#ffffff" else EDGE)
    canvas.text(canvas.width, y + VALUE * 0.36, dot.text, size=VALUE, weight=600, anchor="end")


def interval(canvas: Canvas, low: float, high: float, y: float, colour: str) -> None:
    """A line from low to high with short ends."""
    canvas.line(low, y, high, y, colour, weight=2)
    for x in (low, high):
        canvas.line(x, y - 4, x, y + 4, colour, weight=2)
