"""Number: statuses and bodies of https://www.plivo.com/docs/numbers/account-phone-numbers.md and the SDKs' habits."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.http.world import World
from trunkline.core.model import EVERYTHING

KEYS = {
    "number",
    "alias",
    "sub_account",
    "sub_account_name",
    "added_on",
    "application",
    "carrier",
    "region",
    "number_type",
    "monthly_rental_rate",
    "sms_rate",
    "mms_rate",
    "voice_rate",
    "renewal_date",
    "sms_enabled",
    "mms_enabled",
    "voice_enabled",
    "cnam_lookup",
    "cnam",
    "tendlc_registration_status",
    "tendlc_campaign_id",
    "toll_free_sms_verification",
    "toll_free_sms_verification_id",
    "toll_free_sms_verification_order_status",
    "profile_uuid",
    "caller_reputation_status",
    "resource_uri",
    "active",
    "city",
    "country",
    "compliance_application_id",
    "compliance_status",
}
"""The 32 keys of the vendor's object; three more stand beside them."""

MORE = {"object_id", "object_type", "subaccount"}
N = "14155551234"


def get(world: World, number: str = N) -> Any:
    """Return a number as its owner sees it."""
    reply = world.plivo("GET", f"Number/{number}/")
    assert reply.status == 200, reply.body
    return reply.json


def test_the_object_has_every_key_always(world: World) -> None:
    assert len(KEYS) == 32
    world.numbers(world.carrier(), N)
    assert set(get(world)) == KEYS | MORE | {"api_id"}
    assert set(world.plivo("GET", "Number/").json["objects"][0]) == KEYS | MORE


def test_a_new_own_number(world: World) -> None:
    world.numbers(world.carrier(name="Mine"), N)
    number = get(world)
    assert number["carrier"] == "Mine"
    assert (number["number"], number["number_type"], number["region"]) == (N, "local", "Somewhere")
    assert number["resource_uri"] == f"/v1/Account/{world.main.auth_id}/Number/{N}/"
    assert (number["monthly_rental_rate"], number["renewal_date"]) == ("0.00000", None)
    assert (number["voice_enabled"], number["sms_enabled"], number["active"]) == (True, False, True)
    assert (number["application"], number["object_id"], number["object_type"]) == (None, None, None)
    assert (number["cnam_lookup"], number["caller_reputation_status"]) == ("disabled", "NOT_ENROLLED")
    assert date.fromisoformat(number["added_on"])


@pytest.mark.parametrize(
    "numbers",
    [
        "14155551234,14155551235",
        "+1 415-555-1234, +14155551235",
        ["14155551234", "14155551235"],
        [14155551234, 14155551235],
        "['14155551234', '14155551235']",
        '["14155551234","14155551235"]',
        "[14155551234, 14155551235]",
    ],
)
def test_every_spelling_of_numbers_adds_them(world: World, numbers: object) -> None:
    body = {"numbers": numbers, "carrier": world.carrier(), "region": "United States"}
    added = world.plivo("POST", "Number/", body)
    assert added.status == 202
    assert set(added.json) == {"api_id", "message"}
    assert added.json["message"] == "changed"
    listed = [row["number"] for row in world.plivo("GET", "Number/").json["objects"]]
    assert listed == ["14155551234", "14155551235"]


def test_one_json_number_and_a_carrier_as_a_number(world: World) -> None:
    body = {"numbers": 14155551234, "carrier": int(world.carrier()), "region": "United States"}
    assert world.plivo("POST", "Number/", body).status == 202


