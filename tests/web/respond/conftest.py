"""A server that asks the reference study's last wave, over SQLite or a PostgreSQL started for the test, and people who answer it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

pytest.importorskip("django")
pytest.importorskip("nacl")

from royst import reference
from royst.evaluation import freeze
from royst.web import server

from ..conftest import Reply, ask, free_port

WAVE = "2021"
ASKING = """
address = "http://127.0.0.1:{port}"
consent_version = "2021-1"
short = ["person_age", "satisfied", "influence", "respect", "helper"]
results_address = "https://resultater.example/2021"
contact = "svar@referansestudien.example"
[who]
nb = "Kompetansesenteret for referansestudien"
nn = "Kompetansesenteret for referansestudien"
en = "The Competence Centre of the Reference Study"
[results]
nb = "Resultatene kommer i desember 2021."
nn = "Resultata kjem i desember 2021."
en = "The results come in December 2021."
"""


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference study before its last wave was answered."""
    root = tmp_path_factory.mktemp("study") / "bte"
    reference.write(root)
    (root / "waves" / WAVE / "answers.parquet").unlink()
    return root


@dataclass
class Running:
    """A study being asked. ``units``: the first units of its sample."""

    root: Path
    port: int
    postgres: str | None = None
    process: subprocess.Popen[str] | None = None
    logged: list[str] = field(default_factory=list)
    proxy: str = ""

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def shares(self) -> tuple[Path, Path]:
        return self.root.parent / "a.share", self.root.parent / "b.share"

    @property
    def home(self) -> Path:
        return self.root / "server" / WAVE

    def start(self) -> None:
        code = (
            "import sys; from pathlib import Path; from royst.web import server;"
            "server.serve(Path(sys.argv[1]), sys.argv[2], port=int(sys.argv[3]), postgres=sys.argv[4] or None, proxy=sys.argv[5] or None, say=lambda s: print(s, flush=True))"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(self.root), WAVE, str(self.port), self.postgres or "", self.proxy],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.logged.append(line)
        if " at http" not in line:
            raise RuntimeError(self.process.communicate()[1])

    def end(self, how: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            out, said = self.process.communicate(timeout=30)
            self.logged += [out, said]
            self.process = None

    def codes(self, count: int = 1, *, many: bool = False, unit: str = "") -> list[str]:
        out = self.root.parent / "codes.csv"
        out.unlink(missing_ok=True)
        if not unit:
            from royst.evaluation import serve

            unit = next(iter(serve.prepare(self.root, WAVE).units), "")
        server.codes(self.root, WAVE, out, unit=unit, count=count, many=many)
        found = [line.split(",")[0].replace(" ", "") for line in out.read_text(encoding="utf-8").splitlines()[1:]]
        out.unlink()
        return found


def set_up(written: Path, folder: Path, postgres: str | None = None, asking: str = ASKING) -> Running:
    root = folder / "bte"
    shutil.copytree(written, root)
    port = free_port()
    (root / "waves" / WAVE / "asking.toml").write_text(asking.replace("{port}", str(port)), encoding="utf-8")
    found = Running(root, port, postgres)
    freeze.make_keys(root, WAVE, *found.shares)
    return found


OTHER = f"""format = 1
id = "other"
languages = ["nb", "en"]
synthetic = true
[title]
nb = "Prøve"
en = "Trial"
[design]
sampled = false
[waves.{WAVE}]
label = {{ nb = "{WAVE}", en = "{WAVE}" }}
"""


def set_up_form(folder: Path, survey: list[list[str]], choices: list[list[str]], asking: str = "") -> Running:
    """A study of one form, without a sample, ready to be asked. Rows are those of the sheets, headers first."""
    import xlsxwriter

    root = folder / "study"
    (root / "waves" / WAVE).mkdir(parents=True)
    (root / "study.toml").write_text(OTHER, encoding="utf-8")
    book = xlsxwriter.Workbook(str(root / "waves" / WAVE / "questionnaire.xlsx"), {"strings_to_formulas": False})
    settings = [["form_title", "form_id", "version", "default_language"], ["Skjema", "other", "1", "Bokmål (nb)"]]
    for name, rows in (("survey", survey), ("choices", choices), ("settings", settings)):
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                if text:
                    sheet.write_string(number, column, text)
    book.close()
    found = Running(root, free_port())
    (root / "waves" / WAVE / "asking.toml").write_text(f'address = "http://127.0.0.1:{found.port}"\n{asking}', encoding="utf-8")
    freeze.make_keys(root, WAVE, *found.shares)
    return found


@pytest.fixture(scope="module")
def running(written: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for the tests of a module."""
    found = set_up(written, tmp_path_factory.mktemp("running"))
    found.start()
    yield found
    found.end()


class Person:
    """Somebody with a plain browser: cookies, forms, no scripts."""

    def __init__(self, running: Running, language: str = "nb"):
        self.running, self.language = running, language
        self.cookies: dict[str, str] = {}
        self.at, self.page = "/", Reply(0, {}, "")

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Reply:
        sent = {
            "Host": f"127.0.0.1:{self.running.port}",
            "Accept-Language": self.language,
            "User-Agent": "Findable Browser 1.0",
        }
        return ask(self.running.port, self.cookies, method, path, body, sent | (headers or {}))

    def go(self, path: str) -> Reply:
        for _ in range(6):
            self.at, self.page = path, self.ask("GET", path)
            if self.page.status not in (301, 302, 303):
                break
            path = self.page.headers["Location"]
        return self.page

    def press(self, do: str, *answers: str, **fields: str) -> Reply:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.page.text)
        pairs = [
            ("csrfmiddlewaretoken", token[1] if token else ""),
            ("do", do),
            *(("a", answer) for answer in answers),
            *fields.items(),
        ]
        self.page = self.ask(
            "POST",
            self.at,
            urlencode(pairs).encode(),
            {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.running.base},
        )
        if self.page.status in (301, 302, 303):
            return self.go(self.page.headers["Location"])
        return self.page

    @property
    def item(self) -> str:
        found = re.search(r'data-item="([^"]+)"', self.page.text)
        return found[1] if found else ""

    @property
    def heading(self) -> str:
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.page.text, re.DOTALL)
        return unescape(re.sub(r"<[^>]+>", "", found[1])).strip() if found else ""

    @property
    def choices(self) -> list[str]:
        return re.findall(r'name="a" value="([^"]*)"', self.page.text)

    def begin(self, code: str, how: str = "yes") -> None:
        self.go(f"/e/{code}")
        self.press(how)

    def answer_all(self, choose: Callable[[str, list[str]], list[str] | None] | None = None) -> dict[str, list[str]]:
        """Every question until the last page. ``choose`` says what is answered; None skips."""
        given: dict[str, list[str]] = {}
        for _ in range(200):
            if not self.at.startswith("/q/"):
                break
            item, choices = self.item, self.choices
            if 'class="number"' in self.page.text:
                said: list[str] | None = ["44"] if choose is None else choose(item, [])
            elif "<textarea" in self.page.text:
                said = None if choose is None else choose(item, [])
            elif choices:
                said = [choices[0]] if choose is None else choose(item, choices)
            else:
                said = []
            if said is None:
                self.press("skip")
            else:
                given[item] = said
                self.press("next", *said)
            assert self.page.status == 200, self.page.text
        return given


def pg_bin() -> Path | None:
    """Where PostgreSQL's programs are."""
    found = shutil.which("pg_ctl")
    if found:
        folder = Path(found).resolve().parent
        if (folder / "initdb").exists():
            return folder
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    return places[-1].parent if places else None


def as_user() -> tuple[str, Callable[[], None] | None]:
    """PostgreSQL refuses root: then it runs as somebody else."""
    if os.name == "nt" or os.getuid() != 0:
        return "", None
    import pwd  # there is none on Windows

    for name in ("postgres", "nobody"):
        try:
            who = pwd.getpwnam(name)
        except KeyError:
            continue

        def change(who: Any = who) -> None:
            os.setgroups([])
            os.setgid(who.pw_gid)
            os.setuid(who.pw_uid)

        return name, change
    return "", None


@dataclass
class Cluster:
    folder: Path
    port: int
    programs: Path
    change: Callable[[], None] | None
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"postgresql://royst@127.0.0.1:{self.port}/royst"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [str(self.programs / "postgres"), "-D", str(self.folder), "-p", str(self.port), "-k", str(self.folder), "-h", "127.0.0.1", "-c", "wal_recycle=off", "-c", "min_wal_size=32MB", "-c", "logging_collector=off"],
            preexec_fn=self.change, stdout=(self.folder.parent / "postgres.log").open("ab"), stderr=subprocess.STDOUT, cwd="/",
        )  # fmt: skip
        for _ in range(100):
            if (
                subprocess.run(
                    [str(self.programs / "pg_isready"), "-h", "127.0.0.1", "-p", str(self.port)], capture_output=True
                ).returncode
                == 0
            ):
                return
            time.sleep(0.2)
        raise RuntimeError("PostgreSQL did not start")

    def end(self, how: int = signal.SIGINT) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=60)
            self.process = None


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A PostgreSQL of our own, durable as it comes."""
    pytest.importorskip("psycopg")
    programs = pg_bin()
    if programs is None or os.name == "nt":
        pytest.skip("needs PostgreSQL's programs")
    name, change = as_user()
    if os.getuid() == 0 and change is None:
        pytest.skip("needs a user other than root")
    parent = Path(subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True).stdout.strip())
    if name:
        shutil.chown(parent, name)
    folder = parent / "data"
    subprocess.run(
        [str(programs / "initdb"), "-D", str(folder), "-A", "trust", "-U", "royst", "-E", "UTF8", "--no-instructions"],
        preexec_fn=change,
        check=True,
        capture_output=True,
        cwd="/",
    )
    found = Cluster(folder, free_port(), programs, change)
    found.start()
    subprocess.run(
        [str(programs / "createdb"), "-h", "127.0.0.1", "-p", str(found.port), "-U", "royst", "royst"],
        check=True,
        capture_output=True,
    )
    yield found
    found.end()
    shutil.rmtree(parent, ignore_errors=True)


def empty(cluster: Cluster) -> None:
    """Take the tables of an earlier test away."""
    import psycopg

    with psycopg.connect(cluster.address, autocommit=True) as connection:
        for name in ("draft", "sealed", "done"):
            connection.execute(f"DROP TABLE IF EXISTS {name}")
