"""Lines over waves, each estimate with its interval."""

from __future__ import annotations

from royst.look.tokens import MUTED, RULE, SERIES, TONES
from royst.publish.document import LineChart, Series
from royst.publish.figures.canvas import SMALL, VALUE, Axis, Canvas, block_height, lines, measured, tick_text

DASHES = ("", "6 4", "2 3", "8 3 2 3")


def colour(series: Series, index: int, figure: LineChart) -> str:
    """The tone's colour where every line has its own tone, else one from the list."""
    tones = [one.tone for one in figure.series]
    return TONES[series.tone].edge if len(set(tones)) == len(tones) else SERIES[index % len(SERIES)]


def draw(figure: LineChart, canvas: Canvas, language: str) -> None:
    """Names at the lines' ends on a wide canvas; under the chart, with their marks, on a narrow one."""
    direct = not canvas.narrow and len(figure.series) > 1
    end_room = (
        min(max(measured(one.label, VALUE, 600) for one in figure.series) + 16, canvas.width * 0.3) if direct else 8.0
    )
    top = (
        canvas.block(0, 0, lines(figure.axis, SMALL, canvas.width), size=SMALL, fill=MUTED) + 10
        if figure.axis
        else 10.0
    )
    height = 250.0 if canvas.narrow else 280.0
    value_room = max((measured(text, VALUE, 600) for one in figure.series for text in one.texts), default=30.0) + 12
    vertical = Axis(figure.start, figure.end, top + height, top)
    across = _across(figure, canvas, 36.0, canvas.width - end_room - value_room)
    for tick in vertical.ticks(6):
        canvas.line(36, vertical.at(tick), canvas.width - end_room, vertical.at(tick), RULE)
        canvas.text(28, vertical.at(tick) + 4, tick_text(tick, language), size=SMALL, fill=MUTED, anchor="end")
    slot = across[1] - across[0] if len(across) > 1 else canvas.width * 0.6
    for wave, x in zip(figure.waves, across):
        canvas.block(x, top + height + 6, lines(wave, VALUE, slot - 6), size=VALUE, anchor="middle")
    for index, series in enumerate(figure.series):
        _line(canvas, figure, series, index, across, vertical)
    _numbers(canvas, figure, across, vertical)
    bottom = top + height + 6 + max(block_height(lines(wave, VALUE, slot - 6), VALUE) for wave in figure.waves) + 8
    canvas.grow(bottom)
    if direct:
        _names(canvas, figure, across[-1] + value_room + 4, end_room, vertical)
    elif len(figure.series) > 1:
        _key(canvas, figure, bottom + 4)


def _across(figure: LineChart, canvas: Canvas, left: float, right: float) -> list[float]:
    """Where the waves stand. The first keeps room for half of its name."""
    count = len(figure.waves)
    if count == 1:
        return [(left + right) / 2]
    slot = (right - left) / count
    start = left + min(slot / 2, 46)
    step = (right - start) / (count - 1)
    return [start + step * index for index in range(count)]


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
    for position, x in enumerate(across):
        at = [
            (i, one) for i, one in enumerate(figure.series) if one.points[position] is not None and one.texts[position]
        ]
        wanted = [vertical.at(one.points[position] or 0.0) for _, one in at]
        places = spread(wanted, 16, vertical.right + 6, vertical.left - 6)
        edge = shift(len(figure.series) - 1, len(figure.series)) + 9
        for (i, one), y in zip(at, places):
            canvas.text(
                x + edge, y + 4.5, one.texts[position], size=VALUE, weight=600, fill=colour(one, i, figure), halo=True
            )


def _names(canvas: Canvas, figure: LineChart, x: float, room: float, vertical: Axis) -> None:
    ends = [next((p for p in reversed(one.points) if p is not None), figure.start) for one in figure.series]
    said = [lines(one.label, VALUE, room - 8, 600) for one in figure.series]
    tallest = max(len(words) for words in said)
    places = spread(
        [vertical.at(end) for end in ends], tallest * VALUE * 1.3 + 2, vertical.right + 6, vertical.left - 6
    )
    for i, (one, words, y) in enumerate(zip(figure.series, said, places)):
        canvas.block(
            x, y - block_height(words, VALUE) / 2 + 1, words, size=VALUE, weight=600, fill=colour(one, i, figure)
        )


def _key(canvas: Canvas, figure: LineChart, top: float) -> None:
    for i, one in enumerate(figure.series):
        stroke = colour(one, i, figure)
        canvas.line(0, top + 9, 34, top + 9, stroke, weight=2.5, dash=DASHES[i % len(DASHES)])
        canvas.mark(i, 17, top + 9, 5.5, stroke)
        top = canvas.block(44, top + 1, lines(one.label, VALUE, canvas.width - 44), size=VALUE) + 4
