"""Plivo's own Python SDKs, unmodified, against a running server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.environments import play
from tests.server import Server

# The first run makes the SDKs' environments, downloads included.
pytestmark = [pytest.mark.outside, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running installation."""
    running = Server(tmp_path_factory.mktemp("clients") / "data").start()
    yield running
    running.stop()


def login(server: Server) -> tuple[str, str, str]:
    """Return the arguments of a client script, for an account of its own."""
    made: dict[str, Any] = server.account()["plivo"]
    return server.url, made["auth_id"], made["auth_token"]


def test_the_current_sdk(server: Server) -> None:
    played = play("plivo", "plivo_current.py", *login(server))

    apps = played["applications"]
    assert (apps["made"], apps["changed"], apps["listed"]) == ("created", "changed", True)
    assert (apps["got"]["app_name"], apps["got"]["default_app"], apps["got"]["sub_account"]) == ("First", True, None)
    assert apps["after"]["answer_url"] == apps["after"]["hangup_url"] == "http://127.0.0.1:9/changed"
    assert apps["after"]["answer_method"] == "POST"  # the SDK sends its default on every update
    assert apps["gone"][0] == "ResourceNotFoundError"
    assert apps["bad"][0] == "ValidationError"
    assert "app_name" in apps["bad"][1]

    numbers = played["numbers"]
    assert (numbers["added"], numbers["changed"]) == ("changed", "changed")
    assert numbers["first"]["application"].endswith(f"/Application/{apps['got']['app_id']}/")
    assert (numbers["after"]["application"], numbers["after"]["alias"]) == (None, "Main Line")
    assert numbers["page"] == [str(14155550005 + i) for i in range(5)]
    assert numbers["meta"] == {"limit": 5, "offset": 5, "total": 20}
    assert (numbers["walked"], numbers["distinct"], numbers["left"]) == (True, 45, 44)
    assert numbers["found"] == ["14155550000"]
    assert numbers["gone"] == ["ResourceNotFoundError", "not found"]
    assert numbers["again"] == ["ValidationError", "number(s) 14155550000 already exist"]
    assert numbers["verified"] == "changed"
    assert numbers["unread"] == ["ValidationError", "verification_info is a JSON object"]
    assert numbers["looked_up"] == ["changed", ["14155550000"]]

    account = played["account"]
    assert (account["before"]["city"], account["changed"], account["after"]["city"]) == ("", "changed", "Oslo")
    assert account["before"]["name"] == account["after"]["name"] != ""

    subs = played["subaccounts"]
    assert (subs["made"], subs["changed"]) == ("created", "changed")
    assert (subs["got"]["name"], subs["got"]["enabled"]) == ("Wayne", True)
    assert subs["got"]["auth_token"] == subs["got"]["new_auth_token"] != ""
    assert (subs["listed"], subs["walked"], subs["filtered"]) == (True, True, True)
    assert subs["application"]["sub_account"] == subs["got"]["auth_id"]
    assert subs["application"]["default_endpoint_app"] is True
    assert subs["foreign"] == subs["enabled"] == ["nothing", ""]
    assert subs["disabled"]["list"][0] == subs["disabled"]["get"][0] == "AuthenticationError"
    assert subs["below"][0] == "ForbiddenError"
    assert [kind for kind, _ in subs["gone"]] == ["ResourceNotFoundError"] * 2

    check_endpoints(played["endpoints"])
    assert played["stranger"]["get"][0] == played["stranger"]["list"][0] == "AuthenticationError"

    assert played["profiles"] == {
        "got": ["Main", "Austin", "PRIMARY"],
        "changed": "example.com",
        "listed": ["Main"],
        "gone": ["ResourceNotFoundError", "Profile not found."],
    }
    papers = played["compliance"]
    assert (papers["listed"], papers["documents"]) == (["One", "Two"], ["plivo_current.py"])
    status = "Compliance application must be in '{}' status. Current status: 'submitted'."
    assert (papers["user"], papers["early"]) == ("Example Ltd", ["ValidationError", status.format("rejected")])
    assert papers["report"] == [1, 0, "failed", status.format("accepted")]
    assert (papers["deleted"], papers["gone"][0]) == ("deleted", "ResourceNotFoundError")
    assert played["campaign"] == ["ResourceNotFoundError", "not found"]


def check_endpoints(endpoints: dict[str, Any]) -> None:
    """Check what came of the calls for endpoints."""
    message, username, alias = endpoints["made"]
    assert (message, username[:5], len(username), alias) == ("created", "zumba", 17, "Zumba")
    assert (endpoints["got"]["sip_registered"], endpoints["got"]["username"]) == ("false", username)
    assert endpoints["got"]["sip_uri"].startswith(f"sip:{username}@")
    assert (endpoints["changed"], endpoints["after"]["alias"], endpoints["listed"]) == ("changed", "Samba", True)
    assert endpoints["deleted"] == ["nothing", ""]
    assert endpoints["gone"][0] == "ResourceNotFoundError"  # with its application
    assert endpoints["bad"][0] == "ValidationError"
    assert "username" in endpoints["bad"][1]


def test_the_legacy_sdk(server: Server) -> None:
    played = play("plivo-legacy", "plivo_legacy.py", *login(server))

    carriers = played["carriers"]
    status, made = carriers["made"]
    assert (status, made["message"]) == (201, "created")
    assert [c["carrier_id"] for c in carriers["listed"][1]["objects"]] == [made["carrier_id"]]
    assert carriers["got"][1]["ip_set"] == "203.0.113.7,203.0.113.8"
    assert (carriers["changed"][0], carriers["changed"][1]["message"]) == (202, "changed")
    assert carriers["after"][1]["ip_set"] == "203.0.113.9"
    assert carriers["bad"][0] == 400
    assert "nonsense" in carriers["bad"][1]["error"]
    assert (carriers["added"][0], carriers["added"][1]["message"]) == (202, "changed")
    assert carriers["in_use"][0] == 400

    numbers = played["numbers"]
    assert (numbers["app"][0], numbers["link"][0], numbers["unlink"][0]) == (201, 202, 202)
    assert numbers["app"][1]["app_id"] in numbers["linked"][1]["application"]
    assert numbers["linked"][1]["carrier"] == "Legacy"
    assert numbers["unlinked"][1]["application"] is None
    assert (numbers["unrent"], numbers["deleted"]) == ([204, 204], 204)

    subs = played["subaccounts"]
    assert (subs["account"][0], subs["account_changed"][0]) == (200, 202)
    assert (subs["account"][1]["city"], subs["account_after"][1]["city"]) == ("", "Oslo")
    assert (subs["made"][0], subs["made"][1]["message"]) == (201, "created")
    assert [s["name"] for s in subs["listed"][1]["objects"]] == ["Legacy"]
    assert subs["got"][1]["auth_token"] == subs["made"][1]["auth_token"]
    assert (subs["changed"][0], subs["after"][1]["name"], subs["after"][1]["enabled"]) == (202, "Other", False)
    assert (subs["deleted"], subs["gone"][0]) == (204, 404)
    assert (subs["app"][0], subs["app_after"][1]["default_endpoint_app"], subs["app_deleted"]) == (202, True, 204)
    assert played["stranger"]["list"][0] == 401
