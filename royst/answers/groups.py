"""Who belongs to which group of the plan: one column a group, from the frame or from the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import polars as pl

from royst.study.expression import text
from royst.study.folder import Study
from royst.study.grouping import in_category
from royst.study.plan import GroupSection


def groups(study: Study, wave: str, frame: pl.DataFrame) -> pl.DataFrame:
    """One string column per group of ``study.toml``, named as the group: the category's id, or null for who belongs to none. A row for each row of ``frame``.

    Frame groups take the unit's row of the wave's frame year; a group whose item the wave neither asked nor was carried is null throughout.
    """
    return pl.DataFrame(
        [_category(group, _source(study, wave, frame, group)).alias(name) for name, group in study.file.groups.items()]
    )


def outside(study: Study, wave: str, frame: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Per group the answers that fall in no category, value to count, most frequent first; answers that are not relevant or missing are not counted."""
    found: dict[str, dict[str, int]] = {}
    for name, group in study.file.groups.items():
        source = _source(study, wave, frame, group)
        missed = source.filter(_category(group, source).is_null() & source.is_not_null()).to_list()
        apart = _not_relevant(study, group)
        counts = Counter(value for value in missed if value not in apart)
        if counts:
            found[name] = dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
    return found


def _source(study: Study, wave: str, frame: pl.DataFrame, group: GroupSection) -> pl.Series:
    """The group's column as texts, one for each row of ``frame``."""
    nobody = pl.Series([None] * frame.height, dtype=pl.String)
    if group.source == "frame":
        units = study.frame_of(wave)
        unit = study.unit_column
        if units is None or unit is None or unit not in frame.columns:
            return nobody
        columns = units.select(pl.col("unit").alias(unit), pl.col(group.column).cast(pl.String).alias("_value")).unique(
            unit, keep="first", maintain_order=True
        )
        return frame.select(unit).join(columns, on=unit, how="left", maintain_order="left")["_value"]
    if group.column not in frame.columns:
        return nobody
    column = frame[group.column]
    return _by_value(column, text) if column.dtype.is_float() else column.cast(pl.String)


def _category(group: GroupSection, source: pl.Series) -> pl.Series:
    def of(value: str) -> str | None:
        return next((key for key, part in group.categories.items() if in_category(part, value)), None)

    return _by_value(source, of)


def _by_value(column: pl.Series, of: Callable[[Any], str | None]) -> pl.Series:
    """A function of each distinct value, null for null, as texts."""
    values = column.drop_nulls().unique(maintain_order=True)
    if not len(values):
        return pl.Series(column.name, [None] * len(column), dtype=pl.String)
    return column.replace_strict(
        values,
        pl.Series([of(value) for value in values.to_list()], dtype=pl.String),
        default=None,
        return_dtype=pl.String,
    )


def _not_relevant(study: Study, group: GroupSection) -> set[str]:
    scales = [
        study.instruments[wave][group.column].scale for wave in study.waves if group.column in study.instruments[wave]
    ]
    return {name for scale in scales if scale is not None for name in scale.not_relevant}
