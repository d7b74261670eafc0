"""Files that hold an interview, read as plain text: text, Word, ODT, PDF text, WebVTT and SubRip.

A reader keeps the words and their order, and leaves layout behind: table cells become text after tabs, pictures, comments, footnotes and
deleted (tracked) words are left out, inserted words are kept.
"""

from __future__ import annotations

import hashlib
import html
import io
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from royst.errors import InputError, wrong
from royst.interviews.text import decode, normalise
from royst.interviews.untrusted import parse_xml, unzip

MAX_TEXT_BYTES = 10_000_000
"""Of a text, VTT or SRT file. An interview of two hours is about 150,000."""
MAX_FILE_BYTES = 50_000_000
"""Of a Word, ODT or PDF file, which may hold pictures."""
MAX_CHARACTERS = 2_000_000


@dataclass(frozen=True)
class Cue:
    """A stretch of the text with the time it was said, from subtitles: code points ``start`` to ``end``, milliseconds ``ms``."""

    start: int
    end: int
    speaker: str | None
    ms: int


@dataclass(frozen=True)
class Reading:
    """A file's text, normalised. ``sha256`` is of the file as it came. ``cues`` only from subtitles."""

    text: str
    kind: str
    sha256: str
    cues: tuple[Cue, ...] = ()


def read(path: Path, encoding: str | None = None) -> Reading:
    """Read a file by its ending. ``encoding`` only where a text file is not UTF-8 and has no byte-order mark.

    Raises ``InputError``: ``missing-file``, ``unknown-format``, ``file-too-large``, ``unknown-encoding``, ``damaged-archive``,
    ``damaged-pdf``, ``no-text`` and those of ``untrusted``.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in _READERS:
        raise wrong(
            "unknown-format",
            f"no reader for files ending in {path.suffix or 'nothing'}",
            f"Save it as one of {', '.join(_READERS)}.",
            file=path,
        )
    if not path.is_file():
        raise wrong("missing-file", "there is no such file", "Check the name.", file=path)
    limit = MAX_TEXT_BYTES if kind in ("txt", "md", "vtt", "srt") else MAX_FILE_BYTES
    size = path.stat().st_size
    if size > limit:
        raise wrong(
            "file-too-large",
            f"the file is {size:,} bytes; at most {limit:,} are read",
            "An interview of two hours is some 150,000 characters: split the file, or leave pictures out.",
            file=path,
        )
    content = path.read_bytes()
    text, cues = _READERS[kind](content, path, encoding)
    if len(text) > MAX_CHARACTERS:
        raise wrong(
            "file-too-large",
            f"the text is {len(text):,} characters; at most {MAX_CHARACTERS:,} are read",
            "Split it.",
            file=path,
        )
    if not text.strip():
        raise wrong(
            "no-text",
            "the file holds no text",
            _SCANNED if kind == "pdf" else "Check that it is the right file.",
            file=path,
        )
    return Reading(text, kind, hashlib.sha256(content).hexdigest(), cues)


_SCANNED = "It may be a scan: run text recognition on it, and read the result against the sound."
_Read = tuple[str, tuple[Cue, ...]]


def _text(content: bytes, path: Path, encoding: str | None) -> _Read:
    return normalise(decode(content, path, encoding)), ()


_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_WORD_BREAKS = {_W + "tab": "\t", _W + "br": "\n", _W + "cr": "\n", _W + "noBreakHyphen": "\u2011"}
_WORD_SKIPPED = {_W + "del", _W + "moveFrom", _W + "pPr", _W + "rPr"}


def _docx(content: bytes, path: Path, encoding: str | None) -> _Read:
    import docx

    for name, member in unzip(content, path).items():
        if name.endswith((".xml", ".rels")):
            parse_xml(member, f"{path}:{name}")
    try:
        body = docx.Document(io.BytesIO(content)).element.body
    except Exception as error:  # a reader of damaged parts may raise anything
        raise wrong("damaged-archive", f"not a Word document ({error})", "Save it again as .docx.", file=path) from None
    return normalise("\n".join(_word_blocks(body))), ()


def _word_blocks(body: etree._Element) -> Iterator[str]:
    for child in body:
        if child.tag == _W + "p":
            yield "".join(_word_words(child))
        elif child.tag == _W + "tbl":
            for row in child.iter(_W + "tr"):
                yield "\t".join("\n".join(_word_blocks(cell)) for cell in row.findall(_W + "tc"))
        elif child.tag == _W + "sdt":
            for inner in child.findall(_W + "sdtContent"):
                yield from _word_blocks(inner)


def _word_words(element: etree._Element) -> Iterator[str]:
    for child in element:
        if child.tag == _W + "t":
            yield child.text or ""
        elif child.tag in _WORD_BREAKS:
            yield _WORD_BREAKS[child.tag]
        elif child.tag not in _WORD_SKIPPED:
            yield from _word_words(child)


_T = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_O = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_ODT_SKIPPED = {_O + "annotation", _O + "annotation-end", _T + "tracked-changes", _T + "note", _T + "sequence-decls"}


def _odt(content: bytes, path: Path, encoding: str | None) -> _Read:
    members = unzip(content, path)
    if "content.xml" not in members:
        raise wrong("damaged-archive", "the archive holds no content.xml", "Save it again as .odt.", file=path)
    body = parse_xml(members["content.xml"], f"{path}:content.xml").find(f"{_O}body/{_O}text")
    return normalise("" if body is None else "\n".join(_odt_blocks(body))), ()


def _odt_blocks(element: etree._Element) -> Iterator[str]:
    for child in element:
        if child.tag in (_T + "p", _T + "h"):
            yield "".join(_odt_words(child))
        elif child.tag == _TABLE + "table-row":
            yield "\t".join("\n".join(_odt_blocks(cell)) for cell in child.findall(_TABLE + "table-cell"))
        elif child.tag not in _ODT_SKIPPED:
            yield from _odt_blocks(child)


def _odt_words(element: etree._Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if child.tag == _T + "s":
            yield " " * int(child.get(_T + "c", "1"))
        elif child.tag == _T + "tab":
            yield "\t"
        elif child.tag == _T + "line-break":
            yield "\n"
        elif child.tag not in _ODT_SKIPPED and isinstance(child.tag, str):
            yield from _odt_words(child)
        yield child.tail or ""


_PAGE_COUNT = re.compile(r"\s*\d{1,4}\s*(?:/|of|av)\s*\d{1,4}\s*")


def _pdf(content: bytes, path: Path, encoding: str | None) -> _Read:
    """The text of each page in reading order; a line that only counts pages at a page's top or foot is left out."""
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.ERROR)
    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise wrong("encrypted-pdf", "the PDF asks for a password", "Save it without one.", file=path)
        pages = [page.extract_text() for page in reader.pages]
    except InputError:
        raise
    except Exception as error:  # a reader of damaged bytes may raise anything
        raise wrong(
            "damaged-pdf",
            f"the PDF cannot be read ({error})",
            "Make it again, or save the transcript as text.",
            file=path,
        ) from None
    return normalise("\n".join(_page(text) for text in pages)), ()


