"""Account: what it shows, and what of it changes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.world import World

KEYS = {
    "account_type",
    "address",
    "auth_id",
    "auto_recharge",
    "billing_mode",
    "cash_credits",
    "city",
    "name",
    "resource_uri",
    "state",
    "timezone",
}


def account(world: World, **who: Any) -> Any:
    """Return the account as its owner sees it."""
    reply = world.plivo("GET", "", **who)
    assert reply.status == 200, reply.body
    return reply.json


def test_the_object(shared: World) -> None:
    shown = account(shared)
    assert set(shown) == KEYS | {"api_id"}
    assert (shown["auth_id"], shown["name"]) == (shared.main.auth_id, "Main")
    assert shown["resource_uri"] == f"/v1/Account/{shared.main.auth_id}/"
    # Nobody is billed here: no credit, and none needed.
    assert (shown["billing_mode"], shown["cash_credits"], shown["auto_recharge"]) == ("postpaid", "0.00000", False)
    assert (shown["city"], shown["address"], shown["state"], shown["timezone"]) == ("", "", "", "UTC")
    assert account(shared, tenant=shared.sub)["auth_id"] == shared.sub.auth_id
    path = f"/v1/Account/{shared.main.auth_id}"
    assert shared.ask("GET", path, None, shared.main.basic).status == 200


def test_null_and_absent_leave_things_as_they_are(world: World) -> None:
    full = {"name": "Umbrella", "city": "Raccoon", "address": "1 Main St", "state": "MO", "timezone": "America/Chicago"}
    changed = world.plivo("POST", "", full)
    assert (changed.status, changed.json["message"]) == (202, "changed")
    assert full.items() <= account(world).items()
    world.plivo("POST", "", {"name": None, "city": "Paris", "address": None})  # as plivo-python sends it
    assert (full | {"city": "Paris"}).items() <= account(world).items()
    world.plivo("POST", "", {"address": ""})
    assert account(world)["address"] == ""
    assert account(world, tenant=world.sub)["city"] == ""


@pytest.mark.parametrize(
    ("args", "named"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"city": "x" * 256}, "city"),
        ({"address": "x" * 256}, "address"),
        ({"state": ["x"]}, "state"),
        ({"timezone": ""}, "timezone"),
        ({"timezone": "no such zone"}, "timezone"),
        ({"timezone": "a/" * 40}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"city": "Oslo", "name": " "}, "name"),
    ],
)
def test_bad_arguments(shared: World, args: dict[str, object], named: str) -> None:
    before = account(shared)
    refused = shared.plivo("POST", "", args)
    assert refused.status == 400
    assert named in refused.json["error"]
    assert account(shared) | {"api_id": 0} == before | {"api_id": 0}


def test_it_is_not_deleted_here(shared: World) -> None:
    assert shared.plivo("DELETE", "").status == 405
