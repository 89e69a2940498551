"""Callbacks of registrations against a running server: the operator decides by the command line, the owner is told."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.edge.web import Web
from tests.server import Server, run

pytestmark = [pytest.mark.outside, pytest.mark.timeout(180)]

WAIT_S = 20.0
N = "14155551234"
TEXTS = "14155550002"


class Place:
    """A running installation, an account of it, and the account's web server."""

    def __init__(self, server: Server, web: Web) -> None:
        self.server, self.web = server, web
        self.account = server.account()
        self.auth_id, self.token = self.account["plivo"]["auth_id"], self.account["plivo"]["auth_token"]

    def plivo(self, path: str, body: dict[str, Any] | bytes, kind: str = "application/json") -> dict[str, Any]:
        """POST to Plivo's dialect."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        login = b64encode(f"{self.auth_id}:{self.token}".encode()).decode()
        headers = {"Content-Type": kind, "Authorization": f"Basic {login}"}
        url = f"{self.server.url}/v1/Account/{self.auth_id}/{path}"
        with urlopen(Request(url, raw, headers)) as answer:  # noqa: S310 -- our own server
            return dict(json.loads(answer.read()))

    def say(self, *words: str) -> str:
        """Say something as the operator, by the command line."""
        return run(*words, "--data", str(self.server.data))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An installation with numbers of every sort."""
    server, web = Server(tmp_path_factory.mktemp("callbacks") / "data").start(), Web()
    here = Place(server, web)
    carrier = here.plivo("IncomingCarrier/", {"name": "C", "ip_set": "203.0.113.7"})["carrier_id"]
    here.plivo("Number/", {"numbers": f"{N},{TEXTS}", "carrier": carrier, "region": "X"})
    for path in ("/cnam", "/campaign", "/reputation", "/compliance"):
        web.pages[path] = (200, "")
    yield here
    server.stop()
    web.stop()


def test_a_caller_name(place: Place) -> None:
    place.plivo(f"Number/{N}/", {"cnam": "Example Ltd", "cnam_callback_url": f"{place.web.url}/cnam?a=b"})
    assert "Example Ltd" in place.say("filings")
    assert "caller name is Example Ltd" in place.say("cnam", "confirm", N)
    asked = place.web.told("/cnam", WAIT_S)
    assert (asked.method, dict(asked.query)) == ("POST", {"a": "b"})
    told = dict(asked.form)
    assert told.pop("apiId")
    assert told == {"cnamUpdateStatus": "success", "requestedCnam": "Example Ltd", "Number": N}
    assert asked.signed_by(place.token)
    assert asked.signed_by(place.token, "Ma-V3")


def test_a_campaign_by_get_and_a_caller_reputation(place: Place) -> None:
    place.say("campaigns", "add", "CUOGHIN", "--account", place.account["account_id"])
    key = place.server.account("House", operator=True)["api_key"]
    carriers = ask(place, "GET", "carriers", key)["items"]
    ask(place, "PATCH", f"carriers/{carriers[0]['id']}", key, {"sms": True})
    link = {"numbers": [TEXTS], "url": f"{place.web.url}/campaign", "method": "GET"}
    place.plivo("10dlc/Campaign/CUOGHIN/Number/", link)
    place.say("campaigns", "complete", TEXTS)
    asked = place.web.told("/campaign", WAIT_S)
    told = dict(asked.query)
    assert (asked.method, bool(told.pop("api_id"))) == ("GET", True)
    assert told == {"number": TEXTS, "campaign_id": "CUOGHIN", "status": "COMPLETED"}
    assert asked.signed_by(place.token)

    profile = place.plivo(
        "Profile/",
        {
            "profile_alias": "A",
            "customer_type": "DIRECT",
            "entity_type": "PRIVATE",
            "company_name": "E",
            "vertical": "TECHNOLOGY",
            "ein": "123456789",
        },
    )["profile_uuid"]
    hook = {"caller_reputation_callback_url": f"{place.web.url}/reputation"}
    place.plivo(f"Number/{N}/", {"caller_reputation": "enabled", "profile_uuid": profile, **hook})
    place.say("reputation", "activate", N)
    asked = place.web.told("/reputation", WAIT_S)
    told = dict(asked.form)
    assert told.pop("api_id")
    assert told == {"number": N, "profile_uuid": profile, "caller_reputation_status": "ACTIVE"}
    assert asked.signed_by(place.token)


