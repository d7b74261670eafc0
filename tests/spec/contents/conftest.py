"""A small release that is made up from end to end: three waves, two themes, one row withheld, every outcome once. No real place or result is in it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from royst.release import TABLES, Facts, Release, table

Say = dict[str, str]


def say(nb: str, nn: str | None = None, en: str | None = None) -> Say:
    return {"nb": nb, "nn": nn or nb, "en": en or nb}


DEGREE = {
    "choices": [
        {"name": "1", "label": say("Ikke i det hele tatt", "Ikkje i det heile", "Not at all")},
        {"name": "2", "label": say("I liten grad", "I liten grad", "To a small extent")},
        {"name": "3", "label": say("I noen grad", "I nokon grad", "To some extent")},
        {"name": "4", "label": say("I stor grad", "I stor grad", "To a great extent")},
        {"name": "5", "label": say("I svært stor grad", "I svært stor grad", "To a very great extent")},
        {"name": "na", "label": say("Ikke relevant", "Ikkje relevant", "Not relevant")},
    ],
    "bands": {"stor": ["4", "5"], "noen": ["3"], "liten": ["1", "2"]},
    "not_relevant": ["na"],
    "scores": {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5},
}
MIRRORED = {
    **DEGREE,
    "bands": {"stor": ["1", "2"], "noen": ["3"], "liten": ["4", "5"]},
    "scores": {"1": 5, "2": 4, "3": 3, "4": 2, "5": 1},
}
SEX = {
    "choices": [
        {"name": "m", "label": say("Mann", "Mann", "Man")},
        {"name": "k", "label": say("Kvinne", "Kvinne", "Woman")},
    ]
}

SHARES: dict[str, tuple[float, ...]] = {
    "satisfied": (9.0, 11.0, 20.0, 38.0, 22.0),
    "influence": (10.0, 14.0, 28.0, 30.0, 18.0),
    "kin": (20.0, 25.0, 25.0, 20.0, 10.0),
    "waiting": (25.0, 30.0, 20.0, 15.0, 10.0),
}


def item(short: Say, **more: Any) -> dict[str, Any]:
    waves = more.pop("waves", ["2019", "2017"])
    return {
        "question": dict.fromkeys(waves, short),
        "short": short,
        "scale": "degree",
        "waves": waves,
        "continues": {wave: more.get("name", "") for wave in ()},
        **more,
    }


ITEMS = {
    "satisfied": item(
        say("Fornøyd med tjenestene", "Nøgd med tenestene", "Satisfied with the services"),
        predicate=say(
            "er {degree} fornøyd med tjenestene",
            "er {degree} nøgde med tenestene",
            "are {degree} satisfied with the services",
        ),
        topic=say(
            "fornøydhet med tjenestene", "kor nøgde brukarane er med tenestene", "satisfaction with the services"
        ),
        theme="overall",
        continues={"2019": "satisfied", "2017": "satisfied"},
    ),
    "influence": item(
        say("Innflytelse på tjenestene", "Innverknad på tenestene", "Influence on the services"),
        predicate=say(
            "har {degree} innflytelse på tjenestene",
            "har {degree} innverknad på tenestene",
            "have influence {degree} on the services",
        ),
        theme="influence",
        continues={"2019": "influence", "2017": "influence_old"},
    ),
    "kin": item(
        say("Pårørende trekkes inn", "Pårørande blir trekte inn", "Next of kin are involved"),
        topic=say("hvordan pårørende trekkes inn", "korleis pårørande blir trekte inn", "how next of kin are involved"),
        theme="influence",
        waves=["2019"],
        continues={"2019": "kin"},
    ),
    "waiting": item(
        say("Må vente lenge", "Må vente lenge", "Long wait"),
        predicate=say(
            "opplever {degree} at de må vente",
            "opplever {degree} at dei må vente",
            "find {degree} that they have to wait",
        ),
        topic=say("ventetid", "ventetid", "waiting"),
        theme="influence",
        scale="degree~",
        reversed=True,
        continues={"2019": "waiting"},
        waves=["2019"],
    ),
    "sex": item(
        say("Kjønn", "Kjønn", "Sex"), scale="sex", role="background", waves=["2019"], continues={"2019": "sex"}
    ),
    "activity": {
        "question": {},
        "short": say("Aktivitet", "Aktivitet", "Activity"),
        "topic": say("en aktiv hverdag", "ein aktiv kvardag", "an active day"),
        "role": "index",
        "waves": ["2019", "2017"],
        "continues": {"2019": "activity", "2017": "activity"},
    },
}

FACTS: dict[str, Any] = {
    "royst": "0",
    "name": "2020-06",
    "date": "2020-06-15",
    "study": "made-up",
    "synthetic": True,
    "languages": ["nb", "nn", "en"],
    "title": say("Slik svarte brukerne", "Slik svara brukarane", "How the users answered"),
    "lede": say("Oppdiktede svar.", "Oppdikta svar.", "Invented answers."),
    "programme": say("Den oppdiktede undersøkelsen", "Den oppdikta undersøkinga", "The made-up survey"),
    "owner": say("Senteret", "Senteret", "The centre"),
    "commissioner": say("Direktoratet", "Direktoratet", "The directorate"),
    "contacts": [{"name": "Prosjektleder", "role": say("leder"), "email": "post@example.org"}],
    "picture": {"file": "picture.png", "alt": say("To stoler ved et bord", "To stolar ved eit bord", "Two chairs at a table"), "credit": "Senteret"},
    "wave": "2019",
    "waves": {"2019": {"label": say("2019"), "fieldwork": "2019-09-01/2019-10-31"}, "2017": {"label": say("2017")}},
    "unit_name": say("kommune", "kommune", "municipality"),
    "units_name": say("kommuner", "kommunar", "municipalities"),
    "whole_name": say("hele landet", "heile landet", "the whole country"),
    "headline": "satisfied",
    "items": ITEMS,
    "scales": {"degree": DEGREE, "degree~": MIRRORED, "sex": SEX},
    "bands": {
        "stor": {"label": say("Stor", "Stor", "Great"), "degree": say("i stor grad", "i stor grad", "to a great extent")},
        "noen": {"label": say("Noen", "Nokon", "Some"), "degree": say("i noen grad", "i nokon grad", "to some extent")},
        "liten": {"label": say("Liten", "Liten", "Small"), "degree": say("i liten grad", "i liten grad", "to a small extent")},
    },
    "themes": {
        "overall": {"label": say("Alt i alt", "Alt i alt", "Overall"), "items": ["satisfied"]},
        "influence": {
            "label": say("Medvirkning", "Medverknad", "Influence"),
            "intro": say("Å bli hørt.", "Å bli høyrd.", "Being heard."),
            "items": ["influence", "kin", "waiting"],
        },
    },
    "groups": {
        "region": {
            "label": say("Landsdel", "Landsdel", "Region"),
            "categories": {
                "east": {"label": say("Øst", "Aust", "East"), "who": say("brukere i øst", "brukarar i aust", "users in the east")},
                "west": {"label": say("Vest", "Vest", "West"), "who": say("brukere i vest", "brukarar i vest", "users in the west")},
                "north": {"label": say("Nord", "Nord", "North"), "who": say("brukere i nord", "brukarar i nord", "users in the north")},
            },
        }
    },
    "goals": [
        {"id": "voice", "label": say("Brukerne skal bli hørt", "Brukarane skal bli høyrde", "Users shall be heard"), "comparisons": ["influence_change"]},
        {"id": "day", "label": say("En aktiv hverdag", "Ein aktiv kvardag", "An active day"), "comparisons": ["activity_change"]},
    ],
    "families": {"goals": {"label": say("Målene i planen", "Måla i planen", "Goals of the plan"), "correction": "holm"}},
    "sources": [{"id": "other", "label": say("en annen undersøkelse", "ei anna undersøking", "another survey"), "value": 52.0, "n": 900, "citation": "Made up (2019)"}],
    "findings": [
        {"id": "n", "kind": "sample", "wave": "2019", "rank": 1},
        {"id": "satisfied", "kind": "bands", "wave": "2019", "item": "satisfied", "measure": "band", "rank": 1},
        {"id": "influence", "kind": "share", "wave": "2019", "item": "influence", "measure": "band", "category": "stor", "rank": 2},
        {"id": "satisfied_2017", "kind": "share", "wave": "2017", "item": "satisfied", "measure": "band", "category": "stor"},
        {"id": "men", "kind": "share", "wave": "2019", "item": "sex", "measure": "share", "category": "m"},
        {"id": "kin_na", "kind": "share", "wave": "2019", "item": "kin", "measure": "not_relevant"},
        {"id": "mean", "kind": "share", "wave": "2019", "item": "satisfied", "measure": "mean"},
        {"id": "lowest", "kind": "lowest", "wave": "2019", "measure": "band", "category": "stor", "rank": 3},
        {"id": "region", "kind": "comparison", "wave": "2019", "comparison": "region", "rank": 4},
        {"id": "west_north", "kind": "comparison", "wave": "2019", "comparison": "west_north"},
        {"id": "influence_change", "kind": "comparison", "wave": "2019", "comparison": "influence_change", "rank": 5},
        {"id": "little_change", "kind": "comparison", "wave": "2019", "comparison": "little_change"},
        {"id": "satisfied_change", "kind": "comparison", "wave": "2019", "comparison": "satisfied_change"},
        {"id": "activity_change", "kind": "comparison", "wave": "2019", "comparison": "activity_change"},
        {"id": "other", "kind": "source", "wave": "2019", "source": "other"},
        {"id": "north", "kind": "share", "wave": "2019", "item": "satisfied", "measure": "band", "category": "stor", "domain": "region=north"},
        {"id": "east_kin", "kind": "share", "wave": "2019", "item": "kin", "measure": "band", "category": "stor", "domain": "region=east"},
    ],
    "substudies": {
        "old": {"title": say("Eldre", "Eldre", "Older people"), "purpose": say("Å forstå."), "population": say("De over 65."), "synthetic": True, "participants": 12}
    },
    "reports": [
        {"id": "u1", "kind": "unit", "label": say("Skogvik"), "wave": "2019", "n": 42, "members": ["Skogvik"]},
        {"id": "p1", "kind": "pool", "label": say("Små kommuner i nord", "Små kommunar i nord", "Small municipalities in the north"), "wave": "2019", "n": 25, "members": ["Nesdal", "Fjellbu", "Holmås"]},
    ],
    "method": {
        "rule_set": "user-survey-10", "weight_basis": "known", "strata": True, "singleton": "average", "singletons": ["2019: nord-liten"],
        "margin": 5.0, "min_answers": 30, "min_units": 5, "interval": "korn-graubard",
        "estimand": say("Tallene gjelder alle brukere.", "Tala gjeld alle brukarar.", "The figures stand for all users."),
    },
    "before": [{"name": "2018-06", "date": "2018-06-20", "title": say("Første runde", "Første runde", "First round")}],
    "texts": {"foreword": say("Vi takker alle som svarte.\n\nI alt svarte {n.answers} personer, og {influence} har innflytelse.", "Takk til alle. I alt svara {n.answers} personar.", "We thank all {n.answers}.")},
}  # fmt: skip


def estimate(
    wave: str, name: str, measure: str, category: str, value: float | None, n: int, domain: str = "all", **more: Any
) -> dict[str, Any]:
    status = "published" if value is not None else "withheld"
    wide = 1.0 if measure in ("mean",) else 3.0
    row = {
        "wave": wave, "population": "all", "item": name, "measure": measure, "category": category, "domain": domain, "n": n, "n_units": 20,
        "estimate": value, "se": None if value is None else wide / 2, "df": 18.0, "low": None if value is None else round(value - wide, 2),
        "high": None if value is None else round(value + wide, 2), "deff": 1.4, "n_eff": n / 1.4, "unweighted": value, "method": "korn-graubard", "status": status,
    }  # fmt: skip
    return {**row, **more}


def distribution(wave: str, name: str, shares: tuple[float, ...], n: int, domain: str = "all") -> list[dict[str, Any]]:
    mirrored = ITEMS.get(name, {}).get("reversed", False)
    order = tuple(reversed(shares)) if mirrored else shares
    rows = [estimate(wave, name, "share", str(place + 1), value, n, domain) for place, value in enumerate(shares)]
    rows += [
        estimate(wave, name, "band", "stor", round(order[3] + order[4], 1), n, domain),
        estimate(wave, name, "band", "noen", order[2], n, domain),
        estimate(wave, name, "band", "liten", round(order[0] + order[1], 1), n, domain),
        estimate(
            wave,
            name,
            "mean",
            "",
            round(sum((place + 1) * value for place, value in enumerate(order)) / 100, 2),
            n,
            domain,
        ),
    ]
    return rows


def withheld(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**row, "estimate": None, "low": None, "high": None, "se": None, "n": None, "status": "withheld"}
        for row in rows
    ]


def change(name: str, kind: str, outcome: str, a: float, b: float, **more: Any) -> dict[str, Any]:
    row = {
        "id": name, "kind": kind, "item": "satisfied", "measure": "band", "category": "stor", "population": "all",
        "wave_1": "2019", "domain_1": "all", "estimate_1": a, "n_1": 400, "wave_2": "2019", "domain_2": "all", "estimate_2": b, "n_2": 300,
        "estimate": round(a - b, 1), "se": 2.0, "df": 40.0, "low": round(a - b - 4, 1), "high": round(a - b + 4, 1), "low90": round(a - b - 3.3, 1),
        "high90": round(a - b + 3.3, 1), "p": 0.004, "p_adjusted": 0.012, "family": "goals", "correction": "holm", "margin": 5.0,
        "outcome": outcome, "status": "published",
    }  # fmt: skip
    return {**row, **more}


def changes() -> list[dict[str, Any]]:
    waves = {"wave_2": "2017", "n_2": 491, "n_1": 1336}
    return [
        change("region", "groups", "higher", 68.0, 56.0, domain_1="region=east", domain_2="region=west"),
        change(
            "west_north",
            "groups",
            "cannot_tell",
            56.0,
            50.0,
            domain_1="region=west",
            domain_2="region=north",
            n_2=44,
            p_adjusted=0.4,
        ),
        change("influence_change", "waves", "higher", 48.0, 41.4, item="influence", **waves),
        change("little_change", "waves", "same", 20.0, 20.8, category="liten", p_adjusted=0.8, **waves),
        change("satisfied_change", "waves", "cannot_tell", 60.0, 54.0, p_adjusted=0.1, **waves),
        change(
            "activity_change", "waves", "higher", 54.2, 49.1, item="activity", measure="index", category="", **waves
        ),
        change("other", "source", "higher", 60.0, 52.0, n_2=None, wave_2=None, domain_2=None),
    ]


def estimates(shares: dict[str, tuple[float, ...]]) -> list[dict[str, Any]]:
    rows = []
    for name, values in shares.items():
        rows += distribution("2019", name, values, 1300)
    rows += distribution("2017", "satisfied", (10.0, 12.0, 24.0, 34.0, 20.0), 480)
    rows += distribution("2017", "influence_old", (16.0, 16.0, 26.6, 25.4, 16.0), 470)
    rows += distribution("2019", "satisfied", (6.0, 8.0, 18.0, 42.0, 26.0), 640, "region=east")
    rows += distribution("2019", "satisfied", (12.0, 12.0, 20.0, 36.0, 20.0), 500, "region=west")
    rows += distribution("2019", "satisfied", (10.0, 20.0, 20.0, 30.0, 20.0), 24, "region=north")
    rows += withheld(distribution("2019", "kin", (20.0, 25.0, 25.0, 20.0, 10.0), 300, "region=east"))
    rows += [
        estimate("2019", "kin", "not_relevant", "", 35.6, 1320),
        estimate("2019", "sex", "share", "m", 69.2, 1310),
        estimate("2019", "sex", "share", "k", 30.8, 1310),
        estimate("2019", "activity", "index", "", 54.2, 1200),
        estimate("2017", "activity", "index", "", 49.1, 430),
    ]
    return rows


def reports() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    own, ranges = [], []
    for report, n, shares in (("u1", 42, (5.0, 10.0, 20.0, 40.0, 25.0)), ("p1", 25, (8.0, 12.0, 24.0, 32.0, 24.0))):
        rows = distribution("2019", "satisfied", shares, n) + withheld(distribution("2019", "kin", shares, 8))
        own += [{"report": report, **row} for row in rows]
        ranges.append(
            {
                "report": report, "wave": "2019", "item": "satisfied", "measure": "band", "category": "stor", "n": n, "estimate": shares[3] + shares[4],
                "low": 50.0, "high": 78.0, "centre": 60.0, "expected_low": 48.0, "expected_high": 72.0, "reliability": 0.55,
                "verdict": "expected" if report == "u1" else "cannot_tell", "status": "published",
            }
        )  # fmt: skip
    return own, ranges


def talk() -> dict[str, list[dict[str, Any]]]:
    """One sub-study in three languages: a theme with two below it, one that few speak of, quotes, and both kinds of joint row."""
    said: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES if name.startswith("interview_")}
    for language in ("nb", "nn", "en"):
        row = {"substudy": "old", "language": language}
        for theme, parent, extent, n in (("days", "", "most", None), ("alone", "days", "number", 9), ("out", "days", "few", None), ("silent", "", "none", None)):
            said["interview_themes"].append(
                {**row, "theme": theme, "parent": parent, "name": f"{theme} ({language})", "summary": f"About {theme}.", "extent": extent, "participants": n, "of": 12}
            )
        said["interview_quotes"] += [{**row, "theme": "alone", "quote": f"q{k}", "text": f"Words {k} <b>({language})", "spoken": "nb" if language == "nn" else language, "label": "65+"} for k in (1, 2)]
        said["interview_joint"] += [{**row, "theme": "days", "item": item, "stance": stance, "text": f"Talk of {item}."} for item, stance in (("influence", "confirms"), ("gone", "widens"))]
        said["interview_points"] += [{**row, "point": k, "domain": "One" if k < 3 else "Two", "title": f"Point {k}", "answer": "" if k == 2 else "Yes."} for k in (1, 2, 3)]
        said["interview_advice"].append({**row, "place": 1, "text": f"Ask ({language})."})
    return said


def made(shares: dict[str, tuple[float, ...]] | None = None, **facts: Any) -> Release:
    own, ranges = reports()
    content = {
        "estimates": estimates(shares or SHARES),
        "changes": changes(),
        "units": [{"wave": "2019", "item": "satisfied", "measure": "band", "category": "stor", "units": 45, "better": 4, "expected": 30, "lower": 3, "cannot_tell": 8, "status": "published"}],
        "priorities": [
            {"wave": "2019", "item": name, "importance": value, "low": value - 5, "high": value + 5, "room": room, "n": 1200, "status": "published"}
            for name, value, room in (("influence", 48.0, 52.0), ("kin", 22.0, 70.0), ("waiting", 30.0, 45.0))
        ],
        "participation": [
            {"wave": "2019", "units_in_frame": 400, "units_drawn": 60, "units_refused": 15, "units_replaced": 5, "units": 45, "answers": 1336},
            {"wave": "2017", "units_in_frame": 410, "units_drawn": 25, "units_refused": 5, "units_replaced": 0, "units": 20, "answers": 491},
        ],
        "cells": [{"table": "estimates by all", "cells": 120, "published": 110}, {"table": "estimates by region", "cells": 60, "published": 60}],
        "report_estimates": own,
        "report_units": ranges,
        **talk(),
    }  # fmt: skip
    tables = {name: table(name, content.get(name, [])) for name in TABLES}
    return Release(
        Facts.model_validate({**FACTS, **facts}), tables, {"picture.png": hashlib.sha256(b"picture").digest()}
    )


@pytest.fixture
def release() -> Release:
    return made()


@pytest.fixture
def make() -> Callable[..., Release]:
    """Make the release with other answers (``shares``) or other facts."""
    return made
