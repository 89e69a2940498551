"""Caller names of US numbers (CNAM): looked up for incoming calls, registered for outgoing ones."""

from __future__ import annotations

from dataclasses import replace

from trunkline.core import callbacks, filings
from trunkline.core.errors import InvalidError
from trunkline.core.model import Actor, Number, Webhook
from trunkline.core.ports import Store
from trunkline.core.regulated import FilingKind, FilingState

MAX_CNAM = 15
"""Characters of a caller name: what the US networks' name databases hold."""


def set_lookup(store: Store, actor: Actor, number: Number, *, enabled: bool) -> Number:
    """Switch the look-up of callers' names on or off; `InvalidError` where it is null, see `numbers`."""
    if number.details.country != "US" or number.details.number_type not in ("local", "tollfree"):
        raise InvalidError("cnam_lookup is for US local and toll-free numbers only", field="cnam_lookup")
    if number.details.cnam_lookup == enabled:
        return number
    return filings.write(store, actor, number, replace(number.details, cnam_lookup=enabled), cnam_lookup=enabled)


def request(store: Store, actor: Actor, number: Number, cnam: str, callback: Webhook | None) -> Number:
    """Ask for a caller name; the number's name changes when the operator confirms it. Empty takes the name away.

    A name that waits is replaced; one that the number has is not asked for again.
    """
    if number.details.country != "US":
        raise InvalidError("cnam is for US numbers only", field="cnam")
    cnam = cnam.strip()
    if len(cnam) > MAX_CNAM or not all(" " <= char <= "~" for char in cnam):
        raise InvalidError(f"cnam has at most {MAX_CNAM} printable ASCII characters", field="cnam")
    if not cnam or cnam == number.details.cnam:
        store.filings.drop(number.id, FilingKind.CNAM)
        if cnam or number.details.cnam is None:
            return number
        return filings.write(store, actor, number, replace(number.details, cnam=None), cnam=None)
    filings.file(store, number, FilingKind.CNAM, cnam, callback)
    store.log.append(actor, number.owner.id, "request", "cnam", number.e164, cnam=cnam)
    return number


def settle(store: Store, actor: Actor, digits: str, *, confirmed: bool) -> Number:
    """Confirm a requested caller name, or refuse it: the operator's word. A refused one leaves the old name."""
    state = FilingState.DONE if confirmed else FilingState.FAILED
    number, filing = filings.settle(store, digits, FilingKind.CNAM, state)
    details = replace(number.details, cnam=filing.subject) if confirmed else number.details
    number = filings.write(store, actor, number, details, cnam=filing.subject, confirmed=confirmed)
    outcome = "success" if confirmed else "failed"
    facts = {"number": number.e164, "cnam": filing.subject, "outcome": outcome}
    callbacks.tell(store, number.owner.id, filing.callback, "cnam", **facts)
    return number
