"""One registration at work: runs `registration.step`, sends its REGISTER requests, reads what the registrar answers.

The registrar is found anew for each attempt (`locating`), so that changed DNS is followed and the last good answer
serves while there is none. Of several places the one that has our binding comes first; one that is silent, or answers
503, leaves the next to be tried. Challenges are answered as for calls (`credentials`), and every later REGISTER carries
the credentials from the start, with a rising nonce count.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from trunkline.core.bindings import Flow
from trunkline.core.errors import StoreUnavailableError
from trunkline.core.outbound_auth import OutboundAuth
from trunkline.core.registered import Wanted
from trunkline.sip.credentials import CHALLENGES, MAX_REALMS, Key, offered_by, shown_realm
from trunkline.sip.credentials import Answered as Proof
from trunkline.sip.events import ClientTransaction
from trunkline.sip.fields import Header
from trunkline.sip.granting import granted_by, printable, seconds_of
from trunkline.sip.hop import Hop
from trunkline.sip.leg import ALLOW
from trunkline.sip.locating import Place, TargetRefusedError
from trunkline.sip.message import Request, Response
from trunkline.sip.registration import (
    MIN_GRANTED_S,
    Action,
    Answered,
    Challenged,
    Event,
    Held,
    Phase,
    Send,
    Silent,
    step,
)
from trunkline.sip.targets import Target
from trunkline.sip.uri import MessageError, NameAddr, SipUri

if TYPE_CHECKING:
    from trunkline.sip.registrations import Registrations

LOOK_S = 15.0
"""How often a registrar's addresses are looked at between attempts."""


class Bound(NamedTuple):
    """Where our binding is, or a REGISTER is under way to."""

    place: Place
    hop: Hop


