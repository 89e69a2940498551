"""The UDP door: one socket, its datagrams in and out, and what the network says of datagrams that did not arrive."""

from __future__ import annotations

import asyncio
import errno
import select
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from trunkline.sip.hop import Door, Hop

MAX_DATAGRAM = 65_535
BATCH = 64
"""Datagrams read at one wake, so that timers and tasks get their turn under load."""

RECEIVE_BUFFER = 4 << 20

# Linux reports ICMP errors of an unconnected UDP socket only where asked to: ip(7), ipv6(7). The module `socket` has no
# name for these two.
_RECVERR = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}

Take = Callable[[bytes, Hop, float], None]
"""Takes a message, its sender, and the time."""
Failed = Callable[[Hop, float], None]
"""Hears that sending to a hop has failed."""


class UdpDoor(Door):
    """A bound UDP socket. ``take`` gets each datagram, then ``flush`` is called once; ``host`` as `Door` says."""

    def __init__(
        self, sock: socket.socket, host: str, *, take: Take, flush: Callable[[], None], failed: Failed
    ) -> None:
        super().__init__("UDP", host, sock.getsockname()[1])
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._sock = sock
        self._take, self._flush, self._failed = take, flush, failed
        self._ready: select.epoll | None = None

    def open(self) -> None:
        """Begin to read."""
        loop = asyncio.get_running_loop()
        if sys.platform != "linux":
            loop.add_reader(self._sock.fileno(), self._readable)
            return
        self._sock.setsockopt(*_RECVERR[self._sock.family], 1)
        # The loop watches an epoll of our own, which turns an error on the socket into "readable": of a socket in error
        # uvloop would stop to read for good.
        self._ready = select.epoll()
        self._ready.register(self._sock.fileno(), select.EPOLLIN)
        loop.add_reader(self._ready.fileno(), self._readable)

    def _readable(self) -> None:
        take, now, receive = self._take, time.monotonic(), self._sock.recvfrom
        for _ in range(BATCH):
            try:
                data, source = receive(MAX_DATAGRAM)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                self._read_errors(now)
                continue
            take(data, Hop(source[0], source[1], self), now)
        self._flush()

    def _read_errors(self, now: float) -> None:
        """Report the addresses that nothing listens at, as ICMP messages told: the kernel keeps them in a queue."""
        if sys.platform != "linux":
            return
        with suppress(OSError):
            for _ in range(BATCH):
                *_, target = self._sock.recvmsg(MAX_DATAGRAM, 0, socket.MSG_ERRQUEUE)
                self._failed(Hop(target[0], target[1], self), now)

    def send(self, data: bytes, hop: Hop) -> None:
        """Send a datagram; a full buffer loses it, as the network might."""
        for _ in range(2):
            try:
                self._sock.sendto(data, (hop.host, hop.port))
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionRefusedError:
                continue  # reports an earlier datagram, maybe to somebody else; this one was not sent
            except OSError as error:
                # What does not fit a datagram is lost, no more: a Via chooses where an answer goes, and one that makes
                # the answer too large must not end what else is under way to that address.
                if error.errno != errno.EMSGSIZE:
                    self._failed(hop, time.monotonic())
            return

    def close(self) -> None:
        """Stop reading and close the socket."""
        loop = asyncio.get_running_loop()
        if self._ready is not None:
            loop.remove_reader(self._ready.fileno())
            self._ready.close()
        else:
            loop.remove_reader(self._sock.fileno())
        self._sock.close()
