"""Callers that TwiML asks to go elsewhere: REFER within their dialog, and the NOTIFYs that say what came of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.edge import twiml
from tests.edge.baresip import Baresip
from tests.edge.lab import Lab
from tests.edge.peer import Headers, Message, Peer, Talk, sdp
from tests.edge.sipp import Sipp
from tests.edge.web import Web

pytestmark = pytest.mark.outside

SIP = "<Sip>sip:alice@example.com?X-Acct=12%2034&amp;User-to-User=a;encoding=hex</Sip>"
REFER_TO = "<sip:alice@example.com?X-Acct=12%2034&User-to-User=a%3Bencoding%3Dhex>"
WITH_ACTION = f'<Refer action="/referred">{SIP}</Refer>'
WITHOUT = f"<Refer>{SIP}</Refer>"
BUSY = '<Reject reason="busy"/>'  # an answered call ends with a BYE at it
ACTIVE, ENDED = "active;expires=20", "terminated;reason=noresource"
PARAMETERS = ("ReferCallStatus", "ReferSipResponseCode", "NotifySipResponseCode")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give an installation of this module's own, which waits for news of a transfer as long as a test can."""
    made = Lab(tmp_path_factory.mktemp("refer") / "data", TRUNKLINE_SIP_REFER_S="3")
    try:
        yield made
        made.server.until_empty(12.0, transactions=True)
        assert "Traceback" not in made.server.log.read_text()
    finally:
        made.server.stop()


@pytest.fixture(autouse=True)
def pages(web: Web) -> None:
    """Give every test an application whose documents end the call."""
    web.pages = {"/referred": document("<Hangup/>"), "/status": ""}
    web.slow = {}


def document(*verbs: str) -> str:
    """Return TwiML."""
    return f"<Response>{''.join(verbs)}</Response>"


def to(lab: Lab, web: Web, *verbs: str, fallback: str = "") -> str:
    """Return a number whose application answers with these verbs."""
    web.pages["/voice"] = document(*verbs)
    return twiml.to_application(lab, twiml.hooks(f"{web.url}/voice", fallback, f"{web.url}/status"))


def told(web: Web, path: str = "/referred") -> tuple[str | None, ...]:
    """Return what the action was told of the transfer: its status, the REFER's answer, the last NOTIFY's."""
    params = web.told(path, 10.0).params
    return tuple(params.get(name) for name in PARAMETERS)


def referred(lab: Lab, caller: Peer, number: str) -> tuple[Talk, Message]:
    """Call, be answered without sound, and return the REFER."""
    a = caller.call(lab.sip, number)
    a.connected()
    return a, caller.expect("REFER")


def notify(a: Talk, body: str, state: str = ACTIVE, *, event: str = "refer", kind: str = "message/sipfrag") -> Message:
    """Send a NOTIFY; return its answer."""
    headers: Headers = (("Event", event), ("Subscription-State", state), ("Content-Type", kind if body else ""))
    a.send("NOTIFY", body=body, headers=headers)
    return answer(a.peer, "NOTIFY")


def answer(peer: Peer, method: str) -> Message:
    """Return the next answer to a request of a method."""
    while (message := peer.next(4.0)) is not None:
        if message.status and message.method == method:
            return message
        peer.seen.append(message)
    raise AssertionError(f"no answer to {method}")


