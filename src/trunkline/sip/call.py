"""A call: one INVITE that a carrier sent and routing let in, the legs that it leads to, and how it ends.

Trunkline stands on both legs (a back-to-back user agent). The caller's leg is answered when a called leg answers, with
that leg's session description; from then on the two are connected until either hangs up. Everything that refers to a
call is let go in `_finish`, the one way out; what a call and its legs are made of refers to each other in no circle
after that, since the edge runs without a collector for circles.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trunkline.core.calls import CallFacts, CallStatus, EndCause, EndedBy, Ending
from trunkline.core.facts import ApplicationTarget, GatewaysTarget, TrunkTarget
from trunkline.core.records import CallRecord
from trunkline.core.routing import Decision, order_uris
from trunkline.sip.dialog import Dialog
from trunkline.sip.events import ClientTransaction, ServerTransaction
from trunkline.sip.fields import Header
from trunkline.sip.heard import Heard, heard_of
from trunkline.sip.hunt import Hunt, Outcome
from trunkline.sip.leg import ALLOW, PASSED_HEADERS, Leg, clean
from trunkline.sip.message import Request, Response
from trunkline.sip.outbound import DialRefusedError, emergency_targets, targets_by_gateways
from trunkline.sip.recovery import recover
from trunkline.sip.refusals import cause_of, passed_on
from trunkline.sip.replying import reply
from trunkline.sip.targets import trunk_target
from trunkline.sip.uri import MessageError

if TYPE_CHECKING:
    from trunkline.sip.edge import Edge
    from trunkline.sip.race import Race

MAX_RENEWALS = 3
"""Times that a caller is told of a new session when its own re-INVITE crosses ours."""

MAX_LADDER = 200
"""Messages of one call that its record keeps."""

MAX_TRACE = 200
"""Lines of one call's trace that its record keeps."""


