"""Coding: a codebook with a history, codes on words, rounds that are blind until they close, disagreements settled.

1. A codebook refuses what would break it, and remembers every change with who and why.
2. In an open blind round a coder sees no one else's codings, and no comparison is made.
3. After it closes, disagreements are listed with each coder's spans; settled ones make the consensus.
4. An edited transcript takes its codings along; what has no place waits for a person.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from royst.errors import InputError
from royst.interviews import coding as cod
from royst.interviews import consensus, revision, transcript
from royst.interviews.codebook import Code, Codebook, read_codebook, write_codebook
from royst.interviews.seal import Seal
from royst.interviews.store import Store

TEXT = "I: Hvordan er hverdagen?\nA: Jeg er mye alene, og får ikke hjelp av NAV 👍.\nI: Og ellers?\nA: Ellers er det stille."
WHO = {"by": "anna", "on": "2019-11-01"}


def book() -> Codebook:
    return (
        Codebook()
        .add(Code("hverdag", "Hverdag", codable=False), **WHO)
        .add(Code("ensom", "Ensomhet", parent="hverdag", definition="Savner noen", themes=("network",)), **WHO)
        .add(Code("nav", "NAV"), **WHO)
    )


def begun(root: Path, seal: Seal | None = None) -> tuple[Store, transcript.Transcript]:
    store = Store(root, seal)
    made = transcript.add(store, "p01", TEXT, voices={"A": "p01"})
    write_codebook(store, book())
    cod.open_round(store, "r1", ["anna", "bo"], ["p01"])
    return store, made


def fault(call: object, *args: object, **kwargs: object) -> str:
    with pytest.raises(InputError) as error:
        call(*args, **kwargs)  # type: ignore[operator]
    return error.value.faults[0].code


def test_a_codebook_keeps_its_hierarchy_and_history_through_its_file(tmp_path: Path) -> None:
    changed = book().change("ensom", definition="Savner noen å være med", by="bo", on="2019-11-05", why="for trang")
    store = Store(tmp_path)
    write_codebook(store, changed)
    again = read_codebook(store, themes={"network"})
    assert again.codes == changed.codes
    assert again.path("ensom") == ("Hverdag", "Ensomhet") and again.branch("hverdag") == ("hverdag", "ensom")
    last = again.history[-1]
    assert (last.by, last.why, last.before, last.after) == (
        "bo", "for trang", {"definition": "Savner noen"}, {"definition": "Savner noen å være med"},
    )  # fmt: skip


def test_a_codebook_refuses_what_would_break_it(tmp_path: Path) -> None:
    assert fault(book().add, Code("ensom", "En annen"), **WHO) == "double-code"
    assert fault(book().add, Code("nav2", "nav"), **WHO) == "double-name"
    assert fault(book().change, "nav", parent="mangler", **WHO) == "unknown-parent"
    assert fault(book().change, "hverdag", parent="ensom", **WHO) == "circular-codes"
    assert fault(book().merge, "hverdag", "ensom", **WHO) == "merge-into-itself"
    assert [f.code for f in book().check(themes={"economy"})] == ["unknown-theme"]
    store = Store(tmp_path)
    store.write("codebook.json", '{"format": 1, "codes": [{"id": "a b", "name": ""}]}')
    with pytest.raises(InputError) as error:
        read_codebook(store)
    assert len(error.value.faults) == 2, "all faults at once"


def test_a_merged_code_is_read_as_the_other_and_takes_no_more(tmp_path: Path) -> None:
    merged = book().add(Code("alene", "Alene"), **WHO).merge("alene", "ensom", **WHO)
    assert merged.resolve("alene") == "ensom"
    assert fault(merged.takes, "alene") == "code-retired"
    assert fault(merged.takes, "hverdag") == "code-not-codable"
    assert fault(merged.takes, "nei") == "unknown-code"


def test_coders_are_blind_to_each_other_until_the_round_closes(tmp_path: Path) -> None:
    store, made = begun(tmp_path)
    start = TEXT.index("mye alene")
    cod.code_words(store, book(), "r1", "anna", made, start, start + 9, "ensom", memo="tydelig")
    cod.code_words(store, book(), "r1", "bo", made, start + 4, start + 9, "ensom")
    assert {c.coder for c in cod.seen_by(store, "anna", "r1")} == {"anna"}
    assert cod.seen_by(store, "carl", "r1") == ()
    assert fault(cod.all_codings, store, "r1") == fault(consensus.disagreements, store, "r1") == "round-open"
    cod.close_round(store, "r1")
    assert {c.coder for c in cod.seen_by(store, "anna", "r1")} == {"anna", "bo"}
    assert fault(cod.code_words, store, book(), "r1", "anna", made, 0, 1, "nav") == "round-closed"


def test_codes_overlap_and_the_same_act_twice_is_one_coding(tmp_path: Path) -> None:
    store, made = begun(tmp_path)
    first = cod.code_words(store, book(), "r1", "anna", made, 28, 50, "ensom")
    assert cod.code_words(store, book(), "r1", "anna", made, 28, 50, "ensom") == first
    cod.code_words(store, book(), "r1", "anna", made, 40, 60, "nav")
    changed = cod.change_coding(store, "anna", "r1", first.id, memo="nær NAV")
    assert changed.memo == "nær NAV" and len(cod.read_codings(store, "anna", "r1")) == 2
    cod.remove_coding(store, "anna", "r1", first.id)
    assert [c.code for c in cod.read_codings(store, "anna", "r1")] == ["nav"]


def test_what_cannot_be_coded_is_refused(tmp_path: Path) -> None:
    store, made = begun(tmp_path)
    call = cod.code_words
    assert fault(call, store, book(), "r1", "carl", made, 0, 1, "nav") == "not-a-coder"
    assert fault(call, store, book(), "r1", "anna", made, 5, 5, "nav") == "empty-selection"
    assert fault(call, store, book(), "r1", "anna", made, 0, len(TEXT) + 1, "nav") == "empty-selection"
    transcript.add(store, "p02", TEXT, voices={})
    assert fault(call, store, book(), "r1", "anna", transcript.latest(store, "p02"), 0, 1, "nav") == "not-in-round"
    revision.revise(store, "p01", TEXT + " Takk.", by="anna", why="slutten manglet")
    assert fault(call, store, book(), "r1", "anna", made, 0, 1, "nav") == "old-version"


def test_a_selection_per_speaker_leaves_the_interviewers_words_out(tmp_path: Path) -> None:
    _, made = begun(tmp_path)
    spans = cod.speaker_spans(made, "A", (30, len(TEXT)))
    assert [TEXT[s:e] for s, e in spans] == ["g er mye alene, og får ikke hjelp av NAV 👍.", "Ellers er det stille."]


def settled(tmp_path: Path) -> tuple[Store, dict[str, consensus.Passage]]:
    store, made = begun(tmp_path)
    a, n, s = TEXT.index("mye alene"), TEXT.index("får ikke"), TEXT.index("stille")
    for coder, start, end, code in [
        ("anna", a, a + 9, "ensom"), ("bo", a + 4, a + 9, "ensom"),
        ("anna", n, n + 20, "nav"), ("bo", n, n + 20, "nav"),
        ("anna", s, s + 6, "ensom"), ("bo", s, s + 6, "nav"),
    ]:  # fmt: skip
        cod.code_words(store, book(), "r1", coder, made, start, end, code)
    cod.close_round(store, "r1")
    return store, {f"{p.code} {TEXT[p.start : p.end]}": p for p in consensus.disagreements(store, "r1")}


def test_disagreements_say_who_has_what_and_what_the_other_put_instead(tmp_path: Path) -> None:
    _, found = settled(tmp_path)
    assert {name: p.kind for name, p in found.items()} == {
        "ensom mye alene": "boundary", "ensom stille": "missing", "nav stille": "missing",
    }  # fmt: skip
    assert found["ensom stille"].instead == ("nav",)
    boundary = found["ensom mye alene"]
    assert {c: [TEXT[s:e] for s, e in spans] for c, spans in boundary.spans.items()} == {
        "anna": ["mye alene"],
        "bo": ["alene"],
    }


def test_consensus_is_what_all_agreed_on_and_what_was_settled(tmp_path: Path) -> None:
    store, found = settled(tmp_path)
    keep = found["ensom mye alene"]
    left = consensus.settle(
        store, "r1", [consensus.Decision(keep.id, ((keep.start, keep.end),), ("anna", "bo"), "hele uttrykket")]
    )
    assert len(left) == 2 and not cod.read_codings(store, cod.CONSENSUS, "r1")
    rest = [consensus.Decision(p.id, ((p.start, p.end),) if p.code == "ensom" else (), ("anna", "bo")) for p in left]
    assert consensus.settle(store, "r1", rest) == ()
    made = cod.read_codings(store, cod.CONSENSUS, "r1")
    assert [(c.code, TEXT[c.start : c.end]) for c in made] == [
        ("ensom", "mye alene"), ("nav", "får ikke hjelp av NA"), ("ensom", "stille"),
    ]  # fmt: skip
    assert fault(consensus.settle, store, "r1", [consensus.Decision("0" * 16, (), ("anna",))]) == "unknown-passage"


def test_an_edit_takes_the_codings_along_and_asks_about_the_rest(tmp_path: Path) -> None:
    store, made = begun(tmp_path)
    for words, code in (("mye alene", "ensom"), ("hjelp av NAV", "nav"), ("Ellers er det stille", "ensom")):
        start = TEXT.index(words)
        cod.code_words(store, book(), "r1", "anna", made, start, start + len(words), code)
    new = "Opptak 1\n" + TEXT.replace("hjelp av NAV", "hjelp frå NAV").replace("A: Ellers er det stille.", "A: …")
    done = revision.revise(store, "p01", new, by="anna", why="hørt på nytt")
    assert (done.same, len(done.changed), len(done.review)) == (1, 1, 1)
    own = {c.code + c.state: c for c in cod.read_codings(store, "anna", "r1")}
    assert new[own["ensomsame"].start : own["ensomsame"].end] == "mye alene"
    assert new[own["navchanged"].start : own["navchanged"].end] == "hjelp frå NAV"
    waiting = own["ensomreview"]
    assert waiting.version == 1 and TEXT[waiting.start : waiting.end] == "Ellers er det stille"
    assert set(revision.in_review(store)) == {own["navchanged"], waiting}
    at = new.index("…")
    revision.place(store, waiting, [(at, at + 1)])
    revision.place(store, own["navchanged"], None)
    assert revision.in_review(store) == () and len(cod.read_codings(store, "anna", "r1")) == 2
    assert transcript.load(store, "p01", 1).text == TEXT, "the old version stands"


def test_what_holds_peoples_words_is_sealed_where_the_study_says_so(tmp_path: Path) -> None:
    store, made = begun(tmp_path, Seal("fire ord som ingen vet", light=True))
    start = TEXT.index("mye alene")
    cod.code_words(store, book(), "r1", "anna", made, start, start + 9, "ensom", memo="tydelig ensomhet")
    for path in store.root.rglob("*"):
        if path.is_file():
            body = path.read_bytes()
            assert b"alene" not in body and b"tydelig" not in body and b"hverdagen" not in body, path
    assert transcript.latest(store, "p01").text == TEXT
    assert fault(transcript.latest, Store(tmp_path), "p01") == "sealed"
    assert (
        fault(transcript.latest, Store(tmp_path, Seal("en annen lang frase", light=True)), "p01") == "wrong-passphrase"
    )
    assert fault(Seal, "kort") == "weak-passphrase"
    again = Seal.like("fire ord som ingen vet", tmp_path)
    assert store.seal is not None and (again.salt, again.light) == (store.seal.salt, True), "one slow key opens all"
    assert transcript.latest(Store(tmp_path, again), "p01").text == TEXT
