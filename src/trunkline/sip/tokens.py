"""Unguessable tokens for tags, branches and Call-IDs, and ids of calls made of the same."""

from __future__ import annotations

import secrets

SIZE = 32
"""Characters of a token: 128 bits in hex."""
DRAWN = 256
"""Tokens drawn from the system at once: a system call for each of the seven that a call needs would show."""


class Tokens:
    """Makes tokens, each a fresh one."""

    __slots__ = ("_at", "_pool")

    def __init__(self) -> None:
        self._pool = ""
        self._at = 0

    def __call__(self) -> str:
        """Return a token."""
        at = self._at
        if at == len(self._pool):
            self._pool, at = secrets.token_hex(SIZE // 2 * DRAWN), 0
        self._at = at + SIZE
        return self._pool[at : at + SIZE]

    def uuid(self) -> str:
        """Return a random UUID (RFC 9562 §5.4)."""
        token = self()
        return f"{token[:8]}-{token[8:12]}-4{token[13:16]}-a{token[17:20]}-{token[20:]}"
