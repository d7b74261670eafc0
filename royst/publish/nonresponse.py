"""How far the headline could lie from what those who answered say, whatever the others think and whatever help did: worked out from printed figures alone."""

from __future__ import annotations

from royst.publish import numbers
from royst.publish.chapters import paragraph
from royst.publish.document import Block, Heading, Table
from royst.publish.edition import Edition
from royst.publish.rows import Row, shown

APART = (-20, -10, 0, 10, 20)
"""Percentage points by which those who did not answer may differ from those who did."""
HIGHER = (10, 20)
"""Percentage points that help may have added to the headline among those who had it."""


def what_if(edition: Edition, level: int) -> list[Block]:
    """The least and the most that the headline can be, and what it would be where the others differ; nothing where nobody knows how many they are.

    The share that each answer counts the same in is exact for the users of the units that took part (bounds: Manski 1989).
    """
    words, facts = edition.words, edition.facts
    headline, took_part = edition.best(facts.headline) if facts.headline else None, edition.rows.participation(facts.wave)
    if headline is None or took_part is None or headline["unweighted"] is None:
        return []
    of = "offered" if took_part["offered"] is not None else "users"
    invited, n, share = took_part[of], headline["n"], headline["unweighted"]
    if invited is None or invited <= n:
        return []
    said = {"invited": numbers.plain(words, invited), "n": numbers.plain(words, n), "rate": numbers.percent_digits(words, 100 * n / invited)}
    clause = edition.say.clause(headline["item"], "band", headline["category"]).subordinate
    low, high = (whole(share, n, invited, others) for others in (0.0, 100.0))
    texts = [
        words(f"nonresponse.{of}", **said),
        words("nonresponse.answered", share=numbers.percent_digits(words, share), clause=clause),
        words("nonresponse.ends", low=numbers.percent_digits(words, low), high=numbers.percent_digits(words, high)),
        *_turning(edition, share, n, invited),
    ]
    return [Heading(level, words("nonresponse.title"), "nonresponse"), paragraph(" ".join(texts)), _table(edition, headline, invited)]


def whole(share: float, n: int, invited: int, others: float) -> float:
    """The share of all ``invited``, in per cent, where it is ``share`` among the ``n`` who answered and ``others`` among the rest."""
    return (n * share + (invited - n) * others) / invited


def without_help(edition: Edition, level: int) -> list[Block]:
    """What the headline would be, had the help to fill in made it higher among those who had it; nothing where the study does not say which answer is no help."""
    words, facts = edition.words, edition.facts
    headline = edition.best(facts.headline) if facts.headline else None
    alone = [(name, item.alone) for name, item in facts.items.items() if item.role == "helper" and item.alone and facts.wave in item.waves]
    none = edition.rows.estimate(alone[0][0], "share", alone[0][1]) if alone else None
    if headline is None or headline["unweighted"] is None or not shown(none) or none is None or none["unweighted"] is None:
        return []
    helped, share = 100 - none["unweighted"], headline["unweighted"]
    low, lower = (max(share - helped * points / 100, 0.0) for points in HIGHER)
    said = {"helped": helped, "share": share, "low": low, "lower": lower}
    text = words("nonresponse.helped", a=HIGHER[0], b=HIGHER[1], **{name: numbers.percent_digits(words, value) for name, value in said.items()})
    return [Heading(level, words("nonresponse.helped_title"), "helped"), paragraph(text)]


def _turning(edition: Edition, share: float, n: int, invited: int) -> list[str]:
    """What share of the others would bring that of all to one half, where any would."""
    turning = (50 * invited - n * share) / (invited - n)
    if share == 50 or not 0 < turning < 100:
        return []
    return [edition.words(f"nonresponse.{'below' if share > 50 else 'above'}", turning=numbers.percent_digits(edition.words, turning))]


def _table(edition: Edition, headline: Row, invited: int) -> Table:
    words, share = edition.words, headline["unweighted"]
    kinds = {-1: "fewer", 0: "same", 1: "more"}
    near = [(words(f"nonresponse.{kinds[(d > 0) - (d < 0)]}", points=abs(d)), share + d) for d in APART if 0 < share + d < 100]
    cases = [(words("nonresponse.none"), 0.0), *near, (words("nonresponse.all"), 100.0)]
    lines = tuple((label, numbers.cell(words, whole(share, headline["n"], invited, others))) for label, others in cases)
    caption = words("nonresponse.caption", item=edition.say.short(headline["item"]))
    columns = (words("nonresponse.others"), words("nonresponse.whole"))
    return Table(caption, columns, lines, frozenset({1}), (words("nonresponse.note", units=edition.units_name),))
