"""Names hold no control characters, whichever dialect writes them: 400 that names the argument, nothing written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.world import World

N = "14155551234"
BAD = ["a\0b", "a\033[2Jb", "a\nb", "\u202eab"]
COMPLIANCE = {"country_iso": "US", "number_type": "local", "end_user": {"type": "business", "name": "X"}}

PROFILE = {"customer_type": "DIRECT", "entity_type": "PRIVATE", "company_name": "X", "vertical": "TECHNOLOGY"}


@pytest.fixture
def stocked(world: World) -> World:
    """One number of the main account."""
    world.numbers(world.carrier(), N)
    return world


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(
    ("path", "body", "argument"),
    [
        ("Subaccount/", {}, "name"),
        (f"Number/{N}/", {}, "alias"),
        ("PhoneNumber/Compliance/", COMPLIANCE, "alias"),
        ("Endpoint/", {"username": "ann", "password": "pass-word-1"}, "alias"),
        ("Profile/", PROFILE, "profile_alias"),
        ("Application/", {"answer_url": "http://127.0.0.1:9/a"}, "app_name"),
        ("IncomingCarrier/", {"ip_set": "203.0.113.9"}, "name"),
    ],
)
def test_plivo(stocked: World, path: str, body: dict[str, Any], argument: str, bad: str) -> None:
    reply = stocked.plivo("POST", path, {**body, argument: bad})
    assert reply.status == 400
    assert argument in reply.json["error"]
    assert stocked.plivo("GET", f"Number/{N}/").json["alias"] is None


def test_plivo_changes_no_subaccounts_name(world: World) -> None:
    path = f"Subaccount/{world.sub.auth_id}/"
    assert world.plivo("POST", path, {"name": "a\nb"}).status == 400
    assert world.plivo("GET", path).json["name"] == "Branch"


@pytest.mark.parametrize("bad", BAD)
def test_twilio(stocked: World, bad: str) -> None:
    sid = stocked.twilio("GET", "IncomingPhoneNumbers.json").json["incoming_phone_numbers"][0]["sid"]
    for path in (f"IncomingPhoneNumbers/{sid}.json", "Applications.json", "Keys.json"):
        reply = stocked.twilio("POST", path, {"FriendlyName": bad})
        assert (reply.status, reply.json["code"]) == (400, 20002), path
        assert "FriendlyName" in reply.json["message"]


@pytest.mark.parametrize("bad", BAD)
def test_topcalls(world: World, bad: str) -> None:
    world.carrier()
    reply = world.topcalls("POST", "", {"number": f"+{N}", "label": bad})
    assert reply.status == 400
    assert "label" in reply.body.decode()
    assert world.plivo("GET", f"Number/{N}/").status == 404


@pytest.mark.parametrize("bad", BAD)
def test_native(stocked: World, bad: str) -> None:
    number = stocked.native("PATCH", f"numbers/{N}", {"alias": bad})
    assert (number.status, "alias" in number.body.decode()) == (400, True)
    campaign = stocked.native("POST", "campaigns", {"campaign_id": "C", "alias": bad}, tenant=stocked.operator)
    assert (campaign.status, "alias" in campaign.body.decode()) == (400, True)
    carrier = stocked.native("POST", "carriers", {"name": bad, "gateways": [{"address": "203.0.113.9"}]})
    assert (carrier.status, "name" in carrier.body.decode()) == (400, True)


def test_letters_of_any_language_are_fine(stocked: World) -> None:
    assert stocked.plivo("POST", f"Number/{N}/", {"alias": 'Büro 東京 {"a": 1}'}).status == 202
    assert stocked.plivo("GET", f"Number/{N}/").json["alias"] == 'Büro 東京 {"a": 1}'
