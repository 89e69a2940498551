"""kill -9: of the API under calls, and of everything in the middle of writes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edge.lab import Lab, until
from tests.edge.peer import Peer, sdp
from tests.edge.sipp import Sipp
from tests.prove.loads import Adder, after, digits, judge, present, total

pytestmark = pytest.mark.outside


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Give an installation of the test's own, since it is going to be killed."""
    made = Lab(tmp_path / "data")
    yield made
    made.server.stop()


def test_calls_outlive_the_api_and_the_edge_comes_back_too(lab: Lab) -> None:
    """Calls in progress go on, new ones route, the API comes back at its port by itself; and so does a killed edge."""
    with Sipp("uas_answer", calls=60) as phone, Peer() as callee, Peer("127.0.0.2") as caller:
        number, steady = lab.to_trunk(phone.uri), lab.to_trunk(callee.uri)
        talk = caller.call(lab.sip, steady)
        invite = callee.expect("INVITE")
        other = callee.answer(invite)
        other.reply(invite, 200, "OK", body=sdp(2))
        talk.connected()
        callee.expect("ACK")
        with Sipp("uac_call", ip="127.0.0.2", to=lab.server.via, number=number, calls=60, rate=60) as carrier:
            edge, api = lab.server.child("edge"), lab.server.child("api")
            lab.server.kill("api")
            carrier.succeeded(60)
            phone.succeeded(60)
        talk.bye()
        other.hung_up()
        for _ in until(15):
            if answers(lab.server.http) and new_child(lab, api):
                break
        assert lab.native("GET", f"numbers/{number}")["number"] == number
        assert lab.server.child("edge") == edge
        lab.server.until_empty()
        lab.server.kill("edge")
        talk = caller.call(lab.sip, steady)
        for _ in until(10, 0.2):
            talk.again()
            if callee.next(0.1) is not None:
                break
        talk.cancel()
        assert talk.refused().status == 487
        assert lab.server.child("edge") != edge


def new_child(lab: Lab, old: int) -> bool:
    """Tell whether another API process has taken the place of the killed one."""
    try:
        return lab.server.child("api") != old
    except LookupError:
        return False


def answers(door: tuple[str, int]) -> bool:
    """Tell whether an HTTP server answers at this door."""
    try:
        with socket.create_connection(door, 1) as connection:
            connection.settimeout(1)
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return connection.recv(4) == b"HTTP"
    except OSError:
        return False


def test_answered_additions_outlive_kill_9(lab: Lab) -> None:
    """Three times: single additions and batches of 20 at once, killed in the middle; nothing answered is lost."""
    numbers = digits(3000000)
    application = lab.application(answer_url="http://127.0.0.1:9/")
    kept: set[str] = set()
    for kill_after in (30, 90, 150):
        singles = [[next(numbers)] for _ in range(300)]
        batches = [[next(numbers) for _ in range(20)] for _ in range(40)]
        adders = [Adder(lab, lab.carrier_id, part, application) for part in (singles[::2], singles[1::2], batches)]
        for adder in adders:
            adder.start()
        assert after(adders, kill_after) >= kill_after
        lab.server.kill()
        for adder in adders:
            adder.join(20)
            assert not adder.refused
        assert 0 < total(adders) < 1100, "killed too early or too late to show anything"
        lab.server.start()
        there = present(lab)
        assert judge(adders, there) == ([], [])
        assert kept <= there, "what outlived the last kill outlives this one"
        kept = there
        last = adders[0].answered[-1][0]
        assert lab.explain("127.0.0.2", last)["verdict"] == "route"
        with Peer("127.0.0.2") as caller:
            assert caller.call(lab.sip, last).refused().status == 480, "its application does not answer, but it routes"
    with Peer("127.0.0.2") as caller:
        statuses = {lab.explain("127.0.0.2", number)["verdict"] for number in sorted(kept)[:5]}
        assert statuses == {"route"}
        assert caller.call(lab.sip, "12129999999").refused().status == 404
