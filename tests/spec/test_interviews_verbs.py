"""``royst interviews``: every action on the reference study and on a study begun here.

1. A sub-study is begun, filled, coded and compared by the command line alone, also where it is sealed; what it writes, it reads.
2. Names: questions go out to a file, come back filled in, and new versions are made.
3. Bad input is the user's fault: exit code 2, a clear word, and not a byte of the study is changed.
4. A project goes out and into another sub-study; consent withdrawn takes the words with it.
"""

from __future__ import annotations

import csv
import hashlib
import shutil
import zipfile
from pathlib import Path

import pytest

from royst import cli, reference
from royst.interviews import transcript
from royst.interviews.codebook import Code, Codebook, read_codebook, write_codebook
from royst.interviews.coding import code_words, read_codings
from royst.interviews.quotes import read_quotes
from royst.interviews.seal import Seal
from royst.interviews.store import Store

PASSPHRASE = "fire ord bare jeg vet"
TALK = "I: Hvem hjelper deg?\nA: Det er Kari Nordmo, hun er fin. Jeg bor i Nordvik.\nI: Takk.\n"
RESEARCHERS = '[[researchers]]\nid = "anna"\nroles = ["coder"]\n[[researchers]]\nid = "bo"\nroles = ["coder", "approver"]\n'


