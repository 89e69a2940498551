"""The native API's bodies and arguments about the stock: a part of `requests`, by the same rules."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from trunkline.core.stock import StockFilter, StockState
from trunkline.dialects.native.requests import Cursor, Limit, Short

MAX_ROWS = 1000
"""Rows of one request; longer lists are the command line's (`trunkline stock import`)."""

Cells = Annotated[dict[Short, Short], Meta(max_length=32)]


class StockBody(Struct, forbid_unknown_fields=True, frozen=True):
    """Rows of a price list, by the names of the columns of `trunkline stock import`; all are stored, or none."""

    rows: Annotated[list[Cells], Meta(min_length=1, max_length=MAX_ROWS)]
    skip_bad: Annotated[bool, Meta(description="leave bad rows out and store the others")] = False
    dry_run: Annotated[bool, Meta(description="say what would happen, and write nothing")] = False


class StockListQuery(Struct, forbid_unknown_fields=True, frozen=True):
    """A page of the stock, after the number ``after``."""

    limit: Limit = 20
    after: Cursor | None = None
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None = None
    type: Literal["local", "mobile", "tollfree", "national", "fixed"] | None = None
    state: StockState | None = None

    def wanted(self) -> StockFilter:
        """Return it in the model's words."""
        return StockFilter(country=self.country, number_type=self.type, state=self.state)
