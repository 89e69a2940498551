"""`trunkline accounts …`."""

from __future__ import annotations

from argparse import Namespace

from trunkline.commands.opening import read, write
from trunkline.commands.printing import document, plain, table
from trunkline.core import accounts
from trunkline.core.model import AccountState, Role
from trunkline.dialects.plivo.ids import auth_id


def create(options: Namespace) -> int:
    """Create an account and print its credentials."""
    role = Role.OPERATOR if options.operator else Role.ACCOUNT
    made = write(
        options,
        lambda store, actor: accounts.create(store, actor, name=options.name, parent_id=options.parent, role=role),
    )
    printed = credentials(made)
    if options.json:
        document(printed)
        return 0
    print(f"account {made.account.name}, id {made.account.id}; the secrets below are not shown again")
    print(f"  Plivo    auth_id     {printed['plivo']['auth_id']}   auth_token {printed['plivo']['auth_token']}")
    print(f"  Twilio   account_sid {printed['twilio']['account_sid']}   auth_token {printed['twilio']['auth_token']}")
    print(f"  API key  {made.api_key}")
    return 0


def credentials(made: accounts.NewAccount) -> dict[str, dict[str, str]]:
    """Return what `accounts create --json` prints."""
    account = made.account
    return {
        "account_id": account.id,  # type: ignore[dict-item]  # one flat value among the groups
        "plivo": {"auth_id": auth_id(account), "auth_token": made.plivo_token},
        "twilio": {"account_sid": "AC" + account.id.replace("-", ""), "auth_token": made.twilio_token},
        "api_key": made.api_key,  # type: ignore[dict-item]  # one flat value among the groups
    }


def show(options: Namespace) -> int:
    """List accounts."""
    found = read(options, lambda store: store.accounts.all())
    if options.json:
        document([{"account_id": a.id, "name": a.name, "parent": a.parent_id, "state": a.state.value} for a in found])
        return 0
    rows = [(a.id, auth_id(a), a.state.value, a.name, a.parent_id) for a in found]
    table(("ID", "PLIVO AUTH_ID", "STATE", "NAME", "PARENT"), rows)
    return 0


def set_state(options: Namespace) -> int:
    """Activate, suspend or close an account."""
    state = AccountState(options.state)
    changed = write(options, lambda store, actor: accounts.set_state(store, actor, options.account, state))
    print(f"account {plain(changed.name)} is {changed.state.value}")
    return 0


def set_limits(options: Namespace) -> int:
    """Bound an account's calls."""
    changed = write(
        options,
        lambda store, actor: accounts.set_limits(
            store, actor, options.account, max_channels=options.channels, max_cps=options.cps
        ),
    )
    channels = "any number of" if changed.max_channels is None else changed.max_channels
    cps = "any number of" if changed.max_cps is None else changed.max_cps
    print(f"account {plain(changed.name)}: {channels} calls at once, {cps} new calls a second")
    return 0