def run(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> str:
    capsys.readouterr()
    found = cli.main(["interviews", *(str(one) for one in arguments)])
    said = capsys.readouterr()
    assert found == code, said.err
    return said.out if code == 0 else said.err


def begun(tmp_path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> Path:
    root = tmp_path / "study"
    root.mkdir()
    (root / "study.toml").write_text("format = 1\n", encoding="utf-8")
    run(capsys, "start", root, "unge", "--title", 'Unge "voksne"', *more)
    place = root / "interviews" / "unge"
    with (place / "substudy.toml").open("a", encoding="utf-8") as file:
        file.write(RESEARCHERS)
    (place / "participants.csv").write_text("participant,guide,minutes,recorded,others\ne01,,40,yes,\ne02,,,,\n", encoding="utf-8")
    (place / "consents.csv").write_text("participant,version,given,quotes,withdrawn\ne01,1,2020-01-01,yes,\ne02,1,2020-01-01,yes,2020-02-01\n", encoding="utf-8")
    with (place / "substudy.toml").open("a", encoding="utf-8") as file:
        file.write('[consents.1]\non = "2020-01-01"\n')
    return root


def state(root: Path) -> dict[str, str]:
    """Every file with its hash, but for the empty one that is locked while somebody writes."""
    files = (path for path in sorted(root.rglob("*")) if path.is_file() and path.suffix != ".lock")
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("sealed", [False, True])
def test_a_substudy_from_beginning_to_agreement(tmp_path: Path, capsys: pytest.CaptureFixture[str], sealed: bool) -> None:
    root = begun(tmp_path, capsys, *(["--sealed"] if sealed else []))
    word = tmp_path / "passphrase.txt"
    word.write_text(PASSPHRASE + "\n", encoding="utf-8")
    opened = ["--passphrase", word] if sealed else []
    # sealed with a cheap key: salt and kind of key are taken from what is sealed already
    Store(root / "interviews" / "unge", Seal(PASSPHRASE, light=True) if sealed else None).write("names.txt", "Kari Nordmo\n")
    talk = tmp_path / "Kari Nordmo.txt"
    talk.write_text(TALK, encoding="utf-8")
    said = run(capsys, "import", root, "unge", "s1", talk, "--voice", "A=e01", *opened)
    assert "3 turns of A, I" in said and "A is e01" in said
    kept = b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())
    assert (b"Nordvik" in kept) == (not sealed) and "Kari Nordmo.txt" not in str(state(root))
    assert "Nordmo" in run(capsys, "text", root, "unge", "s1", *opened)

    filled = tmp_path / "names.csv"
    run(capsys, "questions", root, "unge", "--out", filled, *opened)
    with filled.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {"Kari Nordmo", "Nordvik"} <= {row["words"] for row in rows} and all(row["words"] in row["around"] for row in rows)
    for row in rows:
        row["action"] = "replace" if row["words"] in ("Kari Nordmo", "Nordvik") else "keep"
    with filled.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert "undecided" in run(capsys, "pseudonymise", root, "unge", "--by", "anna", *opened, code=2)
    assert "0 left" in run(capsys, "decide", root, "unge", filled, "--by", "anna", *opened)
    assert "not make a transcript anonymous" in run(capsys, "pseudonymise", root, "unge", "--by", "anna", "--forget", *opened)
    text = run(capsys, "text", root, "unge", "s1", *opened)
    assert "Kari" not in text and "Nordvik" not in text and "[navn" in text

    store = Store(root / "interviews" / "unge", Seal.like(PASSPHRASE, root / "interviews" / "unge") if sealed else None)
    book = Codebook().add(Code("hjelp", "Hjelp"), by="anna", on="2020-01-01")
    write_codebook(store, book)
    run(capsys, "open", root, "unge", "r1", "--coder", "anna", "--coder", "bo", *opened)
    assert "round-open" in run(capsys, "agreement", root, "unge", "r1", *opened, code=2)
    assert "round-open" in run(capsys, "disagreements", root, "unge", "r1", *opened, code=2)
    read = transcript.latest(store, "s1")
    at = read.text.index("hun er fin")
    code_words(store, book, "r1", "anna", read, at, at + 10, "hjelp")
    code_words(store, book, "r1", "bo", read, at, at + 6, "hjelp")
    assert "not agreed on: 1" in run(capsys, "close", root, "unge", "r1", *opened)
    table = tmp_path / "agreement.csv"
    run(capsys, "agreement", root, "unge", "r1", "--out", table, *opened)
    assert "hjelp,cohen-kappa,0." in table.read_text(encoding="utf-8") and "in all" in run(capsys, "agreement", root, "unge", "r1", *opened)
    assert "boundary" in run(capsys, "disagreements", root, "unge", "r1", *opened)
    corrected = tmp_path / "corrected.txt"
    run(capsys, "text", root, "unge", "s1", "--out", corrected, *opened)
    corrected.write_text("Rettet.\n" + corrected.read_text(encoding="utf-8"), encoding="utf-8")
    assert "again" not in run(capsys, "revise", root, "unge", "s1", corrected, "--by", "bo", "--why", "hørt om", *opened)
    moved = read_codings(store, "anna", "r1")[0]
    assert transcript.latest(store, "s1").text[moved.start : moved.end] == "hun er fin"
    check = run(capsys, "check", root, "unge", *opened)
    assert "transcripts: 1" in check and "round r1: closed" in check
    corrected.write_text(TALK, encoding="utf-8")
    said = run(capsys, "revise", root, "unge", "s1", corrected, "--by", "bo", "--why", "fra en gammel kopi", *opened)
    assert "stand in it again: 2" in said and "Kari" not in said and "Nordvik" not in said
    run(capsys, "pseudonymise", root, "unge", "--by", "anna", "--forget", *opened)
    text = run(capsys, "text", root, "unge", "s1", *opened)
    assert "Kari" not in text and "Nordvik" not in text
    if sealed:
        word.write_text("fire andre ord her", encoding="utf-8")
        assert "wrong-passphrase" in run(capsys, "check", root, "unge", "--passphrase", word, code=2)


def bad_files(folder: Path) -> dict[str, tuple[Path, str, str]]:
    """Each kind of bad input: a file, the action that meets it, and the word of the fault."""
    good = b'<?xml version="1.0"?><Project xmlns="urn:QDA-XML:project:1.0" name="x"/>'
    made: dict[str, tuple[bytes, str, str]] = {
        "damaged.qdpx": (b"PK\x03\x04 this is no whole archive", "take", "damaged-archive"),
        "damaged.docx": (b"PK\x03\x04 this is no whole archive", "import", "damaged-archive"),
        "entities.qdc": (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><CodeBook xmlns="urn:QDA-XML:codebook:1.0">&a;</CodeBook>', "take", "xml-entities"),
        "encoding.txt": ("I: Så fin dag\n".encode("latin-1"), "import", "unknown-encoding"),
        "huge.txt": (b"A: et langt intervju\n" * 1_000_000, "import", "file-too-large"),
        "other.rtf": (b"{\\rtf1}", "import", "unknown-format"),
        "other.zip": (b"PK", "take", "unknown-format"),
    }
    files = {}
    for name, (content, action, word) in made.items():
        (folder / name).write_bytes(content)
        files[name] = (folder / name, action, word)
    for name, member, content in (
        ("climbs.qdpx", "../../evil.txt", good),
        ("points.qdpx", "sources/a.txt", b'<?xml version="1.0"?><Project xmlns="urn:QDA-XML:project:1.0" name="x"><Sources><TextSource guid="00000000-0000-4000-8000-000000000001" plainTextPath="internal://../../../secret.txt"/></Sources></Project>'),
        ("entities.qdpx", "sources/a.txt", b'<!DOCTYPE x [<!ENTITY a "b">]><Project xmlns="urn:QDA-XML:project:1.0" name="&a;"/>'),
    ):  # fmt: skip
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr("project.qde", content)
            archive.writestr(member, "x")
        files[name] = (folder / name, "take", "xml-entities" if name == "entities.qdpx" else "path-outside-archive")
    return files


def test_bad_input_is_told_and_nothing_is_imported_by_halves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = begun(tmp_path, capsys)
    before = state(root)
    for name, (path, action, word) in bad_files(tmp_path).items():
        if action == "import":
            said = run(capsys, "import", root, "unge", "s1", path, "--voice", "A=e01", code=2)
        else:
            said = run(capsys, "take", root, "unge", path, "--by", "anna", "--on", "2020-01-01", code=2)
        assert f"[{word}]" in said and "nothing was changed" in said, name
        assert state(root) == before, name


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["check", "{root}", "nobody"], "unknown-substudy"), (["check", "{tmp}", "unge"], "no-study"), (["check", "{root}", "../unge"], "unsafe-id"),
        (["start", "{root}", "unge", "--title", "Igjen"], "already-there"), (["import", "{root}", "unge", "../x", "{talk}"], "unsafe-id"),
        (["import", "{root}", "unge", "s1", "{talk}", "--voice", "A=e02"], "no-consent"), (["import", "{root}", "unge", "s1", "{talk}", "--voice", "A=e99"], "unknown-participant"),
        (["import", "{root}", "unge", "s1", "{talk}", "--voice", "B=e01"], "unknown-speaker"), (["import", "{root}", "unge", "s1", "{talk}", "--voice", "A"], "no-voice"),
        (["decide", "{root}", "unge", "--by", "ingen", "--keep", "x"], "unknown-person"), (["decide", "{root}", "unge", "--by", "anna", "--replace", "x"], "no-replacement"),
        (["open", "{root}", "unge", "r1", "--coder", "ingen"], "not-a-coder"), (["open", "{root}", "unge", "r1", "--coder", "anna"], "no-transcripts"),
        (["close", "{root}", "unge", "r9"], "unknown-round"), (["coder", "{root}", "unge", "ingen"], "unknown-person"),
        (["export", "{root}", "unge", "{tmp}/x.docx", "--on", "2020-01-01"], "unknown-format"), (["export", "{root}", "unge", "{tmp}/x.qdc", "--on", "i går"], "no-date"),
        (["withdraw", "{root}", "unge", "e09", "--by", "anna", "--on", "2020-01-01"], "unknown-participant"), (["text", "{root}", "unge", "s9"], "missing-transcript"),
        (["check", "{root}", "unge", "--passphrase", "{tmp}/none.txt"], ""),
    ],
)  # fmt: skip
def test_what_a_user_does_wrong_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], word: str) -> None:
    root = begun(tmp_path, capsys)
    talk = tmp_path / "talk.txt"
    talk.write_text(TALK, encoding="utf-8")
    before = state(root)
    given = [one.format(root=root, tmp=tmp_path, talk=talk) for one in arguments]
    said = run(capsys, *given, code=2 if word else 0)
    assert f"[{word}]" in said or not word
    assert state(root) == before


