"""Calls to emergency numbers, from outside: by a PBX's trunk, by TwiML and Plivo's documents, by endpoints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from tests.edge.lab import Lab, account, command, until
from tests.edge.peer import Message, Peer, Talk, sdp, token
from tests.edge.shop import Shop
from tests.edge.sipp import Sipp
from tests.edge.test_registrar import User, called_by
from tests.edge.web import Web

pytestmark = [pytest.mark.outside, pytest.mark.timeout(120)]

ADDRESS = {
    "CustomerName": "Ann Example",
    "Street": "1 Main St",
    "City": "Springfield",
    "Region": "CA",
    "PostalCode": "90210",
    "IsoCountry": "US",
    "EmergencyEnabled": "true",
}
_hosts = count(10)


class Office(Shop):
    """An account with a US number, a PBX that its outbound trunk admits, and carriers to call out by."""

    def __init__(self, lab: Lab, pbx: str) -> None:
        super().__init__(lab, account(lab.server, "Office"), lab.sip)
        self.lab, self.pbx = lab, pbx
        self.inbound = self.carrier(self.source)
        self.own = self.number(self.inbound)
        entry = self.plivo("POST", "Zentrunk/IPAccessControlList/", {"name": "o", "ip_addresses": [pbx]})
        body = {"name": "pbx", "trunk_direction": "outbound", "ipacl_uuid": entry["ipacl_uuid"]}
        self.plivo("POST", "Zentrunk/Trunk/", body)

    def gateway(self, at: Peer | Sipp, **fields: Any) -> None:
        """Let the account call out by a gateway."""
        way = {"address": at.ip, "port": at.port, "inbound": False, "outbound": True, **fields}
        country = {"profile": {"country": "US"}} if fields.get("number_format") == "national" else {}
        self.native_carrier(name="out", gateways=[way], **country)

    def set(self, **form: str) -> dict[str, Any]:
        """Change the number's settings."""
        found = self.twilio("GET", self.mine("/IncomingPhoneNumbers") + f"?PhoneNumber=%2B{self.own}")
        sid = found["incoming_phone_numbers"][0]["sid"]
        return dict(self.twilio("POST", self.mine(f"/IncomingPhoneNumbers/{sid}"), form))

    def ask(self) -> str:
        """Ask for emergency calls by the number; return the address's id."""
        sid = str(self.twilio("POST", self.mine("/Addresses"), ADDRESS)["sid"])
        made = self.set(EmergencyStatus="Active", EmergencyAddressSid=sid)
        assert made["emergency_address_status"] == "pending-registration"
        return sid.removeprefix("AD")

    def settle(self, outcome: str = "confirmed") -> None:
        """Say, as the operator, what came of it."""
        command(self.server, "numbers", "emergency", self.own, outcome)

    def registered(self) -> str:
        """Register the number for emergency calls; return the address's id."""
        address = self.ask()
        self.settle()
        return address

    def dial(self, peer: Peer, user: str = "911", caller: str | None = None) -> Talk:
        """Send the PBX's INVITE."""
        mine = f"<sip:{caller or '+' + self.own}@{peer.ip}>;tag={token()}"
        talk = Talk(peer, self.sip, mine, f"<sip:{user}@{self.sip[0]}>")
        talk.target = f"sip:{user}@{self.sip[0]}:{self.sip[1]}"
        talk.invite()
        return talk

    def newest(self, verdict: str, number: str = "911") -> dict[str, Any]:
        """Return the newest call to a number, once it has this verdict."""
        found: dict[str, Any] = {}
        for _ in until(5.0):
            found = self.call(number)
            if found["verdict"] == verdict:
                return found
        raise AssertionError(f"no call is {verdict}: {found}")


def told(record: dict[str, Any]) -> str:
    """Return a call's trace as one text."""
    return "\n".join(f"{step['part']}: {step['text']}" for step in record["trace"])


