"""Stacked bars: answers as parts of a whole, the middle answer on a common line where they diverge."""

from __future__ import annotations

from royst.look.tokens import EDGE, INK, MUTED, TONES
from royst.publish.document import Bar, Segment, StackedBars
from royst.publish.figures.canvas import LABEL, SMALL, VALUE, Canvas, block_height, legend, lines, measured

ORDER = ("worst", "poor", "muted", "middle", "accent", "good", "best")
LEFT_OF_MIDDLE = ("worst", "poor", "muted")
BAR = 26.0
GAP = 2.0
OUTSIDE = 34.0


def draw(figure: StackedBars, canvas: Canvas) -> None:
    """Labels left of the bars on a wide canvas, above them on a narrow one."""
    legend_tones = sorted(figure.legend, key=lambda entry: ORDER.index(entry[1]) if entry[1] in ORDER else 99)
    top = legend(canvas, [(name, tone) for name, tone in (legend_tones if figure.diverging else figure.legend)], 0) + 8
    label_room = 0.0 if canvas.narrow else canvas.width * 0.36
    detail_room = (
        0.0
        if canvas.narrow
        else max((measured(bar.detail, SMALL) for bar in figure.bars), default=0.0)
        + 12 * any(b.detail for b in figure.bars)
    )
    apart_room = _apart_room(figure, canvas)
    left, right = label_room + (0 if canvas.narrow else 16), canvas.width - detail_room - apart_room
    scale, middle = _scale(figure, left, right)
    first = top
    for bar in figure.bars:
        top = _row(canvas, figure, bar, top, (left, right, label_room, apart_room), scale, middle)
    if (
        figure.diverging
        and any(bar.segments for bar in figure.bars)
        and any(_middle(bar) is None for bar in figure.bars if bar.segments)
    ):
        canvas.line(middle, first, middle, top - 10, EDGE)


def _apart_room(figure: StackedBars, canvas: Canvas) -> float:
    values = [segment.value for bar in figure.bars for segment in bar.segments if segment.tone == "apart"]
    if not values:
        return 0.0
    return min(max(max(values) * 1.6, 40.0), canvas.width * 0.2) + 18


def _whole(bar: Bar) -> list[Segment]:
    return [segment for segment in bar.segments if segment.tone != "apart"]


def _middle(bar: Bar) -> Segment | None:
    return next((segment for segment in bar.segments if segment.tone == "middle"), None)


def _sides(bar: Bar) -> tuple[float, float]:
    """How far a diverging bar reaches left and right of the common line, in per cent."""
    left = sum(s.value for s in _whole(bar) if s.tone in LEFT_OF_MIDDLE)
    right = sum(s.value for s in _whole(bar) if s.tone not in (*LEFT_OF_MIDDLE, "middle"))
    centre = _middle(bar)
    half = centre.value / 2 if centre else 0.0
    return left + half, right + half


def _scale(figure: StackedBars, left: float, right: float) -> tuple[float, float]:
    """Pixels per cent, and where the common line (or zero) stands."""
    if not figure.diverging:
        return (right - left) / 100, left
    sides = [_sides(bar) for bar in figure.bars if bar.segments] or [(50.0, 50.0)]
    far_left, far_right = max(side[0] for side in sides), max(side[1] for side in sides)
    scale = (right - left) / max(far_left + far_right, 1.0)
    return scale, left + far_left * scale


def _row(
    canvas: Canvas,
    figure: StackedBars,
    bar: Bar,
    top: float,
    columns: tuple[float, float, float, float],
    scale: float,
    middle: float,
) -> float:
    left, right, label_room, apart_room = columns
    if canvas.narrow:
        said = lines(bar.label, LABEL, canvas.width)
        top = canvas.block(0, top, said)
        if bar.detail:
            top = canvas.block(0, top, lines(bar.detail, SMALL, canvas.width), size=SMALL, fill=MUTED)
        bar_top, row = top + 3, BAR + 3
    else:
        said = lines(bar.label, LABEL, label_room)
        row = max(BAR, block_height(said))
        canvas.block(0, top + (row - block_height(said)) / 2 - 1, said)
        bar_top = top + (row - BAR) / 2
        if bar.detail:
            canvas.text(
                canvas.width, bar_top + BAR / 2 + SMALL * 0.36, bar.detail, size=SMALL, fill=MUTED, anchor="end"
            )
    if bar.segments:
        _segments(canvas, figure, bar, bar_top, scale, middle, right, apart_room)
    else:
        words = lines(bar.missing or "–", VALUE, right - left)
        bottom = canvas.block(left, bar_top + (BAR - block_height(words, VALUE)) / 2, words, size=VALUE, fill=MUTED)
        row = max(row, bottom - top)
    return top + row + (16 if canvas.narrow else 12)


def _segments(
    canvas: Canvas,
    figure: StackedBars,
    bar: Bar,
    top: float,
    scale: float,
    middle: float,
    right: float,
    apart_room: float,
) -> None:
    whole = _whole(bar)
    if figure.diverging:
        whole = sorted(whole, key=lambda segment: ORDER.index(segment.tone))
        x = middle - _sides(bar)[0] * scale
    else:
        x = middle
    for segment in whole:
        wide = segment.value * scale
        _piece(canvas, segment, x, top, wide)
        x += wide
    for segment in bar.segments:
        if segment.tone == "apart" and apart_room:
            start = right + 18
            style = TONES["apart"]
            wide = segment.value / 100 * (apart_room - 18) / 0.35
            wide = min(wide, apart_room - 18)
            canvas.rect(start, top, max(wide, 2), BAR, style.fill, edge=style.edge)
            _apart_text(canvas, segment, start, top, wide, apart_room - 18)


def _apart_text(canvas: Canvas, segment: Segment, start: float, top: float, wide: float, room: float) -> None:
    baseline = top + BAR / 2 + VALUE * 0.36
    text = next(
        (
            t
            for t in (segment.text, segment.text.replace("\N{NO-BREAK SPACE}%", ""))
            if measured(t, VALUE) <= room - wide - 5
        ),
        "",
    )
    if text and wide + 5 + measured(text, VALUE) <= room:
        canvas.text(start + wide + 5, baseline, text, size=VALUE, fill=INK)
    elif segment.text:
        canvas.text(
            start + wide / 2,
            baseline,
            segment.text.replace("\N{NO-BREAK SPACE}%", ""),
            size=VALUE,
            fill=INK,
            anchor="middle",
        )


def _piece(canvas: Canvas, segment: Segment, x: float, top: float, wide: float) -> None:
    """One segment with its number where it fits: whole, or without the sign of per cent."""
    if wide <= 0:
        return
    style = TONES[segment.tone]
    canvas.rect(x + GAP / 2, top, max(wide - GAP, 0.6), BAR, style.fill, edge=style.edge)
    for text in (segment.text, segment.text.replace("\N{NO-BREAK SPACE}%", "")):
        if text and measured(text, VALUE) + 6 <= wide - GAP:
            canvas.text(x + wide / 2, top + BAR / 2 + VALUE * 0.36, text, size=VALUE, fill=style.ink, anchor="middle")
            return
