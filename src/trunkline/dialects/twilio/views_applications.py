"""Twilio's body of an Application."""

from __future__ import annotations

from typing import Any

from trunkline.core.model import Application, Webhook
from trunkline.core.named_ports import ApplicationDetails
from trunkline.dialects.twilio import ids, views


def application(record: Application, details: ApplicationDetails) -> dict[str, Any]:
    """Return an Application; what is not set is null."""
    hooks, sid = record.hooks, ids.sid(ids.APPLICATION, record.id)
    return {
        "sid": sid,
        "account_sid": ids.sid(ids.ACCOUNT, record.account_id),
        "api_version": details.api_version,
        "date_created": views.date(record.created_at),
        "date_updated": views.date(record.updated_at),
        "friendly_name": record.name,
        **_webhook("voice_url", "voice_method", hooks.answer),
        **_webhook("voice_fallback_url", "voice_fallback_method", hooks.fallback),
        **_webhook("status_callback", "status_callback_method", hooks.hangup),
        "voice_caller_id_lookup": details.caller_names,
        **_webhook("sms_url", "sms_method", hooks.message),
        **_webhook("sms_fallback_url", "sms_fallback_method", hooks.message_fallback),
        "sms_status_callback": details.sms_status_url or None,
        "message_status_callback": details.message_status_url or None,
        "public_application_connect_enabled": details.connectable,
        "uri": views.uri(record.account_id, "Applications", sid),
    }


def _webhook(url: str, method: str, hook: Webhook | None) -> dict[str, str | None]:
    return {url: hook.url if hook else None, method: hook.method if hook else "POST"}
