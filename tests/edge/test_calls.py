"""Calls to a trunk, with SIPp at both ends: answered, hung up, cancelled, refused, failing over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edge.lab import Lab
from tests.edge.peer import Peer, sdp
from tests.edge.sipp import Sipp

pytestmark = pytest.mark.outside


@pytest.fixture
def patient_lab(tmp_path: Path) -> Iterator[Lab]:
    """An installation with RFC 3261's own T1: SIPp takes what is sent again after its call for a new one, and a busy
    machine can keep it from answering for longer than the other tests' T1.
    """
    made = Lab(tmp_path / "data", TRUNKLINE_SIP_T1="0.5")
    yield made
    assert made.server.stop() == 0


@pytest.fixture(params=["udp", "tcp"])
def transport(request: pytest.FixtureRequest) -> str:
    """Give each transport, for both ends."""
    return str(request.param)


def test_several_calls_at_once_from_either_end(patient_lab: Lab, transport: str) -> None:
    lab = patient_lab
    with (
        Sipp("uas_answer", transport=transport, calls=12) as phone,
        Sipp("uas_hangs_up", transport=transport, calls=8) as other,
    ):
        first, second = lab.to_trunk(phone.uri), lab.to_trunk(other.uri)
        with (
            Sipp(
                "uac_call", transport=transport, ip="127.0.0.2", to=lab.server.via, number=first, calls=12, rate=12
            ) as carrier,
            Sipp(
                "uac_hung_up", transport=transport, ip="127.0.0.2", to=lab.server.via, number=second, calls=8, rate=8
            ) as patient,
        ):
            carrier.succeeded(12)
            phone.succeeded(12)
            patient.succeeded(8)
            other.succeeded(8)
    assert lab.call(first)["ended_by"] == "caller"
    ended = lab.call(second)
    assert (ended["ended_by"], ended["sip_status"], ended["verdict"]) == ("callee", 200, "route")
    lines = [rung["line"] for rung in ended["ladder"] if rung["leg"] == "a"]
    assert lines[1:5] == ["100 Trying", "180 Ringing", "200 OK", "ACK"]


def test_cancel_before_the_answer(lab: Lab, transport: str) -> None:
    with Sipp("uas_cancelled", transport=transport, calls=10) as phone:
        number = lab.to_trunk(phone.uri)
        with Sipp(
            "uac_cancel", transport=transport, ip="127.0.0.2", to=lab.server.via, number=number, calls=10, rate=50
        ) as carrier:
            carrier.succeeded(10)
            phone.succeeded(10)
    assert (lab.call(number)["sip_status"], lab.call(number)["cause"]) == (487, "cancelled")


@pytest.mark.parametrize(
    ("theirs", "ours"), [(486, 486), (603, 603), (404, 404), (480, 480), (302, 480), (401, 480), (407, 480)]
)
def test_a_refusal_ends_the_hunt(lab: Lab, theirs: int, ours: int, transport: str) -> None:
    """The second target would answer; nobody asks it. A redirect or a challenge is no answer for the carrier."""
    with Sipp("uas_refuse", transport=transport, status=str(theirs)) as phone, Peer() as never:
        number = lab.to_trunk(phone.uri, never.uri)
        with Sipp(
            "uac_refused", transport=transport, ip="127.0.0.2", to=lab.server.via, number=number, status=str(ours)
        ) as carrier:
            carrier.succeeded()
            phone.succeeded()
        never.quiet(0.1, "INVITE")
    assert lab.call(number)["sip_status"] == ours


@pytest.mark.parametrize("status", [503, 500, 408])
def test_the_next_target_is_tried_after(lab: Lab, status: int, transport: str) -> None:
    with (
        Sipp("uas_refuse", transport=transport, status=str(status)) as broken,
        Sipp("uas_answer", transport=transport) as phone,
    ):
        number = lab.to_trunk((broken.uri, 1), (phone.uri, 2))
        with Sipp("uac_call", transport=transport, ip="127.0.0.2", to=lab.server.via, number=number) as carrier:
            carrier.succeeded()
            broken.succeeded()
            phone.succeeded()
    assert "failover" in lab.trace(number)


def test_a_silent_target_is_given_up_for_the_next(lab: Lab) -> None:
    with Peer() as silent, Sipp("uas_answer") as phone:
        number = lab.to_trunk(silent.uri, phone.uri)
        with Sipp("uac_call", ip="127.0.0.2", to=lab.server.via, number=number) as carrier:
            carrier.succeeded()
            phone.succeeded()
        assert silent.expect("INVITE")
    assert "failover: b1: no answer" in lab.trace(number)


def test_only_silent_targets_end_in_408(lab: Lab, caller: Peer, callee: Peer) -> None:
    talk = caller.call(lab.sip, lab.to_trunk(callee.uri))
    assert talk.refused().status == 408


def test_the_last_refusal_is_the_answer(lab: Lab, transport: str) -> None:
    with (
        Sipp("uas_refuse", transport=transport, status="503") as broken,
        Sipp("uas_refuse", transport=transport, status="486") as busy,
    ):
        number = lab.to_trunk(broken.uri, busy.uri)
        with Sipp(
            "uac_refused", transport=transport, ip="127.0.0.2", to=lab.server.via, number=number, status="486"
        ) as carrier:
            carrier.succeeded()


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".example"], ids=["empty label", "long label"])
def test_a_target_that_is_no_name_ends_the_call(lab: Lab, caller: Peer, host: str) -> None:
    talk = caller.call(lab.sip, lab.to_trunk(f"sip:{host}"))
    assert talk.refused().status == 502


def test_a_trunk_without_a_usable_target_is_nothing_to_route_to(lab: Lab, caller: Peer) -> None:
    talk = caller.call(lab.sip, lab.to_trunk("sip:127.0.0.1:5999;transport=tls"))
    assert talk.refused().status == 480


def test_offer_in_the_200_and_answer_in_the_ack(lab: Lab, transport: str) -> None:
    with Sipp("uas_late_offer", transport=transport, calls=5) as phone:
        number = lab.to_trunk(phone.uri)
        with Sipp(
            "uac_late_offer", transport=transport, ip="127.0.0.2", to=lab.server.via, number=number, calls=5
        ) as carrier:
            carrier.succeeded(5)
            phone.succeeded(5)


def test_changes_of_the_session_pass(lab: Lab, transport: str) -> None:
    with Sipp("uas_changes", transport=transport, calls=5) as phone:
        number = lab.to_trunk(phone.uri)
        with Sipp(
            "uac_changes", transport=transport, ip="127.0.0.2", to=lab.server.via, number=number, calls=5
        ) as carrier:
            carrier.succeeded(5)
            phone.succeeded(5)


def test_the_callers_session_reaches_the_called_side_and_back(lab: Lab, caller: Peer, callee: Peer) -> None:
    number = lab.to_trunk(callee.uri)
    talk = caller.call(lab.sip, number, body=sdp(77), headers=(("Max-Forwards", "9"), ("X-Note", "kept here")))
    invite = callee.expect("INVITE")
    assert (invite.body, invite.get("max-forwards")) == (sdp(77), "8")
    assert invite.uri == f"{callee.uri.replace('sip:', f'sip:+{number}@')}"
    assert "+14155550100" in invite.get("from")
    assert invite.get("call-id") != talk.call_id
    other = callee.answer(invite)
    other.reply(invite, 200, "OK", body=sdp(88))
    assert talk.connected().body == sdp(88)
    assert callee.expect("ACK").body == ""
    talk.bye()
    other.hung_up()
