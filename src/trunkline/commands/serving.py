"""`trunkline serve`, `lab`, `demo`, and each process alone."""

from __future__ import annotations

import os
import socket
from argparse import Namespace
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

from trunkline import control, supervisor
from trunkline.cli import settings_of
from trunkline.config import Settings
from trunkline.installation import priced_rules
from trunkline.sip.workers import Place
from trunkline.store import database


def serve(options: Namespace) -> int:
    """Run all processes until told to stop; a tariff that cannot be read refuses to start."""
    settings = settings_of(options)
    priced_rules(settings)
    return supervisor.serve(settings)


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
    doors = _inherited() or _bind(settings, lambda: [supervisor.bind_http(settings)])
    serve_api(settings, doors[0])
    return 0


def edge(options: Namespace) -> int:
    """Run the edge process alone, or as the supervisor's child."""
    from trunkline.app import serve_edge

    settings = settings_of(options)
    place = Place.inherited(os.environ)
    if place is None:  # alone it has no share, but all
        settings = replace(settings, sip=replace(settings.sip, workers=1))
    doors = _inherited() or _bind(settings, lambda: supervisor.bind_sip(settings))
    claimed = "TRUNKLINE_CLAIM_FD" in os.environ  # by the supervisor, for as long as any of its edges lives
    with nullcontext() if claimed else control.claim(settings.data):
        serve_edge(settings, doors, place)
    return 0


def _inherited() -> list[socket.socket]:
    """Return the sockets that the supervisor bound; none when the process was started alone."""
    descriptors = os.environ.pop("TRUNKLINE_SOCKET_FDS", "")
    return [socket.socket(fileno=int(descriptor)) for descriptor in descriptors.split(",") if descriptor]


def _bind(settings: Settings, bind: Callable[[], list[socket.socket]]) -> list[socket.socket]:
    database.prepare(settings.data)
    return bind()


def demo(_options: Namespace) -> int:
    """Play one call, explained."""
    from trunkline.lab.demo import main

    return main()


def lab(options: Namespace) -> int:
    """Run with a sample application and a sample phone, and print three lines to paste."""
    from trunkline.commands.sample import run

    return run(settings_of(options))
