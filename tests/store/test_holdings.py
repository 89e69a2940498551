"""What an account owns: nothing may be left behind when it is deleted."""

from __future__ import annotations

from trunkline.core.subaccounts import HOLDINGS
from trunkline.store.accounts import _HOLDINGS
from trunkline.store.schema import metadata

STAYS = {
    "account_ancestors": "the tree itself",
    "account_details": "what the account told of its holder",
    "change_log": "history",
    "credentials": "the account's own end with it; SIP credentials go with their carriers, endpoints and trunks",
    "answers": "given again to the account's own keys only, which end with it",
    "hooks": "they go with their numbers",
    "number_kinds": "counts, kept with every write of numbers",
    "callbacks": "those that wait go with the numbers; the others are history",
}
"""Tables that name an account and are not handed over as a kind of their own; why."""


def test_every_table_that_names_an_account_is_handed_over_or_has_a_reason() -> None:
    owned = {table.name for table in metadata.sorted_tables if "account_id" in table.columns}
    handed = {table for table, _, _ in _HOLDINGS.values()}
    assert owned == handed | set(STAYS), "a new table: hand it over in store/accounts.py and core/subaccounts.py"
    assert set(_HOLDINGS) == set(HOLDINGS)
