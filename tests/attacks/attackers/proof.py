"""The certificate of a release: how many facts there were to hide is a sum over everybody's answers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from attackers.evidence import Evidence, Item, Told, Wave

MOST = 200_000
"""Ways to split a question's answers over the units left that are gone through."""
WHOLE = {"unit", "pool", "region", "size"}
"""Groups that hold whole units: with others, splits over units do not say how many facts there are."""


def certificate(evidence: Evidence) -> Iterator[Told]:
    """Every way to split a question's answers over the units that print none and are not known, of which the number of facts is
    the certificate's. Of a release of one wave, whose other questions' numbers may be any of theirs."""
    for release in evidence.releases:
        waves = {row["wave"] for row in release.estimates}
        if len(waves) != 1 or not isinstance(release.certificate.get("facts"), int):
            continue
        (wave,), printed = waves, int(release.certificate["facts"])
        who = evidence.waves[wave]
        names = [item for w, item in sorted(evidence.rows) if w == wave and item in evidence.items]
        if not set(who.groups) <= WHOLE:
            continue
        worlds = {name: _worlds(evidence, wave, name) for name in names}
        if any(found is None or not len(found) for found in worlds.values()):
            continue
        facts = {name: _facts(evidence, who, name, worlds[name]) for name in names}
        for name in names:
            others = {0}
            for other in names:
                others = {a + int(b) for a in others for b in set(facts[other])} if other != name else others
            fit = worlds[name][np.isin(facts[name], [printed - number for number in others])]
            yield from _told(evidence, wave, name, fit)


def _told(evidence: Evidence, wave: str, name: str, fit: np.ndarray) -> Iterator[Told]:
    who, known = evidence.waves[wave], evidence.known.get(wave, {}).get(name, {})
    for k, unit in enumerate(sorted(set(who.unit)) if len(fit) else ()):
        people = np.flatnonzero((who.unit == unit) & who.answered(name))
        if all(str(person) in known for person in people):
            continue
        for label, answers in evidence.items[name].facts:
            counts = fit[:, k] @ answers
            if evidence.rules.told(len(people), counts.min(), counts.max()):
                yield Told(wave, name, f"unit={unit}", label, len(people), int(counts.min()), int(counts.max()))


def _worlds(evidence: Evidence, wave: str, name: str) -> np.ndarray | None:
    """Every table (worlds, units, answers) that agrees with the counts that are printed of units, of pools and of all."""
    who, item = evidence.waves[wave], evidence.items[name]
    units = sorted(set(who.unit))
    known = evidence.known.get(wave, {}).get(name, {})
    printed: dict[str, dict[str, int]] = {}
    for row in evidence.rows[wave, name]:
        possible = evidence.rules.counts(row) if row["measure"] == "share" else ()
        if len(possible) == 1:
            printed.setdefault(row["domain"], {})[row["category"]] = possible[0]
    full = {domain: np.array([told[c] for c in item.choices]) for domain, told in printed.items() if set(told) == set(item.choices)}
    ways = []
    for unit in units:
        people = np.flatnonzero((who.unit == unit) & who.answered(name))
        if f"unit={unit}" in full:
            ways.append(full[f"unit={unit}"][None])
        elif all(str(person) in known for person in people):
            ways.append(np.array([[sum(known[str(p)] == c for p in people) for c in item.choices]]))
        else:
            ways.append(np.array([w for w in product(range(len(people) + 1), repeat=len(item.choices)) if sum(w) == len(people)]))
    if np.prod([float(len(way)) for way in ways]) > MOST:
        return None
    found = np.array([np.stack(world) for world in product(*ways)])
    for domain, counts in full.items():
        inside = np.array([who.inside(domain)[who.unit == unit].all() for unit in units])
        found = found[(found[:, inside].sum(1) == counts).all(1)]
    return found


def _facts(evidence: Evidence, who: Wave, name: str, worlds: np.ndarray) -> np.ndarray:
    """How many facts each world has: of every group that holds other people, every answer, and every band of several. Shape (worlds,)."""
    units, item = sorted(set(who.unit)), evidence.items[name]
    groups = {np.ones(len(units), bool).tobytes(): np.ones(len(units), bool)}
    for group in who.groups:
        for value in sorted(set(who.columns[group]) - {""}):
            inside = np.array([(who.columns[group][who.unit == unit] == value).all() for unit in units])
            groups.setdefault(inside.tobytes(), inside)
    total = np.zeros(len(worlds), int)
    for inside in groups.values():
        counts = worlds[:, inside].sum(1)
        people = counts.sum(1)
        for answers in _sets(item):
            given = counts @ answers
            total += [evidence.rules.told(n, g, g) for n, g in zip(people, given)]
    return total


def _sets(item: Item) -> list[np.ndarray]:
    """Answers, bands of several, and all that is not the best band."""
    rest = 1 - item.answers("band", next(iter(item.bands))) if len(item.bands) > 2 else np.zeros(0)
    return [answers for _, answers in item.facts] + ([rest] if rest.sum() > 1 else [])
