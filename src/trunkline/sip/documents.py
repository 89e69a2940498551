"""The documents of this process's calls: run in tasks of their own, and their applications told of the end."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from trunkline.core.facts import ApplicationTarget
from trunkline.core.fetching import CallRunner
from trunkline.sip.caller_names import ask_name, name_caller
from trunkline.sip.legs import DocumentLegs

if TYPE_CHECKING:
    from trunkline.sip.call import Call
    from trunkline.sip.edge import Edge

log = logging.getLogger(__name__)


class Documents:
    """What runs for calls that applications take. ``runner`` None: nothing does."""

    def __init__(self, edge: Edge, runner: CallRunner | None) -> None:
        self._edge = edge
        self._runner = runner
        self._legs: dict[Call, DocumentLegs] = {}

    def run(self, call: Call, target: ApplicationTarget) -> None:
        """Run an application's documents on a call, in a task of their own."""
        if self._runner is None or call.a.request is None:
            return
        unnamed = name_caller(call, call.a.request, can_ask=self._edge.name_source is not None)
        legs = self._legs[call] = DocumentLegs(call)
        call.task = self._edge.spawn(self._run(self._runner, call, target, legs, unnamed))

    async def _run(
        self, runner: CallRunner, call: Call, target: ApplicationTarget, legs: DocumentLegs, unnamed: str | None
    ) -> None:
        """Run documents to their end, once it is known who calls; a fault of ours ends the call, for nobody else would.

        ``unnamed`` is the caller's number where its name is to be asked.
        """
        try:
            if unnamed is not None and self._edge.name_source is not None:
                await ask_name(call, self._edge.name_source, unnamed)
            await runner.run(target, call.facts, legs)
        except Exception:
            log.exception("the documents of call %s could not be run", call.id)
        self._edge.give_up(call, self._edge.now())
        self._edge.flush()

    def ended(self, call: Call) -> None:
        """A call is over: write it down, and tell its application if it had documents."""
        legs = self._legs.pop(call, None)
        if legs is None:
            self._edge.write_down(call.record(), call.capture)
            return
        woken = legs.caller_gone()
        task, call.task = call.task, None
        if not woken and call.answered_at is None and task is not None and task is not asyncio.current_task():
            task.cancel()  # it waits for a document that nobody needs any more
        target = call.decision.target
        if isinstance(target, ApplicationTarget):
            self._edge.spawn(self._tell_end(call, target, task, legs))

    async def _tell_end(
        self, call: Call, target: ApplicationTarget, task: asyncio.Task[None] | None, legs: DocumentLegs
    ) -> None:
        self._edge.write_down(call.record(), call.capture)
        noted = len(call.trace)
        if self._runner is not None:
            try:
                await self._runner.tell_end(target, call.facts(), call.note_facts)
            except Exception:
                log.exception("the end of call %s could not be told", call.id)
        noted = self._write_again(call, noted)
        if task is not None:
            await asyncio.wait((task,))
        await legs.settled()
        self._write_again(call, noted)

    def _write_again(self, call: Call, noted: int) -> int:
        """Write a call's record again if its trace has grown beyond ``noted`` lines; return how long it is."""
        if len(call.trace) > noted:
            self._edge.journal.put(call.record())
        return len(call.trace)
