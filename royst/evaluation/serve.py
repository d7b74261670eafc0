"""What fieldwork needs before the first person answers: the wave, how it is asked, its keys and where things are kept. Knows nothing of the web.

``waves/<wave>/asking.toml`` holds what people decide about asking; every line has a default. ``server/<wave>/`` holds what fieldwork makes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from royst.collect.codes import Codes, derived
from royst.errors import Fault, Faults, InputError, wrong
from royst.evaluation import keys
from royst.study import folder, xlsform
from royst.study.folder import Study
from royst.study.instrument import Instrument, Item

Said = dict[str, str]
"""The same words by language."""

SOUNDS = {".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".ogg": "audio/ogg", ".opus": "audio/ogg", ".wav": "audio/wav"}
"""Recordings that browsers play, by ending."""


class Asking(BaseModel):
    """``asking.toml``: how one wave is asked. Texts are by language; where one is missing, the server's own words stand.

    ``address``: the site's own address (https://…), which QR codes carry. ``opens``, ``closes``: the first and the last day on which somebody may begin. ``short``: items of the short route. ``free_text``: whether questions of type
    text are asked. ``results``: when and where results come; ``results_address`` is its link. ``leave_to``: where *leave this site* leads.
    ``words``: the server's own words in languages that it does not have.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    address: str = "http://127.0.0.1:8000"
    opens: date | None = None
    closes: date | None = None
    consent: Said = Field(default_factory=dict)
    consent_version: str = "1"
    who: Said = Field(default_factory=dict)
    short: list[str] = Field(default_factory=list)
    free_text: bool = False
    results: Said = Field(default_factory=dict)
    results_address: str = ""
    leave_to: str = "https://www.yr.no/"
    contact: str = ""
    words: dict[str, Said] = Field(default_factory=dict)


@dataclass(frozen=True)
class Fieldwork:
    """One wave in the field. ``key`` is the study's own; ``public`` the key that answers are sealed to."""

    study: Study
    wave: str
    asking: Asking
    key: bytes
    public: bytes
    sounds: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def instrument(self) -> Instrument:
        return self.study.instruments[self.wave]

    @property
    def languages(self) -> tuple[str, ...]:
        return self.instrument.languages

    @property
    def units(self) -> tuple[str, ...]:
        """The units that took part in the sample, or all of the frame where nothing is drawn; empty where the study has none."""
        if self.wave in self.study.samples:
            from royst.study.units import took_part

            return tuple(took_part(self.study.samples[self.wave])["unit"].to_list())
        frame = self.study.frame_of(self.wave)
        return () if frame is None else tuple(frame["unit"].to_list())

    @cached_property
    def asked(self) -> tuple[Item, ...]:
        """The items that are put to people: no calculations, and no free text unless the study asks for it."""
        return tuple(
            item
            for item in self.instrument.items
            if not item.calculation and (item.kind != "text" or self.asking.free_text)
        )

    @property
    def database(self) -> Path:
        """The answers in SQLite; with PostgreSQL the file is not there."""
        return home(self.study, self.wave) / "answers.sqlite"

    @property
    def codes(self) -> Codes:
        return Codes(home(self.study, self.wave) / "codes.sqlite", self.key, self.wave)

    def sound(self, item: str, language: str) -> Path | None:
        """The recording of a question in a language: a file of ``waves/<wave>/media/`` that the questionnaire names in ``media::audio``; None where there is none."""
        name = self.sounds.get((item, language)) or self.sounds.get((item, ""))
        return self.study.folder.wave(self.wave) / "media" / name if name else None

    def derived(self, purpose: str) -> bytes:
        return derived(self.key, f"{purpose} {self.wave}")


def home(study: Study, wave: str) -> Path:
    """The folder of what a wave's fieldwork makes."""
    return study.folder.root / "server" / wave


def public_key(study: Study, wave: str) -> Path:
    return home(study, wave) / "public.key"


def prepare(root: Path, wave: str) -> Fieldwork:
    """Read the study and all that fieldwork needs. Raises ``InputError`` with every fault; a wave without keys says how to make them."""
    study = folder.read(root)
    study.require(wave)
    asking = read_asking(study, wave)
    return Fieldwork(study, wave, asking, keys.key(study.folder), read_public(study, wave), read_sounds(study, wave))


