"""The native API's bodies about text messages: a part of `views`, by the same rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from trunkline.core.texts import TextRecord, TextState
from trunkline.dialects.native.views import StepView


class MessageView(Struct, frozen=True):
    """A text message that a carrier sent to a number. Its text is not shown; ``size`` is in bytes, ``units`` SMS parts.

    ``state`` is accepted (it waits for its delivery, ``next_at`` says until when), delivered, failed or refused, the
    latter with the ``verdict`` and ``sip_status`` that the carrier got. ``tries`` counts deliveries.
    """

    id: str
    account_id: str
    number: str
    caller: str
    source: str
    carrier_id: str | None
    state: TextState
    verdict: str
    sip_status: int
    size: int
    units: int
    tries: int
    accepted_at: datetime
    ended_at: datetime | None
    next_at: datetime | None
    trace: list[StepView]


class MessagePage(Struct, frozen=True):
    """Text messages, newest first; ``next`` is the ``before`` of the following page."""

    items: list[MessageView]
    next: int | None


def message(record: TextRecord) -> MessageView:
    """Show a text message."""
    given = {name: getattr(record, name) for name in MessageView.__struct_fields__ if name != "trace"}
    return MessageView(**given, trace=[StepView(part, text) for part, text in record.trace])


def messages(records: Sequence[TextRecord], limit: int) -> MessagePage:
    """Show a page of text messages."""
    return MessagePage([message(r) for r in records], records[-1].seq if len(records) == limit else None)
