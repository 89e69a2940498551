"""`trunkline serve` as a whole: its two processes, what happens when one dies, and who may run beside it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Server, clean_environ, run
from tests.store.opening import open_room

pytestmark = pytest.mark.outside


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server that every test leaves running."""
    running = Server(tmp_path_factory.mktemp("supervised") / "data").start()
    yield running
    running.stop()


def _healthy(server: Server, seconds: float = 15.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{server.url}/healthz", timeout=5) as answer:  # noqa: S310 -- loopback
                return bool(answer.status == 200)
        except OSError:
            time.sleep(0.05)
    return False


def _restarted(server: Server, role: str, old: int, seconds: float = 15.0) -> int:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            new = server.child(role)
        except LookupError:
            new = old
        if new != old:
            return new
        time.sleep(0.05)
    raise AssertionError(f"no new {role} process")


def test_either_process_comes_back_at_the_same_door(server: Server) -> None:
    doors = (server.http, server.sip)
    for role in ("api", "edge"):
        old = server.child(role)
        server.kill(role)
        _restarted(server, role, old)
    assert _healthy(server)
    server.until_empty()
    assert (server.http, server.sip) == doors
    assert server.log.read_text().count("restarting") == 2


def test_process_that_hangs_in_its_start_holds_up_nobody(server: Server) -> None:
    old_api, old_edge = server.child("api"), server.child("edge")
    server.kill("api")
    stuck = _restarted(server, "api", old_api)
    os.kill(stuck, signal.SIGSTOP)
    server.kill("edge")
    began = time.monotonic()
    _restarted(server, "edge", old_edge)
    assert time.monotonic() - began < 10
    os.kill(stuck, signal.SIGCONT)
    assert _healthy(server)


def test_dead_supervisor_takes_its_processes_with_it(tmp_path: Path) -> None:
    server = Server(tmp_path / "data").start()
    pids = [server.child("api"), server.child("edge")]
    assert server._process is not None
    server._process.kill()
    server._process.wait()
    until = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < until, "a process outlived its supervisor"
        time.sleep(0.05)


def test_second_server_on_the_same_data_is_refused(server: Server) -> None:
    command = [sys.executable, "-m", "trunkline", "serve", "--data", str(server.data)]
    done = subprocess.run(
        [*command, "--http", "127.0.0.1:0", "--sip", "127.0.0.1:0"],
        capture_output=True,
        text=True,
        timeout=60,
        env=clean_environ(),
        check=False,
    )
    assert done.returncode == 1
    assert "another edge runs" in done.stderr
    assert server.counts()["calls"] == 0


def test_second_server_is_refused_while_the_edge_is_away(server: Server) -> None:
    """The claim on the data folder is the supervisor's, so that nobody gets in between."""
    old = server.child("edge")
    for _ in range(3):
        server.kill("edge")
        command = [sys.executable, "-m", "trunkline", "serve", "--data", str(server.data), "--workers", "2"]
        done = subprocess.run(
            [*command, "--http", "127.0.0.1:0", "--sip", "127.0.0.1:0"],
            capture_output=True,
            text=True,
            timeout=60,
            env=clean_environ(),
            check=False,
        )
        assert (done.returncode, "another edge runs" in done.stderr) == (1, True)
        old = _restarted(server, "edge", old)


def test_data_folder_may_be_a_link_and_ctrl_c_stops_everything(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    run("accounts", "create", "--data", str(tmp_path / "link"), "--name", "A", "--json")
    assert (tmp_path / "real.key").exists()
    server = Server(tmp_path / "link").start()
    pids = [server.child("api"), server.child("edge")]
    assert server.stop() == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert not (server.data / "edge.sock").exists()


@pytest.mark.parametrize("role", ["api", "edge"])
def test_each_process_runs_alone(tmp_path: Path, role: str) -> None:
    open_room(tmp_path)
    environ = clean_environ() | {"TRUNKLINE_HTTP_PORT": "0", "TRUNKLINE_SIP_LISTEN": "127.0.0.1:0"}
    command = [sys.executable, "-m", "trunkline", role, "--data", str(tmp_path / "data")]
    reading, writing = os.pipe()
    environ["TRUNKLINE_READY_FD"] = str(writing)
    with subprocess.Popen(command, env=environ, pass_fds=(writing,)) as process:
        os.close(writing)
        assert select.select([reading], [], [], 20)[0]
        assert os.read(reading, 16) == b"ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    os.close(reading)
