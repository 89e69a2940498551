"""Accounts, their tree, and credentials in SQL."""

from __future__ import annotations

import hmac
import sqlite3
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from trunkline.core.model import (
    EVERYTHING,
    Account,
    AccountDetails,
    AccountState,
    Credential,
    CredentialKind,
    Listing,
    Page,
    Role,
    Scope,
)
from trunkline.store.counting import OF_ACCOUNT, Counts
from trunkline.store.paging import page_of
from trunkline.store.rows import marks, time_text, time_value
from trunkline.store.secrets import Vault

_ACCOUNT = (
    "id, parent_id, code, name, state, default_application_id, max_channels, max_cps, created_at, updated_at, "
    "default_endpoint_application_id"
)
_DETAILS = tuple(field.name for field in fields(AccountDetails))
"""The details' fields are columns of the same names."""

_HOLDINGS = {
    "carrier": ("carriers", "deleted_at", "id"),
    "trunk": ("trunks", "deleted_at", "id"),
    "application": ("applications", "deleted_at", "id"),
    "number": ("numbers", "removed_at", "e164"),
    "campaign": ("campaigns", "", "campaign_id"),
    "profile": ("profiles", "", "id"),
    "compliance": ("compliance_applications", "", "id"),
    "endpoint": ("endpoints", "deleted_at", "id"),
    "origination_uri": ("origination_uris", "deleted_at", "id"),
    "trunk_login": ("trunk_logins", "deleted_at", "id"),
    "ip_list": ("ip_lists", "deleted_at", "id"),
    "login_list": ("login_lists", "deleted_at", "id"),
    "address": ("addresses", "deleted_at", "id"),
    "regulatory": ("regulatory_records", "deleted_at", "id"),
}
"""By kind: the table, the time at which a record left (empty: it leaves for good), its name in the change log."""

_CREDENTIAL = "id, account_id, carrier_id, kind, public_id, role, scopes, created_at, revoked_at, realm"
_STATES = {state.value: state for state in AccountState}
_KINDS = {kind.value: kind for kind in CredentialKind}
_ROLES = {role.value: role for role in Role}


def _account(row: Sequence[Any]) -> Account:
    id_, parent_id, code, name, state, default_application_id, max_channels, max_cps, created_at, updated_at = row[:10]
    return Account(
        id=id_,
        parent_id=parent_id,
        code=code,
        name=name,
        state=_STATES[state],
        default_application_id=default_application_id,
        max_channels=max_channels,
        max_cps=max_cps,
        created_at=time_value(created_at),
        updated_at=time_value(updated_at),
        default_endpoint_application_id=row[10],
    )