def test_a_form_adds_numbers_too(world: World) -> None:
    form = f"numbers=%2B14155551234&carrier={world.carrier()}&region=United+States".encode()
    headers = world.main.basic | {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    assert world.ask("POST", f"/v1/Account/{world.main.auth_id}/Number/", form, headers).status == 202
    assert get(world)["region"] == "United States"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"numbers": ""}, "numbers"),
        ({"numbers": None}, "numbers"),
        ({"numbers": []}, "numbers"),
        ({"numbers": "14155551234,14155551234"}, "14155551234"),
        ({"numbers": "14155551234,999"}, "999"),
        ({"numbers": "14155551234,"}, "number"),
        ({"numbers": "14155551234,abc"}, "abc"),
        ({"numbers": [["14155551234"]]}, "numbers"),
        ({"numbers": [str(14155550000 + i) for i in range(1001)]}, "1000"),
        ({"carrier": None}, "carrier"),
        ({"carrier": "12345678901234"}, "carrier"),
        ({"carrier": "nonsense"}, "carrier"),
        ({"region": None}, "region"),
        ({"region": " "}, "region"),
        ({"region": "x" * 300}, "region"),
        ({"number_type": "fixed"}, "number_type"),
        ({"number_type": "nonsense"}, "number_type"),
        ({"app_id": "nonsense"}, "app_id"),
        ({"app_id": "210112345678901234"}, "app_id"),
        ({"subaccount": "SAXXXXXXXXXXXXXXXXXX"}, "subaccount"),
        ({"subaccount": "nonsense"}, "subaccount"),
    ],
)
def test_a_bad_argument_is_named_and_nothing_is_added(world: World, change: dict[str, Any], named: str) -> None:
    body = {"numbers": "14155551234,14155551235", "carrier": world.carrier(), "region": "Here", **change}
    refused = world.plivo("POST", "Number/", body)
    assert refused.status == 400
    assert named in refused.json["error"]
    assert world.plivo("GET", "Number/").json["objects"] == []


def test_adding_a_live_number_again_names_only_the_number(world: World) -> None:
    carrier_id = world.carrier()
    world.numbers(carrier_id, N)
    again = world.plivo("POST", "Number/", {"numbers": f"{N},14155559999", "carrier": carrier_id, "region": "R"})
    other = {"numbers": N, "carrier": world.carrier(world.other, "198.51.100.1"), "region": "R"}
    foreign = world.plivo("POST", "Number/", other, tenant=world.other)
    assert (again.status, foreign.status) == (400, 400)
    assert again.json["error"] == foreign.json["error"] == f"number(s) {N} already exist"
    assert world.plivo("GET", "Number/").json["meta"]["total_count"] == 1


def test_a_foreign_carrier_reads_like_an_unknown_one(world: World) -> None:
    body = {"numbers": N, "region": "R"}
    foreign = world.plivo("POST", "Number/", body | {"carrier": world.carrier(world.other)})
    unknown = world.plivo("POST", "Number/", body | {"carrier": "12345678901234"})
    assert (foreign.status, foreign.json["error"]) == (unknown.status, unknown.json["error"])


def test_numbers_on_shared_addresses_wait_for_the_operator(world: World) -> None:
    world.carrier(world.other, "203.0.113.0/28")
    world.numbers(world.carrier(ip_set="203.0.113.7"), N)
    assert get(world)["active"] is False


def test_a_new_number_gets_the_default_application(world: World) -> None:
    app_id = world.application(default_number_app=True)
    other = world.application()
    carrier_id = world.carrier()
    world.numbers(carrier_id, N)
    world.numbers(carrier_id, "14155551235", app_id=other)
    assert get(world)["application"] == f"/v1/Account/{world.main.auth_id}/Application/{app_id}/"
    assert other in get(world, "14155551235")["application"]


def test_a_number_can_be_added_on_a_trunk(world: World) -> None:
    world.application(default_number_app=True)
    _, trunk_id = world.trunk()
    world.numbers(world.carrier(), N, app_id=trunk_id)
    assert (get(world)["application"], get(world)["object_id"]) == (None, trunk_id)


@pytest.mark.parametrize("spelling", [N, "+14155551234", "%2B14155551234"])
def test_a_path_number_may_carry_a_plus(world: World, spelling: str) -> None:
    world.numbers(world.carrier(), N)
    assert get(world, spelling)["number"] == N


@pytest.mark.parametrize("spelling", ["14155559999", "nonsense", "1", "%00", "9" * 400])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_number_is_not_found(world: World, method: str, spelling: str) -> None:
    reply = world.plivo(method, f"Number/{spelling}/", {} if method == "POST" else None)
    assert (reply.status, reply.json["error"]) == (404, "not found")


def test_unrenting_a_number(world: World) -> None:
    carrier_id = world.carrier()
    world.numbers(carrier_id, N)
    for body in (b'""', None):  # plivo-node's body, and none
        gone = world.plivo("DELETE", f"Number/{N}/", body)
        assert (gone.status, gone.body) == (204, b"")
        assert world.plivo("GET", f"Number/{N}/").status == 404
        world.numbers(carrier_id, N)


