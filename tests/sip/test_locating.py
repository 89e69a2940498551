"""RFC 3263's procedure, as tables: what the DNS says on the left, the places on the right."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.addresses import AddressFilter
from trunkline.sip import locating
from trunkline.sip.dnsmessage import Kind, Naptr, Record, Srv
from trunkline.sip.locating import MAX_ASKED, MAX_PLACES, Locator, Place, TargetRefusedError
from trunkline.sip.names import NameFailedError

A, AAAA, SRV, NAPTR, HOSTS = Kind.A, Kind.AAAA, Kind.SRV, Kind.NAPTR, Kind.HOSTS
UDP_SRV, TCP_SRV = ("_sip._udp.x.test", SRV), ("_sip._tcp.x.test", SRV)
Said = dict[tuple[str, Kind], tuple[Record, ...] | str]
"""What the DNS says; a text is a failure, and what is not there does not exist."""


class FakeNames:
    """A DNS for the procedure; what was asked once is known at once from then on."""

    def __init__(self, said: Said) -> None:
        self.said = said
        self.asked: list[tuple[str, Kind]] = []
        self.known: set[tuple[str, Kind]] = set()
        self.silent: set[str] = set()

    def recall(self, name: str, kind: Kind) -> tuple[Record, ...] | None:
        return self._said(name, kind) if (name, kind) in self.known else None

    async def ask(self, name: str, kind: Kind) -> tuple[Record, ...]:
        self.asked.append((name, kind))
        if name in self.silent:
            await asyncio.Event().wait()
        self.known.add((name, kind))
        return self._said(name, kind)

    def _said(self, name: str, kind: Kind) -> tuple[Record, ...]:
        found = self.said.get((name, kind), ())
        if isinstance(found, str):
            raise NameFailedError(found)
        return found


BOTH = frozenset({("UDP", 4), ("TCP", 4)})
SIX = BOTH | {("UDP", 6), ("TCP", 6)}
LAB = AddressFilter(lab=True)


def locator(said: Said, can: frozenset[tuple[str, int]] = BOTH, addresses: AddressFilter = LAB) -> Locator:
    return Locator(addresses, lambda transport, v: (transport, v) in can, names=FakeNames(said), draw=lambda: 0.5)


def fake(found: Locator) -> FakeNames:
    assert isinstance(found.names, FakeNames)
    return found.names


def located(target: Locator, host: str, port: int | None = None, transport: str | None = None) -> str:
    """Return the places in short: "UDP 192.0.2.1:5060, ..."; asked twice, the second time from memory."""
    places = asyncio.run(target.places(host, port, transport))
    assert target.at_once(host, port, transport) == places
    return printed(places)


def printed(places: list[Place]) -> str:
    return ", ".join(f"{transport} {host}:{port}" for transport, host, port in places)


# Literal addresses


@pytest.mark.parametrize(
    ("host", "port", "transport", "place"),
    [
        ("127.0.0.1", None, None, Place("UDP", "127.0.0.1", 5060)),
        ("127.0.0.1", 5070, None, Place("UDP", "127.0.0.1", 5070)),
        ("127.0.0.1", None, "tcp", Place("TCP", "127.0.0.1", 5060)),
        ("127.0.0.1", 5070, "TCP", Place("TCP", "127.0.0.1", 5070)),
        ("127.0.0.1.", None, None, Place("UDP", "127.0.0.1", 5060)),
        ("::1", None, None, Place("UDP", "::1", 5060)),
        ("0:0:0:0:0:0:0:1", 5070, "udp", Place("UDP", "::1", 5070)),
        ("::ffff:127.0.0.1", None, None, Place("UDP", "127.0.0.1", 5060)),
    ],
)
def test_a_literal_address_is_the_place(host: str, port: int | None, transport: str | None, place: Place) -> None:
    target = locator({}, SIX)
    assert target.at_once(host, port, transport) == [place]
    assert fake(target).asked == []


@pytest.mark.parametrize(
    ("host", "port", "transport", "says", "forbidden"),
    [
        ("10.0.0.1", None, None, "10.0.0.1 is not to be called: 10.0.0.1: private", True),
        ("169.254.169.254", None, "tcp", "cloud metadata", True),
        ("::ffff:10.0.0.1", None, None, "private", True),
        ("::1", None, None, "nothing here sends SIP over UDP and IPv6", False),
        ("127.0.0.1", None, "tls", "nothing here sends SIP over TLS", False),
        ("127.0.0.1", None, "sctp", "nothing here sends SIP over SCTP", False),
        ("127.0.0.1", 0, None, "0 is no port", False),
        ("127.0.0.1", 65536, None, "65536 is no port", False),
        ("", None, None, "'' is no host name", False),
        (".", None, None, "'.' is no host name", False),
        ("a..test", None, None, "'a..test' is no host name", False),
        ("a..test", 5060, None, "'a..test' is no host name", False),
        ("2130706433", None, None, "is no host name", False),
        ("127.1", 5060, None, "is no host name", False),
        ("b\u00fccher.test", None, None, "is no host name", False),
        ("a.test\r\nVia: x", None, None, "is no host name", False),
        ("x" * 5000, None, None, "is no host name", False),
    ],
)
def test_what_may_not_or_cannot_be_called_is_refused_at_once(
    host: str, port: int | None, transport: str | None, says: str, forbidden: bool
) -> None:
    target = locator({})
    with pytest.raises(TargetRefusedError, match=re.escape(says)) as refused:
        target.at_once(host, port, transport)
    assert refused.value.forbidden is forbidden
    assert len(str(refused.value)) < 500
    with pytest.raises(TargetRefusedError, match=re.escape(says)):
        asyncio.run(target.places(host, port, transport))
    assert fake(target).asked == []


def test_allows_literal_addresses_that_may_be_sent_to() -> None:
    target = locator({("x.test", A): ("127.0.0.1",)})
    assert [target.allows(host) for host in ("127.0.0.1", "::1", "10.0.0.1", "x.test", "")] == [True, True] + [
        False
    ] * 3


# The procedure


class Row(NamedTuple):
    """What the DNS says, how the host x.test is asked for, the places, and which questions that took."""

    said: Said
    places: str
    asked: str = ""
    port: int | None = None
    transport: str | None = None
    can: frozenset[tuple[str, int]] = BOTH


def naptr(order: int, preference: int, service: str, replacement: str, *rest: str) -> Naptr:
    """Return a record; ``rest`` are flags and regexp where they are unusual."""
    flags, regexp = (*rest, *("s", "")[len(rest) :])
    return Naptr(order, preference, flags, service, regexp, replacement)


ADDRESSES: Said = {("x.test", A): ("192.0.2.1",), ("u.test", A): ("192.0.2.2",), ("t.test", A): ("192.0.2.3",)}
SERVERS: Said = ADDRESSES | {UDP_SRV: (Srv(1, 0, 5061, "u.test"),), TCP_SRV: (Srv(1, 0, 5062, "t.test"),)}
UDP_ALONE = frozenset({("UDP", 4)})
ROWS = {
    "a name with a port has addresses only": Row(SERVERS, "UDP 192.0.2.1:5070", "A x.test", port=5070),
    "with port and transport": Row(SERVERS, "TCP 192.0.2.1:5070", "A x.test", port=5070, transport="tcp"),
    "port 5060, said or not, is not the same": Row(SERVERS, "UDP 192.0.2.1:5060", "A x.test", port=5060),
    "with transport: its SRV": Row(SERVERS, "TCP 192.0.2.3:5062", "SRV _sip._tcp.x.test, A t.test", transport="tcp"),
    "with transport, without SRV: its addresses": Row(
        ADDRESSES, "TCP 192.0.2.1:5060", "SRV _sip._tcp.x.test, A x.test", transport="tcp"
    ),
    "with a transport that the domain has not: its addresses all the same": Row(
        ADDRESSES | {UDP_SRV: (Srv(1, 0, 5061, "u.test"),)}, "TCP 192.0.2.1:5060", transport="tcp"
    ),
    "without NAPTR: SRV of each transport, UDP first": Row(
        SERVERS,
        "UDP 192.0.2.2:5061, TCP 192.0.2.3:5062",
        "NAPTR x.test, SRV _sip._udp.x.test, SRV _sip._tcp.x.test, A u.test, A t.test",
    ),
    "without NAPTR: SRV of the transports that we have": Row(
        SERVERS, "UDP 192.0.2.2:5061", "NAPTR x.test, SRV _sip._udp.x.test, A u.test", can=UDP_ALONE
    ),
    "SRV of TCP only": Row(ADDRESSES | {TCP_SRV: (Srv(1, 0, 5062, "t.test"),)}, "TCP 192.0.2.3:5062"),
    "neither NAPTR nor SRV: addresses at 5060": Row(ADDRESSES, "UDP 192.0.2.1:5060"),
    "NAPTR chooses the transport": Row(
        SERVERS | {("x.test", NAPTR): (naptr(1, 1, "SIP+D2T", "_sip._tcp.x.test"),)},
        "TCP 192.0.2.3:5062",
        "NAPTR x.test, SRV _sip._tcp.x.test, A t.test",
    ),
    "NAPTR may name another domain": Row(
        SERVERS | {("x.test", NAPTR): (naptr(1, 1, "sip+d2u", "y.test"),), ("y.test", SRV): (Srv(1, 0, 9, "t.test"),)},
        "UDP 192.0.2.3:9",
    ),
    "NAPTR of one order, by preference": Row(
        SERVERS
        | {
            ("x.test", NAPTR): (
                naptr(1, 7, "SIP+D2U", "_sip._udp.x.test"),
                naptr(1, 3, "SIP+D2T", "_sip._tcp.x.test"),
            )
        },
        "TCP 192.0.2.3:5062, UDP 192.0.2.2:5061",
    ),
    "NAPTR of several orders: the lowest alone": Row(
        SERVERS
        | {
            ("x.test", NAPTR): (
                naptr(9, 1, "SIP+D2U", "_sip._udp.x.test"),
                naptr(5, 8, "SIP+D2T", "_sip._tcp.x.test"),
            )
        },
        "TCP 192.0.2.3:5062",
    ),
    "NAPTR of the lowest order that we have": Row(
        SERVERS
        | {
            ("x.test", NAPTR): (
                naptr(1, 1, "SIPS+D2T", "_sips._tcp.x.test"),
                naptr(2, 1, "SIP+D2T", "_sip._tcp.x.test"),
                naptr(3, 1, "SIP+D2U", "_sip._udp.x.test"),
            )
        },
        "UDP 192.0.2.2:5061",
        can=UDP_ALONE,
    ),
    "NAPTR to a name without SRV: the next order": Row(
        SERVERS
        | {("x.test", NAPTR): (naptr(1, 1, "SIP+D2T", "gone.test"), naptr(2, 1, "SIP+D2U", "_sip._udp.x.test"))},
        "UDP 192.0.2.2:5061",
    ),
    "NAPTR to nothing: as if there were none": Row(
        SERVERS | {("x.test", NAPTR): (naptr(1, 1, "SIP+D2T", "gone.test"),)}, "UDP 192.0.2.2:5061, TCP 192.0.2.3:5062"
    ),
    "NAPTR that is not SIP's": Row(
        SERVERS
        | {
            ("x.test", NAPTR): (
                naptr(1, 1, "E2U+sip", ".", "u", "!^.*$!sip:a@b!"),
                naptr(1, 1, "SIP+D2T", "t.test", "a"),
                naptr(1, 1, "SIP+D2T", "t.test", ""),
                naptr(1, 1, "SIP+D2T", "t.test", "s", "!.*!t!"),
                naptr(1, 1, "SIP+D2T", "?"),
                naptr(1, 1, "SIP+D2T", "."),
            ),
            ("t.test", SRV): (Srv(1, 0, 9, "t.test"),),
        },
        "UDP 192.0.2.2:5061, TCP 192.0.2.3:5062",
    ),
    "a NAPTR question that fails is like none": Row(
        SERVERS | {("x.test", NAPTR): "SERVFAIL"}, "UDP 192.0.2.2:5061, TCP 192.0.2.3:5062"
    ),
    "an SRV question that fails counts for its transport only": Row(
        SERVERS | {UDP_SRV: "SERVFAIL"}, "TCP 192.0.2.3:5062"
    ),
    "a service that does not exist counts for its transport only": Row(
        SERVERS | {UDP_SRV: (Srv(0, 0, 0, "."),)}, "TCP 192.0.2.3:5062"
    ),
    "SRV by priority": Row(
        ADDRESSES | {UDP_SRV: (Srv(20, 0, 2, "u.test"), Srv(10, 0, 1, "t.test"), Srv(30, 0, 3, "x.test"))},
        "UDP 192.0.2.3:1, UDP 192.0.2.2:2, UDP 192.0.2.1:3",
    ),
    "SRV to one name at two ports": Row(
        ADDRESSES | {UDP_SRV: (Srv(1, 0, 1, "u.test"), Srv(2, 0, 2, "u.test"), Srv(3, 0, 1, "u.test"))},
        "UDP 192.0.2.2:1, UDP 192.0.2.2:2",
        "NAPTR x.test, SRV _sip._udp.x.test, SRV _sip._tcp.x.test, A u.test",
    ),
    "SRV targets that cannot be": Row(
        ADDRESSES
        | {
            UDP_SRV: (
                Srv(1, 0, 1, "?"),
                Srv(2, 0, 0, "u.test"),
                Srv(3, 0, 3, "10.0.0.1"),
                Srv(4, 0, 4, "gone.test"),
                Srv(5, 0, 5, "t.test"),
            )
        },
        "UDP 192.0.2.3:5",
    ),
    "an SRV target whose addresses nobody tells": Row(
        ADDRESSES | {UDP_SRV: (Srv(1, 0, 1, "dead.test"), Srv(2, 0, 2, "u.test")), ("dead.test", A): "no answer"},
        "UDP 192.0.2.2:2",
    ),
    "IPv6 and IPv4, where we have both": Row(
        {
            ("x.test", A): ("192.0.2.1", "192.0.2.2"),
            ("x.test", AAAA): ("fc00::1", "2002:c000:201::1", "2600::1", "2600::2", "::1"),
        },
        "UDP ::1:9, UDP 2600::1:9, UDP 2600::2:9, UDP 192.0.2.1:9, UDP 192.0.2.2:9, UDP 2002:c000:201::1:9, "
        "UDP fc00::1:9",
        "AAAA x.test, A x.test",
        port=9,
        can=SIX,
    ),
    "IPv6 alone": Row({("x.test", AAAA): ("2600::1",)}, "UDP 2600::1:9", port=9, can=SIX),
    "one family fails, the other is there": Row(
        {("x.test", AAAA): "SERVFAIL", ("x.test", A): ("192.0.2.1",)}, "UDP 192.0.2.1:9", port=9, can=SIX
    ),
    "no question for a family that we have not": Row(
        ADDRESSES | {("x.test", AAAA): ("2600::1",)}, "UDP 192.0.2.1:9", "A x.test", port=9
    ),
    "families by transport": Row(
        ADDRESSES | {("x.test", AAAA): ("2600::1",)},
        "TCP 2600::1:9",
        "AAAA x.test",
        port=9,
        transport="tcp",
        can=UDP_ALONE | {("TCP", 6)},
    ),
    "an IPv4 address inside an IPv6 one": Row(
        {("x.test", AAAA): ("::ffff:192.0.2.1",), ("x.test", A): ("192.0.2.1",)}, "UDP 192.0.2.1:9", port=9, can=SIX
    ),
    "a name that only this machine has": Row(
        {("x.test", HOSTS): ("192.0.2.9", "2600::9")}, "UDP 192.0.2.9:9", "A x.test, HOSTS x.test", port=9
    ),
    "what the DNS has is not asked of this machine": Row(
        ADDRESSES | {("x.test", HOSTS): ("192.0.2.9",)}, "UDP 192.0.2.1:9", "A x.test", port=9
    ),
}
OPEN = AddressFilter(allow_private=True, lab=True)


class Everything(AddressFilter):
    """Lets every address pass: the tables use documentation addresses."""

    def refusal(self, text: str) -> str | None:
        """Refuse nothing."""
        return None


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_procedure(row: Row) -> None:
    target = locator(row.said, row.can, Everything())
    assert located(target, "X.test.", row.port, row.transport) == row.places
    questions = [f"{kind.name} {name}" for name, kind in fake(target).asked]
    assert len(questions) == len(set(questions))
    if row.asked:
        assert ", ".join(questions) == row.asked


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({}, "x.test cannot be called: it has no address"),
        ({UDP_SRV: "SERVFAIL"} | ADDRESSES, "SRV of _sip._udp.x.test: SERVFAIL"),
        ({UDP_SRV: "SERVFAIL", ("x.test", NAPTR): "REFUSED"} | ADDRESSES, "NAPTR of x.test: REFUSED; SRV of"),
        ({("x.test", A): "SERVFAIL", ("x.test", HOSTS): ("192.0.2.9",)}, "A of x.test: SERVFAIL"),
        ({("x.test", HOSTS): "busy"}, "HOSTS of x.test: busy"),
        ({UDP_SRV: (Srv(0, 0, 0, "."),), **ADDRESSES}, "_sip._udp.x.test says that there is no such service"),
        ({UDP_SRV: (Srv(0, 0, 0, "u.test"),), **ADDRESSES}, "leads to port 0"),
        ({UDP_SRV: (Srv(0, 0, 1, "gone.test"),), **ADDRESSES}, "it has no address"),
        (
            {("x.test", NAPTR): (naptr(1, 1, "SIPS+D2T", "_sips._tcp.x.test"),), **SERVERS},
            "it offers SIPS+D2T only, and nothing here sends that",
        ),
    ],
)
def test_nothing_goes_where_the_owner_did_not_say(said: Said, says: str) -> None:
    target = locator(said, addresses=Everything())
    with pytest.raises(TargetRefusedError, match=re.escape(says)) as refused:
        asyncio.run(target.places("x.test", None, None))
    assert not refused.value.forbidden


@pytest.mark.parametrize("host", ["pbx", "localhost"])
@pytest.mark.parametrize(("port", "transport"), [(None, None), (5070, "tcp"), (None, "tcp")])
def test_a_name_without_a_dot_is_this_machines(host: str, port: int | None, transport: str | None) -> None:
    target = locator({(host, HOSTS): ("127.0.0.1", "::1", "fe80::1%eth0")}, SIX)
    over, at = (transport or "udp").upper(), port or 5060
    assert located(target, host, port, transport) == f"{over} ::1:{at}, {over} 127.0.0.1:{at}"
    assert fake(target).asked == [(host, HOSTS)]


# Addresses that must not be sent to


@pytest.mark.parametrize("bad", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "not one"])
@pytest.mark.parametrize("through", ["A", "SRV", "HOSTS"])
def test_no_name_leads_to_an_address_that_is_refused(bad: str, through: str) -> None:
    said: Said = {("x.test", Kind[through]): (bad,)}
    if through == "SRV":
        said = {UDP_SRV: (Srv(1, 0, 5060, "in.test"), Srv(2, 0, 5060, "out.test")), ("in.test", A): (bad,)}
    target = locator(said, addresses=AddressFilter())
    with pytest.raises(TargetRefusedError, match="x.test is not to be called" if bad != "not one" else "x.test") as why:
        asyncio.run(target.places("x.test", None, None))
    assert bad in str(why.value)
    assert why.value.forbidden is (bad != "not one")
    said[("out.test", A)] = said[("x.test", A)] = (bad, "8.8.8.8") if through != "SRV" else ("8.8.8.8",)
    again = locator(said, addresses=AddressFilter())
    assert located(again, "x.test") == "UDP 8.8.8.8:5060"


def test_ipv6_forms_of_refused_addresses_are_refused() -> None:
    bad = ("::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1", "fe80::1%eth0", "fd00:ec2::254")
    target = locator({("x.test", AAAA): bad}, SIX, AddressFilter())
    with pytest.raises(TargetRefusedError):
        asyncio.run(target.places("x.test", 5060, None))


# Bounds


def test_places_are_bounded_and_no_more_is_asked_than_they_need() -> None:
    said: Said = {UDP_SRV: tuple(Srv(n, 0, 5060, f"s{n}.test") for n in range(16))}
    said |= {(f"s{n}.test", A): (f"8.8.4.{n}", f"8.8.8.{n}") for n in range(16)}
    target = locator(said)
    places = asyncio.run(target.places("x.test", None, "udp"))
    assert printed(places).startswith("UDP 8.8.4.0:5060, UDP 8.8.8.0:5060, UDP 8.8.4.1:5060")
    assert len(places) == MAX_PLACES
    assert len(fake(target).asked) <= 1 + MAX_PLACES


def test_a_name_with_many_addresses_gives_the_first_of_them() -> None:
    found = tuple(f"8.8.8.{n}" for n in range(16))
    places = asyncio.run(locator({("x.test", A): found}).places("x.test", 5070, None))
    assert places == [Place("UDP", address, 5070) for address in found[:MAX_PLACES]]


def test_a_domain_cannot_make_us_ask_without_end() -> None:
    offers = tuple(naptr(n, 1, "SIP+D2U", f"n{n}.test") for n in range(16))
    said: Said = {("x.test", NAPTR): offers}
    said |= {(f"n{n}.test", SRV): tuple(Srv(m, 0, 1, f"n{n}m{m}.test") for m in range(16)) for n in range(16)}
    target = locator(said, SIX)
    with pytest.raises(TargetRefusedError, match=f"more than {MAX_ASKED} questions"):
        asyncio.run(target.places("x.test", None, None))
    assert len(fake(target).asked) == MAX_ASKED


def test_a_circle_of_names_ends() -> None:
    said: Said = {("x.test", NAPTR): (naptr(1, 1, "SIP+D2U", "x.test"),), ("x.test", SRV): (Srv(1, 0, 1, "x.test"),)}
    with pytest.raises(TargetRefusedError, match="no address"):
        asyncio.run(locator(said).places("x.test", None, None))


def test_time_is_bounded_and_what_is_known_by_then_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locating, "LOCATE_S", 0.3)
    target = locator(SERVERS, addresses=Everything())
    fake(target).silent.add("u.test")
    assert printed(asyncio.run(target.places("x.test", None, None))) == "TCP 192.0.2.3:5062"
    fake(target).silent.add("x.test")
    with pytest.raises(TargetRefusedError, match="the DNS gave no answer within"):
        asyncio.run(target.places("x.test", 5060, None))


def test_a_name_is_not_at_hand_before_it_was_asked_for() -> None:
    target = locator(SERVERS, addresses=Everything())
    assert target.at_once("x.test", None, None) is None
    assert fake(target).asked == []


def test_srv_weights_share_the_load() -> None:
    """Of two servers with weights 3 and 1, the first is tried first three times of four (RFC 2782)."""
    said: Said = ADDRESSES | {UDP_SRV: (Srv(1, 3, 1, "u.test"), Srv(1, 1, 2, "t.test"))}
    draws = iter([n / 1000 for n in range(1000) for _ in range(2)])
    target = Locator(Everything(), lambda *_: True, names=FakeNames(said), draw=lambda: next(draws))
    asyncio.run(target.places("x.test", None, "udp"))
    first: Counter[int] = Counter()
    for _ in range(999):
        places = target.at_once("x.test", None, "udp")
        assert places is not None
        first[places[0].port] += 1
    assert 700 < first[1] < 800


# Whatever the DNS says

_names = st.sampled_from(["x.test", "u.test", "t.test", "_sip._udp.x.test", "_sip._tcp.x.test", ".", "?", "pbx"])
_small = st.integers(0, 3)
_addresses = st.sampled_from(["8.8.8.8", "8.8.4.4", "2600::1", "10.0.0.1", "127.0.0.1", "::1", "::ffff:8.8.8.8"])
_records: dict[Kind, st.SearchStrategy[Record]] = {
    A: _addresses,
    AAAA: _addresses,
    HOSTS: _addresses,
    SRV: st.builds(Srv, _small, _small, _small, _names),
    NAPTR: st.builds(
        Naptr,
        _small,
        _small,
        st.sampled_from(["s", "S", "a", "u", ""]),
        st.sampled_from(["SIP+D2U", "SIP+D2T", "SIPS+D2T", "sip+d2u", "E2U+sip"]),
        st.sampled_from(["", "", "!x!y!"]),
        _names,
    ),
}


def _of(kind: Kind) -> st.SearchStrategy[Said]:
    one = st.one_of(st.just("SERVFAIL"), st.lists(_records[kind], max_size=16).map(tuple))
    return st.dictionaries(st.tuples(_names, st.just(kind)), one, max_size=5)


_everything: st.SearchStrategy[Said] = st.tuples(*(_of(kind) for kind in Kind)).map(
    lambda parts: {question: said for part in parts for question, said in part.items()}
)


@given(
    _everything,
    st.frozensets(st.tuples(st.sampled_from(["UDP", "TCP"]), st.sampled_from([4, 6]))),
    st.none() | st.integers(0, 70000),
    st.sampled_from([None, "udp", "tcp"]),
)
def test_places_are_always_ones_that_may_be_sent_to(
    said: Said, can: frozenset[tuple[str, int]], port: int | None, transport: str | None
) -> None:
    public = AddressFilter()
    target = locator(said, can, public)
    try:
        places = asyncio.run(target.places("x.test", port, transport))
    except TargetRefusedError:
        return
    finally:
        assert len(fake(target).asked) == len(set(fake(target).asked)) <= MAX_ASKED
    assert 1 <= len(places) <= MAX_PLACES
    assert len(set(places)) == len(places)
    for place in places:
        assert public.refusal(place.host) is None
        assert (place.transport, 6 if ":" in place.host else 4) in can
        assert 0 < place.port < 65536
        assert transport is None or place.transport == transport.upper()
        assert port is None or place.port == port
    assert target.at_once("x.test", port, transport) == places
