"""`spoke-admin activity`: every change this program sent or made in the keychain; its log checked and exported."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from spoke_admin.cli import output

if TYPE_CHECKING:
    from spoke_admin.adapters.audit_chain import Entry
    from spoke_admin.adapters.audit_log import Verdict

Subparsers = argparse._SubParsersAction  # noqa: SLF001  # argparse gives the type no public name
MOST_LISTED = 1000


def add(commands: "Subparsers[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "activity",
        help="every change that was made; check and export the log of it",
        description="Lists every change this program sent, and those of the keychain, oldest first: when, what, to"
        " whom, and what became of it.",
        epilog="Example: spoke-admin activity export -o activity-2026.log",
    )
    parser.add_argument(
        "--limit", type=_limit, default=MOST_LISTED, metavar="N", help="list the last N (default: 1,000; 0 for none)"
    )
    output.common(parser)
    parser.set_defaults(run=show)
    what = parser.add_subparsers(title="what", metavar="WHAT")
    one = what.add_parser(
        "export",
        help="copy the log, with a record at its end of what it holds",
        description="Copies the log. The record at its end holds the number of changes and the last digest, so that a"
        " tail that is cut off shows.",
        epilog="Example: spoke-admin activity export -o activity-2026.log",
    )
    one.add_argument("-o", "--output", metavar="PATH", type=Path, required=True, help="where to put the copy")
    _common(one)
    one.set_defaults(run=export)
    one = what.add_parser(
        "verify",
        help="whether the log, or an export of one, is as it was written",
        description="Follows the chain of digests through the log, or through an export. Exit code 1 when a line was"
        " changed, lost, moved, put in or cut off.",
        epilog="Example: spoke-admin activity verify activity-2026.log",
    )
    one.add_argument("path", metavar="PATH", nargs="?", type=Path, help="an export (the log itself without it)")
    _common(one)
    one.set_defaults(run=verify)


def _common(parser: argparse.ArgumentParser) -> None:
    """As `output.common`, without taking back what stands before the word."""
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON document")
    parser.add_argument("-v", "--verbose", action="count", default=argparse.SUPPRESS, help="more words")


def show(options: argparse.Namespace) -> int:
    """Lists what is in the log, whether its chain holds or not; that is told beside it."""
    from spoke_admin import connection

    reading = connection.read_activity(most=options.limit)
    listed = reading.entries
    if options.json:
        output.print_document({"entries": [asdict(entry) for entry in listed], "counts": _counts(reading.verdict)})
    else:
        for entry in listed:
            output.answer(_line(entry))
    if reading.earlier:
        output.say(f"The last {len(listed):,} of {reading.earlier + len(listed):,} changes; --limit N lists others.")
    if reading.verdict.first_bad is not None or not (listed or reading.earlier):
        output.say(reading.verdict.words)
    return 0


def export(options: argparse.Namespace) -> int:
    from spoke_admin import connection

    verdict = connection.export_activity(options.output)
    if options.json:
        output.print_document({"path": str(options.output), **_document(verdict)})
    else:
        output.answer(f"{options.output}: {verdict.entries:,} changes, last digest {verdict.digest}")
    return _code(verdict)


def verify(options: argparse.Namespace) -> int:
    from spoke_admin import connection

    verdict = connection.verify_activity(options.path)
    if options.json:
        output.print_document(_document(verdict))
    else:
        output.answer(verdict.words)
        output.answer(f"Last digest: {verdict.digest}")
    return 0 if verdict.verified else 1


def _code(verdict: "Verdict") -> int:
    if verdict.verified:
        return 0
    output.say(verdict.words)
    return 1


def _document(verdict: "Verdict") -> dict[str, object]:
    return {
        "verified": verdict.verified,
        "entries": verdict.entries,
        "first_bad": verdict.first_bad,
        "fault": verdict.fault,
        "torn": verdict.torn,
        "digest": verdict.digest,
    }


def _counts(verdict: "Verdict") -> dict[str, object]:
    return {"entries": verdict.entries, "torn": verdict.torn}


def _line(entry: "Entry") -> str:
    person = f" {entry.person}" if entry.person else ""
    return f"{entry.time} {entry.host} {entry.method} {entry.path}{person}: {entry.result}"


def _limit(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of changes")
    return number