def test_services_follow_the_carrier(world: World) -> None:
    world.numbers(world.carrier(), N)
    carrier = world.native("GET", "carriers").json["items"][0]
    world.native("PATCH", f"carriers/{carrier['id']}", {"sms": True, "voice": False})
    assert (get(world)["sms_enabled"], get(world)["voice_enabled"]) == (True, False)
    assert world.plivo("GET", "Number/", services="voice").json["meta"]["total_count"] == 0


class TestUpdating:
    """``POST /Number/{number}/``."""

    @pytest.fixture(autouse=True)
    def number(self, world: World) -> None:
        """One number to change."""
        world.numbers(world.carrier(), N)

    def change(self, world: World, **args: Any) -> None:
        """Change it, which answers 202."""
        reply = world.plivo("POST", f"Number/{N}/", args)
        assert (reply.status, reply.json["message"]) == (202, "changed"), reply.body

    @pytest.mark.parametrize("nothing", ["", None])
    def test_an_application_and_nothing(self, world: World, nothing: str | None) -> None:
        app_id = world.application()
        self.change(world, app_id=app_id, number=N)
        assert app_id in get(world)["application"]
        self.change(world, alias="kept")
        assert app_id in get(world)["application"]
        self.change(world, app_id=nothing)
        assert get(world)["application"] is None

    def test_a_trunk_and_back(self, world: World) -> None:
        _, trunk_id = world.trunk()
        app_id = world.application()
        self.change(world, app_id=trunk_id)
        number = get(world)
        assert (number["application"], number["object_type"], number["object_id"]) == (None, "trunk", trunk_id)
        self.change(world, app_id=app_id)
        assert get(world)["object_id"] is None

    def test_an_outbound_trunk_says_why(self, world: World) -> None:
        _, trunk_id = world.trunk(direction="outbound")
        refused = world.plivo("POST", f"Number/{N}/", {"app_id": trunk_id, "alias": "x"})
        assert refused.status == 400
        assert refused.json["error"].startswith("app_id: ")
        assert "outbound trunk" in refused.json["error"]
        assert get(world)["alias"] is None

    @pytest.mark.parametrize("kind", ["application", "trunk"])
    def test_a_foreign_target_reads_like_an_unknown_one(self, world: World, kind: str) -> None:
        foreign = world.application(world.other) if kind == "application" else world.trunk(world.other)[1]
        texts = {
            world.plivo("POST", f"Number/{N}/", {"app_id": app_id}).json["error"]
            for app_id in (foreign, f"{foreign[:4]}12345678901234", "nonsense", f"9999{foreign[4:]}")
        }
        assert len(texts) == 1
        assert "app_id" in texts.pop()

    @pytest.mark.parametrize(
        ("alias", "shown"),
        [
            ("Main Line", "Main Line"),
            ('{"a": 1}', '{"a": 1}'),
            (3, "3"),
            (True, "true"),
            ("", None),
            (None, None),
            ("x" * 255, "x" * 255),
        ],
    )
    def test_an_alias(self, world: World, alias: object, shown: str | None) -> None:
        self.change(world, alias="before")
        self.change(world, alias=alias)
        assert get(world)["alias"] == shown

    @pytest.mark.parametrize("alias", ["x" * 256, {"a": 1}, ["a"]])
    def test_a_bad_alias(self, world: World, alias: object) -> None:
        refused = world.plivo("POST", f"Number/{N}/", {"alias": alias})
        assert refused.status == 400
        assert "alias" in refused.json["error"]

    @pytest.mark.parametrize("argument", ["subaccount", "sub_account"])
    @pytest.mark.parametrize("back", ["", "main"])
    def test_to_a_subaccount_and_back(self, world: World, argument: str, back: str) -> None:
        self.change(world, app_id=world.application())
        self.change(world, **{argument: world.sub.auth_id})
        number = get(world)
        assert number["sub_account"] == number["subaccount"] == world.sub.auth_id
        assert (number["sub_account_name"], number["application"]) == ("Branch", None)
        assert world.plivo("GET", f"Number/{N}/", tenant=world.sub).json["sub_account"] == world.sub.auth_id
        self.change(world, **{argument: world.main.auth_id if back else ""})
        assert get(world)["sub_account"] is None
        assert world.plivo("GET", f"Number/{N}/", tenant=world.sub).status == 404

    def test_null_leaves_the_subaccount(self, world: World) -> None:
        self.change(world, subaccount=world.sub.auth_id)
        self.change(world, subaccount=None)
        assert get(world)["sub_account"] == world.sub.auth_id

    def test_an_application_of_the_subaccount_in_one_request(self, world: World) -> None:
        app_id = world.application(world.sub)
        refused = world.plivo("POST", f"Number/{N}/", {"app_id": app_id})
        assert refused.status == 400
        self.change(world, app_id=app_id, subaccount=world.sub.auth_id)
        assert app_id in get(world)["application"]

    def test_a_foreign_subaccount(self, world: World) -> None:
        for auth_id in (world.other.auth_id, "SA" + world.other.account.code, "SA" + "X" * 18, "MA" + "X" * 18, "x"):
            refused = world.plivo("POST", f"Number/{N}/", {"subaccount": auth_id, "alias": "y"})
            assert refused.status == 400
            assert refused.json["error"] == "subaccount is not one of your subaccounts"
        assert get(world)["alias"] is None

    def test_a_subaccount_cannot_give_a_number_to_its_parent(self, world: World) -> None:
        self.change(world, subaccount=world.sub.auth_id)
        refused = world.plivo("POST", f"Number/{N}/", {"subaccount": world.main.auth_id}, tenant=world.sub)
        assert refused.status == 400

    def test_verification_info_is_checked_and_changes_nothing(self, world: World) -> None:
        before = get(world)
        self.change(world, verification_info={"street": "1 Main St"})
        assert {**get(world), "api_id": ""} == {**before, "api_id": ""}
        refused = world.plivo("POST", f"Number/{N}/", {"verification_info": "x", "alias": "x"})
        assert (refused.status, refused.json["error"]) == (400, "verification_info is a JSON object")
        assert get(world)["alias"] is None

    @pytest.mark.parametrize(
        "argument",
        [
            "message_url",
            "message_method",
            "object_type",
            "object_id",
        ],
    )
    def test_what_is_not_available_yet_is_named(self, world: World, argument: str) -> None:
        refused = world.plivo("POST", f"Number/{N}/", {argument: "enabled", "alias": "x"})
        assert (refused.status, refused.json["error"]) == (400, f"{argument} is not available yet")
        assert get(world)["alias"] is None


