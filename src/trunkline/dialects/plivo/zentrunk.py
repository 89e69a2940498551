"""Plivo's Zentrunk: trunks here, what they refer to in `zentrunk_parts`.

Sources: https://www.plivo.com/docs/sip-trunking/ and the vendor's command line client. Single records stand under
``object``, missing arguments are 422, ``meta.next`` begins without a slash: this API differs from the others in these.
"""

from __future__ import annotations

from trunkline.core import ip_lists, origination, trunk_lists, trunk_logins, trunks
from trunkline.core.errors import InexpressibleError, InvalidError, NotFoundError
from trunkline.core.model import Direction, Listing, Scope, Trunk
from trunkline.core.ports import Store
from trunkline.core.trunk_ports import OriginationUri
from trunkline.dialects.http import Answer, Ask, Caller, Operation
from trunkline.dialects.plivo import ids, requests, requests_zentrunk, views, views_zentrunk, zentrunk_parts
from trunkline.dialects.plivo.answering import delete
from trunkline.dialects.plivo.zentrunk_parts import changed, listed


async def create_trunk(ask: Ask) -> Answer:
    """Add a trunk: an inbound one with the URIs that take its calls, an outbound one with what proves its calls."""
    args, caller = requests_zentrunk.new_trunk(requests.arguments(ask)), ask.caller

    def use_case(store: Store) -> Trunk:
        active = args.active is not False
        draft = trunks.TrunkDraft(name=args.name or "", direction=args.direction, active=active)
        trunk = trunks.create(store, caller.actor, caller.account, draft)
        return _linked(store, caller, trunk, args)

    created = await ask.platform.inventory.write(use_case)
    return Answer(201, views.done("Trunk created successfully.", trunk_id=ids.trunk_id(created.serial)))


def _linked(store: Store, caller: Caller, trunk: Trunk, args: requests_zentrunk.TrunkArgs) -> Trunk:
    """Give a trunk what the arguments name; raises `IncompleteError` where its kind needs more."""
    if args.primary is not None or args.fallback is not None:
        trunk = _with_targets(store, caller, trunk, args)
    if args.ip_list is not None or args.login is not None:
        trunk = _with_access(store, caller, trunk, args)
    trunks.check_complete(trunk)
    return trunk


def _with_targets(store: Store, caller: Caller, trunk: Trunk, args: requests_zentrunk.TrunkArgs) -> Trunk:
    if len(trunk.uris) > 2 or not all(uri.active for uri in trunk.uris):
        raise InexpressibleError(
            "this trunk has more URIs than a primary and a fallback one", advice="Change them by the native API."
        )
    primary = _target(store, caller, trunk, 0, args.primary)
    fallback = _target(store, caller, trunk, 1, args.fallback)
    if primary is None and fallback is None and trunk.direction is Direction.OUTBOUND:
        return trunk
    return trunks.set_targets(store, caller.actor, trunk, primary, fallback)


def _target(store: Store, caller: Caller, trunk: Trunk, place: int, given: str | None) -> OriginationUri | None:
    """Return the URI that an argument names, the one that the trunk has in this place where it was not given."""
    if given:
        argument = ("primary_uri_uuid", "fallback_uri_uuid")[place]
        return origination.named(store, caller.scope, trunk.account_id, given, argument)
    had = sorted(trunk.uris, key=lambda uri: uri.priority)[place : place + 1]
    if given == "" or not had:
        return None
    tree = Scope(store.accounts.ancestors(trunk.account_id)[-1], include_children=True)
    return origination.find(store, tree, had[0].id)


def _with_access(store: Store, caller: Caller, trunk: Trunk, args: requests_zentrunk.TrunkArgs) -> Trunk:
    list_id, login_id = trunk.ip_list_id, trunk.login_id
    if args.ip_list is not None:
        list_id = args.ip_list or None
        if list_id:
            ip_lists.named(store, caller.scope, trunk.account_id, list_id, "ipacl_uuid")
    if args.login is not None:
        login_id = args.login or None
        if login_id:
            trunk_logins.named(store, caller.scope, trunk.account_id, login_id, "credential_uuid")
    return trunks.set_access(store, caller.actor, trunk, list_id, login_id)


async def list_trunks(ask: Ask) -> Answer:
    """List the caller's trunks, oldest first; every attribute is a filter."""
    args, scope = requests.arguments(ask), ask.caller.scope
    window = requests.window(args)

    def look_up(store: Store) -> tuple[Listing[Trunk], str]:
        host = store.rules.sip_host
        return store.trunks.page(scope, window.page, requests_zentrunk.trunk_filter(args, host)), host

    found, host = await ask.platform.inventory.search(look_up)
    return listed(ask, "Trunk", window, found, [views_zentrunk.trunk(trunk, host) for trunk in found.items])


def _trunk(store: Store, scope: Scope, trunk_id: str) -> Trunk:
    tag, serial = ids.tagged(trunk_id)
    trunk = store.trunks.by_serial(scope, serial) if tag == ids.TRUNK_TAG else None
    if trunk is None:
        raise NotFoundError("not found")
    return trunk


async def get_trunk(ask: Ask) -> Answer:
    """Return one trunk."""

    def look_up(store: Store) -> bytes:
        trunk = _trunk(store, ask.caller.scope, ask.params["trunk_id"])
        return views_zentrunk.one(views_zentrunk.trunk(trunk, store.rules.sip_host))

    return Answer(200, ask.platform.inventory.read(look_up))


async def update_trunk(ask: Ask) -> Answer:
    """Change a trunk's name, status, URIs or proofs: all of it, or nothing. Its direction is repeated, and stays."""
    args, caller = requests_zentrunk.trunk_change(requests.arguments(ask)), ask.caller

    def use_case(store: Store) -> None:
        trunk = _trunk(store, caller.scope, ask.params["trunk_id"])
        if trunk_lists.has_several(store, trunk):
            raise InexpressibleError(
                "this trunk goes both ways, or has several lists", advice="Change it in the dialect that made it so."
            )
        if args.direction is not trunk.direction:
            raise InvalidError(
                f"trunk_direction of this trunk is {trunk.direction.value}, and does not change",
                field="trunk_direction",
                advice="Repeat it, or create another trunk.",
            )
        if args.name is not None or args.active is not None:
            trunk = trunks.update(store, caller.actor, trunk, name=args.name, active=args.active)
        _linked(store, caller, trunk, args)

    return await changed(ask, use_case, "Trunk updated successfully.", "trunk_id")


async def delete_trunk(ask: Ask) -> Answer:
    """Take a trunk out of service; numbers that point at it point at nothing, its URIs and lists stay."""

    def use_case(store: Store) -> None:
        trunks.delete(store, ask.caller.actor, _trunk(store, ask.caller.scope, ask.params["trunk_id"]))

    return await delete(ask, use_case)


_TRUNK = f"{zentrunk_parts.ROOT}/Trunk"

OPERATIONS = (
    Operation("POST", _TRUNK, create_trunk),
    Operation("GET", _TRUNK, list_trunks, is_list=True),
    Operation("GET", f"{_TRUNK}/{{trunk_id}}", get_trunk),
    Operation("POST", f"{_TRUNK}/{{trunk_id}}", update_trunk),
    Operation("DELETE", f"{_TRUNK}/{{trunk_id}}", delete_trunk),
    *zentrunk_parts.OPERATIONS,
)
