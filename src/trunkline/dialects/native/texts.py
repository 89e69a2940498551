"""The native API's operation on text messages that carriers sent: what became of them, not what they say."""

from __future__ import annotations

import asyncio
from typing import Annotated

from msgspec import Meta, Struct

from trunkline.core import accounts, e164
from trunkline.core.texts import TextState
from trunkline.dialects.http import Ask
from trunkline.dialects.native import views_texts
from trunkline.dialects.native.requests import Cursor, Limit, Short
from trunkline.dialects.native.rows import Row
from trunkline.store.texts import TextReader


class MessageListQuery(Struct, forbid_unknown_fields=True, frozen=True):
    """A page of text messages, below the cursor ``before``, that match every filter given."""

    limit: Limit = 20
    before: Cursor | None = None
    number: Annotated[Short | None, Meta(description="the called E.164 number, with or without +")] = None
    state: Annotated[TextState | None, Meta(description="what has become of them")] = None


async def list_messages(ask: Ask, query: MessageListQuery) -> views_texts.MessagePage:
    """List text messages that carriers sent, newest first: a hundred thousand records of 30 days at most."""
    scope = ask.caller.scope
    digits = e164.parse(query.number) if query.number else None
    family = await ask.platform.inventory.search(lambda store: accounts.family(store, scope))
    found = await asyncio.to_thread(
        TextReader(ask.platform.inventory.data).page,
        scope,
        family,
        limit=query.limit,
        before=query.before,
        number=digits,
        state=query.state,
    )
    return views_texts.messages(found, query.limit)


ROUTES: tuple[Row, ...] = (
    Row("GET", "/messages", list_messages, query=MessageListQuery, gives=views_texts.MessagePage),
)
