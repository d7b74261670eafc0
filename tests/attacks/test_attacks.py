"""What attackers can work out of a release: nothing; and of a release with a planted leak: the leak."""

from __future__ import annotations

import subprocess
import sys

import polars as pl
import pytest
import simulate
from conftest import BLOCKED, Study, attack

from royst import protect
from royst.protect import history


def test_attackers_cannot_import_the_program(tmp_path):
    program = tmp_path / "try.py"
    program.write_text("import royst\n", encoding="utf-8")
    run = subprocess.run([sys.executable, "-c", BLOCKED, str(program)], capture_output=True, text=True, check=False)
    assert run.returncode != 0 and "royst" in run.stderr


def test_nothing_is_worked_out_of_a_protected_release(tmp_path, small_study, small_release):
    assert attack(small_study.write(tmp_path, small_release, whole=True)) == []
    published = small_release.filter(pl.col("status") == "published").height
    assert published > 0.25 * small_release.height  # nine units in four regions; so that withholding everything fails


def test_the_same_tables_with_small_rows_alone_withheld_are_broken(tmp_path, small_study):
    """The rule in use elsewhere, "10 answers or no report", is not enough; and the attackers see it."""
    frame = small_study.candidate().estimates.with_columns(
        pl.when(pl.col("n") >= 10).then(pl.lit("published")).otherwise(pl.lit("withheld")).alias("status")
    )
    found = attack(small_study.write(tmp_path, frame))
    assert len(found) > 20
    assert all(small_study.true(fact) for fact in found)


def test_one_withheld_row_too_many_is_found(tmp_path, small_study, small_release):
    """Every primary row that is put back is found, each in a release of its own."""
    whole = small_study.candidate().estimates
    withheld = small_release.with_row_index().filter((pl.col("status") == "withheld") & (pl.col("measure") == "share"))
    rows = withheld.select("item", "domain").unique(maintain_order=True).rows()
    sensitive = [
        (item, domain)
        for item, domain in rows
        if (n := int(whole.filter((pl.col("item") == item) & (pl.col("domain") == domain))["n"][0])) < 10
        or any(
            0 < round(u * n / 100) <= 2 or round(u * n / 100) >= n - 2
            for u in whole.filter(
                (pl.col("item") == item) & (pl.col("domain") == domain) & (pl.col("measure") == "share")
            )["unweighted"]
        )
    ]
    assert len(sensitive) >= 5
    for number, (item, domain) in enumerate(sensitive[:8]):
        planted = (pl.col("item") == item) & (pl.col("domain") == domain) & (pl.col("measure") == "share")
        leak = pl.concat(
            [small_release.filter(~planted), whole.filter(planted).with_columns(status=pl.lit("published"))]
        )
        found = attack(small_study.write(tmp_path / str(number), leak))
        assert any(fact["item"] == item for fact in found)
        assert all(small_study.true(fact) for fact in found)


def test_a_withdrawn_person_is_found_in_figures_made_again(tmp_path, small_study, small_release):
    again = Study("small", {"2019": (260, 9)}, items=3, groups=2)
    again.people = {"2019": small_study.people["2019"].slice(1)}
    made = protect.protect(again.candidate(), again.rules).estimates
    found = attack(small_study.write(tmp_path, small_release, made))
    assert any(fact["attack"] == "differencing" for fact in found)


def test_a_withdrawn_person_is_not_found_in_a_second_release(tmp_path, small_study, small_release):
    """The ledger keeps the first figures, so one person less changes nothing that can be seen."""
    path = tmp_path / "history.jsonl"
    history.record(path, name="a", date="2020-06-01", rules="user-survey-10 v1", estimates=small_release)
    again = Study("small", {"2019": (260, 9)}, items=3, groups=2)
    again.people = {"2019": small_study.people["2019"].slice(1)}
    ledger = history.read(path)
    made = ledger.restore(protect.protect(again.candidate(), again.rules, ledger).estimates)
    assert not [
        f for f in attack(small_study.write(tmp_path / "out", small_release, made)) if f["attack"] == "differencing"
    ]
    key = ["item", "measure", "category", "domain"]
    out = small_release.filter(pl.col("status") == "published").select(*key, "estimate", "n")
    assert made.filter(pl.col("status") == "published").select(*key, "estimate", "n").sort(key).equals(out.sort(key))


def test_percentages_printed_too_finely_are_found(tmp_path):
    """Weighted percentages of everybody, with more decimals, tell how their people are split over the units."""
    study = Study("fine", {"2019": (66, 6)}, items=2, groups=1)

    def by_weights(decimals: int) -> list[dict]:
        frame = simulate.estimates("2019", study.people["2019"], [()], study.items, decimals)
        folder = study.write(
            tmp_path / str(decimals), frame.with_columns(status=pl.lit("published")), decimals=decimals
        )
        return [fact for fact in attack(folder) if fact["attack"] == "weights"]

    assert by_weights(1) == []
    found = by_weights(5)
    assert len(found) > 5
    assert all(study.true(fact) for fact in found)


SHAPES = [
    (f"shape-{k}", {"2017": (110 + 20 * (k % 5), 6 + k % 7), "2019": (200 + 25 * (k % 7), 8 + k % 9), "2021": (160 + 30 * (k % 4), 9 + k % 5)},
     6 + k % 5, 2 + k % 4, bool(k % 2))
    for k in range(20)
]  # fmt: skip


@pytest.mark.parametrize(
    ("seed", "waves", "items", "groups", "crossed"), [(*SHAPES[0][:2], 2, *SHAPES[0][3:])], ids=lambda v: str(v)[:9]
)
def test_a_study_of_three_waves_holds(tmp_path, seed, waves, items, groups, crossed):
    study = Study(seed, waves, items, groups, crossed)
    made = protect.protect(study.candidate(), study.rules)
    assert made.certificate["recoverable"] == 0
    assert attack(study.write(tmp_path, made.estimates)) == []


@pytest.mark.prove
@pytest.mark.parametrize(("seed", "waves", "items", "groups", "crossed"), SHAPES, ids=lambda value: str(value)[:9])
def test_twenty_studies_of_three_waves_hold(tmp_path, seed, waves, items, groups, crossed):
    study = Study(seed, waves, items, groups, crossed)
    made = protect.protect(study.candidate(), study.rules, thorough=True)
    assert made.certificate["recoverable"] == 0
    assert attack(study.write(tmp_path, made.estimates)) == []


@pytest.mark.prove
def test_the_twenty_studies_have_a_hundred_thousand_cells():
    studies = (Study(*shape) for shape in SHAPES)
    assert sum(study.candidate().estimates.height for study in studies) >= 100_000
