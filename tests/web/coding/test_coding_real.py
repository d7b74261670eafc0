"""Seven real transcripts in the browser's own functions, from PDF to agreement (marker ``real``; the files are not part of the project).

They are imported by the verb, names are decided on and replaced over the web, two coders sign in and code them by different keywords, and the round is closed and settled.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from royst import cli
from royst.evaluation.interviews import opening, rounds
from royst.interviews import transcript as transcripts
from royst.interviews.codebook import Code, Codebook, write_codebook
from royst.interviews.coding import CONSENSUS, read_codings
from royst.interviews.store import Store

from .conftest import NAME, TOML, Person, Running, free_port, signing

pytestmark = pytest.mark.real
IDS = [f"P{n}" for n in range(1, 8)]
KNOWN = ["ICE", "PDP", "PDPs", "SHAP", "Shapley", "ALE", "PDPilot", "XGBoost"]
WORDS = {"explain": (r"interpret\w*|explain\w*|understand\w*", r"interpret\w*|explain\w*"), "cluster": (r"cluster\w*", r"cluster\w*|group\w*")}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    root = tmp_path / "study"
    store = Store(root / "interviews" / NAME)
    store.write("substudy.toml", TOML)
    store.write("participants.csv", "participant,sex\n" + "".join(f"{id},k\n" for id in IDS))
    store.write("consents.csv", "participant,version,given,quotes\n" + "".join(f"{id},1,2024-01-01,yes\n" for id in IDS))
    store.write("names.txt", "Daniel\n")
    store.write("known.txt", "\n".join(KNOWN) + "\n")
    (root / "study.toml").write_text("format = 1\n", encoding="utf-8")
    book = Codebook()
    for code in WORDS:
        book = book.add(Code(code, code.title()), by="anna", on="2024-01-01")
    write_codebook(store, book)
    return root


def decided(anna: Person) -> int:
    """Answer every question over the web: names of people go, all else stays."""
    answered = 0
    for _ in range(60):
        asked = re.findall(r'name="words-(\d+)" value="([^"]+)"', anna.get("/names").text)
        if not asked:
            return answered
        gone = {n for n, words in asked if words in ("Dan", "Daniel", "Edwards", "Carlo", "Swiss")}
        answers = {f"do-{n}": "replace" if n in gone else "keep" for n, _ in asked}
        answers |= {f"words-{n}": words.replace("&#x27;", "'").replace("&amp;", "&").replace("&quot;", '"') for n, words in asked}
        answers |= {f"by-{n}": f"[navn {answered + int(n) + 1}]" for n, _ in asked}
        assert anna.post("/names", **answers).status == 303
        answered += len(asked)
    raise AssertionError("the queue does not empty")


def test_seven_transcripts_from_pdf_to_consensus_over_the_web(study: Path, real_data: Path) -> None:
    for id in IDS:
        file = real_data / "interviews" / "transcripts" / f"{id}.pdf"
        assert cli.main(["interviews", "import", str(study), NAME, id, str(file), "--voice", f"Participant={id}"]) == 0
    running = Running(study, free_port(), signing(study))
    running.start()
    try:
        anna = Person(running, "anna")
        assert decided(anna) > 20
        assert anna.post("/names/replace", forget="1").status == 200
        store = running.store
        texts = {id: transcripts.latest(store, id) for id in IDS}
        assert all(read.version == 2 and not re.search(r"\bDan(iel)?\b", read.text) and read.participants == (id,) for id, read in texts.items())
        rounds.open_round(study, NAME, "r1", opening.nobody, coders=["anna", "bo"])
        bo = Person(running, "bo")
        put = {who: coded(person, texts, which) for which, (who, person) in enumerate({"anna": anna, "bo": bo}.items())}
        for who, spans in put.items():
            kept = {(c.transcript, c.start, c.end, c.code) for c in read_codings(store, who, "r1")}
            assert kept == spans and len(kept) > 60
        bo.get("/round/r1")
        bo.post("/round/r1", sure="1")
        settle(bo)
        page = bo.get("/round/r1").text
        assert re.search(r"0\.\d\d", page) and read_codings(store, CONSENSUS, "r1")
    finally:
        running.end()
    assert cli.main(["interviews", "agreement", str(study), NAME, "r1"]) == 0


def coded(person: Person, texts: dict[str, transcripts.Transcript], which: int) -> set[tuple[str, int, int, str]]:
    spans = set()
    for id, read in texts.items():
        person.get(f"/code/r1/{id}")
        for code, patterns in WORDS.items():
            for match in list(re.finditer(patterns[which], read.text))[:12]:
                if read.participant_at(match.start(), match.end()):
                    sent = {"start": str(match.start()), "end": str(match.end()), "code": code, "version": "2"}
                    assert person.post(f"/code/r1/{id}/add", data=True, **sent).status == 200
                    spans.add((id, match.start(), match.end(), code))
    return spans


def settle(person: Person) -> None:
    for _ in range(60):
        reply = person.get("/round/r1/settle")
        ids = re.findall(r'name="keep-([0-9a-f]{16})" value="none"', reply.text)
        if not ids:
            return
        person.post("/round/r1/settle", **{f"keep-{id}": "none" for id in ids})
    raise AssertionError("never settled")
