"""A sub-study from plan to quote, and what happens when a person withdraws.

1. Its files are checked at once, with file, row and column; a place is never published.
2. Names stand in the key file alone, encrypted, outside the study.
3. A quote is approved by a second person after every warning is answered; its label never tells fewer than three; no pseudonym leaves.
4. Withdrawal takes the words out of transcripts, codings, memos, examples and quotes, and says from where they cannot be recalled.
5. COREQ's 32 points are filled from the files; what no one has said is missing, not made up.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from royst.errors import InputError
from royst.interviews import coding as cod
from royst.interviews import coreq, exchange, quotes, tables, theme, transcript, withdrawal
from royst.interviews.codebook import Code, Codebook, read_codebook, write_codebook
from royst.interviews.keyfile import KeyFile, key_path
from royst.interviews.qdpx import read_qdpx
from royst.interviews.seal import Seal
from royst.interviews.store import Store
from royst.interviews.substudy import Substudy, read_substudy
from royst.interviews.text import normalise
from royst.interviews.withdrawal import withdraw

TOML = """
format = 1
id = "65plus"
synthetic = true
title = { nb = "Eldre", en = "Older people" }
purpose = { nb = "Høre hvordan det er." }
population = { nb = "65 år og eldre" }
label = ["sex", "age"]

[attributes.sex]
label = { nb = "Kjønn", en = "Sex" }
publish = true
values = { k = { nb = "kvinne", en = "woman" }, m = { nb = "mann", en = "man" } }

[attributes.age]
label = { nb = "Alder", en = "Age" }
publish = true
values = { old = { nb = "65+", en = "65+" } }

[attributes.town]
label = { nb = "Kommune" }
kind = "place"
values = { a = { nb = "A" }, b = { nb = "B" } }

[[quota]]
cell = { sex = "k", town = "a" }
wanted = 3
[[quota]]
cell = { sex = "m", town = "a" }
wanted = 2

[guides.1]
on = "2019-09-01"
topics = [{ nb = "hverdagen" }]
[guides.2]
on = "2019-10-01"
topics = [{ nb = "hverdagen" }, { nb = "hjelpen" }]
piloted = { nb = "Guiden ble prøvd på to." }

[[researchers]]
id = "anna"
roles = ["interviewer", "coder"]
credentials = { nb = "mastergrad" }
[[researchers]]
id = "bo"
roles = ["coder", "approver"]

