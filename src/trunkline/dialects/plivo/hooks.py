"""Requests to an application in Plivo's words: parameters, callback settings in the URL's fragment, signatures.

Sources: parameters https://docs.plivo.com/docs/voice/xml/request and /docs/voice/xml/dial; causes and sources
https://docs.plivo.com/docs/voice/troubleshooting/hangup-causes.md; fragments
https://docs.plivo.com/docs/voice/concepts/callback-configurations; signatures: the vendor's SDKs, which its prose
does not match; test vectors are those of its SDKs.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from math import ceil
from urllib.parse import parse_qsl, urlencode, urlsplit

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
from trunkline.core.fetching import Failure, FetchPolicy, HookRequest
from trunkline.core.model import CallHooks, Webhook
from trunkline.core.referrals import ReferralResult
from trunkline.core.verbs import Document
from trunkline.dialects.hook_settings import PolicyRules, read_policy, split_hook
from trunkline.dialects.plivo.document import parse_document

Params = tuple[tuple[str, str], ...]

# Calls are not rated here: the keys are there because applications read them.
RATE = "0.00000"
# This build does not verify RFC 8224 identities; of Plivo's three values this is the one that claims nothing.
STIR_VERIFICATION = "Not Applicable"
# Headers of the INVITE that are passed on, at most; the SIP edge has caps of its own on the message.
MAX_HEADERS = 50

CALL_STATUS: dict[CallStatus, str] = {status: status.value for status in CallStatus} | {CallStatus.CANCELLED: "cancel"}
DIAL_STATUS: dict[DialStatus, str] = {status: status.value for status in DialStatus} | {DialStatus.CANCELLED: "cancel"}
HANGUP_SOURCE: dict[EndedBy, str] = {
    EndedBy.CALLER: "Caller",
    EndedBy.CALLEE: "Callee",
    EndedBy.DOCUMENT: "Answer XML",
    EndedBy.CARRIER: "Carrier",
    EndedBy.PLATFORM: "Plivo",
    EndedBy.ERROR: "Error",
}
# Event, and DialAction and DialBLegStatus, of the requests to a Dial's callbackUrl.
LEG_CHANGE: dict[LegChange, tuple[str, str]] = {
    LegChange.ANSWERED: ("DialAnswer", "answer"),
    LegChange.CONNECTED: ("DialConnected", "connected"),
    LegChange.ENDED: ("DialHangup", "hangup"),
}
# HangupCause is FreeSWITCH's word for the cause, HangupCauseName and HangupCauseCode are of Plivo's published table.
HANGUP_CAUSE: dict[EndCause, tuple[str, str, str]] = {
    EndCause.NORMAL: ("NORMAL_CLEARING", "Normal Hangup", "4000"),
    EndCause.END_OF_DOCUMENT: ("NORMAL_CLEARING", "End Of XML Instructions", "4010"),
    EndCause.CANCELLED: ("ORIGINATOR_CANCEL", "Canceled", "1000"),
    EndCause.REJECTED: ("CALL_REJECTED", "Rejected", "3020"),
    EndCause.BUSY: ("USER_BUSY", "Busy Line", "3010"),
    EndCause.NO_ANSWER: ("NO_ANSWER", "No Answer", "3000"),
    EndCause.TIME_LIMIT: ("ALLOTTED_TIMEOUT", "Scheduled Hangup", "6000"),
    EndCause.RING_TIMEOUT: ("NO_ANSWER", "Ring Timeout Reached", "6010"),
    EndCause.ANSWERED_ELSEWHERE: ("LOSE_RACE", "Lost Race", "9000"),
    EndCause.INVALID_DESTINATION: ("UNALLOCATED_NUMBER", "Invalid Destination Address", "2000"),
    EndCause.OUT_OF_SERVICE: ("DESTINATION_OUT_OF_ORDER", "Destination Out Of Service", "2010"),
    EndCause.NOT_REGISTERED: ("USER_NOT_REGISTERED", "Endpoint Not Registered", "2020"),
    EndCause.DESTINATION_BARRED: ("OUTGOING_CALL_BARRED", "Destination Number Barred", "2040"),
    EndCause.LOOP: ("EXCHANGE_ROUTING_ERROR", "Loop Detected", "2060"),
    EndCause.FETCH_TIMEOUT: ("NORMAL_TEMPORARY_FAILURE", "Error Reaching Answer URL", "7011"),
    EndCause.FETCH_FAILED: ("NORMAL_TEMPORARY_FAILURE", "Error Reaching Answer URL", "7011"),
    EndCause.FETCH_STATUS: ("NORMAL_TEMPORARY_FAILURE", "Error Reaching Answer URL", "7011"),
    EndCause.DOCUMENT_INVALID: ("NORMAL_TEMPORARY_FAILURE", "Invalid Answer XML", "8011"),
    EndCause.UNSUPPORTED: ("INCOMPATIBLE_DESTINATION", "Internal Error", "5010"),
    EndCause.FAILED: ("NORMAL_TEMPORARY_FAILURE", "Internal Error", "5010"),
}
# Codes 70x1 and 80x1 are of the answer URL; the last digit and the word tell the other URLs.
_STEP_WORD = {
    FetchStep.ANSWER: ("Answer", "1"),
    FetchStep.ACTION: ("Action", "2"),
    FetchStep.REDIRECT: ("Redirect", "4"),
}
_STEP_CODES = ("7011", "8011")


def hangup_cause(ending: Ending) -> tuple[str, str, str]:
    """Return (HangupCause, HangupCauseName, HangupCauseCode) of an ending; total over causes and steps."""
    cause, name, code = HANGUP_CAUSE[ending.cause]
    if code in _STEP_CODES:
        word, digit = _STEP_WORD[ending.step]
        return cause, name.replace("Answer", word), code[:-1] + digit
    return cause, name, code


RULES = PolicyRules(FetchPolicy(), {"ct": 10_000, "rt": 40_000, "tt": 55_000})


def fetch_policy(fragment: str) -> FetchPolicy:
    """Read callback settings by Plivo's rules; ``er`` (which edge sends the request: there is one) changes nothing."""
    return read_policy(fragment, RULES)


