"""Ways to damage a message, and the stream of damaged messages."""

import re
from collections import deque
from collections.abc import Callable
from random import Random

from tests.fuzz.corpus import ORDINARY, TORTURE
from trunkline.sip.fields import LONG
from trunkline.sip.parsing import MAX_MESSAGE

Mutation = Callable[[Random, bytes], bytes]

_NUMBER = re.compile(rb"\d+")
_MARKS = (
    b'"', b'""', b'\\"', b'"\\', b"'", b"<", b">", b"<>", b";", b";;", b",", b",,", b":", b"=", b"@", b"?", b"%", b"%4",
    b"%00", b"[", b"]", b"[::", b"*", b"\\", b" ", b"\t", b"\0", b"\x7f", b"\x0b", b"\x1c", b"SIP/2.0", b";tag=",
    b";branch=", b";rport", b";received=", b";maddr=", b"sip:", b"tel:", b"sips:",
)  # fmt: skip
_BROKEN_UTF8 = (
    b"\xff", b"\xfe\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x80", b"\xc3",
    b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xc2\x85", b"\xc2\xa0", b"\xd9\xa3", b"\xc2\xb2", b"\xf0\x9f\x93\x9e",
    "\u0130\u1e9e".encode(),
)  # fmt: skip
_NUMBERS = (
    b"", b"0", b"-1", b"+1", b"00000000000000000001", b"255", b"256", b"65535", b"65536", b"2147483647", b"2147483648",
    b"4294967296", b"18446744073709551616", b"1e9", b"0x10", b"1.5", b"9" * 30, b"9" * 5000, b"\xd9\xa3", b"\xc2\xb2",
)  # fmt: skip
_BREAKS = (b"\n", b"\r", b"\r\n\r\n", b"\r\n ", b"\r\n\t", b"\r\n \r\n ", b"\r\r\n", b"", b"\r\n:", b" \r\n")
_SIZES = (40, 200, 255, 270, 300, 1_000, 3_000, 8_100, 8_192, 8_300)
_FILLS = (b"a", b"0", b",", b";", b'"', b"<", b"a=b;", b"<sip:a@b>,", b'"a",', b"\\", b"%41", b" ", b"\xff", b"[:")
_LONG_TO_SHORT = {b"via": b"v", b"from": b"f", b"to": b"t", b"call-id": b"i", b"contact": b"m", b"content-length": b"l"}
_SPREAD = re.compile(rb"(?:(?<=z9hG4bK)|(?<=Call-ID: ))", re.IGNORECASE)
_FOLLOWING = (b"ACK", b"ACK", b"ACK", b"CANCEL", b"CANCEL", b"CANCEL", b"BYE", b"INVITE", b"OPTIONS")
_DAMAGES = (0, 0, 0, 0, 1, 1, 1, 2, 3, 4)


def flip_bits(rng: Random, data: bytes) -> bytes:
    """Some bits the other way round."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        if out:
            out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def truncate(rng: Random, data: bytes) -> bytes:
    """Only the beginning."""
    return data[: rng.randrange(len(data) + 1)]


def repeat_line(rng: Random, data: bytes) -> bytes:
    """A line twice, now and then many times."""
    lines = data.split(b"\r\n")
    times = rng.choice((1, 1, 1, 1, 3, 30)) if rng.random() < 0.95 else 260
    place = rng.randrange(len(lines))
    lines[place:place] = [rng.choice(lines)] * times
    return b"\r\n".join(lines)


def drop_line(rng: Random, data: bytes) -> bytes:
    """A line less."""
    lines = data.split(b"\r\n")
    del lines[rng.randrange(len(lines))]
    return b"\r\n".join(lines)


def swap_lines(rng: Random, data: bytes) -> bytes:
    """Two lines in each other's place."""
    lines = data.split(b"\r\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\r\n".join(lines)


def splice(rng: Random, data: bytes) -> bytes:
    """The beginning of one message, the end of another."""
    other = rng.choice(ORDINARY if rng.random() < 0.5 else TORTURE)
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other)) :]


