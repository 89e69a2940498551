"""Whom a trunk admits, in Twilio's Trunking API: its IP access control lists and its credential lists, in one way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trunkline.core import ip_lists, login_lists, trunk_lists
from trunkline.core.errors import NotFoundError
from trunkline.core.model import Scope, Trunk
from trunkline.core.ports import Store
from trunkline.core.trunk_lists import ListKind
from trunkline.dialects.http import Answer, Ask, Operation
from trunkline.dialects.twilio import arguments, ids, named_ids, paging, product, requests_trunking, views_trunking
from trunkline.dialects.twilio.answering import deleted
from trunkline.dialects.twilio.problems import RefusedError
from trunkline.dialects.twilio.trunk_parts import BAD_REFERENCE, found_trunk, slice_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One kind of list that a trunk has; a list is an `IpList` or a `LoginList`, as the use cases of its kind say."""

    part: str
    argument: str
    prefix: str
    key: str
    find: Callable[[Store, Scope, str], Any]
    kind: ListKind

    def _view(self, ask: Ask, trunk: Trunk, record: Any) -> dict[str, Any]:
        return views_trunking.access_list(ask, trunk, self.part, self.prefix, record)

    def _all(self, store: Store, trunk: Trunk) -> list[Any]:
        # What a trunk names is found in its account's whole tree.
        tree = Scope(store.accounts.ancestors(trunk.account_id)[-1], include_children=True)
        return [self.find(store, tree, list_id) for list_id in trunk_lists.lists_of(store, trunk, self.kind)]

    async def add(self, ask: Ask) -> Answer:
        """Let the trunk's PBXs be admitted by a list, too."""
        list_id = requests_trunking.sid(arguments.form(ask), self.argument, self.prefix)

        def use_case(store: Store) -> dict[str, Any]:
            trunk = found_trunk(store, ask)
            try:
                record = self.find(store, ask.caller.scope, list_id)
            except NotFoundError:
                raise RefusedError(BAD_REFERENCE, f"{self.argument} is none of this account's", 404) from None
            trunk_lists.give(store, ask.caller.actor, trunk, self.kind, record.id)
            return self._view(ask, trunk, record)

        return product.one(ask, await ask.platform.inventory.write(use_case), 201)

    async def listed(self, ask: Ask) -> Answer:
        """List the trunk's lists of this kind."""
        window = paging.window(ask.query(), self.prefix)

        def look_up(store: Store) -> tuple[list[dict[str, Any]], int | None]:
            trunk = found_trunk(store, ask)
            found = slice_of(self._all(store, trunk), window.page)
            return [self._view(ask, trunk, record) for record in found.items], found.last

        shown, last = await ask.platform.inventory.search(look_up)
        return product.listed(ask, self.key, shown, window=window, last=last)

    async def get(self, ask: Ask) -> Answer:
        """Return one of the trunk's lists of this kind."""

        def look_up(store: Store) -> dict[str, Any]:
            trunk, wanted = found_trunk(store, ask), ids.path_id(ask, self.argument, self.prefix)
            for record in self._all(store, trunk):
                if record.id == wanted:
                    return self._view(ask, trunk, record)
            raise NotFoundError("not found")

        return product.one(ask, ask.platform.inventory.read(look_up))

    async def remove(self, ask: Ask) -> Answer:
        """Take a list from the trunk; the list stays."""

        def use_case(store: Store) -> None:
            wanted = ids.path_id(ask, self.argument, self.prefix)
            trunk_lists.take(store, ask.caller.actor, found_trunk(store, ask), self.kind, wanted)

        await ask.platform.inventory.write(use_case)
        return deleted(ask)

    def operations(self, trunk: str) -> tuple[Operation, ...]:
        """Return the operations on the lists of the trunk with this path."""
        lists = f"{trunk}/{self.part}"
        return (
            Operation("POST", lists, self.add),
            Operation("GET", lists, self.listed, is_list=True),
            Operation("GET", f"{lists}/{{{self.argument}}}", self.get),
            Operation("DELETE", f"{lists}/{{{self.argument}}}", self.remove),
        )


IP_LISTS = _Kind(
    part="IpAccessControlLists",
    argument="IpAccessControlListSid",
    prefix=named_ids.IP_LIST,
    key="ip_access_control_lists",
    find=ip_lists.find,
    kind=ListKind.IP,
)
LOGIN_LISTS = _Kind(
    part="CredentialLists",
    argument="CredentialListSid",
    prefix=named_ids.LOGIN_LIST,
    key="credential_lists",
    find=login_lists.find,
    kind=ListKind.LOGIN,
)
