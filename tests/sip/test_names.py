"""Asking the DNS and keeping what it says, with a real name server on loopback; and its messages when they lie."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import dns.message
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.edge.dns import DnsServer
from trunkline.core.gateways import LAST_GOOD_S
from trunkline.sip import dnsclient, names
from trunkline.sip.dnsclient import DnsClient, system_servers
from trunkline.sip.dnsmessage import (
    MAX_CHAIN,
    MAX_JUMPS,
    MAX_KEPT,
    MAX_READ,
    Answer,
    DnsMessageError,
    Kind,
    Naptr,
    Record,
    Srv,
    answers,
    is_host_name,
    read_answer,
    write_question,
)
from trunkline.sip.names import KeptNames, NameFailedError

Ask = Callable[[str, Kind], Awaitable[Answer]]


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer() as made:
        yield made


def asked(server: DnsServer | tuple[str, ...], name: str, kind: Kind) -> Answer:
    """Ask once with a client of its own."""

    async def work() -> Answer:
        client = DnsClient((server.address,) if isinstance(server, DnsServer) else server)
        try:
            return await client.ask(name, kind)
        finally:
            client.close()

    return asyncio.run(work())


# What a name server says


def test_each_kind_of_record_is_read(server: DnsServer) -> None:
    server.put("a.test", "A", "192.0.2.1", "192.0.2.2", ttl=60)
    server.put("a.test", "AAAA", "2001:db8::1", ttl=70)
    server.put("_sip._udp.a.test", "SRV", "20 0 5062 b.test.", "10 5 5061 A.test.", "0 0 0 .", ttl=80)
    server.put("a.test", "NAPTR", '20 1 "s" "SIP+D2T" "" _sip._tcp.a.test.', '10 2 "S" "SIP+D2U" "!x!y!" .', ttl=90)
    found = asked(server, "a.test", Kind.A)
    assert (set(found.records), found.ttl) == ({"192.0.2.1", "192.0.2.2"}, 60)
    assert asked(server, "a.test", Kind.AAAA) == Answer(("2001:db8::1",), 70)
    found = asked(server, "_sip._udp.a.test", Kind.SRV)
    assert found == Answer((Srv(0, 0, 0, "."), Srv(10, 5, 5061, "a.test"), Srv(20, 0, 5062, "b.test")), 80)
    assert asked(server, "a.test", Kind.NAPTR).records == (
        Naptr(10, 2, "S", "SIP+D2U", "!x!y!", "."),
        Naptr(20, 1, "s", "SIP+D2T", "", "_sip._tcp.a.test"),
    )


def test_nothing_is_an_answer_that_holds_as_long_as_the_zone_says(server: DnsServer) -> None:
    server.put("a.test", "A", "192.0.2.1")
    assert asked(server, "a.test", Kind.AAAA) == Answer((), 1)
    assert asked(server, "absent.test", Kind.A) == Answer((), 1)


def test_aliases_are_followed_as_far_as_the_bound(server: DnsServer) -> None:
    for link in range(MAX_CHAIN + 1):
        server.put(f"l{link}.test", "CNAME", f"l{link + 1}.test.", ttl=100 - link)
    server.put(f"l{MAX_CHAIN + 1}.test", "A", "192.0.2.9", ttl=200)
    assert asked(server, "l1.test", Kind.A) == Answer(("192.0.2.9",), 100 - MAX_CHAIN)
    assert asked(server, "l0.test", Kind.A).records == ()


def test_aliases_in_a_circle_lead_nowhere(server: DnsServer) -> None:
    server.put("a.test", "CNAME", "b.test.")
    server.put("b.test", "CNAME", "a.test.")
    assert asked(server, "a.test", Kind.A).records == ()


def test_a_truncated_answer_is_asked_for_over_tcp(server: DnsServer) -> None:
    server.put("a.test", "A", "192.0.2.1")
    server.truncate = True
    assert asked(server, "a.test", Kind.A).records == ("192.0.2.1",)
    assert [question.over for question in server.asked] == ["udp", "tcp"]


def test_truncated_over_tcp_too_is_a_failure(server: DnsServer) -> None:
    server.put("a.test", "A", "192.0.2.1")
    server.forge = lambda wire, _: wire[:2] + bytes([wire[2] | 2]) + wire[3:]
    with pytest.raises(NameFailedError, match="truncated"):
        asked(server, "a.test", Kind.A)


def test_of_thousands_of_records_a_few_are_kept(server: DnsServer) -> None:
    server.put("a.test", "A", "10.1.0.0")
    server.truncate = True

    def multiply(wire: bytes, over: str) -> bytes:
        question = wire[12 : wire.index(b"\0", 12) + 5]
        record = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\x0a\1"  # the question's name, A, IN, 1 s, 4 bytes: 10.1.x.x
        records = b"".join(record + n.to_bytes(2, "big") for n in range(3000))
        counts = b"".join(n.to_bytes(2, "big") for n in (1, 3000, 0, 0))
        return wire if over == "udp" else wire[:4] + counts + question + records

    server.forge = multiply
    found = asked(server, "a.test", Kind.A).records
    assert len(set(found)) == MAX_READ
    assert all(str(address).startswith("10.1.") for address in found)


def test_a_lost_question_is_asked_again(server: DnsServer) -> None:
    server.put("a.test", "A", "192.0.2.1")
    lost: list[bytes] = []

    def lose_the_first(wire: bytes, _: str) -> bytes:
        lost.append(wire)
        return wire if len(lost) > 1 else b""

    server.forge = lose_the_first
    assert asked(server, "a.test", Kind.A).records == ("192.0.2.1",)
    assert server.count("a.test", "A") == 2


def test_an_answer_to_another_question_is_waited_out(server: DnsServer) -> None:
    server.put("a.test", "A", "192.0.2.1")
    server.forge = lambda wire, _: bytes([wire[0] ^ 1]) + wire[1:] if server.count("a.test", "A") < 2 else wire
    assert asked(server, "a.test", Kind.A).records == ("192.0.2.1",)
    assert server.count("a.test", "A") == 2


def test_the_next_name_server_is_asked_and_then_stays_the_first(server: DnsServer) -> None:
    server.put("a.test", "A", "192.0.2.1")
    with DnsServer() as broken, DnsServer() as silent:
        broken.servfail.add("*")
        silent.silent.add("*")

        async def work() -> None:
            client = DnsClient((broken.address, silent.address, server.address))
            for _ in range(2):
                assert (await client.ask("a.test", Kind.A)).records == ("192.0.2.1",)
            client.close()

        asyncio.run(work())
        assert len(broken.asked) == len(silent.asked) == 1


def test_a_name_server_that_fails_is_named(server: DnsServer) -> None:
    server.servfail.add("a.test")
    with pytest.raises(NameFailedError, match=rf"{server.address}: the name server says SERVFAIL"):
        asked(server, "a.test", Kind.A)


def test_a_silent_name_server_is_given_up(server: DnsServer) -> None:
    server.silent.add("*")
    started = time.monotonic()
    with pytest.raises(NameFailedError, match="no answer"):
        asked(server, "a.test", Kind.A)
    assert time.monotonic() - started < dnsclient.QUESTION_S + 2
    assert len(server.asked) == 3


def test_a_port_without_name_server_is_told_at_once() -> None:
    with DnsServer() as gone:
        address = gone.address
    started = time.monotonic()
    with pytest.raises(NameFailedError, match="cannot be reached"):
        asked((address,), "a.test", Kind.A)
    assert time.monotonic() - started < 2


# This machine's own names


def test_without_a_name_server_only_this_machine_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dnsclient, "system_servers", lambda: system_servers(tmp_path / "absent"))
    assert asked((), "a.test", Kind.A).records == ()
    assert "127.0.0.1" in asked((), "localhost", Kind.HOSTS).records


def test_a_name_that_this_machine_does_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_known(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    def later(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    monkeypatch.setattr(socket, "getaddrinfo", not_known)
    assert asked((), "absent", Kind.HOSTS).records == ()
    monkeypatch.setattr(socket, "getaddrinfo", later)
    with pytest.raises(NameFailedError, match="try again"):
        asked((), "absent", Kind.HOSTS)


def test_a_machine_whose_resolver_hangs_is_asked_no_more_than_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dnsclient, "QUESTION_S", 1.0)
    release = threading.Event()

    def hang(name: str, *_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        release.wait(20)
        return [(0, 0, 0, "", ("192.0.2.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", hang)

    async def work() -> None:
        client = DnsClient(("127.0.0.1:9",))
        hanging = [asyncio.create_task(client.ask(f"n{n}", Kind.HOSTS)) for n in range(dnsclient.HOSTS_THREADS)]
        await asyncio.sleep(0)
        with pytest.raises(NameFailedError, match="busy"):
            await client.ask("more", Kind.HOSTS)
        with pytest.raises(NameFailedError, match="no answer within"):
            await hanging[0]
        release.set()
        await asyncio.gather(*hanging[1:], return_exceptions=True)
        for _ in range(100):  # threads say that they are free through the loop
            await asyncio.sleep(0.02)
            try:
                assert (await client.ask("more", Kind.HOSTS)).records == ("192.0.2.1",)
                break
            except NameFailedError:
                continue
        else:
            raise AssertionError("no thread became free again")
        client.close()

    asyncio.run(work())


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("", ()),
        ("# nameserver 192.0.2.1\nnameserver\nnameserver x\noptions edns0\n", ()),
        ("search a.test\nnameserver 192.0.2.1\n nameserver\t2001:db8::1 # second\n", ("192.0.2.1", "2001:db8::1")),
        ("".join(f"nameserver 192.0.2.{n}\n" for n in range(1, 9)), ("192.0.2.1", "192.0.2.2", "192.0.2.3")),
    ],
    ids=["empty", "nothing usable", "two", "too many"],
)
def test_resolv_conf(tmp_path: Path, text: str, servers: tuple[str, ...]) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text(text)
    assert system_servers(file) == servers


# Messages that lie


QUESTION = write_question(7, "a.test", Kind.SRV)
MANY_LABELS = b"".join(bytes([1, 97 + n % 26]) for n in range(126)) + b"\0"


def response(records: bytes, count: int, *, rcode: int = 0, authority: int = 0) -> bytes:
    """Return a response to `QUESTION` with these bytes behind it."""
    return struct.pack("!6H", 7, 0x8180 | rcode, 1, count, authority, 0) + QUESTION[12:] + records


def record(data: bytes, *, owner: bytes = b"\xc0\x0c", kind: int = Kind.SRV, ttl: int = 60) -> bytes:
    """Return one record's bytes."""
    return owner + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


