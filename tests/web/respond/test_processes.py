"""Several processes behind one proxy, over one PostgreSQL: what one of them knows, all know."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from royst.errors import InputError
from royst.evaluation import serve
from royst.web import server
from royst.web.respond import offline

from .conftest import WAVE, Cluster, Person, Running, empty, free_port, set_up
from .test_durable import Senders, stored


@pytest.fixture
def pair(written: Path, tmp_path: Path, cluster: Cluster):  # type: ignore[no-untyped-def]
    empty(cluster)
    first = set_up(written, tmp_path, cluster.address)
    second = Running(first.root, free_port(), cluster.address)
    first.start()
    second.start()
    yield first, second
    first.end()
    second.end()


def test_a_form_goes_on_at_whichever_process_answers(pair: tuple[Running, Running]) -> None:
    first, _second = pair
    person = Person(first)
    person.begin(first.codes()[0], "short")
    turn = 0
    while person.at.startswith("/q/"):
        turn += 1
        person.running = pair[turn % 2]
        person.go(person.at)
        person.press("next", *(["44"] if 'class="number"' in person.page.text else person.choices[:1]))
    private = person.cookies["fill"]
    for one in pair:
        again = Person(one)
        again.cookies = dict(person.cookies)
        again.go("/send")
        again.press("go")
        assert again.at == "/thanks"
    assert turn == 5 and len(stored_boxes(first)) == 1 and len(private) == 13


def test_what_is_sent_to_both_is_stored_once_and_a_personal_code_answers_once(pair: tuple[Running, Running]) -> None:
    first, _second = pair
    found = serve.prepare(first.root, WAVE)
    public, tickets = offline.Transport(found.derived("transport")).public, offline.Tickets(found.derived("tickets"))
    many, personal = first.codes(many=True)[0], first.codes()[0]
    seen: list[tuple[str, int]] = []

    def send(running: Running, entry: str, token: str, kind: str) -> None:
        content = {"entry": tickets.closed(entry), "token": token, "answers": {"person_age": "44"}, "consent": "2021-1"}
        seen.append((kind, Person(running).ask("POST", "/take", offline.lock(content, public)).status))

    threads = [threading.Thread(target=send, args=(pair[n % 2], many, "ab" * 16, "same")) for n in range(6)]
    threads += [threading.Thread(target=send, args=(pair[n % 2], personal, f"{n:032x}", "personal")) for n in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [status for kind, status in seen if kind == "same"] == [200] * 6
    assert [status for kind, status in seen if kind == "personal"].count(200) == 1
    assert len(stored_boxes(first)) == 2


def test_each_answer_is_there_once_and_a_freeze_waits_for_the_last_process(pair: tuple[Running, Running]) -> None:
    first, _second = pair
    link = first.codes(many=True)[0]
    senders = [Senders(one, link, 60, threads=4) for one in pair]  # the same sixty, to both
    workers = [threading.Thread(target=one.run, args=("both", 0)) for one in senders]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert all(one.thanked == set(range(60)) for one in senders)
    assert sorted(stored(first)) == list(range(60))
    first.end()
    with pytest.raises(InputError, match="still asks"):
        server.freeze(first.root, WAVE, *first.shares, postgres=first.postgres)


def stored_boxes(running: Running) -> list[bytes]:
    import psycopg

    with psycopg.connect(str(running.postgres)) as connection:
        return [bytes(row[0]) for row in connection.execute("SELECT box FROM sealed").fetchall()]
