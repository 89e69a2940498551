"""What every resource of Twilio's dialect has in common: who may ask, SIDs, representations, errors, paging."""

from __future__ import annotations

import csv
import io
import json
import re
from base64 import b64encode
from dataclasses import replace
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree as ET

import pytest

from tests.http.world import Tenant, World
from trunkline.core import accounts, errors, subaccounts
from trunkline.core.model import EVERYTHING, AccountState, Credential, CredentialKind, Role
from trunkline.dialects.http import MAX_BODY, Ask, HttpError
from trunkline.dialects.twilio.errors import TABLE, refuse, refuse_json

LIST = "IncomingPhoneNumbers.json"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def number(world: World, digits: str = "14155550100", tenant: Tenant | None = None, **form: Any) -> dict[str, Any]:
    """Add a number that the tenant's carrier delivers."""
    reply = world.twilio("POST", LIST, {"PhoneNumber": f"+{digits}", **form}, tenant=tenant)
    assert reply.status == 201, reply.body
    found: dict[str, Any] = reply.json
    return found


def basic(user: str, secret: str) -> dict[str, str]:
    """Return a header of HTTP Basic."""
    return {"authorization": "Basic " + b64encode(f"{user}:{secret}".encode()).decode()}


def refused(reply: Any, status: int, code: int) -> str:
    """Check an error's shape and return its message."""
    assert reply.status == status, reply.body
    body = reply.json
    assert set(body) - {"detail"} == {"code", "message", "more_info", "status"}
    assert (body["status"], body["code"]) == (status, code), body
    assert body["more_info"].endswith(f"/{code}")
    return str(body["message"])


def parsed(reply: Any) -> ET.Element:
    """Return an XML body."""
    return ET.fromstring(reply.body)  # noqa: S314 -- our own answer


def test_credentials(world: World) -> None:
    sid, token = world.main.account_sid, world.main.twilio_token
    target = f"/2010-04-01/Accounts/{sid}/{LIST}"
    assert world.ask("GET", target, None, basic(sid, token)).status == 200
    assert world.ask("GET", target, None, basic("AC" + sid[2:].upper(), token)).status == 200
    assert world.ask("GET", target.replace(sid, "AC" + sid[2:].upper()), None, basic(sid, token)).status == 200
    wrong: tuple[dict[str, str], ...] = (
        {},
        basic(sid, "0" * 32),
        basic(sid, ""),
        basic(world.other.account_sid, token),
        basic(sid.lower(), token),
        basic(world.main.auth_id, world.main.token),
        basic(sid, world.main.token),
        {"authorization": "Basic !!!"},
        {"authorization": f"Bearer {token}"},
        world.main.bearer,
    )
    for headers in wrong:
        reply = world.ask("GET", target, None, headers)
        assert refused(reply, 401, 20003) == "Authenticate"
        assert reply.headers["www-authenticate"] == 'Basic realm="Twilio API"'


def test_whose_paths(world: World) -> None:
    assert world.twilio("GET", LIST, tenant=world.main, of=world.sub).status == 200
    assert world.twilio("GET", LIST, tenant=world.sub).status == 200
    for who, whose in ((world.sub, world.main), (world.main, world.other), (world.sub, world.other)):
        message = refused(world.twilio("GET", LIST, tenant=who, of=whose), 404, 20404)
        assert message == f"The requested resource /2010-04-01/Accounts/{whose.account_sid}/{LIST} was not found"
    for sid in ("ACx", "AC" + "0" * 32, "PN" + world.main.account_sid[2:], world.main.account.id):
        reply = world.ask("GET", f"/2010-04-01/Accounts/{sid}/{LIST}", None, world.main.twilio_basic)
        refused(reply, 404, 20404)


def test_a_subaccount_that_is_switched_off(world: World) -> None:
    operator = accounts.operator("test")
    world.write(lambda s: subaccounts.switch(s, operator, world.sub.account, enabled=False))
    assert "suspended" in refused(world.twilio("GET", LIST, tenant=world.sub), 401, 20005)
    assert world.twilio("GET", LIST, of=world.sub).status == 200
    world.write(lambda s: accounts.set_state(s, operator, world.sub.account.id, AccountState.CLOSED))
    refused(world.twilio("GET", LIST, tenant=world.sub), 401, 20003)
    refused(world.twilio("GET", LIST, of=world.sub), 404, 20404)


