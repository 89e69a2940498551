"""Endpoint: statuses and bodies of the SDKs' fixtures, and what an application's end does to its endpoints."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.http.world import Reply, Tenant, World
from trunkline.core.bindings import Binding, Flow
from trunkline.core.endpoints import MAX_ALIAS, MAX_PASSWORD, MAX_USERNAME
from trunkline.core.model import EVERYTHING, CredentialKind, Page
from trunkline.store.bindings import SqlBindings

KEYS = {
    "alias",
    "application",
    "endpoint_id",
    "resource_uri",
    "sip_registered",
    "sip_uri",
    "sub_account",
    "username",
}
REGISTERED = {"sip_contact", "sip_expires", "sip_user_agent"}
SECRET = "pass-word-1"


def make(world: World, tenant: Tenant | None = None, **args: Any) -> dict[str, Any]:
    """Create an endpoint and return the answer."""
    body = {"username": "alice", "password": SECRET, "alias": "Alice", **args}
    reply = world.plivo("POST", "Endpoint/", body, tenant=tenant)
    assert reply.status == 201, reply.body
    return dict(reply.json)


def get(world: World, endpoint_id: str, tenant: Tenant | None = None) -> dict[str, Any]:
    """Return an endpoint as its owner sees it."""
    reply = world.plivo("GET", f"Endpoint/{endpoint_id}/", tenant=tenant)
    assert reply.status == 200, reply.body
    return dict(reply.json)


def login(world: World, endpoint_id: str) -> str:
    """Return an endpoint's credential."""
    found = world.inventory.read(lambda s: s.endpoints.by_serial(EVERYTHING, endpoint_id))
    assert found is not None
    return found.login_id


def test_an_endpoint_from_creation_to_deletion(world: World) -> None:
    app_id = world.application()
    made = make(world, app_id=app_id)
    assert set(made) == {"api_id", "alias", "endpoint_id", "message", "username"}
    assert (made["message"], made["alias"]) == ("created", "Alice")
    name, endpoint_id = made["username"], made["endpoint_id"]
    assert (name[:5], len(name), name[5:].isdigit(), len(endpoint_id)) == ("alice", 17, True, 14)
    shown = get(world, endpoint_id)
    assert set(shown) == KEYS | {"api_id"}
    assert (shown["sip_registered"], shown["sip_uri"], shown["sub_account"]) == ("false", f"sip:{name}@127.0.0.1", None)
    assert shown["application"] == f"/v1/Account/{world.main.auth_id}/Application/{app_id}/"
    assert shown["resource_uri"] == f"/v1/Account/{world.main.auth_id}/Endpoint/{endpoint_id}/"
    del shown["api_id"]
    assert world.plivo("GET", "Endpoint/").json["objects"] == [shown]
    changed = world.plivo("POST", f"Endpoint/{endpoint_id}/", {"alias": "Bob", "app_id": ""})
    assert (changed.status, changed.json["message"]) == (202, "changed")
    shown = get(world, endpoint_id)
    assert (shown["alias"], shown["application"], shown["username"]) == ("Bob", None, name)
    gone = world.plivo("DELETE", f"Endpoint/{endpoint_id}/")
    assert (gone.status, gone.body) == (204, b"")
    assert world.plivo("GET", f"Endpoint/{endpoint_id}/").status == 404
    assert world.plivo("GET", "Endpoint/").json["objects"] == []


def test_nulls_change_nothing(world: World) -> None:
    app_id = world.application()
    endpoint_id = make(world, app_id=app_id)["endpoint_id"]
    before, opened_by = get(world, endpoint_id), login(world, endpoint_id)
    empty = {"alias": None, "password": None, "app_id": None, "username": "other"}
    assert world.plivo("POST", f"Endpoint/{endpoint_id}/", empty).status == 202
    assert get(world, endpoint_id) | {"api_id": ""} == before | {"api_id": ""}
    assert login(world, endpoint_id) == opened_by


