"""Every path of a study folder, and the checked study read from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from royst.errors import Fault
from royst.study.instrument import Instrument
from royst.study.plan import StudyFile


@dataclass(frozen=True)
class Folder:
    """Where each thing stands. Nothing else in Røyst joins a path inside a study."""

    root: Path

    @property
    def study_toml(self) -> Path:
        return self.root / "study.toml"

    @property
    def frame(self) -> Path:
        return self.root / "frame.csv"

    @property
    def sources(self) -> Path:
        return self.root / "sources"

    @property
    def texts(self) -> Path:
        return self.root / "texts"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def history(self) -> Path:
        return self.releases / "history.jsonl"

    @property
    def key(self) -> Path:
        """``royst.key`` beside the study folder, never in it."""
        return self.root.resolve().parent / "royst.key"

    def wave(self, wave: str) -> Path:
        return self.root / "waves" / wave

    def questionnaire(self, wave: str) -> Path:
        return self.wave(wave) / "questionnaire.xlsx"

    def sample(self, wave: str) -> Path:
        return self.wave(wave) / "sample.csv"

    def answers(self, wave: str) -> Path:
        return self.wave(wave) / "answers.parquet"

    def refused(self, wave: str) -> Path:
        return self.wave(wave) / "refused.csv"

    def release(self, name: str) -> Path:
        return self.releases / name


@dataclass(frozen=True)
class Study:
    """A study folder, read whole and checked.

    ``frame``: one row per unit and frame year, columns ``frame_year, unit, name, region, size, users, succeeded_by`` (all strings but
    ``users``, an integer or null), further columns kept as strings; None where the study has none. ``samples``: per sampled wave the frame of
    ``sample.csv`` with ``unit, stratum, inclusion`` (probability), ``status``. ``warnings`` are faults that do not stop.
    """

    folder: Folder
    file: StudyFile
    instruments: Mapping[str, Instrument]
    frame: pl.DataFrame | None
    samples: Mapping[str, pl.DataFrame]
    warnings: tuple[Fault, ...] = ()