@pytest.mark.parametrize(
    "data",
    [
        response(b"", 1),
        response(record(b"\0" * 6 + b"\0")[:-1], 1),
        response(record(b"\0" * 6 + b"\0\0"), 1),
        response(record(b"\0" * 5), 1),
        response(record(b"\0" * 6 + b"\xc0\x2a"), 1),
        response(b"\xc0\x18" + b"\0" * 10, 1),
        response(b"\xff\xff" + b"\0" * 10, 1),
        response(record(b"\0" * 6 + b"\x40" + b"a" * 64 + b"\0"), 1),
        response(record(b"\0" * 6 + (b"\x3f" + b"a" * 63) * 4 + b"\0"), 1),
        response(record(b"\0" * 6 + MANY_LABELS[:-1] + b"\1a\0"), 1)[:-1] + b"\1",
        response(record(b"\0\0", kind=6), 0, authority=1)[:-3],
    ],
)
def test_a_malformed_answer_is_refused(data: bytes) -> None:
    with pytest.raises(DnsMessageError, match="malformed"):
        read_answer(data, "a.test", Kind.SRV)


@pytest.mark.parametrize(
    ("rcode", "says"), [(1, "FORMERR"), (2, "SERVFAIL"), (4, "NOTIMP"), (5, "REFUSED"), (9, "error 9")]
)
def test_what_is_no_answer_is_a_failure(rcode: int, says: str) -> None:
    with pytest.raises(DnsMessageError, match=says):
        read_answer(response(b"", 0, rcode=rcode), "a.test", Kind.SRV)


