"""What kind of item each column of a file is: a choice list where it has value labels, else numbers or texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from royst.answers import labels
from royst.answers.conform import UNANSWERED
from royst.answers.readers import Table

MOST_UNLABELLED = 12
"""A labelled variable with more unlabelled values than this, and more than labelled ones, is a number with a few named codes."""

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)?|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Variable:
    """``kind`` is ``one``, ``integer``, ``decimal`` or ``text``. ``choices``: code to label, for kind ``one``; ``apart`` are those that the file marks
    as missing. ``bare``: values without a label, which stand as choices of their own, with their counts."""

    column: str
    label: str
    kind: str
    choices: Mapping[str, str]
    apart: tuple[str, ...] = ()
    bare: Mapping[str, int] | None = None


def variable(table: Table, column: str) -> Variable:
    """One column of a file as an item."""
    values = table.values.get(column, {})
    missing = table.missing.get(column, frozenset())
    counts = Counter(value.strip() for value in table.frame[column].drop_nulls().to_list())
    for token in UNANSWERED - set(values):
        counts.pop(token, None)
    label = table.labels.get(column, column)
    substantive = [code for code in values if code not in missing]
    canonical, meant = {_plain(code) for code in values}, labels.names(values.items())
    bare = {
        code: counts[code]
        for code in _sorted(counts)
        if _plain(code) not in canonical and code.casefold() not in meant and code not in missing
    }
    if substantive and not _is_number(values, bare) and not any(" " in code for code in (*values, *bare)):
        choices = {code: values[code] or code for code in values}
        choices |= {code: code for code in _sorted(bare)}
        if bare and all(_NUMBER.fullmatch(code) for code in choices):
            choices = {code: choices[code] for code in _sorted(choices)}
        return Variable(column, label, "one", choices, tuple(code for code in choices if code in missing), bare or None)
    left = [code for code in counts if code not in missing]
    return Variable(column, label, _kind(left, table.decimal_comma), {})


def answered(table: Table, column: str) -> pl.Series:
    """Whether each row has an answer in a column: neither empty nor one of the words for empty."""
    return table.frame[column].is_not_null() & ~table.frame[column].str.strip_chars().is_in(
        sorted(UNANSWERED - set(table.values.get(column, {})))
    )


def looks_like_id(values: pl.Series) -> bool:
    """Whether every answer has a whole number of its own, and there are enough of them for that to tell."""
    return len(values) >= 10 and values.n_unique() == len(values) and (not values.dtype.is_float() or bool((values == values.round()).all()))


def _is_number(values: Mapping[str, str], bare: Mapping[str, int]) -> bool:
    return len(bare) > MOST_UNLABELLED and len(bare) > len(values) and all(_NUMBER.fullmatch(code) for code in bare)


def _kind(codes: list[str], decimal_comma: bool) -> str:
    if not codes or not all(_NUMBER.fullmatch(code) and (decimal_comma or "," not in code) for code in codes):
        return "text"
    if any(re.match(r"[+-]?0\d", code) for code in codes):
        return "text"  # 0301 is an id; a number would lose its zero
    return "integer" if all(re.fullmatch(r"[+-]?\d+", code) for code in codes) else "decimal"


def _plain(code: str) -> str:
    return re.sub(r"[.,]0+$", "", code) if _NUMBER.fullmatch(code) else code


def _sorted(codes: Mapping[str, object]) -> list[str]:
    if all(_NUMBER.fullmatch(code) for code in codes):
        return sorted(codes, key=lambda code: float(code.replace(",", ".")))
    return sorted(codes)
