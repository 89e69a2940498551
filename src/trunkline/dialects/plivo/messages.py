"""Plivo's request for an incoming message, to ``message_url``; the replies that its answer asks for are not sent.

Source: https://www.plivo.com/docs/messaging/.
"""

from __future__ import annotations

from trunkline.core.fetching import DocumentError, HookRequest, HookResponse
from trunkline.core.model import Webhook
from trunkline.core.texts import DueText
from trunkline.core.verbs import Unsupported
from trunkline.dialects.plivo.document import parse_document
from trunkline.dialects.plivo.hooks import RATE, Params, PlivoHooks


def params(text: DueText) -> Params:
    """Return the parameters of an incoming message; messages are not rated here, so their rates are zero."""
    record = text.record
    return (
        ("From", record.caller.removeprefix("+")),
        ("To", record.number),
        ("Type", "sms"),
        ("Text", text.text),
        ("MessageUUID", record.id),
        ("Units", str(record.units)),
        ("TotalRate", RATE),
        ("TotalAmount", RATE),
    )


def requests(text: DueText, hooks: PlivoHooks, hook: Webhook, fallback: Webhook | None) -> tuple[HookRequest, ...]:
    """Return the requests that deliver a message, in the order to try them; signed V2, and V3 as calls' are."""
    told = params(text)
    return tuple([hooks.news(webhook, told) for webhook in (hook, fallback) if webhook is not None])


def read_reply(response: HookResponse) -> str:
    """Say what an answer asked for that is not done: replies are not sent. "" where it asked for nothing."""
    if not response.body.strip():
        return ""
    try:
        verbs = parse_document(response.body, "").verbs
    except DocumentError as error:
        return f"the answer is no Plivo XML, which is not needed: {error}"
    replies = sum(isinstance(verb, Unsupported) and verb.name == "Message" for verb in verbs)
    if replies:
        return f"replies are not sent: the answer has {replies} <Message>"
    return "not run: only <Message> may answer a message, and replies are not sent" if verbs else ""
