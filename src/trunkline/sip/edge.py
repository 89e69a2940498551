"""The edge: takes what the transactions report, decides on new calls, and hands everything else to its call.

Nothing here waits: facts are an in-memory read, records go to a journal's thread, documents run in tasks of their own.
Whoever enters from outside a datagram (a timer, a task) calls `flush` at the end, so that what was queued is sent.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Protocol

from trunkline.config import SipSettings
from trunkline.core.bindings import Login
from trunkline.core.caller_names import NameSource
from trunkline.core.calling import decide_call
from trunkline.core.calls import EndCause, EndedBy, Ending
from trunkline.core.facts import ApplicationTarget, Attempt, Facts, NumberFact, Proof, SipUser, Usage
from trunkline.core.fetching import CallRunner
from trunkline.core.model import CalledIn
from trunkline.core.outbound_auth import OutboundAuth
from trunkline.core.records import CallMessages, CallRecord, UnclaimedCall
from trunkline.core.registered import hidden, is_token
from trunkline.core.routing import Decision, Verdict
from trunkline.core.sources import parse_address
from trunkline.sip.admission import Counts, Doorkeeper, Places, called_host
from trunkline.sip.call import Call
from trunkline.sip.caller_names import ask_name, name_caller
from trunkline.sip.capture import Capture, Captures
from trunkline.sip.digest import Nonces
from trunkline.sip.doors import Doors
from trunkline.sip.events import (
    TERMINATED,
    AckMissing,
    AckReceived,
    CancelReceived,
    ClientTransaction,
    Event,
    RefusalUnacknowledged,
    RequestReceived,
    ResponseReceived,
    ServerTransaction,
    Timeout,
    TransportFailed,
)
from trunkline.sip.guesses import Guesses
from trunkline.sip.hop import Hop
from trunkline.sip.leg import Leg
from trunkline.sip.legs import DocumentLegs
from trunkline.sip.locating import Locator, Place, TargetRefusedError
from trunkline.sip.message import Request
from trunkline.sip.realms import Realms
from trunkline.sip.refusals import REFUSALS, STRANGERS, UNCLAIMED, Refusal
from trunkline.sip.registering import EndpointRegistrar
from trunkline.sip.registrations import Registrations
from trunkline.sip.replying import reply
from trunkline.sip.targets import Rests, Target
from trunkline.sip.texting import ALLOW_OUTSIDE, Texting, text_of
from trunkline.sip.transaction import Transactions
from trunkline.sip.uri import MessageError

log = logging.getLogger(__name__)

REFUSED_MESSAGE = "message_refused"
"""The verdict on record of an INVITE that was refused for what it is, before anything was decided."""

_WITHIN_DIALOGS = frozenset({"BYE", "UPDATE", "INFO"})


class FactSource(Protocol):
    """The look-ups that the edge needs; `store.facts.FactReader` is one."""

    def read(self, attempt: Attempt, usage: Usage) -> Facts:
        """Return the facts for an attempt."""
        ...

    def outbound_gateways(self, account_id: str) -> list[Any]:
        """Return the account's outbound gateways."""
        ...

    def may_show(self, account_id: str, e164: str) -> bool:
        """Tell whether the account may show this number."""
        ...

    def registered_name(self, e164: str) -> str | None:
        """Return the caller name that is registered for a number."""
        ...

    def outbound_auth(self, carrier_id: str) -> OutboundAuth | None:
        """Return with what we answer a carrier's challenge. Raises `StoreUnavailableError`."""
        ...

    def origination_auth(self, uri_id: str) -> OutboundAuth | None:
        """Return with what we answer the challenge of a trunk's target. Raises `StoreUnavailableError`."""
        ...

    def sip_users(self, username: str, account_code: str | None, trunk: str, /) -> list[SipUser]:
        """Return the users of carriers and outbound trunks that have this name. Raises `StoreUnavailableError`."""
        ...

    def endpoint_login(self, username: str) -> Login | None:
        """Return what an endpoint's user name and password open. Raises `StoreUnavailableError`."""
        ...

    def endpoint_in(self, account_id: str, username: str) -> str | None:
        """Return the login of an endpoint that the account may call."""
        ...


class Journal(Protocol):
    """Where records go; `store.calls.CallJournal` is one."""

    def put(self, record: CallRecord | UnclaimedCall | CallMessages) -> None:
        """Take a record."""
        ...


