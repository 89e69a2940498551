"""The edge's journal: batches, bounds, and that no record can cost the others, or a call."""

from __future__ import annotations

import random
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from trunkline.core.errors import InvalidError, NotFoundError, StoreUnavailableError
from trunkline.core.model import EVERYTHING, Scope
from trunkline.core.records import CallMessages, CallRecord, UnclaimedCall, WireMessage
from trunkline.store import calls
from trunkline.store.calls import CallJournal, CallReader

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RECORD = CallRecord(
    id="call-1",
    account_id="a",
    number="14155551234",
    caller="+14155550100",
    source="203.0.113.7",
    carrier_id="c",
    verdict="route",
    sip_status=200,
    started_at=AT,
    answered_at=AT,
    ended_at=AT,
    ended_by="caller",
    cause="normal",
    trace=(("source", "known"),),
    ladder=((0.0, "a", "in", "INVITE sip:+14155551234@example.com"),),
    emergency_address_id="adr",
)
STRANGER = UnclaimedCall(
    source="198.51.100.9", number="1", verdict="source_unknown", count=1, first_at=AT, last_at=AT, trace=()
)


MESSAGE = WireMessage(
    1_795_262_400_000_001, False, "UDP", "192.0.2.1", 5060, "203.0.113.7", 5061, b"INVITE sip:h SIP/2.0\r\n\r\n"
)


def _messages(call_id: str = "call-1", data: bytes = MESSAGE.data) -> CallMessages:
    return CallMessages(call_id, (MESSAGE._replace(data=data),), len(data))


def _written(
    folder: Path, *records: CallRecord | UnclaimedCall | CallMessages, kept: int = calls.KEPT_BYTES
) -> tuple[CallReader, int]:
    journal = CallJournal(folder, kept)
    for record in records:
        journal.put(record)
    journal.close()
    return CallReader(folder), journal.dropped


def test_record_comes_back_as_it_was(tmp_path: Path) -> None:
    reader, dropped = _written(tmp_path, RECORD)
    assert (reader.get("call-1"), dropped) == (RECORD, 0)
    assert [r.id for _, r in reader.page(Scope("a"), ["a"], limit=10)] == ["call-1"]
    assert reader.page(Scope("b"), ["b"], limit=10) == []


def test_later_record_of_a_call_adds_to_its_trace(tmp_path: Path) -> None:
    more = replace(RECORD, trace=(*RECORD.trace, ("fetch", "told")))
    reader, _ = _written(tmp_path, RECORD, more)
    assert [r.trace for _, r in reader.page(EVERYTHING, [], limit=10)] == [more.trace]


def test_bytes_that_are_no_utf8_cost_nothing(tmp_path: Path) -> None:
    odd = b"486 Bes\xe9tzt".decode("utf-8", "surrogateescape")
    broken = replace(RECORD, id="odd", caller=odd, trace=(("end", odd),), ladder=((0.0, "b1", "in", odd),))
    reader, dropped = _written(tmp_path, broken, replace(STRANGER, number=odd), RECORD)
    found = reader.get("odd")
    assert dropped == 0
    assert found is not None
    assert found.trace == (("end", "486 Bes?tzt"),)
    assert reader.get("call-1") == RECORD
    assert reader.unclaimed(10)[0].number == "486 Bes?tzt"


def test_record_that_cannot_be_written_is_dropped_alone(tmp_path: Path) -> None:
    wrong = replace(RECORD, id="wrong", sip_status=2**70)
    reader, dropped = _written(tmp_path, wrong, RECORD)
    assert (reader.get("wrong"), reader.get("call-1"), dropped) == (None, RECORD, 1)


def test_long_lines_are_cut(tmp_path: Path) -> None:
    reader, _ = _written(tmp_path, replace(RECORD, trace=(("end", "x" * 9000),)))
    found = reader.get("call-1")
    assert found is not None
    assert len(found.trace[0][1]) == calls.MAX_LINE


def test_unclaimed_calls_are_counted_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "MAX_UNCLAIMED", 3)
    others = [replace(STRANGER, number=f"{n}", last_at=AT.replace(minute=n)) for n in range(10, 15)]
    reader, _ = _written(tmp_path, STRANGER, STRANGER, *others)
    assert [row.number for row in reader.unclaimed(10)] == ["14", "13", "12"]
    reader, _ = _written(tmp_path, replace(others[-1], last_at=AT.replace(minute=30)))
    assert (reader.unclaimed(1)[0].count, reader.unclaimed(1)[0].first_at) == (2, AT)


def test_records_beyond_the_bound_are_dropped_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "MAX_WAITING", 2)
    monkeypatch.setattr(calls, "FLUSH_S", 0.5)
    _, dropped = _written(tmp_path, *[replace(RECORD, id=f"{n}") for n in range(5)])
    assert dropped == 3