def _page(text: str) -> str:
    lines = [re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in normalise(text).split("\n")]
    lines = [line for line in lines if line]
    for place in (0, -1):
        if lines and _PAGE_COUNT.fullmatch(lines[place]):
            del lines[place]
    return "\n".join(lines)


_TIMING = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{3})\s*-->")
_VOICE = re.compile(r"<v(?:\.[^ \t>]*)?[ \t]+([^>]+)>")
_TAG = re.compile(r"</?[A-Za-z0-9.:]*(?:[ \t][^>]*)?>|\{\\[^}]*\}")
_SAID_BY = re.compile(r"\s*(?:\[([^\]\n]{1,40})\]|([^\W\d_][^:\n]{0,39})):\s+(?=\S)")


def _subtitles(content: bytes, path: Path, encoding: str | None) -> _Read:
    """WebVTT and SubRip: each cue's words, its speaker (``<v Name>`` or ``Name:``) and time; one turn a run of cues by one speaker."""
    text = normalise(decode(content, path, encoding))
    blocks = [block for block in re.split(r"\n[ \t]*\n", text) if "-->" in block]
    if not blocks:
        raise wrong(
            "no-text",
            "no line says when something was said (00:00:01.000 --> 00:00:02.000)",
            "Check the format.",
            file=path,
        )
    said: list[tuple[str | None, int, str]] = []
    voiced = any(_VOICE.search(block) for block in blocks)
    for block in blocks:
        # "Name:" is written where the speaker changes; <v Name> in every cue that has one.
        said.extend(_cue(block, said[-1][0] if said and not voiced else None))
    return _turns_from(said)


def _cue(block: str, speaker: str | None) -> Iterator[tuple[str | None, int, str]]:
    lines = block.split("\n")
    row = next(i for i, line in enumerate(lines) if "-->" in line)
    found = _TIMING.search(lines[row])
    if found is None:
        return
    hours, minutes, seconds, thousandths = (int(part or 0) for part in found.groups())
    ms = ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths
    for line in lines[row + 1 :]:
        voice = _VOICE.search(line)
        words = html.unescape(_TAG.sub("", line)).strip()
        named = None if voice else _SAID_BY.match(words)
        if voice:
            speaker = html.unescape(voice.group(1)).strip()
        elif named:
            speaker = (named.group(1) or named.group(2)).strip()
            words = words[named.end() :]
        if words:
            yield speaker, ms, normalise(words)


def _turns_from(said: list[tuple[str | None, int, str]]) -> _Read:
    parts: list[str] = []
    cues: list[Cue] = []
    length, before = 0, object()
    for speaker, ms, words in said:
        label = f"{speaker}: " if speaker else ""
        glue = " " if speaker == before else ("\n" if parts else "") + label
        parts += [glue, words]
        start = length + len(glue)
        length = start + len(words)
        cues.append(Cue(start, length, speaker, ms))
        before = speaker
    text = "".join(parts)
    # A cue that begins with a combining mark would join the one before in NFC and move every offset after it.
    if normalise(text) != text:
        return normalise(text), ()
    return text, tuple(cues)


_READERS: dict[str, Callable[[bytes, Path, str | None], _Read]] = {
    "txt": _text, "md": _text, "docx": _docx, "odt": _odt, "pdf": _pdf, "vtt": _subtitles, "srt": _subtitles,
}  # fmt: skip
