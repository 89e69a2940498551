"""A hunt: rings targets one after the other until one answers or the last has refused.

The next target is tried after a transport error, a timeout, 408 and 5xx only. A hunt that is over, by whatever end,
leaves no leg behind: an INVITE still out is cancelled, and a 2xx that crosses the CANCEL is acknowledged and hung up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from trunkline.sip.dialog import Dialog
from trunkline.sip.events import ClientTransaction
from trunkline.sip.fields import Header
from trunkline.sip.heard import call_id_of, custom_headers
from trunkline.sip.hop import Hop
from trunkline.sip.leg import ALLOW, Leg
from trunkline.sip.locating import Place, TargetRefusedError
from trunkline.sip.message import Request, Response
from trunkline.sip.refusals import fails_over
from trunkline.sip.targets import Target
from trunkline.sip.uri import MessageError, NameAddr, SipUri

if TYPE_CHECKING:
    from trunkline.sip.call import Call

MAX_RING_S = 180.0
"""Longest ringing of one target: timer C (RFC 3261 §16.6) would end the INVITE soon after, and without a CANCEL."""


class Outcome(NamedTuple):
    """How a hunt ended: the connected leg, or the last final status (None: no answer at all) and a sentence.

    ``down``: none of the targets was there to take the call or refuse it; each was silent, unreachable, or answered 408
    or 5xx. ``call_id`` and ``headers`` are the Call-ID of the last leg and the custom headers of the answer of one that
    connected.
    """

    leg: Leg | None
    status: int | None
    rang: bool
    detail: str
    down: bool = False
    call_id: str = ""
    headers: tuple[Header, ...] = ()


class Ringing:
    """One INVITE that is out: what its transaction reports to. ``hunt`` is None once nobody wants its answer."""

    __slots__ = ("heard", "hunt", "leg", "place", "rang", "txn")

    def __init__(self, hunt: Hunt, leg: Leg, place: Place) -> None:
        self.hunt: Hunt | None = hunt
        self.leg = leg
        self.place = place
        self.heard = False
        self.rang = False
        self.txn: ClientTransaction | None = None

    def on_response(self, txn: ClientTransaction, response: Response, now: float) -> None:
        """Take a response to the INVITE."""
        leg, status = self.leg, response.status
        leg.call.saw(now, leg.name, "in", f"{status} {response.reason}")
        if status < 200:
            if self.hunt is not None:
                self.hunt.progress(response, now)
        elif status < 300:
            if self.hunt is None or leg.dialog is not None:
                _decline(leg, txn, response, now)
            else:
                self._answered(self.hunt, txn, response, now)
        elif self.hunt is not None and not self._again(txn, response, now):
            self.hunt.refused(status, f"{leg.name}: {status} {response.reason}", now, _retry_after(response))

    def _again(self, txn: ClientTransaction, response: Response, now: float) -> bool:
        """Tell whether the INVITE went out again, with the credentials that the carrier has asked for."""
        again = self.leg.again(txn, response, now)
        if again is not None:
            self.txn = again
        return again is not None

    def _answered(self, hunt: Hunt, txn: ClientTransaction, response: Response, now: float) -> None:
        leg = self.leg
        if leg.request is None:
            return
        try:
            leg.dialog = Dialog.as_client(leg.request, response)
        except MessageError as error:
            response.remove("contact")
            _decline(leg, txn, response, now)
            hunt.refused(502, f"{leg.name}: its 2xx is malformed ({error.reason})", now)
            return
        self.hunt = None
        hunt.answered(leg, txn, response, now)

    def on_failure(self, now: float, why: str) -> None:
        """No final response came, or the request could not be sent."""
        if self.hunt is not None:
            self.hunt.refused(None, f"{self.leg.name}: {why}", now)

    def abandon(self, now: float) -> None:
        """Stop ringing: CANCEL, and decline whatever still comes."""
        self.hunt = None
        if self.txn is not None:
            self.leg.call.edge.transactions.cancel(self.txn, now)


def _retry_after(response: Response) -> float | None:
    """Return the seconds of a Retry-After (RFC 3261 §20.33), None without a usable one."""
    digits = (response.get("retry-after") or "").partition(";")[0].partition("(")[0].strip()
    return float(digits) if digits.isascii() and digits.isdigit() and len(digits) < 7 else None


def _decline(leg: Leg, txn: ClientTransaction, response: Response, now: float) -> None:
    """Acknowledge and hang up a 2xx that nobody wants: of a cancelled INVITE, or of a second fork."""
    if leg.request is None:
        return
    edge = leg.call.edge
    try:
        dialog = Dialog.as_client(leg.request, response)
        ack = dialog.make_ack(leg.request.cseq, headers=leg.proof_of_invite)
        edge.transactions.send_ack(txn, ack, leg.origin)
        leg.transmit(dialog.make_request("BYE"), leg.origin, now)
    except (MessageError, ValueError):
        return


def _is_down(target: Target) -> bool:
    return target.down


class Hunt:
    """Rings ``targets`` in order and tells ``done`` once how it ended. ``last`` says that nothing follows it.

    ``rings`` hears when the first of them rings. ``recovers`` says that an application takes the call where all of them
    are down: it is somebody else to try, for the last of them too.
    """

    __slots__ = (
        "_body", "_call", "_done", "_index", "_kind", "_last", "_limit", "_places", "_recovers", "_ringing", "_rings",
        "_status", "_targets", "_there", "call_id", "rang",
    )  # fmt: skip

    def __init__(
        self,
        call: Call,
        targets: list[Target],
        done: Callable[[Outcome, float], None],
        *,
        last: bool,
        rings: Callable[[], None] | None = None,
        recovers: bool = False,
    ) -> None:
        self._call = call
        self._targets = sorted(call.edge.rests.ordered(targets, call.edge.now(), Target.way), key=_is_down)
        self._done: Callable[[Outcome, float], None] | None = done
        self._rings = rings
        self._last = last and not recovers
        self._recovers = recovers
        self._index = -1
        self._places: list[Place] = []  # of the target whose turn it is, those that were not tried
        self._limit: asyncio.TimerHandle | None = None
        self._ringing: Ringing | None = None
        self._status: int | None = 480  # until a target was rung, there is nothing to route to
        self._body, self._kind = call.offer
        self.call_id = ""
        self._there = False
        self.rang = False

    def next(self, now: float, detail: str = "no target") -> None:
        """Ring the next place of the target, else the next target, or end."""
        if self._places:
            self._invite(self._targets[self._index], self._places.pop(0), now)
            return
        self._index += 1
        if self._index >= len(self._targets):
            self._end(self._lost(self._status, detail, down=not self._there), now)
            return
        target = self._targets[self._index]
        if target.hop is not None:
            self._try([Place(target.hop.door.transport, target.hop.host, target.hop.port)], now)
            return
        try:
            places = self._call.edge.locator.at_once(target.host, target.port, target.transport)
        except TargetRefusedError as error:
            self._refused(error, now)
            return
        if places is None:
            self._call.edge.find_places(target, self._found)
        else:
            self._try(places, now)

    def _found(self, found: list[Place] | TargetRefusedError, now: float) -> None:
        if self._done is None:
            return
        if isinstance(found, TargetRefusedError):
            self._refused(found, now)
        else:
            self._try(found, now)

    def _refused(self, error: TargetRefusedError, now: float) -> None:
        self._call.note("target", str(error))
        self._status = 403 if error.forbidden else 502
        self.next(now, str(error))

    def _try(self, places: list[Place], now: float) -> None:
        self._places = self._call.edge.rests.ordered(places, now, tuple)
        self.next(now)

    @property
    def _alone(self) -> bool:
        """Whether nothing is left to try after what rings now."""
        return not self._places and self._index == len(self._targets) - 1

    def _invite(self, target: Target, place: Place, now: float) -> None:
        call = self._call
        hop = target.hop or call.edge.doors.hop(*place)
        try:
            if hop is None:
                raise ValueError(f"no door of ours sends over {place.transport} to {place.host}")
            leg = Leg(call, call.next_leg_name(), hop, target.carrier_id, target.uri_id, auth=target.auth)
            request = leg.request = build_invite(call, target, hop, self._body, self._kind)
            ringing = self._ringing = Ringing(self, leg, place)
            self.call_id = call_id_of(request)
            txn = ringing.txn = leg.transmit(request, hop, now)
        except (MessageError, ValueError) as error:
            call.note("target", f"{target.name} cannot be called: {error}")
            self.next(now, str(error))
            return
        txn.user = ringing
        call.saw(now, leg.name, "out", f"INVITE {target.uri}")
        if self._recovers or not self._alone:
            self._limit = call.edge.later(call.edge.settings.failover_s, self._silent)

    def _silent(self) -> None:
        """Nothing at all has come back, and there is somebody else to try."""
        self._give_up(None, f"no answer in {self._call.edge.settings.failover_s:g} s")

    def progress(self, response: Response, now: float) -> None:
        """A target rings: the caller hears it; early media only when no other leg can follow."""
        ringing = self._ringing
        if ringing is not None and not ringing.heard:
            ringing.heard = True
            self._stop_limit()
            edge = self._call.edge
            self._limit = edge.later(min(edge.settings.ring_s, MAX_RING_S), self._rang_out)
        if response.status == 100:
            return
        self.rang = True
        if ringing is not None:
            ringing.rang = True
        rings, self._rings = self._rings, None
        if rings is not None:
            rings()
        self._call.progress(response, now, media=self._last and self._alone)

    def _rang_out(self) -> None:
        self._give_up(408, "rang too long")

    def _give_up(self, status: int | None, why: str) -> None:
        edge = self._call.edge
        now, ringing, name = edge.now(), self._ringing, self._targets[self._index].name
        if ringing is not None:
            ringing.abandon(now)
        self.refused(status, f"{name}: {why}", now)
        edge.flush()

    def _stop_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def refused(self, status: int | None, detail: str, now: float, rest_s: float | None = None) -> None:
        """A target has refused, or not answered at all; one that is down rests, ``rest_s`` seconds where it says so.

        Only what is down leaves its other places to be tried (RFC 3263 §4.3); any other refusal speaks for all of them.
        """
        self._stop_limit()
        ringing, self._ringing = self._ringing, None
        if status is None or status == 503:
            self._rest(ringing, rest_s, now)
        else:
            self._places.clear()
        if ringing is not None:
            ringing.hunt = None
            self._there |= ringing.rang and status == 408
        self._status = status
        if fails_over(status):
            self._call.note("failover", detail)
            self.next(now, detail)
        else:
            self._end(self._lost(status, detail), now)

    def _lost(self, status: int | None, detail: str, *, down: bool = False) -> Outcome:
        return Outcome(None, status, self.rang, detail, down, self.call_id)

    def _rest(self, ringing: Ringing | None, rest_s: float | None, now: float) -> None:
        edge = self._call.edge
        seconds = edge.settings.rest_s if rest_s is None else rest_s
        if ringing is not None:
            edge.rests.rest(tuple(ringing.place), seconds, now)
        if not self._places:
            edge.rests.rest(self._targets[self._index].way(), seconds, now)

    def answered(self, leg: Leg, txn: ClientTransaction, response: Response, now: float) -> None:
        """A target has answered: acknowledge it, unless the caller's ACK has to bring the answer first."""
        self._stop_limit()
        self._ringing = None
        self._call.edge.remember(leg)
        if self._body and leg.request is not None:
            leg.acknowledge(txn, leg.request.cseq, now, b"", None)
        else:
            leg.answer_due = txn, response.cseq
        self._call.connect(leg, response, now)
        headers = custom_headers(response)
        self._end(Outcome(leg, response.status, self.rang, "answered", call_id=self.call_id, headers=headers), now)

    def cancel(self, now: float) -> None:
        """Stop; ``done`` is not called any more."""
        self._done = self._rings = None
        self._stop_limit()
        if self._ringing is not None:
            self._ringing.abandon(now)
            self._ringing = None

    def _end(self, outcome: Outcome, now: float) -> None:
        done, self._done = self._done, None
        self._rings = None
        if done is not None:
            done(outcome, now)


def build_invite(call: Call, target: Target, hop: Hop, body: bytes, kind: str | None) -> Request:
    """Return the INVITE of a new leg: a dialog of its own, Max-Forwards carried on from the caller's."""
    edge = call.edge
    token = edge.new_token()
    caller = target.caller_written or (call.caller if target.caller is None else target.caller)
    display = call.caller_name if target.caller_name is None else target.caller_name
    host = hop.door.host
    user, domain = target.sender or (None, host)
    sender = NameAddr(display or "", SipUri("sip", user or caller or "anonymous", domain), (("tag", token[:16]),))
    headers: list[Header] = [
        ("from", str(sender)),
        ("to", f"<{target.uri}>"),
        ("call-id", f"{token}@{host}"),
        ("cseq", "1 INVITE"),
        ("max-forwards", str(call.max_forwards - 1)),
        ("contact", hop.door.contact),
        ALLOW,
    ]
    if user is not None and caller:  # who calls, where From says who we are (RFC 3325 §9.1)
        headers.append(("p-asserted-identity", str(NameAddr(display or "", SipUri("sip", caller, domain)))))
    headers += target.headers
    if kind is not None:
        headers.append(("content-type", kind))
    return Request("INVITE", target.uri, headers, body)