def test_a_caller_is_answered_without_sound_and_referred(lab: Lab, web: Web, caller: Peer) -> None:
    number = to(lab, web, WITH_ACTION)
    a = caller.call(lab.sip, number)
    ok = a.connected()
    assert [line for line in ok.body.split("\r\n") if line[:1] in ("m", "a")] == [
        "m=audio 9 RTP/AVP 0",
        "a=rtpmap:0 PCMU/8000",
        "a=inactive",
    ]
    refer = caller.expect("REFER")
    assert refer.get("refer-to") == REFER_TO
    assert refer.get("referred-by") == f"<sip:+{number}@{lab.sip[0]}>"
    assert (refer.get("from"), refer.get("to"), refer.get("call-id")) == (a.theirs, a.mine, a.call_id)
    assert refer.get("contact")
    a.reply(refer, 202)
    assert notify(a, "SIP/2.0 100 Trying\r\n").status == 200
    assert notify(a, "SIP/2.0 200 OK\r\nTo: <sip:alice@example.com>\r\n", ENDED).status == 200
    assert told(web) == ("in-progress", "202", "200")
    assert web.told("/referred").params["CallStatus"] == "in-progress"
    assert web.told("/referred").params["To"] == f"+{number}"
    a.hung_up()
    record = lab.call(number)
    assert (record["sip_status"], record["ended_by"]) == (200, "document")
    ladder = [(rung["way"], rung["line"]) for rung in record["ladder"]]
    assert ladder[ladder.index(("out", "REFER")) :] == [
        ("out", "REFER"),
        ("in", "202 X"),
        ("in", "NOTIFY"),
        ("out", "200 OK"),
        ("in", "NOTIFY"),
        ("out", "200 OK"),
        ("out", "BYE"),
    ]
    trace = lab.trace(number)
    assert "the caller is asked to go to sip:alice@example.com\n" in trace
    assert "in-progress: the caller answered 202, said 200 of its call to the target" in trace
    assert "12%2034" not in trace


@pytest.mark.parametrize(
    ("final", "status"),
    [(486, "busy"), (600, "busy"), (480, "no-answer"), (408, "no-answer"), (404, "failed"), (503, "failed")],
)
def test_what_the_target_answers(lab: Lab, web: Web, caller: Peer, *, final: int, status: str) -> None:
    number = to(lab, web, WITH_ACTION)
    a, refer = referred(lab, caller, number)
    a.reply(refer, 202)
    notify(a, "SIP/2.0 180 Ringing")
    notify(a, f"SIP/2.0 {final} Whatever\r\n", ENDED)
    assert told(web) == (status, "202", str(final))
    a.hung_up()


@pytest.mark.parametrize("status", [302, 405, 501, 503, 603])
def test_a_refused_refer(lab: Lab, web: Web, caller: Peer, *, status: int) -> None:
    number = to(lab, web, WITH_ACTION)
    a, refer = referred(lab, caller, number)
    a.reply(refer, status)
    assert told(web) == ("failed", str(status), None)
    a.hung_up()


def test_no_answer_to_the_refer(lab: Lab, web: Web, caller: Peer) -> None:
    """It ends the transfer only: the call goes on."""
    number = to(lab, web, WITH_ACTION)
    a, _ = referred(lab, caller, number)
    assert told(web) == ("failed", None, None)
    a.hung_up(8.0)
    assert "the REFER: no answer" in lab.trace(number)


def test_no_word_after_the_refer(lab: Lab, web: Web, caller: Peer) -> None:
    number = to(lab, web, WITH_ACTION)
    a, refer = referred(lab, caller, number)
    a.reply(refer, 202)
    web.pages["/referred"] = document('<Pause length="6"/>')
    assert told(web) == (None, "202", None)
    assert notify(a, "SIP/2.0 200 OK", ENDED).status == 481
    a.bye()
    assert "no final word came in time" in lab.trace(number)


def test_a_subscription_that_ends_or_runs_out(lab: Lab, web: Web, caller: Peer) -> None:
    number = to(lab, web, WITH_ACTION)
    a, refer = referred(lab, caller, number)
    a.reply(refer, 200)
    notify(a, "SIP/2.0 180 Ringing", "active;expires=1")
    assert told(web) == ("no-answer", "200", "180")
    a.hung_up()
    web.asked.clear()
    a, refer = referred(lab, caller, number)
    a.reply(refer, 202)
    notify(a, "", ENDED)
    assert told(web) == (None, "202", None)
    a.hung_up()


def test_a_final_notify_before_the_202(lab: Lab, web: Web, caller: Peer) -> None:
    number = to(lab, web, WITH_ACTION)
    a, refer = referred(lab, caller, number)
    assert notify(a, "SIP/2.0 200 OK", ENDED).status == 200
    a.reply(refer, 202)
    assert told(web) == ("in-progress", "202", "200")
    a.hung_up()