def hexed(identity: str | None) -> str | None:
    """Return an id's hex digits, as a SID has them."""
    return None if identity is None else identity.replace("-", "")


@pytest.fixture
def pbx() -> Iterator[Peer]:
    """Give a PBX at an address that no other test has."""
    with Peer(f"127.0.6.{next(_hosts)}") as peer:
        yield peer


@pytest.fixture
def office(lab: Lab, pbx: Peer) -> Office:
    """Give an account whose PBX is admitted by its address."""
    return Office(lab, pbx.ip)


@pytest.fixture
def helpers() -> Iterator[Peer]:
    """Give the gateway that is marked for emergency."""
    with Peer(f"127.0.6.{next(_hosts)}") as peer:
        yield peer


@pytest.fixture
def others() -> Iterator[Peer]:
    """Give the gateway for all other calls."""
    with Peer(f"127.0.6.{next(_hosts)}") as peer:
        yield peer


@pytest.fixture
def equipped(office: Office, helpers: Peer, others: Peer) -> Office:
    """Give an office with a gateway for emergency, and one that would be tried first were it for that."""
    office.gateway(others, priority=1)
    office.gateway(helpers, priority=9, emergency=True)
    return office


def answered(at: Peer) -> tuple[Talk, Message]:
    """Let a called side answer."""
    invite = at.expect("INVITE")
    leg = at.answer(invite)
    leg.reply(invite, 180, "Ringing")
    leg.reply(invite, 200, "OK", body=sdp(2))
    return leg, invite


def talked(talk: Talk, at: Peer) -> Message:
    """Let a called side answer, and the caller hang up; return the INVITE that arrived."""
    leg, invite = answered(at)
    talk.connected()
    at.expect("ACK")
    talk.send("BYE")
    bye = at.expect("BYE")
    leg.reply(bye, 200, "OK")
    talk.peer.expect("200", method="BYE")
    return invite


# Outbound trunks


def test_a_pbx_reaches_the_emergency_gateway_and_no_other(office: Office, others: Peer) -> None:
    """SIPp on both sides; the address as it stood stays on record when it is changed afterwards."""
    address = office.registered()
    with Sipp("uas_answer", ip=f"127.0.6.{next(_hosts)}", calls=3) as helpers:
        office.gateway(others, priority=1)
        office.gateway(helpers, priority=9, emergency=True)
        with Sipp("uac_call", ip=office.pbx, to=office.server.via, number="911", caller=office.own, calls=3) as pbx:
            pbx.succeeded(3)
        helpers.succeeded(3)
    others.quiet(0.2, "INVITE")
    record = office.newest("route")
    assert (record["number"], record["sip_status"], record["caller"]) == ("911", 200, f"+{office.own}")
    assert hexed(record["emergency_address_id"]) == address
    assert f"emergency: 911 is an emergency number of US; the registered address of {office.own}" in told(record)
    assert "target: the gateways marked for emergency" in told(record)
    office.ask()
    for _ in until(5.0):
        listed = office.calls("911")
        if len(listed) == 3:
            break
    assert {hexed(call["emergency_address_id"]) for call in listed} == {address}
    found = json.loads(command(office.server, "calls", "list", f"--account={office.id}", "--number=911", "--json"))
    assert [call["id"] for call in found] == [call["id"] for call in listed]
    shown = command(office.server, "calls", "show", record["id"])
    assert f"emergency address  {record['emergency_address_id']}" in shown
    assert "+911" not in shown


@pytest.mark.parametrize("dialled", ["911", "+911", "112"])
def test_what_is_dialled_leaves_as_dialled(equipped: Office, pbx: Peer, helpers: Peer, dialled: str) -> None:
    equipped.registered()
    invite = talked(equipped.dial(pbx, dialled), helpers)
    assert invite.uri.startswith(f"sip:{dialled.removeprefix('+')}@{helpers.ip}")
    assert f"sip:+{equipped.own}@" in invite.get("from")


