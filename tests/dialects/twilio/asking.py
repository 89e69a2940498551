"""Asks the product APIs and adds what trunks need."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from tests.http.world import Reply, Tenant, World
from trunkline.core.model import EVERYTHING

FORM = {"content-type": "application/x-www-form-urlencoded", "host": "numbers.example"}
URL = {"FriendlyName": "PBX", "SipUrl": "sip:198.51.100.9", "Priority": "10", "Weight": "5", "Enabled": "true"}


def v1(
    world: World, method: str, path: str = "", form: dict[str, str] | None = None, *, tenant: Tenant | None = None
) -> Reply:
    """Send a request to the Trunking API; ``path`` begins after ``/v1/Trunks``."""
    body = urlencode(form).encode() if form is not None else None
    return world.ask(method, f"/v1/Trunks{path}", body, (tenant or world.main).twilio_basic | FORM)


def trunk(world: World, tenant: Tenant | None = None, **form: str) -> Any:
    """Create a trunk and return it."""
    reply = v1(world, "POST", "", form, tenant=tenant)
    assert reply.status == 201, reply.body
    return reply.json


def sid_of(world: World, number: str) -> str:
    """Return the SID of a number."""
    found = world.inventory.read(lambda s: s.numbers.get(EVERYTHING, number))
    assert found is not None
    return "PN" + found.id.replace("-", "")
