"""Messages of the DNS (RFC 1035 §4): one question written, its answer read. Bytes in, values out; no sockets.

An answer comes from whoever owns the zone, so it is hostile until it was read. What bounds the work: 64 records of the
answer are looked at, 127 pointers of a name are followed, a chain of aliases has 8 links, and of services 16 records
are kept.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

MAX_READ = 64
"""Records looked at in each part of an answer; what stands behind them is ignored."""

MAX_KEPT = 16
"""SRV and NAPTR records that an answer gives, the most preferred ones; addresses are all given that are read."""

MAX_CHAIN = 8
"""Aliases (CNAME) followed inside one answer."""

MAX_JUMPS = 127
"""Pointers followed inside one name: it has no more labels."""

MAX_NAME = 253
"""Characters of a name (RFC 1035 §2.3.4, less its length bytes)."""

NEGATIVE_TTL = 30
"""Seconds that "there is nothing" holds where the answer does not say it (RFC 2308 §5)."""

_CNAME, _SOA = 5, 6
_NAME_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_")
_UNUSABLE = "?"
_RCODES = {1: "FORMERR", 2: "SERVFAIL", 4: "NOTIMP", 5: "REFUSED"}


class Kind(IntEnum):
    """What is asked for: a record type by its number, or (``HOSTS``) this machine's own knowledge of a name."""

    HOSTS = 0
    A = 1
    AAAA = 28
    SRV = 33
    NAPTR = 35


class Srv(NamedTuple):
    """A service's server (RFC 2782). ``target`` is "." where the service is declared not to be available."""

    priority: int
    weight: int
    port: int
    target: str


class Naptr(NamedTuple):
    """A naming authority pointer (RFC 3403 §4.1)."""

    order: int
    preference: int
    flags: str
    service: str
    regexp: str
    replacement: str


Record = str | Srv | Naptr
"""An address as text, or a record of the kind that was asked for."""


class Answer(NamedTuple):
    """Records (none: the name, or this kind of it, does not exist) and how many seconds they hold."""

    records: tuple[Record, ...]
    ttl: int


class DnsMessageError(Exception):
    """An answer that says nothing usable; the message says what is wrong with it."""


class TruncatedError(DnsMessageError):
    """The answer did not fit a datagram: it has to be asked for over TCP (RFC 7766 §5)."""


@lru_cache(maxsize=4096)
def is_host_name(name: str) -> bool:
    """Tell whether a lower-case text may be asked for: letters, digits, "-", "_" in labels of 1 to 63, 253 in all.

    A last label of digits, or like ``0x7f``, is none: such texts are read as addresses by some (RFC 1123 §2.1).
    """
    labels = name.split(".")
    if len(name) > MAX_NAME or not all(0 < len(label) < 64 for label in labels):
        return False
    if not name.isascii() or not _NAME_BYTES.issuperset(name.replace(".", "").encode()):
        return False
    return not (labels[-1].isdigit() or labels[-1].startswith("0x"))


def write_question(number: int, name: str, kind: Kind) -> bytes:
    """Return the query with this message number, recursion desired. ``name`` satisfies `is_host_name`."""
    labels = b"".join(bytes([len(label)]) + label.encode("ascii") for label in name.split("."))
    return struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + labels + struct.pack("!BHH", 0, kind, 1)


def answers(data: bytes, number: int, name: str, kind: Kind) -> bool:
    """Tell whether a message is a response to this question, however it ends; anything else is to be ignored."""
    asked = write_question(number, name, kind)[12:]
    return (
        len(data) >= 12 + len(asked)
        and data[:2] == number.to_bytes(2, "big")
        and data[2] & 0x80 != 0
        and data[4:6] == b"\0\1"
        and data[12 : 12 + len(asked)].lower() == asked.lower()
    )


def read_answer(data: bytes, name: str, kind: Kind) -> Answer:
    """Return what a response to this question says. Raises `DnsMessageError`, `TruncatedError`."""
    flags, _, answered, authority = struct.unpack_from("!4H", data, 2)
    rcode = flags & 15
    if rcode not in (0, 3):
        raise DnsMessageError(f"the name server says {_RCODES.get(rcode, f'error {rcode}')}")
    if flags & 0x0200:
        raise TruncatedError("the answer is truncated")
    reader = _Reader(data, len(write_question(0, name, kind)))
    try:
        return _answer(reader, name, kind, answered, authority)
    except (struct.error, IndexError):
        raise DnsMessageError("the answer is malformed") from None


