"""Numbers through TopCalls' dialect, and what the others see of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.dialects.topcalls.bodies import ABSENT, AUTH, REG, STATIC, add, changed, check_problem, create, refused
from tests.http.world import World

CREATED = {
    *("id", "number", "voip_carrier_sid", "carrier_name", "source", "phone_number_sid", "status", "label"),
    *("account_id", "created_at"),
}
FETCHED = CREATED | {"error_message", "created_by_user_id", "updated_at"}


def listed(world: World) -> list[dict[str, Any]]:
    """List the main account's numbers."""
    return list(world.topcalls("GET").json["data"])


def test_add_and_fetch(world: World) -> None:
    carrier = create(world)
    made = add(world, voip_carrier_sid=carrier["voip_carrier_sid"].upper(), label="Front desk")
    assert set(made) == CREATED
    assert (made["number"], made["label"], made["status"], made["source"]) == (
        "+14155551234",
        "Front desk",
        "active",
        "byoc",
    )
    assert (made["voip_carrier_sid"], made["carrier_name"]) == (carrier["voip_carrier_sid"], "My VoIP Provider")
    assert made["account_id"] == world.main.account.id
    assert str(UUID(made["id"])) != str(UUID(made["phone_number_sid"]))
    fetched = world.topcalls("GET", f"/{made['id']}").json
    assert set(fetched) == FETCHED
    assert {name: fetched[name] for name in CREATED} == made
    assert (fetched["error_message"], fetched["created_by_user_id"]) == (None, None)
    assert listed(world) == [fetched]


@pytest.mark.parametrize("number", ["+18005551234", "+14155551234", "+12025550123", "+881612345678", "+15551234567"])
def test_possible_numbers_are_accepted(world: World, number: str) -> None:
    create(world)
    assert add(world, number)["number"] == number


@pytest.mark.parametrize("label", [None, ""])
def test_a_label_may_be_null_or_empty(world: World, label: str | None) -> None:
    create(world)
    assert add(world, label=label)["label"] is None


def test_the_default_carrier_is_the_oldest_one(world: World) -> None:
    reply = world.topcalls("POST", "", {"number": "+14155551234"})
    check_problem(reply, 409, "no_default_carrier", "No default carrier")
    first = create(world)
    second = create(world, changed(STATIC, "sip_gateway.ipv4", "203.0.113.9"))
    assert add(world, voip_carrier_sid=None)["voip_carrier_sid"] == first["voip_carrier_sid"]
    assert world.native("PATCH", f"carriers/{first['voip_carrier_sid']}", {"active": False}).status == 200
    assert add(world, "+14155551235")["voip_carrier_sid"] == second["voip_carrier_sid"]


def test_the_carrier_of_the_account_above(world: World) -> None:
    """It is the system's carrier to an account below: used by default, or by name, and not listed there."""
    carrier = create(world)
    for body in (
        {"number": "+14155551234"},
        {"number": "+14155551235", "voip_carrier_sid": carrier["voip_carrier_sid"]},
    ):
        reply = world.topcalls("POST", "", body, tenant=world.sub)
        assert (reply.status, reply.json["source"]) == (201, "topcalls")
        assert reply.json["voip_carrier_sid"] == carrier["voip_carrier_sid"]
        shown = world.topcalls("GET", f"/{reply.json['id']}", tenant=world.sub)
        assert (shown.status, shown.json["source"]) == (200, "topcalls")
    assert world.topcalls("GET", "/carriers", tenant=world.sub).json["data"] == []
    assert listed(world) == []  # exactly one account, none below it


def test_an_unknown_carrier_reads_like_a_foreign_one(world: World) -> None:
    create(world)
    foreign = create(world, tenant=world.other)
    replies = [
        world.topcalls("POST", "", {"number": "+14155551234", "voip_carrier_sid": sid})
        for sid in (ABSENT, foreign["voip_carrier_sid"], foreign["id"])
    ]
    assert [refused(reply) for reply in replies] == [[("voip_carrier_sid", "carrier_not_found")]] * 3
    assert len({reply.json["detail"] for reply in replies}) == 1
    assert listed(world) == []


def test_a_number_of_ones_own_again(world: World) -> None:
    create(world)
    add(world)
    reply = world.topcalls("POST", "", {"number": "+14155551234"})
    check_problem(reply, 409, "number_already_exists", "Phone number already exists")
    assert len(listed(world)) == 1


def test_a_number_of_another_account(world: World) -> None:
    create(world)
    create(world, tenant=world.other)
    assert world.topcalls("POST", "", {"number": "+14155551234"}, tenant=world.other).status == 201
    body = check_problem(world.topcalls("POST", "", {"number": "+14155551234"}), 409, "number_conflict")
    assert world.other.account.id not in str(body)


def test_a_number_on_shared_addresses_is_pending(world: World) -> None:
    create(world, tenant=world.other)
    create(world)
    made = add(world)
    assert made["status"] == "pending"
    assert world.topcalls("GET", f"/{made['id']}").json["status"] == "pending"


