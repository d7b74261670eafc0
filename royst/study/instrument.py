"""What was asked in one wave: items, scales and languages, as the wave's own questionnaire (XLSForm) has them.

The questionnaire is frozen with its wave. How answers are counted (bands, scores, which answers mean "not relevant") is the
plan's and stands in ``study.toml``; ``Instrument`` brings both together, so that the rest of the system asks in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Text = Mapping[str, str]
"""The same words in several languages: language code to text. A language may be missing."""

Kind = Literal["one", "many", "number", "text", "note"]


@dataclass(frozen=True)
class Choice:
    """One answer of a scale: the name stored in the data, and what people read."""

    name: str
    label: Text


@dataclass(frozen=True)
class Scale:
    """A choice list with what the plan says of it.

    ``scores`` holds a number for each substantive choice (never for a not-relevant one). ``bands`` maps a band's id to the
    choices in it, best band first; it may be empty. ``not_relevant`` choices leave the denominator and are printed apart.
    """

    name: str
    choices: tuple[Choice, ...]
    scores: Mapping[str, float]
    bands: Mapping[str, tuple[str, ...]]
    not_relevant: tuple[str, ...] = ()

    @property
    def substantive(self) -> tuple[str, ...]:
        """Names of the choices that count in the denominator, in the questionnaire's order."""
        return tuple(choice.name for choice in self.choices if choice.name not in self.not_relevant)

    def mirrored(self) -> Scale:
        """The scale for an item worded the other way: scores and bands swap ends."""
        if not self.scores:
            return self
        total = min(self.scores.values()) + max(self.scores.values())
        scores = {name: total - score for name, score in self.scores.items()}
        partner = {self.scores[name]: name for name in self.scores}
        swap = {name: partner.get(total - score, name) for name, score in self.scores.items()}
        bands = {band: tuple(sorted(swap[name] for name in names)) for band, names in self.bands.items()}
        return Scale(self.name, self.choices, scores, bands, self.not_relevant)


@dataclass(frozen=True)
class Item:
    """One question of a wave.

    ``scale`` is set for kinds ``one`` and ``many`` and already mirrored where ``reversed`` is true. ``same_as`` names the item of the
    nearest earlier wave that this one continues; without it, a line over time breaks here. ``row`` is the questionnaire's row.
    """

    name: str
    kind: Kind
    label: Text
    row: int
    scale: Scale | None = None
    theme: str | None = None
    same_as: str | None = None
    reversed: bool = False
    relevant: str = ""
    constraint: str = ""
    calculation: str = ""
    required: bool = False
    hint: Text | None = None
    appearance: str = ""
    choice_filter: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Instrument:
    """All items of one wave in the order asked. ``title`` never names what the survey is about to a passer-by."""

    wave: str
    title: Text
    languages: tuple[str, ...]
    items: tuple[Item, ...]
    version: str = ""

    def __getitem__(self, name: str) -> Item:
        for item in self.items:
            if item.name == name:
                return item
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return any(item.name == name for item in self.items)
