"""The reference engine: plain Python, one row at a time, nothing shared with the engines it is held against but the request."""

from __future__ import annotations

import math
from collections import defaultdict

import polars as pl

from royst.totals.request import AtMost, Coded, Index, Number, Request


def text(value: object) -> str:
    """A value's label, written down again on purpose."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value)


def missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def column_value(column, row: dict) -> float | None:
    if isinstance(column, Number):
        value = row[column.item]
        return None if missing(value) else float(value)
    if isinstance(column, Coded):
        value = row[column.item]
        return None if missing(value) else dict(column.scores).get(text(value))
    if isinstance(column, AtMost):
        value = row[column.item]
        return None if missing(value) else float(value <= column.cut)
    assert isinstance(column, Index)
    parts = [column_value(part, row) for part in column.parts]
    there = [part for part in parts if part is not None]
    if not there or len(there) < column.at_least * len(parts) - 1e-9:
        return None
    return math.fsum(there) / len(there)


def sums(frame: pl.DataFrame, request: Request) -> dict:
    """{(grouping, domain, stratum, unit): {(sum, variable): value}} by exact summation; element designs have unit ""."""
    design = request.design
    found: dict = defaultdict(lambda: defaultdict(list))
    for row in frame.iter_rows(named=True):
        weight = float(row[design.weight]) if design.weight else 1.0
        stratum = text(row[design.strata[0]]) if design.strata else ""
        unit = "" if request.element else text(row[design.psu[0]])
        for by in request.groupings:
            if any(missing(row[name]) for name in by):
                continue
            cell = found[(by, tuple(text(row[name]) for name in by), stratum, unit)]
            for v, variable in enumerate(request.variables):
                y = column_value(variable.y, row)
                x = 1.0 if variable.x is None else column_value(variable.x, row)
                if y is None or x is None:
                    continue
                terms = {
                    "n": 1.0, "ny": y, "w": weight, "wy": weight * y, "wx": weight * x, "wyy": weight * y * y,
                    "wxy": weight * x * y, "wxx": weight * x * x, "qyy": (weight * y) ** 2,
                    "qxy": weight * weight * x * y, "qxx": (weight * x) ** 2,
                }  # fmt: skip
                for name in request.sums:
                    cell[(name, v)].append(terms[name])
    return {key: {name: math.fsum(values) for name, values in cell.items()} for key, cell in found.items()}
