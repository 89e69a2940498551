"""How the workers of one edge hand messages to each other: a `Post` in each, between its doors and its transactions.

A worker that receives what belongs to another one (`owners.owner_of`) passes it on as a letter, a datagram over a
socket pair that the supervisor made. The owner answers from its own door, which has the same address, except over a
connection: there its answers go back to the worker that has the connection, by a `RelayDoor`. What came as a letter is
never passed on again, so nothing can go in circles.

Bounds. What does not fit another worker's socket waits, in order, up to `MAX_WAITING` bytes; beyond, letters are lost
as datagrams may be, and counted. A worker that is being restarted finds its letters waiting.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from trunkline.sip.hop import Door, Hop
from trunkline.sip.owners import owner_of
from trunkline.sip.shared import make_board
from trunkline.sip.transaction import Transactions

MAX_WAITING = 4 << 20
"""Bytes that may wait for one other worker, besides what its socket holds."""
MAX_PEERS = 8_192
"""Connections of another worker that are known to stand."""
BATCH = 64
BUFFER = 4 << 20
"""Bytes asked for in a socket between workers; the kernel may allow less."""

_LETTER = struct.Struct("!BBBHB")
"""Kind, worker that sends it, listener, port and length of the address at the other end; then address and data."""
_MAX_LETTER = 1 << 18

_RECEIVED = 0
"""A message that the sender has received and that belongs to the addressee."""
_TO_SEND = 1
"""A message that the addressee is to send over its connection."""
_FAILED = 2
"""The network said that sending to this address failed; only its sender knows for what."""
_CLOSED = 3
"""A connection is gone over which messages were handed on."""
_BEGUN = 4
"""The sender is a new process: it has none of the connections of the one before."""
_KEEP = 5
"""Somebody has registered over a connection of the addressee's."""


