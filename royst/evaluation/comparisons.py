"""Every difference the plan declares, and every line over time: rows of ``release.CHANGES``, unprotected, all digits kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import polars as pl

from royst.estimation import change
from royst.estimation.comparison import Difference, between_groups, with_published, with_source
from royst.estimation.estimate import Result
from royst.evaluation.facts import LINES, shown_waves
from royst.release import CHANGES, WITHHELD, SourceFacts
from royst.study.folder import Study
from royst.study.plan import ComparisonSection, SourceSection

PLACE = "_place"
FRACTIONS = ("share", "band", "not_relevant")

Row = dict[str, object]
Key = tuple[str, str, str, str]


def comparisons(study: Study, release: str, results: Mapping[str, Result], sources: list[SourceFacts], published: pl.DataFrame | None = None) -> pl.DataFrame:
    """Differences of one release: its own wave's groups, its wave against each earlier one, its sources; corrected by family.

    ``published``: every estimate that is out. Where the answers of an earlier wave no longer give what was published of it
    (somebody withdrew, or a mistake was found), its published figures stand and are compared; nothing of it is computed again.
    """
    part = study.file.releases[release]
    rows = _groups(study, part.wave, results[part.wave])
    for old in shown_waves(part)[1:]:
        out = Published(published, old)
        if out.stands(results[old]):
            rows += _waves(study, part.wave, old, results[part.wave], results[old])
        else:
            rows += _waves_published(study, part.wave, old, results[part.wave], out)
    rows += _sources(study, part.wave, results[part.wave], sources)
    return outcomes(study, rows)


def _groups(study: Study, wave: str, result: Result) -> list[Row]:
    rows = []
    for declared in study.file.comparisons:
        if declared.kind != "groups" or declared.wave != wave or not declared.group:
            continue
        sides = [f"{declared.group}={side}" for side in (declared.first, declared.second)]
        keys: list[Key] = [(declared.measure, declared.item, declared.category, side) for side in sides]
        row: Row = {"id": declared.id, "kind": "groups", "wave_1": wave, "wave_2": wave, "domain_1": sides[0], "domain_2": sides[1], **_named(declared)}
        rows.append(row | _sides(result, keys[0], result, keys[1]) | _difference(between_groups(result, *keys) if _there(result, keys) else None))
    return rows


def _there(result: Result, keys: list[Key]) -> bool:
    known = set(result.table.select("measure", "item", "category", "domain").rows())
    return all(key in known for key in keys)


def _named(part: ComparisonSection | SourceSection) -> Row:
    return {"item": part.item, "measure": part.measure, "category": part.category, "population": "all", "family": part.family}


def _sides(result_1: Result, key_1: Key, result_2: Result, key_2: Key) -> Row:
    sides: Row = {}
    for number, (result, key) in enumerate(((result_1, key_1), (result_2, key_2)), start=1):
        row = result.table.row(result.find(*key), named=True) if _there(result, [key]) else {}
        sides |= {f"estimate_{number}": row.get("estimate"), f"n_{number}": row.get("n"), f"units_{number}": row.get("n_units")}
    return sides


def _difference(found: Difference | None) -> Row:
    return {} if found is None else asdict(found)


class Published:
    """What is out of one wave's whole, by measure, item and category, on the inner scale (fractions)."""

    def __init__(self, published: pl.DataFrame | None, wave: str):
        self.rows: dict[Key, dict[str, float]] = {}
        if published is None:
            return
        whole = published.filter((pl.col("wave") == wave) & (pl.col("population") == "all") & (pl.col("domain") == "all") & pl.col("se").is_not_null())
        for row in whole.iter_rows(named=True):
            part = 100 if row["measure"] in FRACTIONS else 1
            figures = {"estimate": row["estimate"] / part, "se": row["se"] / part, "df": row["df"], "n": row["n"], "units": row["n_units"]}
            decimals = row.get("decimals")
            usual = 2 if row["measure"] == "mean" else 1
            figures["half"] = 0.5 * 10.0 ** -(usual if decimals is None else decimals) / part  # of the last printed digit
            self.rows[row["measure"], row["item"], row["category"], "all"] = figures

    def stands(self, result: Result) -> bool:
        """Whether today's answers give every published figure; the numbers of answers, and estimates to their rounding."""
        known = {tuple(row[:4]): row[4:] for row in result.table.select("measure", "item", "category", "domain", "n", "estimate").rows()}

        def same(key: Key, row: dict[str, float]) -> bool:
            n, estimate = known.get(key, (None, None))
            return n == row["n"] and estimate is not None and abs(estimate - row["estimate"]) <= row["half"] * 1.001

        return all(same(key, row) for key, row in self.rows.items())