def test_damaged_file_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / calls.FILE).write_bytes(b"this is no database" * 100)
    reader, _ = _written(tmp_path, RECORD)
    assert reader.get("call-1") == RECORD
    assert len(list(tmp_path.glob("calls.db.damaged-*"))) == 1


def test_several_journals_write_one_file(tmp_path: Path) -> None:
    """Three at once, as three edges do: every record is there once, and calls of strangers are added up."""
    journals = [CallJournal(tmp_path) for _ in range(3)]
    for number in range(700):
        for name, journal in enumerate(journals):
            journal.put(replace(RECORD, id=f"{name}-{number}"))
            journal.put(replace(STRANGER, last_at=AT + timedelta(seconds=number)))
    for journal in journals:
        journal.close()
    reader = CallReader(tmp_path)
    assert [journal.dropped for journal in journals] == [0, 0, 0]
    assert len({record.id for _, record in reader.page(EVERYTHING, [], limit=5000)}) == 2100
    row = reader.unclaimed(10)[0]
    assert (row.count, row.first_at, row.last_at) == (2100, AT, AT + timedelta(seconds=699))


def test_several_journals_put_a_damaged_file_aside_once(tmp_path: Path) -> None:
    (tmp_path / calls.FILE).write_bytes(b"this is no database" * 100)
    with ThreadPoolExecutor(4) as pool:
        journals = list(pool.map(lambda _: CallJournal(tmp_path), range(4)))
    for number, journal in enumerate(journals):
        journal.put(replace(RECORD, id=f"{number}"))
        journal.close()
    assert len(list(tmp_path.glob("calls.db.damaged-*"))) == 1
    assert len(CallReader(tmp_path).page(EVERYTHING, [], limit=10)) == 4


@pytest.mark.parametrize("held_s", [1.0, 3.0])
def test_a_batch_that_finds_the_file_busy_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held_s: float
) -> None:
    """Until it is written; only when the journal closes meanwhile, the batch is dropped in the end, and counted."""
    monkeypatch.setattr(calls, "BUSY_MS", 100)
    monkeypatch.setattr(calls, "LAST_TRY_S", 2.0)
    journal = CallJournal(tmp_path)
    with closing(sqlite3.connect(tmp_path / calls.FILE, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(held_s, other.execute, ["ROLLBACK"])
        release.start()
        for number in range(3):
            journal.put(replace(RECORD, id=f"{number}"))
        journal.close()
        release.join()
    found = len(CallReader(tmp_path).page(EVERYTHING, [], limit=10))
    assert (found, journal.dropped) == ((3, 0) if held_s < 2 else (0, 3))


def test_nothing_is_read_where_nothing_was_written(tmp_path: Path) -> None:
    assert CallReader(tmp_path).unclaimed(10) == []


def test_messages_come_back_masked(tmp_path: Path) -> None:
    secret = b"INVITE sip:h SIP/2.0\r\nAuthorization: Basic abcd\r\n\r\n\xff"
    reader, dropped = _written(tmp_path, RECORD, _messages(data=secret))
    assert reader.messages(RECORD) == [MESSAGE._replace(data=secret.replace(b"abcd", b"****"))]
    assert dropped == 0
    assert b"abcd" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_messages_without_a_record_are_nobody_s(tmp_path: Path) -> None:
    reader, dropped = _written(tmp_path, _messages("other"), RECORD)
    assert dropped == 0
    with pytest.raises(NotFoundError):
        reader.messages(RECORD)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "it went well"),
        ({"answered_at": None}, "room for newer ones"),
        ({"ended_by": "error"}, "room for newer ones"),
        ({"cause": "fetch_failed"}, "room for newer ones"),
        ({"ended_at": datetime.now(UTC) + timedelta(hours=1)}, "not written yet"),
    ],
)
def test_why_there_are_no_messages(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    record = replace(RECORD, **changes)
    reader, _ = _written(tmp_path, record)
    with pytest.raises(NotFoundError, match=says) as caught:
        reader.messages(record)
    assert caught.value.advice


def test_the_oldest_messages_make_room(tmp_path: Path) -> None:
    """Also those that an earlier process wrote, and a call larger than all the room."""
    noise = random.Random(1)
    records = [replace(RECORD, id=f"call-{n}") for n in range(6)]
    packs = [_messages(record.id, noise.randbytes(1000)) for record in records]
    reader, _ = _written(tmp_path, *records[:3], *packs[:3])
    assert [len(reader.messages(record)) for record in records[:3]] == [1, 1, 1]
    reader, dropped = _written(tmp_path, *records[3:], *packs[3:5], kept=3500)
    assert _kept(reader, records) == ["call-2", "call-3", "call-4"]
    reader, _ = _written(tmp_path, packs[5], kept=500)
    assert (_kept(reader, records), dropped) == ([], 0)
    assert reader.get("call-0") == records[0]


def _kept(reader: CallReader, records: list[CallRecord]) -> list[str]:
    found = []
    for record in records:
        with suppress(NotFoundError):
            reader.messages(record)
            found.append(record.id)
    return found


def test_messages_go_with_their_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "MAX_RECORDS", 2)
    records = [replace(RECORD, id=f"call-{n}") for n in range(3)]
    reader, _ = _written(tmp_path, *records, *[_messages(record.id) for record in records])
    assert _kept(reader, records) == ["call-1", "call-2"]
    _written(tmp_path, replace(RECORD, id="call-3"))
    with sqlite3.connect(tmp_path / calls.FILE) as connection:
        assert connection.execute("SELECT count(*) FROM messages").fetchone() == (1,)


