"""Application: statuses and bodies of https://docs.plivo.com/docs/account/api/application and the SDKs' habits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.world import World
from trunkline.core import applications
from trunkline.core.model import Application

KEYS = {
    "answer_method",
    "answer_url",
    "app_id",
    "app_name",
    "application_type",
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
    "log_incoming_message",
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


def test_what_sdks_send_again_on_every_update(world: World) -> None:
    app_id = world.application(log_incoming_messages=False, public_uri=True)
    assert (get(world, app_id)["log_incoming_messages"], get(world, app_id)["public_uri"]) == (False, True)
    world.plivo("POST", f"Application/{app_id}/", {"app_id": app_id, "answer_method": "POST"})
    assert (get(world, app_id)["log_incoming_messages"], get(world, app_id)["public_uri"]) == (False, True)
    sdk = {"answer_method": "POST", "default_number_app": False, "log_incoming_messages": True}
    world.plivo("POST", f"Application/{app_id}/", sdk)
    assert (get(world, app_id)["log_incoming_messages"], get(world, app_id)["public_uri"]) == (True, True)


def test_the_default_for_endpoints(world: World) -> None:
    first = world.application(default_endpoint_app="true")
    second = world.application(default_endpoint_app=1, default_number_app=True)
    assert [get(world, a)["default_endpoint_app"] for a in (first, second)] == [False, True]
    world.plivo("POST", f"Application/{second}/", {"default_endpoint_app": None})
    assert get(world, second)["default_endpoint_app"] is True
    world.plivo("POST", f"Application/{second}/", {"default_endpoint_app": False, "default_number_app": True})
    assert (get(world, second)["default_endpoint_app"], get(world, second)["default_app"]) == (False, True)
    world.plivo("POST", f"Application/{first}/", {"default_endpoint_app": True, "subaccount": world.sub.auth_id})
    assert get(world, first)["default_endpoint_app"] is True  # its new owner's
    world.plivo("DELETE", f"Application/{first}/")
    sub = world.inventory.read(lambda s: s.accounts.get(world.sub.account.id))
    assert sub is not None
    assert sub.default_endpoint_application_id is None


def test_the_default_application_serves_new_numbers_that_name_none(world: World) -> None:
    carrier_id = world.carrier()
    app_id, other = world.application(default_number_app=True), world.application()
    world.numbers(carrier_id, "14155551234")
    world.numbers(carrier_id, "14155551235", app_id=other)
    world.numbers(carrier_id, "14155551236", subaccount=world.sub.auth_id)

    def points(number: str) -> str:
        return str(world.plivo("GET", f"Number/{number}/").json["application"]).rstrip("/").rpartition("/")[2]

    assert [points(f"1415555123{i}") for i in (4, 5, 6)] == [app_id, other, "None"]
    # An update of plivo-python sends its defaults, and so takes the mark away.
    world.plivo("POST", f"Application/{app_id}/", {"default_number_app": False, "default_endpoint_app": False})
    world.numbers(carrier_id, "14155551237")
    assert [points("14155551234"), points("14155551237")] == [app_id, "None"]


class TestDeleting:
    """``cascade`` and ``new_endpoint_application``, from body or query."""

    @pytest.mark.parametrize(("body", "query"), [({"cascade": False}, ""), (None, "?cascade=False"), (b'""', "")])
    def test_arguments(self, world: World, body: Any, query: str) -> None:
        app_id, other = world.application(), world.application()
        separator = "&" if query else "?"
        target = f"Application/{app_id}/{query}{separator}new_endpoint_application={other}"
        assert world.plivo("DELETE", target, body).status == 204
        assert [a["app_id"] for a in world.plivo("GET", "Application/").json["objects"]] == [other]

    def test_a_successor_is_another_application_of_ones_own(self, world: World) -> None:
        app_id, below = world.application(), world.application(subaccount=world.sub.auth_id)
        foreign, (_, trunk_id) = world.application(world.other), world.trunk()
        for name in (app_id, foreign, below, trunk_id, "210112345678901234", "nonsense"):
            refused = world.plivo("DELETE", f"Application/{app_id}/", {"new_endpoint_application": name})
            assert refused.status == 400
            assert "new_endpoint_application" in refused.json["error"]
        assert get(world, app_id)["enabled"] is True

    @pytest.mark.parametrize(("body", "named"), [({"cascade": "perhaps"}, "cascade"), (b"{", "JSON"), (b"[1]", "JSON")])
    def test_bad_arguments_delete_nothing(self, world: World, body: Any, named: str) -> None:
        app_id = world.application()
        refused = world.plivo("DELETE", f"Application/{app_id}/", body)
        assert refused.status == 400
        assert named in refused.json["error"]
        assert get(world, app_id)["enabled"] is True

    @pytest.mark.parametrize(("args", "expected"), [({}, (True, None)), ({"cascade": False}, (False, "Two"))])
    def test_all_that_points_at_it_lets_go(
        self, world: World, monkeypatch: pytest.MonkeyPatch, args: dict[str, object], expected: object
    ) -> None:
        told: list[object] = []

        def release(
            _store: object, _actor: object, _application: object, *, cascade: bool, successor: Application | None
        ) -> dict[str, int]:
            told.append((cascade, successor.name if successor else None))
            return {"things": 3}

        monkeypatch.setattr(applications, "RELEASES", (*applications.RELEASES, release))
        app_id, other = world.application(), world.application(app_name="Two")
        more = {"new_endpoint_application": other} if args else {}
        world.plivo("DELETE", f"Application/{app_id}/", {**args, **more})
        assert told == [expected]
        detail = world.native("GET", "log", limit=1).json["items"][0]["detail"]
        assert detail == {"unlinked_numbers": 0, "endpoints": 0, "things": 3}


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
            ({"default_endpoint_app": "maybe"}, "default_endpoint_app"),
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
