"""Three workers behind one address: every call is right, whichever socket its messages reach, and whoever dies."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.edge.lab import Lab, command, until
from tests.edge.peer import Message, Peer, Talk, sdp
from tests.edge.sipp import Sipp, free_port
from tests.edge.test_refusals import PASSWORD, auth_number, credentials, proven
from tests.edge.test_transports import Stream, options
from tests.server import Server
from trunkline.sip.owners import MARKS

pytestmark = pytest.mark.outside

WORKERS = 3


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """An installation with three workers; at its end each of them is empty, and nothing was lost between them."""
    made = Lab(tmp_path_factory.mktemp("workers") / "data", "--workers", f"{WORKERS}", TRUNKLINE_SIP_T1="0.2")
    yield made
    counts = made.server.until_empty(30.0, transactions=True)
    assert [worker["limits"] for worker in counts["workers"]] == [0] * WORKERS
    assert (counts["handovers_lost"], counts["records_dropped"]) == (0, 0)
    assert "Traceback" not in made.server.log.read_text()
    assert made.server.stop() == 0
    assert not list(made.server.data.glob("*.sock"))


def owner(message: Message) -> int:
    """The worker that made an answer's To tag."""
    return MARKS.index(message.get("to").rpartition("tag=")[2][0])


@pytest.mark.parametrize(("ours", "theirs"), [("udp", "udp"), ("tcp", "udp"), ("udp", "tcp"), ("tcp", "tcp")])
def test_one_source_is_served_by_all(wide: Lab, ours: str, theirs: str) -> None:
    """One address, one connection: the calls are spread all the same, and all of them end as they should."""
    with Sipp("uas_answer", transport=theirs, calls=40) as phone:
        number, to = wide.to_trunk(phone.uri), wide.server.via
        with Sipp("uac_call", ip="127.0.0.2", transport=ours, to=to, number=number, calls=40, rate=40) as carrier:
            carrier.succeeded(40)
            phone.succeeded(40)
    wide.call(number)
    for _ in until(5):
        if len(wide.native("GET", f"calls?number={number}&limit=100")["items"]) == 40:
            break
    assert len(wide.native("GET", f"calls?number={number}&limit=100")["items"]) == 40, "each call is on record once"


def test_many_sources(wide: Lab) -> None:
    with ExitStack() as stack:
        phone = stack.enter_context(Sipp("uas_answer", calls=48))
        number, to = wide.to_trunk(phone.uri), wide.server.via
        carriers = [
            stack.enter_context(Sipp("uac_call", ip="127.0.0.2", to=to, number=number, calls=8, rate=8))
            for _ in range(6)
        ]
        for carrier in carriers:
            carrier.succeeded(8)
        phone.succeeded(48)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize(
    ("calling", "called"),
    [("uac_hung_up", "uas_hangs_up"), ("uac_changes", "uas_changes"), ("uac_cancel", "uas_cancelled")],
)
def test_changes_cancels_and_ends_from_either_side(wide: Lab, transport: str, calling: str, called: str) -> None:
    with Sipp(called, transport=transport, calls=9) as phone:
        number, to = wide.to_trunk(phone.uri), wide.server.via
        with Sipp(calling, ip="127.0.0.2", transport=transport, to=to, number=number, calls=9, rate=9) as carrier:
            carrier.succeeded(9)
            phone.succeeded(9)


def connect(lab: Lab, caller: Peer, callee: Peer, number: str) -> tuple[Talk, Talk, int]:
    """Connect two peers; return both dialogs and the worker that has the call."""
    a = caller.call(lab.sip, number)
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 200, "OK", body=sdp(2))
    answer = a.connected()
    callee.expect("ACK")
    return a, b, owner(answer)


def test_answers_from_other_ports_find_their_call(wide: Lab) -> None:
    """The callee answers every message from a socket that we have never sent to."""
    owners = set[int]()
    with ExitStack() as stack:
        caller, callee = stack.enter_context(Peer("127.0.0.2")), stack.enter_context(Peer())
        number = wide.to_trunk(callee.uri)
        for calls in range(100):  # which worker reads a datagram is the kernel's choice
            if calls >= 12 and len(owners) == WORKERS:
                break
            elsewhere = stack.enter_context(Peer())
            a = caller.call(wide.sip, number)
            invite = callee.expect("INVITE")
            b = callee.answer(invite)
            b.peer = elsewhere
            b.reply(invite, 180, "Ringing", headers=(("Contact", f"<{callee.uri}>"),))
            caller.expect("180")
            b.reply(invite, 200, "OK", body=sdp(2), headers=())
            owners.add(owner(a.connected()))
            elsewhere.expect("ACK")
            a.bye()
            b.hung_up()
    assert len(owners) == WORKERS, "a call of one source went to each worker"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_what_nothing_listens_at_is_noticed_at_once(wide: Lab, transport: str) -> None:
    """The network's refusal reaches any worker's socket; whoever has the call hears of it."""
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    for _ in range(6):
        closed = f"sip:127.0.0.1:{free_port('127.0.0.1', kind)};transport={transport}"
        with Peer("127.0.0.2") as caller, Peer() as callee:
            number = wide.to_trunk(closed, callee.uri)
            a = caller.call(wide.sip, number)
            invite = callee.expect("INVITE", within=2.0)
            callee.answer(invite).reply(invite, 486)
            assert a.refused().status == 486


