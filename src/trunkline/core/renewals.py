"""Renewals: the day on which a number's next month begins moves on by itself."""

from __future__ import annotations

from dataclasses import replace

from trunkline.core.accounts import operator
from trunkline.core.ports import Store
from trunkline.core.rates import renewal

MAX_AT_ONCE = 500
"""Numbers of one transaction, so that nobody else's write waits long."""


def renew(store: Store) -> int:
    """Move the renewal of numbers whose day has come to their next one; returns how many, at most `MAX_AT_ONCE`."""
    today, actor = store.now().date(), operator("renewals")
    due = store.numbers.due(today, MAX_AT_ONCE)
    for number in due:
        following = renewal(number.added_at.date(), today)
        store.numbers.update(replace(number, details=replace(number.details, renewal_on=following)))
        store.log.append(actor, number.owner.id, "renew", "number", number.e164, until=following.isoformat())
    return len(due)
