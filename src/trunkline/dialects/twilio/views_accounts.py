"""Twilio's bodies of accounts and keys."""

from __future__ import annotations

from typing import Any

from trunkline.core.model import Account, AccountState
from trunkline.core.named_ports import NamedKey
from trunkline.dialects.twilio import ids, views

_PARTS = {
    "available_phone_numbers": "AvailablePhoneNumbers",
    "calls": "Calls",
    "conferences": "Conferences",
    "incoming_phone_numbers": "IncomingPhoneNumbers",
    "notifications": "Notifications",
    "outgoing_caller_ids": "OutgoingCallerIds",
    "recordings": "Recordings",
    "transcriptions": "Transcriptions",
    "addresses": "Addresses",
    "signing_keys": "SigningKeys",
    "connect_apps": "ConnectApps",
    "sip": "SIP",
    "authorized_connect_apps": "AuthorizedConnectApps",
    "usage": "Usage",
    "keys": "Keys",
    "applications": "Applications",
    "short_codes": "SMS/ShortCodes",
    "queues": "Queues",
    "messages": "Messages",
    "balance": "Balance",
}
STATUSES = {
    AccountState.ACTIVE: "active",
    AccountState.DISABLED: "suspended",
    AccountState.SUSPENDED: "suspended",
    AccountState.CLOSED: "closed",
}


def account(record: Account, state: AccountState, token: str) -> dict[str, Any]:
    """Return an Account with its auth token; ``state`` counts the accounts above it, too."""
    sid = ids.sid(ids.ACCOUNT, record.id)
    return {
        "auth_token": token,
        "date_created": views.date(record.created_at),
        "date_updated": views.date(record.updated_at),
        "friendly_name": record.name,
        "owner_account_sid": ids.sid(ids.ACCOUNT, record.parent_id or record.id),
        "sid": sid,
        "status": STATUSES[state],
        "subresource_uris": {name: views.uri(record.id, part) for name, part in _PARTS.items()},
        "type": "Full",
        "uri": f"{views.PREFIX}/Accounts/{sid}.json",
    }


def key(record: NamedKey, secret: str | None = None) -> dict[str, Any]:
    """Return a Key; its secret is there when it has just been made, and never again."""
    view = {
        "sid": ids.sid(ids.KEY, record.id),
        "friendly_name": record.name,
        "date_created": views.date(record.created_at),
        "date_updated": views.date(record.updated_at),
    }
    return view if secret is None else view | {"secret": secret}