class Edge:
    """All calls of this process."""

    def __init__(
        self,
        transactions: Transactions,
        facts: FactSource,
        journal: Journal,
        runner: CallRunner | None,
        settings: SipSettings,
        *,
        doors: Doors,
        locator: Locator,
        lab: bool,
        new_token: Callable[[], str],
        new_id: Callable[[], str],
        draw: Callable[[], float],
        flush: Callable[[], None],
        counts: Counts | None = None,
        nonces: Nonces | None = None,
        guesses: Guesses | None = None,
        sip_host: str = "",
    ) -> None:
        self.transactions = transactions
        self.facts = facts
        self.journal = journal
        self.runner = runner
        self.settings = settings
        self.doors = doors
        self.locator = locator
        self.rests = Rests()
        self.lab = lab
        self.new_token = new_token
        self.new_id = new_id
        self.draw = draw
        self.flush = flush
        self.now = time.monotonic
        self.wall = time.time
        self.counts = counts or Counts()
        self.captures = Captures(
            settings.messages_kept(lab=lab), journal, wall=self.wall, now=time.monotonic, later=self.later
        )
        transactions.new_capture = self.captures.new
        self.keeper = Doorkeeper(
            settings,
            lab=lab,
            realms=Realms(settings, sip_host),
            new_token=new_token,
            users=facts.sip_users,
            login=facts.endpoint_login,
            carriers_at=self._carriers_at,
            nonces=nonces,
            guesses=guesses,
        )
        self.registrar: EndpointRegistrar | None = None
        self.name_source: NameSource | None = None
        self.is_down: Callable[[str], bool] = lambda _gateway_id: False
        self.registrations: Registrations | None = None
        self.texts: Texting | None = None
        self.calls: set[Call] = set()
        self._legs: dict[str, Leg] = {}
        self._documents: dict[Call, DocumentLegs] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        if settings.stealth or not lab:
            transactions.may_answer = self._answers_to

    # What the transactions report

    def handle(self, event: Event, now: float) -> None:
        """Take one event."""
        kind = type(event)
        if kind is ResponseReceived:
            txn: ClientTransaction = event.txn  # type: ignore[union-attr,assignment]  # of this kind, each has one
            user: Any = txn.user
            if user is not None:
                user.on_response(txn, event.response, now)  # type: ignore[union-attr]
                if txn.state == TERMINATED and event.response.status >= 200:  # type: ignore[union-attr]
                    txn.user = None  # its last event; only now, since a challenge hands the user on
        elif kind is RequestReceived:
            self._request(event, now)  # type: ignore[arg-type]
        elif kind is AckReceived:
            leg = self._leg_of(event.request)  # type: ignore[union-attr]
            if leg is not None:
                if leg.call.capture is not None:
                    leg.call.capture.add(False, event.data, event.source)  # type: ignore[union-attr]
                leg.on_ack(event.request, now)  # type: ignore[union-attr]
        else:
            self._handle_end(event, now)

    def _handle_end(self, event: Event, now: float) -> None:
        if isinstance(event, Timeout | TransportFailed):
            failed: Any = event.txn.user
            event.txn.user = None
            if failed is not None:
                failed.on_failure(now, "no answer" if isinstance(event, Timeout) else "it cannot be reached")
        elif isinstance(event, CancelReceived):
            cancelled: Any = event.txn.user
            if event.txn.status >= 200:
                return  # answered by an event that came before this one: no effect any more (RFC 3261 §9.2)
            if isinstance(cancelled, Call):
                cancelled.cancelled(now)
            elif cancelled is not None:
                cancelled.on_cancel(now)
        elif isinstance(event, AckMissing):
            self._ack_missing(event.txn, now)
        elif isinstance(event, RefusalUnacknowledged):
            event.txn.user = None

    def _ack_missing(self, txn: ServerTransaction, now: float) -> None:
        user: Any = txn.user
        txn.user = None
        if user is None:
            return
        leg: Leg = user if isinstance(user, Leg) else user.leg
        if leg.unacked is not None and leg.unacked[1] is txn:
            leg.unacked = None
            if leg.dialog is None:
                leg.send_due_bye(now)
                self.forget(leg)
        leg.call.ack_missing(now)

    def failed(self, event: Event, now: float) -> None:
        """Let go of what an event belongs to that could not be handled: its call ends, its request is answered 500."""
        txn: Any = getattr(event, "txn", None)
        user: Any = getattr(txn, "user", None)
        call = getattr(getattr(user, "leg", user), "call", user)
        if isinstance(call, Call):
            self._give_up(call, now)
        if isinstance(txn, ServerTransaction) and txn.request is not None:
            self.transactions.respond(txn, reply(txn.request, 500, to_tag=self.new_token()[:16]), now)

    def _give_up(self, call: Call, now: float) -> None:
        try:
            call.hang_up_all(Ending(EndedBy.ERROR, EndCause.FAILED, "an internal error"), now)
        except Exception:
            log.exception("call %s could not be ended", call.id)

    def _request(self, event: RequestReceived, now: float) -> None:
        request, txn = event.request, event.txn
        tag = request.to_tag
        if tag is not None:
            leg = self._leg_of(request)
            if leg is None:
                hidden = self.settings.stealth and not self._known(parse_address(event.source.host))
                self.transactions.answer_once(txn, None if hidden else reply(request, 481))
            else:
                txn.capture = leg.call.capture
                if txn.capture is not None:
                    txn.capture.add(False, event.data, event.source)
                leg.on_request(txn, request, now)
        elif request.method == "INVITE":
            self._invite(txn, request, event.source, now)
        elif request.method == "REGISTER" and self.registrar is not None:
            self.registrar.on_register(txn, request, event.source, now)
        elif request.method == "OPTIONS":
            self._options(txn, request, event.source, now)
        elif request.method == "MESSAGE" and self.texts is not None:
            self._message(txn, request, event.source, len(event.data), now)
        else:
            status = 481 if request.method in _WITHIN_DIALOGS else 405
            answer = reply(request, status, to_tag=self.new_token()[:16], headers=(ALLOW_OUTSIDE,))
            silent = self._silent(parse_address(event.source.host), now)
            self.transactions.answer_once(txn, None if silent else answer)

    def _leg_of(self, request: Request) -> Leg | None:
        """Return the leg whose dialog a request belongs to: Call-ID and both tags (RFC 3261 §12.2.2)."""
        leg = self._legs.get(f"{request.call_id} {request.to_tag}")
        if leg is None or (leg.dialog is not None and leg.dialog.remote_tag != (request.from_tag or "")):
            return None
        return leg

    def _known(self, address: str) -> bool:
        facts = self.facts.read(Attempt(address, {}), self.counts)
        return bool(facts.sources or facts.trunks) or self._registers_at(address)

    def _carriers_at(self, address: str) -> set[str]:
        return {source.carrier.id for source in self.facts.read(Attempt(address, {}), self.counts).sources}

    def _registers_at(self, address: str) -> bool:
        return self.registrations is not None and self.registrations.calls.knows(address)

    def _answers_to(self, host: str) -> bool:
        address = parse_address(host)
        return self._known(address) or not self._silent(address, self.now())

    def admits(self, host: str) -> bool | None:
        """Judge who connects, as `tcp.Admit`: a carrier, a stranger, or in stealth mode nobody."""
        if self._known(parse_address(host)):
            return True
        return None if self.settings.stealth else False

    def _silent(self, address: str, now: float) -> bool:
        """Tell whether a stranger gets no answer: in stealth mode, and beyond its rate."""
        return self.settings.stealth or not self.keeper.may_answer(address, now)

    def _options(self, txn: ServerTransaction, request: Request, source: Hop, now: float) -> None:
        """Answer a carrier that asks whether we live; strangers get one stateless 403, or nothing in stealth."""
        address = parse_address(source.host)
        facts = self.facts.read(Attempt(address, {}), self.counts)
        if not (facts.sources or facts.trunks or self._registers_at(address)):
            verdict = Verdict.SOURCE_UNKNOWN if facts.readable else Verdict.FACTS_UNREADABLE
            within_rate = self.keeper.may_answer(address, now)
            self._answer_stranger(txn, request, verdict, address, within_rate=within_rate)
            return
        try:
            request.validate()
        except MessageError as error:
            self._reject(txn, request, address, error, now)
            return
        headers = (ALLOW_OUTSIDE, ("accept", "application/sdp, text/plain"))
        self.transactions.respond(txn, reply(request, 200, to_tag=self.new_token()[:16], headers=headers), now)

    # New calls

    def _invite(self, txn: ServerTransaction, request: Request, source: Hop, now: float) -> None:
        try:
            request.validate(content_types=("application/sdp", "multipart/mixed"))
            if request.max_forwards == 0:
                raise MessageError("Too Many Hops", 483)
            if request.get("contact") in (None, "*"):
                raise MessageError("Missing Contact")
            if len(self.calls) >= self.settings.max_calls:
                raise MessageError("Service Unavailable", 503, headers=(("retry-after", "5"),))
        except MessageError as error:
            self._reject(txn, request, parse_address(source.host), error, now)
            return
        attempt = self._attempt(request, source)
        facts = self.facts.read(attempt, self.counts)
        decision = decide_call(attempt, facts)
        if decision.verdict is not Verdict.ROUTE:
            self._refuse(txn, request, attempt, decision, now, known=bool(facts.sources))
            return
        self.transactions.respond(txn, reply(request, 100), now)
        call = Call(self, txn, request, decision, now)
        if facts.endpoint is not None and self.registrar is not None:
            call.made_by(facts.endpoint.username, self.registrar.address_of(facts.endpoint.username))
        self.calls.add(call)
        self.counts.take(decision.limits, now)
        call.saw(now, "a", "in", f"INVITE {hidden(request.uri)}")
        call.saw(now, "a", "out", "100 Trying")
        call.start(now)

    def _attempt(self, request: Request, source: Hop) -> Attempt:
        attempt = self.keeper.attempt(request, source, self.wall())
        if attempt.proof is Proof.GOOD:
            source.door.keep(source)
        return attempt if self.registrations is None else self.registrations.calls.recognise(attempt, request)

    def _message(self, txn: ServerTransaction, request: Request, source: Hop, size: int, now: float) -> None:
        texts = self.texts
        assert texts is not None  # noqa: S101 -- the caller has looked
        try:
            text = text_of(request, size, reliable=source.door.reliable)
        except MessageError as error:
            self._reject(txn, request, parse_address(source.host), error, now)
            return
        attempt = self._attempt(request, source)
        facts = self.facts.read(attempt, texts.counts)
        decision = texts.decide(attempt, facts)
        if decision.verdict is Verdict.ROUTE:
            texts.take(txn, request, text, attempt, decision)
        else:
            self._refuse(txn, request, attempt, decision, now, known=bool(facts.sources))

    def _reject(self, txn: ServerTransaction, request: Request, source: str, error: MessageError, now: float) -> None:
        """Refuse a message for what it is: a carrier gets an answer and a trace, a stranger one stateless answer."""
        answer = reply(request, error.status, error.reason, to_tag=self.new_token()[:16], headers=error.headers)
        if not self._known(source):
            self.transactions.answer_once(txn, None if self._silent(source, now) else answer)
            return
        self.transactions.respond(txn, answer, now)
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
        decision, refusal = self.keeper.realms.told(decision, called_host(request)), REFUSALS[decision.verdict]
        if decision.verdict in STRANGERS and attempt.proof is not Proof.GOOD and not known:
            within_rate = self.keeper.may_answer(attempt.source, now)
            if within_rate:
                self._record_refusal(request, attempt, decision, refusal)
            self._answer_stranger(txn, request, decision.verdict, attempt.source, within_rate=within_rate)
            return
        self._record_refusal(request, attempt, decision, refusal, txn.capture)
        headers = self.keeper.headers(request, decision.verdict, refusal, attempt.source, self.wall())
        answer = reply(request, refusal.status, refusal.reason, to_tag=self.new_token()[:16], headers=headers)
        self.transactions.respond(txn, answer, now)

    def _answer_stranger(
        self, txn: ServerTransaction, request: Request, verdict: Verdict, source: str, *, within_rate: bool
    ) -> None:
        """Answer once and keep nothing, so that a scanner gets no retransmissions and costs no memory."""
        if self.settings.stealth or not within_rate:
            self.transactions.answer_once(txn, None)
            return
        refusal = REFUSALS[verdict]
        headers = self.keeper.headers(request, verdict, refusal, source, self.wall())
        answer = reply(request, refusal.status, refusal.reason, to_tag=self.new_token()[:16], headers=headers)
        self.transactions.answer_once(txn, answer)

    def _record_refusal(
        self,
        request: Request,
        attempt: Attempt,
        decision: Decision,
        refusal: Refusal,
        capture: Capture | None = None,
    ) -> None:
        at = datetime.fromtimestamp(self.wall(), UTC)
        number: NumberFact | None = decision.number
        if decision.verdict in UNCLAIMED or number is None:
            called = number.e164 if number else attempt.called.get(CalledIn.REQUEST_URI, "")
            self._unclaimed(attempt.source, called, decision.verdict.value, decision.trace)
            return
        if request.method == "MESSAGE" and self.texts is not None:
            self.texts.refused(request, attempt, decision, refusal)
            return
        record = CallRecord(
            id=self.new_id(),
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
        self._write_down(record, capture)

    def _write_down(self, record: CallRecord, capture: Capture | None) -> None:
        """Keep a call's record, and of its messages what is to be kept."""
        self.journal.put(record)
        self.captures.end(record, capture)

    def _unclaimed(self, source: str, called: str, verdict: str, trace: tuple[tuple[str, str], ...]) -> None:
        at = datetime.fromtimestamp(self.wall(), UTC)
        self.journal.put(
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

    # Legs and documents

    def remember(self, leg: Leg) -> None:
        """Let requests within a leg's dialog find it."""
        if leg.dialog is not None:
            self.expect(leg, f"{leg.dialog.call_id} {leg.dialog.local_tag}")

    def expect(self, leg: Leg, key: str) -> None:
        """Let requests find a leg that has no dialog yet: the caller's, once it was told our tag."""
        leg.key = key
        self._legs[key] = leg

    def forget(self, leg: Leg) -> None:
        """Let a leg go."""
        if leg.key:
            self._legs.pop(leg.key, None)

    @property
    def open_legs(self) -> int:
        """How many legs are known, those that wait for a last ACK included."""
        return len(self._legs)

    @property
    def open_tasks(self) -> int:
        """How many tasks run: documents, ends being told, names being looked up."""
        return len(self._tasks)

    def run_documents(self, call: Call, target: ApplicationTarget) -> None:
        """Run an application's documents on a call, in a task of their own."""
        if self.runner is None or call.a.request is None:
            return
        unnamed = name_caller(call, call.a.request, can_ask=self.name_source is not None)
        legs = self._documents[call] = DocumentLegs(call)
        call.task = self.spawn(self._run(self.runner, call, target, legs, unnamed))

    async def _run(
        self, runner: CallRunner, call: Call, target: ApplicationTarget, legs: DocumentLegs, unnamed: str | None
    ) -> None:
        """Run documents to their end, once it is known who calls; a fault of ours ends the call, for nobody else would.

        ``unnamed`` is the caller's number where its name is to be asked.
        """
        try:
            if unnamed is not None and self.name_source is not None:
                await ask_name(call, self.name_source, unnamed)
            await runner.run(target, call.facts, legs)
        except Exception:
            log.exception("the documents of call %s could not be run", call.id)
        self._give_up(call, self.now())
        self.flush()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run work of a call, or for one, in a task of its own; the edge waits for it at its end, but not for ever."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def finished(self, call: Call) -> None:
        """A call is over: give back what it took, write it down, tell its application."""
        self.calls.discard(call)
        self.counts.release(call.decision.limits)
        legs = self._documents.pop(call, None)
        if legs is None:
            self._write_down(call.record(), call.capture)
            return
        woken = legs.caller_gone()
        task, call.task = call.task, None
        if not woken and call.answered_at is None and task is not None and task is not asyncio.current_task():
            task.cancel()  # it waits for a document that nobody needs any more
        target = call.decision.target
        if isinstance(target, ApplicationTarget):
            self.spawn(self._tell_end(call, target, task, legs))

    async def _tell_end(
        self, call: Call, target: ApplicationTarget, task: asyncio.Task[None] | None, legs: DocumentLegs
    ) -> None:
        self._write_down(call.record(), call.capture)
        noted = len(call.trace)
        if self.runner is not None:
            try:
                await self.runner.tell_end(target, call.facts(), call.note_facts)
            except Exception:
                log.exception("the end of call %s could not be told", call.id)
        noted = self._write_again(call, noted)
        if task is not None:
            await asyncio.wait((task,))
        await legs.settled()
        self._write_again(call, noted)

    def _write_again(self, call: Call, noted: int) -> int:
        """Write a call's record again if its trace has grown beyond ``noted`` lines; return how long it is."""
        if len(call.trace) > noted:
            self.journal.put(call.record())
        return len(call.trace)

    # Time and names

    def later(self, delay: float, work: Callable[[], None]) -> asyncio.TimerHandle:
        """Run ``work`` in ``delay`` seconds."""
        return asyncio.get_running_loop().call_later(delay, work)

    def find_places(self, target: Target, done: Callable[[list[Place] | TargetRefusedError, float], None]) -> None:
        """Find the places of a target's name off the loop, then go on."""

        async def look_up() -> None:
            found: list[Place] | TargetRefusedError
            try:
                found = await self.locator.places(target.host, target.port, target.transport)
            except TargetRefusedError as error:
                found = error
            done(found, self.now())
            self.flush()

        self.spawn(look_up())

    async def close(self) -> None:
        """End every call and every task."""
        if self.registrar is not None:
            self.registrar.close()
        busy = list(self.calls)
        for call in busy:
            call.hang_up_all(Ending(EndedBy.PLATFORM, EndCause.NORMAL, "the server is stopping"), self.now())
        self.flush()
        if busy:  # time for a BYE that is lost to be sent again
            await asyncio.sleep(min(1.0, 3 * self.settings.t1))
            for leg in self._legs.values():
                leg.send_due_bye(self.now())
            self.flush()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=2.0)
            for task in late:
                task.cancel()
        self.captures.flush()
