"""The line of those who took part both times, as a release puts it forward: held against ``three_lines`` and against who answered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from royst import reference
from royst.estimation import waves as lines
from royst.evaluation import comparisons, estimate, panel
from royst.evaluation.estimate import PSU
from royst.protect.history import Entry, Ledger
from royst.study import folder

KEY = ["measure", "item", "category"]


class Made:
    """2019 against 2017 in the reference study."""

    def __init__(self, root: Path):
        reference.write(root, lambda _: None)
        self.study = folder.read(root)
        self.waves = {name: estimate.prepare(self.study, name) for name in ("2017", "2019")}
        self.results = {name: estimate.estimates(self.study, wave) for name, wave in self.waves.items()}
        self.changes = comparisons.comparisons(self.study, "2020-06", self.results, [])

    def line(self, ledger: Ledger | None = None) -> panel.Line | None:
        return panel.line(self.study, self.waves["2019"], self.waves["2017"], self.results, self.changes, ledger or Ledger())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("panel") / "bte")


def test_it_is_the_panel_line_of_the_headline_and_the_plans_comparisons(made: Made) -> None:
    line = made.line()
    assert line is not None
    declared = {part.id for part in made.study.file.comparisons}
    wanted = made.changes.filter((pl.col("kind") == "waves") & (pl.col("id").is_in(declared) | (pl.col("item") == made.study.file.plan.headline)))
    assert set(line.changes["id"]) == set(wanted["id"]) and "satisfied" in line.changes["item"].to_list()
    new, old = (made.waves[name] for name in ("2019", "2017"))
    names = {item.name: made.study.line("2019", item.name).get("2017", item.name) for item in new.items}
    asked = [one for one in estimate.statistics(made.study, new.items) if (one.name or one.items[0]) in set(wanted["item"])]
    told = lines.three_lines(
        lines.Wave(new.people, new.design), lines.Wave(old.people, old.design), asked, mix=["region"], history=made.study.heirs("2019"), items=names
    )
    both = line.changes.join(told.filter(pl.col("line") == "panel"), on=KEY, suffix="_told")
    assert both.height == line.changes.height > 5
    for ours, theirs in (("estimate", "estimate_told"), ("se", "se_told"), ("df", "df_told"), ("estimate_1", "new"), ("estimate_2", "old"), ("n_1", "n_new"), ("n_2", "n_old")):
        assert ((both[ours] - both[theirs]).abs() < 1e-12).all(), ours


def test_those_outside_are_put_forward_too_and_are_the_rest(made: Made) -> None:
    line = made.line()
    assert line is not None
    inside, outside = (line.estimates.filter(pl.col("population") == name) for name in (line.pair.population, line.pair.outside))
    whole = pl.concat([estimate.table(result, wave, "all") for wave, result in made.results.items()]).filter(pl.col("domain") == "all")
    both = inside.join(outside, on=["wave", *KEY], suffix="_outside").join(whole, on=["wave", *KEY], suffix="_all")
    assert both.height == inside.height == outside.height
    assert (both["n"] + both["n_outside"] == both["n_all"]).all() and (both["n_outside"] > 0).all()
    columns = panel.populations(made.study, made.waves["2019"], made.waves, [line.pair], Ledger())
    then = set(made.waves["2017"].people[PSU])
    assert [(value == "yes") for value in columns[line.pair.population]] == [unit in then for unit in made.waves["2019"].people[PSU]]
    assert (columns[line.pair.population].is_null() == columns[line.pair.outside].is_not_null()).all()


def test_nothing_more_is_told_of_a_wave_whose_answers_have_changed(made: Made) -> None:
    published = estimate.table(made.results["2017"], "2017", "all").with_columns(
        pl.col("estimate", "se") * pl.when(pl.col("measure").is_in(["share", "band", "not_relevant"])).then(100).otherwise(1), status=pl.lit("published")
    )
    assert made.line(Ledger((Entry("2018-06", "2018-06-01", "r", {"estimates": published}),))) is not None
    one_more = published.with_columns(pl.col("n") + 1)
    assert made.line(Ledger((Entry("2018-06", "2018-06-01", "r", {"estimates": one_more}),))) is None


def test_waves_without_a_unit_in_both_have_no_such_line(made: Made) -> None:
    old = made.waves["2017"]
    other = replace(old, people=old.people.with_columns(("x" + pl.col(PSU)).alias(PSU)))
    assert panel.line(made.study, made.waves["2019"], other, made.results, made.changes, Ledger()) is None


def test_populations_of_earlier_releases_are_known_again(made: Made) -> None:
    out = pl.DataFrame({"wave": ["2019"], "population": ["panel:2017:2019"], "item": ["satisfied"], "measure": ["band"], "category": ["stor"], "domain": ["all"]})
    ledger = Ledger((Entry("2020-06", "2020-06-01", "r", {"estimates": out}),))
    pair = panel.Pair("2019", "2021")
    waves = {"2019": made.waves["2019"], "2021": estimate.prepare(made.study, "2021")}
    columns = panel.populations(made.study, waves["2019"], waves, [pair], ledger)
    assert columns.columns == ["panel:2019:2021", "outside:2019:2021", "panel:2017:2019", "outside:2017:2019"]
    assert columns.height == waves["2019"].people.height
