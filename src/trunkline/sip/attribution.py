"""Calls on our registrations: which of them an INVITE came in on, and by which way a call goes out.

Every worker does this, whichever registers: from the inventory, which has the Contact tokens, and from the leader's
file, which has the registrars' addresses and the flows.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from trunkline.core.errors import StoreUnavailableError
from trunkline.core.facts import Attempt
from trunkline.core.model import CalledIn
from trunkline.core.registered import MAX_AT_SOURCE, Owner, Registered, Wanted, is_token, recognise
from trunkline.sip.admission import Places
from trunkline.sip.hop import Hop
from trunkline.sip.message import Request
from trunkline.sip.uri import MessageError

if TYPE_CHECKING:
    from trunkline.sip.edge import Edge


class RegistrationSource(Protocol):
    """What the inventory knows of registrations; `store.registering.RegistrationFacts` is one.

    All of it raises `StoreUnavailableError`.
    """

    def changed(self) -> bool:
        """Tell whether anything was committed since the last `wanted`."""
        ...

    def wanted(self) -> dict[str, Wanted]:
        """Return the registrations to keep up, by carrier."""
        ...

    def owner(self, token: str) -> Owner | None:
        """Return whose Contact token this is."""
        ...

    def find(self, carrier_id: str) -> Wanted | None:
        """Return a carrier's registration, None where it has none."""
        ...


class OwnContact(Places):
    """The places of an INVITE that was sent to our Contact: its Request-URI names us, and no number.

    A carrier whose profile says nothing else writes the number that was called into P-Called-Party-ID (RFC 7315 §4.2),
    or into To.
    """

    __slots__ = ()

    def get(self, place: CalledIn, default: str, /) -> str:
        """Return the user part that stands in ``place``."""
        if place is not CalledIn.REQUEST_URI:
            return super().get(place, default)
        called = super().get(CalledIn.P_CALLED_PARTY_ID, "") or super().get(CalledIn.TO, default)
        return default if is_token(called) else called


class RegisteredCalls:
    """What one edge process knows of calls on registrations.

    ``any`` is False while no registrar is known: then nobody pays for asking. `Registrations` looks at that.
    """

    def __init__(self, edge: Edge, source: RegistrationSource, registered: Registered) -> None:
        self._edge = edge
        self._source = source
        self._registered = registered
        self.any = True

    def knows(self, address: str) -> bool:
        """Tell whether an address is one of a registrar of ours."""
        if not self.any:
            return False
        with suppress(StoreUnavailableError):
            return bool(self._registered.at(address, 1, self._edge.wall()))
        return False

    def recognise(self, attempt: Attempt, request: Request) -> Attempt:
        """Return the attempt with what our registrations prove of it; the number called stands where this leaves it."""
        try:
            user = request.request_uri.user or ""
        except MessageError:
            user = ""
        with suppress(StoreUnavailableError):  # the decision that follows finds that out and says so
            named = self._source.owner(user) if is_token(user) else None
            if named is None:
                return attempt if is_token(user) else self.at_source(attempt)
            attempt = attempt._replace(called=OwnContact(request))
            at_registrar = self._registered.is_at(named.carrier_id, attempt.source)
            return recognise(attempt, named, at_registrar=at_registrar, here=())
        return attempt

    def at_source(self, attempt: Attempt) -> Attempt:
        """Return the attempt with what its source alone proves."""
        if not self.any:
            return attempt
        with suppress(StoreUnavailableError):
            here = self._registered.at(attempt.source, MAX_AT_SOURCE, self._edge.wall())
            return recognise(attempt, None, at_registrar=False, here=here)
        return attempt

    def way_out(self, carrier_id: str) -> tuple[Wanted, Hop | None] | None:
        """Return the registration by which a carrier's calls go out, and its flow while it is bound; None: it has none.

        Raises `StoreUnavailableError`.
        """
        wanted = self._source.find(carrier_id)
        if wanted is None:
            return None
        standing = self._registered.standing(carrier_id)
        registrar = self._edge.registrar
        if standing is None or standing.flow is None or standing.until <= self._edge.wall() or registrar is None:
            return wanted, None
        return wanted, registrar.hop_of(standing.flow)
