"""Requests to users' applications over HTTP: one class, the limits of one request exactly as its policy says.

Two clocks run on each try: up to the connection (DNS, TCP, TLS) for ``connect_s``, then up to the last byte of the
answer for ``read_s``, so that a server that drips bytes gains nothing. One more runs over everything, waiting for a
free place, pauses and retries included, for ``total_s``.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode, urljoin

import aiohttp
from yarl import URL

from trunkline import __version__
from trunkline.core.addresses import AddressFilter
from trunkline.core.fetching import (
    MAX_DOCUMENT_BYTES,
    FetchPolicy,
    HookError,
    HookFailure,
    HookRequest,
    HookResponse,
    RetryOn,
)
from trunkline.hooks.addresses import AddressRefusedError, FilteringResolver, Lookup

# Requests under way at once in one process; further ones wait, and the wait counts into their total time.
MAX_CONCURRENT = 500
# Redirects that one try follows, where its request wants that at all.
MAX_REDIRECTS = 10
# Between two tries: long enough for a restarting server to listen again, short beside a ringing caller's patience.
RETRY_PAUSE_S = 0.2
# Of the whole URL with its query: about what web servers take in a request line (8 KB in nginx and Apache).
MAX_URL_CHARS = 8000
# Idle connections are kept this long: under the 5 s after which common servers (Node, uvicorn) close theirs.
KEEPALIVE_S = 4.0
USER_AGENT = f"Trunkline/{__version__}"

_RETRIED_BY = {
    HookFailure.NOT_RESOLVED: RetryOn.CONNECT_TIMEOUT,
    HookFailure.CONNECT: RetryOn.CONNECT_TIMEOUT,
    HookFailure.CONNECT_TIMEOUT: RetryOn.CONNECT_TIMEOUT,
    HookFailure.READ_TIMEOUT: RetryOn.READ_TIMEOUT,
}
_REDIRECTS = {301, 302, 303, 307, 308}
_NEVER_RETRIED = {
    HookFailure.ADDRESS_REFUSED,
    HookFailure.BAD_URL,
    HookFailure.TOO_LARGE,
    HookFailure.TOTAL_TIMEOUT,
    HookFailure.TOO_MANY_REDIRECTS,
}


@dataclass(slots=True)
class _Try:
    """The clock of one try, moved on from connecting to reading when the connection stands."""

    limit: asyncio.Timeout
    policy: FetchPolicy
    connected: bool = False

    def now_connected(self) -> None:
        if self.limit.expired():
            return  # the cancellation is under way
        self.connected = True
        self.limit.reschedule(asyncio.get_running_loop().time() + self.policy.read_s)


async def _on_connected(_session: aiohttp.ClientSession, context: SimpleNamespace, _params: Any) -> None:
    attempt: _Try = context.trace_request_ctx
    attempt.now_connected()


class AiohttpHookClient:
    """`core.fetching.HookClient` on aiohttp. Make it inside a running event loop, `close` it at the end.

    Redirects are followed where the request knows how, no proxy and no cookie is used, TLS certificates are verified
    against the system's authorities, and only addresses that ``addresses`` lets pass are connected to, wherever a
    redirect leads. Connections are pooled.
    """

    def __init__(
        self,
        addresses: AddressFilter,
        *,
        lookup: Lookup | None = None,
        max_concurrent: int = MAX_CONCURRENT,
        max_bytes: int = MAX_DOCUMENT_BYTES,
    ) -> None:
        self._addresses = addresses
        self._max_bytes = max_bytes
        self._places = asyncio.Semaphore(max_concurrent)
        self._resolver = FilteringResolver(addresses, lookup)
        connector = aiohttp.TCPConnector(
            resolver=self._resolver,
            socket_factory=self._checked_socket,
            limit=0,  # the semaphore is the limit: waiting for it must not run against connect_s
            keepalive_timeout=KEEPALIVE_S,
        )
        trace = aiohttp.TraceConfig()
        trace.on_connection_create_end.append(_on_connected)
        trace.on_connection_reuseconn.append(_on_connected)
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None),
            trace_configs=[trace],
            trust_env=False,
            auto_decompress=False,  # nothing compressed is asked for: a small body cannot grow into a large one
            headers={"User-Agent": USER_AGENT, "Accept": "application/xml, */*", "Accept-Encoding": "identity"},
        )

    async def close(self) -> None:
        """Close all connections; requests still under way fail."""
        await self._session.close()
        await self._resolver.close()

    async def send(self, request: HookRequest) -> HookResponse:
        """Return the 2xx answer, its body at most ``max_bytes`` long.

        Raises `HookError`, the last try's, when the policy's tries are used up, or with ``TOTAL_TIMEOUT`` when time is.
        A connection that could not be made or broke counts as a connect timeout for ``retry_on``; a 3xx is a failed
        status that only ``RetryOn.ANY`` retries; refused addresses and over-long answers are never tried again.
        """
        url = self._checked_url(request)
        policy = request.policy
        last: HookError | None = None
        try:
            async with asyncio.timeout(policy.total_s) as total, self._places:
                for again in range(policy.retries + 1):
                    if again:
                        await asyncio.sleep(min(RETRY_PAUSE_S, policy.total_s / 10))
                    try:
                        return await self._follow(request, url)
                    except HookError as error:
                        last = error
                        if not _retried(error, policy):
                            break
        except TimeoutError:
            if not total.expired():
                raise
            after = f" (before that: {last.detail})" if last else ""
            raise HookError(
                HookFailure.TOTAL_TIMEOUT, f"{_origin(url)}: no answer within {policy.total_s:g} s in all{after}"
            ) from None
        assert last is not None  # noqa: S101 -- the loop ran at least once and only an error leaves it
        raise last

    async def _follow(self, request: HookRequest, url: URL) -> HookResponse:
        """Try a request, and what it is redirected to; each of them has the time of one try."""
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._try(request, url)
            if isinstance(answer, HookResponse):
                return answer
            request = answer
            url = self._checked_url(request)
        detail = f"{_origin(url)}: more than {MAX_REDIRECTS} redirects"
        raise HookError(HookFailure.TOO_MANY_REDIRECTS, detail)

    async def _try(self, request: HookRequest, url: URL) -> HookResponse | HookRequest:
        attempt: _Try | None = None
        where = _origin(url)
        try:
            async with asyncio.timeout(request.policy.connect_s) as limit:
                attempt = _Try(limit, request.policy)
                return await self._exchange(request, url, attempt)
        except TimeoutError:
            if attempt is not None and attempt.connected:
                detail = f"{where}: no complete answer within {request.policy.read_s:g} s"
                raise HookError(HookFailure.READ_TIMEOUT, detail) from None
            detail = f"{where}: no connection within {request.policy.connect_s:g} s"
            raise HookError(HookFailure.CONNECT_TIMEOUT, detail) from None
        except aiohttp.InvalidURL:
            raise HookError(HookFailure.BAD_URL, f"{where}: the host is not a name or a plain IP address") from None
        except aiohttp.ClientConnectorDNSError as error:
            if isinstance(error.os_error, AddressRefusedError):
                raise _refused(str(error.os_error.strerror)) from None
            raise HookError(HookFailure.NOT_RESOLVED, f"{where}: the host name has no address") from None
        except aiohttp.ClientConnectorCertificateError:
            raise HookError(HookFailure.CONNECT, f"{where}: its TLS certificate is not valid for it") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(getattr(error, "os_error", None), AddressRefusedError):
                raise _refused(f"{where}: its address") from None
            # Only the kind of error: its text may carry the URL with a user's secrets.
            raise HookError(HookFailure.CONNECT, f"{where}: the exchange failed ({type(error).__name__})") from None

    async def _exchange(self, request: HookRequest, url: URL, attempt: _Try) -> HookResponse | HookRequest:
        """Return the answer, or the request for where it leads."""
        headers = list(request.headers)
        body: bytes | None = None
        if request.method == "POST":
            body = urlencode(request.params).encode()
            headers.append(("Content-Type", "application/x-www-form-urlencoded"))
        async with self._session.request(
            request.method, url, data=body, headers=headers, allow_redirects=False, trace_request_ctx=attempt
        ) as response:
            if not 200 <= response.status < 300:
                response.close()  # its body is of no use; draining it could be endless
                elsewhere = response.headers.get("Location") if response.status in _REDIRECTS else None
                if request.moved is not None and elsewhere:
                    return request.moved(urljoin(str(url), elsewhere), response.status)
                detail = f"{_origin(url)}: answered {response.status}"
                raise HookError(HookFailure.STATUS, detail, response.status)
            content = await _read_capped(response, url, self._max_bytes)
            return HookResponse(response.status, response.headers.get("Content-Type", ""), content, request.url)

    def _checked_url(self, request: HookRequest) -> URL:
        """Return the final URL, sent exactly as written, or raise `HookError`."""
        text = request.url
        if request.method == "GET" and request.params:
            joint = "" if text.endswith(("?", "&")) else "&" if "?" in text else "?"
            text += joint + urlencode(request.params)
        elif request.method not in ("GET", "POST"):
            raise HookError(HookFailure.BAD_URL, f"method {request.method!r}: only GET and POST are sent")
        if len(text) > MAX_URL_CHARS:
            detail = f"the URL has {len(text)} characters with its query; the limit is {MAX_URL_CHARS}"
            raise HookError(HookFailure.BAD_URL, detail)
        if not all("!" <= char <= "~" for char in text) or "#" in text:
            detail = "the URL holds a blank, a control or non-ASCII character, or a fragment; encode it as %XX"
            raise HookError(HookFailure.BAD_URL, detail)
        try:
            url = URL(text, encoded=True)
            host = url.host
            _ = url.port
        except ValueError:
            raise HookError(HookFailure.BAD_URL, "the URL cannot be read: write http(s)://host[:port]/path") from None
        if url.scheme not in ("http", "https") or not host:
            raise HookError(HookFailure.BAD_URL, "the URL must be http:// or https:// with a host")
        self._check_literal(host)
        return url

    def _check_literal(self, host: str) -> None:
        try:
            literal = str(ip_address(host.partition("%")[0]))
        except ValueError:
            return  # a name: the resolver checks what it leads to
        why = self._addresses.refusal(literal)
        if why:
            raise _refused(f"{literal}: {why}")

    def _checked_socket(self, info: Any) -> socket.socket:
        """Make a socket for one getaddrinfo row; the last gate, right before connecting."""
        family, kind, proto, _, sockaddr = info
        why = self._addresses.refusal(str(sockaddr[0]))
        if why:
            raise AddressRefusedError(f"{sockaddr[0]}: {why}")
        return socket.socket(family, kind, proto)


async def _read_capped(response: aiohttp.ClientResponse, url: URL, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > max_bytes:
            response.close()
            raise HookError(HookFailure.TOO_LARGE, f"{_origin(url)}: the answer is over {max_bytes} bytes")
    return bytes(body)


def _refused(what: str) -> HookError:
    rule = "only public addresses are called (private ones where the operator allows them)"
    return HookError(HookFailure.ADDRESS_REFUSED, f"{what}; {rule}")


def _retried(error: HookError, policy: FetchPolicy) -> bool:
    if error.failure in _NEVER_RETRIED:
        return False
    if RetryOn.ANY in policy.retry_on:
        return True
    if error.status is not None:
        kind = {4: RetryOn.CLIENT_ERROR, 5: RetryOn.SERVER_ERROR}.get(error.status // 100)
        return kind in policy.retry_on
    return _RETRIED_BY.get(error.failure) in policy.retry_on


def _origin(url: URL) -> str:
    """Return scheme, host and port: enough for a trace, without user info, path or query, which may hold secrets."""
    return str(url.origin())
