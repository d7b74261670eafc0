"""The 32 points that a report of interviews should answer (COREQ; Tong, Sainsbury and Craig 2007), filled from what the sub-study's files show.

What no file shows a person writes in ``[method]`` and ``[[researchers]]`` of substudy.toml; what neither gives is said to be missing, never made up.
"""

from __future__ import annotations

import statistics
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

import royst
from royst.interviews.codebook import Codebook
from royst.interviews.coding import Round, rounds
from royst.interviews.quotes import SMALLEST_CELL, read_quotes
from royst.interviews.reliability import ALL, agreement_of_round
from royst.interviews.substudy import Substudy
from royst.interviews.tables import number
from royst.interviews.theme import Theme
from royst.words import Words, lower_first, sentence

DOMAINS = {1: range(1, 9), 2: range(9, 24), 3: range(24, 33)}


_NEAR: Mapping[str, tuple[str, ...]] = {"nb": ("nn",), "nn": ("nb",)}


@dataclass(frozen=True)
class Point:
    """One point: its number in COREQ, our title, and the answer. ``source``: ``files`` (counted), ``person`` (written), ``both``, or ``missing`` (empty answer)."""

    number: int
    domain: str
    title: str
    answer: str
    source: Literal["files", "person", "both", "missing"]


@cache
def _texts() -> Mapping[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("coreq.toml").read_text(encoding="utf-8"))


