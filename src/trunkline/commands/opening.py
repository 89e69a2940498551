"""How commands reach the inventory, beside a running server or without one."""

from __future__ import annotations

import getpass
from argparse import Namespace
from collections.abc import Callable
from typing import TypeVar

from trunkline.cli import settings_of
from trunkline.core.accounts import operator
from trunkline.core.model import Actor
from trunkline.core.ports import Store
from trunkline.installation import priced_rules, rules
from trunkline.store import database
from trunkline.store.unit import SqlStore
from trunkline.store.writer import write_once

R = TypeVar("R")


def write(options: Namespace, use_case: Callable[[Store, Actor], R]) -> R:
    """Run a use case as the operator, in a transaction of its own; makes the database where there is none."""
    settings = settings_of(options)
    vault = database.prepare(settings.data)
    connection = database.open_writer(settings.data)
    try:
        store = SqlStore(connection, vault, priced_rules(settings))
        return write_once(connection, store, lambda s: use_case(s, operator(f"cli:{_user()}")))
    finally:
        connection.close()


def read(options: Namespace, look_up: Callable[[Store], R]) -> R:
    """Run a look-up on the database as it is."""
    settings = settings_of(options)
    connection = database.open_reader(settings.data)
    try:
        return look_up(SqlStore(connection, database.open_vault(settings.data), rules(settings)))
    finally:
        connection.close()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
