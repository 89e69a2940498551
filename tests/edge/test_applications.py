"""Calls that an application answers: what it is asked, what its documents do to both legs, what it hears at the end."""

from __future__ import annotations

import time

import pytest

from tests.edge.lab import Lab
from tests.edge.peer import Message, Peer, Talk, sdp
from tests.edge.sipp import Sipp
from tests.edge.web import Asked, Web
from tests.server import run

pytestmark = pytest.mark.outside


def document(*verbs: str) -> str:
    """Return Plivo XML."""
    return f"<Response>{''.join(verbs)}</Response>"


def user(peer: Peer | Sipp) -> str:
    """Return a User element that names a peer."""
    return f"<User>{peer.uri}</User>"


def answered(peer: Peer) -> tuple[Talk, Message]:
    """Answer the next INVITE; return its dialog and itself."""
    invite = peer.expect("INVITE")
    talk = peer.answer(invite)
    talk.reply(invite, 200, "OK", body=sdp(2))
    peer.expect("ACK")
    return talk, invite


def refusing(peer: Peer, status: int) -> None:
    """Refuse the next INVITE."""
    invite = peer.expect("INVITE")
    peer.answer(invite).reply(invite, status)
    peer.expect("ACK")


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_what_the_answer_url_is_asked_and_the_hangup_url_told(
    lab: Lab, web: Web, caller: Peer, callee: Peer, method: str
) -> None:
    web.pages |= {"/answer": document(f"<Dial>{user(callee)}</Dial>"), "/hangup": ""}
    hooks = {"answer_url": f"{web.url}/answer?mine=1&b=two%20words", "answer_method": method}
    number = lab.to_application(**hooks, hangup_url=f"{web.url}/hangup", hangup_method=method)
    sent = (("X-PH-Account", "42"), ("X-Custom", "yes"), ("Diversion", "<sip:+4930123@x>"))
    a = caller.call(lab.sip, number, headers=sent)
    b, _ = answered(callee)
    a.connected()
    a.bye()
    b.hung_up()
    asked, told = web.told("/answer"), web.told("/hangup")
    assert (asked.method, told.method) == (method, method)
    assert asked.query[:2] == [("mine", "1"), ("b", "two words")]
    assert bool(asked.form) == (method == "POST")
    call_id = lab.call(number)["id"]
    expected = {
        "CallUUID": call_id,
        "From": "14155550100",
        "To": number,
        "CallStatus": "ringing",
        "Direction": "inbound",
        "Event": "StartApp",
        "ParentAuthID": lab.auth_id,
        "ForwardedFrom": "+4930123",
        "X-PH-Account": "42",
        "SIP-H-X-Custom": "yes",
        "mine": "1",
    }
    assert {name: asked.params.get(name) for name in expected} == expected
    assert asked.signed_by(lab.token)
    assert asked.signed_by(lab.token, "Ma-V3")
    assert told.signed_by(lab.token)
    assert not told.signed_by("0" * 32)
    ends = {
        "CallUUID": call_id,
        "Event": "Hangup",
        "CallStatus": "completed",
        "HangupCause": "NORMAL_CLEARING",
        "HangupSource": "Caller",
        "HangupCauseCode": "4000",
        "BillDuration": "1",
    }
    assert {name: told.params.get(name) for name in ends} == ends
    assert told.params["AnswerTime"]


def test_the_fallback_is_asked_when_the_answer_url_fails(lab: Lab, web: Web, caller: Peer) -> None:
    web.pages |= {"/broken": (500, ""), "/fallback": document('<Hangup reason="busy"/>')}
    hooks = {"answer_url": f"{web.url}/broken", "fallback_answer_url": f"{web.url}/fallback"}
    number = lab.to_application(**hooks)
    assert caller.call(lab.sip, number).refused().status == 486
    assert web.told("/fallback").signed_by(lab.token)
    assert "500" in lab.trace(number)


def test_what_is_no_document_leads_to_the_fallback_too(lab: Lab, web: Web, caller: Peer) -> None:
    web.pages |= {"/odd": "<html/>", "/second": document('<Hangup reason="rejected"/>')}
    hooks = {"answer_url": f"{web.url}/odd", "fallback_answer_url": f"{web.url}/second"}
    assert caller.call(lab.sip, lab.to_application(**hooks)).refused().status == 603


def test_timeouts_of_the_fragment(lab: Lab, web: Web, caller: Peer) -> None:
    """Read timeout 200 ms, one retry: two requests, then 480, all of it within a second."""
    web.pages["/slow"] = document()
    web.slow["/slow"] = 5.0
    number = lab.to_application(answer_url=f"{web.url}/slow#rt=200&rc=1&rp=rt", hangup_url=f"{web.url}/gone")
    began = time.monotonic()
    a = caller.call(lab.sip, number)
    assert a.refused().status == 480
    assert time.monotonic() - began < 2.0
    assert len([asked for asked in web.asked if asked.path == "/slow"]) == 2
    assert web.told("/gone").params["HangupCauseCode"] == "7011"
    assert not [m for m in caller.seen if m.start.startswith("SIP/2.0 18")], "no ringing before a document runs"


