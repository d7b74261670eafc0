"""A small study folder, written anew for each test: two waves, three municipalities that do not exist, a scale of five answers."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import xlsxwriter

TOML = """\
format = 1
id = "small"
title = { nb = "En liten undersøkelse", en = "A small survey" }
languages = ["nb", "en"]
synthetic = true

[design]
unit = "unit"
id = "id"
strata = "size"
singleton = "fail"

[waves.2019]
label = { nb = "2019", en = "2019" }

[waves.2021]
label = { nb = "2021", en = "2021" }

[scales.degree]
not_relevant = ["9"]
[scales.degree.bands]
stor = ["4", "5"]
noen = ["3"]
liten = ["1", "2"]

[bands.stor]
label = { nb = "Stor", en = "Great" }

[themes.all]
label = { nb = "Alt", en = "All" }
items = ["satisfied", "waiting"]

[items.waiting]
reversed = true

[groups.sex]
label = { nb = "Kjønn", en = "Sex" }
column = "gender"
categories.man = { label = { nb = "Mann", en = "Man" }, values = ["m"] }
categories.woman = { label = { nb = "Kvinne", en = "Woman" }, values = ["w"] }

[groups.part]
label = { nb = "Del", en = "Part" }
source = "frame"
column = "region"
categories.north = { label = { nb = "Nord", en = "North" }, values = ["n"] }
categories.south = { label = { nb = "Sør", en = "South" }, values = ["s"] }

[[comparisons]]
id = "rise"
kind = "waves"
item = "satisfied"
category = "stor"
first = "2021"
second = "2019"

[[findings]]
id = "happy"
kind = "share"
measure = "band"
category = "stor"
item = "satisfied"

[releases."2020-06"]
date = "2020-06-22"
wave = "2019"
findings = ["happy"]
"""

SURVEY: list[list[object]] = [
    [
        "type",
        "name",
        "label::Bokmål (nb)",
        "label::English (en)",
        "relevant",
        "constraint",
        "required",
        "royst_same_as",
    ],
    ["note", "hello", "Hei", "Hello", "", "", "", ""],
    ["select_one sex", "gender", "Kjønn", "Sex", "", "", "", ""],
    ["integer", "age", "Alder", "Age", "", ". >= 18 and . <= 120", "", ""],
    ["select_one degree", "satisfied", "Fornøyd?", "Satisfied?", "", "", "", ""],
    ["select_one degree", "waiting", "Ventet du?", "Did you wait?", "", "", "", ""],
    ["select_multiple helper", "helped", "Hvem hjalp?", "Who helped?", "", "", "", ""],
    ["text", "other", "Hvem?", "Who?", "selected(${helped}, 'other')", "", "", ""],
]
CHOICES: list[list[object]] = [
    ["list_name", "name", "label::Bokmål (nb)", "label::English (en)"],
    ["sex", "m", "Mann", "Man"],
    ["sex", "w", "Kvinne", "Woman"],
    *([["degree", n, nb, en] for n, nb, en in ((1, "Svært liten", "Very small"), (2, "Liten", "Small"), (3, "Noen", "Some"), (4, "Stor", "Great"), (5, "Svært stor", "Very great"), (9, "Ikke relevant", "Not relevant"))]),
    ["helper", "staff", "Ansatt", "Staff"],
    ["helper", "kin", "Pårørende", "Next of kin"],
    ["helper", "other", "Andre", "Others"],
]  # fmt: skip
FRAME = "frame_year;unit;name;region;size;users\n" + "".join(
    f"{year};{unit};{name};{region};{size};{users}\n"
    for year in ("2019", "2021")
    for unit, name, region, size, users in (
        ("a", "Alvik", "n", "small", 40), ("b", "Bervik", "s", "small", 60), ("c", "Corvik & <b>Sønner</b>", "s", "large", 300), ("d", "=Dalvik", "n", "large", 200),
    )
)  # fmt: skip
SAMPLE = "unit,size,inclusion\na,small,0.5\nb,small,0.5\nc,large,1\nd,large,1\n"
ANSWERS = (
    "id,unit,gender,age,satisfied,waiting,helped,other\n"
    "p1,a,m,30,5,1,,\np2,a,w,41,4,2,staff kin,\np3,b,m,55,3,3,other,en nabo\np4,c,w,,9,,,\np5,d,,19,1,5,staff,\n"
)


def workbook(
    path: Path, survey: list[list[object]], choices: list[list[object]], settings: list[list[object]] | None = None
) -> None:
    """An XLSForm of texts and numbers as given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    for name, rows in (
        ("survey", survey),
        ("choices", choices),
        ("settings", settings or [["form_title", "version"], ["Small", "1"]]),
    ):
        sheet = book.add_worksheet(name)
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
    book.close()


