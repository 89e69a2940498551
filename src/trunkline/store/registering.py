"""What the edge registers for: the inventory's live registrations, read-only, and what has changed of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from trunkline.core import registrations
from trunkline.core.errors import StoreUnavailableError
from trunkline.core.model import EVERYTHING, Carrier
from trunkline.core.registered import Owner, Wanted
from trunkline.store.carriers import SqlCarriers

_LIVE = (
    "SELECT r.carrier_id, r.updated_at, c.updated_at, max(k.seq) FROM registrations r "
    "JOIN carriers c ON c.id = r.carrier_id AND c.kind = 'reg' AND c.active = 1 AND c.deleted_at IS NULL "
    "JOIN accounts a ON a.id = c.account_id AND a.routable = 1 "
    "JOIN credentials k ON k.carrier_id = c.id AND k.kind = 'sip_outbound' AND k.revoked_at IS NULL "
    "GROUP BY r.carrier_id"
)
_OWNER = (
    "SELECT c.id, c.account_id, c.name, r.any_source FROM registrations r "
    "JOIN carriers c ON c.id = r.carrier_id AND c.deleted_at IS NULL WHERE r.contact_token = ?"
)


class RegistrationFacts:
    """Reads on the edge's read-only connection. What was read is kept until its rows have changed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._carriers = SqlCarriers(connection)
        self._version = -1
        self._kept: dict[str, tuple[Sequence[Any], Wanted]] = {}

    def changed(self) -> bool:
        """Tell whether anybody has committed anything since the last `wanted`. Raises `StoreUnavailableError`."""
        try:
            return int(self._db.execute("PRAGMA data_version").fetchone()[0]) != self._version
        except sqlite3.Error as error:
            raise StoreUnavailableError("the inventory cannot be read now") from error

    def wanted(self) -> dict[str, Wanted]:
        """Return the registrations to keep up, by carrier. Raises `StoreUnavailableError`."""
        try:
            self._db.execute("BEGIN")
            try:
                self._version = int(self._db.execute("PRAGMA data_version").fetchone()[0])
                rows = self._db.execute(_LIVE).fetchall()
                found = {row[0]: self._keep(row) for row in rows}
            finally:
                self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreUnavailableError("the inventory cannot be read now") from error
        self._kept = {row[0]: kept for row in rows if (kept := found[row[0]]) is not None}
        return {carrier_id: wanted for carrier_id, (_, wanted) in self._kept.items()}

    def _keep(self, row: Sequence[Any]) -> tuple[Sequence[Any], Wanted] | None:
        known = self._kept.get(row[0])
        if known is not None and known[0] == row:
            return known
        carrier = self._carriers.get(EVERYTHING, row[0])
        wanted = None if carrier is None else _wanted(carrier, str(row[3]))
        return None if wanted is None else (row, wanted)

    def owner(self, token: str) -> Owner | None:
        """Return whose Contact token this is, None for nobody's. Raises `StoreUnavailableError`."""
        try:
            row = self._db.execute(_OWNER, (token,)).fetchone()
        except sqlite3.Error as error:
            raise StoreUnavailableError("the inventory cannot be read now") from error
        return None if row is None else Owner(row[0], row[1], row[2], bool(row[3]))

    def find(self, carrier_id: str) -> Wanted | None:
        """Return a carrier's registration, None where it has none. Raises `StoreUnavailableError`."""
        try:
            if self._db.execute("SELECT 1 FROM registrations WHERE carrier_id = ?", (carrier_id,)).fetchone() is None:
                return None
            carrier = self._carriers.get(EVERYTHING, carrier_id)
        except sqlite3.Error as error:
            raise StoreUnavailableError("the inventory cannot be read now") from error
        return None if carrier is None else _wanted(carrier, "")


def _wanted(carrier: Carrier, credential: str) -> Wanted | None:
    """Return what the edge needs to know of a carrier's registration."""
    to, how = registrations.target(carrier), carrier.registration
    if to is None or how is None:
        return None
    return Wanted(
        carrier_id=carrier.id,
        account_id=carrier.account_id,
        name=carrier.name,
        token=how.contact_token,
        host=to.host,
        port=to.port,
        transport=to.transport.value.upper() if to.transport else None,
        user=to.user,
        domain=to.domain,
        shown_user=how.from_user,
        shown_domain=how.from_domain or to.domain,
        expires_s=how.expires_s,
        gateway="" if how.registrar is not None else to.host,
        credential=credential,
    )
