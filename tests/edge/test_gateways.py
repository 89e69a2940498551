"""Gateways that are names, followed by a real name server that changes and fails; and who answers OPTIONS."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.edge.dns import DnsServer
from tests.edge.lab import Lab, Tenant, command, until
from tests.edge.peer import Peer, sdp
from tests.edge.sipp import Sipp
from tests.edge.web import Web

pytestmark = pytest.mark.outside

CHANGE_S = 30.0
"""Longest that a change may take to show: an answer is fresh for 5 s at least, and a busy machine is slow."""

Status = dict[str, Any]


@pytest.fixture(scope="module")
def dns() -> Iterator[DnsServer]:
    """Give a name server; each test uses names of its own, or puts back what it changed."""
    with DnsServer() as made:
        yield made


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory, dns: DnsServer) -> Iterator[Lab]:
    """Give an installation that asks this name server, and gateways every second."""
    environ = {"TRUNKLINE_SIP_NAMESERVERS": dns.address, "TRUNKLINE_SIP_OPTIONS_S": "1"}
    made = Lab(tmp_path_factory.mktemp("gateways") / "data", **environ)
    try:
        yield made
        made.server.until_empty()
        assert "Traceback" not in made.server.log.read_text()
    finally:
        assert made.server.stop() == 0


def gateway(tenant: Tenant, carrier: str) -> Status:
    """Return what is known of a carrier's only gateway."""
    (found,) = tenant.native("GET", f"carriers/{carrier}/status")["gateways"]
    return dict(found)


def becomes(tenant: Tenant, carrier: str, wanted: Callable[[Status], object]) -> Status:
    """Wait until a carrier's only gateway is as wanted; return what is known of it then."""
    known: Status = {}
    for _ in until(CHANGE_S):
        known = gateway(tenant, carrier)
        if wanted(known):
            return known
    raise AssertionError(f"it never came to that: {known}")


def leads_to(tenant: Tenant, carrier: str, *addresses: str) -> Status:
    """Wait until a name leads to exactly these addresses."""
    return becomes(tenant, carrier, lambda known: known["resolution"]["addresses"] == sorted(addresses))


def by_name(tenant: Tenant, host: str, **fields: Any) -> str:
    """Create a carrier that is known by a name; return its id."""
    return tenant.native_carrier(name=host, gateways=[{"address": host, "inbound": True, **fields}])


def serial(tenant: Tenant, carrier: str) -> str:
    """Return the carrier_id by which Plivo knows a carrier."""
    name = tenant.native("GET", f"carriers/{carrier}")["name"]
    listed = tenant.plivo("GET", f"IncomingCarrier/?name={name}")["objects"]
    return str(listed[0]["carrier_id"])


def number_of(tenant: Tenant, carrier: str, phone: Peer) -> str:
    """Return a number that a carrier delivers, and that leads to a phone; the operator has approved it."""
    number = claimed(tenant, carrier, phone)
    if tenant.native("GET", f"numbers/{number}")["status"] != "active":
        command(tenant.server, "numbers", "approve", number)
    return number


def claimed(tenant: Tenant, carrier: str, phone: Peer) -> str:
    """Return such a number as it was added: it waits if there is another tenant whose calls it could take."""
    return tenant.number(serial(tenant, carrier), trunk=tenant.trunk(phone.uri))


def comes_in(lab: Lab, source: str, number: str, phone: Peer) -> None:
    """Place a call from an address, which the phone answers."""
    with Peer(source) as caller:
        talk = caller.call(lab.sip, number)
        invite = phone.expect("INVITE")
        other = phone.answer(invite)
        other.reply(invite, 200, "OK", body=sdp(2))
        talk.connected()
        talk.bye()
        other.hung_up()


def is_refused(lab: Lab, source: str, number: str) -> int:
    """Place a call from an address; return the status by which it is refused."""
    with Peer(source) as caller:
        caller.call(lab.sip, number)
        return next(m.status for m in iter(lambda: caller.next(4.0), None) if m.status >= 300)


