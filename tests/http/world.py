"""An installation to send requests to: a data folder, two tenants, a subaccount, an operator; a small ASGI caller."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlencode

from starlette.types import ASGIApp

from trunkline.core import accounts
from trunkline.core.model import EVERYTHING, Account, Role, Scope
from trunkline.core.ports import Rules, Store
from trunkline.dialects.asgi import build
from trunkline.store import database
from trunkline.store.calls import CallReader
from trunkline.store.inventory import Inventory
from trunkline.store.secrets import Vault

R = TypeVar("R")


@dataclass
class Reply:
    """What came back: status, headers in lower case, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class FakeExplainer:
    """Remembers what it was asked, and says no."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, Scope]] = []

    async def explain(self, source: str, to: str, caller: str, viewer: Scope) -> dict[str, object]:
        """Answer like an edge that knows nothing."""
        self.asked.append((source, to, caller, viewer))
        return {
            "verdict": "unknown_source",
            "sip_status": 403,
            "sip_reason": "Forbidden",
            "number": None,
            "carrier": None,
            "target": None,
            "trace": [{"part": "source", "text": "no gateway names it"}],
            "facts": "offline",
        }


@dataclass
class Tenant:
    """An account with what opens it."""

    account: Account
    token: str
    api_key: str
    twilio_token: str = ""

    @property
    def account_sid(self) -> str:
        """The Twilio AccountSid."""
        return "AC" + self.account.id.replace("-", "")

    @property
    def twilio_basic(self) -> dict[str, str]:
        """Twilio's credentials as a header."""
        return {"authorization": "Basic " + b64encode(f"{self.account_sid}:{self.twilio_token}".encode()).decode()}

    @property
    def auth_id(self) -> str:
        """The Plivo auth_id."""
        return ("SA" if self.account.parent_id else "MA") + self.account.code

    @property
    def basic(self) -> dict[str, str]:
        """Plivo's credentials as a header."""
        return {"authorization": "Basic " + b64encode(f"{self.auth_id}:{self.token}".encode()).decode()}

    @property
    def bearer(self) -> dict[str, str]:
        """The API key as a header."""
        return {"authorization": f"Bearer {self.api_key}"}