@pytest.mark.parametrize("target", [b"\3a\0b\0", b"\3a.b\0", b"\2\xc3\xa9\0", b"\3a b\0", b'\3a"b\0', b"\4test\1\n\0"])
def test_a_name_that_no_host_has_is_none(target: bytes) -> None:
    (found,) = read_answer(response(record(b"\0" * 6 + target), 1), "a.test", Kind.SRV).records
    assert isinstance(found, Srv)
    assert not is_host_name(found.target)


@pytest.mark.parametrize(("ttl", "read"), [(0, 0), (60, 60), (2**31 - 1, 2**31 - 1), (2**31, 0), (2**32 - 1, 0)])
def test_times_to_live(ttl: int, read: int) -> None:
    assert read_answer(response(record(b"\0" * 7, ttl=ttl), 1), "a.test", Kind.SRV).ttl == read


def test_records_of_other_names_and_classes_are_not_taken() -> None:
    other = record(b"\0" * 7, owner=b"\1b\4test\0")
    of_class_3 = b"\xc0\x0c" + struct.pack("!HHIH", Kind.SRV, 3, 60, 7) + b"\0" * 7
    assert read_answer(response(other + of_class_3, 2), "a.test", Kind.SRV).records == ()


def pointers(start: int, count: int) -> bytes:
    """Return ``count`` pointers to stand at ``start``, each to the one before it, the first to the question's name."""
    return b"".join(struct.pack("!H", 0xC000 | (12 if n == 0 else start + 2 * n - 2)) for n in range(count))


