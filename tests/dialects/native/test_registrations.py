"""The native API on registrations at carriers: created with the carrier, changed, shown with how they stand."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.dialects.native.test_routes import problem
from tests.http.world import World
from trunkline.core.bindings import Flow
from trunkline.core.registered import Standing
from trunkline.store.registered import SqlRegistered

PASSWORD = "hunter-22"
GATEWAY = {"address": "sip.carrier.example", "inbound": False, "outbound": True}
REGISTRATION = {"username": "4930123", "password": PASSWORD}


def create(world: World, **parts: Any) -> str:
    """Create a carrier that we register to; return its id."""
    body = {"name": "R", "kind": "reg", "gateways": [GATEWAY], "registration": REGISTRATION | parts}
    made = world.native("POST", "carriers", body)
    assert made.status == 201, made.body
    assert PASSWORD not in made.body.decode()
    assert (made.json["kind"], made.json["outbound_username"]) == ("reg", parts.get("auth_username") or "4930123")
    return str(made.json["id"])


def test_it_is_created_shown_and_changed(world: World) -> None:
    carrier = create(world, domain="Home.Example", auth_username="d7", registrar="proxy.example", expires_s=600)
    path = f"carriers/{carrier}/registration"
    shown = world.native("GET", path).json
    assert (shown["username"], shown["domain"], shown["registrar"]) == ("4930123", "home.example", "proxy.example")
    assert (shown["state"], shown["last_answer"], shown["registered_until"]) == ("off", None, None)
    changed = world.native("PATCH", path, {"expires_s": 120, "registrar": None, "from_user": "anna"})
    assert changed.status == 200
    assert (changed.json["expires_s"], changed.json["registrar"], changed.json["from_user"]) == (120, None, "anna")
    log = world.native("GET", "log?limit=1").json["items"][0]
    assert (log["verb"], log["record_id"]) == ("update", carrier)


def test_how_it_stands(world: World) -> None:
    carrier = create(world)
    account = world.native("GET", f"carriers/{carrier}").json["account_id"]
    now = time.time()
    file = SqlRegistered(world.data)
    flow = Flow("UDP", "192.0.2.9", 5060, "192.0.2.1:5060")
    standing = Standing(carrier, account, "registered", 200, "200 OK", now + 60, now - 60, now + 30, flow=flow)
    file.put(standing)
    file.tell(standing, "registered", "200 OK, for 60 s", now - 60)
    file.tell(standing, "lost", "gone", now - 30)
    file.tell(standing, "restored", "200 OK, for 60 s", now)
    file.close()
    shown = world.native("GET", f"carriers/{carrier}/registration").json
    assert (shown["state"], shown["last_answer"], shown["last_status"]) == ("registered", "200 OK", 200)
    assert shown["bound_at"] == "192.0.2.9 port 5060 over UDP"
    first = world.native("GET", f"carriers/{carrier}/registration/events?limit=2").json
    assert [item["what"] for item in first["items"]] == ["restored", "lost"]
    rest = world.native("GET", f"carriers/{carrier}/registration/events?limit=2&before={first['next']}").json
    assert ([item["what"] for item in rest["items"]], rest["next"]) == (["registered"], None)


@pytest.mark.parametrize(
    ("registration", "path"),
    [
        (None, "registration"),
        ({"username": "a"}, "registration.password"),
        (REGISTRATION | {"usernam": "a"}, "registration.usernam"),
        (REGISTRATION | {"password": ""}, "registration.password"),
        (REGISTRATION | {"expires_s": 59}, "registration.expires_s"),
        (REGISTRATION | {"registrar_port": 0}, "registration.registrar_port"),
        (REGISTRATION | {"registrar_transport": "ws"}, "registration.registrar_transport"),
        (REGISTRATION | {"username": "a b"}, "username"),
        (REGISTRATION | {"domain": "sip:x"}, "domain"),
    ],
)
def test_what_is_refused(world: World, registration: dict[str, Any] | None, path: str) -> None:
    body = {"name": "R", "kind": "reg", "gateways": [GATEWAY], "registration": registration}
    reply = world.native("POST", "carriers", body)
    assert reply.status == 400, reply.body
    assert path in [error["path"] for error in reply.json["errors"]], reply.body
    assert PASSWORD not in reply.body.decode()


def test_any_source_is_the_operators(world: World) -> None:
    carrier = create(world)
    path = f"carriers/{carrier}/registration"
    problem(world.native("PATCH", path, {"any_source": True}), 403, code="not_allowed")
    assert world.native("GET", path).json["any_source"] is False
    assert world.native("PATCH", path, {"any_source": True}, tenant=world.operator).json["any_source"] is True


def test_other_carriers_have_none(world: World) -> None:
    made = world.native("POST", "carriers", {"name": "A", "gateways": [{"address": "203.0.113.7"}]}).json["id"]
    for method, path, body in (("GET", "", None), ("PATCH", "", {"expires_s": 60}), ("GET", "/events", None)):
        assert world.native(method, f"carriers/{made}/registration{path}", body).status == 404
