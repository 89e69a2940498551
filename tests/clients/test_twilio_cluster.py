"""What the vendor's SDKs ask in their own tests against a live platform, as far as it is about numbers.

twilio-python: ``tests/cluster``, twilio-node: ``spec/cluster``, twilio-go: ``cluster_test.go``; with an API key, whose
user name is not the account that is asked. And the numbers to test with, by test credentials.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from tests.clients.environments import play
from tests.clients.node import need_node, play_node
from tests.clients.raw import Reply, asked
from tests.clients.twilio_world import account, bring
from tests.server import Server, run

# The first run makes the SDKs' environments, downloads included.
pytestmark = [pytest.mark.outside, pytest.mark.timeout(300)]

NUMBERS = ["+13105550001", "+13105550002", "+13105550003"]
FREE = ["+18885550100", "+18885550101"]
CODES = [(400, 21422), (400, 21421), (400, 21452)]


@dataclass(frozen=True)
class Place:
    """A running installation with an account, its key and its test credentials."""

    server: Server
    sid: str
    key: Mapping[str, str]
    arguments: tuple[str, ...]

    def ask(self, path: str, method: str = "GET", body: str | None = None) -> Reply:
        """Ask with the key, as Go's SDK does; ``path`` begins after the account."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        target = f"/2010-04-01/Accounts/{self.sid}/{path}"
        return asked(self.server, self.key, method, target, body, headers=headers)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An account with numbers, numbers to buy, a key and test credentials."""
    folder = tmp_path_factory.mktemp("cluster")
    server = Server(folder / "data").start()
    try:
        url, sid, token = login = account(server, folder / "stock.csv")
        bring(server, login, NUMBERS)
        owner = {"auth_id": sid, "auth_token": token}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        made = asked(server, owner, "POST", f"/2010-04-01/Accounts/{sid}/Keys.json", "", headers=form).json
        key = {"auth_id": made["sid"], "auth_token": made["secret"]}
        told = json.loads(run("accounts", "list", "--data", str(server.data), "--json"))
        (owned,) = (row["account_id"] for row in told if row["account_id"].replace("-", "") == sid[2:])
        create = ("keys", "create", "--data", str(server.data), "--account", owned, "--kind", "twilio-test", "--json")
        pair = json.loads(run(*create))["twilio_test"]
        tester = (pair["account_sid"], pair["auth_token"])
        yield Place(server, sid, key, (url, sid, made["sid"], made["secret"], NUMBERS[0], *tester))
    finally:
        server.stop()


@pytest.fixture(scope="module")
def python(place: Place) -> Any:
    """What the SDK for Python made of it."""
    return play("twilio", "twilio_python_cluster.py", *place.arguments)


@pytest.fixture(scope="module")
def node(place: Place) -> Any:
    """What the SDK for Node.js made of it."""
    need_node()
    return play_node("twilio-node", "twilio_node_cluster.js", "api.twilio.com", None, *place.arguments)


@pytest.mark.parametrize("sdk", ["python", "node"])
def test_lists_of_numbers_by_a_key(sdk: str, request: pytest.FixtureRequest) -> None:
    done = request.getfixturevalue(sdk)["listing"]
    assert done["all"] == list(reversed(NUMBERS))
    assert done["limited"] == [done["all"][:1], done["all"][:2]]
    assert done["exact"] == NUMBERS[:1]
    assert (done["toll_free"], len(done["local"])) == (FREE, 1)


def test_numbers_to_test_with_from_python(place: Place, python: Any) -> None:
    done, tester = python["testing"], place.arguments[5]
    made, plain = done["made"], done["plain"]
    assert (made["friendly_name"], made["voice_url"]) == ("Desk", "http://127.0.0.1:9/voice")
    assert (plain["phone_number"], plain["friendly_name"]) == ("+15005550006", "(500) 555-0006")
    assert (made["account_sid"], made["date_created"], made["sid"] != plain["sid"]) == (tester, "datetime", True)
    assert done["by_area"] == "+15005550006"
    assert [(told["status"], told["code"]) for told in done["refused"]] == CODES
    assert {(told["status"], told["code"]) for told in done["forbidden"]} == {(403, 20008)}
    assert "Resource not accessible with Test Account Credentials" in done["forbidden"][0]["message"]
    assert (python["with_the_key"]["status"], python["with_the_key"]["code"]) == (404, 20404)


def test_numbers_to_test_with_from_node(node: Any) -> None:
    done = node["testing"]
    assert (done["made"]["phoneNumber"], done["made"]["friendlyName"]) == ("+15005550006", "Desk")
    assert done["byArea"] == "+15005550006"
    assert [(told["status"], told["code"]) for told in done["refused"]] == CODES
    assert [(told["status"], told["code"]) for told in done["forbidden"]] == [(403, 20008)] * 2


BOOLEANS = {"beta", "voice_caller_id_lookup"}


def decoded(number: Mapping[str, Any]) -> str:
    """Hold a number against the types of Go's structs, into which nothing else is decoded; return its digits."""
    for name, value in number.items():
        if name == "capabilities":
            assert all(isinstance(able, bool) for able in value.values())
        else:
            kind = bool if name in BOOLEANS else str
            assert value is None or type(value) is kind, (name, value)
    return str(number["phone_number"])


def test_lists_as_go_reads_them(place: Place) -> None:
    page = place.ask("IncomingPhoneNumbers.json?PageSize=50").json
    assert [decoded(number) for number in page["incoming_phone_numbers"]] == list(reversed(NUMBERS))
    assert all(type(page[name]) is int for name in ("page", "page_size", "start", "end"))
    assert page["next_page_uri"] is None
    exact = place.ask(f"IncomingPhoneNumbers.json?PageSize=50&PhoneNumber={quote(NUMBERS[1], safe='')}").json
    assert [decoded(number) for number in exact["incoming_phone_numbers"]] == [NUMBERS[1]]
    first = place.ask("IncomingPhoneNumbers.json?PageSize=2").json
    second = place.ask(first["next_page_uri"].partition(f"{place.sid}/")[2]).json
    found = [decoded(n) for page in (first, second) for n in page["incoming_phone_numbers"]]
    assert found == list(reversed(NUMBERS))
    free = place.ask("AvailablePhoneNumbers/US/TollFree.json?PageSize=2").json["available_phone_numbers"]
    assert [decoded(number) for number in free] == FREE


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("IncomingPhoneNumbers/PN0.json", "GET", 404),
        ("IncomingPhoneNumbers.json", "POST", 400),
        ("IncomingPhoneNumbers.json?PageSize=2000", "GET", 400),
        ("Keys.json", "GET", 403),
        ("IncomingPhoneNumbers.json", "DELETE", 405),
    ],
)
def test_errors_as_go_reads_them(place: Place, path: str, method: str, status: int) -> None:
    reply = place.ask(path, method, "" if method == "POST" else None)
    told = reply.json
    assert (reply.status, told["status"]) == (status, status)
    assert {name: type(told[name]) for name in ("code", "status", "message", "more_info")} == {
        "code": int,
        "status": int,
        "message": str,
        "more_info": str,
    }
    assert isinstance(told.get("details", {}), dict)