@pytest.mark.parametrize(("count", "good"), [(1, True), (MAX_JUMPS - 1, True), (MAX_JUMPS, False), (5000, False)])
def test_pointers_to_pointers_are_bounded(count: int, good: bool) -> None:
    start = len(QUESTION) + 12
    chain = record(pointers(start, count), kind=99)
    target = record(b"\0" * 6 + struct.pack("!H", 0xC000 | (start + 2 * count - 2)))
    data = response(chain + target, 2)
    if good:
        assert read_answer(data, "a.test", Kind.SRV).records == (Srv(0, 0, 0, "a.test"),)
    else:
        with pytest.raises(DnsMessageError, match="pointers"):
            read_answer(data, "a.test", Kind.SRV)


def test_the_largest_answers_are_read_quickly() -> None:
    """Thousands of records with the longest names that there are, each by many pointers: what costs a reader most."""
    first = record(b"\0" * 6 + MANY_LABELS)
    at = len(QUESTION) + 12 + 6
    chain_at = len(QUESTION) + len(first) + 12
    chain = struct.pack("!H", 0xC000 | at) + pointers(chain_at, 120)[2:]
    last = struct.pack("!H", 0xC000 | (chain_at + 2 * 119))
    hostile = record(b"\0" * 6 + last, owner=last)
    data = response(first + record(chain, kind=99) + hostile * 3200, 3202)
    assert 60_000 < len(data) < 65536
    started = time.process_time()
    found = read_answer(data, "a.test", Kind.SRV)
    assert time.process_time() - started < 0.25
    assert len(found.records) == 1


@pytest.mark.parametrize(
    ("change", "good"),
    [
        (lambda data: data, True),
        (lambda data: data.replace(b"\1a\4test", b"\1A\4TesT"), True),
        (lambda data: b"\0\x08" + data[2:], False),
        (lambda data: data[:2] + bytes([data[2] & 0x7F]) + data[3:], False),
        (lambda data: data.replace(b"\1a\4test", b"\1b\4test"), False),
        (lambda data: data[: len(QUESTION) - 4] + b"\0\1\0\1", False),
        (lambda data: data[:4] + b"\0\2" + data[6:], False),
        (lambda data: data[: len(QUESTION) - 1], False),
    ],
    ids=["as it is", "other case", "number", "no response", "name", "type", "two questions", "cut"],
)
def test_which_messages_answer_a_question(change: Callable[[bytes], bytes], good: bool) -> None:
    assert answers(change(response(b"", 0)), 7, "a.test", Kind.SRV) is good


