"""IncomingPhoneNumbers: where numbers come from, how they are shown and listed."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.dialects.twilio.test_wire import LIST, number, refused
from tests.http import stocked
from tests.http.world import Reply, Tenant, World
from trunkline.core.model import EVERYTHING, Application, Carrier

KEYS = {
    *("sid", "account_sid", "friendly_name", "phone_number", "voice_url", "voice_method", "voice_fallback_url"),
    *("voice_fallback_method", "voice_caller_id_lookup", "date_created", "date_updated", "sms_url", "sms_method"),
    *("sms_fallback_url", "sms_fallback_method", "address_requirements", "beta", "capabilities", "status_callback"),
    *("status_callback_method", "api_version", "voice_application_sid", "sms_application_sid", "origin", "trunk_sid"),
    *("emergency_status", "emergency_address_sid", "emergency_address_status", "address_sid", "identity_sid"),
    *("bundle_sid", "uri", "status", "voice_receive_mode", "type"),
}
URL = "https://example.com/voice"


def sid_of(prefix: str, record_id: str) -> str:
    """Return a record's SID."""
    return prefix + record_id.replace("-", "")


def application(world: World, tenant: Tenant | None = None) -> Application:
    """Create an application through Plivo."""
    serial = world.application(tenant)[4:]
    found = world.inventory.read(lambda s: s.applications.by_serial(EVERYTHING, serial))
    assert found is not None
    return found


def carrier_of(world: World, serial: str) -> Carrier:
    """Return a carrier by its carrier_id."""
    found = world.inventory.read(lambda s: s.carriers.by_serial(EVERYTHING, serial))
    assert found is not None
    return found


def update(world: World, made: dict[str, Any], **form: Any) -> Reply:
    """Send an update of a number."""
    return world.twilio("POST", f"IncomingPhoneNumbers/{made['sid']}.json", form)


def changed(world: World, made: dict[str, Any], **form: Any) -> dict[str, Any]:
    """Change a number and return it as it is fetched afterwards."""
    reply = update(world, made, **form)
    assert reply.status == 200, reply.body
    fetched = world.twilio("GET", f"IncomingPhoneNumbers/{made['sid']}.json").json
    assert fetched == reply.json
    found: dict[str, Any] = fetched
    return found


def test_an_own_number(world: World) -> None:
    world.carrier()
    made = number(world, "18089255327")
    assert set(made) == KEYS
    assert re.fullmatch("PN[0-9a-f]{32}", made["sid"])
    assert parsedate_to_datetime(made["date_created"]).tzinfo is not None
    assert made["date_created"].endswith(" +0000")
    shown = {key: made[key] for key in KEYS - {"sid", "date_created", "date_updated"}}
    assert shown == {
        "account_sid": world.main.account_sid,
        "friendly_name": "(808) 925-5327",
        "phone_number": "+18089255327",
        **dict.fromkeys(("voice_url", "voice_fallback_url", "sms_url", "sms_fallback_url", "status_callback"), ""),
        **dict.fromkeys(("voice_method", "voice_fallback_method", "sms_method", "sms_fallback_method"), "POST"),
        "status_callback_method": "POST",
        "voice_caller_id_lookup": False,
        "voice_receive_mode": "voice",
        "address_requirements": "none",
        "beta": False,
        "capabilities": {"voice": True, "sms": False, "mms": False, "fax": False},
        "api_version": "2010-04-01",
        "voice_application_sid": "",
        "sms_application_sid": "",
        "origin": "twilio",
        **dict.fromkeys(("trunk_sid", "emergency_address_sid", "address_sid", "identity_sid", "bundle_sid")),
        "emergency_status": "Inactive",
        "emergency_address_status": "unregistered",
        "uri": f"/2010-04-01/Accounts/{world.main.account_sid}/IncomingPhoneNumbers/{made['sid']}.json",
        "status": "in-use",
        "type": "local",
    }
    assert world.ask("GET", made["uri"], None, world.main.twilio_basic).json == made
    assert world.plivo("GET", "Number/18089255327/").json["number"] == "18089255327"


@pytest.mark.parametrize(
    ("digits", "shown"),
    [
        ("18089255327", "(808) 925-5327"),
        ("4593751435", "(459) 375-1435"),
        ("3197004499318", "3197004499318"),
        ("493012345678", "493012345678"),
    ],
)
def test_the_name_of_a_number_without_one(world: World, digits: str, shown: str) -> None:
    world.carrier()
    made = number(world, digits)
    assert made["friendly_name"] == shown
    for name in (shown, "Mine"):
        if name == "Mine":
            assert changed(world, made, FriendlyName=name)["friendly_name"] == name
        found = world.twilio("GET", LIST, FriendlyName=name).json["incoming_phone_numbers"]
        assert [n["sid"] for n in found] == [made["sid"]]
    assert world.twilio("GET", LIST, FriendlyName=shown).json["incoming_phone_numbers"] == []
    assert changed(world, made, FriendlyName="")["friendly_name"] == shown


