"""Trunkline's side of the benchmarks takes calls: a change of the core that breaks it shows before `make bench`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from benchmarks import candidates
from benchmarks.candidates import Running
from benchmarks.load import Calls, callee
from benchmarks.machine import cores, cpu_seconds, memory_kb, pinned
from benchmarks.probes import Probes

pytestmark = pytest.mark.outside

CALLS, RATE = 20, 20


@pytest.mark.parametrize(
    ("start", "final", "decided"),
    [
        (candidates.answering, None, False),
        (candidates.refusing, 480, False),
        (candidates.to_trunk, None, True),
        (candidates.to_application, None, True),
    ],
)
def test_calls_and_probes_succeed(
    start: Callable[[int], AbstractContextManager[Running]], final: int | None, *, decided: bool
) -> None:
    with pinned(cores()[1]), callee() as port, start(port) as running:
        processes = running.processes()
        before = cpu_seconds(*processes)
        with Calls(running.target, running.number, RATE, CALLS, final=final) as calls:
            timed = Probes(running.target, running.number, final).run(RATE, CALLS / RATE)
            load = calls.wait()
        assert (load.succeeded, load.failed) == (CALLS, 0), load.errors
        assert len(load.times_ms) == CALLS
        assert (timed.made, timed.failed, len(timed.answers_ms)) == (CALLS, 0, CALLS)
        assert len(timed.decisions_ms) == (CALLS if decided else 0)
        assert all(taken > 0 for taken in timed.answers_ms)
        assert cpu_seconds(*processes) > before
        assert memory_kb(*processes) > 10_000


def test_a_wrong_final_answer_is_a_failed_call() -> None:
    with pinned(cores()[1]), callee() as port, candidates.refusing(port) as running:
        with Calls(running.target, running.number, RATE, 5, final=302) as calls:
            timed = Probes(running.target, running.number, 302).run(RATE, 0.2)
            load = calls.wait()
        assert (load.succeeded, load.failed) == (0, 5)
        assert timed.failed == timed.made == 4