def test_the_state_of_a_registration(world: World) -> None:
    """It is what the edge's file says at this moment; a new password ends it at once."""
    endpoint_id, other = make(world)["endpoint_id"], make(world, alias="Other")["endpoint_id"]
    now, flow = time.time(), Flow("UDP", "203.0.113.9", 40000, "192.0.2.1:5060")
    old = Binding(
        login(world, endpoint_id), "a", "sip:alice@10.0.0.1:5060;ob", "c", 1, 1000, now + 600, now - 5, "Phone 1", flow
    )
    new = old._replace(contact="sip:alice@10.0.0.2", registered_at=now, user_agent="Phone 2", expires_at=1893456000.0)
    bindings = SqlBindings(world.data)
    bindings.put([old, new, old._replace(login_id=login(world, other), expires_at=now - 1)], [])
    shown = get(world, endpoint_id)
    assert set(shown) == KEYS | REGISTERED | {"api_id"}
    assert (shown["sip_registered"], shown["sip_contact"]) == ("true", "sip:alice@10.0.0.2")
    assert (shown["sip_expires"], shown["sip_user_agent"]) == ("2030-01-01 00:00:00", "Phone 2")
    listed = world.plivo("GET", "Endpoint/").json["objects"]
    assert [row["sip_registered"] for row in listed] == ["true", "false"]
    assert not REGISTERED & set(listed[1])
    assert world.plivo("POST", f"Endpoint/{endpoint_id}/", {"password": "another-1"}).status == 202
    assert get(world, endpoint_id)["sip_registered"] == "false"
    bindings.close()


def test_the_password_is_kept_encrypted_and_told_nowhere(world: World) -> None:
    endpoint_id = make(world)["endpoint_id"]
    world.plivo("POST", f"Endpoint/{endpoint_id}/", {"password": SECRET + "2"})
    credential = login(world, endpoint_id)
    assert world.inventory.read(lambda s: s.credentials.reveal(credential)) == SECRET + "2"
    world.plivo("DELETE", f"Endpoint/{endpoint_id}/")
    row = world.inventory.read(lambda s: s.credentials.live(world.main.account.id, CredentialKind.SIP_ENDPOINT))
    assert row == []
    log = world.inventory.read(lambda s: s.log.page(EVERYTHING, Page(50)))
    lines = [(change.verb, change.detail) for change in log.items if change.kind == "endpoint"]
    assert [verb for verb, _ in lines] == ["delete", "update", "create"]
    assert SECRET not in str(lines)
    assert all(SECRET.encode() not in path.read_bytes() for path in world.data.glob("trunkline.db*"))


def test_tenants(world: World) -> None:
    own, below = make(world)["endpoint_id"], make(world, world.sub)["endpoint_id"]
    assert [row["endpoint_id"] for row in world.plivo("GET", "Endpoint/").json["objects"]] == [own, below]
    assert get(world, below)["sub_account"] == world.sub.auth_id
    assert [r["endpoint_id"] for r in world.plivo("GET", "Endpoint/", tenant=world.sub).json["objects"]] == [below]
    for tenant, endpoint_id in ((world.sub, own), (world.other, own), (world.other, below)):
        for method in ("GET", "POST", "DELETE"):
            reply = world.plivo(method, f"Endpoint/{endpoint_id}/", {"alias": "x"}, tenant=tenant)
            assert (reply.status, reply.json["error"]) == (404, "not found")
    foreign = world.application(world.other)
    body = {"username": "a", "password": SECRET, "alias": "a", "app_id": foreign}
    refused, absent = (
        world.plivo("POST", "Endpoint/", body | {"app_id": app_id}) for app_id in (foreign, "210112345678901234")
    )
    assert (refused.status, refused.json["error"]) == (absent.status, absent.json["error"])
    assert (refused.status, "app_id" in refused.json["error"]) == (400, True)
    assert world.plivo("POST", f"Endpoint/{own}/", {"app_id": foreign}).status == 400
    from_below = world.application(world.sub)  # an application of an account below cannot answer for one above
    assert world.plivo("POST", f"Endpoint/{own}/", {"app_id": from_below}).status == 400


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"username": None}, "username"),
        ({"username": ""}, "username"),
        ({"username": "1alice"}, "username"),
        ({"username": "al ice"}, "username"),
        ({"username": "al-ice"}, "username"),
        ({"username": "älice"}, "username"),
        ({"username": "a" * (MAX_USERNAME + 1)}, "username"),
        ({"username": ["a"]}, "username"),
        ({"password": None}, "password"),
        ({"password": "1234"}, "password"),
        ({"password": "a" * (MAX_PASSWORD + 1)}, "password"),
        ({"password": "12345\n"}, "password"),
        ({"alias": None}, "alias"),
        ({"alias": "a" * (MAX_ALIAS + 1)}, "alias"),
        ({"app_id": "nonsense"}, "app_id"),
    ],
)
def test_a_creation_that_is_refused(shared: World, change: dict[str, Any], named: str) -> None:
    body = {"username": "alice", "password": SECRET, "alias": "Alice", **change}
    refused = shared.plivo("POST", "Endpoint/", body)
    assert refused.status == 400
    assert named in refused.json["error"]
    assert SECRET not in refused.body.decode()
    assert shared.plivo("GET", "Endpoint/").json["objects"] == []


