"""PhoneNumber: search and buy, as https://www.plivo.com/docs/numbers/phone-numbers and the SDKs' fixtures show."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.http.stocked import fill, found, row
from tests.http.world import World
from trunkline.core.model import EVERYTHING
from trunkline.core.rates import renewal
from trunkline.core.renewals import renew

KEYS = {
    "number",
    "prefix",
    "city",
    "country",
    "region",
    "rate_center",
    "lata",
    "type",
    "sub_type",
    "setup_rate",
    "monthly_rental_rate",
    "sms_enabled",
    "sms_rate",
    "mms_enabled",
    "mms_rate",
    "voice_enabled",
    "voice_rate",
    "restriction",
    "restriction_text",
    "compliance_requirement",
    "resource_uri",
}
SF = ("14154009186", "14154009187", "14154009188")


@pytest.fixture
def shop(world: World) -> World:
    """An installation whose main account sells three numbers of San Francisco."""
    carrier = world.carrier()
    place = {"city": "San Francisco", "rate_center": "SNFC CNTRL", "lata": "722"}
    fill(world, *(row(number, carrier, **place) for number in SF))
    return world


def with_sms(world: World, name: str = "Texts") -> str:
    """Create a carrier that delivers messages, too, and return its carrier_id."""
    serial = world.carrier(name=name, ip_set="203.0.113.9")
    carrier = world.inventory.read(lambda s: s.carriers.by_serial(EVERYTHING, serial))
    assert carrier is not None
    world.write(lambda s: s.carriers.update(replace(carrier, sms=True)))
    return serial


def test_the_object(shop: World) -> None:
    reply = shop.plivo("GET", "PhoneNumber/", country_iso="US")
    assert reply.status == 200
    assert set(reply.json) == {"api_id", "meta", "objects"}
    first = reply.json["objects"][0]
    assert set(first) == KEYS
    assert (first["number"], first["prefix"], first["country"]) == ("14154009186", "415", "UNITED STATES")
    assert (first["region"], first["city"]) == ("California, UNITED STATES", "San Francisco")
    assert (first["rate_center"], first["lata"]) == ("SNFC CNTRL", 722)
    assert (first["monthly_rental_rate"], first["voice_rate"]) == ("0.80000", "0.00850")
    assert (first["setup_rate"], first["sms_rate"], first["mms_rate"]) == ("0.00000",) * 3
    assert (first["voice_enabled"], first["sms_enabled"], first["mms_enabled"]) == (True, False, False)
    assert (first["restriction"], first["restriction_text"]) == (None, None)
    assert first["resource_uri"] == f"/v1/Account/{shop.main.auth_id}/PhoneNumber/14154009186/"


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({}, "country_iso"),
        ({"country_iso": ""}, "country_iso"),
        ({"country_iso": "USA"}, "country_iso"),
        ({"country_iso": "U1"}, "country_iso"),
        ({"country_iso": "US", "type": "cheap"}, "type"),
        ({"country_iso": "US", "pattern": "415*"}, "pattern"),
        ({"country_iso": "US", "pattern": "4" * 16}, "pattern"),
        ({"country_iso": "US", "services": "fax"}, "services"),
        ({"country_iso": "US", "npanxx": "415"}, "npanxx"),
        ({"country_iso": "US", "local_calling_area": "true"}, "npanxx"),
        ({"country_iso": "US", "lata": "x"}, "lata"),
        ({"country_iso": "US", "eligible": "perhaps"}, "eligible"),
        ({"country_iso": "US", "city": "x" * 256}, "city"),
        ({"country_iso": "US", "limit": "0"}, "limit"),
        ({"country_iso": "US", "offset": "-1"}, "offset"),
        ({"country_iso": "DE", "lata": "722"}, "lata"),
        ({"country_iso": "DE", "npanxx": "415400"}, "npanxx"),
        ({"country_iso": "DE", "rate_center": "x"}, "rate_center"),
    ],
)
def test_a_bad_argument_is_named(world: World, query: dict[str, Any], named: str) -> None:
    reply = world.plivo("GET", "PhoneNumber/", **query)
    assert reply.status == 400
    assert named in reply.json["error"]
    assert reply.json["objects"] == []


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, ["12125550100", "14154009186", "14154009187", "18005550100"]),
        ({"country_iso": "us"}, ["12125550100", "14154009186", "14154009187", "18005550100"]),
        ({"country_iso": "DE"}, ["4930901820"]),
        ({"country_iso": "FR"}, []),
        ({"country_iso": "XX"}, []),
        ({"type": "any"}, ["12125550100", "14154009186", "14154009187", "18005550100"]),
        ({"type": "tollfree"}, ["18005550100"]),
        ({"pattern": "415"}, ["14154009186", "14154009187"]),
        ({"pattern": 4154009187}, ["14154009187"]),
        ({"country_iso": "DE", "pattern": "30"}, ["4930901820"]),
        ({"region": "california"}, ["14154009186", "14154009187"]),
        ({"region": "Cali"}, []),
        ({"city": "NEW  york"}, ["12125550100"]),
        ({"rate_center": "snfc cntrl"}, ["14154009186"]),
        ({"lata": "0722"}, ["14154009186"]),
        ({"npanxx": "415400"}, ["14154009186", "14154009187"]),
        ({"npanxx": "415401"}, []),
        ({"services": "voice,sms"}, ["14154009187"]),
        ({"services": "mms"}, ["14154009187"]),
        (
            {"services": "voice", "region": "California", "type": "local", "pattern": "4"},
            ["14154009186", "14154009187"],
        ),
        ({"eligible": "True"}, ["14154009186", "14154009187", "18005550100"]),
        ({"unknown": "x", "type": "tollfree"}, ["18005550100"]),
    ],
)
def test_filters(world: World, query: dict[str, Any], numbers: list[str]) -> None:
    carrier = with_sms(world)
    fill(
        world,
        row("18005550100", carrier, type="tollfree", region=""),
        row("14154009187", carrier, services="voice,sms,mms"),
        row("14154009186", carrier, lata="722", rate_center="SNFC CNTRL"),
        row("12125550100", carrier, region="New York", city="New York", restriction="city-address"),
        row("+49 30 901820", carrier, country_iso="DE", region="Berlin"),
    )
    assert found(world, **query) == numbers


def test_a_local_calling_area_is_the_rate_centre_of_the_npanxx(world: World) -> None:
    carrier, sf = world.carrier(), {"rate_center": "SNFC CNTRL", "lata": "722"}
    fill(
        world,
        row("14154009186", carrier, **sf),
        row("16285550100", carrier, **sf),
        row("15105550100", carrier, rate_center="OKLD MAIN", lata="722"),
        row("12125550100", carrier),
    )
    assert found(world, npanxx="415400", local_calling_area="true") == ["14154009186", "16285550100"]
    assert found(world, npanxx="415400", local_calling_area="false") == ["14154009186"]
    assert found(world, npanxx="212555", local_calling_area="true") == []  # the stock does not know its rate centre
    assert found(world, npanxx="213555", local_calling_area="true") == []


def test_pages(world: World) -> None:
    one, two = world.carrier(), world.carrier(name="Carrier_2", ip_set="203.0.113.8")
    numbers = [str(14155550100 + i) for i in range(45)]
    fill(world, *(row(number, (one, two)[i % 2]) for i, number in enumerate(numbers)))
    assert found(world, limit=100) == numbers[:20]
    assert found(world, limit=5, offset=7) == numbers[7:12]
    reply = world.plivo("GET", "PhoneNumber/", country_iso="US", region="California")
    walked: list[str] = []
    pages = 0
    while True:
        walked += [str(number["number"]) for number in reply.json["objects"]]
        assert (reply.json["meta"]["total_count"], reply.json["meta"]["limit"]) == (45, 20)
        pages += 1
        following = reply.json["meta"]["next"]
        if following is None:
            break
        assert "region=California" in following
        reply = world.ask("GET", following, None, world.main.basic)
    assert (walked, pages) == (numbers, 3)


def test_the_total_stops_at_its_bound(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.store.stock.MAX_COUNTED", 4)
    carrier = world.carrier()
    fill(world, *(row(str(14155550100 + i), carrier) for i in range(6)))
    assert world.plivo("GET", "PhoneNumber/", country_iso="US", limit=2).json["meta"]["total_count"] == 4
    assert len(found(world, offset=3)) == 3
    assert found(world, offset=4) == []
    beyond = world.plivo("GET", "PhoneNumber/", country_iso="US", offset=4, after=14155550103).json
    assert [number["number"] for number in beyond["objects"]] == ["14155550104", "14155550105"]


def test_only_those_below_the_carriers_account_are_offered_its_numbers(shop: World) -> None:
    assert found(shop, shop.main) == found(shop, shop.sub) == list(SF)
    assert found(shop, shop.other) == []
    refused = shop.plivo("POST", f"PhoneNumber/{SF[0]}/", tenant=shop.other)
    assert (refused.status, refused.json["error"]) == (404, "not found")
    # A subaccount's own carrier sells to it alone, and the two stocks are one list in the order of the numbers.
    fill(shop, row("12125550100", shop.carrier(shop.sub, ip_set="203.0.113.99")))
    assert found(shop, shop.sub) == ["12125550100", *SF]
    assert found(shop, shop.main) == list(SF)


def test_a_carrier_out_of_service_offers_nothing(shop: World) -> None:
    listed = shop.plivo("GET", "IncomingCarrier/").json["objects"]
    assert shop.plivo("DELETE", f"IncomingCarrier/{listed[0]['carrier_id']}/").status == 204
    assert found(shop) == []
    assert shop.plivo("POST", f"PhoneNumber/{SF[0]}/").status == 404


def test_buying(shop: World) -> None:
    reply = shop.plivo("POST", f"PhoneNumber/{SF[1]}/", {})
    assert reply.status == 201
    assert set(reply.json) == {"api_id", "message", "numbers", "status"}
    assert (reply.json["message"], reply.json["status"]) == ("created", "fulfilled")
    assert reply.json["numbers"] == [{"number": SF[1], "status": "Success"}]
    assert found(shop) == [SF[0], SF[2]]
    number = shop.plivo("GET", f"Number/{SF[1]}/").json
    assert (number["region"], number["city"], number["country"]) == ("California, UNITED STATES", "San Francisco", "US")
    assert (number["number_type"], number["monthly_rental_rate"], number["voice_rate"]) == (
        "local",
        "0.80000",
        "0.00850",
    )
    added = date.fromisoformat(number["added_on"])
    assert number["renewal_date"] == renewal(added, added).isoformat()
    assert (number["carrier"], number["active"], number["application"]) == ("Carrier_1", True, None)
    assert (number["voice_enabled"], number["sms_enabled"], number["mms_enabled"]) == (True, False, False)
    again = shop.plivo("POST", f"PhoneNumber/{SF[1]}/", {})
    assert (again.status, again.json["error"]) == (404, "not found")


@pytest.mark.parametrize("number", ["14155550199", "+14155550199", "x", "1" * 400, "%00", "4154009186"])
def test_what_is_not_in_the_stock_is_not_found(shop: World, number: str) -> None:
    reply = shop.plivo("POST", f"PhoneNumber/{number}/")
    assert (reply.status, reply.json["error"]) == (404, "not found")


def test_a_plus_in_the_path_is_fine(shop: World) -> None:
    assert shop.plivo("POST", f"PhoneNumber/%2B{SF[0]}/").status == 201


def test_what_a_bought_number_points_at(shop: World) -> None:
    named = shop.application(app_name="Named")
    default = shop.application(app_name="Default", default_number_app=True)
    trunk = shop.trunk()[1]
    for number, body in zip(SF, ({"app_id": named}, {"app_id": ""}, {"app_id": trunk}), strict=True):
        assert shop.plivo("POST", f"PhoneNumber/{number}/", body).status == 201
    shown = [shop.plivo("GET", f"Number/{number}/").json for number in SF]
    assert named in shown[0]["application"]
    assert default in shown[1]["application"]
    assert (shown[2]["application"], shown[2]["object_id"]) == (None, trunk)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"app_id": "210112345678901234"}, "app_id is not one of your applications or inbound trunks"),
        ({"cnam_lookup": "maybe"}, "cnam_lookup is one of enabled, disabled"),
        (
            {"compliance_application_id": "x"},
            "compliance_application_id is not one of your compliance applications",
        ),
        ({"verification_info": "x"}, "verification_info is a JSON object"),
        ({"verification_info": ["x"]}, "verification_info is a JSON object"),
        ({"ha_enable": True}, "ha_enable is false: there are no high-availability numbers here"),
        ({"ha_enabled": "True"}, "ha_enabled is false: there are no high-availability numbers here"),
        ({"ha_enable": "perhaps"}, "ha_enable is true or false"),
    ],
)
def test_a_refused_purchase_buys_nothing(shop: World, body: dict[str, Any], text: str) -> None:
    reply = shop.plivo("POST", f"PhoneNumber/{SF[0]}/", body)
    assert (reply.status, reply.json["error"]) == (400, text)
    assert found(shop) == list(SF)
    assert shop.plivo("GET", f"Number/{SF[0]}/").status == 404


def test_another_accounts_application_is_refused(shop: World) -> None:
    foreign = shop.application(shop.other)
    assert shop.plivo("POST", f"PhoneNumber/{SF[0]}/", {"app_id": foreign}).status == 400
    assert found(shop) == list(SF)


def test_arguments_that_change_nothing_are_fine(shop: World) -> None:
    body = {"cnam_lookup": "disabled", "ha_enable": False, "app_id": None, "number": SF[0], "verification_info": None}
    assert shop.plivo("POST", f"PhoneNumber/{SF[0]}/", body).status == 201
    legacy = {"verification_info": {"name": "Ann", "zip": 10001}, "ha_enabled": "false"}
    assert shop.plivo("POST", f"PhoneNumber/{SF[1]}/", legacy).json["status"] == "fulfilled"


def test_the_look_up_of_names_is_bought_with_a_number_of_the_us(shop: World) -> None:
    for number, word in ((SF[0], "enabled"), (SF[1], "disabled")):
        assert shop.plivo("POST", f"PhoneNumber/{number}/", {"cnam_lookup": word}).status == 201
        assert shop.plivo("GET", f"Number/{number}/").json["cnam_lookup"] == word
    fill(shop, row("4930901820", shop.carrier(name="Two", ip_set="203.0.113.9"), country_iso="DE", region="Berlin"))
    refused = shop.plivo("POST", "PhoneNumber/4930901820/", {"cnam_lookup": "enabled"})
    assert (refused.status, refused.json["error"]) == (400, "cnam_lookup is for US local and toll-free numbers only")
    assert found(shop, country_iso="DE") == ["4930901820"]


def test_the_look_up_of_names_is_not_for_mobile_numbers(shop: World) -> None:
    carrier = shop.carrier(name="Two", ip_set="203.0.113.9")
    fill(shop, row("14155550100", carrier, type="mobile"), row("18005550100", carrier, type="tollfree"))
    rule = "cnam_lookup is for US local and toll-free numbers only"
    refused = shop.plivo("POST", "PhoneNumber/14155550100/", {"cnam_lookup": "enabled"})
    assert (refused.status, refused.json["error"]) == (400, rule)
    assert shop.plivo("POST", "PhoneNumber/14155550100/").status == 201
    for word in ("enabled", "disabled"):
        refused = shop.plivo("POST", "Number/14155550100/", {"cnam_lookup": word, "alias": "x"})
        assert (refused.status, refused.json["error"]) == (400, rule)
    shown = shop.plivo("GET", "Number/14155550100/").json
    assert (shown["cnam_lookup"], shown["alias"]) == (None, None)
    assert shop.plivo("POST", "PhoneNumber/18005550100/", {"cnam_lookup": "enabled"}).status == 201
    assert shop.plivo("GET", "Number/18005550100/").json["cnam_lookup"] == "enabled"


def test_a_bought_number_does_what_the_stock_and_the_carrier_say(world: World) -> None:
    serial = with_sms(world)
    fill(world, row("14155550100", serial, services="voice,sms"), row("14155550101", serial, services="voice"))

    def enabled() -> list[tuple[bool, bool]]:
        shown = [world.plivo("GET", f"Number/{n}/").json for n in ("14155550100", "14155550101")]
        return [(number["voice_enabled"], number["sms_enabled"]) for number in shown]

    for number in ("14155550100", "14155550101"):
        assert world.plivo("POST", f"PhoneNumber/{number}/").status == 201
    assert enabled() == [(True, True), (True, False)]
    assert [n["number"] for n in world.plivo("GET", "Number/", services="sms").json["objects"]] == ["14155550100"]
    carrier = world.inventory.read(lambda s: s.carriers.by_serial(EVERYTHING, serial))
    assert carrier is not None
    world.write(lambda s: s.carriers.update(replace(carrier, sms=False)))
    assert enabled() == [(True, False), (True, False)]


def test_given_back_numbers_wait_in_quarantine(shop: World) -> None:
    assert shop.plivo("POST", f"PhoneNumber/{SF[0]}/").status == 201
    assert shop.plivo("DELETE", f"Number/{SF[0]}/").status == 204
    assert shop.plivo("GET", f"Number/{SF[0]}/").status == 404
    assert found(shop) == [SF[1], SF[2]]
    assert shop.plivo("POST", f"PhoneNumber/{SF[0]}/").status == 404
    item = shop.inventory.read(lambda s: s.stock.get(SF[0]))
    assert item is not None
    left = item.free_from - datetime.now(UTC)
    assert timedelta(days=4, hours=23) < left <= timedelta(days=5)
    past = datetime.now(UTC) - timedelta(seconds=1)
    shop.write(lambda s: s.stock.remove(SF[0]))
    shop.write(lambda s: s.stock.add([replace(item, free_from=past)]))  # quarantine over, without waiting for it
    assert found(shop) == list(SF)
    assert shop.plivo("POST", f"PhoneNumber/{SF[0]}/", tenant=shop.sub).status == 201


def test_an_own_number_does_not_enter_the_stock(shop: World) -> None:
    carrier = shop.plivo("GET", "IncomingCarrier/").json["objects"][0]["carrier_id"]
    shop.numbers(carrier, "14155551234")
    assert shop.plivo("DELETE", "Number/14155551234/").status == 204
    assert found(shop) == list(SF)
    shop.numbers(carrier, "14155551234")


def test_a_number_in_the_stock_cannot_be_added_as_ones_own(shop: World) -> None:
    carrier = shop.carrier(shop.other, ip_set="198.51.100.7")
    body = {"numbers": SF[0], "carrier": carrier, "region": "x"}
    reply = shop.plivo("POST", "Number/", body, tenant=shop.other)
    assert (reply.status, reply.json["error"]) == (400, f"number(s) {SF[0]} already exist")


def test_of_many_who_buy_at_once_one_gets_it(shop: World) -> None:
    async def all_at_once() -> list[int]:
        from tests.http.world import call

        who = [shop.main, shop.sub] * 10
        path = "/v1/Account/{}/PhoneNumber/{}/"
        tries = (call(shop.app, "POST", path.format(t.auth_id, SF[0]), t.basic, b"{}") for t in who)
        return sorted(reply.status for reply in await asyncio.gather(*tries))

    assert asyncio.run(all_at_once()) == [201] + [404] * 19


def test_history(shop: World) -> None:
    assert shop.plivo("POST", f"PhoneNumber/{SF[0]}/", tenant=shop.sub).status == 201
    assert shop.plivo("POST", f"Number/{SF[0]}/", {"alias": "A"}, tenant=shop.sub).status == 202
    assert shop.plivo("DELETE", f"Number/{SF[0]}/", tenant=shop.sub).status == 204
    for tenant in (shop.sub, shop.main, shop.operator):
        items = shop.native("GET", f"numbers/{SF[0]}/history", tenant=tenant).json["items"]
        assert [item["verb"] for item in items] == ["unrent", "update", "buy"]
    assert items[2]["detail"]["monthly_rental_rate"] == "0.80000"
    assert "free_from" in items[0]["detail"]
    assert shop.native("GET", f"numbers/{SF[0]}/history", tenant=shop.other).status == 404
    page = shop.native("GET", f"numbers/{SF[0]}/history", tenant=shop.sub, limit=2).json
    rest = shop.native("GET", f"numbers/{SF[0]}/history", tenant=shop.sub, before=page["next"]).json
    assert ([item["verb"] for item in rest["items"]], rest["next"]) == (["buy"], None)


def test_renewal_days_move_on(shop: World) -> None:
    assert shop.plivo("POST", f"PhoneNumber/{SF[0]}/").status == 201
    assert shop.plivo("POST", f"PhoneNumber/{SF[1]}/").status == 201
    number = shop.inventory.read(lambda s: s.numbers.get(EVERYTHING, SF[0]))
    assert number is not None
    today = datetime.now(UTC).date()
    past = replace(number.details, renewal_on=today - timedelta(days=40))
    shop.write(lambda s: s.numbers.update(replace(number, details=past)))
    assert shop.write(renew) == 1
    assert shop.write(renew) == 0
    shown = [shop.plivo("GET", f"Number/{n}/").json["renewal_date"] for n in SF[:2]]
    assert shown == [renewal(today, today).isoformat()] * 2
    listed = shop.plivo("GET", "Number/", renewal_date__gt=today.isoformat()).json["meta"]["total_count"]
    assert listed == 2
