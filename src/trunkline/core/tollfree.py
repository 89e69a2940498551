"""Verification of toll-free numbers that send messages: its states are the operator's to move."""

from __future__ import annotations

from dataclasses import replace

from trunkline.core import filings
from trunkline.core.errors import InvalidError, NotFoundError
from trunkline.core.model import EVERYTHING, Actor, Number
from trunkline.core.ports import Store

STATES = ("unverified", "pending", "verified")
MAX_TEXT = 64


def set_status(
    store: Store,
    actor: Actor,
    digits: str,
    status: str,
    *,
    verification_id: str | None = None,
    order_status: str | None = None,
) -> Number:
    """Say how far a toll-free number's verification is; None leaves the id and the order's word as they are."""
    number = store.numbers.get(EVERYTHING, digits)
    if number is None:
        raise NotFoundError(f"no number {digits}")
    if not (number.sms and number.details.number_type == "tollfree"):
        raise InvalidError(f"{digits} is not a toll-free number that sends messages", field="number")
    if status not in STATES:
        raise InvalidError(f"status is one of {', '.join(STATES)}", field="status")
    if max(len(verification_id or ""), len(order_status or "")) > MAX_TEXT:
        raise InvalidError(f"verification id and order status have at most {MAX_TEXT} characters", field="status")
    details = replace(number.details, toll_free_status=status)
    if verification_id is not None:
        details = replace(details, toll_free_verification_id=verification_id or None)
    if order_status is not None:
        details = replace(details, toll_free_order_status=order_status.upper() or None)
    return filings.write(store, actor, number, details, toll_free=status)
