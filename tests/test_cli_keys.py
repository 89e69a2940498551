"""`trunkline keys`: beside a running server, each key good for what it says and until it is revoked."""

from __future__ import annotations

import http.client
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.server import Server, run

pytestmark = pytest.mark.outside


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server."""
    running = Server(tmp_path_factory.mktemp("keys") / "data").start()
    yield running
    assert running.stop() == 0


def status(server: Server, key: str, method: str = "GET", path: str = "/v1/phone-numbers/carriers") -> int:
    """Ask with a key; return the status."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    with closing(http.client.HTTPConnection(*server.http, timeout=20)) as connection:
        connection.request(method, path, "{}" if method == "POST" else None, headers)
        return connection.getresponse().status


def keys(server: Server, *words: str) -> str:
    """Run a command on API keys."""
    return run("keys", words[0], "--data", str(server.data), *words[1:])


def test_a_keys_life(server: Server) -> None:
    made = server.account("A")
    scopes = ("--scope", "phone_numbers:read")
    new = json.loads(keys(server, "create", "--account", made["account_id"], *scopes, "--json"))
    assert new["scopes"] == ["phone_numbers:read"]
    assert new["api_key"].startswith("tc_live_")
    assert (status(server, new["api_key"]), status(server, new["api_key"], "POST")) == (200, 403)
    assert status(server, new["api_key"], path="/native/v1/carriers") == 403
    listed = json.loads(keys(server, "list", "--account", made["account_id"], "--json"))
    assert [key["scopes"] for key in listed] == ["*", "phone_numbers:read"]
    assert {key["account_id"] for key in listed} == {made["account_id"]}
    shown = keys(server, "list") + keys(server, "list", "--json") + run("log", "--data", str(server.data), "--json")
    assert new["api_key"] not in shown
    assert new["id"] in shown
    assert "is revoked" in keys(server, "revoke", new["id"])
    assert status(server, new["api_key"]) == 401
    assert len(json.loads(keys(server, "list", "--account", made["account_id"], "--json"))) == 1
    assert status(server, made["api_key"]) == 200


def test_a_key_for_everything_and_an_operators(server: Server) -> None:
    made = server.account("B")
    for options, unclaimed in (((), 403), (("--operator",), 200)):
        printed = keys(server, "create", "--account", made["account_id"], *options)
        key = printed.split()[-1]
        assert "not shown again" in printed
        assert (status(server, key), status(server, key, path="/native/v1/carriers")) == (200, 200)
        assert status(server, key, path="/native/v1/unclaimed") == unclaimed


def test_test_credentials_life(server: Server) -> None:
    made = server.account("D")
    of_account = ("--account", made["account_id"])
    new = json.loads(keys(server, "create", *of_account, "--kind", "twilio-test", "--json"))
    sid, token = new["twilio_test"]["account_sid"], new["twilio_test"]["auth_token"]
    assert re.fullmatch(r"AC[0-9a-f]{32} [0-9a-f]{32}", f"{sid} {token}")

    def bought() -> int:
        login = b64encode(f"{sid}:{token}".encode()).decode()
        headers = {"authorization": f"Basic {login}", "content-type": "application/x-www-form-urlencoded"}
        with closing(http.client.HTTPConnection(*server.http, timeout=20)) as connection:
            path = f"/2010-04-01/Accounts/{sid}/IncomingPhoneNumbers.json"
            connection.request("POST", path, "PhoneNumber=%2B15005550006", headers)
            return connection.getresponse().status

    assert bought() == 201
    (row,) = [key for key in json.loads(keys(server, "list", *of_account, "--json")) if key["kind"] == "twilio-test"]
    assert (row["id"], row["sid"], row["scopes"]) == (new["id"], sid, "")
    shown = keys(server, "list") + keys(server, "list", "--json") + run("log", "--data", str(server.data), "--json")
    assert token not in shown
    assert sid in shown
    assert "is revoked" in keys(server, "revoke", new["id"])
    assert bought() == 401
    printed = keys(server, "create", *of_account, "--kind", "twilio-test")
    assert "not shown again" in printed


def test_the_operator_revokes_a_twilio_key(server: Server) -> None:
    made = server.account("E")
    account = made["twilio"]["account_sid"]

    def asked(method: str, user: str, secret: str) -> tuple[int, bytes]:
        login = b64encode(f"{user}:{secret}".encode()).decode()
        headers = {"authorization": f"Basic {login}", "content-type": "application/x-www-form-urlencoded"}
        with closing(http.client.HTTPConnection(*server.http, timeout=20)) as connection:
            part = "Keys" if method == "POST" else "IncomingPhoneNumbers"
            path = f"/2010-04-01/Accounts/{account}/{part}.json"
            connection.request(method, path, "" if method == "POST" else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    key = json.loads(asked("POST", account, made["twilio"]["auth_token"])[1])
    assert asked("GET", key["sid"], key["secret"])[0] == 200
    rows = json.loads(keys(server, "list", "--account", made["account_id"], "--json"))
    assert key["sid"] in [row["sid"] for row in rows if row["kind"] == "twilio"]
    assert "is revoked" in keys(server, "revoke", key["sid"])
    assert asked("GET", key["sid"], key["secret"])[0] == 401


@pytest.mark.parametrize(
    "words",
    [
        ("create", "--account", "nobody"),
        ("create", "--account", "{account}", "--scope", "everything"),
        ("revoke", "nothing"),
        ("create", "--account", "nobody", "--kind", "twilio-test"),
        ("create", "--account", "{account}", "--kind", "twilio-test", "--operator"),
    ],
)
def test_what_is_refused(server: Server, words: tuple[str, ...]) -> None:
    account = server.account("C")["account_id"]
    verb, *rest = [word.replace("{account}", account) for word in words]
    run("keys", verb, "--data", str(server.data), *rest, expect=1)
