"""Carriers that we register to: a registrar on a socket sees every REGISTER, and calls come and go on what is bound."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tests.edge.dns import DnsServer
from tests.edge.guard import Guard, fields
from tests.edge.lab import Lab, Tenant, command, until
from tests.edge.peer import Headers, Message, Peer, Talk, sdp, token
from tests.edge.registry import PASSWORD, USERNAME, Registrar, address
from tests.edge.web import Web

pytestmark = pytest.mark.outside

FAR = timedelta(seconds=890)
"""A refusal is tried again after 900 seconds at the earliest."""


@pytest.fixture
def tenant(lab: Lab) -> Tenant:
    """Give an account of its own."""
    return lab.tenant("Registering")


@pytest.fixture
def registrar() -> Iterator[Registrar]:
    """Give a carrier's registrar on UDP."""
    with Registrar(address()) as made:
        yield made


def create(tenant: Tenant, at: Registrar | Guard, **parts: Any) -> str:
    """Create a carrier that we register to; ``parts`` are of its registration. Return its id."""
    gateway = {"address": at.ip, "port": at.port, "inbound": False, "outbound": True}
    if isinstance(at, Registrar):
        gateway = at.gateway
    registration = {"username": USERNAME, "password": PASSWORD} | parts
    return tenant.native_carrier(name=f"reg {token()}", kind="reg", gateways=[gateway], registration=registration)


def remove(tenant: Tenant, carrier: str) -> None:
    """Delete a carrier."""
    tenant.native("DELETE", f"carriers/{carrier}", expect=204)


def standing(tenant: Tenant, carrier: str) -> dict[str, Any]:
    """Return how a registration stands."""
    return dict(tenant.native("GET", f"carriers/{carrier}/registration"))


def stands(tenant: Tenant, carrier: str, state: str, within: float = 5.0) -> dict[str, Any]:
    """Wait until a registration stands so; return all of it."""
    found: dict[str, Any] = {}
    for _ in until(within):
        found = standing(tenant, carrier)
        if found["state"] == state:
            return found
    raise AssertionError(f"not {state} but {found}")


def events(tenant: Tenant, carrier: str) -> list[str]:
    """Return what happened to a registration, oldest first."""
    items = tenant.native("GET", f"carriers/{carrier}/registration/events")["items"]
    return [item["what"] for item in reversed(items)]


def after(moment: str) -> timedelta:
    """Return how long it is until a time that was told."""
    return datetime.fromisoformat(moment) - datetime.now(UTC)


# Registering


@pytest.mark.parametrize(("transport", "algorithm"), [("udp", "MD5"), ("tcp", "MD5"), ("udp", "SHA-256")])
def test_a_new_carrier_is_registered_at_once_and_a_deleted_one_taken_back(
    tenant: Tenant, transport: str, algorithm: str
) -> None:
    with Registrar(address(), transport=transport, algorithm=algorithm) as registrar:
        carrier = create(tenant, registrar)
        ours = registrar.token(within=2.0)
        first, second = registrar.comes(1), registrar.comes(2)
        assert (first.uri, first.get("authorization")) == (f"sip:{registrar.ip}", "")
        assert first.get("to") == f"<sip:{USERNAME}@{registrar.ip}>"
        assert first.get("from").startswith(f"<sip:{USERNAME}@{registrar.ip}>;tag=")
        assert len(ours) == 32
        assert (";transport=tcp" in first.get("contact")) == (transport == "tcp")
        assert second.get("call-id") == first.get("call-id")
        assert second.cseq == first.cseq + 1
        assert fields(second.get("authorization"))["algorithm"] == algorithm
        found = stands(tenant, carrier, "registered")
        assert (found["last_answer"], found["last_status"], found["failures"]) == ("200 OK", 200, 0)
        assert timedelta(seconds=50) < after(found["registered_until"]) <= timedelta(seconds=60)
        assert timedelta(seconds=25) < after(found["next_attempt"]) < timedelta(seconds=46)
        assert ours not in str(found)
        assert PASSWORD not in str(found)
        remove(tenant, carrier)
        registrar.wait(lambda: not registrar.bound)
        last = registrar.seen[-1]
        assert (last.get("expires"), last.get("call-id")) == ("0", first.get("call-id"))
        registrar.stays(3, 0.5)


