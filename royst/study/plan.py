"""What will be said, decided before data: measures, groups, comparisons, families, margins, goals, findings, releases.

Each class is one section of ``study.toml``. Texts for readers are given by language.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from royst.study.agreement import AgreementSection
from royst.study.design import CarrySection, DesignSection, Languages, Section, WaveSection
from royst.study.instrument import Scale

Measure = Literal["share", "band", "mean", "not_relevant", "index"]


class ScaleSection(Section):
    """``[scales.degree]``: how the answers of one choice list are counted.

    ``bands`` maps band ids to choice names, best band first. ``scores`` defaults to the choice names where all are numbers, else to
    1, 2, 3 … in the questionnaire's order. ``best`` says which end is good: ``high`` or ``low`` scores.
    """

    bands: dict[str, list[str]] = Field(default_factory=dict)
    scores: dict[str, float] = Field(default_factory=dict)
    not_relevant: list[str] = Field(default_factory=list)
    best: Literal["high", "low"] = "high"


class ThemeSection(Section):
    """``[themes.influence]``: a chapter of the report."""

    label: Languages
    items: list[str]
    intro: Languages = Field(default_factory=dict)


class ItemSection(Section):
    """``[items.satisfied]``: words for an item. ``short`` heads charts; ``predicate`` completes a sentence about people:

    ``nb = "er {degree} fornøyd med tjenestene"``, where ``{degree}`` becomes the band's phrase. ``reversed``: worded the other way.
    ``alone``: of who helped to fill in, the answer that nobody did.
    """

    short: Languages = Field(default_factory=dict)
    predicate: Languages = Field(default_factory=dict)
    topic: Languages = Field(default_factory=dict)
    reversed: bool = False
    role: Literal["item", "background", "helper", "hidden"] = "item"
    alone: str = ""


class BandSection(Section):
    """``[bands.stor]``: a band's name in charts and its phrase in sentences (``i stor grad``)."""

    label: Languages
    degree: Languages = Field(default_factory=dict)


class IndexSection(Section):
    """``[indices.activity]``: mean of items on 0–100 by PasOpp's rule, for who answered at least ``at_least`` of them."""

    label: Languages
    items: list[str]
    at_least: float = 0.5
    theme: str | None = None
    topic: Languages = Field(default_factory=dict)


class Category(Section):
    """One category of a group: the values that fall in it, or for numbers ``low`` ≤ x ≤ ``high``. ``who`` is a noun phrase."""

    label: Languages
    values: list[str] = Field(default_factory=list)
    low: float | None = None
    high: float | None = None
    who: Languages = Field(default_factory=dict)


class GroupSection(Section):
    """``[groups.age]``: a division of those who answered. ``source``: ``frame`` (a column of the unit) or ``answers`` (an item).

    Values that no category names belong to no category of the group: counted, said in ``royst check``, never guessed. ``items``: the items and
    indices published by this group; empty means all. A group that serves a few comparisons should name them: every further table is one
    more to protect.
    """

    label: Languages
    source: Literal["frame", "answers"] = "answers"
    column: str
    categories: dict[str, Category]
    items: list[str] = Field(default_factory=list)


class FamilySection(Section):
    """``[families.goals]``: tests that are corrected together."""

    label: Languages = Field(default_factory=dict)
    correction: Literal["holm", "bh", "none"] = "bh"


class ComparisonSection(Section):
    """``[[comparisons]]``: one difference that will be tested, between two categories of a group or between two waves.

    ``kind = "groups"`` needs ``wave``, ``group``, ``first``, ``second``; ``kind = "waves"`` needs ``first`` and ``second`` as wave names (first is the
    later). ``category`` is the band's or choice's id for measures ``band`` and ``share``.
    """

    id: str
    kind: Literal["groups", "waves"]
    item: str
    measure: Measure = "band"
    category: str = ""
    wave: str | None = None
    group: str | None = None
    first: str
    second: str
    family: str = "exploration"


class GoalSection(Section):
    """``[[goals]]`` of the national plan, each followed through named comparisons of kind ``waves``."""

    id: str
    label: Languages
    comparisons: list[str]


class SourceSection(Section):
    """``[[sources]]``: a published figure of another survey, from a file in ``sources/``, set beside one of ours."""

    id: str
    file: str
    label: Languages
    item: str
    measure: Measure = "band"
    category: str = ""
    wave: str
    family: str = "exploration"
    note: Languages = Field(default_factory=dict)


