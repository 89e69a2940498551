"""A carrier's outbound credentials through the native API: set, changed, cleared, refused; the password never shown."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest

from tests.dialects.native.test_routes import problem
from tests.http.world import World
from trunkline.core.model import EVERYTHING, Carrier
from trunkline.core.outbound_auth import OutboundAuth
from trunkline.dialects.native.routes import PREFIX
from trunkline.store import database
from trunkline.store.facts import FactReader
from trunkline.store.secrets import Vault

SECRET = "correct hörse:\"\\'"
AUTH = {"outbound_username": "trunk-7@example", "outbound_password": SECRET}
SHOWN = ("outbound_username", "outbound_password_set", "outbound_realm")


def shown(carrier: dict[str, Any]) -> tuple[Any, ...]:
    """Return what a view tells of the credentials."""
    assert "outbound_password" not in carrier
    return tuple(carrier[name] for name in SHOWN)


def kept(world: World, carrier: dict[str, Any]) -> OutboundAuth | None:
    """Return the credentials as the edge would fetch them."""
    connection = database.open_reader(world.data)
    try:
        return FactReader(connection, vault(world)).outbound_auth(carrier["id"])
    finally:
        connection.close()


def vault(world: World) -> Vault:
    """Return the key of an installation."""
    return database.prepare(world.data, {})


def everything_written(world: World) -> bytes:
    """Return every cell of the database."""
    with sqlite3.connect(world.data / database.FILE) as connection:
        return "\n".join(connection.iterdump()).encode("utf-8", "replace")


@pytest.mark.parametrize("realm", [None, "sip.example.com"])
@pytest.mark.parametrize("kind", ["static_ip", "auth"])
def test_set_on_creation(world: World, kind: str, realm: str | None) -> None:
    inbound = {"inbound_auth": {"username": "alpha", "password": "battery staple"}} if kind == "auth" else {}
    body = {"name": "a", "kind": kind, "outbound_realm": realm, **inbound, **AUTH}
    created = world.native("POST", "carriers", body)
    assert created.status == 201
    assert shown(created.json) == ("trunk-7@example", True, realm)
    assert created.json["username"] == ("alpha" if kind == "auth" else None)
    for path in (f"carriers/{created.json['id']}", "carriers"):
        answer = world.native("GET", path)
        assert (answer.json if "items" not in answer.json else answer.json["items"][0]) == created.json
        assert b"correct" not in answer.body
    assert b"correct" not in created.body + world.native("GET", "log").body + everything_written(world)
    assert kept(world, created.json) == OutboundAuth("trunk-7@example", SECRET, realm)


def test_changed_and_cleared(world: World) -> None:
    carrier = world.native("POST", "carriers", {"name": "a"}).json
    assert shown(carrier) == (None, False, None)
    assert kept(world, carrier) is None
    steps: list[tuple[dict[str, Any], OutboundAuth | None]] = [
        (AUTH, OutboundAuth("trunk-7@example", SECRET)),
        ({"name": "b"}, OutboundAuth("trunk-7@example", SECRET)),
        ({"outbound_realm": "r"}, OutboundAuth("trunk-7@example", SECRET, "r")),
        ({"outbound_username": "u"}, OutboundAuth("u", SECRET, "r")),
        ({"outbound_password": "p", "max_cps": 3}, OutboundAuth("u", "p", "r")),
        ({"outbound_realm": None}, OutboundAuth("u", "p")),
        ({"outbound_password": None}, None),
        ({"outbound_password": None, "outbound_username": None, "outbound_realm": None}, None),
        ({**AUTH, "outbound_realm": "s"}, OutboundAuth("trunk-7@example", SECRET, "s")),
        ({"outbound_username": None}, None),
        ({"outbound_realm": None}, None),
    ]
    for body, expected in steps:
        changed = world.native("PATCH", f"carriers/{carrier['id']}", body)
        assert changed.status == 200, changed.body
        wanted = (expected.username, True, expected.realm) if expected else (None, False, None)
        assert shown(changed.json) == wanted, body
        assert kept(world, carrier) == expected, body
        assert (changed.json["updated_at"] > carrier["updated_at"]) is True
    lines = [(line["verb"], line["detail"]) for line in world.native("GET", "log?limit=100").json["items"]]
    assert ("update", {"outbound_username": "trunk-7@example", "outbound_password": "changed"}) in lines
    assert ("update", {"outbound_password": "changed", "max_cps": 3}) in lines
    assert ("update", {"outbound_password": "cleared"}) in lines
    assert ("update", {"outbound_username": None}) in lines
    assert "correct" not in json.dumps(lines)


def test_what_serves_no_more_is_forgotten(world: World) -> None:
    """A password that was replaced or cleared, or whose carrier is gone, leaves no ciphertext behind."""
    carrier = world.native("POST", "carriers", {"name": "a", **AUTH}).json
    for body in ({"outbound_password": "second"}, {"outbound_username": None}, AUTH):
        world.native("PATCH", f"carriers/{carrier['id']}", body)
    assert world.native("DELETE", f"carriers/{carrier['id']}").status == 204
    with sqlite3.connect(world.data / database.FILE) as connection:
        rows = connection.execute(
            "SELECT lookup_hash, ciphertext, revoked_at FROM credentials WHERE carrier_id = ?", [carrier["id"]]
        ).fetchall()
    assert [(row[0], row[1], bool(row[2])) for row in rows] == [(b"", b"", True)] * 3


def test_a_deleted_carrier_has_none(world: World) -> None:
    carrier = world.native("POST", "carriers", {"name": "a", **AUTH}).json
    assert world.native("DELETE", f"carriers/{carrier['id']}").status == 204
    assert kept(world, carrier) is None


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"outbound_username": "u"}, "outbound_password", "missing"),
    ({"outbound_password": "p"}, "outbound_username", "missing"),
    ({"outbound_realm": "r"}, "outbound_username", "missing"),
    ({**AUTH, "outbound_username": ""}, "outbound_username", "invalid"),
    ({**AUTH, "outbound_username": "a:b"}, "outbound_username", "invalid"),
    ({**AUTH, "outbound_username": "a\r\nX: y"}, "outbound_username", "invalid"),
    ({**AUTH, "outbound_username": "a\x00"}, "outbound_username", "invalid"),
    ({**AUTH, "outbound_username": "u" * 129}, "outbound_username", "invalid"),
    ({**AUTH, "outbound_username": 7}, "outbound_username", "invalid"),
    ({**AUTH, "outbound_username": ["u"]}, "outbound_username", "invalid"),
    ({**AUTH, "outbound_username": True}, "outbound_username", "invalid"),
    ({**AUTH, "outbound_password": ""}, "outbound_password", "invalid"),
    ({**AUTH, "outbound_password": "a\nb"}, "outbound_password", "invalid"),
    ({**AUTH, "outbound_password": "\x7f"}, "outbound_password", "invalid"),
    ({**AUTH, "outbound_password": "\u2028"}, "outbound_password", "invalid"),
    ({**AUTH, "outbound_password": "p" * 129}, "outbound_password", "invalid"),
    ({**AUTH, "outbound_password": 12345678}, "outbound_password", "invalid"),
    ({**AUTH, "outbound_password": {"a": "b"}}, "outbound_password", "invalid"),
    ({**AUTH, "outbound_realm": ""}, "outbound_realm", "invalid"),
    ({**AUTH, "outbound_realm": "r\t"}, "outbound_realm", "invalid"),
    ({**AUTH, "outbound_realm": "r" * 256}, "outbound_realm", "invalid"),
    ({**AUTH, "outbound_realm": 1.5}, "outbound_realm", "invalid"),
    ({**AUTH, "outbound_name": "u"}, "outbound_name", "invalid"),
]


@pytest.mark.parametrize(("body", "path", "code"), WRONG)
def test_wrong_values(world: World, body: dict[str, Any], path: str, code: str) -> None:
    """Refused by name on creation and on change, with nothing written, nothing shown back."""
    before = everything_written(world)
    assert problem(refused := world.native("POST", "carriers", {"name": "a", **body}), 400, path, code)
    assert SECRET[:7].encode() not in refused.body
    assert everything_written(world) == before
    carrier = world.native("POST", "carriers", {"name": "a"}).json
    one = f"carriers/{carrier['id']}"
    assert problem(world.native("PATCH", one, {"name": "b", **body}), 400, path, code)
    assert world.native("GET", one).json == carrier
    assert kept(world, carrier) is None


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"outbound_username": None, "outbound_password": "p"}, "outbound_password"),
        ({"outbound_username": "u", "outbound_password": None}, "outbound_username"),
        ({"outbound_username": None, "outbound_realm": "r"}, "outbound_realm"),
        ({"outbound_username": "a:b"}, "outbound_username"),
        ({"outbound_password": "\x00"}, "outbound_password"),
        ({"outbound_realm": "\x00"}, "outbound_realm"),
    ],
)
def test_wrong_changes_of_what_is_there(world: World, body: dict[str, Any], path: str) -> None:
    carrier = world.native("POST", "carriers", {"name": "a", **AUTH}).json
    one = f"carriers/{carrier['id']}"
    assert problem(world.native("PATCH", one, body), 400, path)
    assert world.native("GET", one).json == carrier
    assert kept(world, carrier) == OutboundAuth("trunk-7@example", SECRET)


def test_a_lone_surrogate_is_refused(world: World) -> None:
    raw = b'{"name":"a","outbound_username":"u","outbound_password":"\\ud800"}'
    assert world.ask("POST", f"{PREFIX}/carriers", raw, world.main.bearer).status == 400


def test_another_tenant_sees_and_changes_nothing(world: World) -> None:
    carrier = world.native("POST", "carriers", {"name": "a", **AUTH}).json
    one = f"carriers/{carrier['id']}"
    for tenant in (world.other, world.sub):
        assert problem(world.native("PATCH", one, AUTH, tenant=tenant), 404, code="not_found")
    assert world.native("GET", one).json == carrier


def test_nothing_of_it_can_be_printed(world: World) -> None:
    assert SECRET not in repr(OutboundAuth("u", SECRET))
    assert not hasattr(Carrier, "outbound_password")
    made = world.native("POST", "carriers", {"name": "a", **AUTH}).json
    assert SECRET not in repr(world.inventory.read(lambda s: s.carriers.get(EVERYTHING, made["id"])))


def test_the_openapi_document_says_it(world: World) -> None:
    schemas = world.ask("GET", f"{PREFIX}/openapi.json").json["components"]["schemas"]
    for body in ("CarrierBody", "CarrierPatch"):
        for name in ("outbound_username", "outbound_password", "outbound_realm"):
            schema = schemas[body]["properties"][name]
            text, null = schema["anyOf"]
            assert (text["type"], text["minLength"], null) == ("string", 1, {"type": "null"})
            assert text["description"]
        assert schemas[body]["properties"]["outbound_password"]["anyOf"][0]["writeOnly"] is True
    assert set(SHOWN) <= set(schemas["CarrierView"]["required"])
    assert "outbound_password" not in schemas["CarrierView"]["properties"]
