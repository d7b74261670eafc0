"""What may be published. Publishing knows nothing else; this module imports nothing of ours.

A ``Release`` is a set of texts and labels (``Facts``) and of plain tables, all of them protected and rounded as the public will see them.
On disk it is the folder ``releases/<name>/release/``: ``facts.json`` and ``tables/*.csv``. Shares are per cent (0–100, one decimal), index points
likewise, means on their own scale with two decimals; a withheld number is null and its row's ``status`` is ``withheld``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

Text = dict[str, str]

PUBLISHED = "published"
WITHHELD = "withheld"
NOT_ESTIMABLE = "not_estimable"

_S, _F, _I = pl.String, pl.Float64, pl.Int64

ESTIMATES: dict[str, type[pl.DataType]] = {
    "wave": _S, "population": _S, "item": _S, "measure": _S, "category": _S, "domain": _S,
    "n": _I, "n_units": _I, "estimate": _F, "se": _F, "df": _F, "low": _F, "high": _F, "deff": _F, "n_eff": _F,
    "unweighted": _F, "method": _S, "decimals": _I, "status": _S,
}  # fmt: skip
"""One row per estimate. ``population``: ``all``; ``panel:2017:2019`` (units that took part in both waves); ``mix:2017:2019`` (everybody
in 2019, counted with the mix of region and size of 2017). ``measure``: ``share`` (one answer), ``band``,
``mean``, ``not_relevant`` (of all who answered the item), ``index``. ``domain``: ``all``, ``region=vest``, ``sex=m;age=18-29``. ``n`` counts answers.
``decimals``: those of the row's weighted figures; one of a percentage and two of a mean, or one fewer where a tenth of a point would say too much of who answered."""

CHANGES: dict[str, type[pl.DataType]] = {
    "id": _S, "kind": _S, "item": _S, "measure": _S, "category": _S, "population": _S,
    "wave_1": _S, "domain_1": _S, "estimate_1": _F, "n_1": _I, "wave_2": _S, "domain_2": _S, "estimate_2": _F, "n_2": _I,
    "estimate": _F, "se": _F, "df": _F, "low": _F, "high": _F, "low90": _F, "high90": _F, "p": _F, "p_adjusted": _F,
    "family": _S, "correction": _S, "margin": _F, "outcome": _S, "decimals": _I, "status": _S,
}  # fmt: skip
"""One row per difference (first minus second). ``kind``: ``groups``, ``waves`` (1 is the later) or ``source``. ``outcome``: ``higher``, ``lower``, ``same`` (the
90 % interval lies inside the margin) or ``cannot_tell``. Shares in percentage points."""

UNITS: dict[str, type[pl.DataType]] = {
    "wave": _S, "item": _S, "measure": _S, "category": _S, "units": _I,
    "better": _I, "expected": _I, "lower": _I, "cannot_tell": _I, "status": _S,
}  # fmt: skip
"""How many units stand above, within and below the expected range. Never which."""

PRIORITIES: dict[str, type[pl.DataType]] = {
    "wave": _S, "item": _S, "importance": _F, "low": _F, "high": _F, "room": _F, "n": _I, "status": _S,
}  # fmt: skip
"""Importance of an item for the headline (relative weight, per cent of what is explained) and its room for improvement (per cent not in the best band)."""

PARTICIPATION: dict[str, type[pl.DataType]] = {
    "wave": _S, "units_in_frame": _I, "units_drawn": _I, "units_refused": _I, "units_replaced": _I, "units": _I, "answers": _I,
    "users": _I, "offered": _I,
}  # fmt: skip
"""Counts of units and people. ``users`` and ``offered``: who is in the target group of the units that took part, and who of them was offered the
questionnaire; null where the study does not know."""

CELLS: dict[str, type[pl.DataType]] = {"table": _S, "cells": _I, "published": _I}
"""How much is published: cells per kind of table, and how many of them."""

REPORT_ESTIMATES: dict[str, type[pl.DataType]] = {"report": _S, **ESTIMATES}
"""What one unit (or pool) gets of its own: as ``ESTIMATES`` with the report's id in front. Figures without sampling error have a null ``se``."""

REPORT_UNITS: dict[str, type[pl.DataType]] = {
    "report": _S, "wave": _S, "item": _S, "measure": _S, "category": _S, "n": _I, "estimate": _F, "low": _F, "high": _F,
    "centre": _F, "expected_low": _F, "expected_high": _F, "reliability": _F, "verdict": _S, "status": _S,
}  # fmt: skip
"""A unit held against the expected range of all units: ``verdict`` is ``better``, ``expected``, ``lower`` or ``cannot_tell``."""

INTERVIEW_THEMES: dict[str, type[pl.DataType]] = {
    "substudy": _S, "theme": _S, "parent": _S, "language": _S, "name": _S, "summary": _S, "extent": _S, "participants": _I, "of": _I,
}  # fmt: skip
"""What a sub-study's interviews add up to, in reading order, a row per language. ``extent``: how many of its participants (``of``) speak of it: ``number`` (then
``participants`` says it), ``none``, ``few`` (one or two), ``most`` (all, or all but one or two) or ``some`` (few of few)."""