class _Facts:
    """What the files show, told in one language."""

    def __init__(self, substudy: Substudy, codebook: Codebook, themes: Sequence[Theme], language: str):
        self.study, self.codebook, self.themes, self.language = substudy, codebook, themes, language
        self.said: Mapping[str, str] = _texts()[language]["said"]
        self.words = Words(language)

    def tell(self, key: str, **parts: object) -> str:
        told = {
            name: number(value, self.language) if isinstance(value, int) else value for name, value in parts.items()
        }
        return ". ".join(sentence(part.format(**told)) for part in self.said[key].split(". "))

    def count(self, n: int) -> str:
        return number(n, self.language) if n else self.words("number.none")

    def either(self, key: str, n: int, **parts: object) -> str:
        return self.tell(f"{key}_one" if n == 1 else f"{key}_many", number=n, **parts)

    def few_or(self, n: int) -> str:
        """A number of people, or that it is under three and not told."""
        return self.said["few"] if 0 < n < SMALLEST_CELL else self.count(n)

    def people(self, field: str) -> str:
        """What was written of each interviewer, each saying once."""
        said = [self.words.of(getattr(p, field)) for p in self.study.file.researchers if "interviewer" in p.roles]
        return " ".join(sentence(text.rstrip(".")) + "." for text in dict.fromkeys(text for text in said if text))

    def interviewers(self) -> str:
        people = [p for p in self.study.file.researchers if "interviewer" in p.roles]
        if not people:
            return ""
        names = [p.name for p in people if p.name]
        if len(names) < len(people):
            return self.either("interviewers_unnamed", len(people))
        return self.either("interviewers", len(names), names=self.words.joined(names))

    def own(self) -> bool:
        """Whether this is a language that the researchers wrote in: names of codes and the like stand in that alone."""
        return bool({self.language, *_NEAR.get(self.language, ())} & {next(iter(self.study.file.title), "nb")})

    def approach(self) -> str:
        return self.tell(f"approach_{self.study.file.approach}")

    def quota(self) -> str:
        quota = self.study.file.quota
        if not quota:
            return ""
        names = dict.fromkeys(name for q in quota for name in q.cell)
        labels = [lower_first(self.words.of(self.study.file.attributes[name].label)) for name in names]
        return self.tell(
            "quota", cells=len(quota), attributes=self.words.joined(labels), wanted=str(sum(q.wanted for q in quota))
        )

    def size(self) -> str:
        return self.either("participants", len(self.study.participants)) if self.study.participants else ""

    def nonparticipation(self) -> str:
        outcomes = Counter(a.outcome for a in self.study.asked)
        withdrawn = len({c.participant for c in self.study.consents if c.withdrawn})
        parts = []
        if self.study.asked:
            missed = outcomes["not reached"] + outcomes["not eligible"]
            parts.append(self.tell("asked", asked=len(self.study.asked), declined=self.few_or(outcomes["declined"])))
            if missed:
                parts.append(self.tell("missed", missed=self.few_or(missed)))
            reasons = Counter(a.reason for a in self.study.asked if a.reason and a.outcome == "declined")
            known = self.study.file.reasons
            common = [
                self.words.of(known.get(reason, {})) or reason
                for reason, times in sorted(reasons.items(), key=lambda r: (-r[1], r[0]))
                if times >= SMALLEST_CELL and (reason in known or self.own())
            ]
            if common:
                parts.append(self.tell("reasons", reasons=self.words.joined(common)))
        parts.append(self.tell("withdrawn_none") if not withdrawn else self.either("withdrawn", withdrawn))
        return " ".join(parts)

    def presence(self) -> str:
        with_others = sum(bool(p.others) for p in self.study.participants)
        if not self.study.participants:
            return ""
        return self.tell("others_some", number=self.few_or(with_others)) if with_others else self.tell("others_none")

    def sample(self) -> str:
        """Published traits alone; a count under three, and one that would tell it by subtraction, is not given."""
        told = []
        for name, attribute in self.study.file.attributes.items():
            if not attribute.publish or attribute.kind == "place":
                continue
            counts = Counter(p.attributes.get(name, "") for p in self.study.participants)
            few, untold = hidden(counts)
            parts = [
                f"{self.words.of(text)} ({self.said['few'] if value in few else counts[value]})"
                for value, text in attribute.values.items()
                if counts[value] and value not in untold
            ]
            if parts:
                told.append(self.tell("attribute", label=self.words.of(attribute.label), counts=", ".join(parts)))
        return " ".join(told)

    def guide(self) -> str:
        guides = self.study.file.guides
        if not guides:
            return ""
        last = guides[max(guides, key=lambda version: (guides[version].on, version))]
        topics = [self.words.of(topic) for topic in last.topics]
        told = self.tell(
            "guide",
            versions=self.either("version", len(guides)).lower(),
            topics=len(topics),
            list=self.words.joined(topics),
        )
        piloted = self.words.of(last.piloted)
        return f"{told} {piloted}".strip()

    def recorded(self) -> str:
        known = [p.recorded for p in self.study.participants if p.recorded is not None]
        if not known:
            return ""
        return self.tell("recorded_all") if all(known) else self.tell("recorded_some", number=sum(known), of=len(known))

    def duration(self) -> str:
        """Rounded to five minutes, so that no one's talk is picked out by its length."""
        minutes = sorted(p.minutes for p in self.study.participants if p.minutes is not None)
        if len(minutes) < SMALLEST_CELL:
            return ""
        low, high, median = (
            str(5 * round(value / 5)) for value in (minutes[0], minutes[-1], statistics.median(minutes))
        )
        return self.tell("minutes", low=low, high=high, median=median)

    def coders(self) -> str:
        closed: list[Round] = [r for r in rounds(self.study.store) if not r.open]
        if not closed:
            return ""
        who = {coder for r in closed for coder in r.coders}
        told = [self.either("coders", len(who), rounds=self.either("round", len(closed)).lower())]
        if len(who) > 1 and all(r.blind for r in closed):
            told.append(self.tell("blind"))
        last = closed[-1]
        if last.approach != "reflexive" and len(last.coders) > 1:
            total = agreement_of_round(self.study.store, last.name, self.codebook)[-1]
            value = total.coefficients["u-alpha"].value
            if total.code == ALL and value is not None:
                decimal = self.words("number.decimal")
                told.append(self.tell("agreement", value=f"{value:.2f}".replace(".", decimal)))
        return " ".join(told)

    def tree(self) -> str:
        live = [code for code in self.codebook if not (code.retired or code.merged_into)]
        if not live:
            return ""
        levels = max(len(self.codebook.path(code.id)) for code in live)
        top = [code.name for code in live if code.parent is None]
        if not self.own():
            return self.tell("codes_unnamed", number=len(live), levels=levels)
        return self.tell("codes", number=len(live), levels=levels, top="; ".join(top))

    def software(self) -> str:
        return self.tell("software", version=royst.__version__)

    def quoted(self) -> str:
        approved = [q for q in read_quotes(self.study.store) if q.approved and self.study.may_quote(q.participant)]
        if not approved:
            return ""
        names = [lower_first(self.words.of(self.study.file.attributes[name].label)) for name in self.study.file.label]
        label = self.tell("labelled", label=self.words.joined(names)) if names else self.tell("unlabelled")
        people = self.either("person", len({q.participant for q in approved})).lower()
        return self.tell("quotes", quotes=self.either("quote", len(approved)), people=people, label=label)

    def major(self) -> str:
        return self._listed([theme for theme in self.themes if theme.parent is None])

    def minor(self) -> str:
        return self._listed([theme for theme in self.themes if theme.parent is not None])

    def _listed(self, themes: Sequence[Theme]) -> str:
        return self.tell("themes", list="; ".join(self.words.of(theme.name) for theme in themes)) if themes else ""