def test_the_caller_id_is_written_as_the_gateway_wants_it(office: Office, pbx: Peer, helpers: Peer) -> None:
    office.registered()
    office.gateway(helpers, emergency=True, number_format="national", tech_prefix="77*")
    invite = talked(office.dial(pbx), helpers)
    assert invite.uri.startswith("sip:77*911@")
    assert f"sip:1{office.own[1:]}@" in invite.get("from")


def test_the_next_emergency_gateway_takes_what_the_first_cannot(
    office: Office, pbx: Peer, helpers: Peer, others: Peer
) -> None:
    office.registered()
    office.gateway(helpers, emergency=True, priority=9)
    with Peer(f"127.0.6.{next(_hosts)}") as first:
        office.gateway(first, emergency=True, priority=2)
        office.gateway(others, priority=1)
        talk = office.dial(pbx)
        invite = first.expect("INVITE")
        first.answer(invite).reply(invite, 503, "Service Unavailable")
        talked(talk, helpers)
    others.quiet(0.2, "INVITE")


def test_only_registered_numbers_call(equipped: Office, pbx: Peer, helpers: Peer, others: Peer) -> None:
    """Every state in turn; what is settled holds for the very next call."""

    def barred() -> list[str]:
        found = equipped.native("GET", "calls?number=911&verdict=emergency_unregistered")["items"]
        return [call["id"] for call in found]

    def refused(says: str) -> None:
        before = barred()
        assert equipped.dial(pbx).refused().status == 403
        for _ in until(5.0):
            if len(barred()) > len(before):
                break
        record = equipped.native("GET", f"calls/{barred()[0]}")
        assert record["emergency_address_id"] is None
        assert says in told(record)

    refused("is Inactive, its address unregistered; give it an emergency address")
    equipped.ask()
    refused("is Active, its address pending-registration; the operator has to register its address")
    equipped.settle("failed")
    refused("is Active, its address registration-failure; its address could not be registered")
    equipped.registered()
    talked(equipped.dial(pbx), helpers)
    equipped.set(EmergencyStatus="Inactive")
    refused("is Inactive, its address pending-unregistration; switch emergency calling on again")
    equipped.settle()
    refused("is Inactive, its address unregistered")
    others.quiet(0.1, "INVITE")


def test_who_shows_no_number_of_the_account(equipped: Office, pbx: Peer) -> None:
    equipped.registered()
    for caller in ("201", "+12125550123"):
        assert equipped.dial(pbx, caller=caller).refused().status == 403
    assert "show one as caller id whose emergency address is registered" in told(equipped.newest("emergency_caller"))


def test_without_a_gateway_for_emergency_a_pbx_may_go_elsewhere(office: Office, pbx: Peer, others: Peer) -> None:
    office.registered()
    office.gateway(others)
    refusal = office.dial(pbx).refused()
    assert (refusal.status, refusal.get("retry-after")) == (503, "")
    assert "is marked for emergency; mark one" in told(office.newest("emergency_no_gateway"))
    others.quiet(0.1, "INVITE")


@pytest.mark.parametrize("dialled", ["9911", "9111", "933", "999", "911;phone-context=+1"])
def test_other_short_numbers_are_not_dialled(equipped: Office, pbx: Peer, dialled: str) -> None:
    equipped.registered()
    assert equipped.dial(pbx, dialled).refused().status == 404


def test_no_limit_of_the_account_refuses_an_emergency_call(equipped: Office, pbx: Peer, helpers: Peer) -> None:
    equipped.registered()
    command(equipped.server, "accounts", "limits", equipped.id, "--channels=0", "--cps=0")
    assert equipped.dial(pbx, "+12125550199").refused().status == 486
    talked(equipped.dial(pbx), helpers)
    assert "0 calls at once are in use; a call to an emergency number is let in" in told(equipped.newest("route"))