def test_the_address_of_an_auth_carrier_is_no_claim(world: World) -> None:
    """It admits nobody: neither are its own numbers held up by others there, nor others' by it."""
    create(world, changed(STATIC, "sip_gateway.ipv4", "203.0.113.8"), tenant=world.other)
    here = create(world, changed(AUTH, "sip_gateway.ipv4", "203.0.113.8"))
    assert add(world, voip_carrier_sid=here["voip_carrier_sid"])["status"] == "active"
    gateways = [{"sip_gateway_sid": here["sip_gateway_sid"]}, {"ipv4": "203.0.113.9"}]
    create(world, changed(STATIC, "sip_gateway.ipv4", "203.0.113.9"), tenant=world.other)
    assert world.topcalls("PATCH", f"/carriers/{here['id']}", {"sip_gateways": gateways}).status == 200
    assert listed(world)[0]["status"] == "active"
    there = create(world, changed(STATIC, "sip_gateway.ipv4", "203.0.113.10"), tenant=world.other)
    create(world, changed(changed(AUTH, "sip_gateway.ipv4", "203.0.113.10"), "inbound_auth.username", "second"))
    body = {"number": "+14155551299", "voip_carrier_sid": there["voip_carrier_sid"]}
    assert world.topcalls("POST", "", body, tenant=world.other).json["status"] == "active"


@pytest.mark.parametrize("registers_first", [True, False])
def test_where_we_register_is_a_claim_though_nobody_is_told_by_it(world: World, registers_first: bool) -> None:
    """Calls come from there on the registration, and from the other tenant's carrier: neither number may jump in."""
    there = {"ipv4": "203.0.113.8", "inbound": False}
    steps = [
        (world.main, changed(REG, "sip_gateway", there)),
        (world.other, changed(STATIC, "sip_gateway.ipv4", "203.0.113.8")),
    ]
    (_, _), (second, _) = steps = steps if registers_first else steps[::-1]
    made = [create(world, body, tenant=tenant) for tenant, body in steps]
    body = {"number": "+14155551234", "voip_carrier_sid": made[1]["voip_carrier_sid"]}
    assert world.topcalls("POST", "", body, tenant=second).json["status"] == "pending"


def test_registering_at_a_name_or_elsewhere_holds_nothing_up(world: World) -> None:
    create(world, changed(STATIC, "sip_gateway.ipv4", "203.0.113.8"), tenant=world.other)
    create(world, REG)
    assert add(world)["status"] == "active"
    made = create(world, changed(REG, "sip_gateway", {"ipv4": "203.0.113.9", "inbound": False}))
    assert add(world, "+14155551235", voip_carrier_sid=made["voip_carrier_sid"])["status"] == "active"
    there = changed(REG, "sip_gateway", {"ipv4": "203.0.113.9", "inbound": True})
    theirs = create(world, there, tenant=world.other)
    body = {"number": "+14155551236", "voip_carrier_sid": theirs["voip_carrier_sid"]}
    told = world.topcalls("POST", "", body, tenant=world.other).json["status"]
    assert told == "active", "two registrations at one address are told apart by our Contacts"
    moved = {"sip_gateway": {"ipv4": "203.0.113.8"}}
    assert world.topcalls("PATCH", f"/carriers/{made['id']}", moved).status == 200
    assert [number["status"] for number in listed(world)] == ["active", "pending"]


def test_delete_is_soft_and_final(world: World) -> None:
    create(world)
    made = add(world)
    reply = world.topcalls("DELETE", f"/{made['id']}")
    assert (reply.status, reply.body) == (204, b"")
    for method in ("GET", "DELETE"):
        check_problem(world.topcalls(method, f"/{made['id']}"), 404, "not_found", "Phone number not found")
    assert listed(world) == []
    again = add(world)
    assert again["id"] != made["id"]
    verbs = [change["verb"] for change in world.native("GET", "numbers/14155551234/history").json["items"]]
    assert verbs == ["add", "remove", "add"]


@pytest.mark.parametrize("text", ["x", "14155551234", "%2B14155551234", "{" + ABSENT + "}", ABSENT.replace("-", "")])
def test_an_id_that_is_no_uuid(shared: World, text: str) -> None:
    for path in (f"/{text}", f"/carriers/{text}"):
        body = check_problem(shared.topcalls("GET", path), 400, "invalid_request", "Invalid path parameter")
        assert [entry["code"] for entry in body["errors"]] == ["invalid_uuid"]
        assert check_problem(shared.topcalls("DELETE", path), 400, "invalid_request")


def test_phone_number_sid_is_no_id(world: World) -> None:
    create(world)
    check_problem(world.topcalls("GET", f"/{add(world)['phone_number_sid']}"), 404, "not_found")


def test_pages(world: World) -> None:
    create(world)
    made = [add(world, f"+1415555123{i}")["id"] for i in range(5)]
    first = world.topcalls("GET", "?limit=2").json
    assert world.topcalls("DELETE", f"/{made[0]}").status == 204
    rest = world.topcalls("GET", f"?limit=200&cursor={first['next_cursor']}").json
    assert [n["id"] for n in first["data"] + rest["data"]] == made
    assert rest["next_cursor"] is None


def test_round_trip_with_plivo(world: World) -> None:
    create(world)
    made = add(world, label="Front desk")
    shown = world.plivo("GET", "Number/14155551234/").json
    assert (shown["alias"], shown["carrier"], shown["region"], shown["number_type"]) == (
        "Front desk",
        "My VoIP Provider",
        None,
        "local",
    )
    assert world.plivo("POST", "Number/14155551234/", {"alias": "Kitchen"}).status == 202
    assert world.topcalls("GET", f"/{made['id']}").json["label"] == "Kitchen"
    carrier_id = world.plivo("GET", "IncomingCarrier/").json["objects"][0]["carrier_id"]
    world.numbers(carrier_id, "14155559876")
    assert [(n["number"], n["label"], n["source"]) for n in listed(world)] == [
        ("+14155551234", "Kitchen", "byoc"),
        ("+14155559876", None, "byoc"),
    ]
