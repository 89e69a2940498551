"""Twilio's own SDK for Python, unmodified, against a running server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.environments import play
from tests.clients.twilio_world import account, bring
from tests.server import Server

# The first run makes the SDK's environment, downloads included.
pytestmark = [pytest.mark.outside, pytest.mark.timeout(300)]


def codes(*refusals: dict[str, Any]) -> list[tuple[int, int]]:
    """Return status and code of refusals."""
    return [(refusal["status"], refusal["code"]) for refusal in refusals]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running installation."""
    running = Server(tmp_path_factory.mktemp("twilio") / "data").start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def played(server: Server) -> Any:
    """What the SDK made of a number's life."""
    login = account(server, server.data.parent / "stock.csv")
    return login, play("twilio", "twilio_python.py", *login)


def neighbour(server: Server, part: str) -> Any:
    """Return what the SDK made of a part of what stands around numbers, in an account of its own."""
    return play("twilio", "twilio_python_neighbours.py", *account(server), part)


def test_searching_and_buying(played: Any) -> None:
    (_, sid, _), buying = played[0], played[1]["buying"]
    assert [n["phone_number"] for n in buying["found"]] == [f"+1415555010{i}" for i in range(3)]
    first = buying["found"][0]
    assert (first["locality"], first["iso_country"], first["capabilities"]["voice"]) == ("San Francisco", "US", True)
    assert {country["country_code"] for country in buying["countries"]} == {"US", "GB"}
    assert buying["contains"] == ["+12125550100"]
    assert sorted(buying["toll_free"]) == ["+18885550100", "+18885550101"]
    bought = buying["bought"]
    assert (bought["phone_number"], bought["friendly_name"], bought["account_sid"]) == ("+14155550100", "Front", sid)
    assert (bought["voice_url"], bought["voice_method"], bought["status"]) == (
        "http://127.0.0.1:9/voice",
        "POST",
        "in-use",
    )
    assert (bought["date_created"], bought["sms_url"], bought["trunk_sid"]) == ("datetime", "", None)
    assert buying["by_area"]["phone_number"].startswith("+1415")
    assert (
        buying["by_area"]["friendly_name"]
        == f"(415) {buying['by_area']['phone_number'][5:8]}-" + (buying["by_area"]["phone_number"][8:])
    )
    assert buying["again"] is True
    assert buying["toll_free_bought"] == "+18885550100"
    assert buying["by_kind"]["toll_free"] == ["+18885550100"]
    assert set(buying["by_kind"]["local"]) == {"+14155550100", buying["by_area"]["phone_number"]}
    assert buying["by_kind"]["mobile"] == buying["add_ons"] == []
    assert buying["mobile"] == ["+447400123456", "+447400123457"]


def test_what_cannot_be_bought(played: Any) -> None:
    buying = played[1]["buying"]
    names = ("neither", "no_stock", "no_area", "bad", "nowhere", "pattern")
    assert codes(*(buying[name] for name in names)) == [
        (400, 400), (400, 21452), (400, 21451), (400, 21421), (404, 20404), (400, 400),
    ]  # fmt: skip


def test_configuring(played: Any) -> None:
    done = played[1]["configuring"]
    changed, fetched, cleared = done["changed"], done["fetched"], done["cleared"]
    assert {**changed, "date_updated": 0} == {**fetched, "date_updated": 0}
    assert (changed["friendly_name"], changed["voice_method"]) == ("Desk é & +", "GET")
    assert (changed["voice_url"], changed["voice_fallback_url"], changed["sms_url"]) == (
        "http://127.0.0.1:9/voice",
        "http://127.0.0.1:9/voice/fallback",
        "http://127.0.0.1:9/voice/sms",
    )
    assert (changed["status_callback"], changed["status_callback_method"]) == ("http://127.0.0.1:9/voice/status", "GET")
    assert changed["voice_caller_id_lookup"] is True
    assert done["by_name"] == done["exact"] == [changed["sid"]]
    assert changed["sid"] in done["by_part"]
    assert (cleared["voice_url"], cleared["status_callback"], cleared["friendly_name"]) == ("", "", "(415) 555-0100")
    assert (cleared["voice_method"], cleared["sms_url"]) == ("GET", "http://127.0.0.1:9/voice/sms")


def test_errors_keep_status_code_and_text(played: Any) -> None:
    done = played[1]["configuring"]
    names = ("url", "fallback", "name", "method", "application", "absent", "malformed", "page_size", "token")
    assert codes(*(done[name] for name in names)) == [
        (400, 21402), (400, 21405), (400, 20002), (400, 21403), (400, 21420), (404, 20404), (404, 20404),
        (400, 20007), (400, 21481),
    ]  # fmt: skip
    assert "VoiceUrl is not valid" in done["url"]["message"]
    sid = played[0][1]
    path = f"/2010-04-01/Accounts/{sid}/IncomingPhoneNumbers/PN{'0' * 32}.json"
    assert f"The requested resource {path} was not found" in done["absent"]["message"]
    assert codes(*played[1]["stranger"]) == [(401, 20003)] * 2


