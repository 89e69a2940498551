"""A user's application: an HTTP server of its own thread that answers as told and remembers what it was asked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import select
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Asked:
    """One request: parameters are of the form or of the query, ``url`` is whole, ``left`` that the asker hung up."""

    method: str
    path: str
    url: str
    form: list[tuple[str, str]]
    query: list[tuple[str, str]]
    headers: dict[str, str]
    left: bool = False

    @property
    def params(self) -> dict[str, str]:
        """Query and form, by name."""
        return dict(self.query) | dict(self.form)

    def signed_by(self, token: str, which: str = "V3") -> bool:
        """Check X-Plivo-Signature-V3 (or ``Ma-V3``), worked out from the vendor's own description."""
        root, _, _ = self.url.partition("?")
        text = root
        if self.query or self.form:
            text += "?" + "&".join(f"{name}={value}" for name, value in sorted(self.query))
        if self.form:
            text += ("." if self.query else "") + "".join(name + value for name, value in sorted(self.form))
        text += "." + self.headers["x-plivo-signature-v3-nonce"]
        made = hmac.new(token.encode(), text.encode(), hashlib.sha256).digest()
        given = self.headers["x-plivo-signature-" + which.lower()]
        return base64.b64encode(made).decode() in given.split(",")


Answer = str | tuple[int, str] | Callable[[Asked], str]


class Web:
    """The server. ``pages`` maps a path to a document, to (status, body), or to a function that makes a document.

    The body of a 3xx is where it leads.
    """

    def __init__(self) -> None:
        self.pages: dict[str, Answer] = {}
        self.slow: dict[str, float] = {}
        self.asked: list[Asked] = []
        self._news = threading.Condition()
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                web._serve(self)

            do_GET = do_POST = _serve  # noqa: N815 -- the names that http.server calls

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0)).decode()
        parts = urlsplit(handler.path)
        asked = Asked(
            handler.command,
            parts.path,
            self.url + handler.path,
            parse_qsl(body, keep_blank_values=True),
            parse_qsl(parts.query, keep_blank_values=True),
            {name.lower(): value for name, value in handler.headers.items()},
        )
        self._remember(asked)
        delay = self.slow.get(parts.path, 0.0)
        if delay:
            ready, _, _ = select.select([handler.connection], [], [], delay)
            if ready:  # nothing follows a request but the asker's leaving
                asked.left = True
                self._remember(None)
                handler.close_connection = True
                return
        page = self.pages.get(parts.path, (404, ""))
        status, text = page if isinstance(page, tuple) else (200, page(asked) if callable(page) else page)
        data = text.encode()
        handler.send_response(status)
        handler.send_header("content-type", "application/xml")
        if 300 <= status < 400:
            handler.send_header("location", text)
        handler.send_header("content-length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def _remember(self, asked: Asked | None) -> None:
        with self._news:
            if asked is not None:
                self.asked.append(asked)
            self._news.notify_all()

    def wait(self, wanted: Callable[[Asked], bool], within: float = 5.0) -> Asked:
        """Return the first request that ``wanted`` likes, now or within a time."""
        until = time.monotonic() + within
        with self._news:
            while True:
                for asked in self.asked:
                    if wanted(asked):
                        return asked
                left = until - time.monotonic()
                if left <= 0 or not self._news.wait(left):
                    raise AssertionError(f"not asked for; asked were {[(a.path, a.params) for a in self.asked]}")

    def told(self, path: str, within: float = 5.0) -> Asked:
        """Return the first request to a path."""
        return self.wait(lambda asked: asked.path == path, within)