INTERVIEW_QUOTES: dict[str, type[pl.DataType]] = {"substudy": _S, "theme": _S, "quote": _S, "language": _S, "text": _S, "spoken": _S, "label": _S}
"""Quotes that may be printed. ``quote``: an id that is this release's alone. ``spoken``: the language that the text is in, where it is not in the reader's. ``label``: what may be said of who said it; at least three participants could have."""

INTERVIEW_JOINT: dict[str, type[pl.DataType]] = {"substudy": _S, "theme": _S, "item": _S, "stance": _S, "language": _S, "text": _S}
"""The joint display: a theme beside an item of the questionnaire, which it ``confirms``, ``widens`` or ``contradicts``. The estimate stands in ``ESTIMATES``."""

INTERVIEW_POINTS: dict[str, type[pl.DataType]] = {"substudy": _S, "point": _I, "language": _S, "domain": _S, "title": _S, "answer": _S}
"""How the interviews were done, by the 32 points of COREQ (Tong, Sainsbury and Craig 2007). ``answer`` is empty where nobody has answered."""

INTERVIEW_ADVICE: dict[str, type[pl.DataType]] = {"substudy": _S, "place": _I, "language": _S, "text": _S}
"""What a sub-study recommends, in its order."""

TABLES: dict[str, dict[str, type[pl.DataType]]] = {
    "estimates": ESTIMATES, "changes": CHANGES, "units": UNITS, "priorities": PRIORITIES, "participation": PARTICIPATION,
    "cells": CELLS, "report_estimates": REPORT_ESTIMATES, "report_units": REPORT_UNITS,
    "interview_themes": INTERVIEW_THEMES, "interview_quotes": INTERVIEW_QUOTES, "interview_joint": INTERVIEW_JOINT,
    "interview_points": INTERVIEW_POINTS, "interview_advice": INTERVIEW_ADVICE,
}  # fmt: skip


class Part(BaseModel):
    """A piece of the facts: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WaveFacts(Part):
    label: Text
    fieldwork: str = ""


class ChoiceFacts(Part):
    name: str
    label: Text


class ScaleFacts(Part):
    """``bands``: best first. ``best``: which end of ``scores`` is good."""

    choices: list[ChoiceFacts]
    bands: dict[str, list[str]] = Field(default_factory=dict)
    not_relevant: list[str] = Field(default_factory=list)
    scores: dict[str, float] = Field(default_factory=dict)
    best: Literal["high", "low"] = "high"


class BandFacts(Part):
    label: Text
    degree: Text = Field(default_factory=dict)


class ItemFacts(Part):
    """``question``: the words asked, by wave then language. ``waves``: where it was asked. ``continues``: wave to the item's name there, newest first, for lines over time.
    ``alone``: of who helped to fill in, the answer that nobody did."""

    question: dict[str, Text]
    short: Text
    predicate: Text = Field(default_factory=dict)
    topic: Text = Field(default_factory=dict)
    theme: str | None = None
    scale: str | None = None
    reversed: bool = False
    role: Literal["item", "background", "helper", "index"] = "item"
    alone: str = ""
    waves: list[str] = Field(default_factory=list)
    continues: dict[str, str] = Field(default_factory=dict)


class ThemeFacts(Part):
    label: Text
    intro: Text = Field(default_factory=dict)
    items: list[str]


class CategoryFacts(Part):
    label: Text
    who: Text = Field(default_factory=dict)


class GroupFacts(Part):
    label: Text
    categories: dict[str, CategoryFacts]


class GoalFacts(Part):
    id: str
    label: Text
    comparisons: list[str]


class FamilyFacts(Part):
    label: Text = Field(default_factory=dict)
    correction: Literal["holm", "bh", "none"]


class SourceFacts(Part):
    """A published figure of another survey. ``value`` in per cent; ``n`` may be unknown."""

    id: str
    label: Text
    value: float
    n: int | None = None
    citation: str
    note: Text = Field(default_factory=dict)


class FindingFacts(Part):
    """A statement to be made: which rows it asks for, never its words. See ``publish.findings``."""

    id: str
    kind: Literal["sample", "share", "bands", "lowest", "highest", "comparison", "source"]
    wave: str
    item: str | None = None
    measure: str = ""
    category: str = ""
    domain: str = "all"
    comparison: str | None = None
    source: str | None = None
    rank: int = 99
    theme: str | None = None


class ContactFacts(Part):
    name: str
    role: Text = Field(default_factory=dict)
    email: str = ""
    phone: str = ""


class PictureFacts(Part):
    """``file`` is a name inside the release's folder ``files/``."""

    file: str
    alt: Text
    credit: str = ""


class ReportFacts(Part):
    """A report that one unit, or one pool of units, gets. ``id`` is safe as a folder's name. ``members`` are unit names (a pool has several)."""

    id: str
    kind: Literal["unit", "pool"]
    label: Text
    wave: str
    n: int
    members: list[str]


