"""The one content model: a document is a title and blocks; HTML, PDF, Word and the site's pages are all rendered from it.

Blocks carry words and numbers already in the reader's language. Nothing here knows markup: text is text, and every renderer escapes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Tone = Literal["best", "good", "middle", "poor", "worst", "apart", "accent", "muted"]
"""What a mark means, not its colour; ``look`` gives the colour."""


@dataclass(frozen=True)
class Link:
    """Text that leads to ``href``: an address inside the same release (relative to the site's root), or ``mailto:``.

    ``beside``: the report that holds the same, by its file's name without the ending; a report outside the site leads to the file of its own kind.
    """

    text: str
    href: str
    beside: str = ""

    def outside(self, ending: str) -> Link:
        """The link as it stands in a file of this kind (``.pdf``), where the site cannot be reached: it names the file beside it. Elsewhere itself."""
        if not self.beside:
            return self
        file = self.beside + ending
        return Link(f"{self.text} ({file})", file, self.beside)


@dataclass(frozen=True)
class Strong:
    text: str


Inline = str | Link | Strong


@dataclass(frozen=True)
class Heading:
    """``level`` 2 or deeper (the title is 1); ``anchor`` is unique in its document."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True)
class Paragraph:
    content: tuple[Inline, ...]
    lead: bool = False


@dataclass(frozen=True)
class Bullets:
    items: tuple[tuple[Inline, ...], ...]


@dataclass(frozen=True)
class Note:
    """A boxed remark: ``synthetic`` (on every page of a synthetic study), ``warning``, ``method``."""

    kind: Literal["synthetic", "warning", "method"]
    content: tuple[Inline, ...]


@dataclass(frozen=True)
class KeyFigure:
    """One number worth a large type, what it counts, and a line of what to hold it against."""

    value: str
    label: str
    detail: str = ""


@dataclass(frozen=True)
class KeyFigures:
    figures: tuple[KeyFigure, ...]


@dataclass(frozen=True)
class Table:
    """``rows`` hold finished text, the first column naming the row. ``numeric``: indexes of right-aligned columns."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Segment:
    """A part of a bar: ``value`` in per cent; ``text`` as printed (may be empty where it would not fit)."""

    label: str
    value: float
    tone: Tone
    text: str = ""


@dataclass(frozen=True)
class Bar:
    """One row of a stacked chart; ``segments`` is empty where nothing can be shown, and ``missing`` then says so."""

    label: str
    segments: tuple[Segment, ...]
    detail: str = ""
    missing: str = ""


@dataclass(frozen=True)
class StackedBars:
    """Answers as parts of a whole. ``diverging``: the middle of the ``middle`` tone stands on a common line.

    ``beside``: bars drawn elsewhere (the rest of a chart that is cut) on the same scale. ``one_scale``: what stands apart is as long as it is large.
    """

    bars: tuple[Bar, ...]
    legend: tuple[tuple[str, Tone], ...]
    diverging: bool = True
    beside: tuple[Bar, ...] = ()
    one_scale: bool = False

    @property
    def measured(self) -> tuple[Bar, ...]:
        """All bars that share the scale, these and those beside."""
        return (*self.bars, *self.beside)


@dataclass(frozen=True)
class Dot:
    """An estimate with its interval; ``estimate`` None where it cannot be shown."""

    label: str
    estimate: float | None
    low: float | None = None
    high: float | None = None
    text: str = ""
    tone: Tone = "accent"
    missing: str = ""


@dataclass(frozen=True)
class DotPlot:
    """Estimates with intervals on one axis; ``reference`` draws a line at a value with its name. ``groups``: heading before the dot of that index."""

    dots: tuple[Dot, ...]
    axis: str
    start: float = 0.0
    end: float = 100.0
    reference: float | None = None
    reference_text: str = ""
    groups: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Series:
    """One line over waves; a point may be None (the line breaks there)."""

    label: str
    points: tuple[float | None, ...]
    lows: tuple[float | None, ...]
    highs: tuple[float | None, ...]
    texts: tuple[str, ...]
    tone: Tone = "accent"


@dataclass(frozen=True)
class LineChart:
    waves: tuple[str, ...]
    series: tuple[Series, ...]
    axis: str
    start: float = 0.0
    end: float = 100.0


@dataclass(frozen=True)
class RangeRow:
    """A unit's estimate (with interval) on the range expected of units like it."""

    label: str
    estimate: float | None
    expected_low: float
    expected_high: float
    text: str
    verdict: str
    low: float | None = None
    high: float | None = None
    tone: Tone = "accent"


@dataclass(frozen=True)
class ExpectedRange:
    rows: tuple[RangeRow, ...]
    axis: str
    start: float = 0.0
    end: float = 100.0


@dataclass(frozen=True)
class Quadrant:
    """A point of the improvement matrix."""

    label: str
    x: float
    y: float


@dataclass(frozen=True)
class Matrix:
    """Importance (y) by room for improvement (x); lines at the medians part it in four."""

    points: tuple[Quadrant, ...]
    x_axis: str
    y_axis: str
    corner: str = ""


Figure = StackedBars | DotPlot | LineChart | ExpectedRange | Matrix


@dataclass(frozen=True)
class Chart:
    """A figure with all that makes it readable: caption, text alternative, the same numbers as a table, and notes."""

    caption: str
    alt: str
    figure: Figure
    table: Table
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quote:
    """``language`` of the text, where it is not the document's (WCAG 2.1, 3.1.2)."""

    text: str
    label: str
    language: Literal["", "nb", "nn", "en"] = ""


@dataclass(frozen=True)
class Pair:
    """One row of a joint display. ``value``, ``detail``, ``between``: the survey's estimate in words (``detail`` says so where too few answered, and the others are
    empty); ``span``: estimate, low and high in per cent. ``talk`` is what the interviews say; ``verdict`` is ``stance`` in words.
    """

    value: str
    detail: str
    between: str
    span: tuple[float, float, float] | None
    talk: str
    stance: Literal["confirms", "widens", "contradicts"]
    verdict: str


@dataclass(frozen=True)
class JointDisplay:
    """Under each theme of the interviews: the survey, the interviews, and what they say together. ``columns`` names theme, survey, interviews and the two together."""

    caption: str
    columns: tuple[str, str, str, str]
    themes: tuple[tuple[str, tuple[Pair, ...]], ...]

    def table(self) -> Table:
        """The same as plain cells."""
        rows = tuple((theme, _joined(p.value, p.detail, p.between), p.talk, p.verdict) for theme, pairs in self.themes for p in pairs)
        return Table(self.caption, self.columns, rows)


def _joined(value: str, detail: str, between: str) -> str:
    said = f"{value} {detail}".strip()
    return f"{said} ({between[:1].lower()}{between[1:]})" if between else said


@dataclass(frozen=True)
class Picture:
    """``file`` is a name in the release's files."""

    file: str
    alt: str
    credit: str = ""


@dataclass(frozen=True)
class Card:
    """A link with a word about where it leads."""

    title: str
    href: str
    text: str = ""


@dataclass(frozen=True)
class Cards:
    cards: tuple[Card, ...]


Block = Heading | Paragraph | Bullets | Note | KeyFigures | Table | Chart | Quote | JointDisplay | Picture | Cards


@dataclass(frozen=True)
class Document:
    """``kicker`` stands above the title (programme, wave), ``date`` in words. ``language`` is ``nb``, ``nn`` or ``en``. ``description`` is one plain sentence.

    ``menu`` is the page's short name in the site's navigation (empty: not in it), ``foot`` its short name in the site's foot.
    """

    title: str
    language: str
    blocks: tuple[Block, ...]
    kicker: str = ""
    subtitle: str = ""
    date: str = ""
    owner: str = ""
    description: str = ""
    synthetic: str = ""
    footnotes: tuple[str, ...] = field(default_factory=tuple)
    menu: str = ""
    foot: str = ""
