"""Look-ups for calls that PBXs place: which outbound trunks an attempt may belong to, and who has a login."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from trunkline.core import emergency
from trunkline.core.calling import dialled_by
from trunkline.core.facts import Attempt, EmergencyFact, OutboundTrunkFact
from trunkline.store.emergency_facts import emergency_fact
from trunkline.store.rows import marks

MAX_TRUNKS = 16
"""Trunks that one attempt is held against, the oldest first; beyond, the Request-URI has to name one."""

MAX_LISTS = 64
"""IP lists read for one source, the oldest first."""

MAX_CALLERS = 4
"""Numbers that an attempt may say it calls from; the rest are not looked at."""

_LISTS = "SELECT DISTINCT list_id FROM ip_list_entries WHERE source_key IN ({keys}) ORDER BY list_id LIMIT ?"
_TRUNKS = (
    "SELECT t.id, t.name, t.account_id, t.active, t.ip_list_id, t.login_id, a.routable, a.max_channels, a.max_cps "
    "FROM trunks t JOIN accounts a ON a.id = t.account_id "
    "WHERE {which} AND t.direction <> 'inbound' AND t.deleted_at IS NULL ORDER BY t.seq LIMIT ?"
)
_OF_LISTS = (
    "t.id IN (SELECT id FROM trunks WHERE ip_list_id IN ({lists}) "
    "UNION SELECT trunk_id FROM trunk_ip_lists WHERE list_id IN ({lists}))"
)
_OF_LOGINS = (
    "t.id IN (SELECT id FROM trunks WHERE login_id IN ({logins}) UNION SELECT j.trunk_id FROM trunk_logins l "
    "JOIN trunk_login_lists j ON j.list_id = l.list_id WHERE l.id IN ({logins}))"
)
_MORE = "SELECT list_id FROM trunk_ip_lists WHERE trunk_id = ? ORDER BY list_id LIMIT ?"
_TAKEN = (
    "SELECT j.list_id, l.id FROM trunk_login_lists j "
    "LEFT JOIN trunk_logins l ON l.list_id = j.list_id AND l.id IN ({logins}) WHERE j.trunk_id = ?"
)
_LOGINS = (
    "SELECT c.id, c.ciphertext, l.id FROM trunk_logins l JOIN accounts a ON a.id = l.account_id "
    "JOIN credentials c ON c.id = l.credential_id AND c.revoked_at IS NULL "
    "WHERE l.username = ? AND l.deleted_at IS NULL AND (EXISTS (SELECT 1 FROM trunks t WHERE t.login_id = l.id "
    "AND t.direction <> 'inbound' AND t.deleted_at IS NULL{trunk}) OR EXISTS (SELECT 1 FROM trunk_login_lists j "
    "JOIN trunks t ON t.id = j.trunk_id WHERE j.list_id = l.list_id "
    "AND t.direction <> 'inbound' AND t.deleted_at IS NULL{trunk})){account} ORDER BY l.seq LIMIT ?"
)
MAX_LOGINS = 16
"""Logins of one name that are read."""


def lists_of(db: sqlite3.Connection, keys: Sequence[str]) -> tuple[str, ...]:
    """Return the IP lists that cover a source, given by its keys (`core.sources.address_keys`)."""
    if not keys:
        return ()
    rows = db.execute(_LISTS.format(keys=marks(keys)), [*keys, MAX_LISTS])
    return tuple([row[0] for row in rows])


def trunks_of(
    db: sqlite3.Connection, attempt: Attempt, lists: Sequence[str], may_show: Callable[[str, str], bool]
) -> tuple[OutboundTrunkFact, ...]:
    """Return the outbound trunks that an attempt names, else those whose login it carries or whose lists cover it."""
    if attempt.trunk:
        which, values = "t.serial = ?", [attempt.trunk]
    elif attempt.proven_logins:
        which, values = _OF_LOGINS.format(logins=marks(attempt.proven_logins)), list(attempt.proven_logins) * 2
    else:
        which, values = _OF_LISTS.format(lists=marks(lists)), list(lists) * 2
    if not values:
        return ()
    rows = db.execute(_TRUNKS.format(which=which), [*values, MAX_TRUNKS]).fetchall()
    callers = [digits for text in attempt.callers()[:MAX_CALLERS] if (digits := text.removeprefix("+")).isdigit()]
    dialled, found = dialled_by(attempt), []
    for row in rows:
        caller = next((digits for digits in callers if may_show(row[2], digits)), "")
        found.append(
            OutboundTrunkFact(
                id=row[0],
                name=row[1],
                account_id=row[2],
                active=bool(row[3]),
                listed=_listed(db, row[0], row[4], lists),
                logins=_logins(db, row[0], row[5], attempt.proven_logins),
                account_active=bool(row[6]),
                max_channels=row[7],
                max_cps=row[8],
                caller=caller,
                emergency=_emergency(db, row[2], caller, dialled),
            )
        )
    return tuple(found)


def _emergency(db: sqlite3.Connection, account_id: str, caller: str, dialled: str) -> EmergencyFact | None:
    """Return what is known of the caller's number where an emergency number is dialled, else None at no cost."""
    if not caller or not emergency.is_called(dialled, caller):
        return None
    return emergency_fact(db, account_id, caller)


def _listed(db: sqlite3.Connection, trunk_id: str, own: str | None, lists: Sequence[str]) -> bool | None:
    """Tell whether any of a trunk's IP lists is among ``lists``, None where it has none at all."""
    had = [row[0] for row in db.execute(_MORE, (trunk_id, MAX_LISTS))] + ([] if own is None else [own])
    return any(list_id in lists for list_id in had) if had else None


def _logins(db: sqlite3.Connection, trunk_id: str, own: str | None, proven: Sequence[str]) -> tuple[str, ...] | None:
    """Return which of the ``proven`` logins a trunk takes, None where it asks for none at all."""
    rows = db.execute(_TAKEN.format(logins=marks(proven)), [*proven, trunk_id]).fetchall()
    if own is None and not rows:
        return None
    taken = {row[1] for row in rows} | {own}
    return tuple([login for login in proven if login in taken])


def logins_of(
    db: sqlite3.Connection, username: str, account_code: str | None, trunk: str
) -> list[tuple[str, bytes, str]]:
    """Return (credential id, ciphertext, login id) of outbound trunks' users, the oldest first.

    ``trunk`` is the serial of the trunk that the call names, "" where it names none; ``account_code`` likewise.
    """
    named = " AND t.serial = ?" if trunk else ""
    whose = " AND a.code = ?" if account_code is not None else ""
    values = [username, *([trunk, trunk] if trunk else []), *([account_code] if account_code is not None else [])]
    return db.execute(_LOGINS.format(trunk=named, account=whose), [*values, MAX_LOGINS]).fetchall()
