"""The ground the attackers stand on: simulated studies, protected and written out as the public gets them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import simulate  # noqa: E402

from royst import protect  # noqa: E402

BLOCKED = "import sys; sys.modules['royst'] = None; import runpy; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
"""Starts a program in which ``import royst`` fails."""


class Study:
    """A simulated study of one or more waves, ready for protection and for attack."""

    def __init__(
        self, seed: str, waves: dict[str, tuple[int, int]], items: int, groups: int = 4, crossed: bool = False
    ):
        self.rules = protect.rule_set("user-survey-10")
        self.items = [f"q{k + 1}" for k in range(items)]
        self.names = ["region", "size", *list(simulate.GROUPS)[:groups]]
        self.by = [
            (),
            *((g,) for g in self.names),
            ("unit",),
            *([("region", "sex"), ("sex", "age")] if crossed else []),
        ]
        self.people = {w: simulate.people(f"{seed}/{w}", n, u, items, groups) for w, (n, u) in waves.items()}

    def candidate(self, waves: list[str] | None = None) -> protect.Candidate:
        scale = protect.Scale(simulate.CHOICES, simulate.BANDS, ("nr",))
        waves = waves or list(self.people)
        return protect.Candidate(
            estimates=pl.concat(simulate.estimates(w, self.people[w], self.by, self.items) for w in waves),
            people={
                w: protect.People(
                    self.people[w],
                    ("unit", *self.names),
                    dict.fromkeys(self.items, scale),
                    unit="unit",
                    weight="weight",
                )
                for w in waves
            },
        )

    def write(self, folder: Path, *releases: pl.DataFrame, known: dict | None = None, **scale: object) -> Path:
        """The files an attacker gets."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, frame in enumerate(releases):
            frame.write_csv(folder / f"release-{number}.csv")
        for wave, frame in self.people.items():
            answered = [(pl.col(q).is_not_null() & (pl.col(q) != "nr")).cast(pl.Int64).alias(q) for q in self.items]
            frame.with_columns(answered).write_csv(folder / f"people-{wave}.csv")
        told = {"choices": simulate.CHOICES, "bands": simulate.BANDS, "decimals": 1, "row": 10, "small": 2, **scale}
        (folder / "scales.json").write_text(json.dumps(told), encoding="utf-8")
        if known:
            (folder / "known.json").write_text(json.dumps(known), encoding="utf-8")
        return folder

    def true(self, fact: dict) -> bool:
        """Whether what an attacker claims is so."""
        frame = self.people[fact["wave"]].filter(pl.col(fact["item"]).is_not_null() & (pl.col(fact["item"]) != "nr"))
        for part in [] if fact["domain"] == "all" else fact["domain"].split(";"):
            group, value = part.split("=")
            frame = frame.filter(pl.col(group) == value)
        names = simulate.BANDS.get(fact["category"], (fact["category"],))
        count = frame.filter(pl.col(fact["item"]).is_in(list(names))).height
        return frame.height == fact["n"] and fact["low"] - 1e-6 <= count <= fact["high"] + 1e-6


def attack(folder: Path) -> list[dict]:
    """Run the attackers on a folder, in a process that cannot import the program."""
    run = subprocess.run(
        [sys.executable, "-c", BLOCKED, str(HERE / "attack.py"), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]  # some builds of HiGHS print their name


@pytest.fixture(scope="session")
def small_study() -> Study:
    return Study("small", {"2019": (260, 9)}, items=3, groups=2)


@pytest.fixture(scope="session")
def small_release(small_study: Study) -> pl.DataFrame:
    return protect.protect(small_study.candidate(), small_study.rules).estimates
