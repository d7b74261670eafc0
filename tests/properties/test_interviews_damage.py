"""Whatever bytes come in, the answer is a reading or an ``InputError`` that says what to do: never a crash, never half an import."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from pathlib import Path

import docx
import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from royst.errors import InputError
from royst.interviews import qda
from royst.interviews.qdpx import read_qdc, read_qdpx, write_qdc, write_qdpx
from royst.interviews.readers import read

G = [f"{i:08x}-0000-4000-8000-000000000000" for i in range(9)]
KINDS = ("txt", "docx", "odt", "pdf", "vtt", "srt", "qdpx", "qdc")


@cache
def whole(kind: str, folder: Path) -> bytes:
    target = io.BytesIO()
    if kind == "docx":
        document = docx.Document()
        document.add_paragraph("I: Hei.")
        document.add_table(1, 1).cell(0, 0).text = "A: Ja."
        document.save(target)
    elif kind == "odt":
        names = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("content.xml", f'<office:document-content {names}><office:body><office:text><text:p>I: Hei<text:s text:c="2"/>.</text:p></office:text></office:body></office:document-content>')  # fmt: skip
    elif kind == "pdf":
        with pikepdf.new() as made:
            font = pikepdf.Dictionary(
                Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
            )
            made.add_blank_page()
            page = made.pages[0]
            page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
            page.Contents = made.make_stream(b"BT /F 12 Tf 50 500 Td (I: Hello there.) Tj 0 -20 Td (A: Yes.) Tj ET")
            made.save(target)
    elif kind in ("qdpx", "qdc"):
        codes = (qda.QdaCode(G[0], "K", description="om"),)
        if kind == "qdc":
            write_qdc(codes, folder / "whole.qdc")
            return (folder / "whole.qdc").read_bytes()
        selection = qda.Selection(G[1], 0, 3, codings=(qda.QdaCoding(G[2], G[0], G[3]),))
        source = qda.Source(G[4], "t", "Hei på deg", selections=(selection,))
        write_qdpx(
            qda.Project("p", users=(qda.User(G[3], "A"),), codes=codes, sources=(source,)), folder / "whole.qdpx"
        )
        return (folder / "whole.qdpx").read_bytes()
    elif kind == "txt":
        return "I: Hei på deg 👍.\r\nA: Ja.".encode()
    elif kind == "vtt":
        return b"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v A>Hei\n\n00:03.000 --> 00:04.000\n<v B>Ja\n"
    else:
        return b"1\n00:00:01,000 --> 00:00:02,000\nA: Hei\n"
    return target.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damage")


def opened(kind: str, path: Path) -> None:
    {"qdpx": read_qdpx, "qdc": read_qdc}.get(kind, read)(path)


@pytest.mark.parametrize("kind", KINDS)
def test_whole_files_are_read(folder: Path, kind: str) -> None:
    path = folder / f"good.{kind}"
    path.write_bytes(whole(kind, folder))
    opened(kind, path)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_files_are_told_of(folder: Path, kind: str, data: st.DataObject) -> None:
    content = bytearray(whole(kind, folder))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.sampled_from(["change", "cut", "insert", "remove"])):
            case "change":
                content[place] = data.draw(st.integers(0, 255))
            case "cut":
                del content[max(place, 1) :]
            case "insert":
                content[place:place] = data.draw(st.binary(min_size=1, max_size=8))
            case _:
                del content[place : place + data.draw(st.integers(1, 12))]
        content = content or bytearray(b"x")
    path = folder / f"bad.{kind}"
    path.write_bytes(bytes(content))
    try:
        opened(kind, path)
    except InputError as error:
        assert all(fault.code and fault.found and fault.todo for fault in error.faults)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_told_of(folder: Path, kind: str, content: bytes) -> None:
    path = folder / f"any.{kind}"
    path.write_bytes(content)
    try:
        opened(kind, path)
    except InputError as error:
        assert error.faults


XML = st.recursive(
    st.sampled_from(["<Description>x</Description>", '<Code guid="1" name="a" isCodable="true"/>', "<Coding/>", "<Sets/>", "text", "<!-- c -->", "<?p i?>"]),
    lambda inner: st.builds(lambda name, parts: f"<{name}>{''.join(parts)}</{name}>", st.sampled_from(["Codes", "Sources", "TextSource", "PlainTextSelection", "Users", "Cases", "Case", "VariableValue", "Sets", "Set", "Notes", "Note", "CodeBook", "Links", "PDFSource"]), st.lists(inner, max_size=3)),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(parts=st.lists(XML, max_size=4))
def test_any_order_of_known_elements_is_read_or_told_of(folder: Path, parts: list[str]) -> None:
    path = folder / "odd.qdpx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("project.qde", f'<Project xmlns="urn:QDA-XML:project:1.0" name="p">{"".join(parts)}</Project>')
    try:
        write_qdpx(read_qdpx(path).project, folder / "odd.out.qdpx")
    except InputError as error:
        assert error.faults
