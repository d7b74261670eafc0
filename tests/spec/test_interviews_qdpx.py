"""REFI-QDA exchange.

1. A project with everything in it comes through reading and writing unchanged, and is valid.
2. Files of each way of counting positions, made by hand here, are recognised, and their selections hold the words they were put on.
3. Braced and mixed-case GUIDs are one GUID. Users stay.
4. Files that would do harm, or are damaged, are refused whole.
5. Real files of NVivo, ATLAS.ti and qualitative-coding are read and written again, valid (marker ``real``).
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from royst.errors import InputError
from royst.interviews import qda
from royst.interviews.offsets import DIALECTS, PLAIN, Dialect, Marked, Written, recognise
from royst.interviews.qdpx import read_qdc, read_qdpx, write_qdc, write_qdpx
from royst.interviews.qdpx_write import safe

NS = 'xmlns="urn:QDA-XML:project:1.0"'
G = [f"{i:08x}-0000-4000-8000-000000000000" for i in range(40)]


def everything() -> qda.Project:
    """A project that uses all of the model, with text beyond the basic plane."""
    text = "Intervjuer: Hei 👋🏽!\nDeltaker: Jeg er e\u0301n av mange.\nמה שלומך?"
    stamp = qda.Stamp(G[0], "2019-10-01T10:00:00Z", G[1], "2019-10-02T10:00:00Z")
    coding = qda.QdaCoding(G[10], G[3], G[1], "2019-10-01T10:00:00Z", (G[20],))
    at = text.index("av mange")
    selections = (
        qda.Selection(
            G[11], at, at + 8, "av mange", "beskrevet", (coding, qda.QdaCoding(G[12], G[4], G[0])), (G[20],), stamp
        ),
        qda.Selection(G[13], text.index("מה"), len(text), None, None, (qda.QdaCoding(G[14], G[4], G[1]),)),
    )
    values = (
        qda.VariableValue(G[7], "TextValue", "kvinne"),
        qda.VariableValue(G[8], "IntegerValue", "3"),
        qda.VariableValue(G[9]),
    )
    return qda.Project(
        name="Prøve",
        origin="Et program",
        stamp=stamp,
        users=(qda.User(G[0], "Anna", "AN"), qda.User(G[1], "Bo")),
        codes=(qda.QdaCode(G[2], "Hverdag", False, "", None, (), (qda.QdaCode(G[3], "Ensom", True, "#AA00FF", "Savner noen & alt", (G[20],)),)), qda.QdaCode(G[4], "Mange")),
        variables=(qda.Variable(G[7], "kjønn", "Text", "slik det ble sagt"), qda.Variable(G[8], "år", "Integer"), qda.Variable(G[9], "tom", "Boolean")),
        cases=(qda.Case(G[15], "p01", "en deltaker", (G[4],), values, (G[16],), (G[11],)),),
        sources=(
            qda.Source(G[16], "Samtale 1", text, False, "om", selections, (qda.QdaCoding(G[17], G[4], G[0]),), (G[20],), values[:1], stamp),
            qda.Source(G[18], "Kort", "Bare dette", True),
        ),
        notes=(qda.Source(G[20], "Merknad", "Husk å høre\nopptaket igjen", True, stamp=stamp),),
        sets=(qda.CodeSet(G[21], "Tema", "om noe", (G[3], G[4]), (G[16],), (G[20],)),),
        description="alt i ett",
        project_notes=(G[20],),
        files={"sources/x.docx": b"PK rich text"},
    )  # fmt: skip


def without_paths(project: qda.Project) -> qda.Project:
    return replace(
        project,
        sources=tuple(replace(s, plain_path="") for s in project.sources),
        notes=tuple(replace(s, plain_path="") for s in project.notes),
    )


def schema() -> etree.XMLSchema:
    return etree.XMLSchema(
        etree.parse(str(Path(os.environ["ROYST_REAL_DATA"]) / "interviews" / "qdpx" / "Project.xsd"))
    )


def qde(path: Path) -> etree._Element:
    with zipfile.ZipFile(path) as archive:
        return etree.fromstring(archive.read("project.qde"))


def test_nothing_is_lost_on_the_way_out_and_in(tmp_path: Path) -> None:
    path = tmp_path / "p.qdpx"
    write_qdpx(everything(), path)
    again = read_qdpx(path)
    assert without_paths(again.project) == everything()
    assert again.warnings == ()
    words = [s.text[x.start : x.end] for s in again.project.sources if s.text for x in s.selections]
    assert words == ["av mange", "מה שלומך?"]
    first = path.read_bytes()
    write_qdpx(again.project, path)
    assert path.read_bytes() == first, "the same project, the same bytes"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.text(min_size=1, max_size=30), st.text(max_size=12), st.data()), min_size=1, max_size=3))
def test_any_text_comes_through_with_its_positions(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[str, str, st.DataObject]]
) -> None:
    """Emoji, marks, right-to-left, control characters: what XML cannot hold is kept beside it. NUL is in no text: the readers refuse it."""
    sources = []
    for number, (raw, name, data) in enumerate(parts):
        text = (
            raw.encode("utf-8", "ignore").decode().replace("\r", " ").replace("\x00", " ").removeprefix("\ufeff") or "a"
        )
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, len(text)))
        code = (qda.QdaCoding(G[10 + number], G[3], G[0]),)
        sources.append(
            qda.Source(
                G[20 + number],
                safe(name),
                text,
                False,
                selections=(qda.Selection(G[30 + number], start, end, codings=code),),
            )
        )
    project = qda.Project("p", users=(qda.User(G[0], "Anna"),), codes=(qda.QdaCode(G[3], "K"),), sources=tuple(sources))
    path = tmp_path_factory.mktemp("q") / "p.qdpx"
    write_qdpx(project, path)
    assert without_paths(read_qdpx(path, PLAIN).project) == project


@pytest.mark.real
def test_what_is_written_is_valid(tmp_path: Path) -> None:
    write_qdpx(everything(), tmp_path / "p.qdpx")
    schema().assertValid(qde(tmp_path / "p.qdpx"))
    write_qdpx(qda.Project("tom"), tmp_path / "tom.qdpx")
    schema().assertValid(qde(tmp_path / "tom.qdpx"))


TEXT = "Intervjuer: Hei 👋 og velkommen 😀!\nDeltaker: Takk, fint å være her.\n\nIntervjuer: Hvordan går det 🙂 hjemme?\nDeltaker: Det er stille og rolig.\n"
WORDS = ["velkommen", "Takk, fint å være her", "hjemme", "stille og rolig", "Deltaker"]


def counted(text: str, place: int, dialect: Dialect, bom: bool) -> int:
    """A position as another program would write it: counted on the text's beginning, spelled out."""
    before = text[:place]
    count = sum(
        2 if dialect.newline == "two" and c == "\n" else 2 if dialect.unit == "utf-16" and ord(c) > 0xFFFF else 1
        for c in before
    )
    return count + (1 if dialect.bom and bom else 0)