def test_api_keys_reach_their_own_account_only(world: World) -> None:
    key = "SK" + uuid4().hex
    credential = Credential(
        id=str(uuid4()),
        account_id=world.main.account.id,
        carrier_id=None,
        kind=CredentialKind.TWILIO_KEY,
        public_id=key,
        role=Role.ACCOUNT,
        scopes="*",
        created_at=world.main.account.created_at,
        revoked_at=None,
    )
    world.write(lambda s: s.credentials.add(credential, "a" * 32))
    target = f"/2010-04-01/Accounts/{world.main.account_sid}/{LIST}"
    assert world.ask("GET", target, None, basic(key, "a" * 32)).status == 200
    assert world.ask("GET", target, None, basic("SK" + key[2:].upper(), "a" * 32)).status == 200
    refused(world.ask("GET", target, None, basic(key, "b" * 32)), 401, 20003)
    below = target.replace(world.main.account_sid, world.sub.account_sid)
    refused(world.ask("GET", below, None, basic(key, "a" * 32)), 404, 20404)
    world.write(lambda s: s.credentials.revoke(credential.id, world.main.account.created_at))
    refused(world.ask("GET", target, None, basic(key, "a" * 32)), 401, 20003)


def test_headers_of_answers(world: World) -> None:
    for reply in (world.twilio("GET", LIST), world.twilio("GET", "Nothing.json")):
        assert re.fullmatch("RQ[0-9a-f]{32}", reply.headers["twilio-request-id"])
        assert float(reply.headers["twilio-request-duration"]) >= 0
        assert reply.headers["content-type"] == "application/json"


def test_xml_is_what_a_path_without_suffix_gives(world: World) -> None:
    world.carrier()
    made = number(world, VoiceUrl="https://example.com/?a=1&b=2")
    kept = world.inventory.read(lambda s: s.numbers.get(EVERYTHING, "14155550100"))
    assert kept is not None
    named = replace(kept, details=replace(kept.details, alias="<Ann & \x01 Bob>"))  # which no request writes any more
    world.write(lambda s: s.numbers.update(named))
    for path in (f"IncomingPhoneNumbers/{made['sid']}", f"IncomingPhoneNumbers/{made['sid']}.xml"):
        reply = world.twilio("GET", path)
        assert reply.headers["content-type"] == "application/xml"
        record = parsed(reply).find("IncomingPhoneNumber")
        assert record is not None
        told = {child.tag: child.text for child in record}
        assert told["Sid"] == made["sid"]
        assert told["FriendlyName"] == "<Ann & \ufffd Bob>"
        assert told["VoiceUrl"] == "https://example.com/?a=1&b=2"
        assert told["TrunkSid"] is None
        assert told["Beta"] == "false"
        assert record.findtext("Capabilities/Voice") == "true"
        assert len(told) == len(made)
    listed = parsed(world.twilio("GET", "IncomingPhoneNumbers")).find("IncomingPhoneNumbers")
    assert listed is not None
    assert listed.attrib["page"] == "0"
    assert listed.attrib["pagesize"] == "50"
    assert listed.attrib["firstpageuri"].startswith("/2010-04-01/Accounts/AC")
    assert [child.tag for child in listed] == ["IncomingPhoneNumber"]
    error = parsed(world.twilio("GET", "IncomingPhoneNumbers/PNx")).find("RestException")
    assert error is not None
    assert (error.findtext("Status"), error.findtext("Code")) == ("404", "20404")


def test_csv_is_for_lists(world: World) -> None:
    world.carrier()
    made = number(world, FriendlyName='a "b", c')
    reply = world.twilio("GET", "IncomingPhoneNumbers.csv")
    assert reply.headers["content-type"] == "text/csv"
    header, row = csv.reader(io.StringIO(reply.body.decode()))
    told = dict(zip(header, row, strict=True))
    assert (told["Sid"], told["FriendlyName"]) == (made["sid"], 'a "b", c')
    refused(world.twilio("GET", f"IncomingPhoneNumbers/{made['sid']}.csv"), 404, 20404)
    refused(world.twilio("POST", "IncomingPhoneNumbers.csv", {"PhoneNumber": "+14155550101"}), 404, 20404)
    assert len(world.twilio("GET", LIST).json["incoming_phone_numbers"]) == 1


def test_methods_and_names_have_one_spelling(world: World) -> None:
    for method in ("PUT", "PATCH", "DELETE"):
        reply = world.twilio(method, LIST)
        refused(reply, 405, 20004)
        assert reply.headers["allow"] == "GET, POST"
    for path in ("incomingphonenumbers.json", "IncomingPhoneNumbers.JSON", "IncomingPhoneNumbers.html"):
        assert world.twilio("GET", path).status == 404
    world.carrier()
    assert refused(world.twilio("POST", LIST, {"phonenumber": "+14155550100"}), 400, 400).startswith("did or area_code")


