"""Compliance applications in SQL; what is in their documents is encrypted."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from trunkline.core.model import Listing, Number, Page, Scope
from trunkline.core.regulated import (
    AddressNeed,
    Compliance,
    ComplianceFilter,
    ComplianceStatus,
    Document,
    KindRules,
    RegulatedKind,
)
from trunkline.store.numbers import SqlNumbers
from trunkline.store.paging import page_of
from trunkline.store.rows import in_scope, json_text, json_value, marks, time_text, time_value, webhook_value
from trunkline.store.secrets import Vault

_OWN = (
    "id, account_id, alias, status, country, number_type, user_type, end_user, callback_url, callback_method, "
    "reason, created_at, updated_at"
)
_COLUMNS = f"seq, {_OWN}"
_TABLE = "compliance_applications"
_DOCUMENT = "id, position, type_id, file_name, media_type, size, fields"


def _application(row: Sequence[Any]) -> Compliance:
    return Compliance(
        seq=row[0],
        id=row[1],
        account_id=row[2],
        alias=row[3],
        status=ComplianceStatus(row[4]),
        country=row[5],
        number_type=row[6],
        end_user=json_value(row[8]),
        callback=webhook_value(row[9], row[10]),
        reason=row[11],
        created_at=time_value(row[12]),
        updated_at=time_value(row[13]),
    )


def _values(application: Compliance) -> tuple[object, ...]:
    return (
        application.id,
        application.account_id,
        application.alias,
        application.status.value,
        application.country,
        application.number_type,
        application.end_user.get("type", ""),
        json_text(application.end_user),
        application.callback.url if application.callback else None,
        application.callback.method if application.callback else "POST",
        application.reason,
        time_text(application.created_at),
        time_text(application.updated_at),
    )


def _document(row: Sequence[Any]) -> Document:
    return Document(
        id=row[0],
        position=row[1],
        type_id=row[2],
        file_name=row[3],
        media_type=row[4],
        size=row[5],
        fields=json_value(row[6]),
    )


class SqlCompliance:
    """`core.regulated_ports.ComplianceStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection, vault: Vault) -> None:
        self._db = connection
        self._vault = vault
        self._numbers = SqlNumbers(connection)

    def add(self, application: Compliance) -> None:
        """Write an application."""
        values = _values(application)
        self._db.execute(f"INSERT INTO {_TABLE} ({_OWN}) VALUES ({marks(values)})", values)

    def get(self, scope: Scope, application_id: str) -> Compliance | None:
        """Return an application."""
        inside, parameters = in_scope(scope, "account_id")
        row = self._db.execute(
            f"SELECT {_COLUMNS} FROM {_TABLE} WHERE id = ? AND {inside}", (application_id, *parameters)
        ).fetchone()
        return _application(row) if row else None

    def page(self, scope: Scope, wanted: ComplianceFilter, page: Page) -> Listing[Compliance]:
        """Return applications, oldest first."""
        inside, parameters = in_scope(scope, "account_id")
        given = {
            "status": wanted.status.value if wanted.status else None,
            "country": wanted.country,
            "number_type": wanted.number_type,
            "user_type": wanted.user_type,
            "alias": wanted.alias,
        }
        asked = {name: value for name, value in given.items() if value is not None}
        where = " AND ".join([inside, *(f"{name} = ?" for name in asked)])
        rows, total, last = page_of(
            self._db, _COLUMNS, _TABLE, where=where, values=[*parameters, *asked.values()], page=page, order="seq"
        )
        return Listing(tuple(_application(row) for row in rows), total, last)

    def update(self, application: Compliance) -> None:
        """Write an application's changed fields."""
        names = _OWN.split(", ")
        self._db.execute(
            f"UPDATE {_TABLE} SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?",
            (*_values(application), application.id),
        )

    def remove(self, application_id: str) -> None:
        """Forget an application and its documents."""
        self._db.execute("DELETE FROM compliance_documents WHERE application_id = ?", (application_id,))
        self._db.execute(f"DELETE FROM {_TABLE} WHERE id = ?", (application_id,))

    def set_documents(self, application_id: str, documents: Sequence[tuple[Document, bytes]]) -> None:
        """Make these the application's documents, in this order."""
        self._db.execute("DELETE FROM compliance_documents WHERE application_id = ?", (application_id,))
        for document, content in documents:
            self._db.execute(
                f"INSERT INTO compliance_documents (application_id, {_DOCUMENT}, ciphertext) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    application_id,
                    document.id,
                    document.position,
                    document.type_id,
                    document.file_name,
                    document.media_type,
                    document.size,
                    json_text(document.fields),
                    self._vault.seal_bytes(content, document.id),
                ),
            )

    def documents(self, application_id: str) -> list[Document]:
        """Return an application's documents, in their order."""
        rows = self._db.execute(
            f"SELECT {_DOCUMENT} FROM compliance_documents WHERE application_id = ? ORDER BY position",
            (application_id,),
        )
        return [_document(row) for row in rows]

    def content(self, document_id: str) -> bytes | None:
        """Return a document's content."""
        row = self._db.execute("SELECT ciphertext FROM compliance_documents WHERE id = ?", (document_id,)).fetchone()
        return self._vault.open_bytes(row[0], document_id) if row else None

    def held(self, account_id: str) -> tuple[int, int]:
        """Return how many applications an account has, and the bytes of their documents."""
        row = self._db.execute(
            f"SELECT count(DISTINCT a.id), coalesce(sum(d.size), 0) FROM {_TABLE} a "
            "LEFT JOIN compliance_documents d ON d.application_id = a.id WHERE a.account_id = ?",
            (account_id,),
        ).fetchone()
        return int(row[0]), int(row[1])

    def numbers(self, scope: Scope, application_id: str, limit: int) -> list[Number]:
        """Return the live numbers inside ``scope`` that are linked to an application, oldest first."""
        inside, parameters = in_scope(scope, "account_id")
        rows = self._db.execute(
            f"SELECT e164 FROM numbers WHERE compliance_id = ? AND removed_at IS NULL AND {inside} "
            "ORDER BY seq LIMIT ?",
            (application_id, *parameters, limit),
        ).fetchall()
        found = (self._numbers.get(scope, row[0]) for row in rows)
        return [number for number in found if number is not None]

    def kinds(self) -> list[RegulatedKind]:
        """Return the kinds of number that need an accepted application, in order."""
        return [rules.kind for rules in self.rules() if rules.application]

    def rules(self) -> list[KindRules]:
        """Return the kinds of number of which anything is demanded, in order."""
        rows = self._db.execute(
            "SELECT country, number_type, application, address FROM regulated_kinds ORDER BY country, number_type"
        )
        return [KindRules(RegulatedKind(row[0], row[1]), bool(row[2]), AddressNeed(row[3])) for row in rows]

    def set_address_need(self, kind: RegulatedKind, need: AddressNeed) -> None:
        """Say which address numbers of a kind have to name."""
        self._set_rule(kind, "address", need.value)

    def accepted_types(self, account_id: str, country: str) -> list[str]:
        """Return the types of number for which an account has an accepted application of a country."""
        rows = self._db.execute(
            f"SELECT DISTINCT number_type FROM {_TABLE} WHERE account_id = ? AND country = ? AND status = ? "
            "ORDER BY number_type",
            (account_id, country, ComplianceStatus.ACCEPTED.value),
        )
        return [str(row[0]) for row in rows]

    def is_regulated(self, kind: RegulatedKind) -> bool:
        """Tell whether a kind of number is regulated."""
        row = self._db.execute(
            "SELECT 1 FROM regulated_kinds WHERE country = ? AND number_type = ? AND application = 1",
            (kind.country, kind.number_type),
        ).fetchone()
        return row is not None

    def set_regulated(self, kind: RegulatedKind, *, regulated: bool) -> None:
        """Mark a kind of number as regulated, or no longer so."""
        self._set_rule(kind, "application", int(regulated))

    def _set_rule(self, kind: RegulatedKind, column: str, value: object) -> None:
        named = (kind.country, kind.number_type)
        self._db.execute(
            f"INSERT INTO regulated_kinds (country, number_type, {column}) VALUES (?, ?, ?) "
            f"ON CONFLICT (country, number_type) DO UPDATE SET {column} = excluded.{column}",
            (*named, value),
        )
        nothing = "application = 0 AND address = 'none'"
        self._db.execute(f"DELETE FROM regulated_kinds WHERE country = ? AND number_type = ? AND {nothing}", named)
