"""REFI-QDA project files (``.qdpx``) and codebook files (``.qdc``), read and written."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from royst.errors import Fault, Faults, wrong
from royst.interviews import qda
from royst.interviews.offsets import PLAIN, Dialect, Marked, Reading, Written, recognise
from royst.interviews.qdpx_read import Reader, check_depth, local, settle_guids
from royst.interviews.qdpx_write import codebook_xml, project_xml
from royst.interviews.readers import MAX_FILE_BYTES
from royst.interviews.store import write_bytes
from royst.interviews.text import decode
from royst.interviews.untrusted import inside, parse_xml, unzip

MAX_PROJECT_BYTES = 4 * MAX_FILE_BYTES
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Imported:
    """A project, how its program counted positions, and what was noticed (``missing-source``, ``offsets-uncertain``, ``position-outside``, ``unknown-element``)."""

    project: qda.Project
    offsets: Reading
    warnings: tuple[Fault, ...] = ()


def read_qdpx(path: Path, dialect: Dialect | None = None) -> Imported:
    """Read a project file. ``dialect`` only where it should not be found by itself.

    Raises ``InputError``: ``damaged-archive``, ``archive-too-large``, ``path-outside-archive``, ``xml-entities``, ``damaged-xml``, ``no-project``,
    ``bad-guid``, ``bad-position``, ``too-deep``, ``unknown-encoding``; nothing is read by halves. Sound, film, pictures and PDF are kept, not opened.
    """
    path = Path(path)
    members = unzip(_bytes(path), path)
    name = next((name for name in members if name.lower() == "project.qde"), None)
    name = name or next((name for name in members if name.lower().endswith(".qde")), None)
    if name is None:
        raise wrong("no-project", "the archive holds no project.qde", "Export it as a REFI-QDA project.", file=path)
    faults = Faults()
    root = parse_xml(members[name], f"{path}:{name}")
    if local(root) != "Project":
        raise wrong(
            "no-project",
            f"the document is a {local(root)}, not a Project",
            "Export it as a REFI-QDA project.",
            file=path,
        )
    settle_guids(root, f"{path}:{name}", faults)
    check_depth(root, f"{path}:{name}", faults)
    faults.stop()
    project = Reader(f"{path}:{name}", faults).project(root)
    files = _Files(path, {n: b for n, b in members.items() if n != name}, faults)
    written = {source.guid: files.text_of(source) for source in (*project.sources, *project.notes)}
    _outward(project, path)
    faults.stop()
    project = replace(project, files=files.rest())
    return _placed(project, written, dialect, faults, path)


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise wrong("missing-file", "there is no such file", "Check the name.", file=path)
    if path.stat().st_size > MAX_PROJECT_BYTES:
        raise wrong(
            "file-too-large",
            f"the file is {path.stat().st_size:,} bytes",
            f"At most {MAX_PROJECT_BYTES:,} are read; leave sound and film out.",
            file=path,
        )
    return path.read_bytes()


class _Files:
    """The members beside the project. A path is ``internal://name``; some programs leave the scheme out, or differ in the case of the folder."""

    def __init__(self, path: Path, members: Mapping[str, bytes], faults: Faults):
        self.path, self.members, self.faults = path, members, faults
        self.by_name = {name.lower(): name for name in members}
        self.texts: set[str] = set()

    def text_of(self, source: qda.Source) -> Written | None:
        if source.inline:
            return Written(source.text or "")
        if not source.plain_path:
            return None
        scheme, _, rest = source.plain_path.rpartition("://")
        if scheme not in ("internal", ""):
            raise wrong(
                "path-outside-archive", f"the text of {source.name or source.guid} is named {source.plain_path!r}, outside the file",
                "Export it with its texts inside.", file=self.path,
            )  # fmt: skip
        name = inside(rest, self.path)
        found = next((self.by_name[n] for n in (f"sources/{name}".lower(), name.lower()) if n in self.by_name), None)
        if found is None:
            self.faults.add(
                "missing-source", f"the archive does not hold the text of {source.name or source.guid} ({name})",
                "Its selections are kept, without words. Export it again with its sources, to have them.", file=self.path, level="warning",
            )  # fmt: skip
            return None
        self.texts.add(found)
        content = self.members[found]
        mark = "\ufeff" if content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")) else ""
        return Written(mark + decode(content, f"{self.path}:{found}"))

    def rest(self) -> dict[str, bytes]:
        """Members that are no text of a source, by their name in the archive."""
        return {name: self.members[name] for name in sorted(self.members) if name not in self.texts}


