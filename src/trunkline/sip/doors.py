"""All our doors, and which of them a message to some address leaves by."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from trunkline.sip.hop import Door, Hop

ROUTE_S = 60.0
"""How long the kernel's choice of a source address for a destination is believed."""
MAX_ROUTES = 4_096


class Doors:
    """Our listeners, each with the address that it is bound to; others may call it by another one."""

    def __init__(self, doors: Iterable[tuple[Door, str]]) -> None:
        self._all = list(doors)
        self._by_kind: dict[tuple[str, int], list[tuple[Door, str]]] = {}
        for door, bound in self._all:
            self._by_kind.setdefault((door.transport, 6 if ":" in bound else 4), []).append((door, bound))
        self._routes: dict[str, tuple[str, float]] = {}
        for door, bound in self._all:
            if door.transport == "UDP":
                door.larger = next((d for d, at in self._all if d.transport == "TCP" and at == bound), None)

    @property
    def all(self) -> Sequence[Door]:
        """Every door, in the order in which they were named."""
        return [door for door, _ in self._all]

    def can_send(self, transport: str, version: int) -> bool:
        """Tell whether a door has this transport and IP version."""
        return (transport, version) in self._by_kind

    def towards(self, transport: str, host: str) -> Door | None:
        """Return the door for a literal address: of several, the one at the address that the kernel would send from."""
        doors = self._by_kind.get((transport, 6 if ":" in host else 4))
        if doors is None:
            return None
        if len(doors) == 1:
            return doors[0][0]
        source = self._source_for(host)
        exact = [door for door, bound in doors if bound == source]
        wild = [door for door, bound in doors if ip_address(bound).is_unspecified]
        return (exact or wild or [doors[0][0]])[0]

    def hop(self, transport: str, host: str, port: int) -> Hop | None:
        """Return the hop to a literal address, None where no door leads there."""
        door = self.towards(transport, host)
        return None if door is None else Hop(host, port, door)

    def _source_for(self, host: str) -> str:
        """Ask the kernel which address of ours it would send from; no packet leaves."""
        now = time.monotonic()
        known = self._routes.get(host)
        if known is not None and known[1] > now:
            return known[0]
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((host, 9))
                source = str(probe.getsockname()[0])
            except OSError:
                source = ""
        if len(self._routes) >= MAX_ROUTES:
            self._routes.pop(next(iter(self._routes)))
        self._routes[host] = source, now + ROUTE_S
        return source
