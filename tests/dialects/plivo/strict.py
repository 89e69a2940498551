"""Types as plivo-go's structs want them: a body that fits here decodes there. Null fits everything but a list."""

from __future__ import annotations

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
META: dict[str, type] = {"limit": int, "offset": int, "total_count": int, "next": str, "previous": str}
RESOURCES: dict[str, dict[str, type]] = {"Number": NUMBER, "IncomingCarrier": CARRIER, "Application": APPLICATION}
"""By the resource's name in ``resource_uri``: another resource's row is added here."""

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
    """Return what in a body, or in its ``objects``, a strict reader cannot decode."""
    found = _of_record(body)
    if "meta" in body:
        found += _wrong(body["meta"], META)
        found += [text for record in body["objects"] for text in _of_record(record)]
    return found


def _of_record(record: dict[str, Any]) -> list[str]:
    parts = str(record.get("resource_uri", "")).split("/")
    types = RESOURCES.get(parts[-3]) if len(parts) > 3 else None
    if types is None:
        return []
    missing = sorted((set(types) | (PHP_READS if types is NUMBER else set())) - set(record))
    return _wrong(record, types) + ([f"missing: {missing}"] if missing else [])


def _wrong(record: dict[str, Any], types: dict[str, type]) -> list[str]:
    return [
        f"{name} is {value!r}, not {types[name].__name__}"
        for name, value in record.items()
        if value is not None and name in types and type(value) is not types[name]
    ]
