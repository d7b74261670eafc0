"""The reference study's two synthetic sub-studies: they say that they are synthetic, are the same on every run, and carry the voices they are meant to."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from pathlib import Path

import pytest

from royst.interviews import coreq, quotes, reliability, tables, theme, transcript
from royst.interviews.codebook import read_codebook
from royst.interviews.report import substudy_report
from royst.interviews.substudy import Substudy
from royst.reference.interviews.write import SAYS, write

VOICES = {
    "65plus": {
        "varierte", "ensomhet", "ut_av_huset", "aapne_steder", "smaa_ting", "store_ting", "informasjon", "organisasjoner", "alkohol_usett", "respekt",
    },
    "18-23": {"varierte", "veien_inn", "nav", "samarbeid", "tidlig", "ikke_straff", "respekt", "bredden", "hele_livet", "en_person"},
}  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Substudy, ...]]:
    root = tmp_path_factory.mktemp("reference")
    return root, write(root)


def test_23_older_and_21_younger_people_took_part(written: tuple[Path, tuple[Substudy, ...]]) -> None:
    assert [(s.file.id, len(s.participants)) for s in written[1]] == [("65plus", 23), ("18-23", 21)]
    assert all(
        len(transcript.ids(s.store)) == len(s.participants) and len({p.attributes["town"] for p in s.participants}) == 3
        for s in written[1]
    )


def test_they_say_that_they_are_synthetic(written: tuple[Path, tuple[Substudy, ...]]) -> None:
    for substudy in written[1]:
        assert (
            substudy.file.synthetic
            and "SYNTETISK" in substudy.store.read("substudy.toml")
            and "oppdiktet" in substudy.store.read("README.md")
        )
        assert all(transcript.latest(substudy.store, id).text.startswith(SAYS) for id in transcript.ids(substudy.store))


def test_the_same_bytes_on_every_run(written: tuple[Path, tuple[Substudy, ...]], tmp_path: Path) -> None:
    write(tmp_path)
    first = {p.relative_to(written[0]): p.read_bytes() for p in written[0].rglob("*") if p.is_file()}
    assert first == {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert len(first) > 90


def test_every_voice_is_heard_from_several_people(written: tuple[Path, tuple[Substudy, ...]]) -> None:
    for substudy in written[1]:
        book = read_codebook(substudy.store)
        people = [p.id for p in substudy.participants]
        passages = theme.spoken(substudy.store, theme.analysed(substudy.store), book, people)
        heard = {code.id: len(passages.who([code.id])) for code in book if code.codable}
        assert set(heard) == VOICES[substudy.file.id]
        assert min(heard.values()) >= 5, heard


def test_two_coders_agree_mostly_and_not_wholly(written: tuple[Path, tuple[Substudy, ...]]) -> None:
    for substudy in written[1]:
        total = reliability.agreement_of_round(substudy.store, "r1", read_codebook(substudy.store))[-1]
        for name in ("cohen-kappa", "krippendorff-alpha", "u-alpha", "cu-alpha"):
            value = total.coefficients[name].value
            assert value is not None and 0.7 < value < 0.99, name


def test_quotes_are_approved_by_another_and_labelled_by_sex_and_age_group_alone(
    written: tuple[Path, tuple[Substudy, ...]],
) -> None:
    for substudy in written[1]:
        themes = theme.read_themes(substudy.store, read_codebook(substudy.store))
        rows = quotes.released(substudy, "2020-06", ["nb", "nn", "en"], [t.id for t in themes])
        assert rows.height == 3 * len(quotes.read_quotes(substudy.store)) >= 24
        assert set(rows["theme"]) == {t.id for t in themes}
        band = "65+" if substudy.file.id == "65plus" else "18–23"
        assert set(rows["label"]) == {f"{who}, {band}" for who in ("kvinne", "mann", "woman", "man")}


def test_the_report_says_how_many_in_words_and_nothing_that_leads_back(
    written: tuple[Path, tuple[Substudy, ...]],
) -> None:
    for substudy in written[1]:
        book = read_codebook(substudy.store)
        made = substudy_report(substudy, book, theme.read_themes(substudy.store, book), "2020-06", ["nb", "nn", "en"])
        assert (
            made.themes.height == 9 and made.joint.height >= 6 and set(made.joint["stance"]) == {"confirms", "widens"}
        )
        assert not set(made.themes["people"]) & {""} and all("%" not in said for said in made.themes["people"])
        printed = made.themes.write_csv() + made.quotes.write_csv() + made.joint.write_csv() + repr(made.points)
        ids = [p.id for p in substudy.participants]
        assert not [id for id in ids if re.search(rf"\b{id}\b", printed)] and "by-a" not in printed
        study = tomllib.loads(resources.files("royst.reference").joinpath("study.toml").read_text(encoding="utf-8"))
        assert set(made.joint["item"]) <= set(study["items"]), "the joint display names items of the questionnaire"


def test_a_report_can_be_filled(written: tuple[Path, tuple[Substudy, ...]]) -> None:
    for substudy in written[1]:
        book = read_codebook(substudy.store)
        themes = theme.read_themes(substudy.store, book)
        assert coreq.missing(coreq.coreq(substudy, book, themes, "nb")) == (32,), "there are no minor themes"
        assert len(themes) == 3 and len(substudy.file.recommendations) == 4
        passages = theme.spoken(
            substudy.store, theme.analysed(substudy.store), book, [p.id for p in substudy.participants]
        )
        said = [
            tables.how_many(len(passages.who(theme.codes_of(t, book))), len(substudy.participants), "nb")
            for t in themes
        ]
        assert all("%" not in text and "prosent" not in text for text in said)
        assert (
            book.check(
                themes={
                    "overall",
                    "mastery",
                    "influence",
                    "availability",
                    "information",
                    "staff",
                    "living",
                    "activity",
                    "followup",
                    "coordination",
                    "kin",
                }
            ).errors
            == []
        )