def made(
    tmp_path: Path,
    text: str,
    marks: list[tuple[int, int]],
    *,
    bom: bool = False,
    crlf: bool = False,
    names: bool = False,
) -> Path:
    selections = "".join(
        f'<PlainTextSelection guid="{{{G[30 + i % 9].upper()}}}" startPosition="{s}" endPosition="{e}"{f" name={chr(34)}{WORDS[i]}{chr(34)}" if names else ""}>'
        f'<Coding guid="{G[20 + i % 9]}" creatingUser="{{{G[1].upper()}}}"><CodeRef targetGUID="{G[3].upper()}"/></Coding></PlainTextSelection>'
        for i, (s, e) in enumerate(marks)
    )
    project = (
        f'<?xml version="1.0" encoding="utf-8"?><Project {NS} name="p"><Users><User guid="{{{G[1]}}}" name="Bo"/></Users>'
        f'<CodeBook><Codes><Code guid="{{{G[3]}}}" name="K" isCodable="true"/></Codes></CodeBook>'
        f'<Sources><TextSource guid="{G[2]}" name="t" plainTextPath="internal://t.txt">{selections}</TextSource></Sources></Project>'
    )
    raw = (text.replace("\n", "\r\n") if crlf else text).encode("utf-8")
    path = tmp_path / "p.qdpx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("project.qde", project)
        archive.writestr("Sources/t.txt", (b"\xef\xbb\xbf" if bom else b"") + raw)
    return path


