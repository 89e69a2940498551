"""Source addresses: what a gateway may name, and how an address finds the gateways that name it.

A gateway's network is kept as a *key* (network and mask in one text). An address is looked up by its keys for the mask
lengths in use: exact matches in an index, longest first, at a cost that does not grow with the number of gateways.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from trunkline.core.errors import InvalidError
from trunkline.core.ports import Rules

WIDEST_V4 = 24
WIDEST_V6 = 64
"""Widest masks that a tenant may name; wider ones need the operator's setting."""

MAX_TEXT = 64
_NO_SOURCES = (
    (ip_network("0.0.0.0/8"), "is unspecified (0.0.0.0/8)"),
    (ip_network("224.0.0.0/4"), "is multicast"),
    (ip_network("ff00::/8"), "is multicast"),
    (ip_network("240.0.0.0/4"), "is reserved (240.0.0.0/4 and broadcast)"),
)
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address inside ``::ffff:a.b.c.d``, any other address as it is."""
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if mapped is not None else address


def parse_address(text: str) -> str:
    """Return an address in canonical text, IPv4-mapped ones unmapped; `InvalidError` for anything else."""
    try:
        return str(unmapped(ip_address(text.strip())))
    except ValueError:
        raise InvalidError(
            f"{text[:MAX_TEXT]!r} is not an IP address",
            field="source",
            advice="Write it like 203.0.113.7 or 2001:db8::7.",
        ) from None


_CARRIERS = "the carrier's public signalling addresses"
_WHOSE = {"ip_addresses": "the public addresses that your calls come from"}
"""Whose addresses a field holds, where they are not a carrier's."""


def parse_network(text: str, *, lab: bool, allow_wide: bool = False, field: str = "ip_set") -> tuple[str, int]:
    """Return (address, prefix) of an inbound source: a literal address, or CIDR without host bits.

    Refused: what is no address, unspecified (all of 0.0.0.0/8), multicast, 240/4 and broadcast, loopback outside lab
    mode, masks wider than /24 (IPv6 /64) unless ``allow_wide``. RFC 1918 is accepted. Raises `InvalidError` naming the
    entry.
    """
    entry = text.strip()
    if not entry or len(entry) > MAX_TEXT or "%" in entry:
        raise _refused(entry, "is not an IP address", field)
    try:
        network = ip_network(entry)
    except ValueError as error:
        reason = "has host bits set" if "host bits" in str(error) else "is not an IP address"
        raise _refused(entry, reason, field) from None
    if isinstance(network, IPv6Network) and network.prefixlen >= 96 and network.network_address.ipv4_mapped is not None:
        network = IPv4Network((network.network_address.ipv4_mapped, network.prefixlen - 96))
    _check(entry, network, lab=lab, allow_wide=allow_wide, field=field)
    return str(network.network_address), network.prefixlen


def _check(entry: str, network: IPv4Network | IPv6Network, *, lab: bool, allow_wide: bool, field: str) -> None:
    address = network.network_address
    widest = WIDEST_V4 if network.version == 4 else WIDEST_V6
    if network.prefixlen < widest and not allow_wide:
        raise _refused(entry, f"is wider than /{widest}", field)
    if address.is_unspecified or network.prefixlen == 0:
        raise _refused(entry, "is unspecified", field)
    for refused, why in _NO_SOURCES:
        if network.version == refused.version and network.overlaps(refused):
            raise _refused(entry, why, field)
    if not lab and any(network.version == own.version and network.overlaps(own) for own in _LOOPBACK):
        raise _refused(entry, "is loopback, which only lab mode accepts", field)


def _refused(entry: str, reason: str, field: str) -> InvalidError:
    return InvalidError(
        f"{field} entry {entry[:MAX_TEXT]!r} {reason}",
        field=field,
        advice=f"Name {_WHOSE.get(field, _CARRIERS)}, like 203.0.113.7 or 203.0.113.0/28.",
    )


def is_own(address: str, prefix: int, rules: Rules) -> bool:
    """Tell whether one of our own SIP listeners is in a network."""
    low, high = network_range(address, prefix)
    return any(low <= network_range(own, 128 if ":" in own else 32)[0] <= high for own in rules.own_addresses)


def refusal(address: str, rules: Rules) -> str | None:
    """Return why no carrier's calls may come from an address, None where they may: the rules of `parse_network`."""
    try:
        host, prefix = parse_network(address, lab=rules.lab)
    except InvalidError as error:
        return error.message.partition(f"{address!r} ")[2] or error.message
    return "is this server's own SIP address" if is_own(host, prefix, rules) else None


def network_key(address: str, prefix: int) -> str:
    """Return the key under which a gateway's network is found."""
    number = int(ip_address(address))
    return _key(6 if ":" in address else 4, number, prefix)


def network_range(address: str, prefix: int) -> tuple[str, str]:
    """Return the first and last address of a network as texts that compare in address order within a family."""
    version = 6 if ":" in address else 4
    bits = 128 if version == 6 else 32
    low = int(ip_address(address)) >> (bits - prefix) << (bits - prefix)
    return _text(version, low), _text(version, low | ((1 << (bits - prefix)) - 1))


def address_keys(address: str, prefixes: list[tuple[int, int]]) -> list[str]:
    """Return the keys that match ``address``, for the (family, prefix) pairs in use, in their order."""
    version = 6 if ":" in address else 4
    bits = 128 if version == 6 else 32
    number = _number(address, version)
    return [
        _key(version, number >> (bits - prefix) << (bits - prefix), prefix)
        for family, prefix in prefixes
        if family == version
    ]


def _number(address: str, version: int) -> int:
    if version == 4:
        a, b, c, d = address.split(".")
        return int(a) << 24 | int(b) << 16 | int(c) << 8 | int(d)
    return int(IPv6Address(address))


def _key(version: int, number: int, prefix: int) -> str:
    return f"{version}:{number:x}/{prefix}"


def _text(version: int, number: int) -> str:
    return f"4{number:08x}" if version == 4 else f"6{number:032x}"
