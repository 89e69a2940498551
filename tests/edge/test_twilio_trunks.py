"""Twilio's trunks from outside: origination URLs by priority, PBXs admitted by several lists, accounts suspended."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.edge.device import proof
from tests.edge.lab import Lab, account
from tests.edge.peer import Message, Peer, Talk, sdp, token
from tests.edge.shop import Shop, call, hosts
from tests.edge.sipp import Sipp, free_port

pytestmark = [pytest.mark.outside, pytest.mark.timeout(120)]

DIALLED = "12125550188"
LOGINS = (("desk", "Pass-word-no1"), ("attic", "Pass-word-no2"))


@pytest.fixture
def shop(lab: Lab) -> Shop:
    """Give an account."""
    return Shop(lab, account(lab.server, "Shop"), lab.sip)


def test_a_call_goes_to_the_url_of_the_lowest_priority(shop: Shop) -> None:
    with Sipp("uas_answer") as phone, Peer() as never:
        digits = shop.number_on(shop.made_trunk((never.uri, 20), (phone.uri, 10)))
        call(shop, digits)
        phone.succeeded()
        never.quiet(0.1, "INVITE")
    assert "trunk office" in shop.trace(digits)


def test_the_next_url_takes_what_the_first_cannot(shop: Shop) -> None:
    down = f"sip:127.0.0.1:{free_port('127.0.0.1')}"
    with Sipp("uas_answer") as phone:
        digits = shop.number_on(shop.made_trunk((down, 1), (phone.uri, 2)))
        call(shop, digits)
        phone.succeeded()


def test_what_is_changed_holds_for_the_next_call(shop: Shop) -> None:
    """A URL that is not enabled takes no call; a number that was taken from the trunk leads nowhere."""
    with Peer() as never, Sipp("uas_answer") as phone, Peer(shop.source) as carrier:
        trunk = shop.made_trunk((never.uri, 1), (phone.uri, 2))
        digits = shop.number_on(trunk)
        first = shop.twilio("GET", f"{trunk}/OriginationUrls")["origination_urls"][0]["sid"]
        shop.twilio("POST", f"{trunk}/OriginationUrls/{first}", {"Enabled": "false"})
        call(shop, digits)
        phone.succeeded()
        never.quiet(0.1, "INVITE")
        sid = shop.twilio("GET", f"{trunk}/PhoneNumbers")["phone_numbers"][0]["sid"]
        shop.twilio("DELETE", f"{trunk}/PhoneNumbers/{sid}", expect=204)
        assert carrier.call(shop.sip, digits).refused().status == 480


def test_a_suspended_subaccounts_calls_are_refused(lab: Lab, shop: Shop) -> None:
    made = shop.twilio("POST", "/2010-04-01/Accounts.json", {"FriendlyName": "Branch"}, expect=201)
    one = f"/2010-04-01/Accounts/{made['sid']}.json"
    auth_id = shop.plivo("GET", "Subaccount/")["objects"][0]["auth_id"]
    with Sipp("uas_answer", calls=2) as phone, Peer(shop.source) as carrier:
        digits = shop.number_on(shop.made_trunk((phone.uri, 1)))
        trunk_id = shop.plivo("GET", "Zentrunk/Trunk/")["objects"][0]["trunk_id"]
        shop.plivo("POST", f"Number/{digits}/", {"subaccount": auth_id}, expect=202)
        shop.plivo("POST", f"Number/{digits}/", {"app_id": trunk_id}, expect=202)
        call(shop, digits)
        shop.twilio("POST", one, {"Status": "suspended"})
        assert carrier.call(shop.sip, digits).refused().status == 403
        shop.twilio("POST", one, {"Status": "active"})
        call(shop, digits)
        phone.succeeded(2)
        shop.twilio("POST", one, {"Status": "closed"})
        assert carrier.call(shop.sip, digits).refused().status == 404
    assert lab.unclaimed("number_unknown", source=shop.source, number=digits)


class Pbx:
    """A PBX that calls out through a trunk, and the carrier that takes its calls."""

    def __init__(self, shop: Shop, trunk: str, peer: Peer, carrier: Peer) -> None:
        gateway = {"address": carrier.ip, "port": carrier.port, "inbound": False, "outbound": True}
        shop.native_carrier(name="out", gateways=[gateway])
        self.shop, self.trunk, self.peer, self.carrier = shop, trunk, peer, carrier
        self.number = shop.number(shop.carrier(shop.source, name="in"))

    @property
    def domain(self) -> str:
        """The trunk's own SIP domain."""
        return str(self.shop.plivo("GET", "Zentrunk/Trunk/")["objects"][0]["trunk_domain"])

    def dial(self, peer: Peer | None = None) -> Talk:
        """Send an INVITE to the trunk's domain."""
        source = peer or self.peer
        mine = f"<sip:+{self.number}@{source.ip}>;tag={token()}"
        talk = Talk(source, self.shop.sip, mine, f"<sip:+{DIALLED}@{self.domain}>")
        talk.target = f"sip:+{DIALLED}@{self.domain}"
        talk.invite()
        return talk

    def proven(self, login: tuple[str, str], peer: Peer | None = None) -> Talk:
        """Send an INVITE, and again with credentials."""
        talk = self.dial(peer)
        challenge = talk.refused()
        assert challenge.status == 401
        answer = proof(challenge.get("www-authenticate"), "INVITE", talk.target, login)
        talk.invite(headers=(("Authorization", answer),))
        return talk

    def reaches(self, talk: Talk) -> Message:
        """Let the carrier answer a call, and end it."""
        invite = self.carrier.expect("INVITE")
        leg = self.carrier.answer(invite)
        leg.reply(invite, 200, "OK", body=sdp(2))
        talk.connected()
        self.carrier.expect("ACK")
        talk.send("BYE")
        bye = self.carrier.expect("BYE")
        leg.reply(bye, 200, "OK")
        talk.peer.expect("200", method="BYE")
        return invite