@pytest.mark.parametrize("crlf", [False, True])
@pytest.mark.parametrize("bom", [False, True])
@pytest.mark.parametrize("dialect", [d for d in DIALECTS if d.newline != "file"], ids=str)
def test_each_way_of_counting_is_recognised(tmp_path: Path, dialect: Dialect, bom: bool, crlf: bool) -> None:
    spans = [(TEXT.index(w), TEXT.index(w) + len(w)) for w in WORDS]
    marks = [(counted(TEXT, s, dialect, bom), counted(TEXT, e, dialect, bom)) for s, e in spans]
    read = read_qdpx(made(tmp_path, TEXT, marks, bom=bom, crlf=crlf))
    source = read.project.sources[0]
    assert source.text == TEXT
    assert [TEXT[x.start : x.end] for x in source.selections] == WORDS
    assert all(x.placed for x in source.selections) and read.offsets.certain


@pytest.mark.parametrize("bom", [False, True])
@pytest.mark.parametrize("dialect", [d for d in DIALECTS if d.newline == "file"], ids=str)
def test_line_ends_counted_as_they_stand_in_the_file_are_recognised(tmp_path: Path, dialect: Dialect, bom: bool) -> None:
    """A file of both kinds of line end: every second one is CRLF, and counts two there alone."""
    lines = TEXT.split("\n")
    mixed = "".join(line + ("\r\n" if n % 2 else "\n") for n, line in enumerate(lines[:-1]))

    def place(ours: int) -> int:
        before, ends, count = TEXT[:ours], 0, int(dialect.bom and bom)
        for c in before:
            if c == "\n":
                count += 2 if ends % 2 else 1
                ends += 1
            else:
                count += 2 if dialect.unit == "utf-16" and ord(c) > 0xFFFF else 1
        return count

    marks = [(place(TEXT.index(w)), place(TEXT.index(w) + len(w))) for w in WORDS]
    path = made(tmp_path, "", marks, bom=bom)
    with zipfile.ZipFile(path) as archive:
        project = archive.read("project.qde").decode("utf-8")
    packed(path, project, **{"Sources/t.txt": (b"\xef\xbb\xbf" if bom else b"") + mixed.encode("utf-8")})
    read = read_qdpx(path)
    source = read.project.sources[0]
    assert source.text == TEXT and [TEXT[x.start : x.end] for x in source.selections] == WORDS
    assert read.offsets.certain


def test_a_name_that_repeats_the_words_decides_where_edges_do_not() -> None:
    text = "aa bb cc dd ee ff\n" * 3 + "aa bb cc dd ee ff"
    start = text.rindex("bb cc")
    two = Dialect(newline="two")
    found = recognise([(Written(text), [Marked(start + 3, start + 8, "bb cc")])])
    assert found.dialect == two and found.certain


def test_a_doubt_is_told(tmp_path: Path) -> None:
    text = "x\n\na b c d"
    read = read_qdpx(made(tmp_path, text, [(7, 8)]))
    assert text[read.project.sources[0].selections[0].start] == "c", "the format's own way comes first"
    assert "offsets-uncertain" in {w.code for w in read.warnings}
    told = read_qdpx(made(tmp_path, text, [(7, 8)]), Dialect(newline="two"))
    assert text[told.project.sources[0].selections[0].start] == "b" and told.warnings == ()


