"""The edge: takes what the transactions report, and hands it to the reception (outside of dialogs) or to its call.

Nothing here waits: facts are an in-memory read, records go to a journal's thread, documents run in tasks of their own.
Whoever enters from outside a datagram (a timer, a task) calls `flush` at the end, so that what was queued is sent.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

from trunkline.config import SipSettings
from trunkline.core.caller_names import NameSource
from trunkline.core.calls import EndCause, EndedBy, Ending
from trunkline.core.fetching import CallRunner
from trunkline.core.records import CallRecord
from trunkline.core.sources import parse_address
from trunkline.sip.admission import Counts, Doorkeeper
from trunkline.sip.call import Call
from trunkline.sip.capture import Capture, Captures
from trunkline.sip.digest import Nonces
from trunkline.sip.documents import Documents
from trunkline.sip.doors import Doors
from trunkline.sip.edge_ports import FactSource, Journal
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
from trunkline.sip.leg import Leg
from trunkline.sip.locating import Locator, Place, TargetRefusedError
from trunkline.sip.message import Request
from trunkline.sip.realms import Realms
from trunkline.sip.reception import Reception
from trunkline.sip.registering import EndpointRegistrar
from trunkline.sip.registrations import Registrations
from trunkline.sip.replying import reply
from trunkline.sip.targets import Rests, Target
from trunkline.sip.texting import Texting
from trunkline.sip.transaction import Transactions

log = logging.getLogger(__name__)


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
        self.reception = Reception(self)
        self.documents = Documents(self, runner)
        self.keeper = Doorkeeper(
            settings,
            lab=lab,
            realms=Realms(settings, sip_host),
            new_token=new_token,
            users=facts.sip_users,
            login=facts.endpoint_login,
            carriers_at=self.reception.carriers_at,
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
        self._tasks: set[asyncio.Task[None]] = set()
        if settings.stealth or not lab:
            transactions.may_answer = self.reception.answers_to

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
            self.give_up(call, now)
        if isinstance(txn, ServerTransaction) and txn.request is not None:
            self.transactions.respond(txn, reply(txn.request, 500, to_tag=self.new_token()[:16]), now)

    def give_up(self, call: Call, now: float) -> None:
        """End a call after a fault of ours; one that cannot even be ended is left to its timers."""
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
                hidden = self.settings.stealth and not self.reception.known(parse_address(event.source.host))
                self.transactions.answer_once(txn, None if hidden else reply(request, 481))
            else:
                txn.capture = leg.call.capture
                if txn.capture is not None:
                    txn.capture.add(False, event.data, event.source)
                leg.on_request(txn, request, now)
        else:
            self.reception.take(event, now)

    def _leg_of(self, request: Request) -> Leg | None:
        """Return the leg whose dialog a request belongs to: Call-ID and both tags (RFC 3261 §12.2.2)."""
        leg = self._legs.get(f"{request.call_id} {request.to_tag}")
        if leg is None or (leg.dialog is not None and leg.dialog.remote_tag != (request.from_tag or "")):
            return None
        return leg

    # Legs and tasks

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
        self.documents.ended(call)

    def write_down(self, record: CallRecord, capture: Capture | None) -> None:
        """Keep a call's record, and of its messages what is to be kept."""
        self.journal.put(record)
        self.captures.end(record, capture)

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
