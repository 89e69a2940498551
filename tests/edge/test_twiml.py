"""Calls that TwiML answers, from outside: what the application is asked and told, and what its documents do."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime

import pytest

from tests.edge import twiml
from tests.edge.lab import Lab, until
from tests.edge.peer import Message, Peer, Talk, sdp
from tests.edge.sipp import Sipp
from tests.edge.test_registrar import User
from tests.edge.web import Asked, Web
from trunkline.core.model import CallHooks

pytestmark = pytest.mark.outside

Make = Callable[[Lab, CallHooks], str]
BOTH_WAYS = pytest.mark.parametrize("make", [twiml.to_application, twiml.to_own_hook])


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give an installation of this module's own: its account has a gateway for calls out, and endpoints."""
    made = Lab(tmp_path_factory.mktemp("twiml") / "data")
    try:
        yield made
        made.server.until_empty(12.0)
        assert "Traceback" not in made.server.log.read_text()
    finally:
        made.server.stop()


@pytest.fixture(scope="module")
def way_out(lab: Lab) -> Iterator[Peer]:
    """Give the carrier that takes the account's calls out."""
    with Peer("127.0.0.9") as peer:
        gateway = {"address": peer.ip, "port": peer.port, "inbound": False, "outbound": True}
        lab.native_carrier(gateways=[gateway])
        yield peer


@pytest.fixture(autouse=True)
def pages(web: Web) -> None:
    """Give every test an application that takes what it is told, and nothing else."""
    web.pages = {"/heard": "", "/status": ""}
    web.slow = {}


def document(*verbs: str) -> str:
    """Return TwiML."""
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{"".join(verbs)}</Response>'


def sip(peer: Peer | Sipp, **attributes: str) -> str:
    """Return a Sip noun that names a peer."""
    return f"<Sip{''.join(f' {name}={value!r}' for name, value in attributes.items())}>{peer.uri}</Sip>"


def to(lab: Lab, web: Web, *verbs: str, fallback: str = "", make: Make = twiml.to_application) -> str:
    """Return a number whose application answers with these verbs, and hears of the call's end."""
    web.pages["/voice"] = document(*verbs)
    fallback_url = f"{web.url}{fallback}" if fallback else ""
    return make(lab, twiml.hooks(f"{web.url}/voice", fallback_url, f"{web.url}/status"))


def ringing(peer: Peer) -> tuple[Talk, Message]:
    """Let a peer ring."""
    invite = peer.expect("INVITE")
    talk = peer.answer(invite)
    talk.reply(invite, 180, "Ringing")
    return talk, invite


def answered(peer: Peer) -> tuple[Talk, Message]:
    """Let a peer ring and answer."""
    talk, invite = ringing(peer)
    talk.reply(invite, 200, "OK", body=sdp(2))
    peer.expect("ACK")
    return talk, invite


def refusing(peer: Peer, status: int) -> Message:
    """Let a peer refuse the next INVITE."""
    invite = peer.expect("INVITE")
    peer.answer(invite).reply(invite, status)
    peer.expect("ACK")
    return invite


def signed(asked: Asked, token: str) -> bool:
    """Check X-Twilio-Signature as the vendor describes it."""
    text = asked.url + "".join(name + value for name, value in sorted(asked.form))
    made = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(made).decode() == asked.headers["x-twilio-signature"]


def heard(web: Web, count: int) -> list[dict[str, str]]:
    """Return what legs' applications were told, once that was so often, and no more than that."""
    return several(web, count, lambda asked: asked.path == "/heard")


def ends(web: Web, number: str, count: int) -> list[dict[str, str]]:
    """Return what was told of the ends of a number's calls: those of the test before may still be on their way."""
    return several(web, count, lambda asked: asked.path == "/status" and asked.params["To"] == f"+{number}")


def end(web: Web, number: str) -> dict[str, str]:
    """Return what was told of the end of a number's only call."""
    return ends(web, number, 1)[0]


def several(web: Web, count: int, wanted: Callable[[Asked], bool]) -> list[dict[str, str]]:
    """Return the parameters of the requests that are wanted, once there are as many, and no more than that."""
    for _ in until(5.0):
        if sum(wanted(asked) for asked in web.asked) >= count:
            break
    told = [asked.params for asked in web.asked if wanted(asked)]
    assert len(told) == count, told
    return told