[method]
setting = { nb = "Samtalene fant sted der deltakeren ville." }
"""

SAID = {
    "p01": "I: Hvordan er det?\nA: Jeg er mye alene, men jeg fikk god hjelp i år.\nI: Takk.\nA: Takk selv.",
    "p02": "I: Hvordan er det?\nA: Det er stille hjemme.\nI: Takk.\nA: Ja.",
    "p03": "I: Hvordan er det?\nA: Jeg er mye alene jeg også.\nI: Takk.\nA: Ja.",
    "p04": "I: Hvordan er det?\nA: Ingen spør meg.\nI: Takk.\nA: Nei.",
}


def begun(root: Path, seal: Seal | None = None) -> tuple[Substudy, Codebook]:
    store = Store(root / "study" / "interviews" / "65plus", seal)
    store.root.mkdir(parents=True)
    store.path("substudy.toml").write_text(TOML, encoding="utf-8")
    people = [("p01", "k", "old", "a"), ("p02", "k", "old", "a"), ("p03", "k", "old", "a"), ("p04", "m", "old", "a")]
    store.write(
        "participants.csv", "participant,sex,age,town,guide,minutes,recorded,others\n" + "".join(f"{p},{s},{a},{t},2,{40 + 7 * i},yes,\n" for i, (p, s, a, t) in enumerate(people))
    )  # fmt: skip
    store.write(
        "asked.csv",
        "contact,outcome,reason,sex,town\n" + "".join(f"{i},{o},{r},k,a\n" for i, (o, r) in enumerate([("agreed", "")] * 4 + [("declined", "ville ikke")] * 3 + [("not reached", "")], 1)),
    )  # fmt: skip
    store.write(
        "consents.csv",
        "participant,version,given,quotes,withdrawn\np01,1,2019-10-02,yes,\np02,1,2019-10-02,yes,\np03,1,2019-10-03,yes,\np04,1,2019-10-03,no,\n",
    )
    for id, text in SAID.items():
        transcript.add(store, id, text, voices={"A": id})
    transcript.add(
        store,
        "g01",
        "I: Dere to?\nA: Vi går tur hver dag sammen nå.\nB: Det er fint å gå.\nI: Ja.\nB: Ja.\nA: Ja.",
        voices={"A": "p01", "B": "p02"},
    )
    book = (
        Codebook()
        .add(Code("ensom", "Ensomhet", definition="Savner noen", include="stillhet", exclude="sorg", example="Jeg er mye alene, men jeg fikk god hjelp", themes=("network",)), by="anna", on="2019-11-01")
        .add(Code("tur", "Tur", parent="ensom"), by="anna", on="2019-11-01")
    )  # fmt: skip
    write_codebook(store, book)
    cod.open_round(store, "r1", ["anna", "bo"], [*SAID, "g01"])
    for coder, id, words, code in [
        ("anna", "p01", "mye alene", "ensom"), ("bo", "p01", "mye alene", "ensom"), ("anna", "p02", "stille hjemme", "ensom"), ("anna", "p03", "mye alene", "ensom"),
        ("bo", "p03", "alene", "ensom"), ("anna", "g01", "går tur hver dag", "tur"), ("bo", "g01", "fint å gå", "tur"), ("anna", "g01", "Dere to?", "tur"),
    ]:  # fmt: skip
        read = transcript.latest(store, id)
        start = read.text.index(words)
        cod.code_words(store, book, "r1", coder, read, start, start + len(words), code, memo=f"om {words}")
    cod.close_round(store, "r1")
    theme.write_themes(
        store, [theme.Theme("ensomhet", {"nb": "Alene"}, ("ensom",), {"nb": "Mange er alene."}, themes=("network",))]
    )
    return read_substudy(store), book


def faults(call: object, *args: object, **kwargs: object) -> list[str]:
    with pytest.raises(InputError) as error:
        call(*args, **kwargs)  # type: ignore[operator]
    return [fault.code for fault in error.value.faults]


def quote(substudy: Substudy, id: str, words: str, **kwargs: str) -> quotes.Quote:
    read = transcript.latest(substudy.store, id)
    start = read.text.index(words)
    return quotes.propose(substudy, read, start, start + len(words), theme="ensomhet", by="anna", **kwargs)  # type: ignore[arg-type]


def test_the_quota_says_who_was_asked_and_who_declined(tmp_path: Path) -> None:
    substudy, _ = begun(tmp_path)
    assert substudy.quota_table().rows() == [("sex=k;town=a", 3, 8, 3, 3), ("sex=m;town=a", 2, 0, 0, 1)]


def test_every_fault_of_the_files_at_once(tmp_path: Path) -> None:
    substudy, _ = begun(tmp_path)
    store = substudy.store
    store.write(
        "participants.csv",
        "participant,sex,age,town,guide,minutes\np01,x,old,a,9,mange\np01,k,old,a,,\nKari N,k,old,a,,\n",
    )
    store.write("asked.csv", "contact,outcome\n1,kanskje\n")
    found = faults(read_substudy, store)
    assert sorted(found) == sorted(
        [
            "unknown-value",
            "unknown-guide",
            "not-a-number",
            "double-participant",
            "unsafe-id",
            "no-consent",
            "unknown-value",
            *["unknown-participant"] * 3,
        ]
    )
    path = store.path("substudy.toml")
    path.write_text(TOML + '\n[consents.2]\non = "2020-01-01"\n', encoding="utf-8")
    store.write("participants.csv", "participant,sex,age,town\np01,k,old,a\n")
    store.write("consents.csv", "participant,version,given,quotes\np01,1,2019-10-02,yes\n")
    store.write("asked.csv", "contact,outcome\n")
    assert faults(read_substudy, store) == ["unknown-consent"]
    store.write("participants.csv", "participant,sex,age,town,navn\np01,k,old,a,Kari\n")
    assert faults(read_substudy, store) == ["unknown-column"]


def test_a_place_is_never_published_and_no_label_tells_it(tmp_path: Path) -> None:
    substudy, _ = begun(tmp_path)
    path = substudy.store.path("substudy.toml")
    path.write_text(
        TOML.replace('label = ["sex", "age"]', 'label = ["sex", "town"]').replace(
            'kind = "place"', 'kind = "place"\npublish = true'
        ),
        encoding="utf-8",
    )
    assert sorted(faults(read_substudy, substudy.store)) == ["label-not-published", "place-published"]


def test_a_municipality_under_another_name_is_found_by_the_frame(tmp_path: Path) -> None:
    substudy, _ = begun(tmp_path)
    assert faults(read_substudy, substudy.store, ["Mann", "Storvik"]) == ["place-published"]
    assert read_substudy(substudy.store, ["Storvik"]).file.id == "65plus"


def test_names_stand_in_the_key_alone(tmp_path: Path) -> None:
    substudy, _ = begun(tmp_path)
    seal = Seal("fire ord som ingen vet", light=True)
    key = KeyFile(key_path(tmp_path / "study", "65plus"), seal)
    key.keep("p01", {"name": "Kari Nordmann", "phone": "412 34 567"}, substudy.store)
    assert key.path.parent == tmp_path and b"Nordmann" not in key.path.read_bytes()
    assert key.people() == {"p01": {"name": "Kari Nordmann", "phone": "412 34 567"}}
    assert faults(key.keep, "p01", {"name": "En annen"}, substudy.store) == ["double-person"]
    assert faults(KeyFile(substudy.store.path("k.sealed"), seal).keep, "p01", {}, substudy.store) == ["key-in-study"]
    assert faults(KeyFile(key.path, Seal("en annen lang frase", light=True)).people) == ["wrong-passphrase"]
    assert not [p for p in substudy.store.root.rglob("*") if p.is_file() and b"Nordmann" in p.read_bytes()]


def test_a_quote_needs_consent_and_one_voice(tmp_path: Path) -> None:
    substudy, _ = begun(tmp_path)
    assert faults(quote, substudy, "p04", "Ingen spør meg") == ["no-consent"]
    assert faults(quote, substudy, "g01", "sammen nå.\nB: Det er") == ["two-voices"]
    assert faults(quote, substudy, "p01", "Hvordan er det?") == ["two-voices"], "the interviewer is no participant"
    quote(substudy, "p01", "mye alene")
    assert faults(quote, substudy, "p01", "mye alene") == ["double-quote"]


def test_a_second_person_approves_after_every_warning_is_answered(tmp_path: Path) -> None:
    substudy, _ = begun(tmp_path)
    made = quote(substudy, "p01", "Jeg er mye alene, men jeg fikk god hjelp i år")
    assert quotes.check(substudy, made) == ()
    changed = quotes.edit(
        substudy.store, made.id, {"nb": "Jeg er 83 år og mye alene, med tre barn i Vestvåg [byen]."}, by="anna"
    )
    warnings = quotes.check(substudy, changed)
    assert {w.code for w in warnings} == {"identifier", "indirect", "words-not-said"}
    assert len(faults(quotes.approve, substudy, made.id, by="bo", on="2019-12-01")) == len(warnings)
    assert faults(quotes.approve, substudy, made.id, by="anna", on="2019-12-01") == ["same-person"]
    changed = quotes.edit(
        substudy.store, made.id, {"nb": "Jeg er mye alene, men jeg fikk god hjelp [i kommunen]."}, by="anna"
    )
    assert quotes.approve(substudy, made.id, by="bo", on="2019-12-01").approved
    assert not quotes.edit(substudy.store, made.id, {"nb": "Jeg er mye alene"}, by="anna").approved, (
        "other words, another approval"
    )


def test_a_warning_is_answered_with_a_reason(tmp_path: Path) -> None:
    substudy, _ = begun(tmp_path)
    made = quotes.edit(
        substudy.store, quote(substudy, "p01", "Jeg er mye alene").id, {"nb": "Jeg er den eneste mye alene"}, by="anna"
    )
    for warning in quotes.check(substudy, made):
        assert faults(quotes.answer, substudy.store, made.id, warning, " ") == ["no-reason"]
        quotes.answer(substudy.store, made.id, warning, "gjelder alle i huset")
    assert quotes.approve(substudy, made.id, by="bo", on="2019-12-01").approved_by == "bo"


def test_one_person_is_not_quoted_too_much_and_small_cells_are_told(tmp_path: Path) -> None:
    substudy, _ = begun(tmp_path)
    consents = "participant,version,given,quotes,withdrawn\n" + "".join(
        f"p0{i},1,2019-10-02,yes,\n" for i in range(1, 5)
    )
    substudy.store.write("consents.csv", consents)
    substudy = read_substudy(substudy.store)
    for words in ("mye alene", "god hjelp"):
        quotes.approve(substudy, quote(substudy, "p01", words).id, by="bo", on="2019-12-01")
    assert [w.code for w in quotes.check(substudy, quote(substudy, "p01", "Takk selv"))] == ["quoted-often"]
    man = quote(substudy, "p04", "Ingen spør meg")
    assert {w.code for w in quotes.check(substudy, man)} == {"small-cell", "small-label"}
    assert quotes.safe_label(substudy, "p04") == () and quotes.safe_label(substudy, "p01") == (
        ("sex", "k"),
        ("age", "old"),
    )


def approved(tmp_path: Path) -> tuple[Substudy, Codebook]:
    substudy, book = begun(tmp_path)
    for id, words in (("p01", "mye alene"), ("p03", "mye alene"), ("g01", "fint å gå")):
        quotes.approve(substudy, quote(substudy, id, words).id, by="bo", on="2019-12-01")
    return substudy, book


def test_no_pseudonym_leaves_and_reports_cannot_be_laid_side_by_side(tmp_path: Path) -> None:
    substudy, _ = approved(tmp_path)
    first = quotes.put_forward(substudy, "2020-06", ["nb", "en"], ["ensomhet"])
    second = quotes.put_forward(substudy, "2021-06", ["nb"], ["ensomhet"])
    assert len(first) == 3 and all(set(q.texts) == {"nb", "en"} for q in first)
    assert [q.key for q in first] == sorted(q.key for q in first), "in the order of ids that are the report's own"
    assert not {q.key for q in first} & {q.key for q in second}
    assert not any(secret in q.key for q in first for secret in ("p01", "p02", "p03", "g01", q.quote))
    for report, found in (("2020-06", first), ("2021-06", second)):
        quotes.mark_released(substudy.store, report, [q.quote for q in found])
    assert {r for q in quotes.read_quotes(substudy.store) for r in q.released} == {"2020-06", "2021-06"}


def print_in(substudy: Substudy, report: str) -> None:
    """Mark every quote that can be put forward as printed in a report."""
    found = quotes.put_forward(substudy, report, ["nb"], ["ensomhet"])
    quotes.mark_released(substudy.store, report, [q.quote for q in found])


def words_left(root: Path, words: str) -> list[str]:
    return sorted(
        str(p.relative_to(root)) for p in root.rglob("*") if p.is_file() and words in p.read_text(encoding="utf-8")
    )


def test_withdrawal_takes_the_words_out_everywhere_and_says_where_they_may_still_be(tmp_path: Path) -> None:
    substudy, book = approved(tmp_path)
    store = substudy.store
    print_in(substudy, "2020-06")
    exchange.export_qdpx(
        substudy, book, theme.read_themes(store, book), tmp_path / "ut.qdpx", name="65plus", on="2019-12-05"
    )
    key = KeyFile(key_path(tmp_path / "study", "65plus"), Seal("fire ord som ingen vet", light=True))
    key.keep("p01", {"name": "Kari Nordmann"}, store)
    done = withdraw(substudy, "p01", on="2020-07-01", by="anna", key=key)
    assert (done.transcripts, done.cut, done.quotes, done.releases) == (("p01",), ("g01",), 1, ("2020-06",))
    assert done.codings == 3
    for said in ("jeg fikk god hjelp", "Takk selv", "går tur hver dag"):
        assert words_left(store.root, said) == [], said
    group = transcript.latest(store, "g01")
    assert group.text == "I: Dere to?\nA: […]\nB: Det er fint å gå.\nI: Ja.\nB: Ja.\nA: […]"
    assert group.participants == ("p02",) and group.withdrawn == ("p01",) and transcript.versions(store, "g01") == (2,)
    kept = cod.read_codings(store, "bo", "r1")
    assert [group.text[c.start : c.end] for c in kept if c.transcript == "g01"] == ["fint å gå"], (
        "others' words keep their codings"
    )
    assert read_codebook(store)["ensom"].example == "" and "p01" not in transcript.ids(store)
    assert key.people() == {}
    after = read_substudy(store)
    assert not after.stands("p01") and "p01" not in [p.id for p in after.participants]
    assert [c.withdrawn for c in after.consents if c.participant == "p01"] == ["2020-07-01"], (
        "that it was followed can be shown"
    )
    again = quotes.put_forward(after, "2020-07", ["nb"], ["ensomhet"])
    assert len(again) == 2 and "p01" not in {q.participant for q in again}
    beyond = "\n".join(done.beyond_recall)
    assert "report 2020-06" in beyond and "ut.qdpx" in beyond and "backups" in beyond and "key file" not in beyond
    once_more = withdraw(after, "p01", on="2020-07-02", by="anna")
    assert (once_more.transcripts, once_more.codings, once_more.quotes) == ((), 0, 0)
    assert [c.withdrawn for c in read_substudy(store).consents if c.participant == "p01"] == ["2020-07-01"]


def test_researchers_texts_that_repeat_the_person_are_told(tmp_path: Path) -> None:
    substudy, book = begun(tmp_path)
    write_codebook(
        substudy.store, book.change("tur", memo="jf. «vi går tur hver dag sammen»", by="anna", on="2019-11-02")
    )
    assert withdraw(substudy, "p01", on="2020-07-01", by="anna").look_at == ("codebook.json: tur, memo",)


def test_a_withdrawal_that_was_broken_off_is_finished_by_running_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise OSError("no space")

    for step in ("_take_codings", "_destroy", "_cut", "write_consents", "write_participants"):
        substudy, _ = approved(tmp_path / step)
        print_in(substudy, "2020-06")
        with monkeypatch.context() as patched:
            patched.setattr(withdrawal, step, broken)
            with pytest.raises(OSError, match="no space"):
                withdraw(substudy, "p01", on="2020-07-01", by="anna")
        done = withdraw(read_substudy(substudy.store), "p01", on="2020-07-02", by="anna")
        assert done.releases == ("2020-06",), "which reports to build again is not forgotten"
        for said in ("jeg fikk god hjelp", "Takk selv", "går tur hver dag"):
            assert words_left(substudy.store.root, said) == [], (step, said)
        assert not read_substudy(substudy.store).stands("p01")


def test_a_half_destroyed_transcript_is_swept(tmp_path: Path) -> None:
    substudy, _ = begun(tmp_path)
    substudy.store.path("transcripts/p01/0001.json").unlink()
    withdraw(substudy, "p01", on="2020-07-01", by="anna")
    assert words_left(substudy.store.root, "Takk selv") == []


def test_a_transcript_of_several_without_turns_goes_whole(tmp_path: Path) -> None:
    substudy, _ = begun(tmp_path)
    transcript.add(
        substudy.store, "g02", "alt de sa om tur i skogen uten at noen skrev hvem", voices={"x": "p01", "y": "p03"}
    )
    done = withdraw(substudy, "p01", on="2020-07-01", by="anna")
    assert done.transcripts == ("g02", "p01") and words_left(substudy.store.root, "tur i skogen") == []


def test_a_sealed_sub_study_can_be_withdrawn_from(tmp_path: Path) -> None:
    substudy, _ = begun(tmp_path, Seal("fire ord som ingen vet", light=True))
    assert (substudy.store.root / "participants.csv.sealed").exists()
    assert withdraw(substudy, "p01", on="2020-07-01", by="anna").transcripts == ("p01",)


def passages(substudy: Substudy, book: Codebook) -> theme.Passages:
    people = [p.id for p in substudy.participants if substudy.stands(p.id)]
    return theme.spoken(substudy.store, theme.analysed(substudy.store), book, people)


def test_tables_count_people_and_leave_the_interviewer_out(tmp_path: Path) -> None:
    substudy, book = begun(tmp_path)
    found = passages(substudy, book)
    assert found.who(["ensom"]) == ("p01", "p02", "p03") and found.who(["tur"]) == ("p01", "p02")
    attributes = {p.id: p.attributes for p in substudy.participants}
    rows = tables.code_by_attribute(found, attributes, "sex").rows()
    assert ("ensom", "k", 3, 3, 4) in rows and ("ensom", "m", 0, 1, 0) in rows
    assert theme.codes_of(theme.read_themes(substudy.store, book)[0], book) == ("ensom", "tur")


def test_codes_on_the_same_words_are_counted_once_a_pair(tmp_path: Path) -> None:
    rows = tuple(
        (cod.Coding(str(i), "p01", 1, s, e, code, "anna", "r1"), "p01")
        for i, (s, e, code) in enumerate([(0, 10, "a"), (5, 12, "b"), (9, 11, "c"), (12, 15, "a")])
    )
    found = tables.code_by_code(theme.Passages(rows, ("p01",)))
    assert found.rows() == [("a", "b", 1, 1), ("a", "c", 1, 1), ("b", "c", 1, 1)]


@pytest.mark.parametrize(
    ("n", "of", "nb", "nn", "en"),
    [(7, 23, "sju av de 23", "sju av dei 23", "seven of the 23"), (0, 9, "ingen av de ni", "ingen av dei ni", "none of the nine"),
     (1, 21, "én av de 21", "éin av dei 21", "one of the 21"), (23, 23, "alle 23", "alle 23", "all 23"), (13, 21, "13 av de 21", "13 av dei 21", "13 of the 21")],
)  # fmt: skip
def test_how_many_is_told_in_words(n: int, of: int, nb: str, nn: str, en: str) -> None:
    assert (tables.how_many(n, of, "nb"), tables.how_many(n, of, "nn"), tables.how_many(n, of, "en")) == (nb, nn, en)


def test_search_finds_words_across_lines_with_who_said_them(tmp_path: Path) -> None:
    substudy, _ = begun(tmp_path)
    hits = list(tables.search(substudy.store, "MYE  alene"))
    assert [(h.transcript, h.words, h.speaker) for h in hits] == [("p01", "mye alene", "A"), ("p03", "mye alene", "A")]
    assert not list(tables.search(substudy.store, "lene", whole_words=True))


def test_coreq_is_filled_from_the_files_and_says_what_is_missing(tmp_path: Path) -> None:
    substudy, book = approved(tmp_path)
    themes = theme.read_themes(substudy.store, book)
    points = {p.number: p for p in coreq.coreq(substudy, book, themes, "nb")}
    assert list(points) == list(range(1, 33))
    assert points[1].answer == "Én person intervjuet." and points[2].answer == "Mastergrad."
    assert points[12].answer == "Fire personer deltok."
    assert (
        points[13].answer
        == "Åtte ble spurt. Tre sa nei. Færre enn tre ble ikke nådd eller hørte ikke til målgruppen. Grunner som ble nevnt: ville ikke. Ingen har trukket samtykket."
    )
    assert points[14].source == "person" and points[17].answer.endswith("hverdagen og hjelpen. Guiden ble prøvd på to.")
    assert points[16].answer == "Alder: 65+ (4).", (
        "three women and a total of four would tell of one man; a place is never told"
    )
    assert coreq.hidden({"k": 9, "m": 2, "x": 7}) == ({"m"}, {"x"})
    assert points[21].answer == "Samtalene varte fra om lag 40 til om lag 60 minutter; halvparten varte lenger enn 50."
    assert "To personer kodet, i én runde." in points[24].answer and "0," in points[24].answer
    assert points[29].answer == (
        "Tre sitater fra tre deltakere, hvert godkjent av en annen enn den som valgte det. Sitatene er merket bare med kjønn og alder."
    )
    assert points[31].answer == "Alene."
    assert {6, 22, 28} <= set(coreq.missing(tuple(points.values())))
    for language in ("nn", "en"):
        other = coreq.coreq(substudy, book, themes, language)
        assert [p.source for p in other] == [p.source for p in points.values()]
        assert sum(p.title != points[p.number].title for p in other) > 25


def test_a_sub_study_goes_out_as_qdpx_and_comes_back(tmp_path: Path) -> None:
    substudy, book = begun(tmp_path)
    themes = theme.read_themes(substudy.store, book)
    exchange.export_qdpx(substudy, book, themes, tmp_path / "ut.qdpx", name="65plus", on="2019-12-05")
    other = Store(tmp_path / "other")
    arrived = exchange.from_project(other, read_qdpx(tmp_path / "ut.qdpx"), round="importert", by="bo", on="2020-01-01")
    assert arrived.warnings == () and set(arrived.coders.values()) == {"anna", "bo"}
    assert transcript.ids(other) == transcript.ids(substudy.store)
    for id in transcript.ids(other):
        assert transcript.latest(other, id).text == transcript.latest(substudy.store, id).text
    for coder in ("anna", "bo"):
        ours, theirs = cod.read_codings(substudy.store, coder, "r1"), cod.read_codings(other, coder, "r1")
        assert [(c.transcript, c.start, c.end, c.code, c.memo) for c in theirs] == [
            (c.transcript, c.start, c.end, {"ensom": "Ensomhet", "tur": "Tur"}[c.code], c.memo) for c in ours
        ]  # fmt: skip
    back = read_codebook(other)
    assert [(c.name, c.definition, c.include, c.exclude, c.example) for c in back] == [
        (c.name, c.definition, c.include, c.exclude, c.example) for c in book
    ]
    assert back["Tur"].parent == "Ensomhet"
    assert [t.codes for t in theme.read_themes(other, back)] == [("Ensomhet",)]
    assert arrived.attributes["p01"] == {"sex": "k", "age": "old", "town": "a"}
    assert transcript.latest(other, "p02").participants == ("p02",)
    assert set(
        faults(
            exchange.from_project, other, read_qdpx(tmp_path / "ut.qdpx"), round="importert", by="bo", on="2020-01-01"
        )
    ) == {"already-there", "double-round"}


def test_places_follow_the_text_into_its_normal_form() -> None:
    text = "e\u0301n to\u030a tre"
    new = normalise(text)
    assert len(new) < len(text)
    start, end = exchange.nfc_place(text, text.index("t"), -1), exchange.nfc_place(text, text.index(" tre"), 1)
    assert new[start:end] == normalise("to\u030a")
    assert exchange.nfc_place(text, 1, -1) == 0 and exchange.nfc_place(text, 1, 1) == 1, (
        "a cut inside a letter moves out"
    )
