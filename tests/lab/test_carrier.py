"""A carrier's call to a phone, and to nobody: what is reported, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from tests.lab.helpers import CALLED, CALLER, QUICK, call, until, whats
from trunkline.lab.agent import LabError, UserAgent
from trunkline.lab.carrier import CallReport, place_call
from trunkline.lab.phone import Phone
from trunkline.lab.received import ReceivedCall
from trunkline.sip import digest
from trunkline.sip.message import Request

NOBODY = ("127.0.0.1", 9)


def run(phone_options: dict[str, Any], **options: Any) -> tuple[CallReport, Phone]:
    async def go() -> tuple[CallReport, Phone]:
        async with Phone(ring_s=0.01, **phone_options) as phone:
            report = await call(phone, **options)
            await until(lambda: phone.counts.over >= phone.counts.rang)
            assert phone.calls == ()
            return report, phone

    return asyncio.run(go())


def test_an_answered_call_that_we_hang_up() -> None:
    heard: list[str] = []
    report, phone = run({}, on_line=heard.append)
    assert report.ok
    assert report.answered
    assert (report.status, report.ended_by) == (200, "us")
    assert whats(report) == [
        "-> INVITE", "<- 100 Trying", "<- 180 Ringing", "<- 200 OK", "-> ACK", "-> BYE", "<- 200 OK (BYE)",
    ]  # fmt: skip
    assert report.ladder[0].split() == ["0.000", "->", "INVITE", f"sip:{CALLED}@127.0.0.1:{phone.address[1]}"]
    assert tuple(heard) == report.ladder
    assert report.explain().startswith("answered after 0.0")
    assert report.explain().endswith(", hung up by us after 0.0 s")
    assert (phone.counts.rang, phone.counts.answered, phone.counts.over) == (1, 1, 1)


def test_an_answered_call_that_the_phone_hangs_up() -> None:
    report, _ = run({"talk_s": 0.02}, talk_s=2.0)
    assert report.ok
    assert report.ended_by == "them"
    assert [line.split(None, 2)[:2] for line in whats(report)[-2:]] == [["<-", "BYE"], ["->", "200"]]
    assert "hung up by the other side" in report.explain()


@pytest.mark.parametrize(("status", "said"), [(486, "refused: 486 Busy Here"), (603, "refused: 603 Decline")])
def test_a_refused_call(status: int, said: str) -> None:
    report, phone = run({"refuse": status})
    assert (report.status, report.answered, report.ok) == (status, False, False)
    assert report.explain() == said
    assert whats(report)[-1] == "-> ACK"
    assert phone.counts.answered == 0


def test_an_expected_refusal_is_right_and_another_is_not() -> None:
    assert run({"refuse": 486}, expect=486)[0].ok
    report = run({"refuse": 486}, expect=404)[0]
    assert not report.ok
    assert report.explain() == "refused: 486 Busy Here (expected was 404)"
    report = run({}, expect=404)[0]
    assert not report.ok
    assert report.explain().endswith("(expected was 404)")


def test_a_call_that_is_cancelled_on_purpose() -> None:
    report, phone = run({"answer": False}, cancel_after_s=0.05)
    assert (report.status, report.cancelled, report.ok) == (487, True, True)
    assert report.explain() == "cancelled: 487 Request Terminated"
    assert whats(report)[3:] == ["-> CANCEL", "<- 200 OK (CANCEL)", "<- 487 Request Terminated", "-> ACK"]
    assert phone.counts.answered == 0


def test_a_call_that_is_cancelled_at_once() -> None:
    """CANCEL waits for the first provisional response (RFC 3261 section 9.1)."""
    report, _ = run({"answer": False}, cancel_after_s=0)
    assert (report.status, report.ok) == (487, True)
    assert whats(report).index("<- 100 Trying") < whats(report).index("-> CANCEL")


def test_a_call_that_is_answered_before_it_is_cancelled() -> None:
    report, _ = run({}, cancel_after_s=5)
    assert report.ok
    assert not report.cancelled


def test_a_call_that_nobody_takes_is_given_up() -> None:
    report, _ = run({"answer": False}, ring_timeout_s=0.05)
    assert (report.status, report.ok) == (487, False)
    assert report.explain() == "nobody took the call within 0.05 s, so it was cancelled"


def test_nothing_listens_there() -> None:
    report = asyncio.run(place_call(from_ip="127.0.0.2", caller=CALLER, called=CALLED, via=NOBODY))
    assert (report.status, report.ok) == (0, False)
    assert report.explain() == "127.0.0.1:9: nothing listens there"


def test_something_listens_and_is_silent() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        via = silent.getsockname()
        usual: dict[str, Any] = {"from_ip": "127.0.0.2", "caller": CALLER, "called": CALLED, "via": via}
        report = asyncio.run(place_call(**usual, timers=QUICK, ring_timeout_s=0.05))
    assert report.explain() == f"127.0.0.1:{via[1]}: no SIP answer of any kind came within 0.05 s"
    assert len(report.ladder) > 1  # the INVITE was sent again


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"caller": "hello"}, "caller 'hello' is not an E.164 number"),
        ({"called": "+0123"}, "called '\\+0123' is not an E.164 number"),
        ({"from_ip": "192.0.2.1"}, "cannot use 192.0.2.1:0 for SIP"),
        ({"from_ip": "here"}, "'here' is not an IP address"),
        ({"from_ip": "::1"}, "has no IPv6 address"),
    ],
)
def test_what_cannot_be_tried(options: dict[str, Any], said: str) -> None:
    usual: dict[str, Any] = {"from_ip": "127.0.0.2", "caller": CALLER, "called": CALLED, "via": NOBODY}
    with pytest.raises(LabError, match=said):
        asyncio.run(place_call(**(usual | options)))


def test_the_invite_is_what_a_carrier_sends() -> None:
    async def go() -> Request:
        got: list[Request] = []

        def take(call: ReceivedCall) -> None:
            got.append(call.request)
            call.refuse(404)

        async with UserAgent("127.0.0.1", on_call=take) as agent:
            via = (agent.host, agent.port)
            await place_call(from_ip="127.0.0.2", caller="1 415 555 0100", called=CALLED, via=via)
        return got[0]

    request = asyncio.run(go())
    request.validate(content_types=("application/sdp",))
    assert request.from_.uri.user == "+14155550100"
    assert request.to.uri.user == request.request_uri.user == "+14155551234"
    assert request.via.host == request.request_uri.host.replace("127.0.0.1", "127.0.0.2")
    assert request.max_forwards == 70
    assert request.get("p-asserted-identity") == "<sip:+14155550100@127.0.0.2>"
    assert b"m=audio " in request.body


@pytest.mark.parametrize(("password", "status"), [("right", 404), ("wrong", 403), (None, 401)])
def test_a_challenge_is_answered_once(password: str | None, status: int) -> None:
    async def go() -> CallReport:
        nonces = digest.Nonces(b"secret", 60, new_token=lambda: "token")

        def take(call: ReceivedCall) -> None:
            result = digest.verify(
                call.request.get_all("authorization"), "INVITE", lambda _: ["right"],
                realm="here", nonces=nonces, source="127.0.0.2", now=1.0,
            ).result  # fmt: skip
            if result == "missing":
                values = digest.challenge("here", nonces.make("127.0.0.2", 1.0, "here"))
                call.refuse(401, headers=tuple(("www-authenticate", value) for value in values))
            else:
                call.refuse(404 if result == "ok" else 403)

        async with UserAgent("127.0.0.1", on_call=take) as agent:
            return await place_call(
                from_ip="127.0.0.2", caller=CALLER, called=CALLED, via=(agent.host, agent.port),
                user="carrier" if password else None, password=password,
            )  # fmt: skip

    report = asyncio.run(go())
    assert report.status == status
    assert ("www-authenticate" in report.headers) == (status == 401)
    assert whats(report).count("-> INVITE") == (2 if password else 1)


def test_the_reason_of_a_refusal_is_told() -> None:
    async def go() -> CallReport:
        def take(call: ReceivedCall) -> None:
            call.refuse(503, headers=(("retry-after", "5"),))

        async with UserAgent("127.0.0.1", on_call=take) as agent:
            via = (agent.host, agent.port)
            return await place_call(from_ip="127.0.0.2", caller=CALLER, called=CALLED, via=via)

    assert asyncio.run(go()).explain() == "refused: 503 Service Unavailable; Retry-After: 5"


def test_a_callee_that_dies_leaves_a_bye_without_answer() -> None:
    async def go() -> CallReport:
        async with Phone(ring_s=0) as phone:
            placed = asyncio.create_task(call(phone, talk_s=0.2, timers=QUICK))
            await until(lambda: bool(phone.counts.answered))
            for standing in phone.calls:
                standing.on_request = lambda *_: None  # type: ignore[method-assign]
            report = await placed
            phone.agent._calls.clear()
            return report

    report = asyncio.run(go())
    assert not report.ok
    assert report.explain().endswith("; BYE: no answer came")