@BOTH_WAYS
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_call_from_the_voice_url_to_its_status(
    lab: Lab, web: Web, caller: Peer, callee: Peer, *, make: Make, method: str
) -> None:
    web.pages["/voice"] = document(f"<Dial>{sip(callee)}</Dial>")
    hooks = twiml.hooks(f"{web.url}/voice?mine=two%20words#rc=0", "", f"{web.url}/status", method)
    number = make(lab, hooks)
    sent = (("X-Account", "42"), ("Diversion", "<sip:+4930123@x>"))
    a = caller.call(lab.sip, number, headers=sent)
    b, invite = answered(callee)
    assert "sip:+14155550100@" in invite.get("from")
    a.connected()
    a.bye()
    b.hung_up()
    asked = web.told("/voice")
    status = web.wait(lambda told: told.path == "/status" and told.params["To"] == f"+{number}")
    assert (asked.method, status.method) == (method, method)
    token = twiml.token(lab)
    assert signed(asked, token)
    assert signed(status, token)
    call_id = lab.call(number)["id"]
    of_all = {
        "CallSid": "CA" + call_id.replace("-", ""),
        "AccountSid": "AC" + lab.id.replace("-", ""),
        "ApiVersion": "2010-04-01",
        "Direction": "inbound",
        "From": "+14155550100",
        "Caller": "+14155550100",
        "To": f"+{number}",
        "Called": f"+{number}",
        "FromCountry": "US",
        "FromCity": "",
        "ForwardedFrom": "+4930123",
        "SipHeader_X-Account": "42",
        "SipCallId": a.call_id,
        "SipSourceIp": "127.0.0.2",
    }
    assert asked.params["mine"] == "two words"
    assert {name: asked.params[name] for name in of_all} == of_all
    assert asked.params["CallStatus"] == "ringing"
    assert {name: status.params[name] for name in of_all} == of_all
    assert (status.params["CallStatus"], status.params["SipResponseCode"]) == ("completed", "200")
    assert int(status.params["CallDuration"]) in (1, 2, 3)
    assert status.params["Duration"] == "1"
    assert status.params["CallbackSource"] == "call-progress-events"
    assert parsedate_to_datetime(status.params["Timestamp"]).tzinfo is not None
    for parts in (asked.form, asked.query):
        assert len({name for name, _ in parts}) == len(parts)  # no name comes twice


@pytest.mark.parametrize(
    ("verbs", "status", "told"),
    [
        ("<Reject/>", 404, "no-answer"),
        ('<Reject reason="busy"/>', 486, "busy"),
        ("<Hangup/>", 480, "no-answer"),
        ("", 480, "no-answer"),
    ],
)
def test_an_unanswered_call_is_refused_before_it_rings(
    lab: Lab, web: Web, caller: Peer, *, verbs: str, status: int, told: str
) -> None:
    number = to(lab, web, verbs)
    assert caller.call(lab.sip, number).refused().status == status
    assert not [message for message in caller.seen if message.status in (180, 183)]
    said = end(web, number)
    assert (said["CallStatus"], said["SipResponseCode"], said["CallDuration"]) == (told, str(status), "0")


def test_pause_and_redirect(lab: Lab, web: Web, caller: Peer) -> None:
    number = to(lab, web, '<Pause length="1"/><Redirect method="GET">next?step=2</Redirect><Reject/>')
    web.pages["/next"] = document('<Reject reason="busy"/>')
    a = caller.call(lab.sip, number)
    caller.expect("180")
    assert a.refused().status == 486
    asked = web.told("/next")
    assert (asked.method, asked.params["step"]) == ("GET", "2")
    assert signed(asked, twiml.token(lab))


def test_numbers_one_after_the_other(lab: Lab, web: Web, caller: Peer, way_out: Peer) -> None:
    """Those of North America may be written without a country."""
    events = f'statusCallback="{web.url}/heard" statusCallbackEvent="initiated completed"'
    number = to(
        lab,
        web,
        '<Dial sequential="true" action="/done">'
        f"<Number {events}>415-555-0111</Number><Number {events}>+49 30 123456</Number></Dial><Reject/>",
    )
    web.pages["/done"] = document("<Hangup/>")
    a = caller.call(lab.sip, number)
    assert refusing(way_out, 486).uri.startswith("sip:+14155550111@")
    b, invite = answered(way_out)
    assert invite.uri.startswith("sip:+4930123456@")
    a.connected()
    b.bye()
    a.hung_up()
    done = web.told("/done").params
    assert (done["DialCallStatus"], done["DialBridged"], done["CallStatus"]) == ("completed", "true", "in-progress")
    assert done["DialSipResponseCode"] == "200"
    assert int(done["DialCallDuration"]) >= 1
    told = heard(web, 4)
    assert [(leg["To"], leg["CallStatus"]) for leg in told] == [
        ("+14155550111", "initiated"),
        ("+14155550111", "busy"),
        ("+4930123456", "initiated"),
        ("+4930123456", "completed"),
    ]
    assert done["DialCallSid"] == told[3]["CallSid"]


