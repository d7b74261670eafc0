"""What protection promises to those who use it, and what it refuses."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from royst import protect
from royst.errors import InputError
from royst.protect import history, rounding, rules

sys.path.insert(0, str(Path(__file__).parents[1] / "attacks"))
import simulate

RULES = protect.rule_set("user-survey-10")
ITEMS = ["q1", "q2"]
GROUPS = ("unit", "region", "sex", "age")


def candidate(**changed: object) -> protect.Candidate:
    people = simulate.people("spec", 300, 10, 2, 2)
    by = [(), ("region",), ("sex",), ("age",), ("unit",)]
    scale = protect.Scale(simulate.CHOICES, simulate.BANDS, ("nr",))
    made = protect.Candidate(
        simulate.estimates("2019", people, by, ITEMS),
        {"2019": protect.People(people, GROUPS, dict.fromkeys(ITEMS, scale), unit="unit", weight="weight")},
    )
    return replace(made, **changed)


@pytest.fixture(scope="module")
def made() -> protect.Protected:
    return protect.protect(candidate(changes=changes()), RULES)


def changes() -> pl.DataFrame:
    domains = [f"age=age{k}" for k in range(5)]
    rows = [
        {"kind": "groups", "item": "q1", "measure": "share", "category": "1", "population": "all", "wave_1": "2019", "domain_1": a,
         "wave_2": "2019", "domain_2": b, "estimate": 1.0, "p": 0.5, "status": None}
        for a in domains for b in ["all", *domains]
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"status": pl.String})


def test_every_row_comes_back_in_its_place(made):
    asked = candidate().estimates
    key = ["item", "measure", "category", "domain"]
    assert made.estimates.select(key).equals(asked.select(key))
    assert set(made.estimates["status"]) == {"published", "withheld"}


def test_a_withheld_row_holds_no_number(made):
    withheld = made.estimates.filter(pl.col("status") == "withheld")
    assert withheld.height
    assert withheld.select("n", "n_units", "estimate", "unweighted").null_count().row(0) == (withheld.height,) * 4


def test_a_row_keeps_bands_where_it_cannot_keep_answers(made):
    kept = made.estimates.filter(pl.col("status") == "published").select("item", "domain", "measure").unique()
    with_bands = kept.filter(pl.col("measure") == "band").select("item", "domain")
    with_shares = kept.filter(pl.col("measure") == "share").select("item", "domain")
    assert with_bands.height > with_shares.height
    assert with_shares.join(with_bands, on=["item", "domain"], how="anti").is_empty()


def test_no_answer_of_fewer_than_ten_is_printed(made):
    printed = made.estimates.filter((pl.col("status") == "published") & pl.col("measure").is_in(["share", "band"]))
    counts = (printed["unweighted"] * printed["n"] / 100).round()
    assert printed["n"].min() >= 10
    shares = printed.with_columns(count=counts).filter(pl.col("measure") == "share")
    assert not shares["count"].is_in([1.0, 2.0]).any()
    assert (shares["n"] - shares["count"]).min() > 2


def test_a_change_falls_with_its_estimates(made):
    out = set(
        made.estimates.filter(
            (pl.col("status") == "published")
            & (pl.col("item") == "q1")
            & (pl.col("measure") == "share")
            & (pl.col("category") == "1")
        )["domain"]
    )
    for row in made.changes.iter_rows(named=True):
        assert (row["status"] == "published") == ({row["domain_1"], row["domain_2"]} <= out)
        assert (row["p"] is None) == (row["status"] == "withheld")


def test_the_certificate_names_no_cell(made):
    text = json.dumps(made.certificate)
    assert made.certificate["recoverable"] == 0 and made.certificate["facts"] > 100
    for secret in ("K00", "q1", "age=", "region=", "2019"):
        assert secret not in text


def test_cells_are_counted_by_kind_of_table(made):
    cells = {row["table"]: row for row in made.cells.iter_rows(named=True)}
    assert cells["estimates by unit"]["cells"] > cells["estimates by unit"]["published"] > 0
    assert (
        sum(row["published"] for t, row in cells.items() if t.startswith("estimates"))
        == (made.estimates["status"] == "published").sum()
    )


def test_the_same_input_gives_the_same_output(made):
    assert protect.protect(candidate(changes=changes()), RULES).estimates.equals(made.estimates)


def refused(code: str, **changed: object) -> str:
    with pytest.raises(InputError, match=code) as caught:
        protect.protect(candidate(**changed), RULES)
    return str(caught.value)


def test_an_unknown_rule_set_is_refused():
    with pytest.raises(InputError, match="unknown-rule-set") as caught:
        protect.rule_set("user-survey-5")
    assert "user-survey-10" in str(caught.value)


def test_a_table_outside_the_plan_is_refused():
    row = candidate().estimates.head(1).with_columns(domain=pl.lit("shoe=42"))
    assert "shoe" in refused("table-outside-plan", estimates=pl.concat([candidate().estimates, row]))


def test_a_missing_relation_is_refused():
    people = candidate().people["2019"]
    assert "age" in refused("missing-relation", people={"2019": replace(people, frame=people.frame.drop("age"))})
    assert "2019" in refused("missing-relation", people={})
    panel = candidate().estimates.head(1).with_columns(population=pl.lit("panel"))
    assert "panel" in refused("missing-relation", estimates=pl.concat([candidate().estimates, panel]))


def test_the_same_people_with_other_weights_are_a_population_of_their_own():
    """Its weighted figures would be more equations, which nobody has looked at."""
    row = candidate().estimates.head(1).with_columns(population=pl.lit("standardised"))
    assert "standardised" in refused("missing-relation", estimates=pl.concat([candidate().estimates, row]))


def test_contradictory_counts_are_refused():
    wrong = candidate().estimates.with_columns(
        n=pl.when(pl.col("domain") == "sex=sex1").then(pl.col("n") + 1).otherwise(pl.col("n"))
    )
    assert "sex=sex1" in refused("contradictory-counts", estimates=wrong)
    refused("contradictory-counts", estimates=pl.concat([candidate().estimates, candidate().estimates.head(1)]))


@pytest.fixture
def ledger(tmp_path, made) -> Path:
    path = tmp_path / "releases" / "history.jsonl"
    history.record(path, name="2020-06", date="2020-06-15", rules=RULES.label, estimates=made.estimates, key=b"k")
    history.record(
        path, name="2021-12", date="2021-12-01", rules=RULES.label, estimates=made.estimates.head(0), key=b"k"
    )
    return path


def test_the_ledger_holds_published_figures_only(ledger, made):
    out = history.read(ledger, b"k").published()
    assert out.height == (made.estimates["status"] == "published").sum()
    assert out["estimate"].null_count() == 0


@pytest.mark.parametrize(
    "edit",
    [lambda t: t.replace("2020-06-15", "2020-06-16"), lambda t: t.split("\n", 1)[1], lambda t: t.replace("}", "", 1)],
)
def test_an_edited_ledger_is_refused(ledger, edit):
    ledger.write_text(edit(ledger.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(InputError, match="edited-ledger"):
        history.read(ledger, b"k")


def test_a_ledger_written_with_another_key_is_refused(ledger):
    with pytest.raises(InputError, match="edited-ledger"):
        history.read(ledger, b"other")


def test_a_release_is_entered_once(ledger, made):
    before = ledger.read_bytes()
    history.record(ledger, name="2020-06", date="2020-06-15", rules=RULES.label, estimates=made.estimates, key=b"k")
    assert ledger.read_bytes() == before
    with pytest.raises(InputError, match="release-taken"):
        history.record(
            ledger, name="2020-06", date="2020-06-15", rules=RULES.label, estimates=made.estimates.head(3), key=b"k"
        )


def test_what_is_out_stays_as_it_is(ledger, made):
    moved = made.estimates.with_columns(pl.col("estimate") + 1)
    restored = history.read(ledger, b"k").restore(moved)
    published = pl.col("status") == "published"
    assert restored.filter(published).equals(made.estimates.filter(published))


def test_of_a_wave_that_is_out_nothing_new_is_printed_after_a_withdrawal(ledger, made):
    people = candidate().people["2019"]
    fewer = replace(people, frame=people.frame.slice(1))
    by = [(), ("sex",), ("sex", "age")]
    asked = protect.Candidate(simulate.estimates("2019", fewer.frame, by, ITEMS), {"2019": fewer})
    again = protect.protect(asked, RULES, history.read(ledger, b"k")).estimates
    assert (again.filter(pl.col("domain").str.contains(";"))["status"] == "withheld").all()


def test_a_change_is_withheld_where_its_old_side_is_not_what_is_out(tmp_path, made):
    """One person fewer, one answer changed: the old wave's new figures beside those that are out would tell who and what."""
    ledger = tmp_path / "history.jsonl"
    whole = made.estimates.with_columns(pl.col("estimate").round(0))
    history.record(ledger, name="2020-06", date="2020-06-15", rules=RULES.label, estimates=whole, key=b"k")
    out = history.read(ledger, b"k").published().filter((pl.col("domain") == "all") & (pl.col("measure") == "share"))
    row = out.row(0, named=True)
    asked = candidate()
    new = asked.estimates.with_columns(pl.lit("2021").alias("wave"))
    line = {"kind": "waves", "item": row["item"], "measure": "share", "category": row["category"], "population": "all",
            "wave_1": "2021", "domain_1": "all", "wave_2": "2019", "domain_2": "all", "estimate": 0.01, "estimate_1": 0.5,
            "n_1": 300, "n_2": row["n"], "estimate_2": row["estimate"] / 100, "status": None}  # fmt: skip
    lines = [line, line | {"n_2": row["n"] - 1}, line | {"estimate_2": row["estimate"] / 100 + 0.02}]
    changes = pl.DataFrame(lines, schema_overrides={"status": pl.String})
    later = replace(asked, estimates=new, people={"2021": asked.people["2019"]}, changes=changes)
    told = protect.protect(later, RULES, history.read(ledger, b"k")).changes
    assert told["status"].to_list() == ["published", "withheld", "withheld"]


