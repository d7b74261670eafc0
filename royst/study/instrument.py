"""What was asked in one wave: items, scales and languages, as the wave's own questionnaire (XLSForm) has them.

The questionnaire is frozen with its wave. How answers are counted (bands, scores, which answers mean "not relevant") is the
plan's and stands in ``study.toml``; ``Instrument`` brings both together, so that the rest of the system asks in one place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

Text = Mapping[str, str]
"""The same words in several languages: language code to text. A language may be missing."""

Kind = Literal["one", "many", "number", "text", "note"]


@dataclass(frozen=True)
class Choice:
    """One answer of a scale: the name stored in the data, and what people read. ``attributes``: further columns, which choice filters use."""

    name: str
    label: Text
    attributes: Mapping[str, str] = field(default_factory=dict)


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

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of all choices in the questionnaire's order."""
        return tuple(choice.name for choice in self.choices)

    @property
    def substantive(self) -> tuple[str, ...]:
        """Names of the choices that count in the denominator, in the questionnaire's order."""
        return tuple(choice.name for choice in self.choices if choice.name not in self.not_relevant)

    @property
    def has_mirror(self) -> bool:
        """Whether each score has one choice and its distance from the lowest is some choice's distance from the highest."""
        values = sorted(round(value, 9) for value in self.scores.values())
        total = values[0] + values[-1] if values else 0.0
        return len(set(values)) == len(values) and sorted(round(total - value, 9) for value in values) == values

    def mirrored(self) -> Scale:
        """The scale for an item worded the other way: scores and bands swap ends. Where ``has_mirror`` is false the bands cannot."""
        if not self.scores:
            return self
        total = min(self.scores.values()) + max(self.scores.values())
        scores = {name: total - score for name, score in self.scores.items()}
        partner = {round(score, 9): name for name, score in self.scores.items()}
        swap = {name: partner.get(round(total - score, 9), name) for name, score in self.scores.items()}
        order = {name: place for place, name in enumerate(self.names)}
        bands = {
            band: tuple(sorted((swap.get(name, name) for name in names), key=order.__getitem__))
            for band, names in self.bands.items()
        }
        return Scale(self.name, self.choices, scores, bands, self.not_relevant)


@dataclass(frozen=True)
class Grid:
    """A group that is shown as a table (XLSForm's appearance ``table-list``): its name and heading."""

    name: str
    label: Text


@dataclass(frozen=True)
class Item:
    """One question of a wave.

    ``scale`` is set for kinds ``one`` and ``many`` and already mirrored where ``reversed`` is true. ``same_as`` names the item of the
    nearest earlier wave that this one continues; without it, a line over time breaks here. ``row`` is the questionnaire's row.
    ``relevant`` holds the conditions of the groups around the item too. Only what is never asked has a ``calculation``.
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
    constraint_message: Text | None = None
    grid: Grid | None = None


@dataclass(frozen=True)
class Instrument:
    """All items of one wave in the order asked. ``title`` never names what the survey is about to a passer-by."""

    wave: str
    title: Text
    languages: tuple[str, ...]
    items: tuple[Item, ...]
    version: str = ""

    @cached_property
    def _by_name(self) -> dict[str, Item]:
        return {item.name: item for item in self.items}

    def __getitem__(self, name: str) -> Item:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    @property
    def answered(self) -> tuple[Item, ...]:
        """The items that have an answer: all but notes."""
        return tuple(item for item in self.items if item.kind != "note")


def line(instruments: Mapping[str, Instrument], waves: Sequence[str], item: str) -> dict[str, str]:
    """An item's line over time through ``same_as``: wave to its name there, newest first, from the last of ``waves`` (in order of time) backwards.

    Waves that did not ask it are passed over; the line ends where an item continues no other.
    """
    found: dict[str, str] = {}
    current: str | None = item
    for wave in reversed(waves):
        if current is not None and wave in instruments and current in instruments[wave]:
            found[wave] = current
            current = instruments[wave][current].same_as
    return found
