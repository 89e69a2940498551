"""A call's messages as a capture file (libpcap 2.4, LINKTYPE_RAW), which tshark, Wireshark and sngrep read.

What is known of each message is its bytes, its time and both addresses. The packets around it are made up so that
they can be dissected: a datagram each over UDP; over TCP, segments of a stream whose sequence numbers rise by what
each direction has said, without the handshake, which nobody kept.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable
from ipaddress import ip_address
from itertools import count

from trunkline.core.records import WireMessage

MEDIA_TYPE = "application/vnd.tcpdump.pcap"

MAX_DATAGRAM = 65_507
"""Bytes of a datagram; what is longer never went out whole (IPv4: 65,535 less two headers), and is cut here."""
MAX_SEGMENT = 65_000
"""Bytes of one TCP segment, so that a packet with any headers stays below 65,536; a longer message gets several."""

_LINKTYPE_RAW = 101  # packets begin with their IP header, of either version
_SNAPLEN = 262_144
_FILE = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, _SNAPLEN, _LINKTYPE_RAW)
_UDP, _TCP = 17, 6
_TTL = 64
_PUSH_ACK = 0x18
_WINDOW = 65_535
_Way = tuple[bytes, int, bytes, int]


def write(messages: Iterable[WireMessage]) -> bytes:
    """Return the file with these messages, in their order."""
    packets, idents = [_FILE], count(1)
    said: defaultdict[_Way, int] = defaultdict(lambda: 1)
    for message in messages:
        near = _packed(message.local), message.local_port
        far = _packed(message.remote), message.remote_port
        source, target = (near, far) if message.sent else (far, near)
        if len(source[0]) != len(target[0]):  # never so on a wire: shown as the IPv4-mapped form
            source, target = (_wide(source[0]), source[1]), (_wide(target[0]), target[1])
        way, back = source + target, target + source
        if message.transport == "UDP":
            segments = [_udp(way, message.data[:MAX_DATAGRAM])]
        else:
            segments = []
            for begin in range(0, max(1, len(message.data)), MAX_SEGMENT):
                data = message.data[begin : begin + MAX_SEGMENT]
                segments.append(_tcp(way, said[way], said[back], data))
                said[way] = (said[way] + len(data)) & 0xFFFFFFFF
        for protocol, segment in segments:
            packets.append(_record(message.at, _ip(source[0], target[0], protocol, next(idents), segment)))
    return b"".join(packets)


def _packed(host: str) -> bytes:
    try:
        return ip_address(host).packed
    except ValueError:
        return bytes(4)


def _wide(address: bytes) -> bytes:
    return address if len(address) == 16 else bytes(10) + b"\xff\xff" + address


def _record(at: int, packet: bytes) -> bytes:
    seconds, micros = divmod(max(0, at), 1_000_000)
    return struct.pack("<IIII", seconds & 0xFFFFFFFF, micros, len(packet), len(packet)) + packet


def _ip(source: bytes, target: bytes, protocol: int, ident: int, segment: bytes) -> bytes:
    if len(source) == 16:
        return struct.pack("!IHBB", 6 << 28, len(segment), protocol, _TTL) + source + target + segment
    length = 20 + len(segment)
    first = struct.pack("!BBHHHBB", 0x45, 0, length, ident & 0xFFFF, 0x4000, _TTL, protocol)
    return first + struct.pack("!H", _checksum(first + source + target)) + source + target + segment


def _udp(way: _Way, data: bytes) -> tuple[int, bytes]:
    source, port, target, to = way
    length = 8 + len(data)
    header = struct.pack("!HHH", port, to, length)
    sum_ = _checksum(source + target + struct.pack("!IHH", length, 0, _UDP) + header + bytes(2) + data)
    return _UDP, header + struct.pack("!H", sum_ or 0xFFFF) + data


def _tcp(way: _Way, seq: int, ack: int, data: bytes) -> tuple[int, bytes]:
    source, port, target, to = way
    ports = struct.pack("!HHIIBBH", port, to, seq, ack, 5 << 4, _PUSH_ACK, _WINDOW)
    pseudo = source + target + struct.pack("!IHH", 20 + len(data), 0, _TCP)
    return _TCP, ports + struct.pack("!HH", _checksum(pseudo + ports + bytes(4) + data), 0) + data


def _checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071); a sum of 16-bit words is, modulo 65,535, their number in base 65,536."""
    return 0xFFFF - int.from_bytes(data + bytes(len(data) % 2), "big") % 0xFFFF
