"""Twilio's bodies of Trunks and what belongs to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trunkline.core.model import Number, Trunk, TrunkUri
from trunkline.core.named_ports import LoginList, TrunkSettings
from trunkline.core.trunk_ports import IpList, OriginationUri
from trunkline.dialects.http import Ask
from trunkline.dialects.twilio import ids, named_ids, product, views

ROOT = "v1/Trunks"


def _trunk_link(ask: Ask, trunk_id: str, *parts: str) -> str:
    return product.link(ask, ROOT, ids.sid(ids.TRUNK, trunk_id), *parts)


def trunk(ask: Ask, record: Trunk, settings: TrunkSettings, *, listed: bool, with_logins: bool) -> dict[str, Any]:
    """Return a Trunk. ``listed`` and ``with_logins`` tell what its PBXs prove themselves by."""
    proofs = [name for name, has in (("IP_ACL", listed), ("CREDENTIAL_LIST", with_logins)) if has]
    recovery = settings.recovery
    return {
        "sid": ids.sid(ids.TRUNK, record.id),
        "account_sid": ids.sid(ids.ACCOUNT, record.account_id),
        "domain_name": settings.domain_name,
        "disaster_recovery_method": recovery.method if recovery else "POST",
        "disaster_recovery_url": recovery.url if recovery else None,
        "friendly_name": record.name,
        "secure": False,
        "cnam_lookup_enabled": settings.caller_names,
        "symmetric_rtp_enabled": False,
        "recording": recording(),
        "transfer_mode": settings.transfer_mode,
        "transfer_caller_id": settings.transfer_caller_id,
        "auth_type": ",".join(proofs),
        "auth_type_set": proofs,
        "date_created": product.date(record.created_at),
        "date_updated": product.date(record.updated_at),
        "url": _trunk_link(ask, record.id),
        "links": {
            "origination_urls": _trunk_link(ask, record.id, "OriginationUrls"),
            "credential_lists": _trunk_link(ask, record.id, "CredentialLists"),
            "ip_access_control_lists": _trunk_link(ask, record.id, "IpAccessControlLists"),
            "phone_numbers": _trunk_link(ask, record.id, "PhoneNumbers"),
            "recording": _trunk_link(ask, record.id, "Recording"),
        },
    }


def recording() -> dict[str, str]:
    """Return how a trunk's calls are recorded."""
    return {"mode": "do-not-record", "trim": "do-not-trim"}


def target(ask: Ask, trunk: Trunk, uri: TrunkUri, record: OriginationUri) -> dict[str, Any]:
    """Return an OriginationUrl."""
    sid = ids.sid(named_ids.URI, uri.id)
    return {
        "sid": sid,
        "account_sid": ids.sid(ids.ACCOUNT, trunk.account_id),
        "trunk_sid": ids.sid(ids.TRUNK, trunk.id),
        "weight": uri.weight,
        "enabled": uri.active,
        "sip_url": uri.uri,
        "friendly_name": record.name,
        "priority": uri.priority,
        "date_created": product.date(record.created_at),
        "date_updated": product.date(record.updated_at),
        "url": _trunk_link(ask, trunk.id, "OriginationUrls", sid),
    }


def access_list(ask: Ask, trunk: Trunk, part: str, prefix: str, record: IpList | LoginList) -> dict[str, Any]:
    """Return an IpAccessControlList or a CredentialList of a trunk; ``part`` is the last word of its path."""
    sid = ids.sid(prefix, record.id)
    return {
        "account_sid": ids.sid(ids.ACCOUNT, record.account_id),
        "sid": sid,
        "trunk_sid": ids.sid(ids.TRUNK, trunk.id),
        "friendly_name": record.name,
        "date_created": product.date(record.created_at),
        "date_updated": product.date(record.updated_at),
        "url": _trunk_link(ask, trunk.id, part, sid),
    }


_NOT_HERE = (
    *("uri", "emergency_status", "emergency_address_sid", "emergency_address_status", "status", "type"),
    *("address_sid", "identity_sid", "bundle_sid", "voice_receive_mode", "origin"),
)
"""Keys of an IncomingPhoneNumber that a PhoneNumber of a trunk does not have."""


def number(ask: Ask, trunk: Trunk, record: Number, view: dict[str, Any]) -> dict[str, Any]:
    """Return a PhoneNumber of a trunk; ``view`` is its IncomingPhoneNumber."""
    sid = ids.sid(ids.NUMBER, record.id)
    kept = {name: value for name, value in view.items() if name not in _NOT_HERE}
    return kept | {
        "date_created": product.date(record.added_at),
        "date_updated": product.date(record.updated_at),
        "url": _trunk_link(ask, trunk.id, "PhoneNumbers", sid),
        "links": {"phone_number": product.base(ask) + views.uri(record.owner.id, "IncomingPhoneNumbers", sid)},
    }


def auth_types(lists: Sequence[str], login_lists: Sequence[str], login_id: str | None) -> tuple[bool, bool]:
    """Return whether a trunk's PBXs prove themselves by address, and by credentials."""
    return bool(lists), bool(login_lists) or login_id is not None
