"""Numbers: one use case per function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trunkline.core import claims, e164, inline_hooks
from trunkline.core.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    NumberTakenError,
    UnknownReferenceError,
)
from trunkline.core.leaving import leave_behind
from trunkline.core.model import (
    EVERYTHING,
    Account,
    Actor,
    Application,
    CallHooks,
    Carrier,
    Direction,
    Number,
    NumberDetails,
    NumberStatus,
    Owner,
    Ref,
    Scope,
    Trunk,
)
from trunkline.core.number_settings import NumberSettings
from trunkline.core.ports import Store
from trunkline.core.rates import priced

MAX_AT_ONCE = 1000
MAX_ALIAS = 255
MAX_REGION = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """Numbers to add to one account: who delivers them and what they point at.

    ``application`` and ``trunk`` exclude each other; without either it is the account's default application, or
    nothing where ``bare``.
    """

    numbers: Sequence[str]
    owner: Account
    carrier: Carrier
    region: str | None = None
    number_type: str = "local"
    application: Application | None = None
    trunk: Trunk | None = None
    bare: bool = False


def add(store: Store, actor: Actor, addition: Addition) -> tuple[Number, ...]:
    """Add numbers, all or none. Raises `InvalidError` or `NumberTakenError` naming the offending ones."""
    digits = _distinct(addition.numbers)
    _check_delivery(store, addition.owner, addition.carrier)
    taken = dict.fromkeys(store.stock.held(digits), "") | store.numbers.owners(digits)
    if taken:
        mine = {addition.owner.id, actor.account.id}
        raise NumberTakenError(tuple(n for n in digits if n in taken), own=set(taken.values()) <= mine)
    if addition.region is not None and not 0 < len(addition.region.strip()) <= MAX_REGION:
        raise InvalidError(f"region has 1 to {MAX_REGION} characters", field="region")
    application = _target(store, addition)
    status = claim_status(store, addition.owner, [addition.carrier.id])
    added = tuple(_new_number(store, addition, number, application, status) for number in digits)
    store.numbers.add(added, [addition.carrier.id])
    for number in added:
        store.log.append(
            actor, number.owner.id, "add", "number", number.e164, carrier=addition.carrier.id, status=status.value
        )
    return added


def _distinct(written: Sequence[str]) -> list[str]:
    if not written or list(written) == [""]:
        raise InvalidError("numbers names no number", field="numbers", advice="Give at least one, like 14155551234.")
    if len(written) > MAX_AT_ONCE:
        raise InvalidError(f"numbers names more than {MAX_AT_ONCE}", field="numbers", advice="Send them in parts.")
    digits: dict[str, None] = {}
    for text in written:
        number = e164.parse(text, "numbers")
        if number in digits:
            raise InvalidError(f"numbers names {number} twice", field="numbers")
        digits[number] = None
    return list(digits)


def _check_delivery(store: Store, owner: Account, carrier: Carrier) -> None:
    if carrier.account_id not in store.accounts.ancestors(owner.id):
        raise UnknownReferenceError("carrier is not one of your carriers", field="carrier")


def _target(store: Store, addition: Addition) -> Application | None:
    if addition.trunk is not None:
        _check_trunk(store, addition.owner.id, addition.trunk)
        return None
    if addition.application is not None:
        _check_target(store, addition.owner.id, addition.application)
        return addition.application
    return None if addition.bare else _default_application(store, addition.owner)


def _check_target(store: Store, owner_id: str, target: Application | Trunk) -> None:
    if target.account_id not in store.accounts.ancestors(owner_id):
        raise UnknownReferenceError(
            "the number's account, or one above it, has no such application or trunk", field="target"
        )


def _check_trunk(store: Store, owner_id: str, trunk: Trunk) -> None:
    _check_target(store, owner_id, trunk)
    if trunk.direction is Direction.OUTBOUND:
        raise InvalidError(
            "this is an outbound trunk, which takes no calls", field="target", advice="Name an inbound trunk."
        )


def _default_application(store: Store, owner: Account) -> Application | None:
    if owner.default_application_id is None:
        return None
    return store.applications.get(Scope(owner.id), owner.default_application_id)


def claim_status(store: Store, owner: Account, carrier_ids: Sequence[str]) -> NumberStatus:
    """Return whether a number on these carriers routes at once, or waits since its sources are shared ground."""
    shared = claims.are_any_shared(store, carrier_ids, owner.id)
    return NumberStatus.PENDING_CLAIM if shared else NumberStatus.ACTIVE


def _new_number(
    store: Store, addition: Addition, digits: str, application: Application | None, status: NumberStatus
) -> Number:
    now, carrier, owner = store.now(), addition.carrier, addition.owner
    return Number(
        seq=0,
        id=store.new_id(),
        e164=digits,
        owner=Owner(owner.id, owner.code, owner.name, owner.parent_id),
        status=status,
        carrier=Ref(carrier.id, carrier.serial, carrier.name),
        application=_ref(application),
        trunk=_ref(addition.trunk),
        hook_id=None,
        voice=carrier.voice,
        sms=carrier.sms,
        mms=False,
        details=priced(_details(addition, digits), store.rules.tariff, now.date()),
        added_at=now,
        updated_at=now,
    )


def _details(addition: Addition, digits: str) -> NumberDetails:
    """Return what a new number starts with."""
    begun = _begun(e164.country_of(digits), addition.number_type)
    return replace(begun, region=addition.region.strip() if addition.region is not None else None)


def _begun(country: str | None, kind: str) -> NumberDetails:
    """Return what a number of this kind begins with: registrations that it can have are not made yet.

    Those of messages are there from the beginning, since a number may come to take messages later, with its carrier.
    """
    named = country == "US" and kind in ("local", "tollfree")
    return NumberDetails(
        region=None,
        number_type=kind,
        country=country,
        cnam_lookup=False if named else None,
        reputation_status="not_enrolled" if named else None,
        campaign_status="unregistered" if named and kind == "local" else None,
        toll_free_status="unverified" if kind == "tollfree" else None,
    )


def _ref(record: Application | Trunk | None) -> Ref | None:
    return Ref(record.id, record.serial, record.name) if record is not None else None


def drafted(store: Store, addition: Addition, digits: str) -> Number:
    """Return an active number as an addition would make it, not written yet; what it points at is checked."""
    return _new_number(store, addition, digits, _target(store, addition), NumberStatus.ACTIVE)


def find(store: Store, scope: Scope, digits: str) -> Number:
    """Return a live number; `NotFoundError` when it is not there or not in scope."""
    number = store.numbers.get(scope, digits)
    if number is None:
        raise NotFoundError("not found")
    return number


def find_by_id(store: Store, scope: Scope, number_id: str) -> Number:
    """Return a live number by its record's id; `NotFoundError` when it is not there or not in scope."""
    number = store.numbers.by_id(scope, number_id)
    if number is None:
        raise NotFoundError("not found")
    return number