def splice_lines(rng: Random, data: bytes) -> bytes:
    """A line of another message among the lines of this one."""
    lines = data.split(b"\r\n")
    other = rng.choice(ORDINARY if rng.random() < 0.5 else TORTURE).split(b"\r\n")
    lines.insert(rng.randrange(len(lines)), rng.choice(other))
    return b"\r\n".join(lines)


def grow(rng: Random, data: bytes) -> bytes:
    """A value blown up; seldom to the size of a datagram."""
    size = rng.choice(_SIZES) if rng.random() < 0.97 else rng.choice((20_000, 64_000))
    fill = rng.choice(_FILLS)
    place = rng.randrange(len(data) + 1)
    return data[:place] + fill * (size // len(fill)) + data[place:]


def insert_marks(rng: Random, data: bytes) -> bytes:
    """Quotes and separators where they do not belong."""
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(data) + 1)
        data = data[:place] + rng.choice(_MARKS) + data[place + rng.randint(0, 2) :]
    return data


def change_number(rng: Random, data: bytes) -> bytes:
    """Another number in the place of one."""
    found = [match.span() for match in _NUMBER.finditer(data[:4_000])]
    if not found:
        return data
    start, end = rng.choice(found)
    return data[:start] + rng.choice(_NUMBERS) + data[end:]


def break_utf8(rng: Random, data: bytes) -> bytes:
    """Bytes that are not UTF-8, or not the characters that one expects."""
    place = rng.randrange(len(data) + 1)
    return data[:place] + rng.choice(_BROKEN_UTF8) + data[place:]


def change_breaks(rng: Random, data: bytes) -> bytes:
    """A line break of another kind."""
    lines = data.split(b"\r\n")
    place = rng.randrange(len(lines))
    return b"\r\n".join(lines[:place]) + rng.choice(_BREAKS) + b"\r\n".join(lines[place:])


def respell_names(rng: Random, data: bytes) -> bytes:
    """Header names in another case, in the compact form or with blanks around them."""
    lines = data.split(b"\r\n")
    for place in range(1, len(lines)):
        name, colon, value = lines[place].partition(b":")
        if colon and rng.random() < 0.4:
            lines[place] = _respelt(rng, name) + b":" + value
    return b"\r\n".join(lines)


def _respelt(rng: Random, name: bytes) -> bytes:
    way = rng.randrange(5)
    if way == 0:
        return name.upper()
    if way == 1:
        return name.swapcase()
    if way == 2:
        return _LONG_TO_SHORT.get(name.lower(), name)
    if way == 3:
        return name + rng.choice((b" ", b"\t ", b"\r\n "))
    return rng.choice(tuple(LONG)).encode()


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits, truncate, repeat_line, drop_line, swap_lines, splice, splice_lines, grow, insert_marks, insert_marks,
    change_number, break_utf8, change_breaks, respell_names,
)  # fmt: skip


class Inputs:
    """The stream: real messages with fresh identities, damaged up to four times, and what follows on them."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._recent: deque[bytes] = deque(maxlen=40)

    def draw(self, answer: bytes | None) -> bytes:
        """The next datagram; `answer`, if there is one, is a response that would fit a request of ours."""
        rng = self._rng
        data = answer if answer is not None else self._base()
        for _ in range(rng.choice(_DAMAGES)):
            data = rng.choice(MUTATIONS)(rng, data)
        return data[: MAX_MESSAGE + 1]

    def _base(self) -> bytes:
        rng = self._rng
        if self._recent and rng.random() < 0.3:
            return self._follow(rng.choice(self._recent))
        data = rng.choice(TORTURE if rng.random() < 0.35 else ORDINARY)
        if rng.random() < 0.85:
            data = _SPREAD.sub(b"%x." % rng.getrandbits(40), data)
        self._recent.append(data)
        return data

    def _follow(self, data: bytes) -> bytes:
        """An earlier message again, or another method for the same transaction, as ACK and CANCEL are."""
        rng = self._rng
        if rng.random() < 0.4:
            return data
        return data.replace(data.partition(b" ")[0] or b"INVITE", rng.choice(_FOLLOWING))
