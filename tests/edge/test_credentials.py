"""Calls out by a carrier that asks for credentials: what is sent again, what is final, what the trace says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product

import pytest

from tests.edge.guard import PASSWORD, USERNAME, Guard, Outbound, calling_out, fields, right
from tests.edge.lab import Lab, Tenant
from tests.edge.peer import Message, Peer, Talk, sdp
from tests.edge.sipp import Sipp
from tests.edge.web import Web

pytestmark = pytest.mark.outside

AUTH = {"outbound_username": USERNAME, "outbound_password": PASSWORD}
MAX_INVITES = 4

Ring = Callable[..., Talk]


@pytest.fixture(scope="module")
def tenant(lab: Lab) -> Tenant:
    """Give an account of its own, whose calls go out by a guarded carrier."""
    return lab.tenant("Digest")


@pytest.fixture(scope="module")
def source(tenant: Tenant) -> str:
    """Give the carrier that delivers its numbers."""
    return tenant.carrier("127.0.0.31", name="in")


@pytest.fixture
def caller() -> Iterator[Peer]:
    """Give a peer at the address of the carrier that calls in."""
    with Peer("127.0.0.31") as peer:
        yield peer


@pytest.fixture
def guard() -> Iterator[Guard]:
    """Give the socket of the carrier that calls go out by."""
    with Guard("127.0.0.32") as peer:
        yield peer


@pytest.fixture
def guards(guard: Guard) -> Iterator[list[Guard]]:
    """Give two sockets, of the carrier's two gateways."""
    with Guard("127.0.0.33") as second:
        yield [guard, second]


@pytest.fixture
def out(web: Web, tenant: Tenant, guard: Guard) -> Iterator[Outbound]:
    """Give the tenant a carrier with credentials."""
    with calling_out(tenant, web, [guard], **AUTH) as made:
        yield made


@pytest.fixture
def ring(caller: Peer, source: str) -> Ring:
    """Give what calls a number whose application dials out by a guarded carrier."""
    return lambda out, **parts: out.dial(caller, source, **parts)


@pytest.fixture
def dial(out: Outbound, ring: Ring) -> Callable[..., Talk]:
    """Give the same for the carrier with credentials."""
    return partial(ring, out)


def end(a: Talk, guard: Guard, number: int) -> Message:
    """Hang up from the caller's side; return the BYE that the carrier got."""
    a.bye()
    bye = guard.comes("BYE", number)
    guard.answer(bye).reply(bye, 200)
    return bye


ALGORITHMS = ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", ""]
QOPS = ["auth", "auth-int,auth", "auth-int", ""]


@pytest.mark.parametrize("asked", list(product([401, 407], ALGORITHMS, QOPS)))
def test_a_challenge_is_answered(
    out: Outbound, dial: Callable[..., Talk], guard: Guard, asked: tuple[int, str, str]
) -> None:
    """The same dialog's INVITE again, one number on, and every request after it with credentials and a rising nc."""
    status, algorithm, qop = asked
    a = dial()
    first = guard.comes("INVITE", 1)
    assert not first.get("authorization") + first.get("proxy-authorization")
    realm, header = guard.ask(first, status, algorithm=algorithm, qop=qop, opaque="o p")
    assert guard.comes("ACK", 1).get("via") == first.get("via")
    second = guard.comes("INVITE", 2)
    given = right(second, header, realm)
    assert given["opaque"] == "o p"
    assert given.get("qop", "") == ("auth" if "auth" in qop.split(",") else qop)
    same = ("call-id", "from", "to", "contact", "max-forwards", "content-type")
    assert [second.get(n) for n in same] == [first.get(n) for n in same]
    assert (second.uri, second.body) == (first.uri, first.body)
    assert second.get("via") != first.get("via")
    talk = guard.answer(second)
    talk.reply(second, 200, "OK", body=sdp(2))
    ack = guard.comes("ACK", 2)
    assert ack.all(header) == second.all(header), "the ACK repeats the INVITE's credentials (RFC 3261 section 22.1)"
    a.connected()
    later = right(end(a, guard, 3), header, realm)
    assert later["nonce"] == given["nonce"]
    assert later.get("nc", "00000002") == "00000002"
    assert f"{status} (realm carrier.example, {algorithm or 'MD5'})" in out.trace()
    assert out.ladder() == ["out INVITE", f"in {status}", "out INVITE", "in 200", "out ACK", "out BYE"]
    assert PASSWORD not in str(out.tenant.call(out.number))


