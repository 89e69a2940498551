"""Which places a SIP URI's host leads to: transports, addresses and ports, in the order to try them (RFC 3263 §4).

The theory of locating
----------------------
*A literal address* is the place: over the given transport or UDP, at the given port or 5060.

*A name with a port*, or one without a dot, has addresses only (§4.2): A and AAAA, for the families that we can send to.

*A name without a port* is a domain, and its owner says how it is reached. With a transport given, its SRV records for
that transport; otherwise its NAPTR records say which transports it has, best first, and which SRV records go with them;
without NAPTR, the SRV records of each transport that we have, UDP first. SRV records are ordered by RFC 2782. Only a
domain that has no SRV record at all is reached at its addresses, port 5060.

Where the RFC leaves room, nothing goes where the owner did not say. Of NAPTR records of several orders, the lowest
with SRV records counts (RFC 3403 §4.1); NAPTR records that offer only what we cannot send (TLS alone, say) refuse the
call rather than send it in clear; an SRV target of "." means that the service does not exist; and a *failed* SRV
question is not "no SRV records". A failed NAPTR question is like none, since there are name servers that answer none.

*Addresses* of one name come IPv6 before IPv4 before IPv6 of its own networks or tunnels, which is RFC 6724's default
policy, and otherwise as the DNS gave them. Each passes the address filter, or is left out with the reason kept.
*Names that the DNS does not have*, and names without a dot, are asked of this machine (hosts file, container names).

The procedure itself (`_Search`) waits for nothing: it runs on what is known and names the questions that are missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import groupby
from typing import NamedTuple, Protocol

from trunkline.core.routing import order_uris
from trunkline.core.sources import unmapped
from trunkline.sip.dnsmessage import MAX_NAME, Kind, Naptr, Srv, is_host_name
from trunkline.sip.hop import TRANSPORTS
from trunkline.sip.names import NameFailedError, Names, Question, Records

SIP_PORT = 5060
MAX_PLACES = 8
"""Places that one host leads to."""

MAX_ASKED = 32
"""Questions that locating one host may take: what a domain's owner can make us ask others."""

LOCATE_S = 5.0
"""Longest time that locating takes."""

MAX_REASONS = 3
_SERVICES = {"SIP+D2U": "UDP", "SIP+D2T": "TCP"}
_PRECEDENCE = tuple(  # RFC 6724 §2.1
    (ip_network(net), precedence)
    for net, precedence in (("::1/128", 50), ("2002::/16", 30), ("2001::/32", 5), ("fc00::/7", 3), ("fec0::/10", 1))
)


class Place(NamedTuple):
    """Where a request may be sent: transport "UDP" or "TCP", an IP address (no brackets), a port."""

    transport: str
    host: str
    port: int


class Survey(NamedTuple):
    """All that a host leads to: its places, why others are left out, what of the DNS has failed with nothing older to
    go by, and the questions that it took.
    """

    places: tuple[Place, ...]
    reasons: tuple[str, ...]
    failures: tuple[str, ...]
    questions: tuple[Question, ...]


class Judge(Protocol):
    """Who says which addresses are left out; `core.addresses.AddressFilter` is one."""

    def refusal(self, text: str) -> str | None:
        """Return why a literal address is left out, None where it is not."""
        ...


class TargetRefusedError(Exception):
    """A target that cannot be sent to; the message says why. ``forbidden``: the address filter is what refuses it."""

    def __init__(self, message: str, *, forbidden: bool = False) -> None:
        super().__init__(message)
        self.forbidden = forbidden


class Locator:
    """Finds the places of hosts. ``can_send`` tells whether we have a listener of a transport ("UDP", "TCP") and an
    IP version (4, 6); ``draw`` gives numbers in [0, 1) for SRV weights; ``most`` bounds the places of one host.
    """

    def __init__(
        self,
        addresses: Judge,
        can_send: Callable[[str, int], bool],
        *,
        names: Names,
        draw: Callable[[], float],
        most: int = MAX_PLACES,
    ) -> None:
        self.addresses = addresses
        self.can_send = can_send
        self.names = names
        self.draw = draw
        self.most = most

    def allows(self, host: str) -> bool:
        """Tell whether a host is a literal address, and one that may be sent to."""
        return self.judge(host) == (None, True)

    @lru_cache(maxsize=4096)  # noqa: B019 -- one locator lives as long as its process
    def judge(self, host: str) -> tuple[str | None, bool]:
        """Return why a host must not be sent to (None: nothing is known against it), and whether it is an address."""
        try:
            ip_address(host)
        except ValueError:
            return None, False
        return self.addresses.refusal(host), True

    def at_once(self, host: str, port: int | None, transport: str | None) -> list[Place] | None:
        """Return the places of a literal address, or of a name whose answers are at hand; None: it has to be asked for.

        Raises `TargetRefusedError`.
        """
        if self.judge(host)[1]:
            return list(self._literal(host, port, transport))
        search = _Search(self, host, port, transport)
        search.run()
        return None if search.missing else search.result()

    @lru_cache(maxsize=4096)  # noqa: B019 -- as above; what is refused is not kept
    def _literal(self, host: str, port: int | None, transport: str | None) -> tuple[Place, ...]:
        search = _Search(self, host, port, transport)
        search.run()
        return tuple(search.result())

    async def places(self, host: str, port: int | None, transport: str | None) -> list[Place]:
        """Return the places of a host in the order to try them, 1 to `MAX_PLACES` of them, within `LOCATE_S`.

        When time runs out while some are known already, those are returned. Raises `TargetRefusedError`.
        """
        return (await self._searched(host, port, transport)).result()

    async def survey(self, host: str, port: int | None, transport: str | None) -> Survey:
        """Return all that a host leads to, and how that was found, within `LOCATE_S`."""
        return (await self._searched(host, port, transport)).survey()

    async def _searched(self, host: str, port: int | None, transport: str | None) -> _Search:
        search = _Search(self, host, port, transport)
        try:
            async with asyncio.timeout(LOCATE_S):
                while search.run():
                    await asyncio.gather(*(search.ask(question) for question in search.missing))
        except TimeoutError:
            search.run()  # once more with what has come meanwhile
            search.late()
        return search