_FROM_FILES: Mapping[int, Callable[[_Facts], str]] = {
    1: _Facts.interviewers, 9: _Facts.approach, 10: _Facts.quota, 12: _Facts.size, 13: _Facts.nonparticipation, 15: _Facts.presence,
    16: _Facts.sample, 17: _Facts.guide, 19: _Facts.recorded, 21: _Facts.duration, 24: _Facts.coders, 25: _Facts.tree, 27: _Facts.software,
    29: _Facts.quoted, 31: _Facts.major, 32: _Facts.minor,
}  # fmt: skip
_OF_PEOPLE: Mapping[int, str] = {2: "credentials", 3: "occupation", 4: "gender", 5: "experience", 8: "characteristics"}
_OF_METHOD: Mapping[int, str] = {
    6: "relationship", 7: "known_of_researcher", 9: "orientation", 10: "sampling", 11: "approach", 14: "setting", 15: "presence", 18: "repeat_interviews",
    19: "recording", 20: "field_notes", 22: "saturation", 23: "transcripts_returned", 26: "derivation", 28: "participant_checking", 30: "consistency",
}  # fmt: skip


def coreq(substudy: Substudy, codebook: Codebook, themes: Sequence[Theme], language: str) -> tuple[Point, ...]:
    """The 32 points in order. ``KeyError`` for a language we do not have."""
    texts, facts = _texts()[language], _Facts(substudy, codebook, themes, language)
    points = []
    for domain, numbers in DOMAINS.items():
        for n in numbers:
            counted = _FROM_FILES[n](facts) if n in _FROM_FILES else ""
            written = facts.people(_OF_PEOPLE[n]) if n in _OF_PEOPLE else ""
            written = facts.words.of(getattr(substudy.file.method, _OF_METHOD[n])) if n in _OF_METHOD else written
            source: Literal["files", "person", "both", "missing"]
            source = "both" if counted and written else "files" if counted else "person" if written else "missing"
            answer = " ".join(part for part in (written, counted) if part)
            points.append(Point(n, texts["domains"][str(domain)], texts["titles"][str(n)], answer, source))
    return tuple(points)


def hidden(counts: Mapping[str, int]) -> tuple[set[str], set[str]]:
    """Values told as "fewer than three", and values not told at all, so that the total does not tell whether one of the few is one or two.

    Where the others do not suffice for that, the few are not told either.
    """
    few = {value for value, n in counts.items() if 0 < n < SMALLEST_CELL}
    if not few:
        return set(), set()
    untold: set[str] = set()
    others = sorted((n, value) for value, n in counts.items() if n >= SMALLEST_CELL)
    for place in range(len(others) + 1):
        untold = {value for _, value in others[:place]}
        total = sum(counts[value] for value in few | untold)
        # One of the few may be one, or two, with every other of them one or two and every untold one three or more.
        free = total - len(few) - 1
        if (untold and free >= SMALLEST_CELL * len(untold)) or (not untold and 0 <= free <= len(few) - 2):
            return few, untold
    return set(), few | untold


def missing(points: Sequence[Point]) -> tuple[int, ...]:
    """Points that no one has answered, for ``royst check`` to tell."""
    return tuple(point.number for point in points if point.source == "missing")