@given(st.binary(max_size=200), st.integers(0, 300), st.sampled_from([Kind.A, Kind.AAAA, Kind.SRV, Kind.NAPTR]))
def test_whatever_comes_is_read_or_refused(tail: bytes, count: int, kind: Kind) -> None:
    data = struct.pack("!6H", 7, 0x8180, 1, count, count, 0) + write_question(7, "a.test", kind)[12:] + tail
    assert answers(data, 7, "a.test", kind)
    try:
        found = read_answer(data, "a.test", kind)
    except DnsMessageError:
        return
    assert len(found.records) <= (MAX_KEPT if kind in (Kind.SRV, Kind.NAPTR) else MAX_READ)


@given(st.binary(max_size=60))
def test_whatever_comes_is_an_answer_or_not(data: bytes) -> None:
    assert not answers(data, 7, "a.test", Kind.A) or data[12:].lower().startswith(b"\1a\4test\0\0\1\0\1")


_labels = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1, max_size=63)


@given(st.lists(_labels, min_size=1, max_size=5).map(".".join).filter(is_host_name), st.integers(0, 65535))
def test_a_question_is_what_another_reader_reads(name: str, number: int) -> None:
    message = dns.message.from_wire(write_question(number, name, Kind.NAPTR))
    assert (message.id, message.question[0].to_text()) == (number, f"{name}. IN NAPTR")


@given(
    st.lists(
        st.tuples(st.integers(0, 65535), st.integers(0, 65535), st.integers(0, 65535), _labels),
        min_size=1,
        max_size=MAX_KEPT,
        unique=True,
    )
)
def test_records_are_what_another_writer_wrote(rows: list[tuple[int, int, int, str]]) -> None:
    message = dns.message.make_response(dns.message.make_query("a.test", "SRV"))
    texts = [f"{priority} {weight} {port} {target}.a.test." for priority, weight, port, target in rows]
    message.answer.append(dns.rrset.from_text("a.test.", 60, "IN", "SRV", *texts))
    expected: set[Record] = {Srv(priority, weight, port, f"{target}.a.test") for priority, weight, port, target in rows}
    found = read_answer(message.to_wire(), "a.test", Kind.SRV).records
    assert set(found) == expected
    assert [srv[0] for srv in found] == sorted(row[0] for row in rows)


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("a.test", True),
        ("_sip._udp.a.test", True),
        ("pbx", True),
        ("xn--bcher-kva.test", True),
        (".".join(["a" * 61] * 4) + ".tests", True),
        (".".join(["a" * 61] * 4) + ".tests1", False),
        ("a" * 64 + ".test", False),
        ("", False),
        (".", False),
        ("a..test", False),
        ("a.test.", False),
        ("a b.test", False),
        ("b\u00fccher.test", False),
        ("a\n.test", False),
        ("*.test", False),
        ("127.1", False),
        ("2130706433", False),
        ("0x7f000001", False),
        ("a.0x7f", False),
        ("1.2.3.4", False),
        ("::1", False),
    ],
)
def test_host_names(name: str, good: bool) -> None:
    assert is_host_name(name) is good


# Keeping


class Dns:
    """A DNS and a clock for `KeptNames`: says what ``answer`` is at that time, waits where ``open`` is not set."""

    def __init__(self) -> None:
        self.answer: Answer | str = Answer(("192.0.2.1",), 60)
        self.fault: Exception | None = None
        self.time = 1000.0
        self.asked: list[str] = []
        self.open = asyncio.Event()
        self.open.set()
        self.kept = KeptNames(self.ask, now=lambda: self.time)

    async def ask(self, name: str, kind: Kind) -> Answer:
        self.asked.append(name)
        await self.open.wait()
        if self.fault is not None:
            raise self.fault
        if isinstance(self.answer, str):
            raise NameFailedError(self.answer)
        return self.answer

    async def get(self, name: str = "a.test") -> tuple[Record, ...]:
        return await self.kept.ask(name, Kind.A)

    async def settle(self) -> None:
        """Let what runs in the background go as far as it can."""
        for _ in range(10):
            await asyncio.sleep(0)


