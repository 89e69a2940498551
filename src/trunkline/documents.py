"""Documents in the dialect of who owns them: what runs those of a call, and who signs for an account."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from trunkline.core.calls import CallFacts
from trunkline.core.facts import ApplicationTarget
from trunkline.core.fetching import HookClient, HookDialect, Legs
from trunkline.core.model import CredentialKind
from trunkline.core.ports import Store
from trunkline.dialects.plivo.hooks import PlivoHooks
from trunkline.dialects.plivo.ids import auth_id
from trunkline.dialects.twilio.hooks import TwilioHooks
from trunkline.sip.tokens import Tokens
from trunkline.voice import session

_new_token = Tokens()


class DocumentRunner:
    """`core.fetching.CallRunner`: runs an application's documents in the application's dialect."""

    def __init__(self, store: Store, client: HookClient) -> None:
        self._store = store
        self._client = client

    async def run(self, target: ApplicationTarget, facts: Callable[[], CallFacts], legs: Legs) -> None:
        """Fetch and run documents until the call has ended."""
        dialect = self._dialect(target, facts().account_id)
        await session.run(facts, target.hooks, dialect, self._client, legs)

    async def tell_end(self, target: ApplicationTarget, call: CallFacts, note: Callable[..., None]) -> None:
        """Tell the application that the call is over."""
        dialect = self._dialect(target, call.account_id)
        await session.notify_hangup(call, target.hooks, dialect, self._client, note)

    def _dialect(self, target: ApplicationTarget, account_id: str) -> HookDialect:
        """Return the dialect's hooks with the account's token. Each dialect has its line here."""
        if target.dialect == "plivo":
            return plivo_hooks(self._store, account_id)
        if target.dialect == "twilio":
            return twilio_hooks(self._store, account_id)
        raise LookupError(f"no dialect {target.dialect}")


def plivo_hooks(store: Store, account_id: str) -> PlivoHooks:
    """Return Plivo's requests to an account's applications, signed with its token and its main account's."""
    own, *above = [_signer(store, account) for account in store.accounts.ancestors(account_id)]
    return PlivoHooks(own[0], own[1], above[-1] if above else None, new_nonce)


def _signer(store: Store, account_id: str) -> tuple[str, str]:
    account = store.accounts.get(account_id)
    live = store.credentials.live(account_id, CredentialKind.PLIVO_TOKEN)
    if account is None or not live:
        return "", _new_token()  # no live token: signed with a key that nobody has, rather than one that anybody has
    return auth_id(account), store.credentials.reveal(live[-1].id)


def twilio_hooks(store: Store, account_id: str) -> TwilioHooks:
    """Return Twilio's requests to an account's applications, signed with its own token: a subaccount has one, too."""
    live = store.credentials.live(account_id, CredentialKind.TWILIO_TOKEN)
    token = store.credentials.reveal(live[-1].id) if live else _new_token()  # without one: a key that nobody has
    return TwilioHooks(account_id, token, _new_token, lambda: datetime.now(UTC))


def new_nonce() -> str:
    """Return a fresh nonce of 20 digits, as Plivo's are."""
    return str(secrets.randbelow(9 * 10**19) + 10**19)
