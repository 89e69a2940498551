"""Requests about a number that somebody else decides: asked by its owner, settled by the operator only."""

from __future__ import annotations

from dataclasses import replace

from trunkline.core.errors import ConflictError, NotFoundError
from trunkline.core.model import EVERYTHING, Actor, Number, NumberDetails, Webhook
from trunkline.core.ports import Store
from trunkline.core.regulated import Filing, FilingKind, FilingState


def is_us_named(number: Number) -> bool:
    """Tell whether a number has a caller name and a reputation: local and toll-free numbers of the US."""
    return number.details.country == "US" and number.details.number_type in ("local", "tollfree")


def file(store: Store, number: Number, kind: FilingKind, subject: str, callback: Webhook | None) -> None:
    """Write a new request; an earlier one of that kind is withdrawn by it."""
    now = store.now()
    store.filings.put(
        Filing(
            number_id=number.id,
            kind=kind,
            subject=subject,
            state=FilingState.PENDING,
            callback=callback,
            created_at=now,
            updated_at=now,
        )
    )


def settle(store: Store, digits: str, kind: FilingKind, state: FilingState) -> tuple[Number, Filing]:
    """Move a pending request to its end and return its number and what it became.

    Raises `NotFoundError` for a number that is not there, `ConflictError` where nothing waits.
    """
    number = store.numbers.get(EVERYTHING, digits)
    if number is None:
        raise NotFoundError(f"no number {digits}")
    filing = store.filings.get(number.id, kind)
    if filing is None or filing.state is not FilingState.PENDING:
        raise ConflictError(f"{digits} has no {kind.value} request that waits")
    settled = replace(filing, state=state, updated_at=store.now())
    store.filings.put(settled)
    return number, settled


def write(store: Store, actor: Actor, number: Number, details: NumberDetails, **logged: object) -> Number:
    """Write a number's changed details, with a line in the change log."""
    changed = replace(number, details=details, updated_at=store.now())
    store.numbers.update(changed)
    store.log.append(actor, changed.owner.id, "update", "number", changed.e164, **logged)
    return changed