def test_the_first_algorithm_that_we_know_is_taken(dial: Callable[..., Talk], guard: Guard) -> None:
    """RFC 8760 section 2.4: one challenge per algorithm, the server's favourite first."""
    a = dial()
    first = guard.comes("INVITE", 1)
    better = ('Digest realm="r", nonce="x", algorithm=SHA-3', 'Digest realm="r", nonce="n1", algorithm=SHA-256')
    guard.ask(first, 401, *better, realm="r", nonce="n2")
    second = guard.comes("INVITE", 2)
    assert right(second, "authorization", "r")["algorithm"] == "SHA-256"
    guard.connect(second)
    a.connected()
    end(a, guard, 3)


def test_a_proxy_and_the_server_behind_it_ask_one_after_the_other(
    out: Outbound, dial: Callable[..., Talk], guard: Guard
) -> None:
    a = dial()
    guard.ask(guard.comes("INVITE", 1), 407, realm="proxy", nonce="p1")
    second = guard.comes("INVITE", 2)
    right(second, "proxy-authorization", "proxy")
    guard.ask(second, 401, realm="server", algorithm="SHA-256")
    third = guard.comes("INVITE", 3)
    assert right(third, "proxy-authorization", "proxy")["nc"] == "00000002"
    assert right(third, "authorization", "server")["nc"] == "00000001"
    guard.ask(third, 407, realm="proxy", nonce="p2", stale="true")
    fourth = guard.comes("INVITE", 4)
    renewed = right(fourth, "proxy-authorization", "proxy")
    assert (renewed["nonce"], renewed["nc"]) == ("p2", "00000001")
    assert right(fourth, "authorization", "server")["nc"] == "00000002"
    guard.connect(fourth)
    a.connected()
    bye = end(a, guard, 5)
    assert right(bye, "proxy-authorization", "proxy")["nc"] == "00000002"
    assert right(bye, "authorization", "server")["nc"] == "00000003"


def test_both_ask_in_one_response(dial: Callable[..., Talk], guard: Guard) -> None:
    """What a forking proxy gathers (RFC 3261 section 22.3) is answered in one request."""
    a = dial()
    first = guard.comes("INVITE", 1)
    both = (
        ("WWW-Authenticate", 'Digest realm="a", nonce="1"'),
        ("WWW-Authenticate", 'Digest realm="b", nonce="2"'),
        ("Proxy-Authenticate", 'Digest realm="a", nonce="3", qop="auth"'),
    )
    guard.answer(first).reply(first, 401, headers=both)
    second = guard.comes("INVITE", 2)
    assert [right(second, "authorization", realm)["nonce"] for realm in ("a", "b")] == ["1", "2"]
    assert right(second, "proxy-authorization", "a")["nonce"] == "3"
    guard.connect(second)
    a.connected()
    end(a, guard, 3)


@pytest.mark.parametrize("nonce", ["same", ""])
def test_refused_credentials_are_final(web: Web, tenant: Tenant, guards: list[Guard], ring: Ring, nonce: str) -> None:
    """No third try, no other gateway, 480 for the caller; the trace says whose matter it is."""
    guard, spare = guards
    with calling_out(tenant, web, guards, **AUTH | {"outbound_password": "another"}) as out:
        a = ring(out)
        parts = {"nonce": nonce} if nonce else {}
        guard.ask(guard.comes("INVITE", 1), 407, **parts)
        second = guard.comes("INVITE", 2)
        right(second, "proxy-authorization", "carrier.example", "another")
        with pytest.raises(AssertionError):
            right(second, "proxy-authorization", "carrier.example")
        guard.ask(second, 407, **parts)
        assert a.refused().status == 480
        guard.nothing_above(2)
        spare.quiet(0.05, "INVITE")
        assert "the carrier refused the credentials (realm carrier.example)" in out.trace()
        assert "another" not in str(tenant.call(out.number))