def run(work: Callable[[Dns], Awaitable[None]]) -> None:
    async def whole() -> None:
        dns = Dns()
        await work(dns)
        await dns.kept.close()

    asyncio.run(whole())


@pytest.mark.parametrize(
    ("answer", "fresh_s"),
    [
        (Answer(("192.0.2.1",), 0), 5),
        (Answer(("192.0.2.1",), 60), 60),
        (Answer(("192.0.2.1",), 2**31 - 1), 3600),
        (Answer((), 0), 5),
        (Answer((), 20), 20),
        (Answer((), 86400), 30),
    ],
)
def test_an_answer_is_fresh_for_its_time_within_bounds(answer: Answer, fresh_s: int) -> None:
    async def work(dns: Dns) -> None:
        dns.answer = answer
        assert dns.kept.recall("a.test", Kind.A) is None
        assert await dns.get() == answer.records
        dns.time += fresh_s - 0.5
        assert dns.kept.recall("a.test", Kind.A) == answer.records
        assert await dns.get() == answer.records
        assert len(dns.asked) == 1
        dns.time += 1
        await dns.get()
        await dns.settle()
        assert len(dns.asked) == 2

    run(work)


def test_what_has_just_expired_is_told_while_it_is_refreshed() -> None:
    async def work(dns: Dns) -> None:
        await dns.get()
        dns.time += 60 + names.GRACE_S - 1
        dns.answer = Answer(("192.0.2.2",), 60)
        assert dns.kept.recall("a.test", Kind.A) == ("192.0.2.1",)
        await dns.settle()
        assert dns.kept.recall("a.test", Kind.A) == ("192.0.2.2",)
        dns.time += 60 + names.GRACE_S
        dns.answer = Answer(("192.0.2.3",), 60)
        assert dns.kept.recall("a.test", Kind.A) is None
        assert await dns.get() == ("192.0.2.3",)

    run(work)


def test_nothing_that_has_expired_is_asked_again_first() -> None:
    async def work(dns: Dns) -> None:
        dns.answer = Answer((), 10)
        assert await dns.get() == ()
        dns.time += 10
        dns.answer = Answer(("192.0.2.1",), 60)
        assert await dns.get() == ("192.0.2.1",)

    run(work)


@pytest.mark.parametrize("last", [Answer(("192.0.2.1",), 60), Answer((), 30)])
def test_the_last_answer_serves_while_the_dns_fails(last: Answer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, names.__name__)

    async def work(dns: Dns) -> None:
        dns.answer = last
        await dns.get()
        dns.answer = "SERVFAIL"
        dns.time += 3600
        assert await dns.get() == last.records
        for _ in range(20):  # known to fail: nobody waits, and it is asked now and then
            dns.time += 1
            assert dns.kept.recall("a.test", Kind.A) == last.records
            await dns.settle()
        assert 4 <= len(dns.asked) <= 7
        assert len(caplog.records) == 1
        assert "A of a.test: SERVFAIL; its answer of 3600 seconds ago is used" in caplog.text
        dns.answer = Answer(("192.0.2.7",), 60)
        dns.time += names.RETRY_S
        assert dns.kept.recall("a.test", Kind.A) == last.records
        await dns.settle()
        assert dns.kept.recall("a.test", Kind.A) == ("192.0.2.7",)
        assert [entry.getMessage() for entry in caplog.records[1:]] == ["A of a.test: the DNS answers again"]

    run(work)


def test_the_last_answer_serves_for_a_day_only() -> None:
    async def work(dns: Dns) -> None:
        await dns.get()
        dns.answer = "silence"
        dns.time += LAST_GOOD_S - 1
        assert await dns.get() == ("192.0.2.1",)
        dns.time += 2
        with pytest.raises(NameFailedError, match="silence"):
            await dns.get()

    run(work)


def test_silence_keeps_nobody_waiting_who_has_an_older_answer() -> None:
    async def work(dns: Dns) -> None:
        await dns.get()
        dns.open.clear()
        dns.time += 7200
        started = time.monotonic()
        assert await dns.get() == ("192.0.2.1",)
        assert names.PATIENCE_S - 0.1 < time.monotonic() - started < names.PATIENCE_S + 1

    run(work)