class Call:
    """One routed call. ``caller`` is the user part of From as it came; ``a``, the caller's leg, is gone at the end."""

    __slots__ = (
        "_limit", "a", "answered_at", "b", "caller", "caller_address", "caller_name", "capture", "contact",
        "decision", "edge", "emergency_address_id", "ended_at", "ending", "heard", "hunt", "id", "ladder",
        "legs_made", "max_forwards", "offer", "other_end", "rang", "source", "started_at", "status", "tag", "task",
        "told_name", "trace", "txn", "wall",
    )  # fmt: skip

    def __init__(self, edge: Edge, txn: ServerTransaction, request: Request, decision: Decision, now: float) -> None:
        self.edge = edge
        self.id = edge.new_id()
        self.txn = txn
        self.capture = txn.capture
        self.decision = decision
        self.emergency_address_id: str | None = None  # set once an emergency number is dialled
        # The transaction's own answers, to a CANCEL, have the same tag (RFC 3261 §9.2).
        self.tag = txn.to_tag = txn.to_tag or edge.new_token()[:16]
        self.source = txn.hop.host
        sender = request.from_
        self.caller = clean(sender.uri.user or sender.uri.host)
        self.caller_address: str | None = None  # an endpoint's SIP URI, as applications hear of it
        self.caller_name = clean(sender.display_name) or None  # which legs of ours show
        self.told_name: str | None = None  # which its application hears of
        forwards = request.max_forwards
        self.max_forwards = 70 if forwards is None else forwards
        self.offer = (request.body, request.get("content-type") if request.body else None)
        self.heard = heard_of(request) if isinstance(decision.target, ApplicationTarget) else Heard()
        self.a = Leg(self, "a", txn.hop)
        self.a.request = request
        self.b: Leg | None = None
        self.hunt: Hunt | Race | None = None
        self.task: asyncio.Task[None] | None = None
        self.other_end: Callable[[float], None] | None = None
        self._limit: asyncio.TimerHandle | None = None
        self.started_at = now
        self.wall = edge.wall()
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.ending: Ending | None = None
        self.status = 0
        self.rang = False
        self.legs_made = 0
        self.trace: list[tuple[str, str]] = list(decision.trace)
        self.ladder: list[tuple[float, str, str, str]] = []
        txn.user = self

    def made_by(self, username: str, address: str) -> None:
        """Let this be an endpoint's call: whatever its From says, and reached as its INVITE came."""
        self.caller, self.caller_address = username, address
        self.a.origin = self.a.origin._replace(only=True)

    # What is written down

    def note(self, part: str, text: str) -> None:
        """Add a line to the trace."""
        if len(self.trace) < MAX_TRACE:
            self.trace.append((part, text))

    def note_facts(self, what: str, **facts: object) -> None:
        """Add a line of facts to the trace."""
        self.note(what, ", ".join(f"{name} {value}" for name, value in facts.items()))

    def saw(self, now: float, leg: str, way: str, line: str) -> None:
        """Add a message to the ladder."""
        if len(self.ladder) < MAX_LADDER:
            self.ladder.append((now - self.started_at, leg, way, line))  # cleaned where it is written

    def next_leg_name(self) -> str:
        """Return the name of a new called leg."""
        self.legs_made += 1
        return f"b{self.legs_made}"

    # The caller's leg

    def start(self, now: float) -> None:
        """Take the call where the decision says."""
        target = self.decision.target
        number = self.decision.number
        if isinstance(target, TrunkTarget) and number is not None:
            uris = order_uris(target.uris, self.edge.draw)
            proofs = dict(target.proofs)
            found = [(trunk_target(uri, number.e164), proofs.get(uri)) for uri in uris]
            targets = [t._replace(uri_id=proof) if proof else t for t, proof in found if t is not None]
            self.hunt = hunt = Hunt(self, targets, self._trunk_done, last=True, recovers=target.recovery is not None)
            hunt.next(now)
        elif isinstance(target, ApplicationTarget):
            self.edge.documents.run(self, target)
        elif isinstance(target, GatewaysTarget) and number is not None:
            self._place(target, number.e164, now)

    def _place(self, target: GatewaysTarget, digits: str, now: float) -> None:
        """Take a PBX's call to the gateways of its account. It is reached as its INVITE came, since PBXs stand behind
        NAT as phones do.
        """
        self.a.origin = self.a.origin._replace(only=True)
        self.caller = "+" + target.caller
        try:
            if target.emergency_address_id is None:
                targets = targets_by_gateways(self, digits)
            else:
                targets = emergency_targets(self, digits, target.caller, target.emergency_address_id)
        except DialRefusedError as error:
            self.note("end", str(error))
            self.refuse(480, Ending(EndedBy.PLATFORM, error.cause, str(error)), now)
            return
        name = self.edge.facts.registered_name(target.caller)
        self.hunt = hunt = Hunt(self, [t._replace(caller_name=name) for t in targets], self._trunk_done, last=True)
        hunt.next(now)

    def _trunk_done(self, outcome: Outcome, now: float) -> None:
        self.hunt = None
        if outcome.leg is None and not recover(self, outcome):
            self.note("end", f"no target answered; the last: {outcome.detail}")
            self.refuse(
                passed_on(outcome.status), Ending(EndedBy.CALLEE, cause_of(outcome.status), outcome.detail), now
            )

    def progress(self, response: Response, now: float, *, media: bool) -> None:
        """Hand a called leg's 18x to the caller, with its session description only where ``media`` says so."""
        if self.status >= 200:
            return
        if media and response.body:
            self._provisional(response.status, now, response.body, response.get("content-type"))
        else:
            self.ring_back(now)

    def ring_back(self, now: float) -> None:
        """Send 180 without a session description, once."""
        if not self.rang and self.status < 200:
            self._provisional(180, now)

    def _provisional(self, status: int, now: float, body: bytes = b"", kind: str | None = None) -> None:
        request = self.a.request
        if request is None:
            return
        if not self.rang:
            self.edge.expect(self.a, f"{request.call_id} {self.tag}")
        self.rang = True
        answer = reply(request, status, to_tag=self.tag, headers=(self._contact(), ALLOW), body=body, content_type=kind)
        self.edge.transactions.respond(self.txn, answer, now)
        self.saw(now, "a", "out", f"{status} {answer.reason}")

    def _contact(self) -> Header:
        return ("contact", self.txn.hop.door.contact)

    def connect(self, leg: Leg, response: Response, now: float) -> None:
        """Connect a called leg that has answered: the caller gets its 200, or hears of the new session."""
        self.hunt, self.b = None, leg
        if self.answered_at is None:
            passed = [h for h in response.headers if h[0] in PASSED_HEADERS]
            self.answer(response.body, response.get("content-type"), now, passed)
        else:
            self._renew(response, now)

    def answer(self, body: bytes, kind: str | None, now: float, passed: Iterable[Header] = ()) -> None:
        """Answer the caller with 200 and this session description; ``passed`` are header fields that it must see."""
        request, leg = self.a.request, self.a
        if request is None:
            return
        headers = (self._contact(), ALLOW, *passed)
        answer = reply(request, 200, to_tag=self.tag, headers=headers, body=body, content_type=kind)
        try:
            leg.dialog = Dialog.as_server(request, self.tag, self.txn.hop.door.contact)
        except MessageError as error:
            self.refuse(error.status, Ending(EndedBy.ERROR, EndCause.FAILED, error.reason), now)
            return
        leg.request = None
        leg.unacked = (leg.dialog.remote_seq, self.txn)
        self.txn.user = leg
        self.status, self.answered_at = 200, now
        self.edge.remember(leg)
        self.edge.transactions.respond(self.txn, answer, now)
        self.saw(now, "a", "out", "200 OK")
        self._limit = self.edge.later(self.edge.settings.max_call_s, self._too_long)

    def _renew(self, response: Response, now: float) -> None:
        """Tell a caller that was answered before of the new leg's session: a re-INVITE with it as the offer."""
        _Renewal(self.a, response.body, response.get("content-type")).send(now)

    def _too_long(self) -> None:
        now = self.edge.now()
        self.note("end", f"the longest call is {self.edge.settings.max_call_s:g} s")
        self.hang_up_all(Ending(EndedBy.PLATFORM, EndCause.TIME_LIMIT, "the call was too long"), now)
        self.edge.flush()

    # Ends

    def peer(self, leg: Leg) -> Leg | None:
        """Return the other connected leg."""
        return self.b if leg is self.a else self.a

    def cancelled(self, now: float, how: str = "CANCEL") -> None:
        """The caller gave up before an answer: 487, and whoever still rings is told."""
        self.saw(now, "a", "in", how)
        self.refuse(487, Ending(EndedBy.CALLER, EndCause.CANCELLED, "the caller cancelled"), now)

    def refuse(self, status: int, ending: Ending, now: float, *, headers: tuple[Header, ...] = ()) -> None:
        """End an unanswered call with a final status."""
        if self.status >= 200 or self.a.request is None:
            return
        answer = reply(self.a.request, status, to_tag=self.tag, headers=headers)
        self.edge.transactions.respond(self.txn, answer, now)
        self.txn.user = None
        self.status = status
        self.saw(now, "a", "out", f"{status} {answer.reason}")
        self._finish(ending, now)

    def hung_up(self, leg: Leg, now: float) -> None:
        """A leg has sent BYE, or has gone without one."""
        if self.ended_at is not None:
            return
        if leg is self.a:
            self.hang_up_b(now)
            self._finish(Ending(EndedBy.CALLER, EndCause.NORMAL, "the caller hung up"), now)
            return
        if leg is not self.b:
            return
        self.b = None
        leg.close()
        if self.other_end is not None:  # a document goes on after its dial
            self.other_end(now)
        else:
            self.a.hang_up(now)
            self._finish(Ending(EndedBy.CALLEE, EndCause.NORMAL, "the called side hung up"), now)

    def hang_up_b(self, now: float) -> None:
        """End the connected called leg, where there is one; the caller stays."""
        leg, self.b = self.b, None
        if leg is not None:
            leg.give_answer(now, b"", None)
            leg.hang_up(now)
            leg.close()

    def hang_up_all(self, ending: Ending, now: float, *, reason: str = "") -> None:
        """End an answered call on both sides; an unanswered one is refused with 480."""
        if self.ended_at is not None:
            return
        if self.answered_at is None:
            self.refuse(480, ending, now)
            return
        self.hang_up_b(now)
        self.a.hang_up(now, reason)
        self._finish(ending, now)

    def ack_missing(self, now: float) -> None:
        """A side never acknowledged our 200: it is gone (RFC 3261 §13.3.1.4)."""
        self.hang_up_all(Ending(EndedBy.ERROR, EndCause.FAILED, "no ACK came for the answer"), now)

    def _finish(self, ending: Ending, now: float) -> None:
        if self.ended_at is not None:
            return
        self.ended_at, self.ending = now, ending
        self.note("end", f"by {ending.by.value}: {ending.detail or ending.cause.value}")
        if self.hunt is not None:
            self.hunt.cancel(now)
            self.hunt = None
        self.hang_up_b(now)
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
        self.other_end = None
        self.a.close()
        del self.a
        self.edge.finished(self)

    # What is told of it

    def at(self, when: float | None) -> datetime | None:
        """Return the wall-clock time of a moment of this call."""
        return None if when is None else datetime.fromtimestamp(self.wall + when - self.started_at, UTC)

    def facts(self) -> CallFacts:
        """Return what an application is told of the call now."""
        number, target = self.decision.number, self.decision.target
        return CallFacts(
            id=self.id,
            account_id=number.account_id if number else "",
            caller=self.caller_address or self.caller.removeprefix("+"),
            called=number.e164 if number else "",
            caller_name=self.told_name,
            forwarded_from=self.heard.forwarded_from,
            sip_headers=self.heard.headers,
            status=self._status(),
            started_at=self.at(self.started_at) or datetime.now(UTC),
            answered_at=self.at(self.answered_at),
            ended_at=self.at(self.ended_at),
            ending=self.ending,
            sip_status=self.status or None,
            sip_call_id=self.heard.call_id,
            source=self.source,
            of_trunk=isinstance(target, ApplicationTarget) and target.of_trunk,
        )

    def _status(self) -> CallStatus:
        if self.ended_at is None:
            return CallStatus.RINGING if self.answered_at is None else CallStatus.IN_PROGRESS
        if self.answered_at is not None:
            return CallStatus.COMPLETED
        return _STATUSES.get(self.status, CallStatus.FAILED)

    def record(self) -> CallRecord:
        """Return the call's record, once it is over."""
        number, carrier = self.decision.number, self.decision.carrier
        now = datetime.now(UTC)
        return CallRecord(
            id=self.id,
            account_id=number.account_id if number else "",
            number=number.e164 if number else "",
            caller=self.caller,
            source=self.source,
            carrier_id=carrier.id if carrier else None,
            verdict=self.decision.verdict.value,
            sip_status=self.status,
            started_at=self.at(self.started_at) or now,
            answered_at=self.at(self.answered_at),
            ended_at=self.at(self.ended_at) or now,
            ended_by=self.ending.by.value if self.ending else "",
            cause=self.ending.cause.value if self.ending else "",
            trace=tuple(self.trace),
            ladder=tuple(self.ladder),
            emergency_address_id=self.emergency_address_id,
        )


