"""A customer's own PBX calls out through its outbound trunk, admitted by address, by digest, or by both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from tests.edge.device import proof
from tests.edge.lab import Lab, Tenant, until
from tests.edge.peer import Message, Peer, Talk, sdp, token
from tests.edge.sipp import Sipp

pytestmark = [pytest.mark.outside, pytest.mark.timeout(120)]

DIALLED = "12125550199"
LOGIN = ("pbxuser", "pass-word-1")
_hosts = count(60)


@dataclass
class Office:
    """An account with a number, a carrier to call out by, a PBX at an address of its own, and an outbound trunk."""

    lab: Lab
    tenant: Tenant
    number: str
    pbx: Peer
    carrier: Peer
    trunk: str

    def dial(self, user: str = f"+{DIALLED}", host: str = "", headers: Any = (), caller: str | None = None) -> Talk:
        """Send the PBX's INVITE."""
        sip = self.lab.sip
        mine = f'"Front Desk" <sip:{caller or "+" + self.number}@{self.pbx.ip}>;tag={token()}'
        talk = Talk(self.pbx, sip, mine, f"<sip:{user}@{host or sip[0]}>")
        talk.target = f"sip:{user}@{host or f'{sip[0]}:{sip[1]}'}"
        talk.invite(headers=headers)
        return talk

    def refused(self, **parts: Any) -> int:
        """Call, and return the status of the refusal."""
        return self.dial(**parts).refused().status

    def reaches(self, talk: Talk) -> Message:
        """Let the carrier answer a call, end it from the PBX's side, and return the carrier's INVITE."""
        invite = self.carrier.expect("INVITE")
        leg = self.carrier.answer(invite)
        leg.reply(invite, 180, "Ringing")
        leg.reply(invite, 200, "OK", body=sdp(2))
        talk.connected()
        self.carrier.expect("ACK")
        talk.send("BYE")
        bye = self.carrier.expect("BYE")
        leg.reply(bye, 200, "OK")
        self.pbx.expect("200", method="BYE")
        return invite

    def zentrunk(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the Zentrunk API."""
        return self.tenant.plivo(method, f"Zentrunk/{path}", body)

    def ip_list(self, *addresses: str) -> str:
        """Create an IP list; return its id."""
        body = {"name": "office", "ip_addresses": list(addresses)}
        return str(self.zentrunk("POST", "IPAccessControlList/", body)["ipacl_uuid"])

    def login(self, username: str = LOGIN[0], password: str = LOGIN[1]) -> str:
        """Create a credential; return its id."""
        body = {"name": "office", "username": username, "password": password}
        return str(self.zentrunk("POST", "Credential/", body)["credential_uuid"])

    def change(self, **fields: Any) -> None:
        """Change the trunk."""
        self.zentrunk("POST", f"Trunk/{self.trunk}/", {"trunk_direction": "outbound", **fields})

    @property
    def domain(self) -> str:
        """The trunk's own domain."""
        return str(self.zentrunk("GET", f"Trunk/{self.trunk}/")["object"]["trunk_domain"])


def make_office(lab: Lab, tenant: Tenant, pbx: Peer, carrier: Peer, **access: str) -> Office:
    """Build an office whose trunk admits as ``access`` says."""
    gateway = {"address": carrier.ip, "port": carrier.port, "inbound": False, "outbound": True}
    tenant.native_carrier(name="out", gateways=[gateway])
    number = tenant.number(tenant.carrier(f"127.0.1.{next(_hosts)}"))
    office = Office(lab, tenant, number, pbx, carrier, "")
    made = office.zentrunk("POST", "Trunk/", {"name": "pbx", "trunk_direction": "outbound", **access})
    office.trunk = str(made["trunk_id"])
    return office


@pytest.fixture
def pbx() -> Iterator[Peer]:
    """Give a PBX at an address that no other test has."""
    with Peer(f"127.0.1.{next(_hosts)}") as peer:
        yield peer


@pytest.fixture
def callee() -> Iterator[Peer]:
    """Give the carrier's side, at an address that no other test has."""
    with Peer(f"127.0.1.{next(_hosts)}") as peer:
        yield peer


@pytest.fixture
def listed(lab: Lab, pbx: Peer, callee: Peer) -> Office:
    """Give an office whose PBX is admitted by its address."""
    tenant = lab.tenant("Office")
    entry = tenant.plivo("POST", "Zentrunk/IPAccessControlList/", {"name": "office", "ip_addresses": [pbx.ip]})
    return make_office(lab, tenant, pbx, callee, ipacl_uuid=entry["ipacl_uuid"])


@pytest.fixture
def secret(lab: Lab, pbx: Peer, callee: Peer) -> Office:
    """Give an office whose PBX is admitted by its login."""
    tenant = lab.tenant("Office")
    body = {"name": "office", "username": LOGIN[0], "password": LOGIN[1]}
    login = tenant.plivo("POST", "Zentrunk/Credential/", body)
    return make_office(lab, tenant, pbx, callee, credential_uuid=login["credential_uuid"])


class TestByAddress:
    def test_the_call_leaves_by_the_accounts_gateway_and_shows_its_number(self, listed: Office) -> None:
        invite = listed.reaches(listed.dial())
        assert invite.uri.startswith(f"sip:+{DIALLED}@")
        assert f'"Front Desk" <sip:+{listed.number}@' in invite.get("from")
        record = listed.tenant.call(DIALLED)
        assert (record["verdict"], record["sip_status"], record["caller"]) == ("route", 200, f"+{listed.number}")
        assert "trunk pbx" in listed.tenant.trace(DIALLED)

    def test_digits_without_plus_are_dialled_too(self, listed: Office) -> None:
        assert listed.reaches(listed.dial(user=DIALLED)).uri.startswith(f"sip:+{DIALLED}@")

    def test_who_is_asserted_counts_before_from(self, listed: Office) -> None:
        headers = (("P-Asserted-Identity", f"<sip:+{listed.number}@pbx.example>"),)
        assert f"sip:+{listed.number}@" in listed.reaches(listed.dial(headers=headers, caller="201")).get("from")

    def test_a_caller_that_is_no_number_of_the_account(self, listed: Office) -> None:
        assert [listed.refused(caller="201"), listed.refused(caller="+12125550123")] == [403, 403]
        assert "neither P-Asserted-Identity nor From has a live number" in listed.tenant.trace(DIALLED)

    @pytest.mark.parametrize("dialled", ["9911", "411", "alice", "+1", "+999123456789"])
    def test_what_is_no_number(self, listed: Office, dialled: str) -> None:
        assert listed.refused(user=dialled) == 404

    def test_another_address_is_a_stranger(self, listed: Office) -> None:
        with Peer(f"127.0.1.{next(_hosts)}") as stranger:
            listed.pbx = stranger
            assert listed.refused() in (401, 403)
            assert listed.refused(host=listed.domain) in (401, 403)

    def test_the_list_counts_as_it_is_now(self, listed: Office) -> None:
        entry = listed.zentrunk("GET", "IPAccessControlList/")["objects"][0]["ipacl_uuid"]
        listed.zentrunk("POST", f"IPAccessControlList/{entry}/", {"name": "o", "ip_addresses": ["203.0.113.9"]})
        assert listed.refused() in (401, 403)

    def test_a_trunk_that_is_switched_off(self, listed: Office) -> None:
        listed.change(trunk_status="disabled")
        assert listed.refused() == 403
        assert "trunk pbx is switched off" in listed.tenant.trace(DIALLED)
        listed.change(trunk_status="enabled")
        listed.reaches(listed.dial())

    def test_a_deleted_trunk(self, listed: Office) -> None:
        listed.zentrunk("DELETE", f"Trunk/{listed.trunk}/")
        assert listed.refused() in (401, 403)

    def test_options_are_answered(self, listed: Office) -> None:
        talk = Talk(listed.pbx, listed.lab.sip, f"<sip:pbx@{listed.pbx.ip}>;tag=1", "<sip:x@y>")
        talk.target = f"sip:{listed.lab.sip[0]}"
        talk.send("OPTIONS")
        listed.pbx.expect("200", method="OPTIONS")

    def test_an_account_without_gateway(self, lab: Lab, pbx: Peer) -> None:
        tenant = lab.tenant("Bare")
        entry = tenant.plivo("POST", "Zentrunk/IPAccessControlList/", {"name": "o", "ip_addresses": [pbx.ip]})
        body = {"name": "pbx", "trunk_direction": "outbound", "ipacl_uuid": entry["ipacl_uuid"]}
        trunk = tenant.plivo("POST", "Zentrunk/Trunk/", body)["trunk_id"]
        number = tenant.number(tenant.carrier(f"127.0.1.{next(_hosts)}"))
        assert Office(lab, tenant, number, pbx, pbx, trunk).refused() == 480
        assert "has no outbound gateway" in tenant.trace(DIALLED)

    def test_two_accounts_at_one_address_are_told_apart_by_caller_and_by_domain(
        self, lab: Lab, listed: Office, callee: Peer
    ) -> None:
        tenant = lab.tenant("Neighbour")
        entry = tenant.plivo("POST", "Zentrunk/IPAccessControlList/", {"name": "o", "ip_addresses": [listed.pbx.ip]})
        other = make_office(lab, tenant, listed.pbx, callee, ipacl_uuid=entry["ipacl_uuid"])
        for office in (listed, other):
            assert f"sip:+{office.number}@" in office.reaches(office.dial()).get("from")
            office.reaches(office.dial(host=office.domain))
        assert listed.refused(host=other.domain) == 403  # a number of another account
        assert listed.refused(caller="201") == 403  # nobody's: whose call it is cannot be told
        assert "name one by its domain" in lab.unclaimed("trunk_unclear", source=listed.pbx.ip)["trace"][-1]["text"]

    def test_the_callees_answers_come_through(self, listed: Office) -> None:
        talk = listed.dial()
        invite = listed.carrier.expect("INVITE")
        listed.carrier.answer(invite).reply(invite, 486, "Busy Here")
        assert talk.refused().status == 486
        listed.carrier.expect("ACK")


class TestByLogin:
    def challenged(self, office: Office, host: str = "") -> tuple[Talk, Message]:
        talk = office.dial(host=host)
        refusal = talk.refused()
        assert refusal.status == 401
        return talk, refusal

    def answered(self, office: Office, login: tuple[str, str] = LOGIN, host: str = "") -> Talk:
        talk, refusal = self.challenged(office, host)
        credentials = proof(refusal.get("www-authenticate"), "INVITE", talk.target, login)
        talk.invite(headers=(("Authorization", credentials),))
        return talk

    def test_the_right_password(self, secret: Office) -> None:
        secret.reaches(self.answered(secret, host=secret.domain))

    def test_without_the_trunks_domain(self, secret: Office) -> None:
        name = f"only{token()[:8]}"
        login = secret.login(name, "pass-word-2")
        secret.change(credential_uuid=login)
        secret.reaches(self.answered(secret, (name, "pass-word-2")))

    def test_a_wrong_password(self, secret: Office) -> None:
        assert self.answered(secret, (LOGIN[0], "wrong-one"), secret.domain).refused().status == 403

    def test_a_login_of_another_trunk(self, lab: Lab, secret: Office, callee: Peer) -> None:
        tenant = lab.tenant("Other")
        body = {"name": "o", "username": "somebody", "password": "pass-word-9"}
        login = tenant.plivo("POST", "Zentrunk/Credential/", body)["credential_uuid"]
        make_office(lab, tenant, secret.pbx, callee, credential_uuid=login)
        assert self.answered(secret, ("somebody", "pass-word-9"), secret.domain).refused().status == 403

    def test_a_blank_password_admits_nobody(self, secret: Office) -> None:
        login = secret.zentrunk("GET", "Credential/")["objects"][0]["credential_uuid"]
        secret.zentrunk("POST", f"Credential/{login}/", {"name": "office", "username": LOGIN[0]})
        assert self.answered(secret, (LOGIN[0], ""), secret.domain).refused().status == 403

    def test_both_where_it_has_both(self, secret: Office) -> None:
        secret.change(ipacl_uuid=secret.ip_list("203.0.113.9"))
        assert self.answered(secret, host=secret.domain).refused().status == 403
        secret.change(ipacl_uuid=secret.ip_list(secret.pbx.ip))
        secret.reaches(self.answered(secret, host=secret.domain))


def test_sipp_calls_through_a_trunk(lab: Lab) -> None:
    """SIPp on both sides: thirty calls that the PBX makes and ends."""
    tenant, address = lab.tenant("Office"), f"127.0.1.{next(_hosts)}"
    with Sipp("uas_answer", ip="127.0.0.37", calls=30) as carrier:
        gateway = {"address": carrier.ip, "port": carrier.port, "inbound": False, "outbound": True}
        carrier_id = tenant.native_carrier(name="out", gateways=[gateway])
        tenant.native_carrier(name="in", gateways=[{"address": f"127.0.1.{next(_hosts)}"}])
        entry = tenant.plivo("POST", "Zentrunk/IPAccessControlList/", {"name": "o", "ip_addresses": [address]})
        body = {"name": "pbx", "trunk_direction": "outbound", "ipacl_uuid": entry["ipacl_uuid"]}
        tenant.plivo("POST", "Zentrunk/Trunk/", body)
        number = tenant.number(tenant.carrier(f"127.0.1.{next(_hosts)}"))
        with Sipp("uac_call", ip=address, to=lab.server.via, number=DIALLED, caller=number, calls=30) as pbx:
            pbx.succeeded(30)
        carrier.succeeded(30)
    for _ in until(5.0):
        found = [
            call
            for call in tenant.native("GET", f"calls?number={DIALLED}&limit=100")["items"]
            if call["sip_status"] == 200
        ]
        if len(found) == 30:
            break
    assert {call["carrier_id"] for call in found} <= {carrier_id, None}
    assert len(found) == 30
