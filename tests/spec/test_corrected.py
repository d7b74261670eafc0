"""Tests corrected together, where some of them are withheld: what is printed follows from what is printed."""

from __future__ import annotations

from types import SimpleNamespace as Named
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from royst.evaluation.comparisons import corrected, outcomes

PLAN = Named(level=0.95, margin=5.0, min_answers=10, min_units=3)
STUDY: Any = Named(file=Named(plan=PLAN, families={"goals": Named(correction="holm"), "rest": Named(correction="bh")}))


def holm(p: list[float], m: int) -> list[float]:
    """Holm (1979), written out: the ``p`` are the smallest of ``m``."""
    return [max(min(1.0, (m - sum(other < q for other in p)) * q) for q in p if q <= one) for one in p]


def bh(p: list[float], m: int) -> list[float]:
    """Benjamini and Hochberg (1995), written out."""
    return [min([1.0, *(m * q / sum(other <= q for other in p) for q in p if q >= one)]) for one in p]


@given(data=st.data())
@pytest.mark.parametrize(("family", "method"), [("goals", holm), ("rest", bh)])
def test_a_withheld_test_counts_as_one_that_shows_nothing(family: str, method, data: st.DataObject) -> None:  # type: ignore[no-untyped-def]
    p = data.draw(st.lists(st.floats(1e-6, 0.6), min_size=1, max_size=12, unique=True))
    shown = data.draw(st.lists(st.booleans(), min_size=len(p), max_size=len(p)))
    same = {
        "kind": "waves",
        "measure": "band",
        "estimate": 0.1,
        "low90": -0.2,
        "high90": 0.4,
        "n_1": 900,
        "n_2": 900,
        "units_1": 40,
        "units_2": 40,
    }
    asked = outcomes(STUDY, [{"id": str(k), "family": family, "p": value, **same} for k, value in enumerate(p)])
    hide = pl.Series([not one for one in shown])
    emptied = [
        pl.when(~hide).then(pl.col(name)).alias(name)
        for name in ("p", "p_adjusted", "outcome", "estimate", "low90", "high90")
    ]
    told = asked.with_columns(*emptied, status=pl.Series(["published" if one else "withheld" for one in shown]))
    found = corrected(STUDY, asked, told)
    printed = found.filter(pl.col("status") == "published")
    assert np.allclose(printed["p_adjusted"].to_numpy(), method(printed["p"].to_list(), len(p)))
    assert found.filter(pl.col("status") == "withheld").select("p_adjusted", "outcome").null_count().row(0) == (
        (len(p) - printed.height,) * 2
    )
    assert (printed["outcome"] == "higher").to_list() == (printed["p_adjusted"] < 0.05).to_list()
    assert found["id"].to_list() == asked["id"].to_list()
