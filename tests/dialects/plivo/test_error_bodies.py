"""Every error of every route has a body: plivo-go takes an error status with an empty one for success."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from tests.dialects.plivo.test_every_route import filled, own_ids
from tests.http.fixtures import copied
from tests.http.world import Reply, World
from trunkline.dialects.asgi import build
from trunkline.dialects.http import MAX_QUERY, Operation
from trunkline.dialects.limits import RateLimit
from trunkline.dialects.plivo.arguments import ARGUMENTS
from trunkline.dialects.plivo.routes import PLIVO
from trunkline.store.calls import CallReader

BODIES = [o for o in PLIVO.operations if o.method not in ("GET", "HEAD")]
ONES = [o for o in PLIVO.operations if "{" in o.path.replace("{auth_id}", "")]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def every(operations: Any) -> pytest.MarkDecorator:
    """Run a test once for each of these operations."""
    return pytest.mark.parametrize("operation", operations, ids=lambda o: f"{o.method} {o.path}")


@pytest.fixture(scope="module")
def full(furnished: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One installation with one of everything in it."""
    yield from copied(furnished, tmp_path_factory.mktemp("errors"))


@pytest.fixture(scope="module")
def ids(full: World) -> dict[str, str]:
    """The ids of what there is."""
    return own_ids(full)


def check(reply: Reply, status: int) -> None:
    """The error is Plivo's: its status, a text, an api_id; JSON of exactly that type, as long as it says."""
    assert reply.status == status, reply.body
    assert reply.headers["content-type"] == "application/json"
    assert int(reply.headers["content-length"]) == len(reply.body) > 0
    assert reply.json["error"].strip()
    assert UUID(reply.json["api_id"]).version == 1


@every([o for o in BODIES if ARGUMENTS[o.handler.__name__]])
def test_400(full: World, ids: dict[str, str], operation: Operation) -> None:
    check(full.ask(operation.method, filled(operation, ids, None), b"{", full.main.basic), 400)


@every([o for o in PLIVO.operations if "limit" in ARGUMENTS[o.handler.__name__]])
def test_400_of_a_list(full: World, ids: dict[str, str], operation: Operation) -> None:
    check(full.ask("GET", f"{filled(operation, ids, None)}?limit=x&country_iso=US", None, full.main.basic), 400)


@every(PLIVO.operations)
def test_401(full: World, ids: dict[str, str], operation: Operation) -> None:
    check(full.ask(operation.method, filled(operation, ids, None)), 401)
    bearer = {"authorization": "Bearer stk_0123456789abcdef"}  # plivo-cli's other way of logging in
    check(full.ask(operation.method, filled(operation, ids, None), None, bearer), 401)


@pytest.mark.parametrize(
    "header", ["Basic \u00e4", "Basic \u00ff\u00fe", "Basic", "Basic ====", "Basic /////w==", "\u00e4"]
)
def test_401_of_a_header_that_is_no_login(full: World, header: str) -> None:
    path = f"/v1/Account/{full.main.auth_id}/Number/"
    check(full.ask("GET", path, None, {"authorization": header}), 401)
    refused = full.ask("GET", f"/2010-04-01/Accounts/{full.main.account_sid}.json", None, {"authorization": header})
    assert (refused.status, refused.json["code"]) == (401, 20003)


@every(ONES)
def test_404(full: World, ids: dict[str, str], operation: Operation) -> None:
    gone = dict.fromkeys(ids, "0") | {"auth_id": ids["auth_id"]}
    good: dict[str, Any] = {"numbers": "1", "name": "x", "app_name": "x", "profile_alias": "x"}
    good["trunk_direction"] = "inbound"
    check(full.ask(operation.method, filled(operation, gone, None), good, full.main.basic), 404)


def test_404_of_no_route(full: World) -> None:
    for method in METHODS:
        check(full.ask(method, f"/v1/Account/{full.main.auth_id}/Nothing/", None, full.main.basic), 404)
        check(full.ask(method, "/v1/Account/", None, full.main.basic), 404)


@every(PLIVO.operations)
def test_405(full: World, ids: dict[str, str], operation: Operation) -> None:
    allowed = {o.method for o in PLIVO.operations if o.path == operation.path}
    # Where a path is also an id's (Compliance/Link as Compliance/{id}) only the literal's methods count.
    for method in set(METHODS) - allowed:
        reply = full.ask(method, filled(operation, ids, None), None, full.main.basic)
        check(reply, 405)
        assert set(reply.headers["allow"].split(", ")) == allowed


@every(BODIES)
def test_413(full: World, ids: dict[str, str], operation: Operation) -> None:
    body = b" " * (operation.max_body + 1)
    check(full.ask(operation.method, filled(operation, ids, None), body, full.main.basic), 413)


@every(PLIVO.operations)
def test_414(full: World, ids: dict[str, str], operation: Operation) -> None:
    target = f"{filled(operation, ids, None)}?x={'x' * MAX_QUERY}"
    check(full.ask(operation.method, target, None, full.main.basic), 414)


@every(PLIVO.operations)
def test_429(full: World, ids: dict[str, str], operation: Operation) -> None:
    limit, path = RateLimit(0, 5.0), filled(operation, ids, None)
    limited = World(
        full.inventory,
        build(full.inventory, CallReader(full.data), full.explainer, limit=limit),
        full.explainer,
        full.data,
    )
    reply = limited.ask(operation.method, path, None, full.main.basic)
    check(reply, 429)
    assert 0 < int(reply.headers["retry-after"]) <= 5
