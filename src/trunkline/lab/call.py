"""One call of a user agent once it is up, whoever placed it (RFC 3261 §12-15): `placed` and `received` begin it."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from trunkline.lab import sdp
from trunkline.sip.dialog import Dialog
from trunkline.sip.events import ClientTransaction, ServerTransaction
from trunkline.sip.fields import Header
from trunkline.sip.hop import Hop
from trunkline.sip.message import Request, Response
from trunkline.sip.replying import reply
from trunkline.sip.uri import MessageError

if TYPE_CHECKING:
    from trunkline.lab.agent import UserAgent

Side = Literal["", "us", "them"]
State = Literal["ringing", "up", "ending", "over"]

ALLOW: Header = ("allow", "INVITE, ACK, CANCEL, BYE, OPTIONS")


class Call:
    """One call, seen from our side. Everything but the methods is to be read only.

    `request` is the INVITE that began it. `status` and `reason` are of the last response to it, 0 and "" before. Times
    are of time.monotonic(), None while they have not come. `failure` says what went wrong, "" if nothing did.
    """

    def __init__(self, agent: UserAgent, request: Request, origin: Hop, local_tag: str) -> None:
        self.agent = agent
        self.request = request
        self.local_tag = local_tag
        self.state: State = "ringing"
        self.status = 0
        self.reason = ""
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.ended_by: Side = ""
        self.failure = ""
        self._origin = origin
        self._dialog: Dialog | None = None
        # The INVITE that we answered 200 and whose ACK has not come: its number and transaction.
        self._unacked: tuple[int, ServerTransaction] | None = None
        self._bye_due = False
        self._session = (agent.new_number(), 0)
        self._settled = asyncio.Event()
        self._over = asyncio.Event()
        self._reinvite: asyncio.Future[int] | None = None
        self._limit = asyncio.get_running_loop().call_later(agent.max_call_s, self.hang_up)

    async def settled(self, within_s: float) -> bool:
        """Wait until the call is answered or over; False if that does not happen in time."""
        return await _in_time(self._settled, within_s)

    async def over(self, within_s: float) -> bool:
        """Wait until nothing is left of the call; False if that does not happen in time."""
        return await _in_time(self._over, within_s)

    def hang_up(self) -> None:
        """End the call from our side; no effect on one that ends already."""
        if self.state == "ringing":
            self._give_up()
        elif self.state == "up":
            self.state = "ending"
            self.ended_by = "us"
            self.ended_at = time.monotonic()
            # The called side waits for the ACK of its 200 before it may send BYE (§15).
            self._bye_due = self._unacked is not None
            if not self._bye_due:
                self._bye()

    async def reinvite(self, within_s: float = 10.0) -> int:
        """Offer the session anew within the call; the final status, 0 if none came in time or the call is not up."""
        if self.state != "up" or self._dialog is None or self._reinvite is not None:
            return 0
        waiting = self._reinvite = asyncio.get_running_loop().create_future()
        self._send("INVITE", self._dialog, body=self._describe(None))
        try:
            return await asyncio.wait_for(waiting, within_s)
        except TimeoutError:
            return 0
        finally:
            self._reinvite = None

    def release(self) -> None:
        """Stop the timer that bounds the call."""
        self._limit.cancel()

    # What its messages make of it

    def on_response(self, txn: ClientTransaction, response: Response) -> None:
        """Take a response to a request of ours within the dialog."""
        if self.state == "over" or response.status < 200:
            return
        if txn.method == "BYE":
            if response.status >= 300:
                self.failure = f"the BYE was answered {response.status} {response.reason}"
            self._end()
            return
        if self._dialog is not None and response.status < 300:
            with suppress(MessageError, ValueError):  # a bad Contact leaves the target as it was
                self._dialog.refresh(response)
            with suppress(MessageError, ValueError):
                ack = self._dialog.make_ack(response.cseq)
                self.agent.transactions.send_ack(txn, ack, self._hop(self._dialog))
        self._reinvited(response.status)

    def on_failure(self, txn: ClientTransaction, why: str) -> None:
        """No answer came to a request of ours, or it could not be sent."""
        if txn.method == "BYE":
            self.failure = f"BYE: {why}"
            self._end()
        else:
            self._reinvited(0)

    def on_cancel(self) -> None:
        """The other side gave up what it was asking for."""

    def on_ack(self, request: Request) -> None:
        """The ACK of a 200 of ours has come."""
        if self._unacked is None or request.cseq != self._unacked[0]:
            return
        self.agent.transactions.confirm(self._unacked[1])
        self._unacked = None
        if self._bye_due:
            self._bye()

    def on_ack_missing(self) -> None:
        """No ACK came for our 200: end the call (§13.3.1.4)."""
        self._unacked = None
        self.failure = "no ACK came for the 200"
        if self._bye_due:
            self._bye()
        else:
            self.hang_up()

    def on_request(self, txn: ServerTransaction, request: Request) -> None:
        """Take a request within the dialog. Raises MessageError for one that must be refused with its status."""
        now, respond = time.monotonic(), self.agent.transactions.respond
        if self._dialog is None or self.state == "over":
            respond(txn, reply(request, 481), now)
        elif not self._dialog.accept(request):
            respond(txn, reply(request, 500, "Out of order"), now)
        elif request.method == "BYE":
            respond(txn, reply(request, 200), now)
            self.ended_by = self.ended_by or "them"
            self._end()
        elif request.method == "INVITE":
            self._on_reinvite(txn, request)
        elif request.method == "OPTIONS":
            respond(txn, reply(request, 200, headers=(ALLOW, ("accept", sdp.CONTENT_TYPE))), now)
        else:
            respond(txn, reply(request, 405, headers=(ALLOW,)), now)

    def _on_reinvite(self, txn: ServerTransaction, request: Request) -> None:
        if self._reinvite is not None or self._unacked is not None or self.state != "up":
            raise MessageError("Request Pending", 491)
        try:
            body = self._describe(request)
        except sdp.SdpError:
            raise MessageError("Not Acceptable Here", 488) from None
        txn.user = self
        self._unacked = (request.cseq, txn)
        headers = (("contact", self.agent.contact), ALLOW)
        answer = reply(request, 200, headers=headers, body=body, content_type=sdp.CONTENT_TYPE)
        self.agent.transactions.respond(txn, answer, time.monotonic())

    def _reinvited(self, status: int) -> None:
        if self._reinvite is not None and not self._reinvite.done():
            self._reinvite.set_result(status)

    # Parts

    def _give_up(self) -> None:
        """End a call that still rings."""
        raise NotImplementedError

    def _describe(self, request: Request | None) -> bytes:
        """Our session: the answer to the offer of `request`, or an offer if that has none. Raises SdpError."""
        number, version = self._session
        self._session = (number, version + 1)
        if request is not None and request.body:
            return sdp.answer(request.body, self.agent.host, number, version)
        return sdp.offer(self.agent.host, number, version)

    def _send(self, method: str, dialog: Dialog, *, body: bytes = b"") -> ClientTransaction | None:
        """Send a request within the dialog; None, and the call is over, if its route or target cannot be used."""
        try:
            request = dialog.make_request(method, body=body, content_type=sdp.CONTENT_TYPE if body else None)
            txn = self.agent.transactions.send_request(request, self._hop(dialog), time.monotonic())
        except (MessageError, ValueError) as error:
            self.failure = f"{method}: {error}"
            self._end()
            return None
        txn.user = self
        self.agent.flush()
        return txn

    def _bye(self) -> None:
        self._bye_due = False
        if self._dialog is not None:
            self._send("BYE", self._dialog)

    def _hop(self, dialog: Dialog) -> Hop:
        """Where requests go: the next hop where it is an address, else where the call came from or went to."""
        uri = dialog.next_hop()
        if uri.host and (uri.host[-1].isdigit() or ":" in uri.host):
            return self.agent.hop((uri.host, uri.port or 5060))
        return self._origin

    def _up(self) -> None:
        self.state = "up"
        self.answered_at = time.monotonic()
        self._settled.set()

    def _end(self) -> None:
        if self.state == "over":
            return
        self.state = "over"
        self.ended_at = self.ended_at or time.monotonic()
        self._reinvited(0)
        self.release()
        self._settled.set()
        self._over.set()
        self.agent.forget(self)


async def _in_time(event: asyncio.Event, within_s: float) -> bool:
    if event.is_set():
        return True
    try:
        await asyncio.wait_for(event.wait(), within_s)
    except TimeoutError:
        return False
    return True
