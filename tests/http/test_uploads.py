"""Large bodies: only where an operation takes them, few at once, and none that drips in for ever."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.http.fixtures import furnished, world
from tests.http.world import World
from trunkline.dialects import door
from trunkline.dialects.http import MAX_BODY, MAX_LARGE

__all__ = ["furnished", "world"]


class Upload:
    """One request whose body stops after its first byte, until it is let go."""

    def __init__(self, world: World, declared: int | None) -> None:
        self._app = world.app
        self._go = asyncio.Event()
        self._first = True
        self.status = 0
        length = [] if declared is None else [(b"content-length", str(declared).encode())]
        self._scope: dict[str, Any] = {
            "type": "http",
            "method": "POST",
            "path": f"/v1/Account/{world.main.auth_id}/PhoneNumber/Compliance/",
            "query_string": b"",
            "headers": [(b"authorization", world.main.basic["authorization"].encode()), *length],
        }

    async def run(self) -> None:
        """Send it."""
        await self._app(self._scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        if self._first:
            self._first = False
            return {"type": "http.request", "body": b"{", "more_body": True}
        await self._go.wait()
        return {"type": "http.request", "body": b"}", "more_body": False}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]

    def go(self) -> None:
        """Let the rest of the body come."""
        self._go.set()


async def _settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.parametrize("declared", [None, MAX_BODY + 1])
def test_few_large_uploads_at_once(world: World, declared: int | None) -> None:
    async def play() -> None:
        held = [Upload(world, declared) for _ in range(MAX_LARGE)]
        tasks = [asyncio.ensure_future(upload.run()) for upload in held]
        await _settled()
        further = Upload(world, declared)
        await further.run()
        assert further.status == 503
        small = Upload(world, 2)
        small.go()
        await small.run()
        assert small.status == 400  # read and judged: what is small need not wait
        for upload in held:
            upload.go()
        await asyncio.gather(*tasks)
        assert [upload.status for upload in held] == [400] * MAX_LARGE
        again = Upload(world, declared)
        again.go()
        await again.run()
        assert again.status == 400

    asyncio.run(play())


def test_an_upload_that_drips_is_ended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "UPLOAD_S", 0.1)

    async def play() -> None:
        upload = Upload(world, None)
        await asyncio.wait_for(upload.run(), 10)
        assert upload.status == 408

    asyncio.run(play())