def test_a_connection_s_answers_go_back_over_it(wide: Lab) -> None:
    """Whoever answers; and a keep-alive between, and a message said byte by byte."""
    with closing(Stream(wide.server.via)) as stream:
        stream.sock.sendall(b"".join(options() for _ in range(60)))
        answers = [stream.read() for _ in range(60)]
        assert {answer.status for answer in answers} == {200}
        assert {owner(answer) for answer in answers} == set(range(WORKERS))
        for byte in options():
            stream.sock.send(bytes([byte]))
        assert stream.read().status == 200


def test_limits_hold_over_all_workers(wide: Lab) -> None:
    """Fifty callers at once, five channels: in a race one call more for each other worker, as `sip.shared` says."""
    other = wide.tenant("limited")
    carrier = other.carrier("127.0.0.3")
    command(wide.server, "accounts", "limits", other.id, "--channels", "5")
    with ExitStack() as stack:
        callee = stack.enter_context(Peer())
        number = other.number(carrier, trunk=other.trunk(callee.uri))
        for _ in range(3):
            callers = [stack.enter_context(Peer("127.0.0.3")) for _ in range(50)]
            talks = [caller.call(wide.sip, number) for caller in callers]
            ringing: dict[str, Message] = {}
            while (message := callee.next(1.0)) is not None:
                if message.start.startswith("INVITE") and message.get("call-id") not in ringing:
                    ringing[message.get("call-id")] = message
                    callee.answer(message).reply(message, 180, "Ringing")
            assert 5 <= len(ringing) <= 5 + WORKERS - 1
            for invite in ringing.values():
                callee.answer(invite).reply(invite, 480)
            assert [talk.refused().status for talk in talks].count(480) == len(ringing)
            wide.server.until_empty()


def test_credentials_are_good_at_every_worker_but_once(tmp_path: Path) -> None:
    """A challenge may come from one worker and be answered to another; the same proof again is stale at all."""
    lab = Lab(tmp_path / "data", "--workers", f"{WORKERS}")
    try:
        lab.native_carrier(kind="auth", inbound_auth={"username": "trunk-7", "password": PASSWORD})
        with Peer("127.0.0.77") as caller, Peer() as callee:
            number = auth_number(lab, callee.uri)
            owners = set()
            for _ in range(6):
                challenge = caller.call(lab.sip, number).refused()
                assert challenge.status == 401
                proof = (("Authorization", credentials(challenge, number)),)
                talk = caller.call(lab.sip, number, headers=proof)
                invite = callee.expect("INVITE")
                callee.answer(invite).reply(invite, 486)
                assert talk.refused().status == 486
                for _ in range(4):
                    replayed = caller.call(lab.sip, number, headers=proof).refused()
                    assert replayed.status == 401
                    assert "stale=true" in replayed.get("www-authenticate")
                    owners.add(owner(replayed))
            assert len(owners) == WORKERS
            talk = caller.call(lab.sip, number)
            proven(talk, credentials(talk.refused(), number))
            invite = callee.expect("INVITE")
            callee.answer(invite).reply(invite, 486)
            assert talk.refused().status == 486
        lab.server.until_empty()
    finally:
        assert lab.server.stop() == 0


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Lab]:
    """An installation one of whose workers is going to be killed."""
    made = Lab(tmp_path / "data", "--workers", f"{WORKERS}", TRUNKLINE_SIP_T1="0.2")
    yield made
    assert "Traceback" not in made.server.log.read_text()
    assert made.server.stop() == 0


def test_a_killed_worker_takes_its_own_calls_only(mortal: Lab) -> None:
    with ExitStack() as stack:
        pairs = [(stack.enter_context(Peer("127.0.0.2")), stack.enter_context(Peer())) for _ in range(8)]
        calls = [connect(mortal, a, b, mortal.to_trunk(b.uri)) for a, b in pairs]
        killed = calls[0][2]
        theirs = [(a, b) for a, b, worker in calls if worker != killed]
        lost = [a for a, _, worker in calls if worker == killed]
        assert theirs, "eight calls are on more than one worker"
        old = mortal.server.child("edge", killed)
        mortal.server.kill("edge", killed)
        for caller, callee in pairs:  # new calls, at once, from sources of every worker
            talk = caller.call(mortal.sip, mortal.to_trunk(callee.uri))
            for _ in until(6.0, 0.0):
                message = callee.next(0.4)
                if message is not None and message.start.startswith("INVITE"):
                    break
                talk.again()
            else:
                raise AssertionError("a new call does not get through")
            callee.answer(message).reply(message, 486)
            assert talk.refused().status == 486
        for a, b in theirs:
            a.bye()
            b.hung_up()
        for a in lost:
            a.send("BYE")
            assert a.peer.expect("481", method="BYE")
        assert mortal.server.child("edge", killed) != old
        assert mortal.server.until_empty(20.0)["limits"] == 0
    assert f"the edge (worker {killed}) process ended (-9); restarting" in mortal.server.log.read_text()


