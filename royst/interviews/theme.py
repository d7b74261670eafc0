"""Themes: what the codes add up to, with memos, and how many of the participants speak of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from royst.errors import Faults
from royst.interviews import transcript as transcripts
from royst.interviews.codebook import Codebook
from royst.interviews.coding import CONSENSUS, Coding, read_codings, round_named, rounds
from royst.interviews.store import Store, checked_id
from royst.interviews.transcript import Transcript

FILE = "themes.json"
Stance = Literal["confirms", "widens", "contradicts"]
Says = Literal["good", "poor", ""]
STANCES: tuple[Stance, ...] = ("confirms", "widens", "contradicts")
SAYS: tuple[Says, ...] = ("good", "poor", "")


@dataclass(frozen=True)
class Joint:
    """How a theme stands to one item of the questionnaire: a person's reading, for the joint display.

    ``says``: whether the talk is of something good or something poor (empty: of both); with it, a release holds the stance against the survey's estimate.
    ``text`` is what the interviews say of it, by language; the theme's summary where it is empty.
    """

    stance: Stance
    says: Says = ""
    text: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Theme:
    """``codes`` count with all below them. ``themes`` and ``items`` are the questionnaire's, which the joint display sets beside it.

    ``joint``: item of the questionnaire to how the talk stands to what was ticked; a bare stance may be given.
    ``name`` and ``summary`` are by language; ``memo`` is the researchers' own and is never published.
    """

    id: str
    name: Mapping[str, str]
    codes: tuple[str, ...]
    summary: Mapping[str, str]
    memo: str = ""
    joint: Mapping[str, Joint] = field(default_factory=dict)
    themes: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    parent: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "joint", {item: _joint(given) for item, given in self.joint.items()})


def _joint(given: Joint | Mapping[str, Any] | str) -> Joint:
    """As people and programs write it: a bare stance, a table, or the thing itself."""
    if isinstance(given, Joint):
        return given
    return Joint(**given) if isinstance(given, Mapping) else Joint(given)  # type: ignore[arg-type]


def read_themes(store: Store, codebook: Codebook) -> tuple[Theme, ...]:
    """The sub-study's themes in their order. ``InputError``: ``unknown-code``, ``unknown-parent``, ``double-theme``, all at once."""
    rows: list[dict[str, Any]] = store.read_json(FILE)["themes"] if store.exists(FILE) else []
    themes = tuple(
        Theme(**{**row, **{key: tuple(row.get(key, ())) for key in ("codes", "themes", "items")}}) for row in rows
    )
    faults = Faults()
    ids = [theme.id for theme in themes]
    for number, theme in enumerate(themes, start=1):
        for code in theme.codes:
            if code not in codebook:
                faults.add(
                    "unknown-code",
                    f"theme {theme.id} holds code {code}",
                    "Name codes of the codebook.",
                    file=store.path(FILE),
                    row=number,
                )
        for item, joint in theme.joint.items():
            for given, known in ((joint.stance, STANCES), (joint.says, SAYS)):
                if given not in known:
                    faults.add(
                        "unknown-value",
                        f"theme {theme.id}: {given!r} of item {item}",
                        f"Say {', '.join(name for name in known[:-1] if name)} or {known[-1] or 'nothing'}.",
                        file=store.path(FILE),
                        row=number,
                    )
        if theme.parent is not None and (theme.parent not in ids or theme.parent == theme.id):
            faults.add(
                "unknown-parent",
                f"theme {theme.id} stands under {theme.parent}",
                "Name a theme that exists.",
                file=store.path(FILE),
                row=number,
            )
        if theme.id in ids[: number - 1]:
            faults.add(
                "double-theme",
                f"two themes have the id {theme.id}",
                "Give one another.",
                file=store.path(FILE),
                row=number,
            )
    faults.stop()
    return themes


def write_themes(store: Store, themes: Iterable[Theme]) -> None:
    kept = list(themes)
    for theme in kept:
        checked_id(theme.id, "theme")
    store.write_json(FILE, {"format": 1, "themes": [asdict(theme) for theme in kept]})


def analysed(store: Store, round: str | None = None) -> tuple[Coding, ...]:
    """The codings that the analysis stands on: of each closed round (or the one named) its consensus where it has one, else all coders'."""
    names = (
        [found.name for found in rounds(store) if not found.open] if round is None else [round_named(store, round).name]
    )
    chosen: list[Coding] = []
    for name in names:
        settled = read_codings(store, CONSENSUS, name)
        chosen += settled or [c for coder in round_named(store, name).coders for c in read_codings(store, coder, name)]
    return tuple(c for c in chosen if c.state != "review")


@dataclass(frozen=True)
class Passages:
    """Codings with the participants whose words they are on; codings on the interviewer's words alone are left out.

    The same code on the same words by two coders is one passage.
    """

    rows: tuple[tuple[Coding, str], ...]
    participants: tuple[str, ...]

    def who(self, codes: Iterable[str]) -> tuple[str, ...]:
        """Participants with a passage of any of these codes, sorted."""
        wanted = set(codes)
        return tuple(sorted({participant for coding, participant in self.rows if coding.code in wanted}))

    def of(self, codes: Iterable[str]) -> tuple[tuple[Coding, str], ...]:
        wanted = set(codes)
        return tuple((coding, participant) for coding, participant in self.rows if coding.code in wanted)


def spoken(store: Store, codings: Sequence[Coding], codebook: Codebook, participants: Iterable[str]) -> Passages:
    """Passages of the given participants (those whose consent stands). Merged codes count as what they are read as."""
    allowed = set(participants)
    texts: dict[str, Transcript] = {id: transcripts.latest(store, id) for id in {c.transcript for c in codings}}
    seen: dict[tuple[str, int, int, str, str], tuple[Coding, str]] = {}
    for coding in sorted(codings, key=lambda c: (c.transcript, c.start, c.end, c.code, c.coder, c.id)):
        code = codebook.resolve(coding.code)
        for participant in texts[coding.transcript].participant_at(coding.start, coding.end):
            if participant in allowed:
                key = (coding.transcript, coding.start, coding.end, code, participant)
                seen.setdefault(key, (Coding(**{**asdict(coding), "code": code}), participant))
    return Passages(tuple(seen.values()), tuple(sorted(allowed)))


def codes_of(theme: Theme, codebook: Codebook) -> tuple[str, ...]:
    """The theme's codes with all below them, read as they are today."""
    return tuple(sorted({codebook.resolve(inner) for code in theme.codes for inner in codebook.branch(code)}))