def _outward(project: qda.Project, path: Path) -> None:
    """Rich texts are never opened, but a name that climbs out of the archive is refused with it."""
    for source in (*project.sources, *project.notes):
        if source.rich_path.startswith("internal://"):
            inside(source.rich_path.removeprefix("internal://"), path)


def _placed(
    project: qda.Project, written: Mapping[str, Written | None], dialect: Dialect | None, faults: Faults, path: Path
) -> Imported:
    marked = [
        (text, [Marked(s.start, s.end, s.name) for s in source.selections])
        for source in (*project.sources, *project.notes)
        if (text := written[source.guid]) is not None
    ]
    found = recognise(marked) if dialect is None else Reading(dialect, 0.0, None)
    if not found.certain:
        faults.add(
            "offsets-uncertain", f"positions fit {found.dialect}, and another way of counting as well", "Look at a few selections before you trust them.",
            file=path, level="warning",
        )  # fmt: skip
    sources, notes = (
        tuple(_place(s, written[s.guid], found.dialect, faults, path) for s in part)
        for part in (project.sources, project.notes)
    )
    return Imported(replace(project, sources=sources, notes=notes), found, tuple(faults))


def _place(source: qda.Source, written: Written | None, dialect: Dialect, faults: Faults, path: Path) -> qda.Source:
    if written is None:
        return source
    places = written.places(dialect) if source.selections else {}
    selections = []
    for selection in source.selections:
        start, end = places.get(selection.start), places.get(selection.end)
        if start is None or end is None or start > end:
            faults.add(
                "position-outside", f"a selection of {source.name or source.guid} ({selection.start}–{selection.end}) lies outside its text",
                "It is kept with the numbers it had, without words.", file=path, level="warning",
            )  # fmt: skip
            selections.append(selection)
        else:
            selections.append(replace(selection, start=start, end=end, placed=True))
    return replace(source, text=written.text, selections=tuple(selections))


def write_qdpx(project: qda.Project, path: Path) -> None:
    """Write a project file, whole or not at all; the same project gives the same bytes. Texts in UTF-8 with LF, positions in code points."""
    members: dict[str, bytes] = dict(project.files)
    named = []
    for source in (*project.sources, *project.notes):
        if source.text is not None and not source.inline:
            members[f"sources/{source.guid}.txt"] = source.text.encode("utf-8")
            source = replace(source, plain_path=f"internal://{source.guid}.txt")
        named.append(source)
    count = len(project.sources)
    whole = replace(project, sources=tuple(named[:count]), notes=tuple(named[count:]))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in [("project.qde", project_xml(whole)), *sorted(members.items())]:
            archive.writestr(zipfile.ZipInfo(name, _FIXED_TIME), content, zipfile.ZIP_DEFLATED)
    write_bytes(Path(path), target.getvalue())


@dataclass(frozen=True)
class ImportedCodebook:
    codes: tuple[qda.QdaCode, ...]
    sets: tuple[qda.CodeSet, ...] = ()
    origin: str = ""
    warnings: tuple[Fault, ...] = ()


def read_qdc(path: Path) -> ImportedCodebook:
    """Read a codebook file. ``InputError``: ``no-codebook``, ``damaged-xml``, ``xml-entities``, ``bad-guid``, ``too-deep``."""
    path = Path(path)
    root = parse_xml(_bytes(path), path)
    if local(root) != "CodeBook":
        raise wrong(
            "no-codebook",
            f"the document is a {local(root)}, not a CodeBook",
            "Export it as a REFI-QDA codebook.",
            file=path,
        )
    faults = Faults()
    settle_guids(root, path, faults)
    check_depth(root, path, faults)
    faults.stop()
    reader = Reader(path, faults)
    codes = reader.codes(root)
    sets = tuple(one for part in root if local(part) == "Sets" for one in reader.sets(part))
    faults.stop()
    return ImportedCodebook(codes, sets, root.get("origin", ""), tuple(faults))


def write_qdc(
    codes: Iterable[qda.QdaCode], path: Path, sets: Iterable[qda.CodeSet] = (), origin: str = "Røyst"
) -> None:
    """Write a codebook file, whole or not at all."""
    write_bytes(Path(path), codebook_xml(tuple(codes), sets, origin))


__all__ = ["PLAIN", "Imported", "ImportedCodebook", "read_qdc", "read_qdpx", "write_qdc", "write_qdpx"]
