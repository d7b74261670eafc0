"""Between a sub-study and a REFI-QDA project: transcripts, codes, codings with their coders and memos, themes as sets, participants as cases."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from royst.errors import Fault, Faults
from royst.interviews import qda
from royst.interviews import transcript as transcripts
from royst.interviews.codebook import Change, Code, Codebook, read_codebook, write_codebook
from royst.interviews.coding import Coding, Round, coding_id, files, read_codings, rounds, write_codings, write_rounds
from royst.interviews.qdpx import Imported, write_qdpx
from royst.interviews.store import Store
from royst.interviews.substudy import Substudy
from royst.interviews.text import normalise
from royst.interviews.theme import FILE as THEMES
from royst.interviews.theme import Theme, write_themes
from royst.interviews.transcript import Transcript, find_turns
from royst.interviews.withdrawal import EXPORTS

_FIELDS = {"include": "Include", "exclude": "Exclude", "example": "Example", "memo": "Memo"}
_LABEL = re.compile(r"^(Include|Exclude|Example|Memo): ", re.M)


def described(code: Code) -> str:
    """A code's definition with what belongs, what does not, an example and a memo as labelled lines: what the exchange formats have room for."""
    lines = [code.definition] if code.definition else []
    lines += [f"{label}: {getattr(code, field)}" for field, label in _FIELDS.items() if getattr(code, field)]
    return "\n".join(lines)


def undescribed(description: str) -> dict[str, str]:
    """The fields of ``described``; a description of other programs is all definition."""
    places = [*_LABEL.finditer(description)]
    fields = {"definition": description[: places[0].start() if places else len(description)].strip()}
    for place, match in enumerate(places):
        stop = places[place + 1].start() if place + 1 < len(places) else len(description)
        fields[match.group(1).lower()] = description[match.end() : stop].strip()
    return fields


def codes_out(codebook: Codebook, parent: str | None = None) -> tuple[qda.QdaCode, ...]:
    """The codebook as the exchange format's codes; GUIDs that came from another program are given back."""
    return tuple(
        qda.QdaCode(
            _guid(code), code.name, code.codable, code.color, described(code) or None, (), codes_out(codebook, code.id)
        )
        for code in codebook.children(parent)
    )  # fmt: skip


def _guid(code: Code) -> str:
    return code.guid or qda.guid_of("code", code.id)


def to_project(substudy: Substudy, codebook: Codebook, themes: Sequence[Theme], *, name: str) -> qda.Project:
    """The sub-study as a project. All closed rounds with all coders, and the consensus as one more; a coder of two rounds is two users (``id`` is coder/round).

    Codings that wait for a place stay behind. The file holds people's words in the open: keep it as such.
    """
    store = substudy.store
    texts = [transcripts.latest(store, id) for id in transcripts.ids(store)]
    closed = {found.name for found in rounds(store) if not found.open}
    sets = [(coder, round) for coder, round in files(store) if round in closed]
    codings = [c for coder, round in sets for c in read_codings(store, coder, round) if c.state != "review"]
    users = tuple(qda.User(_user(coder, round), coder, f"{coder}/{round}") for coder, round in sets)
    guids = {code.id: _guid(code) for code in codebook}
    notes = tuple(_note(c) for c in codings if c.memo)
    sources = tuple(_source(t, [c for c in codings if c.transcript == t.id], guids) for t in texts)
    names = list(substudy.file.attributes)
    return qda.Project(
        name=name,
        origin="Røyst",
        users=users,
        codes=codes_out(codebook),
        variables=tuple(qda.Variable(qda.guid_of("variable", n), n, "Text") for n in names),
        cases=tuple(
            qda.Case(
                qda.guid_of("case", p.id), p.id, None, (),
                tuple(qda.VariableValue(qda.guid_of("variable", n), "TextValue", p.attributes[n]) for n in names if n in p.attributes),
                tuple(qda.guid_of("transcript", t.id) for t in texts if p.id in t.participants),
            )
            for p in substudy.participants
        ),
        sources=sources,
        notes=notes,
        sets=tuple(
            qda.CodeSet(qda.guid_of("theme", t.id), next(iter(t.name.values())), next(iter(t.summary.values()), None), tuple(guids[c] for c in t.codes))
            for t in themes
        ),
    )  # fmt: skip


