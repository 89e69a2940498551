"""Plivo's bodies of searching and buying numbers: a part of `views`, by the same rules."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from trunkline.core import buying, countries, e164
from trunkline.core.model import Number, NumberStatus
from trunkline.core.rates import Tariff, asked
from trunkline.core.regulated import RegulatedKind
from trunkline.core.stock import StockItem
from trunkline.dialects.plivo import ids, views_requirements
from trunkline.dialects.plivo.views import uri

_encode = msgspec.json.Encoder().encode


def phone_number(item: StockItem, auth_id: str, regulated: Collection[RegulatedKind], tariff: Tariff) -> dict[str, Any]:
    """Return a PhoneNumber: one that can be bought. ``regulated`` says which kinds need a compliance application.

    Rates that the stock leaves open are the tariff's, as they will be when the number is bought.
    """
    facts = item.facts
    rates = asked(facts.rates, tariff, facts.country, facts.number_type)
    kind = RegulatedKind(facts.country, facts.number_type)
    return {
        "number": facts.e164,
        "prefix": e164.area_code(facts.e164),
        "city": facts.city,
        "country": countries.name(facts.country),
        "region": buying.place(facts),
        "rate_center": facts.rate_center,
        "lata": int(facts.lata) if facts.lata else None,
        "type": facts.number_type,
        "sub_type": facts.number_type,
        "setup_rate": rates.setup,
        "monthly_rental_rate": rates.monthly_rental,
        "sms_enabled": facts.sms,
        "sms_rate": rates.sms,
        "mms_enabled": facts.mms,
        "mms_rate": rates.mms,
        "voice_enabled": facts.voice,
        "voice_rate": rates.voice,
        "restriction": facts.restriction,
        "restriction_text": facts.restriction_text,
        "compliance_requirement": views_requirements.ids_of(kind) if kind in regulated else None,
        "resource_uri": uri(auth_id, "PhoneNumber", facts.e164),
    }


def bought(number: Number) -> bytes:
    """Return the body of a purchase; a number that does not route yet is pending."""
    return _encode(
        {
            "api_id": ids.new_api_id(),
            "message": "created",
            "numbers": [{"number": number.e164, "status": "Success"}],
            "status": "fulfilled" if number.status is NumberStatus.ACTIVE else "pending",
        }
    )