def test_stale_twice_is_final(out: Outbound, dial: Callable[..., Talk], guard: Guard) -> None:
    a = dial()
    guard.ask(guard.comes("INVITE", 1), 401, nonce="1")
    guard.ask(guard.comes("INVITE", 2), 401, nonce="2", stale="TRUE")
    third = guard.comes("INVITE", 3)
    assert right(third, "authorization", "carrier.example")["nonce"] == "2"
    guard.ask(third, 401, nonce="3", stale="true")
    assert a.refused().status == 480
    guard.nothing_above(3)
    assert "again and again" in out.trace()


@pytest.mark.parametrize("kind", [401, 407])
def test_a_carrier_that_asks_for_ever(out: Outbound, dial: Callable[..., Talk], guard: Guard, kind: int) -> None:
    a = dial()
    for number in range(1, MAX_INVITES + 1):
        guard.ask(guard.comes("INVITE", number), kind, realm=f"realm {number}", stale="true")
    assert a.refused().status == 480
    guard.nothing_above(MAX_INVITES)
    assert "again and again" in out.trace()


def test_without_credentials_the_trace_says_what_to_set(web: Web, tenant: Tenant, guard: Guard, ring: Ring) -> None:
    """They serve the very next call; once taken away they are not sent any more."""
    with calling_out(tenant, web, [guard]) as out:
        missing = (
            "the carrier asks for credentials (realm carrier.example); "
            "set outbound_username and outbound_password on it"
        )
        for auth in (None, AUTH, {"outbound_username": None}):
            if auth:
                tenant.native("PATCH", f"carriers/{out.id}", auth)
            a = ring(out)
            guard.ask(guard.comes("INVITE", 1))
            if auth is AUTH:
                second = guard.comes("INVITE", 2)
                right(second, "proxy-authorization", "carrier.example")
                guard.answer(second).reply(second, 486)
                assert a.refused().status == 486
                assert missing not in out.trace()
            else:
                assert a.refused().status == 480
                guard.nothing_above(1, 0.3)
                assert missing in out.trace()


def test_only_the_realm_that_was_set(web: Web, tenant: Tenant, guard: Guard, ring: Ring) -> None:
    """Whoever is called may challenge, too, through the carrier: it must not get an answer to try passwords on."""
    with calling_out(tenant, web, [guard], **AUTH, outbound_realm="mine") as out:
        a = ring(out)
        guard.ask(guard.comes("INVITE", 1), 401, realm="mine")
        second = guard.comes("INVITE", 2)
        right(second, "authorization", "mine")
        guard.ask(second, 401, realm="callee")
        assert a.refused().status == 480
        guard.nothing_above(2)
        assert "of another realm (callee)" in out.trace()


def test_a_carrier_of_the_account_above_serves_with_its_own(lab: Lab, web: Web, tenant: Tenant, guard: Guard) -> None:
    below = lab.tenant("Below", tenant.id)
    source = below.carrier("127.0.0.35", name="in")
    with calling_out(tenant, web, [guard], **AUTH) as out, Peer("127.0.0.35") as caller:
        out.tenant = below
        a = out.dial(caller, source)
        guard.ask(guard.comes("INVITE", 1))
        second = guard.comes("INVITE", 2)
        right(second, "proxy-authorization", "carrier.example")
        guard.answer(second).reply(second, 486)
        assert a.refused().status == 486
        assert USERNAME not in str(below.call(out.number))
        out.tenant = tenant