def _answer(reader: _Reader, name: str, kind: Kind, answered: int, authority: int) -> Answer:
    aliases: dict[str, tuple[str, int]] = {}
    found: dict[str, list[tuple[Record, int]]] = {}
    for _ in range(min(answered, MAX_READ)):
        owner, of_type, ttl, end = reader.head()
        if of_type == _CNAME:
            aliases.setdefault(owner, (reader.name(), ttl))
        elif of_type == kind:
            found.setdefault(owner, []).append((reader.record(kind, end), ttl))
        reader.at = end
    ttls: list[int] = []
    for _ in range(MAX_CHAIN):
        if name in found or name not in aliases:
            break
        name, ttl = aliases[name]
        ttls.append(ttl)
    if name not in found:
        return Answer((), NEGATIVE_TTL if answered > MAX_READ else reader.negative_ttl(authority))
    records = [record for record, _ in found[name]]
    most = MAX_READ
    if kind is Kind.SRV or kind is Kind.NAPTR:
        records.sort(key=lambda record: record[:2] if isinstance(record, Naptr) else record[:1])
        most = MAX_KEPT
    return Answer(tuple(dict.fromkeys(records))[:most], min([*ttls, *(ttl for _, ttl in found[name])]))


class _Reader:
    """Reads a message from ``at`` on. Raises IndexError, struct.error, `DnsMessageError` where it ends too early."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self.at = at

    def head(self) -> tuple[str, int, int, int]:
        """Read a record up to its data: owner, type (0 if not of class IN), seconds to live, where its data ends."""
        owner = self.name()
        of_type, of_class, ttl, length = struct.unpack_from("!HHIH", self._data, self.at)
        self.at += 10
        if self.at + length > len(self._data):
            raise DnsMessageError("the answer is malformed")
        return owner, of_type if of_class == 1 else 0, ttl if ttl < 1 << 31 else 0, self.at + length

    def name(self) -> str:
        """Read a name: lower-case, "." for the root, "?" for one that no host has."""
        labels: list[bytes] = []
        at, end, size, jumps = self.at, 0, 0, 0
        while (length := self._data[at]) != 0:
            if length >= 0xC0:
                end = end or at + 2
                at = (length & 0x3F) << 8 | self._data[at + 1]
                jumps += 1
                if jumps > MAX_JUMPS:
                    raise DnsMessageError("the answer is malformed: a name whose pointers lead nowhere")
                continue
            size += length + 1
            if length > 63 or size > 254 or at + 1 + length > len(self._data):
                raise DnsMessageError("the answer is malformed: a name that is too long")
            labels.append(self._data[at + 1 : at + 1 + length].lower())
            at += length + 1
        self.at = end or at + 1
        if not all(_NAME_BYTES.issuperset(label) for label in labels):
            return _UNUSABLE
        return b".".join(labels).decode() or "."

    def record(self, kind: Kind, end: int) -> Record:
        """Read a record's data, which ends at ``end``."""
        record: Record
        if kind is Kind.A:
            record = str(IPv4Address(self._take(4)))
        elif kind is Kind.AAAA:
            record = str(IPv6Address(self._take(16)))
        elif kind is Kind.SRV:
            priority, weight, port = struct.unpack("!3H", self._take(6))
            record = Srv(priority, weight, port, self.name())
        else:
            order, preference = struct.unpack("!2H", self._take(4))
            flags, service, regexp = self._text(), self._text(), self._text()
            record = Naptr(order, preference, flags, service, regexp, self.name())
        if self.at != end:
            raise DnsMessageError("the answer is malformed: a record of a wrong length")
        return record

    def negative_ttl(self, authority: int) -> int:
        """Read how long "there is nothing" holds: the SOA record's, by RFC 2308 §5."""
        for _ in range(min(authority, MAX_READ)):
            _, of_type, ttl, end = self.head()
            if of_type == _SOA:
                return min(ttl, int(struct.unpack_from("!I", self._data, end - 4)[0]))
            self.at = end
        return NEGATIVE_TTL

    def _take(self, length: int) -> bytes:
        if self.at + length > len(self._data):
            raise DnsMessageError("the answer is malformed")
        self.at += length
        return self._data[self.at - length : self.at]

    def _text(self) -> str:
        return self._take(self._take(1)[0]).decode("ascii", "replace")
