"""Trunkline's SIP core by itself: a user agent server that answers every call, `python -m benchmarks.answering`.

The whole core is at work: the socket's loop and its collector policy, parsing, transactions, dialogs. In place of the
edge stands the least that a user of it must do: answer INVITE and BYE, and know the dialogs. No other file of the
benchmarks knows the core's classes. It prints the port that it listens on.
"""

from __future__ import annotations

import asyncio
import secrets
import socket

import uvloop

from trunkline.sip.dialog import Dialog
from trunkline.sip.events import AckMissing, AckReceived, Event, RequestReceived, ServerTransaction
from trunkline.sip.message import Request
from trunkline.sip.replying import reply
from trunkline.sip.server import SipServer
from trunkline.sip.timers import Timers
from trunkline.sip.transaction import Transactions
from trunkline.sip.udp import UdpDoor

HOST = "127.0.0.1"
MAX_TRANSACTIONS = 2_000_000
"""Finished transactions stay for 32 seconds, and nothing here decides how many calls come a second."""

SDP = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n"


class Answering:
    """Answers every INVITE with 200, every BYE of a known dialog with 200; stands where the edge stands."""

    def __init__(self, transactions: Transactions, contact: str) -> None:
        self._transactions = transactions
        self._contact = contact
        self._dialogs: dict[str, tuple[Dialog, ServerTransaction]] = {}

    def handle(self, event: Event, now: float) -> None:
        """Take one event."""
        if isinstance(event, RequestReceived):
            self._request(event.txn, event.request, now)
        elif isinstance(event, AckReceived):
            found = self._dialogs.get(f"{event.request.call_id} {event.request.to_tag}")
            if found is not None and found[0].matches(event.request):
                self._transactions.confirm(found[1])
        elif isinstance(event, AckMissing) and isinstance(event.txn.user, str):
            self._dialogs.pop(event.txn.user, None)

    def failed(self, event: Event, now: float) -> None:
        """Do nothing of one's own about an event that could not be handled: the caller counts it as a failed call."""

    def _request(self, txn: ServerTransaction, request: Request, now: float) -> None:
        if request.method == "INVITE" and request.to_tag is None:
            self._answer(txn, request, now)
            return
        key = f"{request.call_id} {request.to_tag}"
        found = self._dialogs.get(key)
        if found is None or not found[0].matches(request):
            self._transactions.respond(txn, reply(request, 481, to_tag=secrets.token_hex(8)), now)
            return
        if not found[0].accept(request):
            self._transactions.respond(txn, reply(request, 500), now)
            return
        if request.method == "BYE":
            del self._dialogs[key]
        self._transactions.respond(txn, reply(request, 200), now)

    def _answer(self, txn: ServerTransaction, request: Request, now: float) -> None:
        request.validate(content_types=("application/sdp",))
        tag = secrets.token_hex(8)
        txn.user = key = f"{request.call_id} {tag}"
        self._dialogs[key] = Dialog.as_server(request, tag, self._contact), txn
        headers = (("contact", self._contact),)
        answer = reply(request, 200, to_tag=tag, headers=headers, body=SDP, content_type="application/sdp")
        self._transactions.respond(txn, answer, now)


async def serve() -> None:
    """Answer calls until the process is ended."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((HOST, 0))
    transactions = Transactions(Timers(), new_branch=lambda: secrets.token_hex(16), limit=MAX_TRANSACTIONS)
    server = SipServer(transactions)
    door = UdpDoor(sock, HOST, take=transactions.receive, flush=server.flush, failed=transactions.transport_failed)
    server.start(Answering(transactions, door.contact))
    door.open()
    print(door.port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve())