def test_bodies_are_forms(world: World) -> None:
    target = f"/2010-04-01/Accounts/{world.main.account_sid}/{LIST}"
    for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain"):
        reply = world.ask("POST", target, b'{"PhoneNumber": "+1"}', world.main.twilio_basic | {"content-type": kind})
        assert "form" in refused(reply, 415, 415)
    reply = world.ask("POST", target, b"x" * (MAX_BODY + 1), world.main.twilio_basic | FORM)
    refused(reply, 413, 413)
    fields = "&".join(f"a{i}=1" for i in range(101)).encode()
    refused(world.ask("POST", target, fields, world.main.twilio_basic | FORM), 400, 20001)


def test_pages_follow_tokens_while_numbers_come_and_go(world: World) -> None:
    world.carrier()
    made = [number(world, f"1415555{i:04}")["sid"] for i in range(100, 107)]
    newest = made[::-1]
    first = world.twilio("GET", LIST, PageSize=3, FriendlyName="").json
    assert set(first) == {
        *("incoming_phone_numbers", "end", "first_page_uri", "next_page_uri", "page", "page_size"),
        *("previous_page_uri", "start", "uri"),
    }
    assert [n["sid"] for n in first["incoming_phone_numbers"]] == newest[:3]
    assert (first["page"], first["page_size"], first["start"], first["end"]) == (0, 3, 0, 2)
    assert first["previous_page_uri"] is None
    assert first["first_page_uri"].endswith(f"/{LIST}?FriendlyName=&PageSize=3&Page=0")
    number(world, "14155550199")
    world.twilio("DELETE", f"IncomingPhoneNumbers/{newest[2]}.json")
    seen, page = newest[:3], first
    while page["next_page_uri"]:
        assert re.search("PageToken=PAPN[0-9a-f]{32}$", page["next_page_uri"])
        page = world.ask("GET", page["next_page_uri"], None, world.main.twilio_basic).json
        seen += [n["sid"] for n in page["incoming_phone_numbers"]]
    assert seen == newest
    assert (page["page"], page["start"], page["end"]) == (2, 6, 6)
    back = world.ask("GET", page["previous_page_uri"], None, world.main.twilio_basic).json
    assert [n["sid"] for n in back["incoming_phone_numbers"]] == [*newest[3:6]]


def test_pages_without_tokens_and_bad_ones(world: World) -> None:
    world.carrier()
    made = [number(world, f"1415555{i:04}")["sid"] for i in range(100, 105)]
    for page, shown in ((0, made[:2:-1]), (1, made[2:0:-1]), (2, made[:1]), (3, [])):
        body = world.twilio("GET", LIST, PageSize=2, Page=page).json
        assert [n["sid"] for n in body["incoming_phone_numbers"]] == shown
        assert (body["start"], body["end"]) == ((page * 2, page * 2 + len(shown) - 1) if shown else (0, 0))
    assert len(world.twilio("GET", LIST, PageSize=1000).json["incoming_phone_numbers"]) == 5
    refused(world.twilio("GET", LIST, PageSize=1001), 400, 20007)
    for name, value in (("PageSize", "0"), ("PageSize", "-1"), ("PageSize", "x"), ("Page", "1e3"), ("Page", "9" * 30)):
        query: dict[str, Any] = {name: value}
        refused(world.twilio("GET", LIST, **query), 400, 20001)
    for token in ("x", "PAPN" + "g" * 32, "PAAP" + "0" * 32, "PAPN" + "f" * 32, "PBPN" + "0" * 32):
        refused(world.twilio("GET", LIST, PageToken=token), 400, 21481)


def test_the_table_of_errors_is_total() -> None:
    kinds, waiting = set[type[errors.TrunklineError]](), [errors.TrunklineError]
    while waiting:
        kind = waiting.pop()
        if kind.__module__ == errors.__name__:
            kinds.add(kind)
        waiting += kind.__subclasses__()
    assert kinds == set(TABLE)


@pytest.mark.parametrize("status", [404, 405, 408, 413, 414, 429, 500, 503])
def test_errors_before_any_use_case(world: World, status: int) -> None:
    ask = Ask(world.inventory, "GET", "/2010-04-01/x.json", b"", [], suffix=".json")  # type: ignore[arg-type] # unused
    for word in (refuse, refuse_json):
        answer = word(HttpError(status, "what is wrong"), ask)
        body = json.loads(answer.body)
        assert (answer.status, body["status"]) == (status, status)
        assert isinstance(body["code"], int)
        assert body["message"]
