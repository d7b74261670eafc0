"""Calibration, differences, tests, regression, replicates and scales equal to R; values in ``more.json``, made by ``more.R``."""

from __future__ import annotations

import functools
import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import royst
from royst.estimation import association, change, priorities, regression, replicates, scale, units, variance
from royst.weighting import adjust

HERE = Path(__file__).parent
DESIGNS = {
    "d": royst.Design(strata="region", psu="unit", weight="weight"),
    "f": royst.Design(strata="region", psu="unit", weight="weight", fpc="units_there"),
    "e": royst.Design(strata="region", weight="weight"),
}
SEX, SIZE = {"kvinne": 3900, "mann": 4800}, {"large": 5100, "small": 3600}
CALIBRATIONS = {
    "p": ({"sex": SEX}, "poststratify"),
    "r": ({"sex": SEX, "size": SIZE}, "raking"),
    "g": ({"(Intercept)": 8700, "sex": SEX, "age": 415000}, "linear"),
}


@functools.cache
def answers() -> dict:
    return json.loads((HERE / "more.json").read_text(encoding="utf-8"))["answers"]


@functools.cache
def wave(name: str) -> pl.DataFrame:
    return pl.read_csv(HERE / f"synthetic_{name}.csv").with_columns(ja=(pl.col("satisfied") == "ja").cast(pl.Float64))


def near(ours: object, theirs: object, tolerance: float = 1e-8) -> None:
    np.testing.assert_allclose(
        np.asarray(ours, float), np.asarray(theirs, float), rtol=tolerance, atol=tolerance * 1e-3
    )


@pytest.mark.parametrize("design", list(DESIGNS))
@pytest.mark.parametrize("kind", list(CALIBRATIONS))
def test_calibrated_estimates_equal_r(design: str, kind: str) -> None:
    data = wave("a")
    calibrated = royst.calibrate(data, DESIGNS[design], *CALIBRATIONS[kind])
    asked = [royst.mean("income"), royst.total("hours"), royst.ratio("hours", "income"), royst.mean("ja")]
    result = royst.estimate(data, calibrated, asked, by=[[], ["size"]])
    pairs = {
        "mean income": ("mean", "income", "", "all"),
        "total hours": ("total", "hours", "", "all"),
        "ratio": ("ratio", "hours/income", "", "all"),
    }
    for value in ("large", "small"):
        pairs[f"mean income {value}"] = ("mean", "income", "", f"size={value}")
        pairs[f"satisfied {value}"] = ("mean", "ja", "", f"size={value}")
    for name, key in pairs.items():
        theirs = answers()[f"{design} {kind} {name}"]
        ours = result.table.row(result.find(*key), named=True)
        for column in ("estimate", "se", "df", "low", "high"):
            near(ours[column], theirs[column])


@pytest.mark.parametrize(
    ("name", "design", "item", "by", "between"),
    [
        ("ttest sex", "d", "income", "sex", ("mann", "kvinne")),
        ("ttest size", "d", "hours", "size", ("small", "large")),
        ("ttest regions", "d", "income", "region", ("vest", "nord")),
        ("ttest sex f", "f", "income", "sex", ("mann", "kvinne")),
        ("ttest sex e", "e", "hours", "sex", ("mann", "kvinne")),
    ],
)
def test_differences_equal_r_s_svyttest(name: str, design: str, item: str, by: str, between: tuple[str, str]) -> None:
    result = royst.estimate(wave("a"), DESIGNS[design], royst.mean(item), by=by)
    ours, theirs = result.difference(by, between).row(0, named=True), answers()[name]
    for column in ("estimate", "t", "df", "p", "low", "high"):
        near(ours[column], theirs[column])


def test_covariances_and_contrasts_equal_r() -> None:
    complete = wave("a").with_columns(
        pl.when(pl.all_horizontal(pl.col("q1", "q2", "q3").is_not_null())).then(pl.col(name)).alias(name)
        for name in ("q1", "q2", "q3")
    )
    result = royst.estimate(complete, DESIGNS["d"], [royst.mean(name) for name in ("q1", "q2", "q3")])
    near(result.covariance().ravel(), answers()["covariance"]["v"])
    both = wave("a").with_columns(pl.when(pl.col("hours").is_not_null()).then(pl.col("income")).alias("income"))
    result = royst.estimate(both, DESIGNS["d"], [royst.mean("hours"), royst.mean("income")])
    found = result.contrast({0: 10.0, 1: -1.0})
    near([found["estimate"], found["se"]], [answers()["contrast"]["estimate"], answers()["contrast"]["se"]])


