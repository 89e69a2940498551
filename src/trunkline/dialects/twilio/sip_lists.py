"""Twilio's ``SIP/IpAccessControlLists`` and ``SIP/CredentialLists``, and what stands in them, all in one way.

Trunks are given these lists; an IP access control list is the same record as Zentrunk's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trunkline.core import ip_entries, ip_lists, login_lists
from trunkline.core.errors import ConflictError, InvalidError
from trunkline.core.model import Actor, Listing, Page, Scope
from trunkline.core.named_ports import IpEntry, LoginList
from trunkline.core.ports import Store
from trunkline.core.trunk_ports import IpList, IpListFilter, LoginFilter, TrunkLogin
from trunkline.dialects.http import Answer, Ask, Operation
from trunkline.dialects.twilio import arguments, ids, named_ids, paging, views, views_sip_lists
from trunkline.dialects.twilio.answering import created, deleted, listed, one
from trunkline.dialects.twilio.arguments import Args
from trunkline.dialects.twilio.problems import RefusedError
from trunkline.dialects.twilio.requests_sip_lists import (
    BAD_ADDRESS,
    BAD_LIST,
    BAD_LOGIN,
    BAD_LOGIN_LIST,
    network,
    required,
)

IP_LIST_IN_USE, LIST_FULL, LOGIN_LIST_IN_USE, LOGINS_FULL = 21236, 21237, 21241, 21242


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One kind of record: lists, or (with ``of``) what stands in lists of that kind.

    ``inside`` is where a record is: an `Account`, or the list. ``new`` and ``changes`` read a form, and give what
    ``create`` and ``change`` take; what these find invalid is refused with the code ``bad``, a record that cannot go
    since it is in use with ``in_use``, where that can be.
    """

    part: str
    argument: str
    prefix: str
    element: str
    key: str
    bad: int
    in_use: int | None = None
    of: _Kind | None = None
    find: Callable[[Store, Any, str], Any]
    page: Callable[[Store, Any, Page], Listing[Any]]
    view: Callable[[Any, Any], dict[str, Any]]
    new: Callable[[Args], Any]
    create: Callable[[Store, Actor, Any, Any], Any]
    changes: Callable[[Args], Any]
    change: Callable[[Store, Actor, Any, Any, Any], Any]
    delete: Callable[[Store, Actor, Any, Any], None]

    def _inside(self, store: Store, ask: Ask) -> Any:
        return ask.caller.account if self.of is None else self.of._found(store, ask)[1]

    def _found(self, store: Store, ask: Ask) -> tuple[Any, Any]:
        inside = self._inside(store, ask)
        return inside, self.find(store, inside, ids.path_id(ask, self.argument, self.prefix))

    async def _write(self, ask: Ask, use_case: Callable[[Store], dict[str, Any]]) -> dict[str, Any]:
        def coded(store: Store) -> dict[str, Any]:
            try:
                return use_case(store)
            except InvalidError as error:
                raise RefusedError(self.bad, str(error)) from None

        return await ask.platform.inventory.write(coded)

    async def add(self, ask: Ask) -> Answer:
        """Add a record; a new list has nothing in it, and admits nobody."""
        given = self.new(arguments.form(ask))

        def use_case(store: Store) -> dict[str, Any]:
            inside = self._inside(store, ask)
            return self.view(inside, self.create(store, ask.caller.actor, inside, given))

        return created(ask, self.element, await self._write(ask, use_case))

    async def all(self, ask: Ask) -> Answer:
        """List the records, oldest first."""
        window = paging.window(ask.query(), self.prefix)

        def look_up(store: Store) -> tuple[list[dict[str, Any]], int | None]:
            inside = self._inside(store, ask)
            found = self.page(store, inside, window.page)
            return [self.view(inside, record) for record in found.items], found.last

        shown, last = await ask.platform.inventory.search(look_up)
        return listed(ask, self.key, self.element, shown, window=window, last=last)

    async def get(self, ask: Ask) -> Answer:
        """Return one record."""
        return one(ask, self.element, self.view(*ask.platform.inventory.read(lambda store: self._found(store, ask))))

    async def update(self, ask: Ask) -> Answer:
        """Change a record; of what stands in a list, what is not given stays."""
        given = self.changes(arguments.form(ask))

        def use_case(store: Store) -> dict[str, Any]:
            inside, record = self._found(store, ask)
            return self.view(inside, self.change(store, ask.caller.actor, inside, record, given))

        return one(ask, self.element, await self._write(ask, use_case))

    async def remove(self, ask: Ask) -> Answer:
        """Take a record out of service, a list with what stands in it; refused while trunks have the list."""

        def use_case(store: Store) -> None:
            try:
                self.delete(store, ask.caller.actor, *self._found(store, ask))
            except ConflictError as error:
                if self.in_use is None:
                    raise
                raise RefusedError(self.in_use, str(error)) from None

        await ask.platform.inventory.write(use_case)
        return deleted(ask)

    def operations(self, root: str) -> tuple[Operation, ...]:
        """Return the operations on the records that stand below the path ``root``."""
        every = f"{root}/{self.part}"
        named = f"{every}/{{{self.argument}}}"
        return (
            Operation("POST", every, self.add),
            Operation("GET", every, self.all, is_list=True),
            Operation("GET", named, self.get),
            Operation("POST", named, self.update),
            Operation("DELETE", named, self.remove),
        )


