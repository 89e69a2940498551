"""`trunkline calls …`: what was kept of calls, answered or refused."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from trunkline.cli import settings_of
from trunkline.commands.opening import read
from trunkline.commands.printing import document, plain, table
from trunkline.core import accounts, e164, emergency, pcap
from trunkline.core.errors import InvalidError, NotFoundError, TrunklineError, UnknownReferenceError
from trunkline.core.model import EVERYTHING, Scope
from trunkline.core.ports import Store
from trunkline.core.records import CallRecord
from trunkline.core.routing import Verdict
from trunkline.dialects.native import views
from trunkline.dialects.native.sheet import sheet
from trunkline.store.calls import CallReader

MAX_LISTED = 10_000
"""Calls that one `calls list` prints at most; ``--until`` goes on below them."""

MAX_SHOWN = 64
"""Characters of a wrong value that are shown back."""

HEADS = ("TIME (UTC)", "FROM", "NUMBER", "SOURCE", "VERDICT", "SIP", "TALKED (S)", "ENDED BY", "ID")
ARROWS = {"in": "-->", "out": "<--"}
"""Trunkline is at the right: what comes in points to it, on either leg."""


def show_all(options: Namespace) -> int:
    """List calls, newest first; `InvalidError` names the option that is wrong."""
    found = _found(options)
    if options.csv:
        sys.stdout.write(sheet(found, end="\n"))
    elif options.json:
        document([msgspec.to_builtins(views.call(record)) for record in found])
    else:
        table(HEADS, [_row(record) for record in found])
    return 0


def _found(options: Namespace) -> list[CallRecord]:
    limit = limit_of(options.limit)
    number = number_of(options.number) if options.number is not None else None
    verdict = _verdict(options.verdict) if options.verdict is not None else None
    since, until = _time(options.since, "--since"), _time(options.until, "--until")
    if since is not None and until is not None and since >= until:
        raise InvalidError("--since is not before --until")
    scope, family = read(options, lambda store: scope_of(store, options.account))
    page = _reader(options).page(scope, family, limit=limit, number=number, verdict=verdict, since=since, until=until)
    return [record for _, record in page]


def limit_of(text: str) -> int:
    """Return the number of ``--limit``. Raises `InvalidError`."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_LISTED)) and 1 <= int(text) <= MAX_LISTED):
        raise InvalidError(f"--limit is a whole number from 1 to {MAX_LISTED}, not {text[:MAX_SHOWN]!r}")
    return int(text)


def number_of(text: str) -> str:
    """Return the digits of ``--number``. Raises `InvalidError`."""
    try:
        return emergency.number_of_call(text)
    except InvalidError as error:
        raise InvalidError(f"--number: {error.message}.", advice=error.advice) from None


def _verdict(text: str) -> Verdict:
    try:
        return Verdict(text)
    except ValueError:
        known = ", ".join(sorted(Verdict))
        raise InvalidError(f"--verdict is one of {known}; not {text[:MAX_SHOWN]!r}") from None


def _time(text: str | None, option: str) -> datetime | None:
    """Return a time of ISO 8601, a date's midnight; without an offset it is UTC."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidError(
            f"{option} is a time of ISO 8601 like 2026-05-31T12:00:00Z, not {text[:MAX_SHOWN]!r}"
        ) from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def one_of(store: Store, account: str | None) -> Scope:
    """Return the scope of one account, everything for None; `UnknownReferenceError` for no account."""
    if account is None:
        return EVERYTHING
    if not account.isprintable() or store.accounts.get(account) is None:
        raise UnknownReferenceError(
            f"--account {account[:MAX_SHOWN]!r} is no account", advice="`trunkline accounts list` shows them."
        )
    return Scope(account)


def scope_of(store: Store, account: str | None) -> tuple[Scope, list[str]]:
    """Return what to look at and the account ids that it covers; `UnknownReferenceError` for no account."""
    scope = one_of(store, account)
    if account is None:
        return scope, []
    scope = replace(scope, include_children=True)
    return scope, accounts.family(store, scope)


def _reader(options: Namespace) -> CallReader:
    return CallReader(settings_of(options).data)


def _row(record: CallRecord) -> tuple[object, ...]:
    return (
        _clock(record.started_at),
        plain(record.caller),
        _number(record),
        record.source,
        record.verdict,
        record.sip_status,
        _talked(record),
        record.ended_by,
        record.id,
    )


def _number(record: CallRecord) -> str:
    """Return what was called: ``+`` and the digits of a number, anything else (911) as it was dialled."""
    is_number = record.number.isdigit() and e164.is_possible(record.number)
    return e164.printed(record.number) if is_number else plain(record.number)


def _clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _talked(record: CallRecord) -> str:
    """Return seconds from answer to end, to a tenth; empty for a call that was not answered."""
    if record.answered_at is None:
        return ""
    return f"{max(0.0, (record.ended_at - record.answered_at).total_seconds()):.1f}"


def show(options: Namespace) -> int:
    """Show one call's facts and trace; `NotFoundError` for an id that no call has."""
    record, names = _one(options)
    if options.json:
        document(msgspec.to_builtins(views.call_detail(record)))
        return 0
    print(f"call {record.id}")
    _pairs(_facts(record, names))
    print("trace")
    _pairs([(part, text) for part, text in record.trace])
    return 0


