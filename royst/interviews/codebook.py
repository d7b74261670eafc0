"""The codebook: codes in a hierarchy, each with what it means, what belongs and what does not, an example, and every change with who and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from royst.errors import Faults, wrong
from royst.interviews.store import Store, checked_id, field_faults

FILE = "codebook.json"
What = Literal["added", "changed", "retired", "merged"]


@dataclass(frozen=True)
class Code:
    """One code. ``themes`` and ``items`` link it to the questionnaire's; ``guid`` is kept from the tool it was imported from.

    A ``retired`` code takes no new codings; one ``merged_into`` another is read as that one.
    """

    id: str
    name: str
    parent: str | None = None
    definition: str = ""
    include: str = ""
    exclude: str = ""
    example: str = ""
    memo: str = ""
    color: str = ""
    codable: bool = True
    themes: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    guid: str = ""
    retired: bool = False
    merged_into: str | None = None


@dataclass(frozen=True)
class Change:
    """One step of a codebook's history. ``on`` is an ISO date given by the caller; ``before`` and ``after`` hold only what changed."""

    code: str
    what: What
    by: str
    on: str
    why: str = ""
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Codebook:
    """Codes in the order people put them. Every operation gives a new codebook with one more step of history."""

    codes: tuple[Code, ...] = ()
    history: tuple[Change, ...] = ()

    def __iter__(self) -> Iterator[Code]:
        return iter(self.codes)

    def __getitem__(self, id: str) -> Code:
        for code in self.codes:
            if code.id == id:
                return code
        raise wrong(
            "unknown-code", f"there is no code {id}", f"There are: {', '.join(c.id for c in self.codes) or 'none'}."
        )

    def __contains__(self, id: object) -> bool:
        return any(code.id == id for code in self.codes)

    def children(self, id: str | None) -> tuple[Code, ...]:
        return tuple(code for code in self.codes if code.parent == id)

    def branch(self, id: str) -> tuple[str, ...]:
        """The code and all below it, parents before children."""
        below = tuple(inner for child in self.children(id) for inner in self.branch(child.id))
        return (self[id].id, *below)

    def path(self, id: str) -> tuple[str, ...]:
        """Names from the top of the hierarchy down to the code."""
        code = self[id]
        return (*(self.path(code.parent) if code.parent else ()), code.name)

    def resolve(self, id: str) -> str:
        """The code that this one is read as today, through every merging."""
        code = self[id]
        return self.resolve(code.merged_into) if code.merged_into else code.id

    def takes(self, id: str) -> Code:
        """The code, where it may be put on words; else ``InputError``: ``unknown-code``, ``code-not-codable``, ``code-retired``."""
        code = self[id]
        if not code.codable:
            raise wrong("code-not-codable", f"{code.name} only groups codes", "Choose one of the codes below it.")
        if code.retired or code.merged_into:
            raise wrong(
                "code-retired",
                f"{code.name} is no longer in use",
                f"Use {self.resolve(id)}." if code.merged_into else "Choose another code.",
            )
        return code

    def add(self, code: Code, *, by: str, on: str, why: str = "") -> Codebook:
        """With one code more. ``InputError`` as ``check`` says."""
        checked_id(code.id, "code")
        after = {
            key: value for key, value in asdict(code).items() if key != "id" and value not in ("", None, (), False)
        }
        return replace(
            self, codes=(*self.codes, code), history=(*self.history, Change(code.id, "added", by, on, why, {}, after))
        ).checked()

    def change(self, id: str, *, by: str, on: str, why: str = "", what: What = "changed", **fields: Any) -> Codebook:
        """With fields of one code changed: its name, parent, definition and so on; never its id."""
        old = self[id]
        new = replace(old, **fields)
        if new.id != old.id:
            raise ValueError("a code keeps its id")
        changed = [key for key, value in asdict(new).items() if value != asdict(old)[key]]
        if not changed:
            return self
        step = Change(id, what, by, on, why, {k: asdict(old)[k] for k in changed}, {k: asdict(new)[k] for k in changed})
        codes = tuple(new if code.id == id else code for code in self.codes)
        return replace(self, codes=codes, history=(*self.history, step)).checked()

    def retire(self, id: str, *, by: str, on: str, why: str = "") -> Codebook:
        return self.change(id, by=by, on=on, why=why, what="retired", retired=True)

    def merge(self, id: str, into: str, *, by: str, on: str, why: str = "") -> Codebook:
        """With one code read as another from now on; its codings stay as they were made. Its children move to the other."""
        if id == into or id in _ancestors(self, into):
            raise wrong(
                "merge-into-itself", f"{id} cannot be merged into {into}", "Merge into a code outside its own branch."
            )
        merged = self.change(id, by=by, on=on, why=why, what="merged", merged_into=self.resolve(into))
        for child in self.children(id):
            merged = merged.change(child.id, by=by, on=on, why=why, parent=self.resolve(into))
        return merged

    def check(self, themes: Collection[str] | None = None, items: Collection[str] | None = None) -> Faults:
        """Every fault: ``double-code``, ``double-name`` (among siblings), ``unknown-parent``, ``circular-codes``, and links to what is not asked."""
        faults, ids = Faults(), [code.id for code in self.codes]
        names: set[tuple[str | None, str]] = set()
        for row, code in enumerate(self.codes, start=1):
            if ids.count(code.id) > 1 and ids.index(code.id) < row - 1:
                faults.add(
                    "double-code", f"two codes have the id {code.id}", "Give one another id.", file=FILE, row=row
                )
            key = (code.parent, code.name.casefold())
            if key in names and not (code.retired or code.merged_into):
                faults.add(
                    "double-name",
                    f"two codes at one place are called {code.name}",
                    "Name one otherwise, or merge them.",
                    file=FILE,
                    row=row,
                )
            names.add(key)
            if code.parent is not None and code.parent not in ids:
                faults.add(
                    "unknown-parent",
                    f"{code.id} stands under {code.parent}, which is no code",
                    "Name a code that exists.",
                    file=FILE,
                    row=row,
                )
            elif code.id in _ancestors(self, code.id):
                faults.add(
                    "circular-codes", f"{code.id} stands under itself", "Move it to another place.", file=FILE, row=row
                )
            for kind, linked, known in (("theme", code.themes, themes), ("item", code.items, items)):
                for name in linked:
                    if known is not None and name not in known:
                        faults.add(
                            f"unknown-{kind}", f"{code.id} is linked to {kind} {name}, which the study has not",
                            "Name it as the questionnaire does.", file=FILE, row=row, column=f"{kind}s",
                        )  # fmt: skip
        return faults

    def checked(self) -> Codebook:
        self.check().stop()
        return self


