"""The XML of REFI-QDA as a ``qda.Project``. Unknown elements are told of, not silently dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from royst.errors import Faults
from royst.interviews import qda
from royst.interviews.untrusted import MAX_DEPTH

PROJECT = "urn:QDA-XML:project:1.0"
CODEBOOK = "urn:QDA-XML:codebook:1.0"
_GUID = re.compile(r"\{?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\}?")
_GUID_ATTRIBUTES = frozenset(
    [
        "guid",
        "targetGUID",
        "originGUID",
        "representedGUID",
        "creatingUser",
        "modifyingUser",
        "creatingUserGUID",
        "modifyingUserGUID",
        "sourceVertex",
        "targetVertex",
        "fromSyncPoint",
        "toSyncPoint",
    ]
)
_MEDIA = ("PictureSource", "PDFSource", "AudioSource", "VideoSource")


def local(element: etree._Element) -> str:
    """An element's name without its namespace: files are seen with a wrong one."""
    return str(etree.QName(element).localname)


def settle_guids(root: etree._Element, file: str | Path, faults: Faults) -> None:
    """Every GUID of the document in one form, in place: lower case, without braces. What is none is a fault with its row."""
    for element in root.iter(etree.Element):
        for name, value in element.attrib.items():
            if name in _GUID_ATTRIBUTES and value:
                found = _GUID.fullmatch(value.strip())
                if found is None:
                    faults.add(
                        "bad-guid",
                        f"{name}={value!r} of {local(element)} is not a GUID",
                        "Export it again.",
                        file=file,
                        row=element.sourceline,
                    )
                else:
                    element.set(name, found.group(1).lower())


def check_depth(root: etree._Element, file: str | Path, faults: Faults) -> None:
    """A fault where elements stand in each other deeper than anyone's codes do: reading them would exhaust the stack."""
    deep, level = [(root, 1)], 0
    while deep:
        element, level = deep.pop()
        if level > MAX_DEPTH:
            faults.add(
                "too-deep",
                f"elements stand in each other more than {MAX_DEPTH} deep",
                "Export it again.",
                file=file,
                row=element.sourceline,
            )
            return
        deep.extend((child, level + 1) for child in element)


