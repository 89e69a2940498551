"""Bodies and answers of TopCalls' dialect, for the tests beside this."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from uuid import UUID

from tests.http.world import Reply, Tenant, World

PAGE: dict[str, Any] = {
    "carrier_name": "My VoIP Provider",
    "trunk_type": "static_ip",
    "sip_gateway": {"ipv4": "sip.myprovider.com", "port": 5060, "inbound": True, "outbound": True},
}
"""The example of the vendor's page."""

STATIC: dict[str, Any] = PAGE | {"sip_gateway": {"ipv4": "203.0.113.7", "port": 5060}}
AUTH: dict[str, Any] = {
    "carrier_name": "By password",
    "trunk_type": "auth",
    "sip_gateway": {"ipv4": "203.0.113.8"},
    "inbound_auth": {"username": "alice", "password": "correct-horse"},
}
REG: dict[str, Any] = {
    "carrier_name": "By registration",
    "trunk_type": "reg",
    "sip_gateway": {"ipv4": "sip.landline.example", "inbound": False},
    "registration": {"username": "4930123", "password": "hunter-22"},
}
ABSENT = "00000000-0000-4000-8000-000000000000"

GONE: Any = object()
"""Stands for a member that is left out."""


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a body with another value at a dotted path."""
    made = deepcopy(body)
    *outer, last = path.split(".")
    at: Any = made
    for name in outer:
        at = at[int(name)] if isinstance(at, list) else at.setdefault(name, {})
    if value is GONE:
        del at[last]
    elif isinstance(at, list):
        at[int(last)] = value
    else:
        at[last] = value
    return made


def create(world: World, body: dict[str, Any] = STATIC, tenant: Tenant | None = None) -> dict[str, Any]:
    """Create a carrier."""
    reply = world.topcalls("POST", "/carriers", body, tenant=tenant)
    assert reply.status == 201, reply.body
    return dict(reply.json)


def add(world: World, number: str = "+14155551234", **more: Any) -> dict[str, Any]:
    """Add a number."""
    reply = world.topcalls("POST", "", {"number": number, **more})
    assert reply.status == 201, reply.body
    return dict(reply.json)


def carriers(world: World) -> list[dict[str, Any]]:
    """List the main account's carriers."""
    return list(world.topcalls("GET", "/carriers").json["data"])


def check_problem(reply: Reply, status: int, slug: str, title: str | None = None) -> dict[str, Any]:
    """Check the shape of a refusal, and return it."""
    assert reply.status == status, reply.body
    assert reply.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = reply.json
    assert {"type", "title", "status", "detail", "instance"} <= set(body)
    assert set(body) <= {"type", "title", "status", "detail", "instance", "errors", "details"}
    assert body["type"] == f"https://api.topcalls.ai/errors/{slug}"
    assert (body["status"], bool(body["detail"].strip())) == (status, True)
    assert title is None or body["title"] == title
    assert str(UUID(body["instance"])) == body["instance"] == reply.headers["x-request-id"]
    for entry in body.get("errors", []):
        assert set(entry) == {"path", "message", "code"}
        assert entry["message"].strip()
    return body


def refused(reply: Reply) -> list[tuple[str, str]]:
    """Return (path, code) of all that is wrong with a body."""
    body = check_problem(reply, 400, "invalid_request", "Invalid request body")
    assert body["detail"] == body["errors"][0]["message"]
    return [(entry["path"], entry["code"]) for entry in body["errors"]]
