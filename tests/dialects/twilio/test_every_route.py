"""Every route, with whatever comes: no 500, no hang, an error in Twilio's shape, and no write where it is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes, urlencode
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dialects.twilio.test_wire import LIST, refused
from tests.http import stocked
from tests.http.fixtures import copied
from tests.http.world import Reply, World
from trunkline.core.model import EVERYTHING, Page
from trunkline.dialects.http import MAX_BODY, Operation
from trunkline.dialects.twilio import requests_numbers
from trunkline.dialects.twilio.routes import API

LONGEST_S = 5.0
"""A request takes milliseconds; the machine may stand still for a second."""

NAMES = [
    *(
        "PhoneNumber",
        "AreaCode",
        "AccountSid",
        "ApiVersion",
        "FriendlyName",
        "VoiceApplicationSid",
        "SmsApplicationSid",
    ),
    *("TrunkSid", "VoiceCallerIdLookup", "VoiceReceiveMode", "EmergencyStatus", "EmergencyAddressSid", "AddressSid"),
    *("IdentitySid", "BundleSid", "CarrierSid", "InstalledAddOnSid", "Beta", "Origin", "PageSize", "Page", "PageToken"),
    *("Contains", "InRegion", "InLocality", "InLata", "InRateCenter", "NearNumber", "SmsEnabled", "FaxEnabled"),
    *(name for pair in requests_numbers.HOOKS.values() for name in pair),
]
WORDS = st.sampled_from(
    [
        *("", "0", "1", "-1", "20", "true", "False", "GET", "put", "voice", "fax", "Active", "Inactive", "2010-04-01"),
        *("http://a/b", "http://[", "https://example.com/x#rc=2", "+14155551234", "+4930123456", "415", "9" * 30, "+"),
        *("*", "%", "4*5", "%415", "TEST$", "\0", "\ud800", "x" * 300, "name", "twilio", "hosted", "PAPN" + "0" * 32),
        *(f"{prefix}{'0' * 32}" for prefix in ("AC", "AP", "TK", "AD", "RI", "BU", "BY", "XE")),
    ]
)
OWN = st.sampled_from(["AccountSid", "Sub", "Application", "Trunk", "Carrier"]).map(lambda name: ("own", name))
"""One of the main account's own ids."""

VALUES = WORDS | OWN | st.text(max_size=40)
ARGS = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), VALUES, max_size=6)


