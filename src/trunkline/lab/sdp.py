"""Session descriptions (RFC 8866) of a plain telephone, and its answers to offers (RFC 3264).

One audio stream over RTP/AVP with PCMU, PCMA and telephone-event; anything else that is offered is declined.
"""

from __future__ import annotations

from typing import NamedTuple

CONTENT_TYPE = "application/sdp"
MEDIA_PORT = 40_000
"""The port that descriptions name. Nothing is bound to it."""

_STATIC = {"0": "PCMU/8000", "8": "PCMA/8000"}
_VOICE = frozenset(_STATIC.values())
_EVENTS = "TELEPHONE-EVENT/8000"
_MIRRORED = {"sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive", "sendrecv": "sendrecv"}


class SdpError(ValueError):
    """An offer that cannot be read, or has nothing that we speak; the message says which."""


class _Media(NamedTuple):
    kind: str
    port: str
    protocol: str
    payloads: list[str]
    attributes: list[str]


def offer(host: str, session: int, version: int) -> bytes:
    """An offer of ours. `host` is our IP address; `session` is one number per call, `version` rises with each one."""
    lines = [
        f"m=audio {MEDIA_PORT} RTP/AVP 0 8 101",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15",
        "a=ptime:20",
        "a=sendrecv",
    ]
    return _print(host, session, version, lines)


def answer(offered: bytes, host: str, session: int, version: int) -> bytes:
    """Our answer to an offer: its first audio stream with the payloads that we know, the other streams declined.

    Raises SdpError.
    """
    general, streams = _read(offered)
    lines: list[str] = []
    taken = False
    for media in streams:
        known = {} if taken else _known(media)
        if not known:
            lines.append(f"m={media.kind} 0 {media.protocol} {' '.join(media.payloads)}")
            continue
        taken = True
        lines.append(f"m=audio {MEDIA_PORT} RTP/AVP {' '.join(known)}")
        for payload, name in known.items():
            lines.append(f"a=rtpmap:{payload} {name.lower() if name == _EVENTS else name}")
            if name == _EVENTS:
                lines.append(f"a=fmtp:{payload} 0-15")
        lines.append(f"a={_MIRRORED[_direction(media.attributes) or _direction(general) or 'sendrecv']}")
    if not taken:
        raise SdpError("the offer has no audio stream with PCMU or PCMA over RTP/AVP")
    return _print(host, session, version, lines)


def _print(host: str, session: int, version: int, media: list[str]) -> bytes:
    family = "IP6" if ":" in host else "IP4"
    lines = [
        "v=0",
        f"o=trunkline-lab {session} {version} IN {family} {host}",
        "s=-",
        f"c=IN {family} {host}",
        "t=0 0",
        *media,
    ]
    return ("\r\n".join(lines) + "\r\n").encode()


def _read(offered: bytes) -> tuple[list[str], list[_Media]]:
    """The attributes of the session and its streams. Raises SdpError."""
    lines = offered.decode("utf-8", "replace").splitlines()
    if not lines or lines[0].strip() != "v=0":
        raise SdpError("the offer is not a session description")
    general: list[str] = []
    streams: list[_Media] = []
    for line in lines:
        if line.startswith("m="):
            fields = line[2:].split()
            if len(fields) < 4:
                raise SdpError("the offer has a malformed m= line")
            streams.append(_Media(fields[0], fields[1], fields[2], fields[3:], []))
        elif line.startswith("a="):
            (streams[-1].attributes if streams else general).append(line[2:].strip())
    return general, streams


def _known(media: _Media) -> dict[str, str]:
    """The payload types that we know, with their names, in the order offered; empty if there is no voice among them."""
    if media.kind != "audio" or media.protocol != "RTP/AVP" or media.port.partition("/")[0] == "0":
        return {}
    names = dict(_STATIC)
    for attribute in media.attributes:
        if attribute.startswith("rtpmap:"):
            payload, _, name = attribute[7:].partition(" ")
            names[payload] = name.strip().upper().removesuffix("/1")
    known = {p: names[p] for p in media.payloads if names.get(p, "") in _VOICE or names.get(p) == _EVENTS}
    return known if _VOICE.intersection(known.values()) else {}


def _direction(attributes: list[str]) -> str | None:
    return next((attribute for attribute in attributes if attribute in _MIRRORED), None)
