"""The look-ups of routing, read-only: what the inventory knows of a source and of a dialled number.

One read transaction per decision, so that both look-ups see one state, and the newest: a write that was answered is in
the very next decision. Costs are index probes; they do not grow with the inventory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from cryptography.exceptions import InvalidTag

from trunkline.core import sources
from trunkline.core.bindings import Login
from trunkline.core.errors import StoreUnavailableError
from trunkline.core.facts import (
    ApplicationTarget,
    Attempt,
    CarrierFact,
    EmergencyFact,
    EndpointFact,
    Facts,
    NumberFact,
    OutboundTrunkFact,
    SipUser,
    SourceFact,
    Target,
    Usage,
)
from trunkline.core.gateways import HostName, NamedSources
from trunkline.core.model import CalledIn, CarrierKind, Gateway, NumberProfile, NumberStatus
from trunkline.core.outbound_auth import OutboundAuth
from trunkline.core.routing import PLAIN, forms_to_read
from trunkline.store.carriers import GATEWAY_COLUMNS, gateway_value
from trunkline.store.emergency_facts import emergency_fact, emergency_gateways
from trunkline.store.rows import HOOK_COLUMNS, hooks_value, marks
from trunkline.store.secrets import Vault
from trunkline.store.trunk_facts import lists_of, logins_of, trunks_of
from trunkline.store.trunk_targets import trunk_target

MAX_SOURCES = 64
"""Carriers read for one source, the oldest first. Where more share it, the dialled number's own carriers are looked up
by name, and numbers are read by all profiles there (again at most so many, the oldest first)."""

_CARRIER = (
    "SELECT c.id, c.name, c.kind, c.active, c.account_id, a.routable, c.called_in, c.country, c.strip_prefix, "
    "c.max_channels, c.max_cps FROM carriers c JOIN accounts a ON a.id = c.account_id "
    "WHERE c.id = ? AND c.deleted_at IS NULL"
)
_SOURCE = (  # the address that a name leads to is a mask of all its bits
    "SELECT min(id), max(coalesce(prefix, {bits})), carrier_id, max(CASE WHEN prefix IS NULL THEN host END) "
    "FROM gateways WHERE source_key IN ({keys}){only} GROUP BY carrier_id ORDER BY min(seq) LIMIT ?"
)
_PROFILES = (
    "SELECT c.called_in, c.country, c.strip_prefix FROM gateways g JOIN carriers c ON c.id = g.carrier_id "
    "WHERE g.source_key IN ({keys}) AND c.deleted_at IS NULL GROUP BY 1, 2, 3 ORDER BY min(c.seq) LIMIT ?"
)
_NUMBER = (
    "SELECT n.id, n.e164, n.account_id, n.status, n.trunk_id, n.application_id, n.hook_id, d.carrier_id, "
    "n.seq, d.position, n.cnam_lookup FROM numbers n LEFT JOIN number_carriers d ON d.number_id = n.id "
    "WHERE n.e164 IN ({forms}) AND n.removed_at IS NULL"
)
_NUMBER_BY_ONE = _NUMBER.format(forms="?")
_ACCOUNT = "SELECT routable, max_channels, max_cps FROM accounts WHERE id = ?"
_APPLICATION = (
    f"SELECT id, name, dialect, active, coalesce(caller_names, 0), {HOOK_COLUMNS} FROM applications "
    "LEFT JOIN application_details ON application_id = id WHERE id = ? AND deleted_at IS NULL"
)
_HOOK = f"SELECT id, dialect, {HOOK_COLUMNS} FROM hooks WHERE id = ?"
_ENDPOINT = "SELECT id, username, account_id, application_id FROM endpoints WHERE id = ? AND deleted_at IS NULL"
_LOGIN = (
    "SELECT c.id, e.id, e.account_id, e.username, a.routable, c.ciphertext FROM endpoints e "
    "JOIN credentials c ON c.id = e.login_id AND c.revoked_at IS NULL JOIN accounts a ON a.id = e.account_id "
    "WHERE e.username = ? AND e.deleted_at IS NULL"
)
_OUTBOUND = (
    f"SELECT {', '.join('g.' + name for name in GATEWAY_COLUMNS)}, c.country FROM gateways g "
    "JOIN carriers c ON c.id = g.carrier_id "
    "JOIN account_ancestors x ON x.ancestor_id = c.account_id "
    "WHERE x.account_id = ? AND g.outbound = 1 AND g.active = 1 AND c.active = 1 AND c.deleted_at IS NULL "
    "ORDER BY x.depth, g.priority, g.seq LIMIT 50"
)

_USERS = (
    "SELECT id, ciphertext, carrier_id FROM credentials "
    "WHERE kind = 'sip_inbound' AND public_id = ? AND revoked_at IS NULL ORDER BY seq LIMIT ?"
)
_USERS_OF_ACCOUNT = (  # CROSS JOIN: in this order, so that accounts with equal user names cost nothing
    "SELECT c.id, c.ciphertext, c.carrier_id FROM accounts a CROSS JOIN account_ancestors x ON x.account_id = a.id "
    "CROSS JOIN credentials c ON c.account_id = x.ancestor_id AND c.kind = 'sip_inbound' AND c.public_id = ? "
    "WHERE a.code = ? AND c.revoked_at IS NULL ORDER BY x.depth, c.seq LIMIT ?"
)

MAX_NAMESAKES = 8
"""Users of one name whose passwords are tried; where more accounts have it, the later ones name their domain."""

MAX_KEPT = 50_000
"""Facts kept in memory; beyond, all are let go and looked up anew."""

_Row = Sequence[Any]


class FactReader:
    """Reads facts on one read-only connection; not for two threads at once.

    What was looked up is kept in memory for as long as the database is the same one: SQLite's ``data_version`` tells
    whether anybody has committed anything since. So a kept fact is exactly what the look-up would bring. Where all that
    a decision needs is kept, that question is its only one; else it is asked inside the decision's own transaction.

    ``named`` knows which host names an address belongs to (None: no address belongs to any); which carriers have such a
    name for a gateway is the inventory's to say.
    """

    def __init__(self, connection: sqlite3.Connection, vault: Vault | None, named: NamedSources | None = None) -> None:
        self._db = connection
        self._named: NamedSources = named or _NoNames()
        self._named_version = self._named.version
        # One cursor for what every decision runs: making one each time costs as much as a look-up in memory.
        self._execute = connection.cursor().execute
        self._vault = vault
        self._version = -1
        self._kept: dict[tuple[str, str], Any] = {}

    def read(self, attempt: Attempt, usage: Usage) -> Facts:
        """Return the facts for ``attempt``; ``readable`` is False when the database cannot be read."""
        execute = self._execute
        if self._named.version != self._named_version:
            self._named_version = self._named.version
            self._kept.clear()
        known = self._recall(attempt)
        try:
            if known is not None and execute("PRAGMA data_version").fetchone()[0] == self._version:
                return Facts(*known, usage)
            execute("BEGIN")
            try:
                version = execute("PRAGMA data_version").fetchone()[0]
                if version != self._version or len(self._kept) > MAX_KEPT:
                    self._kept.clear()
                    self._version = version
                return self._read(attempt, usage)
            finally:
                execute("COMMIT")
        except sqlite3.Error:
            return Facts(readable=False, usage=usage)

    def _recall(self, attempt: Attempt) -> tuple[tuple[SourceFact, ...], tuple[NumberFact, ...], bool] | None:
        """Return what is kept, if it is all that an attempt needs, whether or not it still holds."""
        kept = self._kept
        found = kept.get(("source", attempt.source))
        proven = attempt.proven_carriers or attempt.proven_endpoint or attempt.proven_logins
        if found is None or proven or attempt.trunk or len(found) >= MAX_SOURCES:
            return None
        if not found and kept.get(("lists", attempt.source)) != ():  # a PBX's, or not looked up yet
            return None
        numbers = kept.get(("numbers", ",".join(forms_to_read(attempt, found))))
        return None if numbers is None else (found, numbers, kept["auth", ""])

    def _keep(self, kind: str, key: str, look_up: Callable[[str], Any]) -> Any:
        """Return a kept fact, looked up the first time."""
        name = (kind, key)
        try:
            return self._kept[name]
        except KeyError:
            fact = self._kept[name] = look_up(key)
            return fact

    def _read(self, attempt: Attempt, usage: Usage) -> Facts:
        found: tuple[SourceFact, ...] = self._keep("source", attempt.source, self._sources)
        named = [self._carrier(carrier_id) for carrier_id in attempt.proven_carriers]
        proven = tuple([c for c in named if c is not None])
        profiles = [c.profile for c in proven]
        crowded = len(found) >= MAX_SOURCES
        if crowded:
            profiles += self._keep("profiles", attempt.source, self._profiles)
        forms = forms_to_read(attempt, found, profiles)
        numbers = self._numbers(forms) if forms else ()
        if crowded and numbers:
            wanted = [c.id for n in numbers for c in n.carriers]
            found += self._sources_of(attempt.source, wanted)
        elif numbers:
            self._kept["numbers", ",".join(forms)] = numbers
        caller = self._endpoint(attempt.proven_endpoint) if attempt.proven_endpoint else None
        trunks: tuple[OutboundTrunkFact, ...] = ()
        if not found or attempt.trunk or attempt.proven_logins:
            trunks = trunks_of(self._db, attempt, self._keep("lists", attempt.source, self._lists), self.may_show)
        auth = self._keep("auth", "", self._auth_exists)
        return Facts(found, numbers, auth, usage, endpoint=caller, trunks=trunks, proven=proven)

    def _lists(self, source: str) -> tuple[str, ...]:
        return lists_of(self._db, self._keys(source))

    def _profiles(self, source: str) -> list[NumberProfile]:
        keys = self._keys(source)
        rows = self._db.execute(_PROFILES.format(keys=marks(keys)), [*keys, MAX_SOURCES])
        return [NumberProfile(CalledIn(place), country, strip) for place, country, strip in rows]

    def _keys(self, source: str) -> list[str]:
        prefixes = self._db.execute("SELECT family, prefix FROM mask_lengths").fetchall()
        return sources.address_keys(source, prefixes) + [name.key for name in self._named.names_at(source)]

    def _sources(self, source: str) -> tuple[SourceFact, ...]:
        return self._sources_of(source, None)

    def _sources_of(self, source: str, carrier_ids: list[str] | None) -> tuple[SourceFact, ...]:
        keys = self._keys(source)
        if not keys:
            return ()
        only = f" AND carrier_id IN ({marks(carrier_ids)})" if carrier_ids is not None else ""
        rows = self._db.execute(
            _SOURCE.format(keys=marks(keys), only=only, bits=128 if ":" in source else 32),
            [*keys, *(carrier_ids or ()), MAX_SOURCES],
        ).fetchall()
        pairs = [(self._carrier(row[2]), row) for row in rows]
        return tuple([SourceFact(carrier, row[0], row[1], row[3]) for carrier, row in pairs if carrier is not None])

    def _auth_exists(self, _: str) -> bool:
        row = self._db.execute(
            "SELECT 1 FROM carriers WHERE kind = 'auth' AND deleted_at IS NULL AND active = 1 UNION ALL "
            "SELECT 1 FROM credentials WHERE kind IN ('sip_endpoint', 'sip_trunk') AND revoked_at IS NULL LIMIT 1"
        ).fetchone()
        return row is not None

    def _carrier(self, carrier_id: str) -> CarrierFact | None:
        fact: CarrierFact | None = self._keep("carrier", carrier_id, self._read_carrier)
        return fact

    def _read_carrier(self, carrier_id: str) -> CarrierFact | None:
        row = self._db.execute(_CARRIER, (carrier_id,)).fetchone()
        if row is None:
            return None
        profile = NumberProfile(CalledIn(row[6]), row[7], row[8])
        return CarrierFact(
            id=row[0],
            name=row[1],
            kind=CarrierKind(row[2]),
            active=bool(row[3]),
            account_id=row[4],
            account_active=bool(row[5]),
            profile=PLAIN if profile == PLAIN else profile,
            max_channels=row[9],
            max_cps=row[10],
        )

    def _account(self, account_id: str) -> tuple[bool, int | None, int | None]:
        row = self._db.execute(_ACCOUNT, (account_id,)).fetchone()
        return (bool(row[0]), row[1], row[2]) if row else (False, None, None)

    def _numbers(self, forms: list[str]) -> tuple[NumberFact, ...]:
        sql = _NUMBER_BY_ONE if len(forms) == 1 else _NUMBER.format(forms=marks(forms))
        rows = self._execute(sql, forms).fetchall()
        if len(rows) == 1:  # nearly always: one number, one carrier
            return (self._number(rows),)
        rows.sort(key=_in_order)
        grouped: dict[str, list[_Row]] = {}
        for row in rows:
            grouped.setdefault(row[0], []).append(row)
        return tuple([self._number(group) for group in grouped.values()])

    def _number(self, rows: Sequence[_Row]) -> NumberFact:
        number_id, digits, account_id, status, trunk_id, application_id, hook_id, *_ = rows[0]
        active, max_channels, max_cps = self._keep("account", account_id, self._account)
        if trunk_id is not None:
            target, note = self._keep("trunk", trunk_id, partial(trunk_target, self._db))
        elif application_id is not None:
            target, note = self._keep("application", application_id, self._application)
        elif hook_id is not None:
            target, note = self._keep("hook", hook_id, self._hook)
        else:
            target, note = None, "the number points at no trunk, application or hook"
        carriers = [self._carrier(row[7]) for row in rows if row[7] is not None]
        return NumberFact(
            number_id,
            digits,
            account_id,
            _STATUSES[status],
            active,
            max_channels,
            max_cps,
            tuple([c for c in carriers if c is not None]),
            target,
            note,
            _SWITCH[rows[0][10]],
        )

    def _endpoint(self, endpoint_id: str) -> EndpointFact | None:
        row = self._db.execute(_ENDPOINT, (endpoint_id,)).fetchone()
        if row is None:
            return None
        active, max_channels, max_cps = self._keep("account", row[2], self._account)
        if row[3] is None:
            target, note = None, "the endpoint has no application; give it one by app_id"
        else:
            target, note = self._keep("application", row[3], self._application)
        return EndpointFact(row[0], row[1], row[2], active, max_channels, max_cps, target, note)

    def _application(self, application_id: str) -> tuple[Target | None, str]:
        row = self._db.execute(_APPLICATION, (application_id,)).fetchone()
        if row is None or not row[3]:
            return None, "the number's application is gone or switched off"
        if row[5] is None:
            return None, f"application {row[1]} has no answer URL"
        return ApplicationTarget(row[0], row[1], row[2], hooks_value(row[5:]), caller_names=bool(row[4])), ""

    def _hook(self, hook_id: str) -> tuple[Target | None, str]:
        row = self._db.execute(_HOOK, (hook_id,)).fetchone()
        if row is None or row[2] is None:
            return None, "the number's own hook has no URL"
        return ApplicationTarget(row[0], "the number's own hook", row[1], hooks_value(row[2:])), ""

    def outbound_gateways(self, account_id: str) -> list[tuple[Gateway, str | None]]:
        """Return the gateways by which the account may call out, best first, each with its carrier's country."""
        rows = self._db.execute(_OUTBOUND, (account_id,)).fetchall()
        return [(gateway_value(row[:-1]), row[-1]) for row in rows]

    def emergency_gateways(self, account_id: str) -> list[tuple[Gateway, str | None]]:
        """Return those by which the account may call emergency numbers, best first, each with its carrier's country."""
        return emergency_gateways(self._db, account_id)

    def emergency(self, account_id: str, caller: str) -> EmergencyFact | None:
        """Return what is known of a number that calls an emergency number; None for none that the account may show."""
        return emergency_fact(self._db, account_id, caller)

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

    def registered_name(self, e164: str) -> str | None:
        """Return the caller name (CNAM) that is registered for a live number."""
        row = self._db.execute("SELECT cnam FROM numbers WHERE e164 = ? AND removed_at IS NULL", (e164,)).fetchone()
        return str(row[0]) if row is not None and row[0] is not None else None

    def sip_users(self, username: str, account_code: str | None, trunk: str = "") -> list[SipUser]:
        """Return the users of `auth` carriers, then of outbound trunks, that have this name, with their passwords.

        With an account's code: those of its carriers and of carriers above it, the nearest first, and of its trunks;
        else those of all accounts, the oldest first; with a trunk's serial, that trunk's alone. At most `MAX_NAMESAKES`
        carriers' and as many trunks'. Raises `StoreUnavailableError` where they cannot be read. Decrypts.
        """
        if self._vault is None:
            return []
        name = username.encode("utf-8", "replace").decode()
        try:
            if trunk:
                rows = []
            elif account_code is None:
                rows = self._db.execute(_USERS, (name, MAX_NAMESAKES)).fetchall()
            else:
                rows = self._db.execute(_USERS_OF_ACCOUNT, (name, account_code, MAX_NAMESAKES)).fetchall()
            logins = logins_of(self._db, name, account_code, trunk)[:MAX_NAMESAKES]
            return [
                *[SipUser(row[0], self._vault.open(row[1], row[0]), carrier_id=row[2]) for row in rows],
                *[SipUser(row[0], self._vault.open(row[1], row[0]), trunk_login_id=row[2]) for row in logins],
            ]
        except (sqlite3.Error, InvalidTag, ValueError):  # the last two: a row that was damaged
            raise StoreUnavailableError("the credentials of carriers and trunks cannot be read") from None

    def endpoint_login(self, username: str) -> Login | None:
        """Return what an endpoint's user name and password open; None for an unknown one.

        Raises `StoreUnavailableError` where that cannot be read. Decrypts.
        """
        if self._vault is None:
            return None
        try:
            row = self._db.execute(_LOGIN, (username.encode("utf-8", "replace").decode(),)).fetchone()
            if row is None:
                return None
            return Login(row[0], row[1], row[2], row[3], self._vault.open(row[5], row[0]), bool(row[4]))
        except (sqlite3.Error, InvalidTag, ValueError):
            raise StoreUnavailableError("the endpoint's credentials cannot be read") from None

    def endpoint_in(self, account_id: str, username: str) -> str | None:
        """Return the login of an endpoint of this account, or of one below it, that may be called; else None."""
        row = self._db.execute(
            "SELECT e.login_id FROM endpoints e JOIN accounts a ON a.id = e.account_id "
            "JOIN account_ancestors x ON x.account_id = e.account_id AND x.ancestor_id = ? "
            "WHERE e.username = ? AND e.deleted_at IS NULL AND a.routable = 1",
            (account_id, username.encode("utf-8", "replace").decode()),
        ).fetchone()
        return None if row is None else str(row[0])

    def outbound_auth(self, carrier_id: str) -> OutboundAuth | None:
        """Return with what we prove ourselves to a carrier, None where it has no credentials.

        Raises `StoreUnavailableError` where they cannot be read. Decrypts: ask only when the carrier has challenged.
        """
        return self._auth(
            "SELECT id, ciphertext, public_id, realm FROM credentials "
            "WHERE carrier_id = ? AND kind = 'sip_outbound' AND revoked_at IS NULL ORDER BY seq LIMIT 1",
            carrier_id,
            "carrier",
        )

    def origination_auth(self, uri_id: str) -> OutboundAuth | None:
        """Return with what we prove ourselves to a trunk's target, None where its URI has no credentials (any more).

        Raises `StoreUnavailableError` where they cannot be read. Decrypts: ask only when the target has challenged.
        """
        return self._auth(
            "SELECT c.id, c.ciphertext, u.username, NULL FROM origination_uris u "
            "JOIN credentials c ON c.id = u.credential_id AND c.revoked_at IS NULL "
            "WHERE u.id = ? AND u.authenticates = 1 AND u.deleted_at IS NULL",
            uri_id,
            "target",
        )

    def _auth(self, statement: str, owner_id: str, owner: str) -> OutboundAuth | None:
        if self._vault is None:
            return None
        try:
            row = self._db.execute(statement, (owner_id,)).fetchone()
            return OutboundAuth(row[2], self._vault.open(row[1], row[0]), row[3]) if row else None
        except (sqlite3.Error, InvalidTag, ValueError):  # the last: a row that was damaged
            raise StoreUnavailableError(f"the {owner}'s credentials cannot be read") from None


class _NoNames:
    """`NamedSources` where nothing is known of any name."""

    version = 0

    def names_at(self, address: str) -> tuple[HostName, ...]:  # noqa: ARG002 -- the port's signature
        """Return nothing."""
        return ()


def _in_order(row: _Row) -> tuple[int, int]:
    """Order rows of `_NUMBER`: the older number first, its carriers by position (0 where it has none)."""
    return row[8], row[9] or 0


_STATUSES = {status.value: status for status in NumberStatus}
_SWITCH = {None: None, 0: False, 1: True}