def _user(coder: str, round: str) -> str:
    return qda.guid_of("user", coder, round)


def _note(coding: Coding) -> qda.Source:
    stamp = qda.Stamp(_user(coding.coder, coding.round))
    return qda.Source(qda.guid_of("memo", coding.id, coding.round), f"Memo {coding.id}", coding.memo, True, stamp=stamp)


def _source(transcript: Transcript, codings: Sequence[Coding], guids: Mapping[str, str]) -> qda.Source:
    by_place: dict[tuple[int, int], list[Coding]] = {}
    for coding in sorted(codings, key=lambda c: (c.start, c.end, c.coder, c.round, c.code)):
        by_place.setdefault((coding.start, coding.end), []).append(coding)
    selections = tuple(
        qda.Selection(
            qda.guid_of("selection", transcript.id, str(start), str(end)), start, end, _named(transcript.text[start:end]),
            codings=tuple(
                qda.QdaCoding(
                    qda.guid_of("coding", c.id, c.round), guids[c.code], _user(c.coder, c.round), f"{c.on}T00:00:00Z" if c.on else "",
                    (qda.guid_of("memo", c.id, c.round),) if c.memo else (),
                )
                for c in here
            ),
        )
        for (start, end), here in by_place.items()
    )  # fmt: skip
    return qda.Source(qda.guid_of("transcript", transcript.id), transcript.id, transcript.text, selections=selections)


