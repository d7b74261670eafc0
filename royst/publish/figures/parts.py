"""A long chart in parts that fit a page, each with whole rows and its own axis, all on one scale."""

from __future__ import annotations

import itertools
from dataclasses import replace

from royst.publish.document import Chart, DotPlot, ExpectedRange, Figure, StackedBars


def parts(chart: Chart, rows: int) -> list[Chart]:
    """The chart as charts of at most about ``rows`` rows; groups of dots stay together where they can. A short chart is itself."""
    figure = chart.figure
    drawn: list[Figure]
    if isinstance(figure, StackedBars):
        cuts = _even(len(figure.bars), rows)
        drawn = [replace(figure, bars=figure.bars[a:b], beside=figure.bars[:a] + figure.bars[b:]) for a, b in cuts]
    elif isinstance(figure, ExpectedRange):
        cuts = _even(len(figure.rows), rows)
        drawn = [replace(figure, rows=figure.rows[a:b]) for a, b in cuts]
    elif isinstance(figure, DotPlot):
        cuts = _grouped(len(figure.dots), rows, [start for start, _ in figure.groups])
        drawn = [_dots(figure, a, b) for a, b in cuts]
    else:
        return [chart]
    if len(drawn) < 2:
        return [chart]
    return [
        replace(chart, figure=one, alt=f"{chart.alt} ({number}/{len(drawn)})") for number, one in enumerate(drawn, 1)
    ]


def _even(count: int, most: int) -> list[tuple[int, int]]:
    """Cuts of ``count`` rows into pieces of nearly the same length, none longer than ``most``."""
    pieces = max(-(-count // most), 1)
    ends = [round(count * piece / pieces) for piece in range(pieces + 1)]
    return list(itertools.pairwise(ends))


def _grouped(count: int, most: int, starts: list[int]) -> list[tuple[int, int]]:
    """Cuts before groups, as late as they can be; a group longer than ``most`` is cut evenly. A group's heading counts as a row."""
    bounds = sorted({0, count, *starts})
    cuts: list[tuple[int, int]] = []
    begin = 0
    for here, after in itertools.pairwise(bounds):
        heads = sum(begin <= start < after for start in starts)
        if here > begin and after - begin + heads > most:
            cuts.append((begin, here))
            begin = here
    cuts.append((begin, count))
    return [(a + x, a + y) for a, b in cuts for x, y in _even(b - a, most)]


def _dots(figure: DotPlot, first: int, last: int) -> DotPlot:
    """Some of the dots, under the heading that was theirs."""
    before = [(start, text) for start, text in figure.groups if start <= first]
    inside = [(start - first, text) for start, text in figure.groups if first < start < last]
    heading = [(0, before[-1][1])] if before else []
    return replace(figure, dots=figure.dots[first:last], groups=tuple(heading + inside))
