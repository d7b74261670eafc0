"""Lines over waves, each estimate with its interval."""

from __future__ import annotations

from royst.look.tokens import MUTED, RULE, SERIES, TONES
from royst.publish.document import LineChart, Series
from royst.publish.figures.canvas import SMALL, VALUE, WIDER, Axis, Canvas, block_height, lines, measured, tick_text

MARK_ROOM = 14.0  # for a line's mark before its name
DASHES = ("", "6 4", "2 3", "8 3 2 3")


def colour(series: Series, index: int, figure: LineChart) -> str:
    """The tone's colour where every line has its own tone, else one from the list."""
    tones = [one.tone for one in figure.series]
    return TONES[series.tone].edge if len(set(tones)) == len(tones) else SERIES[index % len(SERIES)]


def draw(figure: LineChart, canvas: Canvas, language: str) -> None:
    """One line: its numbers above its points. Several: numbers under each wave behind their line's mark, names at the lines' ends (narrow: above the numbers)."""
    several = len(figure.series) > 1
    direct = several and not canvas.narrow
    end_room = (
        min(WIDER * max(measured(one.label, VALUE, 600) for one in figure.series) + 16 + MARK_ROOM, canvas.width * 0.32) if direct else 0.0
    )
    top = (
        canvas.block(0, 0, lines(figure.axis, SMALL, canvas.width), size=SMALL, fill=MUTED) + 10
        if figure.axis
        else 10.0
    )
    height = 230.0 if canvas.narrow else 260.0
    vertical = Axis(figure.start, figure.end, top + height, top)
    right = canvas.width - end_room
    across = _across(figure, 40.0, right)
    for tick in vertical.ticks(6):
        canvas.line(36, vertical.at(tick), right, vertical.at(tick), RULE)
        canvas.text(28, vertical.at(tick) + 4, tick_text(tick, language), size=SMALL, fill=MUTED, anchor="end")
    slot = (right - 40) / max(len(figure.waves), 1)
    named = [lines(wave, VALUE, slot - 6, 600) for wave in figure.waves]
    for words, x in zip(named, across):
        canvas.block(x, top + height + 6, words, size=VALUE, weight=600, anchor="middle")
    bottom = top + height + 6 + max((block_height(words, VALUE) for words in named), default=0.0)
    for index, series in enumerate(figure.series):
        _line(canvas, figure, series, index, across, vertical)
    if direct:
        _names(canvas, figure, right + 8, end_room, vertical)
    if several:
        bottom = _strip(canvas, figure, across, bottom + 6)
    else:
        _numbers(canvas, figure, across, vertical)
    canvas.grow(bottom + 4)


def _across(figure: LineChart, left: float, right: float) -> list[float]:
    """Where the waves stand: each in the middle of its slot."""
    slot = (right - left) / max(len(figure.waves), 1)
    return [left + slot * (index + 0.5) for index in range(len(figure.waves))]


def shift(index: int, count: int) -> float:
    """Lines stand a little beside each other, so that intervals do not cover one another."""
    return (index - (count - 1) / 2) * 6


def _line(canvas: Canvas, figure: LineChart, series: Series, index: int, across: list[float], vertical: Axis) -> None:
    stroke, moved = colour(series, index, figure), shift(index, len(figure.series))
    run: list[tuple[float, float]] = []
    for x, value in [*zip(across, series.points), (0.0, None)]:
        if value is not None:
            run.append((x + moved, vertical.at(value)))
            continue
        if len(run) > 1:
            canvas.path(run, stroke, dash=DASHES[index % len(DASHES)])
        run = []
    for x, value, low, high in zip(across, series.points, series.lows, series.highs):
        if value is None:
            continue
        if low is not None and high is not None:
            for end in (low, high):
                canvas.line(x + moved - 4, vertical.at(end), x + moved + 4, vertical.at(end), stroke, weight=1.5)
            canvas.line(x + moved, vertical.at(low), x + moved, vertical.at(high), stroke, weight=1.5)
        canvas.mark(index, x + moved, vertical.at(value), 5.5, stroke)


def spread(wanted: list[float], apart: float, top: float, bottom: float) -> list[float]:
    """Heights as near the wanted ones as they can be (least squares) in the same order, at least ``apart`` from each other, held within top and bottom.

    Isotonic regression of the wanted heights less each one's distance in line (pool adjacent violators).
    """
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    pools: list[tuple[float, int]] = []
    for rank, i in enumerate(order):
        pools.append((wanted[i] - rank * apart, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (mean_2, count_2), (mean_1, count_1) = pools.pop(), pools.pop()
            pools.append(((mean_1 * count_1 + mean_2 * count_2) / (count_1 + count_2), count_1 + count_2))
    level = [mean for mean, count in pools for _ in range(count)]
    highest = max(bottom - (len(wanted) - 1) * apart, top)
    placed = [0.0] * len(wanted)
    for rank, i in enumerate(order):
        placed[i] = min(max(level[rank], top), highest) + rank * apart
    return placed


def _numbers(canvas: Canvas, figure: LineChart, across: list[float], vertical: Axis) -> None:
    """A single line's numbers, above its intervals; below them where the top is near."""
    for series in figure.series[:1]:
        for x, value, low, high, text in zip(across, series.points, series.lows, series.highs, series.texts):
            if value is None or not text:
                continue
            y = vertical.at(value if high is None else high) - 10
            if y < vertical.right + 4:
                y = vertical.at(value if low is None else low) + 20
            canvas.text(x, y, text, size=VALUE, weight=600, fill=colour(series, 0, figure), anchor="middle", halo=True)


def _strip(canvas: Canvas, figure: LineChart, across: list[float], top: float) -> float:
    """Each line's numbers under the waves, behind the line's mark; on a narrow canvas its name above them. Returns the bottom."""
    for index, series in enumerate(figure.series):
        stroke = colour(series, index, figure)
        if canvas.narrow:
            canvas.line(0, top + 13, 30, top + 13, stroke, weight=2.5, dash=DASHES[index % len(DASHES)])
            canvas.mark(index, 15, top + 13, 5, stroke)
            top = canvas.block(40, top + 4, lines(series.label, VALUE, canvas.width - 40), size=VALUE)
        for x, text in zip(across, series.texts):
            if text:
                wide = measured(text, VALUE)
                canvas.mark(index, x - wide / 2 - 5, top + 10, 4, stroke)
                canvas.text(x + 5, top + 14.5, text, size=VALUE, anchor="middle")
        top += 22
    return top


def _names(canvas: Canvas, figure: LineChart, x: float, room: float, vertical: Axis) -> None:
    """Each line's mark and name beside its end."""
    ends = [next((p for p in reversed(one.points) if p is not None), figure.start) for one in figure.series]
    said = [lines(one.label, VALUE, (room - 8 - MARK_ROOM) / WIDER, 600) for one in figure.series]
    tallest = max(len(words) for words in said)
    places = spread(
        [vertical.at(end) for end in ends], tallest * VALUE * 1.3 + 2, vertical.right + 6, vertical.left - 6
    )
    for i, (one, words, y) in enumerate(zip(figure.series, said, places)):
        top = y - block_height(words, VALUE) / 2 + 1
        canvas.mark(i, x + 5, top + VALUE * 0.72, 4, colour(one, i, figure))
        canvas.block(x + MARK_ROOM, top, words, size=VALUE, weight=600, fill=colour(one, i, figure))
