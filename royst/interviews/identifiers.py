"""What in a transcript may tell who someone is: rules, the study's own lists, and a sweep of capitalised words.

Nothing found here is removed by itself, and what is not found may still identify: see ``pseudonym`` and docs/interviews.md for what was measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from royst.interviews.identity import identity_number
from royst.interviews.transcript import Transcript

Kind = Literal[
    "national-id",
    "phone",
    "email",
    "link",
    "address",
    "postcode",
    "date",
    "birth-year",
    "place",
    "name",
    "speaker",
    "capitalised",
]
Certainty = Literal["sure", "likely", "sweep"]
_RANK: dict[Certainty, int] = {"sure": 0, "likely": 1, "sweep": 2}


@dataclass(frozen=True)
class Finding:
    """A stretch that may identify: ``text[start:end]`` is ``words``. ``rule`` says why it was found."""

    start: int
    end: int
    words: str
    kind: Kind
    certainty: Certainty
    rule: str


@dataclass(frozen=True)
class Gazetteers:
    """Lists that the study gives: names of people and places around the interviews, and words never to ask about (services, ordinary names of things)."""

    names: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()


NONE = Gazetteers()

_CAP = r"[A-ZÆØÅÄÖÉÁŠŽČĐŊ]\w*(?:['’]\w+)?(?:-[A-ZÆØÅÄÖ]\w*)?"
_MONTHS = [
    "januar",
    "februar",
    "mars",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "desember",
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_MONTH = (
    "(?:" + "|".join(sorted({m for month in _MONTHS for m in (month, month.capitalize())}, key=len, reverse=True)) + ")"
)
_STREET = (
    "gata|gaten|gate|gt|veien|vegen|vei|veg|alléen|alleen|allé|alle|plassen|plass|torget|torg|bakken|stien|svingen|smauet|kroken|terrasse|"
    "terrassen|brygga|brygge|kaia|ringen|tunet|løkka|sletta|åsen|haugen|marka|stredet"
)
_ENGLISH_STREET = "Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Close|Square|Court|Crescent|Terrace|Way|Boulevard|Blvd"
_KIN = (
    "heter|het|hette|hetende|kalles|kalte|kalt|navnet|fru|herr|frøken|doktor|dr|dr.|lege|legen|psykolog|psykologen|onkel|tante|bestemor|bestefar|"
    "broren|broder|bror|søsteren|søster|sønnen|sønn|datteren|dattera|datter|kona|mannen|samboeren|kjæresten|naboen|vennen|venninna|venninnen|kompisen|"
    "saksbehandleren|saksbehandler|kontaktpersonen|ruskonsulenten|sjefen|læreren|presten|"
    "named|called|mr|mr.|mrs|mrs.|ms|ms.|doctor|uncle|aunt|brother|sister|son|daughter|wife|husband|friend|neighbour|neighbor|boss"
)


def _compiled(
    kind: Kind, certainty: Certainty, rule: str, pattern: str, flags: int = 0
) -> tuple[Kind, Certainty, str, re.Pattern[str]]:
    return kind, certainty, rule, re.compile(pattern, flags)


_RULES = (
    _compiled("email", "sure", "e-mail address", r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    _compiled("email", "likely", "spoken e-mail address", r"(?<![\w.-])[\w.-]+ (?:krøllalfa|alfakrøll|at) [\w-]+ (?:punktum|dot) \w{2,4}\b", re.I),
    _compiled("link", "sure", "web address", r"(?:https?://|www\.)\S+[\w/]"),
    _compiled("phone", "sure", "phone number with country code", r"(?<![\w+])(?:\+|00)\d{1,3}[ .-]?(?:\(\d+\)[ .-]?)?\d(?:[ .-]?\d){6,12}(?!\d)"),
    _compiled("phone", "sure", "Norwegian phone number", r"(?<![\d+])(?:[2-9]\d(?: \d\d){3}|[489]\d\d \d\d \d{3}|[2-9]\d{7})(?!\d)"),
    _compiled("phone", "sure", "North American phone number", r"(?<!\d)\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)"),
    _compiled("phone", "sure", "British phone number", r"(?<!\d)0\d{2,4}[ -]\d{3,4}[ -]?\d{3,4}(?!\d)"),
    _compiled("date", "sure", "date in digits", r"(?<![\d.])(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|(?:19|20)\d\d-\d\d-\d\d)(?!\d)"),
    _compiled("date", "sure", "day and month", rf"(?<!\d)\d{{1,2}}(?:\.|st|nd|rd|th)? (?:of )?{_MONTH}\b(?:,? (?:19|20)\d\d)?"),
    _compiled("date", "sure", "month and day", rf"\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? (?:19|20)\d\d)?"),
    _compiled("date", "likely", "month and year", rf"\b{_MONTH} (?:i )?(?:19|20)\d\d\b"),
    _compiled("birth-year", "sure", "year of birth", r"\b(?:født|fødd|born)(?: i| in)? (?:(?:19|20)\d\d|'?\d\d)\b", re.I),
    _compiled("address", "sure", "street and number", rf"\b(?:{_CAP} ){{0,2}}[A-ZÆØÅ]\w*?(?:{_STREET}) \d{{1,4}}(?: ?[A-Ha-h]\b)?"),
    _compiled("address", "sure", "street and number", rf"\b{_CAP}(?: {_CAP})? (?:{_STREET}) \d{{1,4}}(?: ?[A-Ha-h]\b)?"),
    _compiled("address", "sure", "number and street", rf"\b\d{{1,5}} (?:{_CAP} ){{1,3}}(?:{_ENGLISH_STREET})\b\.?"),
    _compiled("address", "likely", "street", r"\b[A-ZÆØÅ]\w{2,}(?:gata|gaten|veien|vegen|alléen|plassen|torget|bakken|svingen|smauet)\b"),
    _compiled("address", "likely", "street", rf"\b{_CAP}(?: {_CAP})? (?:{_ENGLISH_STREET})\b"),
    _compiled("postcode", "sure", "postcode and place", r"\b(?:N-)?(?!(?:19|20)\d\d)\d{4} [A-ZÆØÅ][a-zæøå]+\b"),
    _compiled("postcode", "likely", "British postcode", r"\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b"),
    _compiled("name", "likely", "after a word for kin, role or naming", rf"(?<!\w)(?i:{_KIN})(?: min| mi| mitt| vår| hans| hennes| til)? (?P<it>{_CAP}(?: {_CAP}){{0,2}})"),
    _compiled("name", "likely", "Norwegian family name", rf"\b(?:{_CAP} )?(?P<it>[A-ZÆØÅ][a-zæøå]+(?:sen|sson|stad|rud|heim|datter|dotter|bø|vik|haug|berg|dal|nes))\b"),
)  # fmt: skip
_NUMBER = re.compile(r"(?<![\d.])\d{6}[ .-]?\d{5}(?!\d)")
_WORD = re.compile(rf"(?<![\w@./]){_CAP}(?![\w@])")
_SENTENCE_ENDS = '.!?…:;\n"«»“”(['
_ORDINARY = frozenset(
    [
        "I",
        "I'm",
        "I’m",
        "I'd",
        "I’d",
        "I'll",
        "I’ll",
        "I've",
        "I’ve",
        "God",
        "Gud",
        "Ok",
        "OK",
        "Okay",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
        "English",
        "Norwegian",
        "Internet",
    ]
) | frozenset(_MONTHS)
_NEUTRAL_LABELS = re.compile(
    r"(?:[A-Z]{1,2}\d{0,3}|(?:Intervjuer|Interviewer|Informant|Deltaker|Participant|Respondent|Moderator|Speaker|Taler|Person|Stemme|Voice|Forsker|Researcher)s? ?\d{0,3})",
    re.I,
)


def find(transcript: Transcript, gazetteers: Gazetteers = NONE) -> tuple[Finding, ...]:
    """Findings in the order of the text, none overlapping another: the surest, then the longest, is kept.

    Languages: Norwegian (both forms) and English. What people spell out ("ni fire to …"), write without capitals, or tell by their story is not found.
    """
    text = transcript.text
    found = [*_numbers(text), *_by_rules(text), *_listed(text, gazetteers), *_labels(transcript)]
    kept = _without_overlaps(found)
    taken = (
        {finding.words for finding in kept if finding.kind in ("name", "place", "speaker")}
        | gazetteers.names
        | gazetteers.places
    )
    swept = _sweep(text, kept, gazetteers.known | _ORDINARY, taken)
    return _without_overlaps([*kept, *swept])


def _numbers(text: str) -> Iterator[Finding]:
    for match in _NUMBER.finditer(text):
        kind = identity_number(re.sub(r"\D", "", match.group()))
        rule = (
            f"{kind}, check digits hold"
            if kind
            else "eleven digits, check digits do not hold: misheard, or another number"
        )
        yield Finding(match.start(), match.end(), match.group(), "national-id", "sure" if kind else "likely", rule)


def _by_rules(text: str) -> Iterator[Finding]:
    for kind, certainty, rule, pattern in _RULES:
        for match in pattern.finditer(text):
            part = "it" if "it" in pattern.groupindex else 0
            yield Finding(match.start(part), match.end(part), match.group(part), kind, certainty, rule)


def _listed(text: str, gazetteers: Gazetteers) -> Iterator[Finding]:
    lists: Mapping[Kind, Iterable[str]] = {"name": gazetteers.names, "place": gazetteers.places}
    for kind, words in lists.items():
        ordered = sorted(words, key=lambda word: (-len(word), word))
        if ordered:
            pattern = re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(word) for word in ordered)})(?=s?(?!\w)|['’]s)")
            for match in pattern.finditer(text):
                yield Finding(match.start(), match.end(), match.group(), kind, "sure", "in the study's list")


def _labels(transcript: Transcript) -> Iterator[Finding]:
    names = {
        turn.speaker
        for turn in transcript.turns
        if turn.speaker and turn.speaker[0] != "[" and not _NEUTRAL_LABELS.fullmatch(turn.speaker)
    }
    for name in sorted(names):
        for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", transcript.text):
            yield Finding(
                match.start(), match.end(), name, "speaker", "likely", "a speaker's label, or the same word in the talk"
            )


def _sweep(text: str, kept: Iterable[Finding], known: frozenset[str], taken: Iterable[str]) -> Iterator[Finding]:
    """Capitalised words inside sentences; and at a sentence's beginning where the word was found inside one elsewhere, or two stand together."""
    covered = [False] * (len(text) + 1)
    for finding in kept:
        covered[finding.start : finding.end] = [True] * (finding.end - finding.start)
    words = [match for match in _WORD.finditer(text) if not _known(match.group(), known) and not covered[match.start()]]
    inside = [match for match in words if not _begins_sentence(text, match.start())]
    names = {_stem(match.group()) for match in inside} | {_stem(word) for word in taken}
    following = {match.start() for match in words}
    chosen = {match.start() for match in inside}
    for match in words:
        pair = match.end() < len(text) and text[match.end()] == " " and match.end() + 1 in following
        if match.start() in chosen:
            yield Finding(
                match.start(), match.end(), match.group(), "capitalised", "sweep", "capitalised inside a sentence"
            )
        elif _stem(match.group()) in names:
            yield Finding(
                match.start(),
                match.end(),
                match.group(),
                "capitalised",
                "sweep",
                "begins a sentence, and is capitalised elsewhere",
            )
        elif pair and match.end() + 1 in chosen:
            yield Finding(
                match.start(),
                match.end(),
                match.group(),
                "capitalised",
                "sweep",
                "begins a sentence before another capitalised word",
            )


