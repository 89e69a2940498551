"""Reads the arguments of forms and queries: one function for each kind of value, all with the vendor's codes.

Names are case-sensitive, unknown ones are ignored. An argument that is absent leaves things as they are; an empty one
clears.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from trunkline.core import applications
from trunkline.core.errors import InvalidError
from trunkline.dialects.http import Ask, decode_fields
from trunkline.dialects.twilio import ids
from trunkline.dialects.twilio.problems import ANY, RefusedError

Args: TypeAlias = Mapping[str, str]

MAX_FRIENDLY_NAME = 64
BAD_NAME, BAD_SID, BAD_URL, BAD_METHOD = 20002, 20423, 21402, 21403
VERSIONS = ("2010-04-01", "2008-08-01")


def form(ask: Ask) -> Args:
    """Return the arguments of a form; the query of a POST says nothing."""
    return decode_fields(ask.body.decode("utf-8", "replace"))


def flag(args: Args, name: str) -> bool | None:
    """Return a boolean (``true``, ``True``, ``1`` and their opposites), None where it is absent or empty."""
    value = args.get(name, "").strip().lower()
    if value in ("true", "1"):
        return True
    if value in ("false", "0"):
        return False
    if value:
        raise RefusedError(ANY, f"{name} is true or false")
    return None


def choice(args: Args, name: str, allowed: tuple[str, ...]) -> str | None:
    """Return one of ``allowed``, found in any case, None where it is absent or empty."""
    value = args.get(name, "").strip().lower()
    found = {word.lower(): word for word in allowed}
    if value and value not in found:
        raise RefusedError(ANY, f"{name} is one of {', '.join(allowed)}")
    return found.get(value)


def method(args: Args, name: str) -> str | None:
    """Return ``GET`` or ``POST``, None where it is absent or empty."""
    value = args.get(name, "").strip().upper()
    if value and value not in applications.METHODS:
        raise RefusedError(BAD_METHOD, f"{name} is GET or POST")
    return value or None


def url(args: Args, name: str) -> str | None:
    """Return a checked URL, empty where it is to be cleared, None where it is absent."""
    value = args.get(name)
    if not value:
        return value
    try:
        return applications.webhook(value, "POST", name).url
    except InvalidError as error:
        shown = value if len(value) <= applications.MAX_URL else value[: applications.MAX_URL] + "..."
        raise RefusedError(BAD_URL, f"{name} is not valid: {shown}. {error.advice}".strip()) from None


def sid(args: Args, name: str, prefix: str) -> str | None:
    """Return the UUID that a SID names, empty where it is to be cleared, None where it is absent."""
    value = args.get(name)
    if not value:
        return value
    found = ids.record_id(prefix, value.strip())
    if found is None:
        raise RefusedError(BAD_SID, f"{name} is not a SID: {prefix} and 32 hex digits")
    return found


def friendly_name(args: Args, name: str = "FriendlyName") -> str | None:
    """Return a name of at most 64 printable characters, empty for the default, None where it is absent."""
    value = args.get(name)
    if value is not None and (len(value) > MAX_FRIENDLY_NAME or not value.isprintable()):
        raise RefusedError(BAD_NAME, f"{name} has at most {MAX_FRIENDLY_NAME} printable characters")
    return value


def version(args: Args) -> str | None:
    """Return the ``ApiVersion``, None where it is absent or empty."""
    return choice(args, "ApiVersion", VERSIONS)
