"""Tokens: fresh, of one size, and ids that are UUIDs."""

from __future__ import annotations

from uuid import UUID

from trunkline.sip.tokens import DRAWN, SIZE, Tokens


def test_tokens_never_repeat() -> None:
    tokens = Tokens()
    made = [tokens() for _ in range(3 * DRAWN + 1)]
    assert len(set(made)) == len(made)
    assert {len(token) for token in made} == {SIZE}
    assert all(set(token) <= set("0123456789abcdef") for token in made)


def test_ids_are_random_uuids() -> None:
    tokens = Tokens()
    ids = [tokens.uuid() for _ in range(DRAWN)]
    assert len(set(ids)) == DRAWN
    assert {(UUID(text).version, str(UUID(text)) == text) for text in ids} == {(4, True)}
