"""Pseudonymising: the program finds and asks, a person decides, codings follow, old versions can be destroyed."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from royst.errors import InputError
from royst.interviews import coding as cod
from royst.interviews import pseudonym, revision, transcript
from royst.interviews.codebook import Code, Codebook
from royst.interviews.identifiers import Gazetteers, find
from royst.interviews.pseudonym import Decision
from royst.interviews.store import Store

TEXT = "Dan: Hvem hjalp deg?\nA: Det var Kjersti på NAV. Kjersti ringte 412 34 567.\nDan: Takk.\nA: Mads sa nei. Jeg bor ved Storelva."


def begun(root: Path) -> Store:
    store = Store(root)
    transcript.add(store, "p01", TEXT, voices={"A": "p01"})
    transcript.add(store, "p02", "Dan: Og du?\nB: Jeg kjenner Kjersti.\nDan: Ja.\nB: Ja.", voices={"B": "p02"})
    return store


def test_questions_gather_the_same_words_from_all_transcripts(tmp_path: Path) -> None:
    questions = {
        q.words: q
        for q in pseudonym.open_questions(begun(tmp_path), ["p01", "p02"], Gazetteers(known=frozenset({"NAV"})))
    }
    assert set(questions) == {"412 34 567", "Dan", "Kjersti", "Storelva"}
    assert questions["Kjersti"].times == 3 and set(questions["Kjersti"].places) == {"p01", "p02"}
    assert next(iter(questions)) == "412 34 567", "the surest first"


def test_nothing_is_taken_out_before_a_person_has_decided_on_all(tmp_path: Path) -> None:
    store = begun(tmp_path)
    with pytest.raises(InputError) as error:
        pseudonym.pseudonymise(store, "p01", by="anna")
    assert error.value.faults[0].code == "undecided" and transcript.versions(store, "p01") == (1,)


def test_decisions_hold_everywhere_and_a_decision_on_one_place_goes_before(tmp_path: Path) -> None:
    store = begun(tmp_path)
    cod.open_round(store, "r1", ["anna"], ["p01"])
    book = Codebook().add(Code("hjelp", "Hjelp"), by="anna", on="2019-11-01")
    start = TEXT.index("ringte")
    coded = cod.code_words(store, book, "r1", "anna", transcript.latest(store, "p01"), start, start + 17, "hjelp")
    assert TEXT[coded.start : coded.end] == "ringte 412 34 567"
    taken: list[str] = []
    for question in pseudonym.open_questions(store, ["p01", "p02"]):
        if question.words == "NAV":
            pseudonym.decide(store, [Decision("NAV", "keep", "anna")])
            continue
        taken.append(pseudonym.suggest(question, taken))
        pseudonym.decide(store, [Decision(question.words, "replace", "anna", taken[-1])])
    second = TEXT.index("Kjersti ringte")
    pseudonym.decide(store, [Decision("Kjersti", "replace", "anna", "Hun", "p01", second)])
    done = pseudonym.pseudonymise(store, "p01", by="anna")
    assert done is not None
    new = done.transcript
    assert new.text == (
        "[navn 1]: Hvem hjalp deg?\nA: Det var [navn 2] på NAV. Hun ringte [telefonnummer].\n[navn 1]: Takk.\nA: Mads sa nei. Jeg bor ved [navn 3]."
    )
    assert [t.speaker for t in new.turns] == ["[navn 1]", "A", "[navn 1]", "A"] and new.participants == ("p01",)
    followed = cod.read_codings(store, "anna", "r1")[0]
    assert new.text[followed.start : followed.end] == "ringte [telefonnummer]" and followed.state == "same"
    assert pseudonym.pseudonymise(store, "p01", by="anna") is None, "once is enough"


def test_a_name_that_only_begins_a_sentence_is_missed_without_a_list_and_found_with_one(tmp_path: Path) -> None:
    read = transcript.latest(begun(tmp_path), "p01")
    assert "Mads" not in {f.words for f in find(read)}
    assert "Mads" in {f.words for f in find(read, Gazetteers(names=frozenset({"Mads"})))}


def test_findings_never_overlap_and_are_where_they_say(tmp_path: Path) -> None:
    read = transcript.latest(begun(tmp_path), "p01")
    found = find(read)
    assert all(read.text[f.start : f.end] == f.words for f in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


def test_old_versions_are_destroyed_on_asking(tmp_path: Path) -> None:
    store = begun(tmp_path)
    for question in pseudonym.open_questions(store, ["p02"]):
        pseudonym.decide(store, [Decision(question.words, "replace", "anna", "[x]")])
    pseudonym.pseudonymise(store, "p02", by="anna")
    assert pseudonym.forget_versions(store, "p02") == (1,)
    assert not any("Kjersti" in p.read_text(encoding="utf-8") for p in store.path("transcripts/p02").iterdir())
    assert transcript.latest(store, "p02").version == 2


def test_a_version_that_a_waiting_coding_points_into_is_not_destroyed(tmp_path: Path) -> None:
    store = begun(tmp_path)
    cod.open_round(store, "r1", ["anna"], ["p01"])
    book = Codebook().add(Code("hjelp", "Hjelp"), by="anna", on="2019-11-01")
    start = TEXT.index("Mads sa nei")
    cod.code_words(store, book, "r1", "anna", transcript.latest(store, "p01"), start, start + 11, "hjelp")
    revision.revise(store, "p01", TEXT.replace("Mads sa nei. ", ""), by="anna", why="strøket")
    with pytest.raises(InputError) as error:
        pseudonym.forget_versions(store, "p01")
    assert error.value.faults[0].code == "in-review" and transcript.versions(store, "p01") == (1, 2)
    revision.place(store, revision.in_review(store)[0], None)
    assert pseudonym.forget_versions(store, "p01") == (1,)


def test_the_studys_lists_are_read(tmp_path: Path) -> None:
    store = begun(tmp_path)
    store.write("names.txt", "Mads\n\nKjersti\n")
    assert pseudonym.read_gazetteers(store) == Gazetteers(names=frozenset({"Mads", "Kjersti"}))


@pytest.mark.parametrize(("made", "code"), [(Decision("Kjersti", "replace", "anna", " "), "no-replacement"), (Decision("Kjersti", "replace", "anna", "Kjersti B"), "no-replacement"), (Decision("Kjersti", "keep", ""), "no-person")])  # fmt: skip
def test_a_decision_says_what_and_who(tmp_path: Path, made: Decision, code: str) -> None:
    with pytest.raises(InputError) as error:
        pseudonym.decide(begun(tmp_path), [made])
    assert error.value.faults[0].code == code
