"""Twilio's Trunks with all that belongs to them, on the wire; and the same trunks in the other dialects."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dialects.twilio.asking import FORM, URL, sid_of, trunk, v1
from tests.http.world import World

BASE = "http://numbers.example/v1/Trunks"
KEYS = {
    *("sid", "account_sid", "domain_name", "disaster_recovery_method", "disaster_recovery_url", "friendly_name"),
    *("secure", "cnam_lookup_enabled", "symmetric_rtp_enabled", "recording", "transfer_mode", "transfer_caller_id"),
    *("auth_type", "auth_type_set", "date_created", "date_updated", "url", "links"),
}


def test_a_trunks_whole_life(world: World) -> None:
    form: dict[str, Any] = {
        "FriendlyName": "Office",
        "DomainName": "Office-1.pstn.twilio.com",
        "DisasterRecoveryUrl": "https://example.com/recovery",
        "DisasterRecoveryMethod": "GET",
        "TransferMode": "enable-all",
        "TransferCallerId": "from-transferor",
        "CnamLookupEnabled": "true",
        "Secure": "false",
    }
    made = trunk(world, **form)
    assert set(made) == KEYS
    assert made["domain_name"] == "office-1.pstn.twilio.com"
    assert made["disaster_recovery_url"] == "https://example.com/recovery"
    assert made["disaster_recovery_method"] == "GET"
    assert (made["transfer_mode"], made["transfer_caller_id"]) == ("enable-all", "from-transferor")
    assert (made["cnam_lookup_enabled"], made["secure"], made["auth_type"]) == (True, False, "")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", made["date_created"])
    assert made["url"] == f"{BASE}/{made['sid']}"
    assert made["links"]["origination_urls"] == f"{BASE}/{made['sid']}/OriginationUrls"
    one = f"/{made['sid']}"
    assert v1(world, "GET", one).json == made
    changed = v1(world, "POST", one, {"FriendlyName": "Annex", "DisasterRecoveryUrl": "", "DomainName": ""}).json
    assert (changed["friendly_name"], changed["disaster_recovery_url"]) == ("Annex", None)
    assert (changed["domain_name"], changed["transfer_mode"]) == (None, "enable-all")
    listed = v1(world, "GET").json
    assert listed["trunks"] == [changed]
    assert listed["meta"]["key"] == "trunks"
    assert listed["meta"]["first_page_url"] == f"{BASE}?PageSize=50&Page=0"
    assert v1(world, "DELETE", one).status == 204
    gone = v1(world, "GET", one)
    assert (gone.status, gone.json["code"]) == (404, 20404)


def test_pages_follow_absolute_links(world: World) -> None:
    for name in "abc":
        trunk(world, FriendlyName=name)
    seen, target = [], "/v1/Trunks?PageSize=2"
    while target:
        page = world.ask("GET", target, None, world.main.twilio_basic | FORM).json
        seen += [one["friendly_name"] for one in page["trunks"]]
        following = page["meta"]["next_page_url"]
        target = following and following.removeprefix("http://numbers.example")
    assert seen == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"DomainName": "office.example.com"}, 21245),
        ({"DomainName": "a_b.pstn.twilio.com"}, 21245),
        ({"TransferMode": "sometimes"}, 20001),
        ({"TransferCallerId": "nobody"}, 20001),
        ({"DisasterRecoveryUrl": "nowhere"}, 21402),
        ({"DisasterRecoveryUrl": "https://example.com/", "DisasterRecoveryMethod": "PUT"}, 21403),
        ({"Secure": "true"}, 20001),
        ({"FriendlyName": "x" * 65}, 20002),
    ],
)
def test_what_is_refused_writes_nothing(world: World, form: dict[str, str], code: int) -> None:
    made = trunk(world, FriendlyName="Kept")
    for path in ("", f"/{made['sid']}"):
        reply = v1(world, "POST", path, form)
        assert (reply.status, reply.json["code"]) == (400, code)
    assert v1(world, "GET").json["trunks"] == [made]


def test_a_domain_is_the_installations_only_one(world: World) -> None:
    made = trunk(world, DomainName="one.pstn.twilio.com")
    taken = v1(world, "POST", "", {"DomainName": "ONE.pstn.twilio.com"}, tenant=world.other)
    assert (taken.status, taken.json["code"]) == (400, 21248)
    assert v1(world, "POST", f"/{made['sid']}", {"DomainName": "one.pstn.twilio.com"}).status == 200
    v1(world, "DELETE", f"/{made['sid']}")
    assert trunk(world, world.other, DomainName="one.pstn.twilio.com")["domain_name"] == "one.pstn.twilio.com"


def test_origination_urls(world: World) -> None:
    made = trunk(world)
    urls = f"/{made['sid']}/OriginationUrls"
    first = v1(world, "POST", urls, URL)
    assert first.status == 201
    url = first.json
    assert {name: url[name] for name in ("friendly_name", "sip_url", "priority", "weight", "enabled")} == {
        "friendly_name": "PBX",
        "sip_url": "sip:198.51.100.9",
        "priority": 10,
        "weight": 5,
        "enabled": True,
    }
    assert url["url"] == f"{BASE}{urls}/{url['sid']}"
    second = v1(world, "POST", urls, URL | {"SipUrl": "sip:198.51.100.10", "FriendlyName": "Backup"}).json
    assert v1(world, "GET", f"{urls}/{url['sid']}").json == url
    changed = v1(
        world,
        "POST",
        f"{urls}/{url['sid']}",
        {"SipUrl": "sip:198.51.100.11", "FriendlyName": "Moved", "Priority": "20", "Enabled": "false"},
    )
    assert changed.status == 200, changed.body
    assert changed.json["sid"] == url["sid"]
    assert [(u["sip_url"], u["friendly_name"], u["priority"], u["weight"], u["enabled"]) for u in (changed.json,)] == [
        ("sip:198.51.100.11", "Moved", 20, 5, False)
    ]
    assert v1(world, "GET", urls).json["origination_urls"] == [changed.json, second]
    twice = v1(world, "POST", urls, URL | {"SipUrl": "sip:198.51.100.10"})
    assert (twice.status, twice.json["code"]) == (400, 20001)
    assert v1(world, "DELETE", f"{urls}/{url['sid']}").status == 204
    assert v1(world, "GET", urls).json["origination_urls"] == [second]
    assert v1(world, "GET", f"{urls}/{url['sid']}").status == 404


@pytest.mark.parametrize(
    "change",
    [
        {"SipUrl": "http://example.com"},
        {"SipUrl": "sips:example.com"},
        {"SipUrl": "sip:user:secret@example.com"},
        {"Priority": "65536"},
        {"Priority": "-1"},
        {"Weight": "0"},
        {"Weight": "many"},
        {"Enabled": "perhaps"},
    ],
)
def test_bad_origination_urls(world: World, change: dict[str, str]) -> None:
    made = trunk(world)
    urls = f"/{made['sid']}/OriginationUrls"
    kept = v1(world, "POST", urls, URL).json
    for path in (urls, f"{urls}/{kept['sid']}"):
        reply = v1(world, "POST", path, URL | {"SipUrl": "sip:new.example.com"} | change)
        assert (reply.status, reply.json["code"]) == (400, 20001), reply.body
    for name in URL:
        lacking = {key: value for key, value in URL.items() if key != name} | {"SipUrl": "sip:b.example.com"}
        if name != "SipUrl":
            assert f"{name} is required" in v1(world, "POST", urls, lacking).json["message"]
    assert v1(world, "GET", urls).json["origination_urls"] == [kept]


def test_numbers_of_a_trunk_are_those_that_point_at_it(world: World) -> None:
    made = trunk(world)
    world.numbers(world.carrier(), "14155551234", "14155551235")
    sid, path = sid_of(world, "14155551234"), f"/{made['sid']}/PhoneNumbers"
    joined = v1(world, "POST", path, {"PhoneNumberSid": sid})
    assert joined.status == 201, joined.body
    assert joined.json["sid"] == sid
    assert joined.json["trunk_sid"] == made["sid"]
    assert joined.json["phone_number"] == "+14155551234"
    assert joined.json["url"] == f"{BASE}{path}/{sid}"
    assert joined.json["links"]["phone_number"].startswith("http://numbers.example/2010-04-01/Accounts/AC")
    assert not {"uri", "status", "emergency_status"} & set(joined.json)
    assert v1(world, "GET", path).json["phone_numbers"] == [joined.json]
    assert v1(world, "GET", f"{path}/{sid}").json == joined.json
    assert world.plivo("GET", "Number/14155551234/").json["object_type"] == "trunk"
    busy = v1(world, "DELETE", f"/{made['sid']}")
    assert (busy.status, busy.json["code"]) == (400, 21247)
    elsewhere = v1(world, "GET", f"{path}/{sid_of(world, '14155551235')}")
    assert elsewhere.status == 404
    assert v1(world, "DELETE", f"{path}/{sid}").status == 204
    assert v1(world, "GET", path).json["phone_numbers"] == []
    assert world.plivo("GET", "Number/14155551234/").status == 200
    assert v1(world, "DELETE", f"/{made['sid']}").status == 204
    assert v1(world, "POST", path, {"PhoneNumberSid": sid}).status == 404


def test_lists_of_a_trunk(world: World) -> None:
    made = trunk(world)
    for part, key, auth in (
        ("IpAccessControlLists", "ip_access_control_lists", "IP_ACL"),
        ("CredentialLists", "credential_lists", "IP_ACL,CREDENTIAL_LIST"),
    ):
        two = [world.twilio("POST", f"SIP/{part}.json", {"FriendlyName": name}).json["sid"] for name in "ab"]
        path, argument = f"/{made['sid']}/{part}", f"{part.removesuffix('s')}Sid"
        for sid in two:
            joined = v1(world, "POST", path, {argument: sid})
            assert joined.status == 201, joined.body
            assert (joined.json["sid"], joined.json["trunk_sid"]) == (sid, made["sid"])
            assert v1(world, "GET", f"{path}/{sid}").json == joined.json
        assert v1(world, "POST", path, {argument: two[0]}).status == 201
        assert [row["sid"] for row in v1(world, "GET", path).json[key]] == two
        assert v1(world, "GET", f"/{made['sid']}").json["auth_type"] == auth
        used = world.twilio("DELETE", f"SIP/{part}/{two[0]}.json")
        assert (used.status, used.json["code"]) == (400, 21236 if part[0] == "I" else 21241)
        assert v1(world, "DELETE", f"{path}/{two[0]}").status == 204
        assert v1(world, "DELETE", f"{path}/{two[0]}").status == 404
        assert [row["sid"] for row in v1(world, "GET", path).json[key]] == two[1:]
        assert world.twilio("DELETE", f"SIP/{part}/{two[0]}.json").status == 204
        assert v1(world, "POST", path, {argument: two[0]}).status == 404


def test_recording_is_not_served_and_says_so(world: World) -> None:
    path = f"/{trunk(world)['sid']}/Recording"
    assert v1(world, "GET", path).json == {"mode": "do-not-record", "trim": "do-not-trim"}
    assert v1(world, "POST", path, {"Mode": "do-not-record"}).status == 200
    refused = v1(world, "POST", path, {"Mode": "record-from-answer"})
    assert refused.status == 400
    assert "not served yet" in refused.json["message"]
    assert v1(world, "POST", path, {"Trim": "sometimes"}).json["code"] == 20001


def zentrunk(world: World, method: str, path: str, body: Any = None) -> Any:
    """Ask Zentrunk."""
    return world.plivo(method, f"Zentrunk/{path}", body)


def test_a_trunk_that_goes_both_ways_reads_as_inbound_in_zentrunk_and_changes_elsewhere(world: World) -> None:
    made = trunk(world, FriendlyName="Both")
    v1(world, "POST", f"/{made['sid']}/OriginationUrls", URL)
    sid = world.twilio("POST", "SIP/IpAccessControlLists.json", {"FriendlyName": "a"}).json["sid"]
    v1(world, "POST", f"/{made['sid']}/IpAccessControlLists", {"IpAccessControlListSid": sid})
    (shown,) = zentrunk(world, "GET", "Trunk/?trunk_direction=inbound").json["objects"]
    assert shown["trunk_direction"] == "inbound"
    one = f"Trunk/{shown['trunk_id']}/"
    refused = zentrunk(world, "POST", one, {"trunk_direction": "inbound", "name": "x"})
    assert refused.status == 400
    assert "both ways" in refused.json["error"]
    assert zentrunk(world, "DELETE", one).status == 204
    assert v1(world, "GET", f"/{made['sid']}").status == 404


def test_a_zentrunk_trunk_is_the_same_record(world: World) -> None:
    uri = zentrunk(world, "POST", "URI/", {"name": "u", "uri": "pbx.example.com"}).json["uri_uuid"]
    body = {"name": "Z", "trunk_direction": "inbound", "primary_uri_uuid": uri}
    assert zentrunk(world, "POST", "Trunk/", body).status == 201
    assert zentrunk(world, "POST", "Trunk/", body | {"name": "Y"}).status == 201
    first, _ = v1(world, "GET").json["trunks"]
    assert first["friendly_name"] == "Z"
    (url,) = v1(world, "GET", f"/{first['sid']}/OriginationUrls").json["origination_urls"]
    assert (url["sip_url"], url["sid"]) == ("sip:pbx.example.com", "OU" + uri.replace("-", ""))
    path = f"/{first['sid']}/OriginationUrls/{url['sid']}"
    shared = v1(world, "POST", path, {"SipUrl": "sip:other.example.com"})
    assert (shared.status, shared.json["code"]) == (409, 20409)
    assert "several trunks" in shared.json["message"]
    assert v1(world, "POST", path, {"Priority": "3"}).json["priority"] == 3
    assert zentrunk(world, "GET", f"URI/{uri}/").json["object"]["uri"] == "pbx.example.com"


def test_another_accounts_trunk_and_lists_are_not_found(world: World) -> None:
    theirs = trunk(world, world.other)
    urls = f"/{theirs['sid']}/OriginationUrls"
    url = v1(world, "POST", urls, URL, tenant=world.other).json["sid"]
    ip_lists = "SIP/IpAccessControlLists.json"
    listed = world.twilio("POST", ip_lists, {"FriendlyName": "a"}, tenant=world.other).json["sid"]
    for tenant in (world.main, world.sub):
        for method, path, form in (
            ("GET", f"/{theirs['sid']}", None),
            ("POST", f"/{theirs['sid']}", {"FriendlyName": "x"}),
            ("DELETE", f"/{theirs['sid']}", None),
            ("GET", urls, None),
            ("POST", urls, URL),
            ("DELETE", f"{urls}/{url}", None),
            ("GET", f"/{theirs['sid']}/Recording", None),
        ):
            assert v1(world, method, path, form, tenant=tenant).status == 404
    own = trunk(world)
    stolen = v1(world, "POST", f"/{own['sid']}/IpAccessControlLists", {"IpAccessControlListSid": listed})
    assert stolen.status == 404
    assert v1(world, "GET", tenant=world.sub).json["trunks"] == []


@pytest.mark.parametrize("part", ["ByocTrunks", "ConnectionPolicies", "IpRecords", "SourceIpMappings"])
def test_the_voice_api_is_absent_in_this_vendors_words(world: World, part: str) -> None:
    for path in ("", "/", "/BY" + "0" * 32, "/NY" + "0" * 32 + "/Targets"):
        for method in ("GET", "POST"):
            reply = world.ask(method, f"/v1/{part}{path}", None, world.main.twilio_basic)
            assert (reply.status, reply.json["code"]) == (404, 20404)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60), priority=st.text(max_size=6))
def test_any_text_is_kept_or_refused(world: World, text: str, priority: str) -> None:
    made = trunk(world)
    reply = v1(world, "POST", f"/{made['sid']}/OriginationUrls", URL | {"SipUrl": f"sip:{text}", "Priority": priority})
    assert reply.status in (201, 400), reply.body
    assert v1(world, "DELETE", f"/{made['sid']}").status == 204