@pytest.fixture
def pbx(shop: Shop) -> Iterator[Pbx]:
    """Give a PBX with a trunk that admits nobody yet."""
    with Peer(f"127.0.4.{next(hosts)}") as peer, Peer(f"127.0.4.{next(hosts)}") as carrier:
        yield Pbx(shop, shop.made_trunk(("sip:127.0.0.1:9", 1)), peer, carrier)


def ip_list(pbx: Pbx, *addresses: str) -> str:
    """Give a trunk an IP access control list with these addresses; return its path."""
    shop = pbx.shop
    sid = shop.twilio("POST", shop.mine("/SIP/IpAccessControlLists"), {"FriendlyName": "l"}, expect=201)["sid"]
    for address in addresses:
        entry = {"FriendlyName": "e", "IpAddress": address}
        shop.twilio("POST", shop.mine(f"/SIP/IpAccessControlLists/{sid}/IpAddresses"), entry, expect=201)
    shop.twilio("POST", f"{pbx.trunk}/IpAccessControlLists", {"IpAccessControlListSid": sid}, expect=201)
    return f"{pbx.trunk}/IpAccessControlLists/{sid}"


def login_list(pbx: Pbx, *logins: tuple[str, str]) -> str:
    """Give a trunk a credential list with these logins; return its path."""
    shop = pbx.shop
    sid = shop.twilio("POST", shop.mine("/SIP/CredentialLists"), {"FriendlyName": "l"}, expect=201)["sid"]
    for username, password in logins:
        entry = {"Username": username, "Password": password}
        shop.twilio("POST", shop.mine(f"/SIP/CredentialLists/{sid}/Credentials"), entry, expect=201)
    shop.twilio("POST", f"{pbx.trunk}/CredentialLists", {"CredentialListSid": sid}, expect=201)
    return f"{pbx.trunk}/CredentialLists/{sid}"


def test_any_of_a_trunks_ip_lists_admits(pbx: Pbx) -> None:
    ip_list(pbx, "203.0.113.9")
    assert pbx.dial().refused().status in (401, 403)
    second = ip_list(pbx, "203.0.113.10", pbx.peer.ip)
    assert pbx.reaches(pbx.dial()).uri.startswith(f"sip:+{DIALLED}@")
    assert "trunk office" in pbx.shop.trace(DIALLED)
    pbx.shop.twilio("DELETE", second, expect=204)
    assert pbx.dial().refused().status in (401, 403)


def test_any_login_of_a_trunks_lists_admits(pbx: Pbx) -> None:
    login_list(pbx, LOGINS[0])
    login_list(pbx, LOGINS[1])
    for login in LOGINS:
        pbx.reaches(pbx.proven(login))
    assert pbx.proven((LOGINS[0][0], LOGINS[1][1])).refused().status == 403


def test_both_kinds_where_it_has_both(pbx: Pbx) -> None:
    login_list(pbx, LOGINS[0])
    ip_list(pbx, pbx.peer.ip)
    pbx.reaches(pbx.proven(LOGINS[0]))
    with Peer(f"127.0.4.{next(hosts)}") as stranger:
        assert pbx.proven(LOGINS[0], stranger).refused().status == 403


def test_empty_lists_admit_nobody(pbx: Pbx) -> None:
    ip_list(pbx)
    assert pbx.dial().refused().status in (401, 403)
    login_list(pbx)
    assert pbx.dial().refused().status in (401, 403)
