"""Numbers that need papers: what is asked for, and buying them with an accepted compliance application."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.http.stocked import fill, found, row
from tests.http.world import Reply, World

PLAIN, PROVEN, TERMS = "14155550100", "14155550101", "14155550102"
NOT_ACCEPTED = "Compliance application must be in 'accepted' status. Current status: 'submitted'."


@pytest.fixture
def shop(world: World) -> World:
    """A stock of three US local numbers: one plain, one that needs a proof of address, one with terms."""
    carrier = world.carrier()
    fill(
        world,
        row(PLAIN, carrier),
        row(PROVEN, carrier, restriction="city-address", restriction_text="Prove that you live there"),
        row(TERMS, carrier, restriction="terms-and-conditions"),
    )
    return world


def hand_in(world: World, *, accept: bool = True, **other: Any) -> str:
    """Hand in an application for US local numbers, and accept it as the operator."""
    data: dict[str, Any] = {"alias": "x", "country_iso": "US", "number_type": "local"}
    data["end_user"] = {"type": "business", "name": "x"}
    tenant = other.pop("tenant", None)
    made = world.plivo("POST", "PhoneNumber/Compliance/", data | other, tenant=tenant).json["compliance_id"]
    if accept:
        assert world.native("POST", f"compliance/{made}/accept", {}, tenant=world.operator).status == 200
    return str(made)


def buy(world: World, number: str, papers: str | None = None) -> Reply:
    """Buy a number as the main account."""
    return world.plivo("POST", f"PhoneNumber/{number}/", {"compliance_application_id": papers})


def mark(world: World, country: str = "US", number_type: str = "local") -> None:
    """Mark a kind of number as regulated."""
    body = {"country": country, "number_type": number_type}
    assert world.native("POST", "regulated", body, tenant=world.operator).status == 200


def test_a_regulated_number_waits_for_its_papers(shop: World) -> None:
    """Bought, it is pending and not active; an accepted application of its country and type activates it."""
    mark(shop)
    bought = shop.plivo("POST", f"PhoneNumber/{PLAIN}/", {"verification_info": {"name": "x"}})
    assert (bought.status, bought.json["status"]) == (201, "pending")
    assert shop.plivo("GET", f"Number/{PLAIN}/").json["active"] is False
    paper = hand_in(shop, accept=False)
    link = {"compliance_application_id": paper}
    assert shop.plivo("POST", f"Number/{PLAIN}/", link).status == 400
    assert shop.native("POST", f"compliance/{paper}/accept", {}, tenant=shop.operator).status == 200
    assert shop.plivo("POST", f"Number/{PLAIN}/", link).status == 202
    assert shop.plivo("GET", f"Number/{PLAIN}/").json["active"] is True


def test_an_accepted_application_activates_a_regulated_number_at_purchase(shop: World) -> None:
    mark(shop)
    papers = hand_in(shop)
    bought = buy(shop, PLAIN, papers)
    assert (bought.status, bought.json["status"]) == (201, "fulfilled")
    number = shop.plivo("GET", f"Number/{PLAIN}/").json
    assert (number["active"], number["compliance_application_id"], number["compliance_status"]) == (
        True,
        papers,
        "accepted",
    )
    shown = shop.plivo("GET", f"PhoneNumber/Compliance/{papers}/", expand="linked_numbers").json["compliance"]
    assert [linked["number"] for linked in shown["linked_numbers"]] == [PLAIN]
    assert shop.plivo("DELETE", f"PhoneNumber/Compliance/{papers}/").status == 400


def test_an_application_that_does_not_fit_buys_nothing(shop: World) -> None:
    mark(shop)
    mobile, german = hand_in(shop, number_type="mobile"), hand_in(shop, country_iso="DE")
    theirs, raw = hand_in(shop, tenant=shop.other), hand_in(shop, accept=False)
    for named, text in (
        (mobile, "compliance_application_id is for US mobile numbers"),
        (german, "compliance_application_id is for DE local numbers"),
        (theirs, "compliance_application_id is not one of your compliance applications"),
        ("nonsense", "compliance_application_id is not one of your compliance applications"),
        (raw, NOT_ACCEPTED),
    ):
        for number in (PLAIN, PROVEN):
            refused = buy(shop, number, named)
            assert (refused.status, refused.json["error"]) == (400, text)
    assert found(shop) == [PLAIN, PROVEN, TERMS]
    assert shop.plivo("GET", "Number/").json["meta"]["total_count"] == 0


def test_a_number_that_needs_a_proof_of_address_is_sold_with_one(shop: World) -> None:
    shown = shop.plivo("GET", "PhoneNumber/", country_iso="US").json["objects"]
    assert [number["restriction"] for number in shown] == [None, "city-address", "terms-and-conditions"]
    assert shown[1]["restriction_text"] == "Prove that you live there"
    assert found(shop, eligible="true") == [PLAIN, TERMS]
    refused = shop.plivo("POST", f"PhoneNumber/{PROVEN}/", {"verification_info": {"street": "1 Main St"}})
    assert (refused.status, refused.json["error"]) == (
        400,
        f"compliance_application_id: {PROVEN} needs a proof of address (city-address). "
        "Name an accepted compliance application for US local numbers.",
    )
    assert buy(shop, TERMS).status == 201
    papers = hand_in(shop)
    assert found(shop, eligible="true") == [PLAIN, PROVEN]
    bought = buy(shop, PROVEN, papers)
    assert (bought.status, bought.json["status"]) == (201, "fulfilled")
    assert shop.plivo("GET", f"Number/{PROVEN}/").json["compliance_application_id"] == papers


def test_what_is_eligible_follows_the_accounts_own_accepted_applications(shop: World) -> None:
    for papers in ({"accept": False}, {"number_type": "mobile"}, {"country_iso": "DE"}, {"tenant": shop.other}):
        hand_in(shop, **papers)
    assert found(shop, eligible="true") == [PLAIN, TERMS]
    hand_in(shop)
    assert found(shop, eligible="true") == [PLAIN, PROVEN, TERMS]
    assert found(shop, shop.sub, eligible="true") == [PLAIN, TERMS]


def test_requirements(shop: World) -> None:
    query: dict[str, Any] = {"country_iso": "us", "number_type": "local", "user_type": "business"}
    absent = shop.plivo("GET", "PhoneNumber/Compliance/Requirements/", **query)
    assert (absent.status, absent.json["error"]) == (404, "US local numbers need no compliance application")
    assert shop.plivo("GET", "PhoneNumber/", country_iso="US").json["objects"][0]["compliance_requirement"] is None
    mark(shop)
    reply = shop.plivo("GET", "PhoneNumber/Compliance/Requirements/", **query)
    assert reply.status == 200
    told = {key: value for key, value in reply.json.items() if key != "api_id"}
    fields = told.pop("end_user_fields")
    assert [(field["field_name"], field["required"]) for field in fields] == [("type", True), ("name", True)]
    named = shop.plivo("GET", "PhoneNumber/", country_iso="US").json["objects"][0]["compliance_requirement"]
    assert set(named) == {"business", "individual"}
    assert UUID(named["business"]) != UUID(named["individual"])
    assert told == {
        "requirement_id": named["business"],
        "country_iso": "US",
        "number_type": "local",
        "user_type": "business",
        "document_types": [],
    }
    # What it asks for is enough, and nothing less is.
    bare: dict[str, Any] = {"alias": "x", "country_iso": "US", "number_type": "local"}
    whole = {field["field_name"]: "business" for field in fields}
    assert shop.plivo("POST", "PhoneNumber/Compliance/", bare | {"end_user": whole}).status == 201
    for name in whole:
        less = {key: value for key, value in whole.items() if key != name}
        assert shop.plivo("POST", "PhoneNumber/Compliance/", bare | {"end_user": less}).status == 400


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"country_iso": None}, "country_iso"),
        ({"country_iso": "USA"}, "country_iso"),
        ({"number_type": None}, "number_type"),
        ({"number_type": "any"}, "number_type"),
        ({"user_type": None}, "user_type"),
        ({"user_type": "robot"}, "user_type"),
    ],
)
def test_requirements_of_what_is_no_kind_of_number(shared: World, change: dict[str, Any], named: str) -> None:
    query = {"country_iso": "US", "number_type": "local", "user_type": "business"} | change
    given: dict[str, Any] = {key: value for key, value in query.items() if value is not None}
    refused = shared.plivo("GET", "PhoneNumber/Compliance/Requirements/", **given)
    assert (refused.status, named in refused.json["error"]) == (400, True)
