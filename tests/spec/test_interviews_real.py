"""Seven real transcripts, from PDF to a table of agreement (marker ``real``; the files are not part of the project).

They are imported, pseudonymised with every decision scripted, coded by two scripted coders by different keywords, compared, settled, themed and counted.
"""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdf
import pytest
from lxml import etree

from royst.evaluation import bring, release
from royst.interviews import coding as cod
from royst.interviews import (
    consensus,
    coreq,
    exchange,
    pseudonym,
    quotes,
    reliability,
    revision,
    tables,
    theme,
    transcript,
)
from royst.interviews.codebook import Code, Codebook, read_codebook, write_codebook
from royst.interviews.identifiers import Gazetteers
from royst.interviews.qdpx import read_qdpx
from royst.interviews.store import Store
from royst.interviews.substudy import read_substudy
from royst.interviews.unitised import Unit, u_alpha
from royst.study import folder

pytestmark = pytest.mark.real
IDS = [f"P{n}" for n in range(1, 8)]
TOOLS = Gazetteers(
    names=frozenset({"Daniel"}), known=frozenset(["ICE", "PDP", "PDPs", "SHAP", "Shapley", "ALE", "PDPilot", "XGBoost"])
)
WORDS = {
    "explain": (r"interpret\w*|explain\w*|understand\w*", r"interpret\w*|explain\w*"),
    "shap": (r"\bSHAP\b|Shapley", r"\bSHAP\b|Shapley"),
    "cluster": (r"cluster\w*", r"cluster\w*|group\w*"),
}
TOML = """
format = 1
id = "real"
label = ["use"]
recommendations = [{ en = "Ask those who use it." }]
title = { en = "Seven interviews" }
purpose = { en = "To show that real files go through." }
population = { en = "People who use the tool" }
[attributes.use]
label = { en = "Use" }
publish = true
values = { yes = { en = "uses it" } }
"""


def sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    left = max(text.rfind(mark, 0, start) for mark in ".?!:\n") + 1
    right = min((text.find(mark, end) for mark in ".?!\n" if text.find(mark, end) != -1), default=len(text))
    while left < start and text[left].isspace():
        left += 1
    return left, right


def coded(store: Store, book: Codebook, coder: str, which: int) -> None:
    for id in IDS:
        read = transcript.latest(store, id)
        for code, patterns in WORDS.items():
            for match in re.finditer(patterns[which], read.text):
                if read.participant_at(match.start(), match.end()):
                    start, end = sentence_around(read.text, match.start(), match.end())
                    cod.code_words(store, book, "r1", coder, read, start, end, code)


def test_seven_transcripts_from_pdf_to_report(real_data: Path, tmp_path: Path, small_at: Callable[[Path], Any]) -> None:
    small = small_at(tmp_path / "study").edit('wave = "2019"\n', 'wave = "2019"\ninterviews = ["real"]\n')
    store = Store(small.write() / "interviews" / "real")
    for id in IDS:
        read = transcript.import_transcript(
            store, id, real_data / "interviews" / "transcripts" / f"{id}.pdf", voices={"Participant": id}
        )
        assert read.kind == "pdf" and {t.speaker for t in read.turns} == {None, "Dan", "Participant"}
        assert len(read.turns) > 80 and len(read.text) > 15_000
        assert not re.search(r"\t|^\d/\d$", read.text, re.M), "no page counts, no layout tabs"

    questions = pseudonym.open_questions(store, IDS, TOOLS)
    assert {"Dan", "Daniel"} <= {q.words for q in questions}, "both forms of the interviewer's name are found"
    taken: list[str] = []
    for question in questions:
        if question.words in ("Dan", "Daniel", "Edwards", "Carlo", "Swiss"):
            taken.append(pseudonym.suggest(question, taken, "en"))
            pseudonym.decide(store, [pseudonym.Decision(question.words, "replace", "k1", taken[-1])])
        else:
            pseudonym.decide(store, [pseudonym.Decision(question.words, "keep", "k1")])
    interviewer = next(d.by_words for d in pseudonym.decisions(store) if d.words == "Dan")
    for id in IDS:
        done = pseudonym.pseudonymise(store, id, by="k1", gazetteers=TOOLS)
        assert done is not None and not re.search(r"\bDan(iel)?\b", done.transcript.text)
        assert {t.speaker for t in done.transcript.turns if t.speaker} == {
            interviewer,
            "Participant",
        } and done.transcript.participants == (id,)
        assert pseudonym.forget_versions(store, id) == (1,)

    book = Codebook()
    for code in WORDS:
        book = book.add(Code(code, code.title()), by="k1", on="2024-01-01")
    write_codebook(store, book)
    cod.open_round(store, "r1", ["k1", "k2"], IDS)
    coded(store, book, "k1", 0)
    coded(store, book, "k2", 1)
    cod.close_round(store, "r1")
    rows = {row.code: row.coefficients for row in reliability.agreement_of_round(store, "r1", book)}
    assert rows["shap"]["u-alpha"].value == pytest.approx(1) and rows["shap"]["cohen-kappa"].value == pytest.approx(1)
    explain, cluster = rows["explain"]["u-alpha"].value, rows["cluster"]["u-alpha"].value
    assert explain is not None and 0.2 < explain < 1 and cluster is not None and 0 < cluster < 1
    total = rows[reliability.ALL]["u-alpha"].value
    assert total is not None and min(explain, cluster) < total < 1

    left = consensus.disagreements(store, "r1", book)
    assert (
        left
        and consensus.settle(
            store, "r1", [consensus.Decision(p.id, ((p.start, p.end),), ("k1", "k2")) for p in left], book
        )
        == ()
    )
    joint = {"satisfied": theme.Joint("widens", text={"en": "They want to know why."})}
    theme.write_themes(
        store, [theme.Theme("why", {"en": "Why they explain"}, ("explain", "shap"), {"en": "To understand a model."}, joint=joint)]
    )
    report(store, book, tmp_path)
    published(small, store, interviewer)


