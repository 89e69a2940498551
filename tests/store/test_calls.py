"""The edge's journal: batches, bounds, and that no record can cost the others, or a call."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from trunkline.core.errors import InvalidError, StoreUnavailableError
from trunkline.core.model import EVERYTHING, Scope
from trunkline.core.records import CallRecord, UnclaimedCall
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
)
STRANGER = UnclaimedCall(
    source="198.51.100.9", number="1", verdict="source_unknown", count=1, first_at=AT, last_at=AT, trace=()
)


def _written(folder: Path, *records: CallRecord | UnclaimedCall) -> tuple[CallReader, int]:
    journal = CallJournal(folder)
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


def test_nothing_is_read_where_nothing_was_written(tmp_path: Path) -> None:
    assert CallReader(tmp_path).unclaimed(10) == []


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
