"""`spoke-admin validate`: every fault of a file of users, before anything is sent."""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from spoke_admin.cli import output

if TYPE_CHECKING:
    from spoke_admin.roster.checking import Progress, Result

Subparsers = argparse._SubParsersAction  # noqa: SLF001  # argparse gives the type no public name
LISTED = 1000


def add(commands: "Subparsers[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "validate",
        help="check a CSV of users; every fault with line, column, reason and remedy",
        description="Checks a file of users against Okta's template and the service's rules. Changes nothing.",
        epilog="Example: spoke-admin validate users.csv --report faults.csv",
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="the CSV file")
    parser.add_argument("--profile", metavar="NAME", default="askspoke", help="service profile (askspoke)")
    parser.add_argument("--limit", metavar="N", type=_limit, default=LISTED, help="list at most N findings (1000)")
    parser.add_argument("--report", metavar="PATH", type=Path, help="save all findings: .csv or .json")
    output.common(parser)
    parser.set_defaults(run=run)


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 12:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def run(options: argparse.Namespace) -> int:
    from spoke_admin.connection import save_report
    from spoke_admin.roster.report import document, refuse_target

    if options.report:
        refuse_target(options.report, options.file)  # before a long check, not after it
    began = time.monotonic()
    result = check(options.file, options.profile)
    elapsed = round(time.monotonic() - began, 3)
    if options.report:
        save_report(result, options.report)
        output.say(f"Report: {options.report}")
    if options.json:
        output.print_document(document(result, options.limit) | {"elapsed_s": elapsed})
    else:
        show(result, options.limit)
    return 1 if result.counts["error"] else 0


def check(file: Path, profile: str) -> "Result":
    """Checks a file by the rules of a profile. Raises AdminError."""
    from spoke_admin.connection import profile as profile_of
    from spoke_admin.roster.checking import check_file

    return check_file(file, profile_of(profile), _progress())


def _progress() -> "Progress":
    """Tells of long checks on a terminal, once a second."""
    told = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal told
        if sys.stderr.isatty() and time.monotonic() - told > 1:
            told = time.monotonic()
            output.say(f"{done * 100 // max(total, 1)} % of {total / 1e6:.0f} MB")

    return tell


def show(result: "Result", limit: int) -> None:
    """The result in words: counts, kinds with the rule they come from, the first findings."""
    from spoke_admin.roster.words import WORDS

    counts = result.counts
    output.answer(_line(f"{result.file}: {result.rows:,} rows, {result.encoding}, delimiter {result.delimiter!r}"))
    output.answer(f"{counts['error']:,} errors, {counts['warning']:,} warnings")
    for code, count in sorted(result.by_code.items(), key=lambda kind: -kind[1]):
        quote = f"  Okta's guide: “{WORDS[code].quote}”" if WORDS[code].quote else ""
        output.answer(f"  {count:>8,}  {code}{quote}")
    for finding in result.findings[:limit]:
        where = f"line {finding.line}" + (f", {finding.column}" if finding.column else "")
        value = f" {finding.value[:60]!r}" if finding.value else ""
        output.answer(_line(f"{finding.severity:7} {where}:{value} {finding.message} {finding.fix}"))
    if len(result.findings) > limit:
        output.answer(f"… and {len(result.findings) - limit:,} more (--limit, --report)")


def _line(words: str) -> str:
    """Words that hold text of a foreign file: nothing in them may steer the terminal or start a line."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in words)
