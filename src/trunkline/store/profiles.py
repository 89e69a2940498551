"""Business profiles in SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from trunkline.core.model import Listing, Page, Scope
from trunkline.core.regulated import Profile
from trunkline.store.paging import page_of
from trunkline.store.rows import in_scope, json_text, json_value, time_text, time_value

_OWN = "id, account_id, alias, primary_id, facts, address, contact, created_at, updated_at"


def _profile(row: Sequence[Any]) -> Profile:
    return Profile(
        id=row[1],
        account_id=row[2],
        alias=row[3],
        primary_id=row[4],
        facts=json_value(row[5]),
        address=json_value(row[6]),
        contact=json_value(row[7]),
        created_at=time_value(row[8]),
        updated_at=time_value(row[9]),
    )


class SqlProfiles:
    """`core.regulated_ports.ProfileStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, profile: Profile) -> None:
        """Write a profile."""
        self._db.execute(
            f"INSERT INTO profiles ({_OWN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                profile.id,
                profile.account_id,
                profile.alias,
                profile.primary_id,
                *_texts(profile),
                time_text(profile.created_at),
                time_text(profile.updated_at),
            ),
        )

    def get(self, scope: Scope, profile_id: str) -> Profile | None:
        """Return a profile."""
        inside, parameters = in_scope(scope, "account_id")
        row = self._db.execute(
            f"SELECT seq, {_OWN} FROM profiles WHERE id = ? AND {inside}", (profile_id, *parameters)
        ).fetchone()
        return _profile(row) if row else None

    def page(self, scope: Scope, page: Page) -> Listing[Profile]:
        """Return profiles, oldest first."""
        inside, parameters = in_scope(scope, "account_id")
        rows, total, last = page_of(
            self._db, f"seq, {_OWN}", "profiles", where=inside, values=parameters, page=page, order="seq"
        )
        return Listing(tuple(_profile(row) for row in rows), total, last)

    def update(self, profile: Profile) -> None:
        """Write a profile's changed fields."""
        self._db.execute(
            "UPDATE profiles SET alias = ?, facts = ?, address = ?, contact = ?, updated_at = ? WHERE id = ?",
            (profile.alias, *_texts(profile), time_text(profile.updated_at), profile.id),
        )

    def remove(self, profile_id: str) -> None:
        """Take a profile out."""
        self._db.execute("DELETE FROM profiles WHERE id = ?", (profile_id,))

    def uses(self, profile_id: str) -> int:
        """Count the live numbers that name a profile, and the profiles below it."""
        row = self._db.execute(
            "SELECT (SELECT count(*) FROM numbers WHERE profile_id = ? AND removed_at IS NULL) "
            "+ (SELECT count(*) FROM profiles WHERE primary_id = ?)",
            (profile_id, profile_id),
        ).fetchone()
        return int(row[0])


def _texts(profile: Profile) -> tuple[str, str, str]:
    return json_text(profile.facts), json_text(profile.address), json_text(profile.contact)
