"""What must hold for any input: round trips, only MessageError out, and work in proportion to size."""

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from time import thread_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sip.rfc4475 import CASES
from trunkline.sip.digest import Nonces, parse_digest, verify
from trunkline.sip.events import AckReceived, CancelReceived, RequestReceived
from trunkline.sip.fields import Header
from trunkline.sip.hop import Door, Hop
from trunkline.sip.message import Request, Response
from trunkline.sip.parsing import MAX_HEADERS, MAX_LINE, MAX_MESSAGE, parse
from trunkline.sip.replying import reply, stamp_source
from trunkline.sip.transaction import Transactions
from trunkline.sip.uri import MessageError, NameAddr, SipUri, parse_params, split_list
from trunkline.sip.via import Via

TORTURE = [case.data for case in CASES]

text = st.binary(max_size=40).map(
    lambda data: data.translate(None, b"\r\n").decode("utf-8", "surrogateescape").strip(" \t")
)
names = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12).map(lambda name: "x-" + name)
tokens = st.text("abcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~", min_size=1, max_size=12)
user_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@st.composite
def messages(draw: st.DrawFn) -> Request | Response:
    method = draw(st.sampled_from(["INVITE", "BYE", "OPTIONS", "X-!%"]))
    headers: list[Header] = [
        ("via", f"SIP/2.0/UDP {draw(tokens.filter(str.isalnum))};branch=z9hG4bK{draw(tokens)}"),
        ("from", f"<sip:a@h>;tag={draw(tokens)}"),
        ("to", "<sip:b@h>"),
        ("call-id", draw(tokens)),
        ("cseq", f"{draw(st.integers(0, 2**31 - 1))} {method}"),
    ]
    headers += draw(st.lists(st.tuples(names, text), max_size=6))
    headers = draw(st.permutations(headers))
    body = draw(st.binary(max_size=60))
    if draw(st.booleans()):
        return Request(method, f"sip:{draw(names)}@h", headers, body)
    return Response(draw(st.integers(100, 699)), draw(text), headers, body)


@given(messages())
def test_round_trip(message: Request | Response) -> None:
    again = parse(message.to_bytes())
    assert type(again) is type(message)
    assert again.headers == [*message.headers, ("content-length", str(len(message.body)))]
    assert again.body == message.body
    if isinstance(again, Request) and isinstance(message, Request):
        assert (again.method, again.uri) == (message.method, message.uri)
        again.validate()
    if isinstance(again, Response) and isinstance(message, Response):
        assert (again.status, again.reason.strip(" \t")) == (message.status, message.reason)
    assert parse(again.to_bytes()).headers == again.headers
    assert again.from_tag == again.from_.tag


uri_params = st.lists(st.tuples(user_text.filter(lambda name: name == name.lower()), st.none() | user_text), max_size=3)


@given(
    st.builds(
        SipUri,
        scheme=st.sampled_from(["sip", "sips"]),
        user=user_text,
        host=st.sampled_from(["example.com", "192.0.2.1", "2001:db8::1"]),
        port=st.none() | st.integers(1, 65535),
        params=uri_params.map(tuple),
        headers=st.sampled_from(["", "a=b&c=%20"]),
        password=st.none() | user_text,
        opaque=st.just(""),
    )
)
def test_uri_round_trip(uri: SipUri) -> None:
    assert SipUri.parse(str(uri)) == uri


@given(user_text.map(str.strip), tokens)
def test_name_addr_round_trip(name: str, tag: str) -> None:
    address = NameAddr(name, SipUri.parse("sip:a@h;lr"), (("tag", tag), ("lr", None)))
    assert NameAddr.parse(str(address)) == address
    assert split_list(f"{address}, {address}") == [str(address)] * 2


def read_everything(data: bytes) -> None:
    """Parse, validate, and ask for every typed property; each may raise MessageError only."""
    try:
        message = parse(data)
    except MessageError:
        return
    reads: list[Callable[[], object]] = [
        lambda: message.via, lambda: message.from_, lambda: message.to, lambda: message.from_tag,
        lambda: message.to_tag, lambda: message.contact, lambda: message.max_forwards, lambda: message.route,
        lambda: message.record_route, lambda: message.cseq, lambda: message.get_list("accept"), message.to_bytes,
    ]  # fmt: skip
    if isinstance(message, Request):
        reads += [message.validate, lambda: message.request_uri, lambda: stamp_source(message, "::1", 5)]
        reads += [lambda: reply(message, 200, to_tag="t").to_bytes()]
    for read in reads:
        with suppress(MessageError):
            read()


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(TORTURE)))
    marks = st.sampled_from(
        [b"\r\n", b"\r\n ", b"\r\n\r\n", b'"', b"<", b">", b";", b",", b":", b"=", b"@", b"\\", b"%", b"\0", b"\xff"]
    )
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(data)))
        cut = draw(st.integers(0, 3))
        data[place : place + cut] = draw(marks | st.binary(max_size=4))
    return bytes(data)