def published(small: Any, store: Store, interviewer: str) -> None:
    """The report of the seven, through the same door as everything else: a release of a survey beside them."""
    rows = [f"q{n},{'abcd'[n % 4]},{'mw'[n // 4 % 2]},{20 + n},{(5, 4, 4, 5, 3)[n % 5]},2,," for n in range(48)]
    answers = small.answers_file(text="\n".join(["id,unit,gender,age,satisfied,waiting,helped,other", *rows]) + "\n")
    bring.bring(folder.read(small.root), "2019", answers)
    release.release(small.root, "2020-06", lambda text: None)
    home = small.root / "releases" / "2020-06" / "public"
    kept = quotes.read_quotes(store)
    assert len({q.participant for q in kept}) == len(kept) >= 3
    pdf = " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(home / "reports" / "en" / "interviews-real.pdf").pages).split())
    page = html.unescape((home / "site" / "en" / "intervju" / "real.html").read_text(encoding="utf-8"))
    for said in (*(" ".join(q.edited["en"].split()) for q in kept), "uses it", "They want to know why.", "Ask those who use it.", "Seven people took part."):
        assert said in page and said in pdf, said
    assert "synthetic" not in page.lower().split("<main")[1].split("</main>")[0], "these are real people's words"
    for path in home.rglob("*"):
        if path.suffix in (".html", ".csv", ".json"):
            text = path.read_text(encoding="utf-8")
            assert not re.search(rf"\b(Dan|Daniel|{re.escape(interviewer)}|P[1-7])\b", text), path


def report(store: Store, book: Codebook, tmp_path: Path) -> None:
    """What a report is filled from, and the way out to another program and back."""
    store.path("substudy.toml").write_text(TOML, encoding="utf-8")
    store.write("participants.csv", "participant,use\n" + "".join(f"{id},yes\n" for id in IDS))
    store.write(
        "consents.csv", "participant,version,given,quotes\n" + "".join(f"{id},1,2024-01-01,yes\n" for id in IDS)
    )
    substudy = read_substudy(store)
    passages = theme.spoken(store, theme.analysed(store), book, IDS)
    why = theme.read_themes(store, book)[0]
    who = passages.who(theme.codes_of(why, book))
    assert 3 <= len(who) <= 7 and tables.how_many(len(who), 7, "en").split()[0] in {
        "three",
        "four",
        "five",
        "six",
        "all",
    }
    for participant in who[:4]:
        coding = next(c for c, speaker in passages.of(["shap", "explain"]) if speaker == participant)
        read = transcript.latest(store, coding.transcript)
        said = {"en": read.text[coding.start : coding.end]}
        made = quotes.propose(substudy, read, coding.start, coding.end, theme="why", by="k1", edited=said)
        for warning in quotes.check(substudy, made, TOOLS):
            quotes.answer(store, made.id, warning, "a tool's name")
        quotes.approve(substudy, made.id, by="k3", on="2024-02-01", gazetteers=TOOLS)
    forward = quotes.put_forward(substudy, "2024-03", ["en"], ["why"])
    assert len(forward) == min(4, len(who)) and all(q.texts["en"] for q in forward)
    points = {p.number: p.answer for p in coreq.coreq(substudy, book, [why], "en")}
    assert points[12] == "Seven people took part." and points[29].startswith(
        "Four quotes from four participants, each approved"
    )
    exchange.export_qdpx(substudy, book, [why], tmp_path / "ut.qdpx", name="seven", on="2024-03-01")
    other = Store(tmp_path / "other")
    exchange.from_project(other, read_qdpx(tmp_path / "ut.qdpx"), round="r9", by="k1", on="2024-03-02")
    for coder in ("k1", "k2"):
        ours, theirs = cod.read_codings(store, coder, "r1"), cod.read_codings(other, coder, "r1")
        assert [(c.transcript, c.start, c.end) for c in ours] == [(c.transcript, c.start, c.end) for c in theirs]