def _named(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= 80 else line[:79] + "…"


def export_qdpx(
    substudy: Substudy, codebook: Codebook, themes: Sequence[Theme], path: Path, *, name: str, on: str
) -> None:
    """Write the project file and remember that it was written, so that a withdrawal can say where words may still be."""
    write_qdpx(to_project(substudy, codebook, themes, name=name), path)
    store = substudy.store
    row = {"file": Path(path).name, "on": on, "transcripts": list(transcripts.ids(store))}
    store.write_lines(EXPORTS, [*store.read_lines(EXPORTS), row])


@dataclass(frozen=True)
class Arrived:
    """What was imported: GUIDs to our ids, cases' variables as attributes by the case's name, and what could not come along."""

    transcripts: Mapping[str, str]
    codes: Mapping[str, str]
    coders: Mapping[str, str]
    attributes: Mapping[str, Mapping[str, str]]
    warnings: tuple[Fault, ...]


def from_project(store: Store, imported: Imported, *, round: str, by: str, on: str) -> Arrived:
    """Take a project into a sub-study: texts as transcripts, codes into the codebook, codings into a closed round, sets as themes.

    A user whose ``id`` is coder/round (as we write) goes to that round, every other user to ``round``. Nothing is written unless all of it can be:
    ``InputError`` ``already-there`` (transcripts), ``double-round``, and the codebook's. Texts that the file has not, selections without a place, and
    sound, film, pictures and PDF do not come along; each is told.
    """
    project, faults = imported.project, Faults(list(imported.warnings))
    texts = [source for source in project.sources if source.text is not None and source.text.strip()]
    ids = _ids({s.guid: s.name or s.guid for s in texts}, "text", taken=())
    codebook, codes = _codes_in(read_codebook(store), project.codes, by, on)
    users = {user.guid: _coder(user, round) for user in project.users}
    coders = _ids({guid: name for guid, (name, _) in users.items()}, "coder", taken=(), merge=True)
    made = {ids[s.guid]: _codings_in(s, ids[s.guid], project, codes, users, coders, round, faults) for s in texts}
    used = {(c.coder, c.round) for codings in made.values() for c in codings}
    for id in ids.values():
        if transcripts.versions(store, id):
            faults.add(
                "already-there", f"transcript {id} exists", "Import into an empty sub-study, or rename the text."
            )
    for name in sorted({r for _, r in used}):
        if any(found.name == name for found in rounds(store)):
            faults.add("double-round", f"there is a round {name}", "Give the imported round another name.")
    if project.media:
        faults.add(
            "media-left",
            f"{len(project.media)} sources are sound, film, pictures or PDF",
            "Import their texts as transcripts.",
            level="warning",
        )
    faults.stop()
    cases = _attributes(project)
    for source in texts:
        transcripts.add(store, ids[source.guid], source.text or "", voices=_voices(source, project), kind="qdpx")
    write_codebook(store, codebook)
    for coder, name in sorted(used):
        write_codings(
            store, coder, name, [c for codings in made.values() for c in codings if (c.coder, c.round) == (coder, name)]
        )
    _rounds_in(store, used, list(ids.values()))
    if project.sets and not store.exists(THEMES):
        _themes_in(store, project.sets, codes)
    return Arrived(ids, codes, {guid: coders[guid] for guid in users}, cases, tuple(faults))


def from_codebook(store: Store, codes: Sequence[qda.QdaCode], *, by: str, on: str) -> int:
    """Take a codebook's codes; gives how many were new. A code with the same GUID is the same code, and is left as it is."""
    before = read_codebook(store)
    after, _ = _codes_in(before, codes, by, on)
    write_codebook(store, after)
    return len(after.codes) - len(before.codes)


def _voices(source: qda.Source, project: qda.Project) -> dict[str, str]:
    """Who speaks, where the project says it: one case alone stands behind the text, and one label alone is not an interviewer's."""
    cases = [case.name for case in project.cases if source.guid in case.sources and case.name]
    labels = {turn.speaker for turn in find_turns(normalise(source.text or "")) if turn.speaker}
    spoken = sorted(labels - {"I", "Intervjuer", "Interviewer", "Moderator"})
    return {spoken[0]: cases[0]} if len(cases) == 1 and len(spoken) == 1 else {}


def _coder(user: qda.User, round: str) -> tuple[str, str]:
    name, _, other = user.id.partition("/")
    ours = re.fullmatch(r"[A-Za-z0-9_-]+/[A-Za-z0-9_-]+", user.id)
    return (name, other) if ours else (user.name or user.id or user.guid, round)


def _ids(names: Mapping[str, str], what: str, taken: Iterable[str], merge: bool = False) -> dict[str, str]:
    """A safe id for each name, different ones for different names (and for the same name twice, unless ``merge``)."""
    found: dict[str, str] = {}
    used = set(taken)
    by_name: dict[str, str] = {}
    for guid, name in names.items():
        if merge and name in by_name:
            found[guid] = by_name[name]
            continue
        plain = unicodedata.normalize(
            "NFKD", name.replace("ø", "o").replace("Ø", "O").replace("æ", "ae").replace("Æ", "AE")
        )
        base = re.sub(r"[^A-Za-z0-9]+", "-", plain.encode("ascii", "ignore").decode()).strip("-")[:56] or what
        id, number = base, 2
        while id in used:
            id, number = f"{base}-{number}", number + 1
        used.add(id)
        found[guid] = by_name[name] = id
    return found


def _codes_in(codebook: Codebook, codes: Sequence[qda.QdaCode], by: str, on: str) -> tuple[Codebook, dict[str, str]]:
    """The codebook with the project's codes; a code with the same GUID is the same code."""
    flat: list[tuple[qda.QdaCode, str | None]] = []

    def walk(level: Sequence[qda.QdaCode], parent: str | None) -> None:
        for code in level:
            flat.append((code, parent))
            walk(code.children, code.guid)

    walk(codes, None)
    known = {_guid(code): code.id for code in codebook}
    ids = known | _ids({c.guid: c.name for c, _ in flat if c.guid not in known}, "code", [code.id for code in codebook])
    added, history, names = [], [], {(code.parent, code.name.casefold()) for code in codebook}
    for code, parent in flat:
        if code.guid in known:
            continue
        under = ids[parent] if parent else None
        name, number = code.name, 2
        while (under, name.casefold()) in names:
            name, number = f"{code.name} ({number})", number + 1
        names.add((under, name.casefold()))
        color = code.color if len(code.color) in (0, 7) else "#" + "".join(2 * digit for digit in code.color[1:])
        plain = Code(ids[code.guid], name, under, color=color, codable=code.codable, guid=code.guid)
        said = undescribed(code.description or "")
        added.append(replace(plain, **said))  # type: ignore[arg-type]
        history.append(Change(ids[code.guid], "added", by, on, "imported"))
    return Codebook((*codebook.codes, *added), (*codebook.history, *history)).checked(), ids


def _codings_in(
    source: qda.Source, id: str, project: qda.Project, codes: Mapping[str, str], users: Mapping[str, tuple[str, str]], coders: Mapping[str, str],
    round: str, faults: Faults,
) -> list[Coding]:  # fmt: skip
    text = source.text or ""
    notes = {note.guid: note.text or "" for note in project.notes}
    found: dict[str, Coding] = {}
    for selection in source.selections:
        if not selection.placed or selection.start == selection.end:
            if selection.codings:
                faults.add(
                    "selection-left", f"a selection of {id} has no words", "Code it again by hand.", level="warning"
                )
            continue
        start, end = nfc_place(text, selection.start, -1), nfc_place(text, selection.end, 1)
        for coding in selection.codings:
            if coding.code not in codes:
                faults.add(
                    "coding-left",
                    f"a coding of {id} names no code of the project",
                    "Code it again by hand.",
                    level="warning",
                )
                continue
            _, name = users.get(coding.user, ("", round))
            coder = coders.get(coding.user, "unknown")
            memo = "\n".join(notes[guid] for guid in (*coding.notes, *selection.notes) if guid in notes)
            made = coding_id(coder, name, id, 1, start, end, codes[coding.code])
            found[made] = Coding(made, id, 1, start, end, codes[coding.code], coder, name, memo, coding.created[:10])
    return list(found.values())


def nfc_place(text: str, place: int, way: int) -> int:
    """A place in the text as a place in its NFC form. Where the cut would part a letter from its marks, it moves out to the letter's edge (``way`` −1 or 1)."""
    whole = normalise(text)
    if whole == text:
        return place
    while 0 < place < len(text):
        head = unicodedata.normalize("NFC", text[:place])
        if head + unicodedata.normalize("NFC", text[place:]) == whole:
            return len(head)
        place += way
    return 0 if place <= 0 else len(whole)


def _rounds_in(store: Store, used: Iterable[tuple[str, str]], ids: Sequence[str]) -> None:
    by_round: dict[str, list[str]] = {}
    for coder, name in sorted(used):
        by_round.setdefault(name, []).append(coder)
    made = [
        Round(name, tuple(c for c in coders if c != "consensus"), tuple(ids), open=False)
        for name, coders in by_round.items()
    ]
    write_rounds(store, [*rounds(store), *made])


def _themes_in(store: Store, sets: Sequence[qda.CodeSet], codes: Mapping[str, str]) -> None:
    ids = _ids({one.guid: one.name for one in sets}, "theme", ())
    themes = [
        Theme(
            ids[one.guid],
            {"nb": one.name},
            tuple(codes[c] for c in one.codes if c in codes),
            {"nb": one.description or ""},
        )
        for one in sets
        if one.codes
    ]
    write_themes(store, themes)


def _attributes(project: qda.Project) -> dict[str, dict[str, str]]:
    names = {variable.guid: variable.name for variable in project.variables}
    return {
        case.name or case.guid: {names[v.variable]: v.value for v in case.values if v.variable in names}
        for case in project.cases
    }
