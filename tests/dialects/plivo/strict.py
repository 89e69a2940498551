"""What typed and careless readers need of a body.

plivo-go's structs have types: null fits each of them but a list. plivo-php reads keys without looking whether they are
there. plivo-ruby makes an instance variable of every key.
"""

from __future__ import annotations

import re
from typing import Any

from tests.dialects.plivo.test_numbers import KEYS, MORE

_FLAGS = {"active", "sms_enabled", "mms_enabled", "voice_enabled"}
NUMBER: dict[str, type] = {key: bool if key in _FLAGS else str for key in KEYS | MORE}
CARRIER: dict[str, type] = {
    "carrier_id": str,
    "ip_set": str,
    "name": str,
    "resource_uri": str,
    "sms": bool,
    "voice": bool,
}
_APPLICATION_FLAGS = ("default_app", "default_endpoint_app", "enabled", "public_uri", "log_incoming_messages")
_APPLICATION_TEXTS = (
    "answer_method answer_url app_id app_name fallback_answer_url fallback_method hangup_method hangup_url "
    "message_method message_url resource_uri sip_uri sub_account sip_auth_type ip_acl_uuid credential_uuid"
)
APPLICATION: dict[str, type] = dict.fromkeys(_APPLICATION_FLAGS, bool) | dict.fromkeys(_APPLICATION_TEXTS.split(), str)
APPLICATION |= {"application_type": str, "log_incoming_message": bool}
SUBACCOUNT: dict[str, type] = dict.fromkeys(
    ("account", "auth_id", "auth_token", "new_auth_token", "created", "modified", "name", "resource_uri"), str
) | {"enabled": bool}
ENDPOINT: dict[str, type] = dict.fromkeys(
    ("alias", "application", "endpoint_id", "resource_uri", "sip_registered", "sip_uri", "sub_account", "username"), str
)
_REGISTERED = ("sip_contact", "sip_expires", "sip_user_agent")
ACCOUNT: dict[str, type] = dict.fromkeys(
    ("account_type", "address", "auth_id", "billing_mode", "cash_credits", "city", "name", "state", "timezone"), str
) | {"resource_uri": str, "auto_recharge": bool}
PHONE_NUMBER: dict[str, type] = dict.fromkeys(
    (
        *("number", "prefix", "city", "country", "region", "rate_center", "type", "sub_type", "restriction"),
        *("restriction_text", "setup_rate", "monthly_rental_rate", "sms_rate", "mms_rate", "voice_rate"),
        "resource_uri",
    ),
    str,
) | {"lata": int, "sms_enabled": bool, "mms_enabled": bool, "voice_enabled": bool, "compliance_requirement": dict}
CAMPAIGN: dict[str, type] = dict.fromkeys(
    (
        *("brand_id", "campaign_id", "campaign_alias", "campaign_source", "created_at", "description", "usecase"),
        *("registration_status", "reseller_id", "sample1", "sample2", "sub_usecase", "vertical"),
    ),
    str,
) | {"campaign_attributes": dict, "mno_metadata": dict}
COMPLIANCE: dict[str, type] = dict.fromkeys(
    (
        *("compliance_id", "alias", "status", "country_iso", "number_type", "user_type", "callback_url"),
        *("callback_method", "rejection_reason", "created_at", "updated_at"),
    ),
    str,
)
META: dict[str, type] = {"limit": int, "offset": int, "total_count": int, "next": str, "previous": str}
RESOURCES: dict[str, dict[str, type]] = {
    "Number": NUMBER,
    "IncomingCarrier": CARRIER,
    "Application": APPLICATION,
    "Subaccount": SUBACCOUNT,
    "Endpoint": ENDPOINT,
    "Account": ACCOUNT,
    "PhoneNumber": PHONE_NUMBER,
}
"""By the resource's name in ``resource_uri``: another resource's row is added here."""
NESTED = {"campaign": CAMPAIGN, "compliance": COMPLIANCE, "campaigns": CAMPAIGN, "compliances": COMPLIANCE}
"""By the key under which a resource without ``resource_uri`` stands, alone or in a list."""

_RUBY_NAME = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)

PHP_READS = {
    "active",
    "added_on",
    "alias",
    "application",
    "carrier",
    "monthly_rental_rate",
    "number",
    "number_type",
    "region",
    "renewal_date",
    "resource_uri",
    "sms_enabled",
    "sms_rate",
    "sub_account",
    "tendlc_campaign_id",
    "tendlc_registration_status",
    "toll_free_sms_verification",
    "toll_free_sms_verification_id",
    "toll_free_sms_verification_order_status",
    "voice_enabled",
    "voice_rate",
    "object_id",
    "object_type",
}
"""What plivo-php reads of a number without looking whether it is there."""


def misfits(body: Any) -> list[str]:
    """Return what in a body, or in the list in it, some reader cannot take."""
    found = _of_record(body)
    for key, types in NESTED.items():
        inner = body.get(key, [])
        for record in inner if isinstance(inner, list) else [inner]:
            found += _unfit(record, types)
    if "meta" in body:
        found += _wrong(body["meta"], META)
        found += [text for record in body.get("objects", []) for text in _of_record(record)]
    return found


def _of_record(record: dict[str, Any]) -> list[str]:
    found = [f"{name} is no name for Ruby" for name in record if not _RUBY_NAME.fullmatch(name)]
    parts = str(record.get("resource_uri", "")).split("/")
    types = RESOURCES.get(parts[-3]) if len(parts) > 3 else None
    if types is None:
        return found
    if types is ENDPOINT and record.get("sip_registered") == "true":
        types = types | dict.fromkeys(_REGISTERED, str)
    found += _unfit(record, types)
    return found + (
        [f"PHP misses {sorted(PHP_READS - set(record))}"] if types is NUMBER and PHP_READS - set(record) else []
    )


def _unfit(record: dict[str, Any], types: dict[str, type]) -> list[str]:
    missing = sorted(set(types) - set(record))
    return _wrong(record, types) + ([f"missing: {missing}"] if missing else [])


def _wrong(record: dict[str, Any], types: dict[str, type]) -> list[str]:
    return [
        f"{name} is {value!r}, not {types[name].__name__}"
        for name, value in record.items()
        if value is not None and name in types and type(value) is not types[name]
    ]
