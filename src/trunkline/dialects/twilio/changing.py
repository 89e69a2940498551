"""What a form changes of a number, in the order in which it takes effect; a refusal leaves all as it was."""

from __future__ import annotations

from dataclasses import replace

from trunkline.core import address_needs, cnam, inline_hooks, number_settings, numbers
from trunkline.core.errors import InvalidError, MissingError, UnknownReferenceError
from trunkline.core.model import Account, AccountState, Actor, CredentialKind, Number, Scope
from trunkline.core.number_settings import NumberSettings
from trunkline.core.ports import Store
from trunkline.core.regulated import AddressNeed
from trunkline.dialects.http import Caller
from trunkline.dialects.twilio import references
from trunkline.dialects.twilio.problems import ANY, RefusedError
from trunkline.dialects.twilio.requests_numbers import NumberChange, changed_hooks

DIALECT = "twilio"
NO_CALLER_NAMES = 21409
NO_ACCOUNT, NOT_ACTIVE, NOT_PARENT = 21471, 21472, 21474
NO_EMERGENCY = 22222


def check_may_move(caller: Caller) -> None:
    """Refuse a key: it reaches its own account only, and no number goes where it could not follow."""
    if caller.credential is not None and caller.credential.kind is CredentialKind.TWILIO_KEY:
        raise RefusedError(
            NOT_PARENT, "AccountSid: move numbers with the account's auth token; a key reaches its own only"
        )


def transferred(store: Store, actor: Actor, number: Number, account_id: str) -> tuple[Number, Account]:
    """Return a number after its move to another account, and that account; the URLs on the number go with it.

    Who authenticated has to be above both accounts. An account that is not below the caller's own reads like none.
    """
    own, account = actor.account.id, store.accounts.get(account_id)
    if account is not None and account_id != own and account_id in store.accounts.ancestors(own):
        raise RefusedError(NOT_PARENT, "AccountSid: only the parent account can move a number there")
    if account is None or not store.accounts.covers(Scope(own, include_children=True), account_id):
        raise RefusedError(NO_ACCOUNT, "AccountSid is none of your accounts")
    if account.state is not AccountState.ACTIVE:
        raise RefusedError(NOT_ACTIVE, f"AccountSid: that account is {account.state.value}")
    try:
        return numbers.move_within(store, actor, number, account, keep_hooks=True), account
    except UnknownReferenceError:
        raise RefusedError(ANY, "AccountSid: the number's carrier does not serve that account") from None


def apply(store: Store, actor: Actor, account: Account, number: Number, asked: NumberChange) -> Number:
    """Change a number of ``account`` and return it."""
    number = _pointed(store, actor, account, number, asked)
    if asked.friendly_name is not None and asked.friendly_name != (number.details.alias or ""):
        number = numbers.set_alias(store, actor, number, asked.friendly_name)
    number = _looked_up(store, actor, number, asked)
    before = number_settings.of(store, number.id)
    after = settings(store, account, before, asked)
    if after != before:
        number = numbers.set_settings(store, actor, number, after)
    had = inline_hooks.of(store, number)
    hooks = changed_hooks(
        had,
        asked,
        voice_elsewhere=number.trunk is not None or number.application is not None,
        sms_elsewhere=after.message_application_id is not None,
    )
    return number if hooks == had else numbers.set_hooks(store, actor, number, hooks, DIALECT)


def _pointed(store: Store, actor: Actor, account: Account, number: Number, asked: NumberChange) -> Number:
    """Point a number at a trunk or an application, each of which lets go of the other; an empty one clears itself."""
    trunk, application = number.trunk, number.application
    if asked.trunk:
        if trunk is not None and trunk.id == asked.trunk:
            return number
        return numbers.point_at_trunk(store, actor, number, references.trunk(store, account, asked.trunk))
    if asked.application:
        if application is not None and application.id == asked.application:
            return number
        found = references.application(store, account, asked.application, "VoiceApplicationSid")
        return numbers.point_at_application(store, actor, number, found)
    if (asked.trunk == "" and trunk is not None) or (asked.application == "" and application is not None):
        return numbers.point_at_application(store, actor, number, None)
    return number


def _looked_up(store: Store, actor: Actor, number: Number, asked: NumberChange) -> Number:
    if asked.caller_names is None or asked.caller_names == bool(number.details.cnam_lookup):
        return number
    try:
        return cnam.set_lookup(store, actor, number, enabled=asked.caller_names)
    except InvalidError:
        raise RefusedError(NO_CALLER_NAMES, "VoiceCallerIdLookup is for US local and toll-free numbers only") from None


def settings(store: Store, account: Account, before: NumberSettings, asked: NumberChange) -> NumberSettings:
    """Return a number's settings as the form wants them; what it names is the account's, else it is refused."""
    after = before
    if asked.version is not None:
        after = replace(after, document_version=asked.version)
    if asked.receive_mode is not None:
        after = replace(after, receive_mode=asked.receive_mode)
    if asked.message_application is not None:
        named = asked.message_application or None
        if named is not None and named != before.message_application_id:
            named = references.application(store, account, named, "SmsApplicationSid").id
        after = replace(after, message_application_id=named)
    if asked.address is not None:
        after = replace(after, address_id=_address(store, account, asked.address, "AddressSid"))
    if asked.identity is not None:
        after = replace(
            after, identity_id=references.identity(store, account, asked.identity) if asked.identity else None
        )
    if asked.bundle is not None:
        after = replace(after, bundle_id=references.bundle(store, account, asked.bundle) if asked.bundle else None)
    if asked.emergency_address:
        _address(store, account, asked.emergency_address, "EmergencyAddressSid")
    try:
        return number_settings.with_emergency(
            after, wanted=asked.emergency, address_id=asked.emergency_address, now=store.now()
        )
    except MissingError:
        raise RefusedError(NO_EMERGENCY, "EmergencyStatus Active needs an EmergencyAddressSid") from None


def check_address(store: Store, number: Number) -> None:
    """Refuse a number whose AddressSid is not what the operator demands of its kind."""
    unmet = address_needs.unmet(store, number, number_settings.of(store, number.id).address_id)
    if unmet is not None:
        need, why = unmet
        code = references.NO_LOCAL_ADDRESS if need is AddressNeed.LOCAL else references.NO_ADDRESS
        raise RefusedError(code, f"AddressSid is required: {why}")


def _address(store: Store, account: Account, address_id: str, argument: str) -> str | None:
    codes = {"AddressSid": references.NO_ADDRESS, "EmergencyAddressSid": references.NO_EMERGENCY_ADDRESS}
    return references.address(store, account, address_id, argument, codes[argument]) if address_id else None
