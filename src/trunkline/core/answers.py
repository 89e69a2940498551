"""Answers that are given again: what a client got for a request that it named by a key of its own (idempotency)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

MAX_KEPT = 100_000
"""Answers kept of one account; beyond that the oldest are let go before their time (at most `SLACK` late)."""
SLACK = 100
MAX_SWEPT = 100
"""Outlived answers, of any account, that are removed whenever one is kept: they cannot pile up."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer under a key. ``same_request`` tells whether the request that asks for it now is the one that got it."""

    status: int
    body: bytes
    same_request: bool


class AnswerStore(Protocol):
    """Answers by account and key. Requests are compared by a keyed hash, since they hold passwords."""

    def find(self, account_id: str, key: str, request: str, at: datetime) -> KeptAnswer | None:
        """Return what is kept under a key and not outlived by ``at``."""
        ...

    def keep(self, account_id: str, key: str, request: str, answer: tuple[int, bytes], at: datetime) -> None:
        """Keep an answer (status, body) from ``at`` for `Rules.idempotency_ttl`; its key holds none now."""
        ...
