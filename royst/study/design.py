"""How the asked were chosen, and whom the figures stand for: sections ``[design]``, ``[waves]`` and ``[carry]`` of ``study.toml``."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Languages = dict[str, str]


class Section(BaseModel):
    """A part of ``study.toml``: frozen once read, and an unknown key is a fault, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DesignSection(Section):
    """``[design]``: one design for all waves.

    ``unit``, ``psu``, ``id`` and ``weight`` name columns of the answers; ``wave`` one of the files that are imported, which is not kept. ``psu`` defaults to the unit. Strata are a column of
    ``sample.csv`` (``strata = "stratum"``) or none. ``weight_basis``: ``known`` (users of each unit from the frame), ``reported`` (from the
    hand-out ledger), ``given`` (the ``weight`` column) or ``as_came`` (each answer counts one). An empty text says that there is no such column.
    """

    sampled: bool = True
    unit: str | None = "unit"
    psu: str | None = None
    id: str | None = None
    strata: str | None = None
    weight: str | None = None
    wave: str | None = None
    weight_basis: Literal["known", "reported", "given", "as_came"] = "as_came"
    singleton: Literal["fail", "adjust", "average", "certainty", "collapse"] = "fail"
    fpc: Literal["none", "units"] = "none"
    estimand: Languages = Field(default_factory=dict)
    weights_said: Languages = Field(default_factory=dict)

    @field_validator("unit", "psu", "id", "strata", "weight", "wave", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value


class WaveSection(Section):
    """``[waves.2019]``. ``role = "background"``: answers that are carried to later waves and never published themselves."""

    label: Languages = Field(default_factory=dict)
    fieldwork: str = ""
    role: Literal["published", "background"] = "published"
    frame_year: str | None = None


class CarrySection(Section):
    """``[carry]``: background that was asked once and follows each person (or PSU) to later waves by ``key``.

    Where a later wave asked the item itself, its own answer stands.
    """

    wave: str
    key: str
    items: list[str]
