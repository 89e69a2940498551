"""Text messages (SIP MESSAGE) from carriers to applications, against a running server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.edge.lab import Lab, command, until
from tests.edge.peer import Peer, sdp, token
from tests.edge.registry import PASSWORD, USERNAME, Registrar, address
from tests.edge.sipp import Sipp
from tests.edge.texter import FROM, Texter, twilio_application
from tests.edge.web import Asked, Web

pytestmark = pytest.mark.outside


@pytest.fixture
def texter(lab: Lab) -> Iterator[Texter]:
    """Give a carrier that sends messages, at the tenant's carrier's address."""
    with Texter(lab.sip) as made:
        yield made


def told(web: Web, path: str, text: str) -> Asked:
    """Return the request that delivered this text, once it has come."""
    return web.wait(lambda asked: asked.path == path and text in (asked.params.get("Text"), asked.params.get("Body")))


def records(lab: Lab, number: str) -> list[dict[str, Any]]:
    """Return the messages on record for a number, newest first."""
    return list(lab.native("GET", f"messages?number={number}")["items"])


def record(lab: Lab, number: str, state: str, within: float = 10.0) -> dict[str, Any]:
    """Return the newest message on record for a number, once it is in this state."""
    found: list[dict[str, Any]] = []
    for _ in until(within):
        found = records(lab, number)
        if found and found[0]["state"] == state:
            return found[0]
    raise AssertionError(f"no message to {number} is {state}: {found}")


def trace(shown: dict[str, Any]) -> str:
    """Return a record's trace as one text."""
    return "\n".join(f"{step['part']}: {step['text']}" for step in shown["trace"])


def v2(token: str, asked: Asked) -> str:
    """Work X-Plivo-Signature-V2 out as the vendor describes it."""
    text = asked.url.partition("?")[0] + asked.headers["x-plivo-signature-v2-nonce"]
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha256).digest()).decode()


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_plivo_application_is_told(lab: Lab, web: Web, texter: Texter, method: str) -> None:
    web.pages["/texts"] = ""
    number = lab.to_application(message_url=f"{web.url}/texts?mine=1", message_method=method)
    text = "Grüße & 100% 你好 " + "x" * 60
    answer = texter.send(number, text.encode(), kind="text/plain; charset=UTF-8")
    assert (answer.status, answer.start) == (202, "SIP/2.0 202 Accepted")
    asked = told(web, "/texts", text)
    shown = record(lab, number, "delivered")
    expected = {"From": FROM[1:], "To": number, "Type": "sms", "Text": text, "MessageUUID": shown["id"]}
    expected |= {"Units": "2", "TotalRate": "0.00000", "TotalAmount": "0.00000", "mine": "1"}
    assert asked.method == method
    assert asked.params == expected
    for header in ("x-plivo-signature-v2", "x-plivo-signature-ma-v2"):
        assert asked.headers[header] == v2(lab.token, asked)
    assert (shown["size"], shown["units"], shown["tries"]) == (len(text.encode()), 2, 1)
    assert (shown["caller"], shown["source"], shown["sip_status"]) == (FROM, "127.0.0.2", 202)
    assert text not in json.dumps(shown)