def default_carrier(store: Store, owner: Account) -> Carrier | None:
    """Return who delivers a number where nobody is named: the oldest carrier of the account that is switched on, else
    that of the nearest account above it; None where there is none.
    """
    found = (store.carriers.oldest_active(account_id) for account_id in store.accounts.ancestors(owner.id))
    return next((carrier for carrier in found if carrier is not None), None)


def point_at_application(store: Store, actor: Actor, number: Number, application: Application | None) -> Number:
    """Point a number at an application, or at nothing; a trunk that it pointed at is let go.

    The application is the number's account's, or one's above it, else `UnknownReferenceError`.
    """
    if application is not None:
        _check_target(store, number.owner.id, application)
    changed = replace(number, application=_ref(application), trunk=None)
    return _write(store, actor, changed, application=application.id if application else None)


def point_at_trunk(store: Store, actor: Actor, number: Number, trunk: Trunk) -> Number:
    """Point a number at an inbound trunk; an application that it pointed at is let go.

    The trunk is the number's account's, or one's above it, else `UnknownReferenceError`.
    """
    _check_trunk(store, number.owner.id, trunk)
    return _write(store, actor, replace(number, application=None, trunk=_ref(trunk)), trunk=trunk.id)


def set_alias(store: Store, actor: Actor, number: Number, alias: str | None) -> Number:
    """Give a number a name of its owner's choice; empty or None clears it."""
    if alias is not None and (len(alias) > MAX_ALIAS or not alias.isprintable()):
        raise InvalidError(f"alias has at most {MAX_ALIAS} printable characters", field="alias")
    return _write(store, actor, replace(number, details=replace(number.details, alias=alias or None)), alias=alias)


def set_hooks(store: Store, actor: Actor, number: Number, hooks: CallHooks, dialect: str) -> Number:
    """Write a number's own hooks; a number that has none yet gets them in this dialect."""
    return _write(store, actor, inline_hooks.put(store, number, hooks, dialect), hooks=True)


def set_settings(store: Store, actor: Actor, number: Number, settings: NumberSettings) -> Number:
    """Write a number's further settings."""
    store.number_settings.put(number.id, settings)
    return _write(store, actor, number, settings=True)


def move_within(store: Store, actor: Actor, number: Number, owner: Account, *, keep_hooks: bool = False) -> Number:
    """Move a number to another account of the same tree; what it pointed at stays behind with the old owner.

    With ``keep_hooks`` the URLs on the number itself go with it.
    """
    if owner.id == number.owner.id:
        return number
    moved = replace(_moved(number, owner), details=leave_behind(store, number, owner))
    store.number_settings.drop(number.id)
    for carrier_id in store.numbers.carriers(number.id):
        tree = Scope(store.accounts.ancestors(owner.id)[-1], include_children=True)
        carrier = store.carriers.get(tree, carrier_id)
        if carrier is not None:
            _check_delivery(store, owner, carrier)
    if keep_hooks and number.hook_id is not None:
        inline_hooks.hand_over(store, number.hook_id, owner.id)
        moved = replace(moved, hook_id=number.hook_id)
    return _write(store, actor, moved, owner=owner.id)