def test_a_user_name_like_a_mail_address_is_escaped_in_uris_and_plain_in_digests(tenant: Tenant) -> None:
    with Registrar(address()) as registrar:
        carrier = create(tenant, registrar, username="alice@example.com")
        stands(tenant, carrier, "registered")
        last = registrar.seen[-1]
        assert last.get("to") == f"<sip:alice%40example.com@{registrar.ip}>"
        assert fields(last.get("authorization"))["username"] == "alice@example.com"
        remove(tenant, carrier)


def test_a_registrar_that_binds_for_a_moment_only_is_left_alone(tenant: Tenant) -> None:
    with Registrar(address(), expires=1) as registrar:
        carrier = create(tenant, registrar)
        found = stands(tenant, carrier, "refused")
        assert found["last_answer"] == "200 OK, but it bound for 1 s only, too short to keep up"
        assert after(found["next_attempt"]) > FAR
        assert events(tenant, carrier) == ["refused"]
        remove(tenant, carrier)


def test_a_list_of_bindings_without_ours(tenant: Tenant, registrar: Registrar) -> None:
    others = (("Contact", "<sip:desk@192.0.2.7>;expires=600, <sip:hall@192.0.2.8>;expires=600"),)
    registrar.rule = lambda _: (200, others)
    carrier = create(tenant, registrar)
    found = stands(tenant, carrier, "refused")
    assert found["last_answer"] == "200 OK, but it bound nothing of ours"
    remove(tenant, carrier)


def test_a_carrier_made_through_topcalls_is_registered_and_its_status_shown(
    tenant: Tenant, registrar: Registrar
) -> None:
    gateway = {"ipv4": registrar.ip, "port": registrar.port, "inbound": True, "outbound": True}
    body = {"carrier_name": "Regional", "trunk_type": "reg", "sip_gateway": gateway}
    body["registration"] = {"username": USERNAME, "password": PASSWORD}
    made = tenant.topcalls("POST", "/carriers", body, expect=201)
    stands(tenant, made["voip_carrier_sid"], "registered")
    shown = tenant.topcalls("GET", f"/carriers/{made['id']}")
    status = shown["registration"]["status"]
    assert (status["state"], status["last_answer"], status["failures"]) == ("registered", "200 OK", 0)
    assert status["registered_until"].endswith("Z")
    assert tenant.topcalls("GET", "/carriers")["data"] == [shown]
    assert tenant.topcalls("PATCH", f"/carriers/{made['id']}", shown)["registration"]["username"] == USERNAME
    table = command(tenant.server, "carriers", "status", "--carrier", made["voip_carrier_sid"])
    assert [word in table for word in ("Regional", "registered", "200 OK")] == [True] * 3
    tenant.topcalls("DELETE", f"/carriers/{made['id']}", expect=204)
    registrar.wait(lambda: not registrar.bound)


def test_another_address_of_record_proxy_and_interval(tenant: Tenant, registrar: Registrar) -> None:
    parts = {"domain": "Carrier.Example", "registrar": registrar.ip, "registrar_port": registrar.port}
    more = {"from_user": "anna", "from_domain": "home.example", "auth_username": "digest-7", "expires_s": 600}
    carrier = create(tenant, registrar, **parts, **more)
    registrar.token()
    first, second = registrar.seen[:2]
    assert first.uri == "sip:carrier.example"
    assert (first.get("to"), first.get("expires")) == ("<sip:anna@home.example>", "600")
    assert fields(second.get("authorization"))["username"] == "digest-7"
    remove(tenant, carrier)


def test_it_is_refreshed_with_the_same_nonce_before_it_expires(tenant: Tenant, registrar: Registrar) -> None:
    registrar.expires = 8
    carrier = create(tenant, registrar)
    mine = registrar.token()
    refresh = registrar.comes(3, within=7.5)
    given = fields(refresh.get("authorization"))
    assert (given["nc"], refresh.cseq > registrar.seen[1].cseq) == ("00000002", True)
    registrar.wait(lambda: mine in registrar.bound)
    nonce = given["nonce"]
    registrar.stale_nonces.add(nonce)
    stale, again = registrar.comes(4, within=7.5), registrar.comes(5)
    assert (fields(stale.get("authorization"))["nonce"], fields(stale.get("authorization"))["nc"]) == (
        nonce,
        "00000003",
    )
    assert fields(again.get("authorization"))["nc"] == "00000001"
    stands(tenant, carrier, "registered")
    assert events(tenant, carrier) == ["registered"]
    remove(tenant, carrier)


