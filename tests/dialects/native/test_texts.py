"""Text messages on record through the native API: whose they are, pages, filters."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dialects.native.test_routes import problem
from tests.http.texted import TEXT, keep, record
from tests.http.world import World


@pytest.fixture
def texts(world: World) -> World:
    """Three messages of the main account's tree, one of another's."""
    owners = (world.main, world.sub, world.main, world.other)
    keep(
        world.data,
        *[record(o.account.id, f"1{n}", name=f"m{n}", number=f"1415555000{n}") for n, o in enumerate(owners)],
    )
    return world


def listed(world: World, **query: Any) -> list[str]:
    """Return the ids of a page."""
    return [item["id"] for item in world.native("GET", "messages", **query).json["items"]]


def test_newest_first_with_a_cursor(texts: World) -> None:
    assert listed(texts) == ["m2", "m1", "m0"]
    page = texts.native("GET", "messages", limit=2).json
    assert [item["id"] for item in page["items"]] == ["m2", "m1"]
    assert listed(texts, before=page["next"]) == ["m0"]
    assert texts.native("GET", "messages", limit=4).json["next"] is None


def test_whose_they_are(texts: World) -> None:
    assert [i["id"] for i in texts.native("GET", "messages", tenant=texts.other).json["items"]] == ["m3"]
    everything = texts.native("GET", "messages", tenant=texts.operator).json["items"]
    assert [item["id"] for item in everything] == ["m3", "m2", "m1", "m0"]


def test_filters(texts: World) -> None:
    assert listed(texts, number="+14155550001") == ["m1"]
    assert listed(texts, number="14155550003") == []
    assert listed(texts, state="accepted") == ["m2", "m1", "m0"]
    assert listed(texts, state="failed") == []
    for name, wrong in (("state", "lost"), ("limit", 0), ("limit", 101), ("before", "x"), ("text", "x")):
        reply = texts.native("GET", "messages", **dict[str, Any]({name: wrong}))
        assert reply.status == 400
        assert name in reply.body.decode()
    assert texts.native("GET", "messages", number="x").status == 400


def test_a_message_as_shown(texts: World) -> None:
    """All but what it says."""
    reply = texts.native("GET", "messages", number="14155550000")
    (shown,) = reply.json["items"]
    assert TEXT.encode() not in reply.body
    assert shown == {
        "id": "m0",
        "account_id": texts.main.account.id,
        "number": "14155550000",
        "caller": "10",
        "source": "203.0.113.7",
        "carrier_id": None,
        "state": "accepted",
        "verdict": "route",
        "sip_status": 202,
        "size": 12,
        "units": 1,
        "tries": 0,
        "accepted_at": "2026-01-02T03:04:05Z",
        "ended_at": None,
        "next_at": "2026-01-02T03:04:05Z",
        "trace": [{"part": "target", "text": "there"}],
    }


def test_without_any_and_with_a_damaged_file(world: World) -> None:
    assert listed(world) == []
    (world.data / "texts.db").write_bytes(b"no database" * 1000)
    assert problem(world.native("GET", "messages"), 503, code="store_unavailable")
