"""Rows of a release as sentences, by the rules of the field: one sentence a row, its words from ``royst.words`` and the study's own phrases.

A *clause* is what is said of people (``er i stor grad fornøyd med tjenestene``), split at its first word, the verb: Norwegian puts the verb second,
so that ``Blant brukerne er 53 prosent i stor grad fornøyd`` and ``Seks av ti brukere er i stor grad fornøyd`` come from the same phrase.
"""

from __future__ import annotations

from dataclasses import dataclass

from royst.publish import numbers
from royst.publish.rows import LEAST_COMPARED, Row, Rows, shown
from royst.release import SourceFacts
from royst.words import Words, lower_first, sentence

BASE_IS_SAID = 10.0
"""From this share of "not relevant" on, a sentence says that they are left out of it."""

OUTCOMES = ("higher", "lower", "same", "cannot_tell")


@dataclass(frozen=True)
class Clause:
    """The finite verb and what follows it; ``subordinate``: the same after *andelen som*, where Norwegian puts the degree before the verb."""

    verb: str
    rest: str
    subordinate: str

    @property
    def text(self) -> str:
        return f"{self.verb} {self.rest}".strip()


def is_year(label: str) -> bool:
    """Whether a wave is called by its year."""
    return len(label) == 4 and label.isdigit()


def closed(text: str) -> str:
    """A sentence: capital first, full stop last."""
    text = sentence(text.strip())
    return text if text.endswith((".", "!", "?")) else text + "."


