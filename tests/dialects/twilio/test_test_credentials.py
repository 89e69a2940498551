"""Test credentials: their magic numbers, whatever else they ask for, and that nothing of it is ever there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.dialects.twilio.schemas import described
from tests.dialects.twilio.test_answers import differences
from tests.dialects.twilio.test_wire import FORM, basic, refused
from tests.http.test_tenants import contents
from tests.http.world import Reply, World
from trunkline.core import accounts, api_keys, test_credentials
from trunkline.core.errors import InvalidError
from trunkline.core.model import CredentialKind
from trunkline.dialects.twilio import ids
from trunkline.store.inventory import Inventory

PATH = "/2010-04-01/Accounts/{}/IncomingPhoneNumbers"
GOOD = {"PhoneNumber": "+15005550006"}
URL = "http://127.0.0.1:9/voice"


class Pair:
    """Test credentials of the main account, and what they ask."""

    def __init__(self, world: World) -> None:
        self._world = world
        made = world.write(
            lambda s: test_credentials.create(
                s, accounts.operator("test"), world.main.account.id, lambda pair_id: ids.sid(ids.ACCOUNT, pair_id)
            )
        )
        self.id, self.sid, self.secret = made.credential.id, made.credential.public_id, made.secret
        self.path = PATH.format(self.sid)

    def ask(self, method: str, path: str, form: dict[str, Any] | None = None) -> Reply:
        """Send a request with the pair."""
        body = urlencode(form).encode() if form is not None else b""
        return self._world.ask(method, path, body, FORM | basic(self.sid, self.secret))

    def create(self, **form: Any) -> Reply:
        """Ask for a number."""
        return self.ask("POST", f"{self.path}.json", form)


@pytest.fixture
def pair(world: World) -> Pair:
    """Test credentials of the main account."""
    return Pair(world)


@contextmanager
def nothing_written(world: World) -> Iterator[None]:
    """Check that the installation is the same afterwards."""
    before = contents(world)
    yield
    assert contents(world) == before


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"PhoneNumber": "+15005550000"}, 21422),
        ({"PhoneNumber": "+15005550001"}, 21421),
        ({"PhoneNumber": "+14155550100"}, 21421),
        ({"PhoneNumber": "hello"}, 21421),
        ({"AreaCode": "533"}, 21452),
        ({"AreaCode": "415"}, 21452),
        ({"AreaCode": "41"}, 21451),
        ({"PhoneNumber": "+15005550000", "AreaCode": "500"}, 21422),
        ({}, 400),
        (GOOD | {"VoiceUrl": "not-a-url"}, 21402),
        (GOOD | {"VoiceFallbackUrl": URL}, 21405),
        (GOOD | {"FriendlyName": "x" * 65}, 20002),
        (GOOD | {"EmergencyStatus": "Active"}, 22222),
        (GOOD | {"SmsApplicationSid": "AP" + "1" * 32}, 21420),
    ],
)
def test_what_is_refused(world: World, pair: Pair, form: dict[str, str], code: int) -> None:
    with nothing_written(world):
        refused(pair.create(**form), 400, code)


@pytest.mark.parametrize("form", [GOOD, {"AreaCode": "500"}, GOOD | {"AreaCode": "533"}])
def test_a_number_that_can_be_had_again_and_again(world: World, pair: Pair, form: dict[str, str]) -> None:
    (create,) = (operation for operation in described() if operation.name == "CreateIncomingPhoneNumber")
    with nothing_written(world):
        first, second = pair.create(**form), pair.create(**form)
    for reply in (first, second):
        assert reply.status == 201
        assert differences(create, reply) == []
        shown = reply.json
        assert (shown["phone_number"], shown["friendly_name"]) == ("+15005550006", "(500) 555-0006")
        assert (shown["account_sid"], shown["status"]) == (pair.sid, "in-use")
        assert shown["uri"] == f"{pair.path}/{shown['sid']}.json"
        assert world.twilio("GET", f"IncomingPhoneNumbers/{shown['sid']}.json").status == 404
        refused(pair.ask("GET", shown["uri"]), 403, 20008)
    assert first.json["sid"] != second.json["sid"]
    assert world.twilio("GET", "IncomingPhoneNumbers.json").json["incoming_phone_numbers"] == []


def test_what_the_form_says_is_shown(pair: Pair) -> None:
    form = GOOD | {"FriendlyName": "Desk", "VoiceUrl": URL, "VoiceMethod": "GET", "VoiceFallbackUrl": URL + "/2"}
    form |= {"StatusCallback": URL + "/3", "SmsUrl": URL + "/4", "VoiceCallerIdLookup": "true"}
    shown = pair.create(**form, VoiceReceiveMode="fax", ApiVersion="2008-08-01").json
    assert (shown["friendly_name"], shown["voice_url"], shown["voice_method"]) == ("Desk", URL, "GET")
    assert (shown["voice_fallback_url"], shown["status_callback"], shown["sms_url"]) == (
        URL + "/2",
        URL + "/3",
        URL + "/4",
    )
    assert (shown["voice_caller_id_lookup"], shown["voice_receive_mode"]) == (True, "fax")
    assert shown["api_version"] == "2008-08-01"


def test_other_representations(pair: Pair) -> None:
    xml = pair.ask("POST", pair.path, GOOD)
    assert (xml.status, xml.headers["content-type"]) == (201, "application/xml")
    assert b"<PhoneNumber>+15005550006</PhoneNumber>" in xml.body
    assert b"<Code>20008</Code>" in pair.ask("GET", pair.path).body


def test_records_of_the_account_are_not_theirs_to_name(world: World, pair: Pair) -> None:
    app = world.twilio("POST", "Applications.json", {"VoiceUrl": URL}).json["sid"]
    trunk = f"TK{world.trunk()[0].replace('-', '')}"
    place = dict.fromkeys(("CustomerName", "Street", "City", "Region", "PostalCode"), "x") | {"IsoCountry": "US"}
    address = world.twilio("POST", "Addresses.json", place).json["sid"]
    for argument, sid, status, code in (
        ("VoiceApplicationSid", app, 400, 21420),
        ("SmsApplicationSid", app, 400, 21420),
        ("TrunkSid", trunk, 404, 20404),
        ("AddressSid", address, 400, 21631),
        ("EmergencyAddressSid", address, 400, 21615),
        ("BundleSid", "BU" + "1" * 32, 400, 21649),
        ("IdentitySid", "RI" + "1" * 32, 400, 21650),
    ):
        refused(pair.create(**GOOD, **{argument: sid}), status, code)


def test_only_their_own_path_is_theirs(world: World, pair: Pair) -> None:
    with nothing_written(world):
        for sid in (world.main.account_sid, world.sub.account_sid, world.other.account_sid, "AC" + "0" * 32, "ACx"):
            refused(pair.ask("POST", f"{PATH.format(sid)}.json", GOOD), 403, 20008)
        for kind in ("Local", "Mobile", "TollFree"):
            refused(pair.ask("POST", f"{pair.path}/{kind}.json", GOOD), 403, 20008)
    assert pair.ask("POST", f"{PATH.format('AC' + pair.sid[2:].upper())}.json", GOOD).status == 201


def test_real_credentials_know_no_magic_number_and_no_test_account(world: World, pair: Pair) -> None:
    refused(world.twilio("POST", "IncomingPhoneNumbers.json", GOOD), 400, 21422)  # no carrier would deliver it
    world.carrier()
    made = world.twilio("POST", "IncomingPhoneNumbers.json", GOOD)
    assert (made.status, made.json["account_sid"]) == (201, world.main.account_sid)
    assert world.twilio("GET", f"IncomingPhoneNumbers/{made.json['sid']}.json").status == 200
    refused(world.ask("POST", f"{pair.path}.json", b"", FORM | world.main.twilio_basic), 404, 20404)


def test_a_pair_opens_only_together(world: World, pair: Pair) -> None:
    for user, secret in (
        (pair.sid, "0" * 32),
        (pair.sid, world.main.twilio_token),
        (world.main.account_sid, pair.secret),
        (world.sub.account_sid, pair.secret),
        (pair.sid.replace("AC", "SK"), pair.secret),
        (Pair(world).sid, pair.secret),
    ):
        reply = world.ask("POST", f"{pair.path}.json", b"PhoneNumber=%2B15005550006", FORM | basic(user, secret))
        refused(reply, 401, 20003)
    assert world.ask("GET", "/native/v1/carriers", headers={"authorization": f"Bearer {pair.secret}"}).status == 401


def test_revoked_they_open_nothing(world: World, pair: Pair) -> None:
    assert pair.create(**GOOD).status == 201
    gone = world.write(lambda s: api_keys.revoke(s, accounts.operator("test"), pair.id))
    assert gone.kind is CredentialKind.TWILIO_TEST
    refused(pair.create(**GOOD), 401, 20003)


def test_those_of_a_closed_account_open_nothing(world: World) -> None:
    made = world.write(
        lambda s: test_credentials.create(
            s, accounts.operator("test"), world.sub.account.id, lambda pair_id: ids.sid(ids.ACCOUNT, pair_id)
        )
    )
    sid = made.credential.public_id

    def created() -> Reply:
        header = FORM | basic(sid, made.secret)
        return world.ask("POST", f"{PATH.format(sid)}.json", urlencode(GOOD).encode(), header)

    assert created().status == 201
    path = f"/2010-04-01/Accounts/{world.sub.account_sid}.json"
    for status, code in (("suspended", 20005), ("closed", 20003)):
        assert world.ask("POST", path, f"Status={status}".encode(), FORM | world.main.twilio_basic).status == 200
        refused(created(), 401, code)
    live = world.inventory.read(lambda s: s.credentials.live(world.sub.account.id, CredentialKind.TWILIO_TEST))
    assert live == []


def test_a_creation_writes_nothing_at_all(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    async def writing(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(Inventory, "write", writing)
    assert pair.create(**GOOD).status == 201
    assert pair.create(AreaCode="533").status == 400


def test_an_account_has_a_bounded_number_of_pairs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_credentials, "MAX_PAIRS", 2)
    Pair(world)
    Pair(world)
    with pytest.raises(InvalidError, match="at most 2"):
        Pair(world)
