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

from aiohttp.abc import AbstractResolver, ResolveResult

from trunkline.core.addresses import AddressFilter

# getaddrinfo blocks a thread each; own threads, so that a dead name server starves no other user of the loop's pool.
RESOLVER_THREADS = 16

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) to the addresses of that name; raises OSError when there are none."""


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