@settings(max_examples=400)
@given(mutations() | st.binary(max_size=200))
def test_only_message_errors_come_out(data: bytes) -> None:
    read_everything(data)


@settings(max_examples=200)
@given(st.lists(mutations() | st.sampled_from(TORTURE) | st.binary(max_size=50), max_size=5), st.booleans())
def test_nothing_comes_out_of_receive(datagrams: list[bytes], answer: bool) -> None:
    numbers = count()
    layer = Transactions(new_branch=lambda: str(next(numbers)), limit=4)
    for number, data in enumerate(datagrams):
        layer.receive(data, Hop("192.0.2.2", 5060, Door("UDP", "192.0.2.1", 5060)), float(number))
        for event in layer.events:
            if isinstance(event, RequestReceived | AckReceived | CancelReceived):
                request = event.request
                assert request.via.host
                assert request.call_id
                assert request.cseq >= 0
                assert "" not in (request.from_tag, request.to_tag)
        layer.events.clear()
        if answer:
            for txn in [*layer._invite_servers.values(), *layer._servers.values()]:
                if txn.request is not None:
                    layer.respond(txn, reply(txn.request, 404, to_tag="t"), float(number))
    layer.advance(1000.0)
    if answer:
        assert sum(layer.counts) == 0


@given(st.text(max_size=80))
def test_small_parsers_refuse_with_message_errors(value: str) -> None:
    parsers: list[Callable[[str], object]] = [
        SipUri.parse, NameAddr.parse, Via.parse, split_list, parse_params, parse_digest,
        lambda text: verify([f"Digest {text}"], "BYE", lambda _: ["p"], realm="", nonces=NONCES, source="", now=0.0),
    ]  # fmt: skip
    for each in parsers:
        with suppress(MessageError):
            each(value)


NONCES = Nonces(b"k", 30.0, new_token=lambda: "t")

# Work in proportion to size

PATTERNS = [
    ",", '"', "<", ">", "\\", ";", "=", "%", ":", "@", "?", " ", "\t", '""', "<>", "<,", '\\"', '"\\', ";=", ',"',
    "%41", '"<', '>"', ';"', ' "', "a", "a,", "a;", "a=", '"a"', '"a",', "<a>,", 'a="b",', "\u00e9", "0", "sip:", "[:",
]  # fmt: skip
PREFIXES = ["", '"', "<", 'Digest a="', "sip:", "sip:a@", "SIP/2.0/UDP ", '"\\']


def seconds(function: Callable[[str], object], value: str) -> float:
    best = 1.0
    for _ in range(3):
        start = thread_time()
        with suppress(MessageError):
            function(value)
        best = min(best, thread_time() - start)
    return best


@pytest.mark.parametrize(
    "function",
    [SipUri.parse, NameAddr.parse, Via.parse, split_list, parse_params, parse_digest],
    ids=["uri", "name_addr", "via", "list", "params", "digest"],
)
def test_small_parsers_are_linear(function: Callable[[str], object]) -> None:
    small, large = 2_000, 32_000
    for prefix in PREFIXES:
        for pattern in PATTERNS:
            # Quadratic work would take 256 times as long; linear takes 16 times, and 5 ms are allowed for noise.
            value = prefix + pattern * (small // len(pattern))
            limit = 80 * seconds(function, value) + 0.005
            assert seconds(function, prefix + pattern * (large // len(pattern))) < limit, (prefix, pattern)


def pathological(size: int) -> list[bytes]:
    head = (
        b"INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\n"
        b"Call-ID: c\r\nCSeq: 1 INVITE\r\n"
    )
    line = min(size, MAX_LINE - 20)
    data = [
        b"\r\n" * (size // 2),
        b"\r\n " * (size // 3),
        b"\r" * size,
        b"\n" * size,
        b":" * size,
        b"a:\r\n" * (size // 4),
    ]
    data += [
        b" " * size,
        head + b" \r\n" * ((size - 300) // 3),
        head + b"A: b\r\n" * min(size // 6, MAX_HEADERS - 5) + b"\r\n",
    ]
    for name in (b"Contact", b"Route", b"Via", b"To", b"Require", b"Accept"):
        base = head.replace(b"Via: SIP/2.0/UDP h;branch=z9hG4bKa\r\n", b"") if name == b"Via" else head
        base = base.replace(b"To: <sip:b@h>\r\n", b"") if name == b"To" else base
        for pattern in PATTERNS:
            raw = pattern.encode()
            data.append(base + name + b": " + raw * (line // len(raw)) + b"\r\n\r\n")
            field = name + b': "' + raw * (200 // len(raw)) + b"\r\n"
            count_ = 1 if name == b"To" else min(MAX_HEADERS - 5, (size - 300) // len(field))
            data.append(base + field * count_ + b"\r\n")
    return [item[:MAX_MESSAGE] for item in data]


def test_pathological_messages_are_quick() -> None:
    for data in pathological(MAX_MESSAGE):
        start = thread_time()
        read_everything(data)
        # Each takes a few milliseconds at most; a second would be far from linear on any machine.
        assert thread_time() - start < 1.0, data[:200]
