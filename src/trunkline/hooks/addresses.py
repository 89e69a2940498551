"""Which addresses a request to a user's application may go to, checked on the very address that is connected to.

Theory. URLs come from tenants, and a tenant must not reach the operator's own machines through us. Checking a *name*
is not enough: a name may resolve to one address when it is checked and to another when it is connected to (DNS
rebinding). So names are resolved here, the answers are filtered, and the connection is made to an answer that passed.
`AddressFilter.refusal` is asked three times: for literals in URLs (aiohttp asks no resolver for them), for each answer
of DNS, and once more for each socket before it connects.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp.abc import AbstractResolver, ResolveResult

# getaddrinfo blocks a thread each; own threads, so that a dead name server starves no other user of the loop's pool.
RESOLVER_THREADS = 16

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) to the addresses of that name; raises OSError when there are none."""

_ALWAYS_REFUSED = tuple(
    (ip_network(net), why)
    for net, why in (
        ("0.0.0.0/8", "unspecified"),
        ("::/128", "unspecified"),
        ("169.254.0.0/16", "link-local (cloud metadata lives there)"),
        ("fe80::/10", "link-local"),
        ("224.0.0.0/4", "multicast"),
        ("ff00::/8", "multicast"),
        ("240.0.0.0/4", "reserved (240.0.0.0/4)"),
        ("192.0.0.0/24", "reserved (IETF assignments; Oracle's cloud metadata)"),
        ("100.100.100.200/32", "cloud metadata (Alibaba)"),
        ("168.63.129.16/32", "cloud metadata (Azure)"),
        ("fd00:ec2::/32", "cloud metadata (AWS)"),
        ("fd20:ce::254/128", "cloud metadata (Google)"),
        ("2001::/32", "Teredo (RFC 4380), which hides an IPv4 address"),
        ("64:ff9b:1::/48", "local-use NAT64 (RFC 8215), which hides an IPv4 address"),
    )
)
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_PRIVATE = tuple(
    ip_network(net)
    for net in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "198.18.0.0/15",
        "fc00::/7",
        "fec0::/10",
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")
_COMPATIBLE = IPv6Network("::/96")


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address inside a 6to4 (RFC 3056), NAT64 (RFC 6052), SIIT or compatible (RFC 4291) address."""
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64 or address in _TRANSLATED or (address in _COMPATIBLE and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


@dataclass(frozen=True, slots=True)
class AddressFilter:
    """What is refused: everything but public addresses; ``allow_private`` and ``lab`` (loopback) open their ranges."""

    allow_private: bool = False
    lab: bool = False

    def refusal(self, text: str) -> str | None:
        """Return why a literal address (IPv4, or IPv6 without brackets) must not be connected to; None when it may.

        An IPv4-mapped address is judged as the IPv4 address; NAT64 and 6to4 addresses are judged as what they lead to.
        """
        try:
            address = ip_address(text.partition("%")[0])
        except ValueError:
            return "not an IP address"
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        for network, why in _ALWAYS_REFUSED:
            if address in network:
                return why
        if any(address in network for network in _LOOPBACK):
            return None if self.lab else "loopback"
        if any(address in network for network in _PRIVATE):
            return None if self.allow_private else "private"
        inner = _embedded(address) if isinstance(address, IPv6Address) else None
        if inner is not None:
            why_inner = self.refusal(str(inner))
            return f"a form of {inner}, which is {why_inner}" if why_inner else None
        return None if address.is_global else "reserved"


class AddressRefusedError(OSError):
    """Every address of a host is refused; says which and why. An OSError, as aiohttp expects of resolvers."""

    def __init__(self, message: str) -> None:
        super().__init__(errno.EACCES, message)


class FilteringResolver(AbstractResolver):
    """aiohttp's resolver: look a name up, keep the addresses that the filter lets pass, refuse when none is left.

    ``lookup`` is the real DNS unless a test hands in its own.
    """

    def __init__(self, addresses: AddressFilter, lookup: Lookup | None = None) -> None:
        self._addresses = addresses
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="hook-dns")
        self._lookup = lookup or self._getaddrinfo

    async def _getaddrinfo(self, host: str, port: int) -> Sequence[str]:
        def ask() -> list[str]:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            return [str(sockaddr[0]) for *_, sockaddr in found]

        return await asyncio.get_running_loop().run_in_executor(self._threads, ask)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses that may be connected to.

        Raises OSError when there is none, `AddressRefusedError` when all are refused.
        """
        found = list(dict.fromkeys(await self._lookup(host, port)))
        refused = {address: why for address in found if (why := self._addresses.refusal(address))}
        passed = [address for address in found if address not in refused]
        results = [_result(host, address, port) for address in passed]
        if family != socket.AF_UNSPEC:
            results = [result for result in results if result["family"] == family]
        if results:
            return results
        if refused:
            address, why = next(iter(refused.items()))
            raise AddressRefusedError(f"{host} resolves to {address}: {why}")
        raise OSError(errno.ENOENT, f"{host} has no address")

    async def close(self) -> None:
        """Give the threads back; look-ups under way are abandoned."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return {"hostname": host, "host": address, "port": port, "family": family, "proto": 0, "flags": flags}
