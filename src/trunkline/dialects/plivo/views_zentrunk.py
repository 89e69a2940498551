"""Plivo's bodies of Zentrunk: written here only, beside `views`."""

from __future__ import annotations

from typing import Any

from trunkline.core import ip_lists
from trunkline.core.model import Direction, Trunk
from trunkline.core.trunk_ports import IpList, OriginationUri, TrunkLogin
from trunkline.dialects.plivo import ids, views


def one(view: dict[str, Any]) -> bytes:
    """Return the body of a single record: unlike elsewhere it stands under ``object``."""
    return views.one({"object": view})


def meta(found: dict[str, Any]) -> dict[str, Any]:
    """Return a list's ``meta`` as Zentrunk writes it: the addresses of other pages begin without a slash."""
    pages = {name: found[name].removeprefix("/") if found[name] else None for name in ("next", "previous")}
    return found | pages


def trunk(record: Trunk, sip_host: str) -> dict[str, Any]:
    """Return a Trunk; of more than two URIs the first two that are tried; one that goes both ways is inbound."""
    uris = sorted(record.uris, key=lambda uri: uri.priority)
    trunk_id = ids.trunk_id(record.serial)
    return {
        "trunk_id": trunk_id,
        "trunk_domain": ids.trunk_domain(trunk_id, sip_host),
        "name": record.name,
        "trunk_status": "enabled" if record.active else "disabled",
        "trunk_direction": "outbound" if record.direction is Direction.OUTBOUND else "inbound",
        "secure": False,
        "ipacl_uuid": record.ip_list_id,
        "credential_uuid": record.login_id,
        "primary_uri_uuid": uris[0].id if uris else None,
        "fallback_uri_uuid": uris[1].id if len(uris) > 1 else None,
    }


def uri(record: OriginationUri) -> dict[str, Any]:
    """Return an origination URI, without its password."""
    return {
        "uri_uuid": record.id,
        "name": record.name,
        "uri": record.uri,
        "authentication_needed": record.authenticates,
        "username": record.username,
    }


def credential(record: TrunkLogin) -> dict[str, Any]:
    """Return a credential, without its password."""
    return {"credential_uuid": record.id, "name": record.name, "username": record.username}


def ip_list(record: IpList) -> dict[str, Any]:
    """Return an IP access control list, its entries in the order given."""
    return {
        "ipacl_uuid": record.id,
        "name": record.name,
        "ip_addresses": [ip_lists.written(network) for network in record.networks],
    }
