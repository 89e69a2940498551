"""One server for all modules but the one that kills; no call is left after a module, no transaction at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.edge.lab import Lab
from tests.edge.peer import Peer
from tests.edge.web import Web


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give a running installation; at the end it holds nothing any more, and nothing in it has gone wrong."""
    made = Lab(tmp_path_factory.mktemp("edge") / "data")
    try:
        yield made
        made.server.until_empty(12.0, transactions=True)
        assert "Traceback" not in made.server.log.read_text()
    finally:
        made.server.stop()


@pytest.fixture(scope="module")
def lab(shared: Lab) -> Iterator[Lab]:
    """Give the running installation to a module, and check at its end that no call, leg, limit or task is left."""
    yield shared
    shared.server.until_empty()


@pytest.fixture
def caller() -> Iterator[Peer]:
    """Give a peer at the carrier's address."""
    with Peer("127.0.0.2") as peer:
        yield peer


@pytest.fixture
def callee() -> Iterator[Peer]:
    """Give a peer that is called."""
    with Peer("127.0.0.1") as peer:
        yield peer


@pytest.fixture(scope="session")
def website() -> Iterator[Web]:
    """Give a user's application."""
    made = Web()
    yield made
    made.stop()


@pytest.fixture
def web(website: Web) -> Web:
    """Give the user's application; it has forgotten what the test before this one asked."""
    website.asked.clear()
    return website
