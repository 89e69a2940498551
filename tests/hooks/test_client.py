"""The HTTP client against real servers on loopback."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

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
from trunkline.hooks.addresses import Lookup
from trunkline.hooks.client import MAX_REDIRECTS, MAX_URL_CHARS, AiohttpHookClient

LAB = AddressFilter(lab=True)
QUICK = FetchPolicy(connect_s=1, read_s=1, total_s=3, retries=0)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def request(url: str, method: str = "POST", policy: FetchPolicy = QUICK, **params: str) -> HookRequest:
    return HookRequest(url=url, method=method, params=tuple(params.items()), headers=(("X-Test", "1"),), policy=policy)


@asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[str]:
    """Serve every path with one handler; yields the base URL."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_server(
    on_connect: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """Serve bytes; yields the base URL."""
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await on_connect(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def client(
    addresses: AddressFilter = LAB, lookup: Lookup | None = None, max_concurrent: int = 10
) -> AsyncIterator[AiohttpHookClient]:
    made = AiohttpHookClient(addresses, lookup=lookup, max_concurrent=max_concurrent)
    try:
        yield made
    finally:
        await made.close()


def ask(handler: Handler, asked: Callable[[str], HookRequest]) -> HookResponse:
    async def go() -> HookResponse:
        async with server(handler) as base, client() as http:
            return await http.send(asked(base))

    return asyncio.run(go())


def failure(handler: Handler, asked: Callable[[str], HookRequest]) -> HookError:
    with pytest.raises(HookError) as caught:
        ask(handler, asked)
    return caught.value


async def echo(req: web.Request) -> web.Response:
    body = (await req.read()).decode()
    lines = [req.method, req.raw_path, req.content_type, req.headers["User-Agent"], req.headers["X-Test"], body]
    return web.Response(text="\n".join(lines), content_type="text/xml")


def test_post_sends_a_form() -> None:
    answer = ask(echo, lambda base: request(f"{base}/a/?q=1", To="491", Name="J R+ü"))
    assert answer.status == 200
    assert answer.content_type.startswith("text/xml")
    assert answer.body.decode().split("\n") == [
        "POST",
        "/a/?q=1",
        "application/x-www-form-urlencoded",
        f"Trunkline/{__version__}",
        "1",
        "To=491&Name=J+R%2B%C3%BC",
    ]


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/a", "/a?To=1"),
        ("/a?", "/a?To=1"),
        ("/a?q=%2b", "/a?q=%2b&To=1"),
        ("/a?q=1&", "/a?q=1&To=1"),
        ("/%7Ea/..%2f", "/%7Ea/..%2f?To=1"),
    ],
)
def test_get_appends_to_the_query_and_sends_the_url_as_written(path: str, sent: str) -> None:
    answer = ask(echo, lambda base: request(base + path, "GET", To="1"))
    assert answer.body.decode().split("\n")[:2] == ["GET", sent]


def following(url: str, method: str = "POST") -> HookRequest:
    """Return a request that follows redirects, each of them by POST with how often it was redirected."""

    def moved(to: str, status: int) -> HookRequest:
        made = following(to)
        return replace(made, params=(("moved", str(status)),))

    return replace(request(url, method), moved=moved)


def test_redirects_are_followed_where_the_request_knows_how() -> None:
    seen: list[tuple[str, str]] = []

    async def handler(got: web.Request) -> web.Response:
        seen.append((got.path, (await got.post()).get("moved", "")))  # type: ignore[arg-type]  # no file is sent
        if got.path == "/a":
            return web.Response(status=307, headers={"Location": "b?x=1"})
        if got.path == "/b":
            return web.Response(status=301, headers={"Location": str(got.url.with_path("/c"))})
        return web.Response(text="there")

    assert ask(handler, lambda base: following(base + "/a")).body == b"there"
    assert seen == [("/a", ""), ("/b", "307"), ("/c", "301")]


def test_a_loop_of_redirects_ends() -> None:
    seen: list[str] = []

    async def handler(got: web.Request) -> web.Response:
        seen.append(got.path)
        return web.Response(status=302, headers={"Location": "/again"})

    error = failure(handler, lambda base: following(base + "/a"))
    assert error.failure is HookFailure.TOO_MANY_REDIRECTS
    assert len(seen) == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("http://169.254.169.254/latest", HookFailure.ADDRESS_REFUSED),
        ("http://10.0.0.1/", HookFailure.ADDRESS_REFUSED),
        ("file:///etc/passwd", HookFailure.BAD_URL),
        ("http://[bad/", HookFailure.CONNECT),
        ("/" + "x" * 8000, HookFailure.BAD_URL),
        ("", HookFailure.STATUS),
    ],
)
def test_a_redirect_may_go_no_further_than_the_first_request(to: str, why: HookFailure) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": to})

    assert failure(handler, lambda base: following(base + "/a")).failure is why


