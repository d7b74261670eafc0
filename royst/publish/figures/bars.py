"""Stacked bars: answers as parts of a whole, the middle answer on a common line where they diverge."""

from __future__ import annotations

from dataclasses import dataclass

from royst.look.tokens import MUTED, TONES
from royst.publish.document import Bar, Segment, StackedBars
from royst.publish.figures.canvas import LABEL, SMALL, VALUE, Canvas, block_height, legend, lines, measured

ORDER = ("worst", "poor", "muted", "middle", "accent", "good", "best")
LEFT_OF_MIDDLE = ("worst", "poor", "muted")
BAR = 26.0
GAP = 2.0
APART_SCALE = 0.36  # pixels per cent


@dataclass(frozen=True)
class Columns:
    """Where things stand across: the bars between ``left`` and ``right``, what stands apart from ``apart`` on, with its own scale; ``origin`` is the common line, or zero."""

    label_room: float
    left: float
    right: float
    apart: float
    scale: float
    origin: float
    apart_scale: float


def draw(figure: StackedBars, canvas: Canvas) -> None:
    """Labels left of the bars on a wide canvas, above them on a narrow one."""
    entries = list(figure.legend)
    if figure.diverging:
        entries.sort(key=lambda entry: ORDER.index(entry[1]) if entry[1] in ORDER else len(ORDER))
    top = legend(canvas, [(name, tone) for name, tone in entries], 0) + 8
    columns = _columns(figure, canvas)
    for bar in figure.bars:
        top = _row(canvas, figure, bar, top, columns)


def _columns(figure: StackedBars, canvas: Canvas) -> Columns:
    label_room = 0.0 if canvas.narrow else canvas.width * 0.34
    left = 0.0 if canvas.narrow else label_room + 16
    details = [measured(bar.detail, SMALL) + 14 for bar in figure.measured if bar.detail]
    edge = canvas.width - (0.0 if canvas.narrow else max(details, default=0.0))
    far = max((piece.value for piece in _pieces(figure)), default=0.0)
    apart_scale, pads = APART_SCALE, (0.0, 0.0)
    for _ in range(4):
        apart = edge - _apart_room(figure, canvas, apart_scale)
        right = apart - (16 if apart < edge else 0)
        scale, origin = _scale(figure, left + pads[0], right - pads[1])
        if figure.one_scale:
            both = right - left - sum(pads) + far * apart_scale
            apart_scale = both / max(sum(_reach(figure)) + far, 1.0)
        pads = _pads(figure, scale)
    return Columns(label_room, left, right, apart, scale, origin, scale if figure.one_scale else APART_SCALE)


def _pieces(figure: StackedBars) -> list[Segment]:
    """What stands apart, of every bar."""
    return [segment for bar in figure.measured for segment in bar.segments if segment.tone == "apart"]


def _apart_room(figure: StackedBars, canvas: Canvas, scale: float) -> float:
    rooms = (_apart_width(piece, scale) + 5 + measured(_apart_text(piece, canvas), VALUE) for piece in _pieces(figure))
    return max(rooms, default=0.0)


def _apart_width(piece: Segment, scale: float) -> float:
    return max(piece.value * scale, 2.0)


def _apart_text(piece: Segment, canvas: Canvas) -> str:
    return bare(piece.text) if canvas.narrow else piece.text


def _whole(figure: StackedBars, bar: Bar) -> list[Segment]:
    """The bar's parts from left to right, without what stands apart and without what is empty."""
    parts = [segment for segment in bar.segments if segment.tone != "apart" and segment.value > 0]
    return sorted(parts, key=lambda segment: ORDER.index(segment.tone)) if figure.diverging else parts


def _sides(bar: Bar) -> tuple[float, float]:
    """How far a diverging bar reaches left and right of the common line, in per cent."""
    half = sum(segment.value for segment in bar.segments if segment.tone == "middle") / 2
    left = sum(segment.value for segment in bar.segments if segment.tone in LEFT_OF_MIDDLE)
    right = sum(segment.value for segment in bar.segments if segment.tone not in (*LEFT_OF_MIDDLE, "middle", "apart"))
    return left + half, right + half


def _scale(figure: StackedBars, left: float, right: float) -> tuple[float, float]:
    """Pixels per cent, and where the common line (or zero) stands."""
    far_left, far_right = _reach(figure)
    scale = (right - left) / max(far_left + far_right, 1.0)
    return scale, left + far_left * scale


