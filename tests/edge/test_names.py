"""Calls to trunks that are names: NAPTR, SRV and addresses from a real name server, which fails and comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.edge.dns import DnsServer
from tests.edge.lab import Lab, until
from tests.edge.peer import Peer, Talk, sdp

pytestmark = pytest.mark.outside

HOST = "pbx.lab.test"
SRV = f"_sip._udp.{HOST}"


@pytest.fixture(scope="module")
def dns() -> Iterator[DnsServer]:
    """Give a name server; each test uses names of its own, or puts back what it changed."""
    with DnsServer() as made:
        yield made


@pytest.fixture(scope="module")
def named_lab(tmp_path_factory: pytest.TempPathFactory, dns: DnsServer) -> Iterator[Lab]:
    """Give an installation that asks this name server."""
    made = Lab(tmp_path_factory.mktemp("names") / "data", TRUNKLINE_SIP_NAMESERVERS=dns.address)
    try:
        yield made
        made.server.until_empty()
        assert "Traceback" not in made.server.log.read_text()
    finally:
        assert made.server.stop() == 0


def answered(caller: Peer, callee: Peer, lab: Lab, number: str, within: float = 4.0) -> str:
    """Place a call that the callee answers and the caller ends; return the Request-URI that the callee saw."""
    talk = caller.call(lab.sip, number)
    invite = callee.expect("INVITE", within)
    other = callee.answer(invite)
    other.reply(invite, 200, "OK", body=sdp(2))
    talk.connected()
    talk.bye()
    other.hung_up()
    return invite.uri


def refuse(callee: Peer, status: int) -> Talk:
    """Answer the INVITE that comes with a refusal."""
    invite = callee.expect("INVITE")
    other = callee.answer(invite)
    other.reply(invite, status)
    return other


def test_naptr_leads_to_srv_and_that_to_an_address(named_lab: Lab, dns: DnsServer, caller: Peer, callee: Peer) -> None:
    dns.put(HOST, "NAPTR", '10 10 "s" "SIPS+D2T" "" _sips._tcp.pbx.lab.test.', f'20 10 "s" "SIP+D2U" "" {SRV}.')
    dns.put(SRV, "SRV", f"10 10 {callee.port} edge.lab.test.")
    dns.put("edge.lab.test", "A", "127.0.0.1")
    number = named_lab.to_trunk(f"sip:{HOST}")
    assert answered(caller, callee, named_lab, number) == f"sip:+{number}@{HOST}"
    kinds = [asked.kind for asked in dns.asked if asked.name in (HOST, SRV, "edge.lab.test")]
    assert kinds[:3] == ["NAPTR", "SRV", "A"]


def test_srv_without_naptr_behind_an_alias(named_lab: Lab, dns: DnsServer, caller: Peer, callee: Peer) -> None:
    dns.put("_sip._udp.srv.lab.test", "CNAME", "_sip._udp.hosted.lab.test.")
    dns.put("_sip._udp.hosted.lab.test", "SRV", f"0 0 {callee.port} host.lab.test.")
    dns.put("host.lab.test", "A", "127.0.0.1")
    assert answered(caller, callee, named_lab, named_lab.to_trunk("sip:srv.lab.test"))


def test_a_name_with_a_port_has_addresses_only(named_lab: Lab, dns: DnsServer, caller: Peer, callee: Peer) -> None:
    dns.put("port.lab.test", "A", "127.0.0.1")
    assert answered(caller, callee, named_lab, named_lab.to_trunk(f"sip:port.lab.test:{callee.port}"))
    assert {asked.kind for asked in dns.asked if asked.name.endswith("port.lab.test")} <= {"A", "AAAA"}


@pytest.mark.parametrize("how", ["503", "silence"])
def test_the_next_srv_target_is_tried(named_lab: Lab, dns: DnsServer, caller: Peer, callee: Peer, how: str) -> None:
    host = f"two-{how}.lab.test"
    with Peer() as first:
        dns.put(f"_sip._udp.{host}", "SRV", f"10 0 {first.port} t.lab.test.", f"20 0 {callee.port} t.lab.test.")
        dns.put("t.lab.test", "A", "127.0.0.1")
        number = named_lab.to_trunk(f"sip:{host}")
        talk = caller.call(named_lab.sip, number)
        if how == "503":
            refuse(first, 503)
        else:
            first.expect("INVITE")
        invite = callee.expect("INVITE", 8.0)
        other = callee.answer(invite)
        other.reply(invite, 200, "OK", body=sdp(2))
        talk.connected()
        talk.bye()
        other.hung_up()
    assert "failover" in named_lab.trace(number)


def test_a_service_that_does_not_exist(named_lab: Lab, dns: DnsServer, caller: Peer) -> None:
    dns.put("_sip._udp.none.lab.test", "SRV", "0 0 0 .")
    dns.put("none.lab.test", "A", "127.0.0.1")
    number = named_lab.to_trunk("sip:none.lab.test")
    assert caller.call(named_lab.sip, number).refused().status == 502
    assert "there is no such service" in named_lab.trace(number)


def test_a_name_that_does_not_exist(named_lab: Lab, caller: Peer) -> None:
    number = named_lab.to_trunk("sip:absent.lab.test")
    assert caller.call(named_lab.sip, number).refused(8.0).status == 502
    assert "absent.lab.test cannot be called: it has no address" in named_lab.trace(number)


def test_a_name_that_leads_to_a_forbidden_address(named_lab: Lab, dns: DnsServer, caller: Peer) -> None:
    dns.put("_sip._udp.rebound.lab.test", "SRV", "0 0 5060 inner.lab.test.")
    dns.put("inner.lab.test", "A", "169.254.169.254")
    number = named_lab.to_trunk("sip:rebound.lab.test")
    assert caller.call(named_lab.sip, number).refused().status >= 400
    assert "169.254.169.254: link-local" in named_lab.trace(number)


def test_a_name_that_nobody_answers_for_holds_up_no_other_call(
    named_lab: Lab, dns: DnsServer, caller: Peer, callee: Peer
) -> None:
    dns.silent |= {"dead.lab.test", "_sip._udp.dead.lab.test", "_sip._tcp.dead.lab.test"}
    dns.put("live.lab.test", "A", "127.0.0.1")
    dead, live = named_lab.to_trunk("sip:dead.lab.test"), named_lab.to_trunk(f"sip:live.lab.test:{callee.port}")
    with Peer("127.0.0.2") as patient:
        waiting = patient.call(named_lab.sip, dead)
        patient.expect("100")
        answered(caller, callee, named_lab, live, within=2.0)
        assert waiting.refused(8.0).status == 502
    assert "no answer" in named_lab.trace(dead)


def test_a_dead_name_server_leaves_the_last_answer_and_its_return_the_new_one(
    named_lab: Lab, dns: DnsServer, caller: Peer, callee: Peer
) -> None:
    """An answer is fresh for 5 seconds at least: by then the name server is silent, and later on knows another port."""
    srv, before = "_sip._udp.moving.lab.test", "SRV of _sip._udp.moving.lab.test"
    dns.put(srv, "SRV", f"0 0 {callee.port} moving.lab.test.")
    dns.put("moving.lab.test", "A", "127.0.0.1")
    number = named_lab.to_trunk("sip:moving.lab.test")
    answered(caller, callee, named_lab, number)
    dns.silent.add("*")
    try:
        for _ in until(30.0):
            started = time.monotonic()
            answered(caller, callee, named_lab, number)
            assert time.monotonic() - started < 5.0
            if f"{before}: no answer" in named_lab.server.log.read_text():
                break
        else:
            raise AssertionError("the failing name server is not in the log")
        answered(caller, callee, named_lab, number, within=2.0)
    finally:
        dns.silent.discard("*")
    with Peer() as moved:
        dns.put(srv, "SRV", f"0 0 {moved.port} moving.lab.test.")
        for _ in until(30.0):
            talk = caller.call(named_lab.sip, number)
            callee.sock.settimeout(0.3)
            at = moved if (came := moved.next(0.3)) else callee
            invite = came or callee.expect("INVITE")
            other = at.answer(invite)
            other.reply(invite, 200, "OK", body=sdp(3))
            talk.connected()
            talk.bye()
            other.hung_up()
            if at is moved:
                return
        raise AssertionError("calls never went where the name server says by now")
