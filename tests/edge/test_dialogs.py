"""What happens within a call when messages are lost, cross, come late or come wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.edge.lab import Lab, until
from tests.edge.peer import Peer, Talk, sdp, token
from tests.sip.rfc4475 import CASES

pytestmark = pytest.mark.outside


@pytest.fixture
def number(lab: Lab, callee: Peer) -> str:
    """Give a number that leads to the called peer."""
    return lab.to_trunk(callee.uri)


@contextmanager
def talking(lab: Lab, caller: Peer, callee: Peer, number: str) -> Iterator[tuple[Talk, Talk]]:
    """Connect the two peers and give their dialogs; whoever still talks at the end hangs up."""
    a = caller.call(lab.sip, number)
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 200, "OK", body=sdp(2))
    a.connected()
    callee.expect("ACK")
    yield a, b
    a.bye()
    b.hung_up()


# Retransmissions


def test_an_invite_that_comes_twice_is_one_call(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    a = caller.call(lab.sip, number)
    a.again()
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 180, "Ringing")
    caller.expect("180")
    a.again()
    assert caller.expect("180"), "a retransmitted INVITE brings the last provisional answer again"
    b.reply(invite, 200, "OK", body=sdp(2))
    a.connected()
    callee.expect("ACK")
    assert {m.get("call-id") for m in callee.seen if m.method == "INVITE"} <= {invite.get("call-id")}
    a.bye()
    b.hung_up()
    assert lab.call(number)["sip_status"] == 200
    assert len(lab.calls(number)) == 1


def test_the_invite_is_sent_until_something_comes(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    a = caller.call(lab.sip, number)
    first, second = callee.expect("INVITE"), callee.expect("INVITE")
    assert first.get("via") == second.get("via")
    callee.answer(first).reply(first, 486, "Busy Here")
    callee.expect("ACK")
    assert a.refused().status == 486


def test_a_lost_200_is_sent_again_until_the_ack(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    a = caller.call(lab.sip, number)
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 200, "OK", body=sdp(2))
    callee.expect("ACK")
    caller.expect("200")
    caller.expect("200")
    a.connected()
    caller.quiet(0.3, "200")
    a.bye()
    b.hung_up()


def test_a_200_that_comes_twice_is_acknowledged_twice(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    a = caller.call(lab.sip, number)
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 200, "OK", body=sdp(2))
    first = callee.expect("ACK")
    b.reply(invite, 200, "OK", body=sdp(2))
    second = callee.expect("ACK")
    assert (first.uri, first.cseq, first.body) == (second.uri, second.cseq, second.body)
    a.connected()
    a.bye()
    b.hung_up()


def test_no_ack_at_all_ends_both_legs(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    caller.call(lab.sip, number)
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 200, "OK", body=sdp(2))
    callee.expect("ACK")
    b.hung_up(within=4.0)
    assert caller.expect("BYE")
    ended = lab.call(number)
    assert (ended["ended_by"], ended["sip_status"]) == ("error", 200)
    assert "no ACK" in lab.trace(number)


def test_a_lost_bye_is_sent_again_and_the_call_is_over(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    a = caller.call(lab.sip, number)
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 200, "OK", body=sdp(2))
    a.connected()
    callee.expect("ACK")
    first = a.send("BYE")
    caller.expect("200", method="BYE")
    caller.send(first, lab.sip)
    assert caller.expect("200", method="BYE"), "a BYE that comes twice is answered twice"
    one, two = callee.expect("BYE"), callee.expect("BYE")
    assert one.get("via") == two.get("via")
    b.reply(two, 200)
    callee.quiet(0.3, "BYE")


def test_a_caller_that_vanishes_while_it_rings(lab: Lab, callee: Peer, number: str) -> None:
    with Peer("127.0.0.2") as gone:
        gone.call(lab.sip, number)
        invite = callee.expect("INVITE")
        gone.expect("100")
    b = callee.answer(invite)
    b.reply(invite, 180, "Ringing")
    b.reply(invite, 200, "OK", body=sdp(2))
    callee.expect("ACK")
    b.hung_up(within=4.0)
    assert lab.call(number)["ended_by"] == "error"


# Ringing and giving up


def test_a_cancel_that_crosses_the_200(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    """The called side has answered, the caller has cancelled: both sides come out without a call."""
    a = caller.call(lab.sip, number)
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 180, "Ringing")
    caller.expect("180")
    a.cancel()
    assert a.refused().status == 487
    cancel = callee.expect("CANCEL")
    b.reply(invite, 200, "OK", body=sdp(2))
    b.reply(cancel, 200)
    assert callee.expect("ACK").cseq == 1
    b.hung_up()
    assert lab.call(number)["sip_status"] == 487


def test_a_cancel_before_the_called_side_has_said_anything(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    """RFC 3261 section 9.1: the CANCEL waits for a provisional answer."""
    a = caller.call(lab.sip, number)
    invite = callee.expect("INVITE")
    a.cancel()
    assert a.refused().status == 487
    callee.quiet(0.1, "CANCEL")
    b = callee.answer(invite)
    b.reply(invite, 180, "Ringing")
    cancel = callee.expect("CANCEL")
    b.reply(cancel, 200)
    b.reply(invite, 487)
    assert callee.expect("ACK").get("via") == invite.get("via")


def test_ringing_is_limited(lab: Lab, caller: Peer) -> None:
    """`sip.ring_s`: a target that rings on is cancelled, and the next one is tried."""
    with Peer() as first, Peer() as second:
        a = caller.call(lab.sip, lab.to_trunk(first.uri, second.uri))
        invite = first.expect("INVITE")
        b = first.answer(invite)
        b.reply(invite, 180, "Ringing")
        cancel = first.expect("CANCEL")
        b.reply(cancel, 200)
        b.reply(invite, 487)
        first.expect("ACK")
        last = second.expect("INVITE")
        second.answer(last).reply(last, 603)
        assert a.refused().status == 603


def test_early_media_of_the_only_leg_passes(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    a = caller.call(lab.sip, number)
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 183, "Session Progress", body=sdp(5))
    assert caller.expect("183").body == sdp(5)
    b.reply(invite, 200, "OK", body=sdp(5))
    a.connected()
    callee.expect("ACK")
    a.bye()
    b.hung_up()


def test_early_media_stays_back_while_another_leg_may_follow(lab: Lab, caller: Peer) -> None:
    with Peer() as first, Peer() as second:
        a = caller.call(lab.sip, lab.to_trunk(first.uri, second.uri))
        invite = first.expect("INVITE")
        b = first.answer(invite)
        b.reply(invite, 183, "Session Progress", body=sdp(5))
        assert caller.expect("18").body == ""
        b.reply(invite, 180, "Ringing")
        caller.quiet(0.1, "18")
        b.reply(invite, 500)
        last = second.expect("INVITE")
        c = second.answer(last)
        c.reply(last, 183, "Session Progress", body=sdp(6))
        assert caller.expect("183").body == sdp(6)
        c.reply(last, 200, "OK", body=sdp(6))
        assert a.connected().body == sdp(6)
        second.expect("ACK")
        a.bye()
        c.hung_up()
        assert caller.seen[0].start.startswith("SIP/2.0 100")


def test_183_without_a_session_is_ringing(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    a = caller.call(lab.sip, number)
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 183, "Session Progress")
    assert caller.expect("18").start == "SIP/2.0 180 Ringing"
    b.reply(invite, 486)
    assert a.refused().status == 486


# Changes of a session


def test_the_called_side_changes_the_session(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    with talking(lab, caller, callee, number) as (a, b):
        b.send("INVITE", body=sdp(10))
        invite = caller.expect("INVITE")
        assert invite.body == sdp(10)
        a.reply(invite, 200, "OK", body=sdp(11))
        assert callee.expect("200", method="INVITE").body == sdp(11)
        b.ack(1)
        caller.expect("ACK")


def test_an_offer_in_the_other_direction(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    """A re-INVITE without an offer: the other side's offer comes back in the 200, the answer goes in the ACK."""
    with talking(lab, caller, callee, number) as (a, b):
        b.send("INVITE")
        invite = caller.expect("INVITE")
        assert invite.body == ""
        a.reply(invite, 200, "OK", body=sdp(20))
        assert callee.expect("200", method="INVITE").body == sdp(20)
        caller.quiet(0.1, "ACK")
        b.ack(1, body=sdp(21))
        assert caller.expect("ACK").body == sdp(21)