@settings(max_examples=100, deadline=None)
@given(
    st.text(st.sampled_from("aå \n👍é\u0301ש"), max_size=40),
    st.booleans(),
    st.booleans(),
    st.sampled_from([d for d in DIALECTS if d.newline != "file"]),
)
def test_every_position_of_a_dialect_is_found_again(text: str, bom: bool, crlf: bool, dialect: Dialect) -> None:
    raw = ("\ufeff" if bom else "") + (text.replace("\n", "\r\n") if crlf else text)
    places = Written(raw).places(dialect)
    assert all(places[counted(text, i, dialect, bom)] == i for i in range(len(text) + 1))
    assert Written(raw).text == text


def test_braces_and_case_make_no_other_guid_and_users_stay(tmp_path: Path) -> None:
    project = read_qdpx(made(tmp_path, TEXT, [(12, 15)])).project
    coding = project.sources[0].selections[0].codings[0]
    assert coding.user == project.users[0].guid == G[1] and coding.code == project.codes[0].guid == G[3]


def test_a_selection_outside_its_text_is_kept_and_told(tmp_path: Path) -> None:
    read = read_qdpx(made(tmp_path, TEXT, [(12, 15), (5000, 6000)]))
    assert [w.code for w in read.warnings] == ["position-outside"]
    assert [(x.placed, x.start) for x in read.project.sources[0].selections] == [(True, 12), (False, 5000)]


