"""How the time to read a message grows with its size, for seven shapes that invite quadratic work."""

from collections.abc import Callable
from contextlib import suppress
from time import perf_counter

from tests.fuzz.reading import read
from trunkline.sip.fields import read_number
from trunkline.sip.framing import Framer
from trunkline.sip.uri import MessageError, NameAddr, parse_params, split_list
from trunkline.sip.via import Via

SIZES = (8_000, 16_000, 32_000, 64_000)
MOST = 4.0
"""How many times dearer a byte may be at 64 kB than at 8 kB: linear work gives 1, quadratic 8."""
NOISE_NS = 40.0
"""Nanoseconds a byte under which no ratio is judged: nothing so quick can hurt."""

_HEAD = (
    b"INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\n"
    b"Call-ID: c\r\nCSeq: 1 INVITE\r\n"
)
_PATTERNS = {"commas": "a,", "quotes": '"a",', "semicolons": "<sip:a>;a", "angle brackets": "<a>,", "digits": "7"}
_LINE = 4_000


def message(family: str, size: int) -> bytes:
    """A message of `size` bytes of that shape; long values are spread over lines that are short enough to be read."""
    if family == "header lines":
        return _HEAD + b"A: b\r\n" * (size // 6) + b"\r\n"
    pattern = _PATTERNS[family].encode()
    value = pattern * (_LINE // len(pattern))
    names = (b"Contact: ", b"Route: ", b"Via: ", b"Require: ")
    lines = [names[number % 4] + value + b"\r\n" for number in range(size // _LINE)]
    return _HEAD + b"".join(lines) + b"\r\n"


def value(family: str, size: int) -> str:
    """One value of `size` characters, longer than any that `parse` lets through."""
    pattern = _PATTERNS.get(family, "a: b;")
    return pattern * (size // len(pattern))


def read_value(text: str) -> None:
    """Every small parser on one value."""
    parsers: tuple[Callable[[str], object], ...] = (split_list, parse_params, NameAddr.parse, Via.parse, _number)
    for each in parsers:
        with suppress(MessageError):
            each(text)


def _number(text: str) -> int:
    return read_number(text, 2**31, "number")


def ns_per_byte(work: Callable[[], object], size: int) -> float:
    """The best of seven runs."""
    best = float("inf")
    for _ in range(7):
        start = perf_counter()
        work()
        best = min(best, perf_counter() - start)
    return best * 1e9 / size


def measure() -> list[str]:
    """Print the table; returns what is not linear."""
    faults = []
    print(f"fuzz: growth, ns a byte at {', '.join(f'{size // 1000} kB' for size in SIZES)}")
    for family in (*_PATTERNS, "header lines"):
        for kind in ("message", "value"):
            row = [_cell(kind, family, size) for size in SIZES]
            print(f"fuzz: growth, {family} ({kind}): " + ", ".join(f"{cell:.1f}" for cell in row))
            if row[-1] > NOISE_NS and row[-1] > MOST * row[0]:
                faults.append(f"{family} ({kind}) is not linear")
    row = [ns_per_byte(lambda size=size: frame_bytes(size), size) for size in SIZES]  # type: ignore[misc]  # bound now
    print("fuzz: growth, a stream of single bytes: " + ", ".join(f"{cell:.1f}" for cell in row))
    if row[-1] > MOST * row[0]:
        faults.append("a stream of single bytes is not linear")
    return faults


def frame_bytes(size: int) -> None:
    """A header that does not end, byte by byte."""
    framer = Framer()
    for _ in range(size):
        framer.feed(b"A")


def _cell(kind: str, family: str, size: int) -> float:
    if kind == "message":
        data = message(family, size)
        return ns_per_byte(lambda: read(data), len(data))
    text = value(family, size)
    return ns_per_byte(lambda: read_value(text), len(text))
