"""Plivo's side of requests to applications: parameters, fragments, tables, signatures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import urlencode

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
from trunkline.core.fetching import FetchPolicy, HookRequest, RetryOn
from trunkline.core.model import Webhook
from trunkline.dialects.plivo.document import HEARD
from trunkline.dialects.plivo.hooks import (
    CALL_STATUS,
    DIAL_STATUS,
    HANGUP_CAUSE,
    HANGUP_SOURCE,
    LEG_CHANGE,
    PlivoHooks,
    fetch_policy,
    hangup_cause,
    sign_v2,
    sign_v3,
)

# The vendor's SDK fixtures (their test vectors of V3 signatures).
TOKEN = "Y2Q2ZDgxZmY5YWRiOTI5YmQ1Njg0MTAxZWIyOTc4"
NONCE = "31627761595286130198"
URL = "https://plivobin.non-prod.plivops.com/api/v1/validate_signature03.xml"
CALL = "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36"
PARAMS = (
    ("Direction", "outbound"),
    ("From", "19792014278"),
    ("ALegUUID", CALL),
    ("ALegRequestUUID", CALL),
    ("CallUUID", CALL),
    ("RequestUUID", CALL),
    ("CallStatus", "in-progress"),
    ("BillRate", "0.002"),
    ("ParentAuthID", "MANWVLYTK4ZWU1YTY4QA"),
    ("To", "sip:PlivoSignature382029104058171078704104@phone-qa.voice.plivodev.com"),
    ("SIP-H-To", "<sip:PlivoSignature382029104058171078704104@52.9.11.55;transport=udp>;tag=1"),
    ("SessionStart", "2020-04-08 11:34:33.238707"),
    ("Event", "StartApp"),
)


@pytest.mark.parametrize(
    ("method", "url", "signature"),
    [
        ("POST", URL + "/?a=b&c=d", "k7Pusd4OxCIjR5IfA9iedDNu/h/gbdYqdzG/MiYtd1c="),
        ("GET", URL + "/?a=b&c=d", "UBq8jAtd32wR8EK9VgxbBn4n5rpI/l1H9iN4WfSEHFQ="),
        ("POST", URL, "iAjE5QqI37mbkYe4w3jTMudqEzbDufdqi7sYwTu64e0="),
        ("GET", URL, "i/MQsaQSAd6fiKhOh2qeeeLHZ9faldADSb3/7+Akfbc="),
    ],
)
def test_signature_vectors(method: str, url: str, signature: str) -> None:
    assert sign_v3(TOKEN, NONCE, method, url, PARAMS) == signature


def test_signature_small_vector() -> None:
    params = (("To", "15555555555"), ("From", "15551111111"))
    signature = sign_v3("my_auth_token", "12345", "POST", "https://answer.url/x?foo=bar", params)
    assert signature == "kLWTnAqavEpC72R/Coqr/YkHjCJUvrP7YRjGNKoHjkY="


def test_signature_v2_vector() -> None:
    expected = "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc="
    assert sign_v2("my_auth_token", "12345", "https://answer.url") == expected
    assert sign_v2("my_auth_token", "12345", "https://answer.url?dropped=1") == expected


@pytest.mark.parametrize(
    ("written", "same_as"),
    [
        ("https://a.b/c?From=%2B1555&t=a+b", (("From", "+1555"), ("t", "a b"))),
        ("https://a.b/c?e=", (("e", ""),)),
        ("https://a.b/c?x=2&x=1", (("x", "1"), ("x", "2"))),
        ("https://user:secret@a.b/c?x=1", (("x", "1"),)),
    ],
)
def test_a_query_is_signed_decoded_and_sorted(written: str, same_as: tuple[tuple[str, str], ...]) -> None:
    assert sign_v3("t", "n", "GET", written) == sign_v3("t", "n", "GET", "https://a.b/c", same_as)


def test_the_query_wins_and_a_port_is_kept() -> None:
    assert sign_v3("t", "n", "GET", "https://a.b/c?x=1", (("x", "2"),)) == sign_v3("t", "n", "GET", "https://a.b/c?x=1")
    assert sign_v3("t", "n", "GET", "https://a.b:8443/c") != sign_v3("t", "n", "GET", "https://a.b/c")


def test_a_post_without_parameters() -> None:
    assert sign_v3("t", "n", "POST", "https://a.b/c?x=1") == sign_v3("t", "n", "GET", "https://a.b/c?x=1")
    assert sign_v3("t", "n", "POST", "https://a.b/c") == sign_v3("t", "n", "GET", "https://a.b/c")


FACTS = CallFacts(
    id=CALL,
    account_id="acc",
    caller="14155550100",
    called="14155550101",
    caller_name=None,
    forwarded_from=None,
    status=CallStatus.RINGING,
    started_at=datetime(2020, 4, 8, 11, 34, 33, 238707, UTC),
)
HOOK = Webhook("https://app.test/answer")


def hooks(parent: tuple[str, str] | None = None) -> PlivoHooks:
    return PlivoHooks("SAXXXXXXXXXXXXXXXXXX" if parent else "MAXXXXXXXXXXXXXXXXXX", "token", parent, lambda: "nonce1")


def told(request: HookRequest) -> dict[str, str]:
    names = [name for name, _ in request.params]
    assert len(names) == len(set(names))
    return dict(request.params)


OF_EVERY_CALL = {
    "CallUUID": CALL,
    "From": "14155550100",
    "To": "14155550101",
    "CallStatus": "ringing",
    "Direction": "inbound",
    "RequestUUID": CALL,
    "ParentAuthID": "MAXXXXXXXXXXXXXXXXXX",
    "SessionStart": "2020-04-08 11:34:33.238707",
    "CallerName": "14155550100",
    "BillRate": "0.00000",
    "STIRVerification": "Not Applicable",
}


def test_answer_parameters() -> None:
    request = hooks().answer(FACTS, HOOK)
    assert told(request) == OF_EVERY_CALL | {"Event": "StartApp"}
    assert (request.url, request.method, request.policy) == (HOOK.url, "POST", FetchPolicy())


def test_optional_parameters_and_headers() -> None:
    call = replace(
        FACTS,
        caller_name="Alice",
        forwarded_from="14155550199",
        status=CallStatus.IN_PROGRESS,
        started_at=FACTS.started_at.astimezone(timezone(timedelta(hours=5))),
        sip_headers=(
            ("X-PH-Foo", "bar"),
            ("x-ph-Foo2", "b"),
            ("X-Other", "o"),
            ("To", "<sip:1@h>;tag=1"),
            ("To", "no"),
        ),
    )
    expected = OF_EVERY_CALL | {
        "Event": "StartApp",
        "CallStatus": "in-progress",
        "CallerName": "Alice",
        "ForwardedFrom": "14155550199",
        "X-PH-Foo": "bar",
        "X-PH-Foo2": "b",
        "SIP-H-X-Other": "o",
        "SIP-H-To": "<sip:1@h>;tag=1",
    }
    assert told(hooks().answer(call, HOOK)) == expected


def test_redirect_parameters() -> None:
    assert told(hooks().redirect(FACTS, HOOK)) == OF_EVERY_CALL | {"Event": "Redirect"}


def test_dial_action_parameters() -> None:
    result = DialResult(status=DialStatus.CANCELLED, rang=True, cause=EndCause.BUSY, leg_id="leg-b")
    assert told(hooks().dial_action(FACTS, HOOK, result)) == OF_EVERY_CALL | {
        "Event": "DialAction",
        "DialStatus": "cancel",
        "DialRingStatus": "true",
        "DialHangupCause": "USER_BUSY",
        "DialALegUUID": CALL,
        "DialBLegUUID": "leg-b",
    }


def result(status: DialStatus, cause: EndCause, *, rang: bool = True, leg_id: str = "") -> DialResult:
    return DialResult(status=status, cause=cause, rang=rang, leg_id=leg_id)


@pytest.mark.parametrize(
    ("of", "status", "rang", "cause", "leg"),
    [
        (result(DialStatus.COMPLETED, EndCause.NORMAL, leg_id="b"), "completed", "true", "NORMAL_CLEARING", "b"),
        (result(DialStatus.COMPLETED, EndCause.TIME_LIMIT, leg_id="b"), "completed", "true", "ALLOTTED_TIMEOUT", "b"),
        (result(DialStatus.BUSY, EndCause.BUSY, rang=False), "busy", "false", "USER_BUSY", ""),
        (result(DialStatus.FAILED, EndCause.REJECTED), "failed", "true", "CALL_REJECTED", ""),
        (result(DialStatus.FAILED, EndCause.INVALID_DESTINATION), "failed", "true", "UNALLOCATED_NUMBER", ""),
        (result(DialStatus.FAILED, EndCause.DESTINATION_BARRED), "failed", "true", "OUTGOING_CALL_BARRED", ""),
        (result(DialStatus.FAILED, EndCause.OUT_OF_SERVICE), "failed", "true", "DESTINATION_OUT_OF_ORDER", ""),
        (result(DialStatus.NO_ANSWER, EndCause.RING_TIMEOUT), "no-answer", "true", "NO_ANSWER", ""),
        (result(DialStatus.TIMEOUT, EndCause.NO_ANSWER, rang=False), "timeout", "false", "NO_ANSWER", ""),
        (result(DialStatus.CANCELLED, EndCause.CANCELLED), "cancel", "true", "ORIGINATOR_CANCEL", ""),
    ],
)
def test_every_end_of_a_dial(of: DialResult, status: str, rang: str, cause: str, leg: str) -> None:
    answer = told(hooks().dial_action(FACTS, HOOK, of))
    names = ("DialStatus", "DialRingStatus", "DialHangupCause", "DialBLegUUID")
    assert tuple(answer[name] for name in names) == (status, rang, cause, leg)


LEG = DialEvent(
    change=LegChange.ANSWERED,
    leg_id="leg-b",
    position=2,
    caller="14155550100",
    called="4930123456",
    started_at=FACTS.started_at,
)
OF_EVERY_LEG = OF_EVERY_CALL | {
    "DialALegUUID": CALL,
    "DialBLegUUID": "leg-b",
    "DialBLegFrom": "14155550100",
    "DialBLegTo": "4930123456",
    "DialBLegPosition": "2",
    "DialBLegBillRate": "0.00000",
}


@pytest.mark.parametrize(
    ("change", "event", "action"),
    [(LegChange.ANSWERED, "DialAnswer", "answer"), (LegChange.CONNECTED, "DialConnected", "connected")],
)
def test_parameters_of_a_leg_that_answered(change: LegChange, event: str, action: str) -> None:
    request = hooks().dial_event(FACTS, HOOK, replace(LEG, change=change))
    assert told(request) == OF_EVERY_LEG | {"Event": event, "DialAction": action, "DialBLegStatus": action}


ENDED = replace(
    LEG,
    change=LegChange.ENDED,
    ended_at=LEG.started_at + timedelta(seconds=12, milliseconds=1),
    ending=Ending(EndedBy.CALLEE, EndCause.NORMAL),
)


def test_parameters_of_a_leg_that_ended() -> None:
    event = replace(ENDED, answered_at=LEG.started_at + timedelta(seconds=2), called="sip:b@h")
    assert told(hooks().dial_event(FACTS, HOOK, event)) == OF_EVERY_LEG | {
        "Event": "DialHangup",
        "DialAction": "hangup",
        "DialBLegStatus": "hangup",
        "DialBLegTo": "sip:b@h",
        "DialBLegDuration": "11",
        "DialBLegBillDuration": "11",
        "DialBLegTotalCost": "0.00000",
        "DialBLegHangupCause": "NORMAL_CLEARING",
        "DialBLegHangupCauseName": "Normal Hangup",
        "DialBLegHangupCauseCode": "4000",
        "DialBLegHangupSource": "Callee",
        "StartTime": "2020-04-08 11:34:33",
        "AnswerTime": "2020-04-08 11:34:35",
        "EndTime": "2020-04-08 11:34:45",
    }


@pytest.mark.parametrize(
    ("ending", "cause", "code", "source"),
    [
        (Ending(EndedBy.CALLEE, EndCause.BUSY), "USER_BUSY", "3010", "Callee"),
        (Ending(EndedBy.CALLEE, EndCause.REJECTED), "CALL_REJECTED", "3020", "Callee"),
        (Ending(EndedBy.CALLER, EndCause.CANCELLED), "ORIGINATOR_CANCEL", "1000", "Caller"),
        (Ending(EndedBy.PLATFORM, EndCause.RING_TIMEOUT), "NO_ANSWER", "6010", "Plivo"),
        (Ending(EndedBy.PLATFORM, EndCause.ANSWERED_ELSEWHERE), "LOSE_RACE", "9000", "Plivo"),
        (Ending(EndedBy.PLATFORM, EndCause.NO_ANSWER), "NO_ANSWER", "3000", "Plivo"),
        (Ending(EndedBy.PLATFORM, EndCause.TIME_LIMIT), "ALLOTTED_TIMEOUT", "6000", "Plivo"),
        (Ending(EndedBy.DOCUMENT, EndCause.TIME_LIMIT), "ALLOTTED_TIMEOUT", "6000", "Answer XML"),
    ],
)
def test_every_end_of_a_leg(ending: Ending, cause: str, code: str, source: str) -> None:
    answer = told(hooks().dial_event(FACTS, HOOK, replace(ENDED, ending=ending)))
    names = ("DialBLegHangupCause", "DialBLegHangupCauseCode", "DialBLegHangupSource")
    assert tuple(answer[name] for name in names) == (cause, code, source)
    assert (answer["DialBLegDuration"], answer["DialBLegBillDuration"], answer["AnswerTime"]) == ("0", "0", "")


def test_events_of_a_leg_are_signed_and_a_get_has_them_in_its_query() -> None:
    hook = Webhook("https://app.test/heard?mine=1#rc=0", "GET")
    request = hooks().dial_event(FACTS, hook, ENDED)
    whole = f"https://app.test/heard?mine=1&{urlencode(request.params)}"
    assert dict(request.headers)["X-Plivo-Signature-V3"] == sign_v3("token", "nonce1", "GET", whole)
    assert request.policy == replace(FetchPolicy(), retries=0)


def test_hangup_parameters() -> None:
    start = FACTS.started_at
    call = replace(
        FACTS,
        status=CallStatus.COMPLETED,
        answered_at=start + timedelta(seconds=2),
        ended_at=start + timedelta(seconds=12, milliseconds=1),
        ending=Ending(EndedBy.CALLER, EndCause.NORMAL),
    )
    assert told(hooks().hangup(call, HOOK)) == OF_EVERY_CALL | {
        "Event": "Hangup",
        "CallStatus": "completed",
        "Duration": "11",
        "BillDuration": "11",
        "TotalCost": "0.00000",
        "StartTime": "2020-04-08 11:34:33",
        "AnswerTime": "2020-04-08 11:34:35",
        "EndTime": "2020-04-08 11:34:45",
        "HangupCause": "NORMAL_CLEARING",
        "HangupCauseName": "Normal Hangup",
        "HangupCauseCode": "4000",
        "HangupSource": "Caller",
    }


def test_hangup_of_a_call_never_answered() -> None:
    call = replace(FACTS, ended_at=FACTS.started_at, ending=Ending(EndedBy.CALLER, EndCause.CANCELLED))
    answer = told(hooks().hangup(call, HOOK))
    assert (answer["Duration"], answer["AnswerTime"], answer["HangupCauseCode"]) == ("0", "", "1000")


def test_tables_are_total() -> None:
    assert set(HANGUP_CAUSE) == set(EndCause)
    assert set(HANGUP_SOURCE) == set(EndedBy)
    assert set(CALL_STATUS) == set(CallStatus)
    assert set(DIAL_STATUS) == set(DialStatus)
    assert set(LEG_CHANGE) == HEARD
    assert CALL_STATUS[CallStatus.CANCELLED] == DIAL_STATUS[DialStatus.CANCELLED] == "cancel"
    for cause in EndCause:
        for step in FetchStep:
            word, name, code = hangup_cause(Ending(EndedBy.ERROR, cause, step=step))
            assert word
            assert name
            assert code.isdigit()


@pytest.mark.parametrize(
    ("cause", "step", "expected"),
    [
        (EndCause.FETCH_STATUS, FetchStep.ANSWER, ("Error Reaching Answer URL", "7011")),
        (EndCause.FETCH_TIMEOUT, FetchStep.ACTION, ("Error Reaching Action URL", "7012")),
        (EndCause.FETCH_FAILED, FetchStep.REDIRECT, ("Error Reaching Redirect URL", "7014")),
        (EndCause.DOCUMENT_INVALID, FetchStep.ANSWER, ("Invalid Answer XML", "8011")),
        (EndCause.DOCUMENT_INVALID, FetchStep.ACTION, ("Invalid Action XML", "8012")),
        (EndCause.DOCUMENT_INVALID, FetchStep.REDIRECT, ("Invalid Redirect XML", "8014")),
        (EndCause.END_OF_DOCUMENT, FetchStep.REDIRECT, ("End Of XML Instructions", "4010")),
    ],
)
def test_codes_by_step(cause: EndCause, step: FetchStep, expected: tuple[str, str]) -> None:
    assert hangup_cause(Ending(EndedBy.ERROR, cause, step=step))[1:] == expected


def test_headers_of_a_subaccount() -> None:
    request = hooks(("MAPARENTPARENTPARENT", "main-token")).answer(FACTS, HOOK)
    headers = dict(request.headers)
    assert headers["X-Plivo-Signature-V3-Nonce"] == "nonce1"
    assert headers["X-Plivo-Signature-V3"] == sign_v3("token", "nonce1", "POST", HOOK.url, request.params)
    assert headers["X-Plivo-Signature-Ma-V3"] == sign_v3("main-token", "nonce1", "POST", HOOK.url, request.params)
    assert headers["X-Plivo-Signature-V2"] == sign_v2("token", headers["X-Plivo-Signature-V2-Nonce"], HOOK.url)
    assert told(request)["ParentAuthID"] == "MAPARENTPARENTPARENT"


def test_a_main_account_signs_both_with_its_own_token() -> None:
    headers = dict(hooks().answer(FACTS, HOOK).headers)
    assert headers["X-Plivo-Signature-V3"] == headers["X-Plivo-Signature-Ma-V3"]


def test_get_signs_what_the_server_will_see() -> None:
    """A parameter that the URL has too reaches the server twice, and both are signed."""
    request = hooks().answer(FACTS, Webhook("https://app.test/a?From=x&z=1#rc=0", "GET"))
    assert request.url == "https://app.test/a?From=x&z=1"
    seen = f"{request.url}&{urlencode(request.params)}"
    assert dict(request.headers)["X-Plivo-Signature-V3"] == sign_v3("token", "nonce1", "GET", seen)


def test_url_is_escaped_before_it_is_signed() -> None:
    request = hooks().answer(FACTS, Webhook(" https://app.test/ä b?x=%20#ct=100 "))
    assert request.url == "https://app.test/%C3%A4%20b?x=%20"
    assert request.policy.connect_s == 0.1


def test_a_broken_url_does_not_raise_here() -> None:
    assert hooks().answer(FACTS, Webhook("http://[bad")).url == "http://[bad"


DEFAULT = FetchPolicy()


@pytest.mark.parametrize(
    ("fragment", "policy"),
    [
        ("", DEFAULT),
        ("ct=2000&rt=40000&tt=55000&rc=1&rp=ct,rt&er=nearest", DEFAULT),
        ("ct=100&rt=100&tt=100&rc=0", replace(DEFAULT, connect_s=0.1, read_s=0.1, total_s=0.1, retries=0)),
        ("ct=10000&rc=5", replace(DEFAULT, connect_s=10, retries=5)),
        ("ct=99&rt=99&tt=99&rc=6", DEFAULT),
        ("ct=10001&rt=40001&tt=55001&rc=-1", DEFAULT),
        ("ct=1e3&rt=abc&tt=&rc=٣&rp=ct,xx", DEFAULT),
        ("ct=99999999999999999999", DEFAULT),
        ("ct=500&ct=900", replace(DEFAULT, connect_s=0.5)),
        ("rp=4xx,5xx", replace(DEFAULT, retry_on=frozenset({RetryOn.CLIENT_ERROR, RetryOn.SERVER_ERROR}))),
        ("rp=all", replace(DEFAULT, retry_on=frozenset({RetryOn.ANY}))),
        ("rp=rt", replace(DEFAULT, retry_on=frozenset({RetryOn.READ_TIMEOUT}))),
        ("plivo_timeout=5000&x&&=", DEFAULT),
    ],
)
def test_fragments(fragment: str, policy: FetchPolicy) -> None:
    assert fetch_policy(fragment) == policy
    assert hooks().answer(FACTS, Webhook(f"https://app.test/a#{fragment}")).policy == policy


@given(st.text(max_size=200))
def test_any_fragment_stays_within_the_ranges(fragment: str) -> None:
    policy = fetch_policy(fragment)
    assert 0.1 <= policy.connect_s <= 10
    assert 0.1 <= policy.read_s <= 40
    assert 0.1 <= policy.total_s <= 55
    assert 0 <= policy.retries <= 5


@given(st.text(max_size=100), st.sampled_from(["GET", "POST"]))
def test_any_stored_url_can_be_signed(url: str, method: str) -> None:
    hooks().answer(FACTS, Webhook(url, method))


def test_the_token_does_not_show() -> None:
    assert "token" not in repr(hooks()).replace("trunkline", "")
