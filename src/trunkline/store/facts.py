"""The look-ups of routing, read-only: what the inventory knows of a source and of a dialled number.

One read transaction per decision, so that both look-ups see one state, and the newest: a write that was answered is in
the very next decision. Costs are index probes; they do not grow with the inventory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from trunkline.core import sources
from trunkline.core.facts import (
    ApplicationTarget,
    Attempt,
    CarrierFact,
    Facts,
    NumberFact,
    SourceFact,
    Target,
    TrunkTarget,
    Usage,
)
from trunkline.core.model import CalledIn, CarrierKind, Gateway, NumberProfile, NumberStatus
from trunkline.core.routing import forms_to_read
from trunkline.store.carriers import GATEWAY_COLUMNS, gateway_value
from trunkline.store.rows import HOOK_COLUMNS, hooks_value, marks
from trunkline.store.secrets import Vault

MAX_SOURCES = 64
"""Carriers read for one source. Where more share it, the dialled number's own carriers are looked up by name."""

_CARRIER = (
    "c.id, c.name, c.kind, c.active, c.account_id, ca.routable, c.called_in, c.country, c.strip_prefix, "
    "c.max_channels, c.max_cps"
)
_SOURCE = (
    f"SELECT g.id, g.prefix, {_CARRIER} FROM gateways g JOIN carriers c ON c.id = g.carrier_id "
    "JOIN accounts ca ON ca.id = c.account_id WHERE g.source_key IN ({keys}){only} LIMIT ?"
)
_NUMBER = (
    "SELECT n.id, n.e164, n.account_id, n.status, o.routable, o.max_channels, o.max_cps, "
    f"n.trunk_id, n.application_id, n.hook_id, {_CARRIER} "
    "FROM numbers n JOIN accounts o ON o.id = n.account_id "
    "LEFT JOIN number_carriers d ON d.number_id = n.id LEFT JOIN carriers c ON c.id = d.carrier_id "
    "LEFT JOIN accounts ca ON ca.id = c.account_id "
    "WHERE n.e164 IN ({forms}) AND n.removed_at IS NULL ORDER BY n.seq, d.position"
)
_APPLICATION = f"SELECT id, name, dialect, active, {HOOK_COLUMNS} FROM applications WHERE id = ? AND deleted_at IS NULL"
_HOOK = f"SELECT id, dialect, {HOOK_COLUMNS} FROM hooks WHERE id = ?"
_TRUNK = (
    "SELECT t.id, t.name, t.active, t.direction, u.uri, u.priority, u.weight FROM trunks t "
    "LEFT JOIN trunk_uris u ON u.trunk_id = t.id AND u.active = 1 WHERE t.id = ? AND t.deleted_at IS NULL "
    "ORDER BY u.position"
)
_OUTBOUND = (
    f"SELECT {', '.join('g.' + name for name in GATEWAY_COLUMNS)}, c.country FROM gateways g "
    "JOIN carriers c ON c.id = g.carrier_id "
    "JOIN account_ancestors x ON x.ancestor_id = c.account_id "
    "WHERE x.account_id = ? AND g.outbound = 1 AND g.active = 1 AND c.active = 1 AND c.deleted_at IS NULL "
    "ORDER BY x.depth, g.priority, g.seq LIMIT 50"
)

_Row = Sequence[Any]


