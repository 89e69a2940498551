"""Guessing passwords slows down, in fixed memory, over all workers; who was right before is heard at once."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

import pytest

from trunkline.sip import guesses
from trunkline.sip.guesses import (
    FORGET_S,
    FREE_OF_SOURCE,
    FREE_OF_USER,
    LONGEST_WAIT_S,
    USUAL_S,
    Guesses,
    own_ledgers,
)
from trunkline.sip.shared import Board, make_board

SOURCE, OTHER = "192.0.2.7", "192.0.2.8"


def _resident() -> int:
    """Return the memory of this process, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


class _Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    """Give a time of our own."""
    return _Clock()


@pytest.fixture
def kept(clock: _Clock) -> Guesses:
    """Give guesses that nobody has made yet."""
    return Guesses(own_ledgers(), clock)


def test_the_wait_of_a_source_doubles_up_to_a_minute_and_is_forgotten(kept: Guesses, clock: _Clock) -> None:
    users = (f"user{number}" for number in count())
    for _ in range(FREE_OF_SOURCE):
        assert kept.wait(SOURCE, [next(users)]) == 0
        kept.wrong(SOURCE, [next(users)])
    waits = []
    for _ in range(9):
        kept.wrong(SOURCE, [next(users)])
        waits.append(kept.wait(SOURCE, [next(users)]))
        clock.now += waits[-1] - 1
        assert kept.wait(SOURCE, [next(users)]) == 1
        clock.now += 1
        assert kept.wait(SOURCE, [next(users)]) == 0
    assert waits == [1, 2, 4, 8, 16, 32, LONGEST_WAIT_S, LONGEST_WAIT_S, LONGEST_WAIT_S]
    assert kept.wait(OTHER, [next(users)]) == 0
    clock.now += FORGET_S + 1
    kept.wrong(SOURCE, [next(users)])
    assert kept.wait(SOURCE, [next(users)]) == 0


def test_guesses_at_one_user_from_many_sources(kept: Guesses, clock: _Clock) -> None:
    for number in range(FREE_OF_USER + 1):
        kept.wrong(f"198.51.100.{number}", ["victim"])
    assert kept.wait(OTHER, ["victim"]) == 1
    assert kept.wait(OTHER, ["somebody"]) == 0
    clock.now += 1
    assert kept.wait(OTHER, ["victim"]) == 0


def test_the_usual_source_of_a_user_never_waits(kept: Guesses, clock: _Clock) -> None:
    kept.right(SOURCE, ["victim"])
    for _ in range(1_000):
        kept.wrong(SOURCE, ["victim"])
        kept.wrong(SOURCE, ["somebody"])
        kept.wrong(OTHER, ["victim"])
    assert kept.wait(SOURCE, ["victim"]) == 0
    assert kept.wait(SOURCE, ["somebody"]) == LONGEST_WAIT_S
    assert kept.wait(OTHER, ["victim"]) == LONGEST_WAIT_S
    assert (kept.knows(SOURCE), kept.knows(OTHER)) == (True, False)
    clock.now += USUAL_S + 1
    assert not kept.knows(SOURCE)


def test_a_right_answer_forgives_no_guesses_at_others(kept: Guesses) -> None:
    """Else whoever has one account could guess at all others."""
    for _ in range(FREE_OF_SOURCE + 3):
        kept.right(SOURCE, ["own"])
        kept.wrong(SOURCE, ["victim"])
    assert kept.wait(SOURCE, ["victim"]) == 4


def test_a_clock_that_is_set_back_makes_nobody_wait_longer(kept: Guesses, clock: _Clock) -> None:
    for _ in range(FREE_OF_SOURCE + 20):
        kept.wrong(SOURCE, ["victim"])
    clock.now -= 300
    assert kept.wait(SOURCE, ["victim"]) == LONGEST_WAIT_S
    clock.now -= 10 * FORGET_S
    assert kept.wait(SOURCE, ["victim"]) == 0


def test_an_ipv6_network_is_one_source(kept: Guesses) -> None:
    for number in range(FREE_OF_SOURCE + 1):
        kept.wrong(f"2001:db8:0:1::{number:x}", [f"user{number}"])
    assert kept.wait("2001:db8:0:1:ffff::1", ["x"]) == 1
    assert kept.wait("2001:db8:0:2::1", ["x"]) == 0


def test_many_sources_take_no_memory_and_push_out_no_user_under_attack(
    kept: Guesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many times more sources and users than there are places for, which are fewer here, for speed."""
    monkeypatch.setattr(guesses, "SETS", 128)
    for _ in range(FREE_OF_USER + 10):
        kept.wrong(OTHER, ["victim"])
    kept.right(SOURCE, ["victim"])
    before = _resident()
    for number in range(20 * guesses.SETS * guesses.WAYS):
        source = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        kept.wrong(source, [f"user{number}"])
        kept.wrong(source, [f"user{number}"])
    assert _resident() - before < 4 << 20
    assert kept.wait("203.0.113.1", ["victim"]) == LONGEST_WAIT_S
    assert kept.wait(SOURCE, ["victim"]) == 0


def test_what_says_least_makes_room(clock: _Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "SETS", 1)
    ledger = own_ledgers()[0]
    now = int(clock.now)
    for number in range(guesses.WAYS):
        ledger.write(f"name{number}", 10 + number, now)
    ledger.write("new", 1, now)
    assert ledger.read("name0") == (0, 0)
    assert [ledger.read(f"name{number}")[0] for number in range(1, guesses.WAYS)] == list(range(11, 18))
    ledger.write("name7", 17, now - FORGET_S - 1)
    ledger.write("newer", 1, now)
    assert (ledger.read("name7"), ledger.read("new")) == ((0, 0), (1, now))


def test_workers_count_together(clock: _Clock) -> None:
    descriptor = make_board(2)
    try:
        one, two = (Guesses(Board(descriptor, worker, 2).ledgers(), clock) for worker in range(2))
        one.right(SOURCE, ["victim"])
        for number in range(FREE_OF_SOURCE + 2):
            (one, two)[number % 2].wrong(OTHER, ["victim"])
        assert one.wait(OTHER, ["victim"]) == two.wait(OTHER, ["victim"]) == 2
        assert two.wait(SOURCE, ["victim"]) == 0
        again = Guesses(Board(descriptor, 0, 2).ledgers(), clock)
        assert again.wait(OTHER, ["victim"]) == 2, "a new process in a worker's place knows it, too"
    finally:
        os.close(descriptor)
