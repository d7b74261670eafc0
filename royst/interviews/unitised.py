"""Agreement on a text that coders cut for themselves: Krippendorff's alpha for unitising, over characters.

``u_alpha``, ``binary_u_alpha``, ``cu_alpha`` and ``ku_alpha`` are the family of Krippendorff, Mathet, Bouvry and Widlöcher (2016, Quality and Quantity
50:2347–2364; Krippendorff 2019, Content Analysis, 4th ed., section 12.6): ᵤα of both place and value, |ᵤα of place alone, ᶜᵤα of the values on
words that coders both marked, and ₍ₖ₎ᵤα of one value among them. ``alpha_u_2004`` is the earlier α_U (Krippendorff 1995; 2004, Quality and Quantity
38:787–800), for comparison with what older programs print.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from royst.interviews.agreement import Agreement, from_disagreement, undefined

Matrix = dict[tuple[str | None, str | None], float]
"""Coincidences of two values in characters; None stands for what a coder left unmarked."""


@dataclass(frozen=True)
class Unit:
    """What one coder marked: characters ``start`` to ``end``, with one value."""

    start: int
    end: int
    value: str


Coders = Sequence[Sequence[Unit]]
"""One sequence of units a coder, any order, none overlapping another of the same coder."""


@dataclass(frozen=True)
class _Piece:
    start: int
    end: int
    value: str | None


def _cut(units: Sequence[Unit], length: int) -> list[_Piece]:
    """The whole text as units and the gaps between them."""
    pieces, at = [], 0
    for unit in sorted(units, key=lambda u: (u.start, u.end)):
        if not at <= unit.start < unit.end <= length:
            raise ValueError(f"unit {unit} is empty, overlaps another of its coder, or lies outside a text of {length}")
        if unit.start > at:
            pieces.append(_Piece(at, unit.start, None))
        pieces.append(_Piece(unit.start, unit.end, unit.value))
        at = unit.end
    if at < length:
        pieces.append(_Piece(at, length, None))
    return pieces


def _shared(first: Sequence[_Piece], second: Sequence[_Piece]) -> list[tuple[_Piece, _Piece, int]]:
    """Pairs of pieces that share characters, and how many: one pass over both."""
    found, i, j = [], 0, 0
    while i < len(first) and j < len(second):
        a, b = first[i], second[j]
        found.append((a, b, min(a.end, b.end) - max(a.start, b.start)))
        i, j = (i + 1 if a.end <= b.end else i), (j + 1 if b.end <= a.end else j)
    return found


def observed_coincidences(coders: Coders, length: int) -> Matrix:
    """ℓ_ck (2019, eq. 32): characters valued c by one coder and k by another, over all ordered pairs, divided by coders less one."""
    cut = [_cut(units, length) for units in coders]
    cells: Matrix = defaultdict(float)
    for i, first in enumerate(cut):
        for second in cut[i + 1 :]:
            for a, b, n in _shared(first, second):
                cells[a.value, b.value] += n / (len(cut) - 1)
                cells[b.value, a.value] += n / (len(cut) - 1)
    return dict(cells)


def _margins(cells: Matrix) -> dict[str | None, float]:
    sums: dict[str | None, float] = defaultdict(float)
    for (value, _), n in sorted(cells.items(), key=repr):
        sums[value] += n
    return sums


def _disagreement(margins: Mapping[str | None, float], own: float) -> float:
    """Expected coincidences off the diagonal (eq. 33): products of margins, without the pairs of a unit with itself (``own``)."""
    total = sum(margins.values())
    off = total * total - sum(n * n for n in margins.values())
    return total * off / (total * total - own) if total * total > own else 0.0


def u_alpha(coders: Coders, length: int) -> Agreement:
    """ᵤα: agreement on where the units are and what they are (2019, eq. 34). ``observed`` and ``expected`` are in characters. ``ValueError`` where one coder's units overlap."""
    return _over_all(coders, length, binary=False)


def binary_u_alpha(coders: Coders, length: int) -> Agreement:
    """|ᵤα: agreement on which words are marked at all, whatever their value (2019, eq. 35)."""
    return _over_all(coders, length, binary=True)


