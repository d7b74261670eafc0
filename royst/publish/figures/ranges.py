"""A unit's results on the ranges expected of units like it."""

from __future__ import annotations

from royst.look.tokens import EDGE, MUTED, RULE, TONES
from royst.publish.document import ExpectedRange, RangeRow
from royst.publish.figures.canvas import LABEL, SMALL, VALUE, Axis, Canvas, block_height, lines, measured, tick_text
from royst.publish.figures.dots import interval

GROUND = "#cfd8dc"
BAND = 16.0


def draw(figure: ExpectedRange, canvas: Canvas, language: str, expected: str, own: str) -> None:
    """The expected range as a grey band, the result as a dot; ``expected`` and ``own`` name them in the key."""
    value_room = max((measured(row.text, VALUE, 600) for row in figure.rows), default=0.0) + 14
    label_room = 0.0 if canvas.narrow else canvas.width * 0.34
    verdict_room = (
        0.0
        if canvas.narrow
        else min(max((measured(row.verdict, VALUE) for row in figure.rows), default=0.0) + 14, canvas.width * 0.22)
    )
    axis = Axis(figure.start, figure.end, label_room + 8, canvas.width - value_room - verdict_room - 8)
    top = canvas.block(0, 0, lines(figure.axis, SMALL, canvas.width), size=SMALL, fill=MUTED) if figure.axis else 0.0
    top = _key(canvas, top + 4, expected, own)
    start = top
    marks: list[tuple[RangeRow, float]] = []
    for row in figure.rows:
        top, y = _label(canvas, row, top, label_room)
        marks.append((row, y))
    _grid(canvas, axis, start, top, language)
    for row, y in marks:
        _mark(canvas, row, y, axis, verdict_room)


def _key(canvas: Canvas, top: float, expected: str, own: str) -> float:
    canvas.rect(0, top + 2, 34, 12, GROUND, edge=EDGE)
    x = 42.0
    canvas.text(x, top + 12.5, expected, size=VALUE)
    x += measured(expected, VALUE) + 22
    if x + 40 + measured(own, VALUE) > canvas.width:
        x, top = 0.0, top + 22
    interval(canvas, x, x + 34, top + 8, TONES["accent"].edge)
    canvas.dot(x + 17, top + 8, 5.5, TONES["accent"].fill)
    canvas.text(x + 42, top + 12.5, own, size=VALUE)
    return top + 26


def _label(canvas: Canvas, row: RangeRow, top: float, label_room: float) -> tuple[float, float]:
    if canvas.narrow:
        top = canvas.block(0, top + 4, lines(row.label, LABEL, canvas.width), halo=True)
        verdict = lines(row.verdict, VALUE, canvas.width)
        bottom = canvas.block(0, top + 25, verdict, size=VALUE, fill=MUTED, halo=True)
        return bottom + 8, top + 13
    said = lines(row.label, LABEL, label_room - 6)
    height = max(34.0, block_height(said) + 8)
    canvas.block(0, top + (height - block_height(said)) / 2 - 1, said)
    return top + height, top + height / 2


def _grid(canvas: Canvas, axis: Axis, top: float, bottom: float, language: str) -> None:
    under = Canvas(canvas.width)
    for tick in axis.ticks(4 if canvas.narrow else 5):
        under.line(axis.at(tick), top, axis.at(tick), bottom, RULE)
        canvas.text(axis.at(tick), bottom + 16, tick_text(tick, language), size=SMALL, fill=MUTED, anchor="middle")
    canvas.parts[0:0] = under.parts
    canvas.grow(bottom + 20)


def _mark(canvas: Canvas, row: RangeRow, y: float, axis: Axis, verdict_room: float) -> None:
    left, right = axis.at(row.expected_low), axis.at(row.expected_high)
    canvas.rect(left, y - BAND / 2, right - left, BAND, GROUND, edge=EDGE)
    style = TONES[row.tone]
    if row.estimate is not None:
        if row.low is not None and row.high is not None:
            interval(canvas, axis.at(row.low), axis.at(row.high), y, style.edge)
        canvas.dot(axis.at(row.estimate), y, 5.5, style.fill if style.fill != "#ffffff" else EDGE)
    canvas.text(canvas.width - verdict_room, y + VALUE * 0.36, row.text, size=VALUE, weight=600, anchor="end")
    if verdict_room:
        words = lines(row.verdict, VALUE, verdict_room - 12)
        canvas.block(
            canvas.width - verdict_room + 12, y - block_height(words, VALUE) / 2, words, size=VALUE, fill=MUTED
        )
