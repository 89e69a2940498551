"""20,000 calls with one fault each: every one ends as the RFCs say, with one record, and nothing is left behind.

Run it as ``python -m tests.prove.storm [--calls 20000] [--rate 110] [--seed N] [--t1 0.1] [--only NAME]``. The calls
come in two storms of half as many; the first brings memory to its level, the second must not raise it by more than
`MAX_GROWTH_MB`. The same seed gives the same calls in the same order. The exit status is 1 on any fault.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random, SystemRandom

from tests.edge.lab import Lab
from tests.edge.web import Web
from tests.prove.calls import cpu_seconds, resident
from tests.prove.faults import FAULTS, Ended, Fault
from tests.prove.messages import UnexpectedError
from tests.prove.ports import Call, Port
from tests.prove.sides import Side

CALLS, RATE, T1 = 20_000, 110.0, 0.1
PROGRESS_S = 10.0
LATE_S = 0.2
"""Later than this, the machine has stalled: it gets time to send again what both sides have waited for."""
MAX_GROWTH_MB = 8.0
"""What the edge may hold more after the last storm than after the first."""
MAX_LADDERS = 5
"""Failing calls that are printed whole."""
FIRST_CALLER = 14150000000


@dataclass
class Tally:
    """What became of the calls of one fault."""

    calls: int = 0
    good: int = 0


@dataclass
class Storm:
    """The calls of one run, and what is found out about them."""

    lab: Lab
    web: Web
    seed: int
    t1: float
    linger_s: float
    faults: Sequence[Fault]
    tallies: dict[str, Tally] = field(default_factory=dict)
    failed: list[tuple[Fault, Call]] = field(default_factory=list)
    expected: dict[str, tuple[Fault, Ended]] = field(default_factory=dict)
    strays: Counter[str] = field(default_factory=Counter)
    peak: int = 0
    made: int = 0

    async def blow(self, calls: int, rate: float) -> None:
        """Place so many calls, so many a second, and wait until the last one is judged."""
        known: dict[str, Call] = {}
        caller, *called = [Port(ip, known) for ip in ("127.0.0.2", "127.0.0.1", "127.0.0.1")]
        numbers = await asyncio.to_thread(self._numbers, [port.uri for port in called])
        plan = [self.faults[i % len(self.faults)] for i in range(calls)]
        draw = Random(self.seed + self.made)
        draw.shuffle(plan)
        loop = asyncio.get_running_loop()
        watch = loop.create_task(self._watch(known))
        due, tasks = loop.time(), []
        for fault in plan:
            await asyncio.sleep(due - loop.time())
            late = loop.time() - due
            due = loop.time() + (1 / rate if late < LATE_S else 2 * late)
            call = self._call(fault, numbers[fault.route], draw.random())
            known[call.name] = call
            tasks.append(loop.create_task(self._play(fault, call, caller, known)))
        await asyncio.gather(*tasks)
        watch.cancel()
        for port in (caller, *called):
            self.strays.update(port.strays)
            port.close()

    def _numbers(self, called: list[str]) -> dict[str, str]:
        users = "".join(f"<User>{uri}</User>" for uri in called)
        self.web.pages["/race"] = f"<Response><Dial>{users}</Dial></Response>"
        return {
            "one": self.lab.to_trunk(called[0]),
            "two": self.lab.to_trunk(*called),
            "race": self.lab.to_application(answer_url=f"{self.web.url}/race"),
        }

    def _call(self, fault: Fault, number: str, chance: float) -> Call:
        self.made += 1
        return Call(str(FIRST_CALLER + self.made), number, self.made, Random(chance), self.t1)

    async def _play(self, fault: Fault, call: Call, port: Port, known: dict[str, Call]) -> None:
        """Play one call, leave it time for what must not come any more, and judge it."""
        loop = asyncio.get_running_loop()
        call.began = loop.time()
        caller = call.caller = Side(call, port, "caller", self.lab.sip)
        caller.mine = f"<sip:{call.name}@{port.ip}>;tag={caller.tag}"
        caller.theirs = f"<sip:{call.number}@{self.lab.sip[0]}>"
        caller.target = f"sip:{call.number}@{self.lab.sip[0]}:{self.lab.sip[1]}"
        try:
            self.expected[call.name] = fault, await fault.story(call)
        except Exception as error:  # a message that no side can read, too, is a call that went wrong
            call.wrong.append(str(error) if isinstance(error, UnexpectedError) else repr(error))
        await asyncio.sleep(self.linger_s)
        call.end()
        tally = self.tallies.setdefault(fault.name, Tally())
        tally.calls += 1
        tally.good += not call.wrong
        if call.wrong:
            self.failed.append((fault, call))
        known.pop(call.name)
        for side in (caller, *call.legs):  # what was sent before its end may come again for a while
            loop.call_later(64 * self.t1 + 2.0, side.port.sides.pop, side.call_id, None)

    async def _watch(self, known: dict[str, Call]) -> None:
        began = time.monotonic()
        while True:
            await asyncio.sleep(PROGRESS_S)
            memory = self.memory()
            counts = await asyncio.to_thread(self.lab.server.counts)
            print(
                f"storm: {time.monotonic() - began:.0f} s; {self.made} begun, {len(known)} under way; the edge has "
                f"{counts['calls']} calls, {counts['transactions']} transactions, {memory / 1024:.1f} MB; "
                f"{len(self.failed)} failed",
                flush=True,
            )

    def memory(self) -> int:
        """Return the edge's memory in KiB; the peak is kept."""
        now = resident(self.lab.server.child("edge"))
        self.peak = max(self.peak, now)
        return now

    def records(self, within: float = 5.0) -> list[str]:
        """Return what is wrong with the records, once all are written: each call has one, that says how it ended."""
        wanted = {name: ended for name, (_, ended) in self.expected.items()}
        found: dict[str, list[Ended]] = {}
        until = time.monotonic() + within
        while True:
            with closing(sqlite3.connect(f"file:{self.lab.server.data / 'calls.db'}?mode=ro", uri=True)) as database:
                rows = database.execute("SELECT caller, sip_status, ended_by, cause FROM calls").fetchall()
            if len(rows) >= self.made or time.monotonic() >= until:
                break
            time.sleep(0.1)
        for caller, *ended in rows:
            found.setdefault(caller, []).append(Ended(*ended))
        wrong = [
            f"{self.expected[name][0].name}: the record of {name} says {found.get(name)}, not {ended}"
            for name, ended in wanted.items()
            if found.get(name) != [ended]
        ]
        if len(rows) != self.made:
            wrong.append(f"{len(rows)} records of {self.made} calls")
        return wrong


