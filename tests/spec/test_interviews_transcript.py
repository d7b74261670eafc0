"""Transcripts: what is read, what is kept, what is refused.

1. Text, Word, ODT, PDF and subtitles become the same kind of text (NFC, LF) with speakers' turns.
2. A version is never changed; an edit makes the next one; a hand-changed file is found out.
3. Bad input is refused whole, saying what and where: unknown encoding, 20 MB, a damaged zip, a zip bomb, entities, a path outside.
"""

from __future__ import annotations

import io
import unicodedata
import zipfile
from pathlib import Path

import docx
import pytest

from royst.errors import InputError
from royst.interviews import transcript
from royst.interviews.readers import read
from royst.interviews.store import Store
from royst.interviews.untrusted import unzip

SAID = "I: Hvordan har du det?\nA: Bra, takk 👍.\nI: Og hjemme?\nA: Det er stille."


def code(error: pytest.ExceptionInfo[InputError]) -> str:
    return error.value.faults[0].code


def odt(body: str, path: Path, doctype: str = "") -> Path:
    names = " ".join(f'xmlns:{p}="urn:oasis:names:tc:opendocument:xmlns:{p}:1.0"' for p in ("office", "text", "table"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0"?>{doctype}<office:document-content {names}><office:body><office:text>{body}'
            "</office:text></office:body></office:document-content>",
        )
    return path


def test_text_with_any_line_ends_and_a_byte_order_mark_is_normalised(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "Hun så på måltidet.")
    for bom, encoding in (("", "utf-8"), ("\ufeff", "utf-8"), ("\ufeff", "utf-16-le"), ("\ufeff", "utf-16-be")):
        path = tmp_path / "p.txt"
        path.write_bytes((bom + "I: Å?\r\n" + decomposed + "\rSlutt").encode(encoding))
        assert read(path).text == "I: Å?\nHun så på måltidet.\nSlutt"


def test_turns_leave_the_label_out_and_keep_whose_words_they_are() -> None:
    turns = transcript.find_turns("Opptak 3\n" + SAID)
    assert [t.speaker for t in turns] == [None, "I", "A", "I", "A"]
    text = "Opptak 3\n" + SAID
    assert [text[t.start : t.end] for t in turns][2] == "Bra, takk 👍."


def test_a_colon_inside_speech_begins_no_turn() -> None:
    turns = transcript.find_turns("I: Hva sa de?\nA: Én ting:\nMerk: det var sent.\nI: Ja.\nA: Nei.")
    assert [t.speaker for t in turns] == ["I", "A", "I", "A"]


def test_word_keeps_inserted_words_and_tables_and_leaves_deleted_ones(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("I: Hvordan\tgår det?")
    tracked = document.add_paragraph("A: Det ")
    from docx.oxml import parse_xml

    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    tracked._p.append(parse_xml(f'<w:ins {w} w:id="1" w:author="x"><w:r><w:t>går bra</w:t></w:r></w:ins>'))
    tracked._p.append(
        parse_xml(f'<w:del {w} w:id="2" w:author="x"><w:r><w:delText>går dårlig</w:delText></w:r></w:del>')
    )
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "I:", "Takk."
    document.save(str(tmp_path / "p.docx"))
    assert read(tmp_path / "p.docx").text == "I: Hvordan\tgår det?\nA: Det går bra\nI:\tTakk."


def test_odt_keeps_spaces_tabs_and_breaks_and_leaves_comments(tmp_path: Path) -> None:
    body = (
        "<text:tracked-changes><text:p>borte</text:p></text:tracked-changes>"
        '<text:p>I: Hvor<text:s text:c="2"/>da<office:annotation><text:p>merknad</text:p></office:annotation>?</text:p>'
        "<text:h>A:<text:tab/>Her<text:line-break/>inne.</text:h>"
    )
    assert read(odt(body, tmp_path / "p.odt")).text == "I: Hvor  da?\nA:\tHer\ninne."


def test_subtitles_become_turns_with_times(tmp_path: Path) -> None:
    vtt = tmp_path / "p.vtt"
    vtt.write_text(
        "WEBVTT\n\nNOTE ikke tale\n\n1\n00:00:01.000 --> 00:00:02.500\n<v Kari>Hei &amp; velkommen.</v>\n\n"
        "00:02.600 --> 00:04.000\n<v Kari><i>Sett</i> deg.\n\n00:05.000 --> 00:06.000\n<v P>Takk.\n",
        encoding="utf-8",
    )
    srt = tmp_path / "p.srt"
    srt.write_text(
        "1\r\n00:00:01,000 --> 00:00:02,500\r\nKari: Hei & velkommen.\r\n\r\n2\r\n00:00:02,600 --> 00:00:04,000\r\nSett deg.\r\n\r\n"
        "3\r\n00:00:05,000 --> 00:00:06,000\r\n[P]: Takk.\r\n",
        encoding="utf-8", newline="",
    )  # fmt: skip
    store = Store(tmp_path / "s")
    first = transcript.import_transcript(store, "a", vtt, voices={"P": "p01"})
    second = transcript.import_transcript(store, "b", srt)
    assert first.text == "Kari: Hei & velkommen. Sett deg.\nP: Takk."
    assert [(t.speaker, t.ms) for t in first.turns] == [("Kari", 1000), ("P", 5000)]
    assert first.participant_at(*[(t.start, t.end) for t in first.turns][1]) == ("p01",)
    assert second.text == first.text and [t.ms for t in second.turns] == [1000, 5000]


def test_a_version_is_kept_with_its_fingerprint_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "Intervju med Kari Nordmann.txt"
    path.write_text(SAID, encoding="utf-8")
    store = Store(tmp_path / "s")
    kept = transcript.import_transcript(store, "p01", path, voices={"A": "p01"})
    assert transcript.latest(store, "p01") == kept and kept.version == 1
    assert not [p for p in store.root.rglob("*") if p.is_file() and "Nordmann" in p.read_text(encoding="utf-8")], (
        "the file's name may be a person's"
    )
    with pytest.raises(InputError) as again:
        transcript.import_transcript(store, "p01", path)
    assert code(again) == "already-there"
    store.path("transcripts/p01/0001.txt").write_text("I: Noe annet", encoding="utf-8")
    with pytest.raises(InputError) as changed:
        transcript.latest(store, "p01")
    assert code(changed) == "transcript-changed"


def test_a_write_that_never_ended_is_no_version(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    store.write("transcripts/p01/0001.txt", "halvveis")
    assert transcript.ids(store) == ()
    assert transcript.add(store, "p01", SAID, voices={}).version == 1


def bad(tmp_path: Path) -> dict[str, tuple[Path, str]]:
    whole = io.BytesIO()
    docx.Document().save(whole)
    files = {
        "cp1252.txt": ("Så".encode("cp1252") + b"\n", "unknown-encoding"),
        "utf16.txt": ("Hei på deg".encode("utf-16-le"), "unknown-encoding"),
        "20mb.txt": (b"a " * 10_000_000, "file-too-large"),
        "cut.docx": (whole.getvalue()[:-200], "damaged-archive"),
        "none.docx": (b"not a zip at all", "damaged-archive"),
        "cut.pdf": (b"%PDF-1.7\nnothing", "damaged-pdf"),
        "empty.txt": (b" \n", "no-text"),
        "sound.mp3": (b"ID3", "unknown-format"),
        "nothing.vtt": (b"WEBVTT\n\nno times", "no-text"),
    }
    cases = {}
    for name, (content, fault) in files.items():
        (tmp_path / name).write_bytes(content)
        cases[name] = (tmp_path / name, fault)
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    cases["entities.odt"] = (odt("<text:p>&b;</text:p>", tmp_path / "entities.odt", bomb), "xml-entities")
    outward = '<!DOCTYPE x SYSTEM "file:///etc/passwd">'
    cases["outward.odt"] = (odt("<text:p>hei</text:p>", tmp_path / "outward.odt", outward), "xml-entities")
    return cases


def test_bad_input_is_refused_with_what_and_where_and_nothing_is_imported(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    for name, (path, expected) in bad(tmp_path).items():
        with pytest.raises(InputError) as error:
            transcript.import_transcript(store, "p01", path)
        fault = error.value.faults[0]
        assert fault.code == expected, name
        assert fault.file is not None and name in fault.file and fault.todo
        assert not store.root.exists(), f"{name} left something behind"


def test_an_encoding_that_is_named_is_used(tmp_path: Path) -> None:
    path = tmp_path / "p.txt"
    path.write_bytes("Så på øya".encode("cp1252"))
    assert read(path, "cp1252").text == "Så på øya"
    with pytest.raises(InputError) as error:
        read(path, "klingon")
    assert code(error) == "unknown-encoding"


def archive(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return target.getvalue()


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "C:/x.txt", "a\\..\\..\\b"])
def test_an_archive_that_points_outside_itself_is_refused(name: str) -> None:
    with pytest.raises(InputError) as error:
        unzip(archive(**{name: b"x"}), "p.zip")
    assert code(error) == "path-outside-archive"


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(InputError) as error:
        unzip(archive(**{"big.txt": b"\0" * 20_000_000}), "p.zip")
    assert code(error) == "archive-too-large"


def test_a_member_whose_bytes_were_changed_is_found_by_its_checksum() -> None:
    content = bytearray(archive(**{"a.txt": b"hello hello hello hello"}))
    content[40] ^= 0xFF
    with pytest.raises(InputError) as error:
        unzip(bytes(content), "p.zip")
    assert code(error) == "damaged-archive"


@pytest.mark.parametrize("id", ["", "../x", "a b", "æ", "x" * 65])
def test_an_id_must_be_safe_as_a_name_of_a_file(tmp_path: Path, id: str) -> None:
    with pytest.raises(InputError) as error:
        transcript.add(Store(tmp_path), id, SAID, voices={})
    assert code(error) == "unsafe-id"
