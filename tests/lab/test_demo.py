"""The demo from outside: it tells its story to the end, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from trunkline.lab.agent import LabError
from trunkline.lab.platform import Customer, Platform

DEMO = [sys.executable, "-m", "trunkline.lab.demo"]


def left_behind(folder: Path) -> list[str]:
    """The processes whose environment names this folder, and the files in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text())
        except OSError:
            continue
    return found + [path.name for path in folder.iterdir()]


@pytest.mark.outside
def test_every_step_happens(tmp_path: Path) -> None:
    environ = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(DEMO, capture_output=True, text=True, timeout=60, env=environ, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "every step happened as told" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert left_behind(tmp_path) == []


@pytest.mark.outside
@pytest.mark.parametrize("step", ["1.", "6."])
def test_ctrl_c_stops_everything(tmp_path: Path, step: str) -> None:
    environ = os.environ | {"TMPDIR": str(tmp_path)}
    heeding = partial(
        signal.signal, signal.SIGINT, signal.SIG_DFL
    )  # which a shell's background jobs are started without
    with subprocess.Popen(DEMO, stdout=subprocess.PIPE, text=True, env=environ, preexec_fn=heeding) as demo:  # noqa: PLW1509 -- sets a signal, takes no lock
        assert demo.stdout is not None
        for line in demo.stdout:
            if line.startswith(step):
                demo.send_signal(signal.SIGINT)
                break
        rest = demo.stdout.read()
        assert demo.wait(20) == 1
    assert "Interrupted" in rest
    until = time.monotonic() + 5
    while left_behind(tmp_path) and time.monotonic() < until:  # the kernel needs a moment to bury a process
        time.sleep(0.01)
    assert left_behind(tmp_path) == []


@pytest.mark.outside
def test_a_server_that_does_not_start_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    async def go() -> None:
        with pytest.raises(LabError, match="the server ended before it was ready"):
            await Platform(tmp_path / "file").__aenter__()

    asyncio.run(go())


def test_nobody_at_the_http_door_is_said() -> None:
    async def go() -> None:
        async with Customer("http://127.0.0.1:9") as customer:
            with pytest.raises(LabError, match="GET /x: "):
                await customer.ask("GET", "/x", {})

    asyncio.run(go())
