"""Nothing acknowledged is lost: the server is killed at random while people send, and every answer that got its thanks is there exactly once."""

from __future__ import annotations

import hashlib
import http.client
import re
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from royst.collect import sealed
from royst.evaluation import serve
from royst.study import folder
from royst.web.respond import offline

from .conftest import WAVE, Cluster, Person, Running, empty, set_up


def chance(seed: str, number: int, below: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed} {number}".encode()).digest()[:8], "big") % below


class Senders:
    """Devices that send finished answers and try again until they are thanked, as the offline page does."""

    def __init__(self, running: Running, entry: str, total: int, threads: int = 8):
        self.running, self.total, self.threads = running, total, threads
        found = serve.prepare(running.root, WAVE)
        self.public = offline.Transport(found.derived("transport")).public
        self.entry = offline.Tickets(found.derived("tickets")).closed(entry)
        self.thanked: set[int] = set()
        self.lock = threading.Lock()
        self.next = 0
        self.cut = 0
        """Sends that had reached the server and were cut off by its death."""
        self.failed = 0
        """Sends that were answered and not thanked for."""

    def body(self, number: int) -> bytes:
        token = hashlib.sha256(f"token {number}".encode()).hexdigest()[:32]
        answers = {
            "person_age": 18 + number % 80,
            "satisfied": str(1 + number % 5),
            "income": ["part_time", "retired"][number % 2],
            "substance": "alcohol",
        }
        # Each number is told apart by what no rule looks at.
        digits = {
            name: str(1 + number // 5**place % 5)
            for place, name in enumerate(("respect", "trust", "time", "heard", "health", "mastery", "quality"))
        }
        return offline.lock(
            {"entry": self.entry, "token": token, "answers": answers | digits, "language": "nb", "consent": "2021-1"},
            self.public,
        )

    def send(self) -> None:
        while True:
            with self.lock:
                number = self.next
                self.next += 1
            if number >= self.total:
                return
            body = self.body(number)
            for _ in range(400):
                try:
                    connection = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=20)
                    connection.request(
                        "POST",
                        "/take",
                        body,
                        {"Host": f"127.0.0.1:{self.running.port}", "Content-Type": "application/octet-stream"},
                    )
                    status = connection.getresponse().status
                    connection.close()
                    if status == 200:
                        with self.lock:
                            self.thanked.add(number)
                        break
                    assert status in (429, 500, 503), status
                    self.failed += 1
                except ConnectionRefusedError:
                    pass
                except (OSError, http.client.HTTPException):
                    with self.lock:
                        self.cut += 1
                time.sleep(0.05)

    def run(self, seed: str, kills: int, between: Any = None) -> None:
        workers = [threading.Thread(target=self.send) for _ in range(self.threads)]
        for worker in workers:
            worker.start()
        for kill in range(kills):
            goal = self.total * (kill + 1) // (kills + 1)
            while len(self.thanked) < goal and any(worker.is_alive() for worker in workers):
                time.sleep(0.01)
            time.sleep(chance(seed, kill, 50) / 1000)
            self.running.end(signal.SIGKILL)
            if between:
                between()
            self.running.start()
        for worker in workers:
            worker.join(timeout=300)


def number_of(answers: dict[str, Any]) -> int:
    return sum(
        (int(answers[name]) - 1) * 5**place
        for place, name in enumerate(("respect", "trust", "time", "heard", "health", "mastery", "quality"))
    )


def stored(running: Running) -> list[int]:
    """The numbers of all stored answers, read from the raw store by the two holders."""
    study = folder.read(running.root)
    public = serve.read_public(study, WAVE)
    private = sealed.joined(*(share.read_text(encoding="ascii") for share in running.shares), public)
    if running.postgres:
        import psycopg

        with psycopg.connect(running.postgres) as connection:
            boxes = [bytes(row[0]) for row in connection.execute("SELECT box FROM sealed").fetchall()]
    else:
        import sqlite3

        with sqlite3.connect(running.home / "answers.sqlite") as lite:
            boxes = [row[0] for row in lite.execute("SELECT box FROM sealed")]
    found = [sealed.opened(box, private) for box in boxes]
    assert all(one is not None for one in found)
    return [number_of(one["answers"]) for one in found if one is not None]


