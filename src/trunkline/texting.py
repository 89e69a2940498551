"""Text messages composed: the edge that takes them, the file that keeps them, their delivery in each dialect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from sqlite3 import Connection

from trunkline.config import Settings
from trunkline.core.addresses import AddressFilter
from trunkline.core.facts import ApplicationTarget
from trunkline.core.ports import Store
from trunkline.core.texts import DueText
from trunkline.dialects.plivo import messages as plivo_messages
from trunkline.dialects.plivo.hooks import PlivoHooks
from trunkline.dialects.twilio import messages as twilio_messages
from trunkline.dialects.twilio.hooks import TwilioHooks
from trunkline.hooks.client import AiohttpHookClient
from trunkline.hooks.texts import TextDelivery, Wording
from trunkline.installation import rules
from trunkline.sip.edge import Edge
from trunkline.sip.texting import Texting
from trunkline.store.secrets import Vault
from trunkline.store.text_targets import TextTargets
from trunkline.store.texts import TextBox
from trunkline.store.unit import SqlStore

PlivoOf = Callable[[Store, str], PlivoHooks]
TwilioOf = Callable[[Store, str], TwilioHooks]
"""Returns an account's requests in a dialect."""


class TextWording:
    """Words messages. A number's target is looked up for each delivery, so a message follows what its owner has set."""

    def __init__(self, store: Store, targets: TextTargets, plivo: PlivoOf, twilio: TwilioOf) -> None:
        self._store = store
        self._targets = targets
        self._plivo = plivo
        self._twilio = twilio

    def word(self, text: DueText) -> Wording:
        """Return the requests that deliver a message now; none, and why, where nobody may have it any more."""
        found = self._targets.of(text.record.number_id)
        if found is None or found.account_id != text.record.account_id:
            return Wording((), plivo_messages.read_reply, "the number is not the account's any more")
        if found.application is None:
            return Wording((), plivo_messages.read_reply, found.note)
        return self._worded(text, found.application)

    def _worded(self, text: DueText, target: ApplicationTarget) -> Wording:
        """Word a message in its target's dialect. Each dialect has its line here."""
        hook, fallback = target.hooks.message, target.hooks.message_fallback
        account_id = text.record.account_id
        if hook is not None and target.dialect == "plivo":
            hooks = self._plivo(self._store, account_id)
            return Wording(plivo_messages.requests(text, hooks, hook, fallback), plivo_messages.read_reply)
        if hook is not None and target.dialect == "twilio":
            signed = self._twilio(self._store, account_id)
            return Wording(twilio_messages.requests(text, signed, hook, fallback), twilio_messages.read_reply)
        raise LookupError(f"no messages in dialect {target.dialect}")


class TextService:
    """Text messages of an edge process; `close` it at the end. One process of an installation ``delivers`` them all."""

    def __init__(
        self,
        edge: Edge,
        settings: Settings,
        connection: Connection,
        vault: Vault,
        *,
        plivo: PlivoOf,
        twilio: TwilioOf,
        delivers: bool,
    ) -> None:
        targets, store = TextTargets(connection), SqlStore(connection, vault, rules(settings))
        self._box = TextBox(settings.data, vault)
        edge.texts = Texting(edge, self._box, targets.of)
        addresses = AddressFilter(allow_private=settings.hooks.allow_private, lab=settings.lab_mode)
        self._client = AiohttpHookClient(addresses)  # of its own, so that slow messages keep no call waiting
        self._delivery = TextDelivery(self._box, self._client, TextWording(store, targets, plivo, twilio).word)
        self._delivering = asyncio.ensure_future(self._delivery.run()) if delivers else None
        edge.texts.arrived = self._delivery.wake

    async def close(self) -> None:
        """Stop delivering, write what waits, close the file."""
        if self._delivering is not None:
            self._delivering.cancel()
            await asyncio.wait({self._delivering})
        await self._delivery.close()
        await self._client.close()
        self._box.close()