@pytest.fixture(scope="module")
def open_world(furnished: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One installation for all requests: what some of them do, the next ones find."""
    for world in copied(furnished, tmp_path_factory.mktemp("every")):
        serial = world.carrier()
        stocked.fill(world, *(stocked.row(f"1415555{i:04}", serial) for i in range(20)))
        yield world


def last_change(world: World) -> Any:
    """Return the newest line of the change log."""
    return world.inventory.read(lambda s: s.log.page(EVERYTHING, Page(1)).items)


def own_ids(world: World) -> dict[str, str]:
    """Return SIDs of the main account's, making what is not there (any more)."""
    rows = world.twilio("GET", LIST).json["incoming_phone_numbers"]
    made = rows[0] if rows else world.twilio("POST", LIST, {"PhoneNumber": "+14155551299"}).json
    ids = {"AccountSid": world.main.account_sid, "Sub": world.sub.account_sid, "PhoneNumberSid": made["sid"]}
    apps = world.plivo("GET", "Application/").json["objects"]
    serial = (apps[0]["app_id"] if apps else world.application())[4:]

    def look(store: Any) -> dict[str, str]:
        trunks = store.trunks.page(EVERYTHING, Page(1)).items
        carrier = store.carriers.page(EVERYTHING, None, Page(1)).items[0].id
        app = store.applications.by_serial(EVERYTHING, serial).id
        return {"Application": app, "Carrier": carrier, "Trunk": trunks[0].id if trunks else ""}

    found = world.inventory.read(look)
    found["Trunk"] = found["Trunk"] or world.trunk()[0]
    prefixes = {"Application": "AP", "Carrier": "BY", "Trunk": "TK"}
    ids |= {name: prefixes[name] + value.replace("-", "") for name, value in found.items()}
    return ids | {"AddOnSid": "XE" + "0" * 32, "ExtensionSid": "XF" + "0" * 32, "CountryCode": "US"}


def filled(operation: Operation, ids: dict[str, str], junk: bytes | None) -> str:
    """Return an operation's path, its last value replaced by ``junk``."""
    path = operation.path
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", value)
    if junk is None or not operation.path.endswith("}"):
        return path
    return f"{path.rpartition('/')[0]}/{quote_from_bytes(junk, safe='')}"


def plain(args: dict[str, Any], ids: dict[str, str]) -> dict[str, str]:
    """Replace what stands for an id."""
    return {name: ids[value[1]] if isinstance(value, tuple) else value for name, value in args.items()}


def check(reply: Reply, suffix: str) -> None:
    """An answer is never a 500; an error has its code, text and status, in the representation that was asked for."""
    assert reply.status < 500, reply.body
    if reply.status < 400:
        return
    if suffix in (".json", ".csv"):
        assert isinstance(reply.json["code"], int)
        refused(reply, reply.status, reply.json["code"])
        assert reply.json["message"].strip()
        return
    error = ET.fromstring(reply.body).find("RestException")  # noqa: S314 -- our own answer
    assert error is not None
    assert error.findtext("Status") == str(reply.status)


@pytest.mark.parametrize("operation", API.operations, ids=lambda o: f"{o.method} {o.path}")
def test_whatever_comes(open_world: World, operation: Operation) -> None:
    requests = st.fixed_dictionaries(
        {
            "junk": st.none() | st.none() | st.binary(max_size=12),
            "base": st.sampled_from([{}, {}, {"PhoneNumber": "+14155551235"}, {"AreaCode": "415"}]),
            "args": ARGS,
            "raw": st.none() | st.none() | st.binary(max_size=60),
            "query": st.dictionaries(st.sampled_from(NAMES), WORDS | OWN | st.text(max_size=12), max_size=4),
            "suffix": st.sampled_from([".json", ".json", ".json", ".xml", ".csv", ""]),
        }
    )

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(request=requests)
    def send(request: dict[str, Any]) -> None:
        world, ids, suffix = open_world, own_ids(open_world), request["suffix"]
        form = urlencode(plain(request["base"] | request["args"], ids), errors="replace").encode()
        body = form if request["raw"] is None else request["raw"]
        query = urlencode(plain(request["query"], ids), errors="replace")
        target = f"{filled(operation, ids, request['junk'])}{suffix}?{query}"
        headers = world.main.twilio_basic | {"content-type": "application/x-www-form-urlencoded"}
        before, began = last_change(world), time.monotonic()
        reply = world.ask(operation.method, target, b"" if operation.method != "POST" else body, headers)
        assert time.monotonic() - began < LONGEST_S
        check(reply, suffix)
        if reply.status >= 400 or operation.method == "GET":
            assert last_change(world) == before, (reply.status, reply.body)

    send()


WRITES = [o for o in API.operations if o.method == "POST"]


@pytest.mark.parametrize("operation", WRITES, ids=lambda o: f"{o.method} {o.path}")
def test_bodies_that_are_no_forms(open_world: World, operation: Operation) -> None:
    path = filled(operation, own_ids(open_world), None) + ".json"
    before, sent = last_change(open_world), open_world.main.twilio_basic
    form = sent | {"content-type": "application/x-www-form-urlencoded"}
    for body, headers, status in ((b"{}", sent, 415), (b" " * (MAX_BODY + 1), form, 413), (b"a&" * 101, form, 400)):
        reply = open_world.ask("POST", path, body, headers)
        assert reply.status == status, (body[:10], reply.body)
        check(reply, ".json")
    assert last_change(open_world) == before
