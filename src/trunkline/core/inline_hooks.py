"""The URLs on a number itself: kept whatever the number points at, and asked when it points at nothing else."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Protocol

from trunkline.core.model import CallHooks, Hook, Number, Webhook

if TYPE_CHECKING:
    from trunkline.core.ports import Store

EMPTY = CallHooks(**{field.name: Webhook("") for field in fields(CallHooks)})
"""All hooks of a number that has none yet."""


class HookStore(Protocol):
    """Inline hooks of numbers."""

    def add(self, hook: Hook) -> None:
        """Write a hook; a number names it from then on."""
        ...

    def find(self, hook_ids: list[str]) -> dict[str, Hook]:
        """Return these hooks by their ids."""
        ...

    def update(self, hook: Hook) -> None:
        """Write a hook's changed URLs, methods and account."""
        ...


def of(store: Store, number: Number) -> CallHooks:
    """Return a number's own hooks, all of them, empty where it has none."""
    return store.hooks.find([number.hook_id])[number.hook_id].hooks if number.hook_id is not None else EMPTY


def put(store: Store, number: Number, hooks: CallHooks, dialect: str) -> Number:
    """Write a number's own hooks and return the number; one that has none gets a hook of this dialect.

    The number itself is not written: that is its use case's, with the other changes.
    """
    if number.hook_id is not None:
        store.hooks.update(replace(store.hooks.find([number.hook_id])[number.hook_id], hooks=hooks))
        return number
    if hooks == EMPTY:
        return number
    hook = Hook(id=store.new_id(), account_id=number.owner.id, dialect=dialect, hooks=hooks)
    store.hooks.add(hook)
    return replace(number, hook_id=hook.id)


def hand_over(store: Store, hook_id: str, account_id: str) -> None:
    """Give a hook to the account to which its number moves."""
    store.hooks.update(replace(store.hooks.find([hook_id])[hook_id], account_id=account_id))
