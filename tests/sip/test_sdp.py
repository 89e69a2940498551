"""Answers in which nothing flows: each stream of an offer has its own, in order (RFC 3264 section 6)."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.sip.sdp import SdpError, inactive_answer

OFFER = b"""v=0\r
o=- 1 1 IN IP4 192.0.2.1\r
s=x\r
c=IN IP4 192.0.2.1\r
t=3034423619 3042462419\r
a=sendrecv\r
m=audio 40000/2 RTP/AVP 0 101\r
a=rtpmap:0 PCMU/8000\r
a=rtpmap:101 telephone-event/8000\r
a=fmtp:101 0-15\r
a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r
a=sendonly\r
m=video 50000 RTP/AVPF 96\r
a=rtpmap:96 VP8/90000\r
m=audio 40002 RTP/SAVP 0\r
m=image 40004 udptl t38\r
m=audio 0 RTP/AVP 8\r
"""


def lines(answer: bytes) -> list[str]:
    assert answer.endswith(b"\r\n")
    return answer.decode().split("\r\n")[:-1]


def test_an_answer() -> None:
    assert lines(inactive_answer(OFFER, "127.0.0.1", 7)) == [
        "v=0",
        "o=- 7 1 IN IP4 127.0.0.1",
        "s=-",
        "c=IN IP4 127.0.0.1",
        "t=3034423619 3042462419",
        "m=audio 9 RTP/AVP 0 101",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15",
        "a=inactive",
        "m=video 9 RTP/AVPF 96",
        "a=rtpmap:96 VP8/90000",
        "a=inactive",
        "m=audio 0 RTP/SAVP 0",
        "m=image 0 udptl t38",
        "m=audio 0 RTP/AVP 8",
    ]


def test_an_address_of_version_6_and_plain_line_ends() -> None:
    made = lines(inactive_answer(b"v=0\nm=audio 4 RTP/AVP 0\n", "2001:db8::1", 7))
    assert made[1:5] == ["o=- 7 1 IN IP6 2001:db8::1", "s=-", "c=IN IP6 2001:db8::1", "t=0 0"]


@pytest.mark.parametrize(
    "offer",
    [
        b"",
        b"hello",
        b"v=1\r\nm=audio 4 RTP/AVP 0\r\n",
        b"v=0\r\n",
        b"v=0\r\nm=audio 4 RTP/AVP\r\n",
        b"v=0\r\nm=audio  RTP/AVP 0\r\n",
        b"v=0\r\nm=audio 0 RTP/AVP 0\r\n",
        b"v=0\r\nm=audio 4 UDP/TLS/RTP/SAVPF 111\r\n",
    ],
)
def test_offers_that_have_no_such_answer(offer: bytes) -> None:
    with pytest.raises(SdpError):
        inactive_answer(offer, "127.0.0.1", 7)


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda rest: b"v=0\r\nm=audio 4 RTP/AVP 0\r\n" + rest))
def test_as_many_streams_as_were_offered_and_nothing_flows(offer: bytes) -> None:
    with suppress(SdpError):
        made = inactive_answer(offer, "127.0.0.1", 7).split(b"\r\n")
        offered = [line for line in offer.split(b"\n") if line.startswith(b"m=")]
        streams = [line.split(b" ")[1] for line in made if line.startswith(b"m=")]
        assert len(streams) == len(offered)
        assert set(streams) <= {b"0", b"9"}
        assert made.count(b"a=inactive") == streams.count(b"9") > 0