def test_codings_on_a_real_text_survive_a_hundred_edits(real_data: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    read = transcript.import_transcript(
        store, "P1", real_data / "interviews" / "transcripts" / "P1.pdf", voices={"Participant": "P1"}
    )
    book = Codebook().add(Code("any", "Any"), by="k1", on="2024-01-01")
    cod.open_round(store, "r1", ["k1"], ["P1"])
    turns = [t for t in read.turns if t.speaker == "Participant" and t.end - t.start > 60][::4]
    said = [cod.code_words(store, book, "r1", "k1", read, t.start, t.end, "any") for t in turns]
    before = sorted(read.text[c.start : c.end] for c in said)
    lines = read.text.split("\n")
    for place in range(3, len(lines), 2):
        if lines[place].startswith("Dan:"):
            lines[place] = lines[place].replace("Dan:", "Dan:  (nods) 👍", 1)
    done = revision.revise(store, "P1", "\n".join(["Recorded in a room", *lines]), by="k1", why="layout")
    after = cod.read_codings(store, "k1", "r1")
    assert sorted(done.transcript.text[c.start : c.end] for c in after) == before and {c.state for c in after} == {
        "same"
    }


def test_agreement_of_lines_coded_by_a_real_coder_with_oneself_is_full(real_data: Path) -> None:
    project = read_qdpx(real_data / "interviews" / "qdpx" / "selections.qdpx").project
    text = next(s for s in project.sources if s.selections)
    spans = sorted({(s.start, s.end) for s in text.selections})
    units = [Unit(start, end, "coded") for start, end in spans]
    assert u_alpha([units, units], len(text.text or "")).value == 1


def test_a_real_project_becomes_a_sub_study_and_goes_out_again(real_data: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    imported = read_qdpx(real_data / "interviews" / "qdpx" / "selections.qdpx")
    arrived = exchange.from_project(store, imported, round="r1", by="k1", on="2024-08-01")
    assert set(arrived.coders.values()) == {"cp"} and len(arrived.codes) == 262
    codings = cod.read_codings(store, "cp", "r1")
    there = {(x.start, x.end, c.code) for s in imported.project.sources for x in s.selections for c in x.codings}
    ours = {(c.start, c.end, next(guid for guid, id in arrived.codes.items() if id == c.code)) for c in codings}
    assert ours == there and len(codings) == len(there)
    text = next(s.text for s in imported.project.sources if s.selections)
    assert all(
        transcript.latest(store, c.transcript).text[c.start : c.end] == (text or "")[c.start : c.end]
        for c in codings
    )
    store.path("substudy.toml").write_text(TOML, encoding="utf-8")
    out = tmp_path / "out.qdpx"
    book = read_codebook(store)
    exchange.export_qdpx(read_substudy(store), book, theme.read_themes(store, book), out, name="again", on="2024-08-02")
    schema = etree.XMLSchema(etree.parse(str(real_data / "interviews" / "qdpx" / "Project.xsd")))
    with zipfile.ZipFile(out) as archive:
        schema.assertValid(etree.fromstring(archive.read("project.qde")))
    again = read_qdpx(out).project
    assert {(x.start, x.end) for s in again.sources for x in s.selections} == {(c.start, c.end) for c in codings}
    assert sum(len(x.codings) for s in again.sources for x in s.selections) == len(codings) and len(again.users) >= 1


def test_a_real_project_without_its_texts_brings_codes_and_says_what_is_missing(
    real_data: Path, tmp_path: Path
) -> None:
    store = Store(tmp_path / "s")
    arrived = exchange.from_project(
        store, read_qdpx(real_data / "interviews" / "qdpx" / "atlas8.qdpx"), round="r1", by="k1", on="2024-08-01"
    )
    assert len(arrived.codes) == 14 and transcript.ids(store) == ()
    assert {"missing-source", "media-left"} <= {w.code for w in arrived.warnings}
