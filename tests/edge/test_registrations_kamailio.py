"""A carrier whose registrar is Kamailio: a whole stack that is not ours binds our Contact and calls it."""

from __future__ import annotations

import pytest

from tests.edge.kamailio import Kamailio
from tests.edge.lab import Lab, until
from tests.edge.peer import Peer, Talk, sdp, token
from tests.edge.registry import PASSWORD, USERNAME, address
from tests.edge.test_registrations import number_on, stands

pytestmark = pytest.mark.outside


def ring(caller: Peer, carrier: Kamailio, number: str) -> Talk:
    """Call the address of record at the carrier, a number standing in To."""
    mine, theirs = f"<sip:a@{caller.ip}>;tag={token()}", f"<sip:+{number}@x.example>"
    talk = Talk(caller, (carrier.ip, carrier.port), mine, theirs)
    talk.target = f"sip:{USERNAME}@{carrier.ip}"
    talk.invite()
    return talk


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_registered_refreshed_called_and_taken_back(lab: Lab, callee: Peer, transport: str) -> None:
    tenant = lab.tenant("Kamailio")
    with Kamailio(address(), expires=8, transport=transport) as carrier, Peer() as caller:
        registration = {"username": USERNAME, "password": PASSWORD}
        made = tenant.native_carrier(kind="reg", gateways=[carrier.gateway], registration=registration)
        stands(tenant, made, "registered")
        number = number_on(tenant, made, callee)
        for _ in until(10.0):
            if len(carrier.seen()) == 2:
                break
        assert [(user, asked) for _, user, asked in carrier.seen()] == [(USERNAME, 3600)] * 2
        talk = Talk(
            caller, (carrier.ip, carrier.port), f"<sip:a@{caller.ip}>;tag={token()}", f"<sip:+{number}@x.example>"
        )
        talk.target = f"sip:{USERNAME}@{carrier.ip}"
        talk.invite()
        invite = callee.expect("INVITE")
        called = callee.answer(invite)
        called.reply(invite, 200, "OK", body=sdp(2))
        talk.connected()
        talk.bye()
        called.hung_up()
        assert "on our registration" in tenant.trace(number)
        tenant.native("PATCH", f"carriers/{made}", {"active": False})
        for _ in until(5.0):
            if carrier.seen()[-1][2] == 0:
                break
        assert carrier.seen()[-1][1:] == (USERNAME, 0)
        talk = Talk(
            caller, (carrier.ip, carrier.port), f"<sip:a@{caller.ip}>;tag={token()}", f"<sip:+{number}@x.example>"
        )
        talk.target = f"sip:{USERNAME}@{carrier.ip}"
        talk.invite()
        assert talk.refused().status == 404


def test_wrong_password(lab: Lab) -> None:
    tenant = lab.tenant("Wrong")
    with Kamailio(address(), password="another") as carrier:
        registration = {"username": USERNAME, "password": PASSWORD}
        made = tenant.native_carrier(kind="reg", gateways=[carrier.gateway], registration=registration)
        assert "refused the credentials" in stands(tenant, made, "refused")["last_answer"]
        assert not carrier.seen()
