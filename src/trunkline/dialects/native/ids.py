"""The native API's identifiers: the records' own UUIDs, and numbers as digits."""

from __future__ import annotations

from uuid import UUID

from trunkline.core.errors import NotFoundError


def record_id(text: str) -> str:
    """Return a UUID in its canonical text; `NotFoundError` for anything else, which names no record."""
    try:
        return str(UUID(text))
    except ValueError:
        raise NotFoundError("not found") from None


def digits(text: str) -> str:
    """Return the digits of a number in a path, with or without ``+``."""
    return text.strip().removeprefix("+")