class SqlAccounts:
    """`core.ports.AccountStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def get(self, account_id: str) -> Account | None:
        """Return an account by id."""
        row = self._db.execute(f"SELECT {_ACCOUNT} FROM accounts WHERE id = ?", (account_id,)).fetchone()
        return _account(row) if row else None

    def by_code(self, code: str) -> Account | None:
        """Return an account by its 18 characters."""
        row = self._db.execute(f"SELECT {_ACCOUNT} FROM accounts WHERE code = ?", (code,)).fetchone()
        return _account(row) if row else None

    def all(self) -> list[Account]:
        """Return every account, parents before children."""
        return [_account(row) for row in self._db.execute(f"SELECT {_ACCOUNT} FROM accounts ORDER BY seq")]

    def add(self, account: Account) -> None:
        """Write a new account and its place in the tree."""
        self._db.execute(
            f"INSERT INTO accounts ({_ACCOUNT}, routable) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
            (
                account.id,
                account.parent_id,
                account.code,
                account.name,
                account.state.value,
                account.default_application_id,
                account.max_channels,
                account.max_cps,
                time_text(account.created_at),
                time_text(account.updated_at),
                account.default_endpoint_application_id,
            ),
        )
        self._db.execute("INSERT INTO account_ancestors VALUES (?, ?, 0)", (account.id, account.id))
        self._db.execute(
            "INSERT INTO account_ancestors "
            "SELECT ?, ancestor_id, depth + 1 FROM account_ancestors WHERE account_id = ?",
            (account.id, account.parent_id),
        )
        self._settle_routable(account.id)

    def update(self, account: Account) -> None:
        """Write an account's changed fields; a changed state reaches its descendants' routing."""
        self._db.execute(
            "UPDATE accounts SET name = ?, state = ?, default_application_id = ?, max_channels = ?, max_cps = ?, "
            "updated_at = ?, default_endpoint_application_id = ? WHERE id = ?",
            (
                account.name,
                account.state.value,
                account.default_application_id,
                account.max_channels,
                account.max_cps,
                time_text(account.updated_at),
                account.default_endpoint_application_id,
                account.id,
            ),
        )
        self._settle_routable(account.id)

    def _settle_routable(self, account_id: str) -> None:
        self._db.execute(
            "UPDATE accounts SET routable = NOT EXISTS ("
            " SELECT 1 FROM account_ancestors x JOIN accounts above ON above.id = x.ancestor_id"
            " WHERE x.account_id = accounts.id AND above.state <> 'active'"
            ") WHERE id IN (SELECT account_id FROM account_ancestors WHERE ancestor_id = ?)",
            (account_id,),
        )

    def ancestors(self, account_id: str) -> Sequence[str]:
        """Return the account's own id and those above it, nearest first."""
        rows = self._db.execute(
            "SELECT ancestor_id FROM account_ancestors WHERE account_id = ? ORDER BY depth", (account_id,)
        )
        return [str(row[0]) for row in rows]

    def covers(self, scope: Scope, account_id: str) -> bool:
        """Tell whether ``scope`` sees the account."""
        if scope == EVERYTHING or scope.account_id == account_id:
            return True
        return scope.include_children and scope.account_id in self.ancestors(account_id)

    def below(self, account_id: str, page: Page) -> Listing[Account]:
        """Return the accounts below one, closed ones aside, oldest first."""
        columns = "accounts.seq, " + ", ".join(f"accounts.{name}" for name in _ACCOUNT.split(", "))
        rows, total, last = page_of(
            self._db,
            columns,
            "account_ancestors x JOIN accounts ON accounts.id = x.account_id",
            where="x.ancestor_id = ? AND x.depth > 0 AND accounts.state <> 'closed'",
            values=[account_id],
            page=page,
            order="accounts.seq",
        )
        return Listing(tuple(_account(row[1:]) for row in rows), total, last)

    def details(self, account_id: str) -> AccountDetails:
        """Return what an account tells of its holder; of one that told nothing, the defaults."""
        row = self._db.execute(
            f"SELECT {', '.join(_DETAILS)} FROM account_details WHERE account_id = ?", (account_id,)
        ).fetchone()
        return AccountDetails(**dict(zip(_DETAILS, row, strict=True))) if row else AccountDetails()

    def set_details(self, account_id: str, details: AccountDetails) -> None:
        """Write what an account tells of its holder."""
        self._db.execute(
            f"INSERT INTO account_details (account_id, {', '.join(_DETAILS)}) VALUES (?, {marks(_DETAILS)}) "
            f"ON CONFLICT (account_id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _DETAILS)}",
            (account_id, *(getattr(details, name) for name in _DETAILS)),
        )

    def hand_over(self, kind: str, account_id: str, to_id: str) -> list[str]:
        """Give an account's live records of a kind to another account; return their names in the change log."""
        table, left_at, name = _HOLDINGS[kind]
        if kind == "carrier":  # their SIP credentials name the account, too
            self._db.execute(
                "UPDATE credentials SET account_id = ? WHERE account_id = ? AND carrier_id IS NOT NULL",
                (to_id, account_id),
            )
        if kind == "endpoint":
            self._db.execute(
                "UPDATE credentials SET account_id = ? WHERE id IN "
                "(SELECT login_id FROM endpoints WHERE account_id = ? AND deleted_at IS NULL)",
                (to_id, account_id),
            )
        if kind in ("origination_uri", "trunk_login"):
            self._db.execute(
                "UPDATE credentials SET account_id = ? WHERE id IN "
                f"(SELECT credential_id FROM {_HOLDINGS[kind][0]} WHERE account_id = ? AND deleted_at IS NULL)",
                (to_id, account_id),
            )
        if kind == "number":
            self._db.execute(
                f"UPDATE hooks SET account_id = ? WHERE id IN (SELECT hook_id FROM numbers WHERE {OF_ACCOUNT})",
                (to_id, account_id),
            )
            self._db.execute(
                "UPDATE callbacks SET account_id = ? WHERE account_id = ? AND state = 'waiting'", (to_id, account_id)
            )
            return Counts(self._db).write(OF_ACCOUNT, [account_id], {"account_id": to_id})
        live = f" AND {left_at} IS NULL" if left_at else ""
        rows = self._db.execute(
            f"UPDATE {table} SET account_id = ? WHERE account_id = ?{live} RETURNING {name}", (to_id, account_id)
        )
        return [str(row[0]) for row in rows.fetchall()]