def test_a_ledger_grows_by_a_line_and_what_stands_there_is_not_written_again(ledger, made):
    before = ledger.read_bytes()
    history.record(ledger, name="2022-06", date="2022-06-01", rules=RULES.label, estimates=made.estimates.head(5), key=b"k")
    assert ledger.read_bytes().startswith(before) and ledger.read_bytes().count(b"\n") == before.count(b"\n") + 1


def test_a_ledger_carried_along_is_the_one_that_is_read(tmp_path, made):
    path, carried = tmp_path / "history.jsonl", history.Ledger()
    for k in range(4):
        part = made.estimates.slice(40 * k, 60)
        carried = history.record(path, name=f"r{k}", date="2022", rules="r", estimates=part, key=b"k", ledger=carried)
        assert carried.published().equals(history.read(path, b"k").published())
    assert carried.last == history.read(path, b"k").last


def test_an_entry_that_was_interrupted_counts_as_none(ledger, made):
    whole = ledger.read_bytes()
    ledger.write_bytes(whole + b'{"release":"2022-06","da')
    assert len(history.read(ledger, b"k").entries) == 2
    history.record(ledger, name="2022-06", date="2022-06-01", rules=RULES.label, estimates=made.estimates.head(5), key=b"k")
    assert ledger.read_bytes().startswith(whole) and len(history.read(ledger, b"k").entries) == 3