@pytest.mark.parametrize("how", ["403", "401", "another realm"])
def test_wrong_credentials_are_not_tried_again_soon(tenant: Tenant, registrar: Registrar, how: str) -> None:
    """A registrar that says no is left alone, since it may lock the account; new credentials are tried at once."""
    if how == "401":
        registrar.rule = lambda _: registrar.challenge()
    carrier = create(tenant, registrar, password="wrong")
    tries = 2
    found = stands(tenant, carrier, "refused")
    assert after(found["next_attempt"]) > FAR
    assert (found["refusals"], found["registered_until"]) == (1, None)
    assert found["last_answer"].startswith(
        "403" if how != "401" else "401 Unauthorized: the registrar refused the cred"
    )
    registrar.stays(tries, 1.0)
    assert events(tenant, carrier) == ["refused"]
    registrar.rule = None
    if how == "another realm":
        tenant.native("PATCH", f"carriers/{carrier}", {"outbound_realm": "elsewhere"})
        registrar.comes(tries + 1)
        for _ in until(3.0):
            if "another realm (carrier.example)" in standing(tenant, carrier)["last_answer"]:
                break
        assert "another realm (carrier.example)" in standing(tenant, carrier)["last_answer"]
        tenant.native("PATCH", f"carriers/{carrier}", {"outbound_realm": None})
    tenant.native("PATCH", f"carriers/{carrier}", {"outbound_password": PASSWORD})
    registrar.token()
    assert stands(tenant, carrier, "registered")["refusals"] == 0
    remove(tenant, carrier)


def test_a_refusal_of_what_was_bound_is_told_as_lost(tenant: Tenant, registrar: Registrar) -> None:
    registrar.expires = 8
    carrier = create(tenant, registrar)
    registrar.token()
    registrar.rule = lambda _: (403, ())
    found = stands(tenant, carrier, "refused", within=8.0)
    assert after(found["next_attempt"]) > FAR
    assert events(tenant, carrier) == ["registered", "lost"]
    assert "lost: 403 Forbidden" in tenant.server.log.read_text()
    listed = command(tenant.server, "carriers", "events", carrier)
    assert "lost" in listed
    remove(tenant, carrier)


def test_stale_in_the_first_attempt(tenant: Tenant, registrar: Registrar) -> None:
    def rule(request: Message) -> tuple[int, Headers]:
        return registrar.challenge("true" if len(registrar.seen) == 2 else "") if len(registrar.seen) < 3 else (200, ())

    registrar.rule = rule
    carrier = create(tenant, registrar)
    assert stands(tenant, carrier, "registered")["last_answer"] == "200 OK"
    assert len(registrar.seen) == 3
    remove(tenant, carrier)


def test_a_longer_interval_where_the_registrar_asks_for_it(tenant: Tenant, registrar: Registrar) -> None:
    def rule(request: Message) -> tuple[int, Headers]:
        if int(request.get("expires")) not in (0, 7200):
            return 423, (("Min-Expires", "7200"),)
        return 200, (("Expires", "7200"),)

    registrar.rule = rule
    carrier = create(tenant, registrar)
    found = stands(tenant, carrier, "registered")
    assert after(found["registered_until"]) > timedelta(seconds=7100)
    assert [message.get("expires") for message in registrar.seen] == ["3600", "7200"]
    remove(tenant, carrier)


def test_retry_after_is_honoured(tenant: Tenant, registrar: Registrar) -> None:
    registrar.rule = lambda _: (503, (("Retry-After", "120"),))
    carrier = create(tenant, registrar)
    found = stands(tenant, carrier, "failing")
    assert timedelta(seconds=110) < after(found["next_attempt"]) < timedelta(seconds=133)
    assert found["last_answer"] == "503 Service Unavailable"
    registrar.stays(1, 0.5)
    remove(tenant, carrier)


def test_a_registrar_that_is_silent_and_comes_back(tenant: Tenant, registrar: Registrar) -> None:
    registrar.rule = lambda _: None
    carrier = create(tenant, registrar)
    found = stands(tenant, carrier, "failing", within=6.0)
    assert "no answer" in found["last_answer"]
    assert timedelta(0) < after(found["next_attempt"]) < timedelta(seconds=5)
    registrar.rule = None
    registrar.token(within=8.0)
    assert stands(tenant, carrier, "registered")["failures"] == 0
    assert events(tenant, carrier) == ["failed", "registered"]
    remove(tenant, carrier)


