"""What is withheld, coarse or long ago is said as that, and a report says no more than the release knows."""

from __future__ import annotations

import re
from collections.abc import Callable

import polars as pl
import pytest

from royst.publish import charts, comparisons, dotplots, figures, numbers, wavelines
from royst.publish.document import Bullets, Chart, Link, Paragraph, StackedBars, Strong, Table
from royst.publish.edition import edition
from royst.publish.pages import pages
from royst.publish.rows import coarse
from royst.publish.unit_report import unit_report
from royst.release import Release
from royst.words import LANGUAGES, Words


def with_table(release: Release, name: str, **columns: pl.Expr | None) -> Release:
    """The release with some columns of a table computed anew."""
    return Release(release.facts, {**release.tables, name: release.tables[name].with_columns(**columns)}, release.files)


@pytest.mark.parametrize(
    ("value", "fine", "rough"),
    [(0.0, "<\u00a00.001", "<\u00a00.01"), (0.0004, "<\u00a00.001", "<\u00a00.01"), (0.02, "0.020", "0.02"), (0.0499, "0.0499", "0.05"), (1.0, "1.000", "1.00")],
)
def test_a_p_value_has_the_decimals_that_are_known(value: float, fine: str, rough: str) -> None:
    words = Words("en")
    assert numbers.probability(words, value) == fine
    assert numbers.probability(words, value, coarse=True) == rough


def test_a_rounded_p_value_agrees_with_its_outcome() -> None:
    """0.05 with two decimals lies below 0.05 where the test has shown a difference, and is told so."""
    words = Words("en")
    assert numbers.probability(words, 0.05, coarse=True, differs=True) == "<\u00a00.05"
    assert numbers.probability(words, 0.04, coarse=True, differs=True) == "0.04"


def test_a_row_is_coarse_that_lost_a_decimal() -> None:
    assert coarse({"measure": "band", "decimals": 0}) and coarse({"measure": "mean", "decimals": 1})
    assert not coarse({"measure": "band", "decimals": 1}) and not coarse({"measure": "mean", "decimals": 2}) and not coarse({"measure": "band"})


def test_a_point_without_a_margin_has_no_brackets(release: Release) -> None:
    old = (pl.col("wave") == "2017") & (pl.col("item") == "satisfied")
    bare = with_table(release, "estimates", low=pl.when(~old).then("low"), high=pl.when(~old).then("high"))
    held = edition(bare, "nb")
    chart = wavelines.line_chart(held, wavelines.lines(held, ["satisfied"]), "x")
    assert chart is not None and chart.table.rows[0][1:] == ("54\u00a0%", "60\u00a0% (57–63)")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_chart_says_why_a_dot_has_no_margin_and_only_where_one_has_none(release: Release, language: str) -> None:
    bare = with_table(release, "estimates", low=pl.lit(None, pl.Float64), high=pl.lit(None, pl.Float64))
    said = Words(language)("chart.bare_note")
    for made, missing in ((release, False), (bare, True)):
        held = edition(made, language)
        drawn = [dotplots.group_dots(held, "satisfied", "band", "stor", "x"), wavelines.line_chart(held, wavelines.lines(held, ["satisfied"]), "x")]
        assert [chart is not None and said in chart.notes for chart in (*drawn, *dotplots.mean_dots(held, ["satisfied"], "x"))] == [missing] * 3


def test_a_goal_is_judged_since_each_earlier_survey_the_oldest_first(release: Release, make: Callable[..., Release]) -> None:
    changes = release.tables["changes"]
    recent = changes.filter(pl.col("id") == "influence_change").with_columns(id=pl.lit("recent"), outcome=pl.lit("cannot_tell"), wave_2=pl.lit("2018"))
    waves = {"2019": {"label": {"nb": "2019"}}, "2018": {"label": {"nb": "2018"}}, "2017": {"label": {"nb": "2017"}}}
    made = make(waves=waves, goals=[{"id": "g", "label": {"nb": "Mål"}, "comparisons": ["recent", "influence_change"]}])
    held = edition(Release(made.facts, {**made.tables, "changes": pl.concat([changes, recent])}, {}), "nb")
    blocks = comparisons.goals(held)[3:]
    told = [part.text for block in blocks if isinstance(block, Paragraph) for part in block.content if isinstance(part, Strong)]
    assert told == ["Siden 2017: Ja, det går i riktig retning.", "Siden 2018: Det kan ikke avgjøres. Tallene er for usikre."]
    assert [len(block.items) for block in blocks if isinstance(block, Bullets)] == [1, 1]


def test_what_cannot_be_told_since_any_earlier_survey_is_said_once(release: Release, make: Callable[..., Release]) -> None:
    changes = release.tables["changes"]
    recent = changes.filter(pl.col("id") == "satisfied_change").with_columns(id=pl.lit("recent"), wave_2=pl.lit("2018"), estimate_2=pl.lit(58.0))
    made = make(waves={"2019": {"label": {"nb": "2019"}}, "2018": {"label": {"nb": "2018"}}, "2017": {"label": {"nb": "2017"}}})
    held = edition(Release(made.facts, {**made.tables, "changes": pl.concat([recent, changes])}, {}), "nb")
    [bullets] = [block for block in comparisons.change(held) if isinstance(block, Bullets)]
    assert bullets.items[-1] == (
        "Vi kan ikke avgjøre om andelen som i stor grad er fornøyd med tjenestene, har endret seg. "
        "Den var 54 prosent i 2017, 58 prosent i 2018 og 60 prosent i 2019, men tallene er for usikre til å si mer.",
    )
    assert sum("ikke avgjøre" in item[0] for item in bullets.items) == 1