def test_calls_come_in_from_where_a_name_leads_and_follow_it(named: Lab, dns: DnsServer, callee: Peer) -> None:
    dns.put("in.lab.test", "A", "127.0.0.40", "127.0.0.41")
    carrier = by_name(named, "in.lab.test")
    number = number_of(named, carrier, callee)
    leads_to(named, carrier, "127.0.0.40", "127.0.0.41")
    comes_in(named, "127.0.0.40", number, callee)
    comes_in(named, "127.0.0.41", number, callee)
    assert is_refused(named, "127.0.0.42", number) == 403
    told = named.explain("127.0.0.40", number)
    assert (told["verdict"], told["facts"]) == ("route", "live")
    assert told["trace"][0]["text"] == "127.0.0.40 is an address of in.lab.test, a gateway of carrier in.lab.test"
    dns.put("in.lab.test", "A", "127.0.0.42")
    known = leads_to(named, carrier, "127.0.0.42")
    comes_in(named, "127.0.0.42", number, callee)
    assert is_refused(named, "127.0.0.40", number) == 403
    assert [change["addresses"] for change in known["resolution"]["changes"]] == [
        ["127.0.0.42"],
        ["127.0.0.40", "127.0.0.41"],
    ]


def test_a_gateway_that_is_taken_away_admits_nobody_at_once(named: Lab, dns: DnsServer, callee: Peer) -> None:
    dns.put("gone.lab.test", "A", "127.0.0.43")
    carrier = by_name(named, "gone.lab.test")
    number = number_of(named, carrier, callee)
    known = leads_to(named, carrier, "127.0.0.43")
    comes_in(named, "127.0.0.43", number, callee)
    named.native("PATCH", f"carriers/{carrier}/gateways/{known['id']}", {"active": False})
    assert is_refused(named, "127.0.0.43", number) == 403
    named.native("PATCH", f"carriers/{carrier}/gateways/{known['id']}", {"active": True, "address": "other.lab.test"})
    assert is_refused(named, "127.0.0.43", number) == 403


def test_a_name_without_a_port_is_found_by_its_services(named: Lab, dns: DnsServer, callee: Peer) -> None:
    dns.put("srv.lab.test", "NAPTR", '10 10 "s" "SIP+D2U" "" _sip._udp.srv.lab.test.')
    dns.put("_sip._udp.srv.lab.test", "SRV", "10 10 5071 one.lab.test.", "20 10 5072 two.lab.test.")
    dns.put("one.lab.test", "A", "127.0.0.44")
    dns.put("two.lab.test", "A", "127.0.0.45")
    dns.put("srv.lab.test", "A", "127.0.0.46")
    carrier = by_name(named, "srv.lab.test", port=None)
    number = number_of(named, carrier, callee)
    known = leads_to(named, carrier, "127.0.0.44", "127.0.0.45")
    assert (known["port"], known["transport"]) == (None, None)
    comes_in(named, "127.0.0.45", number, callee)
    assert is_refused(named, "127.0.0.46", number) == 403


def test_a_call_goes_out_to_a_name_without_a_port(named: Lab, dns: DnsServer, web: Web, callee: Peer) -> None:
    tenant = named.tenant("Out by name")
    dns.put("_sip._udp.out.lab.test", "SRV", f"10 10 {callee.port} out.lab.test.")
    dns.put("out.lab.test", "A", "127.0.0.1")
    gateway = {"address": "out.lab.test", "port": None, "transport": "udp", "inbound": False, "outbound": True}
    tenant.native_carrier(name="out", gateways=[gateway])
    number = dialling(tenant, web, "127.0.0.47")
    with Peer("127.0.0.47") as caller:
        talk = caller.call(named.sip, number)
        invite = callee.expect("INVITE")
        assert invite.uri == "sip:+4930123456@out.lab.test"
        callee.answer(invite).reply(invite, 486)
        talk.refused()


def dialling(tenant: Tenant, web: Web, source: str) -> str:
    """Return a number of the tenant's, called from ``source``, whose application dials out."""
    web.pages["/out"] = "<Response><Dial><Number>4930123456</Number></Dial></Response>"
    application = tenant.application(answer_url=f"{web.url}/out", answer_method="GET")
    return tenant.number(tenant.carrier(source, name="in"), application=application)


