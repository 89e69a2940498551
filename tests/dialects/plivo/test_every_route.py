"""Every route, with whatever comes: no 500, no hang, an error in Plivo's shape, and no write where it is refused."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes, urlencode
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.http.fixtures import copied
from tests.http.world import Reply, World
from trunkline.core.model import EVERYTHING, Page
from trunkline.dialects.http import MAX_BODY, Operation
from trunkline.dialects.plivo.arguments import ARGUMENTS
from trunkline.dialects.plivo.routes import PLIVO

LONGEST_S = 5.0
"""A request takes milliseconds; the machine may stand still for a second."""

NAMES = sorted({name for names in ARGUMENTS.values() for name in names})
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
WORDS = st.sampled_from(
    [
        *("", "0", "1", "-1", "20", "true", "True", "false", "GET", "local", "voice,sms", "2026-05-31", "[]"),
        *("http://a/b", "14155551234", "['14155551234']", "10.0.0.1,::1", "203.0.113.0/29", "9" * 30, "+", ","),
        *("inbound", "outbound", "sip:a@b;transport=tcp", "sip:[", "[::1]:5060", "::", "pbx12345"),
        *("http://[", "\0", "\ud800", "x" * 300, "name", "UTC", "Main-1", "SA" + "A" * 18, "210112345678901234"),
    ]
)
OWN = st.sampled_from(
    [
        *("carrier_id", "app_id", "number", "subauth_id", "auth_id"),
        *("trunk_id", "uri_uuid", "credential_uuid", "ipacl_uuid"),
    ]
).map(lambda name: ("own", name))
"""One of the main account's own ids."""

GOOD = {
    "name": "x",
    "app_name": "x",
    "ip_set": "203.0.113.9",
    "numbers": "14155551235",
    "carrier": ("own", "carrier_id"),
    "region": "x",
    "uri": "pbx.example.com",
    "username": "pbx67890",
    "password": "xxxxx",
    "trunk_direction": "inbound",
    "primary_uri_uuid": ("own", "uri_uuid"),
    "ip_addresses": "198.51.100.10",
}
"""Enough for every creation."""

VALUES = SCALARS | WORDS | OWN | st.lists(SCALARS | WORDS, max_size=3) | st.just({"a": 1})


def arguments(operation: Operation) -> Any:
    """Return what may come as the arguments of an operation: its own for the most part."""
    own = ARGUMENTS.get(operation.handler.__name__) or NAMES
    return st.dictionaries(st.sampled_from(own) | st.sampled_from(NAMES) | st.text(max_size=8), VALUES, max_size=6)


