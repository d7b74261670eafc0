"""What goes wrong is said, in words that help: never a silent NaN."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import royst
from royst.estimation import association, federated, regression, replicates
from royst.totals import seal
from royst.weighting import adjust


def frame(**changes) -> pl.DataFrame:
    base = {"h": ["a"] * 4 + ["b"] * 4, "u": list("11223344"), "w": [1.0, 2, 3, 4, 5, 6, 7, 8], "y": [1.0, 2, 3, 4, 5, 6, 7, 9],
            "q": ["1", "2", "1", "2", "1", "2", "1", "1"], "N": [10.0] * 8}  # fmt: skip
    return pl.DataFrame({**base, **changes})


DESIGN = royst.Design(strata="h", psu="u", weight="w")


@pytest.mark.parametrize("engine", ["embedded", "duckdb"])
@pytest.mark.parametrize(
    ("value", "code"),
    [
        (0.0, "weight-zero"),
        (-1.0, "weight-negative"),
        (float("inf"), "weight-infinite"),
        (None, "weight-missing"),
        (float("nan"), "weight-missing"),
    ],
)
def test_impossible_weights_stop(engine: str, value: float | None, code: str) -> None:
    with pytest.raises(royst.InputError, match=code):
        royst.estimate(frame(w=[1.0, 2, value, 4, 5, 6, 7, 8]), DESIGN, royst.mean("y"), engine=engine)


@pytest.mark.parametrize("engine", ["embedded", "duckdb"])
def test_a_unit_in_two_strata_stops_unless_ids_nest(engine: str) -> None:
    data = frame(u=list("11221122"))
    with pytest.raises(royst.InputError, match="psu-in-two-strata"):
        royst.estimate(data, DESIGN, royst.mean("y"), engine=engine)
    nested = royst.estimate(data, DESIGN.replace(nest=True), royst.mean("y"), engine=engine)
    assert nested.table["n_units"][0] == 4


@pytest.mark.parametrize("engine", ["embedded", "duckdb"])
@pytest.mark.parametrize(
    ("sizes", "code"),
    [
        ([1.5] * 8, "fpc-too-small"),
        ([10.0] * 7 + [11.0], "fpc-varies"),
        ([10.0, 10, 9, 9, 5, 5, 5, 5], "fpc-varies"),
        ([0.5] * 4 + [10.0] * 4, "fpc-mixed"),
        ([0.0] * 8, "fpc-value"),
        ([None] * 8, "fpc"),
    ],
)
def test_wrong_population_sizes_stop(engine: str, sizes: list, code: str) -> None:
    with pytest.raises(royst.InputError, match=code):
        royst.estimate(frame(N=sizes), DESIGN.replace(fpc=("N",)), royst.mean("y"), engine=engine)


def test_every_missing_column_is_named_at_once() -> None:
    with pytest.raises(royst.InputError) as caught:
        royst.estimate(
            frame(), royst.Design(strata="region", psu="u"), [royst.mean("income"), royst.mean("y")], by="sex"
        )
    assert {fault.column for fault in caught.value.faults} == {"region", "income", "sex"}


def test_a_missing_unit_or_stratum_stops() -> None:
    with pytest.raises(royst.InputError, match="design-missing"):
        royst.estimate(frame(u=["1", None, *list("223344")]), DESIGN, royst.mean("y"))


def test_nobody_in_a_domain_is_not_estimable() -> None:
    data = frame(y=[1.0, 2, 3, 4, None, None, None, None]).with_columns(g=pl.col("h"))
    table = royst.estimate(data, DESIGN, [royst.mean("y"), royst.share("q")], by="g").table
    empty = table.filter((pl.col("domain") == "g=b") & (pl.col("measure") == "mean")).row(0, named=True)
    assert empty["status"] == "not_estimable" and empty["n"] == 0
    assert all(empty[name] is None for name in ("estimate", "se", "low", "high", "deff"))
    assert not table.select(pl.col(pl.Float64).is_nan().any()).to_numpy().any()


@pytest.mark.parametrize("engine", ["embedded", "duckdb"])
def test_declared_categories_with_no_one_are_shown_as_not_estimable(engine: str) -> None:
    data = frame().with_columns(g=pl.Series(["a", "b"] * 4, dtype=pl.Enum(["b", "c", "a"])))
    result = royst.estimate(data, DESIGN, [royst.mean("y"), royst.quantile("y"), royst.share("g")], by=[[], ["g"]], engine=engine)
    assert result.table.filter(pl.col("domain") == "g=c")["status"].to_list() == ["not_estimable"] * 5
    assert result.table.filter(pl.col("measure") == "share")["category"].unique(maintain_order=True).to_list() == ["b", "c", "a"]
    assert np.isnan(result.covariance([("mean", "y", "", "g=c")])).all()
    assert result.difference("g", ("a", "c"))["status"].to_list() == ["not_estimable"] * 5


@pytest.mark.parametrize("engine", ["embedded", "duckdb"])
def test_a_group_without_answers_has_no_difference_of_medians(engine: str) -> None:
    data = frame(y=[1.0, 2, 3, 4, None, None, None, None]).with_columns(g=pl.col("h"))
    found = royst.estimate(data, DESIGN, royst.quantile("y"), by="g", engine=engine).difference("g", ("a", "b"))
    assert found["status"].to_list() == ["not_estimable"]  # DuckDB once ended on it


def test_categories_that_nobody_with_an_answer_is_in_are_no_terms() -> None:
    data = frame(y=[1.0, 2, 3, 5, None, 6, 7, 9], z=list("aabbcbab"))
    found = regression.regress(data, DESIGN, "y", ["z"]).table
    declared = data.with_columns(pl.col("z").cast(pl.Enum(["0", "a", "b", "c"])))
    assert found["term"].to_list() == ["(Intercept)", "zb"] and found.equals(regression.regress(declared, DESIGN, "y", "z").table)


@pytest.mark.parametrize("codes", [np.array([1, 2]), pl.Series([1, 2]), (k for k in (1, 2)), {1: "a", 2: "b"}.keys(), [np.int8(1), np.float32(2)]])
def test_answers_are_named_by_any_row_of_values(codes: object) -> None:
    """A NumPy array was once one category that nobody had."""
    found = royst.estimate(frame(), DESIGN, royst.share("q", codes)).table
    assert found["category"].to_list() == ["1", "2"] and found["estimate"].sum() == pytest.approx(1)


def test_a_numpy_truth_value_is_one() -> None:
    table = royst.estimate(frame(z=[True, False] * 4), DESIGN, royst.share("z", np.bool_(True))).table
    assert table["category"].to_list() == ["true"] and table["estimate"][0] == pytest.approx(16 / 36)


def test_a_grouping_that_nobody_told_has_no_rows() -> None:
    data = frame().with_columns(g=pl.lit(None, dtype=pl.String))
    table = royst.estimate(data, DESIGN, [royst.mean("y"), royst.share("g")], by=[[], ["g"]]).table
    assert table.select("domain", "status").rows() == [("all", "ok"), ("all", "not_estimable")]
    assert royst.estimate(data, DESIGN, royst.mean("y"), by="g").table.height == 0


def test_one_unit_alone_has_no_error_of_its_own() -> None:
    table = royst.estimate(frame(), DESIGN, royst.mean("y"), by="u").table
    assert set(table["status"]) == {"no_se"} and table["se"].null_count() == 4 and table["estimate"].null_count() == 0


def test_a_denominator_of_zero_is_not_estimable() -> None:
    table = royst.estimate(frame(N=[0.0] * 8), DESIGN, royst.ratio("y", "N")).table
    assert table["status"][0] == "not_estimable" and table["estimate"][0] is None


def test_a_group_that_is_not_there_is_named() -> None:
    result = royst.estimate(frame(), DESIGN, royst.mean("y"), by="h")
    with pytest.raises(royst.InputError, match="h=a, h=b"):
        result.difference("h", ("a", "x"))
    with pytest.raises(royst.InputError, match="no-such-grouping"):
        result.difference("q", ("1", "2"))


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda: royst.Design(singleton="ignore"), "singleton-rule"),
        (lambda: royst.Design(weight="w", probs="p"), "weight-and-probs"),
        (lambda: royst.Design(strata=["a", "b"], psu="u"), "strata-stages"),
        (lambda: royst.Design(pps="brewer"), "pps-without-fpc"),
        (lambda: royst.estimate(frame(), DESIGN, []), "no-measures"),
        (lambda: royst.estimate(frame(), DESIGN, royst.mean("q2")), "column-missing"),
        (lambda: royst.estimate(frame(q=list("abababab")), DESIGN, royst.mean("q")), "not-a-number"),
        (lambda: royst.estimate(frame(), DESIGN, royst.mean("y"), engine="excel"), "engine"),
        (lambda: royst.estimate(frame(), DESIGN, royst.mean("y", interval="exact")), "interval-method"),
        (lambda: royst.estimate(frame(), DESIGN, royst.mean("y"), level=95), "level"),
        (lambda: royst.estimate("nowhere.parquet", DESIGN, royst.mean("y")), "file-missing"),
        (lambda: royst.estimate(42, DESIGN, royst.mean("y")), "data-kind"),
        (lambda: royst.estimate(frame()[:0], DESIGN, royst.mean("y")), "no-rows"),
        (lambda: royst.calibrate(frame(), DESIGN, {"q": {"1": 5}}), "totals-lack"),
        (lambda: royst.calibrate(frame(), DESIGN, {"q": {"1": 5, "2": 5, "3": 1}}), "totals-unseen"),
        (lambda: royst.calibrate(frame(), DESIGN, {"q": {"1": 5, "2": 5}, "h": {"a": 5, "b": 6}}), "margins-disagree"),
        (lambda: royst.calibrate(frame(), DESIGN, {"y": 5}), "totals-number"),
        (lambda: regression.regress(frame(), DESIGN, "y", ["w", "w"]), "regression-singular"),
        (lambda: regression.regress(frame(), DESIGN, "q", ["y"], "logistic"), ""),
        (lambda: regression.regress(frame(z=list("aabbaabb")), DESIGN, "q", ["z"], "logistic"), ""),
        (lambda: regression.regress(frame(), DESIGN, "y", ["w", "w:N"]), "interaction-alone"),
        (lambda: regression.regress(frame(z=list("cacacaca")), DESIGN, "q", ["z"], "logistic"), "regression-separated"),
        (lambda: regression.regress(frame(q=list("12121212"), z=list("abababab")), DESIGN, "q", ["z"], "logistic"), "regression-open"),
        (lambda: adjust.nonresponse_cells(frame(r=[0, 0, 0, 0, 1, 1, 1, 1]), "r", "h"), "thin-cell"),
        (lambda: adjust.nonresponse_propensity(frame(r=[0, 1] * 4, z=[3e154] + [1.0] * 7), "r", ["z"]), "number-infinite"),
        (lambda: adjust.trim([1.0, 2.0, 30.0], highest=5), "trim-impossible"),
        (lambda: adjust.trim([1.0, float("nan")], highest=5), "weights-numbers"),
        (lambda: adjust.diagnostics([1.0, 2.0], before=[1.0]), "weights-before"),
        (lambda: royst.Design(strata=3), "not-a-column"),  # type: ignore[arg-type]
        (lambda: royst.Design(fpc=757), "not-a-column"),  # type: ignore[arg-type]
        (lambda: royst.Design(nest="no"), "nest"),  # type: ignore[arg-type]
        (lambda: royst.estimate(frame(), {"psu": "u"}, royst.mean("y")), "not-a-design"),  # type: ignore[arg-type]
        (lambda: royst.estimate(frame(), DESIGN, None), "no-measures"),  # type: ignore[arg-type]
        (lambda: royst.estimate(frame(), DESIGN, royst.share("q", [])), "no-measures"),
        (lambda: royst.estimate(frame(), DESIGN, "y"), "'y' is not a measure"),  # type: ignore[arg-type]
        (lambda: royst.estimate(frame(), DESIGN, [royst.mean("y", name="a"), royst.mean("w", name="a")]), "measure-twice"),
        (lambda: royst.estimate(frame(), DESIGN, [royst.share("q"), royst.share("q", interval="logit")]), "measure-twice"),
        (lambda: royst.mean(["y", "w"]), "not-an-item"),  # type: ignore[arg-type]
        (lambda: royst.mean("y", scores={"1": None}), "score"),  # type: ignore[dict-item]
        (lambda: royst.quantile("y", "half"), "quantile-probability"),  # type: ignore[arg-type]
        (lambda: royst.index([]), "index-empty"),
        (lambda: royst.index(["y"], low=3, high=3), "index-scale"),
        (lambda: royst.index(["y"], at_least=2), "index-at-least"),
        (lambda: royst.estimate(frame(), DESIGN, royst.mean("y"), level="95"), "level"),  # type: ignore[arg-type]
        (lambda: royst.estimate(None, DESIGN, royst.mean("y")), "data-kind"),
        (lambda: royst.estimate({"y": [1, 2, 3], "x": [1, 2]}, None, royst.mean("y")), "data-kind"),
        (lambda: royst.estimate(frame().to_pandas()[["y", "y"]], None, royst.mean("y")), "data-kind"),
        (lambda: royst.estimate(frame().lazy().with_columns(pl.col("nobody")), None, royst.mean("y")), "data-kind"),
        (lambda: royst.estimate(frame(y=[[1]] * 8), DESIGN, royst.mean("y")), "column-kind"),
        (lambda: royst.estimate(frame(u=[{"a": 1}] * 8), DESIGN, royst.mean("y")), "column-kind"),
        (lambda: royst.calibrate(frame(), DESIGN, [{"q": 1}]), "totals-kind"),  # type: ignore[arg-type]
        (lambda: royst.calibrate(frame(), DESIGN, {"q": {"1": None, "2": 5}}), "totals-number"),
        (lambda: royst.calibrate(frame(), DESIGN, {"y": float("nan")}, "linear"), "totals-number"),
        (lambda: royst.calibrate(frame(), DESIGN, {5: {"1": 5}}), "totals-column"),
        (lambda: royst.calibrate(frame(), DESIGN, {("q", "h"): {1: 5}}), "totals-lack"),
        (lambda: royst.calibrate(frame(), DESIGN, {"q": {"1": 5, "2": 5}}, rounds="many"), "raking-rounds"),  # type: ignore[arg-type]
        (lambda: royst.calibrate(frame(), "u", {"q": {"1": 5, "2": 5}}), "not-a-design"),  # type: ignore[arg-type]
        (lambda: royst.Design(strata=[["h"]]), "not-a-column"),  # type: ignore[list-item]
        (lambda: royst.Design(weight=""), "not-a-column"),  # once this was no weight
        (lambda: royst.Design(calibration="raking"), "calibration-kind"),  # type: ignore[arg-type]
        (lambda: royst.quantile("y", None), "quantile-probability"),  # type: ignore[arg-type]
        (lambda: royst.share("q", [None]), "code-missing"),
        (lambda: royst.band("q", ["1"]), "not-a-mapping"),  # type: ignore[arg-type]
        (lambda: royst.mean("q", scores=[1, 2]), "not-a-mapping"),  # type: ignore[arg-type]
        (lambda: royst.mean("q", scores={"1": 1e300}), "score"),
        (lambda: royst.mean("q", scores={"1": 1j}), "score"),  # type: ignore[dict-item]
        (lambda: royst.index(["y"], low="1"), "index-scale"),  # type: ignore[arg-type]
        (lambda: royst.index(["y"], high=float("inf")), "index-scale"),
        (lambda: royst.index(["y"], at_least="half"), "index-at-least"),  # type: ignore[arg-type]
        (lambda: royst.index(["y"], scores={"z": {"1": 0}}), "index-scores"),
        (lambda: royst.index(None), "index-empty"),  # type: ignore[arg-type]
        (lambda: royst.estimate(frame(y=["1e400"] * 8), DESIGN, royst.mean("y")), "not-a-number"),
        (lambda: royst.estimate(frame(y=["inf"] * 8), DESIGN, royst.mean("y"), engine="duckdb"), "not-a-number"),
        (lambda: regression.regress(frame(), DESIGN, "y", None), "not-a-term"),  # type: ignore[arg-type]
        (lambda: regression.regress(frame(), DESIGN, "y", ["w"], level=95), "level"),
        (lambda: regression.regress(frame(), DESIGN, "q", ["w"], "logistic", scores={"1": 0, "2": 2}), "logistic-scores"),
        (lambda: regression.regress(frame(), DESIGN, "y", ["w"]).wald([]), "no-such-term"),
        (lambda: association.independence(frame(), "u", "q", "h"), "not-a-design"),  # type: ignore[arg-type]
    ],
)
def test_each_mistake_has_its_own_words(ask, code: str) -> None:
    if not code:
        ask()
        return
    with pytest.raises(royst.InputError, match=code):
        ask()


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda r: r.difference("h", ("a",)), "not-two-groups"),
        (lambda r: r.difference("h", "ab"), "not-two-groups"),
        (lambda r: r.difference(["h", "q"], ("a", "b")), "group-parts"),  # once this was the difference by h alone
        (lambda r: r.difference("h", ("a", "b"), rows=[99]), "no-such-row"),
        (lambda r: r.difference("h", ("a", "b"), rows="y"), "not-a-row"),
        (lambda r: r.contrast({0: 1.0, 99: -1.0}), "no-such-row"),
        (lambda r: r.contrast({0: float("nan")}), "contrast-weights"),
        (lambda r: r.contrast([(1.5, 1.0)]), "not-a-row"),
        (lambda r: r.contrast({("mean", "z", "", "h=a"): 1.0, ("mean", "z", "", "h=b"): -1.0}), "row-without-error"),
        (lambda r: r.quotient(("mean", "y", "", "h=a"), ("mean", "z", "", "h=b")), "row-without-error"),
        (lambda r: r.quotient(("mean", "y"), ("mean", "naught")), "quotient-by-zero"),
        (lambda r: r.wald([0, 1], null=[1.0]), "wald-null"),
        (lambda r: r.wald([0], null=["a"]), "wald-null"),
        (lambda r: r.contrast({0: "one"}), "contrast-weights"),
        (lambda r: r.contrast({0: None}), "contrast-weights"),
        (lambda r: r.contrast([1, 2]), "not-a-row"),
        (lambda r: r.difference(None, ("a", "b")), "no-such-grouping"),
        (lambda r: replicates.table(r, "bootstrap", [0], count="many"), "replicate-count"),
        (lambda r: replicates.table(r, replicates.Replicates("own", np.ones((4, 3)), 1.0, np.ones(2)), [0]), "replicate-scales"),
    ],
)
def test_each_mistake_in_a_test_between_rows_has_its_own_words(ask, code: str) -> None:
    data = frame(z=[1.0, 2, 3, 4, None, None, None, None], naught=[-1.0, 0.5, 0, 0, 0, 0, 0, 0])
    result = royst.estimate(data, DESIGN, [royst.mean("y"), royst.mean("z"), royst.mean("naught")], by=[[], ["h"], ["h", "q"]])
    with pytest.raises(royst.InputError, match=code):
        ask(result)


@pytest.mark.parametrize("engine", ["embedded", "duckdb"])
@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", b"", "file-unreadable"),
        ("a.csv", b"y,x\n1,2\n3,4,5\n", "file-unreadable"),
        ("a.csv", "y,x\n1,å\n".encode("latin-1"), "file-unreadable"),
        ("a.csv", b"y,y\n1,2\n3,4\n", "column-twice"),
        ("a.parquet", b"not Parquet", "file-unreadable"),
        ("a.ods", b"", "file-kind"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(engine: str, name: str, content: bytes, code: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(royst.InputError, match=code):
        royst.estimate(tmp_path / name, None, royst.mean("y"), engine=engine)


@pytest.mark.parametrize(("high", "kind"), [(2**64 - 1, pl.UInt64), (2**63 - 1, pl.Int64), (2**100, pl.Int128), (127, pl.Int8)])
def test_whole_numbers_of_any_width_are_codes_and_numbers(high: int, kind: pl.DataType) -> None:
    data = frame().with_columns(k=pl.Series([high, high - 1] * 4, dtype=kind))
    table = royst.estimate(data, DESIGN, [royst.share("k"), royst.mean("k"), royst.mean("y")], by=[[], ["k"]]).table
    assert table.filter((pl.col("measure") == "share") & (pl.col("domain") == "all"))["category"].to_list() == [str(high - 1), str(high)]
    assert table.filter(pl.col("domain") == f"k={high}")["n"].to_list() == [4] * 4
    assert (table.filter(pl.col("item") == "k", pl.col("measure") == "mean")["estimate"] / float(high) - 1).abs().max() < 0.01


@pytest.mark.parametrize("engine", ["embedded", "duckdb"])
@pytest.mark.parametrize(
    ("values", "measure", "code"),
    [
        (list("abcabcab"), royst.mean("z"), "not-a-number"),
        (list("abcabcab"), royst.quantile("z"), "not-a-number"),
        (list("abcabcab"), royst.ratio("y", "z"), "not-a-number"),
        ([float("inf")] * 8, royst.total("z"), "number-infinite"),
        ([[1.0]] * 8, royst.mean("z"), "column-kind"),
        ([[1.0]] * 8, royst.share("z"), "column-kind"),
        ([b"x"] * 8, royst.share("z"), "column-kind"),
    ],
)
def test_an_item_of_the_wrong_kind_is_named(engine: str, values: list, measure, code: str) -> None:
    with pytest.raises(royst.InputError, match=code) as caught:
        royst.estimate(frame(z=values), DESIGN, measure, engine=engine)
    assert {fault.column for fault in caught.value.faults} == {"z"}


@pytest.mark.parametrize("engine", ["embedded", "duckdb"])
def test_columns_that_are_not_asked_for_may_be_of_any_kind(engine: str) -> None:
    odd = frame().with_columns(
        a=pl.Series([object()] * 8), b=pl.duration(days=1), c=pl.Series([2**100] * 8, dtype=pl.Int128), d=pl.concat_list("y", "w")
    )
    assert royst.estimate(odd, DESIGN, royst.mean("y"), engine=engine).table["status"][0] == "ok"


def test_what_all_of_a_stratum_of_rows_answer_alike_has_no_error() -> None:
    """A share of the stratum itself: rounding left an error of 10⁻¹⁰ where R and arithmetic have 0."""
    sizes = {"a": 37, "b": 11, "c": 53}
    strata = [name for name, n in sizes.items() for _ in range(n)]
    data = pl.DataFrame({"h": strata, "w": [{"a": 44.21, "b": 15.1, "c": 20.36}[name] for name in strata]})
    table = royst.estimate(data, royst.Design(strata="h", weight="w"), royst.share("h")).table
    assert table["se"].to_list() == [0.0] * 3


def test_a_calibrated_design_belongs_to_its_rows() -> None:
    calibrated = royst.calibrate(frame(), DESIGN, {"q": {"1": 50, "2": 30}})
    with pytest.raises(royst.InputError, match="calibrated-elsewhere"):
        royst.estimate(frame()[:5], calibrated, royst.mean("y"))


# ---- totals that sites send

SYNTHETIC = Path(__file__).parents[1] / "known_answers" / "synthetic_a.csv"
SITES = royst.Design(strata="region", psu="unit", weight="weight")
ASKED = [
    royst.mean("hours"),
    royst.share("satisfied"),
    royst.band("q1", {"stor": ["4", "5"]}, not_relevant="9"),
    royst.ratio("hours", "income"),
]
LEVELS = {"satisfied": ["ja", "nei"], "q1": [1, 2, 3, 4, 5, 9]}


def forty_five() -> list[pl.DataFrame]:
    """The synthetic units and fifteen more, each a site."""
    data = pl.read_csv(SYNTHETIC)
    more = data.filter(pl.col("region") != "oslo").with_columns(("ny-" + pl.col("unit")).alias("unit"))
    sites = [*data.partition_by("unit"), *more.partition_by("unit")][:45]
    assert len(sites) == 45
    return sites


def test_45_sealed_files_give_what_pooled_answers_would(tmp_path: Path) -> None:
    agreed = federated.plan(SITES, ASKED, [[], ["sex"], ["region", "sex"]], LEVELS)
    public, secret = seal.new_keys()
    paths = [
        federated.send(site, agreed, tmp_path / f"{k}.parquet", receiver=public) for k, site in enumerate(forty_five())
    ]
    ours = federated.receive(paths, agreed, key=secret)
    pooled = royst.estimate(pl.concat(forty_five()), SITES, ASKED, by=[[], ["sex"], ["region", "sex"]])
    floats = [name for name, kind in pooled.table.schema.items() if kind.is_float()]
    assert ours.table.drop(floats).equals(pooled.table.drop(floats))
    for name in floats:
        a, b = (one.table[name].fill_null(0.0) for one in (ours, pooled))
        assert ((a - b).abs() <= 1e-12 * b.abs().clip(1e-3)).all(), name
    assert (
        ours.difference("sex", ("mann", "kvinne"))["se"] - pooled.difference("sex", ("mann", "kvinne"))["se"]
    ).abs().max() < 1e-12
    with pytest.raises(royst.InputError, match="totals-sealed"):
        federated.receive(paths, agreed)
    with pytest.raises(royst.InputError, match="totals-key"):
        federated.receive(paths, agreed, key=seal.new_keys()[1])


def test_totals_of_another_plan_are_refused(tmp_path: Path) -> None:
    agreed, other = (federated.plan(SITES, ASKED[:n], [[]], LEVELS) for n in (2, 3))
    path = federated.send(forty_five()[0], agreed, tmp_path / "a.parquet")
    with pytest.raises(royst.InputError, match="totals-plan"):
        federated.receive([path], other)
    (tmp_path / "b.parquet").write_bytes(b"not parquet")
    with pytest.raises(royst.InputError, match="not-totals"):
        federated.receive([tmp_path / "b.parquet"], agreed)


def test_withholding_keeps_small_cells_at_home_and_says_what_it_costs(tmp_path: Path) -> None:
    by = [[], ["sex"]]
    agreed = federated.plan(SITES, ASKED, by, LEVELS)
    paths = [federated.send(site, agreed, tmp_path / f"{k}.parquet", fewest=5) for k, site in enumerate(forty_five())]
    for path in paths:
        sent = pl.read_parquet(path).filter(pl.col("grouping") >= 0)
        for name in sent.columns:
            if name.startswith("n_"):
                assert sent.filter((pl.col(name) > 0) & (pl.col(name) < 5)).is_empty()
        yes, n = sent["ny_1"].fill_nan(None), sent["n_1"].fill_nan(None)
        assert ((yes == 0) | (yes >= 5)).all() and ((n - yes == 0) | (n - yes >= 5)).all()
    received = federated.receive(paths, agreed)
    pooled = royst.estimate(pl.concat(forty_five()), SITES, ASKED, by=by)
    cost = federated.cost(received)
    lost = pooled.table["n"] - received.table["n"]
    assert lost.sum() > 0 and (lost <= cost["at_most"]).all() and (cost["se_factor"].drop_nulls() >= 1).all()


@pytest.mark.parametrize(
    ("changed", "design", "code", "row"),
    [
        ({"w": [1.0, 2, 3, 4, -5, 6, 7, 8]}, DESIGN, "weight-negative", 6),
        ({"w": [1.0, 2, float("inf"), 4, 5, 6, 7, 8]}, DESIGN, "weight-infinite", 4),
        ({"u": list("11221344")}, DESIGN, "psu-in-two-strata", 6),
        ({"N": [10.0] * 4 + [1.5] * 4}, DESIGN.replace(fpc=("N",)), "fpc-too-small", 6),
        ({"N": [10.0] * 4 + [-1.0] * 4}, DESIGN.replace(fpc=("N",)), "fpc-value", 6),
        ({"y": [1.0, 2, 3, 4, 5, 6, float("inf"), 9]}, DESIGN, "number-infinite", 8),
    ],
)
def test_a_fault_names_its_column_and_row(changed: dict, design: royst.Design, code: str, row: int) -> None:
    with pytest.raises(royst.InputError) as caught:
        royst.estimate(frame(**changed), design, royst.mean("y"))
    fault = next(one for one in caught.value.faults if one.code == code)
    assert (fault.row, fault.column) == (row, next(iter(changed)))


def test_calibrated_weights_are_refused_on_the_same_rows_in_another_order() -> None:
    calibrated = royst.calibrate(frame(), DESIGN, {"q": {"1": 50, "2": 30}})
    royst.estimate(frame().with_columns(pl.col("y") + 1), calibrated, royst.mean("y"))
    with pytest.raises(royst.InputError, match="calibrated-elsewhere"):
        royst.estimate(frame()[::-1], calibrated, royst.mean("y"))


@pytest.mark.parametrize("by", [5, [5], [["q", ["h"]]]])
def test_what_is_no_grouping_is_said(by: object) -> None:
    with pytest.raises(royst.InputError, match="not-a-grouping"):
        royst.estimate(frame(), DESIGN, royst.mean("y"), by=by)


def test_shares_that_follow_from_one_another_are_not_tested_together() -> None:
    result = royst.estimate(frame(), DESIGN, royst.share("q"))
    with pytest.raises(royst.InputError, match="rows-follow"):
        result.wald([0, 1])


def test_equal_answers_have_no_error_and_no_design_effect() -> None:
    data = pl.DataFrame({"y": [0.1] * 7, "w": [1.1, 2.3, 1.7, 3.1, 1.9, 2.9, 1.3], "u": list("1122334")})
    for design in (royst.Design(weight="w"), royst.Design(psu="u", weight="w")):
        row = royst.estimate(data, design, royst.mean("y")).table.row(0, named=True)
        assert row["se"] == 0 and row["low"] == row["high"] == row["estimate"] and row["deff"] is None


def test_an_infinite_population_is_sampling_with_replacement() -> None:
    known = royst.estimate(frame(N=[float("inf")] * 8), DESIGN.replace(fpc=("N",)), royst.mean("y"))
    assert known.table["se"][0] == pytest.approx(royst.estimate(frame(), DESIGN, royst.mean("y")).table["se"][0])
    with pytest.raises(royst.InputError, match="fpc-value"):
        royst.estimate(frame(N=[float("inf")] * 8), royst.Design(psu="u", fpc="N"), royst.mean("y"))


def test_nan_is_missing_and_not_infinite() -> None:
    gaps = [1.0, float("nan"), 3, None, 5, 6, 7, 9]
    row = royst.estimate(frame(y=gaps), DESIGN, royst.mean("y")).table.row(0, named=True)
    assert row["n"] == 6 and row["status"] == "ok"
    assert royst.estimate(frame(y=[float("nan")] * 8), DESIGN, royst.mean("y")).table["status"][0] == "not_estimable"