def test_a_cancel_aborts_the_fetch(lab: Lab, web: Web, caller: Peer) -> None:
    web.pages |= {"/waits": document(), "/cancelled": ""}
    web.slow["/waits"] = 20.0
    number = lab.to_application(answer_url=f"{web.url}/waits", hangup_url=f"{web.url}/cancelled")
    a = caller.call(lab.sip, number)
    web.told("/waits")
    a.cancel()
    assert a.refused().status == 487
    assert web.wait(lambda asked: asked.path == "/waits" and asked.left)
    told = web.told("/cancelled").params
    assert (told["CallStatus"], told["HangupCause"], told["HangupSource"]) == ("cancel", "ORIGINATOR_CANCEL", "Caller")
    assert lab.call(number)["sip_status"] == 487


def test_slow_applications_ring_after_three_seconds(lab: Lab, web: Web, caller: Peer) -> None:
    web.pages["/patience"] = document("<Hangup/>")
    web.slow["/patience"] = 3.3
    a = caller.call(lab.sip, lab.to_application(answer_url=f"{web.url}/patience"))
    caller.quiet(2.5, "18")
    assert caller.expect("180", within=1.5)
    assert a.refused().status == 480


@pytest.mark.parametrize(
    ("verbs", "status"),
    [
        ('<Hangup reason="rejected"/>', 603),
        ('<Hangup reason="busy"/>', 486),
        ("<Hangup/>", 480),
        ("", 480),
        ("<Speak>Hello</Speak>", 488),
        ("<Play>http://x/y.mp3</Play>", 488),
        ('<Dial confirmKey="1"><User>sip:a@127.0.0.1</User></Dial>', 488),
    ],
    ids=["rejected", "busy", "plain", "empty", "Speak", "Play", "confirmKey"],
)
def test_documents_that_refuse(lab: Lab, web: Web, caller: Peer, verbs: str, status: int) -> None:
    web.pages["/no"] = document(verbs)
    number = lab.to_application(answer_url=f"{web.url}/no")
    answer = caller.call(lab.sip, number).refused()
    assert answer.status == status
    assert not [m for m in caller.seen if m.start.startswith("SIP/2.0 18")]
    assert bool(answer.get("reason")) == (status == 488)