def test_a_project_goes_out_and_in_and_withdrawal_names_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "bte"
    reference.write(root)
    project, book = tmp_path / "65plus.qdpx", tmp_path / "65plus.qdc"
    run(capsys, "export", root, "65plus", project, "--on", "2020-01-01")
    run(capsys, "export", root, "65plus", book, "--on", "2020-01-01")
    assert "file-taken" in run(capsys, "export", root, "65plus", project, "--on", "2020-01-01", code=2)
    run(capsys, "start", root, "annet", "--title", "Annet")
    with (root / "interviews" / "annet" / "substudy.toml").open("a", encoding="utf-8") as file:
        file.write(RESEARCHERS)
    assert "13 codes are new" in run(capsys, "take", root, "annet", book, "--by", "anna", "--on", "2020-01-02")
    assert "23 transcripts, 13 codes, 3 coders" in run(capsys, "take", root, "annet", project, "--by", "anna", "--on", "2020-01-02")
    one, other = (Store(root / "interviews" / name) for name in ("65plus", "annet"))
    names = [{code.id: code.name for code in read_codebook(store)} for store in (one, other)]  # ids are made of names there
    placed = [sorted((c.transcript, c.start, c.end, called[c.code]) for c in read_codings(store, "k1", "r1")) for store, called in zip((one, other), names, strict=True)]
    assert placed[0] == placed[1] and len(placed[0]) > 100

    people = tmp_path / "people.csv"
    people.write_text("participant,name\ne01,Oppdiktet Person\n", encoding="utf-8")
    word = tmp_path / "key.txt"
    word.write_text(PASSPHRASE, encoding="utf-8")
    run(capsys, "people", root, "65plus", people, "--key", word)
    sealed = root.parent / "bte-65plus.people.sealed"
    assert "Oppdiktet Person" in run(capsys, "people", root, "65plus", "--key", word) and b"Oppdiktet" not in sealed.read_bytes()
    before = state(root)
    word.write_text("noen helt andre ord", encoding="utf-8")
    assert "wrong-passphrase" in run(capsys, "withdraw", root, "65plus", "e01", "--by", "k1", "--on", "2020-07-01", "--key", word, code=2)
    assert state(root) == before
    word.write_text(PASSPHRASE, encoding="utf-8")
    said = run(capsys, "withdraw", root, "65plus", "e01", "--by", "k1", "--on", "2020-07-01", "--key", word)
    assert "transcripts destroyed: e01;" in said and "65plus.qdpx" in said and "cannot be recalled from here" in said
    assert "holds no one" in run(capsys, "people", root, "65plus", "--key", word)
    assert "missing-transcript" in run(capsys, "text", root, "65plus", "e01", code=2)


def test_the_reference_study_through_the_reading_verbs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "bte"
    reference.write(root)
    before = state(root)
    assert "23 participants" in run(capsys, "check", root, "65plus")
    assert "av de 23" in run(capsys, "themes", root, "65plus", "--language", "nb")
    assert " of 9 (" in run(capsys, "themes", root, "65plus", "--attribute", "sex") and "%" not in run(capsys, "themes", root, "65plus", "--attribute", "sex")
    quotes = run(capsys, "quotes", root, "65plus")
    kept = len(read_quotes(Store(root / "interviews" / "65plus")))
    assert kept and f"{kept} quotes, {kept} approved" in quotes
    assert "left to settle: 0" in run(capsys, "disagreements", root, "65plus", "r1")
    assert state(root) == before, "reading changes nothing"
    shutil.rmtree(root)
