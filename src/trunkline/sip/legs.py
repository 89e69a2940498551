"""A document's hands: `core.fetching.Legs` on a call of the edge.

Every method is entered from the session's task and leaves the edge's sends flushed. Once the caller has gone, whatever
the session awaits, or next asks for, raises `CallerGone`; but a dial under way ends with its result.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from trunkline.core.calls import DialEvent, DialResult, DialStatus, EndCause, EndedBy, Ending
from trunkline.core.fetching import CallerGone
from trunkline.core.referrals import ReferralResult, ReferralStatus
from trunkline.core.verbs import Dial
from trunkline.sip.dialled import Dialled
from trunkline.sip.outbound import DialRefusedError, parties_of
from trunkline.sip.race import Race
from trunkline.sip.referring import Referring
from trunkline.sip.refusals import cause_of
from trunkline.sip.sdp import CONTENT_TYPE, SdpError, inactive_answer
from trunkline.sip.uri import MessageError, SipUri

if TYPE_CHECKING:
    from trunkline.sip.call import Call
    from trunkline.sip.hunt import Outcome

R = TypeVar("R")


@dataclass(slots=True)
class DocumentLegs:
    """The legs of one call, as its session moves them."""

    call: Call
    _waiting: asyncio.Future[object] | None = field(default=None)
    _dialled: Dialled | None = field(default=None)
    _errands: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def answered(self) -> bool:
        """True once the caller has had a 200."""
        return self.call.answered_at is not None

    def _check(self) -> None:
        if self.call.ended_at is not None:
            raise CallerGone

    def ring(self) -> None:
        """Send 180 to a caller that has had no provisional but 100."""
        self._check()
        self.call.ring_back(self.call.edge.now())
        self.call.edge.flush()

    def caller_gone(self) -> bool:
        """The call is over: end the legs of its dial, wake whoever waits; False when nobody did."""
        call = self.call
        if self._dialled is not None and call.ending is not None:
            self._dialled.end(_of_leg(call.ending, self._dialled), call.edge.now())
        if self._waiting is None or self._waiting.done():
            return False
        self._waiting.set_exception(CallerGone())
        return True

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run what nobody waits for, to its own end."""
        task = self.call.edge.spawn(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def settled(self) -> None:
        """Wait until nothing runs in the background any more."""
        if self._errands:
            await asyncio.wait(self._errands)

    async def _wait(self, start: Callable[[asyncio.Future[R]], None]) -> R:
        """Run ``start`` with a future that the call resolves, or the caller's leaving breaks."""
        self._check()
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting = future  # type: ignore[assignment]  # a future of anything: only its end matters here
        try:
            start(future)
            self.call.edge.flush()
            return await future
        finally:
            self._waiting = None
            del future  # its exception's traceback leads here: a circle

    async def wait(self, seconds: float) -> None:
        """Let time pass while the call goes on."""
        try:
            async with asyncio.timeout(seconds):
                await self._wait(_never)
        except TimeoutError:
            return

    async def dial(self, dial: Dial, *, last: bool, heard: Callable[[DialEvent], None] | None = None) -> DialResult:
        """Ring the targets, connect the first that answers, return when its leg has ended or none answered."""
        self._check()
        call = self.call
        try:
            parties = parties_of(call, dial)
        except DialRefusedError as error:
            call.note("dial", str(error))
            status, cause = error.sip_status, error.cause
            said = DialStatus.NO_ANSWER if status == 480 else DialStatus.FAILED
            return DialResult(status=said, rang=False, cause=cause, leg_id="", sip_status=status, detail=str(error))
        legs = self._dialled = Dialled(call, parties, heard)
        race = Race(call, [p.targets for p in parties], legs.settled, legs.rings, last=last)
        try:
            return await self._dial(dial, race, legs)
        except CallerGone:
            return _cut_short(call, legs, race)
        finally:  # a dial that is cancelled was ended by the document; all other ends have been told by now
            legs.end(Ending(EndedBy.DOCUMENT, EndCause.TIME_LIMIT, "the document's scheduled end"), call.edge.now())
            self._dialled = None

    async def _dial(self, dial: Dial, race: Race, legs: Dialled) -> DialResult:
        call = self.call
        outcome: Outcome | None = None
        call.other_end = _ended  # a called side that hangs up at once does not end the call
        try:
            async with asyncio.timeout(dial.timeout):
                found: Outcome = await self._wait(lambda future: _start(call, race, future))
                outcome = found
        except TimeoutError:
            pass
        finally:
            if call.hunt is not None:
                call.hunt.cancel(call.edge.now())
                call.hunt = None
                call.edge.flush()
        if legs.leg_id:  # also where it answered at the very last moment
            return await self._talk(dial, legs)
        return self._given_up(race, legs) if outcome is None else _unanswered(outcome)

    def _given_up(self, race: Race, legs: Dialled) -> DialResult:
        ending = Ending(EndedBy.PLATFORM, EndCause.RING_TIMEOUT, "no answer within the dial's timeout")
        self.call.note("dial", ending.detail)
        legs.end(ending, self.call.edge.now())
        return DialResult(
            status=DialStatus.NO_ANSWER if race.rang else DialStatus.TIMEOUT,
            rang=race.rang,
            cause=EndCause.RING_TIMEOUT,
            leg_id="",
            sip_status=408,
            detail="timeout",
            sip_call_id=race.call_id,
        )

    async def _talk(self, dial: Dial, legs: Dialled) -> DialResult:
        """Let the connected sides talk until the called one hangs up or the time limit ends it."""
        call, edge = self.call, self.call.edge
        ending = Ending(EndedBy.CALLEE, EndCause.NORMAL, "the called side hung up")
        try:
            async with asyncio.timeout(dial.time_limit):
                await self._wait(lambda future: _until_b_ends(call, future))
        except TimeoutError:
            ending = Ending(EndedBy.PLATFORM, EndCause.TIME_LIMIT, "the dial's time limit")
        finally:
            call.other_end = None
            call.hang_up_b(edge.now())
            edge.flush()
        legs.end(ending, edge.now())
        return _talked(legs, ending.cause, edge.now())

    def answer(self) -> str | None:
        """Answer the caller with every stream inactive, unless it is answered; return why that cannot be done."""
        self._check()
        if self.answered:
            return None
        call = self.call
        offer, kind = call.offer
        if (kind or "").partition(";")[0].strip().lower() != CONTENT_TYPE:
            return f"without sound only an INVITE with an offer in {CONTENT_TYPE} can be answered"
        try:
            body = inactive_answer(offer, call.a.origin.door.host, int(call.wall))
        except SdpError as error:
            return str(error)
        call.note("answer", "without sound, which this build does not carry: every stream is inactive")
        call.answer(body, CONTENT_TYPE, call.edge.now())
        call.edge.flush()
        self._check()  # a Contact that cannot be read has ended the call
        return None

    async def refer(self, target: str) -> ReferralResult:
        """Ask the answered caller to go to a SIP URI; return what came of it, also where the caller left meanwhile."""
        self._check()
        call, shown = self.call, target.partition("?")[0]
        try:
            SipUri.parse(target)
        except MessageError as error:
            call.note("refer", f"{shown} cannot be referred to: {error.reason}")
            return ReferralResult(status=ReferralStatus.FAILED, detail=error.reason)
        call.note("refer", f"the caller is asked to go to {shown}")
        referring, left = Referring(call.a, target), False
        try:
            await self._wait(lambda future: referring.start(lambda: _settle(future), call.edge.now()))
        except CallerGone:
            left = True
        finally:
            if not referring.state.settled:
                referring.stop()
        result = referring.state.result(left=left)
        call.note("refer", f"{result.status.value}: {result.detail}" if result.detail else result.status.value)
        return result

    def end(self, ending: Ending, sip_status: int | None = None) -> None:
        """End the call: BYE with a Reason when answered, else ``sip_status`` (480 when not given)."""
        self._check()
        call, now = self.call, self.call.edge.now()
        reason = f'SIP;cause={sip_status or 488};text="{_clean(ending.detail)}"'
        explained = ending.cause in (EndCause.UNSUPPORTED, EndCause.DOCUMENT_INVALID)
        if self.answered:
            call.hang_up_all(ending, now, reason=reason if explained else "")
        else:
            call.refuse(sip_status or 480, ending, now, headers=(("reason", reason),) if explained else ())
        call.edge.flush()

    def note(self, what: str, **facts: object) -> None:
        """Add a line to the call's trace."""
        self.call.note_facts(what, **facts)


def _ended(_now: float) -> None:
    """Do nothing: whoever waits sees for itself that the called leg is gone."""


def _never(_future: asyncio.Future[None]) -> None:
    """Start nothing: only the caller's leaving ends this wait."""


def _start(call: Call, race: Race, future: asyncio.Future[Outcome]) -> None:
    def done(outcome: Outcome, _now: float) -> None:
        if not future.done():
            future.set_result(outcome)

    call.hunt = race
    race.start(done, call.edge.now())


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _until_b_ends(call: Call, future: asyncio.Future[None]) -> None:
    def ended(_now: float) -> None:
        _settle(future)

    call.other_end = ended
    if call.b is None:
        ended(0.0)


def _of_leg(ending: Ending, legs: Dialled) -> Ending:
    """Return how the legs of a dial end with their call: what still rings is cancelled, whoever ended the call."""
    return ending if legs.leg_id else replace(ending, cause=EndCause.CANCELLED)


def _talked(legs: Dialled, cause: EndCause, now: float) -> DialResult:
    return DialResult(
        status=DialStatus.COMPLETED,
        rang=True,
        cause=cause,
        leg_id=legs.leg_id,
        sip_status=200,
        duration_s=now - (legs.answered_at or now),
        sip_call_id=legs.call_id,
        sip_headers=legs.headers,
    )


def _cut_short(call: Call, legs: Dialled, race: Race) -> DialResult:
    """Return what a dial came to whose call ended meanwhile."""
    if legs.leg_id:
        return _talked(legs, call.ending.cause if call.ending else EndCause.NORMAL, call.edge.now())
    return DialResult(
        status=DialStatus.CANCELLED,
        rang=race.rang,
        cause=EndCause.CANCELLED,
        leg_id="",
        sip_status=487,
        sip_call_id=race.call_id,
    )


def _unanswered(outcome: Outcome) -> DialResult:
    return DialResult(
        status=_status_of(outcome),
        rang=outcome.rang,
        cause=cause_of(outcome.status),
        leg_id="",
        sip_status=outcome.status,
        detail=outcome.detail,
        sip_call_id=outcome.call_id,
    )


def _status_of(outcome: Outcome) -> DialStatus:
    """Return a dial's status for a final answer; silence is a timeout, unless somebody has rung before."""
    if outcome.status in (486, 600):
        return DialStatus.BUSY
    if outcome.status in (480, 487):
        return DialStatus.NO_ANSWER
    if outcome.status in (408, None):
        return DialStatus.NO_ANSWER if outcome.rang else DialStatus.TIMEOUT
    return DialStatus.FAILED


def _clean(text: str) -> str:
    """Return a text that fits a quoted string of a header."""
    return "".join(c for c in text if c.isprintable() and c not in '"\\')[:120]
