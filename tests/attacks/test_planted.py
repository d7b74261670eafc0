"""Leaks that are no printed count, planted: each attacker sees its own kind, and what it claims is so."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
import scenarios
from ground import attack

LEAKS = {
    "counts of units": (scenarios.better, None),
    "expected range": (scenarios.better, None),
    "filters": (scenarios.follow_up, pl.col("item") == "q2"),
    "ends of indices": (scenarios.at_the_end, pl.col("measure") == "index"),
    "pattern": (scenarios.reason, pl.col("category") == "high"),
}


@pytest.mark.parametrize("name", LEAKS)
def test_the_attacker_sees_it(tmp_path, name):
    made, keep = LEAKS[name]
    study, units = made()
    found = attack(study.write(tmp_path, scenarios.printed(study, units, keep)), name)
    assert {fact["domain"] for fact in found} >= {f"unit={unit}" for unit in units}
    assert all(study.true(fact) for fact in found)


@pytest.mark.parametrize("name", LEAKS)
def test_the_attacker_sees_nothing_where_nothing_is(tmp_path, name):
    """The same study with the telling figures withheld as well."""
    made, _ = LEAKS[name]
    study, units = made()
    told = scenarios.printed(study, units)
    bare = pl.lit("withheld").alias("status")
    told = replace(told, from_printed={table: frame.with_columns(bare) for table, frame in told.from_printed.items()})
    assert attack(study.write(tmp_path, told), name) == []
