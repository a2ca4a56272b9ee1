"""A run that is killed, at any moment: the next one on the same address removes what it left."""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE

import pytest

from spoke_admin.adapters.doctor_journal import DoctorJournal
from spoke_admin.doctor.marked import Journal
from spoke_admin.doctor.running import examine
from spoke_admin.domain.exchange import Call
from tests.adapters.hostile import serving
from tests.doctor.over_http import speaking_scim
from tests.doctor.plain_scim import TOKEN, URL, PlainScim, examination, with_needs

WRITES = ("POST", "PUT", "PATCH", "DELETE")
MOMENTS = [(1, False), (1, True), (2, True), (9, True), (17, False), (60, True), (90, False), (110, True)]


def left(service: PlainScim) -> list[bytes]:
    """What of the doctor's is at the service."""
    found = []
    for kind in ("Users", "Groups"):
        call = Call("GET", f"{URL}/{kind}", {"count": "1000"}, authorization=f"Bearer {TOKEN}")
        found += [part for part in service.forward(call).body.split(b'"') if part.startswith(b"spoke-admin-doctor-")]
    return found


async def interrupted(service: PlainScim, how: signal.Signals, moment: int, *, after: bool) -> str:
    """Runs the command and sends it a signal at a write of this number, before or after it took effect; the address."""
    process: asyncio.subprocess.Process | None = None
    writes = 0
    ended = asyncio.Event()

    async def hook(call: Call, *, done: bool) -> None:
        nonlocal writes
        writes += call.method in WRITES and not done
        if writes == moment and done is after and not ended.is_set():
            assert process is not None
            ended.set()
            process.send_signal(how)
            if how is signal.SIGKILL:
                await asyncio.Event().wait()  # the one who asked is gone

    async with serving(speaking_scim(service, lambda: server, hook)) as server:
        url = server.url("/v2")
        command = ["-m", "spoke_admin", "doctor", url, "--write", "--token-stdin", "--json"]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL
        )
        assert process.stdin is not None
        process.stdin.write(TOKEN.encode())
        process.stdin.close()
        code = await asyncio.wait_for(process.wait(), 60)
        assert ended.is_set()
        assert code == (-signal.SIGKILL if how is signal.SIGKILL else 130)
    return url


async def next_run(service: PlainScim, url: str) -> str:
    """What the next run says of what is left."""
    with DoctorJournal(url, write=True) as book:
        exam = examination(service, write=True)
        exam.journal = Journal(book)
        report = await examine(exam, checks=with_needs("leftovers"))
    return report.results[-1].found


@pytest.mark.parametrize(("moment", "done"), MOMENTS, ids=str)
def test_killed_at_any_moment_nothing_stays_after_the_next_run(moment: int, done: bool) -> None:
    service = PlainScim(people=["jane@acme.example"])

    async def run() -> tuple[list[bytes], str]:
        url = await interrupted(service, signal.SIGKILL, moment, after=done)
        before = left(service)
        return before, await next_run(service, url)

    before, words = asyncio.run(run())
    assert bool(before) is (done or moment > 1)
    assert "what was there is removed" in words
    assert left(service) == []


def test_ctrl_c_removes_what_was_made_before_it_ends() -> None:
    service = PlainScim()
    url = asyncio.run(interrupted(service, signal.SIGINT, 60, after=True))
    assert left(service) == []
    # calls under way were left without an answer: whether they took effect is looked into by the next run, too
    assert all("id" not in facts for _, _, facts in DoctorJournal(url, write=False).entries)
