"""Answers that are given again, in SQL."""

from __future__ import annotations

import hmac
import sqlite3
from datetime import datetime, timedelta

from trunkline.core.answers import MAX_KEPT, MAX_SWEPT, SLACK, KeptAnswer
from trunkline.store.rows import time_text
from trunkline.store.secrets import Vault


class SqlAnswers:
    """`core.answers.AnswerStore` on one connection; the vault hashes."""

    def __init__(self, connection: sqlite3.Connection, vault: Vault, ttl: timedelta) -> None:
        self._db = connection
        self._vault = vault
        self._ttl = ttl

    def find(self, account_id: str, key: str, request: str, at: datetime) -> KeptAnswer | None:
        """Return what is kept under a key and not outlived by ``at``."""
        row = self._db.execute(
            "SELECT status, body, fingerprint FROM answers WHERE account_id = ? AND key = ? AND expires_at > ?",
            (account_id, key, time_text(at)),
        ).fetchone()
        if row is None:
            return None
        return KeptAnswer(int(row[0]), bytes(row[1]), hmac.compare_digest(row[2], self._vault.lookup(request)))

    def keep(self, account_id: str, key: str, request: str, answer: tuple[int, bytes], at: datetime) -> None:
        """Keep an answer (status, body) from ``at`` for `Rules.idempotency_ttl`; its key holds none now."""
        self._db.execute(
            "DELETE FROM answers WHERE seq IN "
            "(SELECT seq FROM answers WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
            (time_text(at), MAX_SWEPT),
        )
        self._db.execute("DELETE FROM answers WHERE account_id = ? AND key = ?", (account_id, key))
        values = (account_id, key, self._vault.lookup(request), *answer, time_text(at + self._ttl))
        done = self._db.execute(
            "INSERT INTO answers (account_id, key, fingerprint, status, body, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
            values,
        )
        if (done.lastrowid or 0) % SLACK == 0:
            self._db.execute(
                "DELETE FROM answers WHERE account_id = ? AND seq <= "
                "(SELECT seq FROM answers WHERE account_id = ? ORDER BY seq DESC LIMIT 1 OFFSET ?)",
                (account_id, account_id, MAX_KEPT),
            )
