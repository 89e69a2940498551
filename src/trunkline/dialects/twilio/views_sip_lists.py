"""Twilio's bodies of SIP access lists and of what stands in them."""

from __future__ import annotations

from typing import Any

from trunkline.core.named_ports import IpEntry, LoginList
from trunkline.core.trunk_ports import IpList, TrunkLogin
from trunkline.dialects.twilio import ids, named_ids, views

IP_LISTS, IP_ENTRIES = "SIP/IpAccessControlLists", "IpAddresses"
LOGIN_LISTS, LOGINS = "SIP/CredentialLists", "Credentials"


def _common(record: IpList | LoginList | IpEntry | TrunkLogin, account_id: str, sid: str) -> dict[str, Any]:
    return {
        "sid": sid,
        "account_sid": ids.sid(ids.ACCOUNT, account_id),
        "date_created": views.date(record.created_at),
        "date_updated": views.date(record.updated_at),
    }


def _inside(account_id: str, *parts: str) -> str:
    return views.uri(account_id, *parts)


def ip_list(record: IpList) -> dict[str, Any]:
    """Return an IpAccessControlList."""
    sid = ids.sid(named_ids.IP_LIST, record.id)
    return _common(record, record.account_id, sid) | {
        "friendly_name": record.name,
        "subresource_uris": {"ip_addresses": _inside(record.account_id, IP_LISTS, sid, IP_ENTRIES)},
        "uri": _inside(record.account_id, IP_LISTS, sid),
    }


def ip_entry(owner: IpList, record: IpEntry) -> dict[str, Any]:
    """Return an IpAddress of a list."""
    list_sid, sid = ids.sid(named_ids.IP_LIST, owner.id), ids.sid(named_ids.IP_ENTRY, record.id)
    return _common(record, owner.account_id, sid) | {
        "friendly_name": record.name or record.host,
        "ip_address": record.host,
        "cidr_prefix_length": record.prefix,
        "ip_access_control_list_sid": list_sid,
        "uri": _inside(owner.account_id, IP_LISTS, list_sid, IP_ENTRIES, sid),
    }


def login_list(record: LoginList) -> dict[str, Any]:
    """Return a CredentialList."""
    sid = ids.sid(named_ids.LOGIN_LIST, record.id)
    return _common(record, record.account_id, sid) | {
        "friendly_name": record.name,
        "subresource_uris": {"credentials": _inside(record.account_id, LOGIN_LISTS, sid, LOGINS)},
        "uri": _inside(record.account_id, LOGIN_LISTS, sid),
    }


def login(owner: LoginList, record: TrunkLogin) -> dict[str, Any]:
    """Return a Credential of a list, without its password."""
    list_sid, sid = ids.sid(named_ids.LOGIN_LIST, owner.id), ids.sid(named_ids.LOGIN, record.id)
    return _common(record, record.account_id, sid) | {
        "credential_list_sid": list_sid,
        "username": record.username,
        "uri": _inside(record.account_id, LOGIN_LISTS, list_sid, LOGINS, sid),
    }
