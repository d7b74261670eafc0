"""From rows to sentences: what is said, what is left unsaid, and that nothing is typed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from royst.publish import numbers
from royst.publish.findings import Finding, findings, findings_json
from royst.release import Release, table
from royst.words import LANGUAGES, Words


def said(release: Release, language: str = "nb") -> dict[str, Finding]:
    return {finding.id: finding for finding in findings(release, language)}


def with_rows(release: Release, name: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> Release:
    return Release(release.facts, {**release.tables, name: change(release.tables[name])}, release.files)


def test_the_sentences_of_one_estimate(release: Release) -> None:
    found = said(release)
    assert found["n"].text == "I alt 1336 personer i 45 kommuner svarte i 2019."
    assert (
        found["influence"].text
        == "Blant brukerne har nesten halvparten (48 prosent) i stor grad innflytelse på tjenestene."
    )
    assert found["satisfied"].text == (
        "Seks av ti brukere (60 prosent) er i stor grad fornøyd med tjenestene, to av ti (20 prosent) i noen grad og to av ti (20 prosent) i liten grad."
    )
    assert (
        found["satisfied_2017"].text
        == "I målingen i 2017 er over halvparten (54 prosent) av brukerne i stor grad fornøyd med tjenestene."
    )
    assert found["men"].text == "På spørsmålet om kjønn svarte sju av ti (69 prosent) «Mann»."
    assert found["mean"].text == "Gjennomsnittet for fornøydhet med tjenestene er 3,53 på en skala fra 1 til 5."


def test_the_three_outcomes_each_have_their_words(release: Release) -> None:
    found = said(release)
    assert found["region"].text == (
        "Andelen som i stor grad er fornøyd med tjenestene, er høyere blant brukere i øst (68 prosent) "
        "enn blant brukere i vest (56 prosent)."
    )
    assert "har økt fra 41 prosent i 2017 til 48 prosent i 2019" in found["influence_change"].text
    assert "Det er en økning på sju prosentpoeng." in found["influence_change"].text
    assert "er om lag som i 2017" in found["little_change"].text
    assert found["satisfied_change"].text.startswith("Vi kan ikke avgjøre om")
    assert found["west_north"].text.startswith("Vi kan ikke avgjøre om det er forskjell")
    assert {finding.outcome for finding in found.values() if finding.kind == "comparison"} == {
        "higher",
        "same",
        "cannot_tell",
    }


def test_a_fall_is_said_as_a_fall(release: Release) -> None:
    fallen = with_rows(
        release,
        "changes",
        lambda rows: rows.with_columns(
            outcome=pl.when(pl.col("id") == "influence_change").then(pl.lit("lower")).otherwise("outcome"),
            estimate_1=pl.when(pl.col("id") == "influence_change").then(35.0).otherwise("estimate_1"),
            estimate=pl.when(pl.col("id") == "influence_change").then(-6.4).otherwise("estimate"),
        ),
    )
    text = said(fallen)["influence_change"].text
    assert "har gått ned fra 41 prosent i 2017 til 35 prosent i 2019. Det er en nedgang på seks prosentpoeng." in text


def test_few_answers_carry_a_warning_and_fewer_than_ten_say_nothing(release: Release) -> None:
    assert said(release)["north"].text.endswith("Tallet bygger på bare 24 svar og er usikkert.")
    nine = with_rows(
        release,
        "estimates",
        lambda rows: rows.with_columns(n=pl.when(pl.col("domain") == "region=north").then(9).otherwise("n")),
    )
    assert "north" not in said(nine)


@pytest.mark.parametrize("side", ["n_1", "n_2"])
def test_no_sentence_compares_below_thirty_answers(release: Release, side: str) -> None:
    few = with_rows(
        release,
        "changes",
        lambda rows: rows.with_columns(**{side: pl.when(pl.col("id") == "region").then(29).otherwise(side)}),
    )
    assert "region" in said(release) and "region" not in said(few)


@pytest.mark.parametrize("status", ["withheld", "not_estimable"])
def test_what_is_withheld_is_not_said(release: Release, status: str) -> None:
    assert "east_kin" not in said(release)
    gone = with_rows(
        release,
        "changes",
        lambda rows: rows.with_columns(
            status=pl.when(pl.col("id") == "region").then(pl.lit(status)).otherwise("status")
        ),
    )
    assert "region" not in said(gone)
    gone = with_rows(
        release,
        "estimates",
        lambda rows: rows.with_columns(
            status=pl.when((pl.col("item") == "satisfied") & (pl.col("category") == "noen"))
            .then(pl.lit(status))
            .otherwise("status")
        ),
    )
    assert "satisfied" not in said(gone), "a distribution with a hole is not said"


def test_the_lowest_is_the_lowest_of_all_items(release: Release) -> None:
    lowest = said(release)["lowest"]
    assert lowest.numbers["item"] == "kin" and lowest.numbers["estimate"] == 30.0 and lowest.numbers["items"] == 4
    assert lowest.text.startswith("Rommet for forbedring er størst når det gjelder hvordan pårørende trekkes inn.")
    tied = with_rows(
        release,
        "estimates",
        lambda rows: rows.with_columns(
            estimate=pl.when(
                (pl.col("item") == "influence") & (pl.col("category") == "stor") & (pl.col("domain") == "all")
            )
            .then(30.0)
            .otherwise("estimate")
        ),
    )
    assert "lowest" not in said(tied), "two items share the lowest figure"


def test_a_wave_that_is_called_by_a_number_is_no_year(make: Callable[..., Release]) -> None:
    waves = {name: part.model_dump() for name, part in make().facts.waves.items()}
    waves["2019"]["label"] = dict.fromkeys(LANGUAGES, "1")
    assert said(make(waves=waves))["n"].text == "I alt 1336 personer i 45 kommuner svarte i målingen «1»."


def test_means_on_different_scales_have_no_highest(make: Callable[..., Release]) -> None:
    """Hours a week are not more than a degree from 1 to 5."""
    wanted = [{"id": "top", "kind": "highest", "wave": "2019", "measure": "mean", "rank": 1}]
    assert "top" in said(make(findings=wanted))
    items = {name: part.model_dump() for name, part in make().facts.items.items()}
    items["influence"]["scale"] = None
    assert "top" not in said(make(findings=wanted, items=items))


def test_a_question_stands_in_a_sentence_in_quotation_marks(make: Callable[..., Release]) -> None:
    """Without a topic of its own; a short name that a person gave stands as it is."""
    items = {name: part.model_dump() for name, part in make().facts.items.items()}
    question = dict.fromkeys(LANGUAGES, "Blir pårørende hørt?")
    items["kin"] |= {"topic": {}, "short": question, "question": {"2019": question}}
    assert "når det gjelder «Blir pårørende hørt?»." in said(make(items=items))["lowest"].text
    items["kin"]["short"] = dict.fromkeys(LANGUAGES, "Pårørende")
    assert "når det gjelder pårørende." in said(make(items=items))["lowest"].text


def test_other_answers_give_other_findings(make: Callable[..., Release]) -> None:
    before = said(make())
    shares = {
        "satisfied": (22.0, 38.0, 20.0, 11.0, 9.0),
        "influence": (10.0, 14.0, 28.0, 30.0, 18.0),
        "kin": (20.0, 25.0, 25.0, 20.0, 10.0),
        "waiting": (25.0, 30.0, 20.0, 15.0, 10.0),
    }
    after = said(make(shares))
    assert (
        after["satisfied"].text != before["satisfied"].text
        and after["satisfied"].numbers != before["satisfied"].numbers
    )
    assert after["mean"].text != before["mean"].text
    assert after["lowest"].numbers["item"] == "satisfied" != before["lowest"].numbers["item"]
    assert after["influence"].text == before["influence"].text, "other items stay"


def test_an_item_worded_the_other_way_is_said_in_the_words_people_chose(make: Callable[..., Release]) -> None:
    wanted = [
        {"id": "waiting", "kind": "share", "wave": "2019", "item": "waiting", "measure": "band", "category": "stor"}
    ]
    text = said(make(findings=wanted))["waiting"].text
    assert text == "Blant brukerne opplever over halvparten (55 prosent) i liten grad at de må vente."


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_in_a_sentence_comes_from_its_rows(release: Release, language: str) -> None:
    for finding in findings(release, language):
        allowed = {"2019", "2017", "100", "0", "1", "5"}
        for value in finding.numbers.values():
            if isinstance(value, int | float):
                size = abs(value)
                allowed |= {f"{size:.0f}", f"{int(size + 0.5)}", f"{size:.1f}", f"{size:.2f}", f"{size:,.0f}"}
        found = re.findall(r"\d+(?:[.,]\d+)*", finding.text)
        assert all(number in allowed or number.replace(",", ".") in allowed for number in found), (
            finding.text,
            finding.numbers,
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_starts_with_a_digit_or_a_small_letter(release: Release, language: str) -> None:
    for finding in findings(release, language):
        for start in re.split(r"(?<=[.!?]) ", finding.text):
            assert start[0].isupper(), finding.text
        assert finding.text.endswith("."), finding.text
        assert "{" not in finding.text and "  " not in finding.text and "%" not in finding.text


def test_every_finding_names_rows_that_the_release_has(release: Release) -> None:
    estimates = release.tables["estimates"]
    keys = {
        "estimates:" + "|".join(row)
        for row in estimates.select("wave", "population", "item", "measure", "category", "domain").iter_rows()
    }
    keys |= {
        f"changes:{name}|{population}"
        for name, population in release.tables["changes"].select("id", "population").iter_rows()
    }
    keys |= {f"participation:{wave}" for wave in release.tables["participation"]["wave"]}
    for finding in findings(release, "nb"):
        assert finding.rows and set(finding.rows) <= keys
    assert said(release)["influence_change"].rows == (
        "changes:influence_change|all",
        "estimates:2019|all|influence|band|stor|all",
        "estimates:2017|all|influence_old|band|stor|all",
    )


def test_findings_json_has_each_sentence_in_each_language(release: Release) -> None:
    content = json.loads(findings_json(release))
    assert findings_json(release) == findings_json(release)
    for entry in content["findings"]:
        assert set(entry["text"]) == {"nb", "nn", "en"}
        assert len(set(entry["text"].values())) == 3, entry["text"]
    assert content["findings"][0]["id"] == "n"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    value=st.integers(0, 1000).map(lambda tenth: tenth / 10),
    n=st.integers(10, 3000),
    language=st.sampled_from(LANGUAGES),
)
def test_whatever_the_share_its_sentence_says_it(
    make: Callable[..., Release], value: float, n: int, language: str
) -> None:
    release = make()
    rows = [
        {**row, "estimate": value, "n": n}
        for row in release.tables["estimates"].iter_rows(named=True)
        if row["item"] == "influence"
    ]
    changed = Release(release.facts, {**release.tables, "estimates": table("estimates", rows)}, {})
    text = {finding.id: finding for finding in findings(changed, language)}["influence"].text
    words = Words(language)
    whole = int(numbers.rounded(value))
    said = {
        numbers.percent_digits(words, value), words("number.percent", value=numbers.count(words, whole)),
        words("number.percent_less"), words("number.percent_more"),
    }  # fmt: skip
    assert any(part in text for part in said), text
    if whole != n:  # else the share's own digits are the number of answers too
        assert (numbers.plain(words, n) in text) == (n < 30), "few answers carry a warning, many do not"
    assert not (n < 100 and words("number.tenths", number="").strip() in text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    a=st.integers(0, 100),
    b=st.integers(0, 100),
    outcome=st.sampled_from(["higher", "lower", "same", "cannot_tell"]),
    language=st.sampled_from(LANGUAGES),
)
def test_a_comparison_says_its_outcome_and_no_other(
    make: Callable[..., Release], a: int, b: int, outcome: str, language: str
) -> None:
    release = make()
    rows = [
        {**row, "estimate_1": float(a), "estimate_2": float(b), "estimate": float(a - b), "outcome": outcome}
        for row in release.tables["changes"].iter_rows(named=True) if row["id"] == "influence_change"
    ]  # fmt: skip
    changed = Release(release.facts, {**release.tables, "changes": table("changes", rows)}, {})
    text = {finding.id: finding for finding in findings(changed, language)}["influence_change"].text
    marks = {
        "nb": {"higher": "har økt", "lower": "har gått ned", "same": "om lag som", "cannot_tell": "kan ikke avgjøre"},
        "nn": {"higher": "har auka", "lower": "har gått ned", "same": "om lag som", "cannot_tell": "kan ikkje avgjere"},
        "en": {"higher": "has risen", "lower": "has fallen", "same": "about the same as", "cannot_tell": "cannot tell"},
    }[language]
    assert [name for name, mark in marks.items() if mark in text] == [outcome]
    assert "−0" not in text and "-0" not in text
