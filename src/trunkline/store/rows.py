"""Between rows and values: times, flags, and the condition that keeps a look-up inside its scope."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from trunkline.core.model import EVERYTHING, CallHooks, Scope, Webhook

HOOK_COLUMNS = (
    "answer_url, answer_method, fallback_url, fallback_method, hangup_url, hangup_method, "
    "message_url, message_method, message_fallback_url, message_fallback_method"
)


def time_text(at: datetime) -> str:
    """Return a time as it is stored: ISO 8601, UTC, microseconds, so that texts sort as times."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def time_value(text: str) -> datetime:
    """Return a stored time."""
    return datetime.fromisoformat(text)


def in_scope(scope: Scope, column: str) -> tuple[str, tuple[str, ...]]:
    """Return the SQL condition and its parameters that keep ``column`` (an account id) inside ``scope``."""
    if scope == EVERYTHING:
        return "1 = 1", ()
    if not scope.include_children:
        return f"{column} = ?", (scope.account_id,)
    return f"{column} IN (SELECT account_id FROM account_ancestors WHERE ancestor_id = ?)", (scope.account_id,)


def marks(values: Sequence[object]) -> str:
    """Return the placeholders for a list of values."""
    return ", ".join("?" * len(values))


def hook_values(hooks: CallHooks) -> tuple[str | None, ...]:
    """Return the stored values of call hooks, in the order of `HOOK_COLUMNS`."""
    values: list[str | None] = []
    for hook in (hooks.answer, hooks.fallback, hooks.hangup, hooks.message, hooks.message_fallback):
        values += [hook.url, hook.method] if hook else [None, "POST"]
    return tuple(values)


def hooks_value(row: Sequence[str | None]) -> CallHooks:
    """Return call hooks from the ten values that `HOOK_COLUMNS` names."""
    found = [
        Webhook(url, row[index + 1] or "POST") if (url := row[index]) is not None else None for index in range(0, 10, 2)
    ]
    return CallHooks(answer=found[0], fallback=found[1], hangup=found[2], message=found[3], message_fallback=found[4])


def json_text(texts: Mapping[str, str]) -> str:
    """Return texts under their names as they are stored."""
    return json.dumps(dict(texts), separators=(",", ":"), ensure_ascii=False)


def json_value(text: str) -> dict[str, str]:
    """Return stored texts."""
    return {str(name): str(value) for name, value in json.loads(text).items()}


def webhook_value(url: str | None, method: str) -> Webhook | None:
    """Return a stored webhook, None where there is none."""
    return Webhook(url, method) if url is not None else None
