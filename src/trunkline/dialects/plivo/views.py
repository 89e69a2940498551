"""Plivo's bodies: the only writer of this dialect's outgoing field names.

Sources: the vendor's pages on numbers, incoming carriers and applications, and its SDKs' fixtures. Every key is always
there, null where there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from trunkline.core.model import Account, Application, Carrier, Number, NumberStatus, Ref, Webhook
from trunkline.dialects.plivo import ids

CAMPAIGN_STATUS = {"unregistered": "UNREGISTERED", "processing": "PROCESSING", "completed": "COMPLETED"}
TOLL_FREE_STATUS = {"unverified": "UNVERIFIED", "pending": "PENDING_VERIFICATION", "verified": "VERIFIED"}
REPUTATION_STATUS = {"pending": "PENDING", "active": "ACTIVE", "failed": "FAILED", "not_enrolled": "NOT_ENROLLED"}
CNAM_LOOKUP = {True: "enabled", False: "disabled"}

_encode = msgspec.json.Encoder().encode


def one(view: dict[str, Any]) -> bytes:
    """Return the body of a single record."""
    view["api_id"] = ids.new_api_id()
    return _encode(view)


def done(message: str, **more: str) -> bytes:
    """Return the body of a change: ``created`` with the new id, or ``changed``."""
    return _encode({"api_id": ids.new_api_id(), **more, "message": message})


def error(text: str, *, is_list: bool = False) -> bytes:
    """Return the body of a refusal."""
    body: dict[str, Any] = {"api_id": ids.new_api_id(), "error": text}
    if is_list:
        body["objects"] = []
    return _encode(body)


def listing(objects: Sequence[dict[str, Any]], meta: dict[str, Any]) -> bytes:
    """Return the body of a list."""
    return _encode({"api_id": ids.new_api_id(), "meta": meta, "objects": objects})


def meta(
    path: str, filters: dict[str, str], *, limit: int, offset: int, total: int, last: int | None
) -> dict[str, Any]:
    """Return a list's ``meta``. ``last`` is the order number of the last record shown, None when nothing follows it.

    ``next`` carries an offset and ``after``, this server's cursor, which wins. It is not called ``cursor``:
    plivo-python 4.63 would take that out of ``next`` and hand it to list functions that know no such argument.
    """
    following = {"limit": limit, "offset": offset + limit, "after": last, **filters}
    preceding = {"limit": limit, "offset": max(0, offset - limit), **filters}
    return {
        "limit": limit,
        "next": f"{path}?{urlencode(following)}" if last is not None else None,
        "offset": offset,
        "previous": f"{path}?{urlencode(preceding)}" if offset > 0 else None,
        "total_count": total,
    }


def uri(auth_id: str, resource: str, name: str = "") -> str:
    """Return a resource's URI under the account of the request's path."""
    return f"/v1/Account/{auth_id}/{resource}/{name}/" if name else f"/v1/Account/{auth_id}/{resource}/"


def carrier(record: Carrier, auth_id: str) -> dict[str, Any]:
    """Return an IncomingCarrier; ``ip_set`` shows the inbound addresses, in the order given."""
    return {
        "carrier_id": record.serial,
        "ip_set": ",".join(gateway.address for gateway in record.inbound_literals),
        "name": record.name,
        "resource_uri": uri(auth_id, "IncomingCarrier", record.serial),
        "sms": record.sms,
        "voice": record.voice,
    }


def application_uri(application: Ref | None, auth_id: str, above: Mapping[str, str]) -> str | None:
    """Return the URI of what a record points at, under the account that has it: ``above``, or the path's."""
    if application is None:
        return None
    return uri(above.get(application.id, auth_id), "Application", ids.app_id(application.serial))


def number(record: Number, auth_id: str, above: Mapping[str, str]) -> dict[str, Any]:
    """Return an AccountPhoneNumber: 32 keys, and ``object_id``, ``object_type``, ``subaccount``.

    ``above`` has the auth_ids of accounts above the caller, by the ids of their applications (`owners.above`).
    """
    details, owner, trunk = record.details, record.owner, record.trunk
    subaccount = ids.auth_id(owner) if owner.parent_id is not None else None
    return {
        "number": record.e164,
        "alias": details.alias,
        "sub_account": subaccount,
        "sub_account_name": owner.name if subaccount else None,
        "subaccount": subaccount,
        "added_on": record.added_at.date().isoformat(),
        "application": application_uri(record.application, auth_id, above),
        "object_id": ids.trunk_id(trunk.serial) if trunk else None,
        "object_type": "trunk" if trunk else None,
        "carrier": record.carrier.name if record.carrier else None,
        "region": details.region,
        "city": details.city,
        "country": details.country,
        "number_type": details.number_type,
        "active": record.status is NumberStatus.ACTIVE,
        "monthly_rental_rate": details.monthly_rental_rate,
        "renewal_date": details.renewal_on.isoformat() if details.renewal_on else None,
        "sms_enabled": record.sms,
        "sms_rate": details.sms_rate,
        "mms_enabled": record.mms,
        "mms_rate": details.mms_rate,
        "voice_enabled": record.voice,
        "voice_rate": details.voice_rate,
        "cnam_lookup": None if details.cnam_lookup is None else CNAM_LOOKUP[details.cnam_lookup],
        "cnam": details.cnam,
        "tendlc_campaign_id": details.campaign_id,
        "tendlc_registration_status": _word(CAMPAIGN_STATUS, record.campaign_status),
        "toll_free_sms_verification": _word(TOLL_FREE_STATUS, record.toll_free_status),
        "toll_free_sms_verification_id": details.toll_free_verification_id,
        "toll_free_sms_verification_order_status": details.toll_free_order_status,
        "profile_uuid": details.profile_id,
        "caller_reputation_status": _word(REPUTATION_STATUS, details.reputation_status),
        "compliance_application_id": details.compliance_id,
        "compliance_status": details.compliance_status,
        "resource_uri": uri(auth_id, "Number", record.e164),
    }


def _word(table: Mapping[str, str], status: str | None) -> str | None:
    return None if status is None else table[status]


def application(record: Application, owner: Account, auth_id: str) -> dict[str, Any]:
    """Return an Application. An unset ``hangup_url`` shows the ``answer_url`` that stands in for it."""
    hooks, app_id = record.hooks, ids.app_id(record.serial)
    hangup = hooks.hangup or hooks.answer
    return {
        "app_id": app_id,
        "app_name": record.name,
        "application_type": "XML",
        "answer_url": _url(hooks.answer),
        "answer_method": _method(hooks.answer),
        "fallback_answer_url": _url(hooks.fallback),
        "fallback_method": _method(hooks.fallback),
        "hangup_url": _url(hangup),
        "hangup_method": _method(hangup),
        "message_url": _url(hooks.message),
        "message_method": _method(hooks.message),
        "default_app": owner.default_application_id == record.id,
        "default_endpoint_app": owner.default_endpoint_application_id == record.id,
        "enabled": record.active,
        "public_uri": record.public_uri,
        "log_incoming_messages": record.log_messages,
        "log_incoming_message": record.log_messages,
        "sip_uri": f"sip:{app_id}@app.plivo.com",
        "sip_auth_type": "",
        "ip_acl_uuid": None,
        "credential_uuid": None,
        "sub_account": ids.auth_id(owner) if owner.is_subaccount else None,
        "resource_uri": uri(auth_id, "Application", app_id),
    }


def _url(hook: Webhook | None) -> str:
    return hook.url if hook else ""


def _method(hook: Webhook | None) -> str:
    return hook.method if hook else "POST"