@pytest.mark.parametrize(
    ("addresses", "reason"),
    [
        (("224.0.0.1",), "224.0.0.1 is multicast"),
        (("0.0.0.7",), "0.0.0.7 is unspecified (0.0.0.0/8)"),
        (("240.0.0.1",), "240.0.0.1 is reserved (240.0.0.0/4 and broadcast)"),
        (("127.0.0.1",), "127.0.0.1 is this server's own SIP address"),
        (tuple(f"127.0.1.{n}" for n in range(1, 34)), "it leads to more than 32 addresses, and so admits none of them"),
    ],
    ids=["multicast", "unspecified", "reserved", "own", "too many"],
)
def test_addresses_that_a_name_must_not_bring_in(
    named: Lab, dns: DnsServer, addresses: tuple[str, ...], reason: str, request: pytest.FixtureRequest
) -> None:
    host = f"bad-{request.node.callspec.id.replace(' ', '-')}.lab.test"
    dns.put(host, "A", *addresses)
    carrier = by_name(named, host)
    known = becomes(named, carrier, lambda known: known["resolution"]["refused"])
    assert known["resolution"]["addresses"] == []
    assert known["resolution"]["refused"] == [reason]
    for _ in until(5):
        if f"{host}:5060;transport=udp does not admit an address: {reason}" in named.server.log.read_text():
            return
    raise AssertionError("the log does not say so")


def test_an_address_that_is_refused_leaves_the_others(named: Lab, dns: DnsServer, callee: Peer) -> None:
    dns.put("mixed.lab.test", "A", "224.0.0.1", "127.0.0.48")
    carrier = by_name(named, "mixed.lab.test")
    number = number_of(named, carrier, callee)
    assert leads_to(named, carrier, "127.0.0.48")["resolution"]["refused"] == ["224.0.0.1 is multicast"]
    comes_in(named, "127.0.0.48", number, callee)


def test_a_name_that_loses_its_addresses_admits_nobody(named: Lab, dns: DnsServer, callee: Peer) -> None:
    dns.put("lost.lab.test", "A", "127.0.0.49")
    carrier = by_name(named, "lost.lab.test")
    number = number_of(named, carrier, callee)
    leads_to(named, carrier, "127.0.0.49")
    dns.put("lost.lab.test", "A")
    known = leads_to(named, carrier)
    assert "it has no address" in known["resolution"]["problem"]
    assert is_refused(named, "127.0.0.49", number) == 403


def test_names_of_two_tenants_that_lead_to_one_address(named: Lab, dns: DnsServer, callee: Peer) -> None:
    """The number decides whose call it is; and since they share the address, it waits for the operator first."""
    dns.put("ours.lab.test", "A", "127.0.0.50")
    dns.put("theirs.lab.test", "A", "127.0.0.50")
    for tenant, host in ((named.tenant("Ours"), "ours.lab.test"), (named.tenant("Theirs"), "theirs.lab.test")):
        carrier = by_name(tenant, host)
        number = claimed(tenant, carrier, callee)
        leads_to(tenant, carrier, "127.0.0.50")
        assert tenant.native("GET", f"numbers/{number}")["status"] == "pending_claim"
        command(named.server, "numbers", "approve", number)
        comes_in(named, "127.0.0.50", number, callee)
        assert tenant.call(number)["carrier_id"] == carrier


def test_a_literal_at_an_address_of_anothers_name_waits_for_the_operator(
    named: Lab, dns: DnsServer, callee: Peer
) -> None:
    dns.put("first.lab.test", "A", "127.0.0.51")
    leads_to(named, by_name(named, "first.lab.test"), "127.0.0.51")
    other = named.tenant("Other")
    beside = other.number(other.carrier("127.0.0.52"), trunk=other.trunk(callee.uri))
    assert other.native("GET", f"numbers/{beside}")["status"] == "active"
    shared = other.number(other.carrier("127.0.0.51"), trunk=other.trunk(callee.uri))
    assert other.native("GET", f"numbers/{shared}")["status"] == "pending_claim"


