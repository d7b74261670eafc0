"""Charts as SVG of our own: few forms, drawn in two widths, their numbers printed and their text left as text."""

from __future__ import annotations

from royst.publish.document import Chart, DotPlot, ExpectedRange, LineChart, Matrix, StackedBars
from royst.publish.figures import bars, dots, matrix, ranges, waves
from royst.publish.figures.canvas import NARROW, WIDE, Canvas
from royst.publish.frame import frame


def svg(chart: Chart, language: str, width: float = WIDE, *, kind: str = "", web: bool = True) -> str:
    """The chart's figure as one SVG element of ``width`` pixels; below 500 it takes its narrow layout.

    On the web it has role ``img`` and the chart's text alternative, and the reader's system fonts; else (``web=False``) our own font only.
    """
    canvas = Canvas(width)
    figure = chart.figure
    if isinstance(figure, StackedBars):
        bars.draw(figure, canvas)
    elif isinstance(figure, DotPlot):
        dots.draw(figure, canvas, language)
    elif isinstance(figure, LineChart):
        waves.draw(figure, canvas, language)
    elif isinstance(figure, ExpectedRange):
        words = frame(language)
        ranges.draw(figure, canvas, language, words["expected_range"], words["own_result"])
    elif isinstance(figure, Matrix):
        matrix.draw(figure, canvas, language)
    return canvas.svg(chart.alt, kind=kind, web=web)


def both(chart: Chart, language: str) -> str:
    """The wide and the narrow drawing; the style sheet shows the one that fits."""
    return svg(chart, language, WIDE, kind="wide") + svg(chart, language, NARROW, kind="narrow")
