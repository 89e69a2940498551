"""The one session description of our own: an answer to an offer (RFC 3264) in which nothing flows.

A call that passes through has the descriptions of its two sides. This one is for a call that is answered by itself,
while there is no sound here to send.
"""

from __future__ import annotations

from typing import NamedTuple

CONTENT_TYPE = "application/sdp"
DISCARD = 9
"""The port that an inactive stream names, that of the discard service: nothing listens, and nothing is to come."""

_PLAIN = frozenset({"RTP/AVP", "RTP/AVPF"})
"""Transports that need no keys of ours."""
_FORMATS = ("a=rtpmap:", "a=fmtp:")


class SdpError(ValueError):
    """An offer that cannot be answered; the message says why."""


class _Stream(NamedTuple):
    kind: str
    port: str
    transport: str
    formats: str
    described: list[str]


def inactive_answer(offer: bytes, host: str, session: int) -> bytes:
    """Return an answer that takes every plain RTP stream as inactive, with the offered formats, and declines the rest.

    ``host`` is our address, ``session`` a number of its own (RFC 8866 section 5.2). Raises `SdpError` where the offer
    cannot be read, or has no stream that can be taken.
    """
    timing, streams = _read(offer)
    family = "IP6" if ":" in host else "IP4"
    lines = ["v=0", f"o=- {session} 1 IN {family} {host}", "s=-", f"c=IN {family} {host}", timing]
    taken = False
    for stream in streams:
        if stream.port.partition("/")[0] == "0" or stream.transport.upper() not in _PLAIN:
            lines.append(f"m={stream.kind} 0 {stream.transport} {stream.formats}")
            continue
        taken = True
        lines.append(f"m={stream.kind} {DISCARD} {stream.transport} {stream.formats}")
        lines += stream.described
        lines.append("a=inactive")
    if not taken:
        raise SdpError("the offer has no stream over plain RTP, so the call cannot be answered without sound")
    return ("\r\n".join(lines) + "\r\n").encode("utf-8", "surrogateescape")


def _read(offer: bytes) -> tuple[str, list[_Stream]]:
    """Return the time line, which an answer repeats (RFC 3264 section 6), and the streams, with what their formats are.

    Raises `SdpError`.
    """
    lines = [line.rstrip("\r") for line in offer.decode("utf-8", "surrogateescape").split("\n")]
    if lines[0] != "v=0":
        raise SdpError("the offer is not a session description")
    timing = next((line for line in lines if line.startswith("t=")), "t=0 0")
    streams: list[_Stream] = []
    for line in lines:
        if line.startswith("m="):
            fields = line[2:].split(" ", 3)
            if len(fields) < 4 or not all(fields):
                raise SdpError("the offer has a malformed m= line")
            kind, port, transport, formats = fields
            streams.append(_Stream(kind, port, transport, formats, []))
        elif streams and line.startswith(_FORMATS):
            streams[-1].described.append(line)
    return timing, streams
