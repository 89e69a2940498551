"""Captures: what they hold is bounded, and is handed over some time after the end, or dropped at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.store.test_calls import RECORD
from trunkline.core.records import CallMessages, CallRecord
from trunkline.sip import capture
from trunkline.sip.capture import Capture, Captures
from trunkline.sip.hop import Door, Hop

HOP = Hop("203.0.113.7", 5061, Door("UDP", "192.0.2.1", 5060))
FAILED = replace(RECORD, id="failed", answered_at=None)


class Bench:
    """Captures whose time passes when told, and what they have handed over."""

    def __init__(self, keep: str = "failed") -> None:
        self.time = 1000.0
        self.written: list[CallMessages] = []
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.captures = Captures(keep, self, wall=lambda: self.time, now=lambda: self.time, later=self.later)

    def put(self, record: CallMessages) -> None:
        """Take messages."""
        self.written.append(record)

    def later(self, delay: float, work: Callable[[], None]) -> None:
        """Start a timer."""
        self.timers.append((self.time + delay, work))

    def passes(self, seconds: float) -> None:
        """Let time pass."""
        self.time += seconds
        due, self.timers = [t for t in self.timers if t[0] <= self.time], [t for t in self.timers if t[0] > self.time]
        for _, work in due:
            work()

    def capture(self, *messages: bytes) -> Capture:
        """Return a capture with these messages."""
        assert self.captures.new is not None
        made = self.captures.new()
        for data in messages:
            made.add(True, data, HOP)
        return made


def test_late_messages_come_along() -> None:
    bench = Bench()
    first, second = bench.capture(b"1"), bench.capture(b"2")
    bench.captures.end(FAILED, first)
    bench.passes(capture.SETTLE_S / 2)
    bench.captures.end(replace(FAILED, id="second"), second)
    first.add(False, b"late", HOP)
    bench.passes(capture.SETTLE_S / 2)
    assert [(w.call_id, [m.data for m in w.messages], w.size) for w in bench.written] == [
        ("failed", [b"1", b"late"], 5)
    ]
    first.add(False, b"too late", HOP)
    bench.passes(capture.SETTLE_S / 2)
    assert [w.call_id for w in bench.written] == ["failed", "second"]
    assert (bench.captures.held, bench.timers) == (0, [])
    message = bench.written[0].messages[1]
    assert message == (1_001_000_000, False, "UDP", "192.0.2.1", 5060, "203.0.113.7", 5061, b"late")


@pytest.mark.parametrize(("keep", "record", "kept"), [("failed", RECORD, 0), ("failed", FAILED, 1), ("all", RECORD, 1)])
def test_what_went_well_is_dropped_at_once(keep: str, record: CallRecord, kept: int) -> None:
    bench = Bench(keep)
    made = bench.capture(b"x" * 100)
    bench.captures.end(record, made)
    assert bench.captures.held == 100 * kept
    bench.captures.flush()
    assert (len(bench.written), bench.captures.held) == (kept, 0)


def test_none_is_none() -> None:
    bench = Bench("none")
    assert bench.captures.new is None
    bench.captures.end(FAILED, None)
    bench.captures.flush()
    assert bench.written == []


def test_one_call_is_bounded() -> None:
    bench = Bench()
    assert len(bench.capture(*[b"x"] * 500).messages()) == capture.MAX_MESSAGES
    large = bench.capture(b"x" * (capture.MAX_BYTES - 10), b"x" * 11, b"y")
    assert [len(m.data) for m in large.messages()] == [capture.MAX_BYTES - 10]


def test_all_calls_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "MAX_HELD", 100)
    bench = Bench()
    first, second = bench.capture(b"x" * 60), bench.capture(b"x" * 60)
    assert (len(first.messages()), len(second.messages()), bench.captures.held) == (1, 0, 60)
    bench.captures.end(FAILED, second)
    bench.captures.flush()
    assert bench.written == []
    del first  # as of an INVITE that became no call
    assert bench.captures.held == 0
    assert len(bench.capture(b"x" * 60).messages()) == 1