@dataclass
class World:
    """The application under test and who lives in it."""

    inventory: Inventory
    app: ASGIApp
    explainer: FakeExplainer
    data: Path
    main: Tenant = field(init=False)
    sub: Tenant = field(init=False)
    other: Tenant = field(init=False)
    operator: Tenant = field(init=False)

    def write(self, use_case: Callable[[Store], R]) -> R:
        """Run a write use case."""
        return asyncio.run(self.inventory.write(use_case))

    def tenant(self, name: str, parent: str | None = None, role: Role = Role.ACCOUNT) -> Tenant:
        """Create an account."""
        made = self.write(
            lambda s: accounts.create(s, accounts.operator("test"), name=name, parent_id=parent, role=role)
        )
        return Tenant(made.account, made.plivo_token, made.api_key, made.twilio_token)

    def ask(
        self,
        method: str,
        target: str,
        body: bytes | Mapping[str, Any] | list[Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send one request; a body that is no bytes goes as JSON."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"content-type": "application/json", "content-length": str(len(raw)), **(headers or {})}
        return asyncio.run(call(self.app, method, target, sent, raw))

    def carrier(self, tenant: Tenant | None = None, ip_set: str = "203.0.113.7", name: str = "Carrier_1") -> str:
        """Create a carrier through Plivo and return its carrier_id."""
        reply = self.plivo("POST", "IncomingCarrier/", {"name": name, "ip_set": ip_set}, tenant=tenant)
        assert reply.status == 201, reply.body
        return str(reply.json["carrier_id"])

    def numbers(self, carrier_id: str, *numbers: str, tenant: Tenant | None = None, **more: str) -> None:
        """Add numbers through Plivo."""
        body = {"numbers": ",".join(numbers), "carrier": carrier_id, "region": "Somewhere", **more}
        reply = self.plivo("POST", "Number/", body, tenant=tenant)
        assert reply.status == 202, reply.body

    def application(self, tenant: Tenant | None = None, **args: Any) -> str:
        """Create an application through Plivo and return its app_id."""
        body = {"app_name": "App", "answer_url": "http://127.0.0.1:9/answer", **args}
        reply = self.plivo("POST", "Application/", body, tenant=tenant)
        assert reply.status == 201, reply.body
        return str(reply.json["app_id"])

    def trunk(self, tenant: Tenant | None = None, direction: str = "inbound", name: str = "Trunk") -> tuple[str, str]:
        """Create a trunk through the native API and return its UUID and its Plivo trunk_id."""
        body = {"name": name, "direction": direction, "uris": [{"uri": "sip:198.51.100.9"}]}
        reply = self.native("POST", "trunks", body, tenant=tenant)
        assert reply.status == 201, reply.body
        trunk = self.inventory.read(lambda s: s.trunks.get(EVERYTHING, reply.json["id"]))
        assert trunk is not None
        return trunk.id, f"2102{trunk.serial}"

    def plivo(
        self, method: str, path: str, body: Any = None, *, tenant: Tenant | None = None, **query: str | int
    ) -> Reply:
        """Send a request of Plivo's dialect; ``path`` begins after the account."""
        who = tenant or self.main
        target = f"/v1/Account/{who.auth_id}/{path}" + (f"?{urlencode(query)}" if query else "")
        return self.ask(method, target, body, who.basic)

    def native(
        self, method: str, path: str, body: Any = None, *, tenant: Tenant | None = None, **query: str | int
    ) -> Reply:
        """Send a request of the native API; ``path`` begins after its prefix."""
        target = f"/native/v1/{path}" + (f"?{urlencode(query)}" if query else "")
        return self.ask(method, target, body, (tenant or self.main).bearer)

    def topcalls(
        self, method: str, path: str = "", body: Any = None, *, tenant: Tenant | None = None, key: str | None = None
    ) -> Reply:
        """Send a request of TopCalls' dialect; ``path`` begins after its prefix, ``key`` is the Idempotency-Key."""
        named = {} if key is None else {"idempotency-key": key}
        return self.ask(method, f"/v1/phone-numbers{path}", body, (tenant or self.main).bearer | named)

    def twilio(
        self,
        method: str,
        path: str,
        form: Mapping[str, Any] | None = None,
        *,
        tenant: Tenant | None = None,
        of: Tenant | None = None,
        **query: str | int,
    ) -> Reply:
        """Send a request of Twilio's dialect; ``path`` begins after the account, ``of``'s or the tenant's own."""
        who = tenant or self.main
        target = f"/2010-04-01/Accounts/{(of or who).account_sid}/{path}" + (f"?{urlencode(query)}" if query else "")
        body = urlencode(form).encode() if form is not None else b""
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self.ask(method, target, body, who.twilio_basic | kind)


async def call(app: ASGIApp, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
    """Send one request to an ASGI application and return its reply."""
    raw_path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(raw_path),
        "raw_path": raw_path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8080),
    }
    parts = [body[i : i + 65536] for i in range(0, len(body), 65536)] or [b""]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not parts:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    replied = {k.decode(): v.decode("latin-1") for k, v in sent[0]["headers"]}
    return Reply(sent[0]["status"], replied, b"".join(m.get("body", b"") for m in sent[1:]))


def furnish(data: Path) -> dict[str, Tenant]:
    """Make a data folder with tenants ``main`` (with ``sub`` below it) and ``other``, and an operator."""
    world = enter(data, database.prepare(data, {}), {})
    tenants = {"main": world.tenant("Main"), "other": world.tenant("Other")}
    tenants["sub"] = world.tenant("Branch", parent=tenants["main"].account.id)
    tenants["operator"] = world.tenant("House", role=Role.OPERATOR)
    world.inventory.close()
    return tenants


def enter(data: Path, vault: Vault, tenants: Mapping[str, Tenant], *, lab: bool = True) -> World:
    """Open a data folder and build the application over it."""
    inventory = Inventory(data, vault, Rules(lab=lab))
    explainer = FakeExplainer()
    world = World(inventory, build(inventory, CallReader(data), explainer), explainer, data)
    for name, tenant in tenants.items():
        setattr(world, name, tenant)
    return world
