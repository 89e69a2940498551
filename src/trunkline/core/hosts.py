"""What a carrier's host may be: an address, a network that calls come from, or a host name that calls go to."""

from __future__ import annotations

from ipaddress import ip_address

from trunkline.core import addresses, sources
from trunkline.core.errors import InvalidError
from trunkline.core.ports import Rules

MAX_NAME = 253
MAX_LABEL = 63


def parse(address: str, rules: Rules, *, inbound: bool, outbound: bool) -> tuple[str, int | None]:
    """Return (host, prefix) of a gateway's address; a host name has no prefix and is outbound only."""
    text = address.strip()
    if not inbound and is_host_name(text):
        name = text.lower().rstrip(".")
        if name == rules.sip_host:
            raise InvalidError(f"{name[:64]!r} is this server's own SIP domain", field="address")
        return name, None
    if inbound and is_host_name(text):
        raise InvalidError(
            f"{text[:64]!r} is a host name; an inbound gateway is an address, since calls are matched by it",
            field="address",
            advice="Name the addresses that the carrier sends from, or set inbound to false.",
        )
    host, prefix = sources.parse_network(text, lab=rules.lab, allow_wide=rules.allow_wide_masks, field="address")
    refuse_own(host, prefix, rules, "address")
    if outbound and prefix != (128 if ":" in host else 32):
        raise InvalidError("an outbound gateway is one address, no network", field="address")
    if outbound:
        _refuse_never_called(host, "address")
    return host, prefix


def outbound(text: str, rules: Rules, field: str) -> str:
    """Return a host that we send to, in its canonical text: a host name or one address, without scheme and port."""
    if is_host_name(text):
        return text.lower().rstrip(".")
    if not _is_address(text):
        raise InvalidError(
            f"{field} is a host name with a dot in it, or an IP address, without blanks, scheme and port",
            field=field,
            advice="Write it like sip.example.com or 203.0.113.7.",
        )
    host, prefix = sources.parse_network(text, lab=rules.lab, field=field)
    refuse_own(host, prefix, rules, field)
    _refuse_never_called(host, field)
    return host


def _refuse_never_called(host: str, field: str) -> None:
    why = addresses.never_called(host)
    if why is not None:
        raise InvalidError(f"{field} {host} is {why}: nothing is ever sent there", field=field)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def is_host_name(text: str) -> bool:
    """Tell whether a text is a host name (RFC 1123 section 2.1) of two labels at least, and no address."""
    labels = text.removesuffix(".").split(".")
    return (
        len(text) <= MAX_NAME
        and len(labels) > 1
        and not labels[-1].isdigit()
        and all(
            0 < len(x) <= MAX_LABEL and x.isascii() and x.replace("-", "a").isalnum() and x[0] != "-" != x[-1]
            for x in labels
        )
    )


def refuse_own(host: str, prefix: int, rules: Rules, field: str) -> None:
    """Raise `InvalidError` where a network holds one of this server's own SIP addresses."""
    if sources.is_own(host, prefix, rules):
        raise InvalidError(
            f"{field} entry {host!r} is this server's own SIP address",
            field=field,
            advice="Name the carrier's address; in a lab, another loopback address such as 127.0.0.2.",
        )