class FindingSection(Section):
    """``[[findings]]``: one statement a release will make; the data decide what it says.

    Kinds: ``sample`` (persons and units of a wave), ``share`` (one estimate), ``bands`` (a whole distribution), ``lowest``/``highest`` (of all items'
    ``measure`` and ``category``), ``comparison`` (one of the plan's comparisons), ``source`` (one of the sources). ``rank`` below 6 stands on the news page.
    """

    id: str
    kind: Literal["sample", "share", "bands", "lowest", "highest", "comparison", "source"]
    wave: str | None = None
    item: str | None = None
    measure: Measure = "band"
    category: str = ""
    domain: str = "all"
    comparison: str | None = None
    source: str | None = None
    rank: int = 99
    theme: str | None = None


class ContactSection(Section):
    """``[[contacts]]``: whom readers may write to. A role may stand for a person."""

    name: str
    role: Languages = Field(default_factory=dict)
    email: str = ""
    phone: str = ""


class PictureSection(Section):
    """The news page's picture, a file in the study folder."""

    file: str
    alt: Languages
    credit: str = ""


class ReleaseSection(Section):
    """``[releases."2020-06"]``: one publication. ``wave`` is its own; ``earlier`` waves are shown beside it; a study that
    is read has them newest first. ``date`` is never today's. ``interviews``: the sub-studies it carries. ``one_mix``: whether planned changes
    are told with one mix of region and size too."""

    date: str
    wave: str
    earlier: list[str] = Field(default_factory=list)
    title: Languages = Field(default_factory=dict)
    lede: Languages = Field(default_factory=dict)
    findings: list[str] = Field(default_factory=list)
    unit_reports: bool = True
    one_mix: bool = False
    interviews: list[str] = Field(default_factory=list)
    picture: PictureSection | None = None


class PlanSection(Section):
    """``[plan]``: thresholds of the whole study. ``margin`` in percentage points (or index points).

    ``items``: which items are estimated and published: ``all``, or ``named``: those that ``[themes]``, ``[indices]``, ``[items]``, ``[[comparisons]]``, ``[[findings]]``,
    ``[[sources]]`` or ``headline`` name; the others get the role ``hidden`` when the study is read.
    """

    margin: float = 5.0
    min_answers: int = 30
    min_units: int = 5
    level: float = 0.95
    headline: str | None = None
    items: Literal["all", "named"] = "all"
    rule_set: str = "user-survey-10"
    loosened_because: str = ""
    unit_name: Languages = Field(default_factory=dict)
    units_name: Languages = Field(default_factory=dict)
    whole_name: Languages = Field(default_factory=dict)


class StudyFile(Section):
    """The whole of ``study.toml``."""

    format: Literal[1]
    id: str
    title: Languages
    languages: list[Literal["nb", "nn", "en"]]
    synthetic: bool = False
    owner: Languages = Field(default_factory=dict)
    commissioner: Languages = Field(default_factory=dict)
    programme: Languages = Field(default_factory=dict)
    design: DesignSection
    waves: dict[str, WaveSection]
    carry: CarrySection | None = None
    data_agreement: AgreementSection | None = None
    scales: dict[str, ScaleSection] = Field(default_factory=dict)
    themes: dict[str, ThemeSection] = Field(default_factory=dict)
    bands: dict[str, BandSection] = Field(default_factory=dict)
    items: dict[str, ItemSection] = Field(default_factory=dict)
    indices: dict[str, IndexSection] = Field(default_factory=dict)
    groups: dict[str, GroupSection] = Field(default_factory=dict)
    plan: PlanSection = Field(default_factory=PlanSection)
    families: dict[str, FamilySection] = Field(default_factory=dict)
    comparisons: list[ComparisonSection] = Field(default_factory=list)
    goals: list[GoalSection] = Field(default_factory=list)
    sources: list[SourceSection] = Field(default_factory=list)
    findings: list[FindingSection] = Field(default_factory=list)
    contacts: list[ContactSection] = Field(default_factory=list)
    releases: dict[str, ReleaseSection] = Field(default_factory=dict)

    def averaged(self, scale: Scale) -> bool:
        """Whether the mean of a scale is told: of two answers it says what their shares say, so the study has to give them scores."""
        given = scale.name in self.scales and bool(self.scales[scale.name].scores)
        return bool(scale.scores) and (given or len(scale.substantive) > 2)
