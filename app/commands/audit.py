"""`python -m app audit verify` and `python -m app audit export`."""

import argparse
import sys
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Final

from app.audit.chain import MAC_BYTES, ChainLink
from app.audit.export import export
from app.audit.verify import Verdict, verify
from app.commands.common import Commands, run_with_database
from app.db import Engine
from app.runtime.clock import system_clock
from app.settings import Settings

BROKEN: Final = 1


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parts = commands.add_parser("audit", help="verify or export the record of who did what").add_subparsers(
        dest="part", required=True
    )
    verifying = parts.add_parser("verify", help="check that the record is as it was chained; exit status 1 if not")
    verifying.add_argument(
        "--head", type=_link, metavar="NO:SEAL", help="a head from the log; the chain must pass through it"
    )
    verifying.set_defaults(run=_verify)
    exporting = parts.add_parser("export", help="write the record to standard output")
    exporting.add_argument(
        "--since", type=_moment, metavar="TIME", help="the start, included, such as 2026-01-31 (UTC)"
    )
    exporting.add_argument(
        "--until", type=_moment, metavar="TIME", help="the end, not included, such as 2026-02-01T12:00+01:00"
    )
    exporting.add_argument("--format", choices=("jsonl", "csv"), default="jsonl")
    exporting.set_defaults(run=_export, fail=exporting.error)


def _verify(settings: Settings, arguments: argparse.Namespace) -> int:
    async def work(complete: Settings, engine: Engine) -> Verdict:
        return await verify(engine, complete.secret_keys, system_clock(), witness=arguments.head)

    verdict = run_with_database(settings, work)
    for line in _verdict_lines(verdict):
        print(line)
    if verdict.anchor is not None and arguments.head is not None and arguments.head.no < verdict.anchor.no:
        print(
            f"The head that was given was not compared: entries up to {verdict.anchor.no} were deleted for their age."
        )
    return 0 if verdict.fault is None else BROKEN


def _verdict_lines(verdict: Verdict) -> list[str]:
    if verdict.head is None or verdict.anchor is None:
        lines = ["There are no entries yet."] if verdict.fault is None else []
    else:
        state = "valid" if verdict.valid == verdict.head.no - verdict.anchor.no else "valid up to the fault"
        lines = [
            f"Chained entries, {state}: {verdict.valid}, after number {verdict.anchor.no}.",
            f"Not chained yet: {verdict.waiting}.",
            f"Head: {verdict.head}",
        ]
    return lines if verdict.fault is None else [f"The record is broken at {verdict.fault}", *lines]


def _export(settings: Settings, arguments: argparse.Namespace) -> int:
    since, until = arguments.since, arguments.until
    if since is not None and until is not None and since >= until:
        arguments.fail("--until must be after --since")

    async def work(complete: Settings, engine: Engine) -> None:
        async with aclosing(export(engine, since, until, arguments.format)) as lines:
            async for line in lines:
                sys.stdout.write(line)

    run_with_database(settings, work)
    return 0


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError("a time is written like 2026-01-31 or 2026-01-31T12:00+01:00") from None


def _link(text: str) -> ChainLink:
    no, _, seal = text.partition(":")
    try:
        link = ChainLink(int(no), bytes.fromhex(seal))
    except ValueError:
        link = None
    if link is None or link.no < 1 or len(link.mac) != MAC_BYTES:
        raise argparse.ArgumentTypeError("a head is written as in the log: a number, a colon and 64 hexadecimal digits")
    return link
