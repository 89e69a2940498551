"""`trunkline call`, `explain`, `log` and `status`."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence

from trunkline import control
from trunkline.cli import settings_of
from trunkline.commands.opening import read
from trunkline.commands.printing import document, plain, table
from trunkline.commands.records import limit_of, one_of
from trunkline.config import address
from trunkline.core.model import EVERYTHING, Change, Page
from trunkline.core.ports import Store
from trunkline.explaining import EdgeExplainer


def call(options: Namespace) -> int:
    """Place one call as a carrier would."""
    from trunkline.lab.carrier import place_call

    report = asyncio.run(
        place_call(
            from_ip=options.from_ip,
            caller=options.caller,
            called=options.called,
            via=address(options.via, "--via"),
            expect=options.expect,
            talk_s=options.talk,
            user=options.user,
            password=options.password,
            on_line=lambda line: print(line, flush=True),
        )
    )
    print(report.explain())
    return 0 if report.ok else 1


def explain(options: Namespace) -> int:
    """Say what would happen to a call."""
    explainer = EdgeExplainer(settings_of(options).data)
    told = asyncio.run(explainer.explain(options.from_ip, options.called, options.caller, EVERYTHING))
    if options.json:
        document(told)
        return 0
    print(f"a call from {told.get('source')} to {told.get('to')}: {told['verdict']}")
    trace = told["trace"]
    for step in trace if isinstance(trace, list) else []:
        print(f"  {step['part']:<12} {plain(step['text'])}")
    sip = "the call is routed" if told["sip_status"] is None else f"SIP {told['sip_status']} {told['sip_reason']}"
    where = "asked the running edge" if told["facts"] == "live" else "offline facts: no edge runs on this data folder"
    print(f"  {'answer':<12} {sip} ({where})")
    return 0


def log(options: Namespace) -> int:
    """Show the change log."""
    limit = limit_of(options.limit)

    def look_up(store: Store) -> Sequence[Change]:
        return store.log.page(one_of(store, options.account), Page(limit)).items

    changes = read(options, look_up)
    if options.json:
        names = ("seq", "at", "actor", "account_id", "verb", "kind", "record_id", "detail")
        document([{name: getattr(change, name) for name in names} for change in changes])
        return 0
    rows = [(f"{c.at:%Y-%m-%d %H:%M:%S}", c.actor, c.verb, c.kind, c.record_id, c.detail) for c in changes]
    table(("TIME (UTC)", "WHO", "DID", "KIND", "RECORD", "DETAIL"), rows)
    return 0


def status(options: Namespace) -> int:
    """Show what the running edge holds: all its workers together; JSON lists them, too."""
    answers = asyncio.run(control.ask_all(settings_of(options).data, {"op": "counts"}))
    workers = next(iter(answers.values())).pop("workers")
    held: Counter[str] = Counter()
    for answer in answers.values():
        answer.pop("workers", None)
        held.update(answer)
    silent = [worker for worker in range(workers) if worker not in answers]
    if options.json:
        each = [
            {"worker": worker, "answers": worker in answers, **answers.get(worker, {})} for worker in range(workers)
        ]
        document({**held, "workers": each})
        return 0
    table(("HELD", "COUNT"), list(held.items()))
    for worker in silent:
        print(f"worker {worker} does not answer: it is being restarted, or hangs")
    return 0
