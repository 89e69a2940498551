"""Reads the arguments of Addresses."""

from __future__ import annotations

from trunkline.core.errors import InvalidError
from trunkline.core.named_ports import AddressFilter
from trunkline.core.postal_addresses import AddressChange
from trunkline.dialects.twilio import arguments
from trunkline.dialects.twilio.arguments import Args
from trunkline.dialects.twilio.problems import RefusedError

NOT_VALID = 21628
NAMES = {
    "customer": "CustomerName",
    "street": "Street",
    "street_secondary": "StreetSecondary",
    "city": "City",
    "region": "Region",
    "postal_code": "PostalCode",
    "country": "IsoCountry",
    "name": "FriendlyName",
}


def address(args: Args) -> AddressChange:
    """Read the arguments of a creation or a change. ``AutoCorrectAddress`` is read, and corrects nothing."""
    arguments.flag(args, "AutoCorrectAddress")
    arguments.friendly_name(args)
    texts = {field: args.get(name) for field, name in NAMES.items()}
    return AddressChange(emergency=arguments.flag(args, "EmergencyEnabled"), **texts)


def address_filter(args: Args) -> AddressFilter:
    """Read the filters of a list."""
    country = args.get("IsoCountry") or None
    return AddressFilter(
        name=args.get("FriendlyName") or None,
        customer=args.get("CustomerName") or None,
        country=country.upper() if country else None,
        emergency=arguments.flag(args, "EmergencyEnabled"),
    )


def refused(error: InvalidError) -> RefusedError:
    """Return what the core finds wrong with an address in this vendor's words."""
    name = NAMES.get(error.field or "", error.field or "")
    return RefusedError(NOT_VALID, error.message.replace(error.field or "", name, 1))
