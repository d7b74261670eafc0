"""A qualitative project as the exchange format REFI-QDA 1.5 tells of one (QDA-XML 1.0, 2019): users, codes, texts, selections, notes, cases, sets.

GUIDs are lower-case without braces everywhere. Positions are code points of ``Source.text``, whose lines end with LF.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

_NAMESPACE = uuid.UUID("8d8a3e6e-6f0f-5c0e-9a3f-6a1b1c5b7e51")


def guid_of(*parts: str) -> str:
    """A GUID that is always the same for the same thing (RFC 9562 version 5)."""
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join(parts)))


@dataclass(frozen=True)
class Stamp:
    """Who made and last changed a thing, and when (as the file has it)."""

    user: str = ""
    created: str = ""
    changed_by: str = ""
    changed: str = ""


@dataclass(frozen=True)
class User:
    guid: str
    name: str = ""
    id: str = ""


@dataclass(frozen=True)
class QdaCode:
    guid: str
    name: str
    codable: bool = True
    color: str = ""
    description: str | None = None
    notes: tuple[str, ...] = ()
    children: tuple[QdaCode, ...] = ()


@dataclass(frozen=True)
class Variable:
    guid: str
    name: str
    type: str
    description: str | None = None


@dataclass(frozen=True)
class VariableValue:
    """``kind`` is the value's element (``TextValue``, ``BooleanValue`` …) or empty where the file gives none; ``value`` its text."""

    variable: str
    kind: str = ""
    value: str = ""


@dataclass(frozen=True)
class Case:
    guid: str
    name: str = ""
    description: str | None = None
    codes: tuple[str, ...] = ()
    values: tuple[VariableValue, ...] = ()
    sources: tuple[str, ...] = ()
    selections: tuple[str, ...] = ()


@dataclass(frozen=True)
class QdaCoding:
    guid: str
    code: str
    user: str = ""
    created: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Selection:
    """``placed`` is False where the position does not lie in the text, or there is no text: it then is the file's own number."""

    guid: str
    start: int
    end: int
    name: str | None = None
    description: str | None = None
    codings: tuple[QdaCoding, ...] = ()
    notes: tuple[str, ...] = ()
    stamp: Stamp = Stamp()
    placed: bool = True


@dataclass(frozen=True)
class Source:
    """A text with its selections; also a note. ``text`` is None where the file does not hold it. ``inline``: written inside the project, not beside it."""

    guid: str
    name: str | None = None
    text: str | None = field(default=None, repr=False)
    inline: bool = False
    description: str | None = None
    selections: tuple[Selection, ...] = ()
    codings: tuple[QdaCoding, ...] = ()
    notes: tuple[str, ...] = ()
    values: tuple[VariableValue, ...] = ()
    stamp: Stamp = Stamp()
    plain_path: str = ""
    rich_path: str = ""


@dataclass(frozen=True)
class CodeSet:
    guid: str
    name: str
    description: str | None = None
    codes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Project:
    """A whole project. ``media`` (pictures, PDF, sound, film), ``links`` and ``graphs`` are kept as the XML they came as, and written back unchanged.

    ``files``: what the archive holds beside the texts, name to bytes.
    """

    name: str
    origin: str = ""
    stamp: Stamp = Stamp()
    base_path: str = ""
    users: tuple[User, ...] = ()
    codes: tuple[QdaCode, ...] = ()
    variables: tuple[Variable, ...] = ()
    cases: tuple[Case, ...] = ()
    sources: tuple[Source, ...] = ()
    notes: tuple[Source, ...] = ()
    sets: tuple[CodeSet, ...] = ()
    description: str | None = None
    project_notes: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    graphs: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