def test_explain_tells_the_same(equipped: Office, pbx: Peer) -> None:
    words = ("--from-ip", pbx.ip, "--to", "911", "--from", f"+{equipped.own}", "--json")

    def explained() -> dict[str, Any]:
        return dict(json.loads(command(equipped.server, "explain", *words)))

    first = explained()
    assert (first["verdict"], first["sip_status"], first["facts"]) == ("emergency_unregistered", 403, "live")
    address = equipped.registered()
    then = explained()
    assert (then["verdict"], hexed(then["emergency_address_id"])) == ("route", address)
    body = {"source": pbx.ip, "to": "911", "caller": f"+{equipped.own}"}
    assert hexed(equipped.native("POST", "explain", body)["emergency_address_id"]) == address


def test_what_waits_is_listed_for_the_operator(office: Office) -> None:
    def waiting() -> list[str]:
        rows = json.loads(command(office.server, "filings", "--json"))
        return [row["subject"] for row in rows if (row["kind"], row["number"]) == ("emergency", office.own)]

    assert waiting() == []
    address = office.ask()
    assert [hexed(subject) for subject in waiting()] == [f"pendingregistration {address}"]
    office.settle()
    assert waiting() == []
    office.set(EmergencyStatus="Inactive")
    assert [subject.partition(" ")[0] for subject in waiting()] == ["pending-unregistration"]
    listed = office.lab.house.native("GET", "filings?limit=100")["items"]
    assert {"emergency"} == {row["kind"] for row in listed if row["number"] == office.own}


# Documents


@pytest.fixture
def carrier(office: Office) -> Iterator[Peer]:
    """Give the carrier that delivers the office's numbers."""
    with Peer(office.source) as peer:
        yield peer


def test_twiml_dials_an_emergency_number(
    equipped: Office, web: Web, carrier: Peer, helpers: Peer, others: Peer
) -> None:
    dial = f'<Dial callerId="+{equipped.own}" action="/after"><Number>911</Number></Dial>'
    web.pages = {"/voice": f"<Response>{dial}</Response>", "/after": "<Response/>"}
    equipped.set(VoiceUrl=f"{web.url}/voice")
    talk = carrier.call(equipped.sip, equipped.own)
    assert talk.refused().status == 403
    asked = web.told("/after").params
    assert (asked["DialCallStatus"], asked["DialSipResponseCode"]) == ("failed", "403")
    assert "may not call it: its emergency calling is Inactive" in equipped.trace(equipped.own)

    web.asked.clear()
    address = equipped.registered()
    talk = carrier.call(equipped.sip, equipped.own)
    leg, invite = answered(helpers)
    talk.connected()
    helpers.expect("ACK")
    assert invite.uri.startswith(f"sip:911@{helpers.ip}")
    assert f"sip:+{equipped.own}@" in invite.get("from")
    leg.send("BYE")
    asked = web.told("/after").params
    assert (asked["DialCallStatus"], asked["To"]) == ("completed", f"+{equipped.own}")
    talk.hung_up()
    for _ in until(5.0):
        record = equipped.call(equipped.own)
        if record["answered_at"]:
            break
    assert hexed(record["emergency_address_id"]) == address
    assert "emergency: 911 is an emergency number of US" in told(record)
    others.quiet(0.1, "INVITE")


@pytest.mark.parametrize(
    ("caller_id", "refused"),
    [
        (None, (403, "only a live number of the account may call")),
        ("14155550100", (403, "only a live number of the account may call")),  # the caller, who is not the account's
        ("12125550123", (480, "is neither the caller nor a number of this account")),
    ],
)
def test_plivo_dials_none_for_another_caller_id(
    equipped: Office, web: Web, carrier: Peer, caller_id: str | None, refused: tuple[int, str]
) -> None:
    equipped.registered()
    shown = f' callerId="{caller_id}"' if caller_id else ""
    web.pages = {
        "/answer": f'<Response><Dial{shown} action="/after"><Number>112</Number></Dial></Response>',
        "/after": "<Response/>",
    }
    number = equipped.number(equipped.inbound, application=equipped.application(answer_url=f"{web.url}/answer"))
    talk = carrier.call(equipped.sip, number)
    assert talk.refused().status == refused[0]
    assert web.told("/after").params["DialStatus"] == "failed"
    assert refused[1] in equipped.trace(number)


