"""The journal of test objects: on the disk before anything is sent, readable after a kill at any moment."""

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from spoke_admin.adapters.doctor_journal import DoctorJournal
from spoke_admin.domain.error import AdminError

URL = "https://acme.example/scim/v2"
USER = {"kind": "Users", "name": "spoke-admin-doctor-1-okta@example.com"}


def names(folder: Path) -> list[str]:
    return [facts["name"] for _, _, facts in DoctorJournal(URL, write=False, folder=folder).entries]


def test_an_entry_is_there_for_the_next_run_until_it_is_over(tmp_path: Path) -> None:
    with DoctorJournal(URL, write=True, folder=tmp_path) as journal:
        number = journal.begin(USER)
        assert names(tmp_path) == [USER["name"]]
        journal.add(number, {"id": "42"})
    with DoctorJournal(URL, write=True, folder=tmp_path) as journal:
        ((number, since, facts),) = journal.entries
        assert facts == {**USER, "id": "42"}
        assert since.tzinfo is not None
        assert journal.begin({**USER, "name": "spoke-admin-doctor-2"}) > number
        journal.end(number)
        journal.end(number)
    assert names(tmp_path) == ["spoke-admin-doctor-2"]


def test_it_goes_when_nothing_is_open_and_is_the_admins_own(tmp_path: Path) -> None:
    folder = tmp_path / "doctor"
    with DoctorJournal(URL, write=True, folder=folder) as journal:
        number = journal.begin(USER)
        (path,) = folder.glob("*.jsonl")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        journal.end(number)
    assert not list(folder.glob("*.jsonl"))


def test_each_address_has_its_own_and_reading_makes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "doctor"
    assert names(folder) == []
    assert not folder.exists()
    with DoctorJournal("https://other.example", write=True, folder=folder) as journal:
        journal.begin(USER)
        assert names(folder) == []


def test_two_do_not_write_at_once(tmp_path: Path) -> None:
    with DoctorJournal(URL, write=True, folder=tmp_path) as journal:
        journal.begin(USER)
        with pytest.raises(AdminError, match="Another doctor"):
            DoctorJournal(URL, write=True, folder=tmp_path)
        assert names(tmp_path)
    DoctorJournal(URL, write=True, folder=tmp_path).close()


def test_one_for_reading_does_not_write(tmp_path: Path) -> None:
    journal = DoctorJournal(URL, write=False, folder=tmp_path)
    with pytest.raises(AdminError, match="cannot be written"):
        journal.begin(USER)
    assert not list(tmp_path.iterdir())


def test_cut_off_anywhere_what_was_synced_before_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _handle: None)  # the cut is made by hand: no disk is waited for
    with DoctorJournal(URL, write=True, folder=tmp_path) as journal:
        for place in range(3):
            journal.begin({**USER, "name": f"spoke-admin-doctor-{place}"})
        journal.end(2)
    (path,) = tmp_path.glob("*.jsonl")
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        begun = whole[:length].count(b'"}\n')  # how the lines of a beginning end
        assert len(names(tmp_path)) >= begun - (b"gone" in whole[:length]) - 1  # the first line names the address
        with DoctorJournal(URL, write=True, folder=tmp_path) as journal:
            journal.begin({**USER, "name": "after"})
        assert names(tmp_path)[-1] == "after"


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe\x00", b"[1]\n{}\nnull\n", b'{"n": "1", "name": "x"}\n', b"{" * 100_000, b'{"n": 1, "at": 3}\n'],
)
def test_what_is_no_journal_counts_as_empty(tmp_path: Path, content: bytes) -> None:
    with DoctorJournal(URL, write=True, folder=tmp_path) as journal:
        journal.begin(USER)
    (path,) = tmp_path.glob("*.jsonl")
    path.write_bytes(content)
    assert names(tmp_path) == []


def test_what_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AdminError, match="cannot be used"):
        DoctorJournal(URL, write=True, folder=tmp_path / "file")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with DoctorJournal(URL, write=True, folder=tmp_path) as journal:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(AdminError, match="No space left"):
            journal.begin(USER)


PROGRAM = """
import sys
from pathlib import Path
from spoke_admin.adapters.doctor_journal import DoctorJournal
journal = DoctorJournal(sys.argv[1], write=True, folder=Path(sys.argv[2]))
while True:
    print(journal.begin({"kind": "Users", "name": "spoke-admin-doctor"}), flush=True)
"""


def test_killed_at_any_moment_it_holds_everything_that_was_begun(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, URL, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        begun = [int(process.stdout.readline()) for _ in range(20)]
        process.send_signal(signal.SIGKILL)
        begun += [int(line) for line in process.stdout if line.endswith("\n")]
    with DoctorJournal(URL, write=True, folder=tmp_path) as journal:
        assert {number for number, _, _ in journal.entries} >= set(begun)
