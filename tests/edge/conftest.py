"""One server for each module; when the module is through, nothing may be left in its edge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.edge.lab import Lab
from tests.edge.peer import Peer
from tests.edge.web import Web


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give a running installation, and check at the end that it holds nothing any more."""
    made = Lab(tmp_path_factory.mktemp("edge") / "data")
    try:
        yield made
        made.server.until_empty(12.0, transactions=True)
        assert "Traceback" not in made.server.log.read_text()
    finally:
        made.server.stop()


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


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    """Give a user's application."""
    made = Web()
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def _forgotten(request: pytest.FixtureRequest) -> None:
    """Let an application forget what the test before it asked."""
    if "web" in request.fixturenames:
        request.getfixturevalue("web").asked.clear()
