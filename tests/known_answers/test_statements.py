"""Named statements on R's own data sets, each beside the R call that makes it: ``docs/known_answers.md`` lists them.

``statements.json`` was made by ``statements.R`` (its first lines say how; the file says with which version). The data sets
are written by R at test time and never kept, so the tests are skipped where R is not installed.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import royst
from royst.estimation import association, regression, replicates, scale, units, variance
from royst.totals.request import Request

HERE = Path(__file__).parent
DESIGNS = {
    "apisrs": royst.Design(fpc="fpc"),
    "apisrs0": royst.Design(weight="pw"),
    "apistrat": royst.Design(strata=["stype"], weight="pw", fpc=["fpc"]),
    "apistrat0": royst.Design(strata=["stype"], weight="pw"),
    "apiclus1": royst.Design(psu=["dnum"], weight="pw", fpc=["fpc"]),
    "apiclus1wr": royst.Design(psu=["dnum"], weight="pw"),
    "apiclus2": royst.Design(psu=["dnum", "snum"], fpc=["fpc1", "fpc2"]),
    "apiclus2wr": royst.Design(psu=["dnum"], weight="pw"),
    "nhanes": royst.Design(strata=["SDMVSTRA"], psu=["SDMVPSU"], weight="WTMEC2YR", nest=True),
    "election_pps": royst.Design(fpc="p", pps="brewer"),
    "mu284": royst.Design(psu=["id1", "id2"], fpc=["n1", "n2"]),
    "fpc": royst.Design(strata="stratid", psu="psuid", weight="weight", nest=True, fpc="Nh"),
    "fpc0": royst.Design(strata="stratid", psu="psuid", weight="weight", nest=True),
    "hospital": royst.Design(strata="oblevel", psu="hospno", weight="weighta", fpc="tothosp"),
    "yrbs": royst.Design(strata="stratum", psu="psu", weight="weight", nest=True),
    "scd": royst.Design(strata="ESA", psu="ambulance", weight="w", nest=True),
    "apiclus2 fractions": royst.Design(psu=["dnum", "snum"], fpc=["f1", "f2"]),
    "apistrat fractions": royst.Design(strata="stype", fpc="fraction"),
    "apiclus2 certain": royst.Design(strata="taken", psu=["dnum", "snum"], fpc=["there", "fpc2"]),
    "apiclus1 parts": royst.Design(strata="part", psu="dnum", weight="pw", fpc="there"),
    **{f"apistrat {rule}": royst.Design(strata="cnum", weight="pw", singleton=rule) for rule in ("adjust", "average", "certainty", "remove")},
}  # fmt: skip
TYPES = {"stype": {"E": 4421, "H": 755, "M": 1018}}
WIDE = {"sch.wide": {"No": 1072, "Yes": 5122}}
API99 = {"(Intercept)": 6194, "api99": 3914069}
WON = {"awards": {"No": 2094, "Yes": 4100}}
CALIBRATED = {
    "strat.post": ("apistrat", [(TYPES, "poststratify")]),
    "rake3": ("apiclus1", [(TYPES | WIDE | WON, "raking")]),
    "rake1": ("apiclus1", [(TYPES | WIDE, "raking", 1.0)]),
    "ratio.greg": ("apiclus1", [({"api99": 3914069}, "linear")]),
    "clus2.greg": ("apiclus2", [(TYPES | API99, "linear")]),
    "lonely.post": ("apistrat adjust", [(TYPES, "poststratify")]),
    "post": ("apiclus1", [(TYPES, "poststratify")]),
    "raked": ("apiclus1", [(TYPES | WIDE, "raking")]),
    "greg": ("apiclus1", [(TYPES | API99, "linear")]),
    "strat.greg": ("apistrat", [(TYPES | API99, "linear")]),
    "clus2.post": ("apiclus2", [(TYPES, "poststratify")]),
    "twice": ("apiclus1", [(TYPES, "poststratify"), (API99, "linear")]),
    "post.rake": ("apiclus1", [(TYPES, "poststratify"), (TYPES | WIDE, "raking")]),
    "greg.post": ("apiclus1", [(TYPES | API99, "linear"), (WIDE, "poststratify")]),
    "rake.greg.post": ("apiclus1", [(TYPES | WIDE, "raking"), (API99, "linear"), (TYPES, "poststratify")]),
}
NAMES = {"df1": "df", "F": "statistic", "t": "statistic"}


@functools.cache
def kept() -> dict:
    return json.loads((HERE / "statements.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """R's data sets as CSV, and R's answers of this machine."""
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    found = tmp_path_factory.mktemp("statements")
    command = ["Rscript", str(HERE / "statements.R"), str(found), str(found / "statements.json")]
    subprocess.run(command, check=True, capture_output=True)
    return found


class Face:
    """The data sets and designs that the statements speak of, through Røyst's public face."""

    def __init__(self, folder: Path):
        self.folder = folder

    def data(self, name: str) -> pl.DataFrame:
        base = CALIBRATED[name][0] if name in CALIBRATED else name
        file = base.split()[0].rstrip("0").removesuffix("wr")
        frame = pl.read_csv(self.folder / f"{file}.csv", infer_schema_length=None)
        if base.startswith("apiclus1"):
            return frame.with_columns(english=pl.col("ell") == 0)
        if base.startswith("election"):
            return frame.with_columns(red=pl.col("Bush") > pl.col("Kerry"), large=pl.col("votes") > 2e5)
        return frame.with_columns(people=pl.col("race").cast(pl.String)) if base == "nhanes" else frame

    @functools.cache  # noqa: B019  one face a run
    def design(self, name: str) -> royst.Design:
        if name not in CALIBRATED:
            return DESIGNS[name]
        base, steps = CALIBRATED[name]
        design = DESIGNS[base]
        for totals, method, *tolerance in steps:
            design = royst.calibrate(self.data(name), design, totals, method, **dict(zip(["tolerance"], tolerance)))
        return design

    def estimate(self, name: str, measure: Any, by: list[str] | None = None) -> royst.Result:
        return royst.estimate(self.data(name), self.design(name), measure, by=by)

    def one(self, name: str, measure: Any, domain: str = "all", category: str = "") -> dict:
        by = [] if domain == "all" else [part.split("=")[0] for part in domain.split(";")]
        table = self.estimate(name, measure, [by]).table  # type: ignore[list-item]
        wanted = (pl.col("domain") == domain) & ((pl.col("category") == category) | (category == ""))
        return table.filter(wanted).row(0, named=True)

    def replicated(self, name: str, measure: Any, kind: Any, domain: str = "all") -> dict:
        by = [] if domain == "all" else [domain.split("=")[0]]
        result = self.estimate(name, measure, [by])  # type: ignore[list-item]
        found = replicates.table(result, kind(result) if callable(kind) else kind)
        return found.filter(pl.col("domain") == domain).row(0, named=True)

    def difference(self, name: str, item: Any, by: str, between: tuple) -> dict:
        measure = royst.mean(item) if isinstance(item, str) else item
        return self.estimate(name, measure, by=[by]).difference(by=by, between=between).row(0, named=True)

    def independence(self, name: str, rows: str, columns: str, corrected: str) -> dict:
        found = association.independence(self.data(name), self.design(name), rows, columns)
        if corrected == "F":
            return found
        rows_of_r = len(self.data(name)) / found["n"]  # R's statistic, not its p, counts rows without answers
        return {"statistic": found["chi2"] * rows_of_r, "df": found["df_chi2"], "p": found["p_chi2"]}

    def terms(self, name: str, outcome: str, predictors: list[str], family: str, joint: str) -> dict:
        found = regression.regress(self.data(name), self.design(name), outcome, predictors, family)
        names = [term for term in found.table["term"] if any(term.startswith(one) for one in joint.split())]
        return {row["term"]: row for row in found.table.iter_rows(named=True)} | {"joint": found.wald(names)}


