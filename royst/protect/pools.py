"""Units with few answers report together."""

from __future__ import annotations

import polars as pl

from royst.errors import wrong
from royst.protect.rules import RuleSet


def pools(units: pl.DataFrame, rules: RuleSet) -> pl.DataFrame:
    """Which report each unit gets.

    ``units``: columns ``unit, n, region, size``, one row per unit. Returns ``unit, n, pool, kind`` in the same order:
    a unit with ``unit_report`` answers or more stands alone (``kind`` "unit", ``pool`` its own name); the others are
    pooled by region and size class, those that stay too few by region, the last ones in the nation (``kind`` "pool",
    ``pool`` ``region-size``, ``region`` or ``nation``); a unit left over joins the smallest pool of its region, or of all. A
    pool keeps ``rules.pool`` answers without any one of its members, because a member knows its own. Units that no pool can
    hold get ``kind`` "none" and no pool; so do units without answers.

    Raises ``InputError`` for missing columns, doubled units and negative numbers.
    """
    missing = {"unit", "n", "region", "size"} - set(units.columns)
    if missing:
        raise wrong("missing-relation", f"units without {', '.join(sorted(missing))}", "give unit, n, region and size")
    if units["unit"].is_duplicated().any() or units["n"].is_null().any() or (units["n"] < 0).any():
        raise wrong(
            "contradictory-counts",
            "a unit stands twice, or its number of answers is missing or negative",
            "give each unit once",
        )
    told = {row["unit"]: row for row in units.iter_rows(named=True)}
    found: dict[str, tuple[str | None, str]] = {
        u: (u, "unit") for u, r in told.items() if r["n"] >= rules.unit_report.value
    }
    left = [u for u, r in told.items() if u not in found and r["n"] > 0]
    for name_of in (lambda r: f"{r['region']}-{r['size']}", lambda r: str(r["region"]), lambda r: "nation"):
        groups: dict[str, list[str]] = {}
        for unit in left:
            groups.setdefault(name_of(told[unit]), []).append(unit)
        for name, members in groups.items():
            if holds([told[unit]["n"] for unit in members], rules):
                found.update(dict.fromkeys(members, (name, "pool")))
        left = [unit for unit in left if unit not in found]
    for unit in left:
        sizes: dict[str, int] = {}
        for other, (pool, kind) in found.items():
            if kind == "pool" and pool is not None:
                sizes[pool] = sizes.get(pool, 0) + told[other]["n"]
        near = [name for name in sizes if name.split("-")[0] == str(told[unit]["region"])] or list(sizes)
        if near:
            found[unit] = (min(near, key=lambda name: (sizes[name], name)), "pool")
    return units.select("unit", "n").with_columns(
        pl.Series("pool", [found.get(unit, (None, "none"))[0] for unit in told], pl.String),
        pl.Series("kind", [found.get(unit, (None, "none"))[1] for unit in told], pl.String),
    )


def holds(members: list[int], rules: RuleSet) -> bool:
    """Whether a pool of members with these numbers of answers stays large enough for each of them."""
    return len(members) >= rules.units.value - 1 and sum(members) - max(members, default=0) >= rules.pool.value
