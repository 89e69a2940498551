"""The edge's file of registrations: one leader, what stands in it for other processes, and a file that is damaged."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from trunkline.core.bindings import Flow
from trunkline.core.errors import StoreUnavailableError
from trunkline.core.registered import Owner, Standing
from trunkline.store import registered
from trunkline.store.registered import FILE, RegisteredReader, SqlRegistered

ALPHA, BETA = Owner("a", "acme", "Alpha"), Owner("b", "umbrella", "Beta")
NOW = 1.2e9
FLOW = Flow("TCP", "192.0.2.9", 5060, "192.0.2.1:5060")
STANDING = Standing("a", "acme", "registered", 200, "200 OK", 2e9, 1e9, 1.5e9, 0, 0, "mark", 1e9, FLOW)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[SqlRegistered]:
    """Give worker 1's file."""
    made = SqlRegistered(tmp_path, "1")
    yield made
    made.close()


def test_one_process_leads_until_it_ends(tmp_path: Path, file: SqlRegistered) -> None:
    other = SqlRegistered(tmp_path, "2")
    assert file.lead()
    assert file.lead()
    assert not other.lead()
    file.close()
    assert other.lead()
    other.close()


def test_a_standing_is_read_by_others_with_whose_connection_it_is(tmp_path: Path, file: SqlRegistered) -> None:
    assert file.standing("a") is None
    file.put(STANDING._replace(phase="failing"))
    file.put(STANDING)
    assert file.standing("a") == STANDING
    other = SqlRegistered(tmp_path, "2")
    assert other.standing("a") == STANDING._replace(flow=FLOW._replace(worker="1"))
    other.close()
    assert RegisteredReader(tmp_path).standings(["a", "b"])["a"].said == "200 OK"
    file.put(STANDING._replace(flow=None))
    assert file.standing("a") == STANDING._replace(flow=None)


def test_addresses_of_a_registrar(file: SqlRegistered) -> None:
    assert not file.any_address()
    file.put_addresses(ALPHA, ["192.0.2.1", "192.0.2.2", "192.0.2.1"])
    file.put_addresses(BETA, ["192.0.2.2"])
    assert file.any_address()
    assert file.at("192.0.2.2", 2, NOW) == [], "nobody is registered"
    for owner in (ALPHA, BETA):
        file.put(STANDING._replace(carrier_id=owner.carrier_id))
    assert file.at("192.0.2.1", 2, NOW) == [ALPHA]
    assert file.at("192.0.2.2", 2, NOW) == [ALPHA, BETA]
    assert file.at("192.0.2.2", 1, NOW) == [ALPHA]
    assert file.at("192.0.2.3", 2, NOW) == []
    file.put(STANDING._replace(until=NOW))
    assert file.at("192.0.2.2", 2, NOW) == [BETA], "the other one's binding is over"
    file.put(STANDING._replace(flow=FLOW._replace(host="192.0.2.2")))
    assert file.at("192.0.2.2", 2, NOW) == [ALPHA], "bound right there; the other one's name only leads there"
    file.put(STANDING._replace(flow=FLOW._replace(host="192.0.2.1")))
    assert file.is_at("a", "192.0.2.1")
    assert not file.is_at("b", "192.0.2.1")
    file.put_addresses(ALPHA, ["192.0.2.3"])
    file.put(STANDING)
    assert not file.is_at("a", "192.0.2.1")
    assert file.is_at("a", "192.0.2.9"), "the registration's own flow"
    file.forget(["b"])
    assert file.at("192.0.2.3", 2, NOW) == []
    assert file.standing("a") is None
    assert file.at("192.0.2.2", 2, NOW) == [BETA]


def test_events_are_bounded(tmp_path: Path, file: SqlRegistered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registered, "MAX_EVENTS", 5)
    monkeypatch.setattr(registered, "TRIM_EVERY", 2)
    for number in range(21):
        file.tell(STANDING._replace(carrier_id="ab"[number % 2]), "lost", f"{number}", float(number))
    reader = RegisteredReader(tmp_path)
    every = reader.events(None, 100)
    assert [event.text for event in every] == ["20", "19", "18", "17", "16"]
    assert [event.text for event in reader.events("a", 2)] == ["20", "18"]
    assert [event.text for event in reader.events("a", 2, before=every[2].seq)] == ["16"]


def test_events_of_one_carrier_are_bounded(
    tmp_path: Path, file: SqlRegistered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registered, "MAX_CARRIER_EVENTS", 3)
    file.tell(STANDING._replace(carrier_id="b"), "registered", "quiet", 1.0)
    for number in range(20):
        file.tell(STANDING, "lost", f"{number}", float(number))
    reader = RegisteredReader(tmp_path)
    assert [event.text for event in reader.events("a", 100)] == ["19", "18", "17"]
    assert [event.text for event in reader.events("b", 100)] == ["quiet"], "the others' history stays"


def test_without_a_file_nothing_is_known(tmp_path: Path) -> None:
    assert RegisteredReader(tmp_path).standings(["a"]) == {}
    assert RegisteredReader(tmp_path).events(None, 10) == []


def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 64)
    file = SqlRegistered(tmp_path)
    file.put(STANDING)
    assert file.standing("a") is not None
    file.close()
    assert list(tmp_path.glob(f"{FILE}.damaged-*"))
    (tmp_path / FILE).write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 64)
    with pytest.raises(StoreUnavailableError):
        RegisteredReader(tmp_path).standings(["a"])


def test_a_file_that_is_locked_for_good_ends_nothing(tmp_path: Path, file: SqlRegistered) -> None:
    """What cannot be written is left out; nobody waits for long."""
    blocker = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    file.put(STANDING)
    file.put_addresses(ALPHA, ["192.0.2.1"])
    file.tell(STANDING, "lost", "x", 1.0)
    file.forget([])
    assert time.monotonic() - started < 4.0
    blocker.execute("ROLLBACK")
    blocker.close()
    assert file.standing("a") is None
    file.put_addresses(ALPHA, ["192.0.2.1"])
    assert file.is_at("a", "192.0.2.1")
