"""Text messages on record, for tests of what is read of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from trunkline.core.texts import Kept, NewText, TextRecord, TextState
from trunkline.store.secrets import Vault
from trunkline.store.texts import TextBox

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TEXT = "what it says"


def record(account_id: str, caller: str, *, name: str = "text-1", number: str = "14155551234") -> TextRecord:
    """Return the record of a message that was accepted."""
    return TextRecord(
        seq=0,
        id=name,
        account_id=account_id,
        number_id="n",
        number=number,
        caller=caller,
        source="203.0.113.7",
        carrier_id=None,
        state=TextState.ACCEPTED,
        verdict="route",
        sip_status=202,
        size=12,
        units=1,
        tries=0,
        accepted_at=AT,
        ended_at=None,
        next_at=AT,
        trace=(("target", "there"),),
    )


def keep(data: Path, *records: TextRecord) -> None:
    """Keep messages as an edge does; they wait, since none delivers them."""

    async def work() -> None:
        box = TextBox(data, Vault(bytes(32)))
        for one in records:
            assert await box.keep(NewText(one, TEXT, one.id)) is Kept.KEPT
        box.close()

    asyncio.run(work())


def keep_text(data: Path, account_id: str, caller: str) -> None:
    """Keep one message of an account."""
    keep(data, record(account_id, caller))