def read_sounds(study: Study, wave: str) -> dict[tuple[str, str], str]:
    """The recordings that the questionnaire names: (item, language) to the file's name; the language is empty for ``media::audio`` without one.

    Raises ``InputError`` naming each that is not in ``waves/<wave>/media/``, is no sound, or would lead out of that folder.
    """
    path = study.folder.questionnaire(wave)
    name, faults = study.folder.within(path), Faults()
    form = xlsform.read(path, name, faults)
    found: dict[tuple[str, str], str] = {}
    if form is None:
        return found
    for column in form.survey.columns:
        kind, _, said = column.partition("::")[2].partition("::")
        if column.partition("::")[0] != "media" or kind.strip().lower() != "audio":
            continue
        for row in form.survey.rows:
            file = row[column]
            if not file:
                continue
            if Path(file).suffix.lower() not in SOUNDS or Path(file).name != file:
                faults.add("not-a-sound", f"{file!r} is no file name of a sound", f"name a file that ends in {', '.join(SOUNDS)}", file=name, row=row.number, column=column)
            elif not (study.folder.wave(wave) / "media" / file).is_file():
                faults.add("missing-file", f"there is no file media/{file}", f"put it into waves/{wave}/media", file=name, row=row.number, column=column)
            else:
                found[row["name"], xlsform.language_code(said) if said else ""] = file
    faults.stop()
    return found


def read_public(study: Study, wave: str) -> bytes:
    """The public key of a wave's answers."""
    path = public_key(study, wave)
    try:
        found = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        todo = "make it with the two people who will hold its private half: royst keys DIR --wave W --first FILE --second FILE"
        raise wrong(
            "no-public-key", f"wave {wave} has no key to seal its answers to", todo, file=study.folder.within(path)
        ) from None
    except ValueError:
        found = b""
    if len(found) != 32:
        raise wrong(
            "key-damaged",
            "this is not a public key of 64 hexadecimal digits",
            "restore it from a backup; the shares of its private half name it",
            file=study.folder.within(path),
        )
    return found


def read_asking(study: Study, wave: str) -> Asking:
    """``asking.toml`` of a wave, or its defaults."""
    path = study.folder.wave(wave) / "asking.toml"
    name = study.folder.within(path)
    if not path.exists():
        return Asking()
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        asking = Asking.model_validate(content)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise wrong(
            "broken-toml", f"the file is not TOML: {error}", "mend the line; texts stand in quotation marks", file=name
        ) from None
    except ValidationError as error:
        faults = [
            Fault(
                "asking",
                one["msg"],
                "see docs/answering.md for what stands there",
                name,
                None,
                ".".join(str(part) for part in one["loc"]),
            )
            for one in error.errors()
        ]
        raise InputError(faults) from None
    _check(asking, study.instruments[wave], name)
    return asking


def _check(asking: Asking, instrument: Instrument, name: str) -> None:
    faults = Faults()
    for item in asking.short:
        if item not in instrument:
            faults.add(
                "unknown-item",
                f"the short route names {item!r}, which is no item",
                "mend the name",
                file=name,
                column="short",
            )
    if asking.opens and asking.closes and asking.closes < asking.opens:
        faults.add("not-a-period", f"the form closes on {asking.closes}, before it opens on {asking.opens}", "mend one of the days", file=name, column="closes")
    for key in ("address", "leave_to", "results_address"):
        said = getattr(asking, key)
        if said and not said.startswith(("https://", "http://")):
            faults.add("not-an-address", f"{said!r} is no web address", "write it with https://", file=name, column=key)
    if asking.address.startswith("http://") and not asking.address.startswith(
        ("http://127.0.0.1", "http://localhost", "http://[::1]")
    ):
        faults.add(
            "not-encrypted",
            "the site's address does not start with https://",
            "answers must not cross a network in the clear; see docs/answering.md",
            file=name,
            column="address",
        )
    faults.stop()