def test_a_registrar_that_restarts(tenant: Tenant) -> None:
    """It has forgotten us, and nothing listens there for a while: lost, then restored without anybody's doing."""
    ip = address()
    with Registrar(ip, expires=8) as before:
        carrier, port = create(tenant, before), before.port
        mine = before.token()
    stands(tenant, carrier, "failing", within=20.0)
    assert "it cannot be reached" in standing(tenant, carrier)["last_answer"]
    with Registrar(ip, port) as behind:
        assert behind.token(within=25.0) == mine
        stands(tenant, carrier, "registered")
        assert events(tenant, carrier) == ["registered", "lost", "restored"]
        remove(tenant, carrier)
        behind.wait(lambda: not behind.bound)


def test_a_lost_connection_is_registered_anew(tenant: Tenant) -> None:
    with Registrar(address(), transport="tcp") as registrar:
        carrier = create(tenant, registrar)
        registrar.token()
        seen = len(registrar.seen)
        registrar.drop()
        registrar.comes(seen + 1, within=5.0)
        remove(tenant, carrier)


def test_what_cannot_be_reached_is_told(tenant: Tenant, registrar: Registrar) -> None:
    carrier = create(tenant, registrar, registrar="absent.invalid")
    found = stands(tenant, carrier, "failing", within=8.0)
    assert "absent.invalid cannot be called" in found["last_answer"]
    tenant.native("PATCH", f"carriers/{carrier}/registration", {"registrar": None, "registrar_transport": "tls"})
    for _ in until(3.0):
        if "over TLS" in standing(tenant, carrier)["last_answer"]:
            break
    assert "nothing here sends SIP over TLS" in standing(tenant, carrier)["last_answer"]
    tenant.native("PATCH", f"carriers/{carrier}/registration", {"registrar_transport": None})
    registrar.token()
    remove(tenant, carrier)


def test_switched_off_and_on(lab: Lab, tenant: Tenant, registrar: Registrar) -> None:
    carrier = create(tenant, registrar)
    mine = registrar.token()
    tenant.native("PATCH", f"carriers/{carrier}", {"active": False})
    registrar.wait(lambda: not registrar.bound)
    stands(tenant, carrier, "off")
    tenant.native("PATCH", f"carriers/{carrier}", {"active": True})
    assert registrar.token() == mine
    command(lab.server, "accounts", "suspend", tenant.id)
    registrar.wait(lambda: not registrar.bound)
    command(lab.server, "accounts", "activate", tenant.id)
    assert registrar.token() == mine
    remove(tenant, carrier)


def test_another_user_name_takes_the_old_binding_back_first(tenant: Tenant, registrar: Registrar) -> None:
    carrier = create(tenant, registrar)
    mine = registrar.token()
    tenant.native("PATCH", f"carriers/{carrier}/registration", {"username": "4930999"})
    registrar.wait(lambda: mine in registrar.bound and "4930999" in registrar.seen[-1].get("to"))
    said = [(m.get("to").partition("@")[0], m.get("expires")) for m in registrar.seen[2:]]
    assert said[0] == (f"<sip:{USERNAME}", "0")
    assert set(said[1:]) == {("<sip:4930999", "3600")}
    tenant.native("PATCH", f"carriers/{carrier}", {"name": "renamed"})
    seen = len(registrar.seen)
    registrar.stays(seen, 0.8)
    remove(tenant, carrier)


