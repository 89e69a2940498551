"""Vendors' SDKs, and the benchmarks' peers, each in a virtual environment of its own under ``.clients/``, made on
demand from its lock.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).parent
INSTALL_S = 180
RUN_S = 60


def interpreter(name: str) -> Path:
    """Return the Python of an SDK's environment; ``requirements/client-<name>.txt`` says what is in it."""
    return environment(f"client-{name}", name)


def environment(requirements: str, name: str) -> Path:
    """Return the Python of an environment called ``name`` that holds what ``requirements/<requirements>.txt`` locks.

    An environment belongs to the text of its lock: another lock makes another one.
    """
    lock = ROOT / "requirements" / f"{requirements}.txt"
    home = ROOT / ".clients" / f"{name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    python = home / "bin" / "python"

    def install() -> None:
        installed([sys.executable, "-m", "venv", str(home)])
        # Compiled is what a script imports, when it does: an SDK has thousands of modules.
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        pip.append("--no-compile")
        # What only exists as source is built by the pinned setuptools, not by one that pip would fetch.
        installed([*pip, "-r", str(ROOT / "requirements" / "build.txt")])
        installed([*pip, "--use-pep517", "--no-build-isolation", "-r", str(lock)])

    made_once(home, install)
    return python


def made_once(home: Path, install: Callable[[], None]) -> None:
    """Fill a folder by ``install`` unless that was done before; test processes that want it at once take turns."""
    home.parent.mkdir(exist_ok=True)
    with (home.parent / f"{home.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "ready").exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            install()
            (home / "ready").touch()


def installed(command: list[str], cwd: Path | None = None) -> None:
    """Run an installer's command to its end; where it fails, so does the test, with what was printed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def play(name: str, script: str, *arguments: str) -> Any:
    """Run a client script in an SDK's environment and return the JSON that it prints."""
    command = [str(interpreter(name)), str(SCRIPTS / script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)
