"""Which addresses we may send to: judged on the very address that is connected to, never on a name.

An address inside another one (IPv4-mapped, 6to4, NAT64, SIIT, compatible) is judged as what it leads to.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

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
        never = _never(address)
        if never is not None:
            return never
        if any(address in network for network in _LOOPBACK):
            return None if self.lab else "loopback"
        if any(address in network for network in _PRIVATE):
            return None if self.allow_private else "private"
        inner = _embedded(address) if isinstance(address, IPv6Address) else None
        if inner is not None:
            why_inner = self.refusal(str(inner))
            return f"a form of {inner}, which is {why_inner}" if why_inner else None
        return None if address.is_global else "reserved"


def never_called(host: str) -> str | None:
    """Return why nothing is ever sent to a literal address, whatever the settings; None where they decide."""
    address = ip_address(host)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return _never(address)


def _never(address: IPv4Address | IPv6Address) -> str | None:
    return next((why for network, why in _ALWAYS_REFUSED if address in network), None)


def is_loopback(host: str) -> bool:
    """Tell whether a host is a literal loopback address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
