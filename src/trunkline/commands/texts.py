"""`trunkline messages …`: what became of text messages that carriers sent."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime

import msgspec

from trunkline.cli import settings_of
from trunkline.commands.opening import read
from trunkline.commands.printing import BAD, GOOD, WARN, document, plain, table
from trunkline.commands.records import limit_of, number_of, scope_of
from trunkline.core import e164
from trunkline.core.texts import TextRecord, TextState
from trunkline.dialects.native import views_texts
from trunkline.store.texts import TextReader

HEADS = ("TIME (UTC)", "FROM", "NUMBER", "SOURCE", "STATE", "SIP", "BYTES", "UNITS", "TRIES", "LAST", "ID")
_COLOURS = {"delivered": GOOD, "accepted": WARN, "failed": BAD, "refused": BAD}


def show(options: Namespace) -> int:
    """List text messages, newest first; `InvalidError` names the option that is wrong."""
    limit = limit_of(options.limit)
    number = number_of(options.number) if options.number is not None else None
    state = TextState(options.state) if options.state is not None else None
    scope, family = read(options, lambda store: scope_of(store, options.account))
    found = TextReader(settings_of(options).data).page(scope, family, limit=limit, number=number, state=state)
    if options.json:
        document([msgspec.to_builtins(views_texts.message(record)) for record in found])
        return 0
    table(HEADS, [_row(record) for record in found], colours=_COLOURS)
    return 0


def _row(record: TextRecord) -> tuple[object, ...]:
    return (
        _clock(record.accepted_at),
        plain(record.caller),
        e164.printed(record.number),
        record.source,
        record.state.value,
        record.sip_status,
        record.size,
        record.units,
        record.tries,
        plain(record.trace[-1][1]) if record.trace else "",
        record.id,
    )


def _clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
