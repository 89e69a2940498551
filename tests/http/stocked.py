"""Numbers in an installation's stock, for tests."""

from __future__ import annotations

from collections.abc import Sequence

from tests.http.world import Tenant, World
from trunkline.core import accounts, stocking
from trunkline.core.ports import Store


def row(number: str, carrier: str, **more: str) -> dict[str, str]:
    """Return a row of a price list: a local US number in California that does voice."""
    return {
        "number": number,
        "country_iso": "US",
        "type": "local",
        "services": "voice",
        "carrier": carrier,
        "region": "California",
        "monthly_rental_rate": "0.8",
        "voice_rate": "0.0085",
    } | more


def fill(world: World, *rows: dict[str, str]) -> None:
    """Put these rows into the stock."""
    good, bad = stocking.read(enumerate(rows, 2))
    actor = accounts.operator("test")

    def use_case(store: Store) -> stocking.Report:
        return stocking.fill(store, actor, good, bad, skip_bad=False, dry_run=False)

    report = world.write(use_case)
    assert report.stored == len(rows), report


def found(world: World, tenant: Tenant | None = None, **query: str | int) -> Sequence[str]:
    """Return the numbers that a search finds."""
    reply = world.plivo("GET", "PhoneNumber/", tenant=tenant, **{"country_iso": "US", **query})
    assert reply.status == 200, reply.body
    return [str(number["number"]) for number in reply.json["objects"]]
