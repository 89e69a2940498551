"""Twilio's Applications over their whole life on the wire, beside Plivo's."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.http.world import World

FULL = {
    "FriendlyName": "Front desk",
    "ApiVersion": "2008-08-01",
    "VoiceUrl": "https://example.com/voice",
    "VoiceMethod": "get",
    "VoiceFallbackUrl": "https://example.com/fallback",
    "StatusCallback": "https://example.com/status",
    "StatusCallbackMethod": "GET",
    "VoiceCallerIdLookup": "true",
    "SmsUrl": "https://example.com/sms",
    "SmsFallbackUrl": "https://example.com/sms-fallback",
    "SmsStatusCallback": "https://example.com/sms-status",
    "MessageStatusCallback": "https://example.com/message-status",
    "PublicApplicationConnectEnabled": "true",
}
KEYS = {
    *("sid", "account_sid", "api_version", "date_created", "date_updated", "friendly_name", "uri"),
    *("voice_url", "voice_method", "voice_fallback_url", "voice_fallback_method", "voice_caller_id_lookup"),
    *("status_callback", "status_callback_method", "sms_url", "sms_method", "sms_fallback_url"),
    *("sms_fallback_method", "sms_status_callback", "message_status_callback", "public_application_connect_enabled"),
}


def create(world: World, **form: str) -> Any:
    """Create an application and return it."""
    reply = world.twilio("POST", "Applications.json", form)
    assert reply.status == 201, reply.body
    return reply.json


def test_a_whole_life(world: World) -> None:
    made = create(world, **FULL)
    assert set(made) == KEYS
    assert re.fullmatch(r"AP[0-9a-f]{32}", made["sid"])
    assert made["account_sid"] == world.main.account_sid
    assert (made["voice_url"], made["voice_method"]) == ("https://example.com/voice", "GET")
    assert (made["status_callback"], made["status_callback_method"]) == ("https://example.com/status", "GET")
    assert (made["sms_url"], made["sms_method"]) == ("https://example.com/sms", "POST")
    assert made["sms_status_callback"] == "https://example.com/sms-status"
    assert made["message_status_callback"] == "https://example.com/message-status"
    assert made["voice_caller_id_lookup"] is made["public_application_connect_enabled"] is True
    assert made["api_version"] == "2008-08-01"
    one = f"Applications/{made['sid']}"
    assert made["uri"] == f"/2010-04-01/Accounts/{world.main.account_sid}/{one}.json"
    assert world.twilio("GET", f"{one}.json").json == made
    changed = world.twilio("POST", f"{one}.json", {"FriendlyName": "Desk", "VoiceFallbackUrl": ""})
    assert changed.status == 200
    assert changed.json["friendly_name"] == "Desk"
    assert changed.json["voice_fallback_url"] is None
    assert changed.json["voice_url"] == made["voice_url"]
    assert world.twilio("DELETE", f"{one}.json").status == 204
    gone = world.twilio("GET", f"{one}.json")
    assert (gone.status, gone.json["code"]) == (404, 20404)


def test_nothing_given(world: World) -> None:
    made = create(world)
    assert made["friendly_name"] == "Application"
    unset = {name for name, value in made.items() if value is None}
    assert unset == {
        *("voice_url", "voice_fallback_url", "status_callback", "sms_url", "sms_fallback_url"),
        *("sms_status_callback", "message_status_callback"),
    }


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"VoiceUrl": "not-a-url"}, 21402),
        ({"SmsStatusCallback": "ftp://example.com"}, 21402),
        ({"VoiceUrl": "https://example.com/", "VoiceMethod": "PUT"}, 21403),
        ({"VoiceFallbackUrl": "https://example.com/"}, 21405),
        ({"SmsFallbackUrl": "https://example.com/"}, 21406),
        ({"FriendlyName": "x" * 65}, 20002),
        ({"ApiVersion": "2011-01-01"}, 20001),
        ({"VoiceCallerIdLookup": "maybe"}, 20001),
    ],
)
def test_what_is_refused_writes_nothing(world: World, form: dict[str, str], code: int) -> None:
    made = create(world, FriendlyName="Kept")
    for path in ("Applications.json", f"Applications/{made['sid']}.json"):
        reply = world.twilio("POST", path, form)
        assert (reply.status, reply.json["code"]) == (400, code)
    assert [a["friendly_name"] for a in world.twilio("GET", "Applications.json").json["applications"]] == ["Kept"]


def test_lists_filter_and_page(world: World) -> None:
    for name in ("a", "b", "a"):
        create(world, FriendlyName=name)
    found = world.twilio("GET", "Applications.json", FriendlyName="a").json
    assert [a["friendly_name"] for a in found["applications"]] == ["a", "a"]
    seen, target = [], f"/2010-04-01/Accounts/{world.main.account_sid}/Applications.json?PageSize=2"
    while target:
        page = world.ask("GET", target, None, world.main.twilio_basic).json
        seen += [a["friendly_name"] for a in page["applications"]]
        target = page["next_page_uri"]
    assert seen == ["a", "b", "a"]


def test_a_plivo_application_is_listed_and_changed_as_far_as_it_has_words(world: World) -> None:
    world.application(app_name="Plivo")
    (listed,) = world.twilio("GET", "Applications.json").json["applications"]
    assert listed["voice_url"] == "http://127.0.0.1:9/answer"
    one = f"Applications/{listed['sid']}.json"
    refused = world.twilio("POST", one, {"VoiceCallerIdLookup": "true"})
    assert (refused.status, refused.json["code"]) == (409, 20409)
    assert "speaks plivo" in refused.json["message"]
    changed = world.twilio("POST", one, {"VoiceUrl": "http://127.0.0.1:9/other"})
    assert changed.json["voice_url"] == "http://127.0.0.1:9/other"
    (plivo,) = world.plivo("GET", "Application/").json["objects"]
    assert plivo["answer_url"] == "http://127.0.0.1:9/other"


def test_numbers_and_sip_users_let_go_of_a_deleted_one(world: World) -> None:
    made = create(world, VoiceUrl="https://example.com/")
    (plivo,) = world.plivo("GET", "Application/").json["objects"]
    world.numbers(world.carrier(), "14155551234", app_id=plivo["app_id"])
    user = {"username": "phone", "password": "secret-1", "alias": "x", "app_id": plivo["app_id"]}
    assert world.plivo("POST", "Endpoint/", user).status == 201
    assert world.twilio("DELETE", f"Applications/{made['sid']}.json").status == 204
    assert world.plivo("GET", "Number/14155551234/").json["application"] is None
    (endpoint,) = world.plivo("GET", "Endpoint/").json["objects"]
    assert endpoint["application"] is None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(min_size=1, max_size=64), url=st.text(max_size=40))
def test_any_text_is_kept_or_refused(world: World, name: str, url: str) -> None:
    reply = world.twilio("POST", "Applications.json", {"FriendlyName": name, "VoiceUrl": url})
    assert reply.status in (201, 400), reply.body
    if reply.status == 201:
        assert reply.json["voice_url"] == (url or None)
        assert world.twilio("GET", f"Applications/{reply.json['sid']}.json").json == reply.json
