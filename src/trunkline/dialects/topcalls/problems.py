"""What this dialect finds wrong with a request before, or beside, any use case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from trunkline.dialects.http import HttpError


class Problem(NamedTuple):
    """One thing that is wrong: where (a dotted path), the rule, and a word for programs."""

    path: str
    message: str
    code: str


class RefusedError(HttpError):
    """A request that breaks rules: ``slug`` and ``title`` name the kind of refusal, ``problems`` all that is wrong."""

    def __init__(
        self,
        slug: str,
        title: str,
        message: str,
        problems: Sequence[Problem] = (),
        *,
        status: int = 400,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        super().__init__(status, message, headers)
        self.slug = slug
        self.title = title
        self.problems = tuple(problems)


def bad_body(problems: Sequence[Problem]) -> RefusedError:
    """Return the refusal of a body; as in the vendor's example, its detail is the first problem's message."""
    return RefusedError("invalid_request", "Invalid request body", problems[0].message, problems)


def bad_path(name: str) -> RefusedError:
    """Return the refusal of a path value that is no UUID."""
    message = f"{name} must be a UUID"
    return RefusedError("invalid_request", "Invalid path parameter", message, [Problem(name, message, "invalid_uuid")])


def bad_query(name: str, message: str, code: str) -> RefusedError:
    """Return the refusal of a query argument."""
    return RefusedError("invalid_request", "Invalid query parameter", message, [Problem(name, message, code)])


def bad_key(message: str) -> RefusedError:
    """Return the refusal of an Idempotency-Key."""
    return RefusedError("invalid_idempotency_key", "Invalid Idempotency-Key", message)


def no_default_carrier() -> RefusedError:
    """Return the refusal of a number without a carrier, where there is none to fall back on."""
    message = "there is no carrier to deliver this number: create one first, or name one as voip_carrier_sid"
    return RefusedError("no_default_carrier", "No default carrier", message, status=409)
