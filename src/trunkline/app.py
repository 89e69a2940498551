"""The composition of the `edge` process: joins store, SIP, documents and hooks; `api.py` composes the other one.

Each process gets its listening socket from its parent, so that a restarted one has the same address and what arrived
meanwhile still waits in it.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import random
import secrets
import signal
import socket
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from trunkline import control, explaining
from trunkline.config import Settings
from trunkline.core.addresses import AddressFilter
from trunkline.core.calls import CallFacts
from trunkline.core.facts import ApplicationTarget
from trunkline.core.fetching import HookClient, HookDialect, Legs
from trunkline.core.model import CredentialKind
from trunkline.core.ports import Store
from trunkline.dialects.plivo.hooks import PlivoHooks
from trunkline.dialects.plivo.ids import auth_id
from trunkline.dialects.twilio.hooks import TwilioHooks
from trunkline.hooks.caller_names import HttpNameSource
from trunkline.hooks.client import AiohttpHookClient
from trunkline.installation import rules
from trunkline.sip.dnsclient import DnsClient
from trunkline.sip.edge import Edge
from trunkline.sip.guesses import Guesses
from trunkline.sip.listening import Listeners, make_listeners
from trunkline.sip.locating import Locator
from trunkline.sip.names import KeptNames
from trunkline.sip.owners import marked
from trunkline.sip.registering import EndpointRegistrar
from trunkline.sip.registrations import Registrations
from trunkline.sip.server import SipServer
from trunkline.sip.shared import Board, SharedCounts, SharedNonces
from trunkline.sip.timers import Timers
from trunkline.sip.tokens import Tokens
from trunkline.sip.transaction import Transactions
from trunkline.sip.watching import GatewayWatch
from trunkline.sip.workers import Place, Post
from trunkline.store import database
from trunkline.store.bindings import SqlBindings
from trunkline.store.calls import CallJournal
from trunkline.store.facts import FactReader
from trunkline.store.followed import FollowedReader
from trunkline.store.gateway_states import SqlGatewayStates
from trunkline.store.registered import SqlRegistered
from trunkline.store.registering import RegistrationFacts
from trunkline.store.unit import SqlStore
from trunkline.texting import TextService
from trunkline.voice import session

_PR_SET_PDEATHSIG = 1

new_token = Tokens()


class DocumentRunner:
    """`core.fetching.CallRunner`: runs an application's documents in the application's dialect."""

    def __init__(self, store: Store, client: HookClient) -> None:
        self._store = store
        self._client = client

    async def run(self, target: ApplicationTarget, facts: Callable[[], CallFacts], legs: Legs) -> None:
        """Fetch and run documents until the call has ended."""
        dialect = self._dialect(target, facts().account_id)
        await session.run(facts, target.hooks, dialect, self._client, legs)

    async def tell_end(self, target: ApplicationTarget, call: CallFacts, note: Callable[..., None]) -> None:
        """Tell the application that the call is over."""
        dialect = self._dialect(target, call.account_id)
        await session.notify_hangup(call, target.hooks, dialect, self._client, note)

    def _dialect(self, target: ApplicationTarget, account_id: str) -> HookDialect:
        """Return the dialect's hooks with the account's token. Each dialect has its line here."""
        if target.dialect == "plivo":
            return plivo_hooks(self._store, account_id)
        if target.dialect == "twilio":
            return twilio_hooks(self._store, account_id)
        raise LookupError(f"no dialect {target.dialect}")


def plivo_hooks(store: Store, account_id: str) -> PlivoHooks:
    """Return Plivo's requests to an account's applications, signed with its token and its main account's."""
    own, *above = [_signer(store, account) for account in store.accounts.ancestors(account_id)]
    return PlivoHooks(own[0], own[1], above[-1] if above else None, new_nonce)


def _signer(store: Store, account_id: str) -> tuple[str, str]:
    account = store.accounts.get(account_id)
    live = store.credentials.live(account_id, CredentialKind.PLIVO_TOKEN)
    if account is None or not live:
        return "", new_token()  # no live token: signed with a key that nobody has, rather than one that anybody has
    return auth_id(account), store.credentials.reveal(live[-1].id)


def twilio_hooks(store: Store, account_id: str) -> TwilioHooks:
    """Return Twilio's requests to an account's applications, signed with its own token: a subaccount has one, too."""
    live = store.credentials.live(account_id, CredentialKind.TWILIO_TOKEN)
    token = store.credentials.reveal(live[-1].id) if live else new_token()  # without one: a key that nobody has
    return TwilioHooks(account_id, token, new_token, lambda: datetime.now(UTC))


def new_nonce() -> str:
    """Return a fresh nonce of 20 digits, as Plivo's are."""
    return str(secrets.randbelow(9 * 10**19) + 10**19)


def serve_edge(settings: Settings, socks: list[socket.socket], place: Place | None = None) -> None:
    """Run an edge process on its bound SIP sockets until SIGTERM; ``place`` is its own among several workers."""
    run_loop(_edge(settings, socks, place))


