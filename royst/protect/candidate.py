"""What asks to be published: every unprotected row, and the people behind it as far as protection needs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from royst.errors import Faults
from royst.protect.block import Block
from royst.protect.voices import Talk

ROW = ("wave", "population", "item", "domain")
"""What names a row: an item in one domain of one population of one wave."""
CELL = (*ROW, "measure", "category")
FINE = ("share", "mean", "quantile")
"""Measures that tell all answers of a row; ``band`` tells its bands."""
NOBODYS = ""
"""The category of those who are in none of a group."""
EVERYONE = "all"
"""The population of everybody. Any other one has a column that says who is in it, or (everybody counted otherwise) what each counts."""


@dataclass(frozen=True)
class Scale:
    """The answers of an item. ``choices``: substantive ones in order; ``bands``: band to choices, best first; answers in
    ``not_relevant`` leave the denominator; ``scores``: what each choice counts in a mean, by default its name where that is a
    number."""

    choices: tuple[str, ...]
    bands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    not_relevant: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def values(self) -> NDArray[np.float64] | None:
        """The choices' scores, (answers,); ``None`` where some have none."""
        try:
            return np.array([self.scores[name] if self.scores else float(name) for name in self.choices])
        except (KeyError, ValueError):
            return None

    def levels(self, measures: set[str]) -> list[tuple[str, NDArray[np.int64]]]:
        """The levels at which a row can be printed, finest first: ``answers``, ``bands``, ``two`` (the best band or not)."""
        found = [("answers", np.arange(len(self.choices)))]
        if self.bands:
            patterns = [tuple(choice in names for names in self.bands.values()) for choice in self.choices]
            found.append(("bands", _codes(patterns)))
            found.append(("two", _codes([pattern[0] for pattern in patterns])))
        if not measures & set(FINE):
            found = found[1:]
        if "band" not in measures:
            found = found[:1]
        distinct = [found[k] for k in range(len(found)) if not k or len(set(found[k][1])) < len(set(found[k - 1][1]))]
        return [(name, codes) for name, codes in distinct if len(set(codes)) > 1 or name == "answers"]


def _codes(patterns: list) -> NDArray[np.int64]:
    seen = {pattern: k for k, pattern in enumerate(dict.fromkeys(patterns))}
    return np.array([seen[pattern] for pattern in patterns], np.int64)


@dataclass(frozen=True)
class People:
    """Who answered one wave: one row per person in ``frame``.

    A string column per grouping in ``groups`` (null: in no category); a string column per item in ``scales`` (null:
    unanswered); for indices and items counted in numbers a column that is null where the person is not counted.
    ``unit``: the grouping whose categories know their own answers; ``weight``: a column, null or absent where each answer
    counts one; ``populations``: population to a column that is not null for its people (``panel`` and the like); ``mixes``:
    populations of everybody, counted otherwise, to a column of what each person counts.
    ``indices``: index to its items. ``asked_when``: item to the items whose answers decide who is asked it. ``guarded``: groupings whose domains must not be learnt though they are never
    printed; the unit by itself and with each other group, by default.
    """

    frame: pl.DataFrame
    groups: tuple[str, ...]
    scales: Mapping[str, Scale]
    unit: str | None = None
    weight: str | None = None
    populations: Mapping[str, str] = field(default_factory=dict)
    mixes: Mapping[str, str] = field(default_factory=dict)
    indices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    asked_when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    guarded: tuple[tuple[str, ...], ...] | None = None

    @property
    def secret(self) -> list[tuple[str, ...]]:
        """The guarded groupings."""
        if self.guarded is not None:
            return list(self.guarded)
        if self.unit is None:
            return [(a, b) for k, a in enumerate(self.groups) for b in self.groups[k + 1 :]]
        others = [group for group in self.groups if group != self.unit]
        return [(self.unit,), *((self.unit, group) for group in others)]


@dataclass(frozen=True)
class Candidate:
    """All that a release would say, before protection.

    ``estimates``: columns of ``release.ESTIMATES``; ``changes``: of ``release.CHANGES``; ``priorities``: of
    ``release.PRIORITIES``. Rows of every reader stand in ``estimates``: the public's and those of single units
    (``unit=K012``) and pools (``pool=P3``), because a report that was sent may be passed on.
    ``continues``: (wave, item) to the item's name in that wave, for changes of an item whose name has changed.
    ``from_printed``: makes more tables of the protected estimates and of nothing else; they tell nothing that these do not.
    ``talks``: the sub-studies of interviews that the release carries.
    ``unprinted``: populations whose rows are put forward because others tell them by subtraction, and never come back.
    """

    estimates: pl.DataFrame
    people: Mapping[str, People]
    changes: pl.DataFrame | None = None
    priorities: pl.DataFrame | None = None
    continues: Mapping[tuple[str, str], str] = field(default_factory=dict)
    from_printed: Callable[[pl.DataFrame], dict[str, pl.DataFrame]] | None = None
    talks: tuple[Talk, ...] = ()
    unprinted: tuple[str, ...] = ()


def domain_parts(domain: str) -> tuple[tuple[str, str], ...]:
    """``sex=m;age=18-29`` as pairs; ``all`` as none."""
    if domain == "all":
        return ()
    return tuple((part.partition("=")[0], part.partition("=")[2]) for part in domain.split(";"))


