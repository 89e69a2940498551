"""AvailablePhoneNumbers: searching the operator's stock."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dialects.twilio.test_wire import refused
from tests.http import stocked
from tests.http.world import Tenant, World


def found(world: World, path: str = "US/Local", tenant: Tenant | None = None, **query: Any) -> list[str]:
    """Return the numbers that a search finds."""
    reply = world.twilio("GET", f"AvailablePhoneNumbers/{path}.json", tenant=tenant, **query)
    assert reply.status == 200, reply.body
    assert set(reply.json) == {"available_phone_numbers", "uri"}
    return [row["phone_number"] for row in reply.json["available_phone_numbers"]]


@pytest.fixture
def stock(world: World) -> World:
    """A stock of numbers that the main account's carrier delivers."""
    carrier = world.carrier()
    place = {"city": "Oakland", "rate_center": "OKLD", "lata": "722"}
    stocked.fill(
        world,
        stocked.row("14155550100", carrier, **place),
        stocked.row("14155558378", carrier),
        stocked.row("12125550100", carrier, region="New York", restriction="city-address"),
        stocked.row("18005550100", carrier, type="tollfree"),
        stocked.row("4915112345678", carrier, country_iso="DE", type="mobile", region="Berlin"),
    )
    return world


def test_a_number_of_the_stock(stock: World) -> None:
    body = stock.twilio("GET", "AvailablePhoneNumbers/US/Local.json", InLocality="oakland").json
    assert body["uri"] == f"/2010-04-01/Accounts/{stock.main.account_sid}/AvailablePhoneNumbers/US/Local.json"
    assert body["available_phone_numbers"] == [
        {
            "friendly_name": "(415) 555-0100",
            "phone_number": "+14155550100",
            "lata": "722",
            "locality": "Oakland",
            "rate_center": "OKLD",
            "latitude": None,
            "longitude": None,
            "region": "California",
            "postal_code": None,
            "iso_country": "US",
            "address_requirements": "none",
            "beta": False,
            "capabilities": {"voice": True, "sms": False, "mms": False, "fax": False},
        }
    ]
    local = stock.twilio("GET", "AvailablePhoneNumbers/US/Local.json", InRegion="New York").json
    assert local["available_phone_numbers"][0]["address_requirements"] == "local"


def test_kinds_and_countries(stock: World) -> None:
    assert found(stock) == ["+12125550100", "+14155550100", "+14155558378"]
    assert found(stock, "US/TollFree") == ["+18005550100"]
    assert found(stock, "DE/Mobile") == ["+4915112345678"]
    assert found(stock, "DE/Local") == found(stock, "FR/National") == []
    assert found(stock, tenant=stock.sub) == found(stock)
    assert found(stock, tenant=stock.other) == []
    for path in ("US/Mobile", "CA/National", "ZZ/Local", "us/Local", "US/Voip", "ZZ", "USA"):
        refused(stock.twilio("GET", f"AvailablePhoneNumbers/{path}.json"), 404, 20404)
    base = f"/2010-04-01/Accounts/{stock.main.account_sid}/AvailablePhoneNumbers"
    body = stock.twilio("GET", "AvailablePhoneNumbers.json").json
    assert body == {
        "countries": [
            {
                "country_code": "DE",
                "country": "Germany",
                "uri": f"{base}/DE.json",
                "beta": False,
                "subresource_uris": {"mobile": f"{base}/DE/Mobile.json"},
            },
            {
                "country_code": "US",
                "country": "United States",
                "uri": f"{base}/US.json",
                "beta": False,
                "subresource_uris": {"local": f"{base}/US/Local.json", "toll_free": f"{base}/US/TollFree.json"},
            },
        ],
        "uri": f"{base}.json",
    }
    assert stock.twilio("GET", "AvailablePhoneNumbers.json", tenant=stock.other).json["countries"] == []
    one = stock.twilio("GET", "AvailablePhoneNumbers/US.json").json
    assert one == body["countries"][1]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"AreaCode": "415"}, ["+14155550100", "+14155558378"]),
        ({"AreaCode": "212"}, ["+12125550100"]),
        ({"Contains": "+1415"}, ["+14155550100", "+14155558378"]),
        ({"Contains": "0100"}, ["+12125550100", "+14155550100"]),
        ({"Contains": "0100$"}, ["+12125550100", "+14155550100"]),
        ({"Contains": "TEST"}, ["+14155558378"]),
        ({"Contains": "test$"}, ["+14155558378"]),
        ({"Contains": "*155"}, ["+14155550100", "+14155558378"]),
        ({"Contains": "%8378"}, ["+14155558378"]),
        ({"Contains": "837*"}, ["+14155558378"]),
        ({"Contains": "8378*"}, []),
        ({"Contains": "+212"}, []),
        ({"InRegion": "california"}, ["+14155550100", "+14155558378"]),
        ({"InRateCenter": "OKLD", "InLata": "722"}, ["+14155550100"]),
        ({"InLata": "0722"}, ["+14155550100"]),
        ({"VoiceEnabled": "true"}, ["+12125550100", "+14155550100", "+14155558378"]),
        ({"VoiceEnabled": "false"}, ["+12125550100", "+14155550100", "+14155558378"]),
        ({"SmsEnabled": "true"}, []),
        ({"MmsEnabled": "true"}, []),
        ({"FaxEnabled": "true"}, []),
        ({"ExcludeAllAddressRequired": "true"}, ["+14155550100", "+14155558378"]),
        ({"NearNumber": "+14155550100"}, ["+14155550100"]),
        ({"NearNumber": "+12125550100"}, []),
        ({"PageSize": 1}, ["+12125550100"]),
        ({"PageSize": 1, "Page": 1}, ["+14155550100"]),
        ({"Beta": "false", "Unknown": "x"}, ["+12125550100", "+14155550100", "+14155558378"]),
    ],
)
def test_conditions(stock: World, query: dict[str, Any], shown: list[str]) -> None:
    assert found(stock, **query) == shown