def _continued(study: Study, new: str, old: str) -> tuple[dict[str, str], dict[tuple[str, str, str], tuple[str, str]]]:
    """Each continuing item's name in the old wave, and what is compared: its key, with the comparison's id and family. Those declared,
    and the best band (or the index) of every item that continues."""
    names = {item.name: study.line(new, item.name)[old] for item in study.instruments[new].items if old in study.line(new, item.name)}
    names |= {index: index for index in study.file.indices}
    asked: dict[tuple[str, str, str], tuple[str, str]] = {
        (part.measure, part.item, part.category): (part.id, part.family)
        for part in study.file.comparisons
        if part.kind == "waves" and (part.first, part.second) == (new, old)
    }
    for name in names:
        key = _line_key(study, new, name)
        if key is not None and key not in asked:
            asked[key] = (f"{name}_{new}_{old}", LINES)
    return names, asked


def _waves_published(study: Study, new: str, old: str, result: Result, out: Published) -> list[Row]:
    """The changes from an old wave of which only the published figures are used."""
    names, asked = _continued(study, new, old)
    rows = []
    for key, (name, family) in asked.items():
        before = out.rows.get((key[0], names.get(key[1], key[1]), key[2], "all"))
        if before is None or not _there(result, [(*key, "all")]):
            continue
        now = result.table.row(result.find(*key, "all"), named=True)
        row: Row = {"id": name, "family": family, "kind": "waves", "measure": key[0], "item": key[1], "category": key[2], "population": "all"}
        row |= {"wave_1": new, "domain_1": "all", "estimate_1": now["estimate"], "n_1": now["n"], "units_1": now["n_units"]}
        row |= {"wave_2": old, "domain_2": "all", "estimate_2": before["estimate"], "n_2": before["n"], "units_2": before["units"]}
        rows.append(row | _difference(with_published(result, (*key, "all"), before["estimate"], before["se"], before["df"])))
    return rows


def _waves(study: Study, new: str, old: str, result: Result, before: Result) -> list[Row]:
    """All changes between two waves in one go, with the covariance of the units in both."""
    names, asked = _continued(study, new, old)
    found = [key for key in asked if _there(result, [(*key, "all")]) and _there(before, [(key[0], names.get(key[1], key[1]), key[2], "all")])]
    if not found:
        return []
    table = change.change(result, before, rows=[(*key, "all") for key in found], history=study.heirs(new), items=names)
    rows = []
    for key, told in zip(found, table.iter_rows(named=True)):
        rows.append(wave_row(*asked[key], key, "all", new, old, told))
    return rows


def wave_row(id: str, family: str, key: tuple[str, str, str], population: str, new: str, old: str, told: Mapping[str, object]) -> Row:
    """A change between two waves as ``change.change`` found it, in the columns of ``release.CHANGES``."""
    row: Row = {"id": id, "family": family, "kind": "waves", "measure": key[0], "item": key[1], "category": key[2], "population": population}
    row |= {"wave_1": new, "domain_1": "all", "estimate_1": told["new"], "n_1": told["n_new"], "units_1": told["units_new"]}
    row |= {"wave_2": old, "domain_2": "all", "estimate_2": told["old"], "n_2": told["n_old"], "units_2": told["units_old"]}
    return row | {column: told[column] for column in ("estimate", "se", "df", "low", "high", "low90", "high90", "p")}


def lines(study: Study, told: pl.DataFrame, asked: Mapping[tuple[str, str, str], str], family: str, population: str, new: str, old: str) -> pl.DataFrame:
    """Changes between two waves of another population than everybody: rows of ``release.CHANGES`` with the outcomes. ``asked``: a statistic's comparison."""
    made = []
    for row in told.iter_rows(named=True):
        key = (row["measure"], row["item"], row["category"])
        made.append(wave_row(asked[key], family, key, population, new, old, row))
    return outcomes(study, made)