def packed(path: Path, project: str, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("project.qde", project)
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def source(path: str) -> str:
    return f'<Project {NS} name="p"><Sources><TextSource guid="{G[1]}" plainTextPath="{path}"/></Sources></Project>'


def damaged(path: Path) -> Path:
    write_qdpx(everything(), path)
    path.write_bytes(path.read_bytes()[:-40])
    return path


def lying(path: Path) -> Path:
    """An archive whose directory says a member is small."""
    packed(path, f'<Project {NS} name="p"/>', big=b"a" * 5000)
    raw = bytearray(path.read_bytes())
    at = raw.rindex(b"PK\x01\x02")
    raw[at + 24 : at + 28] = (10).to_bytes(4, "little")
    path.write_bytes(bytes(raw))
    return path


BAD: dict[str, tuple[Callable[[Path], Path], tuple[str, ...]]] = {
    "damaged": (damaged, ("damaged-archive",)),
    "not a zip": (lambda p: (p.write_bytes(b"hello"), p)[1], ("damaged-archive",)),
    "no project": (lambda p: _without(p), ("no-project",)),
    "text outside, by climbing": (lambda p: packed(p, source("internal://../../etc/passwd")), ("path-outside-archive",)),
    "text outside, absolute": (lambda p: packed(p, source("absolute:///etc/passwd")), ("path-outside-archive",)),
    "text outside, relative": (lambda p: packed(p, source("relative:///../secret.txt")), ("path-outside-archive",)),
    "member outside": (lambda p: packed(p, source("internal://t.txt"), **{"../t.txt": b"x"}), ("path-outside-archive",)),
    "entities": (lambda p: packed(p, '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Project name="&b;"/>'), ("xml-entities",)),
    "external entity": (lambda p: packed(p, '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Project name="p">&a;</Project>'), ("xml-entities",)),
    "external subset": (lambda p: packed(p, '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><Project name="p"/>'), ("xml-entities",)),
    "bomb": (lambda p: packed(p, source("internal://t.txt"), **{"Sources/t.txt": b"a" * 30_000_000}), ("archive-too-large",)),
    "lying size": (lying, ("archive-too-large", "damaged-archive")),
    "not well formed": (lambda p: packed(p, "<Project>"), ("damaged-xml",)),
    "bad guid": (lambda p: packed(p, f'<Project {NS} name="p"><Users><User guid="12"/></Users></Project>'), ("bad-guid",)),
    "bad position": (lambda p: packed(p, f'<Project {NS} name="p"><Sources><TextSource guid="{G[1]}"><PlainTextContent>a</PlainTextContent><PlainTextSelection guid="{G[2]}" startPosition="x" endPosition="1"/></TextSource></Sources></Project>'), ("bad-position",)),
    "unknown encoding": (lambda p: packed(p, source("internal://t.txt"), **{"Sources/t.txt": "så".encode("cp1252")}), ("unknown-encoding",)),
    "too deep": (lambda p: packed(p, f'<Project {NS} name="p"><CodeBook><Codes>' + f'<Code guid="{G[1]}" name="a" isCodable="true">' * 240 + "</Code>" * 240 + "</Codes></CodeBook></Project>"), ("too-deep", "damaged-xml")),
}  # fmt: skip


def _without(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "x")
    return path


@pytest.mark.parametrize("name", list(BAD))
def test_what_would_do_harm_or_is_damaged_is_refused(tmp_path: Path, name: str) -> None:
    make, codes = BAD[name]
    path = make(tmp_path / "bad.qdpx")
    with pytest.raises(InputError) as error:
        read_qdpx(path)
    fault = error.value.faults[0]
    assert fault.code in codes and fault.todo and fault.file is not None and "bad.qdpx" in fault.file


def test_a_codebook_file_goes_out_and_in(tmp_path: Path) -> None:
    codes = tuple(
        replace(code, notes=(), children=tuple(replace(c, notes=()) for c in code.children))
        for code in everything().codes
    )
    sets = (qda.CodeSet(G[21], "Tema", "om noe", (G[3], G[4])),)
    write_qdc(codes, tmp_path / "c.qdc", sets)
    again = read_qdc(tmp_path / "c.qdc")
    assert (again.codes, again.sets, again.origin) == (codes, sets, "Røyst")
    codebook_schema().assertValid(etree.parse(str(tmp_path / "c.qdc")))


# Section 5 of REFI-QDA 1.5 in words of our own: what a codebook file holds, in which order, and what each attribute may be.
CODEBOOK = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:QDA-XML:codebook:1.0" targetNamespace="urn:QDA-XML:codebook:1.0" elementFormDefault="qualified">
<xs:element name="CodeBook"><xs:complexType><xs:sequence>
 <xs:element name="Codes"><xs:complexType><xs:sequence><xs:element name="Code" type="code" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
 <xs:element name="Sets" minOccurs="0"><xs:complexType><xs:sequence><xs:element name="Set" type="set" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
</xs:sequence><xs:attribute name="origin" type="xs:string"/></xs:complexType></xs:element>
<xs:complexType name="code"><xs:sequence><xs:element name="Description" type="xs:string" minOccurs="0"/>
 <xs:element name="Code" type="code" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
 <xs:attribute name="guid" type="guid" use="required"/><xs:attribute name="name" type="xs:string" use="required"/>
 <xs:attribute name="isCodable" type="xs:boolean" use="required"/><xs:attribute name="color" type="colour"/></xs:complexType>
<xs:complexType name="set"><xs:sequence><xs:element name="Description" type="xs:string" minOccurs="0"/>
 <xs:element name="MemberCode" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:attribute name="guid" type="guid" use="required"/></xs:complexType></xs:element></xs:sequence>
 <xs:attribute name="guid" type="guid" use="required"/><xs:attribute name="name" type="xs:string" use="required"/></xs:complexType>
<xs:simpleType name="guid"><xs:restriction base="xs:token"><xs:pattern value="([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})|(\\{[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\})"/></xs:restriction></xs:simpleType>
<xs:simpleType name="colour"><xs:restriction base="xs:string"><xs:pattern value="#[0-9a-fA-F]{6}"/></xs:restriction></xs:simpleType>
</xs:schema>"""


def codebook_schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.fromstring(CODEBOOK))


BY_HAND = (
    '<?xml version="1.0" encoding="utf-8"?><CodeBook xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:QDA-XML:codebook:1.0 Codebook.xsd" '
    f'origin="Another program" xmlns="urn:QDA-XML:codebook:1.0"><Codes><Code guid="{{{G[1].upper()}}}" name="Ute" color="#46AA00" isCodable="true"><Description>på tur</Description>'
    f'<Code guid="{G[2]}" name="Fjell" isCodable="false"/></Code></Codes><Sets><Set name="Tema" guid="{G[3]}"><MemberCode guid="{G[1]}"/></Set></Sets></CodeBook>'
)


@pytest.mark.parametrize(
    ("whole", "broken"),
    [
        (' isCodable="true"', ""), (' name="Ute"', ""), ("#46AA00", "green"), (f'guid="{G[2]}"', 'guid="12"'), ("<Codes>", "<Kodes>"),
        ("<Sets>", "<Sets><Code/>"), ('xmlns="urn:QDA-XML:codebook:1.0"', 'xmlns="urn:QDA-XML:project:1.0"'), (f'<MemberCode guid="{G[1]}"/>', "<MemberCode/>"),
    ],
)  # fmt: skip
def test_the_schema_of_a_codebook_knows_right_from_wrong(whole: str, broken: str) -> None:
    schema = codebook_schema()
    assert schema.validate(etree.fromstring(BY_HAND.encode()))
    assert whole in BY_HAND
    text = BY_HAND.replace(whole, broken).replace("</Codes>", "</Kodes>") if "Kodes" in broken else BY_HAND.replace(whole, broken)
    assert not schema.validate(etree.fromstring(text.encode()))


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_codebook_of_another_program_is_read_and_written_again_valid(tmp_path: Path, mark: bytes) -> None:
    (tmp_path / "a.qdc").write_bytes(mark + BY_HAND.encode())
    read = read_qdc(tmp_path / "a.qdc")
    assert [code.name for code in read.codes] == ["Ute"] and read.codes[0].children[0].codable is False
    assert read.sets[0].codes == (read.codes[0].guid,) == (G[1],)
    write_qdc(read.codes, tmp_path / "b.qdc", read.sets)
    codebook_schema().assertValid(etree.parse(str(tmp_path / "b.qdc")))
    again = read_qdc(tmp_path / "b.qdc")
    assert (again.codes, again.sets) == (read.codes, read.sets)


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "users", "codes", "sources", "selections", "missing"),
    [
        ("nvivo15", 2, 262, 2, 0, 0),
        ("atlas8", 3, 14, 6, 6, 6),
        ("atlas23", 2, 3, 0, 0, 0),
        ("selections", 1, 262, 2, 158, 0),
    ],
)
def test_real_files_are_read_and_written_again_valid(
    real_data: Path, tmp_path: Path, name: str, users: int, codes: int, sources: int, selections: int, missing: int
) -> None:
    read = read_qdpx(real_data / "interviews" / "qdpx" / f"{name}.qdpx")
    project = read.project

    def count(codes: tuple[qda.QdaCode, ...]) -> int:
        return sum(1 + count(code.children) for code in codes)

    found = (
        len(project.users),
        count(project.codes),
        len(project.sources),
        sum(len(s.selections) for s in project.sources),
    )
    assert found == (users, codes, sources, selections)
    assert sum(w.code == "missing-source" for w in read.warnings) == missing
    assert sum(w.code != "missing-source" for w in read.warnings) == 0
    path = tmp_path / "p.qdpx"
    write_qdpx(project, path)
    schema().assertValid(qde(path))
    assert without_paths(read_qdpx(path).project) == without_paths(project)
    known = {user.guid for user in project.users}
    assert {c.user for s in project.sources for x in s.selections for c in x.codings} <= known


@pytest.mark.real
def test_real_selections_hold_whole_lines_of_their_text(real_data: Path) -> None:
    """The program that made this file codes lines: every selection is a line of the text, and its name says which."""
    read = read_qdpx(real_data / "interviews" / "qdpx" / "selections.qdpx")
    assert read.offsets.certain
    checked = 0
    for one in read.project.sources:
        lines = (one.text or "").splitlines(keepends=True)
        for selection in one.selections:
            number = int((selection.name or "line:0").removeprefix("line:"))
            assert (one.text or "")[selection.start : selection.end] in (lines[number], lines[number - 1]), (
                selection.name
            )
            checked += 1
    assert checked == 158