def test_a_failure_without_an_older_answer_rests_and_is_asked_again() -> None:
    async def work(dns: Dns) -> None:
        dns.answer = "SERVFAIL"
        for _ in range(3):
            with pytest.raises(NameFailedError, match="SERVFAIL"):
                await dns.get()
        with pytest.raises(NameFailedError, match="SERVFAIL"):
            dns.kept.recall("a.test", Kind.A)
        assert len(dns.asked) == 1
        dns.time += names.RETRY_S
        dns.answer = Answer(("192.0.2.1",), 60)
        assert await dns.get() == ("192.0.2.1",)

    run(work)


def test_an_error_of_the_asking_itself_is_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    async def work(dns: Dns) -> None:
        dns.fault = RuntimeError("a mistake of ours")
        with pytest.raises(NameFailedError, match="internal error"):
            await dns.get()

    run(work)
    assert "A of a.test could not be asked for" in caplog.text


def test_many_who_ask_the_same_wait_for_one_question() -> None:
    async def work(dns: Dns) -> None:
        dns.open.clear()
        waiting = [asyncio.create_task(dns.get()) for _ in range(100)]
        await dns.settle()
        waiting[0].cancel()
        await dns.settle()
        dns.open.set()
        assert await asyncio.gather(*waiting[1:]) == [("192.0.2.1",)] * 99
        assert len(dns.asked) == 1

    run(work)


def test_questions_under_way_are_bounded() -> None:
    async def work(dns: Dns) -> None:
        await dns.get("old.test")
        dns.time += 7200
        dns.open.clear()
        waiting = [asyncio.create_task(dns.get(f"n{n}.test")) for n in range(names.MAX_QUESTIONS)]
        await dns.settle()
        with pytest.raises(NameFailedError, match="256 questions to the DNS are under way"):
            await dns.get("more.test")
        assert await dns.get("old.test") == ("192.0.2.1",)
        assert len(dns.asked) == names.MAX_QUESTIONS + 1
        dns.open.set()
        await asyncio.gather(*waiting)
        assert await dns.get("more.test") == ("192.0.2.1",)

    run(work)


def test_names_kept_are_bounded_and_the_least_wanted_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "MAX_NAMES", 3)

    async def work(dns: Dns) -> None:
        for name in ("a", "b", "c", "a", "d"):
            await dns.get(name)
        known = [name for name in "abcd" if dns.kept.recall(name, Kind.A) is not None]
        assert known == ["a", "c", "d"]

    run(work)


def test_a_dead_name_holds_up_no_other(server: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dnsclient, "QUESTION_S", 1.5)
    server.put("a.test", "A", "192.0.2.1")
    server.silent.add("dead.test")

    async def work() -> None:
        client = DnsClient((server.address,))
        kept = KeptNames(client.ask)
        dead = [asyncio.create_task(kept.ask("dead.test", Kind.A)) for _ in range(50)]
        await asyncio.sleep(0)
        started = time.monotonic()
        assert await kept.ask("a.test", Kind.A) == ("192.0.2.1",)
        assert time.monotonic() - started < dnsclient.TRY_S
        failed = await asyncio.gather(*dead, return_exceptions=True)
        assert {type(error) for error in failed} == {NameFailedError}
        assert server.count("dead.test", "A") == 2
        client.close()

    asyncio.run(work())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["good", "none", "fail"]), st.integers(0, 7200)), max_size=12))
def test_once_answered_a_name_is_never_without_answer_within_a_day(steps: list[tuple[str, int]]) -> None:
    said: dict[str, Answer | str] = {"good": Answer(("192.0.2.1",), 300), "none": Answer((), 300), "fail": "SERVFAIL"}

    async def work(dns: Dns) -> None:
        await dns.get()
        for says, later in steps:
            dns.answer = said[says]
            dns.time += later
            assert await dns.get() in (("192.0.2.1",), ())
            await dns.settle()

    run(work)