def test_a_number_needs_a_carrier(world: World) -> None:
    form = {"PhoneNumber": "+14155550100"}
    message = refused(world.twilio("POST", LIST, form), 400, 21422)
    assert message.startswith("+14155550100 is not available")
    assert "carrier" in message
    first, second = (
        carrier_of(world, world.carrier()),
        carrier_of(world, world.carrier(name="Second", ip_set="203.0.113.8")),
    )
    assert number(world)["sid"]
    by_uuid = number(world, "14155550101", CarrierSid=second.id)
    by_sid = number(world, "14155550102", CarrierSid=sid_of("BY", second.id))
    delivered = {
        made["phone_number"]: world.plivo("GET", f"Number/{made['phone_number'][1:]}/").json["carrier"]
        for made in (by_uuid, by_sid)
    }
    assert set(delivered.values()) == {"Second"}
    assert world.plivo("GET", "Number/14155550100/").json["carrier"] == first.name
    foreign = carrier_of(world, world.carrier(world.other, ip_set="198.51.100.7"))
    absent = "00000000-0000-4000-8000-000000000000"
    texts = {
        refused(world.twilio("POST", LIST, {"PhoneNumber": "+14155550103", "CarrierSid": sid}), 400, 21422)
        for sid in (foreign.id, absent)
    }
    assert len(texts) == 1
    refused(world.twilio("POST", LIST, {"PhoneNumber": "+14155550103", "CarrierSid": "x"}), 400, 20423)
    # A carrier serves the accounts below its own.
    assert number(world, "14155550104", world.sub)["account_sid"] == world.sub.account_sid
    # Where somebody else delivers already, naming a carrier changes nothing, and is not passed over.
    again = {"PhoneNumber": "+14155550101", "FriendlyName": "again"}
    assert number(world, "14155550101", CarrierSid=second.id)["sid"] == by_uuid["sid"]
    for sid in (first.id, foreign.id, absent):
        refused(world.twilio("POST", LIST, again | {"CarrierSid": sid}), 400, 21422)
    assert number(world, "14155550101")["friendly_name"] == "(415) 555-0101"


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, 400),
        ({"PhoneNumber": "", "AreaCode": ""}, 400),
        ({"PhoneNumber": "14155550100"}, 21421),
        ({"PhoneNumber": "+1 415 555 0100"}, 21421),
        ({"PhoneNumber": "+1415"}, 21421),
        ({"PhoneNumber": "+" + "9" * 200}, 21421),
        ({"PhoneNumber": "+٣٤٥٦٧٨٩"}, 21421),
        ({"AreaCode": "41"}, 21451),
        ({"AreaCode": "115"}, 21451),
        ({"AreaCode": "abc"}, 21451),
        ({"AreaCode": "415"}, 21452),
    ],
)
def test_numbers_that_cannot_be(world: World, form: dict[str, str], code: int) -> None:
    world.carrier()
    refused(world.twilio("POST", LIST, form), 400, code)
    assert world.twilio("GET", LIST).json["incoming_phone_numbers"] == []


def test_live_numbers(world: World) -> None:
    world.carrier()
    world.carrier(world.other, ip_set="198.51.100.7")
    made = number(world, VoiceUrl=URL)
    again = number(world, FriendlyName="Again")
    assert (again["sid"], again["friendly_name"], again["voice_url"]) == (made["sid"], "Again", URL)
    reply = world.twilio("POST", LIST, {"PhoneNumber": made["phone_number"]}, tenant=world.other)
    assert refused(reply, 400, 21422) == "+14155550100 is not available"
    assert world.twilio("DELETE", f"IncomingPhoneNumbers/{made['sid']}.json").status == 204
    refused(world.twilio("GET", f"IncomingPhoneNumbers/{made['sid']}.json"), 404, 20404)
    refused(world.twilio("DELETE", f"IncomingPhoneNumbers/{made['sid']}.json"), 404, 20404)
    assert number(world)["voice_url"] == ""


