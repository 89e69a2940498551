"""The SIP scenarios: what each is, who takes part, and what Trunkline aims at beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.candidates import (
    Candidate,
    answering,
    kamailio,
    kamailio_modules,
    refusing,
    sipmessage,
    sippy,
    to_application,
    to_trunk,
)
from benchmarks.measuring import QUICK, Measured, Plan, measure
from benchmarks.report import Aim, Outcome, Row

KAMAILIO_SHARE = 0.3
SIPPY_TIMES = 6.0
SIPMESSAGE_TIMES = 2.0
DECISION_MS = 5.0
NATIVE, KEMI, SIPPY = "Kamailio, native script", "Kamailio, Python decides (KEMI)", "sippy"


@dataclass(frozen=True)
class Scenario:
    """One kind of call, and its candidates; the first one is Trunkline."""

    name: str
    title: str
    candidates: tuple[Candidate, ...]
    aims: Callable[[Sequence[Measured]], list[Aim]] = lambda _: []
    one_rate: bool = False


def _per_cpu(found: Sequence[Measured], name: str) -> float:
    """Return the best median of the candidates whose name begins so; nan without one."""
    seen = [m.median("per_cpu_s") for m in found if m.candidate.name.startswith(name) and m.rounds]
    return max(seen, default=math.nan)


def _answered_aims(found: Sequence[Measured]) -> list[Aim]:
    ratio = _per_cpu(found, "Trunkline") / _per_cpu(found, "sipmessage")
    return [Aim("calls per CPU-second beside the best row of sipmessage", ratio, SIPMESSAGE_TIMES, at_least=True)]


def _two_legged_aims(found: Sequence[Measured]) -> list[Aim]:
    ours = _per_cpu(found, "Trunkline")
    decision = next(m for m in found if m.candidate.name.startswith("Trunkline")).median("decision_p99_ms")
    return [
        Aim(f"calls per CPU-second beside {NATIVE}", ours / _per_cpu(found, NATIVE), KAMAILIO_SHARE, at_least=True),
        Aim("calls per CPU-second beside sippy", ours / _per_cpu(found, SIPPY), SIPPY_TIMES, at_least=True),
        Aim("p99 of INVITE to decision (100 Trying) at half of capacity, ms", decision, DECISION_MS, at_least=False),
    ]


REDIRECTED = Scenario(
    "302",
    "one INVITE, one final answer, its ACK. Trunkline refuses a number that points nowhere with 480, its natural "
    "equivalent: decision, trace and call record included; the peers answer 302",
    (
        Candidate("Trunkline, 480", refusing, 480),
        Candidate(NATIVE, kamailio("redirect"), 302),
        Candidate(KEMI, kamailio("redirect", python=True), 302),
        Candidate("sipmessage, asyncio", sipmessage("redirect", "asyncio"), 302),
        Candidate("sipmessage, uvloop", sipmessage("redirect", "uvloop"), 302),
        Candidate(SIPPY, sippy("redirect"), 302),
    ),
)

ANSWERED = Scenario(
    "answered",
    "INVITE, 200, ACK, BYE, 200 by a user agent server. Trunkline's SIP core alone, without the edge",
    (
        Candidate("Trunkline's core", answering),
        Candidate("sipmessage, asyncio", sipmessage("answer", "asyncio")),
        Candidate("sipmessage, uvloop", sipmessage("answer", "uvloop")),
        Candidate("sipmessage, uvloop, our collector policy", sipmessage("answer", "uvloop", "timer")),
        Candidate(SIPPY, sippy("answer")),
    ),
    _answered_aims,
)

TWO_LEGGED = Scenario(
    "two_legged",
    "INVITE, 180, 200, ACK, BYE, 200 between a carrier and a trunk. Trunkline is the whole product (`trunkline serve`, "
    "all its processes: back-to-back user agent, decision, call record); Kamailio relays as a stateful proxy, sippy is "
    "its b2bua_simple",
    (
        Candidate("Trunkline", to_trunk),
        Candidate(NATIVE, kamailio("relay")),
        Candidate(KEMI, kamailio("relay", python=True)),
        Candidate(SIPPY, sippy("relay")),
    ),
    _two_legged_aims,
    one_rate=True,
)

ANSWER_URL = Scenario(
    "answer_url",
    "the same call to a number whose application answers: its document is fetched over HTTP and dials a SIP user, "
    "and the application is told the end. The application's own CPU time is not counted",
    (Candidate("Trunkline", to_application),),
)


def run(scenario: Scenario, *, quick: bool) -> Outcome:
    """Measure a scenario; peers that are not installed are left out and named."""
    problems: list[str] = []
    candidates = scenario.candidates
    if kamailio_modules() is None and any(c.name in (NATIVE, KEMI) for c in candidates):
        problems.append("Kamailio is no peer here: apt-get install kamailio kamailio-python3-modules")
        candidates = tuple(c for c in candidates if c.name not in (NATIVE, KEMI))
    found = measure(scenario.name, candidates, QUICK if quick else Plan(), one_rate=scenario.one_rate)
    problems += [f"{m.candidate.name}: {m.problem}" for m in found if m.problem]
    if found[0].total("failed"):
        problems.append(f"{found[0].candidate.name}: {found[0].total('failed')} calls failed")
    ours = found[0].median("per_cpu_s")
    rows = [_row(m, ours) for m in found]
    rounds = [row for m in found for row in m.rounds]
    return Outcome(scenario.name, scenario.title, rows, scenario.aims(found), problems, rounds)


def _row(measured: Measured, ours: float) -> Row:
    rate = measured.median("per_cpu_s")
    return {
        "candidate": measured.candidate.name,
        "calls/CPU-s": rate,
        "Trunkline : it": ours / rate,
        "at one rate": measured.median("per_cpu_s_at_one_rate"),
        "capacity/s": measured.capacity.rate or None,
        "limited by": measured.capacity.bound if measured.rounds else None,
        "p50 ms": measured.median("p50_ms"),
        "p95 ms": measured.median("p95_ms"),
        "p99 ms": measured.median("p99_ms"),
        "100: p99 ms": measured.median("decision_p99_ms"),
        "rounds": len(measured.rounds),
        "calls": measured.total("made"),
        "failed": measured.total("failed"),
        "MB": measured.median("memory_mb"),
    }


ALL = (REDIRECTED, ANSWERED, TWO_LEGGED, ANSWER_URL)
RUNS = {scenario.name: partial(run, scenario) for scenario in ALL}