def test_changed_dns_is_followed(tmp_path_factory: pytest.TempPathFactory) -> None:
    with DnsServer() as dns, Registrar(address(), expires=8) as old, Registrar(address(), expires=8) as new:
        lab = Lab(tmp_path_factory.mktemp("moved") / "data", TRUNKLINE_SIP_NAMESERVERS=dns.address)
        try:
            dns.put("_sip._udp.reg.lab.test", "SRV", f"0 0 {old.port} a.reg.lab.test.")
            dns.put("a.reg.lab.test", "A", old.ip)
            carrier = create(lab, old, registrar="reg.lab.test", domain="reg.lab.test")
            mine = old.token()
            assert old.seen[0].uri == "sip:reg.lab.test"
            dns.put("_sip._udp.reg.lab.test", "SRV", f"0 0 {new.port} b.reg.lab.test.")
            dns.put("b.reg.lab.test", "A", new.ip)
            assert new.token(within=25.0) == mine
            dns.silent.add("*")
            seen = len(new.seen)
            new.comes(seen + 1, within=10.0)
            assert events(lab, carrier) == ["registered"]
            with Peer(new.ip) as there, Peer() as phone:
                number = number_on(lab, carrier, phone)
                connected(call_in(there, lab, mine, number), phone)
        finally:
            assert lab.server.stop() == 0
        assert not new.bound


# Calls in


def number_on(tenant: Tenant, carrier: str, phone: Peer) -> str:
    """Return a number that the carrier delivers and that leads to a phone."""
    digits = tenant.number(tenant.carrier(address(), name="spare"), trunk=tenant.trunk(phone.uri))
    tenant.native("PATCH", f"numbers/{digits}", {"carrier_ids": [carrier]})
    return digits


def call_in(peer: Peer, lab: Tenant, user: str, number: str, headers: Headers = ()) -> Talk:
    """Call ``user`` at our Contact, a number standing in To."""
    to = lab.server.sip
    talk = Talk(peer, to, f"<sip:+14155550100@{peer.ip}>;tag={token()}", f"<sip:+{number}@carrier.example>")
    talk.target = f"sip:{user}@{to[0]}:{to[1]}"
    talk.invite(headers=headers)
    return talk


def connected(talk: Talk, phone: Peer) -> None:
    """Answer a call at the phone, and hang it up."""
    invite = phone.expect("INVITE")
    other = phone.answer(invite)
    other.reply(invite, 200, "OK", body=sdp(2))
    talk.connected()
    talk.bye()
    other.hung_up()


def test_a_call_to_our_contact_from_the_registrar(lab: Lab, tenant: Tenant, registrar: Registrar, callee: Peer) -> None:
    carrier = create(tenant, registrar)
    mine = registrar.token()
    number = number_on(tenant, carrier, callee)
    with Peer(registrar.ip) as there:
        connected(call_in(there, lab, mine, number), callee)
        call = tenant.call(number)
        assert f"sip:{'*' * 32}@" in call["ladder"][0]["line"]
        assert mine not in str(call)
        assert "sent to our Contact at reg" in tenant.trace(number)
        assert "on our registration" in tenant.trace(number)
        assert mine.encode() not in _pcap(lab, call["id"])
        # The place that a carrier names by itself comes before To.
        elsewhere = call_in(there, lab, mine, "19995550100", (("P-Called-Party-ID", f"<sip:+{number}@c.example>"),))
        connected(elsewhere, callee)
        talk = call_in(there, lab, mine, "15005550100")
        assert talk.refused().status == 404
        kept = lab.unclaimed("number_unknown", source=registrar.ip)
        assert mine not in str(kept)
        there.send(_options(there, lab, mine), lab.sip)
        there.expect("200", method="OPTIONS")
    tenant.native("DELETE", f"carriers/{carrier}", expect=409)


def _pcap(lab: Lab, call_id: str) -> bytes:
    path = lab.server.data.parent / "registered.pcap"
    for _ in until(5.0):
        with suppress(AssertionError):  # the messages are written a little later
            command(lab.server, "calls", "pcap", call_id, "-o", str(path))
            break
    return path.read_bytes()


def _options(peer: Peer, lab: Lab, user: str) -> str:
    lines = [
        f"OPTIONS sip:{user}@{lab.server.via} SIP/2.0",
        f"Via: SIP/2.0/UDP {peer.ip}:{peer.port};rport;branch=z9hG4bK{token()}",
        f"From: <sip:ping@{peer.ip}>;tag={token()}",
        f"To: <sip:{user}@{lab.server.via}>",
        f"Call-ID: {token()}",
        "CSeq: 1 OPTIONS",
        "Max-Forwards: 70",
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""])