def run(
    calls: int, rate: float, seed: int, faults: Sequence[Fault], *, t1: float, linger_s: float, storms: int = 1
) -> int:
    """Run the storms and print what became of them; returns the exit status.

    After its end each call is watched for ``linger_s`` more seconds: nothing new may come.
    """
    print(f"storm: {calls} calls, {rate:g} a second, {len(faults)} faults, T1 {t1:g} s, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="prove-") as folder:
        # Ringing ends within the time that any message may take; targets that fail do not rest, so that each call
        # finds them as the one before did.
        environ = {"TRUNKLINE_SIP_T1": str(t1), "TRUNKLINE_SIP_RING_S": str(50 * t1), "TRUNKLINE_SIP_REST_S": "0"}
        lab, web = Lab(Path(folder) / "data", **environ), Web()
        try:
            storm = Storm(lab, web, seed, t1, linger_s, faults)
            return _judged(storm, *_blown(storm, calls, rate, storms))
        finally:
            web.stop()
            lab.server.stop()


def _blown(storm: Storm, calls: int, rate: float, storms: int) -> tuple[list[int], list[str]]:
    """Run the storms; return the edge's memory in KiB before and after each, and what it did not let go of."""
    memory, left = [storm.memory()], list[str]()
    edge = storm.lab.server.child("edge")
    began, used = time.monotonic(), cpu_seconds(edge)
    for _ in range(storms):
        asyncio.run(storm.blow(calls // storms, rate))
        try:
            storm.lab.server.until_empty(64 * storm.t1 + 10.0, transactions=True)
        except AssertionError as error:
            left.append(str(error))
        memory.append(storm.memory())
    used = cpu_seconds(edge) - used
    print(f"storm: {time.monotonic() - began:.0f} s; edge CPU {used:.1f} s, {1000 * used / calls:.2f} ms a call")
    return memory, left


def _judged(storm: Storm, memory: list[int], left: list[str]) -> int:
    records = storm.records()
    for fault in storm.faults:
        tally = storm.tallies.get(fault.name, Tally())
        mark = "" if tally.good == tally.calls else "  <-- "
        print(f"storm: {tally.good:5} of {tally.calls:5}  {fault.name:40} {fault.rule}{mark}")
    for fault, call in storm.failed[:MAX_LADDERS]:
        print(f"\n{fault.name}, caller {call.name}: {'; '.join(call.wrong)}")
        print("\n".join(f"  {at:7.3f}  {line}" for at, line in call.ladder), flush=True)
    counts = storm.lab.server.counts()
    print(f"storm: left behind: {', '.join(left) or 'nothing'}; {counts['records_dropped']} records dropped")
    print(f"storm: records: {len(records)} wrong", *records[:10], sep="\n  ")
    strays = {start: times for start, times in storm.strays.items() if not start.startswith("SIP/2.0 400")}
    print(f"storm: {sum(strays.values())} messages of no call {dict(list(strays.items())[:5]) or ''}")
    after = ", ".join(f"{kib / 1024:.1f} MB after storm {i}" for i, kib in enumerate(memory[1:], 1))
    print(f"storm: edge memory {memory[0] / 1024:.1f} MB at the start, {after}; {storm.peak / 1024:.1f} MB at the peak")
    growth = (memory[-1] - memory[1]) / 1024
    log = storm.lab.server.log.read_text()
    raised = log.count("Traceback")
    if raised:
        print(f"storm: {raised} exceptions in the edge:\n{log[-3000:]}")
    bad = len(storm.failed) + len(left) + len(records) + len(strays) + counts["records_dropped"] + raised
    print(f"storm: {sum(t.good for t in storm.tallies.values())} calls as expected, {len(storm.failed)} not")
    if growth > MAX_GROWTH_MB:
        print(f"storm: memory grew by {growth:.1f} MB after the first storm; at most {MAX_GROWTH_MB:g} MB are allowed")
        bad += 1
    return 1 if bad else 0


def main() -> int:
    """Read the command line and run."""
    options = argparse.ArgumentParser(description="Calls with one fault each, through a real server.")
    options.add_argument("--calls", type=int, default=CALLS)
    options.add_argument("--rate", type=float, default=RATE, help="calls a second")
    options.add_argument("--storms", type=int, default=2, help="in how many parts the calls come")
    options.add_argument("--seed", type=int, default=None)
    options.add_argument("--t1", type=float, default=T1, help="RFC 3261's T1 of both sides, in seconds")
    options.add_argument("--only", default="", help="faults whose name has this in it")
    given = options.parse_args()
    seed = SystemRandom().randrange(10**9) if given.seed is None else given.seed
    faults = [fault for fault in FAULTS if given.only in fault.name]
    linger_s = 64 * given.t1 + 2.0
    return run(given.calls, given.rate, seed, faults, t1=given.t1, linger_s=linger_s, storms=given.storms)


if __name__ == "__main__":
    sys.exit(main())
