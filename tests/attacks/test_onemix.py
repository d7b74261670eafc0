"""Everybody's figures with the older wave's mix of region and size, printed beside everybody's: the same people, counted in two ways."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from ground import attack
from studies import Shape, Study

from royst import protect
from royst.protect import history
from royst.protect.rounding import rounded

MIX = "mix:2017:2019"
ATTACKS = ("span", "programme", "weights", "splits", "differencing")
MIXED = pl.col("population") == MIX

Made = tuple[Study, list[protect.Protected]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Two waves of twenty units, some of them others in the second one."""
    return released(tmp_path_factory.mktemp("mix"), "mixes400", 400, 20, 5)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """So few units that figures of one mix tell of them."""
    return released(tmp_path_factory.mktemp("small"), "mixes0", 240, 14, 4)


def released(home: Path, name: str, people: int, units: int, other: int) -> Made:
    waves = {"2017": (people, units, 0), "2019": (people, units, other)}
    study = Study(Shape(name, waves, scales=(5, 3, 2), groups=("sex",), regions=2, mixes=True))
    return study, study.released(home)


def with_mix(made: Made, decimals: int) -> pl.DataFrame:
    """The second release with every figure of one mix, protected or not, printed to so many decimals."""
    study, releases = made
    told = study.candidate("2019", {"2017": study.estimated("2017")[0]}).estimates.filter(MIXED)
    fine = [(100 * pl.col(column)).round(decimals).alias(column) for column in ("estimate", "se", "low", "high")]
    told = told.with_columns(*fine, status=pl.lit("published"), decimals=pl.lit(decimals, pl.Int64))
    others = rounded(releases[1].estimates.filter(~MIXED))
    return pl.concat([others, told.select(others.columns)])


def test_nothing_follows_from_what_is_printed_with_one_mix(tmp_path: Path, made: Made) -> None:
    study, releases = made
    told = releases[1].estimates.filter(MIXED)
    assert (told["status"] == "published").any()
    assert set(told["decimals"].drop_nulls()) == {0}
    assert attack(study.write(tmp_path, *releases), *ATTACKS) == []


def test_a_figure_of_one_mix_printed_one_decimal_too_fine_is_found(tmp_path: Path, small: Made) -> None:
    study, releases = small
    assert set(releases[1].estimates.filter(MIXED)["status"]) == {"withheld"}
    found = attack(study.write(tmp_path, rounded(releases[0].estimates), with_mix(small, 1)), "splits")
    assert found and all(study.true(fact) for fact in found)
    finer = attack(study.write(tmp_path / "finer", rounded(releases[0].estimates), with_mix(small, 2)), "splits")
    assert len(finer) > len(found) and all(study.true(fact) for fact in finer)


def test_no_other_row_gives_way(tmp_path: Path, made: Made) -> None:
    """With the rows of one mix left out, the same is printed of all others."""
    study, releases = made
    path = tmp_path / "history.jsonl"
    first = rounded(releases[0].estimates)
    history.record(path, name="2017", date="2017-06-01", rules=study.rules.label, estimates=first)
    plain = protect.Candidate(study.estimated("2019")[1], {"2019": study.protected_people("2019")})
    alone = protect.protect(plain, study.rules, history.read(path)).estimates
    assert alone.equals(releases[1].estimates.filter(~MIXED))


def test_changes_stand_on_figures_of_one_mix_and_the_older_waves_own(made: Made) -> None:
    _, releases = made
    told = dict(releases[1].estimates.filter(MIXED).select("item", "se").rows())
    before = releases[0].estimates.filter((pl.col("domain") == "all") & (pl.col("category") == "high"))
    older = dict(before.select("item", "se").rows())
    changes = releases[1].changes
    assert changes is not None
    for row in changes.filter(MIXED).iter_rows(named=True):
        both = told[row["item"]] is not None and older[row["item"]] is not None
        assert row["status"] == ("published" if both else "withheld")


def test_a_wave_that_is_out_is_bound_by_its_figures_of_one_mix(tmp_path: Path, made: Made) -> None:
    """A new table beside them is audited with them, and they are not told again."""
    study, releases = made
    path = tmp_path / "history.jsonl"
    for name, one in zip(("2017", "2019"), releases):
        history.record(path, name=name, date=f"{name}-06-01", rules=study.rules.label, estimates=rounded(one.estimates))
    again = study.candidate("2019", {"2017": study.estimated("2017")[0]})
    new = study.asked("2019", "q1", ("sex", "region"))
    candidate = protect.Candidate(pl.concat([again.estimates, new]), again.people)
    found = protect.protect(candidate, study.rules, history.read(path))
    assert (found.estimates.filter(MIXED)["status"] == "withheld").all()
    assert found.certificate["recoverable"] == 0
    shown = pl.concat([rounded(releases[1].estimates), rounded(found.estimates.filter(pl.col("domain").is_in(new["domain"].to_list())))])
    assert attack(study.write(tmp_path / "out", rounded(releases[0].estimates), shown), *ATTACKS) == []
