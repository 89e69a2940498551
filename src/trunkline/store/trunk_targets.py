"""The look-up of what takes the calls of a number on a trunk: its URIs, and what answers where none of them can."""

from __future__ import annotations

import sqlite3

from trunkline.core.facts import ApplicationTarget, TrunkTarget
from trunkline.core.model import CallHooks
from trunkline.core.trunks import sip_uri
from trunkline.store.rows import webhook_value

RECOVERY_DIALECT = "twilio"
"""What a trunk's recovery URL is asked in: the one dialect that has a word for it."""

_TRUNK = (
    "SELECT t.name, t.active, t.direction, u.uri, l.priority, l.weight, u.id, u.authenticates, "
    "s.recovery_url, s.recovery_method, coalesce(s.caller_names, 0) FROM trunks t "
    "LEFT JOIN trunk_settings s ON s.trunk_id = t.id "
    "LEFT JOIN trunk_uris l ON l.trunk_id = t.id AND l.active = 1 LEFT JOIN origination_uris u ON u.id = l.uri_id "
    "WHERE t.id = ? AND t.deleted_at IS NULL ORDER BY l.position"
)


def trunk_target(db: sqlite3.Connection, trunk_id: str) -> tuple[TrunkTarget | None, str]:
    """Return the target that a trunk is, or None and why it takes no call."""
    rows = db.execute(_TRUNK, (trunk_id,)).fetchall()
    if not rows or not rows[0][1]:
        return None, "the number's trunk is gone or switched off"
    name, _, direction, *_, url, method, caller_names = rows[0]
    if direction == "outbound":
        return None, f"trunk {name} is an outbound trunk, which takes no calls"
    uris = tuple([(sip_uri(row[3]), row[4], row[5]) for row in rows if row[3] is not None])
    hook = webhook_value(url, method)
    if not uris and hook is None:
        return None, f"trunk {name} has no active URI"
    proofs = tuple([(sip_uri(row[3]), row[6]) for row in rows if row[7]])
    recovery = None
    if hook is not None:
        recovery = ApplicationTarget(
            trunk_id,
            f"the disaster recovery URL of trunk {name}",
            RECOVERY_DIALECT,
            CallHooks(answer=hook),
            caller_names=bool(caller_names),
            of_trunk=True,
        )
    return TrunkTarget(trunk_id, name, uris, proofs, recovery), ""
