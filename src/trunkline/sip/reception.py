"""Requests outside of any dialog: whoever sends one is known or a stranger, and it is admitted, refused or rejected.

A known sender gets a transaction, an answer and a trace; a stranger one stateless answer within a rate, in stealth mode
none.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trunkline.core.calling import decide_call
from trunkline.core.facts import Attempt, NumberFact, Proof
from trunkline.core.model import CalledIn
from trunkline.core.records import CallRecord, UnclaimedCall
from trunkline.core.registered import hidden, is_token
from trunkline.core.routing import Decision, Verdict
from trunkline.core.sources import parse_address
from trunkline.sip.admission import Places, called_host
from trunkline.sip.call import Call
from trunkline.sip.capture import Capture
from trunkline.sip.events import RequestReceived, ServerTransaction
from trunkline.sip.hop import Hop
from trunkline.sip.message import Request
from trunkline.sip.refusals import REFUSALS, STRANGERS, UNCLAIMED, Refusal
from trunkline.sip.replying import reply
from trunkline.sip.texting import ALLOW_OUTSIDE, text_of
from trunkline.sip.uri import MessageError

if TYPE_CHECKING:
    from trunkline.sip.edge import Edge

REFUSED_MESSAGE = "message_refused"
"""The verdict on record of an INVITE that was refused for what it is, before anything was decided."""

_WITHIN_DIALOGS = frozenset({"BYE", "UPDATE", "INFO", "NOTIFY"})


class Reception:
    """Where requests outside of dialogs come to, for one edge process."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def take(self, event: RequestReceived, now: float) -> None:
        """Take a request that belongs to no dialog."""
        request, txn, source = event.request, event.txn, event.source
        if request.method == "INVITE":
            self._invite(txn, request, source, now)
        elif request.method == "REGISTER" and self._edge.registrar is not None:
            self._edge.registrar.on_register(txn, request, source, now)
        elif request.method == "OPTIONS":
            self._options(txn, request, source, now)
        elif request.method == "MESSAGE" and self._edge.texts is not None:
            self._message(txn, request, source, len(event.data), now)
        else:
            status = 481 if request.method in _WITHIN_DIALOGS else 405
            answer = reply(request, status, to_tag=self._tag(), headers=(ALLOW_OUTSIDE,))
            silent = self._silent(parse_address(source.host), now)
            self._edge.transactions.answer_once(txn, None if silent else answer)

    def known(self, address: str) -> bool:
        """Tell whether a carrier, an outbound trunk's PBX or a registrar of ours sends from an address."""
        facts = self._edge.facts.read(Attempt(address, {}), self._edge.counts)
        return bool(facts.sources or facts.trunks) or self._registers_at(address)

    def carriers_at(self, address: str) -> set[str]:
        """Return the ids of the carriers that send from an address."""
        return {source.carrier.id for source in self._edge.facts.read(Attempt(address, {}), self._edge.counts).sources}

    def _registers_at(self, address: str) -> bool:
        return self._edge.registrations is not None and self._edge.registrations.calls.knows(address)

    def answers_to(self, host: str) -> bool:
        """Tell whether who sends from a host gets an answer at all, as `Transactions.may_answer`."""
        address = parse_address(host)
        return self.known(address) or not self._silent(address, self._edge.now())

    def admits(self, host: str) -> bool | None:
        """Judge who connects, as `tcp.Admit`: a carrier, a stranger, or in stealth mode nobody."""
        if self.known(parse_address(host)):
            return True
        return None if self._edge.settings.stealth else False

    def _silent(self, address: str, now: float) -> bool:
        """Tell whether a stranger gets no answer: in stealth mode, and beyond its rate."""
        return self._edge.settings.stealth or not self._edge.keeper.may_answer(address, now)

    def _options(self, txn: ServerTransaction, request: Request, source: Hop, now: float) -> None:
        """Answer a carrier that asks whether we live; strangers get one stateless 403, or nothing in stealth."""
        address = parse_address(source.host)
        facts = self._edge.facts.read(Attempt(address, {}), self._edge.counts)
        if not (facts.sources or facts.trunks or self._registers_at(address)):
            verdict = Verdict.SOURCE_UNKNOWN if facts.readable else Verdict.FACTS_UNREADABLE
            within_rate = self._edge.keeper.may_answer(address, now)
            self._answer_stranger(txn, request, verdict, address, within_rate=within_rate)
            return
        try:
            request.validate()
        except MessageError as error:
            self._reject(txn, request, address, error, now)
            return
        headers = (ALLOW_OUTSIDE, ("accept", "application/sdp, text/plain"))
        self._edge.transactions.respond(txn, reply(request, 200, to_tag=self._tag(), headers=headers), now)

    def _invite(self, txn: ServerTransaction, request: Request, source: Hop, now: float) -> None:
        edge = self._edge
        try:
            request.validate(content_types=("application/sdp", "multipart/mixed"))
            if request.max_forwards == 0:
                raise MessageError("Too Many Hops", 483)
            if request.get("contact") in (None, "*"):
                raise MessageError("Missing Contact")
            if len(edge.calls) >= edge.settings.max_calls:
                raise MessageError("Service Unavailable", 503, headers=(("retry-after", "5"),))
        except MessageError as error:
            self._reject(txn, request, parse_address(source.host), error, now)
            return
        attempt = self._attempt(request, source)
        facts = edge.facts.read(attempt, edge.counts)
        decision = decide_call(attempt, facts)
        if decision.verdict is not Verdict.ROUTE:
            self._refuse(txn, request, attempt, decision, now, known=bool(facts.sources))
            return
        edge.transactions.respond(txn, reply(request, 100), now)
        call = Call(edge, txn, request, decision, now)
        if facts.endpoint is not None and edge.registrar is not None:
            call.made_by(facts.endpoint.username, edge.registrar.address_of(facts.endpoint.username))
        edge.calls.add(call)
        edge.counts.take(decision.limits, now)
        call.saw(now, "a", "in", f"INVITE {hidden(request.uri)}")
        call.saw(now, "a", "out", "100 Trying")
        call.start(now)

    def _attempt(self, request: Request, source: Hop) -> Attempt:
        attempt = self._edge.keeper.attempt(request, source, self._edge.wall())
        if attempt.proof is Proof.GOOD:
            source.door.keep(source)
        registrations = self._edge.registrations
        return attempt if registrations is None else registrations.calls.recognise(attempt, request)

    def _message(self, txn: ServerTransaction, request: Request, source: Hop, size: int, now: float) -> None:
        texts = self._edge.texts
        assert texts is not None  # noqa: S101 -- the caller has looked
        try:
            text = text_of(request, size, reliable=source.door.reliable)
        except MessageError as error:
            self._reject(txn, request, parse_address(source.host), error, now)
            return
        attempt = self._attempt(request, source)
        facts = self._edge.facts.read(attempt, texts.counts)
        decision = texts.decide(attempt, facts)
        if decision.verdict is Verdict.ROUTE:
            texts.take(txn, request, text, attempt, decision)
        else:
            self._refuse(txn, request, attempt, decision, now, known=bool(facts.sources))

    def _reject(self, txn: ServerTransaction, request: Request, source: str, error: MessageError, now: float) -> None:
        """Refuse a message for what it is: a carrier gets an answer and a trace, a stranger one stateless answer."""
        answer = reply(request, error.status, error.reason, to_tag=self._tag(), headers=error.headers)
        if not self.known(source):
            self._edge.transactions.answer_once(txn, None if self._silent(source, now) else answer)
            return
        self._edge.transactions.respond(txn, answer, now)
        if request.method in ("INVITE", "MESSAGE"):
            user = Places(request).get(CalledIn.REQUEST_URI, "")
            called = "" if is_token(user) else user
            self._unclaimed(source, called, REFUSED_MESSAGE, (("message", f"{error.status} {error.reason}"),))

    def _refuse(
        self,
        txn: ServerTransaction,
        request: Request,
        attempt: Attempt,
        decision: Decision,
        now: float,
        *,
        known: bool,
    ) -> None:
        decision, refusal = self._edge.keeper.realms.told(decision, called_host(request)), REFUSALS[decision.verdict]
        if decision.verdict in STRANGERS and attempt.proof is not Proof.GOOD and not known:
            within_rate = self._edge.keeper.may_answer(attempt.source, now)
            if within_rate:
                self._record_refusal(request, attempt, decision, refusal)
            self._answer_stranger(txn, request, decision.verdict, attempt.source, within_rate=within_rate)
            return
        self._record_refusal(request, attempt, decision, refusal, txn.capture)
        headers = self._edge.keeper.headers(request, decision.verdict, refusal, attempt.source, self._edge.wall())
        answer = reply(request, refusal.status, refusal.reason, to_tag=self._tag(), headers=headers)
        self._edge.transactions.respond(txn, answer, now)

    def _answer_stranger(
        self, txn: ServerTransaction, request: Request, verdict: Verdict, source: str, *, within_rate: bool
    ) -> None:
        """Answer once and keep nothing, so that a scanner gets no retransmissions and costs no memory."""
        if self._edge.settings.stealth or not within_rate:
            self._edge.transactions.answer_once(txn, None)
            return
        refusal = REFUSALS[verdict]
        headers = self._edge.keeper.headers(request, verdict, refusal, source, self._edge.wall())
        answer = reply(request, refusal.status, refusal.reason, to_tag=self._tag(), headers=headers)
        self._edge.transactions.answer_once(txn, answer)

    def _record_refusal(
        self,
        request: Request,
        attempt: Attempt,
        decision: Decision,
        refusal: Refusal,
        capture: Capture | None = None,
    ) -> None:
        at = datetime.fromtimestamp(self._edge.wall(), UTC)
        number: NumberFact | None = decision.number
        if decision.verdict in UNCLAIMED or number is None:
            called = number.e164 if number else attempt.called.get(CalledIn.REQUEST_URI, "")
            self._unclaimed(attempt.source, called, decision.verdict.value, decision.trace)
            return
        if request.method == "MESSAGE" and self._edge.texts is not None:
            self._edge.texts.refused(request, attempt, decision, refusal)
            return
        record = CallRecord(
            id=self._edge.new_id(),
            account_id=number.account_id,
            number=number.e164,
            caller=attempt.caller or request.from_.uri.user or "",
            source=attempt.source,
            carrier_id=decision.carrier.id if decision.carrier else None,
            verdict=decision.verdict.value,
            sip_status=refusal.status,
            started_at=at,
            answered_at=None,
            ended_at=at,
            ended_by="platform",
            cause="refused",
            trace=tuple(decision.trace),
            ladder=((0.0, "a", "in", f"INVITE {hidden(request.uri)}"), (0.0, "a", "out", f"{refusal.status}")),
        )
        self._edge.write_down(record, capture)

    def _unclaimed(self, source: str, called: str, verdict: str, trace: tuple[tuple[str, str], ...]) -> None:
        at = datetime.fromtimestamp(self._edge.wall(), UTC)
        self._edge.journal.put(
            UnclaimedCall(
                source=source,
                number=called[:64],
                verdict=verdict,
                count=1,
                first_at=at,
                last_at=at,
                trace=trace,
            )
        )

    def _tag(self) -> str:
        return self._edge.new_token()[:16]