def _new_entry(args: Args) -> tuple[str, str]:
    return required(args, "FriendlyName", BAD_ADDRESS), network(args) or ""


def _add_entry(store: Store, actor: Actor, owner: IpList, given: tuple[str, str]) -> IpEntry:
    if len(owner.networks) >= ip_lists.MAX_ENTRIES:
        raise RefusedError(LIST_FULL, f"a list has at most {ip_lists.MAX_ENTRIES} addresses")
    return ip_entries.add(store, actor, owner, *given)


def _change_entry(store: Store, actor: Actor, owner: IpList, entry: IpEntry, args: Args) -> IpEntry:
    wanted = network(args, (entry.host, entry.prefix))
    return ip_entries.change(store, actor, owner, entry, name=args.get("FriendlyName") or None, network=wanted)


def _logins(store: Store, owner: LoginList, page: Page) -> Listing[TrunkLogin]:
    return store.trunk_logins.page(Scope(owner.account_id), LoginFilter(list_id=owner.id), page)


def _new_login(args: Args) -> tuple[str, str]:
    return required(args, "Username", BAD_LOGIN), args.get("Password", "")


def _add_login(store: Store, actor: Actor, owner: LoginList, given: tuple[str, str]) -> TrunkLogin:
    if _logins(store, owner, Page(1)).total >= login_lists.MAX_LOGINS:
        raise RefusedError(LOGINS_FULL, f"a list has at most {login_lists.MAX_LOGINS} credentials")
    return login_lists.add_login(store, actor, owner, *given)


def _change_login(store: Store, actor: Actor, _owner: LoginList, login: TrunkLogin, password: str | None) -> TrunkLogin:
    return login if password is None else login_lists.change_password(store, actor, login, password)


_IP_LISTS = _Kind(
    part="IpAccessControlLists",
    argument="IpAccessControlListSid",
    prefix=named_ids.IP_LIST,
    element="IpAccessControlList",
    key="ip_access_control_lists",
    bad=BAD_LIST,
    in_use=IP_LIST_IN_USE,
    find=lambda store, account, list_id: ip_lists.find(store, Scope(account.id), list_id),
    page=lambda store, account, page: store.ip_lists.page(Scope(account.id), IpListFilter(), page),
    view=lambda _, record: views_sip_lists.ip_list(record),
    new=lambda args: required(args, "FriendlyName", BAD_LIST),
    create=ip_entries.create_list,
    changes=lambda args: required(args, "FriendlyName", BAD_LIST),
    change=lambda store, actor, _, record, name: ip_entries.rename_list(store, actor, record, name),
    delete=lambda store, actor, _, record: ip_lists.delete(store, actor, record),
)
_IP_ENTRIES = _Kind(
    part="IpAddresses",
    argument="IpAddressSid",
    prefix=named_ids.IP_ENTRY,
    element="IpAddress",
    key="ip_addresses",
    bad=BAD_ADDRESS,
    of=_IP_LISTS,
    find=ip_entries.find,
    page=lambda store, owner, page: store.ip_entries.page(owner.id, page),
    view=views_sip_lists.ip_entry,
    new=_new_entry,
    create=_add_entry,
    changes=lambda args: args,
    change=_change_entry,
    delete=ip_entries.remove,
)
_LOGIN_LISTS = _Kind(
    part="CredentialLists",
    argument="CredentialListSid",
    prefix=named_ids.LOGIN_LIST,
    element="CredentialList",
    key="credential_lists",
    bad=BAD_LOGIN_LIST,
    in_use=LOGIN_LIST_IN_USE,
    find=lambda store, account, list_id: login_lists.find(store, Scope(account.id), list_id),
    page=lambda store, account, page: store.login_lists.page(Scope(account.id), page),
    view=lambda _, record: views_sip_lists.login_list(record),
    new=lambda args: required(args, "FriendlyName", BAD_LOGIN_LIST),
    create=login_lists.create,
    changes=lambda args: required(args, "FriendlyName", BAD_LOGIN_LIST),
    change=lambda store, actor, _, record, name: login_lists.rename(store, actor, record, name),
    delete=lambda store, actor, _, record: login_lists.delete(store, actor, record),
)
_LOGINS = _Kind(
    part="Credentials",
    argument="CredentialSid",
    prefix=named_ids.LOGIN,
    element="Credential",
    key="credentials",
    bad=BAD_LOGIN,
    of=_LOGIN_LISTS,
    find=login_lists.find_login,
    page=_logins,
    view=views_sip_lists.login,
    new=_new_login,
    create=_add_login,
    changes=lambda args: args.get("Password"),
    change=_change_login,
    delete=lambda store, actor, _, record: login_lists.remove_login(store, actor, record),
)

_SIP = f"{views.PREFIX}/Accounts/{{AccountSid}}/SIP"

OPERATIONS = (
    *_IP_LISTS.operations(_SIP),
    *_IP_ENTRIES.operations(f"{_SIP}/IpAccessControlLists/{{IpAccessControlListSid}}"),
    *_LOGIN_LISTS.operations(_SIP),
    *_LOGINS.operations(f"{_SIP}/CredentialLists/{{CredentialListSid}}"),
)
