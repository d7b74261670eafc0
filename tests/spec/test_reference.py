"""The reference study as a folder: what it promises of its country, its samples and its files."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from royst import reference
from royst.errors import InputError
from royst.reference.population import ENDINGS, STEMS
from royst.study import folder as study_folder

WAVES = {"2017": (20, 491), "2019": (45, 1336), "2021": (64, 1121)}
DEGREES = ("1", "2", "3", "4", "5")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("reference") / "bte"
    reference.write(root)
    return root


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def answers(root: Path, wave: str) -> pl.DataFrame:
    return pl.read_parquet(root / "waves" / wave / "answers.parquet")


def took_part(root: Path, wave: str) -> list[dict[str, str]]:
    return [row for row in rows(root / "waves" / wave / "sample.csv") if row["status"] == "took_part"]


def test_it_reads_without_an_error(root: Path) -> None:
    study = study_folder.read(root)
    assert study.file.synthetic
    assert list(study.instruments) == list(WAVES)


def test_it_writes_the_same_bytes_in_another_process(root: Path, tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from royst import reference; reference.write(Path(sys.argv[1]))"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "again")], check=True, env=environment)
    assert files(tmp_path / "again") == files(root)


def test_it_refuses_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="folder-taken"):
        reference.write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_broken_run_leaves_nothing_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reference.write(tmp_path / "bte", stop)
    assert list(tmp_path.iterdir()) == []
    reference.write(tmp_path / "bte")
    assert [path.name for path in tmp_path.iterdir()] == ["bte"]


def test_the_country_has_400_units_in_four_regions_and_three_sizes(root: Path) -> None:
    frame = rows(root / "frame.csv")
    for wave in WAVES:
        there = [row for row in frame if row["frame_year"] == wave]
        assert len(there) >= 400
        assert len({(row["region"], row["size"]) for row in there}) == 12
        assert all((row["size"] == "small") == (int(row["inhabitants"]) < 5000) for row in there)
        assert all(0 < int(row["users"]) < int(row["inhabitants"]) for row in there)


def test_mergers_lie_between_the_frames_of_2019_and_2021(root: Path) -> None:
    frame = rows(root / "frame.csv")
    years = {year: {row["unit"]: row for row in frame if row["frame_year"] == year} for year in WAVES}
    gone = {unit: row for unit, row in years["2019"].items() if unit not in years["2021"]}
    assert set(years["2017"]) == set(years["2019"])
    assert len(gone) >= 20
    heirs = Counter(row["succeeded_by"] for row in gone.values())
    assert min(heirs.values()) >= 2
    assert set(heirs) == set(years["2021"]) - set(years["2019"])
    assert all(years["2021"][row["succeeded_by"]]["region"] == row["region"] for row in gone.values())
    assert all(not row["succeeded_by"] for unit, row in years["2019"].items() if unit not in gone)


def test_names_are_invented_by_rule(root: Path) -> None:
    named = {row["unit"]: row["name"] for row in rows(root / "frame.csv")}
    assert len(set(named.values())) == len(named)
    assert all(name.startswith(tuple(STEMS)) and name.endswith(ENDINGS) for name in named.values())


@pytest.mark.real
def test_no_municipality_has_an_invented_name_or_its_ending(root: Path, real_data: Path) -> None:
    frame = real_data.parent / "frame"
    if not frame.is_dir():
        pytest.skip("needs the list of municipalities beside ROYST_REAL_DATA")
    real = {
        part.strip().casefold()
        for row in rows(frame / "kommuner.csv")
        for part in row["navn"].replace(" - ", "/").split("/")
    }
    real |= {row["navn"].casefold() for row in rows(frame / "bydeler.csv")}
    assert len(real) > 400
    assert not real & {row["name"].casefold() for row in rows(root / "frame.csv")}
    assert not [name for name in real if name.endswith(ENDINGS)]


def test_each_wave_has_its_units_and_answers(root: Path) -> None:
    for wave, (units, people) in WAVES.items():
        table = answers(root, wave)
        assert table.height == people
        assert table["id"].n_unique() == people
        assert table["unit"].n_unique() == units
        assert set(table["unit"]) == {row["unit"] for row in took_part(root, wave)}
        sizes = table.group_by("unit").len()["len"]
        assert (sizes < 10).sum() >= 4
        assert (sizes >= 10).sum() >= 14


def test_samples_are_stratified_with_two_units_or_more(root: Path) -> None:
    frame = {(row["frame_year"], row["unit"]): row for row in rows(root / "frame.csv")}
    for wave in WAVES:
        assert min(Counter(row["stratum"] for row in took_part(root, wave)).values()) >= 2
        for row in rows(root / "waves" / wave / "sample.csv"):
            unit = frame[wave, row["unit"]]
            assert row["stratum"] == f"{unit['region']}/{'small' if unit['size'] == 'small' else 'larger'}"
            assert 0 < float(row["inclusion"]) <= 1


def test_inclusion_probabilities_sum_to_the_number_drawn(root: Path) -> None:
    """Σπ over the frame is the number of units to draw; here through its estimate, Σ 1 over those who took part."""
    from royst.reference.population import Unit
    from royst.reference.sampling import chances

    users = np.array([9.0, 40, 100, 4000])
    assert chances(users, 3, by_size=True).sum() == pytest.approx(3, abs=1e-8)
    assert chances(users, 3, by_size=True).max() == 1
    assert chances(users, 2, by_size=False) == pytest.approx([0.5] * 4)
    assert Unit("u1", "x", "vest", 4999, {}).size == "small"


def test_who_refuses_is_replaced_in_the_same_stratum(root: Path) -> None:
    for wave in WAVES:
        drawn = {row["unit"]: row for row in rows(root / "waves" / wave / "sample.csv")}
        refused = {unit for unit, row in drawn.items() if row["status"] == "refused"}
        replaced = [row["replaces"] for row in drawn.values() if row["replaces"]]
        assert refused and set(replaced) == refused and len(replaced) == len(refused)
        assert all(drawn[row["replaces"]]["stratum"] == row["stratum"] for row in drawn.values() if row["replaces"])


def test_the_panel_is_kept(root: Path) -> None:
    heirs = {row["unit"]: row["succeeded_by"] for row in rows(root / "frame.csv") if row["succeeded_by"]}
    for before, wave in (("2017", "2019"), ("2019", "2021")):
        earlier = {row["unit"] for row in took_part(root, before)}
        if wave == "2021":
            earlier = {heirs.get(unit, unit) for unit in earlier}
        invited = {row["unit"] for row in rows(root / "waves" / wave / "sample.csv")}
        again = {row["unit"] for row in took_part(root, wave)}
        assert len(earlier & invited) >= 0.95 * len(earlier)
        assert len(earlier & again) >= 0.7 * len(earlier)
        assert {
            row["unit"] for row in rows(root / "waves" / wave / "sample.csv") if row["panel"] == "true"
        } == earlier & invited


def test_some_35_items_of_degree_and_their_answers(root: Path) -> None:
    promised = tomllib.loads((root / "study.toml").read_text(encoding="utf-8"))
    for wave in WAVES:
        table = answers(root, wave)
        items = [item for part in promised["themes"].values() for item in part["items"] if item in table.columns]
        assert 30 <= len(items) <= 38
        for item in items:
            assert set(table[item].drop_nulls()) <= {*DEGREES, "not_relevant"}
        open_ = {
            item: table[item].null_count() / table.height for item in items if item not in ("followup", "discharge")
        }
        assert min(open_.values()) > 0.01 and max(open_.values()) < 0.10
        assert open_["control"] > open_["respect"]
        assert (table["children_talk"] == "not_relevant").mean() > 0.5 > 0.1 > (table["trust"] == "not_relevant").mean()


def test_skips_are_kept(root: Path) -> None:
    for wave in WAVES:
        table = answers(root, wave)
        assert (
            table.filter(pl.col("children").ne_missing("yes"))["care"].null_count()
            == table.filter(pl.col("children").ne_missing("yes")).height
        )
        assert table.filter(pl.col("inpatient").ne_missing("yes"))["followup"].drop_nulls().is_empty()


def test_lines_break_where_an_item_was_reworded(root: Path) -> None:
    study = study_folder.read(root)
    assert study.instruments["2021"]["satisfied"].same_as == "satisfied"
    assert study.instruments["2019"]["kin_involved"].same_as == "kin_involved"
    assert "kin_involved" not in study.instruments["2021"] and study.instruments["2021"]["kin_cared"].same_as is None
    assert study.instruments["2019"]["hope"].same_as is None and "hope" not in study.instruments["2017"]


def test_answers_hang_together_as_peoples_do(root: Path) -> None:
    """Correlations within a theme above those across themes, and all of them between what surveys of users show (.15–.75)."""
    table = answers(root, "2019")
    promised = tomllib.loads((root / "study.toml").read_text(encoding="utf-8"))
    themes = {item: theme for theme, part in promised["themes"].items() for item in part["items"]}
    items = [
        "satisfied",
        "quality",
        "mastery",
        "hope",
        "influence",
        "heard",
        "available",
        "contact",
        "respect",
        "trust",
    ]
    score = table.select(pl.col(item).cast(pl.Float64, strict=False) for item in items)
    within, across = [], []
    for i, a in enumerate(items):
        for b in items[:i]:
            (within if themes[a] == themes[b] else across).append(score.drop_nulls([a, b]).select(pl.corr(a, b)).item())
    assert min(across) > 0.15 and max(within) < 0.75
    assert np.mean(within) > np.mean(across) + 0.05


def test_residual_intraclass_correlation_is_near_two_to_three_per_cent(root: Path) -> None:
    """One-way analysis of variance between units within stratum, the mean over items, pooled over waves."""
    promised = tomllib.loads((root / "study.toml").read_text(encoding="utf-8"))
    found, sizes = [], []
    for wave in WAVES:
        table = answers(root, wave)
        stratum = {row["unit"]: row["stratum"] for row in took_part(root, wave)}
        for item in (item for part in promised["themes"].values() for item in part["items"] if item in table.columns):
            scored = table.select("unit", pl.col(item).cast(pl.Float64, strict=False).alias("y")).drop_nulls()
            found.append(residual_icc(scored["unit"].to_list(), scored["y"].to_numpy(), stratum))
            sizes.append(table["unit"].n_unique())
    assert 0.015 < np.average(found, weights=sizes) < 0.035


def residual_icc(unit: list[str], y: np.ndarray, stratum: dict[str, str]) -> float:
    """(MSB − MSW) / (MSB + (n₀ − 1) MSW), units nested in strata (Snedecor and Cochran 1980, section 13.4)."""
    units = sorted(set(unit))
    place = np.array([units.index(one) for one in unit])
    n = np.bincount(place)
    mean = np.bincount(place, y) / n
    strata = np.array([stratum[one] for one in units])
    between, freedom, spread = 0.0, 0, 0.0
    for one in sorted(set(strata)):
        part = strata == one
        grand = np.average(mean[part], weights=n[part])
        between += float((n[part] * (mean[part] - grand) ** 2).sum())
        freedom += int(part.sum()) - 1
        spread += float(n[part].sum() - (n[part] ** 2).sum() / n[part].sum())
    msb, msw = between / freedom, float(((y - mean[place]) ** 2).sum()) / (len(y) - len(units))
    return (msb - msw) / (msb + (spread / freedom - 1) * msw)


def test_every_item_has_words_in_three_languages(root: Path) -> None:
    study = study_folder.read(root)
    for wave, instrument in study.instruments.items():
        for item in instrument.items:
            assert set(item.label) == {"nb", "nn", "en"}, (wave, item.name)
    for name, item in study.file.items.items():
        assert all(0 < len(item.short[language]) <= 45 for language in ("nb", "nn", "en")), name
        assert set(item.topic) == {"nb", "nn", "en"}, name
        if item.role == "item":
            assert all(item.predicate[language].count("{degree}") == 1 for language in ("nb", "nn", "en")), name


def test_nynorsk_is_not_copied_bokmal(root: Path) -> None:
    """Words that only bokmål has do not stand in nynorsk texts, nor the other way."""
    bokmal = {
        "ikke",
        "hvilken",
        "hvor",
        "hvordan",
        "noen",
        "noe",
        "jeg",
        "fra",
        "tjenestene",
        "tjenester",
        "brukerne",
        "brukere",
        "hjelpen",
        "kommuner",
        "gjør",
        "lettere",
        "hjemme",
        "dem",
        "barna",
    }
    nynorsk = {
        "ikkje",
        "kva",
        "kor",
        "korleis",
        "nokon",
        "noko",
        "eg",
        "frå",
        "tenestene",
        "tenester",
        "brukarane",
        "brukarar",
        "hjelpa",
        "kommunar",
        "gjer",
        "lettare",
        "dei",
        "borna",
    }
    texts = tomllib.loads((root / "study.toml").read_text(encoding="utf-8"))
    labels = [item.label for instrument in study_folder.read(root).instruments.values() for item in instrument.items]
    found = list(_texts(texts)) + [dict(label) for label in labels]
    found += [
        {
            language: (root / "texts" / f"foreword.{language}.md").read_text(encoding="utf-8")
            for language in ("nb", "nn")
        }
    ]
    assert len(found) > 200
    for text in found:
        assert not _words(text["nn"]) & bokmal, text["nn"]
        assert not _words(text["nb"]) & nynorsk, text["nb"]


def _texts(part: object) -> list[dict[str, str]]:
    if isinstance(part, dict):
        if {"nb", "nn"} <= set(part) and isinstance(part["nb"], str):
            return [part]
        return [found for value in part.values() for found in _texts(value)]
    return [found for value in part for found in _texts(value)] if isinstance(part, list) else []


def _words(text: str) -> set[str]:
    return set("".join(sign if sign.isalpha() else " " for sign in text.lower()).split())
