"""The composition of the `edge` process: joins store, SIP, documents and hooks; `api.py` composes the other one.

Each process gets its listening socket from its parent, so that a restarted one has the same address and what arrived
meanwhile still waits in it.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable
from typing import Any

from trunkline import control, explaining
from trunkline.config import Settings
from trunkline.core import emergency
from trunkline.core.addresses import AddressFilter
from trunkline.documents import DocumentRunner, plivo_hooks, twilio_hooks
from trunkline.hooks.caller_names import HttpNameSource
from trunkline.hooks.client import AiohttpHookClient
from trunkline.installation import rules
from trunkline.process import run_loop, say_ready, told_to_stop
from trunkline.sip.dnsclient import DnsClient
from trunkline.sip.edge import Edge
from trunkline.sip.guesses import Guesses
from trunkline.sip.listening import make_listeners
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

new_token = Tokens()


def serve_edge(settings: Settings, socks: list[socket.socket], place: Place | None = None) -> None:
    """Run an edge process on its bound SIP sockets until SIGTERM; ``place`` is its own among several workers."""
    run_loop(_serve(settings, socks, place))


async def _serve(settings: Settings, socks: list[socket.socket], place: Place | None) -> None:
    process = EdgeProcess(settings, socks, place)
    await process.start()
    stop = told_to_stop()
    say_ready()
    await stop.wait()
    await process.close()


class EdgeProcess:
    """One edge process: its parts, joined; ``place`` is its own among several workers, None: it is alone."""

    def __init__(self, settings: Settings, socks: list[socket.socket], place: Place | None) -> None:
        self._questions = control.ControlServer(settings.data, place.worker if place else 0)
        self._settings = settings
        self._sip = settings.sip.share(place.worker) if place else settings.sip
        self._vault = database.open_vault(settings.data)
        self._connection = database.open_reader(settings.data)
        self._states = SqlGatewayStates(settings.data)
        self._facts = FactReader(self._connection, self._vault, self._states.names)
        self._journal = CallJournal(settings.data, settings.sip.keep_messages_mb << 20)
        self._client = AiohttpHookClient(
            AddressFilter(allow_private=settings.hooks.allow_private, lab=settings.lab_mode)
        )
        self._dns = DnsClient(settings.sip.nameservers)
        self._names = KeptNames(self._dns.ask)
        token = marked(new_token, place.worker) if place else new_token
        transactions = Transactions(Timers(t1=self._sip.t1), new_branch=token)
        self._server = SipServer(transactions)
        self._post = Post(place, transactions, self._server.flush) if place else None
        self._listeners = make_listeners(socks, self._sip, transactions, self._server, self._post)
        self._edge = self._joined(transactions, place, token)
        worker = place.worker if place else 0
        self._bindings = SqlBindings(settings.data, worker=f"{worker}")
        self._registered = SqlRegistered(settings.data, worker=f"{worker}")
        relay = self._post.relay if self._post else None
        self._edge.registrar = EndpointRegistrar(self._edge, self._bindings, rules(settings).sip_host, relay)
        self._callers = self._edge.name_source = name_source(settings)
        self._watch = GatewayWatch(
            self._edge,
            self._names,
            self._states,
            FollowedReader(self._connection),
            rules(settings),
            ask=self._dns.ask,
            first=worker == 0,
        )
        self._texts = TextService(
            self._edge,
            settings,
            self._connection,
            self._vault,
            plivo=plivo_hooks,
            twilio=twilio_hooks,
            delivers=worker == 0,
        )

    def _joined(self, transactions: Transactions, place: Place | None, token: Callable[[], str]) -> Edge:
        settings, doors = self._settings, self._listeners.doors
        targets = AddressFilter(allow_private=settings.sip.allow_private_targets, lab=settings.lab_mode)
        board = Board(place.board, place.worker, place.workers) if place else None
        store = SqlStore(self._connection, self._vault, rules(settings))
        return Edge(
            transactions,
            self._facts,
            self._journal,
            DocumentRunner(store, self._client),
            self._sip,
            doors=doors,
            locator=Locator(targets, doors.can_send, names=self._names, draw=random.random),
            lab=settings.lab_mode,
            new_token=token,
            new_id=new_token.uuid,
            draw=random.random,
            flush=self._server.flush,
            counts=SharedCounts(board) if board else None,
            nonces=SharedNonces(board, self._sip.nonce_s, new_token=token) if board else None,
            guesses=Guesses(board.ledgers()) if board else None,
            sip_host=rules(settings).sip_host,
        )

    async def start(self) -> None:
        """Open the doors; from now on calls are taken, and what we register or watch is."""
        emergency.load()
        edge = self._edge
        await self._questions.start(self._answer)
        self._server.start(edge)
        await self._listeners.open(edge.reception.admits)
        self._watch.start()
        facts = RegistrationFacts(database.open_reader(self._settings.data))
        edge.registrations = Registrations(edge, facts, self._registered)

    async def close(self) -> None:
        """End what runs, calls and registrations first, then close what they needed."""
        edge = self._edge
        await self._watch.close()
        if edge.registrations is not None:
            await asyncio.gather(edge.registrations.close(), edge.close())
        await self._names.close()
        self._dns.close()
        if self._post is not None:
            await asyncio.sleep(min(1.0, 3 * self._sip.t1))  # the others' last messages may come through this worker
        await self._questions.close()
        await self._listeners.close()
        self._bindings.close()
        self._registered.close()
        self._server.close()
        if self._callers is not None:
            await self._callers.close()
        await self._texts.close()
        await self._client.close()
        self._journal.close()

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        edge = self._edge
        if question.get("op") == "explain":
            recognise = edge.registrations.calls.at_source if edge.registrations else None
            return explaining.answer(self._facts, edge.counts, question, edge.keeper.realms, recognise)
        post = self._post
        between = {} if post is None else {"handed_on": post.handed_on, "handovers_lost": post.lost}
        return {
            "workers": 1 if post is None else post.workers,
            "calls": len(edge.calls),
            "legs": edge.open_legs,
            "limits": edge.counts.total(),
            "tasks": edge.open_tasks,
            "transactions": sum(edge.transactions.counts),
            "connections": sum(door.connections for door in self._listeners.tcp),
            "records_dropped": self._journal.dropped,
            "registrations": edge.registrations.count if edge.registrations else 0,
            **between,
        }


def name_source(settings: Settings) -> HttpNameSource | None:
    """Return the operator's name service, None where none is set; it may live in a private network."""
    addresses = AddressFilter(allow_private=True, lab=settings.lab_mode)
    return HttpNameSource(settings.cnam, addresses) if settings.cnam.url else None
