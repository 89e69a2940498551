"""Inbound Zentrunk trunks from outside: the primary URI takes a call, else the fallback, each with its credentials."""

from __future__ import annotations

from typing import Any

import pytest

from tests.edge.guard import PASSWORD, USERNAME, Guard, right
from tests.edge.lab import Lab
from tests.edge.peer import Peer
from tests.edge.sipp import Sipp, free_port

pytestmark = pytest.mark.outside


@pytest.fixture(params=["udp", "tcp"])
def transport(request: pytest.FixtureRequest) -> str:
    """Give each transport, for both ends."""
    return str(request.param)


def uri(lab: Lab, text: str, **more: Any) -> str:
    """Create an origination URI; return its id."""
    return str(lab.plivo("POST", "Zentrunk/URI/", {"uri": text, **more}, expect=201)["uri_uuid"])


def trunk(lab: Lab, primary: str, fallback: str = "") -> str:
    """Create an inbound trunk of these URIs; return its trunk_id."""
    body = {"name": "pbx", "trunk_direction": "inbound", "primary_uri_uuid": primary}
    more = {"fallback_uri_uuid": fallback} if fallback else {}
    return str(lab.plivo("POST", "Zentrunk/Trunk/", body | more, expect=201)["trunk_id"])


def number(lab: Lab, trunk_id: str) -> str:
    """Return a number that leads to a trunk."""
    digits = lab.number(lab.carrier_id)
    lab.plivo("POST", f"Number/{digits}/", {"app_id": trunk_id}, expect=202)
    return digits


def call(lab: Lab, digits: str, transport: str = "udp") -> None:
    """Let the carrier call a number, be answered, and hang up."""
    words = {"transport": transport, "ip": "127.0.0.2", "to": lab.server.via, "number": digits}
    with Sipp("uac_call", **words) as carrier:  # type: ignore[arg-type]  # texts, as the scenario's words
        carrier.succeeded()


def test_the_primary_uri_answers(lab: Lab, transport: str) -> None:
    with Sipp("uas_answer", transport=transport) as phone, Peer() as never:
        written = phone.uri.removeprefix("sip:")
        digits = number(lab, trunk(lab, uri(lab, written), uri(lab, never.uri)))
        call(lab, digits, transport)
        phone.succeeded()
        never.quiet(0.1, "INVITE")
    assert "trunk pbx" in lab.trace(digits)


def test_nobody_listens_at_the_primary(lab: Lab) -> None:
    """A transport error: the fallback answers."""
    with Sipp("uas_answer") as phone:
        down = uri(lab, f"127.0.0.1:{free_port('127.0.0.1')}")
        digits = number(lab, trunk(lab, down, uri(lab, phone.uri)))
        call(lab, digits)
        phone.succeeded()
    assert "failover" in lab.trace(digits)


@pytest.mark.parametrize("status", [408, 500, 503])
def test_the_primary_cannot(lab: Lab, status: int) -> None:
    with Sipp("uas_refuse", status=str(status)) as broken, Sipp("uas_answer") as phone:
        digits = number(lab, trunk(lab, uri(lab, broken.uri), uri(lab, phone.uri)))
        call(lab, digits)
        broken.succeeded()
        phone.succeeded()


def test_the_primary_is_silent(lab: Lab) -> None:
    with Peer() as silent, Sipp("uas_answer") as phone:
        digits = number(lab, trunk(lab, uri(lab, silent.uri), uri(lab, phone.uri)))
        call(lab, digits)
        phone.succeeded()


def test_a_refusal_of_the_primary_is_final(lab: Lab) -> None:
    with Sipp("uas_refuse", status="486") as busy, Peer() as never:
        digits = number(lab, trunk(lab, uri(lab, busy.uri), uri(lab, never.uri)))
        with Sipp("uac_refused", ip="127.0.0.2", to=lab.server.via, number=digits, status="486") as carrier:
            carrier.succeeded()
        never.quiet(0.1, "INVITE")


def test_a_challenge_is_answered_with_the_uris_credentials(lab: Lab, transport: str) -> None:
    """SIPp checks them by a digest of its own, in the INVITE and in the BYE."""
    with Sipp("uas_challenge", transport=transport) as pbx:
        login = {"authentication_needed": True, "username": "joe", "password": "schmoe"}
        digits = number(lab, trunk(lab, uri(lab, pbx.uri, **login)))
        call(lab, digits, transport)
        pbx.succeeded()
    assert "answers the target's 401 (realm sipp.example" in lab.trace(digits)
    assert "schmoe" not in str(lab.call(digits))


def test_each_uri_has_its_own_credentials(lab: Lab, caller: Peer) -> None:
    """The primary's challenge is answered with the primary's; the fallback's, which has none, is final."""
    login = {"authentication_needed": True, "username": USERNAME, "password": PASSWORD}
    with Guard("127.0.0.1") as first, Guard("127.0.0.1") as second:
        digits = number(lab, trunk(lab, uri(lab, first.uri, **login), uri(lab, second.uri)))
        talk = caller.call(lab.sip, digits)
        realm, header = first.ask(first.comes("INVITE", 1), 407)
        again = first.comes("INVITE", 2)
        right(again, header, realm)
        first.answer(again).reply(again, 503)
        invite = second.comes("INVITE", 1)
        assert not invite.get("authorization") + invite.get("proxy-authorization")
        second.ask(invite, 407)
        assert talk.refused().status == 480
        second.nothing_above(1)


def test_wrong_credentials_are_final_and_the_trace_says_so(lab: Lab, caller: Peer) -> None:
    login = {"authentication_needed": True, "username": USERNAME, "password": PASSWORD}
    with Guard("127.0.0.1") as pbx:
        digits = number(lab, trunk(lab, uri(lab, pbx.uri, **login)))
        talk = caller.call(lab.sip, digits)
        pbx.ask(pbx.comes("INVITE", 1), 401)
        pbx.ask(pbx.comes("INVITE", 2), 401)
        assert talk.refused().status == 480
        pbx.nothing_above(2)
    assert "the target refused the credentials" in lab.trace(digits)
    assert "check username and password on it" in lab.trace(digits)


def test_changes_hold_for_the_next_call(lab: Lab, caller: Peer) -> None:
    """A disabled trunk takes no calls, a changed URI leads elsewhere, a deleted one leaves the number without any."""
    with Peer() as never:
        target = uri(lab, never.uri)
        trunk_id = trunk(lab, target)
        digits = number(lab, trunk_id)
        lab.plivo("POST", f"Zentrunk/Trunk/{trunk_id}/", {"trunk_direction": "inbound", "trunk_status": "disabled"})
        assert caller.call(lab.sip, digits).refused().status == 480
        never.quiet(0.1, "INVITE")
        assert "switched off" in lab.trace(digits)
        lab.plivo("POST", f"Zentrunk/Trunk/{trunk_id}/", {"trunk_direction": "inbound", "trunk_status": "enabled"})
        with Sipp("uas_answer") as phone:
            lab.plivo("POST", f"Zentrunk/URI/{target}/", {"uri": phone.uri}, expect=202)
            call(lab, digits)
            phone.succeeded()
        lab.plivo("DELETE", f"Zentrunk/URI/{target}/", expect=204)
        lab.plivo("GET", f"Zentrunk/Trunk/{trunk_id}/", expect=404)
        shown = lab.plivo("GET", f"Number/{digits}/")
        assert (shown["application"], shown["object_id"], shown["object_type"]) == (None, None, None)
        assert caller.call(lab.sip, digits).refused().status == 480
