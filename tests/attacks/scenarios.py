"""Small studies in which something other than a count would tell a withheld count: to be protected, or to be printed as if nothing were wrong."""

from __future__ import annotations

import polars as pl
from studies import Shape, Study

from royst import protect


def _made(study: Study, rows: list[dict[str, object]]) -> Study:
    study.people["2019"] = pl.DataFrame(rows, schema_overrides={"pool": pl.String})
    return study


def _person(unit: int, **answers: object) -> dict[str, object]:
    return {"unit": f"K{unit:03d}", "region": "r0", "size": "s0", "weight": 1.0, "pool": None, **answers}


def better() -> tuple[Study, list[str]]:
    """In three units of twelve nearly all gave the best answer; twenty others are alike. They are the three that are better."""
    study = Study(Shape("better", {"2019": (400, 10, 0)}, scales=(5,), groups=(), blank=0.0))
    study.by = [[]]
    answer = lambda k, n: "12345"[(n * 2 + k) % 5] if k < 20 else "5" if n < 11 else "3"  # noqa: E731
    rows = [_person(k, q1=answer(k, n)) for k in range(23) for n in range(60 if k < 20 else 12)]
    return _made(study, rows), ["K020", "K021", "K022"]


def follow_up() -> tuple[Study, list[str]]:
    """The last question is asked of those who gave the first answer to the first: in one unit, of all but two."""
    study = Study(Shape("filter", {"2019": (120, 6, 0)}, scales=(3, 5), groups=(), blank=0.0, follow_up=True))
    rows = []
    for k in range(6):
        for n in range(20):
            first = ("1" if n > 1 else "2") if k == 0 else "123"[(n + k) % 3]
            rows.append(_person(k, q1=first, q2="12345"[(n + k) % 5] if first == "1" else None))
    return _made(study, rows), ["K000"]


def at_the_end() -> tuple[Study, list[str]]:
    """Everybody in one unit gave the best answer to both of an index's questions."""
    study = Study(Shape("end", {"2019": (200, 6, 0)}, scales=(5, 5), groups=(), blank=0.0, index=True))
    answer = lambda k, n: "5" if k == 0 else "12345"[(n + k) % 5]  # noqa: E731
    rows = [_person(k, q1=answer(k, n), q2=answer(k, n + 1)) for k in range(6) for n in range(15 if k == 0 else 40)]
    return _made(study, rows), ["K000"]


def left_out() -> Study:
    """One person left out one of an index's questions, so the other counts twice in the index."""
    study = Study(Shape("left-out", {"2019": (180, 9, 0)}, scales=(5, 5), groups=("sex",), blank=0.0, even=True, index=True, at_least=0.5))
    frame = study.people["2019"].with_row_index("person").with_columns(pl.col("q1", "q2").replace("nr", "3").fill_null("3"))
    one = frame.filter(pl.col("sex") == "sex0")["person"][0]
    study.people["2019"] = frame.with_columns(q2=pl.when(pl.col("person") != one).then(pl.col("q2"))).drop("person")
    return study


def reason() -> tuple[Study, list[str]]:
    """Of twelve people nine gave the best answers: bands would be printed if the other three had agreed."""
    study = Study(Shape("reason", {"2019": (200, 6, 0)}, scales=(5,), groups=(), blank=0.0))
    answer = lambda k, n: "12345"[(n + k) % 5] if k else "5" if n < 9 else "3" if n < 10 else "1"  # noqa: E731
    rows = [_person(k, q1=answer(k, n)) for k in range(6) for n in range(40 if k else 12)]
    return _made(study, rows), ["K000"]


def pooled() -> tuple[Study, list[str]]:
    """Three small units share a report; who knows the first's answers knows what the other two gave together. Of the ways to split that, the
    true one leaves the fewest facts: all of one unit gave one answer, all of the other another."""
    study = Study(Shape("pooled", {"2019": (200, 7, 0)}, scales=(3,), groups=(), blank=0.0))
    study.by = [[]]
    rows = [_person(k, q1="123"[(n + k) % 3]) for k in range(4) for n in range(40)]
    rows += [_person(k, q1=a) | {"pool": "p"} for k, given in ((4, "223233"), (5, "2222"), (6, "333333")) for a in given]
    return _made(study, rows), ["K005", "K006"]


def known(study: Study, unit: str) -> dict[str, dict[str, dict[str, str]]]:
    """The answers that a unit of a study of one question knows."""
    people = study.people["2019"].with_row_index("person").filter(pl.col("unit") == unit)
    return {"2019": {"q1": {str(person): answer for person, answer in people.select("person", "q1").rows()}}}


def printed(study: Study, units: list[str], keep: pl.Expr | None = None) -> protect.Protected:
    """Everything of the wave, unprotected, but for the estimates and verdicts of the named units (less those to ``keep``).

    Ranges and counts of units rest on all units, as they must not.
    """
    estimates = study.candidate("2019").estimates.with_columns(pl.lit("published").alias("status"))
    more = study.compared("2019", estimates)
    hidden = pl.col("domain").is_in([f"unit={unit}" for unit in units]) & (~keep if keep is not None else True)
    estimates = estimates.with_columns(pl.when(hidden).then(pl.lit("withheld")).otherwise("status").alias("status"))
    own = pl.when(pl.col("report").is_in(units)).then(pl.lit("withheld")).otherwise("status").alias("status")
    return protect.Protected(estimates, None, None, {**more, "report_units": more["report_units"].with_columns(own)}, pl.DataFrame(), {})
