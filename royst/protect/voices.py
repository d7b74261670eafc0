"""What people said in interviews: a quote's label, and how many speak of a theme, so that nobody can be told by them.

A label is made shorter until enough participants could have said the words. Who knows every participant's traits, and how labels are made, knows too who would
have got a longer one: those who are left count, not all whom the label fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from royst.errors import Fault, InputError
from royst.protect.rules import RuleSet

Label = tuple[tuple[str, str], ...]
"""Traits with their values, the one that is kept longest first: ``(("sex", "k"), ("group", "65+"))``."""


@dataclass(frozen=True)
class Talk:
    """What one sub-study asks to publish.

    ``people``: every participant whose consent stands, quoted or not, to the traits that a label may tell. ``places``: traits that are places. ``quotes``: quote to
    the participant who said it. ``themes``: theme to how many participants speak of it.
    """

    name: str
    people: Mapping[str, Label]
    quotes: Mapping[str, str]
    themes: Mapping[str, int]
    places: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Told:
    """What may be printed. ``labels``: quote to its label; a quote that is not in it is withheld. ``themes``: theme to its extent (see ``extent``) and number.

    ``shortened``: quotes whose label was made shorter; ``fewest``: participants who could have said the words, for the label that leaves fewest.
    """

    labels: Mapping[str, Label] = field(default_factory=dict)
    themes: Mapping[str, tuple[str, int | None]] = field(default_factory=dict)
    withheld: int = 0
    shortened: int = 0
    fewest: int | None = None


def allowed(talk: Talk, rules: RuleSet) -> Told:
    """Labels and extents that the rules allow, held against ``could_have_said`` before they leave. Raises ``InputError`` (``place-in-label``)."""
    if found := sorted({trait for label in talk.people.values() for trait, _ in label} & talk.places):
        raise InputError(
            Fault("place-in-label", f"sub-study {talk.name} labels its quotes with {trait!r}, a place", "take it out of label in substudy.toml")
            for trait in found
        )
    least = rules.voices.value
    given = safe(talk.people, least)
    labels = {quote: given[who] for quote, who in talk.quotes.items() if who in given}
    behind = [len(could_have_said(label, talk.people, given)) for label in labels.values()]
    if any(n < least for n in behind):
        raise AssertionError("a label leaves too few who could have said the words")
    short = sum(len(label) < len(talk.people[talk.quotes[quote]]) for quote, label in labels.items())
    themes = {theme: extent(n, len(talk.people), rules) for theme, n in talk.themes.items()}
    return Told(labels, themes, len(talk.quotes) - len(labels), short, min(behind, default=None))


def safe(people: Mapping[str, Label], least: int) -> dict[str, Label]:
    """Each participant's label, such that at least ``least`` have the very same one; empty where there are fewer participants than that.

    From the longest labels up: who is in too small a group loses the last trait, and where those who lost it are still too few together, the smallest group with more
    traits joins them.
    """
    groups, _ = _settled((), dict(people), least)
    return {who: label for label, members in groups for who in sorted(members)}


def _settled(label: Label, people: Mapping[str, Label], least: int) -> tuple[list[tuple[Label, set[str]]], set[str]]:
    """Groups among people whose labels begin with ``label``, and those who are too few to have even that."""
    below: dict[tuple[str, str], dict[str, Label]] = {}
    loose = set()
    for who, traits in people.items():
        if len(traits) == len(label):
            loose.add(who)
        else:
            below.setdefault(traits[len(label)], {})[who] = traits
    groups: list[tuple[Label, set[str]]] = []
    for trait, part in sorted(below.items()):
        found, few = _settled((*label, trait), part, least)
        groups += found
        loose |= few
    while 0 < len(loose) < least and groups:
        smallest = min(groups, key=lambda group: (len(group[1]), group[0]))
        groups.remove(smallest)
        loose |= smallest[1]
    if len(loose) >= least:
        return [*groups, (label, loose)], set()
    return groups, loose


def could_have_said(label: Label, people: Mapping[str, Label], given: Mapping[str, Label]) -> set[str]:
    """The participants whom the label fits and who would not have got another one: what a reader is left with who knows all traits and the method."""
    fits = {who for who, traits in people.items() if set(label) <= set(traits)}
    return {who for who in fits if given.get(who) == label}


def extent(n: int, of: int, rules: RuleSet) -> tuple[str, int | None]:
    """How many speak of a theme, and the number where it may be told: ``none``, ``few``, ``number``, ``most`` (all, or all but a few), ``some`` (few of a few)."""
    few, most = 0 < n <= rules.small.value, of - n <= rules.small.value
    if n == 0:
        return "none", None
    if few or most:
        return ("some" if few and most else "few" if few else "most"), None
    return "number", n


def counted(found: list[Told]) -> dict[str, object]:
    """What the certificate says of the interviews: numbers alone."""
    behind = [part.fewest for part in found if part.fewest is not None]
    return {
        "sub_studies": len(found),
        "quotes": sum(len(part.labels) + part.withheld for part in found),
        "quotes_withheld": sum(part.withheld for part in found),
        "labels_shortened": sum(part.shortened for part in found),
        "fewest_who_could_have_said_a_quote": min(behind, default=None),
        "themes": sum(len(part.themes) for part in found),
        "themes_told_without_a_number": sum(n is None for part in found for _, n in part.themes.values()),
    }