def test_a_refused_change_leaves_the_call(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    with talking(lab, caller, callee, number) as (a, b):
        a.invite(body=sdp(10))
        invite = callee.expect("INVITE")
        b.reply(invite, 488, "Not Acceptable Here")
        assert caller.expect("488")
        callee.expect("ACK")


def test_two_changes_that_meet_are_refused(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    with talking(lab, caller, callee, number) as (a, b):
        a.send("INVITE", body=sdp(10))
        invite = callee.expect("INVITE")
        b.send("INVITE", body=sdp(11))
        assert callee.expect("491", method="INVITE")
        b.reply(invite, 200, "OK", body=sdp(12))
        caller.expect("200", method="INVITE")
        a.ack(2)
        callee.expect("ACK")


def test_a_second_change_from_the_same_side_waits(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    with talking(lab, caller, callee, number) as (a, b):
        a.send("INVITE", body=sdp(10))
        invite = callee.expect("INVITE")
        a.send("INVITE", body=sdp(11))
        assert caller.expect("500", method="INVITE").get("retry-after")
        b.reply(invite, 200, "OK", body=sdp(12))
        caller.expect("200", method="INVITE")
        a.ack(2)


def test_a_change_is_cancelled(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    with talking(lab, caller, callee, number) as (a, b):
        a.invite(body=sdp(10))
        invite = callee.expect("INVITE")
        b.reply(invite, 180, "Ringing")
        caller.expect("180")
        a.cancel()
        cancel = callee.expect("CANCEL")
        b.reply(cancel, 200)
        b.reply(invite, 487)
        assert a.refused().status == 487


@pytest.mark.parametrize("who", ["caller", "callee"])
def test_a_bye_ends_a_change_that_is_under_way(lab: Lab, caller: Peer, callee: Peer, number: str, who: str) -> None:
    """RFC 3261 section 15.1.2: requests that wait for an answer when the BYE comes are answered 487."""
    a = caller.call(lab.sip, number)
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 200, "OK", body=sdp(2))
    a.connected()
    callee.expect("ACK")
    a.invite(body=sdp(10))
    change = callee.expect("INVITE")
    b.reply(change, 100, "Trying")
    ends, stays = (a, b) if who == "caller" else (b, a)
    ends.send("BYE")
    ends.peer.expect("200", method="BYE")
    assert caller.expect("487", method="INVITE")
    stays.hung_up()
    b.reply(change, 487)
    callee.expect("ACK")


def test_info_and_update_pass_both_ways(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    with talking(lab, caller, callee, number) as (a, b):
        dtmf = (("Content-Type", "application/dtmf-relay"),)
        a.send("INFO", body="Signal=5\r\nDuration=160", headers=dtmf)
        info = callee.expect("INFO")
        assert (info.body, info.get("content-type")) == ("Signal=5\r\nDuration=160", "application/dtmf-relay")
        b.reply(info, 200)
        assert caller.expect("200", method="INFO")
        b.send("UPDATE", body=sdp(30))
        update = caller.expect("UPDATE")
        assert update.body == sdp(30)
        a.reply(update, 200, "OK", body=sdp(31))
        assert callee.expect("200", method="UPDATE").body == sdp(31)


@pytest.mark.parametrize("body", [sdp(5), ""])
def test_a_request_that_passes_during_a_change(lab: Lab, caller: Peer, callee: Peer, number: str, body: str) -> None:
    """The ACK of the change carries the change's own number, whatever was sent since."""
    with talking(lab, caller, callee, number) as (a, b):
        a.invite(body)
        change = callee.expect("INVITE")
        a.send("INFO")
        info = callee.expect("INFO")
        assert info.cseq > change.cseq
        b.reply(info, 200)
        assert caller.expect("200", method="INFO")
        b.reply(change, 200, body=sdp(6))
        a.ack(caller.expect("200", method="INVITE").cseq, body="" if body else sdp(5))
        assert callee.expect("ACK").cseq == change.cseq


def test_a_request_whose_call_ends_meanwhile_is_answered(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    a = caller.call(lab.sip, number)
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 200, "OK", body=sdp(2))
    a.connected()
    callee.expect("ACK")
    a.send("INFO")
    info = callee.expect("INFO")
    b.send("BYE")
    callee.expect("200", method="BYE")
    a.hung_up()
    b.reply(info, 481)
    assert caller.expect("487", method="INFO")


def test_a_side_that_lost_its_dialog_ends_the_call(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    a = caller.call(lab.sip, number)
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 200, "OK", body=sdp(2))
    a.connected()
    callee.expect("ACK")
    a.send("UPDATE", body=sdp(3))
    b.reply(callee.expect("UPDATE"), 481)
    assert caller.expect("481", method="UPDATE")
    a.hung_up()
    assert lab.call(number)["ended_by"] == "callee"


# Messages that are wrong


@pytest.mark.parametrize(
    ("header", "status", "also"),
    [
        (("Max-Forwards", "0"), 483, ("unsupported", "")),
        (("Require", "100rel"), 420, ("unsupported", "100rel")),
        (("Contact", ""), 400, ("unsupported", "")),
        (("Content-Type", "text/plain"), 415, ("accept", "application/sdp, multipart/mixed")),
    ],
    ids=["hops", "100rel", "no contact", "media type"],
)
def test_an_invite_that_is_refused_for_what_it_is(
    lab: Lab, header: tuple[str, str], status: int, also: tuple[str, str]
) -> None:
    number = lab.to_trunk("sip:127.0.0.1:9")
    with Peer("127.0.0.2") as caller:
        answer = caller.call(lab.sip, number, headers=(header,)).refused()
    assert (answer.status, answer.get(also[0])) == (status, also[1])
    row = lab.unclaimed("message_refused", source="127.0.0.2", number=number)
    assert row["trace"][0]["text"].startswith(str(status))


def test_a_strangers_odd_messages_are_answered_once(lab: Lab, number: str) -> None:
    """No retransmissions to an address that may be forged; a carrier's 483 above is sent until it is acknowledged."""
    with Peer("127.0.0.9") as stranger:
        stranger.call(lab.sip, number, headers=(("Max-Forwards", "0"),))
        assert stranger.expect("483")
        stranger.quiet(0.3, "483")
        talk = Talk(stranger, lab.sip, f"<sip:x@{stranger.ip}>;tag=1", f"<sip:{number}@127.0.0.1>;tag=none")
        talk.target = f"sip:{number}@127.0.0.1"
        talk.send("INVITE", body=sdp(1))
        assert stranger.expect("481")
        stranger.quiet(0.3, "481")


def test_options(lab: Lab, caller: Peer) -> None:
    talk = Talk(caller, lab.sip, f"<sip:a@{caller.ip}>;tag=1", "<sip:127.0.0.1>", target="sip:127.0.0.1")
    talk.send("OPTIONS")
    answer = caller.expect("200", method="OPTIONS")
    assert "INVITE" in answer.get("allow")
    talk.send("OPTIONS", headers=(("Require", "magic"),))
    assert caller.expect("420").get("unsupported") == "magic"
    with Peer("127.0.0.9") as stranger:
        Talk(stranger, lab.sip, "<sip:a@b>;tag=1", "<sip:127.0.0.1>", target="sip:127.0.0.1").send("OPTIONS")
        assert stranger.expect("403", method="OPTIONS")


@pytest.mark.parametrize(("method", "status"), [("BYE", "481"), ("INFO", "481"), ("X", "405")])
def test_requests_outside_of_calls(lab: Lab, caller: Peer, method: str, status: str) -> None:
    Talk(caller, lab.sip, "<sip:a@b>;tag=1", "<sip:127.0.0.1>", target="sip:127.0.0.1").send(method)
    assert "INVITE" in caller.expect(status, method=method).get("allow")


@pytest.mark.parametrize("method", ["BYE", "INFO", "UPDATE", "INVITE", "OPTIONS"])
def test_an_unknown_dialog(lab: Lab, caller: Peer, method: str) -> None:
    talk = Talk(caller, lab.sip, "<sip:a@b>;tag=1", f"<sip:x@b>;tag={token()}", target="sip:127.0.0.1")
    talk.send(method)
    assert caller.expect("481", method=method)


def test_requests_out_of_order(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    with talking(lab, caller, callee, number) as (a, b):
        a.cseq = 10
        a.send("INFO")
        b.reply(callee.expect("INFO"), 200)
        caller.expect("200", method="INFO")
        a.send("INFO", cseq=7)
        assert caller.expect("500", method="INFO")
        callee.quiet(0.1, "INFO")


def test_what_a_call_cannot_carry(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    with talking(lab, caller, callee, number) as (a, _):
        a.send("INVITE", body=sdp(3), headers=(("Contact", "<<bad>"),))
        assert caller.expect("400", method="INVITE")
        a.send("INVITE", body=sdp(3), headers=(("Require", "magic"),))
        assert caller.expect("420", method="INVITE").get("unsupported") == "magic"
        a.send("SUBSCRIBE")
        assert caller.expect("405")
        a.send("OPTIONS")
        assert caller.expect("200", method="OPTIONS")


def test_a_contact_that_is_a_name_is_not_looked_up(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    """Requests then go where the call came from, and the edge does not wait for the DNS."""
    a = caller.call(lab.sip, number, headers=(("Contact", "<sip:carrier@no-such-host-1>"),))
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 200, "OK", body=sdp(2))
    a.connected()
    callee.expect("ACK")
    b.send("BYE")
    callee.expect("200", method="BYE")
    assert a.hung_up().uri == "sip:carrier@no-such-host-1"


def test_bytes_that_are_no_text(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    """They reach records and the API as question marks, and take nothing with them."""
    with Peer("127.0.0.9") as stranger:
        stranger.call(lab.sip, "%FF\udcfe9")
        status = stranger.expect("40").status  # 401 where other tests have left somebody with credentials
    verdict = {401: "credentials_missing", 403: "source_unknown"}[status]
    assert lab.unclaimed(verdict, source="127.0.0.9", number="??9")
    a = caller.call(lab.sip, number, headers=(("Subject", "\udcff"),))
    a.mine = a.mine.replace("sip:", "sip:\udcff")
    callee.expect("INVITE")
    a.cancel()
    a.refused()
    odd = Talk(caller, lab.sip, f'"\udcfe" <sip:\udcff@{caller.ip}>;tag={token()}', f"<sip:{number}@127.0.0.1>")
    odd.target = f"sip:{number};x=\udcff@127.0.0.1"
    odd.invite()
    odd.cancel()
    odd.refused()
    for _ in until(5):
        if len(lab.calls(number)) == 2:
            break
    assert lab.call(number)["caller"] == "?"


def test_torture_messages_do_not_hurt(lab: Lab, caller: Peer, callee: Peer, number: str) -> None:
    """RFC 4475's messages through the real socket, from a carrier and from a stranger; then a call works."""
    with Peer("127.0.0.9") as stranger:
        for peer in (caller, stranger):
            for case in CASES:
                peer.send(case.data, lab.sip)
                peer.send(case.data[: len(case.data) // 2], lab.sip)
            for junk in (b"", b"\0" * 100, b"\r\n\r\n", b"INVITE", b"\xff" * 2000, b"SIP/2.0 200 OK\r\n\r\n"):
                peer.send(junk, lab.sip)
        with talking(lab, caller, callee, number):
            pass
    assert any(message.status >= 300 for message in caller.seen), "those that ask for rport are answered here"