def _ancestors(codebook: Codebook, id: str) -> tuple[str, ...]:
    """Codes above this one, nearest first; stops where the chain closes on itself."""
    parents = {code.id: code.parent for code in codebook.codes}
    above: list[str] = []
    at = parents.get(id)
    while at is not None and at in parents and at not in above:
        above.append(at)
        at = parents[at]
    return tuple(above)


class _CodeRow(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
    name: str = Field(min_length=1)
    parent: str | None = None
    definition: str = ""
    include: str = ""
    exclude: str = ""
    example: str = ""
    memo: str = ""
    color: str = Field(default="", pattern=r"^(#[0-9A-Fa-f]{6})?$")
    codable: bool = True
    themes: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    guid: str = ""
    retired: bool = False
    merged_into: str | None = None


class _ChangeRow(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: str
    what: What
    by: str
    on: str
    why: str = ""
    before: dict[str, Any] = Field(default_factory=dict)
    after: dict[str, Any] = Field(default_factory=dict)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal[1]
    codes: list[_CodeRow]
    history: list[_ChangeRow] = Field(default_factory=list)


def read_codebook(
    store: Store, themes: Collection[str] | None = None, items: Collection[str] | None = None
) -> Codebook:
    """The sub-study's codebook; an empty one where none was begun. All faults at once."""
    if not store.exists(FILE):
        return Codebook()
    try:
        file = _File.model_validate(store.read_json(FILE))
    except ValidationError as error:
        raise field_faults(error, "codebook-field", store.path(FILE)) from None
    codebook = Codebook(
        tuple(Code(**row.model_dump()) for row in file.codes), tuple(Change(**row.model_dump()) for row in file.history)
    )
    codebook.check(themes, items).stop()
    return codebook


def write_codebook(store: Store, codebook: Codebook) -> None:
    """Write ``codebook.json``, leaving out what is empty."""
    codes = [
        {
            key: value
            for key, value in asdict(code).items()
            if key in ("id", "name") or value not in ("", None, (), False)
        }
        for code in codebook
    ]
    for row, code in zip(codes, codebook, strict=True):
        row.pop("codable", None)
        if not code.codable:
            row["codable"] = False
    store.write_json(FILE, {"format": 1, "codes": codes, "history": [asdict(change) for change in codebook.history]})
