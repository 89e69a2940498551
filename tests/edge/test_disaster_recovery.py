"""A trunk's disaster recovery URL from outside: when it is asked, what it is told, and what its document does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.edge.lab import Lab, account, command
from tests.edge.peer import Peer, sdp, token
from tests.edge.shop import Shop, call
from tests.edge.sipp import Sipp, free_port
from tests.edge.test_twiml import document, signed, sip
from tests.edge.web import Web

pytestmark = [pytest.mark.outside, pytest.mark.timeout(120)]

BUSY = document('<Reject reason="busy"/>')


@pytest.fixture
def shop(lab: Lab) -> Shop:
    """Give an account."""
    return Shop(lab, account(lab.server, "Shop"), lab.sip)


@pytest.fixture
def carrier(shop: Shop) -> Iterator[Peer]:
    """Give a peer at the address of the account's carrier."""
    with Peer(shop.source) as peer:
        yield peer


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Give a stack that stops what a test has started."""
    with ExitStack() as made:
        yield made


def recovering(shop: Shop, web: Web, page: str, *urls: tuple[str, int], method: str = "POST") -> tuple[str, str]:
    """Return a number on a trunk with these URLs, whose disaster recovery URL has this page; and the page's path."""
    path = f"/recovery/{token()}"
    web.pages[path] = page
    trunk = shop.made_trunk(*urls)
    shop.twilio("POST", trunk, {"DisasterRecoveryUrl": f"{web.url}{path}?mine=1", "DisasterRecoveryMethod": method})
    return shop.number_on(trunk), path


def times_asked(web: Web, path: str) -> int:
    """Return how often a path was asked for."""
    return sum(asked.path == path for asked in web.asked)


# When it is asked

Urls = Callable[[ExitStack], list[tuple[str, int]]]


def none(_: ExitStack) -> list[tuple[str, int]]:
    """Configure no URL."""
    return []


def nobody_listens(_: ExitStack) -> list[tuple[str, int]]:
    """Let the host say that nothing is there."""
    return [(f"sip:127.0.0.1:{free_port('127.0.0.1')}", 1)]


def silence(stack: ExitStack) -> list[tuple[str, int]]:
    """Let a host say nothing."""
    return [(stack.enter_context(Peer()).uri, 1)]


def not_allowed(_: ExitStack) -> list[tuple[str, int]]:
    """Name an address that no call may go to."""
    return [("sip:0.0.0.0", 1)]


def answers(*statuses: int) -> Urls:
    """Let URLs answer so, the first of them tried first."""

    def start(stack: ExitStack) -> list[tuple[str, int]]:
        started = [stack.enter_context(Sipp("uas_refuse", status=str(status))) for status in statuses]
        return [(pbx.uri, place) for place, pbx in enumerate(started, 1)]

    start.__name__ = " then ".join(map(str, statuses))
    return start


def then_silence(stack: ExitStack) -> list[tuple[str, int]]:
    """Let one URL answer 500, and the next one nothing."""
    return [*answers(500)(stack), (stack.enter_context(Peer()).uri, 2)]


DOWN = [none, nobody_listens, silence, not_allowed, answers(500), answers(503), answers(408), answers(503, 500)]


@pytest.mark.parametrize("urls", [*DOWN, then_silence], ids=lambda urls: urls.__name__)
def test_its_document_takes_the_call_that_no_url_can(shop: Shop, web: Web, stack: ExitStack, urls: Urls) -> None:
    with Sipp("uas_answer") as phone:
        digits, path = recovering(shop, web, document(f"<Dial>{sip(phone)}</Dial>"), *urls(stack))
        call(shop, digits)
        phone.succeeded()
    asked = web.told(path)
    assert (asked.method, times_asked(web, path)) == ("POST", 1)
    assert signed(asked, shop.twilio_token)
    trace = shop.trace(digits)
    assert "recovery: the disaster recovery URL of trunk office is asked: " in trace
    assert ("it has no active URI" if urls is none else "none of its URIs can take the call") in trace


