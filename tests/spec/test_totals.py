"""Answers that may not leave: 45 site folders of the reference study, through the command line, against the pooled study."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from royst import cli, reference
from royst.totals import files

WAVE = "2019"
KEY = ["measure", "item", "category", "domain"]


class Sites:
    """The reference study with a data agreement of two receivers, and a copy for each of the 45 municipalities of 2019 with its own answers alone."""

    def __init__(self, home: Path):
        self.home, self.study = home, home / "pooled"
        reference.write(self.study, lambda _: None)
        shutil.rmtree(self.study / "interviews")
        self.keys = {name: home / f"{name}.key" for name in ("institute", "ministry", "stranger")}
        printed = {name: run("receiver", home / "study-to-be", "--key", key)[1] for name, key in self.keys.items()}
        public = {name: tomllib.loads(text[text.index("[data_agreement") :])["data_agreement"]["receivers"]["NAME"]["public_key"] for name, text in printed.items()}
        with (self.study / "study.toml").open("a", encoding="utf-8") as out:
            out.write('\n[data_agreement]\nsaid = "Invented agreement of 2019, kept in the archive"\n')
            out.write(f'\n[data_agreement.receivers.institute]\nname = "The institute"\npublic_key = "{public["institute"]}"\nsmall_cells = true\n')
            out.write(f'\n[data_agreement.receivers.ministry]\nname = "The ministry"\npublic_key = "{public["ministry"]}"\n')
        answers = pl.read_parquet(self.study / "waves" / WAVE / "answers.parquet")
        self.units = sorted(answers["unit"].unique().to_list())
        self.folder = {unit: home / "sites" / unit for unit in self.units}
        for unit, folder in self.folder.items():
            shutil.copytree(self.study, folder, ignore=lambda _, names: [name for name in names if name == "answers.parquet"])
            answers.filter(pl.col("unit") == unit).write_parquet(folder / "waves" / WAVE / "answers.parquet")
        self.receiver = home / "receiver"
        shutil.copytree(self.study, self.receiver, ignore=lambda _, names: [name for name in names if name == "answers.parquet"])
        self.sent = {}
        for name in ("institute", "ministry"):
            for folder in self.folder.values():
                assert run("totals", folder, "--receiver", name, "--out", home / name)[0] == 0
            self.sent[name] = sorted((home / name).glob("*.parquet"))

    def pooled(self) -> pl.DataFrame:
        assert run("estimate", self.study, "--out", self.home / "pooled.parquet")[0] == 0
        return pl.read_parquet(self.home / "pooled.parquet").filter(pl.col("wave") == WAVE)

    def received(self, name: str, *more: object) -> tuple[pl.DataFrame, str]:
        out = self.home / f"{name}.estimates.parquet"
        code, said = run("estimate", self.receiver, "--totals", self.home / name, "--key", self.keys[name], "--out", out, *more)
        assert code == 0, said
        return pl.read_parquet(out), said


class Run:
    """The command line in this process: exit code and what was printed."""

    capture: pytest.CaptureFixture[str]


def run(*words: object) -> tuple[int, str]:
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = cli.main([str(word) for word in words])
    return code, out.getvalue()


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Sites:
    return Sites(tmp_path_factory.mktemp("sites"))


def test_45_sites_give_what_the_pooled_study_gives(sites: Sites) -> None:
    ours, said = sites.received("institute")
    pooled = sites.pooled()
    assert len(sites.sent["institute"]) == 45 and "45 units" in said and pooled.height > 1000
    floats = [name for name, kind in pooled.schema.items() if kind.is_float()]
    assert ours.drop(floats).equals(pooled.drop(floats))
    for name in floats:
        a, b = ours[name], pooled[name]
        assert a.is_null().equals(b.is_null())
        off = ((a - b).abs() / b.abs().clip(1e-3)).fill_null(0.0)
        assert off.max() <= 1e-12, (name, off.max())
