"""Files that are read and written for an admin: reports, repaired copies, the activity log."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from spoke_admin.domain.profile import ServiceProfile

if TYPE_CHECKING:
    from pathlib import Path

    from spoke_admin.adapters.audit_log import Reading, Verdict
    from spoke_admin.roster.checking import Cancelled, Progress, Result
    from spoke_admin.roster.repair.cells import Repair
    from spoke_admin.roster.repair.copy import AsOf


def sample_roster() -> "Path":
    """The sample file of users that comes with the program."""
    from pathlib import Path

    from spoke_admin.adapters.resources import resource

    return Path(str(resource("samples", "askspoke-users.csv"))).resolve()


def read_activity(
    progress: "Progress" = lambda _done, _total: None,
    cancelled: "Cancelled" = lambda: False,
    most: int | None = None,
) -> "Reading":
    """The last `most` changes of the log (None: all), oldest first, and whether its chain holds. Raises AdminError."""
    from spoke_admin.adapters import audit_log

    return audit_log.read(progress=progress, cancelled=cancelled, most=most)


def verify_activity(path: "Path | None" = None) -> "Verdict":
    """Whether the chain of the activity log, or of an export of one, holds. Raises AdminError."""
    from spoke_admin.adapters import audit_log

    return audit_log.verify() if path is None else audit_log.verify_file(path)


def export_activity(path: "Path") -> "Verdict":
    """Copies the activity log to `path`, with a record at its end of what it holds. Raises AdminError."""
    from spoke_admin.adapters import audit_log

    return audit_log.export(path)


def save_report(
    result: "Result",
    path: "Path",
    progress: "Progress" = lambda _done, _total: None,
    cancelled: "Cancelled" = lambda: False,
) -> None:
    """Saves the findings of a check at `path`: by its suffix JSON, a workbook, else CSV. Raises AdminError."""
    from spoke_admin.adapters import atomic_file
    from spoke_admin.roster import report

    report.save_report(result, path, atomic_file.replacing, progress, cancelled)


def save_repaired(  # noqa: PLR0913  # each of them is a choice of its own
    path: "Path",
    profile: ServiceProfile,
    repairs: "Collection[Repair]",
    to: "Path",
    changes_to: "Path | None" = None,
    *,
    safe: bool = False,
    headers: Mapping[int, str] = {},
    as_of: "AsOf | None" = None,
    sheet: str | None = None,
    progress: "Progress" = lambda _done, _total: None,
    cancelled: "Cancelled" = lambda: False,
) -> "Mapping[Repair, int]":
    """Saves a repaired copy of a file of users at `to`, and what was changed at `changes_to`; both of them or neither.

    How many changes there are of each class. The rest as `roster.repair.copy.write_repaired`. Raises AdminError.
    """
    from contextlib import ExitStack

    from spoke_admin.adapters import atomic_file
    from spoke_admin.roster import report
    from spoke_admin.roster.repair.copy import write_repaired

    targets = [to] if changes_to is None else [to, changes_to]
    report.refuse_targets(targets, path)
    with atomic_file.replacing_all(targets) as streams:
        with ExitStack() as stack:
            tell = stack.enter_context(report.changes_into(changes_to, streams[1])) if changes_to else None
            counts = write_repaired(
                path, profile, repairs, streams[0], safe=safe, headers=headers, changes=tell, as_of=as_of, sheet=sheet,
                progress=progress, cancelled=cancelled,
            )  # fmt: skip
        report.refuse_targets(targets, path)  # the places may have changed meanwhile
    return counts


def save(path: "Path", data: bytes) -> None:
    """Writes a file whole or not at all, readable by its owner. Raises AdminError."""
    from spoke_admin.adapters import atomic_file

    atomic_file.write(path, data)
