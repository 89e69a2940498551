"""Where calls go out: trunk URIs, dialled URIs and outbound gateways, made ready to be sent to.

A target's host may be a name; names are resolved off the loop (`Resolver`) and literal addresses need none. The address
that is sent to is the one that was checked.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from ipaddress import ip_address
from typing import NamedTuple

from trunkline.core.addresses import AddressFilter
from trunkline.sip.events import Address
from trunkline.sip.uri import MessageError, SipUri

RESOLVER_THREADS = 16
LOOK_UP_S = 5.0
MAX_RESTING = 10_000
MAX_REST_S = 600.0
"""Longest rest, whatever a Retry-After asks for."""

MAX_NAMES = 10_000
"""Host names whose last good answer is kept."""


class Target(NamedTuple):
    """One INVITE to send: its Request-URI, the host and port that it goes to, and who is shown as calling."""

    uri: str
    host: str
    port: int
    name: str
    caller: str | None = None
    caller_name: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


@lru_cache(maxsize=4096)
def trunk_target(uri: str, called: str) -> Target | None:
    """Return the target of a trunk's URI for a called number: the number is the user where the URI names none.

    None for a URI that cannot be used over UDP.
    """
    try:
        parsed = SipUri.parse(uri)
    except MessageError:
        return None
    if parsed.scheme != "sip" or (parsed.transport or "udp") != "udp":
        return None
    if parsed.user is None:
        parsed = parsed._replace(user="+" + called)
    return Target(uri=str(parsed), host=parsed.host, port=parsed.port or 5060, name=uri)


class Rests:
    """Targets that failed a moment ago: they are tried after their siblings, and never left out altogether."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, int], float] = {}

    def rest(self, target: Target, seconds: float, now: float) -> None:
        """Let a target rest; the oldest entry makes room."""
        self._until.pop((target.host, target.port), None)
        if len(self._until) >= MAX_RESTING:
            self._until.pop(next(iter(self._until)))
        self._until[target.host, target.port] = now + min(seconds, MAX_REST_S)

    def ordered(self, targets: list[Target], now: float) -> list[Target]:
        """Return targets in their order, resting ones last."""
        if not self._until or len(targets) < 2:
            return targets
        return sorted(targets, key=lambda t: self._until.get((t.host, t.port), 0.0) > now)


class TargetRefusedError(Exception):
    """A target that must not, or cannot, be sent to; the message says why."""


class Resolver:
    """Turns a target's host into an address that passes the filter; keeps the last good answer of each name."""

    def __init__(self, addresses: AddressFilter, family: socket.AddressFamily) -> None:
        self._addresses = addresses
        self._family = family
        # Threads of its own: a dead name server must not hold up whoever else looks something up.
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="sip-dns")
        self._known: dict[str, str] = {}

    def allows(self, host: str) -> bool:
        """Tell whether a host is a literal address, and one that may be sent to."""
        return self._judge(host) == (None, True)

    def literal(self, target: Target) -> Address | None:
        """Return a literal host's address at once, None for a name. Raises `TargetRefusedError`."""
        refusal, is_literal = self._judge(target.host)
        if refusal is not None:
            raise TargetRefusedError(f"{target.host} is not to be called: {refusal}")
        return (target.host, target.port) if is_literal else None

    @lru_cache(maxsize=4096)  # noqa: B019 -- one resolver lives as long as its process
    def _judge(self, host: str) -> tuple[str | None, bool]:
        try:
            ip_address(host)
        except ValueError:
            return None, False
        return self._addresses.refusal(host), True

    async def resolve(self, target: Target) -> Address:
        """Return the address of a name, by DNS: A, or AAAA where our socket is IPv6. Raises `TargetRefusedError`."""
        ask = partial(socket.getaddrinfo, target.host, target.port, self._family, socket.SOCK_DGRAM)
        try:
            async with asyncio.timeout(LOOK_UP_S):
                found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
            candidates = [str(entry[4][0]) for entry in found]
        except (OSError, TimeoutError, UnicodeError):  # the last: what cannot be written as a name of the DNS
            candidates = [self._known[target.host]] if target.host in self._known else []
        for candidate in candidates:
            if self._addresses.refusal(candidate) is None:
                if len(self._known) >= MAX_NAMES:
                    self._known.pop(next(iter(self._known)))
                self._known[target.host] = candidate
                return candidate, target.port
        why = self._addresses.refusal(candidates[0]) if candidates else "it has no address"
        raise TargetRefusedError(f"{target.host} cannot be called: {why}")
