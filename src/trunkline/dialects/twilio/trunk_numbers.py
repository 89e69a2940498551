"""A number as its IncomingPhoneNumber shows it, for what shows numbers elsewhere."""

from __future__ import annotations

from typing import Any

from trunkline.core.model import Number
from trunkline.core.ports import Store
from trunkline.dialects.twilio.incoming_numbers import shown_of


def number_view(store: Store, record: Number) -> dict[str, Any]:
    """Return an IncomingPhoneNumber."""
    return shown_of(store, [record])[0]
