"""Plivo's bodies of compliance requirements: a part of `views`, by the same rules."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from trunkline.core.compliance import MAX_TEXT, USER_TYPES
from trunkline.core.regulated import RegulatedKind
from trunkline.dialects.plivo.views_regulated import body

_SPACE = UUID("6e7c5a52-3f0b-4f1e-9d51-0c2a7e1b8f64")
"""What the ids of requirements are derived in: the same kind has the same id in every installation."""


def _id(kind: RegulatedKind, user_type: str) -> str:
    return str(uuid5(_SPACE, f"{kind.country} {kind.number_type} {user_type}"))


def ids_of(kind: RegulatedKind) -> dict[str, str]:
    """Return the ids of a kind's requirements by type of end user."""
    return {user_type: _id(kind, user_type) for user_type in USER_TYPES}


def requirement(kind: RegulatedKind, user_type: str) -> bytes:
    """Return a requirement. No document is demanded, so there is no type of document; an end user's fields are."""
    return body(
        requirement_id=_id(kind, user_type),
        country_iso=kind.country,
        number_type=kind.number_type,
        user_type=user_type,
        document_types=[],
        end_user_fields=[
            _field("type", "Type of end user", enums=",".join(USER_TYPES)),
            _field("name", "Name of the end user", min_length=1, max_length=MAX_TEXT),
        ],
    )


def _field(name: str, shown: str, **rule: str | int) -> dict[str, Any]:
    return {"field_name": name, "friendly_name": shown, "field_type": "string", "required": True, **rule}
