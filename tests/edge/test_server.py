"""The UDP door: what a send that fails means for whatever else is under way to that address."""

from __future__ import annotations

import asyncio
import gc
import socket
from itertools import count

import pytest

from trunkline.sip.events import TransportFailed
from trunkline.sip.hop import Hop
from trunkline.sip.message import Request
from trunkline.sip.server import SipServer
from trunkline.sip.transaction import Transactions
from trunkline.sip.udp import UdpDoor

TARGET = ("127.0.0.1", 9)


class _Heard:
    """An edge that only keeps what it hears."""

    def __init__(self) -> None:
        self.events: list[object] = []

    def handle(self, event: object, now: float) -> None:
        """Keep an event."""
        self.events.append(event)

    def failed(self, event: object, now: float) -> None:
        """Keep an event that could not be handled, which none is."""
        self.events.append(event)


def _request() -> Request:
    headers = [
        ("from", "<sip:a@127.0.0.1>;tag=1"),
        ("to", "<sip:b@127.0.0.1>"),
        ("call-id", "c"),
        ("cseq", "1 OPTIONS"),
        ("max-forwards", "70"),
    ]
    return Request("OPTIONS", "sip:b@127.0.0.1", headers)


@pytest.mark.parametrize(("target", "size", "fails"), [(TARGET, 65_600, False), (("255.255.255.255", 9), 100, True)])
def test_a_send_that_fails(target: tuple[str, int], size: int, *, fails: bool) -> None:
    """Too large a datagram is lost; an address that cannot be sent to ends what waits for it."""

    async def run() -> list[object]:
        tokens = count()
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        transactions = Transactions(new_branch=lambda: f"b{next(tokens)}")
        server, heard = SipServer(transactions), _Heard()
        door = UdpDoor(
            sock, "127.0.0.1", take=transactions.receive, flush=server.flush, failed=transactions.transport_failed
        )
        server.start(heard)
        transactions.send_request(_request(), Hop(*target, door), 0.0)
        transactions.sends[:] = [(b"x" * size, Hop(*target, door))]
        server.flush()
        server.close()
        gc.enable()
        sock.close()
        return heard.events

    found = asyncio.run(run())
    assert any(isinstance(event, TransportFailed) for event in found) is fails
