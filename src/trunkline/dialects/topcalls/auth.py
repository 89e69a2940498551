"""Who asks in TopCalls' dialect: a bearer key, ``Authorization: Bearer tc_live_…``, and what it may do here.

A key sees exactly its own account. Scopes are those of the vendor's introduction: ``phone_numbers:read`` reads numbers
and carriers, ``phone_numbers:write`` adds and removes them; neither holds the other.
"""

from __future__ import annotations

from trunkline.core import api_keys
from trunkline.core.errors import NotAllowedError
from trunkline.core.model import Actor, Scope
from trunkline.core.ports import Store
from trunkline.dialects.http import Ask, Caller
from trunkline.dialects.topcalls.problems import RefusedError

JSON = "application/json"


def authenticate(ask: Ask) -> Caller:
    """Return the caller behind a request."""
    return ask.platform.inventory.read(lambda store: _caller(store, ask.bearer()))


def _caller(store: Store, key: str) -> Caller:
    account, credential = api_keys.opened(store, key)
    actor = Actor(account=account, label=f"api key of {account.name}", role=credential.role)
    return Caller(account, Scope(account.id), actor, credential)


def admit(ask: Ask) -> None:
    """Refuse a key without the scope that a method needs, then a body that does not say that it is JSON."""
    reads = ask.method in ("GET", "HEAD")
    needed = api_keys.READ_NUMBERS if reads else api_keys.WRITE_NUMBERS
    credential = ask.caller.credential
    if credential is None or not api_keys.allows(credential, needed):
        raise NotAllowedError(f"this API key lacks the scope {needed}", advice="Use a key that has it.")
    if ask.method in ("POST", "PATCH") and ask.header(b"content-type").partition(";")[0].strip().lower() != JSON:
        raise RefusedError(
            "unsupported_media_type",
            "Unsupported Media Type",
            f"send the body as JSON, with Content-Type: {JSON}",
            status=415,
        )
