"""Do intervals cover and do tests hold their level? Samples drawn again and again from one synthetic population.

A short run belongs to every test run and can only find gross faults; the full one (2,000 samples) is marked ``prove`` and
prints its figures. The population: 320 units in four strata with 12–120 users, answers that cluster in units.
"""

from __future__ import annotations

import functools
from collections import defaultdict

import numpy as np
import polars as pl
import pytest

import royst
from royst.estimation import change
from royst.totals.pseudorandom import uniforms

STRATA, UNITS, SAMPLED = 4, 80, 12
DESIGN = royst.Design(strata="stratum", psu=["unit", "person"], fpc=["units", "users"], weight="w")
ASKED = [royst.mean("y"), royst.share("common", "ja"), royst.share("high", "ja"), royst.share("low", "ja")]
KINDS = {"y": "mean", "common": "share near 0.6", "high": "share near 0.95", "low": "share near 0.04"}


@functools.cache
def population() -> pl.DataFrame:
    """Everyone: stratum, unit, person, class of unit (``few`` is in about one unit of eight), and their answers."""
    units = STRATA * UNITS
    users = 12 + (uniforms(units, "users") * 108).astype(int)
    unit = np.repeat(np.arange(units), users)
    n = len(unit)
    effect = (uniforms(units, "effect") - 0.5)[unit]
    few = (uniforms(units, "few") < 0.125)[unit]
    return pl.DataFrame(
        {
            "stratum": (unit // UNITS).astype(str),
            "unit": unit.astype(str),
            "person": np.arange(n).astype(str),
            "kind": np.where(few, "few", "many"),
            "units": np.full(n, float(UNITS)),
            "users": users[unit].astype(float),
            "y": 3 + effect + 2 * (uniforms(n, "y") - 0.5),
            "common": np.where(uniforms(n, "common") < 0.6 + 0.4 * effect, "ja", "nei"),
            "high": np.where(uniforms(n, "high") < 0.95 + 0.08 * effect, "ja", "nei"),
            "low": np.where(uniforms(n, "low") < 0.04 + 0.06 * effect, "ja", "nei"),
        }
    )


def drawn(seed: object, keep: float = 0.0) -> pl.DataFrame:
    """A sample: units at random in each stratum (``keep`` of them those of seed 0), half of their users, weights."""
    people = population()
    chosen = []
    for h in range(STRATA):
        order = np.argsort(uniforms(UNITS, "draw", seed, h), kind="stable")
        kept = np.argsort(uniforms(UNITS, "draw", f"{seed}-panel", h), kind="stable")[: int(keep * SAMPLED)]
        rest = [k for k in order if k not in set(kept)][: SAMPLED - len(kept)]
        chosen += [str(h * UNITS + k) for k in (*kept, *rest)]
    sample = people.filter(pl.col("unit").is_in(chosen))
    u = uniforms(len(sample), "person", seed)
    sample = sample.with_columns(__u=u).with_columns(__rank=pl.col("__u").rank("ordinal").over("unit"))
    sample = sample.filter(pl.col("__rank") <= (pl.col("users") / 2).ceil())
    within = pl.col("users") / pl.len().over("unit")
    return sample.with_columns((UNITS / SAMPLED * within).alias("w")).drop("__u", "__rank")


@functools.cache
def truth() -> dict[tuple[str, str], float]:
    found = {}
    for domain, part in (
        ("all", population()),
        *((f"kind={k}", population().filter(pl.col("kind") == k)) for k in ("few", "many")),
    ):
        found[("y", domain)] = float(part["y"].mean())
        for item in ("common", "high", "low"):
            found[(item, domain)] = float((part[item] == "ja").mean())
    return found


def coverage(samples: int) -> dict[tuple[str, str], tuple[float, int]]:
    """By (kind of figure, domain): (share of intervals that hold the truth, intervals)."""
    hits: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for seed in range(samples):
        table = royst.estimate(drawn(seed), DESIGN, ASKED, by=[[], ["kind"]]).table
        for row in table.filter(pl.col("status") == "ok").iter_rows(named=True):
            units = "4–8 units" if 4 <= row["n_units"] <= 8 else row["domain"]
            hits[(KINDS[row["item"]], units)].append(row["low"] <= truth()[(row["item"], row["domain"])] <= row["high"])
    return {key: (float(np.mean(found)), len(found)) for key, found in sorted(hits.items())}


def level(samples: int, keep: float) -> float:
    """How often a test at 5 % finds a change that is none (the same population both times), with units kept between."""
    found = []
    for seed in range(samples):
        old, new = (
            royst.estimate(
                drawn(f"{seed}-{wave}" if keep == 0 else f"{seed}", keep) if wave == "a" else _second(seed, keep),
                DESIGN,
                royst.mean("y"),
            )
            for wave in "ab"
        )
        found.append(change.change(new, old)["p"][0] < 0.05)
    return float(np.mean(found))


def _second(seed: int, keep: float) -> pl.DataFrame:
    """A second wave that keeps part of the first's units and draws people anew."""
    if keep == 0:
        return drawn(f"{seed}-b")
    first = drawn(f"{seed}", keep)["unit"].unique().to_list()
    people = population()
    other = drawn(f"{seed}-b", 0.0)
    by = population().select("unit", "stratum").unique().sort("unit")
    units = []
    for h in map(str, range(STRATA)):
        mine = [u for u in sorted(first) if by.filter(pl.col("unit") == u)["stratum"][0] == h]
        kept = mine[: int(keep * SAMPLED)]
        rest = [
            u for u in sorted(other.filter(pl.col("stratum") == h)["unit"].unique().to_list()) if u not in set(mine)
        ]
        spare = [u for u in by.filter(pl.col("stratum") == h)["unit"].to_list() if u not in set(mine) | set(rest)]
        units += (
            [*kept, *rest, *spare][:SAMPLED]
            if len(kept) + len(rest) < SAMPLED
            else [*kept, *rest[: SAMPLED - len(kept)]]
        )
    sample = people.filter(pl.col("unit").is_in(units)).with_columns(
        __u=uniforms(len(people.filter(pl.col("unit").is_in(units))), "again", seed)
    )
    sample = sample.with_columns(__rank=pl.col("__u").rank("ordinal").over("unit")).filter(
        pl.col("__rank") <= (pl.col("users") / 2).ceil()
    )
    return sample.with_columns((UNITS / SAMPLED * pl.col("users") / pl.len().over("unit")).alias("w")).drop(
        "__u", "__rank"
    )


def test_intervals_cover_in_a_short_run() -> None:
    for key, (share, count) in coverage(40).items():
        if count >= 40:  # four standard errors of a binomial at 0.95
            assert share >= 0.95 - 4 * np.sqrt(0.95 * 0.05 / count), (key, share)


def test_tests_hold_their_level_in_a_short_run() -> None:
    assert level(30, 0.5) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 30)


@pytest.mark.prove
def test_intervals_cover_93_to_97_per_cent(capsys: pytest.CaptureFixture[str]) -> None:
    found = coverage(2000)
    with capsys.disabled():
        for (kind, domain), (share, count) in found.items():
            print(f"{kind:18} {domain:12} {100 * share:5.1f} % of {count}")
    for (kind, domain), (share, count) in found.items():
        if count < 400:
            continue
        if kind.startswith("share"):
            assert share >= 0.94 - 2 * np.sqrt(0.94 * 0.06 / count), (kind, domain)
        else:
            assert 0.93 <= share <= 0.97, (kind, domain)


@pytest.mark.prove
@pytest.mark.parametrize("keep", [0.0, 0.5, 1.0])
def test_tests_hold_their_level(keep: float) -> None:
    assert 0.03 <= level(1000, keep) <= 0.07
