"""Requests to an application in Twilio's words: parameters, settings in the URL's fragment, X-Twilio-Signature.

Sources: https://www.twilio.com/docs/voice/twiml (parameters of a call), /docs/voice/twiml/dial and its nouns,
/docs/usage/webhooks/webhooks-security (signature) and /docs/usage/webhooks/webhooks-connection-overrides (fragments);
error codes: https://www.twilio.com/docs/api/errors.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from math import ceil
from urllib.parse import parse_qsl, urlencode, urlsplit

from trunkline.core import e164
from trunkline.core.calls import (
    CallFacts,
    CallStatus,
    DialEvent,
    DialResult,
    DialStatus,
    EndCause,
    LegChange,
)
from trunkline.core.fetching import DocumentFault, Failure, FetchPolicy, HookFailure, HookRequest, RetryOn
from trunkline.core.model import CallHooks, Webhook
from trunkline.core.referrals import ReferralResult, ReferralStatus
from trunkline.core.verbs import Document
from trunkline.dialects.hook_settings import PolicyRules, read_policy, split_hook
from trunkline.dialects.twilio import ids
from trunkline.dialects.twilio.document import parse_document
from trunkline.dialects.twilio.signing import sign

Params = tuple[tuple[str, str], ...]

API_VERSION = "2010-04-01"
RULES = PolicyRules(
    FetchPolicy(connect_s=5.0, read_s=15.0, total_s=15.0, retry_on=frozenset({RetryOn.CONNECT_TIMEOUT})),
    {"ct": 10_000, "rt": 15_000, "tt": 15_000},
)

CALL_STATUS: dict[CallStatus, str] = {status: status.value for status in CallStatus} | {
    CallStatus.TIMEOUT: "no-answer",
    CallStatus.CANCELLED: "canceled",
}
DIAL_STATUS: dict[DialStatus, str] = {status: status.value for status in DialStatus} | {
    DialStatus.TIMEOUT: "no-answer",
    DialStatus.CANCELLED: "canceled",
}
# ReferCallStatus; one that is unknown is not told.
REFERRAL_STATUS: dict[ReferralStatus, str] = {status: status.value for status in ReferralStatus} | {
    ReferralStatus.CANCELLED: "canceled",
    ReferralStatus.UNKNOWN: "",
}
# CallStatus of a leg, and its place among the leg's events.
LEG_CHANGE: dict[LegChange, tuple[str, int]] = {
    LegChange.INITIATED: ("initiated", 0),
    LegChange.RINGING: ("ringing", 1),
    LegChange.ANSWERED: ("in-progress", 2),
    LegChange.ENDED: ("completed", 3),
}
# CallStatus of a leg that was never answered; any other cause is "failed".
LEG_CAUSE: dict[EndCause, str] = {
    EndCause.BUSY: "busy",
    EndCause.NO_ANSWER: "no-answer",
    EndCause.RING_TIMEOUT: "no-answer",
    EndCause.CANCELLED: "canceled",
    EndCause.ANSWERED_ELSEWHERE: "canceled",
}
# ErrorCode of the request to the fallback URL, from the vendor's error dictionary.
REFUSED_VERB = "13750"
ERROR_CODE: dict[HookFailure | DocumentFault | None, str] = {
    HookFailure.ADDRESS_REFUSED: "11205",
    HookFailure.NOT_RESOLVED: "11210",
    HookFailure.CONNECT: "11205",
    HookFailure.CONNECT_TIMEOUT: "11201",
    HookFailure.READ_TIMEOUT: "11203",
    HookFailure.TOTAL_TIMEOUT: "11203",
    HookFailure.STATUS: "11200",
    HookFailure.TOO_LARGE: "11750",
    HookFailure.BAD_URL: "11200",
    HookFailure.TOO_MANY_REDIRECTS: "11215",
    DocumentFault.TOO_LARGE: "11750",
    DocumentFault.EMPTY: "11770",
    DocumentFault.MALFORMED: "12100",
    DocumentFault.ROOT: "12102",
    DocumentFault.INVALID: "12200",
    None: REFUSED_VERB,
}
# Facts about places are asked of nobody; the keys are there because applications read them.
_PLACES = ("City", "State", "Zip")
_SEES_OTHER = (301, 302, 303)


def _address(text: str, stranger: str = "") -> str:
    """Return a number with its ``+``; a SIP URI, and what is neither, after ``stranger``."""
    if text.isascii() and text.isdigit():
        return f"+{text}" if e164.is_possible(text) else text
    return text if text.startswith("sip:") else stranger + text


def _seconds(of: CallFacts | DialEvent) -> int:
    if of.answered_at is None or of.ended_at is None:
        return 0
    return max(0, ceil((of.ended_at - of.answered_at).total_seconds()))


def _durations(of: CallFacts | DialEvent) -> Params:
    seconds = _seconds(of)
    told: Params = (("CallDuration", str(seconds)), ("Duration", str(ceil(seconds / 60))))
    return told if of.sip_status is None else (*told, ("SipResponseCode", str(of.sip_status)))


def _parties(caller: str, called: str) -> Params:
    told: list[tuple[str, str]] = []
    for name, number in (("From", caller), ("Caller", caller), ("To", called), ("Called", called)):
        country = e164.country_of(number[1:]) if number.startswith("+") else None
        told += [(name, number), *((name + place, "") for place in _PLACES), (f"{name}Country", country or "")]
    return tuple(told)


def _call_status(call: CallFacts) -> str:
    if call.ending is not None and call.ending.cause is EndCause.REJECTED:
        return "no-answer"
    return CALL_STATUS[call.status]


def _leg_status(leg: DialEvent) -> str:
    if leg.ending is None or leg.answered_at is not None:
        return LEG_CHANGE[leg.change][0]
    return LEG_CAUSE.get(leg.ending.cause, "failed")


def _of_sip(call: CallFacts) -> Params:
    """Return what is told of the INVITE: which it is, its ``X-`` headers, and an endpoint's own address."""
    told: Params = ()
    if call.caller.startswith("sip:"):
        user, _, host = call.caller.removeprefix("sip:").partition("@")
        told = (("SipDomain", host), ("SipUsername", user))
    told += tuple(pair for pair in (("SipCallId", call.sip_call_id), ("SipSourceIp", call.source)) if pair[1])
    return told + _custom("SipHeader_", call.sip_headers)


