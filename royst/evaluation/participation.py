"""How many were drawn, refused, took part and answered, wave by wave: counts of units, never which."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from royst.evaluation.estimate import UNIT, Wave
from royst.study.folder import Study


def participation(study: Study, waves: Mapping[str, Wave]) -> list[dict[str, object]]:
    """Rows of ``release.PARTICIPATION``; numbers that the study does not hold are null."""
    rows: list[dict[str, object]] = []
    for name, wave in waves.items():
        frame = study.frame_of(name)
        row: dict[str, object] = {"wave": name, "units": wave.people[UNIT].drop_nulls().n_unique() or None, "answers": wave.people.height}
        here = wave.people[UNIT].drop_nulls().unique().to_list()
        if frame is not None:
            row |= {"units_in_frame": frame.height, "users": _of(frame, "users", here)}
        if name in study.samples:
            sample = study.samples[name]
            row |= {
                "units_drawn": sample.height,
                "units_refused": sample.filter(pl.col("status") == "refused").height,
                "units_replaced": sample.filter(pl.col("replaces").fill_null("") != "").height if "replaces" in sample.columns else None,
                "offered": _of(sample, "offered", here),
            }
        rows.append(row)
    return rows


def _of(frame: pl.DataFrame, column: str, units: list[str]) -> int | None:
    """The sum of a column over the units that took part; None where the number of one of them is not known."""
    found = frame.filter(pl.col("unit").is_in(units)).unique("unit")
    if column not in frame.columns or found.height < len(units) or not units or found[column].null_count():
        return None
    return int(found[column].sum())