def test_after_a_final_word_the_subscription_stands_until_its_end(lab: Lab, web: Web, caller: Peer) -> None:
    number = to(lab, web, WITH_ACTION)
    web.pages["/referred"] = document('<Pause length="2"/>')
    a, refer = referred(lab, caller, number)
    a.reply(refer, 202)
    event = f"refer;id={refer.cseq}"
    assert notify(a, "SIP/2.0 486 Busy Here", event=event).status == 200
    assert notify(a, "SIP/2.0 200 OK", event=event).status == 200  # changes nothing any more
    assert notify(a, "", ENDED, event=event).status == 200
    assert notify(a, "", ENDED, event=event).status == 481
    assert told(web) == ("busy", "202", "486")
    a.hung_up()


@pytest.mark.parametrize(
    ("body", "state", "event", "kind", "status"),
    [
        ("SIP/2.0 200 OK", ACTIVE, "refer;id=9999", "message/sipfrag", 481),
        ("SIP/2.0 200 OK", ACTIVE, "presence", "message/sipfrag", 489),
        ("SIP/2.0 200 OK", ACTIVE, "", "message/sipfrag", 400),
        ("SIP/2.0 200 OK", ACTIVE, "refer", "text/plain", 415),
        ("SIP/2.0 200 OK", "active;expires=x", "refer", "message/sipfrag", 400),
        ("INVITE sip:a@b SIP/2.0", ACTIVE, "refer", "message/sipfrag", 400),
        ("SIP/2.0 " + "2" * 60_000, ACTIVE, "refer", "message/sipfrag", 400),
        ("\0" * 60_000, ACTIVE, "refer", "message/sipfrag", 400),
    ],
)
def test_notifies_that_are_refused_change_nothing(
    lab: Lab, web: Web, caller: Peer, *, body: str, state: str, event: str, kind: str, status: int
) -> None:
    number = to(lab, web, WITH_ACTION)
    a, refer = referred(lab, caller, number)
    a.reply(refer, 202)
    assert notify(a, body, state, event=event, kind=kind).status == status
    notify(a, "SIP/2.0 486 Busy Here", ENDED)
    assert told(web) == ("busy", "202", "486")
    a.hung_up()


def test_a_notify_that_comes_twice_is_one(lab: Lab, web: Web, caller: Peer) -> None:
    number = to(lab, web, WITH_ACTION)
    a, refer = referred(lab, caller, number)
    a.reply(refer, 202)
    headers: Headers = (("Event", "refer"), ("Subscription-State", ENDED), ("Content-Type", "message/sipfrag"))
    text = a.send("NOTIFY", body="SIP/2.0 200 OK", headers=headers)
    assert answer(caller, "NOTIFY").status == 200
    caller.send(text, lab.sip)
    assert answer(caller, "NOTIFY").status == 200
    a.hung_up()
    lab.server.until_empty()
    assert len([asked for asked in web.asked if asked.path == "/referred"]) == 1


@pytest.mark.parametrize("within", [True, False])
def test_a_notify_of_no_refer_of_ours(lab: Lab, caller: Peer, callee: Peer, *, within: bool) -> None:
    number = lab.to_trunk(callee.uri)
    a = caller.call(lab.sip, number)
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 200, "OK", body=sdp(2))
    a.connected()
    callee.expect("ACK")
    if within:
        assert notify(a, "SIP/2.0 200 OK").status == 481
        assert notify(b, "SIP/2.0 200 OK").status == 481
    else:
        stranger = Talk(caller, lab.sip, "<sip:x@127.0.0.2>;tag=1", "<sip:y@127.0.0.1>")
        stranger.target = f"sip:{lab.sip[0]}:{lab.sip[1]}"
        assert notify(stranger, "SIP/2.0 200 OK").status == 481
    a.bye()
    b.hung_up()


