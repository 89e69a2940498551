"""A leg: one side of a call, and what its peer sends through it once both are connected.

The caller's leg is one that we answer, every other leg is one that we rang. A connected leg hands requests within its
dialog to its peer: re-INVITE, UPDATE and INFO pass, each as a transaction of its own on the other side.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from trunkline.core.outbound_auth import OutboundAuth
from trunkline.sip.credentials import CHALLENGES, Credentials
from trunkline.sip.dialog import Dialog
from trunkline.sip.events import ClientTransaction, ServerTransaction
from trunkline.sip.fields import Header
from trunkline.sip.hop import Hop
from trunkline.sip.message import Request, Response
from trunkline.sip.referring import Referring, take_notify
from trunkline.sip.refusals import passed_on
from trunkline.sip.replying import reply
from trunkline.sip.uri import MessageError

if TYPE_CHECKING:
    from trunkline.sip.call import Call

ALLOW: Header = ("allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, NOTIFY")
PASSED = frozenset({"INVITE", "UPDATE", "INFO"})
"""Requests within a dialog that go through to the other side."""


def clean(text: str) -> str:
    """Return a text from the wire that can be written down and told: bytes that are no UTF-8 become question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


class Leg:
    """One side of a call. ``origin`` is where it came from or was rung at."""

    __slots__ = (
        "answer_due", "bye_due", "call", "credentials", "dialog", "key", "name", "origin", "passing",
        "referring", "request", "unacked",
    )  # fmt: skip

    def __init__(
        self,
        call: Call,
        name: str,
        origin: Hop,
        carrier_id: str | None = None,
        uri_id: str | None = None,
        *,
        auth: OutboundAuth | None = None,
    ) -> None:
        self.call = call
        self.name = name
        self.origin = origin
        # None where nobody's challenges are answered: the caller's leg until it is referred, and trunks' URIs without
        # credentials.
        self.credentials: Credentials | None = None
        if carrier_id is not None:
            self.credentials = Credentials(call, name, carrier_id)
        elif uri_id is not None:
            self.credentials = Credentials(call, name, uri_id, of_uri=True)
        elif auth is not None:
            self.credentials = Credentials(call, name, "", of_uri=True, auth=auth)
        self.key = ""
        self.dialog: Dialog | None = None
        self.request: Request | None = None
        # Our INVITE without an offer, and its number: its 2xx waits for the answer that the other side's ACK brings.
        self.answer_due: tuple[ClientTransaction, int] | None = None
        # The INVITE of this side that we answered 2xx and whose ACK has not come: its number and transaction.
        self.unacked: tuple[int, ServerTransaction] | None = None
        self.passing: Passing | None = None
        self.referring: Referring | None = None
        # Our BYE that waits for the ACK of our 2xx, and where it goes.
        self.bye_due: tuple[Request, Hop] | None = None

    def hop(self) -> Hop:
        """Return where this leg's requests go: the next hop where it is an address, else where the leg came from.

        Where no transport is named it is that of the leg. A connection that stands to the same host is used rather than
        a new one: behind NAT and firewalls it is the only way (RFC 5923 §1 has the case).
        """
        origin = self.origin
        if self.dialog is None or origin.only:
            return origin
        try:
            uri = self.dialog.next_hop()
        except MessageError:
            return origin
        # What a peer writes must not aim our requests at addresses that no call may go to; a name given to a socket
        # would be looked up there and then, on the loop.
        edge, transport = self.call.edge, (uri.transport or origin.door.transport).upper()
        if not edge.locator.allows(uri.host):
            return origin
        if transport == origin.door.transport:
            if uri.host == origin.host and (uri.port == origin.port or origin.door.is_open(origin)):
                return origin
            if (":" in uri.host) == (":" in origin.host):
                return Hop(uri.host, uri.port or 5060, origin.door)
        return edge.doors.hop(transport, uri.host, uri.port or 5060) or origin

    def send(self, method: str, now: float, **parts: object) -> ClientTransaction | None:
        """Send a request within the dialog; None where there is no dialog, or its route is unusable."""
        if self.dialog is None:
            return None
        try:
            request = self.dialog.make_request(method, **parts)  # type: ignore[arg-type]  # make_request's keywords
            self.call.saw(now, self.name, "out", method)
            return self.transmit(request, self.hop(), now)
        except (MessageError, ValueError):
            return None

    def transmit(self, request: Request, hop: Hop, now: float) -> ClientTransaction:
        """Send a request, with the credentials that its carrier has asked for. Raises ValueError as `send_request`."""
        if self.credentials is None:
            return self.call.edge.transactions.send_request(request, hop, now, self.call.capture)
        return self.credentials.send(request, hop, now)

    @property
    def proof_of_invite(self) -> tuple[Header, ...]:
        """The credentials of the last INVITE, which the ACK of its 2xx repeats."""
        return () if self.credentials is None else self.credentials.of_invite

    def again(self, txn: ClientTransaction, response: Response, now: float) -> ClientTransaction | None:
        """Send a request that the carrier has challenged again; None where its answer is final."""
        if txn.cancelled or self.credentials is None:
            return None
        number = (response.cseq if self.dialog is None else self.dialog.local_seq) + 1
        sent = self.credentials.again(response, number, now)
        if sent is None:
            return None
        if self.dialog is None:
            self.request = sent.request
        else:
            self.dialog.local_seq = number
        sent.user = txn.user
        return sent

    def hang_up(self, now: float, reason: str = "") -> None:
        """Send BYE; to a caller that has not acknowledged our 2xx after its ACK, or once none came (RFC 3261 §15)."""
        headers = (("reason", reason),) if reason else ()
        if self.unacked is None or self is not self.call.a:
            self.send("BYE", now, headers=headers)
        elif self.dialog is not None:
            with suppress(MessageError):  # a route that cannot be used: there is nowhere to send it
                self.bye_due = self.dialog.make_request("BYE", headers=headers), self.hop()
                self.call.note("end", "the BYE to the caller waits for its ACK")

    def send_due_bye(self, now: float) -> None:
        """Send the BYE that waited."""
        due, self.bye_due = self.bye_due, None
        if due is not None:
            with suppress(ValueError):
                self.call.edge.transactions.send_request(*due, now, self.call.capture)

    def acknowledge(self, txn: ClientTransaction, cseq: int, now: float, body: bytes, kind: str | None) -> None:
        """Send the ACK of a 2xx to an INVITE of ours."""
        if self.dialog is None:
            return
        try:
            ack = self.dialog.make_ack(cseq, headers=self.proof_of_invite, body=body, content_type=kind)
            self.call.saw(now, self.name, "out", "ACK")
            self.call.edge.transactions.send_ack(txn, ack, self.hop())
        except (MessageError, ValueError):
            return

    def give_answer(self, now: float, body: bytes, kind: str | None) -> None:
        """Acknowledge the 2xx that waits for an answer, where one does, with this one."""
        due, self.answer_due = self.answer_due, None
        if due is not None:
            self.acknowledge(*due, now, body, kind)

    def on_ack(self, request: Request, now: float) -> None:
        """Take the ACK of a 2xx that we gave; an answer in it goes to the leg that waits for one."""
        if self.unacked is None or request.cseq != self.unacked[0]:
            return
        self.call.saw(now, self.name, "in", "ACK")
        self.call.edge.transactions.confirm(self.unacked[1])
        self.unacked = None
        if self.dialog is None:  # closed meanwhile: this was all that it stayed for
            self.send_due_bye(now)
            self.call.edge.forget(self)
            return
        peer = self.call.peer(self)
        if peer is not None:
            peer.give_answer(now, request.body, request.get("content-type"))
        if self.referring is not None:
            self.referring.acknowledged(now)

    def on_request(self, txn: ServerTransaction, request: Request, now: float) -> None:
        """Take a request within the dialog."""
        edge = self.call.edge
        if self.dialog is None:
            self._outside_dialog(txn, request, now)
            return
        try:
            in_order = self.dialog.accept(request)
        except MessageError as error:  # a Contact that cannot be read
            edge.transactions.respond(txn, reply(request, error.status, error.reason), now)
            return
        if not in_order:
            edge.transactions.respond(txn, reply(request, 500, "Out of order"), now)
            return
        self.call.saw(now, self.name, "in", request.method)
        if request.method == "BYE":
            edge.transactions.respond(txn, reply(request, 200), now)
            self.call.saw(now, self.name, "out", "200 OK")
            self.call.hung_up(self, now)
        elif request.method in PASSED:
            self._pass(txn, request, now)
        elif request.method == "NOTIFY":
            take_notify(self, txn, request, now)
        elif request.method == "OPTIONS":
            edge.transactions.respond(txn, reply(request, 200, headers=(ALLOW,)), now)
        else:
            edge.transactions.respond(txn, reply(request, 405, headers=(ALLOW,)), now)

    def _outside_dialog(self, txn: ServerTransaction, request: Request, now: float) -> None:
        """Take a request while there is no dialog: BYE ends a call that still rings (RFC 3261 §15), all else is 481."""
        call = self.call
        early = call.ended_at is None and request.method == "BYE" and self is call.a and call.answered_at is None
        crossed = request.method == "BYE" and self.bye_due is not None
        call.edge.transactions.respond(txn, reply(request, 200 if early or crossed else 481), now)
        if crossed:
            self.bye_due = None
        if early:
            call.cancelled(now, "BYE")

    def _pass(self, txn: ServerTransaction, request: Request, now: float) -> None:
        edge, peer = self.call.edge, self.call.peer(self)
        if peer is None or peer.dialog is None:
            edge.transactions.respond(txn, reply(request, 488, headers=(ALLOW,)), now)
            return
        required = request.get("require")
        if required is not None:
            edge.transactions.respond(txn, reply(request, 420, headers=(("unsupported", required),)), now)
            return
        if request.method == "INVITE":
            if self.passing is not None or self.unacked is not None:
                busy = reply(request, 500, "Another INVITE is under way", headers=(("retry-after", "2"),))
                edge.transactions.respond(txn, busy, now)
                return
            if peer.passing is not None or peer.unacked is not None:
                edge.transactions.respond(txn, reply(request, 491), now)
                return
            edge.transactions.respond(txn, reply(request, 100), now)
        passing = Passing(self, peer, txn, request)
        headers = [h for h in request.headers if h[0] in PASSED_HEADERS]
        client = peer.send(
            request.method, now, headers=headers, body=request.body, content_type=request.get("content-type")
        )
        if client is None:
            edge.transactions.respond(txn, reply(request, 500), now)
            return
        passing.client, client.user, txn.user = client, passing, passing
        if request.method == "INVITE":
            self.passing = passing

    def close(self) -> None:
        """Let go of everything when the call is over; a leg whose ACK is still to come stays known until then."""
        if self.passing is not None:
            self.passing.abandon(self.call.edge.now())
        if self.referring is not None:
            self.referring.stop()
        self.dialog = self.request = self.answer_due = self.passing = self.referring = None
        if self.unacked is None:
            self.call.edge.forget(self)


