"""Where calls go out: trunk URIs, dialled URIs and outbound gateways, made ready to be sent to.

A target names a host; which places that leads to is found off the loop where it is a name (`Resolver`).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from ipaddress import ip_address
from typing import NamedTuple, TypeVar

from trunkline.core.addresses import AddressFilter
from trunkline.sip.uri import MessageError, SipUri

RESOLVER_THREADS = 16
LOOK_UP_S = 5.0
MAX_RESTING = 10_000
MAX_REST_S = 600.0
"""Longest rest, whatever a Retry-After asks for."""

MAX_NAMES = 10_000
"""Host names whose last good answer is kept."""

TRANSPORTS = ("udp", "tcp")
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

    def way(self) -> Hashable:
        """Return what targets to the same host share."""
        return self.host, self.port, self.transport


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
    return uri.scheme == "sip" and (uri.transport or "udp") in TRANSPORTS


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


class Place(NamedTuple):
    """Where a request may be sent: transport ("UDP", "TCP"), IP address without brackets, port."""

    transport: str
    host: str
    port: int

    def way(self) -> Hashable:
        """Return what rests when this place is down."""
        return self


class TargetRefusedError(Exception):
    """A target that must not, or cannot, be sent to; the message says why."""


class Resolver:
    """Turns a host into places that pass the filter; keeps the last good answer of each name."""

    def __init__(self, addresses: AddressFilter, family: socket.AddressFamily) -> None:
        self._addresses = addresses
        self._family = family
        # Threads of its own: a dead name server must not hold up whoever else looks something up.
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="sip-dns")
        self._known: dict[str, str] = {}

    def allows(self, host: str) -> bool:
        """Tell whether a host is a literal address, and one that may be sent to."""
        return self._judge(host) == (None, True)

    def at_once(self, host: str, port: int | None, transport: str | None) -> list[Place] | None:
        """Return a literal host's place at once, None for a name. Raises `TargetRefusedError`."""
        refusal, is_literal = self._judge(host)
        if refusal is not None:
            raise TargetRefusedError(f"{host} is not to be called: {refusal}")
        return [Place(transport or "UDP", host, port or 5060)] if is_literal else None

    @lru_cache(maxsize=4096)  # noqa: B019 -- one resolver lives as long as its process
    def _judge(self, host: str) -> tuple[str | None, bool]:
        try:
            ip_address(host)
        except ValueError:
            return None, False
        return self._addresses.refusal(host), True

    async def places(self, host: str, port: int | None, transport: str | None) -> list[Place]:
        """Return the place of a name, by DNS: A, or AAAA where our socket is IPv6. Raises `TargetRefusedError`."""
        ask = partial(socket.getaddrinfo, host, port or 5060, self._family, socket.SOCK_DGRAM)
        try:
            async with asyncio.timeout(LOOK_UP_S):
                found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
            candidates = [str(entry[4][0]) for entry in found]
        except (OSError, TimeoutError, UnicodeError):  # the last: what cannot be written as a name of the DNS
            candidates = [self._known[host]] if host in self._known else []
        for candidate in candidates:
            if self._addresses.refusal(candidate) is None:
                if len(self._known) >= MAX_NAMES:
                    self._known.pop(next(iter(self._known)))
                self._known[host] = candidate
                return [Place(transport or "UDP", candidate, port or 5060)]
        why = self._addresses.refusal(candidates[0]) if candidates else "it has no address"
        raise TargetRefusedError(f"{host} cannot be called: {why}")