@pytest.mark.parametrize(("said", "status"), [("no-answer", 408), ("busy", 486)])
def test_a_dial_that_nobody_takes(lab: Lab, web: Web, caller: Peer, callee: Peer, *, said: str, status: int) -> None:
    number = to(lab, web, f'<Dial timeout="1" action="/done">{sip(callee)}</Dial>')
    web.pages["/done"] = document()
    a = caller.call(lab.sip, number)
    if status == 486:
        invite = refusing(callee, 486)
    else:
        b, invite = ringing(callee)
        b.reply(callee.expect("CANCEL"), 200)
        b.reply(invite, 487)
        callee.expect("ACK")
    assert a.refused().status == status
    done = web.told("/done").params
    assert (done["DialCallStatus"], done["DialBridged"], done["DialSipResponseCode"]) == (said, "false", str(status))
    assert "DialCallDuration" not in done
    assert done["DialSipCallId"] == invite.get("call-id")


def test_what_the_called_side_says_in_sip(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    number = to(lab, web, f'<Dial action="/done">{sip(callee)}</Dial>')
    web.pages["/done"] = document(f'<Dial action="/again">{sip(callee)}</Dial>')
    web.pages["/again"] = document()
    a = caller.call(lab.sip, number)
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 200, body=sdp(2), headers=(("X-Queue", "3"), ("x-agent", "Ann Example"), ("X-" + "n" * 63, "1")))
    callee.expect("ACK")
    a.connected()
    b.bye()
    done = web.told("/done")
    told = {name: value for name, value in done.params.items() if name.startswith("DialSip")}
    assert told == {
        "DialSipResponseCode": "200",
        "DialSipCallId": invite.get("call-id"),
        "DialSipHeader_X-Queue": "3",
        "DialSipHeader_X-Agent": "Ann Example",
    }
    assert signed(done, twiml.token(lab))
    refusal = refusing(callee, 486)
    a.hung_up()
    again = web.told("/again").params
    assert (again["DialSipCallId"], again["DialSipResponseCode"]) == (refusal.get("call-id"), "486")


def test_headers_that_are_too_long_or_too_many_are_not_told(lab: Lab, web: Web, caller: Peer) -> None:
    number = to(lab, web, "<Hangup/>")
    few = (("X-Long", "v" * 1025), ("X-Full", "v" * 1024), ("X-" + "n" * 63, "1"))
    caller.call(lab.sip, number, headers=(*few, *((f"X-{i}", "1") for i in range(60)))).refused()
    asked = web.told("/voice")
    told = [name for name in asked.params if name.startswith("SipHeader_")]
    assert told == ["SipHeader_X-Full", *(f"SipHeader_X-{i}" for i in range(49))]
    assert signed(asked, twiml.token(lab))


