"""One transfer at work: a REFER within the caller's dialog, and the NOTIFYs that follow it (RFC 3515).

It waits for the ACK of our 2xx first. Challenges are answered with the credentials of the carrier that brought the
call. Whatever becomes of the REFER ends nothing but itself: the dialog has a call of its own in it (RFC 5057). A NOTIFY
that belongs to no REFER of ours, or to one that is over, is answered 481, which ends its subscription (RFC 3515 section
2.4.4); the one that brought a final status stands until the caller says that it has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from trunkline.sip.credentials import Credentials
from trunkline.sip.events import ClientTransaction, ServerTransaction
from trunkline.sip.fields import Header
from trunkline.sip.message import Request, Response
from trunkline.sip.referral import Notice, Referral, read_notice
from trunkline.sip.replying import reply
from trunkline.sip.uri import MessageError, SipUri

if TYPE_CHECKING:
    from trunkline.sip.leg import Leg

MAX_FOLLOW_S = 180.0
"""Longest wait for the end of a transfer, however often its subscription is prolonged: as long as a call may ring."""


class Referring:
    """One transfer of a leg's peer to ``target``, a SIP URI as it stands. A leg has one at a time."""

    __slots__ = ("_cseq", "_done", "_follow_by", "_limit", "_open", "leg", "state", "target")

    def __init__(self, leg: Leg, target: str) -> None:
        self.leg = leg
        self.target = target
        self.state = Referral()
        self._done: Callable[[], None] | None = None
        self._cseq = 0
        self._open = False
        self._follow_by = 0.0
        self._limit: asyncio.TimerHandle | None = None

    def start(self, done: Callable[[], None], now: float) -> None:
        """Send the REFER, now or as soon as the leg's 2xx is acknowledged; call ``done`` once when it is settled.

        An ACK that never comes ends the call.
        """
        self._done = done
        if self.leg.referring is not None:
            self.leg.referring.stop()
        self.leg.referring = self
        if self.leg.unacked is None:
            self.acknowledged(now)

    def acknowledged(self, now: float) -> None:
        """Take the ACK of the leg's 2xx."""
        leg = self.leg
        if leg.dialog is None or self._cseq or self._done is None:
            return
        carrier = leg.call.decision.carrier
        if leg.credentials is None and carrier is not None:
            leg.credentials = Credentials(leg.call, leg.name, carrier.id)
        self._open = True
        self._follow_by = now + MAX_FOLLOW_S
        txn = leg.send("REFER", now, headers=(("refer-to", f"<{self.target}>"), self._referred_by()))
        if txn is None:
            self._step(self.state.abandoned("the REFER could not be sent"))
            return
        txn.user = self
        self._cseq = leg.dialog.local_seq

    def _referred_by(self) -> Header:
        """Say who refers: the number called, at our address (RFC 3892 section 2.1)."""
        number, host = self.leg.call.decision.number, self.leg.origin.door.host
        return ("referred-by", f"<{SipUri('sip', f'+{number.e164}' if number else None, host)}>")

    def on_response(self, txn: ClientTransaction, response: Response, now: float) -> None:
        """Take an answer to the REFER."""
        leg = self.leg
        if leg.dialog is None or leg.referring is not self:
            return
        leg.call.saw(now, leg.name, "in", f"{response.status} {response.reason}")
        if response.status < 200:
            return
        if leg.again(txn, response, now) is not None:
            self._cseq = leg.dialog.local_seq
            return
        if response.status < 300:
            with suppress(MessageError):  # a bad Contact leaves the target as it was
                leg.dialog.refresh(response)
            if self._limit is None:  # else a NOTIFY has come first
                self._wait(leg.call.edge.settings.refer_s, now)
        self._step(self.state.answered(response.status))

    def on_failure(self, _now: float, why: str) -> None:
        """No answer to the REFER came."""
        if self.leg.referring is self:
            self._step(self.state.abandoned(f"the REFER: {why}"))

    def on_notify(self, notice: Notice, now: float) -> None:
        """Take a NOTIFY. Raises `MessageError` (481) for one that is not of this REFER, or comes too late.

        One without an id is taken to be of this one, the last (RFC 3515 section 2.4.6 wants an id from the second on).
        """
        if not self._open or notice.event_id not in (None, str(self._cseq)):
            raise MessageError("Subscription Does Not Exist", 481)
        if notice.terminated:
            self._open = False
        if not self.state.settled:
            seconds = self.leg.call.edge.settings.refer_s if notice.expires is None else notice.expires
            self._wait(seconds, now)
        self._step(self.state.notified(notice))

    def _wait(self, seconds: float, now: float) -> None:
        """Give the caller this long for its next word, within the longest wait of all."""
        self._stop_limit()
        self._limit = self.leg.call.edge.later(max(0.0, min(seconds, self._follow_by - now)), self._silent)

    def _silent(self) -> None:
        self._open = False
        self._step(self.state.abandoned("no final word came in time"))

    def _step(self, state: Referral) -> None:
        self.state = state
        if not state.settled:
            return
        self._stop_limit()
        if state.given_up or not state.accepted:
            self._open = False
        done, self._done = self._done, None
        if done is not None:
            done()

    def stop(self) -> None:
        """Wait for nothing more; ``done`` is not called."""
        self._done = None
        self._open = False
        self._stop_limit()

    def _stop_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None


def take_notify(leg: Leg, txn: ServerTransaction, request: Request, now: float) -> None:
    """Answer a NOTIFY within a dialog: of the leg's transfer, or refused."""
    edge = leg.call.edge
    try:
        notice = read_notice(request)
        if leg.referring is None:
            raise MessageError("Subscription Does Not Exist", 481)
        leg.referring.on_notify(notice, now)
        answer = reply(request, 200)
    except MessageError as error:
        answer = reply(request, error.status, error.reason, headers=error.headers)
    edge.transactions.respond(txn, answer, now)
    leg.call.saw(now, leg.name, "out", f"{answer.status} {answer.reason}")
