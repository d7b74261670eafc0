"""The two sub-studies as folders of a study: made from passages written by hand, put together by SHA-256, coded by two, settled, themed and quoted.

No one has said any of it. The first line of every transcript says so, and so does ``synthetic = true``.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from royst.interviews import coding as cod
from royst.interviews import consensus, quotes, transcript
from royst.interviews.codebook import Code, Codebook, write_codebook
from royst.interviews.store import Store
from royst.interviews.substudy import Substudy, read_substudy, write_table
from royst.interviews.theme import Joint, Theme, write_themes

SUBSTUDIES = ("65plus", "18-23")
CODERS = ("k1", "k2")
APPROVER = "k3"
ROUND = "r1"
SAYS = "SYNTETISK INTERVJU. Oppdiktet person, oppdiktede ord."
_PLACES = ("by-a", "by-b", "by-c")
_SERVICES = ("dag", "hjem", "behandling")
_REASONS = ("orket", "opptak", "tid")
_DATE = "2019-11-15"
QUOTES_A_VOICE = 2
_README = """# Syntetisk delstudie

Alt i denne mappa er laget for Røysts referansestudie: personene, ordene, kodene og sitatene er oppdiktet. Ingen har sagt det som står her.

Everything in this folder was made for Røyst's reference study: the people, the words, the codes and the quotes are invented. No one has said what stands here.
"""


def write(root: Path) -> tuple[Substudy, ...]:
    """Write both sub-studies into ``root/interviews`` of a study folder; the same files on every run. Gives them read back and checked."""
    return tuple(_substudy(root / "interviews" / name, name) for name in SUBSTUDIES)


def _chance(*what: object) -> float:
    """A number from 0 to 1 that is always the same for the same thing."""
    return int.from_bytes(hashlib.sha256("\x1f".join(str(w) for w in what).encode()).digest()[:7], "big") / 2**56


def _pick(options: Sequence[Any], *what: object) -> Any:
    return options[int(_chance(*what) * len(options))]


def _substudy(folder: Path, name: str) -> Substudy:
    data = tomllib.loads(resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))
    store = Store(folder)
    people = list(_people(name, data))
    store.write("README.md", _README)
    store.write("substudy.toml", _settings(name, data))
    attributes = ["sex", "group", "age", "service", "town"]
    write_table(
        store, "participants.csv", ["participant", *attributes, "guide", "minutes", "recorded", "others"], people
    )
    write_table(store, "asked.csv", ["contact", "outcome", "reason", *attributes], list(_asked(name, data, people)))
    consents = [
        {
            "participant": p["participant"],
            "version": "1",
            "given": "2019-10-01",
            "quotes": "yes" if _chance(name, p["participant"], "quote") < 0.9 else "no",
        }
        for p in people
    ]
    write_table(store, "consents.csv", ["participant", "version", "given", "quotes", "withdrawn"], consents)
    book = _codebook(data)
    write_codebook(store, book)
    places = {p["participant"]: _interview(store, name, data, p["participant"]) for p in people}
    _code(store, book, name, places)
    _settle(store)
    write_themes(store, _themes(data))
    substudy = read_substudy(store)
    _quotes(substudy, data, places)
    return substudy


def _people(name: str, data: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Participants in turn over the quota's cells, so that every cell is filled about evenly."""
    for n in range(data["participants"]):
        yield {
            "participant": f"{'e' if name == '65plus' else 'u'}{n + 1:02d}",
            "sex": "km"[n % 2 if n % 5 else 1],
            "group": "alle",
            "age": "ab"[(n // 2) % 2],
            "service": _SERVICES[n % 3],
            "town": _PLACES[(n // 4) % 3],
            "guide": "1" if n < 2 else "2",
            "minutes": str(35 + int(55 * _chance(name, n, "minutes"))),
            "recorded": "yes",
            "others": "støtteperson" if _chance(name, n, "others") < 0.1 else "",
        }


def _asked(name: str, data: Mapping[str, Any], people: Sequence[Mapping[str, str]]) -> Iterator[dict[str, str]]:
    for n in range(data["asked"]):
        known = people[n % len(people)]
        row = {"contact": str(n + 1), **{key: known[key] for key in ("sex", "group", "age", "service", "town")}}
        if n < len(people):
            yield {**row, "outcome": "agreed"}
        elif _chance(name, n, "reached") < 0.3:
            yield {**row, "outcome": "not reached"}
        else:
            yield {
                **row,
                "outcome": "declined",
                "reason": _pick(_REASONS, name, n, "reason"),
            }


def _codebook(data: Mapping[str, Any]) -> Codebook:
    book = Codebook()
    for id, name in data["groups"].items():
        book = book.add(Code(id, name, codable=False), by="k1", on="2019-10-20")
    for voice in data["voices"]:
        book = book.add(
            Code(
                voice["id"], voice["name"], voice["group"], voice["definition"], voice["include"], voice["exclude"], example=voice["said"][0],
                themes=tuple(voice["themes"]),
            ),
            by="k1", on="2019-10-20",
        )  # fmt: skip
    return book


_Place = tuple[str, int, int]


def _interview(store: Store, name: str, data: Mapping[str, Any], who: str) -> tuple[_Place, ...]:
    """One conversation; gives where each voice was said: code, start, end."""
    voices = sorted(data["voices"], key=lambda v: _chance(name, who, v["id"], "order"))[
        : 5 + int(4 * _chance(name, who, "length"))
    ]
    lines = [SAYS, f"I: {data['open_question']}", f"A: {_pick(data['openings'], name, who, 'opening')}"]
    said: list[tuple[str, str]] = []
    for voice in voices:
        words = _pick(voice["said"], name, who, voice["id"])
        lines += [f"I: {voice['question']}", f"A: {words}"]
        said.append((voice["id"], words))
        if len(voice["said"]) > 1 and _chance(name, who, voice["id"], "more") < 0.25:
            more = _pick([other for other in voice["said"] if other != words], name, who, voice["id"], "more")
            lines += [f"I: {_pick(data['follow'], name, who, voice['id'])}", f"A: {more}"]
            said.append((voice["id"], more))
    lines += [f"I: {data['close_question']}", f"A: {_pick(data['closings'], name, who, 'closing')}"]
    made = transcript.add(store, who, "\n".join(lines) + "\n", voices={"A": who})
    return tuple((code, start, start + len(words)) for code, words in said for start in [made.text.index(words)])


def _code(store: Store, book: Codebook, name: str, places: Mapping[str, Sequence[_Place]]) -> None:
    """Two coders who mostly agree: the second now and then takes the first sentence alone, passes something over, or sees another code."""
    cod.open_round(store, ROUND, CODERS, sorted(places))
    own: dict[str, list[cod.Coding]] = {coder: [] for coder in CODERS}
    codable = [code.id for code in book if code.codable]
    for who, said in sorted(places.items()):
        text = transcript.latest(store, who).text
        for code, start, end in said:
            luck = _chance(name, who, code, start, "second")
            stop = re.search(r"[.?!](?= )", text[start:end])
            second = (
                None
                if luck < 0.08
                else (code, start, start + stop.end())
                if luck < 0.2 and stop
                else (code, start, end)
            )
            if second and luck > 0.95:
                second = (_pick([c for c in codable if c != code], name, who, start), start, end)
            for coder, put in zip(CODERS, ((code, start, end), second), strict=True):
                if put is not None:
                    id = cod.coding_id(coder, ROUND, who, 1, put[1], put[2], put[0])
                    own[coder].append(cod.Coding(id, who, 1, put[1], put[2], put[0], coder, ROUND, on=_DATE))
    for coder in CODERS:
        cod.write_codings(store, coder, ROUND, own[coder])
    cod.close_round(store, ROUND)


def _settle(store: Store) -> None:
    """What the first coder marked stands; what only the second saw goes. Both are named, as a consensus is."""
    made = [
        consensus.Decision(p.id, p.spans[CODERS[0]], CODERS, "drøftet") for p in consensus.disagreements(store, ROUND)
    ]
    left = consensus.settle(store, ROUND, made)
    assert not left


def _themes(data: Mapping[str, Any]) -> list[Theme]:
    """The main themes, each followed by the voices below it."""
    made = []
    for row in data["themes"]:
        joint = {item: Joint(**beside) for item, beside in row["joint"].items()}
        made.append(Theme(row["id"], row["name"], tuple(row["codes"]), row["summary"], joint=joint, themes=tuple(row["links"])))
        made += [
            Theme(voice["id"], voice["title"], (voice["id"],), voice["summary"], themes=tuple(voice["themes"]), parent=row["id"])
            for voice in data["voices"]
            if voice["group"] in row["codes"]
        ]
    return made


def _quotes(substudy: Substudy, data: Mapping[str, Any], places: Mapping[str, Sequence[_Place]]) -> None:
    """Per voice two passages of people who may be quoted and are not quoted yet, in other words; approved where no warning stands."""
    quoted: set[str] = set()
    for _ in range(QUOTES_A_VOICE):
        for voice in data["voices"]:
            said_of = {q.original for q in quotes.read_quotes(substudy.store)}
            for who, said in sorted(places.items(), key=lambda place: _chance(place[0], voice["id"], "quoted")):
                if who not in quoted and substudy.may_quote(who) and _quote(substudy, voice, who, said, said_of):
                    quoted.add(who)
                    break


def _quote(substudy: Substudy, voice: Mapping[str, Any], who: str, said: Sequence[_Place], before: set[str]) -> bool:
    """Keep and approve the person's passage of a voice, with its English; whether there was one without a warning."""
    read = transcript.latest(substudy.store, who)
    place = next(((start, end) for code, start, end in said if code == voice["id"] and read.text[start:end] not in before), None)
    if place is None:
        return False
    words = read.text[place[0] : place[1]]
    english = voice["english"][voice["said"].index(words)]
    made = quotes.propose(substudy, read, *place, theme=voice["id"], by="k1", edited={"nn" if words.startswith("Eg ") else "nb": words, "en": english})
    if quotes.check(substudy, made):
        quotes.write_quotes(substudy.store, [q for q in quotes.read_quotes(substudy.store) if q.id != made.id])
        return False
    quotes.approve(substudy, made.id, by=APPROVER, on="2019-12-10")
    return True


def _settings(name: str, data: Mapping[str, Any]) -> str:
    """``substudy.toml`` as a person would write it."""
    study = data["study"]
    lines = [
        "# SYNTETISK: oppdiktede personer og oppdiktede ord.", "format = 1", f'id = "{name}"', "synthetic = true",
        *(f"{key} = {_inline(study[key])}" for key in ("title", "purpose", "population")), 'label = ["sex", "group"]',
        "recommendations = [" + ", ".join(_inline(text) for text in study["recommendations"]) + "]", "",
    ]  # fmt: skip
    band = {"a": data["ages"]["a"], "b": data["ages"]["b"]}
    shared = tomllib.loads(resources.files(__package__).joinpath("method.toml").read_text(encoding="utf-8"))
    values = {
        "sex": ({"nb": "Kjønn", "nn": "Kjønn", "en": "Sex"}, {"k": {"nb": "kvinne", "nn": "kvinne", "en": "woman"}, "m": {"nb": "mann", "nn": "mann", "en": "man"}}),
        "age": ({"nb": "Alder", "nn": "Alder", "en": "Age"}, {key: dict.fromkeys(("nb", "nn", "en"), text) for key, text in band.items()}),
        "group": ({"nb": "Aldersgruppe", "nn": "Aldersgruppe", "en": "Age group"}, {"alle": dict.fromkeys(("nb", "nn", "en"), data["group"])}),
        "service": ({"nb": "Tjeneste", "nn": "Teneste", "en": "Service"}, {key: shared["services"][key] for key in _SERVICES}),
        "town": ({"nb": "Kommune", "nn": "Kommune", "en": "Municipality"}, {place: {"nb": f"oppdiktet {place}"} for place in _PLACES}),
    }  # fmt: skip
    for key, (label, options) in values.items():
        lines += [
            f"[attributes.{key}]",
            f"label = {_inline(label)}",
            "values = { " + ", ".join(f"{_key(k)} = {_inline(v)}" for k, v in options.items()) + " }",
        ]
        lines += ['kind = "place"'] if key == "town" else ["publish = true"] if key in ("sex", "group", "age") else []
        lines.append("")
    for cell, wanted in zip(("ka", "kb", "ma", "mb"), data["wanted"], strict=True):
        lines += ["[[quota]]", f'cell = {{ sex = "{cell[0]}", age = "{cell[1]}" }}', f"wanted = {wanted}", ""]
    lines += ["[reasons]", *(f"{key} = {_inline(shared['reasons'][key])}" for key in _REASONS), ""]
    for version, on in (("1", "2019-09-15"), ("2", "2019-10-01")):
        topics = shared["topics"][: 2 + 2 * (version == "2")]
        lines += [
            f"[guides.{version}]",
            f'on = "{on}"',
            "topics = [" + ", ".join(_inline(topic) for topic in topics) + "]",
            "",
        ]
    for id, roles in (
        ("k1", ["interviewer", "coder"]),
        ("k2", ["interviewer", "coder"]),
        ("k3", ["analyst", "approver"]),
    ):
        lines += ["[[researchers]]", f'id = "{id}"', "roles = [" + ", ".join(f'"{role}"' for role in roles) + "]"]
        lines += [f"{key} = {_inline(text)}" for key, text in shared["researcher"].items()] + [""]
    return "\n".join([*lines, "[method]", *(f"{key} = {_inline(text)}" for key, text in shared["method"].items())]) + "\n"


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else f'"{key}"'


def _inline(text: Mapping[str, str]) -> str:
    def quoted(said: str) -> str:
        return '"' + said.replace("\\", "\\\\").replace('"', '\\"') + '"'

    return "{ " + ", ".join(f"{language} = {quoted(said)}" for language, said in text.items()) + " }"
