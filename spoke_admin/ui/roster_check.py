"""The check of a file of users for the page Users: run beside the window, and everything counted there, too."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spoke_admin.domain.finding import Finding, Severity
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.ui.code_bars import Kinds
from spoke_admin.ui.findings_model import WORDS as SEVERITIES
from spoke_admin.ui.findings_model import visible
from spoke_admin.ui.tasks import Cancelled, TellProgress

if TYPE_CHECKING:
    from spoke_admin.roster.checking import Result
    from spoke_admin.roster.choosing import Chooser

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", " ": "blank"}
DEFAULT_PROFILE = "askspoke"  # by whose rules a file is checked while no connection is open
LONGEST_VALUE = 400  # characters of a value in the detail


@dataclass(frozen=True)
class Checked:
    """A checked file: its result, what filters its findings, how many there are of each code, and all that in words.

    `profile`: by whose rules.
    """

    result: "Result"
    chooser: "Chooser"
    profile: ServiceProfile
    kinds: Kinds
    summary: str


def check(
    path: Path, sheet: str | None, profile: ServiceProfile | None, progress: TellProgress, cancelled: Cancelled
) -> Checked:
    """Checks a file by the rules of `profile`, by default askSpoke's. For a worker. Raises AdminError.

    `sheet`: of a workbook, None for the first visible one that holds anything.
    """
    from spoke_admin import connection
    from spoke_admin.roster.checking import check_file
    from spoke_admin.roster.choosing import Chooser
    from spoke_admin.roster.words import WORDS

    profile = profile or connection.profile(DEFAULT_PROFILE)
    result = check_file(path, profile, progress, cancelled, sheet)
    kinds = {code: (count, WORDS[code].severity) for code, count in result.by_code.items()}
    chooser = Chooser(result.findings, result.columns)
    return Checked(result, chooser, profile, kinds, _summary(result, kinds, profile))


def _summary(result: "Result", kinds: Kinds, profile: ServiceProfile) -> str:
    counts = dict.fromkeys(Severity, 0)
    for count, severity in kinds.values():
        counts[severity] += count
    rows = "1 row" if result.rows == 1 else f"{result.rows:,} rows"
    form = f"sheet {visible(result.sheet or '', 60)} of an Excel workbook"
    if result.delimiter:
        form = f"{result.encoding}, delimiter {DELIMITERS.get(result.delimiter, visible(result.delimiter, 12))}"
    found = ", ".join(_counted(counts[it], it) for it in Severity if counts[it])
    if not found:
        found = "Nothing was found: every row can be imported"
    elif not counts[Severity.ERROR]:
        found += "; every row can be imported"
    return f"{rows}, {form}. {found}. Checked by the rules of {profile.title}."


def _counted(count: int, severity: Severity) -> str:
    word = SEVERITIES[severity].lower()
    return f"1 {word}" if count == 1 else f"{count:,} {word}s"


def explanation(finding: Finding) -> str:
    """One finding at length: where, the value, what is wrong, what to do, and whose rule it is."""
    from spoke_admin.roster.words import WORDS

    where = f"Line {finding.line:,}" + (f", {visible(finding.column, LONGEST_VALUE)}" if finding.column else "")
    value = visible(finding.value, LONGEST_VALUE)
    lines = [f"{where}: {value}" if value else where, finding.message, f"What to do: {finding.fix}"]
    if quote := WORDS[finding.code].quote:
        lines.append(f"Okta's guide: “{quote}”")
    return "\n".join(lines)
