"""Plivo's arguments of an ``Endpoint``, beside `requests`."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import UNSET

from trunkline.dialects.plivo.requests import Args, Given, required, text


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """Arguments of ``POST /Endpoint/``."""

    username: str
    password: str = field(repr=False)
    alias: str
    app_id: str | None


def new_endpoint(args: Args) -> NewEndpoint:
    """Read a creation: ``username``, ``password`` and ``alias`` are required."""
    username, password, alias = [required(args, name) for name in ("username", "password", "alias")]
    return NewEndpoint(username, password, alias, (text(args, "app_id") or "").strip() or None)


@dataclass(frozen=True, slots=True)
class EndpointChange:
    """Arguments of ``POST /Endpoint/{endpoint_id}/``; None: not given. An empty ``app_id`` lets the application go."""

    alias: str | None
    password: str | None = field(repr=False)
    app_id: Given


def endpoint_change(args: Args) -> EndpointChange:
    """Read a change: what is absent or null stays, and so does what an empty text would leave without."""
    app_id = text(args, "app_id") if "app_id" in args else UNSET
    app_id = app_id.strip() if isinstance(app_id, str) else app_id
    return EndpointChange(text(args, "alias") or None, text(args, "password") or None, app_id)
