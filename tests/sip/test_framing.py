"""Framing: the same messages whatever the pieces, keep-alives, and what breaks a stream."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.sip.framing import Framer
from trunkline.sip.parsing import MAX_MESSAGE
from trunkline.sip.uri import MessageError


def message(body: bytes = b"", length: str = "Content-Length: {}") -> bytes:
    head = f"OPTIONS sip:a@h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\n{length.format(len(body))}\r\n\r\n"
    return head.encode() + body


STREAM = [message(), message(b"\r\n\r\nbody with\r\n\r\nempty lines"), message(b"x" * 3000), message(b"y", "l : {} ")]


@given(st.lists(st.integers(0, len(b"".join(STREAM)))))
def test_the_pieces_do_not_matter(cuts: list[int]) -> None:
    framer, whole, found = Framer(), b"".join(STREAM), []
    places = [0, *sorted(cuts), len(whole)]
    for begin, end in pairwise(places):
        found += framer.feed(whole[begin:end])
    assert found == STREAM
    assert not framer.partial


def test_single_bytes() -> None:
    framer, found = Framer(), []
    for byte in b"\r\n\r\n".join(STREAM):
        found += framer.feed(bytes([byte]))
    assert found == STREAM
    assert framer.pings == len(STREAM) - 1


@pytest.mark.parametrize(
    ("pieces", "pings"),
    [
        ((b"\r\n\r\n",), 1),
        ((b"\r\n", b"\r\n"), 1),
        ((b"\r\n",), 0),
        ((b"\r", b"\n", b"\r", b"\n\r\n\r", b"\n"), 2),
        ((b"\r\n\r\n" * 1000,), 1000),
    ],
)
def test_keep_alives(pieces: tuple[bytes, ...], pings: int) -> None:
    framer = Framer()
    for piece in pieces:
        assert framer.feed(piece) == []
    assert framer.pings == pings
    assert not framer.partial


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (message(b"", "Subject: none"), 400, "Missing Content-Length"),
        (message(b"", "Content-Length: 0\r\nl: 1"), 400, "More than one Content-Length"),
        (message(b"", "Content-Length: -1"), 400, "Malformed Content-Length"),
        (message(b"", "Content-Length: 1e3"), 400, "Malformed Content-Length"),
        (message(b"", "Content-Length: "), 400, "Malformed Content-Length"),
        (message(b"", "Content-Length: 99999999999999999999"), 400, "Malformed Content-Length"),
        (message(b"", f"Content-Length: {MAX_MESSAGE}"), 513, "Message Too Large"),
        (b"A" * (MAX_MESSAGE + 1), 513, "Message Too Large"),
        (b"A" * (MAX_MESSAGE + 1) + b"\r\n\r\n", 513, "Message Too Large"),
    ],
)
def test_what_breaks_a_stream(data: bytes, status: int, reason: str) -> None:
    framer = Framer()
    with pytest.raises(MessageError) as found:
        framer.feed(data)
    assert (found.value.status, found.value.reason) == (status, reason)
    assert not framer.partial


def test_equal_lengths_may_be_repeated() -> None:
    data = message(b"", "Content-Length: 0\r\nl: 0")
    assert Framer().feed(data) == [data]
