"""How far coders agree beyond chance on the same units: Cohen's kappa and Krippendorff's alpha for nominal data."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Value = Hashable
Why = Literal["", "not-applicable", "nothing-coded", "no-variation", "one-coder", "two-coders-only", "overlapping"]


@dataclass(frozen=True)
class Agreement:
    """A coefficient as 1 − ``observed`` / ``expected`` disagreement; 1 is full agreement, 0 what chance gives, below 0 worse than chance.

    ``value`` is None where it is not defined, and ``why`` says so: ``not-applicable`` (the analysis is reflexive), ``nothing-coded``,
    ``no-variation`` (all units got one value, so chance alone explains all), ``one-coder``, ``two-coders-only``, ``overlapping`` (a coder put
    two codes on the same words, so a character has not one value). ``n``: units, or characters, that at least two coders judged.
    """

    coefficient: str
    value: float | None
    observed: float | None
    expected: float | None
    n: float
    why: Why = ""


def undefined(
    coefficient: str, why: Why, n: float = 0, observed: float | None = None, expected: float | None = None
) -> Agreement:
    return Agreement(coefficient, None, observed, expected, n, why)


def from_disagreement(coefficient: str, observed: float, expected: float, n: float) -> Agreement:
    """1 − observed/expected; undefined where chance expects no disagreement."""
    if expected <= 0:
        return undefined(coefficient, "no-variation", n, observed, expected)
    return Agreement(coefficient, 1 - observed / expected, observed, expected, n)


def cohen_kappa(first: Sequence[Value | None], second: Sequence[Value | None]) -> Agreement:
    """Cohen's kappa of two coders over the same units (Cohen 1960, Educational and Psychological Measurement 20, eq. 1).

    A unit that either left out (None) is left out. ``ValueError`` where the lengths differ.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} units")
    return kappa_of_lengths(
        Counter((a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None)
    )


def kappa_of_lengths(table: Mapping[tuple[Value, Value], float]) -> Agreement:
    """Cohen's kappa from a contingency table: (first's value, second's value) to how many units, or characters."""
    n = sum(table.values())
    if n == 0:
        return undefined("cohen-kappa", "nothing-coded")
    first: dict[Value, float] = defaultdict(float)
    second: dict[Value, float] = defaultdict(float)
    for (a, b), count in table.items():
        first[a] += count
        second[b] += count
    observed = sum(count for (a, b), count in table.items() if a != b) / n
    expected = 1 - sum(count * second.get(value, 0) for value, count in first.items()) / n**2
    return from_disagreement("cohen-kappa", observed, expected, n)


def krippendorff_alpha(ratings: Sequence[Sequence[Value | None]]) -> Agreement:
    """Krippendorff's alpha for nominal data, any number of coders, with missing values (Krippendorff 2011, "Computing alpha-reliability", part C and D).

    ``ratings``: one row a coder, one column a unit, None where a coder gave no value. A unit with one value pairs with nothing and is left out.
    """
    if len({len(row) for row in ratings}) > 1:
        raise ValueError("rows of different length")
    if len(ratings) < 2:
        return undefined("krippendorff-alpha", "one-coder")
    units = (tuple(value for value in unit if value is not None) for unit in zip(*ratings, strict=True))
    return alpha_of_lengths(Counter(tuple(sorted(unit, key=repr)) for unit in units))


def alpha_of_lengths(units: Mapping[tuple[Value, ...], float]) -> Agreement:
    """Nominal alpha from how often (or over how many characters) each combination of values was given to a unit."""
    totals: dict[Value, float] = defaultdict(float)
    disagree = 0.0
    for values, count in units.items():
        m = len(values)
        if m < 2:
            continue
        given = Counter(values)
        for value, times in given.items():
            totals[value] += count * times
            disagree += count * times * (m - times) / (m - 1)
    n = sum(totals.values())
    if n == 0:
        return undefined("krippendorff-alpha", "nothing-coded")
    expected = (n * n - sum(count * count for count in totals.values())) / (n * (n - 1)) if n > 1 else 0.0
    return from_disagreement("krippendorff-alpha", disagree / n, expected, n)


def pooled(coefficient: str, parts: Sequence[Agreement]) -> Agreement:
    """One coefficient over several codes: 1 − sum of observed / sum of expected disagreements.

    For kappa this is the pooled kappa of De Vries and others (2008, Field Methods 20, eq. 3); for alpha the joint form of Krippendorff (2004,
    Quality and Quantity 38). Codes for which it is not defined add what they have.
    """
    known = [part for part in parts if part.observed is not None and part.expected is not None]
    if not known:
        return undefined(coefficient, parts[0].why if parts else "nothing-coded")
    observed = sum(part.observed or 0.0 for part in known)
    expected = sum(part.expected or 0.0 for part in known)
    return from_disagreement(coefficient, observed, expected, max(part.n for part in known))
