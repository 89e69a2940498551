"""What the loads share: additions through HTTP that stop when the server dies, and the look of their progress."""

from __future__ import annotations

import http.client
import json
import threading
from base64 import b64encode
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from tests.edge.lab import Tenant


def digits(start: int) -> Iterator[str]:
    """Yield numbers that are possible and that nobody has, from ``start`` on."""
    for rest in count(start):
        yield f"1212{rest:07d}"


class Adder(threading.Thread):
    """Adds batches of numbers one after the other, on one connection, until they are through or the server dies.

    ``answered`` are the batches that were answered 202, ``unknown`` the one that was under way when the server died.
    """

    def __init__(self, tenant: Tenant, carrier: str, batches: Sequence[Sequence[str]], application: str) -> None:
        super().__init__(daemon=True)
        self._tenant, self._carrier, self._application = tenant, carrier, application
        self._batches = batches
        self.answered: list[Sequence[str]] = []
        self.unknown: Sequence[str] = ()
        self.refused: list[str] = []
        self.news = threading.Condition()

    def run(self) -> None:
        """Add them all."""
        connection = http.client.HTTPConnection(*self._tenant.server.http, timeout=20)
        token = b64encode(f"{self._tenant.auth_id}:{self._tenant.token}".encode()).decode()
        headers = {"authorization": f"Basic {token}", "content-type": "application/json"}
        for batch in self._batches:
            body = {"numbers": ",".join(batch), "carrier": self._carrier, "region": "load", "app_id": self._application}
            self.unknown = batch
            try:
                connection.request("POST", f"/v1/Account/{self._tenant.auth_id}/Number/", json.dumps(body), headers)
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):
                break
            with self.news:
                if answer.status == 202:
                    self.answered.append(batch)
                else:
                    self.refused.append(f"{answer.status} {text[:200]!r}")
                self.news.notify_all()
        else:
            self.unknown = ()
        connection.close()
        with self.news:
            self.news.notify_all()


def after(adders: Sequence[Adder], wanted: int, seconds: float = 60.0) -> int:
    """Wait until the first adder's batches, as seen when it tells, come to ``wanted`` in all; return how many came."""
    first = adders[0]
    with first.news:
        first.news.wait_for(lambda: total(adders) >= wanted or not first.is_alive(), seconds)
    return total(adders)


def total(adders: Sequence[Adder]) -> int:
    """Return how many numbers were answered."""
    return sum(len(batch) for adder in adders for batch in adder.answered)


def present(tenant: Tenant) -> set[str]:
    """Return every number that the tenant has, as its API lists them."""
    found: set[str] = set()
    after_: int | None = None
    while True:
        page: dict[str, Any] = tenant.native("GET", "numbers?limit=100" + (f"&after={after_}" if after_ else ""))
        found.update(item["number"] for item in page["items"])
        after_ = page["next"]
        if after_ is None or not page["items"]:
            return found


def judge(adders: Sequence[Adder], there: set[str]) -> tuple[list[str], list[Sequence[str]]]:
    """Return the answered numbers that are missing, and the batches of which only a part is there."""
    missing = [number for adder in adders for batch in adder.answered for number in batch if number not in there]
    batches = [batch for adder in adders for batch in (*adder.answered, adder.unknown) if batch]
    half = [batch for batch in batches if 0 < len(there.intersection(batch)) < len(batch)]
    return missing, half
