"""`spoke-admin validate`: every fault of a file of users, before anything is sent."""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from spoke_admin.cli import output
from spoke_admin.domain.error import AdminError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spoke_admin.roster.checking import Progress, Result
    from spoke_admin.roster.repair.copy import AsOf

Subparsers = argparse._SubParsersAction  # noqa: SLF001  # argparse gives the type no public name
LISTED = 1000


def add(commands: "Subparsers[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "validate",
        help="check a file of users; every fault with line, column, reason and remedy; and write a repaired copy",
        description="Checks a file of users against Okta's template and the service's rules. The file is only read: "
        "what can be repaired without knowing more is repaired in a copy.",
        epilog="Example: spoke-admin validate users.csv --report faults.xlsx --repaired repaired.csv "
        "--changes changes.csv",
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="the CSV file or workbook")
    parser.add_argument("--sheet", metavar="NAME", help="the sheet of a workbook (the first that holds anything)")
    parser.add_argument("--profile", metavar="NAME", default="askspoke", help="service profile (askspoke)")
    parser.add_argument("--limit", metavar="N", type=_limit, default=LISTED, help="list at most N findings (1000)")
    parser.add_argument("--report", metavar="PATH", type=Path, help="save all findings: .csv, .json or .xlsx")
    parser.add_argument("--repaired", metavar="PATH", type=Path, help="save a repaired copy, for import")
    parser.add_argument(
        "--changes", metavar="PATH", type=Path, help="with --repaired: save what was changed, as a report"
    )
    parser.add_argument(
        "--safe", action="store_true", help="with --repaired: save it to be opened in a spreadsheet, not for import"
    )
    output.common(parser)
    parser.set_defaults(run=run)


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 12:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def run(options: argparse.Namespace) -> int:
    from spoke_admin.connection import save_report
    from spoke_admin.roster.report import document

    _refuse_targets(options)  # before a long check, not after it
    as_of = _state(options.file)
    began = time.monotonic()
    result = check(options.file, options.profile, options.sheet)
    elapsed = round(time.monotonic() - began, 3)
    if options.report:
        save_report(result, options.report, _progress("of the report"))
        output.say(f"Report: {options.report}")
    repaired = save_repaired(options, as_of) if options.repaired else None
    if options.json:
        more = {} if repaired is None else {"repaired": repaired}
        output.print_document(document(result, options.limit) | more | {"elapsed_s": elapsed})
    else:
        show(result, options.limit)
        if repaired is not None:
            output.answer(f"Repaired: {', '.join(f'{count:,} {repair}' for repair, count in repaired.items())}")
    return 1 if result.counts["error"] else 0


def _refuse_targets(options: argparse.Namespace) -> None:
    """Raises AdminError where something cannot be saved, or would be saved without the copy it belongs to."""
    from spoke_admin.roster.report import refuse_targets

    for option in ("changes", "safe"):
        if getattr(options, option) and not options.repaired:
            raise AdminError(
                f"--{option} needs --repaired.", "Say with --repaired where the repaired copy is to be saved."
            )
    targets = (options.report, options.repaired, options.changes)
    refuse_targets([path for path in targets if path], options.file)


def _state(file: Path) -> "AsOf | None":
    """What tells that the file is still the one that was checked; None where it cannot be told: the check says why."""
    try:
        found = file.stat()
    except (OSError, ValueError):
        return None
    return found.st_size, found.st_mtime_ns


def check(file: Path, profile: str, sheet: str | None = None) -> "Result":
    """Checks a file by the rules of a profile. Raises AdminError."""
    from spoke_admin.connection import profile as profile_of
    from spoke_admin.roster.checking import check_file

    return check_file(file, profile_of(profile), _progress("checked"), sheet=sheet)


def save_repaired(options: argparse.Namespace, as_of: "AsOf | None") -> "Mapping[str, int]":
    """Saves the repaired copy, and the list of changes where it is asked for; how many there are of each class."""
    from spoke_admin import connection
    from spoke_admin.roster.repair.cells import Repair

    counts = connection.save_repaired(
        options.file, connection.profile(options.profile), [it for it in Repair if it is not Repair.HEADERS],
        options.repaired, options.changes, safe=options.safe, as_of=as_of, sheet=options.sheet,
        progress=_progress("repaired"),
    )  # fmt: skip
    output.say(f"Repaired: {options.repaired}")
    if options.changes:
        output.say(f"Changes: {options.changes}")
    return {repair.value: count for repair, count in counts.items()}


def _progress(what: str) -> "Progress":
    """Tells of long work on a terminal, once a second."""
    told = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal told
        if sys.stderr.isatty() and time.monotonic() - told > 1:
            told = time.monotonic()
            output.say(f"{done * 100 // max(total, 1)} % {what}")

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
