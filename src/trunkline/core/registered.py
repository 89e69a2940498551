"""How our registrations stand, who keeps that, and which calls they prove.

The edge registers to carriers of the kind `reg` (`sip/registrations.py`) and writes down how each stands. A call that
comes in on one of them is recognised here, by pure rules: see `recognise`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from trunkline.core.bindings import Flow
from trunkline.core.facts import Attempt

TOKEN_SIZE = 32
"""Characters of a Contact token, lower-case hex."""

MAX_AT_SOURCE = 2
"""Carriers at one address that are told apart from one: several prove nothing."""

MAX_EVENTS = 100_000
"""Events that are kept; the oldest make room."""
MAX_CARRIER_EVENTS = 1_000
"""Events that are kept of one carrier, so that a registrar that comes and goes leaves the others' history alone."""

_HEX = frozenset("0123456789abcdef")


class Wanted(NamedTuple):
    """A registration that is to be kept up: of a live, active carrier of accounts that are active.

    REGISTER for ``user`` at ``domain`` goes to ``host``, ``port`` (None: as RFC 3263 finds it) over ``transport``
    ("UDP", "TCP", "TLS"). ``gateway`` is the host of the carrier's gateway that this follows from, "" where the
    registrar was named by itself. A new ``credential`` is a new password.
    """

    carrier_id: str
    account_id: str
    name: str
    token: str
    host: str
    port: int | None
    transport: str | None
    user: str
    domain: str
    shown_user: str | None
    shown_domain: str
    expires_s: int
    gateway: str
    credential: str

    @property
    def address_of_record(self) -> tuple[str, str]:
        """User and host of From and To of a REGISTER."""
        return self.shown_user or self.user, self.shown_domain


class Owner(NamedTuple):
    """Whose registration an attempt names, or may belong to."""

    carrier_id: str
    account_id: str
    name: str
    any_source: bool = False


OFF = "off"
"""The phase of a registration that is not kept up: its carrier or an account is not active, or no edge has begun."""


class Standing(NamedTuple):
    """How a registration stands. Times are seconds of the wall clock, 0 where there is none.

    ``phase`` is one of `sip.registration.Phase`; ``until`` is how long it is bound, ``since`` since when without a
    break; ``status`` and ``said`` are the registrar's last answer; ``flow`` is the way by which it is bound;
    ``wanted`` stands for what was asked for, so that a change of that is known again.
    """

    carrier_id: str
    account_id: str
    phase: str
    status: int = 0
    said: str = ""
    until: float = 0.0
    since: float = 0.0
    next_at: float = 0.0
    failures: int = 0
    refusals: int = 0
    wanted: str = ""
    updated_at: float = 0.0
    flow: Flow | None = None


class RegistrationEvent(NamedTuple):
    """Something that happened to a registration; ``what`` is one of `sip.registration.What`."""

    seq: int
    at: float
    carrier_id: str
    account_id: str
    what: str
    text: str


class Registered(Protocol):
    """Keeps how registrations stand, for every edge process of the machine.

    What cannot be written is left out, since registering goes on without; reads raise `StoreUnavailableError`.
    """

    def lead(self) -> bool:
        """Tell whether this process is the one that registers; it stays so until it ends."""
        ...

    def standing(self, carrier_id: str) -> Standing | None:
        """Return how a carrier's registration stands."""
        ...

    def put(self, standing: Standing) -> None:
        """Write how a registration stands."""
        ...

    def put_addresses(self, owner: Owner, addresses: Sequence[str]) -> None:
        """Make these the addresses of a carrier's registrar."""
        ...

    def tell(self, standing: Standing, what: str, text: str, at: float) -> None:
        """Add an event."""
        ...

    def forget(self, keep: Sequence[str]) -> None:
        """Remove the standing and the addresses of all carriers but these."""
        ...

    def is_at(self, carrier_id: str, address: str) -> bool:
        """Tell whether an address is one of the carrier's registrar, or that of the registration's own flow."""
        ...

    def at(self, address: str, most: int, now: float) -> list[Owner]:
        """Return up to ``most`` carriers that are registered ``now`` with a registrar that has this address.

        Where any of them are bound at this very address, those alone: a name may lead anywhere, a binding was taken.
        """
        ...

    def any_address(self) -> bool:
        """Tell whether there is a registrar at all."""
        ...


def is_token(text: str) -> bool:
    """Tell whether a text looks like a Contact token."""
    return len(text) == TOKEN_SIZE and _HEX.issuperset(text)


def hidden(text: str) -> str:
    """Return a text with what looks like a Contact token in it masked: the user part of a SIP URI."""
    at = text.find("@")
    start = at - TOKEN_SIZE
    if start >= 4 and text[start - 4 : start] == "sip:" and is_token(text[start:at]):
        return f"{text[:start]}{'*' * TOKEN_SIZE}{text[at:]}"
    return text


def recognise(attempt: Attempt, named: Owner | None, *, at_registrar: bool, here: Sequence[Owner]) -> Attempt:
    """Return the attempt with what our registrations prove of it, and a sentence for the trace.

    ``named`` is the carrier whose Contact token the attempt was sent to, ``at_registrar`` whether its source is an
    address of that carrier's registrar, or of the registration's own flow; ``here`` are the carriers whose registrar
    has the attempt's source (at most two are needed). A token counts only from there, unless the operator has set
    ``any_source``; without a token the address does, if exactly one carrier has it.
    """
    if named is not None:
        if at_registrar:
            return _proven(attempt, named, f"sent to our Contact at {named.name}, from its registrar")
        if named.any_source:
            return _proven(attempt, named, f"sent to our Contact at {named.name}, which any source may call")
        why = f"sent to our Contact at {named.name}, but {attempt.source} is no address of its registrar"
        return attempt._replace(registration=why)
    if len(here) == 1:
        return _proven(attempt, here[0], f"{attempt.source} is the registrar of {here[0].name}, and of no other")
    if here:
        several = f"{attempt.source} is the registrar of several carriers, and the call names no Contact of ours"
        return attempt._replace(registration=several)
    return attempt


def _proven(attempt: Attempt, owner: Owner, why: str) -> Attempt:
    return attempt._replace(proven_carriers=(*attempt.proven_carriers, owner.carrier_id), registration=why)