@pytest.mark.parametrize("who", ["caller", "callee"])
def test_a_refer_that_comes_to_us_is_refused(lab: Lab, caller: Peer, callee: Peer, *, who: str) -> None:
    """With 405 and an Allow without it (RFC 3261 section 8.2.1); the call goes on."""
    number = lab.to_trunk(callee.uri)
    a = caller.call(lab.sip, number)
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 200, "OK", body=sdp(2))
    a.connected()
    callee.expect("ACK")
    asks = a if who == "caller" else b
    asks.send("REFER", headers=(("Refer-To", "<sip:alice@example.com>"), ("Contact", f"<{asks.peer.uri}>")))
    refused = answer(asks.peer, "REFER")
    assert refused.status == 405
    assert "REFER" not in refused.get("allow")
    assert "INVITE" in refused.get("allow")
    (callee if who == "caller" else caller).quiet(0.3, "REFER")
    a.bye()
    b.hung_up()


def test_a_refer_outside_of_a_call_is_refused(lab: Lab, caller: Peer) -> None:
    alone = Talk(caller, lab.sip, "<sip:x@127.0.0.2>;tag=1", "<sip:y@127.0.0.1>")
    alone.target = f"sip:{lab.sip[0]}:{lab.sip[1]}"
    alone.send("REFER", headers=(("Refer-To", "<sip:alice@example.com>"), ("Contact", f"<{caller.uri}>")))
    assert answer(caller, "REFER").status == 405


def test_what_a_dial_asks_for_in_vain_is_said(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    """A ring tone, and whom to ask when a party sends REFER: the dial goes on without them."""
    number = to(lab, web, f'<Dial ringTone="de" referUrl="/transfer"><Sip>{callee.uri}</Sip></Dial>')
    a = caller.call(lab.sip, number)
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 200, "OK", body=sdp(2))
    a.connected()
    callee.expect("ACK")
    b.send("REFER", headers=(("Refer-To", "<sip:alice@example.com>"), ("Contact", f"<{callee.uri}>")))
    assert answer(callee, "REFER").status == 405
    a.bye()
    b.hung_up()
    assert "dial: ignored ringTone, referUrl" in lab.trace(number)
    assert [asked.path for asked in web.asked if asked.path == "/transfer"] == []


def test_a_whisper_is_refused(lab: Lab, web: Web, caller: Peer) -> None:
    """Without sound nobody would hear it, and the party would be connected at once."""
    number = to(lab, web, '<Dial><Number url="/whisper">+14155550123</Number></Dial>')
    refused = caller.call(lab.sip, number).refused()
    assert refused.status == 488
    assert "url of <Number>" in refused.get("reason")


# What follows


@pytest.mark.parametrize("talks", [True, False])
def test_without_an_action_the_next_verb_follows(
    lab: Lab, web: Web, caller: Peer, callee: Peer, *, talks: bool
) -> None:
    """After a transfer that has failed at once, after one that has succeeded only for a caller that stays."""
    number = to(lab, web, WITHOUT, f"<Dial><Sip>{callee.uri}</Sip></Dial>")
    a, refer = referred(lab, caller, number)
    a.reply(refer, 202)
    notify(a, "SIP/2.0 200 OK" if talks else "SIP/2.0 486 Busy Here", ENDED)
    if talks:
        a.bye()
        assert lab.call(number)["ended_by"] == "caller"
        callee.quiet(0.5, "INVITE")
        return
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 200, "OK", body=sdp(2))
    callee.expect("ACK")
    renewal = caller.expect("INVITE")  # it hears of the callee's session
    assert "o=- 2 1" in renewal.body
    a.reply(renewal, 200, body=sdp(1))
    caller.expect("ACK")
    b.bye()
    a.hung_up()


def test_a_caller_that_does_not_hang_up_is_hung_up(lab: Lab, web: Web, caller: Peer) -> None:
    number = to(lab, web, WITHOUT)
    a, refer = referred(lab, caller, number)
    a.reply(refer, 202)
    notify(a, "SIP/2.0 200 OK", ENDED)
    caller.quiet(1.0, "BYE")
    a.hung_up()
    assert lab.call(number)["cause"] == "end_of_document"