def _over_all(coders: Coders, length: int, binary: bool) -> Agreement:
    name = "binary-u-alpha" if binary else "u-alpha"
    if len(coders) < 2:
        return undefined(name, "one-coder")
    if not any(coders):
        return undefined(name, "nothing-coded", length)
    cells = observed_coincidences(coders, length)
    # A gap is no unit: its characters pair with each other, and only a character with itself does not count.
    own = sum(
        (p.end - p.start) ** 2 if p.value is not None else p.end - p.start
        for units in coders
        for p in _cut(units, length)
    )
    margins = _margins(cells)
    total = sum(margins.values())
    if binary:
        observed = sum(n for (c, k), n in cells.items() if (c is None) != (k is None))
        gap = margins.get(None, 0.0)
        expected = total * 2 * gap * (total - gap) / (total * total - own) if total * total > own else 0.0
    else:
        observed = sum(n for (c, k), n in cells.items() if c != k)
        expected = _disagreement(margins, own)
    return from_disagreement(name, observed, expected, length)


def cu_alpha(coders: Coders, length: int) -> Agreement:
    """ᶜᵤα: agreement on the values of words that at least two coders marked (2019, eq. 36–37).

    A unit's pairable length is its characters, each weighted by the share of the other coders who marked it too.
    """
    return _valued(coders, length, None)


def ku_alpha(coders: Coders, length: int, value: str) -> Agreement:
    """₍ₖ₎ᵤα: as ``cu_alpha``, of one value (2019, eq. 38)."""
    return _valued(coders, length, value)


def _valued(coders: Coders, length: int, value: str | None) -> Agreement:
    name = "cu-alpha" if value is None else "ku-alpha"
    if len(coders) < 2:
        return undefined(name, "one-coder")
    cells = {key: n for key, n in observed_coincidences(coders, length).items() if None not in key}
    margins = _margins(cells)
    total = sum(margins.values())
    if not total or (value is not None and not margins.get(value)):
        return undefined(name, "nothing-coded")
    own = sum(sum(shared) ** 2 for shared in _pairable(coders, length))
    if value is None:
        return from_disagreement(
            name, sum(n for (c, k), n in cells.items() if c != k), _disagreement(margins, own), total
        )
    chance = total / (total * total - own) if total * total > own else 0.0
    observed = sum(n for (c, k), n in cells.items() if k == value and c != value)
    self_pairs = sum(sum(shared) ** 2 for shared in _pairable(coders, length, value))
    column = chance * (margins[value] * total - self_pairs)
    off = chance * margins[value] * (total - margins[value])
    return from_disagreement(name, observed / margins[value], off / column if column else 0.0, margins[value])


def _pairable(coders: Coders, length: int, value: str | None = None) -> list[list[float]]:
    """Per unit (of one value), the characters it shares with marked words of each other coder, divided by coders less one."""
    cut = [_cut(units, length) for units in coders]
    shared: dict[tuple[int, int], list[float]] = defaultdict(list)
    for i, first in enumerate(cut):
        for j, second in enumerate(cut):
            if i != j:
                for a, b, n in _shared(first, second):
                    if a.value is not None and b.value is not None and value in (None, a.value):
                        shared[i, a.start].append(n / (len(cut) - 1))
    return list(shared.values())


def alpha_u_2004(coders: Coders, length: int, value: str) -> Agreement:
    """α_U of one value (Krippendorff 2004, eq. for D_oc and D_ec): squared distances of unmatched beginnings and ends, against all placements by chance."""
    if len(coders) < 2:
        return undefined("alpha-u-2004", "one-coder")
    cut = [_cut([unit for unit in units if unit.value == value], length) for units in coders]
    m = len(cut)
    pairs = sum(
        _squared(a, b) for i, first in enumerate(cut) for second in cut[i + 1 :] for a, b, _ in _shared(first, second)
    )
    observed = 2 * pairs / (m * (m - 1) * length**2)
    units = [p.end - p.start for pieces in cut for p in pieces if p.value is not None]
    gaps = [p.end - p.start for pieces in cut for p in pieces if p.value is None]
    if not units:
        return undefined("alpha-u-2004", "nothing-coded", length)
    summed = sum(
        (len(units) - 1) / 3 * (2 * n**3 - 3 * n**2 + n) + n**2 * sum(gap - n + 1 for gap in gaps if gap >= n)
        for n in units
    )
    places = m * length * (m * length - 1) - sum(n * (n - 1) for n in units)
    return from_disagreement("alpha-u-2004", observed, 2 / length * summed / places if places else 0.0, length)


def _squared(a: _Piece, b: _Piece) -> int:
    if a.value is not None and b.value is not None:
        return (a.start - b.start) ** 2 + (a.end - b.end) ** 2
    if a.value is not None and b.start <= a.start and a.end <= b.end:
        return (a.end - a.start) ** 2
    if b.value is not None and a.start <= b.start and b.end <= a.end:
        return (b.end - b.start) ** 2
    return 0
