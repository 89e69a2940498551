"""`trunkline serve`, `lab`, `demo`, and the two processes alone."""

from __future__ import annotations

import os
import socket
from argparse import Namespace
from collections.abc import Callable

from trunkline import supervisor
from trunkline.cli import settings_of
from trunkline.config import Settings
from trunkline.store import database


def serve(options: Namespace) -> int:
    """Run both processes until told to stop."""
    return supervisor.serve(settings_of(options))


def migrate(options: Namespace) -> int:
    """Make the database and its key, or bring the database to this version."""
    settings = settings_of(options)
    database.prepare(settings.data)
    print(f"database ready in {settings.data}")
    return 0


def api(options: Namespace) -> int:
    """Run the API process alone, or as the supervisor's child."""
    from trunkline.api import serve_api

    settings = settings_of(options)
    serve_api(settings, _door(settings, supervisor.bind_http))
    return 0


def edge(options: Namespace) -> int:
    """Run the edge process alone, or as the supervisor's child."""
    from trunkline.app import serve_edge

    settings = settings_of(options)
    serve_edge(settings, _door(settings, supervisor.bind_sip))
    return 0


def _door(settings: Settings, bind: Callable[[Settings], socket.socket]) -> socket.socket:
    """Return the socket that the supervisor bound, else bind it."""
    inherited = os.environ.pop("TRUNKLINE_SOCKET_FD", None)
    if inherited is not None:
        return socket.socket(fileno=int(inherited))
    database.prepare(settings.data)
    return bind(settings)


def demo(_options: Namespace) -> int:
    """Play one call, explained."""
    from trunkline.lab.demo import main

    return main()


def lab(options: Namespace) -> int:
    """Run with a sample application and a sample phone, and print three lines to paste."""
    from trunkline.commands.sample import run

    return run(settings_of(options))