class FactReader:
    """Reads facts on one read-only connection; not for two threads at once."""

    def __init__(self, connection: sqlite3.Connection, vault: Vault | None) -> None:
        self._db = connection
        self._vault = vault

    def read(self, attempt: Attempt, usage: Usage) -> Facts:
        """Return the facts for ``attempt``; ``readable`` is False when the database cannot be read."""
        try:
            self._db.execute("BEGIN")
            try:
                return self._read(attempt, usage)
            finally:
                self._db.execute("COMMIT")
        except sqlite3.Error:
            return Facts(readable=False, usage=usage)

    def _read(self, attempt: Attempt, usage: Usage) -> Facts:
        db = self._db
        prefixes = db.execute("SELECT family, prefix FROM mask_lengths").fetchall()
        keys = sources.address_keys(attempt.source, prefixes)
        found = self._sources(keys, None) if keys else []
        auth_exist = (
            not found
            and db.execute(
                "SELECT 1 FROM carriers WHERE kind = 'auth' AND deleted_at IS NULL AND active = 1 LIMIT 1"
            ).fetchone()
            is not None
        )
        proven = self._carriers(attempt.proven_carriers) if attempt.proven_carriers else []
        forms = forms_to_read(attempt, found, proven)
        numbers = self._numbers(forms) if forms else ()
        if len(found) >= MAX_SOURCES and numbers:
            found += self._sources(keys, [c.id for n in numbers for c in n.carriers])
        return Facts(tuple(found), numbers, auth_exist, usage)

    def _sources(self, keys: list[str], carrier_ids: list[str] | None) -> list[SourceFact]:
        only = f" AND g.carrier_id IN ({marks(carrier_ids)})" if carrier_ids is not None else ""
        rows = self._db.execute(
            _SOURCE.format(keys=marks(keys), only=only), [*keys, *(carrier_ids or ()), MAX_SOURCES]
        ).fetchall()
        return [SourceFact(_carrier(row, 2), row[0], row[1]) for row in rows]

    def _carriers(self, carrier_ids: Sequence[str]) -> list[CarrierFact]:
        rows = self._db.execute(
            f"SELECT {_CARRIER} FROM carriers c JOIN accounts ca ON ca.id = c.account_id "
            f"WHERE c.id IN ({marks(carrier_ids)}) AND c.deleted_at IS NULL",
            list(carrier_ids),
        )
        return [_carrier(row, 0) for row in rows]

    def _numbers(self, forms: list[str]) -> tuple[NumberFact, ...]:
        rows = self._db.execute(_NUMBER.format(forms=marks(forms)), forms).fetchall()
        if len(rows) == 1:  # nearly always: one number, one carrier
            return (self._number(rows),)
        grouped: dict[str, list[_Row]] = {}
        for row in rows:
            grouped.setdefault(row[0], []).append(row)
        return tuple(self._number(group) for group in grouped.values())

    def _number(self, rows: Sequence[_Row]) -> NumberFact:
        row = rows[0]
        target, note = self._target(row[7], row[8], row[9])
        return NumberFact(
            row[0],
            row[1],
            row[2],
            _STATUSES[row[3]],
            bool(row[4]),
            row[5],
            row[6],
            tuple([_carrier(r, 10) for r in rows if r[10] is not None]),
            target,
            note,
        )

    def _target(
        self, trunk_id: str | None, application_id: str | None, hook_id: str | None
    ) -> tuple[Target | None, str]:
        if trunk_id is not None:
            return self._trunk(trunk_id)
        if application_id is not None:
            row = self._db.execute(_APPLICATION, (application_id,)).fetchone()
            if row is None or not row[3]:
                return None, "the number's application is gone or switched off"
            if row[4] is None:
                return None, f"application {row[1]} has no answer URL"
            return ApplicationTarget(row[0], row[1], row[2], hooks_value(row[4:])), ""
        if hook_id is not None:
            row = self._db.execute(_HOOK, (hook_id,)).fetchone()
            if row is not None and row[2] is not None:
                return ApplicationTarget(row[0], "the number's own hook", row[1], hooks_value(row[2:])), ""
        return None, "the number points at no trunk, application or hook"

    def _trunk(self, trunk_id: str) -> tuple[Target | None, str]:
        rows = self._db.execute(_TRUNK, (trunk_id,)).fetchall()
        if not rows or not rows[0][2]:
            return None, "the number's trunk is gone or switched off"
        if rows[0][3] != "inbound":
            return None, f"trunk {rows[0][1]} is an outbound trunk, which takes no calls"
        uris = tuple([(row[4], row[5], row[6]) for row in rows if row[4] is not None])
        if not uris:
            return None, f"trunk {rows[0][1]} has no active URI"
        return TrunkTarget(trunk_id, rows[0][1], uris), ""

    def outbound_gateways(self, account_id: str) -> list[tuple[Gateway, str | None]]:
        """Return the gateways by which the account may call out, best first, each with its carrier's country."""
        rows = self._db.execute(_OUTBOUND, (account_id,)).fetchall()
        return [(gateway_value(row[:-1]), row[-1]) for row in rows]

    def family(self, account_id: str) -> list[str]:
        """Return the accounts whose records this one may see: itself, those below, and those above that serve it."""
        rows = self._db.execute(
            "SELECT account_id FROM account_ancestors WHERE ancestor_id = ? "
            "UNION SELECT ancestor_id FROM account_ancestors WHERE account_id = ?",
            (account_id, account_id),
        )
        return [str(row[0]) for row in rows]

    def may_show(self, account_id: str, e164: str) -> bool:
        """Tell whether the account may show this number as its caller id: a live number in its scope."""
        row = self._db.execute(
            "SELECT 1 FROM numbers n JOIN account_ancestors x ON x.account_id = n.account_id "
            "WHERE n.e164 = ? AND n.removed_at IS NULL AND n.status = 'active' AND x.ancestor_id = ?",
            (e164, account_id),
        ).fetchone()
        return row is not None

    def sip_password(self, username: str) -> tuple[str, str] | None:
        """Return (password, carrier id) of an `auth` carrier's user; None for an unknown one."""
        row = self._db.execute(
            "SELECT id, ciphertext, carrier_id FROM credentials "
            "WHERE kind = 'sip_inbound' AND public_id = ? AND revoked_at IS NULL",
            (username,),
        ).fetchone()
        if self._vault is None:
            return None
        return (self._vault.open(row[1], row[0]), row[2]) if row else None


_STATUSES = {status.value: status for status in NumberStatus}
_KINDS = {kind.value: kind for kind in CarrierKind}
_PLACES = {place.value: place for place in CalledIn}


def _carrier(row: _Row, at: int) -> CarrierFact:
    id_, name, kind, active, account_id, routable, called_in, country, strip, channels, cps = row[at : at + 11]
    profile = _PLAIN if called_in == "request_uri" and country is None and strip is None else None
    return CarrierFact(
        id_,
        name,
        _KINDS[kind],
        bool(active),
        account_id,
        bool(routable),
        profile or NumberProfile(_PLACES[called_in], country, strip),
        channels,
        cps,
    )


_PLAIN = NumberProfile()