@pytest.fixture(scope="class")
def listed(shared: World) -> World:
    """Five numbers that differ in everything that can be asked for."""
    world = shared
    voice = world.carrier()
    texts = world.native("POST", "carriers", {"name": "sms", "sms": True, "gateways": [{"address": "203.0.113.9"}]})
    sms = world.inventory.read(lambda s: s.carriers.get(EVERYTHING, texts.json["id"]))
    assert sms is not None
    world.numbers(voice, "14155550001")
    world.numbers(voice, "4930123456", number_type="national")
    world.numbers(sms.serial, "14155550002")
    world.numbers(sms.serial, "18005550003", number_type="tollfree")
    world.numbers(voice, "14155550004", subaccount=world.sub.auth_id, number_type="mobile")
    world.plivo("POST", "Number/14155550001/", {"alias": "Main Line"})
    details = {"renewal_on": date(2026, 5, 31), "campaign_id": "C1", "campaign_status": "completed"}
    edit(world, "14155550002", cnam_lookup=True, **details)
    edit(world, "18005550003", renewal_on=date(2026, 6, 30), toll_free_order_status="APPROVED")
    return world


def edit(world: World, e164: str, **details: Any) -> None:
    """Set what no call of this version sets."""

    def use_case(store: Any) -> None:
        number = store.numbers.get(EVERYTHING, e164)
        store.numbers.update(replace(number, details=replace(number.details, **details)))

    asyncio.run(world.inventory.write(use_case))