MALFORMED = [
    "",
    "Digest",
    "Digest ",
    "Digest ,",
    "Digest =",
    'Digest realm="r"',
    'Digest nonce="n"',
    'Digest realm="r", nonce=""',
    'Digest realm="r", nonce="n',
    'Digest realm="r" nonce="n"',
    'Digest realm="r", nonce="n", nonce="m"',
    'Digest realm="r", nonce="n", algorithm=SHA-512-256',
    'Digest realm="r", nonce="n", algorithm=-sess',
    'Digest realm="r", nonce="n", qop="new"',
    'Digest realm="r", nonce="n", Digest realm="s", nonce="m"',
    'Digest realm="' + "\\" * 4000,
    'Digest realm="r", nonce="' + "n" * 4000 + '"',
    "Digest " + "a=b," * 500,
    "Basic realm=r",
    "Bearer",
    "Digest \udcff\udcfe=\udc80",
    "\x00\x01\x7f",
]


@pytest.mark.parametrize("header", ["WWW-Authenticate", "Proxy-Authenticate", None])
def test_malformed_challenges(out: Outbound, dial: Callable[..., Talk], guard: Guard, header: str | None) -> None:
    """Each is final and explained; that nothing was raised is checked at the end of all."""
    for value in MALFORMED if header else [""]:
        a = dial()
        invite = guard.comes("INVITE", 1)
        guard.answer(invite).reply(invite, 401, headers=((header, value),) if header else ())
        assert a.refused().status == 480, value
        guard.comes("ACK", 1)
        assert "the carrier's challenge cannot be answered" in out.trace(), value
        assert out.ladder() == ["out INVITE", "in 401"], value


@pytest.mark.parametrize(
    ("realm", "shown"), [("r\udcff\x01", "(realm r??, "), ("", "(realm , "), ("x" * 300, f"(realm {'x' * 64}, ")]
)
def test_odd_realms_are_answered_and_shown_clean(
    out: Outbound, dial: Callable[..., Talk], guard: Guard, realm: str, shown: str
) -> None:
    a = dial()
    invite = guard.comes("INVITE", 1)
    value = f'Digest realm="{realm}", nonce="\udc80n", opaque="", qop="auth,,auth-int"'
    guard.answer(invite).reply(invite, 401, headers=(("WWW-Authenticate", value),))
    again = guard.comes("INVITE", 2)
    assert fields(again.get("authorization"))["nonce"] == "\udc80n"
    guard.answer(again).reply(again, 404)
    assert a.refused().status == 404
    assert shown in out.trace()


def test_many_challenges_in_one_response(out: Outbound, dial: Callable[..., Talk], guard: Guard) -> None:
    a = dial()
    invite = guard.comes("INVITE", 1)
    many = tuple(("WWW-Authenticate", f'Digest realm="{n}", nonce="n"') for n in range(200))
    guard.answer(invite).reply(invite, 401, headers=many)
    assert a.refused().status == 480
    guard.nothing_above(1, 0.3)
    assert "more than 4 realms" in out.trace()


# Given up meanwhile


def test_cancelled_before_the_challenge(dial: Callable[..., Talk], guard: Guard) -> None:
    a = dial()
    invite = guard.comes("INVITE", 1)
    b = guard.answer(invite)
    b.reply(invite, 180, "Ringing")
    a.peer.expect("180")
    a.cancel()
    assert a.refused().status == 487
    cancel = guard.comes("CANCEL", 1)
    b.reply(cancel, 200)
    guard.ask(invite)
    guard.comes("ACK", 1)
    guard.nothing_above(1)


def test_cancelled_between_the_challenge_and_the_next_answer(dial: Callable[..., Talk], guard: Guard) -> None:
    a = dial()
    guard.ask(guard.comes("INVITE", 1))
    second = guard.comes("INVITE", 2)
    a.cancel()
    assert a.refused().status == 487
    b = guard.answer(second)
    b.reply(second, 100, "Trying")
    cancel = guard.comes("CANCEL", 2)
    assert cancel.get("via") == second.get("via")
    b.reply(cancel, 200)
    b.reply(second, 487)
    guard.comes("ACK", 2)
    guard.nothing_above(2, 0.3)