def test_the_last_good_answer_outlives_the_dns_and_a_restart(
    tmp_path: Path, dns: DnsServer, callee: Peer, caller: Peer
) -> None:
    """Two workers: both admit the address, before and after, and a call goes out by a name that nobody answers for."""
    lab = Lab(tmp_path / "data", "--workers", "2", TRUNKLINE_SIP_NAMESERVERS=dns.address)
    try:
        dns.put("kept.lab.test", "A", "127.0.0.53")
        dns.put("phone.lab.test", "A", "127.0.0.1")
        carrier = by_name(lab, "kept.lab.test", port=5080)
        gone = lab.native_carrier(
            name="way",
            gateways=[{"address": "phone.lab.test", "port": callee.port, "inbound": False, "outbound": True}],
        )
        number = number_of(lab, carrier, callee)
        leads_to(lab, carrier, "127.0.0.53")
        leads_to(lab, gone)
        dns.silent.add("*")
        known = becomes(lab, carrier, lambda known: known["resolution"]["problem"])
        assert "A of kept.lab.test: no answer from the name server" in known["resolution"]["problem"]
        assert known["resolution"]["addresses"] == ["127.0.0.53"]
        for _ in range(6):
            comes_in(lab, "127.0.0.53", number, callee)
        assert lab.server.stop() == 0
        told = lab.explain("127.0.0.53", number)
        assert (told["verdict"], told["facts"]) == ("route", "offline")
        assert "this is what it last knew" in command(lab.server, "carriers", "status")
        lab.server.start()
        for _ in range(6):  # at once: each has a Call-ID of its own, so that both workers get some
            comes_in(lab, "127.0.0.53", number, callee)
        known = becomes(lab, carrier, lambda known: known["resolution"]["checked_at"] > known["resolution"]["good_at"])
        assert known["resolution"]["addresses"] == ["127.0.0.53"]
        assert is_refused(lab, "127.0.0.54", number) == 403
        away = lab.to_trunk(f"sip:phone.lab.test:{callee.port}")
        talk = caller.call(lab.sip, away)
        invite = callee.expect("INVITE", 8.0)
        callee.answer(invite).reply(invite, 486)
        talk.refused()
        assert "Traceback" not in lab.server.log.read_text()
    finally:
        dns.silent.discard("*")
        assert lab.server.stop() == 0


@pytest.mark.parametrize(("status", "condition"), [(200, "up"), (404, "up"), (401, "up"), (503, "down"), (408, "down")])
def test_what_answers_to_options_mean(named: Lab, status: int, condition: str) -> None:
    with Sipp("uas_options", ip="127.0.0.59", calls=50, seconds=60, status=f"{status}") as there:
        carrier = asked(named, there.ip, there.port)
        known = becomes(named, carrier, lambda known: known["health"]["condition"] != "unknown")["health"]
    assert (known["condition"], known["said"]) == (condition, f"{status} Said")
    assert known["misses"] == (0 if condition == "up" else 3)


def asked(tenant: Tenant, ip: str, port: int, **fields: Any) -> str:
    """Create a carrier whose outbound gateways are asked with OPTIONS; return its id."""
    way = {"address": ip, "port": port, "inbound": False, "outbound": True}
    return tenant.native_carrier(options_ping=True, gateways=[way | fields])


def test_a_gateway_goes_down_by_silence_and_up_by_one_answer(named: Lab) -> None:
    with Peer("127.0.0.55") as there:
        carrier = asked(named, there.ip, there.port)
        first = there.expect("OPTIONS", 15.0)
        assert first.uri == f"sip:{there.ip}:{there.port}"
        there.answer(first).reply(first, 200)
        becomes(named, carrier, lambda known: known["health"]["condition"] == "up")
        known = becomes(named, carrier, lambda known: known["health"]["condition"] == "down")["health"]
        assert (known["misses"], known["said"]) == (3, "no answer")
        assert f"gateway 127.0.0.55:{there.port};transport=udp is down" in named.server.log.read_text()
        for _ in until(CHANGE_S):  # what comes first may be the last of a question that is over
            if (again := there.next(0.3)) is not None:
                there.answer(again).reply(again, 404)
            if gateway(named, carrier)["health"]["condition"] == "up":
                break
        assert gateway(named, carrier)["health"] | {"since": 0, "asked_at": 0} == {
            "condition": "up", "since": 0, "asked_at": 0, "misses": 0, "said": "404 X",
        }  # fmt: skip