@pytest.mark.parametrize(
    "pattern",
    ["5", "206*55*1", "2*06", "**55", "55%%", "55%$", "+*55", "55 5", "(415)", "x" * 17, "$", "%%", "+", "é55"],
)
def test_patterns_that_are_none(stock: World, pattern: str) -> None:
    reply = stock.twilio("GET", "AvailablePhoneNumbers/US/Local.json", Contains=pattern)
    assert "Invalid Pattern Provided" in refused(reply, 400, 400)


@pytest.mark.parametrize(
    ("country", "query", "code"),
    [
        ("US", {"AreaCode": "41"}, 21451),
        ("DE", {"AreaCode": "415"}, 20001),
        ("DE", {"InLata": "722"}, 20001),
        ("US", {"InRateCenter": "OKLD"}, 20001),
        ("US", {"InLata": "x"}, 20001),
        ("US", {"NearNumber": "415"}, 20001),
        ("US", {"NearLatLong": "37.8,-122.4"}, 20001),
        ("US", {"InPostalCode": "94107"}, 20001),
        ("US", {"InLocality": "x" * 256}, 20001),
        ("US", {"SmsEnabled": "yes"}, 20001),
        ("US", {"PageSize": "1001"}, 20007),
    ],
)
def test_conditions_that_cannot_be(stock: World, country: str, query: dict[str, Any], code: int) -> None:
    reply = stock.twilio("GET", f"AvailablePhoneNumbers/{country}/Local.json", **query)
    message = refused(reply, 400, code)
    assert next(iter(query)) in message


def test_a_search_and_a_purchase(stock: World) -> None:
    (first, *_) = found(stock, AreaCode="415")
    made = stock.twilio("POST", "IncomingPhoneNumbers.json", {"PhoneNumber": first})
    assert made.status == 201
    assert first not in found(stock)


def test_other_representations(stock: World) -> None:
    xml = stock.twilio("GET", "AvailablePhoneNumbers/US/TollFree").body.decode()
    assert "<AvailablePhoneNumbers uri=" in xml
    assert "<PhoneNumber>+18005550100</PhoneNumber>" in xml
    table = stock.twilio("GET", "AvailablePhoneNumbers/US/TollFree.csv").body.decode()
    assert table.startswith("FriendlyName,PhoneNumber,")
