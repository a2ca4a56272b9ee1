"""A report held against an earlier one: what is new, what is mended."""

import json
from collections.abc import Mapping
from typing import Any

from spoke_admin.doctor.results import Outcome, Report
from spoke_admin.domain.error import AdminError

BAD = (Outcome.FAIL.value, Outcome.WARN.value)
UNKNOWN = Outcome.SKIPPED.value
Earlier = Mapping[str, str]  # result by code


def earlier_results(data: bytes, name: str) -> Earlier:
    """The results of a report that was saved with --json. Raises AdminError when it is none."""
    try:
        document = json.loads(data)
        found = {str(check["code"]): str(check["result"]) for check in document["checks"]}
    except (ValueError, RecursionError, LookupError, TypeError):
        raise AdminError(
            f"{name} is no earlier report of the doctor.", "Name a file that `spoke-admin doctor URL --json` printed."
        ) from None
    known = {outcome.value for outcome in Outcome}
    return {code: result for code, result in found.items() if result in known}


def compared(report: Report, earlier: Earlier) -> dict[str, Any]:
    """Codes that are new among the bad ones, mended, still bad; and those of which one report knows nothing.

    A failure that is a warning now is still bad; one that a profile declares now is not mended by that.
    """
    groups: dict[str, list[str]] = {"new": [], "mended": [], "unchanged": [], "not_comparable": []}
    now = {result.code: result.outcome.value for result in report.results}
    for code, result in now.items():
        before = earlier.get(code, UNKNOWN)
        if result not in BAD and before not in BAD:
            continue
        if UNKNOWN in (before, result) or result == Outcome.EXPECTED.value:
            kind = "not_comparable"
        elif result not in BAD:
            kind = "mended"
        else:
            worse = before not in BAD or (before == Outcome.WARN.value and result == Outcome.FAIL.value)
            kind = "new" if worse else "unchanged"
        groups[kind].append(code)
    groups["not_comparable"] += [code for code, before in earlier.items() if code not in now and before in BAD]
    return groups
