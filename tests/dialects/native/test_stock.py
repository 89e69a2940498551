"""The native API's stock: filled and listed by operators only."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.stocked import fill, found, row
from tests.http.world import World


def test_an_import_has_a_verdict_for_each_row(world: World) -> None:
    carrier = world.carrier()
    rows = [row("14155550100", carrier), row("14155550101", "nobody"), row("14155550102", carrier, colour="red")]
    refused = world.native("POST", "stock", {"rows": rows}, tenant=world.operator)
    assert (refused.status, refused.json["stored"]) == (200, 0)
    assert [(r["row"], r["number"], r["ok"]) for r in refused.json["rows"]] == [
        (1, "14155550100", True),
        (2, "14155550101", False),
        (3, "14155550102", False),
    ]
    assert "'colour' is not one of the stock's columns" in refused.json["rows"][2]["problem"]
    assert found(world) == []
    dry = world.native("POST", "stock", {"rows": rows[:1], "dry_run": True}, tenant=world.operator)
    assert (dry.json["stored"], dry.json["dry_run"], found(world)) == (0, True, [])
    kept = world.native("POST", "stock", {"rows": rows, "skip_bad": True}, tenant=world.operator)
    assert (kept.json["stored"], found(world)) == (1, ["14155550100"])


@pytest.mark.parametrize(
    "body",
    [{}, {"rows": []}, {"rows": [[]]}, {"rows": [{"number": 1}]}, {"rows": [{}], "more": 1}, {"rows": [{}] * 1001}],
)
def test_what_is_no_list_of_rows_is_refused(world: World, body: Any) -> None:
    assert world.native("POST", "stock", body, tenant=world.operator).status == 400


def test_the_list(world: World) -> None:
    carrier = world.carrier()
    numbers = [str(14155550100 + i) for i in range(4)]
    fill(world, *(row(number, carrier) for number in numbers), row("18005550100", carrier, type="tollfree"))
    assert world.plivo("POST", f"PhoneNumber/{numbers[0]}/").status == 201
    assert world.plivo("POST", f"PhoneNumber/{numbers[1]}/").status == 201
    assert world.plivo("DELETE", f"Number/{numbers[1]}/").status == 204

    def listed(**query: str | int) -> list[tuple[str, str]]:
        reply = world.native("GET", "stock", tenant=world.operator, **query)
        assert reply.status == 200, reply.body
        return [(item["number"], item["state"]) for item in reply.json["items"]]

    states = ["rented", "quarantined", "free", "free", "free"]
    assert listed() == list(zip([*numbers, "18005550100"], states, strict=True))
    assert listed(state="quarantined") == [(numbers[1], "quarantined")]
    assert listed(state="rented", country="US") == [(numbers[0], "rented")]
    assert listed(type="tollfree") == [("18005550100", "free")]
    assert listed(country="DE") == []
    first = world.native("GET", "stock", tenant=world.operator, limit=2).json
    assert (first["total"], first["next"]) == (5, int(numbers[1]))
    assert first["items"][0]["services"] == ["voice"]
    assert [number for number, _ in listed(after=first["next"], limit=2)] == numbers[2:]
    for query in ({"state": "sold"}, {"country": "us"}, {"limit": 101}, {"x": 1}):
        assert world.native("GET", "stock", tenant=world.operator, **query).status == 400


def test_the_stock_is_the_operators(world: World) -> None:
    assert world.native("GET", "stock").status == 403
    assert world.native("POST", "stock", {"rows": [row("14155550100", world.carrier())]}).status == 403
    assert found(world) == []