def test_redirects_have_the_time_of_the_whole_request() -> None:
    async def handler(_: web.Request) -> web.Response:
        await asyncio.sleep(0.3)
        return web.Response(status=302, headers={"Location": "/again"})

    policy = replace(QUICK, total_s=0.8)

    def slow(url: str) -> HookRequest:
        return replace(request(url, policy=policy), moved=lambda to, _: slow(to))

    assert failure(handler, lambda base: slow(base + "/a")).failure is HookFailure.TOTAL_TIMEOUT


def test_redirects_are_a_failed_status_and_not_followed() -> None:
    seen = []

    async def moved(req: web.Request) -> web.Response:
        seen.append(req.path)
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    error = failure(moved, lambda base: request(f"{base}/a", policy=replace(QUICK, retries=2)))
    assert (error.failure, error.status, seen) == (HookFailure.STATUS, 302, ["/a"])


@pytest.mark.parametrize(
    ("status", "retry_on", "tries"),
    [
        (404, {RetryOn.CLIENT_ERROR}, 3),
        (404, {RetryOn.SERVER_ERROR, RetryOn.CONNECT_TIMEOUT, RetryOn.READ_TIMEOUT}, 1),
        (503, {RetryOn.SERVER_ERROR}, 3),
        (503, {RetryOn.CLIENT_ERROR}, 1),
        (503, {RetryOn.ANY}, 3),
        (302, {RetryOn.ANY}, 3),
        (302, {RetryOn.CLIENT_ERROR, RetryOn.SERVER_ERROR}, 1),
        (500, set(), 1),
    ],
)
def test_status_is_retried_by_the_policy_only(status: int, retry_on: set[RetryOn], tries: int) -> None:
    seen = []

    async def fail(req: web.Request) -> web.Response:
        seen.append(req.path)
        return web.Response(status=status)

    policy = FetchPolicy(total_s=1.5, retries=2, retry_on=frozenset(retry_on))
    error = failure(fail, lambda base: request(base, policy=policy))
    assert (error.failure, error.status, len(seen)) == (HookFailure.STATUS, status, tries)


def test_a_retry_that_succeeds() -> None:
    answers = [500, 500, 200]

    async def handler(_req: web.Request) -> web.Response:
        return web.Response(status=answers.pop(0))

    policy = FetchPolicy(total_s=2, retries=5, retry_on=frozenset({RetryOn.SERVER_ERROR}))
    assert ask(handler, lambda base: request(base, policy=policy)).status == 200


async def hang(_req: web.Request) -> web.Response:
    await asyncio.sleep(60)
    return web.Response()


def test_read_timeout_is_retried_by_its_word() -> None:
    seen = []

    async def slow(req: web.Request) -> web.Response:
        seen.append(req.path)
        return await hang(req)

    policy = FetchPolicy(read_s=0.1, total_s=1, retries=1, retry_on=frozenset({RetryOn.READ_TIMEOUT}))
    error = failure(slow, lambda base: request(base, policy=policy))
    assert (error.failure, len(seen)) == (HookFailure.READ_TIMEOUT, 2)
    policy = replace(policy, retry_on=frozenset({RetryOn.CONNECT_TIMEOUT}))
    assert failure(slow, lambda base: request(base, policy=policy)).failure is HookFailure.READ_TIMEOUT
    assert len(seen) == 3


def test_total_covers_retries_and_pauses() -> None:
    started = time.monotonic()
    policy = FetchPolicy(read_s=0.2, total_s=0.5, retries=5, retry_on=frozenset({RetryOn.READ_TIMEOUT}))
    error = failure(hang, lambda base: request(base, policy=policy))
    assert error.failure is HookFailure.TOTAL_TIMEOUT
    assert "before that" in error.detail
    assert time.monotonic() - started < 2