def mean(item: str) -> Any:
    return royst.mean(item)


BUSH, ENROLL = royst.ratio("Bush", "Kerry"), royst.ratio("api.stu", "enroll")
KNOWN = np.array([[1, 0, 1, 0, 1, 0], [1, 0, 0, 1, 0, 1], [0, 1, 1, 0, 0, 1], [0, 1, 0, 1, 1, 0]]).T * 2.0
HALVES = replicates.Replicates("BRR", KNOWN, 1 / 4, np.ones(4))
TIMES = np.array([[2, 0, 1, 1, 0, 2], [0, 2, 2, 0, 1, 1], [1, 1, 0, 2, 2, 0], [2, 0, 0, 2, 1, 1], [0, 2, 1, 1, 2, 0]]).T * 1.0
SAVED = royst.ratio("alive", "arrests")


def around_the_whole(result: royst.Result) -> replicates.Replicates:
    """JKn with squares around the whole estimate (R's ``mse = TRUE``)."""
    asked = Request(result.design, (result.rows[0].statistic.variable,), ((),))
    form = variance.structure_of(result.source.totals(asked))
    return dataclasses.replace(replicates.replicates(form, "JKn"), mse=True)


OURS: dict[str, Callable[[Face], dict]] = {
    "apisrs mean": lambda f: f.one("apisrs", mean("api00")),
    "apisrs mean without fpc": lambda f: f.one("apisrs0", mean("api00")),
    "apisrs total": lambda f: f.one("apisrs", royst.total("enroll")),
    "apisrs ratio": lambda f: f.one("apisrs", ENROLL),
    "apisrs share": lambda f: f.one("apisrs", royst.share("sch.wide", "Yes", interval="wald")),
    "apisrs count of a category": lambda f: f.one("apisrs", royst.total("stype"), category="H"),
    "apisrs median": lambda f: f.one("apisrs", royst.quantile("api00", 0.5)),
    "apistrat mean": lambda f: f.one("apistrat", mean("api00")),
    "apistrat mean with replacement": lambda f: f.one("apistrat0", mean("api00")),
    "apistrat mean with missing answers": lambda f: f.one("apistrat", mean("acs.core")),
    "apistrat total": lambda f: f.one("apistrat", royst.total("enroll")),
    "apistrat ratio": lambda f: f.one("apistrat", ENROLL),
    "apistrat share": lambda f: f.one("apistrat", royst.share("awards", "Yes", interval="wald")),
    "apistrat share logit": lambda f: f.one("apistrat", royst.share("awards", "Yes", interval="logit")),
    "apistrat share beta": lambda f: f.one("apistrat0", royst.share("awards", "Yes")),
    "apistrat quartile": lambda f: f.one("apistrat", royst.quantile("api00", 0.25)),
    "apistrat domain": lambda f: f.one("apistrat", mean("api00"), "awards=No"),
    "apistrat domain that is a stratum": lambda f: f.one("apistrat", mean("enroll"), "stype=H"),
    "apistrat domain of two": lambda f: f.one("apistrat", mean("api00"), "stype=M;sch.wide=No"),
    "apiclus1 mean": lambda f: f.one("apiclus1", mean("api00")),
    "apiclus1 total": lambda f: f.one("apiclus1", royst.total("enroll")),
    "apiclus1 ratio": lambda f: f.one("apiclus1", ENROLL),
    "apiclus1 share logit": lambda f: f.one("apiclus1", royst.share("english", True, interval="logit")),
    "apiclus1 share beta": lambda f: f.one("apiclus1", royst.share("english", True)),
    "apiclus1 share mean": lambda f: f.one("apiclus1", royst.share("english", True, interval="wald")),
    "apiclus1 ninth decile": lambda f: f.one("apiclus1", royst.quantile("api00", 0.9)),
    "apiclus1 domain": lambda f: f.one("apiclus1", mean("api00"), "stype=H"),
    "apiclus1 total of a domain": lambda f: f.one("apiclus1", royst.total("enroll"), "stype=M"),
    "apiclus1 ratio of a domain": lambda f: f.one("apiclus1", ENROLL, "stype=M"),
    "apiclus2 mean": lambda f: f.one("apiclus2", mean("api00")),
    "apiclus2 mean with missing answers": lambda f: f.one("apiclus2", mean("enroll")),
    "apiclus2 total with missing answers": lambda f: f.one("apiclus2", royst.total("enroll")),
    "apiclus2 ratio": lambda f: f.one("apiclus2", ENROLL),
    "apiclus2 with replacement": lambda f: f.one("apiclus2wr", mean("api00")),
    "apiclus2 domain": lambda f: f.one("apiclus2", mean("api00"), "stype=E"),
    "apiclus2 domain of two": lambda f: f.one("apiclus2", mean("api00"), "stype=E;sch.wide=Yes"),
    "apiclus2 median": lambda f: f.one("apiclus2", royst.quantile("api00", 0.5)),
    "nhanes share": lambda f: f.one("nhanes", mean("HI_CHOL")),
    "nhanes share logit": lambda f: f.one("nhanes", royst.share("HI_CHOL", 1, interval="logit")),
    "nhanes share beta": lambda f: f.one("nhanes", royst.share("HI_CHOL", 1)),
    "nhanes domain": lambda f: f.one("nhanes", mean("HI_CHOL"), "race=2;RIAGENDR=1"),
    "nhanes domain of one class": lambda f: f.one("nhanes", mean("HI_CHOL"), "agecat=(59,Inf]"),
    "nhanes category": lambda f: f.one("nhanes", royst.share("agecat", "(39,59]", interval="wald")),
    "nhanes count of a category": lambda f: f.one("nhanes", royst.total("people"), category="4"),
    "yrbs share": lambda f: f.one("yrbs", royst.share("qn8", 1, interval="wald")),
    "yrbs share beta": lambda f: f.one("yrbs", royst.share("qn8", 1)),
    "election total by Brewer": lambda f: f.one("election_pps", royst.total("Bush")),
    "election total by Brewer, many zeros": lambda f: f.one("election_pps", royst.total("Nader")),
    "election ratio by Brewer": lambda f: f.one("election_pps", BUSH),
    "mu284 total": lambda f: f.one("mu284", royst.total("y1")),
    "mu284 mean": lambda f: f.one("mu284", mean("y1")),
    "fpc mean with fpc": lambda f: f.one("fpc", mean("x")),
    "fpc total with fpc": lambda f: f.one("fpc", royst.total("x")),
    "fpc mean without fpc": lambda f: f.one("fpc0", mean("x")),
    "hospital total": lambda f: f.one("hospital", royst.total("births")),
    "hospital mean": lambda f: f.one("hospital", mean("births")),
    "scd total": lambda f: f.one("scd", royst.total("alive")),
    "scd ratio": lambda f: f.one("scd", royst.ratio("alive", "arrests")),
    "scd known half-samples, total": lambda f: f.replicated("scd", royst.total("alive"), HALVES),
    "scd known half-samples, ratio": lambda f: f.replicated("scd", royst.ratio("alive", "arrests"), HALVES),
    "apiclus1 JK1 mean": lambda f: f.replicated("apiclus1wr", mean("api00"), "JK1"),
    "apiclus1 JK1 ratio": lambda f: f.replicated("apiclus1wr", ENROLL, "JK1"),
    "apiclus1 JK1 mean with fpc": lambda f: f.replicated("apiclus1", mean("api00"), "JK1"),
    "apiclus1 JK1 domain": lambda f: f.replicated("apiclus1wr", mean("api00"), "JK1", "stype=E"),
    "nhanes JKn share": lambda f: f.replicated("nhanes", mean("HI_CHOL"), "JKn"),
    "poststratified mean": lambda f: f.one("post", mean("api00")),
    "poststratified total": lambda f: f.one("post", royst.total("enroll")),
    "poststratified domain": lambda f: f.one("post", mean("api00"), "sch.wide=Yes"),
    "poststratified two stages": lambda f: f.one("clus2.post", mean("api00")),
    "poststratified median": lambda f: f.one("post", royst.quantile("api00", 0.5)),
    "raked mean": lambda f: f.one("raked", mean("api00")),
    "raked total": lambda f: f.one("raked", royst.total("enroll")),
    "raked ratio": lambda f: f.one("raked", ENROLL),
    "raked domain": lambda f: f.one("raked", mean("api00"), "stype=H"),
    "GREG mean": lambda f: f.one("greg", mean("api00")),
    "GREG total": lambda f: f.one("greg", royst.total("enroll")),
    "GREG domain": lambda f: f.one("greg", mean("api00"), "awards=Yes"),
    "GREG on strata": lambda f: f.one("strat.greg", mean("api00")),
    "poststratified, then GREG": lambda f: f.one("twice", mean("api00")),
    "poststratified, then GREG: total": lambda f: f.one("twice", royst.total("enroll")),
    "poststratified, then GREG: domain": lambda f: f.one("twice", mean("enroll"), "stype=M"),
    "poststratified, then raked": lambda f: f.one("post.rake", mean("api00")),
    "GREG, then poststratified": lambda f: f.one("greg.post", mean("api00")),
    "GREG, then poststratified: ratio": lambda f: f.one("greg.post", ENROLL),
    "raked, then GREG, then poststratified": lambda f: f.one("rake.greg.post", mean("enroll")),
    "raked, then GREG, then poststratified: domain": lambda f: f.one(
        "rake.greg.post", royst.total("enroll"), "sch.wide=No"
    ),
    "t clusters": lambda f: f.difference("apiclus1", "enroll", "comp.imp", ("Yes", "No")),
    "t strata": lambda f: f.difference("apistrat", "api00", "awards", ("Yes", "No")),
    "t two stages, missing answers": lambda f: f.difference("apiclus2", "enroll", "sch.wide", ("Yes", "No")),
    "t between strata": lambda f: f.difference("apistrat", "api00", "stype", ("H", "E")),
    "t nhanes": lambda f: f.difference("nhanes", "HI_CHOL", "RIAGENDR", (2, 1)),
    "t poststratified": lambda f: f.difference("post", "api00", "comp.imp", ("Yes", "No")),
    "t twice calibrated": lambda f: f.difference("twice", "api00", "comp.imp", ("Yes", "No")),
    "chi2 F clusters": lambda f: f.independence("apiclus1", "sch.wide", "stype", "F"),
    "chi2 clusters": lambda f: f.independence("apiclus1", "sch.wide", "stype", "Chisq"),
    "chi2 F strata": lambda f: f.independence("apistrat", "awards", "stype", "F"),
    "chi2 strata": lambda f: f.independence("apistrat", "awards", "stype", "Chisq"),
    "chi2 F nhanes": lambda f: f.independence("nhanes", "HI_CHOL", "race", "F"),
    "chi2 nhanes": lambda f: f.independence("nhanes", "HI_CHOL", "race", "Chisq"),
    "chi2 F poststratified": lambda f: f.independence("post", "sch.wide", "comp.imp", "F"),
    "with fractions for fpc": lambda f: f.one("apiclus2 fractions", mean("api00")),
    "weights of fractions alone": lambda f: f.one("apistrat fractions", royst.total("enroll")),
    "a district taken for certain": lambda f: f.one("apiclus2 certain", mean("api00")),
    "a district taken for certain, domain": lambda f: f.one("apiclus2 certain", royst.total("api.stu"), "stype=E"),
    "domain without two of the strata": lambda f: f.one("apiclus1 parts", mean("api00"), "part=a"),
    "total of a domain without two of the strata": lambda f: f.one("apiclus1 parts", royst.total("enroll"), "part=a"),
    "domain in some units of each stratum": lambda f: f.one("apiclus1 parts", ENROLL, "comp.imp=No"),
    "lonely strata adjusted": lambda f: f.one("apistrat adjust", mean("api00")),
    "lonely strata averaged, domain": lambda f: f.one("apistrat average", royst.total("enroll"), "awards=Yes"),
    "lonely strata certain, domain": lambda f: f.one("apistrat certainty", mean("api00"), "stype=M"),
    "lonely strata removed, missing answers": lambda f: f.one("apistrat remove", mean("target")),
    "nhanes domain of three": lambda f: f.one("nhanes", mean("HI_CHOL"), "race=1;RIAGENDR=2;agecat=(19,39]"),
    "share by svyciprop's own method": lambda f: f.one("apiclus1", royst.share("comp.imp", "Yes", interval="logit"), "stype=E"),
    "share of a domain by Brewer, beta": lambda f: f.one("election_pps", royst.share("red", True), "large=true"),
    "poststratified share of a domain, beta": lambda f: f.one("post", royst.share("awards", "Yes"), "stype=M"),
    "raked share of a domain, beta": lambda f: f.one("raked", royst.share("comp.imp", "Yes"), "stype=M"),
    "GREG share of a domain, xlogit": lambda f: f.one("greg", royst.share("awards", "Yes", interval="logit"), "stype=E"),
    "raked count of a category": lambda f: f.one("raked", royst.total("awards"), category="Yes"),
    "GREG count of a category in a domain": lambda f: f.one("greg", royst.total("awards"), "stype=M", "Yes"),
    "raked over three margins, ratio": lambda f: f.one("rake3", ENROLL),
    "raked as rake stops by itself": lambda f: f.one("rake1", mean("api00")),
    "GREG without an intercept": lambda f: f.one("ratio.greg", royst.total("enroll")),
    "GREG on two stages with missing answers": lambda f: f.one("clus2.greg", royst.total("enroll")),
    "poststratified lonely strata": lambda f: f.one("lonely.post", mean("api00")),
    "poststratified median of a domain, a tie": lambda f: f.one("strat.post", royst.quantile("enroll", 0.5), "stype=M"),
    "quartile of a stratum, a tie": lambda f: f.one("apistrat", royst.quantile("growth", 0.25), "stype=E"),
    "raked decile of a domain": lambda f: f.one("raked", royst.quantile("api99", 0.1), "stype=E"),
    "median of two answers": lambda f: f.one("yrbs", royst.quantile("qn8", 0.5)),
    "JKn of rows": lambda f: f.replicated("apistrat", ENROLL, "JKn"),
    "JKn domain": lambda f: f.replicated("apiclus1 parts", mean("api00"), "JKn", "stype=M"),
    "JKn around the whole estimate": lambda f: f.replicated("apiclus1 parts", ENROLL, around_the_whole),
    "BRR ratio": lambda f: f.replicated("scd", SAVED, "BRR"),
    "Fay ratio": lambda f: f.replicated("scd", SAVED, "Fay"),
    "bootstrap of one's own weights": lambda f: f.replicated(
        "scd", SAVED, replicates.Replicates("bootstrap", TIMES, 1 / 4, np.ones(5))
    ),
    "JK1 of a poststratified design": lambda f: f.replicated("post", mean("api00"), "JK1"),
    "t raked, missing answers": lambda f: f.difference("raked", "target", "comp.imp", ("Yes", "No")),
    "t lonely strata adjusted": lambda f: f.difference("apistrat adjust", "api00", "awards", ("Yes", "No")),
    "t of a share": lambda f: f.difference("nhanes", royst.share("agecat", "(39,59]"), "RIAGENDR", (2, 1)),
    "chi2 F raked": lambda f: f.independence("raked", "awards", "stype", "F"),
    "chi2 F GREG, missing answers": lambda f: f.independence("greg", "comp.imp", "yr.rnd", "F"),
    "chi2 two stages": lambda f: f.independence("apiclus2", "stype", "awards", "Chisq"),
    "ratio of domain means": lambda f: f.estimate("apiclus1", mean("api00"), ["stype"]).quotient(0, 1),
    "ratio of domain totals": lambda f: f.estimate("apiclus1", royst.total("enroll"), ["stype"]).quotient(2, 0),
    "ratio of two items": lambda f: f.estimate("post", [mean("api00"), mean("api99")]).quotient(0, 1),
    "covariance of domain means": lambda f: {
        "estimate": f.estimate("apiclus1", mean("api00"), ["stype"]).covariance([0, 1])[0, 1]
    },
    "contrast of domain means": lambda f: f.estimate("apiclus1", mean("api00"), ["stype"]).contrast(
        {0: 1, 1: -0.5, 2: -0.5}
    ),
    "contrast of domain totals": lambda f: f.estimate("apiclus1", royst.total("enroll"), ["stype"]).contrast(
        {0: 1, 1: -1, 2: -1}
    ),
    "difference of domain ratios": lambda f: f.estimate("apiclus1", ENROLL, ["stype"])
    .difference("stype", ("E", "H"))
    .row(0, named=True),
    "difference of two items": lambda f: f.estimate("apistrat", [mean("api00"), mean("api99")]).contrast({0: 1, 1: -1}),
    "design effect of a mean": lambda f: {"estimate": f.one("apiclus1", mean("api00"))["deff"]},
    "design effect of a mean, with replacement": lambda f: {"estimate": _scaled_down(f)},
    "design effect of a total": lambda f: {"estimate": f.one("apiclus2", royst.total("enroll"))["deff"]},
    "coefficient of variation": lambda f: {"estimate": _cv(f.one("apistrat", royst.total("enroll")))},
    "Cronbach's alpha": lambda f: {
        "estimate": scale.reliability(
            f.data("apiclus1"), ["ell", "meals", "mobility", "not.hsg"], weight="pw"
        ).alpha
    },
    "intraclass correlation": lambda f: {
        "estimate": units.compare(f.data("apiclus1"), "dnum", mean("api00"))["icc"][0]
    },
}  # fmt: skip
REGRESSIONS: dict[str, Callable[[Face], dict]] = {
    "linear two stages": lambda f: f.terms("apiclus2", "api00", ["ell", "meals", "mobility"], "linear", "ell meals"),
    "linear strata with classes": lambda f: f.terms("apistrat", "api00", ["ell", "stype"], "linear", "stype"),
    "linear nhanes": lambda f: f.terms("nhanes", "HI_CHOL", ["RIAGENDR", "agecat"], "linear", "agecat"),
    "logistic strata": lambda f: f.terms("apistrat", "sch.wide", ["ell", "meals"], "logistic", "ell meals"),
    "logistic nhanes": lambda f: f.terms("nhanes", "HI_CHOL", ["RIAGENDR", "agecat"], "logistic", "agecat"),
    "linear GREG": lambda f: f.terms("greg", "api00", ["ell", "meals"], "linear", "ell meals"),
    "logistic raked with classes": lambda f: f.terms("raked", "comp.imp", ["stype", "meals"], "logistic", "stype"),
    "linear with an interaction of classes": lambda f: f.terms(
        "raked", "api00", ["comp.imp", "stype", "comp.imp:stype"], "linear", "comp.impYes:"
    ),
    "linear with an interaction": lambda f: f.terms(
        "apiclus1", "api00", ["stype", "ell", "stype:ell"], "linear", "stypeH:ell stypeM:ell"
    ),
    "logistic with an interaction": lambda f: f.terms(
        "apistrat", "sch.wide", ["yr.rnd", "meals", "yr.rnd:meals"], "logistic", "yr.rndYes:"
    ),
    "logistic far from the rest": lambda f: f.terms("apiclus1", "sure", ["far"], "logistic", "far"),
    "linear strata of units, missing answers": lambda f: f.terms(
        "apiclus1 parts", "target", ["mobility", "awards"], "linear", "mobility awards"
    ),
    "linear twice calibrated": lambda f: f.terms("twice", "api00", ["ell", "meals"], "linear", "ell meals"),
}


