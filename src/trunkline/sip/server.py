"""The UDP door: reads datagrams, runs the transactions' timers, sends what they leave.

The collector's policy: per-call objects are acyclic, so reference counts free them; the cyclic collector, whose pauses
are the largest source of late answers, is switched off and runs on a timer instead; what was there at the start is
frozen, so it only walks live calls.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import socket
import time

from trunkline.sip.edge import Edge
from trunkline.sip.events import Address
from trunkline.sip.transaction import Transactions

MAX_DATAGRAM = 65_535
BATCH = 64
"""Datagrams read at one wake, so that timers and tasks get their turn under load."""

COLLECT_S = 10.0
RECEIVE_BUFFER = 4 << 20

log = logging.getLogger(__name__)


class UdpServer:
    """One UDP socket with its transactions, feeding one edge."""

    def __init__(self, sock: socket.socket, transactions: Transactions) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._sock = sock
        self._dual = sock.family is socket.AF_INET6
        self._transactions = transactions
        self._edge: Edge | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._loop = asyncio.get_running_loop()
        self._sweep: asyncio.TimerHandle | None = None
        self.pause = 0.0

    def start(self, edge: Edge) -> None:
        """Begin to read; the edge hears of everything."""
        self._edge = edge
        self._loop.add_reader(self._sock.fileno(), self._readable)
        gc.collect()
        gc.freeze()
        gc.disable()
        self._sweep = self._loop.call_later(COLLECT_S, self._collect)

    def _collect(self) -> None:
        """Collect everything, since what survives younger generations is never looked at again; then wait in proportion
        to the pause, so that pauses stay below a thousandth of the time.
        """
        began = time.monotonic()
        gc.collect()
        self.pause = time.monotonic() - began
        self._sweep = self._loop.call_later(max(COLLECT_S, self.pause * 1000), self._collect)

    def _readable(self) -> None:
        receive, now = self._transactions.receive, time.monotonic()
        for _ in range(BATCH):
            try:
                data, source = self._sock.recvfrom(MAX_DATAGRAM)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                continue  # an ICMP error of an earlier send
            receive(data, _unmapped(source) if self._dual else source, now)
        self.flush()

    def flush(self) -> None:
        """Hand events to the edge and send what came of them, until nothing is left; then set the timer."""
        transactions, edge = self._transactions, self._edge
        if edge is None:
            return
        now = time.monotonic()
        while transactions.events or transactions.sends:
            events, transactions.events = transactions.events, []
            for event in events:
                try:
                    edge.handle(event, now)
                except Exception:  # a fault of ours in one call: the others' events still count
                    log.exception("an event of type %s could not be handled", type(event).__name__)
                    edge.failed(event, now)
            sends, transactions.sends = transactions.sends, []
            for data, target in sends:
                self._send(data, target)
        self._set_timer(now)

    def _send(self, data: bytes, target: Address) -> None:
        try:
            if self._dual and ":" not in target[0]:
                target = ("::ffff:" + target[0], target[1])
            self._sock.sendto(data, target)
        except (BlockingIOError, InterruptedError):
            return  # the buffer is full: to the transaction a lost datagram
        except OSError as error:
            # What does not fit a datagram is lost, no more: a Via chooses where an answer goes, and one that makes the
            # answer too large must not end what else is under way to that address.
            if error.errno != errno.EMSGSIZE:
                self._transactions.transport_failed(target)

    def _set_timer(self, now: float) -> None:
        due = self._transactions.next_deadline()
        if due is None:
            return
        if self._timer is not None:
            if self._due <= due:
                return
            self._timer.cancel()
        self._due = due
        self._timer = self._loop.call_later(max(0.0, due - now), self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._transactions.advance(time.monotonic())
        self.flush()

    def close(self) -> None:
        """Stop reading and close the socket."""
        self._loop.remove_reader(self._sock.fileno())
        for timer in (self._timer, self._sweep):
            if timer is not None:
                timer.cancel()
        self._sock.close()


def _unmapped(source: tuple[str, int, int, int]) -> Address:
    """Return the sender of a datagram on an IPv6 socket; an IPv4 sender by its IPv4 address."""
    return source[0].removeprefix("::ffff:") if "." in source[0] else source[0], source[1]