def test_messages_beyond_the_bound_are_dropped_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "MAX_WAITING_BYTES", 3 * len(MESSAGE.data))
    monkeypatch.setattr(calls, "FLUSH_S", 0.5)
    _, dropped = _written(tmp_path, RECORD, *[_messages() for _ in range(5)])
    assert dropped == 2


def test_messages_that_cannot_be_packed_cost_nothing_else(tmp_path: Path) -> None:
    wrong = CallMessages("call-1", (MESSAGE._replace(at=object()),), 1)  # type: ignore[arg-type]  # what is wrong
    reader, dropped = _written(tmp_path, RECORD, wrong, replace(RECORD, id="call-2"))
    assert dropped == 1
    assert reader.get("call-2") is not None


class TestFilters:
    """`CallReader.page` with filters: three calls, a minute apart."""

    @pytest.fixture
    def reader(self, tmp_path: Path) -> CallReader:
        """An answered call, one from elsewhere without a target, and one to another account that nobody took."""
        later = [AT + timedelta(minutes=n) for n in (1, 2)]
        refused = replace(RECORD, id="call-2", verdict="no_target", source="203.0.113.8", started_at=later[0])
        missed = replace(RECORD, id="call-3", account_id="b", number="14155551235", started_at=later[1])
        others = [replace(record, answered_at=None) for record in (refused, missed)]
        return _written(tmp_path, RECORD, *others)[0]

    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({}, ["call-3", "call-2", "call-1"]),
            ({"number": "14155551234"}, ["call-2", "call-1"]),
            ({"verdict": "route"}, ["call-3", "call-1"]),
            ({"verdict": "rout"}, []),
            ({"source": "203.0.113.8"}, ["call-2"]),
            ({"answered": True}, ["call-1"]),
            ({"answered": False}, ["call-3", "call-2"]),
            ({"since": AT + timedelta(minutes=1)}, ["call-3", "call-2"]),
            ({"until": AT + timedelta(minutes=1)}, ["call-1"]),
            ({"since": AT + timedelta(seconds=1), "until": AT + timedelta(seconds=61)}, ["call-2"]),
            ({"since": AT.astimezone(timezone(timedelta(hours=5)))}, ["call-3", "call-2", "call-1"]),
            ({"verdict": "route", "answered": False, "number": "14155551235"}, ["call-3"]),
            ({"limit": 1, "answered": False}, ["call-3"]),
            ({"before": 3, "answered": False}, ["call-2"]),
        ],
    )
    def test_every_filter_narrows(self, reader: CallReader, filters: dict[str, Any], found: list[str]) -> None:
        assert [r.id for _, r in reader.page(EVERYTHING, [], **{"limit": 10} | filters)] == found

    def test_filters_stay_inside_the_scope(self, reader: CallReader) -> None:
        assert [r.id for _, r in reader.page(Scope("a"), ["a"], limit=10, answered=False)] == ["call-2"]

    def test_times_at_the_ends_of_the_calendar_are_taken(self, reader: CallReader) -> None:
        first = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
        last = datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-12)))
        assert len(reader.page(EVERYTHING, [], limit=10, since=first, until=last)) == 3
        assert reader.page(EVERYTHING, [], limit=10, since=last) == []
        assert reader.page(EVERYTHING, [], limit=10, until=first) == []

    @pytest.mark.parametrize("until", [AT, AT - timedelta(seconds=1)])
    def test_since_is_before_until(self, reader: CallReader, until: datetime) -> None:
        with pytest.raises(InvalidError, match="since is not before until") as told:
            reader.page(EVERYTHING, [], limit=10, since=AT, until=until)
        assert told.value.field == "since"


def test_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / calls.FILE).write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreUnavailableError, match="call records"):
        CallReader(tmp_path).get("call-1")
