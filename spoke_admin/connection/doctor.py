"""The doctor at a live SCIM service, and a snapshot of one."""

from typing import TYPE_CHECKING

from spoke_admin.connection.opening import audited
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from spoke_admin.doctor.asking import Time
    from spoke_admin.doctor.results import Report
    from spoke_admin.doctor.running import TellResult
    from spoke_admin.doctor.snapshot import Snapshot
    from spoke_admin.doctor.snapshot import Tell as TellSnapshot


async def diagnose(
    address: str,
    profile: ServiceProfile,
    token: Secret | None,
    *,
    write: bool = False,
    domain: str = "",
    times: "Time | None" = None,
    tell: "TellResult | None" = None,
) -> "Report":
    """Runs the doctor at a SCIM base URL as it was typed; `write` makes test objects and removes them again.

    `domain` is the mail domain of test users, "" for one that takes no mail. Raises AdminError for an address or a
    domain that cannot be used, and when another doctor is writing there.
    """
    from datetime import UTC, datetime

    from spoke_admin.adapters import certificates
    from spoke_admin.adapters.doctor_journal import DoctorJournal
    from spoke_admin.adapters.http import HttpCaller, NotSentError, check_url
    from spoke_admin.doctor.asking import DEADLINE, Asking, Time
    from spoke_admin.doctor.checks import Examination
    from spoke_admin.doctor.marked import Journal, People, mail_domain
    from spoke_admin.doctor.running import examine

    url, times, people = check_url(address), times or Time(DEADLINE, write=write), People(profile, mail_domain(domain))
    with DoctorJournal(url, write=write) as book:
        async with audited(HttpCaller(deadline=times.one_call + 1)) as caller:
            exam = Examination(
                typed=address,
                ask=Asking(url, caller, token, times, NotSentError),
                profile=profile,
                write=write,
                look_at_peer=certificates.look,
                journal=Journal(book),
                now=lambda: datetime.now(UTC),
                people=people,
            )
            return await examine(exam, tell)


async def save_snapshot(
    address: str, token: Secret | None, path: "Path", times: "Time", tell: "TellSnapshot | None" = None
) -> "Snapshot":
    """Writes everyone and every group that a service shows to `path`; whole, or not at all. Raises AdminError."""
    from spoke_admin.adapters import atomic_file
    from spoke_admin.adapters.http import HttpCaller, NotSentError, check_url
    from spoke_admin.doctor.asking import Asking
    from spoke_admin.doctor.snapshot import take_snapshot

    async with HttpCaller(deadline=times.one_call + 1) as caller:
        ask = Asking(check_url(address), caller, token, times, NotSentError, large=True)
        with atomic_file.replacing(path) as stream:
            return await take_snapshot(ask, stream.write, tell)