def _cv(row: dict) -> float:
    return row["se"] / row["estimate"]


def _scaled_down(face: Face) -> float:
    """Weights below 1 do not expand to a population, so the comparison is with replacement."""
    data = face.data("apiclus1").with_columns(pl.col("pw") / 1000)
    return royst.estimate(data, DESIGNS["apiclus1"], mean("api00")).table["deff"][0]


def ours(name: str, face: Face) -> dict:
    if name in OURS:
        return OURS[name](face)
    start = next(one for one in REGRESSIONS if name.startswith(one + " "))
    return REGRESSIONS[start](face)[name.removeprefix(start + " ")]


def compare(mine: dict, theirs: dict) -> int:
    """Every number of a statement at 1e-8 of its size (an interval's end: of the estimate and its error)."""
    mine = {NAMES.get(key, key): value for key, value in mine.items()} | {"df2": mine.get("df2")}
    compared = 0
    size = abs(theirs.get("estimate") or 0) + (theirs.get("se") or 0)
    for key, value in theirs.items():
        if isinstance(value, str) or value is None or (key == "df2" and math.isnan(value)):
            continue
        assert mine.get(key) is not None, (key, mine)
        near = 1e-8 * (size if key in {"low", "high"} else 0)
        assert math.isclose(mine[key], value, rel_tol=1e-8, abs_tol=near), (theirs["name"], key, mine[key], value)
        compared += 1
    return compared