def test_a_caller_that_pretends_to_be_the_accounts_number(equipped: Office, web: Web, carrier: Peer) -> None:
    equipped.registered()
    web.pages = {"/answer": "<Response><Dial><Number>911</Number></Dial></Response>"}
    number = equipped.number(equipped.inbound, application=equipped.application(answer_url=f"{web.url}/answer"))
    assert equipped.dial(carrier, number).refused().status == 403
    assert "only a live number of the account may call" in equipped.trace(number)


def test_plivo_dials_an_emergency_number(office: Office, web: Web, carrier: Peer, helpers: Peer) -> None:
    """What its application hears names numbers as ever, however the gateway writes them."""
    address = office.registered()
    office.gateway(helpers, emergency=True, number_format="national")
    dial = f'<Dial callerId="{office.own}" action="/after" callbackUrl="/heard"><Number>112</Number></Dial>'
    web.pages = {"/answer": f"<Response>{dial}</Response>", "/after": "<Response/>", "/heard": ""}
    number = office.number(office.inbound, application=office.application(answer_url=f"{web.url}/answer"))
    invite = talked(carrier.call(office.sip, number), helpers)
    assert invite.uri.startswith("sip:112@")
    assert f"sip:{office.own}@" in invite.get("from")
    asked = web.told("/after").params
    assert (asked["DialStatus"], asked["To"]) == ("completed", number)
    heard = web.told("/heard").params
    assert (heard["DialBLegFrom"], heard["DialBLegTo"]) == (office.own, "112")
    assert hexed(office.call(number)["emergency_address_id"]) == address


def test_plivo_without_a_gateway_for_emergency(office: Office, web: Web, carrier: Peer, others: Peer) -> None:
    office.registered()
    office.gateway(others)
    dial = f'<Dial callerId="{office.own}" action="/after"><Number>911</Number></Dial>'
    web.pages = {"/answer": f"<Response>{dial}</Response>", "/after": "<Response/>"}
    number = office.number(office.inbound, application=office.application(answer_url=f"{web.url}/answer"))
    talk = carrier.call(office.sip, number)
    assert talk.refused().status == 480  # a carrier must not send all its calls elsewhere for that
    told_of = web.told("/after").params
    assert (told_of["DialStatus"], "marked for emergency" in office.trace(number)) == ("failed", True)
    others.quiet(0.1, "INVITE")


def test_an_endpoint_calls_beyond_the_accounts_limits(equipped: Office, web: Web, helpers: Peer, others: Peer) -> None:
    """Its application may dial the emergency number then, and nothing else."""
    address = equipped.registered()
    command(equipped.server, "accounts", "limits", equipped.id, "--channels=0")
    party = "".join(f"<Number>{number}</Number>" for number in ("911", "12125550177"))
    web.pages = {"/phone": f'<Response><Dial callerId="{equipped.own}">{party}</Dial></Response>'}
    user = User(equipped.lab, equipped, app_id=equipped.application(answer_url=f"{web.url}/phone"))
    with user.device(ip=f"127.0.6.{next(_hosts)}") as device:
        assert talked(called_by(device, equipped.lab, "911"), helpers).uri.startswith("sip:911@")
        record = equipped.newest("route")
        assert hexed(record["emergency_address_id"]) == address
        assert "12125550177 is not dialled: the account's limits are reached" in told(record)
        assert called_by(device, equipped.lab, "12125550177").refused().status == 486
    others.quiet(0.1, "INVITE")
