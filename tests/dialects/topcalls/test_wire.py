"""TopCalls' refusals: each status with its slug and title, in which order they are checked, and what they carry."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.topcalls.bodies import ABSENT, PAGE, STATIC, carriers, check_problem, create, refused
from tests.http.test_limits import limited
from tests.http.world import Reply, Tenant, World
from trunkline.core import api_keys
from trunkline.core.accounts import operator
from trunkline.core.api_keys import READ_NUMBERS, WRITE_NUMBERS
from trunkline.core.errors import StoreUnavailableError, TrunklineError
from trunkline.dialects.http import Ask, HttpError
from trunkline.dialects.topcalls import ids, requests
from trunkline.dialects.topcalls.errors import TABLE, refuse
from trunkline.dialects.topcalls.routes import TOPCALLS

PREFIX = "/v1/phone-numbers"


def key_of(world: World, *scopes: str) -> Tenant:
    """Return the main account with a key of these scopes."""
    made = world.write(lambda s: api_keys.create(s, operator("test"), world.main.account.id, scopes))
    return Tenant(world.main.account, "", made.secret)


# Paths and methods


@pytest.mark.parametrize("path", ["/x/y", "/carriers/a/b", "/carriers//x", "//x"])
def test_unknown_paths(shared: World, path: str) -> None:
    check_problem(shared.topcalls("GET", path), 404, "not_found", "Not Found")
    check_problem(shared.ask("GET", PREFIX + path), 404, "not_found")


@pytest.mark.parametrize("path", ["/v1/phone-numbersx", "/v1/phone", "/v1"])
def test_paths_beside_the_dialect_are_not_its(shared: World, path: str) -> None:
    assert shared.ask("GET", path).json == {"error": "not found"}


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "", "GET, POST"),
        ("DELETE", "", "GET, POST"),
        ("PATCH", "/carriers", "GET, POST"),
        ("POST", f"/carriers/{ABSENT}", "DELETE, GET, PATCH"),
        ("PATCH", f"/{ABSENT}", "DELETE, GET"),
    ],
)
def test_other_methods(shared: World, method: str, path: str, allow: str) -> None:
    reply = shared.ask(method, PREFIX + path)
    check_problem(reply, 405, "method_not_allowed", "Method Not Allowed")
    assert reply.headers["allow"] == allow


def test_a_trailing_slash_does_not_matter(shared: World) -> None:
    assert shared.topcalls("GET", "/").json == shared.topcalls("GET", "").json == {"data": [], "next_cursor": None}
    assert shared.topcalls("GET", "/carriers/").status == 200
    assert shared.topcalls("HEAD", "/carriers").status == 200


# Who asks


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer tc_live_" + "0" * 32, "tc_live_x"])
def test_bad_credentials(shared: World, value: str) -> None:
    for operation in TOPCALLS.operations:
        path = operation.path.replace("{carrier_id}", ABSENT).replace("{phone_number_id}", ABSENT)
        reply = shared.ask(operation.method, path, None, {"authorization": value} if value else {})
        check_problem(reply, 401, "unauthorized", "Unauthorized")
        assert reply.headers["www-authenticate"].startswith("Bearer")


def test_a_plivo_token_opens_nothing_here(shared: World) -> None:
    check_problem(shared.ask("GET", PREFIX, None, shared.main.basic), 401, "unauthorized")
    check_problem(
        shared.ask("GET", PREFIX, None, {"authorization": f"Bearer {shared.main.token}"}), 401, "unauthorized"
    )


def test_a_revoked_key(world: World) -> None:
    tenant = key_of(world, api_keys.ALL)
    assert world.topcalls("GET", tenant=tenant).status == 200
    found = world.inventory.read(lambda s: api_keys.opened(s, tenant.api_key))[1]
    world.write(lambda s: api_keys.revoke(s, operator("test"), found.id))
    check_problem(world.topcalls("GET", tenant=tenant), 401, "unauthorized")


@pytest.mark.parametrize("operation", TOPCALLS.operations, ids=lambda o: f"{o.method} {o.path}")
def test_scopes(world: World, operation: Any) -> None:
    path = operation.path.replace("{carrier_id}", str(uuid4())).replace("{phone_number_id}", str(uuid4()))
    reads = operation.method == "GET"
    own, other = (READ_NUMBERS, WRITE_NUMBERS) if reads else (WRITE_NUMBERS, READ_NUMBERS)
    reply = world.ask(operation.method, path, {}, key_of(world, other).bearer)
    body = check_problem(reply, 403, "forbidden", "Insufficient scope")
    assert own in body["detail"]
    for scopes in ((own,), (READ_NUMBERS, WRITE_NUMBERS), (api_keys.ALL,)):
        assert world.ask(operation.method, path, {}, key_of(world, *scopes).bearer).status in (200, 400, 404)


def test_a_key_of_some_scopes_opens_no_other_dialect(world: World) -> None:
    for scopes in ((READ_NUMBERS,), (READ_NUMBERS, WRITE_NUMBERS)):
        reply = world.native("GET", "carriers", tenant=key_of(world, *scopes))
        assert (reply.status, reply.json["errors"][0]["code"]) == (403, "not_allowed")


# Bodies


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_other_media_types(shared: World, kind: str) -> None:
    headers = shared.main.bearer | {"content-type": kind}
    for method, path in (("POST", "/carriers"), ("POST", ""), ("PATCH", f"/carriers/{ABSENT}")):
        reply = shared.ask(method, PREFIX + path, STATIC, headers)
        check_problem(reply, 415, "unsupported_media_type", "Unsupported Media Type")


def test_json_with_a_charset(world: World) -> None:
    headers = world.main.bearer | {"content-type": "Application/JSON; charset=utf-8"}
    assert world.ask("POST", f"{PREFIX}/carriers", STATIC, headers).status == 201


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_of_more_than_100_kb(shared: World, declared: bool) -> None:
    body = b" " * (requests.MAX_BODY + 1)
    headers = shared.main.bearer | ({} if declared else {"content-length": ""})
    for path in ("/carriers", ""):
        reply = shared.ask("POST", PREFIX + path, body, headers)
        check_problem(reply, 413, "payload_too_large")
    assert refused(shared.topcalls("POST", "/carriers", b" " * requests.MAX_BODY)) == [("", "invalid_json")]


def test_a_long_query(shared: World) -> None:
    check_problem(shared.topcalls("GET", f"?x={'y' * 9000}"), 414, "uri_too_long")


# Limits and failures


def test_too_many_requests(world: World) -> None:
    clock = limited(world, 2)
    assert [world.topcalls("GET").status for _ in range(2)] == [200, 200]
    reply = world.topcalls("GET", "/carriers")
    check_problem(reply, 429, "rate_limited", "Too Many Requests")
    assert reply.headers["retry-after"] == "5"
    clock.now += 5
    assert world.topcalls("GET").status == 200


def test_nothing_of_a_failure_leaks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_store: Any) -> Any:
        raise RuntimeError("SELECT secret FROM table")

    monkeypatch.setattr(world.inventory, "search", fail)
    reply = world.topcalls("GET")
    check_problem(reply, 500, "internal_error", "Internal Server Error")
    assert b"SELECT" not in reply.body


def test_a_store_that_cannot_be_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_store: Any) -> Any:
        raise StoreUnavailableError("the inventory cannot be read now")

    monkeypatch.setattr(world.inventory, "search", fail)
    reply = world.topcalls("GET")
    check_problem(reply, 503, "unavailable")
    assert reply.headers["retry-after"] == "1"


# The order of the checks


def test_the_order_of_checks(world: World) -> None:
    """Each request breaks one rule less than the one before it; the earliest rule is told."""
    limited(world, 10)
    reader, writer = key_of(world, READ_NUMBERS), key_of(world, WRITE_NUMBERS)
    text, large = {"content-type": "text/plain"}, b"{" * (requests.MAX_BODY + 1)
    bad_key, path = {"idempotency-key": "short"}, f"{PREFIX}/carriers"

    def send(body: Any, headers: dict[str, str]) -> Reply:
        return world.ask("POST", path, body, headers)

    check_problem(world.ask("POST", f"{path}/x/y", large, text | bad_key), 404, "not_found")
    check_problem(world.ask("PUT", path, large, text | bad_key), 405, "method_not_allowed")
    check_problem(send(large, text | bad_key), 401, "unauthorized")
    check_problem(send(large, reader.bearer | text | bad_key), 403, "forbidden")
    check_problem(send(large, writer.bearer | text | bad_key), 415, "unsupported_media_type")
    check_problem(send(large, writer.bearer | bad_key), 413, "payload_too_large")
    assert refused(send(b"{", writer.bearer | bad_key)) == [("", "invalid_json")]
    check_problem(send(PAGE, writer.bearer | bad_key), 400, "invalid_idempotency_key")
    good_key = writer.bearer | {"idempotency-key": "long-enough"}
    assert refused(send(PAGE, good_key)) == [("sip_gateway.ipv4", "inbound_requires_ipv4")]
    assert send(STATIC, good_key).status == 201
    check_problem(send(STATIC | {"carrier_name": "x"}, good_key), 422, "idempotency_key_reused")
    for _ in range(2):
        send(STATIC, good_key)
    check_problem(send(large, reader.bearer | text | bad_key), 429, "rate_limited")
    check_problem(send(large, text | bad_key), 401, "unauthorized")


# Tables


def subclasses(kind: type[TrunklineError]) -> set[type[TrunklineError]]:
    """Return an error with all that are made from it."""
    return {kind}.union(*(subclasses(below) for below in kind.__subclasses__()))


def test_the_error_table_is_total() -> None:
    assert set(TABLE) == subclasses(TrunklineError)
    assert not [row for row in TABLE.values() if not 400 <= row.status < 600]


@pytest.mark.parametrize("status", [404, 405, 408, 413, 414, 429, 500, 503])
def test_every_refusal_of_the_door_has_a_slug(status: int) -> None:
    platform: Any = None
    ask = Ask(platform, "GET", PREFIX, b"", [])
    answer = refuse(HttpError(status, "x"), ask)
    assert (answer.status, answer.content_type) == (status, b"application/problem+json")


@given(st.uuids(version=4))
def test_the_mask_is_its_own_inverse_and_keeps_the_version(value: Any) -> None:
    other = ids.masked(str(value))
    assert other != str(value)
    assert ids.masked(other) == str(value)
    assert ids.uuid(other) == other
    assert other[14] == "4"
    assert other[19] in "89ab"


def test_disabled_and_closed_accounts(world: World) -> None:
    path = f"Subaccount/{world.sub.auth_id}/"
    assert world.plivo("POST", path, {"name": "Branch", "enabled": False}).status == 202
    check_problem(world.topcalls("GET", tenant=world.sub), 401, "unauthorized")
    assert world.plivo("DELETE", path).status == 204
    check_problem(world.topcalls("GET", tenant=world.sub), 401, "unauthorized")
    create(world)
    assert len(carriers(world)) == 1
