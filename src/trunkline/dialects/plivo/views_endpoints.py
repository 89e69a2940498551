"""Plivo's bodies of an ``Endpoint``, beside `views`: written here only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from trunkline.core.bindings import Binding
from trunkline.core.model import Endpoint
from trunkline.dialects.plivo import ids, views


def created(record: Endpoint) -> bytes:
    """Return the body of a creation: the user name is the one that was made, digits included."""
    return views.done("created", alias=record.alias, endpoint_id=record.serial, username=record.username)


def endpoint(
    record: Endpoint, registered: Binding | None, auth_id: str, sip_host: str, above: Mapping[str, str]
) -> dict[str, Any]:
    """Return an Endpoint; Contact, expiry (UTC) and User-Agent are there while it is registered only.

    ``above`` is that of `views.number`.
    """
    view: dict[str, Any] = {
        "alias": record.alias,
        "application": views.application_uri(record.application, auth_id, above),
        "endpoint_id": record.serial,
        "resource_uri": views.uri(auth_id, "Endpoint", record.serial),
        "sip_registered": "false" if registered is None else "true",
        "sip_uri": f"sip:{record.username}@{sip_host}",
        "sub_account": ids.auth_id(record.owner) if record.owner.parent_id is not None else None,
        "username": record.username,
    }
    if registered is not None:
        expires = datetime.fromtimestamp(registered.expires_at, UTC)
        view["sip_contact"] = registered.contact
        view["sip_expires"] = expires.strftime("%Y-%m-%d %H:%M:%S")
        view["sip_user_agent"] = registered.user_agent
    return view