class Reader:
    """Turns one document's elements into ``qda`` types; ``faults`` gathers what is wrong, with rows."""

    def __init__(self, file: str | Path, faults: Faults):
        self.file, self.faults = file, faults

    def project(self, root: etree._Element) -> qda.Project:
        parts = {local(child): child for child in root}
        known = {
            "Users",
            "CodeBook",
            "Variables",
            "Cases",
            "Sources",
            "Notes",
            "Links",
            "Sets",
            "Graphs",
            "Description",
            "NoteRef",
        }
        self._unknown(root, known)
        sources = list(self._inside(parts, "Sources"))
        return qda.Project(
            name=root.get("name", ""),
            origin=root.get("origin", ""),
            stamp=qda.Stamp(
                root.get("creatingUserGUID", ""), root.get("creationDateTime", ""), root.get("modifyingUserGUID", ""), root.get("modifiedDateTime", "")
            ),
            base_path=root.get("basePath", ""),
            users=tuple(qda.User(self._guid(u), u.get("name", ""), u.get("id", "")) for u in self._inside(parts, "Users")),
            codes=self.codes(parts["CodeBook"]) if "CodeBook" in parts else (),
            variables=tuple(
                qda.Variable(self._guid(v), v.get("name", ""), v.get("typeOfVariable", "Text"), _text(v, "Description")) for v in self._inside(parts, "Variables")
            ),
            cases=tuple(self._case(case) for case in self._inside(parts, "Cases")),
            sources=tuple(self._source(source) for source in sources if local(source) == "TextSource"),
            notes=tuple(self._source(note) for note in self._inside(parts, "Notes")),
            sets=self.sets(parts["Sets"]) if "Sets" in parts else (),
            description=_text(root, "Description"),
            project_notes=_refs(root, "NoteRef"),
            media=tuple(_kept(source) for source in sources if local(source) in _MEDIA),
            links=tuple(_kept(link) for link in self._inside(parts, "Links")),
            graphs=tuple(_kept(graph) for graph in self._inside(parts, "Graphs")),
        )  # fmt: skip

    def codes(self, codebook: etree._Element) -> tuple[qda.QdaCode, ...]:
        """Codes of a ``CodeBook`` element, of a project or of a codebook file."""
        return tuple(self._code(code) for codes in codebook if local(codes) == "Codes" for code in codes)

    def sets(self, element: etree._Element) -> tuple[qda.CodeSet, ...]:
        """Sets; members are named by ``targetGUID`` in a project, by ``guid`` in a codebook file."""
        return tuple(
            qda.CodeSet(
                self._guid(s),
                s.get("name", ""),
                _text(s, "Description"),
                _refs(s, "MemberCode"),
                _refs(s, "MemberSource"),
                _refs(s, "MemberNote"),
            )
            for s in element
        )

    def _inside(self, parts: dict[str, etree._Element], name: str) -> Iterator[etree._Element]:
        yield from parts.get(name, ())

    def _guid(self, element: etree._Element) -> str:
        guid = element.get("guid")
        if not guid:
            self.faults.add(
                "bad-guid",
                f"a {local(element)} has no GUID",
                "Export it again.",
                file=self.file,
                row=element.sourceline,
            )
        return guid or ""

    def _unknown(self, element: etree._Element, known: set[str]) -> None:
        for child in element:
            if local(child) not in known:
                self.faults.add(
                    "unknown-element", f"{local(child)} inside {local(element)} is not part of the format, and was left out",
                    "Nothing, if it is not missed.", file=self.file, row=child.sourceline, level="warning",
                )  # fmt: skip

    def _code(self, element: etree._Element) -> qda.QdaCode:
        self._unknown(element, {"Description", "NoteRef", "Code"})
        return qda.QdaCode(
            self._guid(element),
            element.get("name", ""),
            element.get("isCodable", "true") in ("true", "1"),
            element.get("color", ""),
            _text(element, "Description"),
            _refs(element, "NoteRef"),
            tuple(self._code(child) for child in element if local(child) == "Code"),
        )

    def _case(self, element: etree._Element) -> qda.Case:
        return qda.Case(
            self._guid(element), element.get("name", ""), _text(element, "Description"), _refs(element, "CodeRef"),
            self._values(element), _refs(element, "SourceRef"), _refs(element, "SelectionRef"),
        )  # fmt: skip

    def _values(self, element: etree._Element) -> tuple[qda.VariableValue, ...]:
        values = []
        for child in element:
            if local(child) == "VariableValue":
                given = next((inner for inner in child if local(inner) != "VariableRef"), None)
                variable = next(iter(_refs(child, "VariableRef")), "")
                values.append(
                    qda.VariableValue(
                        variable, "" if given is None else local(given), "" if given is None else given.text or ""
                    )
                )
        return tuple(values)

    def _codings(self, element: etree._Element) -> tuple[qda.QdaCoding, ...]:
        return tuple(
            qda.QdaCoding(
                self._guid(c),
                next(iter(_refs(c, "CodeRef")), ""),
                c.get("creatingUser", ""),
                c.get("creationDateTime", ""),
                _refs(c, "NoteRef"),
            )
            for c in element
            if local(c) == "Coding"
        )

    def _selection(self, element: etree._Element) -> qda.Selection:
        start, end = (self._position(element, name) for name in ("startPosition", "endPosition"))
        return qda.Selection(
            self._guid(element), start, end, element.get("name"), _text(element, "Description"), self._codings(element),
            _refs(element, "NoteRef"), _stamp(element), placed=False,
        )  # fmt: skip

    def _position(self, element: etree._Element, name: str) -> int:
        value = element.get(name, "")
        if not re.fullmatch(r"\s*[+-]?\d{1,12}\s*", value):
            self.faults.add(
                "bad-position",
                f"{name}={value!r} is no number",
                "Export it again.",
                file=self.file,
                row=element.sourceline,
            )
            return 0
        return int(value)

    def _source(self, element: etree._Element) -> qda.Source:
        self._unknown(
            element, {"Description", "PlainTextContent", "PlainTextSelection", "Coding", "NoteRef", "VariableValue"}
        )
        inline = _text(element, "PlainTextContent")
        return qda.Source(
            self._guid(element),
            element.get("name"),
            inline,
            inline is not None,
            _text(element, "Description"),
            tuple(self._selection(child) for child in element if local(child) == "PlainTextSelection"),
            self._codings(element),
            _refs(element, "NoteRef"),
            self._values(element),
            _stamp(element),
            element.get("plainTextPath", ""),
            element.get("richTextPath", ""),
        )


def _text(element: etree._Element, name: str) -> str | None:
    return next((child.text or "" for child in element if local(child) == name), None)


def _refs(element: etree._Element, name: str) -> tuple[str, ...]:
    return tuple(child.get("targetGUID") or child.get("guid") or "" for child in element if local(child) == name)


def _stamp(element: etree._Element) -> qda.Stamp:
    return qda.Stamp(
        element.get("creatingUser", ""),
        element.get("creationDateTime", ""),
        element.get("modifyingUser", ""),
        element.get("modifiedDateTime", ""),
    )


def _kept(element: etree._Element) -> str:
    """An element as XML, to be written back as it is; the blanks that only lay it out are left."""
    for inner in element.iter(etree.Element):
        if len(inner) and not (inner.text or "").strip():
            inner.text = None
        if not (inner.tail or "").strip():
            inner.tail = None
    return str(etree.tostring(element, encoding="unicode", with_tail=False))