PASSED_HEADERS = frozenset({"supported", "session-expires", "min-se", "info-package", "content-disposition"})
"""Header fields of a passed request or response that both sides must see."""


class Passing:
    """A request within the dialog on its way from one leg to the other, and its answers on their way back."""

    __slots__ = ("client", "cseq", "leg", "peer", "request", "txn")

    def __init__(self, leg: Leg, peer: Leg, txn: ServerTransaction, request: Request) -> None:
        self.leg, self.peer, self.txn = leg, peer, txn
        self.request = request
        self.cseq = request.cseq
        self.client: ClientTransaction | None = None

    def on_response(self, txn: ClientTransaction, response: Response, now: float) -> None:
        """Hand a response back; an INVITE's 2xx waits for the ACK to come through as well."""
        leg, edge, invite = self.leg, self.leg.call.edge, self.request.method == "INVITE"
        if response.status == 100:
            return
        if leg.dialog is None or self.peer.dialog is None:
            if response.status >= 200:
                self.abandon(now)
            return
        leg.call.saw(now, self.peer.name, "in", str(response.status))
        again = self.peer.again(txn, response, now)
        if again is not None:
            self.client = again
            return
        status: int = response.status
        reason: str | None = response.reason
        if status in CHALLENGES:  # which is for us: the other side could not answer it
            status, reason = passed_on(status), None
        headers = [ALLOW] if invite else []
        if invite and response.status < 300:
            headers.append(("contact", leg.dialog.contact))
        headers += [h for h in response.headers if h[0] in PASSED_HEADERS]
        answer = reply(
            self.request,
            status,
            reason,
            headers=headers,
            body=response.body,
            content_type=response.get("content-type"),
        )
        if invite and 200 <= response.status < 300:
            self._connected(txn, response, now)
        if response.status >= 200:
            leg.passing = None
        edge.transactions.respond(self.txn, answer, now)
        leg.call.saw(now, leg.name, "out", str(status))
        if response.status in (408, 481):
            leg.call.hung_up(self.peer, now)

    def _connected(self, txn: ClientTransaction, response: Response, now: float) -> None:
        peer = self.peer
        if peer.dialog is None:
            return
        with suppress(MessageError):  # a bad Contact leaves the target as it was
            peer.dialog.refresh(response)
        call = self.leg.call
        if self.leg is call.a and self.request.body:
            call.offer = (self.request.body, self.request.get("content-type"))
        elif self.peer is call.a and response.body:
            call.offer = (response.body, response.get("content-type"))
        self.leg.unacked = (self.cseq, self.txn)
        if self.request.body:
            peer.acknowledge(txn, response.cseq, now, b"", None)
        else:
            peer.answer_due = txn, response.cseq

    def on_failure(self, now: float, _why: str) -> None:
        """No answer came from the other side: it is gone, and so is the call (RFC 3261 §12.2.1.2)."""
        self.leg.passing = None
        edge = self.leg.call.edge
        edge.transactions.respond(self.txn, reply(self.request, 408), now)
        self.leg.call.hung_up(self.peer, now)

    def abandon(self, now: float) -> None:
        """Answer a request whose dialog, or whose other side, has ended meanwhile (RFC 3261 §15.1.2)."""
        if self.leg.passing is self:
            self.leg.passing = None
        self.leg.call.edge.transactions.respond(self.txn, reply(self.request, 487), now)

    def on_cancel(self, now: float) -> None:
        """The re-INVITE is cancelled: so is its other half, whose 487 then comes back."""
        if self.client is not None:
            self.leg.call.edge.transactions.cancel(self.client, now)
