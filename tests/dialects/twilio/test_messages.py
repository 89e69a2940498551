"""Twilio's request for an incoming message: its two methods, its fragment, and what is read of its answer."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from trunkline.core.fetching import FetchPolicy, HookResponse, RetryOn
from trunkline.core.model import Webhook
from trunkline.core.texts import DueText, TextRecord, TextState
from trunkline.dialects.twilio import messages
from trunkline.dialects.twilio.hooks import TwilioHooks
from trunkline.dialects.twilio.signing import sign

AT = datetime(2026, 1, 2, tzinfo=UTC)
SID = "AC" + "0" * 32
RECORD = TextRecord(
    seq=1,
    id="17ebcd6c-7ebd-4082-a3ed-158a9ee8ae33",
    account_id="a",
    number_id="n",
    number="14155551234",
    caller="+14155550100",
    source="203.0.113.7",
    carrier_id="c",
    state=TextState.ACCEPTED,
    verdict="route",
    sip_status=202,
    size=2,
    units=1,
    tries=0,
    accepted_at=AT,
    ended_at=None,
    next_at=AT,
    trace=(),
)
HOOKS = TwilioHooks("00000000-0000-0000-0000-000000000000", "12345", lambda: "t", lambda: AT)
TEXT = DueText(RECORD, "Grüße & so")


def test_a_get_carries_and_signs_everything_in_its_url() -> None:
    hook = Webhook("https://example.com/sms?a=b#rc=2&rp=5xx", "GET")
    (request,) = messages.requests(TEXT, HOOKS, hook, None)
    assert (request.method, request.params) == ("GET", ())
    query = parse_qsl(urlsplit(request.url).query)
    assert query == [("a", "b"), *messages.params(TEXT, SID)]
    assert dict(request.headers)["X-Twilio-Signature"] == sign("12345", request.url)
    assert request.policy.retries == 2
    assert request.policy.retry_on == {RetryOn.SERVER_ERROR}


@pytest.mark.parametrize(
    ("fragment", "changes"),
    [
        ("", {}),
        ("ct=99&rt=15001&tt=x&rc=6&rp=2xx", {}),
        ("ct=100&rt=1000&tt=2000&rc=0", {"connect_s": 0.1, "read_s": 1.0, "total_s": 2.0, "retries": 0}),
        ("rp=all&rp=ct", {"retry_on": frozenset({RetryOn.ANY})}),
    ],
)
def test_fragments(fragment: str, changes: dict[str, object]) -> None:
    default = {"connect_s": 5.0, "read_s": 15.0, "total_s": 15.0, "retry_on": frozenset({RetryOn.CONNECT_TIMEOUT})}
    (request,) = messages.requests(TEXT, HOOKS, Webhook(f"http://x/#{fragment}"), None)
    assert request.policy == FetchPolicy(**default | changes)  # type: ignore[arg-type]  # its own keywords
    assert request.url == "http://x/"


@pytest.mark.parametrize(
    ("caller", "shown"),
    [
        ("+14155550100", "+14155550100"),
        ("14155550100", "+14155550100"),
        ("12345", "12345"),
        ("ACME", "ACME"),
        ("", ""),
        ("٣٤٥٦٧٨٩٠", "٣٤٥٦٧٨٩٠"),
    ],
)
def test_senders(caller: str, shown: str) -> None:
    assert messages.sender(caller) == shown


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("text/xml", b"", ""),
        ("text/xml", b"<Response/>", ""),
        ("application/xml; charset=utf-8", b"<Response><Message>a</Message><Sms>b</Sms></Response>", "has 2 <Message>"),
        ("text/xml", b"<Response><Redirect>/x</Redirect></Response>", "not run: the answer has <Redirect>"),
        ("text/plain; charset=utf-8", b"thanks", "replies are not sent: the answer was a text"),
        ("text/html", b"<p>no", "not TwiML"),
        ("text/xml", b'<!DOCTYPE x [<!ENTITY a "b">]><Response>&a;</Response>', "not TwiML"),
        ("text/xml", b"<Response>" + b"<Message/>" * 2000 + b"</Response>", "not TwiML"),
        ("text/xml", b"<a>" * 5000, "not TwiML"),
    ],
)
def test_answers(kind: str, body: bytes, said: str) -> None:
    shown = messages.read_reply(HookResponse(200, kind, body))
    assert said in shown
    assert bool(said) == bool(shown)