def test_longest_and_shortest(world: World) -> None:
    make(world, username="a" * MAX_USERNAME, password="12345", alias="a" * MAX_ALIAS)
    make(world, username="Z", password="ä" * MAX_PASSWORD)


def test_the_default_application_of_endpoints(world: World) -> None:
    first = world.application(default_endpoint_app=True)
    uri = f"/v1/Account/{world.main.auth_id}/Application/{first}/"
    made = make(world)["endpoint_id"]
    assert get(world, made)["application"] == uri
    assert world.plivo("GET", f"Application/{first}/").json["default_endpoint_app"] is True
    second = world.application(default_endpoint_app=True, app_name="Second")
    assert world.plivo("GET", f"Application/{first}/").json["default_endpoint_app"] is False
    assert get(world, made)["application"] == uri
    assert get(world, make(world)["endpoint_id"])["application"] == uri.replace(first, second)
    assert world.plivo("POST", f"Application/{second}/", {"default_endpoint_app": False}).status == 202
    assert get(world, make(world)["endpoint_id"])["application"] is None


def removal(world: World, **args: Any) -> tuple[Reply, list[str | None]]:
    """Delete an application that answers two endpoints; return the answer and the applications of those left."""
    app_id = world.application(default_endpoint_app=True)
    make(world)
    make(world)
    reply = world.plivo("DELETE", f"Application/{app_id}/", args)
    return reply, [row["application"] for row in world.plivo("GET", "Endpoint/").json["objects"]]


class TestTheEndOfAnApplication:
    """``cascade`` is true unless said otherwise."""

    @pytest.mark.parametrize("args", [{}, {"cascade": True}, {"cascade": None}])
    def test_takes_its_endpoints_along(self, world: World, args: dict[str, Any]) -> None:
        reply, left = removal(world, **args)
        assert (reply.status, left) == (204, [])

    def test_leaves_them_without_one(self, world: World) -> None:
        reply, left = removal(world, cascade=False)
        assert (reply.status, left) == (204, [None, None])
        assert get(world, make(world)["endpoint_id"])["application"] is None

    def test_gives_them_another_one(self, world: World) -> None:
        other = world.application(app_name="Other")
        reply, left = removal(world, new_endpoint_application=other)
        assert (reply.status, left) == (204, [f"/v1/Account/{world.main.auth_id}/Application/{other}/"] * 2)

    def test_is_refused_where_the_other_one_is_not_theirs(self, world: World) -> None:
        reply, left = removal(world, new_endpoint_application=world.application(world.other))
        assert (reply.status, len(left)) == (400, 2)
        assert "new_endpoint_application" in reply.json["error"]
        assert left[0] is not None


def test_moving_an_application_lets_its_endpoints_go(world: World) -> None:
    app_id = world.application()
    endpoint_id = make(world, app_id=app_id)["endpoint_id"]
    assert world.plivo("POST", f"Application/{app_id}/", {"subaccount": world.sub.auth_id}).status == 202
    assert get(world, endpoint_id)["application"] is None
