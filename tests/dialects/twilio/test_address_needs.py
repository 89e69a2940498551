"""`address_requirements`: what the operator demands of a kind of number, shown, searched by, and held to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dialects.plivo.test_papers import hand_in
from tests.dialects.twilio.schemas import described
from tests.dialects.twilio.test_answers import differences
from tests.dialects.twilio.test_wire import LIST, refused
from tests.http import stocked
from tests.http.world import Tenant, World

PLACE = dict.fromkeys(("CustomerName", "Street", "City", "Region", "PostalCode"), "x")
GERMAN = "+493012345678"
STOCKED = "4915112345678"
FITS = {"none": "XX DE FR", "any": "DE FR", "local": "DE", "foreign": "FR"}
"""Countries of addresses that meet each need; XX is no address at all."""
(CREATE,) = (operation for operation in described() if operation.name == "CreateIncomingPhoneNumber")
CODES = {"any": 21631, "local": 21615, "foreign": 21631}


def demand(world: World, need: str, number_type: str = "local", country: str = "DE") -> None:
    """Demand an address of a kind of number, as the operator."""
    body = {"country": country, "number_type": number_type, "address": need}
    reply = world.native("POST", "regulated/address", body, tenant=world.operator)
    assert reply.status == 200, reply.body


def address(world: World, country: str, tenant: Tenant | None = None) -> dict[str, str]:
    """Make an address; return it as an argument, none for XX."""
    if country == "XX":
        return {}
    reply = world.twilio("POST", "Addresses.json", PLACE | {"IsoCountry": country}, tenant=tenant)
    assert reply.status == 201, reply.body
    return {"AddressSid": reply.json["sid"]}


def create(world: World, number: str = GERMAN, **form: str) -> Any:
    """Ask for a number."""
    return world.twilio("POST", LIST, {"PhoneNumber": number, **form})


def path_of(made: Any) -> str:
    """Return the path of a number that was made."""
    assert made.status == 201, made.body
    return f"IncomingPhoneNumbers/{made.json['sid']}.json"


@pytest.fixture
def world(world: World) -> World:
    """An installation with a carrier, and a German mobile number in the stock."""
    stocked.fill(world, stocked.row(STOCKED, world.carrier(), country_iso="DE", type="mobile"))
    return world


@pytest.mark.parametrize("country", ["XX", "DE", "FR"])
@pytest.mark.parametrize("need", FITS)
def test_a_creation(world: World, need: str, country: str) -> None:
    demand(world, need)
    demand(world, need, "mobile")
    named = address(world, country)
    for number in (GERMAN, f"+{STOCKED}"):
        made = create(world, number, **named)
        if country in FITS[need]:
            assert made.json["address_requirements"] == need
            assert differences(CREATE, made) == []
            assert world.twilio("GET", path_of(made)).json == made.json
            continue
        assert "AddressSid" in refused(made, 400, CODES[need])
    left = world.twilio("GET", LIST).json["incoming_phone_numbers"]
    assert len(left) == (2 if country in FITS[need] else 0)


@pytest.mark.parametrize("country", ["XX", "DE", "FR"])
@pytest.mark.parametrize("need", FITS)
def test_a_change_of_the_address(world: World, need: str, country: str) -> None:
    one = path_of(create(world))
    demand(world, need)
    assert world.twilio("POST", one, {"FriendlyName": "Desk"}).status == 200  # it is only asked of what is changed
    reply = world.twilio("POST", one, address(world, country) or {"AddressSid": ""})
    assert world.twilio("GET", one).json["address_requirements"] == need
    if country in FITS[need]:
        assert reply.status == 200
    else:
        refused(reply, 400, CODES[need])
        assert world.twilio("GET", one).json["address_sid"] is None


def test_a_transfer(world: World) -> None:
    one = path_of(create(world))
    demand(world, "local")
    to = {"AccountSid": world.sub.account_sid}
    refused(world.twilio("POST", one, to), 400, 21615)
    refused(world.twilio("POST", one, to | address(world, "DE")), 400, 21631)  # not an address of that account
    refused(world.twilio("POST", one, to | address(world, "FR", world.sub)), 400, 21615)
    assert world.twilio("GET", one).status == 200
    theirs = address(world, "DE", world.sub)
    moved = world.twilio("POST", one, to | theirs)
    assert (moved.status, moved.json["account_sid"]) == (200, world.sub.account_sid)
    assert moved.json["address_sid"] == theirs["AddressSid"]


def test_an_address_that_a_number_needs_cannot_go(world: World) -> None:
    demand(world, "local")
    named = address(world, "DE")
    one = path_of(create(world, **named))
    refused(world.twilio("DELETE", f"Addresses/{named['AddressSid']}.json"), 409, 20409)
    changed = world.twilio("POST", f"Addresses/{named['AddressSid']}.json", {"IsoCountry": "FR", "City": "y"})
    assert (changed.json["iso_country"], changed.json["city"]) == ("DE", "y")
    other = address(world, "DE")
    assert world.twilio("POST", one, other).status == 200
    assert world.twilio("DELETE", f"Addresses/{named['AddressSid']}.json").status == 204


def test_other_kinds_and_countries_need_nothing(world: World) -> None:
    demand(world, "local", "mobile")
    demand(world, "foreign", "local", "FR")
    assert create(world).json["address_requirements"] == "none"
    refused(create(world, f"+{STOCKED}"), 400, 21615)


def found(world: World, **query: Any) -> list[str]:
    """Search the stock for German mobile numbers; return what address each needs."""
    reply = world.twilio("GET", "AvailablePhoneNumbers/DE/Mobile.json", **query)
    assert reply.status == 200, reply.body
    return [row["address_requirements"] for row in reply.json["available_phone_numbers"]]


@pytest.mark.parametrize("need", FITS)
def test_a_search(world: World, need: str) -> None:
    demand(world, need, "mobile")
    assert found(world) == [need]
    for name, excluded in (
        ("All", ("any", "local", "foreign")),
        ("Local", ("local",)),
        ("Foreign", ("foreign",)),
    ):
        assert found(world, **{f"Exclude{name}AddressRequired": "true"}) == ([] if need in excluded else [need])
        assert found(world, **{f"Exclude{name}AddressRequired": "false"}) == [need]


def test_what_a_price_list_restricts_counts_as_local(world: World) -> None:
    proven = stocked.row("4915112345679", world.carrier(name="Second"), country_iso="DE", type="mobile")
    stocked.fill(world, proven | {"restriction": "city-address"})
    assert found(world) == ["none", "local"]
    assert found(world, ExcludeLocalAddressRequired="true") == ["none"]
    assert found(world, ExcludeForeignAddressRequired="true") == ["none", "local"]


def test_an_area_code_never_picks_a_number_that_this_dialect_cannot_buy(world: World) -> None:
    carrier = world.carrier(name="Second")
    proven = stocked.row("14155550100", carrier, restriction="city-address")
    stocked.fill(world, proven, stocked.row("14155550101", carrier))
    hand_in(world)
    assert world.twilio("POST", LIST, {"AreaCode": "415"}).json["phone_number"] == "+14155550101"


def test_what_is_demanded_and_what_is_regulated_are_told_apart(world: World) -> None:
    def items(path: str, body: dict[str, Any]) -> Any:
        kind = {"country": "DE", "number_type": "local"}
        return world.native("POST", path, kind | body, tenant=world.operator).json["items"]

    shown = {"country": "DE", "number_type": "local"}
    assert items("regulated/address", {"address": "any"}) == [shown | {"application": False, "address": "any"}]
    assert items("regulated", {}) == [shown | {"application": True, "address": "any"}]
    assert items("regulated/address", {"address": "none"}) == [shown | {"application": True, "address": "none"}]
    assert items("regulated", {"regulated": False}) == []
    body = {"country": "DE", "number_type": "local", "address": "any"}
    assert world.native("POST", "regulated/address", body).status == 403
    for wrong in ({"address": "some"}, {"country": "QQ"}, {"number_type": "voip"}):
        assert world.native("POST", "regulated/address", body | wrong, tenant=world.operator).status in (400, 422)