class Names(NamedTuple):
    """How a person knows the owner and the carrier of a call; their ids where they are gone."""

    account: str
    carrier: str


def _one(options: Namespace) -> tuple[CallRecord, Names]:
    reader = _reader(options)

    def look_up(store: Store) -> tuple[CallRecord, Names]:
        record = reader.get(options.call) if options.call.isprintable() else None
        if record is None:
            raise NotFoundError(
                f"no call has the id {options.call[:MAX_SHOWN]!r}.", advice="`trunkline calls list` shows them."
            )
        return record, _names(store, record)

    return read(options, look_up)


def _names(store: Store, record: CallRecord) -> Names:
    account = store.accounts.get(record.account_id)
    carrier = store.carriers.get(EVERYTHING, record.carrier_id) if record.carrier_id else None
    return Names(
        f"{account.name} ({account.id})" if account else record.account_id,
        f"{carrier.name} ({carrier.id})" if carrier else record.carrier_id or "none",
    )


def _facts(record: CallRecord, names: Names) -> list[tuple[str, str]]:
    answered = f"{_clock(record.answered_at)} UTC" if record.answered_at else "no"
    return [
        ("from", record.caller),
        ("number", _number(record)),
        ("account", names.account),
        ("carrier", names.carrier),
        ("source", record.source),
        ("verdict", record.verdict),
        ("SIP status", str(record.sip_status)),
        *([("emergency address", record.emergency_address_id)] if record.emergency_address_id else []),
        ("started", f"{_clock(record.started_at)} UTC"),
        ("answered", answered),
        ("ended", f"{_clock(record.ended_at)} UTC, by {record.ended_by or 'nobody'}, {record.cause or 'no cause'}"),
        *([("talked", f"{_talked(record)} s")] if record.answered_at else []),
    ]


def _pairs(rows: list[tuple[str, str]]) -> None:
    """Print names and what stands beside them, aligned."""
    width = max((len(name) for name, _ in rows), default=0)
    for name, text in rows:
        print(f"  {plain(name):<{width}}  {plain(text)}".rstrip())


def ladder(options: Namespace) -> int:
    """Show the SIP messages of one call: seconds since the INVITE, leg, direction, first line."""
    record, _ = _one(options)
    for at, leg, way, line in record.ladder:
        print(f"{at:7.3f}  leg {plain(leg):<2}  {ARROWS.get(way, way)}  {plain(line)}")
    return 0


def write_pcap(options: Namespace) -> int:
    """Write the SIP messages of one call as a capture file, to ``-o`` or to what stdout leads to."""
    if options.output is None and sys.stdout.isatty():
        raise InvalidError(
            "a capture file is nothing for a terminal.", advice="Name a file with -o, or pipe it to `tshark -r -`."
        )
    record, _ = _one(options)
    try:
        data = pcap.write(_reader(options).messages(record))
    except NotFoundError as error:
        raise NotFoundError(f"{error.message}.", advice=error.advice) from None
    if options.output is None:
        sys.stdout.buffer.write(data)
        return 0
    try:
        options.output.write_bytes(data)
    except OSError as error:
        raise TrunklineError(f"{options.output} cannot be written: {error.strerror}") from None
    return 0