def check(running: Running, total: int, kills: int, between: Any = None) -> None:
    link = running.codes(many=True)[0]
    running.start()
    sender = Senders(running, link, total)
    sender.run("durable", kills, between)
    running.end()
    there = stored(running)
    print(f"{total} sent, {kills} kills, {sender.cut} sends cut off, {len(sender.thanked)} thanked, {len(there)} stored")
    assert sender.cut >= kills, "the kills met nobody"
    assert sender.thanked == set(range(total))
    assert sorted(there) == list(range(total)), f"{len(there)} stored, {len(set(there))} different, of {total}"


def test_sqlite_survives_kills(written: Path, tmp_path: Path) -> None:
    check(set_up(written, tmp_path), 120, 3)


def test_postgresql_survives_kills_of_the_server_and_of_the_database(
    written: Path, tmp_path: Path, cluster: Cluster
) -> None:
    empty(cluster)
    running = set_up(written, tmp_path, cluster.address)

    def crash() -> None:
        cluster.end(signal.SIGQUIT)  # PostgreSQL's immediate stop: no checkpoint, the log alone is left
        cluster.start()

    check(running, 120, 3, crash)


def test_nobody_notices_that_the_database_was_started_anew(written: Path, tmp_path: Path, cluster: Cluster) -> None:
    """Connections that died are opened again at once: no page fails, and no answer has to be sent twice."""
    empty(cluster)
    running = set_up(written, tmp_path, cluster.address)
    link = running.codes(many=True)[0]
    running.start()
    person = Person(running)
    person.begin(link, "short")
    turn = 0
    while person.at.startswith("/q/"):
        cluster.end(signal.SIGQUIT)
        cluster.start()
        person.press("next", *(["44"] if 'class="number"' in person.page.text else person.choices[:1]))
        assert person.page.status == 200
        turn += 1
    cluster.end()
    cluster.start()
    person.press("go")
    assert (turn, person.at) == (5, "/thanks")
    cluster.end()
    cluster.start()
    sender = Senders(running, link, 1, threads=1)
    sender.run("anew", 0)
    running.end()
    assert sender.thanked == {0} and sender.failed == 0


@pytest.mark.prove
def test_sqlite_survives_kills_during_5000_submissions(written: Path, tmp_path: Path) -> None:
    check(set_up(written, tmp_path), 5000, 40)


@pytest.mark.prove
def test_postgresql_survives_kills_during_5000_submissions(written: Path, tmp_path: Path, cluster: Cluster) -> None:
    empty(cluster)
    check(set_up(written, tmp_path, cluster.address), 5000, 40)


def test_the_page_that_says_thanks_is_durable_too(written: Path, tmp_path: Path) -> None:
    """Killed right after the thanks page came; and a personal code whose send was cut off can be sent again by the same person."""
    running = set_up(written, tmp_path)
    code = running.codes()[0]
    running.start()
    person = Person(running)
    person.begin(code, "short")
    person.answer_all()
    running.end(signal.SIGKILL)
    # As if the machine had died between the code and the answer.
    private = person.cookies["fill"]
    codes = serve.prepare(running.root, WAVE).codes
    assert codes.spend(code, private)
    running.start()
    person.go("/send")
    person.press("go")
    assert person.at == "/thanks"
    running.end(signal.SIGKILL)
    running.start()
    person.cookies["fill"] = private
    person.go("/send")
    assert person.at == "/thanks"
    running.end()
    import sqlite3

    with sqlite3.connect(running.home / "answers.sqlite") as lite:
        assert lite.execute("SELECT COUNT(*) FROM sealed").fetchone() == (1,)
    assert re.fullmatch(r"[0-9A-Z]{13}", private)
