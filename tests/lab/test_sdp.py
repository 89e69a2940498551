"""Session descriptions: what is offered, and what is answered to offers."""

from __future__ import annotations

import pytest

from trunkline.lab import sdp

HEAD = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"


def answered(media: str) -> list[str]:
    lines = sdp.answer((HEAD + media).encode(), "127.0.0.1", 7, 2).decode().split("\r\n")
    assert lines[:5] == ["v=0", "o=trunkline-lab 7 2 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"]
    assert lines[-1] == ""
    return lines[5:-1]


def test_our_answer_to_our_offer() -> None:
    lines = sdp.answer(sdp.offer("::1", 1, 0), "::1", 2, 0).decode().split("\r\n")
    assert "c=IN IP6 ::1" in lines
    assert f"m=audio {sdp.MEDIA_PORT} RTP/AVP 0 8 101" in lines
    assert lines[-2] == "a=sendrecv"


def test_the_payloads_that_we_know_are_mirrored_with_their_numbers() -> None:
    media = "m=audio 4000 RTP/AVP 18 8 97 96\r\na=rtpmap:97 telephone-event/8000\r\na=rtpmap:96 opus/48000/2\r\n"
    assert answered(media) == [
        f"m=audio {sdp.MEDIA_PORT} RTP/AVP 8 97", "a=rtpmap:8 PCMA/8000", "a=rtpmap:97 telephone-event/8000",
        "a=fmtp:97 0-15", "a=sendrecv",
    ]  # fmt: skip


def test_other_streams_are_declined_in_place() -> None:
    media = "m=video 4002 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 0\r\na=sendonly\r\nm=audio 4004 RTP/AVP 0\r\n"
    lines = answered(media)
    assert [line for line in lines if line.startswith("m=")] == [
        "m=video 0 RTP/AVP 31", f"m=audio {sdp.MEDIA_PORT} RTP/AVP 0", "m=audio 0 RTP/AVP 0",
    ]  # fmt: skip
    assert "a=recvonly" in lines


def test_the_direction_may_stand_at_the_session() -> None:
    assert answered("a=inactive\r\nm=audio 4000 RTP/AVP 0\r\n")[-1] == "a=inactive"


@pytest.mark.parametrize(
    "media",
    [
        "",
        "m=audio 4000 RTP/AVP 18\r\n",
        "m=audio 4000 RTP/SAVP 0\r\n",
        "m=audio 0 RTP/AVP 0\r\n",
        "m=audio\r\n",
        "m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 telephone-event/8000\r\n",
    ],
)
def test_nothing_that_we_speak(media: str) -> None:
    with pytest.raises(sdp.SdpError):
        sdp.answer((HEAD + media).encode(), "127.0.0.1", 1, 0)


def test_not_a_description() -> None:
    with pytest.raises(sdp.SdpError):
        sdp.answer(b"\xff\x00", "127.0.0.1", 1, 0)