_STATUSES = {
    480: CallStatus.NO_ANSWER,
    408: CallStatus.TIMEOUT,
    486: CallStatus.BUSY,
    600: CallStatus.BUSY,
    487: CallStatus.CANCELLED,
}


class _Renewal:
    """Our re-INVITE to the caller: its answer is acknowledged; a refusal leaves the old session as it is."""

    __slots__ = ("_body", "_kind", "_tries", "leg")

    def __init__(self, leg: Leg, body: bytes, kind: str | None) -> None:
        self.leg = leg
        self._body, self._kind = body, kind
        self._tries = 0

    def send(self, now: float) -> None:
        """Send the re-INVITE."""
        client = self.leg.send("INVITE", now, body=self._body, content_type=self._kind, headers=(ALLOW,))
        if client is not None:
            client.user = self

    def _again(self) -> None:
        edge = self.leg.call.edge
        self.send(edge.now())
        edge.flush()

    def on_response(self, txn: ClientTransaction, response: Response, now: float) -> None:
        """Acknowledge a 2xx; the answer in it goes to a called leg that waits for one, which a refusal ends."""
        leg, called = self.leg, self.leg.call.b
        if leg.dialog is None or response.status < 200:
            return
        waits = called is not None and called.answer_due is not None
        if response.status < 300:
            with suppress(MessageError):  # a bad Contact leaves the target as it was
                leg.dialog.refresh(response)
            leg.acknowledge(txn, response.cseq, now, b"", None)
            if called is not None:
                called.give_answer(now, response.body, response.get("content-type"))
        elif response.status == 491 and self._tries < MAX_RENEWALS:
            # The caller's own re-INVITE crossed ours; the Call-ID is the caller's, so wait 0 to 2 s (RFC 3261 §14.1).
            self._tries += 1
            leg.call.edge.later(2.0 * leg.call.edge.draw(), self._again)
        elif waits:
            leg.call.hang_up_all(Ending(EndedBy.CALLER, EndCause.FAILED, "the caller took no new session"), now)

    def on_failure(self, now: float, _why: str) -> None:
        """The caller did not answer: it is gone."""
        self.leg.call.hung_up(self.leg, now)