class TestListing:
    """``GET /Number/`` with every filter of the page."""

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", "1 49 2 3 4"),
            ("unknown=1", "1 49 2 3 4"),
            ("type=local", "1 2"),
            ("number_type=LOCAL", "1 2"),
            ("type=mobile", "4"),
            ("type=national", "49"),
            ("type=fixed", ""),
            ("type=tollfree", "3"),
            ("number_startswith=1415", "1 2 4"),
            ("number_startswith=%2B1415", "1 2 4"),
            ("number_startswith=+1415", "1 2 4"),
            ("number_startswith=14155550001", "1"),
            ("number_startswith=7", ""),
            ("alias=Main%20Line", "1"),
            ("alias=main+line", ""),
            ("alias=Main", ""),
            ("services=voice", "1 49 2 3 4"),
            ("services=sms", "2 3"),
            ("services=voice%2Csms", "2 3"),
            ("services=SMS,%20voice", "2 3"),
            ("services=mms", ""),
            ("services=voice,sms,mms", ""),
            ("cnam_lookup=enabled", "2"),
            ("cnam_lookup=disabled", "1 3"),
            ("renewal_date=2026-05-31", "2"),
            ("renewal_date__gt=2026-05-31", "3"),
            ("renewal_date__gte=2026-05-31", "2 3"),
            ("renewal_date__lt=2026-06-30", "2"),
            ("renewal_date__lte=2026-06-30", "2 3"),
            ("renewal_date__gt=2026-05-01&renewal_date__lt=2026-06-01", "2"),
            ("tendlc_registration_status=registered", "2"),
            ("tendlc_registration_status=completed", "2"),
            ("tendlc_registration_status=COMPLETED", "2"),
            ("tendlc_registration_status=in_progress", ""),
            ("tendlc_registration_status=PROCESSING", ""),
            ("tendlc_registration_status=unregistered", ""),
            ("tendlc_campaign_id=C1", "2"),
            ("tendlc_campaign_id=c1", ""),
            ("toll_free_sms_verification=unverified", "3"),
            ("toll_free_sms_verification=UNVERIFIED", "3"),
            ("toll_free_sms_verification=pending_verification", ""),
            ("toll_free_sms_verification=verified", ""),
            ("toll_free_sms_verification_order_status=APPROVED", "3"),
            ("type=local&services=sms&cnam_lookup=enabled", "2"),
            ("subaccount=SUB", "4"),
            ("sub_account=SUB", "4"),
            ("subaccount=MAIN", "1 49 2 3"),
            ("subaccount=OTHER", ""),
            ("subaccount=nonsense", ""),
        ],
    )
    def test_a_filter(self, listed: World, query: str, found: str) -> None:
        ids = {"SUB": listed.sub.auth_id, "MAIN": listed.main.auth_id, "OTHER": listed.other.auth_id}
        for word, auth_id in ids.items():
            query = query.replace(f"={word}", f"={auth_id}")
        reply = listed.ask("GET", f"/v1/Account/{listed.main.auth_id}/Number/?{query}", None, listed.main.basic)
        assert reply.status == 200, reply.body
        short = {"14155550001": "1", "4930123456": "49", "14155550002": "2", "18005550003": "3", "14155550004": "4"}
        assert [short[row["number"]] for row in reply.json["objects"]] == found.split()
        assert reply.json["meta"]["total_count"] == len(found.split())

    @pytest.mark.parametrize(
        "query",
        [
            "type=any",
            "number_type=x",
            "services=fax",
            "services=voice,x",
            "cnam_lookup=maybe",
            "renewal_date=2026-02-30",
            "renewal_date__gt=31-05-2026",
            "renewal_date__lte=20260531",
            "tendlc_registration_status=x",
            "toll_free_sms_verification=x",
            "number_startswith=abc",
            "limit=0",
            "limit=-1",
            "limit=x",
            "limit=1.5",
            "offset=-1",
            "offset=x",
            "offset=99999999999999999999",
            "after=x",
            "object_type=trunk",
            "object_id=1",
        ],
    )
    def test_a_bad_value_is_400_naming_the_argument(self, listed: World, query: str) -> None:
        reply = listed.ask("GET", f"/v1/Account/{listed.main.auth_id}/Number/?{query}", None, listed.main.basic)
        assert reply.status == 400
        assert query.partition("=")[0] in reply.json["error"]
        assert reply.json["objects"] == []

    def test_a_subaccount_sees_its_own_only(self, listed: World) -> None:
        rows = listed.plivo("GET", "Number/", tenant=listed.sub).json["objects"]
        assert [row["number"] for row in rows] == ["14155550004"]
        assert rows[0]["resource_uri"] == f"/v1/Account/{listed.sub.auth_id}/Number/14155550004/"
        assert listed.plivo("GET", "Number/14155550001/", tenant=listed.sub).status == 404
