"""What matters most for the headline, and where there is most to gain: rows of ``release.PRIORITIES``, for the whole only."""

from __future__ import annotations

import polars as pl

from royst.estimation.priorities import importance
from royst.evaluation.estimate import Wave
from royst.release import PRIORITIES
from royst.study.folder import Study
from royst.study.instrument import Item

ANSWERED_BY = 0.5
"""Items are taken in order of how many answered them, while at least this part of those who answered the headline answered all of them."""

FEWEST = 4


def priorities(study: Study, wave: Wave) -> pl.DataFrame:
    """Relative weights of the items for the plan's headline, with intervals by a bootstrap of units, and each item's room.

    Over people who answered every item that takes part. No rows where the study names no headline or too few items can take part.
    """
    headline = next((item for item in wave.items if item.name == study.file.plan.headline and item.scale and item.scale.bands), None)
    if headline is None:
        return pl.DataFrame(schema=PRIORITIES)
    people = pl.DataFrame({item.name: _scores(wave.people[item.name], item) for item in [headline, *_others(study, wave, headline)]})
    people = people.with_columns(wave.people[column] for column in wave.design.columns)
    people = people.filter(pl.col(headline.name).is_not_null())
    taking_part = _taking_part(people, [item.name for item in _others(study, wave, headline)])
    if len(taking_part) < FEWEST:
        return pl.DataFrame(schema=PRIORITIES)
    found = importance(people, wave.design, headline.name, taking_part, seed=f"{study.file.id}:{wave.name}", level=study.file.plan.level)
    rows = found.select(
        pl.lit(wave.name).alias("wave"),
        "item",
        (pl.col("share") * 100).alias("importance"),
        (pl.col("low") * 100).alias("low"),
        (pl.col("high") * 100).alias("high"),
        pl.lit(None, dtype=pl.Float64).alias("room"),
        "n",
        pl.lit("").alias("status"),
    )
    return rows.select(pl.col(column).cast(kind) for column, kind in PRIORITIES.items())


def with_room(priorities: pl.DataFrame, estimates: pl.DataFrame) -> pl.DataFrame:
    """Each item's room for improvement: per cent not in its best band, from the whole's estimates (fractions)."""
    best = estimates.filter((pl.col("measure") == "band") & (pl.col("domain") == "all") & (pl.col("population") == "all"))
    best = best.unique(["wave", "item"], keep="first", maintain_order=True).select("wave", "item", (100 * (1 - pl.col("estimate"))).alias("room"))
    return priorities.drop("room").join(best, on=["wave", "item"], how="left", maintain_order="left").select(list(PRIORITIES))


def _others(study: Study, wave: Wave, headline: Item) -> list[Item]:
    themes = {name for theme in study.file.themes.values() if headline.name not in theme.items for name in theme.items}
    return [item for item in wave.items if item.name in themes and item.scale is not None and item.scale.bands]


def _scores(answers: pl.Series, item: Item) -> pl.Series:
    scores = dict(item.scale.scores) if item.scale else {}
    return answers.replace_strict(scores, default=None, return_dtype=pl.Float64)


def _taking_part(people: pl.DataFrame, items: list[str]) -> list[str]:
    taken: list[str] = []
    for name in sorted(items, key=lambda name: (people[name].null_count(), items.index(name))):
        complete = people.select(pl.all_horizontal(pl.col(column).is_not_null() for column in [*taken, name]).sum()).item()
        if complete >= ANSWERED_BY * people.height:
            taken.append(name)
    return sorted(taken, key=items.index)
