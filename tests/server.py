"""A real server for tests: `trunkline serve` in processes of its own, on free ports, on a data folder of its own."""

from __future__ import annotations

import json
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

READY_S = 30.0


class Server:
    """A running installation. ``http`` and ``sip`` are (host, port); stop it with `stop`, kill parts with `kill`."""

    def __init__(self, data: Path, *options: str, environ: dict[str, str] | None = None) -> None:
        self.data = data
        self.http = ("127.0.0.1", 0)
        self.sip = ("127.0.0.1", 0)
        self.sip_doors: list[str] = []
        self._options = options
        self._environ = environ or {}
        self._process: subprocess.Popen[str] | None = None
        self.log = data.parent / f"{data.name}.log"

    def start(self) -> Server:
        """Start, and return once both doors are open; a second start takes the same doors."""
        command = [sys.executable, "-m", "trunkline", "serve", "--data", str(self.data)]
        command += ["--http", "{}:{}".format(*self.http), "--sip", "{}:{}".format(*self.sip), *self._options]
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=clean_environ() | self._environ,
                start_new_session=True,
            )
        line = self._first_line()
        found = re.fullmatch(r"ready http=(\S+):(\d+) sip=([^\s,]+):(\d+)\S*", line)
        assert found, f"no ready line but {line!r}; {self.log.read_text()}"
        self.sip_doors = line.rpartition("sip=")[2].split(",")
        self.http, self.sip = (found[1], int(found[2])), (found[3], int(found[4]))
        return self

    def _first_line(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(READY_S):
                self._process.kill()
                return ""
        return self._process.stdout.readline().strip()

    @property
    def url(self) -> str:
        """The HTTP door as a URL."""
        return "http://{}:{}".format(*self.http)

    @property
    def via(self) -> str:
        """The SIP door as HOST:PORT."""
        return "{}:{}".format(*self.sip)

    def child(self, role: str, worker: int = 0) -> int:
        """Return the process id of the ``api`` or the ``edge``, of several edges that of a worker."""
        found = self._children(role).get(worker)
        if found is None:
            raise LookupError(f"no {role} process")
        return found

    def _children(self, role: str) -> dict[int, int]:
        """Return the process ids of a role by worker."""
        assert self._process is not None
        folders = [folder for folder in Path("/proc").iterdir() if folder.name.isdigit()]
        return {_worker(f): int(f.name) for f in folders if _is_child(f, self._process.pid, role)}

    def kill(self, role: str | None = None, worker: int = 0) -> None:
        """Kill -9 one process, or (None) the whole installation."""
        assert self._process is not None
        if role is not None:
            os.kill(self.child(role, worker), signal.SIGKILL)
            return
        children = [*self._children("api").values(), *self._children("edge").values()]
        self._process.kill()
        for child in children:
            os.kill(child, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        """Stop as Ctrl-C does, and return the exit status."""
        if self._process is None or self._process.poll() is not None:
            return 0
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(15)

    def counts(self) -> dict[str, Any]:
        """Return what the edge holds, all its workers together and each of them."""
        return dict(json.loads(run("status", "--data", str(self.data), "--json")))

    def until_empty(self, seconds: float = 10.0, *, transactions: bool = False) -> dict[str, Any]:
        """Wait until no call, leg, limit or task is left (and no transaction); return the counts as they are then.

        Every worker must answer.
        """
        until = time.monotonic() + seconds
        while True:
            counts = self.counts()
            left = [counts[name] for name in ("calls", "legs", "limits", "tasks")]
            answering = all(worker["answers"] for worker in counts["workers"])
            if answering and not any(left) and not (transactions and counts["transactions"]):
                return counts
            assert time.monotonic() < until, f"left behind: {counts}"
            time.sleep(0.05)

    def account(self, name: str = "A", parent: str | None = None, *, operator: bool = False) -> dict[str, Any]:
        """Create an account and return what the command prints."""
        extra = ["--parent", parent] if parent else []
        extra += ["--operator"] if operator else []
        made = run("accounts", "create", "--data", str(self.data), "--name", name, "--json", *extra)
        return dict(json.loads(made))


def _is_child(folder: Path, parent: int, role: str) -> bool:
    try:
        stat = (folder / "stat").read_text().rpartition(")")[2].split()
        words = (folder / "cmdline").read_text().split("\0")
    except OSError:
        return False
    return int(stat[1]) == parent and role in words


def _worker(folder: Path) -> int:
    found = re.search(r"(?:^|\0)TRUNKLINE_SIP_WORKER=(\d+)\0", (folder / "environ").read_text())
    return int(found[1]) if found else 0


def clean_environ() -> dict[str, str]:
    """Return this environment without any setting of Trunkline's."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}


def run(*arguments: str, expect: int = 0) -> str:
    """Run a `trunkline` command and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "trunkline", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=clean_environ(),
        check=False,
    )
    assert done.returncode == expect, f"{arguments} exited {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout
