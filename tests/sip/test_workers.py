"""Letters between workers: in order, bounded, and never passed on a second time."""

from __future__ import annotations

import asyncio
import os
import socket

import pytest

from tests.fuzz.corpus import request
from trunkline.sip import workers
from trunkline.sip.hop import Door, Hop
from trunkline.sip.owners import owner_of
from trunkline.sip.transaction import Transactions
from trunkline.sip.workers import Place, Post, _Outbox, close_places, make_places


def _pair() -> tuple[socket.socket, _Outbox]:
    reading, writing = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    reading.setblocking(False)
    writing.setblocking(False)
    return reading, _Outbox(writing.detach())


def test_letters_wait_in_order_for_a_slow_worker() -> None:
    async def run() -> tuple[list[int], int]:
        reading, outbox = _pair()
        letters = [number.to_bytes(4) + bytes(2000) for number in range(1000)]
        for letter in letters:
            outbox.put(letter)
        got: list[int] = []
        async with asyncio.timeout(10):
            while len(got) < len(letters):
                try:
                    got.append(int.from_bytes(reading.recv(4096)[:4]))
                except BlockingIOError:
                    await asyncio.sleep(0.001)
        outbox.put(b"one more")
        assert reading.recv(100) == b"one more"
        outbox.close()
        reading.close()
        return got, outbox.lost

    assert asyncio.run(run()) == (list(range(1000)), 0)


def test_letters_beyond_the_bound_are_lost_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MAX_WAITING", 10_000)

    async def run() -> tuple[int, int]:
        reading, outbox = _pair()
        for _ in range(2000):
            outbox.put(bytes(1000))
        outbox.put(bytes(1 << 20))
        kept = 0
        async with asyncio.timeout(10):
            while kept + outbox.lost < 2001:
                try:
                    reading.recv(4096)
                    kept += 1
                except BlockingIOError:
                    await asyncio.sleep(0.001)
        outbox.close()
        reading.close()
        return kept, outbox.lost

    kept, lost = asyncio.run(run())
    assert lost > 0
    assert kept >= 10


class _Seen(Transactions):
    """Transactions that only note what they are given."""

    def __init__(self) -> None:
        super().__init__(new_branch=lambda: "b")
        self.seen: list[bytes] = []

    def receive(self, data: bytes, source: Hop, now: float) -> None:
        """Note a message."""
        self.seen.append(data)


def test_what_was_handed_on_stays_where_it_arrives() -> None:
    """Even if its new holder takes it for another one's: here the two do not agree on who is who."""
    data = request("BYE", "sip:a", "h", to_tag="1bcd")
    assert owner_of(data, 2) == 1

    async def run() -> list[list[bytes]]:
        places = make_places(2)
        seen, came = [_Seen(), _Seen()], asyncio.Event()
        flushes = (came.clear, lambda: came.set() if seen[1].seen else None)
        posts = [Post(*parts) for parts in zip(places, seen, flushes, strict=True)]
        door = Door("UDP", "127.0.0.1", 5060)
        for post in posts:
            post.open([door])
        posts[1].worker = 0
        posts[0].take(data, Hop("192.0.2.7", 5060, door), 0.0)
        async with asyncio.timeout(5):
            await came.wait()
        await asyncio.sleep(0.1)
        for post in posts:
            post.close()
        os.close(places[0].board)
        return [noting.seen for noting in seen]

    assert asyncio.run(run()) == [[], [data]]


def test_places_are_told_and_closed() -> None:
    places = make_places(3)
    told = Place.inherited(places[1].environ())
    assert told == places[1]
    assert Place.inherited({}) is None
    close_places(places)
    with pytest.raises(OSError, match="Bad file descriptor"):
        socket.socket(fileno=places[0].inbox)