def _line_key(study: Study, wave: str, name: str) -> tuple[str, str, str] | None:
    """What is followed over time without being declared: an item's best band, else its mean, of two answers the share of the first; an index."""
    if name in study.file.indices:
        return ("index", name, "")
    item = study.instruments[wave][name]
    if item.scale is None or (name in study.file.items and study.file.items[name].role != "item"):
        return None
    if item.scale.bands:
        return ("band", name, next(iter(item.scale.bands)))
    return ("mean", name, "") if study.file.averaged(item.scale) else ("share", name, item.scale.substantive[0]) if item.scale.substantive else None


def _sources(study: Study, wave: str, result: Result, sources: list[SourceFacts]) -> list[Row]:
    rows = []
    told = {source.id: source for source in sources}
    for declared in study.file.sources:
        key = (declared.measure, declared.item, declared.category, "all")
        if declared.wave != wave or declared.id not in told or not _there(result, [key]):
            continue
        ours = result.table.row(result.find(*key), named=True)
        theirs = told[declared.id]
        row: Row = {"id": declared.id, "kind": "source", "wave_1": wave, "domain_1": "all", "n_2": theirs.n, "estimate_2": theirs.value / 100, **_named(declared)}
        row |= {"estimate_1": ours["estimate"], "n_1": ours["n"], "units_1": ours["n_units"]}
        if ours["status"] == "ok":
            row |= asdict(with_source(ours["estimate"], ours["se"], ours["df"], theirs.value / 100, theirs.n, result.level))
        rows.append(row)
    return rows


def outcomes(study: Study, rows: list[Row]) -> pl.DataFrame:
    """Correct within each family and say the outcome. A difference with too few on a side is no test and cannot tell."""
    plan = study.file.plan
    if not rows:
        return pl.DataFrame(schema=CHANGES)
    schema: dict[str, type[pl.DataType]] = {**CHANGES, "units_1": pl.Int64, "units_2": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row", infer_schema_length=None)
    few = _too_few(plan.min_answers, plan.min_units)
    margin = pl.when(pl.col("measure").is_in(FRACTIONS)).then(plan.margin / 100).otherwise(plan.margin)
    frame = frame.with_columns(pl.when(few).then(None).otherwise(pl.col("p")).alias("p"), margin.alias("margin"))
    told = _corrected(study, frame).with_columns(pl.when(few).then(pl.lit("cannot_tell")).otherwise("outcome").alias("outcome"))
    return told.select(pl.col(column).cast(kind) for column, kind in CHANGES.items())


def corrected(study: Study, asked: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """``told``: the rows of ``asked`` as protection left them. A test that is withheld counts as one whose p-value is 1, so no p-value that is
    printed follows from it; what was proved with its help is proved no longer."""
    printed = pl.col("status") != WITHHELD
    if told.filter(~printed).is_empty():
        return told
    hidden = pl.when(asked["p"].is_not_null()).then(1.0)
    again = _corrected(study, told.with_columns(pl.when(printed).then("p").otherwise(hidden).alias("p")).with_row_index(PLACE)).sort(PLACE)
    outcome = pl.when(pl.col("outcome") == "cannot_tell").then("outcome").otherwise(again["outcome"])
    return told.with_columns(pl.when(printed).then(kept).alias(name) for name, kept in (("p_adjusted", again["p_adjusted"]), ("outcome", outcome)))


def _corrected(study: Study, frame: pl.DataFrame) -> pl.DataFrame:
    """``p_adjusted`` within each family, ``correction`` and ``outcome``; same rows in the order of the families."""
    plan, parts = study.file.plan, []
    for (family,), part in frame.group_by("family", maintain_order=True):
        declared = study.file.families.get(str(family))
        correction = declared.correction if declared else "bh"
        part = change.outcome(part, part["margin"].to_list(), alpha=round(1 - plan.level, 9), method=correction)
        parts.append(part.with_columns(pl.lit(correction).alias("correction")))
    outcome = pl.col("outcome").replace({"rise": "higher", "fall": "lower"})
    # The mean of a scale has no margin in points, so nothing is called the same on it.
    unfit = (pl.col("measure") == "mean") & (outcome == "same")
    return pl.concat(parts).with_columns(pl.when(unfit).then(pl.lit("cannot_tell")).otherwise(outcome).alias("outcome"))


def _too_few(answers: int, units: int) -> pl.Expr:
    low = pl.lit(False)
    for side in ("1", "2"):
        low = low | (pl.col(f"n_{side}") < answers) | (pl.col(f"units_{side}") < units)
    return low.fill_null(False)
