"""The command line: what every command is called and takes. What they do stands in `commands/`."""

from __future__ import annotations

import argparse
import importlib
import os
import select
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline import __version__
from trunkline.config import ConfigError, Settings, address, load
from trunkline.core.errors import TrunklineError

if TYPE_CHECKING:
    _Commands = argparse._SubParsersAction[argparse.ArgumentParser]


READER_GONE = 128 + 13
"""Exit status when nobody reads the output any more: that of a program which SIGPIPE ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0 done, 1 failed, 2 not understood, 141 where nobody reads its output."""
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError as error:
        _leave_reader(error)
        return READER_GONE


def _run(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (ConfigError, TrunklineError) as error:
        print(f"trunkline: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if type(error).__module__.startswith("trunkline."):
            print(f"trunkline: {error}", file=sys.stderr)
            return 1
        raise


def _leave_reader(error: BrokenPipeError) -> None:
    """Raise ``error`` again unless it is that nobody reads our output any more, as in ``… | head``.

    What is left of the output goes nowhere then, so that Python says nothing of it when it ends.
    """
    output = select.poll()
    output.register(sys.stdout.fileno(), 0)
    if not output.poll(0):  # POLLERR, POLLHUP come unasked
        raise error
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="trunkline", description="Phone numbers that you own: your carriers, your numbers, real SIP."
    )
    parser.add_argument("--version", action="version", version=f"trunkline {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_serving(commands)
    _add_accounts(commands)
    _add_numbers(commands)
    _add_calls(commands)
    _add_records(commands)
    _add_asking(commands)
    _add_outcomes(commands)
    _add_campaigns(commands)
    _add_compliance(commands)
    _add_stock(commands)
    _add_carriers(commands)
    _add_keys(commands)
    _add_texts(commands)
    _add_regulatory(commands)
    return parser


def _command(commands: _Commands, name: str, text: str, run: str) -> argparse.ArgumentParser:
    """Add a command whose function is loaded when it runs."""
    parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(run=_Later(run))
    return parser


class _Later:
    """A command function ``module:function`` of `commands/`, loaded when it is called."""

    def __init__(self, name: str) -> None:
        self._module, _, self._function = name.partition(":")

    def __call__(self, options: argparse.Namespace) -> int:
        module = importlib.import_module(f"trunkline.commands.{self._module}")
        return int(getattr(module, self._function)(options))


def _data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, metavar="DIR", help="data folder (default var/data, or TRUNKLINE_DATA)")


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON for machines")


_SIP_HELP = "SIP door, UDP and TCP unless one is named; may be given again (default 127.0.0.1:5060; port 0 picks one)"


def _add_serving(commands: _Commands) -> None:
    serve = _command(commands, "serve", "run Trunkline: the HTTP API and the SIP edge", "serving:serve")
    _data(serve)
    serve.add_argument("--http", metavar="HOST:PORT", help="HTTP door (default 127.0.0.1:8080; port 0 picks one)")
    serve.add_argument("--sip", metavar="[udp:|tcp:]HOST:PORT", action="append", help=_SIP_HELP)
    serve.add_argument(
        "--workers", type=int, metavar="N", help="SIP processes behind the same door, up to 32 (default 1)"
    )
    serve.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML")
    serve.add_argument(
        "--lab", action="store_true", default=None, help="lab mode (by itself while both doors are on loopback)"
    )
    migrate = _command(commands, "migrate", "make the database, or bring it to this version", "serving:migrate")
    _data(migrate)
    lab = _command(commands, "lab", "run Trunkline with a sample application and a sample phone", "serving:lab")
    _data(lab)
    lab.add_argument("--http", metavar="HOST:PORT", help="HTTP door (default 127.0.0.1:8080)")
    lab.add_argument("--sip", metavar="[udp:|tcp:]HOST:PORT", action="append", help=_SIP_HELP)
    _command(commands, "demo", "play one call from carrier to phone, explained, on a private instance", "serving:demo")
    for role in ("api", "edge"):
        alone = _command(commands, role, f"run the {role} process alone (`serve` runs both)", f"serving:{role}")
        _data(alone)
        alone.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML")


def _add_accounts(commands: _Commands) -> None:
    group = commands.add_parser("accounts", help="accounts and their credentials", description="Accounts.")
    verbs = group.add_subparsers(required=True, metavar="VERB")
    create = _command(verbs, "create", "create an account and print its credentials, this once", "accounts:create")
    _data(create)
    create.add_argument("--name", required=True)
    create.add_argument("--parent", metavar="ID", help="account that the new one is below")
    create.add_argument("--operator", action="store_true", help="give its API key the operator's rights")
    _json(create)
    listed = _command(verbs, "list", "list accounts", "accounts:show")
    _data(listed)
    _json(listed)
    for verb, state in (("activate", "active"), ("suspend", "suspended"), ("close", "closed")):
        change = _command(verbs, verb, f"make an account {state}", "accounts:set_state")
        _data(change)
        change.add_argument("account", metavar="ID")
        change.set_defaults(state=state)
    limits = _command(verbs, "limits", "bound an account's calls; without a number: no bound", "accounts:set_limits")
    _data(limits)
    limits.add_argument("account", metavar="ID")
    limits.add_argument("--channels", type=int, metavar="N", help="calls at once")
    limits.add_argument("--cps", type=int, metavar="N", help="new calls a second")


def _add_numbers(commands: _Commands) -> None:
    group = commands.add_parser("numbers", help="numbers, as the operator sees them", description="Numbers.")
    verbs = group.add_subparsers(required=True, metavar="VERB")
    approve = _command(verbs, "approve", "let a claimed number route", "numbers:approve")
    transfer = _command(verbs, "transfer", "give a number to another account", "numbers:transfer")
    for verb in (approve, transfer):
        _data(verb)
        verb.add_argument("number", metavar="NUMBER", help="the E.164 number, with or without +")
    emergency = _command(
        verbs,
        "emergency",
        "show an emergency address, or say what came of its registration",
        "numbers:settle_emergency",
    )
    _data(emergency)
    emergency.add_argument("number", metavar="NUMBER", help="the E.164 number, with or without +")
    emergency.add_argument("outcome", nargs="?", choices=("confirmed", "failed"), help="without: show the address")
    emergency.add_argument("--address", metavar="ID", help="settle it only if this is still the address")
    transfer.add_argument("--to", required=True, metavar="ID", help="account that gets it")
    transfer.add_argument("--carrier", metavar="ID", help="carrier that delivers it from now on")
    listed = _command(verbs, "list", "list numbers of all accounts", "numbers:show")
    _data(listed)
    listed.add_argument("--pending", action="store_true", help="only those that wait for approval")
    listed.add_argument("--limit", default="50", metavar="N", help="at most so many, 1 to 10000 (default 50)")
    _json(listed)


def _add_calls(commands: _Commands) -> None:
    call = _command(commands, "call", "play a carrier: place one real call and print its ladder", "calls:call")
    call.add_argument("--from-ip", required=True, metavar="IP", help="address to call from; 127.0.0.2 works everywhere")
    call.add_argument("--from", required=True, dest="caller", metavar="NUMBER")
    call.add_argument("--to", required=True, dest="called", metavar="NUMBER")
    call.add_argument("--via", required=True, metavar="HOST:PORT", help="Trunkline's SIP door")
    call.add_argument("--expect", type=int, metavar="STATUS", help="succeed when the call ends with this status")
    call.add_argument("--talk", type=float, default=1.0, metavar="S", help="seconds before hanging up (default 1)")
    call.add_argument("--user", help="digest user name, for carriers that prove themselves so")
    call.add_argument("--password", help="digest password")
    explain = _command(
        commands, "explain", "say what would happen to a call, and why, without placing it", "calls:explain"
    )
    _data(explain)
    explain.add_argument("--from-ip", required=True, metavar="IP")
    explain.add_argument("--to", required=True, dest="called", metavar="NUMBER[@HOST]")
    explain.add_argument("--from", default="", dest="caller", metavar="NUMBER")
    _json(explain)
    log = _command(commands, "log", "show who changed what, newest first", "calls:log")
    _data(log)
    log.add_argument("--account", metavar="ID", help="only this account's changes")
    log.add_argument("--limit", default="50", metavar="N", help="at most so many, 1 to 10000 (default 50)")
    _json(log)
    status = _command(commands, "status", "show what the running edge holds: calls, legs, transactions", "calls:status")
    _data(status)
    _json(status)


def _add_records(commands: _Commands) -> None:
    group = commands.add_parser("calls", help="records of calls, answered or refused", description="Call records.")
    verbs = group.add_subparsers(required=True, metavar="VERB")
    listed = _command(verbs, "list", "list calls, newest first", "records:show_all")
    _data(listed)
    listed.add_argument("--account", metavar="ID", help="only calls of this account and those below it")
    listed.add_argument("--number", metavar="NUMBER", help="only calls to this E.164 or emergency number")
    listed.add_argument("--verdict", help="only calls with this verdict, like route or no_target")
    listed.add_argument(
        "--since", metavar="TIME", help="only calls that began then or later: ISO 8601, UTC without an offset"
    )
    listed.add_argument("--until", metavar="TIME", help="only calls that began before: ISO 8601, UTC without an offset")
    listed.add_argument("--limit", default="50", metavar="N", help="at most so many, 1 to 10000 (default 50)")
    machine = listed.add_mutually_exclusive_group()
    machine.add_argument("--json", action="store_true", help="print JSON for machines")
    machine.add_argument("--csv", action="store_true", help="print CSV for spreadsheets")
    one = _command(verbs, "show", "show a call: its facts, and the trace of its decision", "records:show")
    _json(one)
    ladder = _command(verbs, "ladder", "show the SIP messages of a call's legs", "records:ladder")
    pcap = _command(verbs, "pcap", "write the SIP messages of a call's legs as a capture file", "records:write_pcap")
    pcap.add_argument("-o", "--output", type=Path, metavar="FILE", help="file to write (default: stdout, if piped)")
    for verb in (one, ladder, pcap):
        _data(verb)
        verb.add_argument("call", metavar="ID", help="the call's id, as `calls list` shows it")


def _add_asking(commands: _Commands) -> None:
    ask = _command(commands, "ask", "send one HTTP request to the API, where curl is not at hand", "asking:ask")
    ask.add_argument("url", metavar="URL")
    ask.add_argument("--user", metavar="ID:TOKEN", help="basic authentication")
    ask.add_argument("--bearer", metavar="KEY", help="an API key")
    ask.add_argument("--json", metavar="BODY", help="body; makes it a POST")
    ask.add_argument("--method", help="another method than GET or POST")


def _add_outcomes(commands: _Commands) -> None:
    filings = _command(
        commands, "filings", "list what was asked for numbers and waits for you", "regulated:show_filings"
    )
    _data(filings)
    _json(filings)
    cnam = commands.add_parser("cnam", help="caller names that were asked for", description="Caller names (CNAM).")
    verbs = cnam.add_subparsers(required=True, metavar="VERB")
    _outcome(verbs, "confirm", "confirmed", "say that a number has the name that was asked for", "settle_cnam")
    _outcome(verbs, "fail", "failed", "say that a number did not get the name", "settle_cnam")
    reputation = commands.add_parser("reputation", help="numbers' caller reputation", description="Caller reputation.")
    verbs = reputation.add_subparsers(required=True, metavar="VERB")
    _outcome(verbs, "activate", "active", "say that a number's caller reputation is active", "settle_reputation")
    _outcome(verbs, "fail", "failed", "say that a number's enrolment failed", "settle_reputation")
    tollfree = _command(
        commands, "toll-free", "say how far a toll-free number's verification is", "regulated:set_toll_free"
    )
    _data(tollfree)
    tollfree.add_argument("number", metavar="NUMBER", help="the E.164 number, with or without +")
    tollfree.add_argument("status", choices=("unverified", "pending", "verified"))
    tollfree.add_argument("--verification-id", metavar="ID")
    tollfree.add_argument("--order-status", metavar="WORD", help="like APPROVED")


def _outcome(verbs: _Commands, verb: str, outcome: str, text: str, run: str) -> None:
    parser = _command(verbs, verb, text, f"regulated:{run}")
    _data(parser)
    parser.add_argument("number", metavar="NUMBER", help="the E.164 number, with or without +")
    parser.set_defaults(outcome=outcome)


def _add_campaigns(commands: _Commands) -> None:
    group = commands.add_parser("campaigns", help="messaging campaigns (10DLC)", description="Messaging campaigns.")
    verbs = group.add_subparsers(required=True, metavar="VERB")
    add = _command(verbs, "add", "enter a campaign that the registry knows", "regulated:add_campaign")
    _data(add)
    add.add_argument("campaign", metavar="ID", help="the registry's id of the campaign")
    add.add_argument("--account", required=True, metavar="ID", help="account whose campaign it is")
    add.add_argument("--alias", default="", metavar="TEXT")
    add.add_argument("--usecase", default="MIXED", metavar="WORD")
    add.add_argument("--max-numbers", type=int, default=49, metavar="N", help="numbers that it takes (default 49)")
    remove = _command(verbs, "remove", "take a campaign out", "regulated:remove_campaign")
    _data(remove)
    remove.add_argument("campaign", metavar="ID")
    listed = _command(verbs, "list", "list campaigns of all accounts", "regulated:show_campaigns")
    _data(listed)
    _json(listed)
    _outcome(verbs, "complete", "completed", "say that a number is linked to its campaign", "settle_campaign")
    _outcome(verbs, "fail", "failed", "say that a number's link failed", "settle_campaign")


def _add_compliance(commands: _Commands) -> None:
    group = commands.add_parser("compliance", help="compliance applications", description="Compliance applications.")
    verbs = group.add_subparsers(required=True, metavar="VERB")
    listed = _command(verbs, "list", "list applications of all accounts", "regulated:show_applications")
    _data(listed)
    listed.add_argument("--status", choices=("submitted", "accepted", "rejected"))
    _json(listed)
    show = _command(verbs, "show", "show an application", "regulated:show_application")
    accept = _command(verbs, "accept", "accept a submitted application", "regulated:decide")
    reject = _command(verbs, "reject", "reject a submitted application", "regulated:decide")
    for verb in (show, accept, reject):
        _data(verb)
        verb.add_argument("application", metavar="ID")
    show.add_argument("--documents", type=Path, metavar="DIR", help="write its files into this folder")
    accept.set_defaults(outcome="accepted")
    reject.set_defaults(outcome="rejected")
    reject.add_argument("--reason", required=True, metavar="TEXT", help="what is wrong; its owner reads it")
    regulated = commands.add_parser(
        "regulated",
        help="kinds of number that need an application or an address",
        description="Regulated kinds of number.",
    )
    verbs = regulated.add_subparsers(required=True, metavar="VERB")
    for verb_, is_regulated in (("add", True), ("remove", False)):
        change = _command(verbs, verb_, f"{verb_} a kind of number", "regulated:set_regulated")
        _data(change)
        change.add_argument("country", metavar="COUNTRY", help="two letters of ISO 3166, like IN")
        change.add_argument("number_type", metavar="TYPE", help="local, national, mobile, tollfree or fixed")
        change.set_defaults(regulated=is_regulated)
    address_need = _command(
        verbs, "address", "say which address a kind of number has to name (Twilio)", "regulated:set_address_need"
    )
    _data(address_need)
    address_need.add_argument("country", metavar="COUNTRY", help="two letters of ISO 3166, like DE")
    address_need.add_argument("number_type", metavar="TYPE", help="local, national, mobile, tollfree or fixed")
    address_need.add_argument(
        "need", choices=("none", "any", "local", "foreign"), help="local: in the number's country; foreign: outside"
    )
    shown = _command(verbs, "list", "list what is regulated", "regulated:show_regulated")
    _data(shown)
    _json(shown)


def _add_stock(commands: _Commands) -> None:
    group = commands.add_parser("stock", help="numbers that accounts can buy", description="The stock.")
    verbs = group.add_subparsers(required=True, metavar="VERB")
    fill = _command(verbs, "import", "put the numbers of a CSV file into the stock: all of them, or none", "stock:fill")
    _data(fill)
    fill.add_argument("file", type=Path, metavar="FILE.csv", help="a line of columns, then one for each number")
    fill.add_argument("--dry-run", action="store_true", help="say what would happen, and write nothing")
    fill.add_argument("--skip-bad", action="store_true", help="leave bad rows out and store the others")
    _json(fill)
    listed = _command(verbs, "list", "list the stock, in the order of the numbers", "stock:show")
    _data(listed)
    listed.add_argument("--country", metavar="ISO", help="only this country's, like US")
    listed.add_argument("--type", metavar="TYPE", help="only local, mobile, tollfree, national or fixed numbers")
    listed.add_argument("--state", metavar="STATE", help="only free, quarantined or rented numbers")
    listed.add_argument("--after", metavar="NUMBER", help="go on after this number")
    listed.add_argument("--limit", default="50", metavar="N", help="at most so many, 1 to 10000 (default 50)")
    _json(listed)
    remove = _command(verbs, "remove", "take a number out of the stock", "stock:remove")
    _data(remove)
    remove.add_argument("number", metavar="NUMBER", help="the E.164 number, with or without +")


def _add_carriers(commands: _Commands) -> None:
    group = commands.add_parser("carriers", help="carriers, as the running edge sees them", description="Carriers.")
    verbs = group.add_subparsers(required=True, metavar="VERB")
    status = _command(
        verbs, "status", "show where gateways lead, which of them answer, how registrations stand", "carriers:status"
    )
    _data(status)
    status.add_argument("--carrier", metavar="ID", help="only this carrier: its id or carrier_id")
    status.add_argument("--limit", type=int, default=100, metavar="N", help="at most so many carriers (default 100)")
    _json(status)
    events = _command(verbs, "events", "list what happened to registrations, newest first", "carriers:events")
    _data(events)
    events.add_argument("carrier", metavar="ID", nargs="?", help="only this carrier's")
    events.add_argument("--limit", default="50", metavar="N", help="at most so many, 1 to 10000 (default 50)")
    _json(events)


def _add_keys(commands: _Commands) -> None:
    group = commands.add_parser(
        "keys", help="API keys, Twilio keys and test credentials of accounts", description="Keys of accounts."
    )
    verbs = group.add_subparsers(required=True, metavar="VERB")
    create = _command(verbs, "create", "create an API key or test credentials and print them, this once", "keys:create")
    _data(create)
    create.add_argument("--account", required=True, metavar="ID", help="account that the key opens")
    create.add_argument(
        "--scope",
        action="append",
        metavar="SCOPE",
        help="phone_numbers:read or phone_numbers:write; may be given again (default: everything)",
    )
    create.add_argument("--operator", action="store_true", help="give it the operator's rights")
    create.add_argument(
        "--kind",
        choices=("api", "twilio-test"),
        default="api",
        help="twilio-test: an AccountSid and a token to test with, which open nothing real (default api)",
    )
    _json(create)
    listed = _command(verbs, "list", "list live API keys, Twilio keys and test credentials", "keys:show")
    _data(listed)
    listed.add_argument("--account", metavar="ID", help="only this account's")
    _json(listed)
    revoke = _command(verbs, "revoke", "let a key or test credentials open nothing any more", "keys:revoke")
    _data(revoke)
    revoke.add_argument("key", metavar="ID", help="the id or SID that `keys list` shows")


def _add_texts(commands: _Commands) -> None:
    group = commands.add_parser("messages", help="text messages (SMS) that carriers sent", description="Text messages.")
    verbs = group.add_subparsers(required=True, metavar="VERB")
    listed = _command(verbs, "list", "list text messages, newest first, without what they say", "texts:show")
    _data(listed)
    listed.add_argument("--account", metavar="ID", help="only messages of this account and those below it")
    listed.add_argument("--number", metavar="NUMBER", help="only messages to this E.164 number, with or without +")
    listed.add_argument("--state", choices=("accepted", "delivered", "failed", "refused"))
    listed.add_argument("--limit", default="50", metavar="N", help="at most so many, 1 to 10000 (default 50)")
    _json(listed)


def _add_regulatory(commands: _Commands) -> None:
    group = commands.add_parser(
        "regulatory", help="identities and bundles of papers", description="Papers of accounts."
    )
    verbs = group.add_subparsers(required=True, metavar="VERB")
    add = _command(verbs, "add", "register an identity or a bundle for an account", "regulatory:add")
    _data(add)
    add.add_argument("kind", choices=("identity", "bundle"))
    add.add_argument("--account", required=True, metavar="ID", help="account whose numbers may name it")
    add.add_argument("--name", required=True, metavar="TEXT", help="what people call it")
    _json(add)
    listed = _command(verbs, "list", "list what is registered", "regulatory:show")
    _data(listed)
    listed.add_argument("--account", metavar="ID", help="only this account's")
    listed.add_argument("--limit", default="100", metavar="N", help="at most so many, 1 to 10000 (default 100)")
    _json(listed)


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the settings of a command: defaults, TOML, environment, then its own options."""
    settings = load(getattr(options, "config", None), os.environ)
    if options.data is not None:
        settings = replace(settings, data=options.data)
    if getattr(options, "lab", None):
        settings = replace(settings, lab=True)
    settings = replace(settings, data=settings.data.resolve())
    if getattr(options, "http", None) is not None:
        host, port = address(options.http, "--http")
        settings = replace(settings, http=replace(settings.http, host=host, port=port))
    if getattr(options, "sip", None):
        settings = replace(settings, sip=replace(settings.sip, listen=tuple(options.sip)))
    if getattr(options, "workers", None) is not None:
        settings = replace(settings, sip=replace(settings.sip, workers=options.workers))
    return settings.checked()
