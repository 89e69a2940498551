"""How many requests an account may send."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.edge.lab import Tenant, account
from tests.http.world import World
from tests.server import Server
from trunkline.dialects import limits
from trunkline.dialects.asgi import build
from trunkline.dialects.limits import RateLimit
from trunkline.store.calls import CallReader


class Clock:
    """A clock that stands until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class TestCounting:
    """Windows that begin with an account's first request."""

    def test_a_window(self) -> None:
        clock = Clock()
        limit = RateLimit(3, 5.0, clock)
        assert [limit.wait("a") for _ in range(3)] == [0.0] * 3
        clock.now += 2
        assert (limit.wait("a"), limit.wait("b")) == (3.0, 0.0)
        clock.now += 3
        assert [limit.wait("a") for _ in range(4)] == [0.0, 0.0, 0.0, 5.0]

    def test_what_is_refused_does_not_count(self) -> None:
        clock = Clock()
        limit = RateLimit(1, 5.0, clock)
        assert [limit.wait("a") for _ in range(100)][1:] == [5.0] * 99
        clock.now += 5
        assert limit.wait("a") == 0.0

    def test_memory_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "MAX_ACCOUNTS", 10)
        clock = Clock()
        limit = RateLimit(1, 5.0, clock)
        for i in range(100):
            assert limit.wait(str(i)) == 0.0
            assert limit.accounts <= 10
        assert limit.wait("99") > 0  # the newest are still known
        clock.now += 5
        assert limit.wait("99") == 0.0


def limited(world: World, requests: int) -> Clock:
    """Put a limit on a world; return the limit's clock."""
    clock = Clock()
    limit = RateLimit(requests, 5.0, clock)
    world.app = build(world.inventory, CallReader(world.data), world.explainer, limit=limit)
    return clock


def test_plivo_answers_429_in_its_own_shape(world: World) -> None:
    clock = limited(world, 3)
    assert [world.plivo("GET", "Number/").status for _ in range(3)] == [200] * 3
    clock.now += 1.5
    refused = world.plivo("GET", "Number/")
    assert (refused.status, refused.headers["retry-after"], refused.json["objects"]) == (429, "4", [])
    assert "4 s" in refused.json["error"]
    assert refused.json["api_id"]
    assert world.plivo("POST", "Application/", {"app_name": "x"}).status == 429
    clock.now += 3.5
    assert world.plivo("GET", "Application/").json["objects"] == []


def test_each_account_has_its_own_budget_and_strangers_take_none_of_it(world: World) -> None:
    limited(world, 2)
    path = f"/v1/Account/{world.main.auth_id}/Number/"
    for headers in ({}, {"authorization": "Basic nonsense"}, world.other.basic, world.sub.basic):
        assert [world.ask("GET", path, None, headers).status for _ in range(5)] == [401] * 5
    for tenant in (world.main, world.sub):
        assert [world.plivo("GET", "Number/", tenant=tenant).status for _ in range(3)] == [200, 200, 429]


def test_the_native_api_has_no_such_limit(world: World) -> None:
    limited(world, 1)
    assert {world.native("GET", "numbers").status for _ in range(5)} == {200}


@pytest.mark.outside
@pytest.mark.timeout(120)
def test_a_running_server(tmp_path: Path) -> None:
    environ = {"TRUNKLINE_LAB": "false", "TRUNKLINE_HTTP_RATE_REQUESTS": "20", "TRUNKLINE_HTTP_RATE_SECONDS": "8"}
    server = Server(tmp_path / "data", environ=environ).start()
    try:
        tenant = Tenant(server, account(server, "A"))
        authorization = "Basic " + b64encode(f"{tenant.auth_id}:{tenant.token}".encode()).decode()

        def ask() -> tuple[int, str, bytes]:
            with closing(HTTPConnection(*server.http, timeout=20)) as connection:
                path = f"/v1/Account/{tenant.auth_id}/Number/"
                connection.request("GET", path, None, {"authorization": authorization})
                answer = connection.getresponse()
                return answer.status, answer.headers.get("retry-after", ""), answer.read()

        began = time.monotonic()
        replies = [ask() for _ in range(25)]
        assert time.monotonic() - began < 8, "the machine stood still for a whole window"
        assert [r[0] for r in replies] == [200] * 20 + [429] * 5
        _, retry_after, body = replies[-1]
        assert "too many requests" in json.loads(body)["error"]
        time.sleep(int(retry_after))  # as the answer says
        assert ask()[0] == 200
    finally:
        server.stop()
