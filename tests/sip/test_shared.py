"""What workers know together: limits over all of them, nonces that none takes twice, and what a new process forgets."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from trunkline.sip import shared
from trunkline.sip.digest import answer, challenge, verify
from trunkline.sip.shared import Board, SharedCounts, SharedNonces, make_board

KEYS = ("account:1", "carrier:2")


class _World:
    """Three workers on one board, as three processes would be, at a time of their own."""

    def __init__(self) -> None:
        self.descriptor = make_board(3)
        self.now = 100.0
        self.counts = [self.counting(worker) for worker in range(3)]

    def board(self, worker: int) -> Board:
        """A worker's view; a second one is a new process in its place."""
        return Board(self.descriptor, worker, 3)

    def counting(self, worker: int) -> SharedCounts:
        """A worker's counts."""
        return SharedCounts(self.board(worker), lambda: self.now)


@pytest.fixture
def world() -> Iterator[_World]:
    """Give three workers."""
    made = _World()
    yield made
    os.close(made.descriptor)


def test_everybody_sees_the_calls_of_all(world: _World) -> None:
    for counts in world.counts:
        counts.take(KEYS, world.now)
    world.counts[0].take(KEYS[:1], world.now)
    assert [counts.channels(KEYS[0]) for counts in world.counts] == [4, 4, 4]
    assert [counts.started(KEYS[1]) for counts in world.counts] == [3, 3, 3]
    assert [counts.total() for counts in world.counts] == [3, 2, 2]
    world.counts[1].release(KEYS)
    assert [counts.channels(KEYS[0]) for counts in world.counts] == [3, 3, 3]
    world.now += 1
    assert [counts.started(KEYS[1]) for counts in world.counts] == [0, 0, 0]
    assert world.counts[2].channels("account:nobody") == 0


def test_calls_of_this_second_count_after_they_have_ended(world: _World) -> None:
    for _ in range(3):
        world.counts[0].take(KEYS, world.now)
        world.counts[0].release(KEYS)
    assert (world.counts[2].started(KEYS[0]), world.counts[2].channels(KEYS[0])) == (3, 0)


def test_a_new_process_has_no_calls(world: _World) -> None:
    for counts in world.counts:
        counts.take(KEYS, world.now)
    again = world.counting(1)
    assert (again.channels(KEYS[0]), again.started(KEYS[0])) == (2, 2)
    again.take(KEYS, world.now)
    assert world.counts[0].channels(KEYS[0]) == 3


def test_a_slot_that_nobody_uses_serves_another_key(world: _World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "PROBES", 2)
    monkeypatch.setattr(shared, "SLOTS", 2)
    for number in range(20):
        key = f"account:{number}"
        for counts in world.counts:
            counts.take((key,), world.now)
        assert world.counts[0].channels(key) == 3
        for counts in world.counts:
            counts.release((key,))
        world.now += 1


def test_without_a_slot_a_worker_counts_its_calls_for_those_of_all(
    world: _World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "PROBES", 0)
    world.counts[0].take(KEYS, world.now)
    world.counts[0].take(KEYS, world.now)
    assert (world.counts[0].channels(KEYS[0]), world.counts[0].started(KEYS[0])) == (6, 6)
    assert world.counts[1].channels(KEYS[0]) == 0
    world.counts[0].release(KEYS)
    world.counts[0].release(KEYS)
    assert world.counts[0].channels(KEYS[0]) == 0


def test_processes_at_once_lose_no_count(world: _World) -> None:
    """Three processes take and release calls of many keys as fast as they can; then everything is zero, or as left."""
    children = []
    for worker in range(3):
        child = os.fork()
        if child == 0:
            counts = world.counting(worker)
            for step in range(3000):
                keys = (f"account:{step % 50}", f"carrier:{step % 7}")
                counts.take(keys, world.now)
                counts.release(keys)
            counts.take(("account:7",), world.now)
            os._exit(0)
        children.append(child)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    board = world.board(2)
    slots = {
        key: board.find(key) for key in (*(f"account:{n}" for n in range(50)), *(f"carrier:{n}" for n in range(7)))
    }
    assert len(set(slots.values())) == 57, "two processes gave a key two slots, or two keys one"
    found = {key: board.channels(slot) for key, slot in slots.items() if slot is not None}
    assert {key: count for key, count in found.items() if count} == {"account:7": 2}, "the third has begun anew"


def test_a_nonce_serves_everywhere_and_no_count_of_it_twice(world: _World) -> None:
    nonces = [SharedNonces(world.board(worker), 60.0, new_token=lambda: "t") for worker in range(3)]
    offered = challenge("r", nonces[0].make("192.0.2.7", 1000.0, "r"))[0]

    def result(worker: int, count: int) -> str:
        said = answer(offered, "INVITE", "sip:a", "u", "p", new_token=lambda: "c", count=count)
        return verify(
            [said], "INVITE", lambda _: ["p"], realm="r", nonces=nonces[worker], source="192.0.2.7", now=1001.0
        ).result

    assert [result(1, 1), result(1, 1), result(0, 1), result(2, 1)] == ["ok", "stale", "stale", "stale"]
    assert [result(2, 2), result(0, 3), result(1, 2)] == ["ok", "ok", "stale"]


def test_the_oldest_nonce_of_a_full_set_is_forgotten(world: _World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "NONCE_SETS", 1)
    board = world.board(0)
    clock = iter(range(1000, 2000))
    monkeypatch.setattr("trunkline.sip.shared.time.monotonic", lambda: next(clock))
    names = [f"nonce-{number}" for number in range(shared.NONCE_WAYS + 1)]
    assert all(board.count_up(name, 5) for name in names)
    assert not any(board.count_up(name, 5) for name in names[1:])
    assert board.count_up(names[0], 5)
