"""Capture files as tshark reads them, and what is odd about messages that they hold."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.edge import tshark
from trunkline.core import pcap
from trunkline.core.masking import mask
from trunkline.core.records import WireMessage

AT = 1_795_262_400_000_001
PORT = 5060
outside = pytest.mark.outside


def options(size: int = 0, number: int = 1) -> bytes:
    head = (
        "OPTIONS sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:h>\r\n"
        f"Call-ID: c\r\nCSeq: {number} OPTIONS\r\nMax-Forwards: 70\r\nContent-Type: text/plain\r\n"
    )
    return f"{head}Content-Length: {size}\r\n\r\n".encode() + b"x" * size


def wire(
    transport: str = "UDP", data: bytes = b"", *, sent: bool = True, v6: bool = False, at: int = AT
) -> WireMessage:
    hosts = ("2001:db8::1", "fe80::2%eth0") if v6 else ("192.0.2.1", "203.0.113.7")
    return WireMessage(at, sent, transport, hosts[0], PORT, hosts[1], 5099, data or options())


def packets(data: bytes) -> list[tuple[float, bytes]]:
    """Return time and bytes of every packet."""
    assert struct.unpack("<IHHiIII", data[:24]) == (0xA1B2C3D4, 2, 4, 0, 0, 262144, 101)
    found, place = [], 24
    while place < len(data):
        seconds, micros, length, whole = struct.unpack("<IIII", data[place : place + 16])
        assert length == whole <= 65_555
        assert micros < 1_000_000
        found.append((seconds + micros / 1e6, data[place + 16 : place + 16 + length]))
        place += 16 + length
    return found


@outside
@tshark.needs_tshark
@pytest.mark.parametrize("v6", [False, True])
@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_every_size(tmp_path: Path, transport: str, v6: bool) -> None:
    """On a stream every message is whole, and the next one is found; so is each that fits a datagram."""
    sizes = [0, 1400, 65_000, 10, 65_300, 66_000, 200_000, 20] if transport == "TCP" else [0, 1400, 65_300, 10]
    said = [wire(transport, options(size, n), v6=v6, sent=n % 2 == 1) for n, size in enumerate(sizes, 1)]
    file = tmp_path / "some.pcap"
    file.write_bytes(pcap.write(said))
    tshark.check(file, PORT)
    names = ("sip.CSeq.seq", "sip.Content-Length", f"{transport.lower()}.srcport", f"{'ipv6' if v6 else 'ip'}.src")
    ours, theirs = (str(PORT), said[0].local), ("5099", "fe80::2" if v6 else "203.0.113.7")
    assert tshark.fields(file, *names, port=PORT) == [
        (str(n), str(size), *(ours if n % 2 == 1 else theirs)) for n, size in enumerate(sizes, 1)
    ]


def test_what_fits_no_datagram_is_cut() -> None:
    found = packets(pcap.write([wire(data=options(65_535)), wire(data=options(200_000), v6=True), wire()]))
    assert [len(packet) for _, packet in found] == [65_535, 65_555, 28 + len(options())]


@outside
@tshark.needs_tshark
def test_what_is_masked_is_dissected_all_the_same(tmp_path: Path) -> None:
    body = (
        "v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nk=base64:AAAA\r\nm=audio 4000 RTP/SAVP 0\r\n"
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20|1:4\r\n"
        "a=key-mgmt:mikey AQAFgM0XflABAAAAAAAAAAAAAAsAyONQ6g==\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\n"
    )
    relay, kpml = "Signal=5\r\nDuration=160\r\n", '<?xml version="1.0"?><kpml-response code="200" digits="12"/>'
    parts = "".join(
        f"--b\r\nContent-Type: {kind}\r\n\r\n{text}\r\n"
        for kind, text in (("application/sdp", body), ("application/dtmf-relay", relay))
    )
    bodies = {
        "application/sdp": body,
        "application/dtmf-relay": relay,
        "application/dtmf": "5",
        "application/kpml-response+xml": kpml,
        "multipart/mixed;boundary=b": f"{parts}--b--\r\n",
        "message/sipfrag": "SIP/2.0 200 OK\r\n",
    }
    secret = (
        'Authorization: Digest username="u", realm="h", nonce="n", uri="sip:u:p@h", response="abcdef"\r\n'
        "Contact: <sip:u:p@192.0.2.1:5060>\r\nX-Token: abc\r\n"
    )
    said = []
    for kind, text in bodies.items():
        head = options().decode().replace("text/plain", kind).partition("Content-Length")[0]
        said.append(wire(data=mask(f"{head}{secret}Content-Length: {len(text)}\r\n\r\n{text}".encode())))
    file = tmp_path / "masked.pcap"
    file.write_bytes(pcap.write(said))
    tshark.check(file, PORT)
    assert len(tshark.ladder(file, PORT)) == len(bodies)


def test_times_are_microseconds() -> None:
    assert [at for at, _ in packets(pcap.write([wire(), wire(at=-5)]))] == [AT / 1e6, 0.0]


@given(
    st.lists(
        st.builds(
            WireMessage,
            st.integers(-(2**63), 2**63),
            st.booleans(),
            st.sampled_from(["UDP", "TCP", "TLS"]),
            st.sampled_from(["192.0.2.1", "2001:db8::1", "no.address", ""]),
            st.integers(0, 65535),
            st.sampled_from(["203.0.113.7", "::1", "192.0.2.256"]),
            st.integers(0, 65535),
            st.binary(max_size=20),
        ),
        max_size=5,
    )
)
def test_any_messages_make_a_file(said: list[WireMessage]) -> None:
    found = packets(pcap.write(said))
    assert len(found) == len(said)
    assert all(packet.endswith(message.data) for (_, packet), message in zip(found, said, strict=True))