class SubstudyFacts(Part):
    """A sub-study of interviews: whom it listened to and why. ``participants`` is empty where they are fewer than the rules allow to tell."""

    title: Text
    purpose: Text
    population: Text
    synthetic: bool
    participants: int | None = None


class MethodFacts(Part):
    """What stands behind the numbers, printed with every release. Texts by language are the study's own words."""

    rule_set: str
    loosened_because: str = ""
    weight_basis: str
    estimand: Text = Field(default_factory=dict)
    weights_said: Text = Field(default_factory=dict)
    strata: bool
    singleton: str
    singletons: list[str] = Field(default_factory=list)
    fpc: str = "none"
    level: float = 0.95
    margin: float
    min_answers: int
    min_units: int
    interval: str


class ReleaseBefore(Part):
    """An earlier release of the programme, for its page."""

    name: str
    date: str
    title: Text


class Facts(Part):
    """All that a release says besides its tables."""

    format: Literal[1] = 1
    royst: str
    name: str
    date: str
    study: str
    synthetic: bool
    languages: list[str]
    title: Text
    lede: Text = Field(default_factory=dict)
    programme: Text
    owner: Text = Field(default_factory=dict)
    commissioner: Text = Field(default_factory=dict)
    contacts: list[ContactFacts] = Field(default_factory=list)
    picture: PictureFacts | None = None
    wave: str
    waves: dict[str, WaveFacts]
    unit_name: Text = Field(default_factory=dict)
    units_name: Text = Field(default_factory=dict)
    whole_name: Text = Field(default_factory=dict)
    headline: str | None = None
    items: dict[str, ItemFacts]
    scales: dict[str, ScaleFacts]
    bands: dict[str, BandFacts] = Field(default_factory=dict)
    themes: dict[str, ThemeFacts] = Field(default_factory=dict)
    groups: dict[str, GroupFacts] = Field(default_factory=dict)
    goals: list[GoalFacts] = Field(default_factory=list)
    families: dict[str, FamilyFacts] = Field(default_factory=dict)
    sources: list[SourceFacts] = Field(default_factory=list)
    findings: list[FindingFacts] = Field(default_factory=list)
    reports: list[ReportFacts] = Field(default_factory=list)
    substudies: dict[str, SubstudyFacts] = Field(default_factory=dict)
    method: MethodFacts
    before: list[ReleaseBefore] = Field(default_factory=list)
    texts: dict[str, Text] = Field(default_factory=dict)
    inputs: dict[str, str] = Field(default_factory=dict)
    certificate: dict[str, object] = Field(default_factory=dict)


@dataclass(frozen=True)
class Release:
    """Facts and tables. ``tables`` has every name of ``TABLES`` with its schema; ``files`` are pictures and the like, name to bytes."""

    facts: Facts
    tables: Mapping[str, pl.DataFrame]
    files: Mapping[str, bytes]


def table(name: str, rows: list[dict[str, object]] | pl.DataFrame) -> pl.DataFrame:
    """Rows as the named table: columns in the schema's order and types, absent ones null."""
    schema = TABLES[name]
    frame = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows, schema={k: schema[k] for k in schema}, orient="row")
    missing = [pl.lit(None, dtype=kind).alias(column) for column, kind in schema.items() if column not in frame.columns]
    return frame.with_columns(missing).select(pl.col(column).cast(kind) for column, kind in schema.items())


def write(release: Release, folder: Path) -> None:
    """Write a release into an empty folder; the same release gives the same bytes."""
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    (folder / "facts.json").write_text(release.facts.model_dump_json(indent=1) + "\n", encoding="utf-8", newline="\n")
    for name in TABLES:
        frame = release.tables.get(name, table(name, []))
        (folder / "tables" / f"{name}.csv").write_bytes(frame.write_csv(line_terminator="\n").encode("utf-8"))
    for name, content in sorted(release.files.items()):
        (folder / "files").mkdir(exist_ok=True)
        (folder / "files" / name).write_bytes(content)


def read(folder: Path) -> Release:
    """Read a release that ``write`` wrote. Raises ``FileNotFoundError`` where a part is missing and ``ValueError`` where it is not a release."""
    facts = Facts.model_validate_json((folder / "facts.json").read_text(encoding="utf-8"))
    tables = {name: _stored(folder / "tables" / f"{name}.csv", schema) for name, schema in TABLES.items()}
    stored = folder / "files"
    files = {path.name: path.read_bytes() for path in sorted(stored.iterdir())} if stored.is_dir() else {}
    return Release(facts, tables, files)


def _stored(path: Path, schema: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
    """A table as it was written: an absent text is an empty one, an absent number is null. A column that came later is absent in every row of an older release."""
    with path.open(encoding="utf-8") as file:
        there = file.readline().rstrip("\n").split(",")
    if strange := [name for name in there if name not in schema]:
        raise ValueError(f"{path.name} has columns that no release has: {', '.join(strange)}")
    frame = pl.read_csv(path, schema={name: schema[name] for name in there})
    later = [pl.lit(None, dtype=kind).alias(name) for name, kind in schema.items() if name not in there]
    return frame.with_columns(later).select(list(schema)).with_columns(pl.col(pl.String).fill_null(""))
