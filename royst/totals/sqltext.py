"""Pieces of the one SQL text: names, literals, and the sums of a variable."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from royst.totals.request import Column, Request

TABLE = "royst_answers"


def quoted(name: str) -> str:
    """A column's name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Any) -> str:
    """A value as an SQL literal of its own type; floats with all their digits, and with an exponent: without one they are
    decimals, which DuckDB does not always turn into the nearest float."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        digits = repr(float(value))
        return f"CAST({digits if 'e' in digits else digits + 'E0'} AS DOUBLE)"
    return "'" + str(value).replace("'", "''") + "'"


def column_names(request: Request) -> dict[Column, str]:
    columns: dict[Column, str] = {}
    for variable in request.variables:
        for column in (variable.y, variable.x):
            if column is not None:
                columns.setdefault(column, f"c{len(columns)}")
    return columns


def sum_expressions(
    request: Request, columns: dict[Column, str], is_indicator: Any
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Distinct sum expressions with their aliases, and for each kind of sum the alias of every variable."""
    found: dict[str, str] = {}
    aliases: dict[str, list[str]] = {name: [] for name in request.sums}
    for variable in request.variables:
        y = columns[variable.y]
        x = None if variable.x is None else columns[variable.x]
        terms = variable_terms(y, x, x is None and is_indicator(variable.y))
        for name in request.sums:
            expression = terms[name]
            aliases[name].append(found.setdefault(expression, f"s{len(found)}"))
    return found, aliases


def variable_terms(y: str, x: str | None, indicator: bool) -> dict[str, str]:
    """The sums of one variable as SQL; an indicator's square is itself, and x = 1 where there is none."""
    if x is None:
        square = "wy" if indicator else "wyy"
        terms = {
            "n": f"COUNT({y})",
            "ny": f"SUM({y})",
            "w": f"SUM(CASE WHEN {y} IS NOT NULL THEN w END)",
            "wy": f"SUM(w * {y})",
            "wyy": f"SUM(w * {y} * {y})",
            "qyy": f"SUM(w * w * {y} * {y})",
            "qxy": f"SUM(w * w * {y})",
            "qxx": f"SUM(CASE WHEN {y} IS NOT NULL THEN w * w END)",
        }
        return {**terms, "wyy": terms[square], "wx": terms["w"], "wxy": terms["wy"], "wxx": terms["w"]}
    both = f"{x} IS NOT NULL AND {y} IS NOT NULL"
    return {
        "n": f"SUM(CASE WHEN {both} THEN 1 ELSE 0 END)",
        "ny": f"SUM(CASE WHEN {x} IS NOT NULL THEN {y} END)",
        "w": f"SUM(CASE WHEN {both} THEN w END)",
        "wy": f"SUM(CASE WHEN {x} IS NOT NULL THEN w * {y} END)",
        "wx": f"SUM(CASE WHEN {y} IS NOT NULL THEN w * {x} END)",
        "wyy": f"SUM(CASE WHEN {x} IS NOT NULL THEN w * {y} * {y} END)",
        "wxy": f"SUM(w * {x} * {y})",
        "wxx": f"SUM(CASE WHEN {y} IS NOT NULL THEN w * {x} * {x} END)",
        "qyy": f"SUM(CASE WHEN {x} IS NOT NULL THEN w * w * {y} * {y} END)",
        "qxy": f"SUM(w * w * {x} * {y})",
        "qxx": f"SUM(CASE WHEN {y} IS NOT NULL THEN w * w * {x} * {x} END)",
    }


def without_nan(schema: dict[str, pl.DataType], name_of: Any) -> str:
    """A select list in which NaN is null, as everywhere in Røyst."""
    return ", ".join(
        f"CASE WHEN isnan({name_of(name)}) THEN NULL ELSE {name_of(name)} END AS {name_of(name)}"
        if kind.is_float()
        else name_of(name)
        for name, kind in schema.items()
    )


def unit_keys(request: Request) -> list[str]:
    """The columns that make a unit, in the units' order: stratum and unit, stage by stage."""
    design, found = request.design, []
    for stage in range(1 if request.element else max(design.stages, 1)):
        found += [*design.strata[stage : stage + 1]]
        if not request.element:
            found += [*design.psu[stage : stage + 1]]
    return found


def for_arrow(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The frame with what DuckDB cannot take over as texts: durations, whole numbers of 128 bits, Python objects."""
    kinds = frame.collect_schema()
    objects = [name for name, kind in kinds.items() if kind == pl.Object]
    wide = [pl.col(name).cast(pl.String) for name, kind in kinds.items() if kind == pl.Int128]
    spans = [pl.col(name).dt.to_string() for name, kind in kinds.items() if kind == pl.Duration]
    return frame.drop(objects).with_columns(*wide, *spans)
