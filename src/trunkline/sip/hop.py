"""Where messages come from and go to: a `Hop` is an address at the other end and our `Door` towards it.

A door is one listener of ours: what it is called in Via and Contact depends on its transport and its address, so every
message that is built asks the door of the hop that it is for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from trunkline.sip.uri import print_host_port

TRANSPORTS = ("UDP", "TCP")
"""What a message may travel by, as a Via names it."""


class Door:
    """One listener: its transport ("UDP" or "TCP"), and how it is named. ``host`` is the address that others use.

    ``larger`` is the door that takes over requests that are too large for a datagram, where there is one.
    """

    def __init__(self, transport: str, host: str, port: int) -> None:
        self.transport = transport
        self.reliable = transport != "UDP"
        self.host = host
        self.port = port
        self.sent_by = print_host_port(host, port)
        suffix = "" if transport == "UDP" else f";transport={transport.lower()}"
        self.contact = f"<sip:{self.sent_by}{suffix}>"
        self.larger: Door | None = None
        self.gone: Callable[[Hop], None] | None = None
        """Hears that a connection is gone that was kept."""
        self.worker = ""
        """The name of the worker that has this door's connections, where it is not this process."""

    def send(self, data: bytes, hop: Hop) -> None:
        """Send a message; what fails is reported to the transactions as a transport error."""
        raise NotImplementedError

    def is_open(self, hop: Hop) -> bool:
        """Tell whether a connection to a hop stands; never for datagrams."""
        del hop
        return False

    def on_gone(self, hears: Callable[[Hop], None]) -> None:
        """Let somebody else hear, too, that a connection is gone that was kept."""
        before = self.gone

        def both(hop: Hop) -> None:
            if before is not None:
                before(hop)
            hears(hop)

        self.gone = both

    def keep(self, hop: Hop) -> None:
        """Let the connection to a hop stand as long as a carrier's: whoever is there has proven itself."""


class Hop(NamedTuple):
    """The other end: an IP address (IPv6 without brackets), a port, and our door towards it.

    ``only``: the other end is reached by exactly this way, as a device behind NAT, whatever it or a request's size say.
    """

    host: str
    port: int
    door: Door
    only: bool = False
