"""The TCP door: connections that others make to us and that we make to them, each used in both directions.

A connection is known by the address at its other end. A response goes back over the connection that its request came
by (RFC 3261 §18.2.2); a request goes over the one that stands to its address, else over a new one. What a stream holds
is cut into messages by `framing.Framer`.

Bounds. Each door has at most `max_connections`, of which a source that no carrier has gets `MAX_OF_STRANGER`. A sender
that leaves a message half said, or a stranger that says nothing, is cut off after `PARTIAL_S`; a carrier's silent
connection after ``idle_s``. What waits to be sent on one connection is bounded by `MAX_WAITING`: a reader that does not
read loses its connection, never our memory.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_address
from typing import cast

from trunkline.sip.framing import Framer
from trunkline.sip.hop import Door, Hop
from trunkline.sip.message import Request
from trunkline.sip.parsing import parse
from trunkline.sip.udp import Failed, Take
from trunkline.sip.uri import MessageError

CONNECT_S = 4.0
"""Longest wait for a connection of ours."""
PARTIAL_S = 20.0
MAX_OF_STRANGER = 16
MAX_WAITING = 1 << 20
SWEEP_S = 5.0
READ_SIZE = 32_768
"""Bytes read at one wake of a connection, so that a flood on one leaves time for the others."""

log = logging.getLogger(__name__)

Refuse = Callable[[MessageError, Hop], None]
Admit = Callable[[str], bool | None]
"""Judges the address that connects: True a carrier's, False a stranger's, None to be left without an answer."""


def admit_nobody(_address: str) -> bool | None:
    """Judge as while nobody has said who is known."""
    return None


class TcpDoor(Door):
    """A listening TCP socket with its connections; ``host`` as `Door` says, ``take`` and the rest as `udp.UdpDoor`."""

    def __init__(
        self,
        sock: socket.socket,
        host: str,
        *,
        take: Take,
        refuse: Refuse,
        flush: Callable[[], None],
        failed: Failed,
        idle_s: float,
        max_connections: int,
    ) -> None:
        super().__init__("TCP", host, sock.getsockname()[1])
        self._sock = sock
        self.take, self.refuse, self.flush, self.failed = take, refuse, flush, failed
        self.admit: Admit = admit_nobody
        self.closed: Callable[[Hop], None] | None = None
        self.buffer = bytearray(READ_SIZE)  # of whichever connection reads: one reads at a time
        bound = sock.getsockname()[0]
        self._local = None if ip_address(bound).is_unspecified else (bound, 0)
        self._idle_s = idle_s
        self._max = max_connections
        self._connections: dict[tuple[str, int], Connection] = {}
        self._strangers: Counter[str] = Counter()
        self._server: asyncio.Server | None = None
        self._sweep: asyncio.TimerHandle | None = None
        self._connecting: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin to accept connections."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), sock=self._sock)
        self._sweep = loop.call_later(SWEEP_S, self._close_silent)

    @property
    def connections(self) -> int:
        """How many connections stand, or are being made."""
        return len(self._connections)

    def is_open(self, hop: Hop) -> bool:
        """Tell whether a connection to a hop stands."""
        return (hop.host, hop.port) in self._connections

    # Connections

    def accepted(self, connection: Connection) -> bool:
        """Take a connection that somebody has made; False to close it at once."""
        address = connection.peer[0]
        known = self.admit(address)
        if known is None or len(self._connections) >= self._max:
            return False
        if not known:
            if self._strangers[address] >= MAX_OF_STRANGER:
                return False
            self._strangers[address] += 1
            connection.stranger = True
        self._connections[connection.peer] = connection
        return True

    def lost(self, connection: Connection) -> None:
        """Forget a connection; what still waits for an answer from its other end has failed."""
        if self._connections.get(connection.peer) is connection:
            del self._connections[connection.peer]
        self._befriend(connection)
        if connection.kept and self.gone is not None:
            self.gone(Hop(*connection.peer, self))
        if connection.asked:
            self.failed(Hop(*connection.peer, self), time.monotonic())
            self.flush()
        if self.closed is not None:
            self.closed(Hop(*connection.peer, self))

    def keep(self, hop: Hop) -> None:
        """Let the connection to ``hop`` stand: its other end is no stranger any more."""
        connection = self._connections.get((hop.host, hop.port))
        if connection is not None:
            self._befriend(connection)
            connection.kept = True
        elif self.gone is not None:
            self.gone(hop)  # it has ended meanwhile

    def _befriend(self, connection: Connection) -> None:
        if connection.stranger:
            connection.stranger = False
            self._strangers[connection.peer[0]] -= 1
            if not self._strangers[connection.peer[0]]:
                del self._strangers[connection.peer[0]]

    def _close_silent(self) -> None:
        """Close connections on which too little was said for too long."""
        now = time.monotonic()
        for connection in list(self._connections.values()):
            if connection.overdue(now, self._idle_s):
                connection.close()
        self._sweep = asyncio.get_running_loop().call_later(SWEEP_S, self._close_silent)

    # Sending

    def send(self, data: bytes, hop: Hop) -> None:
        """Send a message over the connection to ``hop``, which is made if it does not stand."""
        connection = self._connections.get((hop.host, hop.port))
        if connection is None:
            if data.startswith(b"SIP/2.0 "):
                hop = self._fallback(data, hop)
                connection = self._connections.get((hop.host, hop.port))
            if connection is None:
                connection = self._connect(hop)
        if connection is None:
            self.failed(hop, time.monotonic())
        else:
            connection.send(data)

    def _fallback(self, data: bytes, hop: Hop) -> Hop:
        """Where a response goes whose connection is gone: to the sent-by of its Via (RFC 3261 §18.2.2)."""
        try:
            via = parse(data).via
        except MessageError:
            return hop
        return Hop(hop.host, via.port or 5060, self)

    def _connect(self, hop: Hop) -> Connection | None:
        if len(self._connections) >= self._max:
            return None
        connection = Connection(self, (hop.host, hop.port))
        self._connections[connection.peer] = connection
        task = asyncio.get_running_loop().create_task(self._open_to(connection))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)
        return connection

    async def _open_to(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_S):
                await loop.create_connection(lambda: connection, *connection.peer, local_addr=self._local)
        except (OSError, TimeoutError):
            connection.asked = True
            self.lost(connection)

    async def close(self) -> None:
        """Stop accepting and close every connection."""
        if self._sweep is not None:
            self._sweep.cancel()
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections.values()):
            connection.close()
        for task in list(self._connecting):
            task.cancel()
        await asyncio.sleep(0)


class Connection(asyncio.BufferedProtocol):
    """One connection, made by us where ``peer`` is given. ``asked`` once a request of ours went over it."""

    def __init__(self, door: TcpDoor, peer: tuple[str, int] = ("", 0)) -> None:
        self.peer = peer
        self.asked = False
        self.stranger = False
        self.kept = False
        self._door = door
        self._framer = Framer()
        self._pings = 0
        self._transport: asyncio.Transport | None = None
        self._waiting: list[bytes] = []
        self._waiting_size = 0
        self._since = self._partial_since = time.monotonic()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; a connection of ours sends what waited for it."""
        self._transport = cast(asyncio.Transport, transport)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self.peer[1]:
            waiting, self._waiting = self._waiting, []
            for data in waiting:
                self._transport.write(data)
            return
        self.peer = transport.get_extra_info("peername")[:2]
        if not self._door.accepted(self):
            self._transport.abort()
            self._transport = None

    def connection_lost(self, exc: Exception | None) -> None:
        """The other end has closed, or the network has."""
        del exc
        self._transport = None
        self._door.lost(self)

    # Reading

    def get_buffer(self, sizehint: int) -> bytearray:
        """Return where the next bytes go."""
        del sizehint
        return self._door.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take the bytes that came."""
        door, now = self._door, time.monotonic()
        if self._transport is None:
            return
        hop = Hop(*self.peer, door)
        framer = self._framer
        was_partial = framer.partial
        try:
            for message in framer.feed(memoryview(door.buffer)[:nbytes]):
                was_partial = False
                self._since = now
                door.take(message, hop, now)
        except MessageError as error:
            self._cannot_read(error, hop)
            return
        if framer.partial and not was_partial:
            self._partial_since = now
        door.flush()
        if framer.pings > self._pings:
            self._pings = framer.pings
            self._since = now
            self.send(b"\r\n")

    def _cannot_read(self, error: MessageError, hop: Hop) -> None:
        """Answer what broke the stream, where it can be answered, and end the connection: its next message is lost."""
        if self._framer.head:
            try:
                found = parse(self._framer.head)
                error.request = found if isinstance(found, Request) else None
            except MessageError as also:
                error.request = also.request
        self._door.refuse(error, hop)
        self._door.flush()
        self.close()

    def eof_received(self) -> bool:
        """Close our side, too: what was half said will not be ended."""
        return False

    # Writing

    def send(self, data: bytes) -> None:
        """Send bytes, or keep them until the connection stands."""
        if not data.startswith((b"SIP/2.0 ", b"\r\n")):
            self.asked = True
        transport = self._transport
        if transport is None:
            self._waiting.append(data)
            self._waiting_size += len(data)
            if self._waiting_size > MAX_WAITING:
                self.close()
        elif transport.get_write_buffer_size() > MAX_WAITING:
            log.info("%s port %d does not read what it is sent; its connection is closed", *self.peer)
            transport.abort()
        else:
            transport.write(data)

    def overdue(self, now: float, idle_s: float) -> bool:
        """Tell whether the other end has said too little for too long."""
        if self._framer.partial and now - self._partial_since > PARTIAL_S:
            return True
        return now - self._since > (PARTIAL_S if self.stranger else idle_s)

    def close(self) -> None:
        """Close, what was written before included."""
        self._waiting.clear()
        if self._transport is not None:
            self._transport.close()