def _known(word: str, known: frozenset[str]) -> bool:
    """Words never to ask about, and the row of X that a transcriber put where a name stood."""
    return word in known or not word.strip("X")


def _stem(word: str) -> str:
    """A name without its genitive."""
    for ending in ("'s", "’s", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word[: -len(ending)]
    return word


def _begins_sentence(text: str, place: int) -> bool:
    before = text[:place].rstrip(" \t\u00a0-–—*")
    return not before or before[-1] in _SENTENCE_ENDS


def _without_overlaps(found: Iterable[Finding]) -> tuple[Finding, ...]:
    chosen: list[Finding] = []
    for finding in sorted(found, key=lambda f: (_RANK[f.certainty], f.start - f.end, f.start, f.kind, f.rule)):
        if all(finding.end <= other.start or other.end <= finding.start for other in chosen):
            chosen.append(finding)
    return tuple(sorted(chosen, key=lambda f: f.start))


@dataclass(frozen=True)
class Question:
    """All findings of the same words in several transcripts, for one answer: which transcripts (id to findings), the surest kind first."""

    words: str
    kind: Kind
    certainty: Certainty
    places: Mapping[str, tuple[Finding, ...]] = field(repr=False)

    @property
    def times(self) -> int:
        return sum(len(found) for found in self.places.values())


def queue(found: Mapping[str, Iterable[Finding]]) -> tuple[Question, ...]:
    """The questions for a person: one for all findings of the same words, surest first, then most frequent. ``found``: transcript id to findings."""
    by_words: dict[str, dict[str, list[Finding]]] = {}
    for id, findings in found.items():
        for finding in findings:
            by_words.setdefault(finding.words, {}).setdefault(id, []).append(finding)
    questions = []
    for words, places in by_words.items():
        first = min((f for fs in places.values() for f in fs), key=lambda f: (_RANK[f.certainty], f.kind))
        questions.append(Question(words, first.kind, first.certainty, {id: tuple(fs) for id, fs in places.items()}))
    return tuple(sorted(questions, key=lambda q: (_RANK[q.certainty], -q.times, q.words)))