@dataclass(frozen=True, eq=False)
class WaveRows:
    """The rows of one wave over its people: ``names`` are (population, domain); ``members`` is (rows × people), 0/1.

    The first ``printed`` rows are candidates; the others are guarded.
    """

    names: list[tuple[str, str]]
    members: sparse.csr_array
    printed: int
    holder: NDArray[np.int64]
    weight: NDArray[np.float64]

    def place(self) -> dict[tuple[str, str], int]:
        return {name: k for k, name in enumerate(self.names)}


def wave_rows(wave: str, people: People, asked: list[tuple[str, str]]) -> WaveRows:
    """Every printed and every guarded domain of a wave as people. Raises ``InputError``: ``table-outside-plan``."""
    frame, faults = people.frame, Faults()
    known = set(people.groups) & set(frame.columns)
    for missing in sorted(set(people.groups) - known):
        faults.add(
            "missing-relation", f"wave {wave}: no column {missing!r} among the people", "give each person's group"
        )
    masks = {}
    for population in sorted({p for p, _ in asked if p != EVERYONE}):
        column = people.populations.get(population)
        if column is None or column not in frame.columns:
            faults.add("missing-relation", f"wave {wave}: who belongs to {population!r} is not told", "give its column")
        else:
            masks[population] = frame[column].is_not_null().to_numpy()
    for domain in dict.fromkeys(d for _, d in asked):
        for group, _ in domain_parts(domain):
            if group not in known:
                faults.add(
                    "table-outside-plan",
                    f"wave {wave}: the domain {domain!r}",
                    f"plan the group {group!r}, or leave it out",
                )
    faults.stop()
    codes = {group: frame[group].cast(pl.String).to_list() for group in people.groups}
    at = {group: _places(values) for group, values in codes.items()}
    everyone = np.ones(frame.height, bool)
    names, rows = [], []
    for population, domain in asked:
        inside = everyone.copy() if population == EVERYONE else masks[population].copy()
        for group, value in domain_parts(domain):
            inside &= at[group].get(value, ~everyone)
        names.append((population, domain))
        rows.append(np.flatnonzero(inside))
    taken = {domain for population, domain in asked if population == EVERYONE}
    for domain, inside in _secret(people, codes):
        if domain not in taken:
            names.append(("guarded", domain))
            rows.append(inside)
    lengths = np.cumsum([0, *map(len, rows)])
    content = np.concatenate(rows) if rows else np.empty(0, np.int64)
    members = sparse.csr_array((np.ones(len(content)), content, lengths), shape=(len(rows), frame.height))
    held = codes.get(people.unit or "", [None] * frame.height)
    number = {value: k for k, value in enumerate(sorted({v for v in held if v is not None}))}
    holder = np.array([-1 if v is None else number[v] for v in held], np.int64)
    weight = frame[people.weight].cast(pl.Float64).to_numpy() if people.weight else np.ones(frame.height)
    return WaveRows(names, members, len(asked), holder, np.asarray(weight, float))


def _places(values: list[str | None]) -> dict[str, NDArray[np.bool_]]:
    array = np.array([v or "" for v in values], dtype=object)
    return {value: array == value for value in sorted({v for v in values if v is not None})}


def _secret(people: People, codes: Mapping[str, list[str | None]]) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Guarded domains, and those of the people in no category of a group: all minus its categories is them."""
    told = {(group,) for group in people.groups if group != people.unit and None in codes[group]}
    nobodys: dict[str, list[str | None]] = {
        group: [NOBODYS if value is None else value for value in codes[group]] for group in people.groups
    }
    if people.unit is not None:
        nobodys[people.unit] = codes[people.unit]
    for by in dict.fromkeys([*people.secret, *sorted(told)]):
        for domain, inside in _crossed(by, nobodys):
            if by not in told or domain.endswith(f"={NOBODYS}"):
                yield domain, inside


def _crossed(by: tuple[str, ...], codes: Mapping[str, list[str | None]]) -> list[tuple[str, NDArray[np.int64]]]:
    found: dict[tuple[str, ...], list[int]] = {}
    for person, values in enumerate(zip(*(codes[group] for group in by))):
        if None not in values:
            found.setdefault(values, []).append(person)
    return [(";".join(f"{g}={v}" for g, v in zip(by, values)), np.array(found[values])) for values in sorted(found)]


def item_block(
    name: str, rows: WaveRows, asked: NDArray[np.bool_], answers: NDArray[np.int64], levels: list[NDArray[np.int64]]
) -> Block:
    """The block of one item. ``answers``: (people,) the number of the answer, −1 where not counted; ``asked``: (rows,)."""
    inside = np.flatnonzero(answers >= 0)
    members = rows.members[:, inside].tocsr()
    counts = np.zeros((len(inside), len(levels[0]) if levels else 2), np.int64)
    counts[np.arange(len(inside)), answers[inside]] = 1
    size = np.asarray(members.sum(1)).ravel()
    kept = np.flatnonzero(size > 0)
    names = tuple("/".join(rows.names[k]) for k in kept)
    candidate = asked[kept]
    weight = rows.weight[inside]
    even = not len(weight) or weight.max() - weight.min() < 1e-9
    return Block(
        name,
        names,
        members[kept].tocsr(),
        counts,
        tuple(levels),
        candidate,
        size[kept],
        rows.holder[inside],
        None if even else weight,
    )