class Place(NamedTuple):
    """What the supervisor gives one worker: its number of how many, the board, where it reads and where it writes."""

    worker: int
    workers: int
    board: int
    inbox: int
    outboxes: tuple[int, ...]

    def environ(self) -> dict[str, str]:
        """Return the environment that tells a process its place."""
        return {
            "TRUNKLINE_SIP_WORKER": f"{self.worker}",
            "TRUNKLINE_WORKER_FDS": ",".join(map(str, self.descriptors)),
        }

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What the process must inherit."""
        return (self.board, self.inbox, *self.outboxes)

    @classmethod
    def inherited(cls, environ: Mapping[str, str]) -> Place | None:
        """Read what `environ` wrote; None for a process that works alone."""
        if "TRUNKLINE_WORKER_FDS" not in environ:
            return None
        board, inbox, *outboxes = map(int, environ["TRUNKLINE_WORKER_FDS"].split(","))
        return cls(int(environ["TRUNKLINE_SIP_WORKER"]), len(outboxes), board, inbox, tuple(outboxes))


def make_places(workers: int) -> list[Place]:
    """Return the places of so many workers. Their descriptors stay open in this process, so letters outlive workers."""
    board = make_board(workers)
    pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(workers)]
    for reading, writing in pairs:
        reading.setblocking(False)
        writing.setblocking(False)
        _enlarge(writing)
    inboxes = [reading.detach() for reading, _ in pairs]
    outboxes = tuple([writing.detach() for _, writing in pairs])
    return [Place(worker, workers, board, inboxes[worker], outboxes) for worker in range(workers)]


def close_places(places: Sequence[Place]) -> None:
    """Close what `make_places` has opened."""
    for descriptor in {descriptor for place in places for descriptor in place.descriptors}:
        os.close(descriptor)


def _enlarge(sock: socket.socket) -> None:
    force = getattr(socket, "SO_SNDBUFFORCE", 32)  # beyond net.core.wmem_max, for who may
    for option in (socket.SO_SNDBUF, force):
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, option, BUFFER)


class _Outbox:
    """The way to one other worker."""

    def __init__(self, descriptor: int) -> None:
        self._sock = socket.socket(fileno=descriptor)
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self.lost = 0

    def put(self, letter: bytes) -> None:
        """Send a letter, or let it wait behind those that do."""
        if not self._waiting:
            try:
                self._sock.send(letter)
            except (BlockingIOError, InterruptedError):
                asyncio.get_running_loop().add_writer(self._sock.fileno(), self._writable)
            except OSError:
                self.lost += 1
                return
            else:
                return
        if self._size + len(letter) > MAX_WAITING:
            self.lost += 1
            return
        self._waiting.append(letter)
        self._size += len(letter)

    def _writable(self) -> None:
        while self._waiting:
            try:
                self._sock.send(self._waiting[0])
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self.lost += 1
            self._size -= len(self._waiting.popleft())
        asyncio.get_running_loop().remove_writer(self._sock.fileno())

    def close(self) -> None:
        """Stop writing."""
        if self._waiting:
            asyncio.get_running_loop().remove_writer(self._sock.fileno())
        self._sock.close()


class RelayDoor(Door):
    """A door of another worker: named like ours, and what it is to send goes there as a letter.

    ``peers`` are the other ends of its connections that messages came from.
    """

    def __init__(self, own: Door, worker: int, write: Callable[[int, bytes, Hop], None]) -> None:
        super().__init__(own.transport, own.host, own.port)
        self.worker = f"{worker}"
        self._write = write
        self.peers: dict[tuple[str, int], None] = {}

    def send(self, data: bytes, hop: Hop) -> None:
        """Let the other worker send it; a failure is told later."""
        self._write(_TO_SEND, data, hop)

    def is_open(self, hop: Hop) -> bool:
        """Tell whether a connection to a hop stands, as far as is known here."""
        return (hop.host, hop.port) in self.peers

    def keep(self, hop: Hop) -> None:
        """Let the other worker keep its connection, or say that it is gone."""
        self._write(_KEEP, b"", hop)

    def came_from(self, peer: tuple[str, int]) -> None:
        """Remember a connection."""
        if peer not in self.peers and len(self.peers) >= MAX_PEERS:
            del self.peers[next(iter(self.peers))]
        self.peers[peer] = None


class Post:
    """One worker's part in handing messages over. ``take``, ``failed`` and ``closed`` are for its doors."""

    def __init__(self, place: Place, transactions: Transactions, flush: Callable[[], None]) -> None:
        self.worker, self.workers = place.worker, place.workers
        self.handed_on = 0
        self._transactions = transactions
        self._flush = flush
        self._inbox = socket.socket(fileno=place.inbox)
        self._outboxes = {
            worker: _Outbox(descriptor) for worker, descriptor in enumerate(place.outboxes) if worker != place.worker
        }
        self._buffer = bytearray(_MAX_LETTER)
        self._doors: list[Door] = []
        self._numbers: dict[Door, int] = {}
        self._relays: dict[tuple[int, int], RelayDoor] = {}
        self._told: set[Hop] = set()

    def open(self, doors: Sequence[Door]) -> None:
        """Begin to read letters, for these doors: every worker has the same ones in the same order."""
        self._doors = list(doors)
        self._numbers = {door: number for number, door in enumerate(doors)}
        for worker in self._outboxes:
            for number, door in enumerate(doors):
                if door.reliable:
                    relay = self._relays[worker, number] = RelayDoor(door, worker, partial(self._write, worker))
                    self._numbers[relay] = number
        asyncio.get_running_loop().add_reader(self._inbox.fileno(), self._readable)
        self._tell_all(_BEGUN, Hop("", 0, self._doors[0]))

    def close(self) -> None:
        """Stop."""
        asyncio.get_running_loop().remove_reader(self._inbox.fileno())
        self._inbox.close()
        for outbox in self._outboxes.values():
            outbox.close()

    def relay(self, worker: str, door: Door) -> Door | None:
        """Return the door of another worker, by its name, that is like one of ours; None where there is none."""
        return self._relays.get((int(worker), self._numbers[door]))

    @property
    def lost(self) -> int:
        """Letters that found no room."""
        return sum(outbox.lost for outbox in self._outboxes.values())

    # What the doors report

    def take(self, data: bytes, hop: Hop, now: float) -> None:
        """Take a message: our own, or hand it to its owner."""
        owner = owner_of(data, self.workers)
        if owner is None or owner == self.worker:
            self._transactions.receive(data, hop, now)
            return
        self.handed_on += 1
        if hop.door.reliable:
            self._told.add(hop)
        self._write(owner, _RECEIVED, data, hop)

    def failed(self, hop: Hop, now: float) -> None:
        """Hear that sending to a hop has failed; the request that did not arrive may be another worker's."""
        self._transactions.transport_failed(hop, now)
        self._tell_all(_FAILED, hop)

    def closed(self, hop: Hop) -> None:
        """Hear that a connection is gone."""
        if hop in self._told:
            self._told.discard(hop)
            self._tell_all(_CLOSED, hop)

    # Letters out

    def _tell_all(self, kind: int, hop: Hop) -> None:
        for worker in self._outboxes:
            self._write(worker, kind, b"", hop)

    def _write(self, worker: int, kind: int, data: bytes, hop: Hop) -> None:
        address = hop.host.encode()
        head = _LETTER.pack(kind, self.worker, self._numbers[hop.door], hop.port, len(address))
        self._outboxes[worker].put(b"".join((head, address, data)))

    # Letters in

    def _readable(self) -> None:
        now = time.monotonic()
        for _ in range(BATCH):
            try:
                size = self._inbox.recv_into(self._buffer)
            except (BlockingIOError, InterruptedError):
                break
            kind, worker, number, port, length = _LETTER.unpack_from(self._buffer)
            start = _LETTER.size + length
            host = self._buffer[_LETTER.size : start].decode()
            data = bytes(memoryview(self._buffer)[start:size])
            if kind == _TO_SEND:
                door = self._doors[number]
                door.send(data, Hop(host, port, door))
            elif kind == _KEEP:
                door = self._doors[number]
                door.keep(Hop(host, port, door))
            elif kind == _BEGUN:
                self._forget_connections(worker, now)
            else:
                theirs = self._relays.get((worker, number))
                self._read(kind, Hop(host, port, theirs or self._doors[number]), data, now)
        self._flush()

    def _read(self, kind: int, hop: Hop, data: bytes, now: float) -> None:
        """Act on what another worker has received or heard, by its own connections. Nothing here is handed on."""
        relay = hop.door if isinstance(hop.door, RelayDoor) else None
        if kind == _RECEIVED:
            if relay is not None:
                relay.came_from((hop.host, hop.port))
            self._transactions.receive(data, hop, now)
        elif kind == _FAILED:
            self._transactions.transport_failed(hop, now)
        elif relay is not None:
            relay.peers.pop((hop.host, hop.port), None)

    def _forget_connections(self, worker: int, now: float) -> None:
        """Take a new process for what it is: what was sent over the connections of the old one is lost."""
        for (of, _), relay in self._relays.items():
            if of == worker:
                peers, relay.peers = relay.peers, {}
                for peer in peers:
                    self._transactions.transport_failed(Hop(*peer, relay), now)
