"""Twilio's own SDK for Node.js, unmodified, against a running server behind the vendor's host name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.node import need_node, play_node
from tests.clients.tlsdoor import TlsDoor
from tests.clients.twilio_world import account
from tests.server import Server

# The first run makes the SDK's folder, downloads included.
pytestmark = [pytest.mark.outside, pytest.mark.timeout(300)]

HOST = "api.twilio.com"
"""The host that the SDK asks unless it is told otherwise."""

WALKED = [f"+1310555{1000 + i}" for i in range(45)]


def codes(*refusals: dict[str, Any]) -> list[tuple[int, int]]:
    """Return status and code of refusals."""
    return [(refusal["status"], refusal["code"]) for refusal in refusals]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """What the SDK made of a running installation."""
    need_node()
    folder: Path = tmp_path_factory.mktemp("node")
    server = Server(folder / "data").start()
    door = TlsDoor(folder, HOST, server.http)
    try:
        login = account(server, folder / "stock.csv")
        yield play_node("twilio-node", "twilio_node.js", HOST, door, *login)
    finally:
        door.close()
        server.stop()


def test_searching_and_buying(played: Any) -> None:
    buying = played["buying"]
    assert [n["phoneNumber"] for n in buying["found"]] == [f"+1415555010{i}" for i in range(3)]
    assert (buying["bought"]["phoneNumber"], buying["bought"]["friendlyName"]) == ("+14155550100", "(415) 555-0100")
    assert buying["bought"]["voiceUrl"] == "http://127.0.0.1:9/voice"
    assert buying["dates"] == [True, True]
    assert buying["byArea"]["phoneNumber"].startswith("+1415")
    assert sorted(buying["tollFree"]) == ["+18885550100", "+18885550101"]
    refused = codes(buying["neither"], buying["noStock"], buying["bad"])
    assert refused == [(400, 400), (400, 21452), (400, 21421)]


def test_configuring(played: Any) -> None:
    done = played["configuring"]
    assert (done["changed"]["friendlyName"], done["changed"]["voiceMethod"]) == ("Desk é & +", "GET")
    assert (done["fetched"]["sid"], done["found"]) == (done["changed"]["sid"], [done["changed"]["sid"]])
    assert (done["cleared"]["voiceUrl"], done["cleared"]["friendlyName"]) == ("", "(415) 555-0100")


def test_errors_keep_status_code_and_address(played: Any) -> None:
    done = played["configuring"]
    assert codes(done["url"], done["absent"], done["pageSize"]) == [(400, 21402), (404, 20404), (400, 20007)]
    assert done["absent"]["more"] == "https://www.twilio.com/docs/errors/20404"
    assert codes(*played["stranger"]) == [(401, 20003)] * 2


def test_pointing_at_an_application_then_at_a_trunk(played: Any) -> None:
    done = played["pointing"]
    assert done["first"] == [True, None]
    assert [done["second"][0] or None, done["second"][1]] == [None, True]
    assert (done["trunks"], done["held"], done["trunk"]["friendlyName"]) == ([True], [True], "PBX")


def test_keys(played: Any) -> None:
    done = played["keys"]
    assert (done["asks"], done["listed"], done["deleted"]) == (1, ["CI"], True)
    assert codes(done["after"]) == [(401, 20003)]


def test_moving_and_releasing(played: Any) -> None:
    done = played["moving"]
    assert (done["moved"], done["below"], done["released"]) == ([True, True], [True], True)
    assert codes(done["gone"], done["again"]) == [(404, 20404)] * 2


def test_walking_pages_while_numbers_are_added_sees_each_number_once(played: Any) -> None:
    seen = played["walked"]
    assert sorted(n for n in seen if n in WALKED) == WALKED
    assert len(seen) == len(set(seen)) <= 48
    assert played["counted"] == 45
