"""A ``qda.Project`` as the XML of REFI-QDA, in the order its schema asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml import etree

from royst.interviews import qda
from royst.interviews.qdpx_read import CODEBOOK, PROJECT

_SCHEMA = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"


_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def safe(text: str) -> str:
    """The text with characters that XML cannot hold (most control characters) as U+FFFD, one for one, so that no position moves."""
    return _NOT_XML.sub("\ufffd", text)


class _Writer:
    def __init__(self, namespace: str):
        self.namespace = namespace

    def make(
        self, parent: etree._Element | None, element_name: str, text: str | None = None, /, **attributes: str | None
    ) -> etree._Element:
        tag = f"{{{self.namespace}}}{element_name}"
        if parent is None:
            xsi = {None: self.namespace, "xsi": "http://www.w3.org/2001/XMLSchema-instance"}
            element = etree.Element(tag, nsmap=xsi)
        else:
            element = etree.SubElement(parent, tag)
        for key, value in attributes.items():
            if value:
                element.set(key, safe(value))
        if text is not None:
            element.text = safe(text)
        return element

    def refs(self, parent: etree._Element, name: str, guids: Iterable[str], attribute: str = "targetGUID") -> None:
        for guid in guids:
            self.make(parent, name, **{attribute: guid})

    def described(self, parent: etree._Element, description: str | None) -> None:
        if description is not None:
            self.make(parent, "Description", description)

    def code(self, parent: etree._Element, code: qda.QdaCode, notes: bool) -> None:
        element = self.make(
            parent,
            "Code",
            guid=code.guid,
            name=code.name,
            isCodable="true" if code.codable else "false",
            color=code.color,
        )
        element.set("name", safe(code.name))
        self.described(element, code.description)
        if notes:
            self.refs(element, "NoteRef", code.notes)
        for child in code.children:
            self.code(element, child, notes)

    def stamped(self, element: etree._Element, stamp: qda.Stamp) -> None:
        names = ("creatingUser", "creationDateTime", "modifyingUser", "modifiedDateTime")
        for name, value in zip(names, (stamp.user, stamp.created, stamp.changed_by, stamp.changed), strict=True):
            if value:
                element.set(name, value)

    def values(self, parent: etree._Element, values: Iterable[qda.VariableValue]) -> None:
        for value in values:
            element = self.make(parent, "VariableValue")
            self.make(element, "VariableRef", targetGUID=value.variable)
            if value.kind:
                self.make(element, value.kind, value.value)

    def codings(self, parent: etree._Element, codings: Iterable[qda.QdaCoding]) -> None:
        for coding in codings:
            element = self.make(
                parent, "Coding", guid=coding.guid, creatingUser=coding.user, creationDateTime=coding.created
            )
            self.make(element, "CodeRef", targetGUID=coding.code)
            self.refs(element, "NoteRef", coding.notes)

    def source(self, parent: etree._Element, name: str, source: qda.Source) -> None:
        element = self.make(parent, name, guid=source.guid)
        if source.name is not None:
            element.set("name", safe(source.name))
        if source.rich_path:
            element.set("richTextPath", source.rich_path)
        if not source.inline and source.plain_path:
            element.set("plainTextPath", source.plain_path)
        self.stamped(element, source.stamp)
        self.described(element, source.description)
        if source.inline:
            self.make(element, "PlainTextContent", source.text)
        for selection in source.selections:
            self.selection(element, selection)
        self.codings(element, source.codings)
        self.refs(element, "NoteRef", source.notes)
        self.values(element, source.values)

    def selection(self, parent: etree._Element, selection: qda.Selection) -> None:
        element = self.make(
            parent,
            "PlainTextSelection",
            guid=selection.guid,
            startPosition=str(selection.start),
            endPosition=str(selection.end),
        )
        if selection.name is not None:
            element.set("name", safe(selection.name))
        self.stamped(element, selection.stamp)
        self.described(element, selection.description)
        self.codings(element, selection.codings)
        self.refs(element, "NoteRef", selection.notes)

    def case(self, parent: etree._Element, case: qda.Case) -> None:
        element = self.make(parent, "Case", guid=case.guid, name=case.name)
        self.described(element, case.description)
        self.refs(element, "CodeRef", case.codes)
        self.values(element, case.values)
        self.refs(element, "SourceRef", case.sources)
        self.refs(element, "SelectionRef", case.selections)

    def sets(self, parent: etree._Element, sets: Iterable[qda.CodeSet], attribute: str) -> None:
        for one in sets:
            element = self.make(parent, "Set", guid=one.guid, name=one.name)
            element.set("name", safe(one.name))
            self.described(element, one.description)
            self.refs(element, "MemberCode", one.codes, attribute)
            if attribute == "targetGUID":
                self.refs(element, "MemberSource", one.sources)
                self.refs(element, "MemberNote", one.notes)


def project_xml(project: qda.Project) -> bytes:
    """``project.qde``: UTF-8, positions in code points."""
    w = _Writer(PROJECT)
    root = w.make(None, "Project", origin=project.origin, basePath=project.base_path)
    root.set("name", safe(project.name))
    root.set(_SCHEMA, f"{PROJECT} http://schema.qdasoftware.org/versions/Project/v1.0/Project.xsd")
    names = ("creatingUserGUID", "creationDateTime", "modifyingUserGUID", "modifiedDateTime")
    stamp = project.stamp
    for name, value in zip(names, (stamp.user, stamp.created, stamp.changed_by, stamp.changed), strict=True):
        if value:
            root.set(name, value)
    if project.users:
        users = w.make(root, "Users")
        for user in project.users:
            w.make(users, "User", guid=user.guid, name=user.name, id=user.id)
    if project.codes:
        codes = w.make(w.make(root, "CodeBook"), "Codes")
        for code in project.codes:
            w.code(codes, code, notes=True)
    if project.variables:
        variables = w.make(root, "Variables")
        for variable in project.variables:
            element = w.make(variables, "Variable", guid=variable.guid, typeOfVariable=variable.type)
            element.set("name", safe(variable.name))
            w.described(element, variable.description)
    if project.cases:
        cases = w.make(root, "Cases")
        for case in project.cases:
            w.case(cases, case)
    _material(w, root, project)
    w.described(root, project.description)
    w.refs(root, "NoteRef", project.project_notes)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def _material(w: _Writer, root: etree._Element, project: qda.Project) -> None:
    if project.sources or project.media:
        sources = w.make(root, "Sources")
        for source in project.sources:
            w.source(sources, "TextSource", source)
        _keep(sources, project.media)
    if project.notes:
        notes = w.make(root, "Notes")
        for note in project.notes:
            w.source(notes, "Note", note)
    if project.links:
        _keep(w.make(root, "Links"), project.links)
    if project.sets:
        w.sets(w.make(root, "Sets"), project.sets, "targetGUID")
    if project.graphs:
        _keep(w.make(root, "Graphs"), project.graphs)


def _keep(parent: etree._Element, kept: Iterable[str]) -> None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    for element in kept:
        parent.append(etree.fromstring(element.encode("utf-8"), parser))


def codebook_xml(codes: Iterable[qda.QdaCode], sets: Iterable[qda.CodeSet] = (), origin: str = "") -> bytes:
    """A codebook file (``.qdc``, REFI-QDA 1.5 section 5): codes with their descriptions and sets; it has no room for notes."""
    w = _Writer(CODEBOOK)
    root = w.make(None, "CodeBook", origin=origin)
    root.set(_SCHEMA, f"{CODEBOOK} http://schema.qdasoftware.org/versions/Codebook/v1.0/Codebook.xsd")
    element = w.make(root, "Codes")
    for code in codes:
        w.code(element, code, notes=False)
    sets = tuple(sets)
    if sets:
        w.sets(w.make(root, "Sets"), sets, "guid")
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))