def test_what_it_is_told(shop: Shop, web: Web, carrier: Peer) -> None:
    digits, path = recovering(shop, web, BUSY)
    talk = carrier.call(shop.sip, digits, headers=(("X-Account", "42"), ("Diversion", "<sip:+4930123@x>")))
    assert talk.refused().status == 486
    asked = web.told(path)
    told = {
        "CallSid": "CA" + shop.call(digits)["id"].replace("-", ""),
        "AccountSid": shop.sid,
        "ApiVersion": "2010-04-01",
        "CallStatus": "ringing",
        "Direction": "trunking-originating",
        "From": "+14155550100",
        "To": f"+{digits}",
        "ForwardedFrom": "+4930123",
        "SipCallId": talk.call_id,
        "SipSourceIp": shop.source,
        "SipHeader_X-Account": "42",
        "mine": "1",
    }
    assert {name: asked.params.get(name) for name in told} == told
    assert "ErrorCode" not in asked.params


def test_all_urls_are_disabled_and_the_method_is_get(shop: Shop, web: Web, carrier: Peer) -> None:
    with Peer() as never:
        trunk = shop.made_trunk((never.uri, 1))
        url = shop.twilio("GET", f"{trunk}/OriginationUrls")["origination_urls"][0]["sid"]
        shop.twilio("POST", f"{trunk}/OriginationUrls/{url}", {"Enabled": "false"})
        web.pages["/disabled"] = BUSY
        recovery = {"DisasterRecoveryUrl": f"{web.url}/disabled", "DisasterRecoveryMethod": "GET"}
        shop.twilio("POST", trunk, recovery)
        digits = shop.number_on(trunk)
        assert carrier.call(shop.sip, digits).refused().status == 486
        never.quiet(0.1, "INVITE")
        asked = web.told("/disabled")
        assert asked.method == "GET"
        assert signed(asked, shop.twilio_token)
        shop.twilio("POST", trunk, {"DisasterRecoveryUrl": ""})
        assert carrier.call(shop.sip, digits).refused().status == 480
        assert times_asked(web, "/disabled") == 1


# When it is not asked