def test_a_call_to_our_contact_from_elsewhere(lab: Lab, tenant: Tenant, registrar: Registrar, callee: Peer) -> None:
    """A Contact that got known proves nothing by itself, unless the operator says so."""
    carrier = create(tenant, registrar)
    mine = registrar.token()
    number = number_on(tenant, carrier, callee)
    with Peer(address()) as stranger:
        assert call_in(stranger, lab, mine, number).refused().status in (401, 403)
        verdict = lab.explain(stranger.ip, number)["verdict"]
        kept = lab.unclaimed(verdict, source=stranger.ip)
        assert kept["number"].removeprefix("+") == number
        assert "is no address of its registrar" in str(kept["trace"])
        assert mine not in str(kept)
        wanted = {"any_source": True}
        tenant.native("PATCH", f"carriers/{carrier}/registration", wanted, expect=403)
        lab.house.native("PATCH", f"carriers/{carrier}/registration", wanted)
        seen = len(registrar.seen)
        connected(call_in(stranger, lab, mine, number), callee)
        registrar.stays(seen, 0.5)
        callee.quiet(0.1, "INVITE")
        guess = token() + token()
        assert call_in(stranger, lab, guess, number).refused().status in (401, 403)


def test_a_call_without_our_contact(lab: Lab, tenant: Tenant, registrar: Registrar, callee: Peer) -> None:
    """The registrar's address counts while one carrier has it; with two, a call must name whose it is."""
    carrier = create(tenant, registrar)
    registrar.token()
    number = number_on(tenant, carrier, callee)
    with Peer(registrar.ip) as there:
        connected(call_in(there, lab, f"+{number}", number), callee)
        assert "is the registrar of reg" in tenant.trace(number)
        assert lab.explain(registrar.ip, number)["verdict"] == "route"
        other = lab.tenant("Neighbour")
        theirs = create(other, registrar, username="4930777")
        stands(other, theirs, "registered")
        assert call_in(there, lab, f"+{number}", number).refused().status in (401, 403)
        said = lab.explain(registrar.ip, number)
        assert said["verdict"] in ("source_unknown", "credentials_missing")
        assert "the registrar of several carriers" in str(said["trace"])
        remove(other, theirs)
        registrar.wait(lambda: len(registrar.bound) == 1)
        for _ in until(3.0):
            if lab.explain(registrar.ip, number)["verdict"] == "route":
                break
        connected(call_in(there, lab, f"+{number}", number), callee)


def test_who_is_not_registered_is_not_at_the_registrar(
    lab: Lab, tenant: Tenant, registrar: Registrar, callee: Peer
) -> None:
    """A carrier that only names a registrar takes no calls from there, and takes none from those who are registered."""
    carrier = create(tenant, registrar)
    registrar.token()
    number = number_on(tenant, carrier, callee)
    other = lab.tenant("Intruder")
    theirs = create(other, registrar, username="4930777", password="guessed")
    stands(other, theirs, "refused")
    taken = number_on(other, theirs, callee)
    with Peer(registrar.ip) as there:
        connected(call_in(there, lab, f"+{number}", number), callee)
        remove(tenant, carrier_without_numbers(tenant, number, carrier))
        registrar.wait(lambda: not registrar.bound)
        for _ in until(3.0):
            if lab.explain(registrar.ip, taken)["verdict"] in ("source_unknown", "credentials_missing"):
                break
        assert call_in(there, lab, f"+{taken}", taken).refused().status in (401, 403)
        callee.quiet(0.2, "INVITE")


def carrier_without_numbers(tenant: Tenant, number: str, carrier: str) -> str:
    """Take a carrier's only number away, and return the carrier."""
    tenant.plivo("DELETE", f"Number/{number}/", expect=204)
    return carrier


def test_two_registrations_at_one_registrar_never_mix(
    lab: Lab, tenant: Tenant, registrar: Registrar, callee: Peer
) -> None:
    other = lab.tenant("Other")
    first, second = create(tenant, registrar), create(other, registrar, username="4930888")
    registrar.wait(lambda: len(registrar.bound) == 2)
    contacts = {m.get("to").partition("@")[0]: m.get("contact")[5:37] for m in registrar.seen}
    mine, theirs = contacts[f"<sip:{USERNAME}"], contacts["<sip:4930888"]
    assert mine != theirs
    number, foreign = number_on(tenant, first, callee), number_on(other, second, callee)
    with Peer(registrar.ip) as there:
        connected(call_in(there, lab, mine, number), callee)
        connected(call_in(there, lab, theirs, foreign), callee)
        assert call_in(there, lab, theirs, number).refused().status == 404
        assert call_in(there, lab, mine, foreign).refused().status == 404
        callee.quiet(0.1, "INVITE")


