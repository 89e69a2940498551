"""Campaigns in SQL; their numbers are the filings that name them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from trunkline.core.model import Listing, Page, Scope
from trunkline.core.regulated import Campaign, CampaignNumber, FilingState
from trunkline.store.paging import page_of
from trunkline.store.rows import in_scope, marks, time_text, time_value

_COLUMNS = "id, account_id, campaign_id, alias, usecase, max_numbers, created_at"
_LINKS = "filings f JOIN numbers n ON n.id = f.number_id"
_OF = "f.kind = 'campaign' AND f.subject = ? AND n.removed_at IS NULL"


def _campaign(row: Sequence[Any]) -> Campaign:
    return Campaign(
        id=row[0],
        account_id=row[1],
        campaign_id=row[2],
        alias=row[3],
        usecase=row[4],
        max_numbers=row[5],
        created_at=time_value(row[6]),
    )


class SqlCampaigns:
    """`core.regulated_ports.CampaignStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, campaign: Campaign) -> None:
        """Write a campaign."""
        self._db.execute(
            f"INSERT INTO campaigns ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                campaign.id,
                campaign.account_id,
                campaign.campaign_id,
                campaign.alias,
                campaign.usecase,
                campaign.max_numbers,
                time_text(campaign.created_at),
            ),
        )

    def get(self, campaign_id: str) -> Campaign | None:
        """Return a campaign by the registry's id."""
        row = self._db.execute(f"SELECT {_COLUMNS} FROM campaigns WHERE campaign_id = ?", (campaign_id,)).fetchone()
        return _campaign(row) if row else None

    def all(self, limit: int) -> list[Campaign]:
        """Return campaigns of every account, oldest first."""
        return [
            _campaign(row)
            for row in self._db.execute(f"SELECT {_COLUMNS} FROM campaigns ORDER BY seq LIMIT ?", (limit,))
        ]

    def page(self, scope: Scope, above: Sequence[str], usecase: str | None, page: Page) -> Listing[Campaign]:
        """Return campaigns inside ``scope`` or of the accounts ``above``, oldest first; of one use case, if named."""
        inside, values = in_scope(scope, "account_id")
        where, wanted = f"({inside} OR account_id IN ({marks(above)}))", [*values, *above]
        if usecase is not None:
            where, wanted = f"{where} AND usecase = ?", [*wanted, usecase]
        rows, total, last = page_of(
            self._db, f"seq, {_COLUMNS}", "campaigns", where=where, values=wanted, page=page, order="seq"
        )
        return Listing(tuple(_campaign(row[1:]) for row in rows), total, last)

    def remove(self, campaign: Campaign) -> None:
        """Take a campaign out, with the links to it that failed."""
        self._db.execute("DELETE FROM filings WHERE kind = 'campaign' AND subject = ?", (campaign.campaign_id,))
        self._db.execute("DELETE FROM campaigns WHERE id = ?", (campaign.id,))

    def numbers(self, scope: Scope, campaign_id: str, page: Page) -> Listing[CampaignNumber]:
        """Return a campaign's live numbers inside ``scope``, oldest first."""
        inside, parameters = in_scope(scope, "n.account_id")
        rows, total, last = page_of(
            self._db,
            "n.seq, n.e164, f.state",
            _LINKS,
            where=f"{_OF} AND {inside}",
            values=[campaign_id, *parameters],
            page=page,
            order="n.seq",
        )
        return Listing(tuple(CampaignNumber(row[1], FilingState(row[2])) for row in rows), total, last)

    def count(self, scope: Scope, campaign_id: str) -> dict[str, int]:
        """Count a campaign's live numbers inside ``scope`` by the state of their link."""
        inside, parameters = in_scope(scope, "n.account_id")
        rows = self._db.execute(
            f"SELECT f.state, count(*) FROM {_LINKS} WHERE {_OF} AND {inside} GROUP BY f.state",
            (campaign_id, *parameters),
        )
        return {str(state): int(count) for state, count in rows}