@pytest.mark.parametrize(
    ("name", "design", "rows", "columns"), [("2x2", "d", "satisfied", "sex"), ("6x5", "f", "q1", "region")]
)
def test_independence_equals_r_s_svychisq(name: str, design: str, rows: str, columns: str) -> None:
    ours = association.independence(wave("a"), DESIGNS[design], rows, columns)
    theirs = answers()[f"chisq {name} F"]
    near([ours["F"], ours["df1"], ours["df2"], ours["p"]], [theirs["statistic"], *theirs["parameter"], theirs["p"]])
    near(ours["p_chi2"], answers()[f"chisq {name} Chisq"]["p"])


@pytest.mark.parametrize(
    ("name", "design", "outcome", "predictors", "family"),
    [
        ("linear d", "d", "income", ["age", "sex", "region"], "linear"),
        ("linear f", "f", "hours", ["age", "sex"], "linear"),
        ("linear e", "e", "hours", ["age", "sex"], "linear"),
        ("logistic d", "d", "satisfied", ["age", "size"], "logistic"),
        ("logistic f", "f", "satisfied", ["income", "sex"], "logistic"),
        ("linear calibrated", "c", "income", ["age", "sex"], "linear"),
    ],
)
def test_regression_equals_r_s_svyglm(name: str, design: str, outcome: str, predictors: list[str], family: str) -> None:
    calibrated = royst.calibrate(wave("a"), DESIGNS["d"], {"size": SIZE}, "poststratify")
    found = regression.regress(wave("a"), {**DESIGNS, "c": calibrated}[design], outcome, predictors, family)
    theirs = answers()[name]
    for column in ("estimate", "se", "t", "p"):
        near(found.table[column].to_numpy(), theirs[column], 1e-7 if column == "p" else 1e-8)
    assert found.df == theirs["df"]
    if name == "linear d":
        joint = found.wald([term for term in found.table["term"] if term.startswith("region")])
        near([joint["F"], joint["df2"], joint["p"]], [answers()["wald region"][key] for key in ("F", "ddf", "p")])


def pairs_of_units() -> pl.DataFrame:
    data = wave("a")
    chosen = (
        data.select("region", "unit").unique().sort("region", "unit").group_by("region", maintain_order=True).head(2)
    )
    return data.filter(pl.col("unit").is_in(chosen["unit"].to_list()))


@pytest.mark.parametrize("kind", ["JKn", "JKnf", "JK1", "BRR", "Fay"])
def test_replicate_errors_equal_r_s_svrepdesign(kind: str) -> None:
    data = pairs_of_units() if kind in {"BRR", "Fay"} else wave("a")
    design = {"JKnf": DESIGNS["f"], "JK1": royst.Design(psu="unit", weight="weight")}.get(kind, DESIGNS["d"])
    asked = [royst.mean("income"), royst.total("income"), royst.ratio("hours", "income"), royst.mean("ja")]
    result = royst.estimate(data, design, asked)
    form = variance.structure_of(result.source.totals(result_request(result)))
    ours = np.sqrt(replicates.variances(result, replicates.replicates(form, kind.removesuffix("f"))))
    theirs = answers()[f"replicates {kind}"]
    near(ours, [theirs[key] for key in ("mean", "total", "ratio", "share")])


def result_request(result):
    from royst.totals.request import Request

    return Request(result.design, (result.rows[0].statistic.variable,), ((),))


def test_trimming_and_adjusted_p_values_equal_r() -> None:
    near(adjust.trim(wave("a")["weight"].to_numpy(), highest=20, lowest=6), answers()["trim"]["weights"])
    p = [0.04, 0.2, 0.001, 0.03, 0.5, 0.0499, 0.03]
    for method in ("holm", "bh", "bonferroni"):
        near(change.adjust(p, method), answers()["adjust"][method])


def test_scales_equal_r() -> None:
    found = scale.reliability(HERE / "scale.csv", [f"s{k}" for k in range(1, 6)])
    near(found.alpha, answers()["alpha"]["alpha"])
    near(found.items["item_rest"].to_numpy(), answers()["alpha"]["item_rest"])
    loadings = np.abs(answers()["factanal"]["loadings"])
    near(found.items["loading"].to_numpy(), loadings, 1e-5)  # two optimisers of one likelihood
    sd = found.items["sd"].to_numpy()
    common, unique = (loadings * sd).sum() ** 2, ((1 - loadings**2) * sd**2).sum()
    assert math.isclose(found.omega, common / (common + unique), rel_tol=1e-5)


