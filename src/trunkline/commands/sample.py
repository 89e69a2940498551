"""`trunkline lab` (`make run`): Trunkline on this machine, with a sample application and a sample phone behind it.

The first start makes an account whose default application is the sample; every start prints its credentials and three
lines to paste, the last of which ends in a routed, answered call.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import threading
from pathlib import Path
from typing import NamedTuple

from trunkline import supervisor
from trunkline.config import Settings
from trunkline.core import accounts, applications
from trunkline.core.model import Account, Actor, CallHooks, CredentialKind, Webhook
from trunkline.core.ports import Store
from trunkline.dialects.plivo.ids import auth_id
from trunkline.installation import rules
from trunkline.lab.agent import LabError
from trunkline.lab.application import SampleApplication
from trunkline.lab.phone import Phone
from trunkline.store import database
from trunkline.store.unit import SqlStore
from trunkline.store.writer import write_once

NAME = "Sample"
PHONE_PORT = 5070
APPLICATION_PORT = 8081
NUMBER = "14155551234"


class Login(NamedTuple):
    """What a customer of the sample account logs in with."""

    auth_id: str
    auth_token: str


class Backstage:
    """The sample phone and application, on an event loop in a thread of their own."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._open = threading.Event()
        self._problem: LabError | None = None
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),), daemon=True)

    def start(self) -> None:
        """Open both; raises `LabError` when one of them cannot."""
        self._thread.start()
        self._open.wait(10)
        if self._problem is not None:
            raise self._problem

    async def _run(self) -> None:
        try:
            async with (
                Phone(self._host, PHONE_PORT, on_line=_say) as phone,
                SampleApplication(self._host, APPLICATION_PORT, phone.uri, on_line=_say),
            ):
                self._open.set()
                await self._stop.wait()
        except LabError as error:
            self._problem = error
            self._open.set()

    def close(self) -> None:
        """Stop both."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(5)


def _say(line: str) -> None:
    print(f"  {line}", flush=True)


def run(settings: Settings) -> int:
    """Run until Ctrl-C; returns the exit status."""
    backstage = Backstage(settings.http.host)
    try:
        backstage.start()
    except LabError as error:
        print(f"trunkline: {error}", file=sys.stderr)
        return 1
    try:
        login = prepared(settings, f"http://{settings.http.host}:{APPLICATION_PORT}")
        return supervisor.serve(settings, lambda http, sip: print(_invitation(login, http, sip), flush=True))
    finally:
        backstage.close()


def prepared(settings: Settings, application_url: str) -> Login:
    """Return the sample account's login; makes the account and its default application the first time."""
    vault = database.prepare(settings.data)
    connection = database.open_writer(settings.data)
    try:
        store = SqlStore(connection, vault, rules(settings))
        return write_once(connection, store, lambda s: _sample_login(s, application_url))
    finally:
        connection.close()


def _sample_login(store: Store, application_url: str) -> Login:
    found = [a for a in store.accounts.all() if a.name == NAME and a.parent_id is None]
    account = found[0] if found else _sample_account(store, application_url)
    token = store.credentials.live(account.id, CredentialKind.PLIVO_TOKEN)[-1]
    return Login(auth_id(account), store.credentials.reveal(token.id))


def _sample_account(store: Store, application_url: str) -> Account:
    operator = accounts.operator("lab")
    account = accounts.create(store, operator, name=NAME).account
    hooks = CallHooks(answer=Webhook(f"{application_url}/answer"), hangup=Webhook(f"{application_url}/hangup"))
    draft = applications.ApplicationDraft(name="Sample_application", dialect="plivo", hooks=hooks, default=True)
    applications.create(store, Actor(account=account, label="lab"), account, draft)
    return account


def _invitation(login: Login, http: str, sip: str) -> str:
    url = f"http://{http}/v1/Account/{login.auth_id}"
    command = Path(sys.argv[0]).name if shutil.which("trunkline") else _relative(sys.argv[0])
    ask = f"curl -sS -u {login.auth_id}:{login.auth_token} -H 'Content-Type: application/json'"
    send = "-d"
    if shutil.which("curl") is None:
        ask, send = f"{command} ask --user {login.auth_id}:{login.auth_token}", "--json"
    carrier = '{"name":"My_Carrier","ip_set":"127.0.0.2"}'
    number = '{"numbers":"' + NUMBER + '","carrier":"\'$CARRIER\'","region":"California, UNITED STATES"}'
    keep = r"""sed 's/.*"carrier_id":"\([0-9]*\)".*/\1/'"""
    return f"""
Trunkline runs: API http://{http}, SIP {sip} (UDP and TCP), in lab mode. Stop it with Ctrl-C.

Account "{NAME}"   auth_id {login.auth_id}   auth_token {login.auth_token}
Its default application dials a sample phone at 127.0.0.1:{PHONE_PORT}, which answers.

Paste these three lines into another terminal, in this folder:

1. Create a carrier that sends calls from 127.0.0.2:
CARRIER=$({ask} {send} '{carrier}' {url}/IncomingCarrier/ | {keep}); echo carrier $CARRIER

2. Add a number that this carrier delivers:
{ask} {send} '{number}' {url}/Number/; echo

3. Place a call, as the carrier would:
{command} call --from-ip 127.0.0.2 --from +14155550100 --to +{NUMBER} --via {sip}

What the application and the phone see appears here:
"""


def _relative(program: str) -> str:
    path = Path(program)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else program
