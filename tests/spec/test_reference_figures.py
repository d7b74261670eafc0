"""The reference study against each row of ``data/findings_2019.csv``: the published figures and statements it is calibrated to.

The file gathers figures that Norway's user-satisfaction evaluation published (stolav.no/korus, rusfeltet.no, helsedirektoratet.no), with the rounding
they were printed at and, for statements, the outcome that a design-based test must give. Shares are computed here twice: by the weights' own formula in
plain Python, (1/π)(M/m), and by the program. Outcomes are the program's, from its tests and the plan's corrections; nothing sets them.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from royst import reference
from royst.estimation.estimate import Result
from royst.evaluation import comparisons, estimate, facts
from royst.study import folder as study_folder
from royst.study.folder import Study

WANTED = {
    row["id"]: row
    for row in csv.DictReader((Path(__file__).parent / "data" / "findings_2019.csv").open(encoding="utf-8", newline=""))
}
RELEASES = {"2017": "2018-06", "2019": "2020-06", "2021": "2021-12"}
WORDS = {"satisfied": (57.5, 62.5), "partly": (17.5, 22.5), "little": (17.5, 22.5), "influence": (46.0, 49.0)}
GREAT, SMALL = {"4", "5"}, {"1", "2"}

SHARES: dict[str, tuple[str, str, set[str]]] = {
    "men": ("2019", "person_sex", {"man"}),
    "single": ("2019", "civil", {"single"}),
    "children": ("2019", "children", {"yes"}),
    "care": ("2019", "care", {"full_or_part"}),
    "fulltime": ("2019", "income", {"full_time"}),
    "disability": ("2019", "income", {"disability"}),
    "satisfied": ("2019", "satisfied", GREAT),
    "partly": ("2019", "satisfied", {"3"}),
    "little": ("2019", "satisfied", SMALL),
    "mastery_stor": ("2019", "mastery", GREAT),
    "mastery_noen": ("2019", "mastery", {"3"}),
    "mastery_liten": ("2019", "mastery", SMALL),
    "influence": ("2019", "influence", GREAT),
    "available": ("2019", "available", GREAT),
    "unavailable": ("2019", "available", SMALL),
    "kin": ("2019", "kin_involved", GREAT),
    "satisfied_2017": ("2017", "satisfied", GREAT),
    "satisfied_2021": ("2021", "satisfied", GREAT),
    "kin_2021_na": ("2021", "kin_cared", {"not_relevant"}),
    "kin_2021_stor": ("2021", "kin_cared", GREAT),
    "kin_2021_liten": ("2021", "kin_cared", SMALL),
}
OUTCOMES = {
    "rise after multiplicity correction": {"higher"},
    "higher": {"higher"},
    "lower": {"lower"},
    "whatever the data say; a rise or cannot tell": {"higher", "cannot_tell"},
    "whatever the data say; about the same or cannot tell": {"same", "cannot_tell"},
}


@dataclass(frozen=True)
class Made:
    """The study, its estimates by wave and its comparisons by release."""

    study: Study
    results: dict[str, Result]
    changes: dict[str, pl.DataFrame]


def compute(study: Study, releases: Iterable[str] = RELEASES.values()) -> Made:
    waves = {wave for name in releases for wave in facts.shown_waves(study.file.releases[name])}
    results = {wave: estimate.estimates(study, estimate.prepare(study, wave)) for wave in sorted(waves)}
    return Made(
        study,
        results,
        {name: comparisons.comparisons(study, name, results, facts.sources(study)) for name in releases},
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    root = tmp_path_factory.mktemp("figures") / "bte"
    reference.write(root)
    return compute(study_folder.read(root))


def people(root: Path, wave: str) -> list[dict[str, str | float | None]]:
    """Every answer with its weight by the formula, from the files alone."""
    answers = pl.read_parquet(root / "waves" / wave / "answers.parquet").to_dicts()
    users = {row["unit"]: float(row["users"]) for row in _rows(root / "frame.csv") if row["frame_year"] == wave}
    chance = {row["unit"]: float(row["inclusion"]) for row in _rows(root / "waves" / wave / "sample.csv")}
    count: dict[str, int] = {}
    for one in answers:
        count[one["unit"]] = count.get(one["unit"], 0) + 1
    return [{**one, "weight": users[one["unit"]] / chance[one["unit"]] / count[one["unit"]]} for one in answers]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def plain_share(asked: list[dict[str, str | float | None]], item: str, hit: set[str]) -> float:
    """Weighted per cent; who left it open never counts, and "not relevant" only where it is what is asked for."""
    there = [one for one in asked if one[item] is not None and ("not_relevant" in hit or one[item] != "not_relevant")]
    return 100 * sum(one["weight"] for one in there if one[item] in hit) / sum(one["weight"] for one in there)


def as_published(row: dict[str, str], percent: float) -> bool:
    if row["id"] in WORDS:
        low, high = WORDS[row["id"]]
        return low <= percent <= high
    assert row["rounding"] == "1"
    return f"{percent:.0f}" == row["value"]


def test_every_row_is_compared_below() -> None:
    """No row of the file goes untested."""
    counts = {"n", "units", "n_2017", "units_2017", "n_2021", "units_2021"}
    tests = {identity for identity, row in WANTED.items() if row["outcome"] in OUTCOMES}
    assert set(WANTED) == counts | set(SHARES) | tests | {"kin_lowest"}


@pytest.mark.parametrize("identity", SHARES)
def test_shares_are_as_published(made: Made, identity: str) -> None:
    wave, item, hit = SHARES[identity]
    assert as_published(WANTED[identity], plain_share(people(made.study.folder.root, wave), item, hit))


@pytest.mark.parametrize("identity", SHARES)
def test_the_program_finds_the_same_shares(made: Made, identity: str) -> None:
    wave, item, hit = SHARES[identity]
    finding = next(one for one in made.study.file.findings if one.id == identity)
    assert (finding.wave, finding.item) == (wave, item)
    result = made.results[wave].table
    row = result.row(made.results[wave].find(finding.measure, item, finding.category, "all"), named=True)
    assert 100 * row["estimate"] == pytest.approx(
        plain_share(people(made.study.folder.root, wave), item, hit), rel=1e-9
    )


def test_care_is_asked_of_those_with_children(made: Made) -> None:
    asked = people(made.study.folder.root, "2019")
    assert all(one["children"] == "yes" for one in asked if one["care"] is not None)


@pytest.mark.parametrize(
    ("identity", "units"),
    [("n", False), ("units", True), ("n_2017", False), ("units_2017", True), ("n_2021", False), ("units_2021", True)],
)
def test_samples_are_as_large_as_published(made: Made, identity: str, units: bool) -> None:
    wave = identity[-4:] if identity[-1].isdigit() else "2019"
    asked = people(made.study.folder.root, wave)
    assert (len({one["unit"] for one in asked}) if units else len(asked)) == int(WANTED[identity]["value"])


@pytest.mark.parametrize("identity", [identity for identity, row in WANTED.items() if row["outcome"] in OUTCOMES])
def test_outcomes_are_as_published(made: Made, identity: str) -> None:
    row = change_row(made, identity)
    assert row["outcome"] in OUTCOMES[WANTED[identity]["outcome"]]


@pytest.mark.parametrize("identity", ["region", "size"])
def test_both_sides_of_region_and_size_are_as_published(made: Made, identity: str) -> None:
    row = change_row(made, identity)
    assert f"{100 * row['estimate_1']:.0f} vs {100 * row['estimate_2']:.0f}" == WANTED[identity]["value"]


def change_row(made: Made, identity: str) -> dict[str, object]:
    finding = next(one for one in made.study.file.findings if one.id == identity)
    changes = made.changes[RELEASES[finding.wave or ""]]
    return changes.row(by_predicate=pl.col("id") == (finding.comparison or finding.source), named=True)


def test_next_of_kin_is_the_lowest_of_all_items(made: Made) -> None:
    great = made.results["2019"].table.filter(
        (pl.col("measure") == "band") & (pl.col("category") == "stor") & (pl.col("domain") == "all")
    )
    assert great.height > 30
    lowest = great.sort("estimate").head(2)
    assert lowest["item"][0] == "kin_involved"
    assert lowest["estimate"][0] + 0.02 < lowest["estimate"][1]


def test_goals_are_corrected_by_holm_and_the_rest_by_benjamini_and_hochberg(made: Made) -> None:
    for changes in made.changes.values():
        for family, correction in (("goals", "holm"), ("exploration", "bh")):
            assert set(changes.filter(pl.col("family") == family)["correction"]) <= {correction}
    assert (made.changes["2020-06"]["p_adjusted"] >= made.changes["2020-06"]["p"]).all()


def test_every_statement_is_a_finding_of_its_waves_release(made: Made) -> None:
    promised = {finding.id: finding.wave for finding in made.study.file.findings}
    assert set(WANTED) <= set(promised)
    for identity in WANTED:
        wave = next((year for year in ("2017", "2021") if identity.endswith(year) or f"_{year}_" in identity), "2019")
        assert promised[identity] == wave
        assert made.study.file.releases[RELEASES[wave]].wave == wave


def test_the_five_main_findings(made: Made) -> None:
    main = sorted((one for one in made.study.file.findings if one.wave == "2019"), key=lambda one: one.rank)[:5]
    assert [one.id for one in main] == ["satisfied", "influence_change", "kin_lowest", "region", "activity"]
    assert [one.rank for one in main] == [1, 2, 3, 4, 5]


def test_answers_dealt_out_anew_tell_nothing(made: Made, tmp_path: Path) -> None:
    """With satisfaction dealt out at random among the people of 2019, no group differs: the outcomes come from the answers, not from the study's texts."""
    root = tmp_path / "bte"
    reference.write(root)
    path = root / "waves" / "2019" / "answers.parquet"
    table = pl.read_parquet(path)
    dealt = table["satisfied"].to_list()
    random.Random(2019).shuffle(dealt)
    table.with_columns(pl.Series("satisfied", dealt)).write_parquet(path)
    again = compute(study_folder.read(root), ["2020-06"])
    told = {identity: change_row(again, identity)["outcome"] for identity in ("region", "size", "lar", "work", "age")}
    assert set(told.values()) <= {"cannot_tell", "same"}
    assert change_row(again, "influence_change")["outcome"] == "higher"