def test_an_answer_that_crosses_the_cancel_is_hung_up_with_credentials(dial: Callable[..., Talk], guard: Guard) -> None:
    a = dial()
    realm, header = guard.ask(guard.comes("INVITE", 1))
    second = guard.comes("INVITE", 2)
    a.cancel()
    assert a.refused().status == 487
    guard.answer(second).reply(second, 200, "OK", body=sdp(2))
    assert guard.comes("ACK", 2).all(header) == second.all(header)
    bye = guard.comes("BYE", 3)
    assert right(bye, header, realm)["nc"] == "00000002"
    guard.ask(bye, nonce="fresh")
    last = guard.comes("BYE", 4)
    assert right(last, header, realm)["nonce"] == "fresh"
    guard.answer(last).reply(last, 200)


def test_the_losers_of_a_race_are_cancelled(out: Outbound, dial: Callable[..., Talk], guard: Guard) -> None:
    a = dial(count=2)
    dialogs: dict[str, Message] = {}
    while len(dialogs) < 2:
        message = guard.expect("INVITE")
        if message.cseq == 1 and message.get("call-id") not in dialogs:
            dialogs[message.get("call-id")] = message
            guard.ask(message)
    again: dict[str, Message] = {}
    while len(again) < 2:
        message = guard.expect("INVITE") if not guard.seen else guard.seen.pop(0)
        if message.start.startswith("INVITE") and message.cseq == 2:
            again[message.get("call-id")] = message
    winner, loser = again.values()
    guard.answer(loser).reply(loser, 180, "Ringing")
    guard.connect(winner)
    a.connected()
    cancel = guard.comes("CANCEL", 2)
    assert cancel.get("call-id") == loser.get("call-id")
    b = guard.answer(loser)
    b.reply(cancel, 200)
    b.reply(loser, 487)
    end(a, guard, 3)


def test_another_gateway_after_the_challenge(web: Web, tenant: Tenant, guards: list[Guard], ring: Ring) -> None:
    """A 503 after it fails over as ever; the other gateway is a new dialog and is challenged anew."""
    first, other = guards
    with calling_out(tenant, web, guards, **AUTH) as out:
        a = ring(out)
        first.ask(first.comes("INVITE", 1))
        again = first.comes("INVITE", 2)
        first.answer(again).reply(again, 503)
        fresh = other.comes("INVITE", 1)
        assert not fresh.get("proxy-authorization")
        other.ask(fresh, 401)
        other.connect(other.comes("INVITE", 2))
        a.connected()
        end(a, other, 3)


# Within the dialog


def test_a_challenged_bye_is_sent_once_more(dial: Callable[..., Talk], guard: Guard) -> None:
    """Also where the INVITE went through without: else the carrier would let the call go on."""
    a = dial()
    guard.connect(guard.comes("INVITE", 1))
    a.connected()
    a.bye()
    bye = guard.comes("BYE", 2)
    assert not bye.get("proxy-authorization")
    realm, header = guard.ask(bye)
    second = guard.comes("BYE", 3)
    assert right(second, header, realm)["nc"] == "00000001"
    guard.ask(second, stale="true")
    guard.quiet(0.4, "BYE")


def test_a_bye_of_ours_while_the_call_goes_on(out: Outbound, dial: Callable[..., Talk], guard: Guard) -> None:
    """The dial's time is over, the document goes on: the ladder shows both of them."""
    a = dial(limit=1, then='<Wait length="60"/>')
    guard.connect(guard.comes("INVITE", 1))
    a.connected()
    guard.ask(guard.comes("BYE", 2), 401)
    bye = guard.comes("BYE", 3)
    right(bye, "authorization", "carrier.example")
    guard.answer(bye).reply(bye, 200)
    a.bye()
    assert out.ladder() == ["out INVITE", "in 200", "out ACK", "out BYE", "in 401", "out BYE"]


