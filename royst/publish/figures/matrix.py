"""The improvement matrix: importance by room for improvement, parted at the medians."""

from __future__ import annotations

from statistics import median

from royst.look.tokens import EDGE, MUTED, PAGE, RULE, TONES
from royst.publish.document import Matrix
from royst.publish.figures.canvas import SMALL, VALUE, WIDER, Axis, Canvas, lines, measured, tick_text

Box = tuple[float, float, float, float]
BADGE = 10.0
SHADE = "#e6eef1"


def draw(figure: Matrix, canvas: Canvas, language: str) -> None:
    """Names beside their points where all of them find room, else numbers in the points and a numbered list below."""
    if not figure.points:
        return
    top = _head(figure, canvas)
    left, height = 38.0, canvas.width * (0.85 if canvas.narrow else 0.5)
    across = _axis([p.x for p in figure.points], left, canvas.width - 4)
    upward = _axis([p.y for p in figure.points], top + height, top)
    _ground(figure, canvas, across, upward, language)
    at = [(across.at(p.x), upward.at(p.y)) for p in figure.points]
    named = None if canvas.narrow else _name_places(figure, at, canvas, top, top + height)
    bottom = canvas.block(
        canvas.width,
        top + height + 24,
        lines(f"{figure.x_axis} \N{RIGHTWARDS ARROW}", SMALL, canvas.width),
        size=SMALL,
        fill=MUTED,
        anchor="end",
    )
    accent = TONES["accent"]
    if named is not None:
        for (x, y), (box, words) in zip(at, named):
            canvas.dot(x, y, 5.5, accent.fill)
            canvas.block(box[0], box[1], words, size=SMALL)
        return
    for number, ((x, y), (bx, by)) in enumerate(
        zip(at, apart(at, 2 * BADGE + 2, (left + BADGE, top + BADGE, canvas.width - BADGE - 4, top + height - BADGE))),
        1,
    ):
        if abs(bx - x) + abs(by - y) > 2:
            canvas.line(x, y, bx, by, MUTED)
            canvas.dot(x, y, 2.5, accent.fill)
        canvas.dot(bx, by, BADGE, accent.fill)
        canvas.text(bx, by + 4, str(number), size=11, weight=600, fill=accent.ink, anchor="middle")
    _list(figure, canvas, bottom + 10)


def _head(figure: Matrix, canvas: Canvas) -> float:
    """The upward axis' name at the left; what the shaded corner means at the right, or on a line of its own above."""
    said = f"\N{UPWARDS ARROW} {figure.y_axis}"
    beside = measured(said, SMALL) + measured(figure.corner, SMALL, 600) + 50 <= canvas.width / WIDER
    corner = lines(figure.corner, SMALL, canvas.width - 24, 600) if figure.corner else []
    top = 0.0
    if corner:
        start = canvas.width - WIDER * max(measured(word, SMALL, 600) for word in corner) if beside else 22.0
        canvas.rect(start - 22, 2, 14, 14, SHADE, edge=EDGE, radius=2)
        bottom = canvas.block(start, 1, corner, size=SMALL, weight=600)
        top = 0.0 if beside else bottom + 4
    return canvas.block(0, top + 1, lines(said, SMALL, canvas.width), size=SMALL, fill=MUTED) + 8


def _axis(values: list[float], low: float, high: float) -> Axis:
    """A scale a little wider than the values."""
    span = (max(values) - min(values)) or max(abs(values[0]), 1.0)
    return Axis(min(values) - 0.1 * span, max(values) + 0.1 * span, low, high)


def _ground(figure: Matrix, canvas: Canvas, across: Axis, upward: Axis, language: str) -> None:
    x, y = across.at(median(p.x for p in figure.points)), upward.at(median(p.y for p in figure.points))
    canvas.rect(x, upward.right, across.right - x, y - upward.right, SHADE)
    for tick in across.ticks(5):
        canvas.text(
            across.at(tick), upward.left + 16, tick_text(tick, language), size=SMALL, fill=MUTED, anchor="middle"
        )
    for tick in upward.ticks(5):
        canvas.text(
            across.left - 8, upward.at(tick) + 4, tick_text(tick, language), size=SMALL, fill=MUTED, anchor="end"
        )
    canvas.line(across.left, upward.left, across.right, upward.left, RULE)
    canvas.line(across.left, upward.left, across.left, upward.right, RULE)
    canvas.line(x, upward.left, x, upward.right, MUTED, dash="4 3")
    canvas.line(across.left, y, across.right, y, MUTED, dash="4 3")


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _name_places(
    figure: Matrix, at: list[tuple[float, float]], canvas: Canvas, top: float, bottom: float
) -> list[tuple[Box, list[str]]] | None:
    """A box for each name, touching no other name, no point and no edge; None where one finds no place."""
    taken: list[Box] = [(x - 8, y - 8, x + 8, y + 8) for x, y in at]
    found: list[tuple[Box, list[str]]] = []
    for point, (x, y) in zip(figure.points, at):
        words = lines(point.label, SMALL, 150)
        wide, high = max(measured(word, SMALL) for word in words), SMALL * 1.3 * len(words)
        corners = (
            (x + 9, y - high / 2),
            (x - 9 - wide, y - high / 2),
            (x - wide / 2, y - 9 - high),
            (x - wide / 2, y + 9),
            (x + 7, y - 7 - high),
            (x + 7, y + 7),
        )
        for cx, cy in corners:
            box = (cx, cy, cx + wide, cy + high)
            if (
                cx >= 42
                and box[2] <= canvas.width
                and cy >= top
                and box[3] <= bottom
                and not any(_overlap(box, other) for other in taken)
            ):
                taken.append(box)
                found.append((box, words))
                break
        else:
            return None
    return found


def apart(points: list[tuple[float, float]], distance: float, room: Box) -> list[tuple[float, float]]:
    """Places near the points, about ``distance`` from each other: pairs that touch are pushed apart, in rounds of a fixed order."""
    placed = [list(point) for point in points]
    for _ in range(200):
        moved = False
        for i in range(len(placed)):
            for j in range(i):
                dx, dy = placed[i][0] - placed[j][0], placed[i][1] - placed[j][1]
                gap = (dx * dx + dy * dy) ** 0.5
                if gap >= distance - 0.01:
                    continue
                moved = True
                ux, uy = (dx / gap, dy / gap) if gap > 0.01 else (1.0, 0.3 * (i - j))
                push = (distance - gap) / 2
                for point, sign in ((placed[i], 1), (placed[j], -1)):
                    point[0] = min(max(point[0] + sign * ux * push, room[0]), room[2])
                    point[1] = min(max(point[1] + sign * uy * push, room[1]), room[3])
        if not moved:
            break
    return [(x, y) for x, y in placed]


def _list(figure: Matrix, canvas: Canvas, top: float) -> None:
    """The names by number, in two columns where there is room."""
    columns = 1 if canvas.narrow else 2
    rows = -(-len(figure.points) // columns)
    room = canvas.width / columns
    for column in range(columns):
        y = top
        for number in range(column * rows, min((column + 1) * rows, len(figure.points))):
            x = column * room
            canvas.dot(x + BADGE, y + 9, BADGE, TONES["accent"].fill, edge=PAGE)
            canvas.text(
                x + BADGE, y + 13, str(number + 1), size=11, weight=600, fill=TONES["accent"].ink, anchor="middle"
            )
            y = canvas.block(x + 27, y + 1, lines(figure.points[number].label, VALUE, room - 36), size=VALUE) + 6