def test_unsupported_after_the_answer_is_a_bye_with_a_reason(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    web.pages["/later"] = document(f"<Dial>{user(callee)}</Dial>", "<Speak>x</Speak>")
    a = caller.call(lab.sip, lab.to_application(answer_url=f"{web.url}/later"))
    b, _ = answered(callee)
    a.connected()
    b.bye()
    assert "488" in a.hung_up().get("reason")


def test_redirect_and_wait(lab: Lab, web: Web, caller: Peer) -> None:
    web.pages |= {
        "/start": document('<Wait length="1"/>', '<Redirect method="GET">/next?step=2</Redirect>', "<Hangup/>"),
        "/next": document('<Hangup reason="busy"/>'),
    }
    began = time.monotonic()
    a = caller.call(lab.sip, lab.to_application(answer_url=f"{web.url}/start"))
    assert caller.expect("180"), "a verb that takes time rings"
    assert a.refused().status == 486
    assert time.monotonic() - began >= 0.95
    asked = web.told("/next")
    assert (asked.method, asked.params["Event"], asked.params["step"]) == ("GET", "Redirect", "2")
    assert asked.signed_by(lab.token)


def test_the_caller_hangs_up_while_it_waits(lab: Lab, web: Web, caller: Peer) -> None:
    web.pages["/wait"] = document('<Wait length="60"/>')
    a = caller.call(lab.sip, lab.to_application(answer_url=f"{web.url}/wait"))
    caller.expect("180")
    a.cancel()
    assert a.refused().status == 487


# Dial


def test_calls_by_an_outbound_gateway(lab: Lab, web: Web) -> None:
    """The number leaves through the account's gateway: prefix and national form of its carrier, the caller shown."""
    with Peer("127.0.0.6") as carrier, Peer("127.0.0.7") as caller:
        own = lab.tenant("Outbound")
        gateway = {
            "address": carrier.ip,
            "port": carrier.port,
            "inbound": False,
            "outbound": True,
            "tech_prefix": "99",
            "number_format": "national",
        }
        own.native_carrier(gateways=[gateway], profile={"country": "DE"})
        source = own.carrier("127.0.0.7", name="in")
        web.pages["/out"] = document(
            '<Dial callerName="Lab" sipHeaders="Deal=7"><Number>+49 30 1234567</Number></Dial>'
        )
        number = own.number(source, application=own.application(answer_url=f"{web.url}/out"))
        a = caller.call(lab.sip, number)
        b, invite = answered(carrier)
        assert invite.uri.startswith("sip:990301234567@")
        assert invite.get("x-ph-deal") == "7"
        assert '"Lab" <sip:+14155550100@' in invite.get("from")
        a.connected()
        a.bye()
        b.hung_up()


@pytest.mark.parametrize(("transport", "calling"), [("udp", "127.0.0.8"), ("tcp", "127.0.0.57")])
def test_many_dials_by_a_gateway(lab: Lab, web: Web, transport: str, calling: str) -> None:
    """SIPp as the carrier that calls in and as the one that takes the call."""
    with Sipp("uas_answer", ip="127.0.0.6", transport=transport, calls=30) as carrier:
        own = lab.tenant("Transit")
        gateway = {"address": carrier.ip, "port": carrier.port, "inbound": False, "outbound": True}
        own.native_carrier(gateways=[gateway | {"transport": transport}])
        source = own.carrier(calling, name="in")
        web.pages["/transit"] = document("<Dial><Number>4930123456</Number></Dial>")
        number = own.number(source, application=own.application(answer_url=f"{web.url}/transit"))
        with Sipp("uac_call", ip=calling, to=lab.server.via, number=number, calls=30, rate=60) as caller:
            caller.succeeded(30)
            carrier.succeeded(30)


def test_no_gateway_no_call(lab: Lab, web: Web, caller: Peer) -> None:
    web.pages |= {"/none": document('<Dial action="/ended"><Number>4930123456</Number></Dial>'), "/ended": document()}
    number = lab.to_application(answer_url=f"{web.url}/none")
    assert caller.call(lab.sip, number).refused().status == 480
    assert web.told("/ended").params["DialStatus"] == "failed"
    assert "no outbound gateway" in lab.trace(number)


def test_caller_id_is_the_caller_or_a_number_of_the_account(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    mine = lab.to_application(answer_url=f"{web.url}/id")
    web.pages["/id"] = document(f'<Dial callerId="{mine}">{user(callee)}</Dial>')
    a = caller.call(lab.sip, mine)
    b, invite = answered(callee)
    assert f"sip:+{mine}@" in invite.get("from")
    a.connected()
    a.bye()
    b.hung_up()
    lab.plivo("POST", f"Number/{mine}/", {"cnam": "Example Ltd"}, expect=202)
    run("cnam", "confirm", mine, "--data", str(lab.server.data))
    a = caller.call(lab.sip, mine)
    b, invite = answered(callee)
    assert f'"Example Ltd" <sip:+{mine}@' in invite.get("from")
    a.connected()
    a.bye()
    b.hung_up()
    stranger = lab.tenant("Stranger")
    foreign = stranger.number(stranger.carrier("127.0.0.19"))
    for shown in (foreign, "14155559999", "anonymous"):
        web.pages["/id"] = document(f'<Dial callerId="{shown}">{user(callee)}</Dial>')
        assert caller.call(lab.sip, mine).refused().status == 480
        callee.quiet(0.05, "INVITE")
    web.pages["/id"] = document(f'<Dial callerId="+1 415 555 0100">{user(callee)}</Dial>')
    a = caller.call(lab.sip, mine)
    refusing(callee, 486)
    assert a.refused().status == 486


@pytest.mark.parametrize(
    "case",
    [(486, "busy", 486), (603, "failed", 603), (404, "failed", 404), (480, "no-answer", 480), (302, "failed", 480)],
)
def test_how_a_dial_fails(lab: Lab, web: Web, caller: Peer, callee: Peer, case: tuple[int, str, int]) -> None:
    """The action hears of it; a document that then ends refuses the caller with the last dial's final code."""
    theirs, status, ours = case
    web.pages |= {
        "/dial": document(f'<Dial action="/action" method="POST">{user(callee)}</Dial>'),
        "/action": document(),
    }
    a = caller.call(lab.sip, lab.to_application(answer_url=f"{web.url}/dial"))
    refusing(callee, theirs)
    assert a.refused().status == ours
    told = web.told("/action").params
    assert (told["Event"], told["DialStatus"], told["DialRingStatus"]) == ("DialAction", status, "false")
    assert told["DialALegUUID"] == told["CallUUID"]


def test_timeout_of_a_dial(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    web.pages |= {
        "/brief": document(f'<Dial timeout="1" action="/timed">{user(callee)}</Dial>'),
        "/timed": document('<Hangup reason="busy"/>'),
    }
    a = caller.call(lab.sip, lab.to_application(answer_url=f"{web.url}/brief"))
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 180, "Ringing")
    caller.expect("180")
    cancel = callee.expect("CANCEL")
    b.reply(cancel, 200)
    b.reply(invite, 487)
    assert a.refused().status == 486, "the action's document takes the call on"
    told = web.told("/timed").params
    assert (told["DialStatus"], told["DialRingStatus"]) == ("no-answer", "true")


def test_time_limit_of_a_dial(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    web.pages |= {"/short": document(f'<Dial timeLimit="1" action="/over">{user(callee)}</Dial>'), "/over": document()}
    a = caller.call(lab.sip, lab.to_application(answer_url=f"{web.url}/short"))
    b, _ = answered(callee)
    a.connected()
    b.hung_up(within=3.0)
    a.hung_up()
    assert web.told("/over").params["DialStatus"] == "completed"


@pytest.mark.parametrize("redirect", ["true", "false"])
def test_action_with_and_without_redirect(lab: Lab, web: Web, caller: Peer, callee: Peer, redirect: str) -> None:
    """With redirect its document goes on, in a second call; without, the document after the Dial does."""
    web.pages |= {
        "/first": document(f'<Dial action="/next" redirect="{redirect}">{user(callee)}</Dial>', "<Speak>no</Speak>"),
        "/next": document(f"<Dial>{user(callee)}</Dial>"),
    }
    a = caller.call(lab.sip, lab.to_application(answer_url=f"{web.url}/first"))
    b, _ = answered(callee)
    a.connected()
    b.bye()
    told = web.told("/next").params
    assert (told["DialStatus"], told["CallStatus"]) == ("completed", "in-progress")
    assert told["DialBLegUUID"]
    if redirect == "false":
        assert "488" in a.hung_up().get("reason")
        return
    c, _ = answered(callee)
    renewed = caller.expect("INVITE")
    assert renewed.body == sdp(2), "the caller hears of the new leg's session"
    a.reply(renewed, 200, "OK", body=sdp(9))
    caller.expect("ACK")
    a.bye()
    c.hung_up()


def test_a_second_dial_for_a_caller_without_an_offer(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    """The new leg's offer goes to the caller by re-INVITE, and the answer back in the new leg's ACK."""
    web.pages["/twice"] = document(f"<Dial>{user(callee)}</Dial>", f"<Dial>{user(callee)}</Dial>")
    a = caller.call(lab.sip, lab.to_application(answer_url=f"{web.url}/twice"), body="")
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 200, "OK", body=sdp(2))
    a.take(caller.expect("200"))
    a.ack(1, body=sdp(3))
    assert callee.expect("ACK").body == sdp(3)
    b.bye()
    invite = callee.expect("INVITE")
    assert invite.body == ""
    c = callee.answer(invite)
    c.reply(invite, 200, "OK", body=sdp(4))
    renewed = caller.expect("INVITE")
    assert renewed.body == sdp(4)
    a.reply(renewed, 200, "OK", body=sdp(5))
    caller.expect("ACK")
    assert callee.expect("ACK").body == sdp(5)
    a.bye()
    c.hung_up()


def test_the_caller_hangs_up_during_a_dial(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    web.pages |= {"/talk": document(f"<Dial>{user(callee)}</Dial>"), "/end": ""}
    number = lab.to_application(answer_url=f"{web.url}/talk", hangup_url=f"{web.url}/end")
    a = caller.call(lab.sip, number)
    invite = callee.expect("INVITE")
    b = callee.answer(invite)
    b.reply(invite, 180, "Ringing")
    caller.expect("180")
    a.cancel()
    assert a.refused().status == 487
    cancel = callee.expect("CANCEL")
    b.reply(cancel, 200)
    b.reply(invite, 487)
    assert web.told("/end").params["HangupCause"] == "ORIGINATOR_CANCEL"


def test_a_call_of_a_subaccount_is_signed_twice(lab: Lab, web: Web, caller: Peer) -> None:
    """Its own token signs V3, the main account's Ma-V3; the main account's carrier delivers its numbers."""
    branch = lab.tenant("Branch", parent=lab.id)
    application = branch.application(answer_url=f"{web.url}/sub")
    number = lab.number(lab.carrier_id)
    lab.plivo("POST", f"Number/{number}/", {"subaccount": branch.auth_id})
    branch.plivo("POST", f"Number/{number}/", {"app_id": application})
    web.pages["/sub"] = document('<Hangup reason="busy"/>')
    assert caller.call(lab.sip, number).refused().status == 486
    asked: Asked = web.told("/sub")
    assert asked.signed_by(branch.token)
    assert asked.signed_by(lab.token, "Ma-V3")
    assert asked.params["ParentAuthID"] == lab.auth_id