def test_an_action_sends_the_call_on(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    """One transfer after the other, then a dial: the second REFER's NOTIFYs name it, the first one's are too late."""
    number = to(lab, web, WITH_ACTION)
    web.pages["/referred"] = document("<Refer action='/again'><Sip>sip:bob@example.com</Sip></Refer>")
    web.pages["/again"] = document(f"<Dial><Sip>{callee.uri}</Sip></Dial>")
    a, first = referred(lab, caller, number)
    a.reply(first, 603)
    second = caller.expect("REFER")
    assert (second.get("refer-to"), second.cseq) == ("<sip:bob@example.com>", first.cseq + 1)
    a.reply(second, 202)
    assert notify(a, "SIP/2.0 200 OK", event=f"refer;id={first.cseq}").status == 481
    assert notify(a, "SIP/2.0 404 Not Found", ENDED, event=f"refer;id={second.cseq}").status == 200
    assert told(web, "/again") == ("failed", "202", "404")
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 486)
    callee.expect("ACK")
    a.hung_up()


def test_after_a_dial_the_caller_is_referred(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    number = to(lab, web, f"<Dial><Sip>{callee.uri}</Sip></Dial>", WITH_ACTION)
    a = caller.call(lab.sip, number)
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 200, "OK", body=sdp(2))
    a.connected()
    callee.expect("ACK")
    b.bye()
    refer = caller.expect("REFER")
    a.reply(refer, 202)
    notify(a, "SIP/2.0 200 OK", ENDED)
    assert told(web) == ("in-progress", "202", "200")
    a.hung_up()


def test_the_refer_waits_for_the_ack(lab: Lab, web: Web, caller: Peer) -> None:
    number = to(lab, web, WITH_ACTION)
    a = caller.call(lab.sip, number)
    a.take(caller.expect("200", method="INVITE"))
    caller.quiet(0.4, "REFER")
    a.ack()
    a.reply(caller.expect("REFER"), 603)
    a.hung_up()


def test_without_an_ack_there_is_no_refer(lab: Lab, web: Web, caller: Peer) -> None:
    number = to(lab, web, WITH_ACTION)
    a = caller.call(lab.sip, number)
    a.take(caller.expect("200", method="INVITE"))
    a.hung_up(8.0)
    assert not [message for message in caller.seen if message.start.startswith("REFER")]
    assert told(web) == ("canceled", None, None)


# Callers who leave


def test_a_caller_who_hangs_up_while_it_rings(lab: Lab, web: Web, caller: Peer) -> None:
    number = to(lab, web, WITH_ACTION)
    a, refer = referred(lab, caller, number)
    a.reply(refer, 202)
    notify(a, "SIP/2.0 180 Ringing")
    a.bye()
    assert told(web) == ("canceled", "202", "180")
    assert notify(a, "SIP/2.0 200 OK", ENDED).status == 481
    assert lab.call(number)["ended_by"] == "caller"


def test_a_bye_that_crosses_the_refer(lab: Lab, web: Web, caller: Peer) -> None:
    number = to(lab, web, WITH_ACTION)
    a, refer = referred(lab, caller, number)
    a.bye()
    a.reply(refer, 202)
    assert told(web) == ("canceled", None, None)
    assert lab.call(number)["ended_by"] == "caller"


def test_a_caller_who_cancels_before_the_answer(lab: Lab, web: Web, caller: Peer) -> None:
    number = to(lab, web, '<Pause length="5"/>', WITH_ACTION)
    a = caller.call(lab.sip, number)
    caller.expect("180")
    a.cancel()
    assert a.refused().status == 487
    lab.call(number)
    lab.server.until_empty()
    assert not [asked for asked in web.asked if asked.path == "/referred"]


# Offers that cannot be answered without sound


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", "only an INVITE with an offer"),
        ("v=0\r\nm=audio 4000 RTP/SAVP 0\r\n", "no stream over plain RTP"),
        ("hello", "not a session description"),
    ],
)
def test_offers_that_cannot_be_answered(lab: Lab, web: Web, caller: Peer, *, body: str, why: str) -> None:
    number = to(lab, web, WITH_ACTION)
    a = caller.call(lab.sip, number, body=body)
    refused = a.refused()
    assert refused.status == 488
    assert why in refused.get("reason")
    assert why in lab.trace(number)


