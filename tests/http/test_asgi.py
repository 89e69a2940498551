"""What stands outside the dialects."""

from __future__ import annotations

import asyncio

import pytest

from tests.http.world import World, call
from trunkline.dialects.asgi import build
from trunkline.store.calls import CallReader


def test_health(world: World) -> None:
    assert world.ask("GET", "/healthz").json == {"status": "ok"}
    app = build(world.inventory, CallReader(world.data), world.explainer, ready=lambda: False)
    assert asyncio.run(call(app, "GET", "/healthz", {})).status == 503


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/Account", "/V1/Account/x/", "/native", "/native/v1", "/nope", "//"])
def test_other_paths_are_a_plain_404(shared: World, path: str) -> None:
    for method in ("GET", "POST"):
        reply = shared.ask(method, path)
        assert (reply.status, reply.json) == (404, {"error": "not found"})


def test_what_is_recalled_ends_with_a_commit(world: World) -> None:
    world.numbers(world.carrier(), "14155551234")
    for alias in ("one", "two"):
        assert world.plivo("POST", "Number/14155551234/", {"alias": alias}).status == 202
        for _ in range(2):
            assert world.plivo("GET", "Number/14155551234/").json["alias"] == alias
    world.plivo("DELETE", "Number/14155551234/")
    assert world.plivo("GET", "Number/14155551234/").status == 404