def test_slow_drip_does_not_outlast_read_s() -> None:
    async def drip(req: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(req)
        while True:
            await response.write(b"x")
            await asyncio.sleep(0.02)

    started = time.monotonic()
    error = failure(drip, lambda base: request(base, policy=replace(QUICK, read_s=0.3)))
    assert error.failure is HookFailure.READ_TIMEOUT
    assert time.monotonic() - started < 2


def test_huge_body_is_cut_off() -> None:
    written = 0

    async def flood(req: web.Request) -> web.StreamResponse:
        nonlocal written
        response = web.StreamResponse()
        await response.prepare(req)
        while written < 500 * MAX_DOCUMENT_BYTES:
            await response.write(b"x" * 65536)
            written += 65536
        return response

    policy = replace(QUICK, retries=3, retry_on=frozenset({RetryOn.ANY}))
    error = failure(flood, lambda base: request(base, policy=policy))
    assert error.failure is HookFailure.TOO_LARGE
    assert written < 400 * MAX_DOCUMENT_BYTES


def test_the_largest_body_passes() -> None:
    async def big(_req: web.Request) -> web.Response:
        return web.Response(body=b"x" * MAX_DOCUMENT_BYTES)

    assert len(ask(big, request).body) == MAX_DOCUMENT_BYTES


def test_nothing_compressed_is_unpacked() -> None:
    async def zipped(req: web.Request) -> web.Response:
        assert req.headers["Accept-Encoding"] == "identity"
        return web.Response(body=b"\x1f\x8bpretended", headers={"Content-Encoding": "gzip"})

    assert ask(zipped, request).body == b"\x1f\x8bpretended"


def test_no_cookie_is_kept_and_no_proxy_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    cookies = []

    async def handler(req: web.Request) -> web.Response:
        cookies.append(req.headers.get("Cookie"))
        return web.Response(headers={"Set-Cookie": "a=b"})

    async def go() -> None:
        async with server(handler) as base, client() as http:
            await http.send(request(base))
            await http.send(request(base))

    asyncio.run(go())
    assert cookies == [None, None]


def test_connections_are_pooled() -> None:
    ports = set()

    async def handler(req: web.Request) -> web.Response:
        assert req.transport is not None
        ports.add(req.transport.get_extra_info("peername")[1])
        return web.Response()

    async def go() -> None:
        async with server(handler) as base, client() as http:
            for _ in range(3):
                await http.send(request(base))

    asyncio.run(go())
    assert len(ports) == 1


def test_waiting_for_a_place_counts_into_total() -> None:
    async def go() -> HookError:
        async with server(hang) as base, client(max_concurrent=1) as http:
            first = asyncio.create_task(http.send(request(base, policy=replace(QUICK, read_s=30, total_s=30))))
            await asyncio.sleep(0)
            with pytest.raises(HookError) as caught:
                await http.send(request(base, policy=replace(QUICK, total_s=0.2)))
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            return caught.value

    assert asyncio.run(go()).failure is HookFailure.TOTAL_TIMEOUT


def test_a_cancelled_send_gives_its_place_back() -> None:
    async def go() -> int:
        arrived = asyncio.Event()

        async def handler(req: web.Request) -> web.Response:
            if req.path == "/hang":
                arrived.set()
                return await hang(req)
            return await echo(req)

        async with server(handler) as base, client(max_concurrent=1) as http:
            task = asyncio.create_task(http.send(request(f"{base}/hang", policy=replace(QUICK, read_s=30))))
            await arrived.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return (await http.send(request(f"{base}/ok"))).status

    assert asyncio.run(go()) == 200


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", b"SSH-2.0-x\r\n\r\n"])
def test_broken_answers_are_retried_like_connect_failures(answer: bytes) -> None:
    seen = []

    async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        seen.append(1)
        writer.write(answer)
        await writer.drain()

    async def go() -> HookError:
        async with raw_server(broken) as base, client() as http:
            with pytest.raises(HookError) as caught:
                await http.send(request(f"{base}/?secret=1", policy=replace(QUICK, retries=1)))
            return caught.value

    error = asyncio.run(go())
    assert (error.failure, len(seen)) == (HookFailure.CONNECT, 2)
    assert "secret" not in error.detail


def test_connection_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://user:hunter2@127.0.0.1:{taken.getsockname()[1]}/x"

        async def go() -> None:
            async with client() as http:
                await http.send(request(url))

        with pytest.raises(HookError) as caught:
            asyncio.run(go())
    assert caught.value.failure is HookFailure.CONNECT
    assert "hunter2" not in caught.value.detail


def self_signed(folder: Path) -> ssl.SSLContext:
    """Return a server's side of TLS with a certificate for 127.0.0.1 that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    pem = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    pem += key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pem")
    return context


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    context = self_signed(tmp_path)

    async def ignore(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def go() -> HookError:
        listener = await asyncio.start_server(ignore, "127.0.0.1", 0, ssl=context)
        async with listener, client() as http:
            with pytest.raises(HookError) as caught:
                await http.send(request(f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"))
            return caught.value

    error = asyncio.run(go())
    assert error.failure is HookFailure.CONNECT
    assert "TLS certificate is not valid" in error.detail


def test_a_name_server_that_hangs_is_a_connect_timeout() -> None:
    async def lookup(_host: str, _port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return []

    assert _send_to_name(lookup, replace(QUICK, connect_s=0.1)).failure is HookFailure.CONNECT_TIMEOUT


def test_an_unknown_name() -> None:
    async def lookup(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    assert _send_to_name(lookup).failure is HookFailure.NOT_RESOLVED


def test_a_name_that_leads_to_a_refused_address() -> None:
    async def lookup(_host: str, _port: int) -> Sequence[str]:
        return ["169.254.169.254"]

    error = _send_to_name(lookup, replace(QUICK, retries=3, retry_on=frozenset({RetryOn.ANY})))
    assert error.failure is HookFailure.ADDRESS_REFUSED
    assert "169.254.169.254" in error.detail


def _send_to_name(lookup: Lookup, policy: FetchPolicy = QUICK) -> HookError:
    async def go() -> None:
        async with client(lookup=lookup) as http:
            await http.send(request("http://app.test/", policy=policy))

    with pytest.raises(HookError) as caught:
        asyncio.run(go())
    return caught.value


def test_a_rebound_name_is_never_connected_to() -> None:
    """The name resolves to a good address once, then to a forbidden one: the second is refused, not connected to."""
    reached = []

    async def handler(req: web.Request) -> web.Response:
        reached.append(req.host)
        return web.Response(headers={"Connection": "close"})

    async def go() -> None:
        answers = [["127.0.0.1"], ["10.0.0.1"]]

        async def lookup(_host: str, _port: int) -> Sequence[str]:
            return answers.pop(0)

        async with server(handler) as base, client(lookup=lookup) as http:
            port = base.rpartition(":")[2]
            url = f"http://app.test:{port}/"
            await http.send(request(url))
            connector = http._session.connector
            assert connector is not None
            connector.clear_dns_cache()  # type: ignore[attr-defined]
            with pytest.raises(HookError) as caught:
                await http.send(request(url))
            assert caught.value.failure is HookFailure.ADDRESS_REFUSED

    asyncio.run(go())
    assert len(reached) == 1


def test_the_socket_itself_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a resolver to let a bad address through, the connection is still not made."""

    async def let_through(_self: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, object]]:
        row = {
            "hostname": host,
            "host": "127.0.0.1",
            "port": port,
            "family": family or socket.AF_INET,
            "proto": 0,
            "flags": 0,
        }
        return [row]

    monkeypatch.setattr("trunkline.hooks.addresses.FilteringResolver.resolve", let_through)

    async def go() -> None:
        async with client(AddressFilter()) as http:
            await http.send(request("http://app.test/"))

    with pytest.raises(HookError) as caught:
        asyncio.run(go())
    assert caught.value.failure is HookFailure.ADDRESS_REFUSED


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fe80::1%25eth0]/",
        "http://169.254.169.254/latest/meta-data",
    ],
)
def test_literal_addresses_are_checked(url: str) -> None:
    assert _refused(url).failure is HookFailure.ADDRESS_REFUSED