@dataclass
class Small:
    """The parts of the folder; change them, then ``write()``."""

    root: Path
    toml: str = TOML
    surveys: dict[str, list[list[object]]] = field(default_factory=dict)
    choices: list[list[object]] = field(default_factory=lambda: [list(row) for row in CHOICES])
    frame: str = FRAME
    samples: dict[str, str] = field(default_factory=lambda: {"2019": SAMPLE, "2021": SAMPLE})
    answers: str = ANSWERS

    def __post_init__(self) -> None:
        later = [list(row) for row in SURVEY]
        for row in later[2:]:
            row[7] = row[1]
        self.surveys = {"2019": [list(row) for row in SURVEY], "2021": later}

    def edit(self, old: str, new: str) -> Small:
        assert old in self.toml
        self.toml = self.toml.replace(old, new, 1)
        return self

    def write(self) -> Path:
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "study.toml").write_text(self.toml, encoding="utf-8")
        (self.root / "frame.csv").write_text(self.frame, encoding="utf-8")
        for wave, survey in self.surveys.items():
            workbook(self.root / "waves" / wave / "questionnaire.xlsx", survey, self.choices)
        for wave, sample in self.samples.items():
            (self.root / "waves" / wave / "sample.csv").write_text(sample, encoding="utf-8")
        return self.root

    def answers_file(self, name: str = "answers.csv", text: str | None = None) -> Path:
        path = self.root.parent / name
        path.write_text(self.answers if text is None else text, encoding="utf-8")
        return path


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path / "study")


@pytest.fixture(scope="session")
def small_at() -> Callable[[Path], Small]:
    """The small study in a folder of one's own, for what a whole module shares."""
    return Small


@pytest.fixture
def write_workbook() -> Callable[..., None]:
    return workbook


def edited(toml: str, edits: str) -> str:
    """``toml`` with each table of ``edits`` in place of the one of the same name, and each key above the tables in place of its own."""
    header = re.compile(r"^\[\[?\s*([^\]]+?)\s*\]\]?", re.MULTILINE)

    def parts(text: str) -> list[tuple[str, str]]:
        starts = [match.start() for match in header.finditer(text)]
        pieces = [text[: starts[0]], *(text[a:b] for a, b in zip(starts, [*starts[1:], len(text)]))]
        return [("" if place == 0 else header.match(piece)[1], piece) for place, piece in enumerate(pieces)]

    old, new = parts(toml), parts(edits)
    keys = {line.split("=")[0].strip() for line in new[0][1].splitlines() if "=" in line and not line.startswith("#")}
    top = [line for line in old[0][1].splitlines() if line.split("=")[0].strip() not in keys]
    names = {name for name, _ in new}
    return "\n".join(
        [*top, new[0][1], *(piece for name, piece in old[1:] if name not in names), *(piece for _, piece in new[1:])]
    )


@pytest.fixture
def edit_toml() -> Callable[[str, str], str]:
    return edited


@pytest.fixture(scope="session")
def help_made(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Path:
    """The HELP study made by ``royst init`` and edited as docs/own-data.md says; never changed by a test."""
    from royst.evaluation.init import init

    root = tmp_path_factory.mktemp("made") / "help"
    data = real_data / "help"
    init(root, data / "answers.csv", labels=data / "labels.csv", wave_column="TIME", unit_column="ID")
    edits = (Path(__file__).parent / "data" / "help_edits.toml").read_text(encoding="utf-8")
    path = root / "study.toml"
    path.write_text(edited(path.read_text(encoding="utf-8"), edits), encoding="utf-8", newline="\n")
    return root


@pytest.fixture
def help_study(help_made: Path, tmp_path: Path) -> Path:
    """A copy of the HELP study for one test, marked ``real``."""
    return Path(shutil.copytree(help_made, tmp_path / "help"))
