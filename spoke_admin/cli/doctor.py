"""`spoke-admin doctor`: what identity providers would trip over at a live SCIM service, and how to mend it."""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spoke_admin.cli import output, secret_input
from spoke_admin.domain.error import AdminError

if TYPE_CHECKING:
    from spoke_admin.doctor.results import Report, Result
    from spoke_admin.domain.secret import Secret

Subparsers = argparse._SubParsersAction  # noqa: SLF001  # argparse gives the type no public name
MARKS = {"pass": "✓", "fail": "✗", "warn": "!", "skipped": "·", "expected": "="}
SNAPSHOT_SECONDS = 3600.0
MOST_BYTES = 64 * 1024 * 1024


def add(commands: "Subparsers[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "doctor",
        help="check a live SCIM service: what Okta and Entra would trip over",
        description="Checks a live SCIM service. Reads only, unless --write allows test objects, which are removed.",
        epilog="Example: spoke-admin doctor https://acme.askspoke.com/scim/v2 --profile askspoke --token-stdin < token",
    )
    parser.add_argument("url", metavar="URL", nargs="?", default="", help="SCIM base URL")
    parser.add_argument("--write", action="store_true", help="make test objects, change them, and remove them again")
    parser.add_argument("--mail-domain", metavar="DOMAIN", default="", help="of test users' addresses (example.com)")
    parser.add_argument("--profile", metavar="NAME", default="generic", help="service profile (generic)")
    parser.add_argument("--deadline", metavar="SECONDS", type=_seconds, help="end the whole run by then (60)")
    parser.add_argument("--report", metavar="PATH", type=Path, help="save a report to send on: .md, or .json")
    parser.add_argument("--junit", metavar="PATH", type=Path, help="save the results as JUnit XML")
    parser.add_argument("--compare", metavar="PATH", type=Path, help="hold them against an earlier --json report")
    parser.add_argument("--snapshot", metavar="PATH", type=Path, help="save users and groups instead of checking")
    parser.add_argument("--list", action="store_true", help="list the checks and ask nobody")
    parser.add_argument("--markdown", action="store_true", help="print the table of checks for the docs")
    secret_input.add_options(parser)
    output.common(parser)
    parser.set_defaults(run=run)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 1 to 86,400")
    return seconds


def run(options: argparse.Namespace) -> int:
    began = time.monotonic()
    if options.markdown:
        from spoke_admin.doctor.handbook import as_markdown

        output.answer(as_markdown().rstrip())
        return 0
    if options.list:
        return _list(as_json=options.json)
    if not options.url:
        raise AdminError("The SCIM base URL is missing.", "Give it: spoke-admin doctor https://acme.example/scim/v2")
    _refuse_targets(options)
    if options.snapshot:
        return asyncio.run(_snapshot(options, secret_input.read_secret(options), began))
    return _diagnose(options, began)


def _refuse_targets(options: argparse.Namespace) -> None:
    """Says before a long run, not after it, that a file could not be saved."""
    for path in (options.report, options.junit, options.snapshot):
        if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
            raise AdminError(f"Nothing can be saved at {path}.", "Name a file in a folder that is there.")


def _diagnose(options: argparse.Namespace, began: float) -> int:
    from spoke_admin.doctor.comparing import compared

    earlier = _earlier(options.compare) if options.compare else None
    given = secret_input.read_secret(options)
    report = asyncio.run(_examined(options, given, began))
    document = report.document()
    if earlier is not None:
        document["comparison"] = compared(report, earlier)
    _save(options, report)
    if options.json:
        output.print_document(document)
    else:
        show(report, document.get("comparison"), every=options.verbose > 0)
    if report.nothing_asked is not None:
        output.show_error(report.nothing_asked, as_json=False)
        return 2
    return 1 if report.counts["fail"] else 0


async def _examined(options: argparse.Namespace, given: "Secret | None", began: float) -> "Report":
    from spoke_admin import connection
    from spoke_admin.doctor.asking import DEADLINE, Time

    profile = connection.profile(options.profile)
    token = await _token(options.url, given)
    times = Time(options.deadline or DEADLINE, write=options.write, began=began)
    return await connection.diagnose(
        options.url,
        profile,
        token,
        write=options.write,
        domain=options.mail_domain,
        times=times,
        tell=_progress(options),
    )


