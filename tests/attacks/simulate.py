"""Simulated studies to attack: people with units and groups, and every table a release would print of them.

Deterministic (SHA-256 of seed and place); imports nothing of ours, so that attackers can use it too.
"""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl

CHOICES = ("1", "2", "3", "4", "5")
BANDS = {"high": ("4", "5"), "some": ("3",), "low": ("1", "2")}
BANDS_OF = {
    2: {},
    3: {"high": ("3",), "some": ("2",), "low": ("1",)},
    4: {"high": ("3", "4"), "low": ("1", "2")},
    5: BANDS,
    7: {"high": ("6", "7"), "some": ("3", "4", "5"), "low": ("1", "2")},
}
"""Bands of a scale with so many answers."""
GROUPS = {
    "sex": (0.65, 0.35),
    "age": (0.1, 0.22, 0.25, 0.25, 0.18),
    "lar": (0.7, 0.3),
    "civil": (0.6, 0.2, 0.2),
    "income": (0.5, 0.3, 0.2),
    "housing": (0.7, 0.2, 0.1),
    "work": (0.8, 0.2),
    "children": (0.7, 0.3),
}


def draws(seed: str, size: int) -> np.ndarray:
    """``size`` numbers in [0, 1) from SHA-256."""
    parts = [hashlib.sha256(f"{seed}/{k}".encode()).digest() for k in range(-(-size // 4))]
    return (np.frombuffer(b"".join(parts), "<u8")[:size] >> np.uint64(11)) / 2.0**53


def people(
    seed: str, size: int, units: int, items: int, groups: int = 8, not_relevant: float = 0.08, *,
    scales: tuple[int, ...] = (), blank: float = 0.02, even: bool = False, regions: int = 4, first: int = 0,
) -> pl.DataFrame:  # fmt: skip
    """One wave: ``unit, region, size``, groups, ``weight`` (one a unit) and items ``q1 …``; unit sizes are uneven.

    ``scales``: answers of each item, five by default; ``blank``: who lacks a value in a group; ``even``: weights are alike;
    ``first``: the number of the first unit.
    """
    share = 0.3 + draws(f"{seed}/share", units) ** 2 * 3
    edges = np.cumsum(share) / share.sum()
    unit = np.searchsorted(edges, draws(f"{seed}/unit", size))
    region = (draws(f"{seed}/region", units) * regions).astype(int)
    order = np.argsort(np.argsort(share))
    columns = {
        "unit": [f"K{u + first:03d}" for u in unit],
        "region": [f"r{region[u]}" for u in unit],
        "size": [f"s{order[u] * 3 // units}" for u in unit],
    }
    for name, parts in list(GROUPS.items())[:groups]:
        cut = np.cumsum(parts)
        code = np.minimum(np.searchsorted(cut, draws(f"{seed}/{name}", size)), len(parts) - 1)
        missing = draws(f"{seed}/{name}/blank", size) < blank
        columns[name] = [None if b else f"{name}{c}" for b, c in zip(missing, code)]
    columns["weight"] = (0.5 + 2 * draws(f"{seed}/weight", units) * (not even))[unit].tolist()
    level = draws(f"{seed}/level", units)[unit]
    for k in range(items):
        lean = 0.6 * draws(f"{seed}/lean/{k}", 1)[0] - 0.3 + 0.3 * (level - 0.5)
        most = scales[k % len(scales)] if scales else 5
        value = np.clip((draws(f"{seed}/q{k}", size) * 1.3 - 0.15 + lean) * most, 0, most - 0.01).astype(int)
        other = draws(f"{seed}/q{k}/blank", size)
        columns[f"q{k + 1}"] = [
            None if o < 0.04 else "nr" if o < 0.04 + not_relevant else str(v + 1) for v, o in zip(value, other)
        ]
    return pl.DataFrame(columns)


def estimates(
    wave: str, frame: pl.DataFrame, by: list[tuple[str, ...]], items: list[str], decimals: int = 1
) -> pl.DataFrame:
    """Shares, bands, means and "not relevant" of every item in every domain, weighted by ``weight``; in per cent."""
    parts = []
    for item in items:
        asked = frame.filter(pl.col(item).is_not_null())
        for groups in by:
            here = asked.drop_nulls(list(groups)) if groups else asked
            relevant = here.filter(pl.col(item) != "nr")
            shares = [("share", c, (pl.col(item) == c).cast(pl.Float64) * 100) for c in CHOICES] + [
                ("band", b, pl.col(item).is_in(list(names)).cast(pl.Float64) * 100) for b, names in BANDS.items()
            ]
            shares.append(("mean", "", pl.col(item).cast(pl.Float64, strict=False)))
            parts.append(_means(relevant, groups, shares, decimals).with_columns(item=pl.lit(item)))
            nr = [("not_relevant", "", (pl.col(item) == "nr").cast(pl.Float64) * 100)]
            parts.append(_means(here, groups, nr, decimals).with_columns(item=pl.lit(item)))
    rows = pl.concat(parts).with_columns(wave=pl.lit(wave), population=pl.lit("all"), status=pl.lit(None, pl.String))
    return rows.select(
        "wave",
        "population",
        "item",
        "measure",
        "category",
        "domain",
        "n",
        "n_units",
        "estimate",
        "unweighted",
        "status",
    )


def _means(frame: pl.DataFrame, groups: tuple[str, ...], wanted: list, decimals: int) -> pl.DataFrame:
    own = "unit" in groups or "pool" in groups
    w = pl.col("weight") * 0 + 1 if own else pl.col("weight")  # a report of its own is not weighted
    told = [
        expression
        for k, (_, _, value) in enumerate(wanted)
        for expression in (((value * w).sum() / w.sum()).alias(f"w{k}"), value.mean().alias(f"u{k}"))
    ]
    counted = [pl.len().cast(pl.Int64).alias("n"), pl.col("unit").n_unique().cast(pl.Int64).alias("n_units")]
    if groups:
        table = frame.group_by(list(groups)).agg(*counted, *told).sort(list(groups))
        table = table.with_columns(domain=pl.concat_str([pl.lit(f"{g}=") + pl.col(g) for g in groups], separator=";"))
    else:
        table = frame.select(*counted, *told).with_columns(domain=pl.lit("all"))
    return pl.concat(
        table.select(
            "domain", "n", "n_units",
            pl.col(f"w{k}").round(decimals).alias("estimate"), pl.col(f"u{k}").round(decimals).alias("unweighted"),
            pl.lit(measure).alias("measure"), pl.lit(category).alias("category"),
        )
        for k, (measure, category, _) in enumerate(wanted)
    )  # fmt: skip