@pytest.mark.r
@pytest.mark.parametrize("name", [one["name"] for one in kept()["statements"]])
def test_a_statement_equals_r_s(name: str, folder: Path) -> None:
    theirs = next(one for one in kept()["statements"] if one["name"] == name)
    assert compare(ours(name, Face(folder)), theirs) >= 1


@pytest.mark.r
def test_the_statements_kept_are_those_that_r_makes(folder: Path) -> None:
    fresh = json.loads((folder / "statements.json").read_text(encoding="utf-8"))
    if fresh["software"] == kept()["software"]:
        assert fresh == kept()
    assert [one["name"] for one in fresh["statements"]] == [one["name"] for one in kept()["statements"]]


def listed() -> str:
    """The statements as the manual's table."""
    lines = ["| statement | R | interval |", "|---|---|---|"]
    for one in kept()["statements"]:
        call = one["call"].replace("|", "\\|")
        interval = "–" if one["interval"] == "none" else f"`{one['interval']}`: {one['df']:g}" if "df" in one else one["interval"]
        lines.append(f"| {one['name']} | `{call}` | {interval} |")
    return "\n".join(lines) + "\n"


def test_the_manual_lists_every_statement() -> None:
    page = (HERE.parents[1] / "docs" / "known_answers.md").read_text(encoding="utf-8")
    assert listed() in page and len(kept()["statements"]) >= 60 and kept()["software"] in page