def test_a_profile_says_where_the_number_stands(lab: Lab, tenant: Tenant, registrar: Registrar, callee: Peer) -> None:
    carrier = create(tenant, registrar)
    mine = registrar.token()
    tenant.native("PATCH", f"carriers/{carrier}", {"profile": {"called_in": "diversion", "country": "US"}})
    number = number_on(tenant, carrier, callee)
    with Peer(registrar.ip) as there:
        headers = (("Diversion", f"<sip:{number[1:]}@c.example>;reason=unconditional"),)
        connected(call_in(there, lab, mine, USERNAME, headers), callee)


# Calls out


@pytest.fixture
def guard() -> Iterator[Guard]:
    """Give a carrier that says nothing by itself."""
    with Guard(address()) as made:
        yield made


def register(guard: Guard) -> Message:
    """Let us register at a guard; return the REGISTER with credentials."""
    first = guard.expect("REGISTER")
    challenge = (("WWW-Authenticate", 'Digest realm="carrier.example", nonce="n1", qop="auth"'),)
    guard.answer(first).reply(first, 401, headers=challenge)
    second = guard.expect("REGISTER")
    guard.answer(second).reply(second, 200, headers=(("Expires", "600"),))
    return second


@pytest.mark.parametrize("shown", ["", "anna"])
def test_calls_out_go_by_the_registration(lab: Lab, tenant: Tenant, guard: Guard, web: Web, shown: str) -> None:
    source = address()
    parts = {"domain": "carrier.example"} | ({"from_user": shown} if shown else {})
    carrier = create(tenant, guard, **parts)
    register(guard)
    stands(tenant, carrier, "registered")
    web.pages["/reg"] = "<Response><Dial><Number>4930123456</Number></Dial></Response>"
    static = tenant.carrier(source, name="in")
    number = tenant.number(static, application=tenant.application(answer_url=web.url + "/reg"))
    with Peer(source) as caller:
        a = caller.call(lab.sip, number)
        first = guard.comes("INVITE", 1)
        assert first.uri == "sip:+4930123456@carrier.example"
        assert first.get("to") == "<sip:+4930123456@carrier.example>"
        sender = first.get("from").partition(";")[0]
        assert sender == f"<sip:{shown or '+14155550100'}@carrier.example>"
        assert first.get("p-asserted-identity") == ("<sip:+14155550100@carrier.example>" if shown else "")
        guard.ask(first, 407)
        second = guard.comes("INVITE", 2)
        assert fields(second.get("proxy-authorization"))["username"] == USERNAME
        talk = guard.connect(second)
        a.connected()
        a.bye()
        talk.hung_up()


def test_a_call_out_while_we_are_not_registered_is_tried_all_the_same(
    lab: Lab, tenant: Tenant, guard: Guard, web: Web
) -> None:
    source = address()
    carrier = create(tenant, guard)
    refused = guard.expect("REGISTER")
    guard.answer(refused).reply(refused, 403)
    stands(tenant, carrier, "refused")
    web.pages["/reg"] = "<Response><Dial><Number>4930123456</Number></Dial></Response>"
    static = tenant.carrier(source, name="in")
    number = tenant.number(static, application=tenant.application(answer_url=web.url + "/reg"))
    with Peer(source) as caller:
        a = caller.call(lab.sip, number)
        invite = guard.expect("INVITE")
        guard.answer(invite).reply(invite, 403)
        a.refused()
    assert "is not registered now" in tenant.trace(number)


# The process


@pytest.fixture
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Lab]]:
    """Give what makes installations that may be killed."""
    made: list[Lab] = []

    def make(*options: str) -> Lab:
        made.append(Lab(tmp_path_factory.mktemp("mortal") / "data", *options))
        return made[-1]

    yield make
    for lab in made:
        lab.server.stop()
        assert "Traceback" not in lab.server.log.read_text()


