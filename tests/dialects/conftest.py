"""Fixtures of these tests."""

from __future__ import annotations

from tests.http.fixtures import furnished, shared, world

__all__ = ["furnished", "shared", "world"]