def _credential(row: Sequence[Any]) -> Credential:
    id_, account_id, carrier_id, kind, public_id, role, scopes, created_at, revoked_at, realm = row
    return Credential(
        id=id_,
        account_id=account_id,
        carrier_id=carrier_id,
        kind=_KINDS[kind],
        public_id=public_id,
        role=_ROLES[role],
        scopes=scopes,
        created_at=time_value(created_at),
        revoked_at=time_value(revoked_at) if revoked_at else None,
        realm=realm,
    )


class SqlCredentials:
    """`core.ports.CredentialStore` on one connection; the vault seals and opens."""

    def __init__(self, connection: sqlite3.Connection, vault: Vault) -> None:
        self._db = connection
        self._vault = vault

    def add(self, credential: Credential, secret: str) -> None:
        """Write a credential, its secret encrypted."""
        self._db.execute(
            f"INSERT INTO credentials ({_CREDENTIAL}, lookup_hash, ciphertext) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                credential.id,
                credential.account_id,
                credential.carrier_id,
                credential.kind.value,
                credential.public_id,
                credential.role.value,
                credential.scopes,
                time_text(credential.created_at),
                time_text(credential.revoked_at) if credential.revoked_at else None,
                credential.realm,
                self._vault.lookup(secret),
                self._vault.seal(secret, credential.id),
            ),
        )

    def check(self, kind: CredentialKind, public_id: str, secret: str) -> Credential | None:
        """Return the live credential that ``secret`` opens, compared in constant time."""
        wanted = self._vault.lookup(secret)
        rows = self._db.execute(
            f"SELECT lookup_hash, {_CREDENTIAL} FROM credentials "
            "WHERE kind = ? AND public_id = ? AND revoked_at IS NULL",
            (kind.value, public_id),
        )
        for row in rows:
            if hmac.compare_digest(row[0], wanted):
                return _credential(row[1:])
        return None

    def by_secret(self, kind: CredentialKind, secret: str) -> Credential | None:
        """Return the live credential with this secret (bearer keys name no public id)."""
        row = self._db.execute(
            f"SELECT {_CREDENTIAL} FROM credentials WHERE kind = ? AND lookup_hash = ? AND revoked_at IS NULL",
            (kind.value, self._vault.lookup(secret)),
        ).fetchone()
        return _credential(row) if row else None

    def live(self, account_id: str, kind: CredentialKind) -> list[Credential]:
        """Return an account's live credentials of a kind, oldest first."""
        return self._where("account_id = ? AND kind = ?", (account_id, kind.value))

    def of_carrier(self, carrier_id: str, kind: CredentialKind) -> list[Credential]:
        """Return a carrier's live credentials of a kind."""
        return self._where("carrier_id = ? AND kind = ?", (carrier_id, kind.value))

    def named(self, kind: CredentialKind, public_id: str) -> list[Credential]:
        """Return the live credentials of a kind with this public id (a SIP user name)."""
        return self._where("kind = ? AND public_id = ?", (kind.value, public_id))

    def _where(self, condition: str, values: tuple[str, ...]) -> list[Credential]:
        rows = self._db.execute(
            f"SELECT {_CREDENTIAL} FROM credentials WHERE {condition} AND revoked_at IS NULL ORDER BY seq", values
        )
        return [_credential(row) for row in rows]

    def revoke(self, credential_id: str, at: datetime) -> None:
        """Let a credential open nothing any more; its secret is forgotten, the row stays as history."""
        self._db.execute(
            "UPDATE credentials SET revoked_at = ?, lookup_hash = ?, ciphertext = ? WHERE id = ?",
            (time_text(at), b"", b"", credential_id),
        )

    def reveal(self, credential_id: str) -> str:
        """Return the secret in clear."""
        row = self._db.execute("SELECT ciphertext FROM credentials WHERE id = ?", (credential_id,)).fetchone()
        return self._vault.open(row[0], credential_id)