@pytest.fixture(scope="module")
def open_world(furnished: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One installation for all requests: what some of them do, the next ones find."""
    yield from copied(furnished, tmp_path_factory.mktemp("every"))


def last_change(world: World) -> Any:
    """Return the newest line of the change log."""
    return world.inventory.read(lambda s: s.log.page(EVERYTHING, Page(1)).items)


def own_ids(world: World) -> dict[str, str]:
    """Return ids of the main account's, making what is not there (any more)."""
    ids = {"auth_id": world.main.auth_id}
    for resource, key in (("IncomingCarrier", "carrier_id"), ("Application", "app_id"), ("Number", "number")):
        rows = world.plivo("GET", f"{resource}/").json["objects"]
        ids[key] = str(rows[0][key]) if rows else ""
    ids["carrier_id"] = ids["carrier_id"] or world.carrier()
    ids["app_id"] = ids["app_id"] or world.application()
    if not ids["number"]:
        world.numbers(ids["carrier_id"], "14155551234")
        ids["number"] = "14155551234"
    rows = world.plivo("GET", "Subaccount/").json["objects"]
    made = rows[0] if rows else world.plivo("POST", "Subaccount/", {"name": "x"}).json
    users = world.plivo("GET", "Endpoint/").json["objects"]
    user = {"username": "x", "password": "xxxxx", "alias": "x"}
    ids["endpoint_id"] = (users[0] if users else world.plivo("POST", "Endpoint/", user).json)["endpoint_id"]
    return ids | {"subauth_id": made["auth_id"]} | regulated_ids(world) | zentrunk_ids(world)


def zentrunk_ids(world: World) -> dict[str, str]:
    """Return a trunk, a URI, a credential and an IP list of the main account's."""
    login = {"username": "pbx12345", "password": "secret-1"}
    ids: dict[str, str] = {}
    for resource, key, body in (
        ("URI", "uri_uuid", {"uri": "pbx.example.com"}),
        ("Credential", "credential_uuid", login),
        ("IPAccessControlList", "ipacl_uuid", {"ip_addresses": ["198.51.100.9"]}),
        ("Trunk", "trunk_id", {"name": "x", "trunk_direction": "inbound"}),
    ):
        rows = world.plivo("GET", f"Zentrunk/{resource}/").json["objects"]
        more = {"primary_uri_uuid": ids["uri_uuid"]} if resource == "Trunk" else {}
        ids[key] = (rows[0] if rows else world.plivo("POST", f"Zentrunk/{resource}/", body | more).json)[key]
    return ids


def regulated_ids(world: World) -> dict[str, str]:
    """Return a campaign, a profile and a compliance application of the main account's."""
    if not world.inventory.read(lambda s: s.campaigns.all(1)):
        body = {"campaign_id": "C1", "alias": "x"}
        world.native("POST", "campaigns", body, tenant=world.operator, account_id=world.main.account.id)
    names = ("profile_alias", "customer_type", "entity_type", "company_name", "vertical")
    profiles = world.plivo("GET", "Profile/").json["profiles"]
    profile = profiles[0] if profiles else world.plivo("POST", "Profile/", dict.fromkeys(names, "x")).json
    papers: dict[str, Any] = {"alias": "x", "country_iso": "US", "number_type": "local", "documents": [{}]}
    papers["end_user"] = {"type": "business", "name": "x"}
    found = world.plivo("GET", "PhoneNumber/Compliance/").json["compliances"]
    compliance = found[0] if found else world.plivo("POST", "PhoneNumber/Compliance/", papers).json
    return {
        "campaign_id": "C1",
        "profile_uuid": profile["profile_uuid"],
        "compliance_id": compliance["compliance_id"],
    }


def filled(operation: Operation, ids: dict[str, str], junk: bytes | None) -> str:
    """Return an operation's path, its last value replaced by ``junk``."""
    path = operation.path
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", value)
    ends_with_one = operation.path.endswith("}") and not operation.path.endswith("{auth_id}")
    at = path.rpartition("/")[0] if ends_with_one else None
    return path if junk is None or at is None else f"{at}/{quote_from_bytes(junk, safe='')}"


def plain(value: Any, ids: dict[str, str]) -> Any:
    """Replace what stands for an id."""
    if isinstance(value, tuple):
        return ids[value[1]]
    return {k: plain(v, ids) for k, v in value.items()} if isinstance(value, dict) else value


def check(reply: Reply, *, is_list: bool) -> None:
    """An answer is never a 500; an error has text, api_id, and on lists an empty list."""
    assert reply.status < 500, reply.body
    if reply.status < 400:
        return
    assert reply.json["error"].strip()
    assert UUID(reply.json["api_id"]).version == 1
    assert not is_list or reply.json["objects"] == []


@pytest.mark.parametrize("operation", PLIVO.operations, ids=lambda o: f"{o.method} {o.path}")
def test_whatever_comes(open_world: World, operation: Operation) -> None:
    requests = st.fixed_dictionaries(
        {
            "junk": st.none() | st.none() | st.binary(max_size=12),
            "base": st.sampled_from([{}, GOOD]),
            "args": arguments(operation),
            "raw": st.none() | st.none() | st.binary(max_size=60),
            "query": st.dictionaries(st.sampled_from(NAMES), WORDS | OWN | st.text(max_size=12), max_size=4),
            "type": st.sampled_from(["application/json", "application/x-www-form-urlencoded", "text/plain", ""]),
            "slash": st.sampled_from(["", "/"]),
        }
    )

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(request=requests)
    def send(request: dict[str, Any]) -> None:
        world, ids, kind = open_world, own_ids(open_world), request["type"]
        body = (
            encoded(plain(request["base"] | request["args"], ids), kind) if request["raw"] is None else request["raw"]
        )
        query = urlencode({k: plain(v, ids) for k, v in request["query"].items()}, errors="replace")
        target = f"{filled(operation, ids, request['junk'])}{request['slash']}?{query}"
        before, began = last_change(world), time.monotonic()
        reply = world.ask(operation.method, target, body, world.main.basic | {"content-type": kind})
        assert time.monotonic() - began < LONGEST_S
        check(reply, is_list=operation.is_list)
        if reply.status >= 400 or operation.method == "GET":
            assert last_change(world) == before, (reply.status, reply.body)

    send()


def encoded(args: dict[str, Any], content_type: str) -> bytes:
    """Return arguments as a form or as JSON."""
    if content_type.endswith("urlencoded"):
        return urlencode({k: str(v) for k, v in args.items()}, errors="replace").encode()
    return json.dumps(args).encode("utf-8", "replace")


WRITES = [o for o in PLIVO.operations if o.method == "POST"]


@pytest.mark.parametrize("operation", WRITES, ids=lambda o: f"{o.method} {o.path}")
def test_bodies_that_are_no_arguments(open_world: World, operation: Operation) -> None:
    path = filled(operation, own_ids(open_world), None)
    before = last_change(open_world)
    for body, status in ((b"{", 400), (b"[1]", 400), (b"nonsense", 400), (b" " * (MAX_BODY + 1), 413)):
        reply = open_world.ask(operation.method, path, body, open_world.main.basic)
        assert reply.status == status, (body[:10], reply.body)
        check(reply, is_list=operation.is_list)
    assert last_change(open_world) == before
