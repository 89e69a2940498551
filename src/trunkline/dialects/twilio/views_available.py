"""Numbers of the stock, and the countries that it has, as Twilio's bodies show them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from trunkline.core import countries, e164
from trunkline.core.regulated import AddressNeed
from trunkline.core.stock import PROVEN, StockItem
from trunkline.dialects.twilio import names, views

RESOURCE = "AvailablePhoneNumbers"
_LINKS = {"local": ("local", "Local"), "tollfree": ("toll_free", "TollFree")}
_LINKS |= {"mobile": ("mobile", "Mobile"), "national": ("national", "National")}


def country(account_id: str, code: str, kinds: Iterable[str]) -> dict[str, Any]:
    """Return a country with the paths of the kinds of number that can be searched there."""
    links = {key: views.uri(account_id, RESOURCE, code, part) for k, (key, part) in _LINKS.items() if k in set(kinds)}
    uri = views.uri(account_id, RESOURCE, code)
    name = countries.name(code).title()
    return {"country_code": code, "country": name, "uri": uri, "beta": False, "subresource_uris": links}


def available(item: StockItem, need: AddressNeed) -> dict[str, Any]:
    """Return a number that can be bought, of a kind with this need; where it is on the map, nobody told the stock."""
    facts = item.facts
    return {
        "friendly_name": names.friendly(facts.e164),
        "phone_number": e164.printed(facts.e164),
        "lata": facts.lata,
        "locality": facts.city,
        "rate_center": facts.rate_center,
        "latitude": None,
        "longitude": None,
        "region": facts.region,
        "postal_code": None,
        "iso_country": facts.country,
        "address_requirements": "local" if facts.restriction in PROVEN else need.value,
        "beta": False,
        "capabilities": {"voice": facts.voice, "sms": facts.sms, "mms": facts.mms, "fax": False},
    }