def ask(place: Place, method: str, path: str, key: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask the native API."""
    url = f"{place.server.url}/native/v1/{path}"
    options = ["--json", json.dumps(body)] if body is not None else []
    return dict(json.loads(run("ask", url, "--bearer", key, "--method", method, *options)))


def test_a_compliance_application_decided_while_the_api_is_down(place: Place) -> None:
    data = {
        "alias": "Example India",
        "country_iso": "IN",
        "number_type": "local",
        "end_user": {"type": "business", "name": "Example Ltd"},
        "callback_url": f"{place.web.url}/compliance",
    }
    made = place.plivo("PhoneNumber/Compliance/", data)["compliance_id"]
    place.server.kill("api")  # the outbox outlives the process that sends from it
    place.say("compliance", "reject", made, "--reason", "unreadable")
    asked = place.web.told("/compliance", WAIT_S)
    told = dict(asked.form)
    assert told.pop("api_id")
    assert told == {
        "compliance_id": made,
        "alias": "Example India",
        "status": "rejected",
        "country_iso": "IN",
        "number_type": "local",
        "rejection_reason": "unreadable",
    }
    assert asked.signed_by(place.token)
    assert made in place.say("compliance", "list", "--status", "rejected")
    assert "IN local numbers wait" in place.say("regulated", "add", "in", "local")
    assert "IN" in place.say("regulated", "list")


def test_what_else_the_operator_says(place: Place, tmp_path: Path) -> None:
    data = {
        "alias": "Papers",
        "country_iso": "US",
        "number_type": "local",
        "end_user": {"type": "business", "name": "Example Ltd"},
    }
    made = place.plivo("PhoneNumber/Compliance/", data)["compliance_id"]
    assert "is accepted" in place.say("compliance", "accept", made)
    assert json.loads(place.say("compliance", "show", made))["end_user"]["name"] == "Example Ltd"
    run("compliance", "accept", made, "--data", str(place.server.data), expect=1)
    run("compliance", "reject", made, "--data", str(place.server.data), expect=2)  # without a reason

    boundary, content = "mark", b"%PDF \x00\xff"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="data"\r\n\r\n{json.dumps(data)}\r\n--{boundary}\r\n'
    head += 'Content-Disposition: form-data; name="documents[0].file"; filename="../../paper"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    kind = f"multipart/form-data; boundary={boundary}"
    sent = place.plivo("PhoneNumber/Compliance/", body, kind)["compliance_id"]
    folder = tmp_path / "papers"
    place.say("compliance", "show", sent, "--documents", str(folder))
    assert [path.name for path in folder.iterdir()] == ["document-0"]
    assert (folder / "document-0").read_bytes() == content

    place.plivo(f"Number/{TEXTS}/", {"cnam": "Other"})
    assert "caller name is none" in place.say("cnam", "fail", TEXTS)
    run("toll-free", TEXTS, "verified", "--data", str(place.server.data), expect=1)  # it is no toll-free number
    account = place.account["account_id"]
    place.say("campaigns", "add", "CTWO", "--account", account, "--max-numbers", "5")
    assert "CTWO" in place.say("campaigns", "list")
    assert "no more" in place.say("campaigns", "remove", "CTWO")
    run("campaigns", "fail", N, "--data", str(place.server.data), expect=1)  # nothing waits
    run("reputation", "fail", "1415555999", "--data", str(place.server.data), expect=1)
    place.say("regulated", "add", "de", "local")
    assert "need no application" in place.say("regulated", "remove", "DE", "local")
    assert "DE" not in place.say("regulated", "list")