@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433/",
        "http://127.1/",
        "http://0177.0.0.1/",
        "http://0x7f.0.0.1/",
    ],
)
def test_odd_spellings_of_loopback_do_not_get_through(url: str) -> None:
    assert _refused(url).failure in {HookFailure.ADDRESS_REFUSED, HookFailure.BAD_URL, HookFailure.NOT_RESOLVED}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://a.test/",
        "file:///etc/passwd",
        "//a.test/",
        "a.test/x",
        "http://",
        "http:///x",
        "http://a.test:99999/",
        "http://a.test:b/",
        "http://[::1/",
        "http://a.test/a b",
        "http://a.test/\r\nX: y",
        "http://ä.test/",
        "http://a.test/#ct=1",
        "http://a.test/" + "x" * MAX_URL_CHARS,
    ],
)
def test_bad_urls(url: str) -> None:
    assert _refused(url).failure is HookFailure.BAD_URL


def test_other_methods_are_not_sent() -> None:
    assert _refused("http://a.test/", "DELETE").failure is HookFailure.BAD_URL


def _refused(url: str, method: str = "POST") -> HookError:
    async def go() -> None:
        async with client(AddressFilter()) as http:
            await http.send(request(url, method))

    with pytest.raises(HookError) as caught:
        asyncio.run(go())
    return caught.value
