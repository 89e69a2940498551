"""One call of a user agent: what may be done with it, and what its messages make of it (RFC 3261 §13-15)."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from trunkline.lab import sdp
from trunkline.sip import digest
from trunkline.sip.dialog import Dialog
from trunkline.sip.message import Header, MessageError, Request, Response, reply
from trunkline.sip.transaction import Address, ClientTransaction, ServerTransaction

if TYPE_CHECKING:
    from trunkline.lab.agent import UserAgent

Side = Literal["", "us", "them"]
State = Literal["ringing", "up", "ending", "over"]

ALLOW: Header = ("allow", "INVITE, ACK, CANCEL, BYE, OPTIONS")
_CREDENTIALS = {401: ("www-authenticate", "authorization"), 407: ("proxy-authenticate", "proxy-authorization")}


class Call:
    """One call, seen from our side. Everything but the methods is to be read only.

    `request` is the INVITE that began it. `status` and `reason` are of the last response to it, 0 and "" before;
    `final` is its final response as it came, for calls that we placed. Times are of time.monotonic(), None while they
    have not come. `failure` says what went wrong, "" if nothing did.
    """

    def __init__(self, agent: UserAgent, request: Request, address: Address, *, outgoing: bool) -> None:
        self.agent = agent
        self.request = request
        self.outgoing = outgoing
        self.state: State = "ringing"
        self.status = 0
        self.reason = ""
        self.final: Response | None = None
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.ended_by: Side = ""
        self.failure = ""
        self.local_tag = ""
        self.credentials: tuple[str, str] | None = None
        self._address = address
        self._dialog: Dialog | None = None
        self._client: ClientTransaction | None = None
        self._server: ServerTransaction | None = None
        self._unacked: tuple[int, ServerTransaction] | None = None
        self._bye_due = False
        self._session = (agent.new_number(), 0)
        self._settled = asyncio.Event()
        self._over = asyncio.Event()
        self._reinvite: asyncio.Future[int] | None = None
        self._limit = asyncio.get_running_loop().call_later(agent.max_call_s, self.hang_up)

    # What one does with it

    async def settled(self, within_s: float) -> bool:
        """Wait until the call is answered or over; False if that does not happen in time."""
        return await _in_time(self._settled, within_s)

    async def over(self, within_s: float) -> bool:
        """Wait until nothing is left of the call; False if that does not happen in time."""
        return await _in_time(self._over, within_s)

    def ring(self, status: int = 180) -> None:
        """Tell the caller that it rings."""
        self._respond(status)

    def answer(self) -> None:
        """Take a call that came in; 488 instead if its offer has nothing that we speak."""
        if self.outgoing or self.state != "ringing" or self._server is None:
            return
        try:
            body = self.describe(self.request)
            self._dialog = Dialog.as_server(self.request, self.local_tag, self.agent.contact)
        except sdp.SdpError as error:
            self.failure = str(error)
            self.refuse(488)
            return
        except MessageError as error:
            self.failure = error.reason
            self.refuse(error.status)
            return
        self._unacked = (self.request.cseq, self._server)
        self._respond(200, headers=(("contact", self.agent.contact), ALLOW), body=body)
        self._up()

    def refuse(self, status: int, reason: str | None = None, headers: tuple[Header, ...] = ()) -> None:
        """Refuse a call that came in."""
        if self.outgoing or self.state != "ringing":
            return
        self.ended_by = "us"
        self._respond(status, reason, headers)
        self._end()

    def hang_up(self) -> None:
        """End the call from our side, by CANCEL, 480 or BYE as its state demands; no effect once it ends."""
        if self.state == "ringing" and not self.outgoing:
            self.refuse(480)
        elif self.state == "ringing" and self._client is not None:
            self.ended_by = "us"
            self.agent.transactions.cancel(self._client, time.monotonic())
            self.agent.flush()
        elif self.state == "up":
            self.state = "ending"
            self.ended_by = "us"
            self.ended_at = time.monotonic()
            # The called side waits for the ACK of its 2xx before it may send BYE (§15).
            self._bye_due = self._unacked is not None
            if not self._bye_due:
                self._bye()

    async def reinvite(self, within_s: float = 10.0) -> int:
        """Offer the session anew within the call; the final status, 0 if none came in time or the call is not up."""
        if self.state != "up" or self._dialog is None or self._reinvite is not None:
            return 0
        waiting = self._reinvite = asyncio.get_running_loop().create_future()
        self._send("INVITE", self._dialog, body=self.describe(None))
        try:
            return await asyncio.wait_for(waiting, within_s)
        except TimeoutError:
            return 0
        finally:
            self._reinvite = None

    # What its messages make of it

    def start(self, invite: ServerTransaction | None = None) -> None:
        """Send our INVITE, or begin to answer the one that came."""
        if invite is not None:
            self._server = invite
            invite.user = self
            self.agent.transactions.respond(invite, reply(self.request, 100), time.monotonic())
            return
        self._client = self.agent.transactions.send_request(self.request, self._address, time.monotonic())
        self._client.user = self
        self.agent.flush()

    def on_response(self, txn: ClientTransaction, response: Response) -> None:
        """Take a response to a request of ours."""
        if self.state == "over":
            return
        if txn.method == "BYE":
            if response.status >= 200:
                if response.status >= 300:
                    self.failure = f"the BYE was answered {response.status} {response.reason}"
                self._end()
        elif txn is self._client:
            self._on_invite_response(txn, response)
        elif response.status >= 200:
            self._on_reinvite_response(txn, response)

    def _on_invite_response(self, txn: ClientTransaction, response: Response) -> None:
        status = response.status
        if self._dialog is not None:
            self._leave_fork(txn, response)
            return
        self.status, self.reason = status, response.reason
        if status < 200:
            return
        if status in _CREDENTIALS and self.credentials is not None and self._authenticate(response):
            return
        self.final = response
        if status >= 300:
            self.ended_by = self.ended_by or "them"
            self._end()
            return
        self._dialog = self._acknowledge(txn, response)
        if self._dialog is None:
            self.failure = "the 200 has a Contact or Record-Route that cannot be used"
            self._end()
            return
        crossed = self.ended_by == "us"  # our CANCEL came too late: what is answered has to be ended
        self._up()
        if crossed:
            self.hang_up()

    def _acknowledge(self, txn: ClientTransaction, response: Response) -> Dialog | None:
        try:
            dialog = Dialog.as_client(self.request, response)
            self.agent.transactions.send_ack(txn, dialog.make_ack(self.request.cseq), self._hop(dialog))
        except (MessageError, ValueError):
            return None
        return dialog

    def _leave_fork(self, txn: ClientTransaction, response: Response) -> None:
        """Another phone answered as well: take its answer and end it at once (§13.2.2.4)."""
        if 200 <= response.status < 300:
            other = self._acknowledge(txn, response)
            if other is not None:
                self._send("BYE", other, own=False)

    def _authenticate(self, response: Response) -> bool:
        """Send the INVITE again with credentials; False if the challenge cannot be answered."""
        asked, given = _CREDENTIALS[response.status]
        challenge = digest.choose(response.get_all(asked))
        if challenge is None or self.credentials is None:
            return False
        user, password = self.credentials
        self.credentials = None
        old = self.request
        value = digest.answer(
            challenge, "INVITE", old.uri, user, password, new_token=self.agent.new_token, body=old.body
        )
        self.request = Request("INVITE", old.uri, list(old.headers), old.body)
        self.request.set("cseq", f"{old.cseq + 1} INVITE")
        self.request.add(given, value)
        self.start()
        return True

    def _on_reinvite_response(self, txn: ClientTransaction, response: Response) -> None:
        if self._dialog is not None and response.status < 300:
            with suppress(MessageError, ValueError):
                self._dialog.refresh(response)
                ack = self._dialog.make_ack(response.cseq)
                self.agent.transactions.send_ack(txn, ack, self._hop(self._dialog))
        if self._reinvite is not None and not self._reinvite.done():
            self._reinvite.set_result(response.status)

    def on_failure(self, txn: ClientTransaction, why: str) -> None:
        """No answer came to a request of ours, or it could not be sent."""
        if txn is self._client or txn.method == "BYE":
            self.failure = f"{txn.method}: {why}"
            self._end()
        elif self._reinvite is not None and not self._reinvite.done():
            self._reinvite.set_result(0)

    def on_cancel(self) -> None:
        """The caller gave up."""
        if self.state == "ringing":
            self.ended_by = "them"
            self._respond(487)
            self._end()

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
        if self.state == "up":
            self.hang_up()
        elif self._bye_due:
            self._bye()

    def on_request(self, txn: ServerTransaction, request: Request) -> None:
        """Take a request within the dialog."""
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
        now, respond = time.monotonic(), self.agent.transactions.respond
        if self._reinvite is not None or self._unacked is not None or self.state != "up":
            respond(txn, reply(request, 491), now)
            return
        try:
            body = self.describe(request)
        except sdp.SdpError:
            respond(txn, reply(request, 488), now)
            return
        txn.user = self
        self._unacked = (request.cseq, txn)
        headers = (("contact", self.agent.contact), ALLOW)
        respond(txn, reply(request, 200, headers=headers, body=body, content_type=sdp.CONTENT_TYPE), now)

    # Parts

    def describe(self, request: Request | None) -> bytes:
        """Our session: the answer to the offer of `request`, or an offer if that has none. Raises SdpError."""
        number, version = self._session
        self._session = (number, version + 1)
        if request is not None and request.body:
            return sdp.answer(request.body, self.agent.host, number, version)
        return sdp.offer(self.agent.host, number, version)

    def _respond(
        self, status: int, reason: str | None = None, headers: tuple[Header, ...] = (), body: bytes = b""
    ) -> None:
        if self._server is None:
            return
        kind = sdp.CONTENT_TYPE if body else None
        if 100 < status < 200:
            headers = (*headers, ("contact", self.agent.contact))
        answer = reply(
            self.request, status, reason, to_tag=self.local_tag, headers=headers, body=body, content_type=kind
        )
        self.status, self.reason = status, answer.reason
        self.agent.transactions.respond(self._server, answer, time.monotonic())
        self.agent.flush()

    def _send(self, method: str, dialog: Dialog, *, body: bytes = b"", own: bool = True) -> None:
        try:
            request = dialog.make_request(method, body=body, content_type=sdp.CONTENT_TYPE if body else None)
            txn = self.agent.transactions.send_request(request, self._hop(dialog), time.monotonic())
        except (MessageError, ValueError) as error:
            self.failure = f"{method}: {error}"
            self._end()
            return
        if own:
            txn.user = self
        self.agent.flush()

    def _bye(self) -> None:
        self._bye_due = False
        if self._dialog is not None:
            self._send("BYE", self._dialog)

    def _hop(self, dialog: Dialog) -> Address:
        """Where requests go: the next hop where it is an address, else where the call came from or went to."""
        uri = dialog.next_hop()
        if uri.host and (uri.host[-1].isdigit() or ":" in uri.host):
            return uri.host, uri.port or 5060
        return self._address

    def _up(self) -> None:
        self.state = "up"
        self.answered_at = time.monotonic()
        self._settled.set()

    def _end(self) -> None:
        if self.state == "over":
            return
        self.state = "over"
        self.ended_at = self.ended_at or time.monotonic()
        if self._reinvite is not None and not self._reinvite.done():
            self._reinvite.set_result(0)
        self.release()
        self._settled.set()
        self._over.set()
        self.agent.forget(self)

    def release(self) -> None:
        """Stop the timer that bounds the call."""
        self._limit.cancel()


async def _in_time(event: asyncio.Event, within_s: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), within_s)
    except TimeoutError:
        return False
    return True
