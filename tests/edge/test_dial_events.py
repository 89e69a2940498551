"""A Dial's callbackUrl and action from outside: what each leg's application hears, in every way that a dial can end."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator

import pytest

from tests.edge.lab import Lab, until
from tests.edge.peer import Message, Peer, Talk, sdp
from tests.edge.sipp import Sipp
from tests.edge.web import Asked, Web

pytestmark = pytest.mark.outside


@pytest.fixture
def other() -> Iterator[Peer]:
    """Give a second peer that is called."""
    with Peer("127.0.0.1") as peer:
        yield peer


@pytest.fixture(autouse=True)
def pages(web: Web) -> None:
    """Give every test an application that takes what it is told."""
    web.slow.pop("/heard", None)
    web.pages |= {"/heard": "<Response><Hangup/></Response>", "/action": "<Response/>", "/end": ""}


def dial(web: Web, lab: Lab, *peers: Peer, more: str = "", before: str = "") -> str:
    """Return a number whose application dials the peers and hears of all."""
    users = "".join(f"<User>{peer.uri}</User>" for peer in peers)
    web.pages["/dial"] = (
        f'<Response>{before}<Dial callbackUrl="/heard" action="/action" {more}>{users}</Dial></Response>'
    )
    return lab.to_application(answer_url=f"{web.url}/dial", hangup_url=f"{web.url}/end")


def ring(peer: Peer) -> tuple[Talk, Message]:
    """Let a peer ring."""
    invite = peer.expect("INVITE")
    talk = peer.answer(invite)
    talk.reply(invite, 180, "Ringing")
    return talk, invite


def take(peer: Peer) -> Talk:
    """Let a peer ring and answer."""
    talk, invite = ring(peer)
    talk.reply(invite, 200, "OK", body=sdp(2))
    peer.expect("ACK")
    return talk


def cancelled(peer: Peer, talk: Talk, invite: Message) -> None:
    """Let a peer be cancelled."""
    talk.reply(peer.expect("CANCEL"), 200)
    talk.reply(invite, 487)
    peer.expect("ACK")


def refuse(peer: Peer, status: int) -> None:
    """Let a peer ring and refuse."""
    talk, invite = ring(peer)
    talk.reply(invite, status)
    peer.expect("ACK")


def heard(web: Web, count: int) -> list[dict[str, str]]:
    """Return what callbackUrl was told, once it was told so often, and no more than that."""
    for _ in until(5.0):
        if len(found(web)) >= count:
            break
    told = [asked.params for asked in found(web)]
    assert len(told) == count, [(event["Event"], event["DialBLegPosition"]) for event in told]
    return told


def found(web: Web) -> list[Asked]:
    """Return the requests to callbackUrl so far."""
    return [asked for asked in web.asked if asked.path == "/heard"]


def cause(event: dict[str, str]) -> tuple[str, ...]:
    """Return how a leg ended."""
    return tuple(event[f"DialBLegHangup{name}"] for name in ("Cause", "CauseCode", "Source"))


def ended(told: dict[str, str]) -> tuple[str, ...]:
    """Return how a dial ended, as its action hears it."""
    return tuple(told[f"Dial{name}"] for name in ("Status", "RingStatus", "HangupCause"))


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_call_from_answer_to_hangup(lab: Lab, web: Web, caller: Peer, callee: Peer, method: str) -> None:
    number = dial(web, lab, callee, more=f'callbackMethod="{method}" method="{method}"')
    a = caller.call(lab.sip, number)
    b = take(callee)
    a.connected()
    heard(web, 2)
    time.sleep(1.1)
    b.bye()
    a.hung_up()
    answer, connected, hangup = heard(web, 3)
    call_id = lab.call(number)["id"]
    of_all = {
        "CallUUID": call_id,
        "DialALegUUID": call_id,
        "DialBLegUUID": answer["DialBLegUUID"],
        "From": "14155550100",
        "To": number,
        "Direction": "inbound",
        "CallStatus": "in-progress",
        "ParentAuthID": lab.auth_id,
        "DialBLegFrom": "14155550100",
        "DialBLegTo": callee.uri,
        "DialBLegPosition": "1",
        "DialBLegBillRate": "0.00000",
    }
    names = ("Event", "DialAction", "DialBLegStatus")
    for event, words in (
        (answer, ("DialAnswer", "answer", "answer")),
        (connected, ("DialConnected", "connected", "connected")),
        (hangup, ("DialHangup", "hangup", "hangup")),
    ):
        assert {name: event.get(name) for name in of_all} == of_all
        assert tuple(event[name] for name in names) == words
    assert "DialBLegDuration" not in connected
    assert cause(hangup) == ("NORMAL_CLEARING", "4000", "Callee")
    assert hangup["DialBLegHangupCauseName"] == "Normal Hangup"
    assert hangup["DialBLegDuration"] == hangup["DialBLegBillDuration"]
    assert int(hangup["DialBLegDuration"]) >= 2, "rounded up"
    assert hangup["DialBLegTotalCost"] == "0.00000"
    assert str(uuid.UUID(answer["DialBLegUUID"])) == answer["DialBLegUUID"] != call_id
    assert {asked.method for asked in found(web)} == {method}
    assert all(asked.signed_by(lab.token) and asked.signed_by(lab.token, "Ma-V3") for asked in found(web))
    told = web.told("/action").params
    assert ended(told) == ("completed", "true", "NORMAL_CLEARING")
    assert (told["DialALegUUID"], told["DialBLegUUID"]) == (call_id, answer["DialBLegUUID"])


def test_the_caller_hangs_up_while_they_talk(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    number = dial(web, lab, callee)
    web.slow["/heard"] = 0.5  # the hangup still waits for its turn when the call is over
    a = caller.call(lab.sip, number)
    b = take(callee)
    a.connected()
    a.bye()
    b.hung_up()
    told = web.told("/action").params
    assert ended(told) == ("completed", "true", "NORMAL_CLEARING")
    events = heard(web, 3)
    assert [event["DialAction"] for event in events] == ["answer", "connected", "hangup"]
    assert cause(events[2]) == ("NORMAL_CLEARING", "4000", "Caller")
    assert events[2]["CallStatus"] == "completed"
    assert told["DialBLegUUID"] == events[2]["DialBLegUUID"]
    assert web.told("/end").params["HangupSource"] == "Caller"
    for _ in until(5.0):  # outcomes after the call's end are on its record as well
        if "hook leg 1 ended, outcome told (200)" in lab.trace(number):
            break
    assert "hook leg 1 ended, outcome told (200)" in lab.trace(number)


def test_the_caller_cancels_while_it_rings(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    number = dial(web, lab, callee)
    a = caller.call(lab.sip, number)
    b, invite = ring(callee)
    caller.expect("180")
    a.cancel()
    assert a.refused().status == 487
    cancelled(callee, b, invite)
    told = web.told("/action").params
    assert ended(told) == ("cancel", "true", "ORIGINATOR_CANCEL")
    assert (told["DialBLegUUID"], told["CallStatus"]) == ("", "cancel")
    (hangup,) = heard(web, 1)
    assert hangup["DialAction"] == "hangup"
    assert cause(hangup) == ("ORIGINATOR_CANCEL", "1000", "Caller")
    assert (hangup["DialBLegDuration"], hangup["AnswerTime"]) == ("0", "")
    assert web.told("/end").params["HangupCause"] == "ORIGINATOR_CANCEL"


@pytest.mark.parametrize(
    "case",
    [
        (486, "busy", "USER_BUSY", "3010"),
        (603, "failed", "CALL_REJECTED", "3020"),
        (404, "failed", "UNALLOCATED_NUMBER", "2000"),
        (480, "no-answer", "NO_ANSWER", "3000"),
    ],
)
def test_a_target_that_refuses(lab: Lab, web: Web, caller: Peer, callee: Peer, case: tuple[int, str, str, str]) -> None:
    status, dialled, words, code = case
    a = caller.call(lab.sip, dial(web, lab, callee))
    refuse(callee, status)
    assert a.refused().status == status
    told = web.told("/action").params
    assert ended(told) == (dialled, "true", words)
    assert told["DialBLegUUID"] == "", "nobody answered"
    (hangup,) = heard(web, 1)
    assert (hangup["Event"], *cause(hangup)) == ("DialHangup", words, code, "Callee")
    assert hangup["DialBLegDuration"] == "0"


def test_nobody_answers_in_time(lab: Lab, web: Web, caller: Peer, callee: Peer, other: Peer) -> None:
    a = caller.call(lab.sip, dial(web, lab, callee, other, more='timeout="1"'))
    legs = [(peer, *ring(peer)) for peer in (callee, other)]
    for leg in legs:
        cancelled(*leg)
    assert a.refused().status == 408
    assert ended(web.told("/action").params) == ("no-answer", "true", "NO_ANSWER")
    events = heard(web, 2)
    assert [event["DialBLegPosition"] for event in events] == ["1", "2"]
    assert {cause(event) for event in events} == {("NO_ANSWER", "6010", "Plivo")}


def test_a_target_that_says_nothing_at_all(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    a = caller.call(lab.sip, dial(web, lab, callee, more='timeout="1"'))
    invite = callee.expect("INVITE")
    assert a.refused().status == 408
    callee.answer(invite).reply(invite, 486)
    assert ended(web.told("/action").params) == ("timeout", "false", "NO_ANSWER")
    heard(web, 1)


def test_the_time_limit(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    a = caller.call(lab.sip, dial(web, lab, callee, more='timeLimit="1"'))
    b = take(callee)
    a.connected()
    b.hung_up()
    a.hung_up()
    assert ended(web.told("/action").params) == ("completed", "true", "ALLOTTED_TIMEOUT")
    assert cause(heard(web, 3)[2]) == ("ALLOTTED_TIMEOUT", "6000", "Plivo")


def test_a_scheduled_end(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    a = caller.call(lab.sip, dial(web, lab, callee, before='<Hangup schedule="1"/>'))
    b = take(callee)
    a.connected()
    b.hung_up()
    a.hung_up()
    assert cause(heard(web, 3)[2]) == ("ALLOTTED_TIMEOUT", "6000", "Answer XML")


def test_of_several_the_first_to_answer(lab: Lab, web: Web, caller: Peer, callee: Peer, other: Peer) -> None:
    """The winner has its whole story, the other the end of one that it lost; each by its own id and place."""
    a = caller.call(lab.sip, dial(web, lab, callee, other))
    first = ring(callee)
    second = take(other)
    a.connected()
    cancelled(callee, *first)
    second.bye()
    a.hung_up()
    events = heard(web, 4)
    assert [(event["DialAction"], event["DialBLegPosition"]) for event in events] == [
        ("answer", "2"),
        ("connected", "2"),
        ("hangup", "1"),
        ("hangup", "2"),
    ]
    assert cause(events[2]) == ("LOSE_RACE", "9000", "Plivo")
    assert cause(events[3]) == ("NORMAL_CLEARING", "4000", "Callee")
    assert [event["DialBLegTo"] for event in events] == [other.uri, other.uri, callee.uri, other.uri]
    winner = {event["DialBLegUUID"] for event in events if event["DialBLegPosition"] == "2"}
    assert winner == {web.told("/action").params["DialBLegUUID"]}
    assert events[2]["DialBLegUUID"] not in winner


def test_of_several_all_refuse(lab: Lab, web: Web, caller: Peer, callee: Peer, other: Peer) -> None:
    a = caller.call(lab.sip, dial(web, lab, callee, other))
    refuse(callee, 404)
    refuse(other, 486)
    assert a.refused().status == 486
    assert ended(web.told("/action").params) == ("busy", "true", "USER_BUSY")
    events = heard(web, 2)
    assert [(event["DialBLegPosition"], event["DialBLegHangupCauseCode"]) for event in events] == [
        ("1", "2000"),
        ("2", "3010"),
    ]


def test_a_target_that_may_not_be_rung_has_no_events(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    number = dial(web, lab, callee)
    web.pages["/dial"] = str(web.pages["/dial"]).replace("<User>", "<User>sip:x@203.0.113.9</User><User>", 1)
    a = caller.call(lab.sip, number)
    refuse(callee, 486)
    a.refused()
    (hangup,) = heard(web, 1)
    assert (hangup["DialBLegPosition"], hangup["DialBLegTo"]) == ("2", callee.uri)


def test_a_refused_dial_has_its_action_only(lab: Lab, web: Web, caller: Peer) -> None:
    number = dial(web, lab)
    web.pages["/dial"] = str(web.pages["/dial"]).replace("</Dial>", "<Number>4930123456</Number></Dial>")
    assert caller.call(lab.sip, number).refused().status == 480
    assert ended(web.told("/action").params) == ("failed", "false", "DESTINATION_OUT_OF_ORDER")
    assert web.told("/end")
    heard(web, 0)


def test_one_leg_by_two_gateways(lab: Lab, web: Web) -> None:
    """A gateway that fails over is not the end of the leg; caller id and number are told as digits."""
    with Peer("127.0.0.54") as first, Peer("127.0.0.55") as second, Peer("127.0.0.52") as caller:
        own = lab.tenant("Failover")
        gateways = [
            {"address": peer.ip, "port": peer.port, "inbound": False, "outbound": True, "priority": place}
            for place, peer in enumerate((first, second), 1)
        ]
        own.native_carrier(gateways=gateways)
        source = own.carrier("127.0.0.52", name="in")
        number = own.number(source, application=own.application(answer_url=f"{web.url}/dial"))
        web.pages["/dial"] = (
            f'<Response><Dial callbackUrl="/heard" callerId="+{number}"><Number>+49 30 123456</Number></Dial>'
            "</Response>"
        )
        a = caller.call(lab.sip, number)
        refuse(first, 503)
        b = take(second)
        a.connected()
        b.bye()
        a.hung_up()
        events = heard(web, 3)
        assert len({event["DialBLegUUID"] for event in events}) == 1
        assert {(event["DialBLegFrom"], event["DialBLegTo"]) for event in events} == {(number, "4930123456")}
        assert "b2 answered: target 1" in own.trace(number)


def test_a_slow_or_broken_callback_is_not_in_the_way(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    number = dial(web, lab, callee, more='redirect="false"')
    web.pages["/heard"] = (500, "")
    web.slow["/heard"] = 1.0
    a = caller.call(lab.sip, number)
    b = take(callee)
    a.connected()
    b.bye()
    a.hung_up()
    web.told("/action")
    web.told("/end")
    assert len(found(web)) < 3, "the call is over while its events, a second each, are still being told"
    heard(web, 3)
    for _ in until(5.0):
        if "hook leg 1 ended" in lab.trace(number):
            break
    trace = lab.trace(number)
    assert [trace.find(f"hook leg 1 {what}, outcome") > 0 for what in ("answered", "connected", "ended")] == [True] * 3
    assert "500" in trace


def test_events_of_many_calls(lab: Lab, web: Web) -> None:
    """SIPp on both sides: every call has its three events, in order."""
    with Sipp("uas_answer", ip="127.0.0.56", calls=20) as phone:
        own = lab.tenant("Events")
        source = own.carrier("127.0.0.53", name="in")
        web.pages["/dial"] = f'<Response><Dial callbackUrl="/heard"><User>{phone.uri}</User></Dial></Response>'
        number = own.number(source, application=own.application(answer_url=f"{web.url}/dial"))
        with Sipp("uac_call", ip="127.0.0.53", to=lab.server.via, number=number, calls=20, rate=40) as calling:
            calling.succeeded(20)
            phone.succeeded(20)
    events = heard(web, 60)
    calls: dict[str, list[str]] = {}
    for event in events:
        calls.setdefault(event["CallUUID"], []).append(event["DialAction"])
    assert list(calls.values()) == [["answer", "connected", "hangup"]] * 20
