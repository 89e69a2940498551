"""Application: statuses and bodies of https://docs.plivo.com/docs/account/api/application and the SDKs' habits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.world import World

KEYS = {
    "answer_method",
    "answer_url",
    "app_id",
    "app_name",
    "default_app",
    "default_endpoint_app",
    "enabled",
    "fallback_answer_url",
    "fallback_method",
    "hangup_method",
    "hangup_url",
    "message_method",
    "message_url",
    "public_uri",
    "resource_uri",
    "sip_uri",
    "sub_account",
    "log_incoming_messages",
    "sip_auth_type",
    "ip_acl_uuid",
    "credential_uuid",
}
URL = "https://example.com/answer"


def get(world: World, app_id: str) -> Any:
    """Return an application as its owner sees it."""
    reply = world.plivo("GET", f"Application/{app_id}/")
    assert reply.status == 200, reply.body
    return reply.json


def test_an_application_from_creation_to_deletion(world: World) -> None:
    created = world.plivo("POST", "Application/", {"app_name": "My-App_1", "answer_url": URL})
    assert created.status == 201
    assert set(created.json) == {"api_id", "app_id", "message"}
    app_id = created.json["app_id"]
    assert (len(app_id), app_id.isdigit()) == (18, True)
    shown = get(world, app_id)
    assert set(shown) == KEYS | {"api_id"}
    assert (shown["answer_url"], shown["hangup_url"], shown["message_url"]) == (URL, URL, "")
    assert {shown[k] for k in ("answer_method", "hangup_method", "fallback_method", "message_method")} == {"POST"}
    assert shown["sip_uri"] == f"sip:{app_id}@app.plivo.com"
    assert shown["resource_uri"] == f"/v1/Account/{world.main.auth_id}/Application/{app_id}/"
    assert (shown["default_app"], shown["enabled"], shown["public_uri"]) == (False, True, False)
    assert shown["sub_account"] is None
    del shown["api_id"]
    assert world.plivo("GET", "Application/").json["objects"] == [shown]
    changed = world.plivo("POST", f"Application/{app_id}/", {"answer_url": URL + "2", "answer_method": "get"})
    assert (changed.status, changed.json["message"]) == (202, "changed")
    after = get(world, app_id)
    assert (after["answer_url"], after["answer_method"], after["app_name"]) == (URL + "2", "GET", "My-App_1")
    gone = world.plivo("DELETE", f"Application/{app_id}/", {"app_id": app_id, "cascade": False})
    assert (gone.status, gone.body) == (204, b"")
    assert world.plivo("GET", f"Application/{app_id}/").status == 404


def test_the_hangup_url_is_the_answer_url_until_it_has_one_of_its_own(world: World) -> None:
    sdk: Any = {"answer_method": "GET", "hangup_method": "POST"}  # plivo-python sends both methods every time
    app_id = world.application(answer_url=URL, **sdk)
    assert (get(world, app_id)["hangup_url"], get(world, app_id)["hangup_method"]) == (URL, "POST")
    world.plivo("POST", f"Application/{app_id}/", {"answer_url": URL + "2", **sdk})
    assert get(world, app_id)["hangup_url"] == URL + "2"
    world.plivo("POST", f"Application/{app_id}/", {"hangup_url": URL + "/end", "hangup_method": "GET"})
    world.plivo("POST", f"Application/{app_id}/", {"answer_url": URL + "3", **sdk})
    assert (get(world, app_id)["hangup_url"], get(world, app_id)["hangup_method"]) == (URL + "/end", "POST")
    world.plivo("POST", f"Application/{app_id}/", {"hangup_url": ""})
    assert get(world, app_id)["hangup_url"] == URL + "3"


def test_an_empty_url_clears_and_an_absent_one_stays(world: World) -> None:
    app_id = world.application(fallback_answer_url=URL, message_url=URL)
    world.plivo("POST", f"Application/{app_id}/", {"fallback_answer_url": "", "message_url": None})
    assert (get(world, app_id)["fallback_answer_url"], get(world, app_id)["message_url"]) == ("", URL)


def test_the_default_application(world: World) -> None:
    first = world.application(default_number_app="True")
    second = world.application(default_number_app=True)
    assert (get(world, first)["default_app"], get(world, second)["default_app"]) == (False, True)
    world.plivo("POST", f"Application/{second}/", {"default_number_app": False})
    assert get(world, second)["default_app"] is False


def test_deleting_lets_numbers_go(world: World) -> None:
    app_id = world.application(default_number_app=True)
    world.numbers(world.carrier(), "14155551234")
    world.plivo("DELETE", f"Application/{app_id}/")
    assert world.plivo("GET", "Number/14155551234/").json["application"] is None
    world.numbers(world.carrier(), "14155551235")
    assert world.plivo("GET", "Number/14155551235/").json["application"] is None


def test_filters(world: World) -> None:
    one = world.application(app_name="One")
    two = world.application(app_name="Two", subaccount=world.sub.auth_id)

    def found(**query: Any) -> list[str]:
        return [row["app_id"] for row in world.plivo("GET", "Application/", **query).json["objects"]]

    assert found() == [one, two]
    assert found(app_name="One") == [one]
    assert found(app_name="on") == []
    assert found(subaccount=world.sub.auth_id) == [two]
    assert found(subaccount=world.main.auth_id) == [one]
    assert found(subaccount=world.other.auth_id) == []
    assert get(world, two)["sub_account"] == world.sub.auth_id
    assert [r["app_id"] for r in world.plivo("GET", "Application/", tenant=world.sub).json["objects"]] == [two]


def test_moving_to_a_subaccount_lets_numbers_and_default_go(world: World) -> None:
    app_id = world.application(default_number_app=True)
    world.numbers(world.carrier(), "14155551234")
    assert world.plivo("POST", f"Application/{app_id}/", {"subaccount": world.sub.auth_id}).status == 202
    shown = get(world, app_id)
    assert (shown["sub_account"], shown["default_app"]) == (world.sub.auth_id, False)
    assert world.plivo("GET", "Number/14155551234/").json["application"] is None


class TestRefusing:
    """Bad arguments are named."""

    @pytest.mark.parametrize(
        ("change", "named"),
        [
            ({"app_name": None}, "app_name"),
            ({"app_name": "with space"}, "app_name"),
            ({"app_name": "x" * 101}, "app_name"),
            ({"answer_url": "example.com"}, "answer_url"),
            ({"answer_url": "ftp://example.com"}, "answer_url"),
            ({"answer_url": "http://exa mple.com"}, "answer_url"),
            ({"answer_url": "http://[::1"}, "answer_url"),
            ({"answer_url": "http://a/" + "x" * 2048}, "answer_url"),
            ({"answer_url": ["http://a"]}, "answer_url"),
            ({"answer_method": "PUT"}, "answer_method"),
            ({"fallback_method": "PUT"}, "fallback_method"),
            ({"hangup_url": "nonsense"}, "hangup_url"),
            ({"default_number_app": "maybe"}, "default_number_app"),
            ({"log_incoming_messages": 7}, "log_incoming_messages"),
            ({"default_endpoint_app": True}, "default_endpoint_app is not available yet"),
            ({"sip_auth_type": "ip_acl"}, "sip_auth_type is not available yet"),
            ({"subaccount": "nonsense"}, "subaccount"),
        ],
    )
    def test_a_creation(self, shared: World, change: dict[str, object], named: str) -> None:
        refused = shared.plivo("POST", "Application/", {"app_name": "a", "answer_url": URL, **change})
        assert refused.status == 400
        assert named in refused.json["error"]
        assert shared.plivo("GET", "Application/").json["objects"] == []

    @pytest.mark.parametrize("app_id", ["210112345678901234", "210212345678901234", "12345678901234", "x", "%20"])
    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
    def test_an_unknown_one(self, shared: World, method: str, app_id: str) -> None:
        reply = shared.plivo(method, f"Application/{app_id}/")
        assert (reply.status, reply.json["error"]) == (404, "not found")

    def test_a_trunk_is_no_application(self, shared: World) -> None:
        _, trunk_id = shared.trunk()
        assert shared.plivo("GET", f"Application/{trunk_id}/").status == 404