def _custom(prefix: str, headers: Params) -> Params:
    """Return the ``X-`` headers among these as parameters, the first of a name."""
    told: dict[str, str] = {}
    for name, value in headers:
        if name.lower().startswith("x-"):
            told.setdefault(prefix + name, value)
    return tuple(told.items())


class TwilioHooks:
    """`core.fetching.HookDialect` for one account, whose ``token`` signs.

    ``new_token`` returns a fresh random string each time, ``now`` the time of day, with its zone.
    """

    def __init__(self, account_id: str, token: str, new_token: Callable[[], str], now: Callable[[], datetime]) -> None:
        self.account_sid = ids.sid("AC", account_id)
        self._token = token
        self._new_token = new_token
        self._now = now

    def answer(self, call: CallFacts, hook: Webhook) -> HookRequest:
        """Build the request to the VoiceUrl."""
        return self.request(hook, self._of_call(call))

    def fallback(self, call: CallFacts, hook: Webhook, failure: Failure) -> HookRequest | None:
        """Build the request to the VoiceFallbackUrl, which hears what failed, at whichever document of the call."""
        told = (("ErrorCode", ERROR_CODE[failure.why]), ("ErrorUrl", failure.url))
        return self.request(hook, (*self._of_call(call), *told))

    def redirect(self, call: CallFacts, hook: Webhook) -> HookRequest:
        """Build the request of a Redirect."""
        return self.request(hook, self._of_call(call))

    def dial_action(self, call: CallFacts, hook: Webhook, result: DialResult) -> HookRequest:
        """Build the request of a Dial's action: how the dial ended; of its leg only where one was answered."""
        done = result.status is DialStatus.COMPLETED
        told = [("DialCallStatus", DIAL_STATUS[result.status]), ("DialBridged", "true" if done else "false")]
        if result.leg_id:
            told.append(("DialCallSid", ids.sid("CA", result.leg_id)))
        if done:
            told.append(("DialCallDuration", str(ceil(result.duration_s))))
        if result.sip_status is not None:
            told.append(("DialSipResponseCode", str(result.sip_status)))
        if result.sip_call_id:
            told.append(("DialSipCallId", result.sip_call_id))
        told += _custom("DialSipHeader_", result.sip_headers)
        return self.request(hook, (*self._of_call(call), *told))

    def refer_action(self, call: CallFacts, hook: Webhook, result: ReferralResult) -> HookRequest:
        """Build the request of a Refer's action: what is known of the caller's own call to the target, and no more."""
        known = (
            ("ReferCallStatus", REFERRAL_STATUS[result.status]),
            ("ReferSipResponseCode", result.refer_status),
            ("NotifySipResponseCode", result.notify_status),
        )
        return self.request(hook, (*self._of_call(call), *((name, str(value)) for name, value in known if value)))

    def dial_event(self, call: CallFacts, hook: Webhook, event: DialEvent) -> HookRequest:
        """Build the request to the statusCallback of a Dial's noun: the leg is a call of its own."""
        told: Params = (
            ("CallSid", ids.sid("CA", event.leg_id)),
            ("ParentCallSid", ids.sid("CA", call.id)),
            ("AccountSid", self.account_sid),
            ("CallStatus", _leg_status(event)),
            ("ApiVersion", API_VERSION),
            ("Direction", "outbound-dial"),
            *_parties(_address(event.caller), _address(event.called, "client:")),
            *self._progress(LEG_CHANGE[event.change][1]),
        )
        return self.request(hook, told if event.ending is None else (*told, *_durations(event)))

    def end_hook(self, hooks: CallHooks) -> Webhook | None:
        """Return the StatusCallback."""
        return hooks.hangup

    def hangup(self, call: CallFacts, hook: Webhook) -> HookRequest:
        """Build the request to the StatusCallback, the only one: the call has ended."""
        return self.request(hook, (*self._of_call(call), *_durations(call), *self._progress(0)))

    def parse(self, body: bytes, base_url: str) -> Document:
        """Read TwiML; see `document.parse_document`. Raises `core.fetching.DocumentError`."""
        return parse_document(body, base_url)

    def _of_call(self, call: CallFacts) -> Params:
        told: Params = (
            ("CallSid", ids.sid("CA", call.id)),
            ("AccountSid", self.account_sid),
            ("CallStatus", _call_status(call)),
            ("ApiVersion", API_VERSION),
            ("Direction", "trunking-originating" if call.of_trunk else "inbound"),
            *_parties(_address(call.caller), _address(call.called)),
        )
        if call.forwarded_from:
            told += (("ForwardedFrom", _address(call.forwarded_from)),)
        if call.caller_name:
            told += (("CallerName", call.caller_name),)
        return told + _of_sip(call)

    def _progress(self, number: int) -> Params:
        return (
            ("Timestamp", format_datetime(self._now())),
            ("CallbackSource", "call-progress-events"),
            ("SequenceNumber", str(number)),
        )

    def request(self, hook: Webhook, params: Params) -> HookRequest:
        """Return a signed request to a hook, with the settings of its fragment."""
        url, fragment = split_hook(hook)
        return self._signed(url, hook.method, params, read_policy(fragment, RULES), self._new_token())

    def _signed(self, url: str, method: str, params: Params, policy: FetchPolicy, once: str) -> HookRequest:
        """Build a request; a GET has its parameters in the URL itself, which is what is signed.

        Where a redirect leads is asked with the same parameters, signed anew; 307 and 308 keep the method (RFC 9110
        §15.4).
        """

        def moved(to: str, status: int) -> HookRequest:
            whither, _ = split_hook(Webhook(to))
            return self._signed(whither, "GET" if status in _SEES_OTHER else method, params, policy, once)

        form = params
        if method == "GET":
            url, form = _with_query(url, params), ()
        headers = (("X-Twilio-Signature", sign(self._token, url, form)), ("I-Twilio-Idempotency-Token", once))
        return HookRequest(url=url, method=method, params=form, headers=headers, policy=policy, moved=moved)


def _with_query(url: str, params: Params) -> str:
    """Add parameters to a URL; one that its query has already stays as it is there: no key is sent twice."""
    try:
        query = urlsplit(url).query
    except ValueError:  # brackets without an IPv6 address: the client refuses to send it
        return url
    there = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    added = urlencode([pair for pair in params if pair[0] not in there])
    if not added:
        return url
    joint = "" if url.endswith(("?", "&")) else "&" if "?" in url else "?"
    return url + joint + added
