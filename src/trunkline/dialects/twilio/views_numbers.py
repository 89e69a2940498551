"""Phone numbers as Twilio's bodies show them: those of an account, and those that it can buy."""

from __future__ import annotations

from typing import Any

from trunkline.core import e164
from trunkline.core.model import CallHooks, Number, NumberStatus, Webhook
from trunkline.core.number_settings import NumberSettings
from trunkline.core.regulated import AddressNeed
from trunkline.dialects.twilio import ids, names, views

RESOURCE = "IncomingPhoneNumbers"
_TYPES = {"tollfree": "tollfree", "mobile": "mobile"}


def _sid(prefix: str, record_id: str | None) -> str | None:
    return ids.sid(prefix, record_id) if record_id is not None else None


def incoming(
    record: Number,
    hooks: CallHooks,
    settings: NumberSettings,
    need: AddressNeed = AddressNeed.NONE,
    *,
    typed: bool = True,
) -> dict[str, Any]:
    """Return an IncomingPhoneNumber. Unset URLs and applications are empty texts, other unset references null.

    ``need`` says which address numbers of its kind have to name;
    ``typed`` is false for the lists of one kind, where the vendor leaves ``type`` out.
    """
    sid = ids.sid(ids.NUMBER, record.id)
    shown: dict[str, Any] = {
        "sid": sid,
        "account_sid": ids.sid(ids.ACCOUNT, record.owner.id),
        "friendly_name": record.details.alias or names.friendly(record.e164),
        "phone_number": e164.printed(record.e164),
        **_hook("voice_url", "voice_method", hooks.answer),
        **_hook("voice_fallback_url", "voice_fallback_method", hooks.fallback),
        "voice_caller_id_lookup": bool(record.details.cnam_lookup),
        "voice_receive_mode": settings.receive_mode,
        "date_created": views.date(record.added_at),
        "date_updated": views.date(record.updated_at),
        **_hook("sms_url", "sms_method", hooks.message),
        **_hook("sms_fallback_url", "sms_fallback_method", hooks.message_fallback),
        "address_requirements": need.value,
        "beta": False,
        "capabilities": {"voice": record.voice, "sms": record.sms, "mms": record.mms, "fax": False},
        **_hook("status_callback", "status_callback_method", hooks.hangup),
        "api_version": settings.document_version,
        "voice_application_sid": _sid(ids.APPLICATION, record.application.id if record.application else None) or "",
        "sms_application_sid": _sid(ids.APPLICATION, settings.message_application_id) or "",
        "origin": "twilio",
        "trunk_sid": _sid(ids.TRUNK, record.trunk.id if record.trunk else None),
        "emergency_status": "Active" if settings.emergency else "Inactive",
        "emergency_address_sid": _sid(ids.ADDRESS, settings.emergency_address_id),
        "emergency_address_status": settings.emergency_state.value,
        "address_sid": _sid(ids.ADDRESS, settings.address_id),
        "identity_sid": _sid(ids.IDENTITY, settings.identity_id),
        "bundle_sid": _sid(ids.BUNDLE, settings.bundle_id),
        "uri": views.uri(record.owner.id, RESOURCE, sid),
        "status": "in-use" if record.status is NumberStatus.ACTIVE else "pending",
    }
    return shown | {"type": _TYPES.get(record.details.number_type, "local")} if typed else shown


def _hook(url: str, method: str, hook: Webhook | None) -> dict[str, str]:
    return {url: hook.url if hook else "", method: hook.method if hook else "POST"}