def test_a_connection_dies_with_its_worker_and_a_new_one_serves(mortal: Lab) -> None:
    """All workers answer over either, whoever had the first."""
    with closing(Stream(mortal.server.via)) as stream:
        stream.sock.sendall(b"".join(options() for _ in range(20)))
        assert {stream.read().status for _ in range(20)} == {200}
        holder = next(w["worker"] for w in mortal.server.counts()["workers"] if w["connections"])
        mortal.server.kill("edge", holder)
        assert stream.ended() == b""
    with closing(Stream(mortal.server.via)) as stream:
        stream.sock.sendall(b"".join(options() for _ in range(20)))
        assert {stream.read().status for _ in range(20)} == {200}


def dialog_over(stream: Stream, lab: Lab, phone: Peer, contact: str) -> tuple[Talk, Message]:
    """Connect a call over a stream, its Contact elsewhere; return the called side's dialog and the caller's 200."""
    number = lab.to_trunk(phone.uri)
    head = (
        f"From: <sip:+14155550100@127.0.0.2>;tag=1\r\nTo: <sip:{number}@127.0.0.1>{{to}}\r\nCall-ID: {number}\r\n"
        f"Max-Forwards: 70\r\nContact: <sip:{contact};transport=tcp>\r\n"
        f"Via: SIP/2.0/TCP {contact};branch=z9hG4bK{number}"
    )
    body = sdp(1)
    start = f"sip:{number}@{lab.server.via} SIP/2.0\r\nCSeq: 1"
    kind = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    stream.sock.sendall(f"INVITE {start} INVITE\r\n{head.format(to='')}\r\n{kind}".encode())
    invite = phone.expect("INVITE")
    talk = phone.answer(invite)
    talk.reply(invite, 200, "OK", body=sdp(2))
    while (answer := stream.read()).status < 200:
        pass
    to = f";tag={answer.get('to').rpartition('tag=')[2]}"
    stream.sock.sendall(f"ACK {start} ACK\r\n{head.format(to=to)}a\r\nContent-Length: 0\r\n\r\n".encode())
    phone.expect("ACK")
    return talk, answer


def test_a_call_outlives_the_worker_that_had_its_connection(mortal: Lab) -> None:
    """The called side hangs up after it: the caller is told over a new connection, to its Contact."""
    with socket.create_server(("127.0.0.2", 0)) as listening, ExitStack() as stack:
        contact = "{}:{}".format(*listening.getsockname())
        for _ in range(30):
            stream, phone = stack.enter_context(closing(Stream(mortal.server.via))), stack.enter_context(Peer())
            holders = [worker["connections"] for worker in mortal.server.counts()["workers"]]
            talk, answer = dialog_over(stream, mortal, phone, contact)
            if not holders[owner(answer)]:
                break
            talk.send("BYE")
            assert phone.expect("200", method="BYE")
            while not stream.read().start.startswith("BYE"):
                pass
            stream.close()
            for _ in until(5):
                if not mortal.server.counts()["connections"]:
                    break
        holder = next(worker for worker, connections in enumerate(holders) if connections)
        mortal.server.kill("edge", holder)
        for _ in until(10):
            if all(worker["answers"] for worker in mortal.server.counts()["workers"]):
                break
        talk.send("BYE")
        assert phone.expect("200", method="BYE")
        listening.settimeout(5)
        connection, _ = listening.accept()
        with connection:
            connection.settimeout(5)
            bye = Message.read(connection.recv(65536), ("", 0))
            assert (bye.method, bye.get("call-id")) == ("BYE", answer.get("call-id"))


def test_a_worker_that_stands_still_loses_nothing_of_the_others(mortal: Lab) -> None:
    """One worker stops for a while: calls of the others go on; status says that it does not answer."""
    with Peer("127.0.0.2") as caller, Peer() as callee:
        number = mortal.to_trunk(callee.uri)
        first = connect(mortal, caller, callee, number)
        stopped = (first[2] + 1) % WORKERS
        process = mortal.server.child("edge", stopped)
        os.kill(process, signal.SIGSTOP)
        try:
            workers = mortal.server.counts()["workers"]
            assert [worker["answers"] for worker in workers] == [worker != stopped for worker in range(WORKERS)]
            assert mortal.explain("127.0.0.2", number)["facts"] == "live"
        finally:
            os.kill(process, signal.SIGCONT)
        first[0].bye()
        first[1].hung_up()
    mortal.server.until_empty()


def test_a_port_that_somebody_else_has_is_named(tmp_path: Path) -> None:
    """Also one that was opened to be shared."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        server = Server(tmp_path / "data", "--workers", "2")
        server.sip = ("127.0.0.1", port)
        with pytest.raises(AssertionError, match=f"127.0.0.1:{port} cannot be opened"):
            server.start()
        server.stop()
