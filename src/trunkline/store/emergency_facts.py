"""Look-ups for calls to emergency numbers, which are rare: nothing of this is read for any other call."""

from __future__ import annotations

import sqlite3

from trunkline.core.facts import EmergencyFact
from trunkline.core.model import Gateway
from trunkline.core.number_settings import EmergencyState
from trunkline.store.carriers import GATEWAY_COLUMNS, gateway_value

MAX_GATEWAYS = 50
"""Gateways that one call may be tried at; of more, the account's own count before those of the accounts above."""

_GATEWAYS = (  # TLS is not there yet: such a gateway is no way out, whatever it is marked for
    f"SELECT {', '.join('g.' + name for name in GATEWAY_COLUMNS)}, c.country FROM gateways g "
    "JOIN carriers c ON c.id = g.carrier_id JOIN account_ancestors x ON x.ancestor_id = c.account_id "
    "WHERE x.account_id = ? AND g.emergency = 1 AND g.outbound = 1 AND g.active = 1 AND c.active = 1 "
    "AND c.deleted_at IS NULL AND (g.transport IS NULL OR g.transport <> 'tls') "
    "ORDER BY x.depth, g.priority, g.seq LIMIT ?"
)
_CALLER = (
    "SELECT s.emergency, s.emergency_state, s.emergency_address_id FROM numbers n "
    "JOIN account_ancestors x ON x.account_id = n.account_id LEFT JOIN number_settings s ON s.number_id = n.id "
    "WHERE n.e164 = ? AND n.removed_at IS NULL AND n.status = 'active' AND x.ancestor_id = ?"
)


def emergency_gateways(db: sqlite3.Connection, account_id: str) -> list[tuple[Gateway, str | None]]:
    """Return the gateways by which the account may call emergency numbers, best first, each with its carrier's country.

    They are outbound gateways of carriers of the account or of one above it that are marked for emergency.
    """
    rows = db.execute(_GATEWAYS, (account_id, MAX_GATEWAYS)).fetchall()
    return [(gateway_value(row[:-1]), row[-1]) for row in rows]


def emergency_fact(db: sqlite3.Connection, account_id: str, caller: str) -> EmergencyFact | None:
    """Return what is known of a number that calls an emergency number; None for no live number in the account's scope.

    A number without settings has the defaults.
    """
    row = db.execute(_CALLER, (caller, account_id)).fetchone()
    if row is None:
        return None
    has_gateway = bool(emergency_gateways(db, account_id))
    if row[1] is None:
        return EmergencyFact(False, EmergencyState.UNREGISTERED, None, has_gateway)
    return EmergencyFact(bool(row[0]), EmergencyState(row[1]), row[2], has_gateway)
