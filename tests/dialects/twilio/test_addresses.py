"""Twilio's Addresses over their whole life on the wire."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.http.world import Tenant, World
from trunkline.core import number_settings, regulatory
from trunkline.core.accounts import operator
from trunkline.core.named_ports import PaperKind

FULL = {
    "CustomerName": "Ann Example",
    "Street": "1 Main St",
    "StreetSecondary": "Suite 2",
    "City": "Springfield",
    "Region": "IL",
    "PostalCode": "62701",
    "IsoCountry": "us",
    "FriendlyName": "Home",
    "EmergencyEnabled": "true",
}


def create(world: World, **form: str) -> Any:
    """Create an address and return it."""
    reply = world.twilio("POST", "Addresses.json", FULL | form)
    assert reply.status == 201, reply.body
    return reply.json


def test_a_whole_life(world: World) -> None:
    made = create(world)
    assert re.fullmatch(r"AD[0-9a-f]{32}", made["sid"])
    assert (made["customer_name"], made["iso_country"], made["street_secondary"]) == ("Ann Example", "US", "Suite 2")
    assert (made["emergency_enabled"], made["validated"], made["verified"]) == (True, False, False)
    one = f"Addresses/{made['sid']}.json"
    assert made["uri"].endswith(one)
    assert world.twilio("GET", one).json == made
    changed = world.twilio("POST", one, {"Street": "2 Main St", "EmergencyEnabled": "false", "StreetSecondary": ""})
    assert changed.status == 200
    assert (changed.json["street"], changed.json["city"]) == ("2 Main St", "Springfield")
    assert (changed.json["emergency_enabled"], changed.json["street_secondary"]) == (False, None)
    assert world.twilio("GET", "Addresses.json").json["addresses"] == [changed.json]
    assert world.twilio("DELETE", one).status == 204
    assert world.twilio("GET", one).status == 404
    assert world.twilio("GET", "Addresses.json").json["addresses"] == []


@pytest.mark.parametrize("name", ["CustomerName", "Street", "City", "Region", "PostalCode", "IsoCountry"])
def test_what_cannot_be_left_out(world: World, name: str) -> None:
    for form in ({key: value for key, value in FULL.items() if key != name}, FULL | {name: ""}):
        reply = world.twilio("POST", "Addresses.json", form)
        assert (reply.status, reply.json["code"]) == (400, 21628)
        assert f"{name} is required" in reply.json["message"]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"IsoCountry": "XX"}, 21628),
        ({"Street": "x" * 256}, 21628),
        ({"City": "a\nb"}, 21628),
        ({"FriendlyName": "x" * 65}, 20002),
        ({"EmergencyEnabled": "perhaps"}, 20001),
    ],
)
def test_what_is_refused(world: World, form: dict[str, str], code: int) -> None:
    reply = world.twilio("POST", "Addresses.json", FULL | form)
    assert (reply.status, reply.json["code"]) == (400, code)


def test_filters(world: World) -> None:
    create(world)
    create(world, CustomerName="Bob", IsoCountry="GB", EmergencyEnabled="false", FriendlyName="Work")
    cases: tuple[tuple[dict[str, Any], list[str]], ...] = (
        ({"IsoCountry": "gb"}, ["Bob"]),
        ({"CustomerName": "Ann Example"}, ["Ann Example"]),
        ({"FriendlyName": "Work"}, ["Bob"]),
        ({"EmergencyEnabled": "true"}, ["Ann Example"]),
        ({"IsoCountry": "FR"}, []),
    )
    for query, customers in cases:
        found = world.twilio("GET", "Addresses.json", **query).json["addresses"]
        assert [row["customer_name"] for row in found] == customers


def test_another_accounts_address_is_not_found(world: World) -> None:
    made = create(world)
    for tenant in (world.other, world.sub):
        for method, form in (("GET", None), ("POST", {"City": "x"}), ("DELETE", None)):
            assert world.twilio(method, f"Addresses/{made['sid']}.json", form, tenant=tenant).status == 404
    assert world.twilio("GET", "Addresses.json").json["addresses"] == [made]


def test_a_closed_subaccount_leaves_its_addresses_to_its_parent(world: World) -> None:
    made = world.twilio("POST", "Addresses.json", FULL, tenant=world.sub).json
    closing = f"/2010-04-01/Accounts/{world.sub.account_sid}.json"
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert world.ask("POST", closing, b"Status=closed", world.main.twilio_basic | kind).status == 200
    assert [row["sid"] for row in world.twilio("GET", "Addresses.json").json["addresses"]] == [made["sid"]]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(street=st.text(max_size=300), city=st.text(max_size=20))
def test_any_text_is_kept_or_refused(world: World, street: str, city: str) -> None:
    reply = world.twilio("POST", "Addresses.json", FULL | {"Street": street, "City": city})
    assert reply.status in (201, 400), reply.body
    if reply.status == 201:
        assert (reply.json["street"], reply.json["city"]) == (street, city)


def test_the_numbers_that_name_an_address(world: World) -> None:
    made, carrier = create(world), world.carrier()
    world.numbers(carrier, "14155551234", "14155551235")
    rows = world.twilio("GET", "IncomingPhoneNumbers.json").json["incoming_phone_numbers"]
    sids = {row["phone_number"]: row["sid"] for row in rows}
    for number, argument in (("+14155551234", "AddressSid"), ("+14155551235", "EmergencyAddressSid")):
        reply = world.twilio("POST", f"IncomingPhoneNumbers/{sids[number]}.json", {argument: made["sid"]})
        assert reply.status == 200, reply.body
    path = f"Addresses/{made['sid']}/DependentPhoneNumbers.json"
    found = world.twilio("GET", path).json["dependent_phone_numbers"]
    assert [row["phone_number"] for row in found] == ["+14155551234", "+14155551235"]
    assert set(found[0]["capabilities"]) == {"Voice", "SMS", "MMS"}
    used = world.twilio("DELETE", f"Addresses/{made['sid']}.json")
    assert (used.status, used.json["code"]) == (409, 20409)
    for sid in sids.values():
        world.twilio("POST", f"IncomingPhoneNumbers/{sid}.json", {"AddressSid": "", "EmergencyAddressSid": ""})
    assert world.twilio("GET", path).json["dependent_phone_numbers"] == []
    assert world.twilio("DELETE", f"Addresses/{made['sid']}.json").status == 204
    theirs = world.twilio("POST", "Addresses.json", FULL, tenant=world.other).json["sid"]
    reply = world.twilio("POST", f"IncomingPhoneNumbers/{sids['+14155551234']}.json", {"AddressSid": theirs})
    assert (reply.status, reply.json["code"]) == (400, 21631)
    assert world.twilio("GET", f"Addresses/{theirs}/DependentPhoneNumbers.json").status == 404


def test_the_place_that_help_is_sent_to_does_not_change_below_a_number(world: World) -> None:
    made, digits = create(world), "14155551234"
    world.numbers(world.carrier(), digits)
    (row,) = world.twilio("GET", "IncomingPhoneNumbers.json").json["incoming_phone_numbers"]
    number = f"IncomingPhoneNumbers/{row['sid']}.json"
    one = f"Addresses/{made['sid']}.json"

    def ask(path: str, **form: str) -> tuple[int, Any]:
        reply = world.twilio("POST", path, form)
        return reply.status, reply.json

    def settle() -> None:
        world.write(lambda s: number_settings.settle_emergency(s, operator("test"), digits, confirmed=True))

    assert ask(number, EmergencyAddressSid=made["sid"])[0] == 200
    assert ask(one, Street="3 Main St")[0] == 200  # nobody calls for help from there yet
    assert ask(number, EmergencyStatus="Active")[1]["emergency_address_status"] == "pending-registration"
    for state in ("pending-registration", "registered"):
        assert world.twilio("GET", number).json["emergency_address_status"] == state
        for name in ("CustomerName", "Street", "StreetSecondary", "City", "Region", "PostalCode"):
            status, body = ask(one, **{name: "elsewhere"})
            assert (status, body["code"]) == (409, 20409)
            assert "emergency address of 1 number" in body["message"]
        assert ask(one, Street="3 Main St", FriendlyName="Office", EmergencyEnabled="false")[0] == 200
        if state == "pending-registration":
            settle()
    assert world.twilio("GET", one).json["street"] == "3 Main St"
    assert ask(number, EmergencyStatus="Inactive")[0] == 200
    assert ask(one, Street="4 Main St")[0] == 200


def registered(world: World, tenant: Tenant, kind: PaperKind) -> str:
    """Register a paper as the operator; return the hex digits of its SID."""
    made = world.write(lambda s: regulatory.register(s, operator("test"), tenant.account.id, kind, "papers"))
    return made.id.replace("-", "")


@pytest.mark.parametrize(
    ("kind", "argument", "prefix"), [(PaperKind.BUNDLE, "BundleSid", "BU"), (PaperKind.IDENTITY, "IdentitySid", "RI")]
)
def test_papers_that_the_operator_registered(world: World, kind: PaperKind, argument: str, prefix: str) -> None:
    world.numbers(world.carrier(), "14155551234")
    (row,) = world.twilio("GET", "IncomingPhoneNumbers.json").json["incoming_phone_numbers"]
    path = f"IncomingPhoneNumbers/{row['sid']}.json"
    theirs, own = registered(world, world.other, kind), registered(world, world.main, kind)
    assert world.twilio("POST", path, {argument: prefix + theirs}).status == 400
    reply = world.twilio("POST", path, {argument: prefix + own})
    assert reply.status == 200
    assert prefix + own in (reply.json["bundle_sid"], reply.json["identity_sid"])