def test_pointing(played: Any) -> None:
    done = played[1]["pointing"]
    app, trunk = done["sids"]
    assert [[a or None, t] for a, t in done["at"]] == [[app, None], [None, trunk], [app, None]]
    assert done["both"]["status"] == 400
    assert [value or None for value in done["neither"]] == [None, None]


def test_moving_and_releasing(played: Any) -> None:
    done = played[1]["moving"]
    number = played[1]["buying"]["bought"]["sid"]
    assert (done["sub"]["friendly_name"], done["sub"]["status"]) == ("Branch", "active")
    assert done["sub"]["owner_account_sid"] == played[0][1]
    assert (done["moved"]["sid"], done["moved"]["account_sid"]) == (number, done["sub"]["sid"])
    assert done["below"] == done["from_above"] == [number]
    assert done["accounts"] == [done["sub"]["sid"]]
    assert done["released"] is True
    assert codes(done["gone"], done["upwards"], done["released_again"]) == [(404, 20404)] * 3
    assert (done["suspended"], done["closed"], done["after"]["status"]) == ("suspended", "closed", 401)


@pytest.mark.parametrize(("what", "area"), [("add", "310"), ("remove", "312")])
def test_three_pages_while_numbers_come_and_go(server: Server, what: str, area: str) -> None:
    login, numbers = account(server), [f"+1{area}55500{i:02}" for i in range(45)]
    bring(server, login, numbers)
    walked = play("twilio", "twilio_python_paging.py", *login, what)
    assert sorted(n for n in walked["seen"] if n in numbers) == numbers
    assert len(walked["seen"]) == len(set(walked["seen"])) <= (48 if what == "add" else 45)
    *pages, before = walked["pages"]
    left = [number for page in pages for number in page]
    assert len(left) == len(set(left)) == (48 if what == "add" else 42)
    assert [len(page) for page in pages] == ([15, 15, 15, 3] if what == "add" else [15, 15, 12])
    assert before == pages[-2]
    assert walked["limited"] == 7


def test_keys(server: Server) -> None:
    done = neighbour(server, "keys")
    assert done["made"]["sid"].startswith("SK")
    assert done["made"]["secret"].isalnum()
    assert (done["asks"], done["renamed"], done["deleted"]) == ([], "Release", True)
    assert [key["friendly_name"] for key in done["listed"]] == ["CI"]
    assert "secret" not in done["listed"][0]
    assert (done["fetched"]["friendly_name"], done["fetched"]["date_created"]) == ("Release", "datetime")
    assert codes(done["wrong"], *done["gone"]) == [(401, 20003), (404, 20404), (401, 20003)]


def test_applications(server: Server) -> None:
    done = neighbour(server, "applications")
    assert (done["made"]["friendly_name"], done["made"]["voice_method"]) == ("First", "POST")
    assert (done["changed"]["voice_method"], done["changed"]["voice_url"]) == ("GET", "http://127.0.0.1:9/voice")
    assert (done["listed"], done["deleted"]) == ([True], True)
    assert codes(done["bad"], done["gone"]) == [(400, 21402), (404, 20404)]


def test_addresses(server: Server) -> None:
    done = neighbour(server, "addresses")
    assert (done["made"]["customer_name"], done["made"]["iso_country"]) == ("Ann", "US")
    assert (done["changed"]["street"], done["listed"], done["deleted"]) == ("2 Main St", [True], True)
    assert codes(done["gone"]) == [(404, 20404)]


def test_sip_lists(server: Server) -> None:
    done = neighbour(server, "sip")
    assert (done["acl"]["friendly_name"], done["logins"]["friendly_name"]) == ("Office", "Phones")
    assert (done["address"]["ip_address"], done["address"]["cidr_prefix_length"]) == ("198.51.100.9", 32)
    assert (done["login"]["username"], "password" in done["login"]) == ("pbx12345", False)
    assert done["listed"] == [[True]] * 4
    assert done["weak"]["status"] == 400


def test_trunks(server: Server) -> None:
    done = neighbour(server, "trunking")
    assert (done["made"]["friendly_name"], done["made"]["date_created"]) == ("PBX", "datetime")
    assert (done["target"]["weight"], done["target"]["priority"], done["target"]["enabled"]) == (10, 5, True)
    assert done["target"]["sip_url"] == "sip:pbx.example.com"
    assert (done["held"]["phone_number"], done["on_number"], done["changed"]) == ("+14155559000", True, 20)
    assert done["listed"] == [[True]] * 5
    assert done["recording"] == "do-not-record"
    assert done["bad"]["status"] == 400
    assert done["apart"] == [True] * 5
    assert (done["gone"]["status"], done["left"]) == (404, None)
    assert done["pages"] == [5, 5]


def test_accounts(server: Server) -> None:
    done = neighbour(server, "accounts")
    shown = done["own"]
    assert (shown["status"], shown["type"], shown["owner_account_sid"]) == ("active", "Full", shown["sid"])
    assert done["all"] == [shown["sid"]]