@pytest.mark.parametrize("workers", [1, 2])
def test_calls_out_go_over_the_connection_that_we_registered_over(
    mortal: Callable[..., Lab], web: Web, workers: int
) -> None:
    """Also those of the worker that did not make it."""
    lab = mortal("--workers", f"{workers}")
    source = address()
    with Registrar(address(), transport="tcp") as registrar, Peer(source) as caller:
        carrier = create(lab, registrar)
        registrar.token()
        stands(lab, carrier, "registered")
        web.pages["/reg"] = "<Response><Dial><Number>4930123456</Number></Dial></Response>"
        static = lab.carrier(source, name="in")
        number = lab.number(static, application=lab.application(answer_url=web.url + "/reg"))
        for count in range(1, 7):
            talk = caller.call(lab.sip, number)
            registrar.wait(partial(_has_invites, registrar, count))
            talk.refused()
        assert len(registrar.connections) == 1


def _has_invites(registrar: Registrar, count: int) -> bool:
    return sum(message.start.startswith("INVITE ") for message in registrar.calls) == count


def test_sigterm_takes_every_binding_back(mortal: Callable[..., Lab], registrar: Registrar) -> None:
    lab = mortal()
    with Registrar(address()) as silent:
        for place in range(3):
            create(lab, registrar, username=f"49307{place}")
        create(lab, silent)
        registrar.wait(lambda: len(registrar.bound) == 3)
        silent.token()
        silent.rule = lambda _: None
        assert lab.server.stop() == 0
        registrar.wait(lambda: not registrar.bound)
        assert silent.seen[-1].get("expires") == "0"


def test_a_refusal_outlives_a_restart(mortal: Callable[..., Lab]) -> None:
    """However the process ends: restarts are no way to lock an account at its registrar."""
    lab = mortal()
    with Registrar(address(), password="another") as strict:
        refused = create(lab, strict)
        stands(lab, refused, "refused")
        assert lab.server.stop() == 0
        lab.server.start()
        strict.stays(2, 2.0)
        shown = stands(lab, refused, "refused")
        assert after(shown["next_attempt"]) > timedelta(seconds=800)
        assert shown["refusals"] == 1


def test_what_was_bound_before_a_crash_still_is(mortal: Callable[..., Lab], callee: Peer) -> None:
    """A registrar that is silent at the restart has our Contact all the same: its calls are taken, by address too."""
    lab = mortal()
    with Registrar(address(), expires=600) as registrar, Peer(registrar.ip) as there:
        carrier = create(lab, registrar)
        registrar.token()
        number = number_on(lab, carrier, callee)
        stands(lab, carrier, "registered")
        since = standing(lab, carrier)["registered_since"]
        registrar.rule = lambda _: None
        seen = len(registrar.seen)
        lab.server.kill("edge")
        registrar.comes(seen + 1, within=8.0)
        connected(call_in(there, lab, f"+{number}", number), callee)
        registrar.rule = None
        shown = stands(lab, carrier, "registered")
        assert shown["registered_since"] == since
        assert events(lab, carrier) == ["registered"]


def test_kill_9_of_the_edge_registers_the_same_contact_again(mortal: Callable[..., Lab], registrar: Registrar) -> None:
    lab = mortal()
    carrier = create(lab, registrar)
    mine, seen = registrar.token(), len(registrar.seen)
    with Registrar(address(), password="another") as strict:
        refused = create(lab, strict)
        stands(lab, refused, "refused")
        lab.server.kill("edge")
        registrar.comes(seen + 2, within=8.0)
        assert registrar.token() == mine
        assert stands(lab, carrier, "registered")
        strict.stays(2, 1.0)
        assert after(standing(lab, refused)["next_attempt"]) > timedelta(seconds=800)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_of_several_workers_one_registers_and_all_take_calls(
    mortal: Callable[..., Lab], callee: Peer, transport: str
) -> None:
    lab = mortal("--workers", "3")
    with Registrar(address(), transport=transport) as registrar, Peer(registrar.ip) as there:
        carrier = create(lab, registrar)
        mine = registrar.token()
        registrar.stays(2, 1.0)
        assert sorted(worker["registrations"] for worker in lab.server.counts()["workers"]) == [0, 0, 1]
        number = number_on(lab, carrier, callee)
        for _ in range(6):  # each with another Call-ID, by which the workers share them
            connected(call_in(there, lab, mine, number), callee)
        leading = [w["registrations"] for w in lab.server.counts()["workers"]].index(1)
        os.kill(lab.server.child("edge", leading), signal.SIGKILL)
        registrar.comes(3, within=5.0)
        assert registrar.token() == mine
        for _ in range(3):
            connected(call_in(there, lab, mine, number), callee)