async def _edge(settings: Settings, socks: list[socket.socket], place: Place | None) -> None:
    questions = control.ControlServer(settings.data, place.worker if place else 0)
    vault = database.open_vault(settings.data)
    connection = database.open_reader(settings.data)
    store = SqlStore(connection, vault, rules(settings))
    states = SqlGatewayStates(settings.data)
    facts = FactReader(connection, vault, states.names)
    journal = CallJournal(settings.data, settings.sip.keep_messages_mb << 20)
    client = AiohttpHookClient(AddressFilter(allow_private=settings.hooks.allow_private, lab=settings.lab_mode))
    sip = settings.sip.share(place.worker) if place else settings.sip
    token = marked(new_token, place.worker) if place else new_token
    transactions = Transactions(Timers(t1=sip.t1), new_branch=token)
    server = SipServer(transactions)
    post = Post(place, transactions, server.flush) if place else None
    board = Board(place.board, place.worker, place.workers) if place else None
    listeners = make_listeners(socks, sip, transactions, server, post)
    targets = AddressFilter(allow_private=settings.sip.allow_private_targets, lab=settings.lab_mode)
    dns = DnsClient(settings.sip.nameservers)
    names = KeptNames(dns.ask)
    edge = Edge(
        transactions,
        facts,
        journal,
        DocumentRunner(store, client),
        sip,
        doors=listeners.doors,
        locator=Locator(targets, listeners.doors.can_send, names=names, draw=random.random),
        lab=settings.lab_mode,
        new_token=token,
        new_id=new_token.uuid,
        draw=random.random,
        flush=server.flush,
        counts=SharedCounts(board) if board else None,
        nonces=SharedNonces(board, sip.nonce_s, new_token=token) if board else None,
        guesses=Guesses(board.ledgers()) if board else None,
        sip_host=rules(settings).sip_host,
    )
    bindings = SqlBindings(settings.data, worker=f"{place.worker if place else 0}")
    edge.registrar = EndpointRegistrar(edge, bindings, rules(settings).sip_host, post.relay if post else None)
    registered = SqlRegistered(settings.data, worker=f"{place.worker if place else 0}")
    callers = edge.name_source = name_source(settings)
    first = place is None or place.worker == 0
    watch = GatewayWatch(edge, names, states, FollowedReader(connection), rules(settings), ask=dns.ask, first=first)
    texts = TextService(edge, settings, connection, vault, plivo=plivo_hooks, twilio=twilio_hooks, delivers=first)
    await questions.start(lambda question: _answer(edge, listeners, facts, journal, question))
    server.start(edge)
    await listeners.open(edge.admits)
    watch.start()
    edge.registrations = Registrations(edge, RegistrationFacts(database.open_reader(settings.data)), registered)
    stop = told_to_stop()
    say_ready()
    await stop.wait()
    await watch.close()
    await asyncio.gather(edge.registrations.close(), edge.close())
    await names.close()
    dns.close()
    if post is not None:
        await asyncio.sleep(min(1.0, 3 * sip.t1))  # the others' last messages may come through this worker
    await questions.close()
    await listeners.close()
    bindings.close()
    registered.close()
    server.close()
    if callers is not None:
        await callers.close()
    await texts.close()
    await client.close()
    journal.close()


def name_source(settings: Settings) -> HttpNameSource | None:
    """Return the operator's name service, None where none is set; it may live in a private network."""
    addresses = AddressFilter(allow_private=True, lab=settings.lab_mode)
    return HttpNameSource(settings.cnam, addresses) if settings.cnam.url else None


def _answer(
    edge: Edge, listeners: Listeners, facts: FactReader, journal: CallJournal, question: dict[str, Any]
) -> dict[str, Any]:
    if question.get("op") == "explain":
        recognise = edge.registrations.calls.at_source if edge.registrations else None
        return explaining.answer(facts, edge.counts, question, edge.keeper.realms, recognise)
    counts = edge.transactions.counts
    post = listeners.post
    between = {} if post is None else {"handed_on": post.handed_on, "handovers_lost": post.lost}
    return {
        "workers": 1 if post is None else post.workers,
        "calls": len(edge.calls),
        "legs": edge.open_legs,
        "limits": edge.counts.total(),
        "tasks": edge.open_tasks,
        "transactions": sum(counts),
        "connections": sum(door.connections for door in listeners.tcp),
        "records_dropped": journal.dropped,
        "registrations": edge.registrations.count if edge.registrations else 0,
        **between,
    }


def say_ready() -> None:
    """Tell the supervisor, through the descriptor that it left for this, that the door is open."""
    descriptor = os.environ.get("TRUNKLINE_READY_FD")
    if descriptor is not None:
        os.write(int(descriptor), b"ready\n")
        os.close(int(descriptor))


def told_to_stop() -> asyncio.Event:
    """Return an event that SIGTERM or SIGINT sets from now on."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


def run_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run a process's work to its end, on uvloop where it is installed; the process ends with its supervisor."""
    if "TRUNKLINE_READY_FD" in os.environ:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)
