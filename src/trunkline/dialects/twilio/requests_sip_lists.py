"""Reads the arguments of SIP access lists and of what stands in them."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError

from trunkline.dialects.twilio.arguments import Args
from trunkline.dialects.twilio.problems import RefusedError

BAD_LIST, BAD_ADDRESS, BAD_LOGIN_LIST, BAD_LOGIN = 21235, 21238, 21240, 21243
FULL_PREFIX = 32

_PREFIX = re.compile(r"[0-9]{1,2}", re.ASCII)


def required(args: Args, name: str, code: int) -> str:
    """Return a text that cannot be left out."""
    value = args.get(name, "").strip()
    if not value:
        raise RefusedError(code, f"{name} is required")
    return value


def network(args: Args, had: tuple[str, int] | None = None) -> str | None:
    """Return ``IpAddress`` with ``CidrPrefixLength``, IPv4 only; None where a change names neither."""
    if had is not None and not args.get("IpAddress") and not args.get("CidrPrefixLength"):
        return None
    address = args.get("IpAddress", "").strip() or (had[0] if had else "")
    default = had[1] if had is not None and not args.get("IpAddress") else FULL_PREFIX
    prefix = args.get("CidrPrefixLength", "").strip() or str(default)
    try:
        IPv4Address(address)
    except AddressValueError:
        raise RefusedError(BAD_ADDRESS, "IpAddress is required: an IPv4 address in dotted decimals") from None
    if not _PREFIX.fullmatch(prefix) or int(prefix) > FULL_PREFIX:
        raise RefusedError(BAD_ADDRESS, f"CidrPrefixLength is a whole number up to {FULL_PREFIX}")
    try:
        found = IPv4Network((address, int(prefix)), strict=False)
    except (ValueError, NetmaskValueError):
        raise RefusedError(BAD_ADDRESS, "IpAddress and CidrPrefixLength are no network") from None
    return str(found.network_address) if int(prefix) == FULL_PREFIX else str(found)