def test_without_an_action_the_next_verb_follows(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    number = to(lab, web, f'<Dial>{sip(callee)}</Dial><Reject reason="busy"/>')
    a = caller.call(lab.sip, number)
    refusing(callee, 404)
    assert a.refused().status == 486


def test_every_event_of_a_leg(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    every = "initiated ringing answered completed"
    number = to(lab, web, f"<Dial>{sip(callee, statusCallback='/heard', statusCallbackEvent=every)}</Dial>")
    a = caller.call(lab.sip, number)
    b, _ = answered(callee)
    a.connected()
    heard(web, 3)
    b.bye()
    a.hung_up()
    told = heard(web, 4)
    assert [leg["CallStatus"] for leg in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert [leg["SequenceNumber"] for leg in told] == ["0", "1", "2", "3"]
    parent = "CA" + lab.call(number)["id"].replace("-", "")
    (sid,) = {leg["CallSid"] for leg in told}
    assert sid != parent
    for leg in told:
        assert (leg["ParentCallSid"], leg["Direction"]) == (parent, "outbound-dial")
        assert (leg["From"], leg["To"]) == ("+14155550100", callee.uri)
    assert (told[3]["SipResponseCode"], told[3]["Duration"]) == ("200", "1")
    assert all(signed(asked, twiml.token(lab)) for asked in web.asked if asked.path == "/heard")


def test_parties_at_once_and_the_first_that_answers(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    with Peer() as other:
        number = to(
            lab, web, f"<Dial>{sip(callee, statusCallback='/heard')}{sip(other, statusCallback='/heard')}</Dial>"
        )
        a = caller.call(lab.sip, number)
        late, invite = ringing(other)
        b, _ = answered(callee)
        late.reply(other.expect("CANCEL"), 200)
        late.reply(invite, 487)
        a.connected()
        a.bye()
        b.hung_up()
    assert sorted((leg["To"], leg["CallStatus"]) for leg in heard(web, 2)) == sorted(
        [(callee.uri, "completed"), (other.uri, "canceled")]
    )


def test_a_client_is_an_endpoint(lab: Lab, web: Web, caller: Peer) -> None:
    user = User(lab, lab)
    number = to(lab, web, f'<Dial action="/done"><Client statusCallback="/heard">{user.name}</Client></Dial>')
    web.pages["/done"] = document()
    assert caller.call(lab.sip, number).refused().status == 480
    assert web.told("/done").params["DialCallStatus"] == "no-answer"
    with user.device() as device:
        assert device.register(lab.sip).status == 200
        a = caller.call(lab.sip, number)
        b, _ = answered(device)
        a.connected()
        a.bye()
        b.hung_up()
        (leg,) = heard(web, 1)
        assert (leg["To"], leg["CallStatus"]) == (f"client:{user.name}", "completed")


def test_credentials_and_headers_of_a_sip_uri(lab: Lab, web: Web, caller: Peer) -> None:
    """SIPp checks the credentials by a digest of its own, in the INVITE and in the BYE."""
    with Sipp("uas_challenge") as pbx:
        noun = f'<Sip username="joe" password="schmoe">{pbx.uri}?X-Deal=7&amp;x-more=a%20b</Sip>'
        number = to(lab, web, f"<Dial>{noun}</Dial>")
        a = caller.call(lab.sip, number)
        a.connected()
        a.bye()
        pbx.succeeded()
    assert "schmoe" not in str(lab.call(number))


def test_many_calls(lab: Lab, web: Web) -> None:
    """SIPp on both sides."""
    with Sipp("uas_answer", calls=30) as phone:
        number = to(lab, web, f"<Dial>{sip(phone)}</Dial>")
        with Sipp("uac_call", ip="127.0.0.2", to=lab.server.via, number=number, calls=30, rate=30) as carrier:
            carrier.succeeded(30)
            phone.succeeded(30)
    assert len({leg["CallSid"] for leg in ends(web, number, 30)}) == 30


def test_uris_of_a_sip_noun_in_order(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    """The best one is down, which the next one makes good: one leg for the application."""
    with Sipp("uas_refuse", status="503") as down:
        uris = f'<Uri priority="20">{callee.uri}</Uri><Uri priority="10">{down.uri}</Uri>'
        number = to(lab, web, f'<Dial><Sip statusCallback="/heard">{uris}</Sip></Dial>')
        a = caller.call(lab.sip, number)
        b, _ = answered(callee)
        a.connected()
        a.bye()
        b.hung_up()
        down.succeeded()
    assert heard(web, 1)[0]["CallStatus"] == "completed"


def test_headers_of_a_sip_uri(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    number = to(lab, web, f"<Dial><Sip>{callee.uri}?X-Deal=7&amp;x-more=a%20b</Sip></Dial>")
    a = caller.call(lab.sip, number)
    b, invite = answered(callee)
    assert (invite.get("x-deal"), invite.get("x-more")) == ("7", "a b")
    a.connected()
    a.bye()
    b.hung_up()


@pytest.mark.parametrize(
    ("page", "code"),
    [
        ((500, ""), "11200"),
        ("", "11770"),
        ("<Response>", "12100"),
        ("<html/>", "12102"),
        (document("<Speak>x</Speak>"), "12200"),
        (document("<Say>Hello</Say>"), "13750"),
        (document('<Dial record="record-from-answer">+4930123456</Dial>'), "13750"),
        (document("<Redirect>/gone</Redirect>"), "11200"),
        (document(" " * 70_000), "11750"),
    ],
)
@BOTH_WAYS
def test_the_fallback_hears_what_failed(
    lab: Lab, web: Web, caller: Peer, *, make: Make, page: str | tuple[int, str], code: str
) -> None:
    number = to(lab, web, fallback="/fallback", make=make)
    web.pages |= {"/voice": page, "/fallback": document('<Reject reason="busy"/>')}
    assert caller.call(lab.sip, number).refused().status == 486
    told = web.told("/fallback")
    gone = "Redirect" in str(page)
    assert (told.params["ErrorCode"], told.params["ErrorUrl"]) == (code, f"{web.url}/{'gone' if gone else 'voice'}")
    assert told.params["CallSid"] == web.told("/voice").params["CallSid"]
    assert signed(told, twiml.token(lab))
    assert end(web, number)["CallStatus"] == "busy"


def test_the_fallback_is_asked_once(lab: Lab, web: Web, caller: Peer) -> None:
    number = to(lab, web, "<Say>Hello</Say>", fallback="/fallback")
    web.pages["/fallback"] = document("<Play>hello.wav</Play>")
    refused = caller.call(lab.sip, number).refused()
    assert refused.status == 488
    assert "Play" in refused.get("reason")
    assert len([asked for asked in web.asked if asked.path == "/fallback"]) == 1
    assert end(web, number)["CallStatus"] == "failed"


def test_the_fallback_of_a_call_in_progress(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    number = to(lab, web, f"<Dial>{sip(callee)}</Dial><Say>Bye</Say>", fallback="/fallback")
    web.pages["/fallback"] = document("<Hangup/>")
    a = caller.call(lab.sip, number)
    b, _ = answered(callee)
    a.connected()
    b.bye()
    a.hung_up()
    told = web.told("/fallback").params
    assert (told["ErrorCode"], told["CallStatus"]) == ("13750", "in-progress")


def test_without_a_fallback_the_reason_is_said(lab: Lab, web: Web, caller: Peer) -> None:
    number = to(lab, web, '<Gather numDigits="1"><Say>Press one</Say></Gather>')
    refused = caller.call(lab.sip, number).refused()
    assert refused.status == 488
    assert "Gather: hearing digits or speech needs media" in refused.get("reason")
    assert "Gather" in lab.trace(number)


def test_a_caller_who_cancels(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    number = to(lab, web, f"<Dial action='/done'>{sip(callee, statusCallback='/heard')}</Dial>")
    web.pages["/done"] = ""
    a = caller.call(lab.sip, number)
    b, invite = ringing(callee)
    caller.expect("180")
    a.cancel()
    b.reply(callee.expect("CANCEL"), 200)
    b.reply(invite, 487)
    assert a.refused().status == 487
    assert end(web, number)["CallStatus"] == "canceled"
    assert web.told("/done").params["DialCallStatus"] == "canceled"
    assert heard(web, 1)[0]["CallStatus"] == "canceled"


def test_no_status_callback_no_request(lab: Lab, web: Web, caller: Peer) -> None:
    """The voice URL does not hear of the end in its place."""
    web.pages["/voice"] = document("<Reject/>")
    number = twiml.to_application(lab, twiml.hooks(f"{web.url}/voice"))
    assert caller.call(lab.sip, number).refused().status == 404
    lab.call(number)
    lab.server.until_empty()
    assert [asked.path for asked in web.asked if asked.params["To"] == f"+{number}"] == ["/voice"]


def test_a_name_where_the_number_hears_names(lab: Lab, web: Web, caller: Peer) -> None:
    number = to(lab, web, "<Reject/>")
    lab.plivo("POST", f"Number/{number}/", {"cnam_lookup": "enabled"}, expect=202)
    identity = ("P-Asserted-Identity", '"Ann Example" <sip:+14155550100@carrier.example>')
    caller.call(lab.sip, number, headers=(identity,)).refused()
    assert web.told("/voice").params["CallerName"] == "Ann Example"
    lab.plivo("POST", f"Number/{number}/", {"cnam_lookup": "disabled"}, expect=202)
    web.asked.clear()
    caller.call(lab.sip, number, headers=(identity,)).refused()
    assert "CallerName" not in web.told("/voice").params


def test_redirects_are_followed_and_signed_anew(lab: Lab, web: Web, caller: Peer) -> None:
    """What a document names is taken relative to where it came from."""
    number = to(lab, web)
    web.pages |= {"/voice": (307, "/away/moved?b=1"), "/away/moved": document("<Redirect>next</Redirect>")}
    web.pages["/away/next"] = document('<Reject reason="busy"/>')
    assert caller.call(lab.sip, number).refused().status == 486
    moved = web.told("/away/moved")
    assert (moved.method, moved.params["b"]) == ("POST", "1")
    assert moved.params["CallSid"] == web.told("/voice").params["CallSid"]
    assert signed(moved, twiml.token(lab))