def test_in_the_first_survey_that_is_said_once(make: Callable[..., Release]) -> None:
    goals = [{"id": name, "label": {"nb": name}, "comparisons": []} for name in ("a", "b")]
    blocks = comparisons.goals(edition(make(goals=goals, waves={"2019": {"label": {"nb": "2019"}}}), "nb"))
    assert blocks[-1] == Bullets((("a",), ("b",)))
    assert sum(isinstance(block, Paragraph) and any(isinstance(part, Strong) for part in block.content) for block in blocks) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_no_comparison_may_be_shown_the_page_says_so(release: Release, language: str) -> None:
    hidden = with_table(release, "changes", status=pl.lit("withheld"), estimate=pl.lit(None, pl.Float64))
    page = pages(hidden)[f"{language}/grupper.html"]
    said = [part for block in page.blocks if isinstance(block, Paragraph) for part in block.content]
    assert Words(language)("groups_chapter.none") in said


def test_what_equal_means_is_said_in_the_word_of_the_table(release: Release) -> None:
    for path, word in (("grupper", "«Om lag likt»"), ("endring", "«Om lag som før»")):
        [table] = [block for block in pages(release)[f"nb/{path}.html"].blocks if isinstance(block, Table) and "p (korrigert)" in block.columns][:1]
        assert any(word in note for note in table.notes)


def test_a_table_of_tests_names_the_usual_answer_once(release: Release) -> None:
    [table] = [block for block in pages(release)["en/endring.html"].blocks if isinstance(block, Table) and "p (corrected)" in block.columns]
    assert [row[0] for row in table.rows] == [
        "Influence on the services", "Satisfied with the services: Small", "Satisfied with the services", "Activity: Points, from 0 to 100",
    ]  # fmt: skip
    assert table.notes[0] == "Where nothing else is said, the figure is the share ‘Great’."


def test_a_chart_of_answers_says_which_of_them_the_text_puts_together(release: Release) -> None:
    held = edition(release, "en")
    [chart] = charts.distributions(held, ["satisfied"], "x")
    assert chart.notes[0].startswith(
        "The text puts answers together: ‘to a great extent’ is ‘To a very great extent’ and ‘To a great extent’; "
        "‘to a small extent’ is ‘To a small extent’ and ‘Not at all’."
    )
    bands = with_table(release, "estimates", status=pl.when(pl.col("measure") == "share").then(pl.lit("withheld")).otherwise("status"))
    assert charts.distributions(edition(bands, "en"), ["satisfied"], "x")[0].notes == ()


def test_of_units_only_questions_that_can_be_told_are_drawn_on_one_scale(release: Release) -> None:
    held = release.tables["units"]
    first = held.head(1).with_columns(units=pl.lit(45), better=pl.lit(1), expected=pl.lit(9), lower=pl.lit(0), cannot_tell=pl.lit(35), item=pl.lit("satisfied"), status=pl.lit("published"))
    mute = first.with_columns(item=pl.lit("influence"), better=pl.lit(0), expected=pl.lit(0), cannot_tell=pl.lit(45))
    page = pages(Release(release.facts, {**release.tables, "units": pl.concat([first, mute])}, release.files))["nb/enheter.html"]
    [chart] = [block for block in page.blocks if isinstance(block, Chart)]
    assert isinstance(chart.figure, StackedBars) and chart.figure.one_scale
    assert [bar.label for bar in chart.figure.bars] == ["Fornøyd med tjenestene"] and len(chart.table.rows) == 2
    assert "De andre (ett) står i tabellen." in chart.notes[0]
    svg = figures.svg(chart, "nb", 640)
    wide = {float(width) for width, height in re.findall(r'<rect[^>]*? width="([\d.]+)" height="([\d.]+)"', svg) if float(height) > 20}
    assert max(wide) / 35 == pytest.approx((sorted(wide)[-2] + 2) / 9, rel=0.02), "35 units as long as 35, beside nine"


def test_a_report_to_one_place_shows_the_best_band_where_only_that_is_shown(release: Release) -> None:
    band = (pl.col("item") == "satisfied") & (pl.col("measure") == "band") & (pl.col("category") == "stor")
    partly = with_table(release, "report_estimates", status=pl.when(band).then("status").otherwise(pl.lit("withheld")))
    report = unit_report(partly, "u1", "nb")
    [chart] = [block for block in report.blocks if isinstance(block, Chart) and isinstance(block.figure, StackedBars)]
    assert isinstance(chart.figure, StackedBars) and not chart.figure.diverging
    assert [(bar.label, [part.value for part in bar.segments]) for bar in chart.figure.bars] == [("Fornøyd med tjenestene: Skogvik", [65.0]), ("Hele landet", [60.0])]
    assert chart.table.rows == (("Fornøyd med tjenestene: Skogvik", "65\u00a0%", "42"), ("Fornøyd med tjenestene: hele landet", "60\u00a0%", "1300"))
    assert report.blocks[-1] == Paragraph((Words("nb")("unit.withheld_some"),))
    assert not any(isinstance(block, Bullets) and ("Fornøyd med tjenestene",) in block.items for block in report.blocks)


def test_a_link_of_the_site_leads_to_the_file_beside_a_report() -> None:
    link = Link("Read the report", "en/intervju/old.html", "interviews-old")
    assert link.outside(".pdf") == Link("Read the report (interviews-old.pdf)", "interviews-old.pdf", "interviews-old")
    plain = Link("Read on", "en/index.html")
    assert plain.outside(".pdf") is plain
