"""TCP beside UDP, IPv6 beside IPv4, several listeners, large requests, and what hostile connections get."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.edge.lab import Lab, until
from tests.edge.peer import Message, Peer, sdp, token
from tests.edge.sipp import Sipp, free_port
from tests.server import Server
from trunkline.sip.tcp import MAX_OF_STRANGER

pytestmark = pytest.mark.outside

KINDS = [("udp", "127.0.0.1"), ("tcp", "127.0.0.1"), ("udp", "::1"), ("tcp", "::1")]


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """An installation that listens over UDP and TCP at an IPv4 and an IPv6 address."""
    made = Lab(tmp_path_factory.mktemp("wide") / "data", "--sip", "[::1]:0", TRUNKLINE_SIP_T1="0.2")
    try:
        made.carrier_id = made.carrier("127.0.0.2", "::1")
        yield made
        made.server.until_empty(30.0, transactions=True)
        assert "Traceback" not in made.server.log.read_text()
    finally:
        assert made.server.stop() == 0


def door(lab: Lab, ip: str) -> str:
    """Where to send to from this address."""
    return lab.server.sip_doors[1 if ":" in ip else 0]


@pytest.mark.parametrize(("theirs", "called"), KINDS)
@pytest.mark.parametrize(("ours", "calling"), KINDS)
def test_a_call_from_every_kind_to_every_kind(wide: Lab, ours: str, calling: str, theirs: str, called: str) -> None:
    source = "127.0.0.2" if calling == "127.0.0.1" else calling
    with Sipp("uas_answer", ip=called, transport=theirs, calls=3) as phone:
        number = wide.to_trunk(phone.uri)
        to = door(wide, source)
        with Sipp("uac_call", ip=source, transport=ours, to=to, number=number, calls=3) as carrier:
            carrier.succeeded(3)
            phone.succeeded(3)
    assert wide.call(number)["ended_by"] == "caller"


@pytest.mark.parametrize(("transport", "ip"), KINDS)
def test_the_called_side_hangs_up(wide: Lab, transport: str, ip: str) -> None:
    """The BYE goes to a caller over the connection that it made, or to its address."""
    source = "127.0.0.2" if ip == "127.0.0.1" else ip
    with Sipp("uas_hangs_up", ip=ip, transport=transport) as phone:
        number = wide.to_trunk(phone.uri)
        with Sipp("uac_hung_up", ip=source, transport=transport, to=door(wide, source), number=number) as carrier:
            carrier.succeeded()
            phone.succeeded()
    assert wide.call(number)["ended_by"] == "callee"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_what_nothing_listens_at_is_noticed_at_once(wide: Lab, transport: str) -> None:
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    closed = f"sip:127.0.0.1:{free_port('127.0.0.1', kind)};transport={transport}"
    with Sipp("uas_answer") as phone:
        number = wide.to_trunk(closed, phone.uri)
        with Sipp("uac_call", ip="127.0.0.2", to=door(wide, "127.0.0.2"), number=number) as carrier:
            carrier.succeeded()
            phone.succeeded()
    ladder = wide.call(number)["ladder"]
    assert next(rung["at"] for rung in ladder if rung["leg"] == "b2") < 2.0
    assert "failover: b1: it cannot be reached" in wide.trace(number)


class Stream:
    """A TCP connection that says bytes, and reads messages by their Content-Length."""

    @classmethod
    def of(cls, sock: socket.socket) -> Stream:
        """Return one that somebody else has made."""
        made = cls.__new__(cls)
        made.sock, made._rest = sock, b""
        sock.settimeout(5)
        return made

    def __init__(self, to: str, ip: str = "127.0.0.2") -> None:
        host, _, port = to.rpartition(":")
        family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.bind((ip, 0))
        self.sock.settimeout(5)
        self.sock.connect((host.strip("[]"), int(port)))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def close(self) -> None:
        """Close it."""
        self.sock.close()

    def read(self) -> Message:
        """Return the next message."""
        while b"\r\n\r\n" not in self._rest.lstrip(b"\r\n"):
            self._more()
        self._rest = self._rest.lstrip(b"\r\n")  # answers to keep-alives
        head, _, rest = self._rest.partition(b"\r\n\r\n")
        found = Message.read(head + b"\r\n\r\n", ("", 0))
        size = int(found.get("content-length"))
        while len(rest) < size:
            self._more()
            rest = self._rest.partition(b"\r\n\r\n")[2]
        self._rest = rest[size:]
        found.body = rest[:size].decode()
        return found

    def _more(self) -> None:
        data = self.sock.recv(65536)
        assert data, f"the connection was closed after {self._rest!r}"
        self._rest += data

    def ended(self, within: float = 5.0) -> bytes:
        """Read until the other end closes; return what it said."""
        self.sock.settimeout(within)
        said = b""
        try:
            while data := self.sock.recv(65536):
                said += data
        except ConnectionResetError:
            pass
        return said


def options(ip: str = "127.0.0.2", length: str = "Content-Length: 0\r\n") -> bytes:
    return (
        f"OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP {ip}:5060;branch=z9hG4bK{token()}\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:a@{ip}>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: {token()}\r\n"
        f"CSeq: 1 OPTIONS\r\n{length}\r\n"
    ).encode()


def test_bytes_one_by_one_and_messages_in_one_piece(wide: Lab) -> None:
    with closing(Stream(door(wide, "127.0.0.2"))) as stream:
        for byte in b"\r\n" + options() + b"\r\n\r\n" + options():
            stream.sock.send(bytes([byte]))
        assert [stream.read().status for _ in range(2)] == [200, 200]
    with closing(Stream(door(wide, "127.0.0.2"))) as stream:
        stream.sock.sendall(b"".join(options() for _ in range(200)))
        assert [stream.read().status for _ in range(200)] == [200] * 200


def test_a_keep_alive_is_answered(wide: Lab) -> None:
    with closing(Stream(door(wide, "127.0.0.2"))) as stream:
        stream.sock.sendall(b"\r\n\r\n")
        assert stream.sock.recv(16) == b"\r\n"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (options(length=""), 400),
        (options(length="Content-Length: 5\r\nContent-Length: 6\r\n"), 400),
        (options(length="Content-Length: 999999\r\n"), 513),
    ],
)
def test_a_stream_that_cannot_be_cut_is_answered_and_closed(wide: Lab, data: bytes, status: int) -> None:
    with closing(Stream(door(wide, "127.0.0.2"))) as stream:
        stream.sock.sendall(data)
        assert stream.ended().startswith(f"SIP/2.0 {status} ".encode())


def test_garbage_ends_a_connection_without_a_word(wide: Lab) -> None:
    with closing(Stream(door(wide, "127.0.0.2"))) as stream:
        stream.sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert stream.ended() == b""


def test_a_stranger_gets_few_connections(wide: Lab) -> None:
    streams = [Stream(door(wide, "127.0.0.9"), "127.0.0.9") for _ in range(MAX_OF_STRANGER + 1)]
    try:
        assert streams[-1].ended() == b""
        streams[0].sock.sendall(options("127.0.0.9"))
        assert streams[0].read().status == 403
    finally:
        for stream in streams:
            stream.close()
    with closing(Stream(door(wide, "127.0.0.9"), "127.0.0.9")) as stream:
        for _ in range(50):  # those that were closed are noticed soon
            stream.sock.sendall(options("127.0.0.9"))
            if stream.read().status == 403:
                break


def test_a_response_finds_its_way_after_the_connection_is_gone(wide: Lab) -> None:
    """The caller closes its connection while the phone rings: the answer comes over a new one, to its Via."""
    with Peer() as phone, socket.create_server(("127.0.0.2", 0)) as listening:
        number = wide.to_trunk(phone.uri)
        host, port = listening.getsockname()
        to = door(wide, "127.0.0.2")
        with closing(Stream(to)) as stream:
            body = sdp(1)
            stream.sock.sendall(
                (
                    f"INVITE sip:{number}@{to} SIP/2.0\r\nVia: SIP/2.0/TCP {host}:{port};branch=z9hG4bK{token()}\r\n"
                    f"Max-Forwards: 70\r\nFrom: <sip:+14155550100@{host}>;tag=1\r\nTo: <sip:{number}@{to}>\r\n"
                    f"Call-ID: {token()}\r\nCSeq: 1 INVITE\r\nContact: <sip:{host}:{port};transport=tcp>\r\n"
                    f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
                ).encode()
            )
            assert stream.read().status == 100
        invite = phone.expect("INVITE")
        talk = phone.answer(invite)
        for _ in until(5.0):
            if not wide.server.counts()["connections"]:
                break
        talk.reply(invite, 486)
        listening.settimeout(5)
        connection, _ = listening.accept()
        with connection:
            connection.settimeout(5)
            assert connection.recv(4096).startswith(b"SIP/2.0 486 ")
    assert wide.call(number)["sip_status"] == 486


def test_responses_in_one_piece(wide: Lab) -> None:
    """The last one ends its transaction, and each of them counts all the same."""
    with socket.create_server(("127.0.0.1", 0)) as listening, Peer("127.0.0.2") as caller:
        number = wide.to_trunk(f"sip:127.0.0.1:{listening.getsockname()[1]};transport=tcp")
        talk = caller.call(("127.0.0.1", int(door(wide, "127.0.0.2").rpartition(":")[2])), number)
        listening.settimeout(5)
        with closing(Stream.of(listening.accept()[0])) as phone:
            invite = phone.read()
            same = "".join(f"{n.title()}: {invite.get(n)}\r\n" for n in ("via", "from", "call-id", "cseq"))
            rest = f"{same}To: {invite.get('to')};tag=1\r\nContent-Length: 0\r\n\r\n"
            phone.sock.sendall(f"SIP/2.0 180 X\r\n{rest}SIP/2.0 486 X\r\n{rest}".encode())
            assert caller.expect("180")
            assert talk.refused().status == 486
            assert phone.read().method == "ACK"


def test_a_large_invite_goes_over_tcp(wide: Lab) -> None:
    """RFC 3261 section 18.1.1: to the same port, and as a datagram after all where nobody takes it."""
    large = sdp(1) + "".join(f"a=ptime:{n}\r\n" for n in range(200))
    with Peer() as phone, Peer("127.0.0.2") as caller:
        number = wide.to_trunk(phone.uri)
        talk = caller.call(("127.0.0.1", int(door(wide, "127.0.0.2").rpartition(":")[2])), number, body=large)
        invite = phone.expect("INVITE")
        assert "SIP/2.0/UDP" in invite.get("via")
        phone.answer(invite).reply(invite, 486)
        assert talk.refused().status == 486
    with Sipp("uas_refuse", transport="tcp", status="486") as phone2, Peer("127.0.0.2") as caller:
        number = wide.to_trunk(phone2.uri.partition(";")[0])
        talk = caller.call(("127.0.0.1", int(door(wide, "127.0.0.2").rpartition(":")[2])), number, body=large)
        assert talk.refused().status == 486
        phone2.succeeded()


def test_an_advertised_address(tmp_path: Path) -> None:
    """Via and Contact name it; the socket stays where it listens."""
    made = Lab(tmp_path / "data", TRUNKLINE_SIP_ADVERTISED="127.0.0.77")
    try:
        with Peer("127.0.0.2") as caller, Peer() as phone:
            talk = caller.call(made.sip, made.to_trunk(phone.uri))
            invite = phone.expect("INVITE")
            assert "127.0.0.77:" in invite.get("via")
            assert invite.get("contact") == f"<sip:127.0.0.77:{made.sip[1]}>"
            phone.answer(invite).reply(invite, 486)
            assert talk.refused().status == 486
    finally:
        made.server.stop()


def test_stealth_does_not_keep_a_stranger_s_connection(tmp_path: Path) -> None:
    made = Lab(tmp_path / "data", TRUNKLINE_SIP_STEALTH="true")
    try:
        with closing(Stream(made.server.via, "127.0.0.9")) as stream:
            assert stream.ended() == b""
        with closing(Stream(made.server.via)) as stream:
            stream.sock.sendall(options())
            assert stream.read().status == 200
    finally:
        made.server.stop()


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = Server(tmp_path / "data")
        server.sip = ("127.0.0.1", port)
        with pytest.raises(AssertionError, match=f"127.0.0.1:{port} cannot be opened"):
            server.start()
        server.stop()
