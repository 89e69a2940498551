"""Many calls at once through the whole product, and what a call and a finished transaction weigh.

Two runs, each on an installation of its own. In the first, calls are placed and stay: the edge's memory is read when
all of them are connected and no transaction is left, so that it holds calls and nothing else; then they end. In the
second, short calls leave their finished transactions, which stay for 32 seconds as RFC 3261 wants; memory is read when
the calls are over and all those transactions are still there. Memory that an allocator keeps for later counts as used,
so what is left at the end shows what is reused, not what leaks: the counters show that.
"""

from __future__ import annotations

import time

from benchmarks.candidates import Running, to_trunk
from benchmarks.load import Calls, callee
from benchmarks.machine import cores, memory_kb, pinned
from benchmarks.report import Aim, Outcome, Row
from tests.server import Server

HELD, HELD_QUICK = 10_000, 2_000
SHORT, SHORT_QUICK = 6_000, 1_500
RATE = 250
HOLD_S = 16.0
"""Time that all calls stay together, for the transactions of the last ones to go and for the memory to be read."""

FAST_T1 = {"TRUNKLINE_SIP_T1": "0.1"}
"""Of the first run: finished transactions go after 6.4 seconds."""

PROGRESS_S = 10.0
EMPTY_S = 75.0


def run(*, quick: bool) -> Outcome:
    """Hold calls, then finish some, and return both tables in one."""
    with pinned(cores()[1]):
        held = _hold(HELD_QUICK if quick else HELD)
        short = _finish(SHORT_QUICK if quick else SHORT)
    rows: list[Row] = [held, short]
    problems = [f"{row['run']}: {row['failed']} calls failed" for row in rows if row["failed"]]
    dropped = sum(int(row["records dropped"]) for row in rows)
    aims = [
        Aim("calls in progress at once", held["at once"], HELD_QUICK if quick else HELD, at_least=True),
        Aim("calls, legs, limits, tasks and transactions left", sum(int(r["left"]) for r in rows), 0, at_least=False),
        Aim("call records dropped", dropped, 0, at_least=False),
    ]
    return Outcome("held", "memory of the edge, and what it holds, by its own counters", rows, aims, problems)


def _hold(count: int) -> Row:
    """Hold ``count`` calls at once; return the row."""
    with callee() as port, to_trunk(port, FAST_T1) as running:
        server, edge = _ready(running)
        before = memory_kb(edge)
        talk_ms = round(1000 * (count / RATE + HOLD_S))
        with Calls(running.target, running.number, RATE, count, talk_ms=talk_ms) as calls:
            most = _watch(server, count, calls)
            together = memory_kb(edge)
            load = calls.wait()
        left, dropped = _drained(server)
        after = memory_kb(edge)
    return {
        "run": f"{count:,} calls held",
        "at once": most,
        "KiB before": before,
        "KiB then": together,
        "KiB after all is over": after,
        "KiB per call": (together - before) / max(1, most),
        "KiB per finished transaction": None,
        "failed": load.failed,
        "left": left,
        "records dropped": dropped,
    }


def _finish(count: int) -> Row:
    """Place ``count`` short calls, read the memory while their transactions remain; return the row."""
    with callee() as port, to_trunk(port) as running:
        server, edge = _ready(running)
        before, there = memory_kb(edge), server.counts()["transactions"]
        with Calls(running.target, running.number, RATE, count) as calls:
            load = calls.wait()
        counts = server.until_empty(10.0)
        together, finished = memory_kb(edge), counts["transactions"] - there
        print(f"  [held] {count:,} calls over; {counts['transactions']:,} transactions remain", flush=True)
        left, dropped = _drained(server)
        after = memory_kb(edge)
    return {
        "run": f"{count:,} short calls, {finished:,} finished transactions",
        "at once": None,
        "KiB before": before,
        "KiB then": together,
        "KiB after all is over": after,
        "KiB per call": None,
        "KiB per finished transaction": (together - before) / max(1, finished),
        "failed": load.failed,
        "left": left,
        "records dropped": dropped,
    }


def _ready(running: Running) -> tuple[Server, int]:
    """Warm the server up with a few calls; return it and its edge's process id."""
    server = running.server
    assert server is not None
    with Calls(running.target, running.number, 50, 50) as calls:
        calls.wait()
    server.until_empty()
    return server, server.child("edge")


def _watch(server: Server, count: int, calls: Calls) -> int:
    """Wait until all calls are connected and their transactions gone; return the most calls seen at once."""
    most, said = 0, time.monotonic()
    end = calls.began + count / RATE + HOLD_S - 3
    while time.monotonic() < end and calls.process.poll() is None:
        counts = server.counts()
        most = max(most, counts["calls"])
        if time.monotonic() - said > PROGRESS_S:
            said = time.monotonic()
            print(f"  [held] {counts['calls']:,} calls, {counts['transactions']:,} transactions", flush=True)
        if counts["calls"] >= count and not counts["transactions"]:
            break
        time.sleep(0.2)
    return most


def _drained(server: Server) -> tuple[int, int]:
    """Wait until nothing is left of the calls; return (what is left nevertheless, call records dropped)."""
    end = time.monotonic() + EMPTY_S
    while True:
        counts = server.counts()
        left = sum(counts[name] for name in ("calls", "legs", "limits", "tasks", "transactions"))
        if not left or time.monotonic() > end:
            return left, counts["records_dropped"]
        time.sleep(0.5)
