"""Where a number's text messages go: the message URL of its application, or of its own hook."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from trunkline.core.errors import StoreUnavailableError
from trunkline.core.facts import ApplicationTarget
from trunkline.core.texts import TextTarget
from trunkline.store.rows import HOOK_COLUMNS, hooks_value

_NUMBER = (
    "SELECT n.account_id, n.application_id, n.hook_id, s.message_application_id FROM numbers n "
    "LEFT JOIN number_settings s ON s.number_id = n.id WHERE n.id = ? AND n.removed_at IS NULL"
)
_APPLICATION = f"SELECT id, name, dialect, active, {HOOK_COLUMNS} FROM applications WHERE id = ? AND deleted_at IS NULL"
_HOOK = f"SELECT id, dialect, {HOOK_COLUMNS} FROM hooks WHERE id = ?"


class TextTargets:
    """Reads targets on a read-only connection; not for two threads at once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def of(self, number_id: str) -> TextTarget | None:
        """Return where a live number's messages go; None for a number that is gone. Raises `StoreUnavailableError`.

        An application that the number names for its messages alone comes first, and nothing else is asked then. A trunk
        on the number takes its calls, never its messages. In Twilio's dialect a number's application answers
        its calls, so there the number's own URL comes first.
        """
        try:
            row = self._db.execute(_NUMBER, (number_id,)).fetchone()
            if row is None:
                return None
            if row[3] is not None:
                named = self._application(row[3])
                return _target(row[0], [] if named is None else [named])
            application = self._application(row[1]) if row[1] is not None else None
            hook = self._hook(row[2]) if row[2] is not None else None
        except sqlite3.Error:
            raise StoreUnavailableError("the number's message URL cannot be read") from None
        found = [target for target in (application, hook) if target is not None]
        if application is not None and application.dialect == "twilio":
            found.reverse()
        return _target(row[0], found)

    def _application(self, application_id: str) -> ApplicationTarget | None:
        row = self._db.execute(_APPLICATION, (application_id,)).fetchone()
        if row is None or not row[3]:
            return None
        return ApplicationTarget(row[0], f"application {row[1]}", row[2], hooks_value(row[4:]))

    def _hook(self, hook_id: str) -> ApplicationTarget | None:
        row = self._db.execute(_HOOK, (hook_id,)).fetchone()
        return None if row is None else ApplicationTarget(row[0], "the number's own hook", row[1], hooks_value(row[2:]))


def _target(account_id: str, found: Sequence[ApplicationTarget]) -> TextTarget:
    """Return the first of these that has a message URL, else why none takes the message."""
    for target in found:
        if target.hooks.message is not None:
            return TextTarget(account_id, target)
    why = "has no message URL" if found else "points at no application or hook that takes messages"
    return TextTarget(account_id, None, f"the number {'leads to ' + found[0].name + ', which ' if found else ''}{why}")
