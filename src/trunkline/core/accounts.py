"""Accounts and their credentials: one use case per function."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from trunkline.core.errors import InvalidError, UnknownReferenceError
from trunkline.core.model import (
    EVERYTHING,
    Account,
    AccountDetails,
    AccountState,
    Actor,
    Credential,
    CredentialKind,
    Role,
    Scope,
)
from trunkline.core.ports import Store

MAX_NAME = 100
MAX_DETAIL = 255
MAX_DEPTH = 8
"""Deepest tree of accounts: a top-level account is at depth 1."""

API_KEY_PREFIX = "tc_live_"
# The shape only: which names exist is a matter of the year, and of the machine's own copy.
_TIMEZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A created account with the secrets that are shown this once."""

    account: Account
    plivo_token: str
    twilio_token: str
    api_key: str


def operator(label: str) -> Actor:
    """Return the actor of the command line: the operator of the installation, bound to no tenant."""
    nobody = Account(
        id="",
        parent_id=None,
        code="",
        name="operator",
        state=AccountState.ACTIVE,
        default_application_id=None,
        max_channels=None,
        max_cps=None,
        created_at=_EPOCH,
        updated_at=_EPOCH,
    )
    return Actor(account=nobody, label=label, role=Role.OPERATOR)


def create(
    store: Store, actor: Actor, *, name: str, parent_id: str | None = None, role: Role = Role.ACCOUNT
) -> NewAccount:
    """Create an account with its Plivo token, Twilio token and API key; ``role`` is the API key's."""
    account = enter(store, actor, name=name, parent_id=parent_id)
    plivo = issue(store, account, CredentialKind.PLIVO_TOKEN, store.new_secret())
    twilio = issue(store, account, CredentialKind.TWILIO_TOKEN, store.new_secret())
    api_key = issue(store, account, CredentialKind.API_KEY, API_KEY_PREFIX + store.new_secret(), role=role)
    return NewAccount(account, plivo, twilio, api_key)


def enter(
    store: Store, actor: Actor, *, name: str, parent_id: str | None, state: AccountState = AccountState.ACTIVE
) -> Account:
    """Write an account that nothing opens yet."""
    check_name(name)
    if parent_id is not None:
        if store.accounts.get(parent_id) is None:
            raise UnknownReferenceError(
                f"parent {parent_id!r} is no account", field="parent", advice="trunkline accounts list shows them."
            )
        if len(store.accounts.ancestors(parent_id)) >= MAX_DEPTH:
            raise InvalidError(f"the tree of accounts is at most {MAX_DEPTH} deep", field="parent")
    now = store.now()
    account = Account(
        id=store.new_id(),
        parent_id=parent_id,
        code=store.new_code(),
        name=name.strip(),
        state=state,
        default_application_id=None,
        max_channels=None,
        max_cps=None,
        created_at=now,
        updated_at=now,
    )
    store.accounts.add(account)
    store.log.append(actor, account.id, "create", "account", account.id, name=account.name, parent=parent_id)
    return account


def check_name(name: str) -> None:
    """Raise `InvalidError` unless ``name`` can be an account's."""
    if not 0 < len(name.strip()) <= MAX_NAME or not name.isprintable():
        raise InvalidError(f"a name has 1 to {MAX_NAME} printable characters", field="name")


def issue(
    store: Store, account: Account, kind: CredentialKind, secret: str, *, role: Role = Role.ACCOUNT, public_id: str = ""
) -> str:
    """Write a credential and return its secret."""
    credential = Credential(
        id=store.new_id(),
        account_id=account.id,
        carrier_id=None,
        kind=kind,
        public_id=public_id or account.code,
        role=role,
        scopes="*",
        created_at=store.now(),
        revoked_at=None,
    )
    store.credentials.add(credential, secret)
    return secret


def is_closed(store: Store, account: Account) -> bool:
    """Tell whether an account, or one above it, is closed: its credentials then open nothing."""
    above = (store.accounts.get(account_id) for account_id in store.accounts.ancestors(account.id))
    return any(a is None or a.state is AccountState.CLOSED for a in above)


def is_disabled(store: Store, account: Account) -> bool:
    """Tell whether an account, or one above it, is a subaccount that its main account has switched off."""
    above = (store.accounts.get(account_id) for account_id in store.accounts.ancestors(account.id))
    return any(a is not None and a.state is AccountState.DISABLED for a in above)


def change(
    store: Store, actor: Actor, account: Account, *, name: str | None = None, details: AccountDetails | None = None
) -> Account:
    """Rename an account, and write what it tells of its holder; None leaves things as they are.

    Raises `InvalidError` for a name or a detail that breaks a rule.
    """
    if details is not None:
        _check_details(details)
        store.accounts.set_details(account.id, details)
    name = account.name if name is None else name
    check_name(name)
    changed = replace(account, name=name.strip(), updated_at=store.now())
    store.accounts.update(changed)
    told = {"details": asdict(details)} if details is not None else {}
    store.log.append(actor, account.id, "update", "account", account.id, name=changed.name, **told)
    return changed


def _check_details(details: AccountDetails) -> None:
    for field in ("city", "address", "state"):
        if len(getattr(details, field)) > MAX_DETAIL:
            raise InvalidError(f"{field} has at most {MAX_DETAIL} characters", field=field)
    if len(details.timezone) > MAX_NAME or not _TIMEZONE.fullmatch(details.timezone):
        raise InvalidError(
            "timezone is not a name of the IANA time zone database", field="timezone", advice="Write UTC or Asia/Tokyo."
        )


def set_state(store: Store, actor: Actor, account_id: str, state: AccountState) -> Account:
    """Activate, suspend or close an account; its descendants' calls follow."""
    account = store.accounts.get(account_id)
    if account is None:
        raise UnknownReferenceError(f"{account_id!r} is no account", field="account")
    changed = replace(account, state=state, updated_at=store.now())
    store.accounts.update(changed)
    store.log.append(actor, account.id, "update", "account", account.id, state=state.value)
    return changed


def set_limits(
    store: Store, actor: Actor, account_id: str, *, max_channels: int | None, max_cps: int | None
) -> Account:
    """Bound an account's calls: at once, and new ones a second; None lifts a bound."""
    account = store.accounts.get(account_id)
    if account is None:
        raise UnknownReferenceError(f"{account_id!r} is no account", field="account")
    if any(limit is not None and limit < 0 for limit in (max_channels, max_cps)):
        raise InvalidError("a limit is 0 or more; 0 lets no call in", field="limits")
    changed = replace(account, max_channels=max_channels, max_cps=max_cps, updated_at=store.now())
    store.accounts.update(changed)
    store.log.append(actor, account.id, "update", "account", account.id, max_channels=max_channels, max_cps=max_cps)
    return changed


def family(store: Store, scope: Scope) -> list[str]:
    """Return the ids of the accounts that ``scope`` covers."""
    inside = {scope.account_id}
    if scope.include_children:
        for account in store.accounts.all():
            if account.parent_id in inside or scope == EVERYTHING:
                inside.add(account.id)
    return list(inside)
