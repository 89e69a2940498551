"""The doors of one process: made of its sockets, opened and closed together."""

from __future__ import annotations

import resource
import socket
from contextlib import suppress
from dataclasses import dataclass

from trunkline.config import SipSettings
from trunkline.sip.doors import Doors
from trunkline.sip.server import SipServer
from trunkline.sip.tcp import Admit, TcpDoor
from trunkline.sip.transaction import Transactions
from trunkline.sip.udp import UdpDoor
from trunkline.sip.workers import Post


@dataclass
class Listeners:
    """What listens, and the doors that it makes for whoever sends."""

    udp: list[UdpDoor]
    tcp: list[TcpDoor]
    doors: Doors
    post: Post | None = None

    async def open(self, admit: Admit) -> None:
        """Begin to read and to accept; ``admit`` judges who connects."""
        _allow_descriptors()
        if self.post is not None:
            self.post.open(self.doors.all)
        for door in self.udp:
            door.open()
        for listener in self.tcp:
            listener.admit = admit
            await listener.open()

    async def close(self) -> None:
        """Close everything."""
        for door in self.udp:
            door.close()
        for listener in self.tcp:
            await listener.close()
        if self.post is not None:
            self.post.close()


def make_listeners(
    socks: list[socket.socket],
    settings: SipSettings,
    transactions: Transactions,
    server: SipServer,
    post: Post | None = None,
) -> Listeners:
    """Return doors on bound sockets, whose messages go to ``transactions`` and whose sends ``server`` makes.

    Of several workers each has a ``post``, which stands between doors and transactions.
    """
    take = transactions.receive if post is None else post.take
    failed = transactions.transport_failed if post is None else post.failed
    udp: list[UdpDoor] = []
    tcp: list[TcpDoor] = []
    bound: list[tuple[UdpDoor | TcpDoor, str]] = []
    for sock in socks:
        at = sock.getsockname()[0]
        host = settings.advertised_for(at)
        door: UdpDoor | TcpDoor
        if sock.type is socket.SOCK_DGRAM:
            door = UdpDoor(sock, host, take=take, flush=server.flush, failed=failed)
            udp.append(door)
        else:
            door = TcpDoor(
                sock,
                host,
                take=take,
                refuse=transactions.refuse,
                flush=server.flush,
                failed=failed,
                idle_s=settings.idle_s,
                max_connections=settings.max_connections,
            )
            door.closed = None if post is None else post.closed
            tcp.append(door)
        bound.append((door, at))
    return Listeners(udp, tcp, Doors(bound), post)


def _allow_descriptors() -> None:
    """Let the process have as many descriptors as it may: connections need them."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