def test_what_a_gateway_says_is_safe_to_show(named: Lab) -> None:
    with Peer("127.0.0.57") as there:
        carrier = asked(named, there.ip, there.port)
        question = there.expect("OPTIONS", 15.0)
        lines = ["SIP/2.0 404 Not\x1b[31m Here\x07", *(f"Via: {via}" for via in question.all("via"))]
        lines += [f"{name}: {question.get(name)}" for name in ("from", "to", "call-id", "cseq")]
        there.send("\r\n".join([*lines, "Content-Length: 0", "", ""]), question.source)
        known = becomes(named, carrier, lambda known: known["health"]["condition"] == "up")["health"]
    assert known["said"] == "404 Not?[31m Here?"


def test_who_is_not_to_be_asked_is_not(named: Lab) -> None:
    with Peer("127.0.0.56") as there:
        carrier = asked(named, there.ip, there.port, options_ping=False)
        other = named.native_carrier(
            gateways=[{"address": there.ip, "port": there.port, "inbound": False, "outbound": True}]
        )
        there.quiet(8.0, "OPTIONS")
        assert gateway(named, carrier)["health"] is gateway(named, other)["health"] is None
        one = gateway(named, other)["id"]
        named.native("PATCH", f"carriers/{other}/gateways/{one}", {"options_ping": True})
        there.expect("OPTIONS", 15.0)
        named.native("PATCH", f"carriers/{other}/gateways/{one}", {"options_ping": None})
        for _ in until(CHANGE_S):
            if there.next(5.0) is None:
                break
        else:
            raise AssertionError("it is asked still")


def test_what_is_down_is_tried_last_but_tried(named: Lab, web: Web) -> None:
    tenant = named.tenant("Two ways")
    number = dialling(tenant, web, "127.0.0.57")
    with Peer("127.0.0.58") as dead, Peer("127.0.0.59") as callee, Peer("127.0.0.57") as caller:
        ways = [
            {"address": peer.ip, "port": peer.port, "inbound": False, "outbound": True, "priority": priority}
            for peer, priority in ((dead, 1), (callee, 2))
        ]
        ways[0]["options_ping"] = True
        carrier = tenant.native_carrier(name="two", gateways=ways)
        for _ in until(CHANGE_S):
            first, second = tenant.native("GET", f"carriers/{carrier}/status")["gateways"]
            if first["health"]["condition"] == "down":
                break
        assert (first["health"]["condition"], second["health"]) == ("down", None)
        talk = caller.call(named.sip, number)
        invite = callee.expect("INVITE")
        callee.answer(invite).reply(invite, 503)
        last = dead.expect("INVITE", 8.0)
        dead.answer(last).reply(last, 486)
        talk.refused()
        assert f"gateway: tried last, since OPTIONS had no good answer: gateway {dead.ip}:{dead.port}" in (
            tenant.trace(number)
        )


def test_the_status_command(named: Lab, dns: DnsServer) -> None:
    tenant = named.tenant("Shown")
    dns.put("shown.lab.test", "A", *(f"127.0.0.{n}" for n in range(60, 65)))
    carrier = by_name(tenant, "shown.lab.test", outbound=True, options_ping=False)
    leads_to(tenant, carrier, *(f"127.0.0.{n}" for n in range(60, 65)))
    heads, row = command(named.server, "carriers", "status", "--carrier", carrier).splitlines()
    assert heads.split() == ["CARRIER", "GATEWAY", "USE", "ANSWERS", "SINCE", "(UTC)", "LEADS", "TO", "NOTE"]
    assert row.split() == [
        *("shown.lab.test", "shown.lab.test:5060", "udp", "in,", "out"),
        *("127.0.0.60,", "127.0.0.61,", "127.0.0.62", "and", "2", "more"),
    ]
    told = json.loads(command(named.server, "carriers", "status", "--carrier", serial(tenant, carrier), "--json"))
    assert told["edge"] is True
    assert told["carriers"] == [tenant.native("GET", f"carriers/{carrier}/status")]
    assert "shown.lab.test" in command(named.server, "carriers", "status", "--limit", "1000")


def test_the_status_is_the_owners(named: Lab) -> None:
    carrier = by_name(named, "secret.lab.test")
    named.tenant("Curious").native("GET", f"carriers/{carrier}/status", expect=404)
