"""Measuring candidates alike: the rate that each can carry, its CPU time a call near it, its answers at half of it.

The candidate has one core to itself, the load the others. Rounds go through all candidates in turn, so that a slow
minute of the machine meets all of them; each round starts the candidate anew; the medians of the rounds count.
"""

from __future__ import annotations

import math
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.candidates import Candidate, Running
from benchmarks.load import Calls, callee, percentile
from benchmarks.machine import cores, cpu_seconds, memory_kb, pinned
from benchmarks.probes import Probes, Timed
from benchmarks.report import Row

FIRST_RATE = 100.0
MAX_RATE = 8_000.0
"""Where the ramp ends at the latest: beyond, the load takes minutes to find its own limit."""

FULL, HALF = 0.8, 0.5
"""Shares of its capacity at which a candidate is measured: for CPU time, and for answers."""

CLOSE = 1.12
"""The ramp ends when the rates that just went and just did not are this close."""

LATE_MS = 100.0
"""A rate counts as carried while nine of ten first answers come within this; beyond, a queue is growing."""

RETRANSMITTED = 0.02
"""...and while SIPp sends no more messages again than this share of its calls."""

BUSY = 0.8
"""A candidate that used less of its core than this when a rate could not be carried was not what held it back."""

PROBES_PER_S = 100.0
WARM_S = 2.0
"""Load before anything is measured. With what follows it stays below the 10 s after which the edge first collects: see
docs/benchmarks.md on why a round should not hold exactly one collection.
"""

SETTLE_S = 0.3
"""Time for what a candidate still does after the last call, such as writing its record."""


@dataclass(frozen=True)
class Plan:
    """How long to measure: rounds, seconds of each load, seconds and number of the ramp's steps, tries of each.

    No round begins once ``budget_s`` for each candidate has been spent.
    """

    rounds: int = 3
    seconds: float = 4.0
    step_s: float = 2.0
    steps: int = 9
    tries: int = 2
    budget_s: float = 60.0


QUICK = Plan(rounds=1, seconds=1.5, step_s=0.8, steps=4, tries=1)


@dataclass
class Capacity:
    """Calls a second that were carried, and what did not let it be more: itself, the load, or the ramp's end."""

    rate: float = 0.0
    bound: str = "the ramp"


@dataclass
class _Step:
    """One load: calls made and failed, CPU seconds, their share of the planned seconds, whether it was carried."""

    made: int
    failed: int
    cpu_s: float
    busy: float
    carried: bool
    errors: str
    timed: Timed


@dataclass
class Measured:
    """A candidate with its capacity and the rows of its rounds; ``problem`` tells why it has none."""

    candidate: Candidate
    capacity: Capacity = field(default_factory=Capacity)
    rounds: list[Row] = field(default_factory=list)
    problem: str = ""

    def median(self, name: str) -> float:
        """Return the median of a figure over the rounds, nan where it was not seen."""
        seen = [row[name] for row in self.rounds if not math.isnan(row[name])]
        return statistics.median(seen) if seen else math.nan

    def total(self, name: str) -> int:
        """Return the sum of a count over the rounds."""
        return sum(int(row[name]) for row in self.rounds)


def measure(scenario: str, candidates: Sequence[Candidate], plan: Plan, *, one_rate: bool = False) -> list[Measured]:
    """Measure candidates in turns and return them in their order; says on standard output how far it is.

    With ``one_rate`` the CPU time of all is also measured at one rate: half of what the first one can carry.
    """
    found = [Measured(candidate) for candidate in candidates]
    start = time.monotonic()
    for number in range(plan.rounds):
        if time.monotonic() - start > plan.budget_s * len(found):
            print(f"  [{scenario}] no time for round {number + 1}", flush=True)
            break
        for measured in found:
            if measured.problem:
                continue
            began = time.monotonic()
            try:
                said = _round(measured, plan, found[0] if one_rate else None)
            except (AssertionError, OSError, RuntimeError, ValueError, subprocess.SubprocessError) as error:
                measured.problem = said = f"{type(error).__name__}: {str(error)[-1500:]}"
            took = time.monotonic() - began
            where = f"{scenario} {number + 1}/{plan.rounds}"
            print(f"  [{where}] {measured.candidate.name}: {said} ({took:.0f} s)", flush=True)
    return found


