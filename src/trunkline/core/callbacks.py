"""News for users' applications: written in the transaction of the change that it tells, sent after its COMMIT."""

from __future__ import annotations

from trunkline.core.model import Webhook
from trunkline.core.ports import Store
from trunkline.core.regulated import Callback

MAX_WAITING = 1000
"""Callbacks of one account that may wait at once; news beyond that is not kept, since nobody listens."""


def tell(store: Store, account_id: str, hook: Webhook | None, topic: str, **facts: str) -> None:
    """Have an account's application told at ``hook`` (None: nobody asked to be told).

    It is told at least once: a crash between the sending and the note of it sends it again, with the same id.
    """
    if hook is None or store.callbacks.waiting(account_id) >= MAX_WAITING:
        return
    store.callbacks.add(
        Callback(
            id=store.new_id(),
            account_id=account_id,
            dialect="plivo",
            topic=topic,
            hook=hook,
            facts=facts,
            tries=0,
            created_at=store.now(),
        )
    )
