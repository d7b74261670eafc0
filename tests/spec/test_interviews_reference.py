"""The reference study's two synthetic sub-studies: they say that they are synthetic, are the same on every run, and carry the voices they are meant to."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path

import pytest

from royst.interviews import coreq, quotes, reliability, theme, transcript
from royst.interviews.codebook import read_codebook
from royst.interviews.report import SubstudyReport, substudy_report
from royst.interviews.substudy import Substudy
from royst.reference.interviews.write import SAYS, write

VOICES = {
    "65plus": {
        "varierte", "ensomhet", "ut_av_huset", "aapne_steder", "smaa_ting", "store_ting", "informasjon", "organisasjoner", "alkohol_usett", "respekt",
    },
    "18-23": {"varierte", "veien_inn", "nav", "samarbeid", "tidlig", "ikke_straff", "respekt", "bredden", "hele_livet", "en_person"},
}  # fmt: skip

THEMES = {
    "overall", "mastery", "influence", "availability", "information", "staff", "living", "activity", "followup", "coordination", "kin",
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


def report_of(substudy: Substudy) -> SubstudyReport:
    book = read_codebook(substudy.store)
    return substudy_report(substudy, book, theme.read_themes(substudy.store, book), "2020-06", ["nb", "nn", "en"])


def test_quotes_are_approved_by_another_and_no_one_is_quoted_twice(written: tuple[Path, tuple[Substudy, ...]]) -> None:
    for substudy in written[1]:
        made, kept = report_of(substudy), quotes.read_quotes(substudy.store)
        assert len(made.quotes) == len(kept) >= 18 and all(q.approved_by not in ("", q.by) for q in kept)
        assert {q.theme for q in made.quotes} == VOICES[substudy.file.id], "every voice is quoted"
        assert len({q.participant for q in made.quotes}) == len(made.quotes)
        assert all(q.texts["nb"] != q.texts["en"] for q in made.quotes)
        assert made.places == {"town"} and {trait for label in made.people.values() for trait, _ in label} == {"sex", "group"}


def test_themes_stand_with_those_below_them_and_beside_items_of_the_questionnaire(
    written: tuple[Path, tuple[Substudy, ...]],
) -> None:
    study = tomllib.loads(resources.files("royst.reference").joinpath("study.toml").read_text(encoding="utf-8"))
    stances = set()
    for substudy in written[1]:
        made = report_of(substudy)
        assert len(made.themes) == 13 and made.themes[0].parent is None and made.themes[1].parent == made.themes[0].id
        joint = {item: beside for found in made.themes for item, beside in found.joint.items()}
        assert len(joint) >= 6 and set(joint) <= set(study["items"])
        assert all(set(beside.text) == {"nb", "nn", "en"} for beside in joint.values())
        stances |= {beside.stance for beside in joint.values()}
    assert stances == {"confirms", "widens", "contradicts"}


def test_coreq_is_filled_in_three_languages(written: tuple[Path, tuple[Substudy, ...]]) -> None:
    for substudy in written[1]:
        points = report_of(substudy).points
        assert all(coreq.missing(points[language]) == () for language in ("nb", "nn", "en"))
        for one, other in (("nb", "nn"), ("nb", "en")):
            same = [a.number for a, b in zip(points[one], points[other], strict=True) if a.answer == b.answer]
            assert set(same) <= {2, 16, 25, 27}, "little but counts and names is the same in two languages"
        assert len(substudy.file.recommendations) == 4
        assert read_codebook(substudy.store).check(themes=THEMES).errors == []