class Line:
    """The registration of one carrier. ``bound`` is where the last 2xx came from, ``addresses`` are the registrar's."""

    def __init__(self, house: Registrations, wanted: Wanted, held: Held) -> None:
        self._house = house
        self._edge = house.edge
        self.wanted = wanted
        self.held = held
        self.since = 0.0
        self.bound: Bound | None = None
        # The house's: when it is due, what it knows and has written down of this line, whether that is out of date.
        self.timer: asyncio.TimerHandle | None = None
        self.queued = self.stale = False
        self.addresses: tuple[str, ...] = ()
        self.known_as = ""
        self.logged: list[float] = []
        self.written: tuple[str, str, float, float] | None = None
        self._auth = self._read_auth()
        self._proofs: dict[Key, Proof] = {}
        self._answered: set[Key] = set()
        self._places: list[Place] = []
        self._trying: Bound | None = None
        self._expires = 0
        self._limit: asyncio.TimerHandle | None = None
        self._txn: ClientTransaction | None = None
        self._cseq = 0
        self._look_at = 0.0
        self._call_id = f"{self._edge.new_token()}@{house.host}"
        self._tag = self._edge.new_token()[:16]

    def _read_auth(self) -> OutboundAuth | None:
        """Read our credentials once: they are gone when a carrier's deletion has us take our binding back."""
        try:
            return self._edge.facts.outbound_auth(self.wanted.carrier_id)
        except StoreUnavailableError:
            return None

    def renew(self, wanted: Wanted) -> None:
        """Take other credentials, or another interval, for the same binding."""
        self.wanted = wanted
        self._auth = self._read_auth()
        self._proofs.clear()

    @property
    def flow(self) -> Flow | None:
        """The way by which we are bound."""
        if self.bound is None:
            return None
        hop = self.bound.hop
        return Flow(hop.door.transport, hop.host, hop.port, hop.door.sent_by)

    def run(self, event: Event, now: float) -> None:
        """Take an event, and tell the house what came of it."""
        told: list[Action] = []
        following: Event | None = event
        while following is not None:
            self.held, actions = step(self.held, following, now, self._edge.draw())
            following = None
            for action in actions:
                if isinstance(action, Send):
                    following = self._send(action, now)
                else:
                    told.append(action)
        if not self.held.tries:
            self._end_attempt()
        self._house.settled(self, told, now)

    def _end_attempt(self) -> None:
        self._stop_limit()
        self._txn = self._trying = None
        self._places = []
        self._answered.clear()
        if self.held.phase is Phase.REFUSED:
            self._proofs.clear()
        if not self.held.until:
            self.bound = None

    # Requests. What returns an event could not be sent.

    def _send(self, action: Send, now: float) -> Event | None:
        self._expires = action.expires
        if not action.fresh:
            return self._request(now)
        wanted = self.wanted
        try:
            places = self._edge.locator.at_once(wanted.host, wanted.port, wanted.transport)
        except TargetRefusedError as error:
            return Silent(str(error))
        if places is not None:
            return self._located(places, now)
        target = Target("", wanted.host, wanted.port, wanted.name, wanted.transport)
        self._edge.find_places(target, self._found)
        return None

    def _found(self, found: list[Place] | TargetRefusedError, now: float) -> None:
        if not self.held.tries:
            return
        failed = Silent(str(found)) if isinstance(found, TargetRefusedError) else self._located(found, now)
        if failed is not None:
            self.run(failed, now)

    def _located(self, places: list[Place], now: float) -> Event | None:
        self._house.found(self, [place.host for place in places])
        at = self.bound.place if self.bound else None
        first = [place for place in places if place == at]
        self._places = self._edge.rests.ordered([*first, *[p for p in places if p != at]], now, tuple)
        return self._next(now)

    def look(self, now: float) -> None:
        """See between attempts whether the registrar has other addresses by now, where that is a name."""
        if now < self._look_at or self.held.tries:
            return
        self._look_at = now + LOOK_S
        wanted, locator = self.wanted, self._edge.locator
        with suppress(TargetRefusedError):
            if not locator.judge(wanted.host)[1]:
                places = locator.at_once(wanted.host, wanted.port, wanted.transport)
                if places is not None:
                    self._house.found(self, [place.host for place in places])

    def _next(self, now: float) -> Event | None:
        place = self._places.pop(0)
        hop = self._edge.doors.hop(*place)
        if hop is None:
            return Silent(f"no door of ours sends over {place.transport} to {place.host}")
        self._trying = Bound(place, hop)
        return self._request(now)

    def _request(self, now: float) -> Event | None:
        if self._trying is None:
            return Silent("there is nowhere to send it")
        hop = self._trying.hop
        try:
            txn = self._edge.transactions.send_request(self._built(hop), hop, now)
        except (MessageError, ValueError) as error:
            return Silent(printable(str(error)))
        self._txn, txn.user = txn, self
        if self._places:
            self._limit = self._edge.later(self._edge.settings.failover_s, self._silent)
        return None

    def _built(self, hop: Hop) -> Request:
        """Return the REGISTER. Its number is the time, so that it rises over restarts, too (RFC 3261 §10.2)."""
        wanted, door = self.wanted, hop.door
        self._cseq = max(self._cseq + 1, int(self._edge.wall()))
        user, host = wanted.address_of_record
        address = NameAddr("", SipUri("sip", user, host))
        contact = door.contact.replace("sip:", f"sip:{wanted.token}@", 1)
        uri = str(SipUri("sip", None, wanted.domain))
        headers: list[Header] = [
            ("from", f"{address};tag={self._tag}"),
            ("to", str(address)),
            ("call-id", self._call_id),
            ("cseq", f"{self._cseq} REGISTER"),
            ("max-forwards", "70"),
            ("contact", f"{contact};expires={self._expires}"),
            ("expires", f"{self._expires}"),
            ALLOW,
        ]
        return Request("REGISTER", uri, [*headers, *self._credentials(uri)])

    def _credentials(self, uri: str) -> list[Header]:
        auth, found = self._auth, list[Header]()
        if auth is None:
            return found
        for (name, _), proof in self._proofs.items():
            found.append((name, proof.answer("REGISTER", uri, auth)))
        return found

    def _stop_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    # Answers

    def on_response(self, txn: ClientTransaction, response: Response, now: float) -> None:
        """Take an answer of the registrar's."""
        if txn is not self._txn:
            return
        self._stop_limit()
        if response.status < 200:
            return
        if response.status == 503 and self._places:
            self._rest(now)
            self._go_on(now)
            return
        self._txn = None
        event = self._read(response)
        if isinstance(event, Answered) and event.status < 300 and event.granted >= MIN_GRANTED_S and self._expires:
            hop = txn.hop  # a large REGISTER may have gone over TCP
            if self._trying is not None:
                self.bound = Bound(self._trying.place, hop)
            if not self.held.until:
                self.since = self._edge.wall()
            hop.door.keep(hop)
        self.run(event, now)

    def on_failure(self, now: float, why: str) -> None:
        """No answer came, or the REGISTER could not be sent."""
        if self._txn is None:
            return
        self._stop_limit()
        self._rest(now)
        if self._places:
            self._go_on(now)
            return
        at = self._trying.place if self._trying else Place("", self.wanted.host, 0)
        self._txn = None
        self.run(Silent(f"{at.host} port {at.port} over {at.transport}: {why}"), now)

    def _silent(self) -> None:
        """Nothing has come back, and there is another place to try."""
        now = self._edge.now()
        if self._txn is not None:
            self._txn.user = None
            self.on_failure(now, f"no answer in {self._edge.settings.failover_s:g} s")
        self._edge.flush()

    def _rest(self, now: float) -> None:
        if self._trying is not None:
            self._edge.rests.rest(tuple(self._trying.place), self._edge.settings.rest_s, now)

    def _go_on(self, now: float) -> None:
        self._answered.clear()
        failed = self._next(now)
        if failed is not None:
            self.run(failed, now)

    def _read(self, response: Response) -> Event:
        reason = printable(response.reason)
        if response.status in CHALLENGES:
            return self._challenged(response, reason)
        return Answered(
            response.status,
            reason,
            granted_by(response, self.wanted.token, self._expires),
            seconds_of(response.get("min-expires")),
            seconds_of(response.get("retry-after")),
        )

    def _challenged(self, response: Response, reason: str) -> Challenged:
        """Note what is to be answered; the event says whether it can be."""
        auth = self._auth = self._auth or self._read_auth()
        offered = offered_by(response)
        wanted = {key: found for key, found in offered.items() if auth is not None and auth.realm in (None, key[1])}
        problem = ""
        if auth is None:
            problem = "our credentials cannot be read"
        elif not offered:
            problem = "the challenge cannot be answered: malformed, or of an unknown algorithm or qop"
        elif not wanted:
            realms = ", ".join(shown_realm(realm) for _, realm in offered)
            problem = f"it asks for credentials of another realm ({realms}) than the carrier's outbound_realm"
        elif len(self._proofs.keys() | wanted.keys()) > MAX_REALMS:
            problem = f"it asks for credentials of more than {MAX_REALMS} realms"
        again = [found for key, found in wanted.items() if key in self._answered]
        if not problem:
            self._answered.update(wanted)
            for key, found in wanted.items():
                self._proofs[key] = Proof(found.text, self._edge.new_token()[:16])
        return Challenged(
            response.status,
            reason,
            answered=bool(again),
            stale=bool(again) and all(found.stale for found in again),
            problem=problem,
        )