def test_requests_within_the_dialog(out: Outbound, dial: Callable[..., Talk], guard: Guard, caller: Peer) -> None:
    """re-INVITE and INFO carry credentials; one that is challenged goes again, and its ACK has the right number."""
    a = dial()
    realm, header = guard.ask(guard.comes("INVITE", 1), nonce="1")
    b = guard.connect(guard.comes("INVITE", 2))
    a.connected()
    a.invite(body=sdp(7))
    third = guard.comes("INVITE", 3)
    assert right(third, header, realm)["nc"] == "00000002"
    guard.ask(third, nonce="2")
    fourth = guard.comes("INVITE", 4)
    assert (right(fourth, header, realm)["nonce"], fourth.body) == ("2", third.body)
    b.reply(fourth, 200, "OK", body=sdp(8))
    assert caller.expect("200", method="INVITE").body == sdp(8)
    a.ack(2)
    ack = guard.comes("ACK", 4)
    assert ack.all(header) == fourth.all(header)
    a.send("INFO")
    info = guard.comes("INFO", 5)
    assert right(info, header, realm)["nc"] == "00000002"
    b.reply(info, 200)
    caller.expect("200", method="INFO")
    assert right(end(a, guard, 6), header, realm)["nc"] == "00000003"


def test_a_reinvite_that_stays_refused_leaves_the_call(dial: Callable[..., Talk], guard: Guard, caller: Peer) -> None:
    """The caller gets no challenge of the carrier's, which it could not answer."""
    a = dial()
    guard.connect(guard.comes("INVITE", 1))
    a.connected()
    a.invite(body=sdp(7))
    guard.ask(guard.comes("INVITE", 2))
    guard.ask(guard.comes("INVITE", 3))
    refusal = a.refused()
    assert (refusal.status, refusal.get("www-authenticate")) == (480, "")
    guard.nothing_above(3, 0.3)
    end(a, guard, 4)


def test_a_reinvite_cancelled_while_it_is_challenged(dial: Callable[..., Talk], guard: Guard, caller: Peer) -> None:
    a = dial()
    guard.connect(guard.comes("INVITE", 1))
    a.connected()
    a.invite(body=sdp(7))
    guard.ask(guard.comes("INVITE", 2))
    third = guard.comes("INVITE", 3)
    a.cancel()
    b = guard.answer(third)
    b.reply(third, 100, "Trying")
    cancel = guard.comes("CANCEL", 3)
    b.reply(cancel, 200)
    b.reply(third, 487)
    assert a.refused().status == 487
    end(a, guard, 4)


def test_a_reinvite_that_is_challenged_once_it_is_cancelled(dial: Callable[..., Talk], guard: Guard) -> None:
    a = dial()
    b = guard.connect(guard.comes("INVITE", 1))
    a.connected()
    a.invite(body=sdp(7))
    second = guard.comes("INVITE", 2)
    b.reply(second, 100, "Trying")
    a.cancel()
    b.reply(guard.comes("CANCEL", 2), 200)
    guard.ask(second)
    assert a.refused().status == 480
    guard.nothing_above(2, 0.3)
    end(a, guard, 3)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_many_calls_by_a_carrier_that_checks(lab: Lab, web: Web, tenant: Tenant, source: str, transport: str) -> None:
    """SIPp as the carrier: it challenges, and takes what its own digest says is right."""
    with Sipp("uas_challenge", ip="127.0.0.36", transport=transport, calls=30) as carrier:
        gateway = {"address": carrier.ip, "port": carrier.port, "inbound": False, "outbound": True}
        gateway |= {"transport": transport}
        auth = {"outbound_username": "joe", "outbound_password": "schmoe"}
        carrier_id = tenant.native_carrier(gateways=[gateway], **auth)
        web.pages["/guarded"] = "<Response><Dial><Number>4930123456</Number></Dial></Response>"
        number = tenant.number(source, application=tenant.application(answer_url=f"{web.url}/guarded"))
        with Sipp("uac_call", ip="127.0.0.31", to=lab.server.via, number=number, calls=30, rate=60) as calling:
            calling.succeeded(30)
            carrier.succeeded(30)
        tenant.native("DELETE", f"carriers/{carrier_id}", expect=204)
