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
        if frame is not None:
            row["units_in_frame"] = frame.height
        if name in study.samples:
            sample = study.samples[name]
            row |= {
                "units_drawn": sample.height,
                "units_refused": sample.filter(pl.col("status") == "refused").height,
                "units_replaced": sample.filter(pl.col("replaces").fill_null("") != "").height if "replaces" in sample.columns else None,
            }
        rows.append(row)
    return rows
