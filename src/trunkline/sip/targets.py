"""Where calls go out: trunk URIs, dialled URIs and outbound gateways, made ready to be sent to.

A target names a host; which places that leads to is `locating.Locator`'s to find.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeVar

from trunkline.core.outbound_auth import OutboundAuth
from trunkline.sip.hop import TRANSPORTS, Hop
from trunkline.sip.uri import MessageError, SipUri

MAX_RESTING = 10_000
MAX_REST_S = 600.0
"""Longest rest, whatever a Retry-After asks for."""

URI_TRANSPORTS = tuple(transport.lower() for transport in TRANSPORTS)
"""What a URI may ask for, as it is written."""

T = TypeVar("T")


class Target(NamedTuple):
    """One INVITE to send: its Request-URI, where that is to be sent, and who is shown as calling.

    ``port`` and ``transport`` ("UDP", "TCP") are None where the URI leaves them to the DNS (RFC 3263 §4).
    """

    uri: str
    host: str
    port: int | None
    name: str
    transport: str | None = None
    caller: str | None = None
    caller_name: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    carrier_id: str | None = None
    """The carrier whose gateway this is, with whose credentials its challenges are answered."""
    uri_id: str | None = None
    """The trunk's URI that this is, with whose credentials its challenges are answered."""
    auth: OutboundAuth | None = None
    """With what its challenges are answered, where the document that names it says so."""
    hop: Hop | None = None
    """Where to send it, for who has registered from there; None: to be located."""
    down: bool = False
    """Whether it is a gateway that does not answer OPTIONS: it is tried after all others."""
    sender: tuple[str | None, str] | None = None
    """User and host of From as a carrier wants them that we are registered to; a user None is the caller."""
    caller_written: str | None = None
    """Who is shown as calling as this gateway writes numbers, where that is not ``caller`` as it stands."""

    def way(self) -> Hashable:
        """Return what targets to the same host share."""
        return self.hop or (self.host, self.port, self.transport)


@lru_cache(maxsize=4096)
def trunk_target(uri: str, called: str) -> Target | None:
    """Return the target of a trunk's URI for a called number: the number is the user where the URI names none.

    None for a URI that cannot be used.
    """
    try:
        parsed = SipUri.parse(uri)
    except MessageError:
        return None
    if not is_usable(parsed):
        return None
    if parsed.user is None:
        parsed = parsed._replace(user="+" + called)
    return target_of(parsed, uri)


def is_usable(uri: SipUri) -> bool:
    """Tell whether we can call a URI: ``sip:`` over a transport that we have."""
    return uri.scheme == "sip" and (uri.transport or "udp") in URI_TRANSPORTS


def target_of(uri: SipUri, name: str) -> Target:
    """Return the target that a usable URI means."""
    return Target(str(uri), uri.host, uri.port, name, uri.transport.upper() if uri.transport else None)


class Rests:
    """What failed a moment ago: it is tried after its siblings, and never left out altogether."""

    def __init__(self) -> None:
        self._until: dict[Hashable, float] = {}

    def rest(self, what: Hashable, seconds: float, now: float) -> None:
        """Let something rest; the oldest entry makes room."""
        self._until.pop(what, None)
        if len(self._until) >= MAX_RESTING:
            self._until.pop(next(iter(self._until)))
        self._until[what] = now + min(seconds, MAX_REST_S)

    def ordered(self, choices: Sequence[T], now: float, way: Callable[[T], Hashable]) -> list[T]:
        """Return choices in their order, those whose ``way`` rests last."""
        if not self._until or len(choices) < 2:
            return list(choices)
        return sorted(choices, key=lambda choice: self._until.get(way(choice), 0.0) > now)
