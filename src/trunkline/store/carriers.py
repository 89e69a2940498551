"""Carriers and gateways in SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from trunkline.core import sources
from trunkline.core.claims import EVERYWHERE
from trunkline.core.gateways import name_of
from trunkline.core.model import (
    CalledIn,
    Carrier,
    CarrierKind,
    Gateway,
    Listing,
    NumberFormat,
    NumberProfile,
    Page,
    Registration,
    Scope,
    Transport,
)
from trunkline.store import registrations
from trunkline.store.paging import page_of
from trunkline.store.rows import in_scope, marks, time_text, time_value

_CARRIER = (
    "c.seq, c.id, c.serial, c.account_id, c.name, c.kind, c.active, c.voice, c.sms, c.called_in, c.country, "
    "c.strip_prefix, c.max_channels, c.max_cps, c.created_at, c.updated_at, c.options_ping"
)
GATEWAY_COLUMNS = (
    "id",
    "carrier_id",
    "host",
    "prefix",
    "port",
    "transport",
    "inbound",
    "outbound",
    "priority",
    "weight",
    "active",
    "tech_prefix",
    "number_format",
    "emergency",
    "options_ping",
)
_GATEWAY_SQL = ", ".join(GATEWAY_COLUMNS)
_BY_ADDRESS = f"c.kind != '{CarrierKind.AUTH.value}'"
"""Carriers whose calls may be told by their address; the gateways of others claim none."""
_STATIC = f"c.kind = '{CarrierKind.STATIC_IP.value}'"
_REG = f"c.kind = '{CarrierKind.REG.value}'"


def gateway_value(row: Sequence[Any]) -> Gateway:
    """Return a gateway from the columns of `GATEWAY_COLUMNS`."""
    values: dict[str, Any] = dict(zip(GATEWAY_COLUMNS, row, strict=True))
    values["transport"] = None if values["transport"] is None else Transport(str(values["transport"]))
    values["number_format"] = NumberFormat(str(values["number_format"]))
    for flag in ("inbound", "outbound", "active", "emergency"):
        values[flag] = bool(values[flag])
    values["options_ping"] = None if values["options_ping"] is None else bool(values["options_ping"])
    return Gateway(**values)


class SqlCarriers:
    """`core.ports.CarrierStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, carrier: Carrier) -> None:
        """Write a carrier, its gateways and its registration."""
        self._db.execute(
            "INSERT INTO carriers (id, serial, account_id, name, kind, active, voice, sms, called_in, country, "
            "strip_prefix, max_channels, max_cps, created_at, updated_at, options_ping) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                carrier.id,
                carrier.serial,
                carrier.account_id,
                carrier.name,
                carrier.kind.value,
                int(carrier.active),
                int(carrier.voice),
                int(carrier.sms),
                carrier.profile.called_in.value,
                carrier.profile.country,
                carrier.profile.strip_prefix,
                carrier.max_channels,
                carrier.max_cps,
                time_text(carrier.created_at),
                time_text(carrier.updated_at),
                int(carrier.options_ping),
            ),
        )
        self.replace_gateways(carrier.id, carrier.gateways)
        if carrier.registration is not None:
            self.set_registration(carrier.registration)

    def get(self, scope: Scope, carrier_id: str) -> Carrier | None:
        """Return a live carrier by id."""
        return self._one(scope, "c.id = ?", carrier_id)

    def by_serial(self, scope: Scope, serial: str) -> Carrier | None:
        """Return a live carrier by serial."""
        return self._one(scope, "c.serial = ?", serial)

    def oldest_active(self, account_id: str) -> Carrier | None:
        """Return the oldest carrier of an account that is switched on."""
        row = self._db.execute(
            f"SELECT {_CARRIER} FROM carriers c WHERE c.account_id = ? AND c.deleted_at IS NULL AND c.active = 1 "
            "ORDER BY c.seq LIMIT 1",
            (account_id,),
        ).fetchone()
        return self._carriers([row])[0] if row else None

    def _one(self, scope: Scope, condition: str, value: str) -> Carrier | None:
        inside, parameters = in_scope(scope, "c.account_id")
        row = self._db.execute(
            f"SELECT {_CARRIER} FROM carriers c WHERE {condition} AND c.deleted_at IS NULL AND {inside}",
            (value, *parameters),
        ).fetchone()
        return self._carriers([row])[0] if row else None

    def page(self, scope: Scope, name: str | None, page: Page) -> Listing[Carrier]:
        """Return live carriers, oldest first; ``name`` is matched exactly."""
        inside, parameters = in_scope(scope, "c.account_id")
        where, values = f"c.deleted_at IS NULL AND {inside}", list(parameters)
        if name is not None:
            where, values = where + " AND c.name = ?", [*values, name]
        rows, total, last = page_of(
            self._db, _CARRIER, "carriers c", where=where, values=values, page=page, order="c.seq"
        )
        return Listing(tuple(self._carriers(rows)), total, last)

    def _carriers(self, rows: Sequence[Sequence[Any]]) -> list[Carrier]:
        ids = [str(row[1]) for row in rows]
        gateways: dict[str, list[Gateway]] = {carrier_id: [] for carrier_id in ids}
        for row in self._db.execute(
            f"SELECT {_GATEWAY_SQL} FROM gateways WHERE carrier_id IN ({marks(ids)}) ORDER BY carrier_id, position", ids
        ):
            gateways[row[1]].append(gateway_value(row))
        registered = registrations.of(self._db, [str(row[1]) for row in rows if row[5] == CarrierKind.REG.value])
        return [_carrier(row, gateways[str(row[1])], registered.get(str(row[1]))) for row in rows]

    def update(self, carrier: Carrier) -> None:
        """Write a carrier's own fields."""
        self._db.execute(
            "UPDATE carriers SET name = ?, active = ?, voice = ?, sms = ?, called_in = ?, country = ?, "
            "strip_prefix = ?, max_channels = ?, max_cps = ?, updated_at = ?, options_ping = ? WHERE id = ?",
            (
                carrier.name,
                int(carrier.active),
                int(carrier.voice),
                int(carrier.sms),
                carrier.profile.called_in.value,
                carrier.profile.country,
                carrier.profile.strip_prefix,
                carrier.max_channels,
                carrier.max_cps,
                time_text(carrier.updated_at),
                int(carrier.options_ping),
                carrier.id,
            ),
        )

    def replace_gateways(self, carrier_id: str, gateways: Sequence[Gateway]) -> None:
        """Make these the carrier's gateways, in this order; a known id keeps its row."""
        keep = [g.id for g in gateways]
        self._db.execute(
            f"DELETE FROM gateways WHERE carrier_id = ? AND id NOT IN ({marks(keep)})", (carrier_id, *keep)
        )
        (kind,) = self._db.execute("SELECT kind FROM carriers WHERE id = ?", (carrier_id,)).fetchone()
        for position, gateway in enumerate(gateways):
            self._save_gateway(position, gateway, calls_back=kind == CarrierKind.REG.value)

    def _save_gateway(self, position: int, gateway: Gateway, *, calls_back: bool) -> None:
        """Write a gateway. ``calls_back``: calls come also from where we register, though no source is told by that."""
        key = low = high = None
        name = name_of(gateway)
        if gateway.active and gateway.prefix is not None and (gateway.inbound or calls_back):
            low, high = sources.network_range(gateway.host, gateway.prefix)
        if gateway.inbound and gateway.active and name is not None:
            key = name.key
        elif gateway.inbound and gateway.active and gateway.prefix is not None:
            key = sources.network_key(gateway.host, gateway.prefix)
            family = 6 if ":" in gateway.host else 4
            self._db.execute("INSERT INTO mask_lengths VALUES (?, ?) ON CONFLICT DO NOTHING", (family, gateway.prefix))
        values = (
            gateway.host,
            gateway.prefix,
            gateway.port,
            gateway.transport.value if gateway.transport else None,
            int(gateway.inbound),
            int(gateway.outbound),
            gateway.priority,
            gateway.weight,
            int(gateway.active),
            gateway.tech_prefix,
            gateway.number_format.value,
            int(gateway.emergency),
            None if gateway.options_ping is None else int(gateway.options_ping),
            position,
            key,
            low,
            high,
        )
        names = "host, prefix, port, transport, inbound, outbound, priority, weight, active, tech_prefix, "
        names += "number_format, emergency, options_ping, position, source_key, source_low, source_high"
        self._db.execute(
            f"INSERT INTO gateways (id, carrier_id, {names}) VALUES (?, ?, {marks(values)}) "
            f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{n} = excluded.{n}' for n in names.split(', '))}",
            (gateway.id, gateway.carrier_id, *values),
        )

    def set_registration(self, registration: Registration) -> None:
        """Write a carrier's registration, a new one or a changed one."""
        registrations.save(self._db, registration)

    def remove(self, carrier_id: str, at: datetime) -> None:
        """Take a carrier out of service."""
        self._db.execute("UPDATE carriers SET deleted_at = ? WHERE id = ?", (time_text(at), carrier_id))
        self._db.execute(
            "UPDATE credentials SET revoked_at = ?, lookup_hash = ?, ciphertext = ? "
            "WHERE carrier_id = ? AND revoked_at IS NULL",
            (time_text(at), b"", b"", carrier_id),
        )
        self._db.execute(
            "UPDATE gateways SET source_key = NULL, source_low = NULL, source_high = NULL WHERE carrier_id = ?",
            (carrier_id,),
        )

    def live_numbers(self, carrier_id: str) -> int:
        """Count the live numbers that name this carrier."""
        row = self._db.execute(
            "SELECT count(*) FROM number_carriers d JOIN numbers n ON n.id = d.number_id "
            "WHERE d.carrier_id = ? AND n.removed_at IS NULL",
            (carrier_id,),
        ).fetchone()
        return int(row[0])

    def ranges(self, carrier_ids: Sequence[str], *, by_registration: bool) -> list[tuple[str, str]]:
        """Return the networks from which these carriers' calls come, active ones; see the port."""
        rows = self._db.execute(
            "SELECT g.source_low, g.source_high FROM gateways g JOIN carriers c ON c.id = g.carrier_id "
            f"WHERE g.carrier_id IN ({marks(carrier_ids)}) "
            f"AND (g.source_key IS NOT NULL OR g.source_low IS NOT NULL) AND {_REG if by_registration else _STATIC}",
            list(carrier_ids),
        ).fetchall()
        literals = [(low, high) for low, high in rows if low is not None]
        return literals + list(EVERYWHERE) if len(literals) < len(rows) else literals

    def overlaps(
        self, ranges: Sequence[tuple[str, str]], top_account_id: str, *, by_registration: bool = False
    ) -> bool:
        """Tell whether calls of another top-level account's carrier come from a network that overlaps any of these."""
        others_kind = _STATIC if by_registration else _BY_ADDRESS
        others = (
            "SELECT 1 FROM gateways g JOIN carriers c ON c.id = g.carrier_id "
            f"WHERE g.source_low <= ? AND g.source_high >= ? AND {others_kind} AND c.deleted_at IS NULL "
            "AND NOT EXISTS ("
            "SELECT 1 FROM account_ancestors x WHERE x.account_id = c.account_id AND x.ancestor_id = ?) LIMIT 1"
        )
        return any(self._db.execute(others, (high, low, top_account_id)).fetchone() for low, high in ranges)

    def names_of_others(self, top_account_id: str, *, by_registration: bool = False) -> list[str]:
        """Return the keys of the host names by which other top-level accounts' carriers admit calls."""
        others_kind = _STATIC if by_registration else _BY_ADDRESS
        rows = self._db.execute(
            "SELECT DISTINCT g.source_key FROM gateways g JOIN carriers c ON c.id = g.carrier_id "
            f"WHERE g.source_key IS NOT NULL AND g.prefix IS NULL AND {others_kind} AND c.deleted_at IS NULL "
            "AND NOT EXISTS ("
            "SELECT 1 FROM account_ancestors x WHERE x.account_id = c.account_id AND x.ancestor_id = ?)",
            (top_account_id,),
        )
        return [str(row[0]) for row in rows]


def _carrier(row: Sequence[Any], gateways: list[Gateway], registration: Registration | None) -> Carrier:
    (_, id_, serial, account_id, name, kind, active, voice, sms, called_in, country, strip, *others) = row
    channels, cps, made, at, ping = others
    return Carrier(
        id=str(id_),
        serial=str(serial),
        account_id=str(account_id),
        name=str(name),
        kind=CarrierKind(str(kind)),
        active=bool(active),
        voice=bool(voice),
        sms=bool(sms),
        profile=NumberProfile(CalledIn(str(called_in)), _text(country), _text(strip)),
        max_channels=_int(channels),
        max_cps=_int(cps),
        created_at=time_value(str(made)),
        updated_at=time_value(str(at)),
        gateways=tuple(gateways),
        options_ping=bool(ping),
        registration=registration,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _int(value: object) -> int | None:
    return value if isinstance(value, int) else None
