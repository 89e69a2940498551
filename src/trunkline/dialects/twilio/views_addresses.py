"""Twilio's body of an Address."""

from __future__ import annotations

from typing import Any

from trunkline.core.named_ports import PostalAddress
from trunkline.dialects.twilio import ids, views


def address(record: PostalAddress) -> dict[str, Any]:
    """Return an Address."""
    sid = ids.sid(ids.ADDRESS, record.id)
    return {
        "sid": sid,
        "account_sid": ids.sid(ids.ACCOUNT, record.account_id),
        "customer_name": record.customer,
        "friendly_name": record.name,
        "street": record.street,
        "street_secondary": record.street_secondary or None,
        "city": record.city,
        "region": record.region,
        "postal_code": record.postal_code,
        "iso_country": record.country,
        "emergency_enabled": record.emergency,
        "validated": False,
        "verified": False,
        "date_created": views.date(record.created_at),
        "date_updated": views.date(record.updated_at),
        "uri": views.uri(record.account_id, "Addresses", sid),
    }


_DEPENDENT = (
    "sid",
    "account_sid",
    "friendly_name",
    "phone_number",
    "voice_url",
    "voice_method",
    "voice_fallback_method",
    "voice_fallback_url",
    "voice_caller_id_lookup",
    "date_created",
    "date_updated",
    "sms_fallback_method",
    "sms_fallback_url",
    "sms_method",
    "sms_url",
    "address_requirements",
    "status_callback",
    "status_callback_method",
    "api_version",
    "sms_application_sid",
    "voice_application_sid",
    "trunk_sid",
    "emergency_status",
    "emergency_address_sid",
    "uri",
)
"""Keys of an IncomingPhoneNumber that a DependentPhoneNumber has, too."""


def dependent(number: dict[str, Any]) -> dict[str, Any]:
    """Return a DependentPhoneNumber, whose capabilities are spelt otherwise."""
    able = number["capabilities"]
    cased = {"Voice": able["voice"], "SMS": able["sms"], "MMS": able["mms"]}
    return {name: number[name] for name in _DEPENDENT} | {"capabilities": cased}
