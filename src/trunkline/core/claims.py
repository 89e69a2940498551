"""Claims: whose source addresses are shared ground, on which a number waits for the operator before it routes.

A network is shared where another top-level account's carrier admits calls from part of it. A name may lead anywhere
tomorrow, so one's own name is shared as soon as another top-level account admits any calls by address or name; another
account's name counts as the addresses that it last led to. `auth` carriers admit nobody by address: theirs never count.
A `reg` carrier's calls come from where it registers, whether its gateways are inbound or not: that is shared ground
with carriers of the kind `static_ip`, but not with other `reg` carriers, since our Contacts tell registrations apart.
"""

from __future__ import annotations

from collections.abc import Sequence

from trunkline.core import sources
from trunkline.core.ports import Store

EVERYWHERE = tuple(sources.network_range(first, 0) for first in ("0.0.0.0", "::"))  # noqa: S104 -- nothing is bound
"""What a name may lead to, as ranges."""


def are_any_shared(store: Store, carrier_ids: Sequence[str], account_id: str) -> bool:
    """Tell whether any address of these carriers of an account's is shared with another top-level account."""
    return any(
        are_shared(store, store.carriers.ranges(carrier_ids, by_registration=way), account_id, by_registration=way)
        for way in (False, True)
    )


def are_shared(
    store: Store, ranges: Sequence[tuple[str, str]], account_id: str, *, by_registration: bool = False
) -> bool:
    """Tell whether any of these ranges of an account's carriers is shared with another top-level account.

    ``by_registration``: they are of `reg` carriers.
    """
    if not ranges:
        return False
    top = store.accounts.ancestors(account_id)[-1]
    if store.carriers.overlaps(ranges, top, by_registration=by_registration):
        return True
    names = store.carriers.names_of_others(top, by_registration=by_registration)
    if not names or EVERYWHERE[0] in ranges:
        return bool(names)
    known = store.rules.named_addresses()
    found = [sources.network_range(address, 128 if ":" in address else 32)[0] for n in names for address in known(n)]
    return any(low <= address <= high for address in found for low, high in ranges)