def _round(measured: Measured, plan: Plan, first: Measured | None) -> str:
    candidate = measured.candidate
    with pinned(cores()[1]), callee() as port, candidate.start(port) as running:
        if not measured.capacity.rate:
            measured.capacity = _ramp(running, candidate.final, plan)
        rate = measured.capacity.rate
        _load(running, candidate.final, rate * HALF, WARM_S)
        half = _load(running, candidate.final, rate * HALF, plan.seconds, probing=True)
        full = _load(running, candidate.final, rate * FULL, plan.seconds)
        one_rate = first.capacity.rate * HALF if first is not None else 0.0
        same = _load(running, candidate.final, one_rate, plan.seconds) if 0 < one_rate <= rate else None
        memory = memory_kb(*running.processes()) / 1024
    row: Row = {
        "candidate": candidate.name,
        "capacity": rate,
        "per_cpu_s": full.made / full.cpu_s,
        "per_cpu_s_at_half": half.made / half.cpu_s,
        "per_cpu_s_at_one_rate": same.made / same.cpu_s if same else math.nan,
        "made": full.made + half.made + (same.made if same else 0),
        "failed": full.failed + half.failed + (same.failed if same else 0),
        "probes": half.timed.made,
        "decision_p99_ms": percentile(half.timed.decisions_ms, 0.99),
        "memory_mb": memory,
    }
    row |= {f"p{n}_ms": percentile(half.timed.answers_ms, n / 100) for n in (50, 95, 99)}
    measured.rounds.append(row)
    failed = f", {row['failed']} failed: {(full.errors + half.errors)[-400:]!r}" if row["failed"] else ""
    return f"{row['per_cpu_s']:,.0f} calls per CPU-second, p99 {row['p99_ms']:.1f} ms at {rate * HALF:,.0f}/s{failed}"


def _load(running: Running, final: int | None, rate: float, seconds: float, *, probing: bool = False) -> _Step:
    """Place calls at a rate for a time; with ``probing`` some of them are timed ones."""
    probed = min(PROBES_PER_S, rate / 4) if probing else 0.0
    count = max(10, round((rate - probed) * seconds))
    processes = running.processes()
    before = cpu_seconds(*processes)
    with Calls(running.target, running.number, rate - probed, count, final=final) as calls:
        timed = Probes(running.target, running.number, final).run(probed, seconds) if probing else Timed()
        load = calls.wait()
    time.sleep(SETTLE_S)
    used = max(0.01, cpu_seconds(*processes) - before)
    in_time = load.seconds <= 1.1 * seconds + 1.0
    prompt = percentile(load.times_ms, 0.9) <= LATE_MS
    carried = not load.failed and in_time and prompt and load.retransmissions <= RETRANSMITTED * count
    made, failed = count + timed.made, load.failed + timed.failed
    return _Step(made, failed, used, used / seconds, carried, load.errors if failed else "", timed)


def _ramp(running: Running, final: int | None, plan: Plan) -> Capacity:
    """Find the highest rate that is carried. One that is not is tried again, since the machine may have paused.

    While rates go, the CPU time of the last one says how far the next step may go; then the gap is halved.
    """
    good, bad, rate, bound = 0.0, math.inf, FIRST_RATE, "the ramp"
    for _ in range(plan.steps):
        for _ in range(plan.tries):
            step = _load(running, final, rate, plan.step_s)
            if step.carried:
                break
        if step.carried:
            good = rate
            rate = min(MAX_RATE, rate * min(4.0, max(1.15, 0.95 / step.busy)))
        else:
            bad, bound = rate, "itself" if step.busy >= BUSY else "the load"
        if bad < math.inf:
            rate = math.sqrt(max(good, FIRST_RATE / 16) * bad)
        if bad <= good * CLOSE or good >= MAX_RATE:
            break
    if not good:
        raise RuntimeError(f"it could not carry {bad:.0f} calls a second: {step.errors}")
    return Capacity(good, bound)