async def _token(url: str, given: "Secret | None") -> "Secret | None":
    """The token given, else that of the keychain. Without one the run says what can be seen from outside."""
    from spoke_admin import connection

    address = connection.checked_address(url)
    if given is not None:
        return given
    kept = await connection.keychain().read(address)
    if kept.secret is None:
        output.say(f"{kept.title or 'No token of this address is on this computer.'} {kept.remedy}".strip())
    return kept.secret


def _progress(options: argparse.Namespace) -> Any:
    """Tells each result as it comes with -v, else on a terminal how far the run is, once a second."""
    told = time.monotonic()

    def tell(result: "Result", done: int, total: int) -> None:
        nonlocal told
        if options.verbose:
            output.say(_line(f"{MARKS[result.outcome]} {result.code}: {result.found}"))
        elif sys.stderr.isatty() and time.monotonic() - told > 1:
            told = time.monotonic()
            output.say(f"{done} of {total} checks")

    return tell


def _earlier(path: Path) -> Any:
    from spoke_admin.doctor.comparing import earlier_results

    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES)
    except OSError as fault:
        words = fault.strerror or str(fault)
        raise AdminError(f"The earlier report {path} cannot be read: {words}.", "Check its name.") from None
    return earlier_results(data, path.name)


def _save(options: argparse.Namespace, report: "Report") -> None:
    from spoke_admin.connection import save
    from spoke_admin.doctor.saving import junit_bytes, report_bytes

    if options.report:
        save(options.report, report_bytes(report, options.report.suffix))
        output.say(f"Report: {options.report}")
    if options.junit:
        save(options.junit, junit_bytes(report))
        output.say(f"JUnit: {options.junit}")


def show(report: "Report", comparison: Any, *, every: bool) -> None:
    """The report in words: what fails first, each with what was expected and how to mend it."""
    for result in report.results if every else report.problems:
        output.answer(_line(f"{MARKS[result.outcome]} {result.outcome.upper():9}{result.code}: {result.found}"))
        for name, words in (("expected", result.expected), ("to mend it", result.fix), ("who trips", result.trips)):
            if words and result.outcome in ("fail", "warn"):
                output.answer(_line(f"      {name}: {words}"))
    for result in () if every else (it for it in report.results if it.outcome == "expected"):
        output.answer(_line(f"= EXPECTED {result.code}: {result.found}"))
    if report.software:
        output.answer(f"The software seems to be {report.software}.")
    output.answer(", ".join(f"{number} {word}" for word, number in report.counts.items()))
    for name, codes in (comparison or {}).items():
        if codes:
            output.answer(_line(f"{name.replace('_', ' ')}: {', '.join(codes)}"))


def _line(words: str) -> str:
    """Words that hold text of a foreign server: nothing in them may steer the terminal or start a line."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in words)


def _list(*, as_json: bool) -> int:
    from spoke_admin.doctor.running import CHECKS

    abouts = [check.about for check in CHECKS]
    if as_json:
        output.print_document(
            {
                "checks": [
                    {
                        "code": it.code, "title": it.title, "area": it.area.value, "writes": it.writes,
                        "expected": it.expected, "fix": it.fix, "trips": it.trips, "source": it.source,
                    }
                    for it in abouts
                ]
            }
        )  # fmt: skip
        return 0
    for it in abouts:
        output.answer(f"{it.code:26}{'with --write: ' if it.writes else ''}{it.title}")
    return 0


async def _snapshot(options: argparse.Namespace, given: "Secret | None", began: float) -> int:
    from spoke_admin import connection
    from spoke_admin.doctor.asking import Time

    times = Time(options.deadline or SNAPSHOT_SECONDS, write=False, began=began)
    token = await _token(options.url, given)
    told = time.monotonic()

    def tell(kind: str, done: int, total: int | None) -> None:
        nonlocal told
        if sys.stderr.isatty() and time.monotonic() - told > 1:
            told = time.monotonic()
            output.say(f"{done:,} {kind}" + (f" of {total:,}" if total else ""))

    taken = await connection.save_snapshot(options.url, token, options.snapshot, times, tell)
    document = {"snapshot": str(options.snapshot), "users": taken.users, "groups": taken.groups}
    if options.json:
        output.print_document(document | {"complete": taken.complete})
    else:
        output.answer(f"{options.snapshot}: {taken.users:,} users, {taken.groups:,} groups")
    if not taken.complete:
        output.say("The service says that it has more: some may be missing.")
    return 0 if taken.complete else 1