def _root(url: str) -> tuple[str, Params]:
    """Split a URL into scheme://host[:port]/path as written, without user info, and its decoded query."""
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets without an IPv6 address: the client refuses to send it
        return url, ()
    root = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return root, tuple(parse_qsl(parts.query, keep_blank_values=True))


def _mac(token: str, text: str) -> str:
    return b64encode(hmac.digest(token.encode(), text.encode(), hashlib.sha256)).decode()


def sign_v3(token: str, nonce: str, method: str, url: str, params: Params = ()) -> str:
    """Return X-Plivo-Signature-V3: ``url`` without fragment, ``params`` of the form (or to be added by GET).

    Base64 of HMAC-SHA256 over ``base.nonce`` (contract section 7.6): a GET signs parameters and query as one sorted
    query, where the query wins; a POST signs ``root?query.k1v1k2v2``. All values are decoded, and sorted by key in
    ASCII order, those of a repeated key among themselves.
    """
    root, query = _root(url)
    if method == "GET":
        taken = {key for key, _ in query}
        query += tuple(pair for pair in params if pair[0] not in taken)
        params = ()
    base = root
    if query or params:
        base += "?" + "&".join(f"{key}={value}" for key, value in sorted(query))
    if params:
        base += ("." if query else "") + "".join(f"{key}{value}" for key, value in sorted(params))
    return _mac(token, f"{base}.{nonce}")


def sign_v2(token: str, nonce: str, url: str) -> str:
    """Return X-Plivo-Signature-V2: the same MAC over the URL without its query, followed by the nonce."""
    return _mac(token, _root(url)[0] + nonce)


