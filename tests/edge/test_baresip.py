"""baresip at one end or at both: a SIP stack that is not ours, with real session descriptions and RTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.edge.baresip import Baresip
from tests.edge.lab import Lab
from tests.edge.peer import Peer, sdp
from tests.edge.sipp import Sipp
from tests.edge.web import Web

pytestmark = pytest.mark.outside

LOGIN = ("trunk-8", "staple-42")


@dataclass(frozen=True)
class Road:
    """How phones and Trunkline reach each other: the transport, and where each phone stands."""

    transport: str
    caller: str
    callee: str


ROADS = {
    "udp": Road("udp", "127.0.0.3", "127.0.0.1"),
    "tcp": Road("tcp", "127.0.0.3", "127.0.0.1"),
    "udp6": Road("udp", "::1", "::1"),
    "tcp6": Road("tcp", "::1", "::1"),
}


class Place:
    """An installation at the end of a road, and the phones on it. Its carrier proves itself by credentials, since over
    TCP baresip's own address is also Trunkline's.
    """

    def __init__(self, lab: Lab, road: Road) -> None:
        self.lab, self.road = lab, road
        lab.native_carrier(kind="auth", inbound_auth={"username": LOGIN[0], "password": LOGIN[1]})
        self.carrier = str(lab.plivo("GET", "IncomingCarrier/?name=native")["objects"][0]["carrier_id"])

    @property
    def via(self) -> str:
        """Where Trunkline listens on this road."""
        return self.lab.server.sip_doors[-1]

    def caller(self, login: tuple[str, str] = LOGIN) -> Baresip:
        """Start a phone that calls in."""
        return Baresip("caller", ip=self.road.caller, transport=self.road.transport, login=login)

    def callee(self, answermode: str = "manual") -> Baresip:
        """Start a phone that is called."""
        return Baresip("callee", ip=self.road.callee, transport=self.road.transport, answermode=answermode)

    def number(self, target: str) -> str:
        """Return a number of the carrier's that leads to a URI."""
        return self.lab.number(self.carrier, trunk=self.lab.trunk(target))

    def outcome(self, number: str) -> tuple[int, str, str]:
        """Return what is on record of a number's last call: status, who ended it, why."""
        record = self.lab.call(number)
        return record["sip_status"], record["ended_by"], record["cause"]


@pytest.fixture(scope="module", params=ROADS)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Give an installation for each road; at its end no call, leg, limit or task is left in it."""
    road = ROADS[request.param]
    settings = {"TRUNKLINE_SIP_T1": "0.5", "TRUNKLINE_SIP_RING_S": "30"}
    lab = Lab(
        tmp_path_factory.mktemp("baresip") / "data", *(["--sip", "[::1]:0"] if ":" in road.caller else []), **settings
    )
    try:
        yield Place(lab, road)
        lab.server.until_empty()
        assert "Traceback" not in lab.server.log.read_text()
    finally:
        lab.server.stop()


@pytest.mark.parametrize("road", ROADS.values(), ids=ROADS)
def test_phones_call_each_other_without_us(road: Road) -> None:
    """What the tests below stand on works without Trunkline, also by the roads that it does not take yet."""
    with (
        Baresip("caller", ip=road.caller, transport=road.transport) as a,
        Baresip("callee", ip=road.callee, transport=road.transport, answermode="auto") as b,
    ):
        a.dial("callee", b.door)
        a.established()
        b.established()
        a.hang_up()
        assert b.closed() == "Connection reset by peer"
    assert f"\n{road.transport.upper()} " in a.log


@pytest.mark.parametrize("first", ["caller", "callee"])
def test_one_phone_calls_another(place: Place, first: str) -> None:
    with place.caller() as a, place.callee() as b:
        number = place.number(b.uri)
        a.dial(number, place.via)
        assert "caller@" in b.expect("CALL_INCOMING").peer
        a.expect("CALL_RINGING")
        b.accept()
        a.established()
        b.established()
        (a if first == "caller" else b).hang_up()
        assert (b if first == "caller" else a).closed() == "Connection reset by peer"
    assert place.outcome(number) == (200, first, "normal")


def test_sound_before_the_answer(place: Place) -> None:
    """The session of the callee's 183 reaches the caller, whose sound reaches the callee while it still rings."""
    with place.caller() as a, place.callee("early") as b:
        a.dial(place.number(b.uri), place.via)
        a.expect("CALL_PROGRESS")
        b.expect("CALL_RTPESTAB")
        b.accept()
        a.expect("CALL_ESTABLISHED")
        b.expect("CALL_ESTABLISHED")
        a.hang_up()
        b.closed()