def test_a_twilio_application_is_told(lab: Lab, web: Web, texter: Texter) -> None:
    """Written into the inventory as that dialect's API will: nothing else is made up."""
    web.pages |= {"/sms": (500, ""), "/fallback": "<Response><Message>Hi</Message><Message>Ho</Message></Response>"}
    application_id, auth_token = twilio_application(
        lab.server.data, lab.id, f"{web.url}/sms?a=b#rc=0", f"{web.url}/fallback"
    )
    number = lab.number(lab.carrier_id)
    lab.native("PATCH", f"numbers/{number}", {"application_id": application_id})
    assert texter.send(number, b"hello there").status == 202
    first, second = told(web, "/sms", "hello there"), told(web, "/fallback", "hello there")
    shown = record(lab, number, "delivered")
    sid = "SM" + shown["id"].replace("-", "")
    expected = {"MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid, "AccountSid": "AC" + lab.id.replace("-", "")}
    expected |= {"From": FROM, "To": f"+{number}", "Body": "hello there", "NumMedia": "0", "NumSegments": "1"}
    expected |= {"ApiVersion": "2010-04-01", "SmsStatus": "received"}
    assert dict(first.form) == expected
    assert dict(second.form) == expected | {"ErrorCode": "11200", "ErrorUrl": f"{web.url}/sms?a=b"}
    for asked in (first, second):
        text = asked.url + "".join(name + value for name, value in sorted(asked.form))
        made = hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()
        assert asked.headers["x-twilio-signature"] == base64.b64encode(made).decode()
    assert "replies are not sent: the answer has 2 <Message>" in trace(shown)


def test_over_tcp_up_to_what_a_sip_message_may_have(lab: Lab, web: Web, texter: Texter) -> None:
    web.pages["/texts"] = ""
    number = lab.to_application(message_url=f"{web.url}/texts")
    long = b"l" * 60_000
    (answer,) = texter.over_tcp(texter.request(number, long, transport="TCP"))
    assert answer.status == 202
    told(web, "/texts", long.decode())
    assert record(lab, number, "delivered")["size"] == 60_000
    (answer,) = texter.over_tcp(texter.request(number, b"l" * 66_000, transport="TCP"))
    assert answer.status == 513


def test_too_large_for_a_datagram(lab: Lab, web: Web, texter: Texter) -> None:
    web.pages["/texts"] = ""
    number = lab.to_application(message_url=f"{web.url}/texts")
    room = 1300 - len(texter.request(number, b"x" * 900)) + 900
    assert texter.send(number, b"x" * room).status == 202
    assert texter.send(number, b"x" * (room + 1)).status == 513
    told(web, "/texts", "x" * room)
    assert len(records(lab, number)) == 1
    assert lab.unclaimed("message_refused", number=number)["trace"][0]["text"] == "513 Message Too Large"


@pytest.mark.parametrize(
    ("kind", "headers", "accepts"),
    [
        ("message/cpim", (), ("accept", "text/plain")),
        ("application/im-iscomposing+xml", (), ("accept", "text/plain")),
        ("", (), ("accept", "text/plain")),
        ("text/plain;charset=utf-16", (), ("accept", "text/plain;charset=utf-8")),
        ("text/plain;charset=nonsense", (), ("accept", "text/plain;charset=utf-8")),
        ("text/plain", (("Content-Encoding", "gzip"),), ("accept-encoding", "identity")),
    ],
)
def test_other_contents(
    lab: Lab, texter: Texter, kind: str, headers: tuple[tuple[str, str], ...], accepts: tuple[str, str]
) -> None:
    answer = texter.ask(texter.request("14155559999", b"hello", kind=kind, headers=headers))
    assert answer.status == 415
    assert answer.get(accepts[0]) == accepts[1]


def test_a_text_that_is_no_text_and_an_empty_one(lab: Lab, web: Web, texter: Texter) -> None:
    web.pages["/empty"] = ""
    number = lab.to_application(message_url=f"{web.url}/empty")
    assert texter.send(number, b"\xff\xfe").status == 400
    assert texter.send(number, b"", kind="").status == 202
    asked = web.told("/empty")
    assert (asked.params["Text"], asked.params["Units"]) == ("", "1")


def test_who_may_send_is_decided_as_for_a_call(lab: Lab, web: Web, texter: Texter) -> None:
    """Unknown source, unknown number, another tenant's number, no message URL, an account switched off."""
    number = lab.to_application(message_url=f"{web.url}/texts")
    other = lab.tenant("Messages")
    theirs = other.number(other.carrier("127.0.0.77"), application=other.application(message_url=f"{web.url}/texts"))
    with Texter(lab.sip, "127.0.0.99") as stranger:
        unknown = stranger.send(number)
        invited = stranger.peer.call(lab.sip, number).refused()
        assert unknown.status == invited.status
        assert unknown.status in (401, 403)
    assert texter.send("14155559998").status == 404
    assert texter.send(theirs).status == 404
    assert "a text message" in lab.unclaimed("not_this_carrier", number=theirs)["trace"][0]["text"]
    silent = lab.to_application(answer_url=f"{web.url}/answer")
    assert texter.send(silent).status == 480
    refused = record(lab, silent, "refused")
    assert (refused["verdict"], refused["sip_status"], refused["tries"]) == ("no_target", 480, 0)
    assert "has no message URL" in trace(refused)
    assert not [call for call in lab.calls(silent) if call["number"] == silent]
    assert not records(lab, theirs)
    assert not other.native("GET", "messages")["items"]
    command(lab.server, "accounts", "suspend", other.id)
    with Texter(lab.sip, "127.0.0.77") as carrier:
        assert carrier.send(theirs).status == 403
    for _ in until(5):
        listed = json.loads(command(lab.server, "messages", "list", "--json", f"--account={other.id}"))
        if listed:
            break
    assert [(shown["state"], shown["verdict"]) for shown in listed] == [("refused", "account_inactive")]


def test_an_application_without_answer_url_and_a_number_on_a_trunk(lab: Lab, web: Web, texter: Texter) -> None:
    """A trunk takes calls, never messages; an application without an answer URL takes messages all the same."""
    web.pages["/texts"] = ""
    only = lab.to_application(message_url=f"{web.url}/texts")
    assert texter.send(only, b"only messages").status == 202
    told(web, "/texts", "only messages")
    assert texter.send(lab.to_trunk("sip:127.0.0.1:9")).status == 480


def test_limits_count_messages(lab: Lab, web: Web) -> None:
    web.pages["/texts"] = ""
    tenant = lab.tenant("Limited")
    number = tenant.number(tenant.carrier("127.0.0.78"), application=tenant.application(message_url=f"{web.url}/texts"))
    command(lab.server, "accounts", "limits", tenant.id, "--cps=2", "--channels=1")
    with Texter(lab.sip, "127.0.0.78") as carrier:
        began = time.monotonic()
        answers = [carrier.send(number, b"%d" % n).status for n in range(10)]
        seconds = time.monotonic() - began
    assert set(answers) == {202, 486}
    assert answers[:2] == [202, 202]
    assert answers.count(202) <= 2 * (int(seconds) + 2), "two in each second"
    for _ in until(5):
        refused = tenant.native("GET", "messages?state=refused")["items"]
        if len(refused) == answers.count(486):
            break
    assert [shown["verdict"] for shown in refused] == ["account_limit"] * answers.count(486)


def test_the_same_message_is_delivered_once(lab: Lab, web: Web, texter: Texter) -> None:
    """Retransmitted; in a new transaction; and another one with the same words, which is another message."""
    web.pages["/once"] = ""
    number = lab.to_application(message_url=f"{web.url}/once")
    request = texter.request(number, b"once")
    assert [texter.ask(request).status for _ in range(3)] == [202] * 3
    call_id = token()
    again = [texter.request(number, b"again", transport="TCP", call_id=call_id) for _ in range(3)]
    assert [answer.status for answer in texter.over_tcp(*again)] == [202] * 3
    assert texter.send(number, b"last").status == 202
    told(web, "/once", "last")
    record(lab, number, "delivered")
    assert sorted(asked.params["Text"] for asked in web.asked if asked.path == "/once") == ["again", "last", "once"]
    assert len(records(lab, number)) == 3


def test_inside_a_calls_dialog_it_is_refused(lab: Lab, web: Web, caller: Peer, callee: Peer) -> None:
    talk = caller.call(lab.sip, lab.to_trunk(callee.uri))
    invite = callee.expect("INVITE")
    other = callee.answer(invite)
    other.reply(invite, 200, "OK", body=sdp(2))
    talk.connected()
    callee.expect("ACK")
    talk.send("MESSAGE", body="hello", headers=(("Content-Type", "text/plain"),))
    refused = caller.expect("405", method="MESSAGE")
    assert "MESSAGE" not in refused.get("allow")
    talk.bye()
    other.hung_up()


def test_options_says_that_messages_are_taken(lab: Lab, caller: Peer) -> None:
    request = Texter(lab.sip).request("14155551234", b"", kind="").replace(b"MESSAGE", b"OPTIONS")
    caller.send(request.replace(b"127.0.0.2:", b"127.0.0.2:%d;x=" % caller.port), lab.sip)
    answer = caller.expect("200")
    assert "MESSAGE" in answer.get("allow")
    assert "text/plain" in answer.get("accept")


def test_a_slow_application_and_one_that_fails_at_first(lab: Lab, web: Web, texter: Texter) -> None:
    """The carrier waits for neither; what failed is delivered again, and the records say how it went."""
    web.pages |= {"/slow": "", "/failing": (503, "")}
    web.slow["/slow"] = 3.0
    slow = lab.to_application(message_url=f"{web.url}/slow#rt=30000")
    failing = lab.to_application(message_url=f"{web.url}/failing")
    assert texter.send(slow, b"slow").status == 202
    assert texter.send(failing, b"failing").status == 202
    told(web, "/failing", "failing")
    for _ in until(10):
        waiting = records(lab, failing)[0]
        if waiting["tries"] == 1:
            break
    assert (waiting["state"], waiting["next_at"] is None) == ("accepted", False)
    assert "answered 503" in trace(waiting)
    web.pages["/failing"] = ""
    assert record(lab, failing, "delivered", 15.0)["tries"] == 2
    assert record(lab, slow, "delivered")["tries"] == 1
    ids = {asked.params["MessageUUID"] for asked in web.asked if asked.path == "/failing"}
    assert ids == {waiting["id"]}


def test_an_address_that_is_never_called(lab: Lab, texter: Texter) -> None:
    number = lab.to_application(message_url="http://169.254.169.254/")
    assert texter.send(number).status == 202
    assert record(lab, number, "failed")["tries"] == 1


def test_the_command_line_lists_messages(lab: Lab, web: Web, texter: Texter) -> None:
    web.pages["/texts"] = ""
    number = lab.to_application(message_url=f"{web.url}/texts")
    assert texter.send(number, b"for the list").status == 202
    shown = record(lab, number, "delivered")
    options = (f"--number={number}", f"--account={lab.id}", "--state=delivered", "--limit=5")
    (listed,) = json.loads(command(lab.server, "messages", "list", "--json", *options))
    assert listed["id"] == shown["id"]
    table = command(lab.server, "messages", "list", f"--number={number}")
    assert "for the list" not in table
    assert f"+{number}" in table
    assert shown["id"] in table


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_carriers_messages_at_a_rate(lab: Lab, web: Web, transport: str) -> None:
    """SIPp sends three hundred, fifty a second: each is answered 202 and delivered once."""
    path = f"/many-{transport}"
    web.pages[path] = ""
    number = lab.to_application(message_url=f"{web.url}{path}")
    options = {"to": lab.server.via, "number": number, "transport": transport}
    with Sipp("uac_message", ip="127.0.0.2", calls=300, rate=50, **options) as carrier:  # type: ignore[arg-type]
        carrier.succeeded(300)
    for _ in until(30):
        if len(web.asked) >= 300:
            break
    texts = [asked.params["Text"].strip() for asked in web.asked if asked.path == path]
    assert sorted(texts) == sorted(f"message {n}." for n in range(1, 301))


def test_credentials(tmp_path: Path, web: Web) -> None:
    """A carrier that proves itself by its password, from an address that nobody knows."""
    web.pages["/texts"] = ""
    lab = Lab(tmp_path / "data")  # of its own: who is unknown is asked for credentials from now on
    try:
        carrier = lab.native_carrier(
            kind="auth", inbound_auth={"username": "texts", "password": "secret-of-the-carrier"}
        )
        serial = next(c["carrier_id"] for c in lab.plivo("GET", "IncomingCarrier/")["objects"] if c["name"] == "native")
        number = lab.number(serial, application=lab.application(message_url=f"{web.url}/texts"))
        for transport, ip in (("udp", "127.0.0.86"), ("tcp", "127.0.0.87")):
            web.asked.clear()
            options = {"to": lab.server.via, "number": number, "transport": transport, "username": "texts"}
            for password, status in (("wrong", "403"), ("secret-of-the-carrier", "202")):
                words = options | {"password": password, "status": status}
                with Sipp("uac_message_auth", ip=ip, **words) as sender:  # type: ignore[arg-type]  # its words
                    sender.succeeded()
            told(web, "/texts", "message 1.")
            shown = record(lab, number, "delivered")
            assert shown["carrier_id"] == carrier
            assert "credentials match" in trace(shown)
        assert len(records(lab, number)) == 2
    finally:
        lab.server.stop()


def test_on_our_registration(lab: Lab, web: Web) -> None:
    """A carrier that we register to sends to our Contact; the same Contact from elsewhere opens nothing."""
    web.pages["/texts"] = ""
    tenant = lab.tenant("Registered texts")
    with Registrar(address()) as registrar:
        registration = {"username": USERNAME, "password": PASSWORD}
        carrier = tenant.native_carrier(kind="reg", gateways=[registrar.gateway], registration=registration)
        contact = registrar.token()
        tenant.native("PATCH", f"carriers/{carrier}", {"profile": {"called_in": "to"}})
        serial = tenant.plivo("GET", "IncomingCarrier/")["objects"][0]["carrier_id"]
        number = tenant.number(serial, application=tenant.application(message_url=f"{web.url}/texts"))
        for ip, status in (("127.0.0.98", {401, 403}), (registrar.ip, {202})):
            with Texter(lab.sip, ip) as sender:
                request = sender.request(number, b"registered")
                start = f"MESSAGE sip:{number}@".encode()
                answer = sender.ask(request.replace(start, f"MESSAGE sip:{contact}@".encode(), 1))
            assert answer.status in status
        told(web, "/texts", "registered")
        for _ in until(5):
            (shown,) = tenant.native("GET", "messages")["items"]
            if shown["state"] == "delivered":
                break
        assert shown["state"] == "delivered"
        assert contact not in json.dumps(shown)
        tenant.native("PATCH", f"carriers/{carrier}", {"active": False})


@pytest.mark.timeout(120)
def test_a_kill_between_the_202_and_the_delivery(tmp_path: Path, web: Web) -> None:
    """What was answered 202 arrives, under the same id, also where its application was being asked."""
    web.pages["/held"] = ""
    web.slow["/held"] = 60.0
    lab = Lab(tmp_path / "data")
    try:
        number = lab.to_application(message_url=f"{web.url}/held")
        with Texter(lab.sip) as texter:
            assert [texter.send(number, b"%d" % n).status for n in range(12)] == [202] * 12
        for _ in until(10):
            if len(web.asked) == 4:
                break
        before = {asked.params["Text"]: asked.params["MessageUUID"] for asked in web.asked}
        assert len(before) == 4, "so many of one account are under way at once"
        web.slow["/held"] = 0.0
        web.asked.clear()
        edge = lab.server.child("edge")
        lab.server.kill("edge")
        for n in range(12):
            told(web, "/held", f"{n}")
        after = {asked.params["Text"]: asked.params["MessageUUID"] for asked in web.asked}
        assert before.items() <= after.items()
        for _ in until(10):
            states = [shown["state"] for shown in records(lab, number)]
            if states == ["delivered"] * 12:
                break
        assert states == ["delivered"] * 12
        assert len(web.asked) == 12, "each once"
        assert lab.server.child("edge") != edge
        lab.server.stop()
        assert "Traceback" not in lab.server.log.read_text()
    finally:
        web.slow.pop("/held")
        lab.server.stop()


def test_two_workers(tmp_path: Path, web: Web) -> None:
    """Whichever worker takes a message, one delivers all; the same message through both is one."""
    web.pages["/both"] = ""
    lab = Lab(tmp_path / "data", "--workers", "2")
    try:
        number = lab.to_application(message_url=f"{web.url}/both")
        for n in range(12):  # a socket each, so that the kernel gives them to both workers
            with Texter(lab.sip) as texter:
                assert texter.send(number, b"%d" % n).status == 202
                assert texter.send(number, b"same", call_id="one-call").status == 202
        for text in ("same", *map(str, range(12))):
            told(web, "/both", text)
        for _ in until(10):
            if [shown["state"] for shown in records(lab, number)] == ["delivered"] * 13:
                break
        assert sorted(asked.params["Text"] for asked in web.asked) == sorted(["same", *map(str, range(12))])
    finally:
        assert lab.server.stop() == 0