def _stamp(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def _seconds(of: CallFacts | DialEvent) -> str:
    """Return the answered time in whole seconds, rounded up; 0 for a call or a leg that was never answered."""
    if of.answered_at is None or of.ended_at is None:
        return "0"
    return str(max(0, ceil((of.ended_at - of.answered_at).total_seconds())))


def _times(of: CallFacts | DialEvent) -> Params:
    return (
        ("StartTime", _stamp(of.started_at)),
        ("AnswerTime", _stamp(of.answered_at)),
        ("EndTime", _stamp(of.ended_at)),
    )


def _end_of_leg(leg: DialEvent, ending: Ending) -> Params:
    cause, name, code = hangup_cause(ending)
    return (
        ("DialBLegDuration", _seconds(leg)),
        ("DialBLegBillDuration", _seconds(leg)),
        ("DialBLegTotalCost", RATE),
        ("DialBLegHangupCause", cause),
        ("DialBLegHangupCauseName", name),
        ("DialBLegHangupCauseCode", code),
        ("DialBLegHangupSource", HANGUP_SOURCE[ending.by]),
    )


def _header_params(headers: Params) -> Params:
    """``X-PH-Foo`` keeps its name, every other header becomes ``SIP-H-<name>``; the first of a name counts."""
    named: dict[str, str] = {}
    for name, value in headers[:MAX_HEADERS]:
        named.setdefault("X-PH-" + name[5:] if name.lower().startswith("x-ph-") else f"SIP-H-{name}", value)
    return tuple(named.items())


class PlivoHooks:
    """`core.fetching.HookDialect` for one account.

    ``parent`` is the main account's (auth_id, auth_token) when this one is a subaccount: its token signs
    X-Plivo-Signature-Ma-V3, its auth_id is told as ParentAuthID. ``new_nonce`` returns a fresh random string each time.
    """

    def __init__(
        self, auth_id: str, auth_token: str, parent: tuple[str, str] | None, new_nonce: Callable[[], str]
    ) -> None:
        self._token = auth_token
        self._main_id, self._main_token = parent or (auth_id, auth_token)
        self._new_nonce = new_nonce

    def answer(self, call: CallFacts, hook: Webhook) -> HookRequest:
        """Build the request for the first document: Event=StartApp."""
        return self._request(hook, (*self._of_call(call), ("Event", "StartApp")))

    def fallback(self, call: CallFacts, hook: Webhook, failure: Failure) -> HookRequest | None:
        """Build the request to the fallback URL, like the first; it is for the answer URL only."""
        return self.answer(call, hook) if failure.step is FetchStep.ANSWER else None

    def end_hook(self, hooks: CallHooks) -> Webhook | None:
        """Return the hangup URL, else the answer URL."""
        return hooks.hangup or hooks.answer

    def redirect(self, call: CallFacts, hook: Webhook) -> HookRequest:
        """Build the request of a Redirect: Event=Redirect."""
        return self._request(hook, (*self._of_call(call), ("Event", "Redirect")))

    def dial_action(self, call: CallFacts, hook: Webhook, result: DialResult) -> HookRequest:
        """Build the request of a Dial's action: Event=DialAction, how the dial ended and its two legs."""
        told = (
            ("Event", "DialAction"),
            ("DialStatus", DIAL_STATUS[result.status]),
            ("DialRingStatus", "true" if result.rang else "false"),
            ("DialHangupCause", HANGUP_CAUSE[result.cause][0]),
            ("DialALegUUID", call.id),
            ("DialBLegUUID", result.leg_id),
        )
        return self._request(hook, (*self._of_call(call), *told))

    def refer_action(self, call: CallFacts, hook: Webhook, result: ReferralResult) -> HookRequest:  # noqa: ARG002
        """Build what a Redirect asks: Plivo XML has no verb for a REFER, so nothing is documented, and nobody asks."""
        return self.redirect(call, hook)

    def dial_event(self, call: CallFacts, hook: Webhook, event: DialEvent) -> HookRequest:
        """Build the request to a Dial's callbackUrl: Event=DialAnswer, DialConnected or DialHangup, and the leg."""
        name, action = LEG_CHANGE[event.change]
        told: Params = (
            ("Event", name),
            ("DialAction", action),
            ("DialBLegStatus", action),
            ("DialALegUUID", call.id),
            ("DialBLegUUID", event.leg_id),
            ("DialBLegFrom", event.caller),
            ("DialBLegTo", event.called),
            ("DialBLegPosition", str(event.position)),
            ("DialBLegBillRate", RATE),
        )
        if event.ending is not None:
            told += (*_end_of_leg(event, event.ending), *_times(event))
        return self._request(hook, (*self._of_call(call), *told))

    def hangup(self, call: CallFacts, hook: Webhook) -> HookRequest:
        """Build the request that tells the end of the call: Event=Hangup, times, cause and source."""
        ending = call.ending or Ending(EndedBy.PLATFORM, EndCause.NORMAL)
        cause, name, code = hangup_cause(ending)
        told = (
            ("Event", "Hangup"),
            ("Duration", _seconds(call)),
            ("BillDuration", _seconds(call)),
            ("TotalCost", RATE),
            *_times(call),
            ("HangupCause", cause),
            ("HangupCauseName", name),
            ("HangupCauseCode", code),
            ("HangupSource", HANGUP_SOURCE[ending.by]),
        )
        return self._request(hook, (*self._of_call(call), *told))

    def news(self, hook: Webhook, params: Params) -> HookRequest:
        """Build the request of a callback that belongs to no call."""
        return self._request(hook, params)

    def parse(self, body: bytes, base_url: str) -> Document:
        """Read Plivo XML; see `document.parse_document`. Raises `core.fetching.DocumentError`."""
        return parse_document(body, base_url)

    def _of_call(self, call: CallFacts) -> Params:
        told = (
            ("CallUUID", call.id),
            ("From", call.caller),
            ("To", call.called),
            ("CallStatus", CALL_STATUS[call.status]),
            ("Direction", "inbound"),
            ("RequestUUID", call.id),
            ("ParentAuthID", self._main_id),
            ("SessionStart", call.started_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")),
            ("CallerName", call.caller_name or call.caller),
            ("BillRate", RATE),
            ("STIRVerification", STIR_VERIFICATION),
        )
        forwarded = (("ForwardedFrom", call.forwarded_from),) if call.forwarded_from else ()
        return (*told, *forwarded, *_header_params(call.sip_headers))

    def _request(self, hook: Webhook, params: Params) -> HookRequest:
        url, fragment = split_hook(hook)
        nonce = self._new_nonce()
        signed_url, signed = url, params
        if hook.method == "GET":  # the server sees the parameters in the query, beside what stands there already
            signed_url, signed = f"{url}{'&' if '?' in url else '?'}{urlencode(params)}", ()
        headers = (
            ("X-Plivo-Signature-V3", sign_v3(self._token, nonce, hook.method, signed_url, signed)),
            ("X-Plivo-Signature-Ma-V3", sign_v3(self._main_token, nonce, hook.method, signed_url, signed)),
            ("X-Plivo-Signature-V3-Nonce", nonce),
            ("X-Plivo-Signature-V2", sign_v2(self._token, nonce, url)),
            ("X-Plivo-Signature-Ma-V2", sign_v2(self._main_token, nonce, url)),
            ("X-Plivo-Signature-V2-Nonce", nonce),
        )
        return HookRequest(url=url, method=hook.method, params=params, headers=headers, policy=fetch_policy(fragment))
