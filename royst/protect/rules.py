"""Disclosure rule sets: named, versioned and locked.

A rule set is a promise made before data. Its thresholds cannot be changed by a study; a study that needs other ones names
another set, and a looser set needs a written reason, which is printed in the release.

Each threshold carries its source: the Picker Institute and the NHS patient survey programme print nothing below 10
answers; Statistics Norway and Hundepool et al. (2012, "Statistical Disclosure Control", ch. 5) treat counts of one and two
and group disclosure ("everybody gave this answer") as sensitive in tables of frequencies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from royst.errors import wrong

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Threshold:
    """One number of a rule set, what it means and where it comes from."""

    name: str
    value: int
    meaning: str
    source: str


@dataclass(frozen=True)
class RuleSet:
    """A locked set of thresholds.

    ``unit_report``: answers that a unit needs for its own report; ``pool``: answers that a pool keeps when any one member
    is taken out; ``row``: answers behind any published row; ``effective``: the same for weighted rows, in answers that count alike
    (Kish's effective number, which weights alone decide); ``small``: counts from 1 to this are sensitive, and so are
    counts that leave this many or fewer people out; ``units``: units behind a row of several units, so that no standard
    error is made of two unit totals; ``width``: for means, the least width of the interval an attacker is left with, as a
    share of the scale, in domains below ``row``; ``voices``: participants of an interview sub-study who could
    have said a quote with its label; ``zeros``: whether "nobody gave this answer" is a fact to protect.
    """

    name: str
    version: int
    unit_report: Threshold
    pool: Threshold
    row: Threshold
    effective: Threshold
    small: Threshold
    units: Threshold
    width: Threshold
    voices: Threshold
    zeros: bool = False

    @property
    def label(self) -> str:
        """Name and version as releases print it: ``user-survey-10 v1``."""
        return f"{self.name} v{self.version}"

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        return (self.unit_report, self.pool, self.row, self.effective, self.small, self.units, self.width, self.voices)

    def looser_than(self, other: RuleSet) -> list[str]:
        """The thresholds by which this set protects less than another: their names."""
        found = [mine.name for mine, its in zip(self.thresholds, other.thresholds) if mine.value < its.value]
        return found + (["zeros"] if other.zeros and not self.zeros else [])

    def sensitive_cells(self, n: Counts, counts: Counts) -> NDArray[np.bool_]:
        """Which counts are facts to protect.

        ``n`` has shape (rows,), ``counts`` (rows, answers) with ``counts.sum(1) == n``. In a domain below ``row`` people
        every answer that somebody gave is a fact (with ``zeros``, every answer); in a larger one counts from 1 to
        ``small`` and counts that all but ``small`` or fewer gave. Empty domains hold no fact.
        """
        n = np.asarray(n)[:, None]
        low = self.small.value
        given = (counts > 0) | (self.zeros & (counts >= 0))
        inside = (counts >= 1) & (counts <= low)
        nearly_all = (n - counts <= low) & (counts > 0)
        return np.where(n < self.row.value, given, inside | nearly_all) & (n > 0)

    def sensitive_rows(self, n: Counts, counts: Counts) -> NDArray[np.bool_]:
        """Rows that may not be printed as they are: too few people, or a sensitive count. Shape (rows,).

        An empty domain is not printed either, but is no fact.
        """
        n = np.asarray(n)
        return (n < self.row.value) & (n > 0) | self.sensitive_cells(n, counts).any(1)

    def recoverable(self, n: int, low: float, high: float, *, tolerance: float = 1e-6) -> bool:
        """Whether the interval ``[low, high]`` tells the count of a sensitive cell in a domain of ``n`` people.

        The interval is first rounded inwards to whole numbers. Below ``row`` people a fact is told by a single number above
        zero (with ``zeros``, by any single number); in a larger domain by an interval that cannot leave the sensitive range.
        """
        least, most = int(np.ceil(low - tolerance)), int(np.floor(high + tolerance))
        if n < self.row.value:
            return least >= most and (most > 0 or self.zeros)
        small = self.small.value
        return (least >= 1 and most <= small) or (least >= n - small)


_VOICES_SOURCE = "Sweeney 2002, k-anonymity: a model for protecting privacy, with k = 3 and the label as what is known"
_SMALL_SOURCE = "Hundepool et al. 2012, Statistical Disclosure Control, section 5.2; Statistics Norway's practice"

_ALIKE = "effective number of answers behind a weighted row"
_KISH = "Kish 1965, Survey Sampling, section 11.7"

_USER_SURVEY_10 = RuleSet(
    name="user-survey-10",
    version=1,
    unit_report=Threshold(
        "unit_report", 10, "answers that a unit needs for its own report", "Picker Institute; NHS surveys"
    ),
    pool=Threshold(
        "pool", 10, "answers that a pool keeps without any one of its members", "a member knows its own answers"
    ),
    row=Threshold("row", 10, "answers behind a published row", "Picker Institute; NHS surveys"),
    effective=Threshold("effective", 10, _ALIKE, _KISH),
    small=Threshold("small", 2, "counts 1 to 2, and all or all but 1 to 2, are sensitive", _SMALL_SOURCE),
    units=Threshold("units", 3, "units behind a row that is made of several units", "two totals follow from one SE"),
    width=Threshold("width", 10, "percent of the scale that a mean of fewer people stays open", _SMALL_SOURCE),
    voices=Threshold("voices", 3, "participants who could have said a quote with its label", _VOICES_SOURCE),
)

_USER_SURVEY_10_ZEROS = RuleSet(
    name="user-survey-10-zeros",
    version=1,
    unit_report=_USER_SURVEY_10.unit_report,
    pool=_USER_SURVEY_10.pool,
    row=_USER_SURVEY_10.row,
    effective=_USER_SURVEY_10.effective,
    small=_USER_SURVEY_10.small,
    units=_USER_SURVEY_10.units,
    width=_USER_SURVEY_10.width,
    voices=_USER_SURVEY_10.voices,
    zeros=True,
)

_USER_SURVEY_20 = RuleSet(
    name="user-survey-20",
    version=1,
    unit_report=Threshold(
        "unit_report", 20, "answers that a unit needs for its own report", "a stricter study's choice"
    ),
    pool=Threshold("pool", 20, "answers that a pool keeps without any one of its members", "a stricter study's choice"),
    row=Threshold("row", 20, "answers behind a published row", "a stricter study's choice"),
    effective=Threshold("effective", 20, _ALIKE, _KISH),
    small=Threshold("small", 4, "counts 1 to 4, and all or all but 1 to 4, are sensitive", "a stricter study's choice"),
    units=_USER_SURVEY_10.units,
    width=_USER_SURVEY_10.width,
    voices=_USER_SURVEY_10.voices,
)

_FHI = "Norwegian Institute of Public Health, statistics banks: numbers below 5 are not shown"

_REGISTER_5 = RuleSet(
    name="register-5",
    version=1,
    unit_report=Threshold("unit_report", 10, "answers that a unit needs for its own report", "as user-survey-10"),
    pool=Threshold("pool", 10, "answers that a pool keeps without any one of its members", "as user-survey-10"),
    row=Threshold("row", 5, "answers behind a published row", _FHI),
    effective=Threshold("effective", 5, _ALIKE, _KISH),
    small=_USER_SURVEY_10.small,
    units=_USER_SURVEY_10.units,
    width=_USER_SURVEY_10.width,
    voices=_USER_SURVEY_10.voices,
)

_RULE_SETS = {
    rules.name: rules for rules in (_USER_SURVEY_10, _USER_SURVEY_10_ZEROS, _USER_SURVEY_20, _REGISTER_5)
}


def rule_set(name: str) -> RuleSet:
    """The rule set of that name. Raises ``InputError`` (``unknown-rule-set``) where there is none."""
    if name not in _RULE_SETS:
        raise wrong(
            "unknown-rule-set",
            f"the rule set {name!r} does not exist",
            f"name one of: {', '.join(sorted(_RULE_SETS))}",
            file="study.toml",
        )
    return _RULE_SETS[name]


def chosen(name: str, because: str) -> RuleSet:
    """The rule set a study names. Raises ``InputError`` (``loosened-without-reason``) for one that protects less than
    ``user-survey-10`` where no reason is written down; the reason is printed with every release."""
    rules = rule_set(name)
    looser = rules.looser_than(_USER_SURVEY_10)
    if looser and not because.strip():
        raise wrong(
            "loosened-without-reason",
            f"the rule set {name!r} protects less than {_USER_SURVEY_10.name!r}: {', '.join(looser)}",
            "write why in loosened_because under [plan]; it is printed with every release",
            file="study.toml",
        )
    return rules