def _reach(figure: StackedBars) -> tuple[float, float]:
    """How far the longest bars reach left and right of the common line, in per cent; a figure that does not diverge reaches 100."""
    if not figure.diverging:
        return 0.0, 100.0
    sides = [_sides(bar) for bar in figure.measured if bar.segments] or [(50.0, 50.0)]
    return max(side[0] for side in sides), max(side[1] for side in sides)


def bare(text: str) -> str:
    """A number without its sign of per cent."""
    return text.removesuffix("%").rstrip()


def _fit(text: str, room: float) -> tuple[str, float] | None:
    """The number as it fits: whole, without the sign of per cent, or smaller; None where it does not."""
    for said, size in ((text, VALUE), (bare(text), VALUE), (bare(text), SMALL - 0.5)):
        if said and measured(said, size) + 4 <= room:
            return said, size
    return None


def _outside(text: str) -> float:
    """Room for a number beside its bar."""
    return measured(bare(text), VALUE) + 7


def _pads(figure: StackedBars, scale: float) -> tuple[float, float]:
    """Room to keep at both ends for the numbers of outermost parts too small to hold them."""
    sides = [_sides(bar) for bar in figure.measured if bar.segments] or [(0.0, 0.0)]
    far_left, far_right = max(side[0] for side in sides), max(side[1] for side in sides)
    left = right = 0.0
    for bar in figure.measured:
        parts = _whole(figure, bar)
        if not parts:
            continue
        reach = _sides(bar) if figure.diverging else (far_left, far_right)
        if figure.diverging and _small(parts[0], scale):
            left = max(left, _outside(parts[0].text) - (far_left - reach[0]) * scale)
        if _small(parts[-1], scale):
            right = max(right, _outside(parts[-1].text) - (far_right - reach[1]) * scale)
    return left, right


def _small(part: Segment, scale: float) -> bool:
    return bool(part.text) and _fit(part.text, part.value * scale - GAP) is None


def _row(canvas: Canvas, figure: StackedBars, bar: Bar, top: float, columns: Columns) -> float:
    """One bar with its label; returns where the next row begins."""
    if canvas.narrow:
        top = canvas.block(0, top, lines(bar.label, LABEL, canvas.width))
        if bar.detail:
            top = canvas.block(0, top, lines(bar.detail, SMALL, canvas.width), size=SMALL, fill=MUTED)
        bar_top, row = top + 3, BAR + 3
    else:
        said = lines(bar.label, LABEL, columns.label_room)
        row = max(BAR, block_height(said))
        canvas.block(0, top + (row - block_height(said)) / 2 - 1, said)
        bar_top = top + (row - BAR) / 2
        if bar.detail and bar.segments:
            canvas.text(
                canvas.width, bar_top + BAR / 2 + SMALL * 0.36, bar.detail, size=SMALL, fill=MUTED, anchor="end"
            )
    if bar.segments:
        _parts(canvas, figure, bar, bar_top, columns)
    else:
        words = lines(bar.missing or "–", VALUE, canvas.width - columns.left)
        high = block_height(words, VALUE)
        shift = 0.0 if canvas.narrow else (BAR - high) / 2
        bottom = canvas.block(columns.left, bar_top + shift, words, size=VALUE, fill=MUTED)
        row = high + 3 if canvas.narrow else max(row, bottom - top)
    return top + row + (18 if canvas.narrow else 12)


def _parts(canvas: Canvas, figure: StackedBars, bar: Bar, top: float, columns: Columns) -> None:
    parts = _whole(figure, bar)
    x = columns.origin - (_sides(bar)[0] * columns.scale if figure.diverging else 0.0)
    baseline = top + BAR / 2 + VALUE * 0.36
    for index, part in enumerate(parts):
        wide = part.value * columns.scale
        style = TONES[part.tone]
        canvas.rect(x + GAP / 2, top, max(wide - GAP, 0.8), BAR, style.fill, edge=style.edge)
        fits = _fit(part.text, wide - GAP) if part.text else None
        if fits:
            canvas.text(x + wide / 2, baseline, fits[0], size=fits[1], fill=style.ink, anchor="middle")
        elif part.text and index == 0 and figure.diverging:
            canvas.text(x - 4, baseline, bare(part.text), size=VALUE, anchor="end")
        elif part.text and index == len(parts) - 1:
            canvas.text(x + wide + 5, baseline, bare(part.text), size=VALUE)
        x += wide
    for part in bar.segments:
        if part.tone == "apart":
            wide = _apart_width(part, columns.apart_scale)
            canvas.rect(columns.apart, top, wide, BAR, TONES["apart"].fill, edge=TONES["apart"].edge)
            canvas.text(columns.apart + wide + 5, baseline, _apart_text(part, canvas), size=VALUE)
