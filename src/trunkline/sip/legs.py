"""A document's hands: `core.fetching.Legs` on a call of the edge.

Every method is entered from the session's task and leaves the edge's sends flushed. Once the caller has gone, whatever
the session awaits, or next asks for, raises `CallerGone`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from trunkline.core.calls import DialResult, DialStatus, EndCause, Ending
from trunkline.core.fetching import CallerGone
from trunkline.core.verbs import Dial
from trunkline.sip.outbound import DialRefusedError, parties_of
from trunkline.sip.refusals import cause_of
from trunkline.sip.targets import Target

if TYPE_CHECKING:
    from trunkline.sip.call import Call
    from trunkline.sip.hunt import Outcome

R = TypeVar("R")

_STATUS_OF = {
    486: DialStatus.BUSY,
    600: DialStatus.BUSY,
    408: DialStatus.NO_ANSWER,
    480: DialStatus.NO_ANSWER,
    487: DialStatus.NO_ANSWER,
}


@dataclass(slots=True)
class DocumentLegs:
    """The legs of one call, as its session moves them."""

    call: Call
    _waiting: asyncio.Future[object] | None = field(default=None)

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

    def caller_gone(self) -> None:
        """Wake whoever waits: the caller has hung up or cancelled."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(CallerGone())

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

    async def dial(self, dial: Dial, *, last: bool) -> DialResult:
        """Ring the targets, connect the first that answers, return when its leg has ended or none answered."""
        call = self.call
        try:
            parties = parties_of(call, dial)
        except DialRefusedError as error:
            call.note("dial", str(error))
            return DialResult(
                status=DialStatus.FAILED, rang=False, cause=error.cause, leg_id="", sip_status=None, detail=str(error)
            )
        call.other_end = _ended  # a called side that hangs up at once does not end the call
        try:
            async with asyncio.timeout(dial.timeout):
                outcome: Outcome = await self._wait(lambda future: _hunt(call, parties, future, last=last))
        except TimeoutError:
            return self._given_up(call.hunt.rang if call.hunt else False)
        finally:
            self._stop_hunting()
        if outcome.leg is None:
            return _unanswered(outcome)
        return await self._talk(dial, outcome)

    def _stop_hunting(self) -> None:
        call = self.call
        if call.hunt is not None:
            call.hunt.cancel(call.edge.now())
            call.hunt = None
            call.edge.flush()

    def _given_up(self, rang: bool) -> DialResult:
        self.call.note("dial", "no answer within the dial's timeout")
        self.call.hang_up_b(self.call.edge.now())  # answered at the very last moment
        self.call.edge.flush()
        return DialResult(
            status=DialStatus.TIMEOUT, rang=rang, cause=EndCause.NO_ANSWER, leg_id="", sip_status=408, detail="timeout"
        )

    async def _talk(self, dial: Dial, outcome: Outcome) -> DialResult:
        """Let the connected sides talk until the called one hangs up or the time limit ends it."""
        call, edge = self.call, self.call.edge
        began, cause = edge.now(), EndCause.NORMAL
        try:
            async with asyncio.timeout(dial.time_limit):
                await self._wait(lambda future: _until_b_ends(call, future))
        except TimeoutError:
            cause = EndCause.TIME_LIMIT
        finally:
            call.other_end = None
            call.hang_up_b(edge.now())
            edge.flush()
        return DialResult(
            status=DialStatus.COMPLETED,
            rang=outcome.rang,
            cause=cause,
            leg_id=f"{call.id}-{outcome.leg.name}" if outcome.leg else "",
            sip_status=outcome.status,
            duration_s=edge.now() - began,
        )

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


def _hunt(call: Call, parties: list[list[Target]], future: asyncio.Future[Outcome], *, last: bool) -> None:
    def done(outcome: Outcome, _now: float) -> None:
        if not future.done():
            future.set_result(outcome)

    call.ring(parties, done, call.edge.now(), last=last)


def _until_b_ends(call: Call, future: asyncio.Future[None]) -> None:
    def ended(_now: float) -> None:
        if not future.done():
            future.set_result(None)

    call.other_end = ended
    if call.b is None:
        ended(0.0)


def _unanswered(outcome: Outcome) -> DialResult:
    status = outcome.status
    return DialResult(
        status=DialStatus.NO_ANSWER if status is None else _STATUS_OF.get(status, DialStatus.FAILED),
        rang=outcome.rang,
        cause=cause_of(status),
        leg_id="",
        sip_status=status,
        detail=outcome.detail,
    )


def _clean(text: str) -> str:
    """Return a text that fits a quoted string of a header."""
    return "".join(c for c in text if c.isprintable() and c not in '"\\')[:120]
