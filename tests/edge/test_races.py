"""Dials that ring several parties at once: the first answer wins, and nobody else is left ringing or talking."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.edge.lab import Lab
from tests.edge.peer import Message, Peer, Talk, sdp
from tests.edge.web import Web

pytestmark = pytest.mark.outside


@pytest.fixture
def other() -> Iterator[Peer]:
    """Give a second peer that is called."""
    with Peer("127.0.0.1") as peer:
        yield peer


def _ringing(peer: Peer) -> tuple[Talk, Message]:
    invite = peer.expect("INVITE")
    talk = peer.answer(invite)
    talk.reply(invite, 183, "Session Progress", body=sdp(7))
    return talk, invite


def _both(lab: Lab, web: Web, caller: Peer, peers: tuple[Peer, Peer], more: str = "") -> tuple[Talk, str]:
    users = "".join(f"<User>{peer.uri}</User>" for peer in peers)
    web.pages["/race"] = f"<Response><Dial>{users}</Dial>{more}</Response>"
    number = lab.to_application(answer_url=f"{web.url}/race")
    return caller.call(lab.sip, number), number


def _cancelled(peer: Peer, talk: Talk, invite: Message) -> None:
    talk.reply(peer.expect("CANCEL"), 200)
    talk.reply(invite, 487)
    peer.expect("ACK")


def test_the_first_answer_wins(lab: Lab, web: Web, caller: Peer, callee: Peer, other: Peer) -> None:
    a, number = _both(lab, web, caller, (callee, other))
    first, invite = _ringing(callee)
    second, invite_too = _ringing(other)
    ring = caller.expect("180")
    assert not ring.body, "which session it will be is not known yet"
    second.reply(invite_too, 200, "OK", body=sdp(2))
    other.expect("ACK")
    assert a.connected().body == sdp(2)
    _cancelled(callee, first, invite)
    a.bye()
    second.hung_up()
    assert lab.call(number)["sip_status"] == 200


def test_a_second_answer_is_hung_up(lab: Lab, web: Web, caller: Peer, callee: Peer, other: Peer) -> None:
    a, _ = _both(lab, web, caller, (callee, other))
    first, invite = _ringing(callee)
    second, invite_too = _ringing(other)
    first.reply(invite, 200, "OK", body=sdp(3))
    second.reply(invite_too, 200, "OK", body=sdp(4))
    callee.expect("ACK")
    other.expect("ACK")
    assert a.connected().body == sdp(3)
    second.hung_up()
    a.bye()
    first.hung_up()


def test_when_all_refuse_the_best_answer_counts(lab: Lab, web: Web, caller: Peer, callee: Peer, other: Peer) -> None:
    a, _ = _both(lab, web, caller, (callee, other))
    for peer, status in ((callee, 404), (other, 486)):
        invite = peer.expect("INVITE")
        peer.answer(invite).reply(invite, status)
        peer.expect("ACK")
    assert a.refused().status == 486


def test_cancel_reaches_every_party(lab: Lab, web: Web, caller: Peer, callee: Peer, other: Peer) -> None:
    a, _ = _both(lab, web, caller, (callee, other))
    legs = [(peer, *_ringing(peer)) for peer in (callee, other)]
    caller.expect("180")
    a.cancel()
    assert a.refused().status == 487
    for peer, talk, invite in legs:
        _cancelled(peer, talk, invite)


def test_a_party_that_may_not_be_rung_is_left_out(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    web.pages["/mixed"] = f"<Response><Dial><User>sip:x@203.0.113.9</User><User>{callee.uri}</User></Dial></Response>"
    number = lab.to_application(answer_url=f"{web.url}/mixed")
    a = caller.call(lab.sip, number)
    talk, invite = _ringing(callee)
    talk.reply(invite, 200, "OK", body=sdp(2))
    callee.expect("ACK")
    a.connected()
    a.bye()
    talk.hung_up()
    assert "203.0.113.9 is not allowed" in lab.trace(number)


def test_a_target_that_is_down_rests(lab: Lab, caller: Peer, callee: Peer, other: Peer) -> None:
    """After a 503 the next call goes to the sibling first; when that fails as well, the resting one is tried again."""
    number = lab.to_trunk((callee.uri, 1), (other.uri, 2))

    def refuse(peer: Peer, *headers: tuple[str, str]) -> None:
        invite = peer.expect("INVITE")
        peer.answer(invite).reply(invite, 503, headers=headers)
        peer.expect("ACK")

    first = caller.call(lab.sip, number)
    refuse(callee, ("Retry-After", "60"))
    refuse(other, ("Retry-After", "0"))
    assert first.refused().status == 503
    second = caller.call(lab.sip, number)
    refuse(other)
    refuse(callee)
    assert second.refused().status == 503