def test_buying_from_the_stock(world: World) -> None:
    carrier_id = world.carrier()
    rows = [stocked.row(f"1415555010{i}", carrier_id, city="Oakland") for i in range(3)]
    stocked.fill(world, *rows, stocked.row("14165550100", carrier_id, country_iso="CA"))
    absent = {"PhoneNumber": "+14155550101", "CarrierSid": sid_of("BY", "0" * 32)}
    refused(world.twilio("POST", LIST, absent), 400, 21422)
    made = number(world, "14155550101")
    assert made["capabilities"]["voice"]
    by_area = world.twilio("POST", LIST, {"AreaCode": "415", "VoiceUrl": URL}).json
    assert (by_area["phone_number"], by_area["voice_url"]) == ("+14155550100", URL)
    assert world.twilio("POST", LIST, {"AreaCode": "416"}).json["phone_number"] == "+14165550100"
    both = world.twilio("POST", LIST, {"AreaCode": "999", "PhoneNumber": "+14155550102"})
    assert both.json["phone_number"] == "+14155550102"
    refused(world.twilio("POST", LIST, {"AreaCode": "415"}), 400, 21452)
    world.twilio("DELETE", f"IncomingPhoneNumbers/{made['sid']}.json")
    refused(world.twilio("POST", LIST, {"PhoneNumber": "+14155550101"}), 400, 21422)  # in quarantine


def test_stock_that_needs_papers(world: World) -> None:
    carrier_id = world.carrier()
    stocked.fill(world, stocked.row("14155550100", carrier_id, restriction="city-address"))
    refused(world.twilio("POST", LIST, {"AreaCode": "415"}), 400, 21452)
    refused(world.twilio("POST", LIST, {"PhoneNumber": "+14155550100"}), 400, 21649)


def test_lists_of_one_kind(world: World) -> None:
    world.carrier()
    kinds = {"Local": "14155550100", "TollFree": "18005550100", "Mobile": "4915112345678"}
    for kind, digits in kinds.items():
        path = f"IncomingPhoneNumbers/{kind}.json"
        refused(world.twilio("POST", path, {"AreaCode": "415"}), 400, 21457)
        refused(world.twilio("POST", path, {}), 400, 400)
        made = world.twilio("POST", path, {"PhoneNumber": f"+{digits}"})
        assert made.status == 201
        assert set(made.json) == KEYS - {"type"}
        for other in set(kinds) - {kind}:
            reply = world.twilio("POST", f"IncomingPhoneNumbers/{other}.json", {"PhoneNumber": f"+{digits}"})
            refused(reply, 400, 21458)
    for kind, digits in kinds.items():
        rows = world.twilio("GET", f"IncomingPhoneNumbers/{kind}.json").json["incoming_phone_numbers"]
        assert [row["phone_number"] for row in rows] == [f"+{digits}"]
    types = {row["phone_number"]: row["type"] for row in world.twilio("GET", LIST).json["incoming_phone_numbers"]}
    assert types == {"+14155550100": "local", "+18005550100": "tollfree", "+4915112345678": "mobile"}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("+14155550100", ["+14155550100"]),
        ("+1415", ["+14155550101", "+14155550100", "+14158675310"]),
        ("+1 (415) 555-010*", ["+14155550101", "+14155550100"]),
        ("867", ["+14158675310"]),
        ("5550*00", ["+14155550100"]),
        ("5551", []),
        ("+45", ["+4593751435"]),
        ("*" * 16, []),
        ("", ["+14155550101", "+14155550100", "+14158675310", "+4593751435"]),
    ],
)
def test_filter_by_number(world: World, pattern: str, found: list[str]) -> None:
    world.carrier()
    for digits in ("4593751435", "14158675310", "14155550100", "14155550101"):
        number(world, digits)
    rows = world.twilio("GET", LIST, PhoneNumber=pattern).json["incoming_phone_numbers"]
    shown = [row["phone_number"] for row in rows]
    assert shown == found


def test_other_filters(world: World) -> None:
    world.carrier()
    number(world)
    cases: tuple[tuple[dict[str, Any], int], ...] = (
        ({"Beta": "true"}, 1),
        ({"Beta": "false"}, 1),
        ({"Origin": "twilio"}, 1),
        ({"Origin": "hosted"}, 0),
        ({"FriendlyName": "(415) 555-0100"}, 1),
        ({"FriendlyName": "(415) 555-01"}, 0),
        ({"Unknown": "x"}, 1),
    )
    for query, count in cases:
        assert len(world.twilio("GET", LIST, **query).json["incoming_phone_numbers"]) == count, query
    for pattern in (" 1415", "abc", "1" * 17, "4+1"):
        assert "Invalid Pattern" in refused(world.twilio("GET", LIST, PhoneNumber=pattern), 400, 400)
    refused(world.twilio("GET", LIST, Beta="perhaps"), 400, 20001)
    refused(world.twilio("GET", LIST, Origin="x"), 400, 20001)
