"""The sections of ``substudy.toml``, as people write them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from royst.interviews.coding import Approach

Text = dict[str, str]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AttributeSection(_Section):
    """``[attributes.sex]``: a trait of participants. ``publish`` lets labels and tables use it; a ``place`` (municipality, city, institution) is never published."""

    label: Text
    values: dict[str, Text]
    kind: Literal["trait", "place"] = "trait"
    publish: bool = False


class QuotaSection(_Section):
    """``[[quota]]``: how many are wanted with these values."""

    cell: dict[str, str]
    wanted: int = Field(ge=0)


class PersonSection(_Section):
    """``[[researchers]]``: who interviewed, coded or both, as COREQ asks (items 1–8)."""

    id: str
    name: str = ""
    roles: list[Literal["interviewer", "coder", "analyst", "approver"]]
    credentials: Text = Field(default_factory=dict)
    occupation: Text = Field(default_factory=dict)
    gender: Text = Field(default_factory=dict)
    experience: Text = Field(default_factory=dict)
    characteristics: Text = Field(default_factory=dict)


class MethodSection(_Section):
    """``[method]``: what no file shows and a person must say, by language."""

    orientation: Text = Field(default_factory=dict)
    sampling: Text = Field(default_factory=dict)
    approach: Text = Field(default_factory=dict)
    relationship: Text = Field(default_factory=dict)
    known_of_researcher: Text = Field(default_factory=dict)
    setting: Text = Field(default_factory=dict)
    presence: Text = Field(default_factory=dict)
    repeat_interviews: Text = Field(default_factory=dict)
    recording: Text = Field(default_factory=dict)
    field_notes: Text = Field(default_factory=dict)
    saturation: Text = Field(default_factory=dict)
    transcripts_returned: Text = Field(default_factory=dict)
    participant_checking: Text = Field(default_factory=dict)
    derivation: Text = Field(default_factory=dict)
    consistency: Text = Field(default_factory=dict)


class GuideSection(_Section):
    """``[guides.1]``: a version of the interview guide; ``topics`` in the order they are taken up. ``piloted`` says how it was tried."""

    on: str
    topics: list[Text]
    change: Text = Field(default_factory=dict)
    piloted: Text = Field(default_factory=dict)


class ConsentSection(_Section):
    """``[consents.1]``: a version of the letter that people signed: from when, and what it says of use, quotes and withdrawal."""

    on: str
    says: Text = Field(default_factory=dict)


class SubstudyFile(_Section):
    """The whole of ``substudy.toml``. ``reasons``: what a reason in asked.csv is called, by language."""

    format: Literal[1]
    id: str
    title: Text
    synthetic: bool = False
    purpose: Text
    population: Text
    approach: Approach = "codebook"
    sealed: bool = False
    consents: dict[str, ConsentSection] = Field(default_factory=dict)
    attributes: dict[str, AttributeSection] = Field(default_factory=dict)
    quota: list[QuotaSection] = Field(default_factory=list)
    label: list[str] = Field(default_factory=list)
    guides: dict[str, GuideSection] = Field(default_factory=dict)
    researchers: list[PersonSection] = Field(default_factory=list)
    method: MethodSection = Field(default_factory=MethodSection)
    recommendations: list[Text] = Field(default_factory=list)
    reasons: dict[str, Text] = Field(default_factory=dict)