@pytest.mark.parametrize("holder", ["caller", "callee"])
def test_hold_and_resume_pass(place: Place, holder: str) -> None:
    with place.caller() as a, place.callee("auto") as b:
        a.dial(place.number(b.uri), place.via)
        a.established()
        b.established()
        one, other = (a, b) if holder == "caller" else (b, a)
        one.hold()
        one.direction("sendonly")
        other.direction("recvonly")
        one.resume()
        one.direction("sendrecv")
        other.direction("sendrecv")
        one.hang_up()
        other.closed()


def test_a_phone_that_is_busy(place: Place) -> None:
    with place.caller() as a, place.callee() as b:
        number = place.number(b.uri)
        a.dial(number, place.via)
        b.expect("CALL_INCOMING")
        b.hang_up()
        assert a.closed().startswith("486 ")
    assert place.outcome(number) == (486, "callee", "busy")


def test_a_caller_that_gives_up_while_it_rings(place: Place) -> None:
    with place.caller() as a, place.callee() as b:
        number = place.number(b.uri)
        a.dial(number, place.via)
        b.expect("CALL_INCOMING")
        a.expect("CALL_RINGING")
        a.hang_up()
        b.closed()
    assert place.outcome(number) == (487, "caller", "cancelled")


def test_a_phone_with_a_wrong_password(place: Place) -> None:
    with place.callee() as b, place.caller((LOGIN[0], "wrong")) as a:
        number = place.number(b.uri)
        a.dial(number, place.via)
        assert a.closed().startswith("403 ")
    assert "INVITE" not in b.log
    assert place.lab.unclaimed("credentials_wrong", number=number)


def test_an_application_dials_the_phone(place: Place, web: Web) -> None:
    with place.caller() as a, place.callee("auto") as b:
        web.pages |= {"/dial": f"<Response><Dial><User>{b.uri}</User></Dial></Response>", "/over": ""}
        hooks = {"answer_url": f"{web.url}/dial", "hangup_url": f"{web.url}/over"}
        number = place.lab.number(place.carrier, application=place.lab.application(**hooks))
        a.dial(number, place.via)
        a.established()
        b.established()
        b.hang_up()
        a.closed()
        assert web.told("/over").params["To"] == number
    assert place.lab.call(number)["sip_status"] == 200


# With another stack at the other end, and a carrier that is known by its address


def test_the_carrier_by_its_address_to_sipp(lab: Lab) -> None:
    with Baresip("caller", ip="127.0.0.2") as a, Sipp("uas_hangs_up") as phone:
        number = lab.to_trunk(phone.uri)
        a.dial(number, lab.server.via)
        a.expect("CALL_ESTABLISHED")
        a.closed()
        phone.succeeded()
    assert lab.call(number)["ended_by"] == "callee"


def test_sipp_calls_the_phone(lab: Lab) -> None:
    with Baresip("callee", answermode="auto") as b:
        number = lab.to_trunk(b.uri)
        with Sipp("uac_call", ip="127.0.0.2", to=lab.server.via, number=number) as carrier:
            carrier.succeeded()
        b.expect("CALL_ESTABLISHED")
        b.closed()
    assert lab.call(number)["ended_by"] == "caller"


def test_a_call_without_an_offer(lab: Lab, caller: Peer) -> None:
    """The phone's offer comes in its 200, the carrier's answer goes to it in the ACK."""
    with Baresip("callee", answermode="auto") as b:
        talk = caller.call(lab.sip, lab.to_trunk(b.uri), body="")
        answer = talk.take(caller.expect("200", method="INVITE"))
        assert "m=audio" in answer.body
        talk.ack(answer.cseq, sdp(1))
        b.expect("CALL_ESTABLISHED")
        b.direction("sendrecv")
        talk.bye()
        b.closed()
