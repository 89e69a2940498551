"""Twilio's side of requests to applications: parameters, fragments, tables, signatures, redirects."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.calls import (
    CallFacts,
    CallStatus,
    DialEvent,
    DialResult,
    DialStatus,
    EndCause,
    EndedBy,
    Ending,
    FetchStep,
    LegChange,
)
from trunkline.core.fetching import DocumentFault, Failure, FetchPolicy, HookFailure, HookRequest, RetryOn
from trunkline.core.model import CallHooks, Webhook
from trunkline.dialects.hook_settings import read_policy
from trunkline.dialects.twilio.hooks import CALL_STATUS, DIAL_STATUS, ERROR_CODE, LEG_CHANGE, RULES, TwilioHooks
from trunkline.dialects.twilio.signing import sign

CALL = "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36"
CALL_SID = "CA3e82ae9d2c784d85b1a46eae7dbafb36"
LEG_ID = "00000000-0000-4000-8000-00000000000b"
LEG_SID = "CA0000000000004000800000000000000b"
ACCOUNT = "11111111-2222-4333-8444-555555555555"
ACCOUNT_SID = "AC11111111222243338444555555555555"
HOOK = Webhook("https://app.test/voice")
FACTS = CallFacts(
    id=CALL,
    account_id=ACCOUNT,
    caller="14155550100",
    called="4930123456",
    caller_name=None,
    forwarded_from=None,
    status=CallStatus.RINGING,
    started_at=datetime(2024, 4, 8, 11, 34, 33, tzinfo=UTC),
)
NOW = datetime(2024, 4, 8, 12, 0, tzinfo=UTC)
PLACES = {f"{who}{place}": "" for who in ("From", "Caller", "To", "Called") for place in ("City", "State", "Zip")}
OF_EVERY_CALL = PLACES | {
    "CallSid": CALL_SID,
    "AccountSid": ACCOUNT_SID,
    "CallStatus": "ringing",
    "ApiVersion": "2010-04-01",
    "Direction": "inbound",
    "From": "+14155550100",
    "Caller": "+14155550100",
    "FromCountry": "US",
    "CallerCountry": "US",
    "To": "+4930123456",
    "Called": "+4930123456",
    "ToCountry": "DE",
    "CalledCountry": "DE",
}
PROGRESS = {"Timestamp": "Mon, 08 Apr 2024 12:00:00 +0000", "CallbackSource": "call-progress-events"}


def hooks() -> TwilioHooks:
    return TwilioHooks(ACCOUNT, "token", lambda: "once", lambda: NOW)


def told(request: HookRequest) -> dict[str, str]:
    names = [name for name, _ in request.params]
    assert len(set(names)) == len(names)
    return dict(request.params)


def signature(request: HookRequest) -> str:
    return dict(request.headers)["X-Twilio-Signature"]


# The vendor's SDKs' test vectors, see https://www.twilio.com/docs/usage/webhooks/webhooks-security

TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
PARAMS = (
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
)
REPEATED = (("Sid", "CA123"), ("SidAccount", "AC123"), *(("Digits", digits) for digits in ("5678", "1234", "1234")))
HASH = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"


@pytest.mark.parametrize(
    ("url", "params", "expected"),
    [
        (URL, PARAMS, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (URL, (), "zYQTYrRWXE7LtzbG4PfP7/bkkGo="),
        (URL.replace(".com", ".com:443"), PARAMS, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (URL.replace("https", "http").replace(".com", ".com:80"), PARAMS, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        (URL.replace("https", "http"), PARAMS, "OyGYPqTF6ztdbRNCvuQO/oPvqQ4="),
        (URL.replace("https", "http").replace(".com", ".com:1234"), PARAMS, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        (URL, REPEATED, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
        (f"{URL}&bodySHA256={HASH}", (), "a9nBmqA0ju/hNViExpshrM61xv4="),
    ],
)
def test_signature_vectors(url: str, params: tuple[tuple[str, str], ...], expected: str) -> None:
    assert sign(TOKEN, url, params) == expected
    assert sign(TOKEN, url, params[::-1]) == expected
    assert sign(TOKEN + "6", url, params) != expected


def test_a_post_signs_its_url_without_the_fragment_and_its_form() -> None:
    request = hooks().answer(FACTS, Webhook(" https://app.test/ä b?x=%20#ct=100 "))
    assert request.url == "https://app.test/%C3%A4%20b?x=%20"
    assert signature(request) == sign("token", request.url, request.params)
    assert dict(request.headers)["I-Twilio-Idempotency-Token"] == "once"
    assert request.policy.connect_s == 0.1


@pytest.mark.parametrize(
    ("written", "begin"),
    [
        ("https://app.test/a", "https://app.test/a?CallSid="),
        ("https://app.test/a?", "https://app.test/a?CallSid="),
        ("https://app.test/a?z=1#rc=0", "https://app.test/a?z=1&CallSid="),
        ("https://app.test/a?z=1&", "https://app.test/a?z=1&CallSid="),
    ],
)
def test_a_get_signs_what_the_server_will_see(written: str, begin: str) -> None:
    request = hooks().answer(FACTS, Webhook(written, "GET"))
    assert request.url.startswith(begin)
    assert request.params == ()
    assert dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True)).items() >= OF_EVERY_CALL.items()
    assert signature(request) == sign("token", request.url)


def test_a_name_that_the_url_has_already_is_not_sent_twice() -> None:
    request = hooks().answer(FACTS, Webhook("https://app.test/a?From=x", "GET"))
    names = [name for name, _ in parse_qsl(urlsplit(request.url).query, keep_blank_values=True)]
    assert names.count("From") == 1
    assert "CallSid" in names


@pytest.mark.parametrize(
    ("method", "status", "then"),
    [("POST", 307, "POST"), ("POST", 308, "POST"), ("POST", 301, "GET"), ("POST", 302, "GET"), ("GET", 303, "GET")],
)
def test_a_redirect_has_the_same_parameters_and_its_own_signature(method: str, status: int, then: str) -> None:
    first = hooks().answer(FACTS, Webhook("https://app.test/a#rc=0", method))
    assert first.moved is not None
    moved = first.moved("https://b.test/x?y=1#rc=5", status)
    assert (moved.method, moved.policy) == (then, first.policy)
    assert moved.url.startswith("https://b.test/x?y=1")
    assert signature(moved) == sign("token", moved.url, moved.params)
    sent = dict(moved.params) | dict(parse_qsl(urlsplit(moved.url).query, keep_blank_values=True))
    assert sent == OF_EVERY_CALL | {"y": "1"}
    assert dict(moved.headers)["I-Twilio-Idempotency-Token"] == "once"


def test_parameters_of_every_call() -> None:
    assert told(hooks().answer(FACTS, HOOK)) == OF_EVERY_CALL
    assert told(hooks().redirect(FACTS, HOOK)) == OF_EVERY_CALL


def test_what_is_told_where_it_is_known() -> None:
    call = replace(
        FACTS,
        caller_name="Zoë",
        forwarded_from="4930999999",
        sip_headers=(("To", "<sip:x>"), ("X-A", "1"), ("X-A", "2"), ("X-B", "")),
    )
    more = {"CallerName": "Zoë", "ForwardedFrom": "+4930999999", "SipHeader_X-A": "1", "SipHeader_X-B": ""}
    assert told(hooks().answer(call, HOOK)) == OF_EVERY_CALL | more


def test_which_invite_it_was() -> None:
    call = replace(FACTS, sip_call_id="a84b4c76@gw.example.net", source="203.0.113.7")
    more = {"SipCallId": "a84b4c76@gw.example.net", "SipSourceIp": "203.0.113.7"}
    for request in (hooks().answer(call, HOOK), hooks().redirect(call, HOOK)):
        assert told(request) == OF_EVERY_CALL | more
        assert signature(request) == sign("token", request.url, request.params)


def test_the_call_of_a_trunk() -> None:
    call = replace(FACTS, of_trunk=True)
    assert told(hooks().answer(call, HOOK)) == OF_EVERY_CALL | {"Direction": "trunking-originating"}


@pytest.mark.parametrize(
    ("caller", "shown"),
    [
        ("anonymous", "anonymous"),
        ("100", "100"),
        ("sip:alice12@phones.test", "sip:alice12@phones.test"),
        ("", ""),
        ("١٢٣٤٥٦٧٨٩٠", "١٢٣٤٥٦٧٨٩٠"),
    ],
)
def test_who_is_no_number_calls_as_it_is(caller: str, shown: str) -> None:
    answer = told(hooks().answer(replace(FACTS, caller=caller), HOOK))
    assert (answer["From"], answer["Caller"], answer["FromCountry"]) == (shown, shown, "")
    if caller.startswith("sip:"):
        assert (answer["SipDomain"], answer["SipUsername"]) == ("phones.test", "alice12")


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (Failure("https://app.test/x", FetchStep.ANSWER, HookFailure.STATUS), "11200"),
        (Failure("https://app.test/x", FetchStep.ACTION, HookFailure.NOT_RESOLVED), "11210"),
        (Failure("https://app.test/x", FetchStep.REDIRECT, DocumentFault.MALFORMED), "12100"),
        (Failure("https://app.test/x"), "13750"),
    ],
)
def test_a_fallback_hears_what_failed_wherever_that_was(failure: Failure, code: str) -> None:
    request = hooks().fallback(FACTS, HOOK, failure)
    assert request is not None
    assert told(request) == OF_EVERY_CALL | {"ErrorCode": code, "ErrorUrl": "https://app.test/x"}


def dialled(status: DialStatus, *, leg: str = "", sip: int | None = None, seconds: float = 0.0) -> DialResult:
    cause = EndCause.NORMAL
    return DialResult(status=status, rang=True, cause=cause, leg_id=leg, sip_status=sip, duration_s=seconds)


@pytest.mark.parametrize(
    ("result", "more"),
    [
        (
            dialled(DialStatus.COMPLETED, leg=LEG_ID, sip=200, seconds=1.2),
            {
                "DialCallStatus": "completed",
                "DialBridged": "true",
                "DialCallSid": LEG_SID,
                "DialCallDuration": "2",
                "DialSipResponseCode": "200",
            },
        ),
        (
            dialled(DialStatus.BUSY, sip=486),
            {"DialCallStatus": "busy", "DialBridged": "false", "DialSipResponseCode": "486"},
        ),
        (dialled(DialStatus.TIMEOUT), {"DialCallStatus": "no-answer", "DialBridged": "false"}),
        (dialled(DialStatus.NO_ANSWER), {"DialCallStatus": "no-answer", "DialBridged": "false"}),
        (dialled(DialStatus.CANCELLED), {"DialCallStatus": "canceled", "DialBridged": "false"}),
        (dialled(DialStatus.FAILED), {"DialCallStatus": "failed", "DialBridged": "false"}),
    ],
)
def test_how_a_dial_ended(result: DialResult, more: dict[str, str]) -> None:
    assert told(hooks().dial_action(FACTS, HOOK, result)) == OF_EVERY_CALL | more


def test_the_sip_leg_of_a_dial() -> None:
    result = replace(
        dialled(DialStatus.COMPLETED, leg=LEG_ID, sip=200, seconds=2),
        sip_call_id="out@edge",
        sip_headers=(("X-Queue", "3"), ("X-Queue", "4"), ("X-Agent", "")),
    )
    answer = told(hooks().dial_action(FACTS, HOOK, result))
    more = {"DialSipCallId": "out@edge", "DialSipHeader_X-Queue": "3", "DialSipHeader_X-Agent": ""}
    assert answer.items() >= more.items()
    assert "DialSipCallId" not in told(hooks().dial_action(FACTS, HOOK, dialled(DialStatus.TIMEOUT)))


LEG = DialEvent(
    change=LegChange.INITIATED,
    leg_id=LEG_ID,
    position=2,
    caller="14155550100",
    called="4930123456",
    started_at=FACTS.started_at,
)
OF_EVERY_LEG = OF_EVERY_CALL | PROGRESS | {"CallSid": LEG_SID, "ParentCallSid": CALL_SID, "Direction": "outbound-dial"}
OVER = replace(LEG, change=LegChange.ENDED, ended_at=LEG.started_at + timedelta(seconds=70, milliseconds=1))


@pytest.mark.parametrize(
    ("change", "status", "number"),
    [
        (LegChange.INITIATED, "initiated", "0"),
        (LegChange.RINGING, "ringing", "1"),
        (LegChange.ANSWERED, "in-progress", "2"),
    ],
)
def test_a_leg_on_its_way(change: LegChange, status: str, number: str) -> None:
    request = hooks().dial_event(FACTS, HOOK, replace(LEG, change=change))
    assert told(request) == OF_EVERY_LEG | {"CallStatus": status, "SequenceNumber": number}


def test_a_leg_that_has_ended() -> None:
    event = replace(
        OVER,
        answered_at=LEG.started_at + timedelta(seconds=9),
        ending=Ending(EndedBy.CALLEE, EndCause.NORMAL),
        sip_status=200,
    )
    assert told(hooks().dial_event(FACTS, HOOK, event)) == OF_EVERY_LEG | {
        "CallStatus": "completed",
        "SequenceNumber": "3",
        "CallDuration": "62",
        "Duration": "2",
        "SipResponseCode": "200",
    }


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        (EndCause.BUSY, "busy"),
        (EndCause.NO_ANSWER, "no-answer"),
        (EndCause.RING_TIMEOUT, "no-answer"),
        (EndCause.CANCELLED, "canceled"),
        (EndCause.ANSWERED_ELSEWHERE, "canceled"),
        (EndCause.INVALID_DESTINATION, "failed"),
        (EndCause.REJECTED, "failed"),
    ],
)
def test_a_leg_that_nobody_answered(cause: EndCause, status: str) -> None:
    answer = told(hooks().dial_event(FACTS, HOOK, replace(OVER, ending=Ending(EndedBy.CALLEE, cause))))
    assert (answer["CallStatus"], answer["CallDuration"], answer["Duration"]) == (status, "0", "0")
    assert "SipResponseCode" not in answer


@pytest.mark.parametrize(
    ("called", "shown"), [("alice12", "client:alice12"), ("sip:b@h", "sip:b@h"), ("14155550123", "+14155550123")]
)
def test_how_a_leg_is_named(called: str, shown: str) -> None:
    assert told(hooks().dial_event(FACTS, HOOK, replace(LEG, called=called)))["To"] == shown


def test_the_end_of_a_call() -> None:
    call = replace(
        FACTS,
        status=CallStatus.COMPLETED,
        answered_at=FACTS.started_at,
        ended_at=FACTS.started_at + timedelta(seconds=60),
        ending=Ending(EndedBy.CALLER, EndCause.NORMAL),
        sip_status=200,
    )
    end = {"CallStatus": "completed", "CallDuration": "60", "Duration": "1", "SipResponseCode": "200"}
    assert told(hooks().hangup(call, HOOK)) == OF_EVERY_CALL | PROGRESS | end | {"SequenceNumber": "0"}


@pytest.mark.parametrize(
    ("status", "cause", "shown"),
    [
        (CallStatus.BUSY, EndCause.BUSY, "busy"),
        (CallStatus.FAILED, EndCause.REJECTED, "no-answer"),
        (CallStatus.FAILED, EndCause.UNSUPPORTED, "failed"),
        (CallStatus.TIMEOUT, EndCause.END_OF_DOCUMENT, "no-answer"),
        (CallStatus.CANCELLED, EndCause.CANCELLED, "canceled"),
    ],
)
def test_the_end_of_a_call_that_was_never_answered(status: CallStatus, cause: EndCause, shown: str) -> None:
    call = replace(FACTS, status=status, ended_at=FACTS.started_at, ending=Ending(EndedBy.DOCUMENT, cause))
    answer = told(hooks().hangup(call, HOOK))
    assert (answer["CallStatus"], answer["CallDuration"]) == (shown, "0")


def test_only_the_status_callback_hears_of_the_end() -> None:
    assert hooks().end_hook(CallHooks(answer=HOOK)) is None
    assert hooks().end_hook(CallHooks(answer=Webhook("https://app.test/a"), hangup=HOOK)) is HOOK


def test_tables_are_total() -> None:
    assert set(CALL_STATUS) == set(CallStatus)
    assert set(DIAL_STATUS) == set(DialStatus)
    assert set(LEG_CHANGE) == set(LegChange) - {LegChange.CONNECTED}
    assert set(ERROR_CODE) == {*HookFailure, *DocumentFault, None}
    assert set(CALL_STATUS.values()) == {
        *("ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled")
    }


DEFAULT = FetchPolicy(connect_s=5, read_s=15, total_s=15, retries=1, retry_on=frozenset({RetryOn.CONNECT_TIMEOUT}))


@pytest.mark.parametrize(
    ("fragment", "policy"),
    [
        ("", DEFAULT),
        ("ct=100&rt=100&tt=100&rc=0", replace(DEFAULT, connect_s=0.1, read_s=0.1, total_s=0.1, retries=0)),
        ("ct=10000&rc=5", replace(DEFAULT, connect_s=10, retries=5)),
        ("ct=10001&rt=15001&tt=15001&rc=6", DEFAULT),
        (
            "rc=2&rp=5xx,ct,rt",
            replace(
                DEFAULT,
                retries=2,
                retry_on=frozenset({RetryOn.SERVER_ERROR, RetryOn.CONNECT_TIMEOUT, RetryOn.READ_TIMEOUT}),
            ),
        ),
        ("rp=all&sni=y&e=dublin", replace(DEFAULT, retry_on=frozenset({RetryOn.ANY}))),
        ("rp=ct,xx", DEFAULT),
    ],
)
def test_fragments(fragment: str, policy: FetchPolicy) -> None:
    assert hooks().answer(FACTS, Webhook(f"https://app.test/a#{fragment}")).policy == policy


@given(st.text(max_size=200))
def test_any_fragment_stays_within_the_ranges(fragment: str) -> None:
    policy = read_policy(fragment, RULES)
    assert 0.1 <= policy.connect_s <= 10
    assert 0.1 <= policy.read_s <= 15
    assert 0.1 <= policy.total_s <= 15
    assert 0 <= policy.retries <= 5


@given(st.text(max_size=100), st.sampled_from(["GET", "POST"]), st.text(max_size=100))
def test_any_stored_url_can_be_signed_and_redirected(url: str, method: str, to: str) -> None:
    request = hooks().answer(FACTS, Webhook(url, method))
    assert request.moved is not None
    request.moved(to, 302)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_party_can_be_told(caller: str, called: str) -> None:
    told(hooks().answer(replace(FACTS, caller=caller, called=called), HOOK))


def test_the_token_does_not_show() -> None:
    assert "token" not in repr(hooks()).replace("TwilioHooks", "")
