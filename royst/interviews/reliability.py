"""Agreement in a closed round: per code and in all, over the characters of its transcripts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from royst.interviews import transcript as transcripts
from royst.interviews.agreement import Agreement, Value, alpha_of_lengths, kappa_of_lengths, pooled, undefined
from royst.interviews.codebook import Codebook
from royst.interviews.coding import Coding, all_codings, round_named
from royst.interviews.consensus import Span
from royst.interviews.store import Store
from royst.interviews.unitised import Unit, cu_alpha, u_alpha

COEFFICIENTS = ("cohen-kappa", "krippendorff-alpha", "u-alpha")
ALL = "*"


@dataclass(frozen=True)
class CodeAgreement:
    """One code's agreement (``code`` is ``*`` for all together), and how many characters each coder gave it."""

    code: str
    coefficients: Mapping[str, Agreement]
    characters: Mapping[str, int]


def agreement_of_round(store: Store, round: str, codebook: Codebook) -> tuple[CodeAgreement, ...]:
    """Agreement of a closed round. Its transcripts are laid end to end in the order of their ids; no unit crosses from one to the next.

    Per code: kappa (two coders) and nominal alpha of "has the code" per character, and ᵤα, where one coder's overlapping or touching stretches of the
    code are one unit. In all: each pooled over codes (see ``agreement.pooled``), and ``cu-alpha`` where no coder put two codes on the same words.
    A reflexive round gives ``not-applicable`` throughout. ``InputError`` (``round-open``).
    """
    found = round_named(store, round)
    by_coder = all_codings(store, round)
    if found.approach == "reflexive":
        return (
            CodeAgreement(ALL, {name: undefined(name, "not-applicable") for name in (*COEFFICIENTS, "cu-alpha")}, {}),
        )
    lengths = {id: len(transcripts.latest(store, id).text) for id in sorted(found.transcripts)}
    return agreement_of(by_coder, lengths, codebook)


def agreement_of(
    by_coder: Mapping[str, Sequence[Coding]], lengths: Mapping[str, int], codebook: Codebook
) -> tuple[CodeAgreement, ...]:
    """As ``agreement_of_round``, of codings and the transcripts' lengths in code points."""
    first, length = {}, 0
    for id, characters in lengths.items():
        first[id], length = length, length + characters
    spans: dict[str, dict[str, list[Span]]] = defaultdict(lambda: {coder: [] for coder in by_coder})
    for coder, codings in by_coder.items():
        for c in codings:
            if c.state != "review" and c.transcript in first:
                at = first[c.transcript]
                spans[codebook.resolve(c.code)][coder].append((at + c.start, at + c.end))
    rows = [_of_code(code, _separate(spans[code], list(first.values())), length) for code in sorted(spans)]
    total = {name: pooled(name, [row.coefficients[name] for row in rows]) for name in COEFFICIENTS}
    total["cu-alpha"] = _cu(spans, list(first.values()), by_coder, length)
    marked = {coder: sum(row.characters[coder] for row in rows) for coder in by_coder}
    return (*rows, CodeAgreement(ALL, total, marked))


def _separate(spans: Mapping[str, list[Span]], borders: Iterable[int]) -> dict[str, tuple[Span, ...]]:
    """Each coder's spans merged where they touch, but never over the border between two transcripts."""
    cut = set(borders)
    merged = {}
    for coder, own in spans.items():
        kept: list[Span] = []
        for start, end in sorted(own):
            if kept and start <= kept[-1][1] and start not in cut:
                kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
            else:
                kept.append((start, end))
        merged[coder] = tuple(kept)
    return merged


def _of_code(code: str, spans: Mapping[str, tuple[Span, ...]], length: int) -> CodeAgreement:
    coders = list(spans)
    table = value_lengths([spans[coder] for coder in coders], length)
    units = [[Unit(start, end, code) for start, end in spans[coder]] for coder in coders]
    kappa = (
        kappa_of_lengths({(v[0], v[1]): n for v, n in table.items()})
        if len(coders) == 2
        else undefined("cohen-kappa", "two-coders-only")
    )
    alpha = alpha_of_lengths(table) if len(coders) > 1 else undefined("krippendorff-alpha", "one-coder")
    return CodeAgreement(
        code,
        {"cohen-kappa": kappa, "krippendorff-alpha": alpha, "u-alpha": u_alpha(units, length)},
        {coder: sum(end - start for start, end in spans[coder]) for coder in coders},
    )


def value_lengths(coders: Sequence[Sequence[Span]], length: int) -> dict[tuple[Value, ...], float]:
    """How many characters got each combination of has-it (True) and has-it-not over the coders; one sweep over where anything begins or ends."""
    turns: dict[int, list[tuple[int, bool]]] = defaultdict(list)
    for coder, spans in enumerate(coders):
        for start, end in spans:
            turns[start].append((coder, True))
            turns[end].append((coder, False))
    now, at = [False] * len(coders), 0
    table: dict[tuple[Value, ...], float] = defaultdict(float)
    for place in sorted({*turns, length}):
        if place > at:
            table[tuple(now)] += place - at
            at = place
        # Ends before beginnings: where one stretch ends and the next begins, the coder still has it.
        for coder, begins in sorted(turns.get(place, ()), key=lambda turn: turn[1]):
            now[coder] = begins
    return dict(table)


def _cu(
    spans: Mapping[str, Mapping[str, list[Span]]], borders: Iterable[int], coders: Mapping[str, object], length: int
) -> Agreement:
    units = [
        [Unit(s, e, code) for code in sorted(spans) for s, e in _separate(spans[code], borders)[coder]]
        for coder in coders
    ]
    for own in units:
        own.sort(key=lambda unit: (unit.start, unit.end))
        if any(a.end > b.start for a, b in pairwise(own)):
            return undefined("cu-alpha", "overlapping")
    return cu_alpha(units, length)


def agreement_table(rows: Sequence[CodeAgreement]) -> pl.DataFrame:
    """One row a code and coefficient: ``code, coefficient, value, observed, expected, n, why``; ``value`` null where it is not defined."""
    return pl.DataFrame(
        [
            {
                "code": row.code,
                "coefficient": a.coefficient,
                "value": a.value,
                "observed": a.observed,
                "expected": a.expected,
                "n": float(a.n),
                "why": a.why,
            }
            for row in rows
            for a in row.coefficients.values()
        ],
        schema={
            "code": pl.String,
            "coefficient": pl.String,
            "value": pl.Float64,
            "observed": pl.Float64,
            "expected": pl.Float64,
            "n": pl.Float64,
            "why": pl.String,
        },
    )
