"""Twilio's request for an incoming message: to ``sms_url``, then to the fallback URL; replies are not sent."""

from __future__ import annotations

from xml.etree.ElementTree import ParseError

from defusedxml.ElementTree import DefusedXMLParser

from trunkline.core.fetching import HookRequest, HookResponse
from trunkline.core.model import Webhook
from trunkline.core.texts import DueText
from trunkline.dialects.twilio import ids
from trunkline.dialects.twilio.hooks import API_VERSION, Params, TwilioHooks

HTTP_RETRIEVAL_FAILURE = "11200"
"""The error code that a fallback URL is told."""
MAX_ELEMENTS = 1000
MIN_E164 = 7
"""Digits from which a caller is taken for an international number and not for a short code."""


def params(text: DueText, account_sid: str) -> Params:
    """Return the parameters of an incoming message."""
    record = text.record
    sid = ids.sid("SM", record.id)
    return (
        ("SmsMessageSid", sid),
        ("NumMedia", "0"),
        ("SmsSid", sid),
        ("SmsStatus", "received"),
        ("Body", text.text),
        ("To", f"+{record.number}"),
        ("NumSegments", str(record.units)),
        ("MessageSid", sid),
        ("AccountSid", account_sid),
        ("From", sender(record.caller)),
        ("ApiVersion", API_VERSION),
    )


def sender(caller: str) -> str:
    """Return who sent a message as Twilio writes it: a number with ``+``, short codes and names as they are."""
    digits = caller.removeprefix("+")
    known = digits.isascii() and digits.isdigit() and len(digits) >= MIN_E164
    return f"+{digits}" if known else caller


def requests(text: DueText, hooks: TwilioHooks, hook: Webhook, fallback: Webhook | None) -> tuple[HookRequest, ...]:
    """Return the requests that deliver a message, in the order to try them."""
    told = params(text, hooks.account_sid)
    first = hooks.request(hook, told)
    if fallback is None:
        return (first,)
    failed = (("ErrorCode", HTTP_RETRIEVAL_FAILURE), ("ErrorUrl", hook.url.partition("#")[0]))
    return first, hooks.request(fallback, told + failed)


def read_reply(response: HookResponse) -> str:
    """Say what an answer asked for that is not done: replies are not sent. "" where it asked for nothing."""
    body = response.body.strip()
    if not body:
        return ""
    if response.content_type.partition(";")[0].strip().lower() == "text/plain":
        return "replies are not sent: the answer was a text"
    counted = _Counted()
    parser = DefusedXMLParser(target=counted, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(body)
        parser.close()
    except (ParseError, ValueError, LookupError):
        return "the answer is not TwiML; it was not looked at any further"
    if counted.replies:
        return f"replies are not sent: the answer has {counted.replies} <Message>"
    return f"not run: the answer has <{counted.other}>" if counted.other else ""


class _Counted:
    """Counts replies in a document and keeps nothing else of it."""

    def __init__(self) -> None:
        self.replies = self._depth = self._seen = 0
        self.other = ""

    def start(self, tag: str, _attributes: dict[str, str], /) -> None:
        """Look at an element; ValueError for too many."""
        self._depth, self._seen = self._depth + 1, self._seen + 1
        if self._seen > MAX_ELEMENTS:
            raise ValueError("too many elements")
        if self._depth == 2 and tag in ("Message", "Sms"):
            self.replies += 1
        elif self._depth == 2:
            self.other = self.other or tag[:32]

    def end(self, _tag: str, /) -> None:
        """Leave an element."""
        self._depth -= 1

    def data(self, _text: str, /) -> None:
        """Ignore texts."""

    def close(self) -> None:
        """Nothing is made."""