def test_a_ledger_whose_last_lines_were_cut_off_is_refused(ledger):
    for name in ("2020-06", "2021-12"):
        (ledger.parent / name / "release").mkdir(parents=True)
    history.complete(history.read(ledger, b"k"), ledger.parent)
    ledger.write_text(ledger.read_text(encoding="utf-8").split("\n")[0] + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="edited-ledger") as caught:
        history.complete(history.read(ledger, b"k"), ledger.parent)
    assert "2021-12" in str(caught.value)


def test_a_looser_rule_set_needs_a_reason():
    with pytest.raises(InputError, match="loosened-without-reason") as caught:
        rules.chosen("register-5", "  ")
    assert "row" in str(caught.value)
    assert rules.chosen("register-5", "the register's own rule").row.value == 5
    for name in ("user-survey-10", "user-survey-10-zeros", "user-survey-20"):
        assert rules.chosen(name, "").looser_than(RULES) == []


def test_every_threshold_of_every_rule_set_has_a_source_and_cannot_be_changed():
    for found in rules._RULE_SETS.values():
        assert all(part.source and part.meaning for part in found.thresholds)
        with pytest.raises(AttributeError):
            found.row = found.small


def test_people_in_no_category_of_a_group_are_not_left_by_subtraction():
    """All minus the categories of a group is those who are in none: where these are few, all cannot be printed beside every one."""
    people = simulate.people("gap", 300, 10, 1, 2)
    few = [k % 75 == 0 for k in range(300)]
    people = people.with_columns(sex=pl.when(pl.Series(few)).then(None).otherwise(pl.col("sex").fill_null("sex0")))
    scale = protect.Scale(simulate.CHOICES, simulate.BANDS, ("nr",))
    asked = protect.Candidate(
        simulate.estimates("2019", people, [(), ("sex",)], ["q1"]),
        {"2019": protect.People(people, ("unit", "sex"), {"q1": scale}, unit="unit", weight="weight")},
    )
    made = protect.protect(asked, RULES).estimates
    out = made.filter((pl.col("status") == "published") & pl.col("measure").is_in(["share", "band"]))["domain"].unique()
    assert 0 < len(out) < 3