def _moved(number: Number, owner: Account) -> Number:
    new_owner = Owner(owner.id, owner.code, owner.name, owner.parent_id)
    return replace(number, owner=new_owner, application=None, trunk=None, hook_id=None)


def set_carriers(store: Store, actor: Actor, number: Number, carriers: Sequence[Carrier]) -> Number:
    """Say who delivers a number, the primary first; the claim is judged anew."""
    if not carriers:
        raise InvalidError("a number needs at least one carrier", field="carriers")
    owner = store.accounts.get(number.owner.id)
    if owner is None:
        raise NotFoundError("not found")
    for carrier in carriers:
        _check_delivery(store, owner, carrier)
    ids = list(dict.fromkeys(c.id for c in carriers))
    new = set(ids) - set(store.numbers.carriers(number.id))
    status = number.status
    # One that waits for its papers goes on waiting for them: the claim is judged when they have come.
    if status is NumberStatus.ACTIVE and new:
        status = claim_status(store, owner, list(new))
    store.numbers.set_carriers(number.id, ids)
    return _write(store, actor, replace(number, carrier=_carrier_ref(carriers[0]), status=status), carriers=ids)


def _carrier_ref(carrier: Carrier) -> Ref:
    return Ref(carrier.id, carrier.serial, carrier.name)


def approve(store: Store, actor: Actor, digits: str) -> Number:
    """Let a claimed number route: the operator has seen that it is its owner's."""
    number = find(store, EVERYTHING, digits)
    if number.status is not NumberStatus.PENDING_CLAIM:
        raise ConflictError(f"{digits} does not wait for approval (it is {number.status.value})")
    return _write(store, actor, replace(number, status=NumberStatus.ACTIVE), approved=True)


def transfer(store: Store, actor: Actor, digits: str, owner: Account, carrier: Carrier | None) -> Number:
    """Give a number to another account; ``carrier`` delivers it from now on (None: the ones that it has)."""
    number = find(store, EVERYTHING, digits)
    moved = _moved(number, owner)
    ids = [carrier.id] if carrier else store.numbers.carriers(number.id)
    for carrier_id in ids:
        found = store.carriers.get(EVERYTHING, carrier_id)
        if found is None or found.account_id not in store.accounts.ancestors(owner.id):
            raise UnknownReferenceError(
                "the number's carrier serves neither the new account nor one above it",
                field="carrier",
                advice="Name one of the new account's carriers: --carrier ID.",
            )
    store.numbers.set_carriers(number.id, ids)
    store.filings.drop(number.id)
    store.number_settings.drop(number.id)
    ref = Ref(carrier.id, carrier.serial, carrier.name) if carrier else number.carrier
    # Each account's log tells its own half: neither learns the other's id.
    store.log.append(actor, number.owner.id, "release", "number", number.e164)
    told = number.details
    kept = replace(
        _begun(told.country, told.number_type),
        region=told.region,
        city=told.city,
        monthly_rental_rate=told.monthly_rental_rate,
        voice_rate=told.voice_rate,
        sms_rate=told.sms_rate,
        mms_rate=told.mms_rate,
        renewal_on=told.renewal_on,
        stocked=told.stocked,
    )
    # What its old owner said of it stays behind; that the operator moves it settles whose it is.
    settled = NumberStatus.ACTIVE if number.status is NumberStatus.PENDING_CLAIM else number.status
    changed = replace(moved, carrier=ref, details=kept, status=settled)
    return _write(store, actor, changed, transferred=True)


def remove(store: Store, actor: Actor, number: Number) -> None:
    """Take a number out of the inventory; its history stays, what was asked for it does not.

    One that was bought goes back to the stock.
    """
    store.filings.drop(number.id)
    store.number_settings.drop(number.id)
    now = store.now()
    store.numbers.remove(number.id, now)
    free_from = now + store.rules.quarantine
    if store.stock.give_back(number.id, free_from):
        store.log.append(actor, number.owner.id, "unrent", "number", number.e164, free_from=free_from.isoformat())
    else:
        store.log.append(actor, number.owner.id, "remove", "number", number.e164)


def _write(store: Store, actor: Actor, number: Number, **detail: object) -> Number:
    changed = replace(number, updated_at=store.now())
    store.numbers.update(changed)
    store.log.append(actor, changed.owner.id, "update", "number", changed.e164, **detail)
    return changed