def test_the_fallback_is_asked_for_such_an_offer(lab: Lab, web: Web, caller: Peer) -> None:
    number = to(lab, web, WITH_ACTION, fallback=f"{web.url}/fallback")
    web.pages["/fallback"] = document(BUSY)
    assert caller.call(lab.sip, number, body="").refused().status == 486
    assert web.told("/fallback").params["ErrorCode"] == "13750"


# Other stacks


@pytest.mark.parametrize(
    ("last", "status", "transport"),
    [
        ("200 OK", "in-progress", "udp"),
        ("486 Busy Here", "busy", "udp"),
        ("603 Decline", "failed", "udp"),
        ("200 OK", "in-progress", "tcp"),
    ],
)
def test_many_callers_are_referred(lab: Lab, web: Web, *, last: str, status: str, transport: str) -> None:
    """SIPp is referred, and tells what became of it."""
    number = to(lab, web, WITH_ACTION)
    with Sipp(
        "uac_referred",
        ip="127.0.0.2",
        transport=transport,
        to=lab.server.via,
        number=number,
        calls=10,
        status="202 Accepted",
        last=last,
    ) as carrier:
        carrier.succeeded(10)
    done = [asked.params for asked in web.asked if asked.path == "/referred"]
    assert [tuple(params.get(name) for name in PARAMETERS) for params in done] == [(status, "202", last[:3])] * 10


def test_a_caller_that_refuses(lab: Lab, web: Web) -> None:
    number = to(lab, web, WITH_ACTION)
    with Sipp("uac_refer_refused", ip="127.0.0.2", to=lab.server.via, number=number, status="603 Decline") as carrier:
        carrier.succeeded()
    assert told(web) == ("failed", "603", None)


def test_a_caller_that_hangs_up(lab: Lab, web: Web) -> None:
    number = to(lab, web, WITH_ACTION)
    with Sipp("uac_refer_leaves", ip="127.0.0.2", to=lab.server.via, number=number) as carrier:
        carrier.succeeded()
    assert told(web) == ("canceled", "202", "100")


def test_a_caller_that_asks_for_credentials(lab: Lab, web: Web) -> None:
    """SIPp checks the credentials of the carrier that it calls for by a digest of its own, in the REFER and the BYE."""
    tenant = lab.tenant("Refers")
    auth = {"outbound_username": "joe", "outbound_password": "schmoe"}
    inbound = {"address": "127.0.0.41", "inbound": True, "outbound": False}
    tenant.native_carrier(gateways=[inbound], **auth)
    carrier_id = str(tenant.plivo("GET", "IncomingCarrier/?name=native")["objects"][0]["carrier_id"])
    web.pages["/voice"] = document(WITH_ACTION)
    number = twiml.applied(tenant, carrier_id, twiml.hooks(f"{web.url}/voice"))
    with Sipp("uac_refer_challenges", ip="127.0.0.41", to=lab.server.via, number=number) as carrier:
        carrier.succeeded()
    assert told(web) == ("in-progress", "202", "200")
    record = tenant.trace(number)
    assert "a: answers the carrier's 401" in record
    assert "schmoe" not in str(tenant.call(number))


def test_a_phone_follows_the_refer(lab: Lab, web: Web) -> None:
    """baresip calls, is answered without sound, and calls another baresip when it is told to."""
    with Baresip("target", answermode="auto") as target, Baresip("caller", ip="127.0.0.2") as phone:
        number = to(lab, web, f'<Refer action="/referred"><Sip>{target.uri}?X-Acct=7</Sip></Refer>')
        phone.dial(number, lab.server.via)
        target.expect("CALL_ESTABLISHED")
        assert told(web) == ("in-progress", "202", "200")
    assert re.search(r"^Referred-By: .*\+" + number, phone.log, re.MULTILINE | re.IGNORECASE)
    assert lab.call(number)["sip_status"] == 200