def test_whole_per_cents_tell_no_tenth_of_any_figure():
    frame = pl.DataFrame(
        {
            "measure": ["share", "share", "mean"], "n": [50, 50, 50], "estimate": [0.54321, 0.54321, 3.456],
            "se": [0.0432, 0.0432, 0.123], "low": [0.45678, 0.45678, 3.21], "high": [0.6123, 0.6123, 3.71],
            "deff": [1.234, 1.234, 1.0], "n_eff": [40.5, 40.5, 50.0], "decimals": [1, 0, 1],
        }
    )  # fmt: skip
    fine, whole, mean = rounding.rounded(frame).rows(named=True)
    assert (fine["estimate"], fine["se"], fine["low"], fine["deff"], fine["n_eff"]) == (54.3, 4.3, 45.7, 1.2, 42.0)
    assert (whole["estimate"], whole["se"], whole["low"], whole["high"]) == (54.0, 4.0, 46.0, 61.0)
    assert whole["deff"] is None and whole["n_eff"] is None
    assert (mean["estimate"], mean["se"], mean["deff"]) == (3.5, 0.1, None)


def test_a_row_of_few_units_is_printed_in_whole_per_cents_before_it_is_withheld():
    by_domain = {
        row["domain"]: row
        for row in protect.protect(candidate(), RULES).estimates.filter(pl.col("status") == "published").iter_rows(named=True)
        if row["measure"] in ("share", "band")
    }
    assert {0, 1} == {row["decimals"] for row in by_domain.values()}
    assert all(row["decimals"] == 1 for domain, row in by_domain.items() if domain.startswith("unit="))


def test_a_weighted_row_of_few_answers_that_count_alike_is_withheld():
    """Many answers of which those of two small units weigh nearly everything are few: Kish's effective number decides, too."""
    people = simulate.people("heavy", 200, 12, 1, 2)
    small = people["unit"].value_counts().sort("count", "unit")["unit"].head(2)
    people = people.with_columns(weight=pl.when(pl.col("unit").is_in(small.implode())).then(40.0).otherwise(1.0))
    scale = protect.Scale(simulate.CHOICES, simulate.BANDS, ("nr",))
    asked = protect.Candidate(
        simulate.estimates("2019", people, [(), ("region",), ("sex",), ("age",), ("unit",)], ["q1"]),
        {"2019": protect.People(people, GROUPS, {"q1": scale}, unit="unit", weight="weight")},
    )
    given = people.filter(pl.col("q1").is_in(simulate.CHOICES))
    kish = pl.col("weight").sum() ** 2 / (pl.col("weight") ** 2).sum()
    few = [
        f"{group}={value}"
        for group in ("region", "sex", "age")
        for value, n, alike in given.drop_nulls(group).group_by(group).agg(pl.len(), kish).rows()
        if n >= 10 and alike < 10
    ]

    def printed(rules: protect.RuleSet) -> set[str]:
        made = protect.protect(asked, rules).estimates
        return set(made.filter((pl.col("status") == "published") & (pl.col("measure") != "not_relevant"))["domain"])

    lax = replace(RULES, effective=replace(RULES.effective, value=1))
    assert printed(lax) & set(few)
    assert printed(RULES) and not printed(RULES) & set(few)