@pytest.mark.parametrize("item", ["income", "q1", "hours"])
def test_change_with_the_same_units_equals_r_on_stacked_waves(item: str) -> None:
    both = set(wave("a")["unit"]) & set(wave("b")["unit"])
    old, new = (
        royst.estimate(wave(name).filter(pl.col("unit").is_in(list(both))), DESIGNS["d"], royst.mean(item))
        for name in "ab"
    )
    found = change.change(new, old).row(0, named=True)
    near([found["estimate"], found["se"]], [answers()[f"change {item}"][key] for key in ("estimate", "se")])


# ---- findings beyond estimates, each beside something that is not ours


def test_the_chance_of_answering_equals_r_s_glm() -> None:
    data = wave("a").with_columns(heard=pl.col("hours").is_not_null())
    weights = adjust.nonresponse_propensity(data, "heard", ["age", "sex", "size"], "weight", classes=None)
    heard, chance = data["heard"].to_numpy(), np.array(answers()["propensity"]["fitted"])
    near(weights[heard], data["weight"].to_numpy()[heard] / chance[heard])
    assert (weights[~heard] == 0).all()


def test_classes_of_chances_keep_their_weight_s_sum() -> None:
    data = wave("a").with_columns(heard=pl.col("hours").is_not_null())
    weights = adjust.nonresponse_propensity(data, "heard", ["age", "sex", "size"], "weight", classes=5)
    near(weights.sum(), data["weight"].sum())
    factors = np.unique(np.round(weights[weights > 0] / data["weight"].to_numpy()[weights > 0], 9))
    assert 2 <= len(factors) <= 5 and (factors >= 1).all()


def test_cells_stand_for_those_who_did_not_answer() -> None:
    data = wave("a").with_columns(heard=pl.col("hours").is_not_null())
    weights = pl.Series("raised", adjust.nonresponse_cells(data, "heard", ["sex", "size"], "weight"))
    sums = data.with_columns(weights).group_by("sex", "size").agg(pl.col("weight", "raised").sum())
    near(sums["raised"], sums["weight"])


def scale_items() -> pl.DataFrame:
    return pl.read_csv(HERE / "scale.csv")


def test_shapley_shares_equal_r_s_lm_over_all_orders() -> None:
    found = priorities.importance(
        scale_items(), royst.Design(), "s5", ["s1", "s2", "s3", "s4"], method="shapley", replicates=2
    )
    near(found["weight"], answers()["shapley"]["weight"])
    near(found["r2"][0], answers()["shapley"]["r2"])


def test_relative_weights_equal_a_regression_on_the_nearest_orthogonal_items() -> None:
    """Johnson's own derivation: with X = PΔQ', Z = PQ' is the orthonormal set nearest to X; weights are Λ²β²."""
    data = scale_items().to_numpy().astype(float)
    x, y = ((part - part.mean(axis=0)) / part.std(axis=0) for part in (data[:, :4], data[:, 4]))
    p, _, q = np.linalg.svd(x, full_matrices=False)
    z = p @ q
    weights = (z.T @ x).T ** 2 / len(y) @ ((z.T @ y) ** 2 / len(y))
    found = priorities.importance(scale_items(), royst.Design(), "s5", ["s1", "s2", "s3", "s4"], replicates=2)
    near(found["weight"], weights)


def test_shrunken_units_equal_lme4_s_random_intercepts() -> None:
    """300 units of five answers: balanced, so that analysis of variance and REML are one."""
    items = scale_items().with_row_index("unit")
    long = items.unpivot(index="unit", value_name="y").sort("unit", "variable").with_columns(pl.col("unit").cast(pl.String))
    found = units.compare(long, "unit", royst.mean("y")).sort(pl.col("unit").cast(pl.Int64))
    theirs = answers()["shrunken"]
    correlation = theirs["between"] / (theirs["between"] + theirs["within"])
    near(found["icc"][0], correlation, 1e-6)  # lmer stops at its optimiser's tolerance
    near(found["shrunken"], theirs["means"], 1e-6)
    near(found["reliability"][0], 5 * correlation / (1 + 4 * correlation), 1e-6)