@pytest.mark.parametrize(
    ("urls", "status"),
    [(answers(404), 404), (answers(486), 486), (answers(603), 603), (answers(503, 486), 486)],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_refusal_stands(shop: Shop, web: Web, stack: ExitStack, carrier: Peer, *, urls: Urls, status: int) -> None:
    digits, path = recovering(shop, web, document("<Hangup/>"), *urls(stack))
    assert carrier.call(shop.sip, digits).refused().status == status
    assert "recovery" not in shop.trace(digits).replace("its disaster recovery URL is asked where", "")
    assert times_asked(web, path) == 0


@pytest.mark.parametrize("then", [408, 503])
def test_a_phone_that_nobody_picks_up_was_there(
    shop: Shop, web: Web, stack: ExitStack, carrier: Peer, *, then: int
) -> None:
    """Whatever comes after it."""
    with Peer() as phone:
        second = [(stack.enter_context(Sipp("uas_refuse", status="503")).uri, 2)] if then == 503 else []
        digits, path = recovering(shop, web, BUSY, (phone.uri, 1), *second)
        talk = carrier.call(shop.sip, digits)
        invite = phone.expect("INVITE")
        leg = phone.answer(invite)
        leg.reply(invite, 180)
        leg.reply(phone.expect("CANCEL"), 200)
        leg.reply(invite, 487)
        assert talk.refused().status == then
    assert times_asked(web, path) == 0


@pytest.mark.parametrize(("urls", "status"), [(none, 480), (answers(503), 503)], ids=["none", "503"])
def test_without_the_url_the_outcome_stays(
    shop: Shop, stack: ExitStack, carrier: Peer, *, urls: Urls, status: int
) -> None:
    digits = shop.number_on(shop.made_trunk(*urls(stack)))
    assert carrier.call(shop.sip, digits).refused().status == status


def test_a_suspended_accounts_call_is_refused_first(lab: Lab, shop: Shop, web: Web, carrier: Peer) -> None:
    digits, path = recovering(shop, web, BUSY)
    command(lab.server, "accounts", "suspend", shop.id)
    assert carrier.call(shop.sip, digits).refused().status == 403
    assert times_asked(web, path) == 0


# The call from then on


def test_what_rang_and_then_failed(shop: Shop, web: Web, carrier: Peer) -> None:
    """The caller hears ringing once, no sound of a leg that may be followed by another, and the document's answer."""
    with Peer() as pbx, Peer() as phone:
        digits, _ = recovering(shop, web, document(f"<Dial>{sip(phone)}</Dial>"), (pbx.uri, 1))
        talk = carrier.call(shop.sip, digits)
        invite = pbx.expect("INVITE")
        first = pbx.answer(invite)
        first.reply(invite, 183, body=sdp(7))
        assert not carrier.expect("180").body
        first.reply(invite, 503)
        pbx.expect("ACK")
        second = phone.expect("INVITE")
        leg = phone.answer(second)
        leg.reply(second, 180)
        leg.reply(second, 200, body=sdp(8))
        phone.expect("ACK")
        assert "o=- 8 " in talk.connected().body
        assert not [message for message in carrier.seen if message.status in (180, 183)]
        talk.bye()
        leg.hung_up()


def test_its_own_failure_ends_the_call(shop: Shop, web: Web, carrier: Peer) -> None:
    digits, path = recovering(shop, web, "")
    web.pages[path] = (500, "")
    assert carrier.call(shop.sip, digits).refused().status == 480
    assert times_asked(web, path) == 1
    found = shop.call(digits)
    assert (found["ended_by"], found["cause"]) == ("error", "fetch_status")
    assert "recovery: the disaster recovery URL of trunk office is asked" in shop.trace(digits)


def test_a_verb_that_is_not_run_ends_the_call(shop: Shop, web: Web, carrier: Peer) -> None:
    digits, _ = recovering(shop, web, document("<Say>Sorry</Say>"))
    assert carrier.call(shop.sip, digits).refused().status == 488


def test_the_caller_leaves_while_it_is_asked(shop: Shop, web: Web, carrier: Peer) -> None:
    digits, path = recovering(shop, web, BUSY)
    web.slow[path] = 10.0
    try:
        talk = carrier.call(shop.sip, digits)
        web.told(path)
        talk.cancel()
        assert talk.refused().status == 487
        web.wait(lambda asked: asked.path == path and asked.left)
    finally:
        web.slow.clear()
    assert shop.call(digits)["cause"] == "cancelled"


def test_explain_says_so(lab: Lab, shop: Shop, web: Web) -> None:
    with_none, _ = recovering(shop, web, BUSY)
    with_one, _ = recovering(shop, web, BUSY, ("sip:127.0.0.1:9", 1))
    for digits, says in (
        (with_none, "trunk office has no active URI: its disaster recovery URL is asked"),
        (with_one, "trunk office: the call goes there; its disaster recovery URL is asked where no URI can take it"),
    ):
        told = lab.explain(shop.source, digits)
        assert (told["verdict"], told["target"]) == ("route", "trunk office")
        assert {"part": "target", "text": says} in told["trace"]


def test_many_calls(shop: Shop, web: Web) -> None:
    """SIPp on all sides: a trunk that fails under load loses no call."""
    with Sipp("uas_refuse", status="503", calls=20) as broken, Sipp("uas_answer", calls=20) as phone:
        digits, path = recovering(shop, web, document(f"<Dial>{sip(phone)}</Dial>"), (broken.uri, 1))
        with Sipp("uac_call", ip=shop.source, to=shop.server.via, number=digits, calls=20, rate=20) as callers:
            callers.succeeded(20)
            phone.succeeded(20)
    assert times_asked(web, path) == 20


def test_silence_is_waited_for_as_long_as_before_another_url(tmp_path: Path, web: Web) -> None:
    """With RFC 3261's own timers, a silent URL would have 32 s to answer."""
    lab = Lab(tmp_path / "data", TRUNKLINE_SIP_T1="0.5", TRUNKLINE_SIP_FAILOVER_S="0.5")
    try:
        shop = Shop(lab, account(lab.server, "Shop"), lab.sip)
        with Peer() as silent, Peer(shop.source) as carrier:
            digits, _ = recovering(shop, web, BUSY, (silent.uri, 1))
            began = time.monotonic()
            assert carrier.call(shop.sip, digits).refused(10.0).status == 486
            assert time.monotonic() - began < 10.0
    finally:
        lab.server.stop()
