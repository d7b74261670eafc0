"""One typed wave on disk: ``answers.parquet`` under the study's own column names.

Columns: the study's ids (``id``, ``unit``, ``psu`` as ``[design]`` names them) as strings, the weight as Float64, then every item in the questionnaire's
order: choices as strings (several joined by spaces, as in ODK), numbers as Float64, texts as strings. Null means unanswered.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from royst.answers import carry
from royst.answers.beside import beside
from royst.errors import Faults, wrong
from royst.study.expression import text
from royst.study.folder import Study
from royst.study.instrument import Instrument


@dataclass(frozen=True)
class Answers:
    """The answers of one wave. ``frame`` has ``columns(study, wave)`` and behind them the ``carried`` items, null where nothing was carried."""

    wave: str
    frame: pl.DataFrame
    instrument: Instrument
    carried: tuple[str, ...] = ()


def schema(study: Study, wave: str) -> dict[str, type[pl.DataType]]:
    """The columns of a wave's answers and their types, in order."""
    found: dict[str, type[pl.DataType]] = dict.fromkeys(study.key_columns, pl.String)
    if study.weight_column:
        found[study.weight_column] = pl.Float64
    for item in study.instruments[wave].answered:
        found[item.name] = pl.Float64 if item.kind == "number" else pl.String
    return found


def exists(study: Study, wave: str) -> bool:
    return study.folder.answers(wave).is_file()


def read(study: Study, wave: str, *, carried: bool = True) -> Answers:
    """The answers of a wave, with the background that ``[carry]`` brings to it.

    Raises ``InputError`` where the wave has no answers, the file is not Parquet, or columns are missing.
    """
    frame = _own(study, wave)
    names: tuple[str, ...] = ()
    rule = study.file.carry
    if carried and rule is not None and carry.reaches(study, wave):
        names = carry.items(study, wave)
        frame = carry.join(study, frame, _own(study, rule.wave), names)
    return Answers(wave, frame, study.instruments[wave], names)


def write(study: Study, wave: str, frame: pl.DataFrame) -> None:
    """Write the answers of a wave; the earlier ones stand until the new ones are whole."""
    path = study.folder.answers(wave)
    with beside(path) as (draft,):
        put(study, wave, frame, draft)


def put(study: Study, wave: str, frame: pl.DataFrame, path: Path) -> None:
    """The Parquet file itself, in the store's columns and types."""
    wanted = schema(study, wave)
    frame.select(pl.col(column).cast(kind) for column, kind in wanted.items()).write_parquet(
        path, compression="zstd", statistics=False
    )


def _own(study: Study, wave: str) -> pl.DataFrame:
    path = study.folder.answers(wave)
    name = study.folder.within(path)
    if not path.is_file():
        raise wrong(
            "empty-wave",
            f"wave {wave} has no answers",
            f"bring them in: royst import {study.folder.root} --wave {wave} FILE",
            file=name,
        )
    try:
        found = pl.read_parquet(path)
    except PermissionError:
        raise wrong(
            "file-not-readable", "you may not read this file", "give yourself read permission to it", file=name
        ) from None
    except (pl.exceptions.PolarsError, OSError):
        raise wrong(
            "not-parquet",
            "the file is not Parquet",
            f"bring the answers in again: royst import {study.folder.root} --wave {wave} FILE",
            file=name,
        ) from None
    wanted = schema(study, wave)
    faults = Faults()
    for column in wanted:
        if column not in found.columns:
            faults.add(
                "missing-column",
                f"the answers have no column {column!r}",
                "bring them in again with royst import: the study or its questionnaire has changed since",
                file=name,
                column=column,
            )
    faults.stop()
    try:
        return found.select(_typed(found[column], kind) for column, kind in wanted.items())
    except pl.exceptions.PolarsError:
        raise wrong(
            "wrong-type", "a column of numbers holds texts", "bring the answers in again with royst import", file=name
        ) from None


def _typed(column: pl.Series, kind: type[pl.DataType]) -> pl.Series:
    if column.dtype == kind:
        return column
    if kind == pl.String and column.dtype.is_float():
        return column.fill_nan(None).map_elements(lambda value: text(float(value)), return_dtype=pl.String)
    return column.cast(kind)