class Sentences:
    """Says rows of one release in one language."""

    def __init__(self, rows: Rows, words: Words):
        self.rows = rows
        self.words = words

    # What is spoken of

    def topic(self, item: str) -> str:
        """The item as a noun phrase inside a sentence: its topic, else its short name, else the question itself, in quotation marks where it is more than a word, else the name."""
        facts = self.rows.item(item)
        if facts is None:
            return item
        topic, short = self.words.of(facts.topic), self.words.of(facts.short)
        asked = {self.words.of(said) for said in facts.question.values()}
        return topic or (self.words("who.quoted", text=short) if " " in short and short in asked else lower_first(short or item))

    def short(self, item: str) -> str:
        """The item as a label in charts and tables."""
        facts = self.rows.item(item)
        return (self.words.of(facts.short) if facts is not None else "") or item

    def label(self, item: str, measure: str, category: str) -> str:
        """The band or the answer as a label."""
        if measure == "band":
            band = self.rows.facts.bands.get(self._spoken(item, category))
            return (self.words.of(band.label) if band else "") or category
        choice = self.rows.choice(item, category)
        return (self.words.of(choice.label) if choice else "") or category

    def degree(self, item: str, measure: str, category: str) -> str:
        """The band's phrase (``i stor grad``) or the answer as it stands inside a sentence."""
        band = self.rows.facts.bands.get(self._spoken(item, category)) if measure == "band" else None
        return (self.words.of(band.degree) if band else "") or lower_first(self.label(item, measure, category))

    def _spoken(self, item: str, band: str) -> str:
        """The band whose words people used. Of an item worded the other way, the best band holds those who agreed least."""
        facts, scale = self.rows.item(item), self.rows.scale(item)
        if facts is None or scale is None or not facts.reversed or band not in scale.bands:
            return band
        order = list(scale.bands)
        return order[len(order) - 1 - order.index(band)]

    def usual(self, rows: list[Row]) -> str:
        """The label of the best band that most of a table's rows are about; empty where none is."""
        labels = [
            self.label(row["item"], "band", row["category"])
            for row in rows
            if row["measure"] == "band" and row["category"] == self.rows.best_band(row["item"])
        ]
        return max(labels, key=labels.count, default="")

    def what(self, row: Row, usual: str = "") -> str:
        """What a row of a table is about: its question, and the answer or the measure where that is not the usual one."""
        scored = {"mean": "chart.mean", "index": "chart.axis_index"}.get(row["measure"])
        label = self.words(scored) if scored else self.label(row["item"], row["measure"], row["category"])
        item = self.short(row["item"])
        return item if row["measure"] == "band" and label == usual else self.words("tests.of", item=item, category=label)

    def clause(self, item: str, measure: str, category: str) -> Clause:
        """What the people counted in the row say or are. Without a predicate of the study, that they gave this answer to this question."""
        facts = self.rows.item(item)
        predicate = self.words.of(facts.predicate) if facts is not None else ""
        if measure in ("band", "share") and "{degree}" in predicate:
            degree = self.degree(item, measure, category)
            verb, _, rest = predicate.partition(" ")
            text = predicate.replace("{degree}", degree)
            after = text
            if rest.startswith("{degree} "):
                after = self.words("share.subordinate", degree=degree, verb=verb, rest=rest.removeprefix("{degree} "))
            return Clause(verb, rest.replace("{degree}", degree), after)
        if measure == "not_relevant":
            text = self.words("share.clause_not_relevant", topic=self.topic(item))
        else:
            choice = self.degree(item, measure, category) if measure == "band" else self.label(item, measure, category)
            text = self.words("share.clause_choice", choice=choice, topic=self.topic(item))
        verb, _, rest = text.partition(" ")
        return Clause(verb, rest, text)

    def who(self, domain: str) -> str:
        """The people of a domain, ``brukere i Sør-Øst``; empty for all."""
        if domain in ("", "all"):
            return ""
        said = []
        for part in domain.split(";"):
            group, _, category = part.partition("=")
            facts = self.rows.facts.groups.get(group)
            found = facts.categories.get(category) if facts is not None else None
            said.append(
                (self.words.of(found.who) or self.words("who.category", label=self.words.of(found.label)))
                if found is not None
                else part
            )
        return self.words.joined(said)

    def category(self, domain: str) -> str:
        """The domain as a label in charts: ``Sør-Øst``."""
        said = []
        for part in domain.split(";"):
            group, _, category = part.partition("=")
            facts = self.rows.facts.groups.get(group)
            found = facts.categories.get(category) if facts is not None else None
            said.append((self.words.of(found.label) if found is not None else "") or category or part)
        return ", ".join(said)

    def wave(self, wave: str) -> str:
        """The wave's name as printed."""
        facts = self.rows.facts.waves.get(wave)
        return (self.words.of(facts.label) if facts is not None else "") or wave

    def when(self, wave: str, key: str = "when") -> str:
        """``i 2019``; a wave that is no year is named as a survey: ``i målingen «Måned 6»``."""
        label = self.wave(wave)
        survey = "survey_" if key == "survey" else ""
        return self.words(f"when.{survey}{'year' if is_year(label) else 'other'}", wave=label)

    def scale_words(self, item: str) -> str:
        """``på en skala fra 1 til 5``, with the scale's own ends."""
        scale = self.rows.scale(item)
        if scale is None or not scale.scores:
            return self.words("scale.index" if self._is_index(item) else "scale.own")
        ends = min(scale.scores.values()), max(scale.scores.values())
        return self.words("scale.points", low=self._score(ends[0]), high=self._score(ends[1]))

    def _is_index(self, item: str) -> bool:
        facts = self.rows.item(item)
        return facts is not None and facts.role == "index"

    def _score(self, value: float) -> str:
        return numbers.plain(self.words, value, 0 if value == int(value) else 1)

    def mean(self, item: str, measure: str, value: float) -> str:
        """A mean with two decimals, an index with one."""
        return numbers.plain(self.words, value, 1 if measure == "index" or self.rows.scale(item) is None else 2)

    # One estimate

    def estimate(self, row: Row) -> str:
        """The row in one sentence (two where few answered)."""
        return self._alone(row) + self._aside(row)

    def _alone(self, row: Row) -> str:
        return closed(self._mean(row) if row["measure"] in ("mean", "index") else self._share(row))

    def _aside(self, row: Row) -> str:
        """What must be said beside the figure: whom it leaves out, and that few answered; each with a space before it."""
        return self.without(row) + self.few(row["n"])

    def left_out(self, row: Row) -> Row | None:
        """The row of those for whom the question is not relevant, where they are so many that the base must be said."""
        if row["measure"] in ("not_relevant", "index"):
            return None
        apart = self.rows.estimate(
            row["item"], "not_relevant", wave=row["wave"], domain=row["domain"], population=row["population"]
        )
        return apart if apart is not None and shown(apart) and apart["estimate"] >= BASE_IS_SAID else None

    def without(self, row: Row) -> str:
        """That so many are left out of the base, with a space before it; else nothing."""
        apart = self.left_out(row)
        return (
            ""
            if apart is None
            else " " + self.words("share.without", percent=numbers.percent(self.words, apart["estimate"]))
        )

    def few(self, n: int) -> str:
        """The warning that goes with 10–29 answers, with a space before it; else nothing."""
        return " " + self.words("share.few", n=numbers.plain(self.words, n)) if n < LEAST_COMPARED else ""

    def _share(self, row: Row) -> str:
        words, value, n = self.words, row["estimate"], row["n"]
        if row["measure"] == "share" and not self._predicate(row["item"]):
            return self._choice(row)
        clause = self.clause(row["item"], row["measure"], row["category"] or "")
        who = self.who(row["domain"])
        half, tenths = numbers.half(words, value, n), numbers.tenths(words, value, n)
        in_tenths = tenths is not None and half is None and not who  # "seven in ten those who …" is no sentence
        digits = numbers.percent_digits(words, value)
        if row["wave"] != self.rows.facts.wave:
            if in_tenths:
                subject = words("share.dated_tenths", tenths=tenths, who=who or words("who.all"), percent=digits)
            else:
                said = numbers.share(words, value, n)
                subject = words("share.dated_who", share=said, who=who) if who else words("share.dated_all", share=said)
            return words(
                "share.dated", when=self.when(row["wave"], "survey"), share=subject, verb=clause.verb, rest=clause.rest
            )
        if in_tenths:
            return words(
                "share.tenths",
                tenths=tenths,
                who=who or words("who.all"),
                percent=digits,
                verb=clause.verb,
                rest=clause.rest,
            )
        said = numbers.share(words, value, n)
        return words(
            "share.among", who=who or words("who.all_definite"), share=said, verb=clause.verb, rest=clause.rest
        )

    def _predicate(self, item: str) -> bool:
        facts = self.rows.item(item)
        return facts is not None and "{degree}" in self.words.of(facts.predicate)

    def _choice(self, row: Row) -> str:
        """An answer to a question that has no predicate; the base is named, since not everyone may have been asked."""
        words = self.words
        said = {
            "topic": self.topic(row["item"]),
            "choice": self.label(row["item"], "share", row["category"]),
            "share": numbers.share(words, row["estimate"], row["n"]),
        }
        if row["wave"] != self.rows.facts.wave:
            return words("share.choice_dated", when=self.when(row["wave"], "survey"), **said)
        who = self.who(row["domain"])
        return words("share.choice", who=who, **said) if who else words("share.choice_all", **said)

    def _mean(self, row: Row) -> str:
        words, topic = self.words, self.topic(row["item"])
        mean = self.mean(row["item"], row["measure"], row["estimate"])
        scale = self.rows.scale(row["item"])
        if row["measure"] == "index" or self._is_index(row["item"]):
            text = words("mean.index", topic=topic, mean=mean)
        elif scale is None or not scale.scores:
            text = words("mean.own", topic=topic, mean=mean)
        else:
            low, high = self._score(min(scale.scores.values())), self._score(max(scale.scores.values()))
            text = words("mean.scale", topic=topic, mean=mean, low=low, high=high)
        if who := self.who(row["domain"]):
            text = words("mean.who", text=text, who=who)
        return (
            words("mean.dated", text=text, when=self.when(row["wave"])) if row["wave"] != self.rows.facts.wave else text
        )

    def bands(self, found: list[Row]) -> str:
        """A whole distribution in one sentence: the best band in full, the others by their degree."""
        first, *others = found
        said = [self._share(first)]
        for row in others:
            share = numbers.share(self.words, row["estimate"], row["n"])
            said.append(
                self.words("share.part", share=share, degree=self.degree(row["item"], row["measure"], row["category"]))
            )
        return closed(self.words.joined(said)) + self._aside(first)

    def sample(self, row: Row, of: str = "") -> str:
        """How many answered, in how many units; ``of="units"`` says the units alone."""
        words, facts = self.words, self.rows.facts
        answers = words("sample.total", count=words("who.persons", count=numbers.count(words, row["answers"])))
        when, name = self.when(row["wave"]), words.of(facts.units_name)
        if not row["units"] or not name:
            return closed(words("sample.text", answers=answers, when=when))
        units = words("who.units", count=numbers.count(words, row["units"]), units=name)
        if of == "units":
            return closed(words("sample.units", when=when, units=units))
        return closed(words("sample.text_units", answers=answers, units=units, when=when))

    def extreme(self, kind: str, row: Row, items: int) -> str:
        """The lowest or the highest of so many items."""
        measure = row["measure"]
        best = measure == "band" and row["category"] == self.rows.best_band(row["item"])
        what = "mean" if measure in ("mean", "index") else "best" if best else "other"
        key = f"lowest.{what}" if kind == "lowest" else f"highest.{what}"
        said = numbers.count(self.words, items, neuter=True)
        return closed(self.words(key, topic=self.topic(row["item"]), share=self._alone(row), items=said, aside=self._aside(row)))

    # One difference

    def change(self, row: Row) -> str | None:
        """A comparison of groups or waves, or with a source, in its outcome's words; None where no sentence may compare."""
        if not comparable(row):
            return None
        if row["kind"] == "source":
            return self._source(row)
        return self._mean_change(row) if row["measure"] in ("mean", "index") else self._share_change(row)

    def unknown(self, rows: list[Row]) -> str:
        """That one share cannot be told to have changed since any of several earlier waves, the oldest first, in one sentence for all of them."""
        words, last = self.words, rows[-1]
        ends = [*((row["estimate_2"], row["wave_2"]) for row in rows), (last["estimate_1"], last["wave_1"])]
        values = words.joined(words("waves.value", value=numbers.plain(words, value), when=self.when(wave)) for value, wave in ends)
        clause = self.clause(last["item"], last["measure"], last["category"] or "").subordinate
        return closed(words("waves.cannot_tell_all", clause=clause, values=values))

    def _share_change(self, row: Row) -> str:
        words = self.words
        clause = self.clause(row["item"], row["measure"], row["category"] or "").subordinate
        a, b = (numbers.plain(words, row[side]) for side in ("estimate_1", "estimate_2"))
        if row["kind"] == "groups":
            first, second = self.who(row["domain_1"]), self.who(row["domain_2"])
            return closed(words(f"groups.{row['outcome']}", clause=clause, first=first, second=second, a=a, b=b))
        now, then = self.when(row["wave_1"]), self.when(row["wave_2"])
        text = closed(words(f"waves.{row['outcome']}", clause=clause, a=a, b=b, now=now, then=then))
        if row["outcome"] in ("higher", "lower"):
            text += " " + words(f"waves.by_{row['outcome']}", points=numbers.points(words, row["estimate"]))
        return text

    def _mean_change(self, row: Row) -> str:
        words, item = self.words, row["item"]
        a, b = (self.mean(item, row["measure"], row[side]) for side in ("estimate_1", "estimate_2"))
        scale, outcome = self.rows.scale(item), row["outcome"]
        if scale is not None and scale.best == "low" and outcome in ("higher", "lower"):
            outcome = "lower" if outcome == "higher" else "higher"
        said = {"topic": self.topic(item), "a": a, "b": b, "scale": self.scale_words(item)}
        if row["kind"] == "groups":
            said |= {"first": self.who(row["domain_1"]), "second": self.who(row["domain_2"])}
            return closed(words(f"groups.mean_{outcome}", **said))
        return closed(
            words(f"waves.mean_{outcome}", now=self.when(row["wave_1"]), then=self.when(row["wave_2"]), **said)
        )

    def _source(self, row: Row) -> str:
        words = self.words
        source = self.source(row["id"])
        name = words.of(source.label) if source is not None else row["id"]
        a, b = (numbers.plain(words, row[side]) for side in ("estimate_1", "estimate_2"))
        clause = self.clause(row["item"], row["measure"], row["category"] or "").subordinate
        text = closed(words(f"source.{row['outcome']}", clause=clause, source=name, a=a, b=b))
        return " ".join(
            part for part in (text, words("source.care"), words.of(source.note) if source is not None else "") if part
        )

    def source(self, name: str) -> SourceFacts | None:
        return next((source for source in self.rows.facts.sources if source.id == name), None)


def comparable(row: Row | None) -> bool:
    """Whether a sentence may compare: published, an outcome, and at least 30 answers on our side or sides."""
    if (
        row is None
        or row["status"] != "published"
        or row["outcome"] not in OUTCOMES
        or row["estimate_1"] is None
        or row["estimate_2"] is None
    ):
        return False
    sides = ("n_1",) if row["kind"] == "source" else ("n_1", "n_2")
    return all(row[side] is not None and row[side] >= LEAST_COMPARED for side in sides)
