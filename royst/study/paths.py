"""Every path of a study folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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

    def substudy(self, name: str) -> Path:
        """A sub-study of interviews."""
        return self.root / "interviews" / name

    def writing(self, name: str) -> Path:
        """What is locked while somebody writes in a sub-study."""
        return self.root / "interviews" / f".{name}.lock"

    def coders(self, name: str) -> Path:
        """What coders of a sub-study sign in by: state of the server, no part of the study."""
        return self.root / "server" / "interviews" / f"{name}.json"

    def release(self, name: str) -> Path:
        return self.releases / name

    def within(self, path: Path) -> str:
        """A path as messages name it: from the study's root, with forward slashes."""
        return path.relative_to(self.root).as_posix()

    def inputs(self) -> tuple[Path, ...]:
        """Every file there is that a release rests on: all but releases, sorted by name."""
        kept = [self.study_toml, self.frame]
        for part in ("waves", "sources", "texts", "interviews"):
            kept += (self.root / part).rglob("*")
        return tuple(sorted((path for path in kept if path.is_file() and not _passing(path.name)), key=self.within))


def _passing(name: str) -> bool:
    """Files that programs leave while they work: drafts of ours, Excel's locks, what a file manager hides."""
    return name.endswith(".new") or name.startswith((".", "~$"))
