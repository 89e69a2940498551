"""The edge's journal: batches, bounds, and that no record can cost the others, or a call."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

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
