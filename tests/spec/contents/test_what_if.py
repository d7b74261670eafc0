"""What a release says of those who did not answer, and of a change worked out in several ways: from its printed figures alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from royst.estimation import participation
from royst.publish import nonresponse, panel
from royst.publish.document import Chart, LineChart, Paragraph, Table
from royst.publish.edition import edition
from royst.publish.method import method
from royst.release import Release, table
from royst.words import LANGUAGES

ROUND = 0.51
"""Whole per cents are printed."""


def with_numbers(release: Release, **numbers: int | None) -> Release:
    told = release.tables["participation"].with_columns(pl.lit(value, pl.Int64).alias(name) for name, value in numbers.items())
    return replace(release, tables={**release.tables, "participation": told})


def numbers_in(block: Table) -> list[float]:
    return [float(re.sub(r"[^\d.,]", "", row[1]).replace(",", ".")) for row in block.rows]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("numbers", [{"users": 4000}, {"users": 4000, "offered": 2500}])
def test_the_ends_are_those_of_the_handing_out_ledger(release: Release, language: str, numbers: dict[str, int]) -> None:
    """As ``estimation.participation`` bounds the headline, whose share and answers are the printed ones."""
    held = edition(with_numbers(release, **numbers), language)
    blocks = nonresponse.what_if(held, 4)
    headline = held.best("satisfied")
    assert headline is not None
    invited = numbers.get("offered", numbers["users"])
    share, rate = headline["unweighted"], headline["n"] / invited
    found = numbers_in(next(block for block in blocks if isinstance(block, Table)))
    moved = participation.sensitivity(share, rate, [-share, -20, -10, 0, 10, 20, 100 - share])["headline"].to_list()
    assert found == pytest.approx(moved, abs=ROUND)
    said = " ".join(part for block in blocks if isinstance(block, Paragraph) for part in block.content if isinstance(part, str))
    assert language != "nb" or "som i stor grad er fornøyd" in said
    turning = (50 - rate * share) / (1 - rate)
    for value in (100 * rate, share, moved[0], moved[-1], turning):
        assert re.search(rf"\b{round(value + 1e-9)}\b", said), (value, said)


@pytest.mark.parametrize("numbers", [{}, {"users": 1000}])
def test_nothing_is_said_where_nobody_knows_how_many_they_are(release: Release, numbers: dict[str, int]) -> None:
    """Or where they would be fewer than those who answered."""
    assert nonresponse.what_if(edition(with_numbers(release, **numbers), "nb"), 4) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_help_may_have_done_follows_from_the_share_who_had_it(make: Callable[..., Release], language: str) -> None:
    """As ``estimation.participation.sensitivity`` of a headline of which only those who were helped would differ."""
    release = make()
    name = next(name for name, item in release.facts.items.items() if item.role == "background")
    assert nonresponse.without_help(edition(release, language), 4) == []
    answer = release.tables["estimates"].filter((pl.col("item") == name) & (pl.col("measure") == "share") & (pl.col("wave") == "2019"))
    row = answer.filter(pl.col("domain") == "all").row(0, named=True)
    items = {**release.facts.items, name: release.facts.items[name].model_copy(update={"role": "helper", "alone": row["category"]})}
    held = edition(replace(release, facts=release.facts.model_copy(update={"items": items})), language)
    said = " ".join(part for block in nonresponse.without_help(held, 4) if isinstance(block, Paragraph) for part in block.content if isinstance(part, str))
    headline = held.best("satisfied")
    assert headline is not None
    moved = participation.sensitivity(headline["unweighted"], row["unweighted"] / 100, [-10, -20])["headline"].to_list()
    for value in (100 - row["unweighted"], headline["unweighted"], *moved):
        assert re.search(rf"\b{int(value + 0.5)}\b", said), (value, said)


def test_it_stands_in_the_method(release: Release) -> None:
    anchors = [getattr(block, "anchor", "") for block in method(edition(with_numbers(release, users=4000), "nb"))]
    assert anchors.index("missing") < anchors.index("nonresponse") < anchors.index("weaknesses")


# A change worked out in several ways


@pytest.fixture
def mixed(make: Callable[..., Release]) -> Release:
    """The headline's change once more with one mix, half a point less than the plain one in both figures."""
    release = make()
    estimates, changes = release.tables["estimates"], release.tables["changes"]
    own = (pl.col("wave") == "2019") & (pl.col("item") == "satisfied") & (pl.col("category") == "stor") & (pl.col("domain") == "all")
    told = estimates.filter(own & (pl.col("measure") == "band")).with_columns(population=pl.lit("mix:2017:2019"), estimate=pl.col("estimate") - 3.4)
    plain = changes.filter((pl.col("kind") == "waves") & (pl.col("item") == "satisfied") & (pl.col("wave_2") == "2017")).head(1)
    assert told.height == plain.height == 1
    row = plain.with_columns(population=pl.lit("mix:2017:2019"), estimate=pl.col("estimate") - 3.4, estimate_1=pl.col("estimate_1") - 3.4)
    tables = {"estimates": pl.concat([estimates, told]), "changes": pl.concat([changes, row])}
    return replace(release, tables={**release.tables, **{name: table(name, frame) for name, frame in tables.items()}})


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_part_of_a_change_that_is_mix_is_the_difference_of_the_printed_ones(mixed: Release, language: str) -> None:
    held = edition(mixed, language)
    blocks = panel.several_ways(held, 3)
    shown = next(block for block in blocks if isinstance(block, Table))
    assert len(shown.columns) == 4 and len(shown.rows) == 1
    assert shown.rows[0][3] == "+3"
    line = next(block for block in blocks if isinstance(block, Chart))
    assert isinstance(line.figure, LineChart)
    plain, other = line.figure.series
    assert other.points[0] == plain.points[0]  # the older wave's mix is its own
    assert other.points[1] == pytest.approx(plain.points[1] - 3.4)


def test_it_is_left_out_where_nothing_of_it_is_published(mixed: Release) -> None:
    gone = mixed.tables["changes"].with_columns(pl.when(pl.col("population") != "all").then(pl.lit("withheld")).otherwise("status").alias("status"))
    assert panel.several_ways(edition(replace(mixed, tables={**mixed.tables, "changes": gone}), "nb"), 3) == []
