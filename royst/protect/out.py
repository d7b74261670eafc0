"""What earlier releases printed of a wave, and how finely: it stands, and it binds what is printed beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from royst.protect.block import WITHHELD_LEVEL
from royst.protect.candidate import FINE
from royst.protect.history import Ledger
from royst.protect.onemix import finest_asked
from royst.protect.weights import STEPS
from royst.protect.withholding import PLAIN, usual


class Out:
    """The published rows of a wave. ``asked``: the items of which the rows matter; ``mixes``: populations that count everybody otherwise.

    ``rows``: those of the items, without the mixes; ``None`` where there are none."""

    def __init__(self, ledger: Ledger, wave: str, asked: Collection[str], mixes: Collection[str]):
        published = ledger.published()
        self._all = None if published is None else published.filter(pl.col("wave") == wave)
        self._mixed = pl.col("population").is_in(list(mixes))
        self.rows: pl.DataFrame | None = None
        if self._all is not None:
            rows = self._all.filter(pl.col("item").is_in(list(asked)) & ~self._mixed)
            self.rows = rows if rows.height else None

    def __bool__(self) -> bool:
        """Whether something of the wave is out."""
        return self._all is not None and self._all.height > 0

    @property
    def places(self) -> list[tuple[str, str]]:
        """Population and domain of every row."""
        return [] if self.rows is None else self.rows.select("population", "domain").unique(maintain_order=True).rows()

    def measures(self, item: str) -> set[str]:
        """What was told of an item."""
        return set() if self.rows is None else set(self.rows.filter(pl.col("item") == item)["measure"])

    def of(self, item: str, kind: str) -> pl.DataFrame | None:
        """An item's rows, those of "not relevant" or the others; ``None`` where nothing asked for is out."""
        if self.rows is None:
            return None
        return self.rows.filter((pl.col("item") == item) & ((pl.col("measure") == "not_relevant") == (kind == "not_relevant")))

    def in_full(self, item: str) -> set[str]:
        """Rows (population/domain) in which all answers to an item are out."""
        if self._all is None:
            return set()
        rows = self._all.filter((pl.col("item") == item) & pl.col("measure").is_in(FINE))
        return {f"{population}/{domain}" for population, domain in rows.select("population", "domain").rows()}

    def mixes(self, item: str, names: list[str]) -> list[tuple[str, int, float]]:
        """Rows of everybody counted otherwise: population, level (of those with these ``names``) and step."""
        if self._all is None:
            return []
        rows = self._all.filter((pl.col("item") == item) & self._mixed)
        found = rows.group_by("population", maintain_order=True).agg(pl.col("measure").unique(), (pl.col("decimals") < usual()).any().alias("fewer"))
        return [(population, finest_asked(set(measures), names), STEPS[int(fewer)]) for population, measures, fewer in found.rows()]

    def decimals(self, item: str, kind: str) -> list[tuple[str, str, bool, bool, bool]]:
        """Per row: population and domain; whether it was printed with a decimal fewer, with the plain figures alone (weighted ones have
        a decimal fewer, but for everybody's), and without standard errors."""
        out = self.of(item, kind)
        if out is None:
            return []
        decimals = pl.col("decimals") if "decimals" in out.columns else pl.lit(None, pl.Int64)
        full = pl.when(pl.col("measure") == "mean").then(2).otherwise(1)
        alike = ((pl.col("estimate") - pl.col("unweighted")).abs() < PLAIN) if "unweighted" in out.columns else pl.lit(False)
        plain = alike & (decimals >= full) & (pl.col("domain") != "all")
        bare = pl.col("se").is_null() if "se" in out.columns else pl.lit(True)
        told = ((decimals < full).fill_null(False).any().alias("fewer"), plain.fill_null(False).all().alias("plain"), bare.all().alias("bare"))
        return out.group_by("population", "domain", maintain_order=True).agg(*told).rows()

    def levels(self, item: str, kind: str, places: Mapping[str, int], names: list[str]) -> NDArray[np.int64]:
        """The level (of those with these ``names``) at which each row was printed. ``places``: its number by population/domain. Shape (rows,)."""
        found = np.full(len(places), WITHHELD_LEVEL)
        out = self.of(item, kind)
        if out is None:
            return found
        told = out.group_by("population", "domain").agg(pl.col("measure").unique(), pl.col("category").n_unique())
        for population, domain, measures, categories in told.rows():
            row = places.get(f"{population}/{domain}")
            if row is not None:
                name = "answers" if set(measures) & {*FINE, "not_relevant"} else "bands" if categories > 1 else "two"
                found[row] = names.index(name) if name in names else 0
        return found