class _Search:
    """One run of the procedure. What was answered once stays so until its end, and so does the order that was drawn."""

    def __init__(self, locator: Locator, host: str, port: int | None, transport: str | None) -> None:
        self._locator = locator
        self._host = host.lower()
        if self._host.endswith(".") and len(host) > 1:
            self._host = self._host[:-1]
        self._port = port
        self._transport = transport.upper() if transport else None
        self._answers: dict[Question, Records] = {}
        self._failures: dict[Question, str] = {}
        self._drawn: dict[str, list[Srv]] = {}
        self._found: dict[Place, None] = {}
        self._reasons: dict[str, bool] = {}
        self._late = ""
        self.missing: list[Question] = []

    def late(self) -> None:
        """Say that time has run out."""
        self._late = f"the DNS gave no answer within {LOCATE_S:.0f} s"
        self.note(self._late)

    def survey(self) -> Survey:
        """Return all that was found."""
        failures = {f"{kind.name} of {name}: {why}": None for (name, kind), why in self._failures.items() if kind}
        late = (self._late,) if self._late else ()
        return Survey(tuple(self._found), tuple(self._reasons), (*failures, *late), tuple(self._answers))

    def note(self, reason: str, *, forbidden: bool = False) -> None:
        """Keep a reason, to be told if no place is found. ``forbidden``: it is the address filter's."""
        self._reasons.setdefault(reason, forbidden)

    def result(self) -> list[Place]:
        """Return the places found, or raise `TargetRefusedError` with what stood against each."""
        if self._found:
            return list(self._found)
        forbidden = bool(self._reasons) and all(self._reasons.values())
        why = "; ".join([*self._reasons][:MAX_REASONS]) or "it has no address"
        verb = "is not to be called" if forbidden else "cannot be called"
        raise TargetRefusedError(f"{self._host[:255]} {verb}: {why}", forbidden=forbidden)

    def run(self) -> bool:
        """Go through the procedure with what is known; tell whether questions are ``missing``."""
        self.missing, self._found, self._reasons = [], {}, {}
        given = self._transport
        literal = len(self._host) <= MAX_NAME and self._locator.judge(self._host)[1]
        if self._port is not None and not 0 < self._port < 65536:
            self.note(f"{self._port} is no port")
        elif given is not None and given not in self._transports():
            self.note(f"nothing here sends SIP over {given}")
        elif literal:
            self._add([self._host], given or "UDP", self._port or SIP_PORT)
        elif self._port is not None or "." not in self._host:
            self._add_name(self._host, given or "UDP", self._port or SIP_PORT)
        elif self._is_name(self._host):
            self._add_domain(given)
        return bool(self.missing)

    async def ask(self, question: Question) -> None:
        """Ask what was missing, and keep what is said."""
        try:
            self._answers[question] = await self._locator.names.ask(*question)
        except NameFailedError as error:
            self._answers[question], self._failures[question] = (), str(error)

    def _transports(self) -> list[str]:
        can_send = self._locator.can_send
        return [transport for transport in TRANSPORTS if can_send(transport, 4) or can_send(transport, 6)]

    def _is_name(self, name: str) -> bool:
        if is_host_name(name):
            return True
        self.note(f"{name[:64]!r} is no host name")
        return False

    def _full(self) -> bool:
        return len(self._found) + len(self.missing) >= self._locator.most

    def _look(self, name: str, kind: Kind) -> Records | None:
        """Return what is known; None when it is missing, or when no more may be asked."""
        question = (name, kind)
        if question not in self._answers:
            if len(self._answers) + len(self.missing) >= MAX_ASKED:
                self.note(f"it takes more than {MAX_ASKED} questions to the DNS")
                return None
            try:
                known = self._locator.names.recall(name, kind)
            except NameFailedError as error:
                known, self._failures[question] = (), str(error)
            if known is None:
                if question not in self.missing:
                    self.missing.append(question)
                return None
            self._answers[question] = known
        return self._answers[question]

    def _failed(self, name: str, kind: Kind) -> bool:
        """Tell whether a question has failed, and keep the reason."""
        why = self._failures.get((name, kind))
        if why is not None:
            self.note(f"{kind.name} of {name}: {why}")
        return why is not None

    def _add_domain(self, given: str | None) -> None:
        host = self._host
        if given is None and self._add_by_naptr():
            return
        transports = self._transports() if given is None else [given]
        if not self._add_services([(transport, f"_sip._{transport.lower()}.{host}") for transport in transports]):
            self._add_name(host, given or "UDP", SIP_PORT)

    def _add_by_naptr(self) -> bool:
        """Add what NAPTR records lead to; tell whether they settle it."""
        records = self._look(self._host, Kind.NAPTR)
        if records is None:
            return True
        self._failed(self._host, Kind.NAPTR)
        offers = [record for record in records if isinstance(record, Naptr) and _is_sip_offer(record)]
        transports = self._transports()
        usable = [offer for offer in offers if _SERVICES.get(offer.service.upper()) in transports]
        if offers and not usable:
            offered = ", ".join(sorted({offer.service for offer in offers}))
            self.note(f"it offers {offered[:64]} only, and nothing here sends that")
            return True
        for _, group in groupby(sorted(usable, key=lambda offer: offer[:2]), key=lambda offer: offer.order):
            if self._add_services([(_SERVICES[offer.service.upper()], offer.replacement) for offer in group]):
                return True
        return False

    def _add_services(self, services: list[tuple[str, str]]) -> bool:
        """Add what SRV records lead to, given as (transport, name); tell whether there are any, or may be."""
        told = False
        for transport, name in services:
            if not self._is_name(name):
                continue
            records = self._look(name, Kind.SRV)
            told = told or records is None or bool(records) or self._failed(name, Kind.SRV)
            for server in self._ordered(name, records or ()):
                if self._full():
                    return True
                if server.target == ".":
                    self.note(f"{name} says that there is no such service")
                elif server.port == 0:
                    self.note(f"{name} leads to port 0")
                else:
                    self._add_name(server.target, transport, server.port)
        return told

    def _ordered(self, name: str, records: Records) -> list[Srv]:
        """Return SRV records in RFC 2782's order, drawn once."""
        if name not in self._drawn and records:
            servers = {str(i): record for i, record in enumerate(records) if isinstance(record, Srv)}
            keys = order_uris([(key, srv.priority, srv.weight) for key, srv in servers.items()], self._locator.draw)
            self._drawn[name] = [servers[key] for key in keys]
        return self._drawn.get(name, [])

    def _add_name(self, name: str, transport: str, port: int) -> None:
        """Add the addresses of a name."""
        if not self._is_name(name):
            return
        found: list[str] = []
        if "." in name:
            kinds = [kind for kind, v in ((Kind.AAAA, 6), (Kind.A, 4)) if self._locator.can_send(transport, v)]
            answers = [self._look(name, kind) for kind in kinds]
            if None in answers:
                return
            found = [record for answer in answers for record in answer or () if isinstance(record, str)]
            failures = [kind for kind in kinds if self._failed(name, kind)]
            if failures and not found:
                return
        if not found:
            found = [record for record in self._look(name, Kind.HOSTS) or () if isinstance(record, str)]
            self._failed(name, Kind.HOSTS)
        self._add(sorted(found, key=_precedence, reverse=True), transport, port)

    def _add(self, found: list[str], transport: str, port: int) -> None:
        """Add places of addresses, as far as they may be sent to."""
        for text in found:
            refusal, literal = self._locator.judge(text)
            if not literal or refusal is not None:
                self.note(f"{text}: {refusal or 'not an IP address'}", forbidden=literal)
                continue
            address, version, _ = _read(text)
            if not self._locator.can_send(transport, version):
                self.note(f"{address}: nothing here sends SIP over {transport} and IPv{version}")
            elif len(self._found) < self._locator.most:
                self._found.setdefault(Place(transport, address, port))


def _is_sip_offer(record: Naptr) -> bool:
    """Tell whether a NAPTR record offers SIP as RFC 3263 §4.1 writes it; others, like ENUM's, share the name."""
    return record.flags.lower() == "s" and not record.regexp and record.service.upper().startswith(("SIP+", "SIPS+"))


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[str, int, int]:
    """Return an address in canonical text, IPv4-mapped ones as IPv4, its IP version, and RFC 6724's precedence."""
    address: IPv4Address | IPv6Address = unmapped(ip_address(text))
    if address.version == 4:
        return str(address), 4, 35
    return str(address), 6, next((precedence for network, precedence in _PRECEDENCE if address in network), 40)


def _precedence(text: str) -> int:
    try:
        return _read(text)[2]
    except ValueError:
        return 0
