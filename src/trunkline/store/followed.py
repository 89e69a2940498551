"""Which gateways the edge follows: names to ask the DNS for, and outbound gateways to ask whether they live."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from trunkline.core.gateways import HostName, name_of
from trunkline.core.model import Gateway
from trunkline.store.carriers import GATEWAY_COLUMNS, gateway_value

MAX_NAMES = 2_000
"""Names followed, those that calls come in from first; the oldest gateways count where there are more."""

MAX_ASKED = 2_000
"""Gateways asked with OPTIONS, the oldest ones where there are more."""

MAX_ROWS = 20_000
"""Gateways that are names of which the names are taken."""

_COLUMNS = ", ".join("g." + name for name in GATEWAY_COLUMNS)
_LIVE = "g.active = 1 AND c.deleted_at IS NULL"
_NAMES = (
    f"SELECT {_COLUMNS} FROM gateways g JOIN carriers c ON c.id = g.carrier_id "
    f"WHERE g.prefix IS NULL AND {_LIVE} ORDER BY g.inbound DESC, g.seq LIMIT ?"
)
_ASKED = (
    f"SELECT {_COLUMNS} FROM ("
    f"SELECT g.seq AS place, {_COLUMNS} FROM gateways g JOIN carriers c ON c.id = g.carrier_id "
    f"WHERE g.options_ping = 1 AND g.outbound = 1 AND c.active = 1 AND {_LIVE} UNION ALL "
    f"SELECT g.seq, {_COLUMNS} FROM carriers c JOIN gateways g ON g.carrier_id = c.id "
    f"WHERE c.options_ping = 1 AND g.options_ping IS NULL AND g.outbound = 1 AND c.active = 1 AND {_LIVE}"
    ") g ORDER BY g.place LIMIT ?"
)


class Followed(NamedTuple):
    """What is to be followed, and how many names and gateways are known to be beyond the bounds."""

    names: tuple[HostName, ...] = ()
    asked: tuple[Gateway, ...] = ()
    names_left_out: int = 0
    asked_left_out: int = 0


class FollowedReader:
    """Reads it from the inventory, anew once anything has been committed there."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._version = -1
        self._known: Followed | None = None

    def read(self) -> Followed | None:
        """Return what is to be followed; while the inventory cannot be read, what was to be followed before.

        None as long as it was never read.
        """
        try:
            version = self._db.execute("PRAGMA data_version").fetchone()[0]
            if version != self._version:
                self._known = self._read()
                self._version = version
        except sqlite3.Error:
            pass
        return self._known

    def _read(self) -> Followed:
        gateways = [gateway_value(row) for row in self._db.execute(_NAMES, (MAX_ROWS,))]
        names = list(dict.fromkeys(name for gateway in gateways if (name := name_of(gateway)) is not None))
        asked = [gateway_value(row) for row in self._db.execute(_ASKED, (2 * MAX_ASKED,))]
        return Followed(
            tuple(names[:MAX_NAMES]),
            tuple(asked[:MAX_ASKED]),
            max(0, len(names) - MAX_NAMES),
            max(0, len(asked) - MAX_ASKED),
        )
