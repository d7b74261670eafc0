"""Archives and XML that others wrote: opened without unpacking to disk, without entities, without the network."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from lxml import etree

from royst.errors import InputError, wrong

MAX_UNPACKED = 300_000_000
"""Bytes that one archive may hold unpacked, all members together."""
MAX_RATIO = 500
"""How many times smaller than its content a member above ``SMALL`` may be packed; text seldom passes 20."""
SMALL = 1_000_000
MAX_MEMBERS = 10_000
MAX_DEPTH = 200


def unzip(content: bytes, file: str | Path) -> Mapping[str, bytes]:
    """Every member of an archive, by its name with ``/``; folders left out. Read in memory, checked by CRC.

    Raises ``InputError``: ``damaged-archive``, ``archive-too-large`` (a zip bomb, or nearly), ``path-outside-archive`` (an
    absolute name, a drive, or one that climbs with ``..``) and ``encrypted-archive``.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            _check_members(members, file)
            return {_name(member): _member(archive, member, file) for member in members if not member.is_dir()}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise wrong(
            "damaged-archive",
            f"the file is not a whole zip archive ({error})",
            "Export or save it again, and check that the copy is as large as the original.",
            file=file,
        ) from None


def _name(member: zipfile.ZipInfo) -> str:
    return member.filename.replace("\\", "/")


def _check_members(members: list[zipfile.ZipInfo], file: str | Path) -> None:
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_UNPACKED or len(members) > MAX_MEMBERS:
        raise wrong(
            "archive-too-large",
            f"the archive says it holds {len(members)} files and {unpacked:,} bytes",
            f"At most {MAX_MEMBERS:,} files and {MAX_UNPACKED:,} bytes are read; leave sound and pictures out.",
            file=file,
        )
    for member in members:
        inside(_name(member), file)
        if member.flag_bits & 0x1:
            raise wrong(
                "encrypted-archive", f"{member.filename} is encrypted", "Save it without a password.", file=file
            )
        if member.file_size > SMALL and member.file_size > MAX_RATIO * max(member.compress_size, 1):
            raise wrong(
                "archive-too-large",
                f"{member.filename} unpacks to {member.file_size:,} bytes from {member.compress_size:,}",
                "No transcript packs so well; get the file again from where it was made.",
                file=file,
            )


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, file: str | Path) -> bytes:
    """A member's bytes, never more than it promised: the directory of a hostile archive may lie."""
    with archive.open(member) as stream:
        body = stream.read(member.file_size + 1)
    if len(body) > member.file_size:
        raise wrong(
            "archive-too-large",
            f"{member.filename} holds more than it says",
            "Get the file again from where it was made.",
            file=file,
        )
    return body


def inside(name: str, file: str | Path) -> str:
    """The name of a member, or ``InputError`` (``path-outside-archive``) where it points outside the archive."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or (path.parts and path.parts[0].endswith(":")):
        raise wrong(
            "path-outside-archive",
            f"the archive names {name!r}, a place outside itself",
            "Do not open it; ask where it comes from.",
            file=file,
        )
    return str(path)


def parse_xml(content: bytes, file: str | Path) -> etree._Element:
    """The root of an XML document. Refused (``xml-entities``): any document type declaration, so no entity can be declared.

    Raises ``InputError`` (``damaged-xml``) with the row where it is not well formed; nothing is fetched from anywhere.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_pis=True,
        remove_comments=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise _declared(file) from None
        raise wrong(
            "damaged-xml",
            f"the XML cannot be read: {error.msg}",
            "Export the file again.",
            file=file,
            row=error.lineno or None,
        ) from None
    tree = root.getroottree()
    if tree.docinfo.internalDTD is not None or tree.docinfo.doctype:
        raise _declared(file)
    return root


def _declared(file: str | Path) -> InputError:
    return wrong(
        "xml-entities",
        "the XML declares a document type, through which it could name files or grow without end",
        "Export it again without a DOCTYPE; none of the formats read here needs one.",
        file=file,
    )
