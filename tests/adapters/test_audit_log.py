"""The activity log: private, append-only, and whatever is done to it shows; several programs write, some are killed."""

import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spoke_admin.adapters import audit_log
from spoke_admin.adapters.audit_chain import Entry, now
from spoke_admin.adapters.audit_file import AuditFile
from spoke_admin.adapters.audit_log import AuditLog
from spoke_admin.domain.error import AdminError

Tamper = Callable[[list[bytes]], list[bytes]]


def entry(number: int) -> Entry:
    person = f"person{number}@example.com"
    return Entry(now(), "PATCH", "acme.example:443", "/scim/v2/Users/{id}", person, "done (200)", 200, 0.012)


def filled(folder: Path, count: int = 12) -> Path:
    """A log of so many entries, settled; the path of its file."""
    written = AuditLog(folder)
    for number in range(count):
        written.note(entry(number))
    assert written.flush()
    return folder / "activity.log"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("log"))


def copied(sample: Path, folder: Path) -> Path:
    for name in ("activity.log", "activity.mark"):
        (folder / name).write_bytes(sample.with_name(name).read_bytes())
    return folder / "activity.log"


def test_what_was_noted_is_read_in_order_and_the_chain_holds(tmp_path: Path) -> None:
    filled(tmp_path, 5)
    reading = audit_log.read(tmp_path)
    assert [it.person for it in reading.entries] == [f"person{number}@example.com" for number in range(5)]
    assert reading.verdict.verified
    assert "5 changes" in reading.verdict.words
    filled(tmp_path, 2)
    assert audit_log.verify(tmp_path).entries == 7


def test_of_a_long_log_the_last_are_read_and_all_of_it_is_followed(sample: Path, tmp_path: Path) -> None:
    path = copied(sample, tmp_path)
    every, last = audit_log.read(tmp_path), audit_log.read(tmp_path, most=5)
    assert last.entries == every.entries[-5:]
    assert (last.earlier, last.verdict) == (len(every.entries) - 5, every.verdict)
    assert audit_log.read(tmp_path, most=10**30) == every
    path.write_bytes(b"".join(flip(path.read_bytes().splitlines(keepends=True))))
    assert not audit_log.read(tmp_path, most=1).verdict.verified


def test_an_empty_log_is_no_fault_and_reading_makes_no_file(tmp_path: Path) -> None:
    verdict = audit_log.verify(tmp_path / "nowhere")
    assert (verdict.verified, verdict.entries, verdict.first_bad) == (True, 0, None)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_the_folder_and_its_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    before = os.umask(0)
    try:
        filled(folder)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()] == [0o600, 0o600]


def test_a_link_in_its_place_is_not_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.__dict__["expected"] = ("activity log",)
    victim = tmp_path / "victim"
    victim.write_text("as it was")
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "activity.log").symlink_to(victim)
    written = AuditLog(folder)
    written.note(entry(1))
    assert not written.flush()
    assert victim.read_text() == "as it was"


def flip(lines: list[bytes]) -> list[bytes]:
    return [*lines[:4], lines[4].replace(b"person4", b"person5"), *lines[5:]]


TAMPERED: dict[str, tuple[Tamper, int]] = {
    "flipped": (flip, 5),
    "first flipped": (lambda lines: [lines[0].replace(b"200", b"201"), *lines[1:]], 1),
    "last flipped": (lambda lines: [*lines[:-1], lines[-1].replace(b"200", b"201")], 12),
    "digest flipped": (lambda lines: [*lines[:4], lines[4][:-4] + b'zz"}', *lines[5:]], 5),
    "dropped": (lambda lines: lines[:4] + lines[5:], 5),
    "first dropped": (lambda lines: lines[1:], 1),
    "swapped": (lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]], 5),
    "doubled": (lambda lines: [*lines[:5], lines[4], *lines[5:]], 6),
    "put in": (lambda lines: [*lines[:4], entry(99).payload(), *lines[4:]], 5),
    "put in, without an own chain": (lambda lines: [*lines[:4], b"", *lines[4:]], 5),
    "tail cut off": (lambda lines: lines[:-3], 10),
    "last line cut off": (lambda lines: lines[:-1], 12),
    "all cut off": (lambda lines: [], 1),
    "very long": (lambda lines: [*lines[:4], b"x" * 40_000, *lines[4:]], 5),
    "nothing but ends": (lambda lines: [b""] * 12, 1),
}


@pytest.mark.parametrize("kind", TAMPERED)
def test_what_is_done_to_the_file_shows_and_where(kind: str, sample: Path, tmp_path: Path) -> None:
    tamper, first_bad = TAMPERED[kind]
    path = copied(sample, tmp_path)
    lines = tamper(path.read_bytes().splitlines())
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    verdict = audit_log.verify(tmp_path)
    assert (verdict.verified, verdict.first_bad) == (False, first_bad)
    assert str(first_bad) in verdict.words


@pytest.mark.parametrize("kind", TAMPERED)
def test_what_was_done_shows_still_when_the_program_goes_on_writing(kind: str, sample: Path, tmp_path: Path) -> None:
    tamper, first_bad = TAMPERED[kind]
    path = copied(sample, tmp_path)
    lines = tamper(path.read_bytes().splitlines())
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    filled(tmp_path, 2)
    filled(tmp_path, 1)
    verdict = audit_log.verify(tmp_path)
    assert verdict.first_bad is not None
    assert verdict.first_bad <= first_bad
    assert path.read_bytes().startswith(b"".join(line + b"\n" for line in lines)), "what was there is never touched"


@settings(max_examples=150)
@given(st.data())
def test_no_single_byte_can_be_changed_put_in_or_taken_out(sample: Path, data: st.DataObject) -> None:
    content = sample.read_bytes()
    place = data.draw(st.integers(0, len(content) - 2))  # the very last end of line holds nothing
    new = data.draw(st.binary(max_size=2).filter(lambda it: it != content[place : place + 1]))
    changed = content[:place] + new + content[place + 1 :]
    if changed == content:
        return
    folder = sample.with_name(f"changed-{threading.get_ident()}")
    folder.mkdir(exist_ok=True)
    copied(sample, folder).write_bytes(changed)
    assert not audit_log.verify(folder).verified


def test_the_record_of_its_length_cannot_be_taken_away_unseen(sample: Path, tmp_path: Path) -> None:
    path = copied(sample, tmp_path)
    path.with_name("activity.mark").unlink()
    assert audit_log.verify(tmp_path).first_bad == 13
    filled(tmp_path, 1)
    verdict = audit_log.verify(tmp_path)
    assert (verdict.first_bad, verdict.entries) == (13, 13)
    assert "how long the log is" in verdict.words


# exports


def test_an_export_ends_with_what_it_holds_and_a_cut_off_tail_shows(sample: Path, tmp_path: Path) -> None:
    copied(sample, tmp_path)
    made = audit_log.export(tmp_path / "export.log", tmp_path)
    whole = (tmp_path / "export.log").read_bytes()
    end = json.loads(whole.splitlines()[-1])
    assert (end["notice"], end["entries"], end["digest"]) == ("end", 12, made.digest)
    assert stat.S_IMODE((tmp_path / "export.log").stat().st_mode) == 0o600 or sys.platform == "win32"
    verdict = audit_log.verify_file(tmp_path / "export.log")
    assert (verdict.verified, verdict.entries, verdict.digest) == (True, 12, made.digest)
    for count in (1, 2, 12):
        cut = tmp_path / "cut.log"
        cut.write_bytes(b"".join(whole.splitlines(keepends=True)[:-count]))
        assert audit_log.verify_file(cut).first_bad == 14 - count
    more = tmp_path / "more.log"
    more.write_bytes(whole + whole.splitlines(keepends=True)[0])
    assert audit_log.verify_file(more).first_bad == 14


def test_an_export_of_a_broken_log_does_not_make_it_good(sample: Path, tmp_path: Path) -> None:
    path = copied(sample, tmp_path)
    path.write_bytes(path.read_bytes().replace(b"person4@", b"person5@"))
    assert audit_log.export(tmp_path / "export.log", tmp_path).first_bad == 5
    assert audit_log.verify_file(tmp_path / "export.log").first_bad == 5
    cut = copied(sample, tmp_path)
    cut.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))
    assert audit_log.export(tmp_path / "export.log", tmp_path).first_bad == 11


def test_what_is_no_export_is_refused_in_words(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.csv"
    foreign.write_bytes(b"login,email\n" * 500_000)
    os.mkfifo(tmp_path / "pipe")
    for path in (foreign, tmp_path, tmp_path / "missing", tmp_path / "pipe", Path("/dev/null")):
        began = time.monotonic()
        with pytest.raises(AdminError) as refusal:
            audit_log.verify_file(path)
        assert refusal.value.remedy
        assert time.monotonic() - began < 2


def test_the_log_cannot_be_exported_onto_itself(sample: Path, tmp_path: Path) -> None:
    path = copied(sample, tmp_path)
    for target in (path, path.with_name("activity.mark")):
        with pytest.raises(AdminError):
            audit_log.export(target, tmp_path)
    assert audit_log.verify(tmp_path).verified


# programs that are killed, and several at once

WRITER = """
import os, sys
from pathlib import Path
from spoke_admin.adapters.audit_chain import Entry, now
from spoke_admin.adapters.audit_log import AuditLog
log = AuditLog(Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    person = f"{os.getpid()}-{number}"
    log.note(Entry(now(), "POST", "acme.example:443", "/scim/v2/Users", person, "done (201)", 201, 0))
    if number == 0:
        print("begun", flush=True)
assert log.flush(30)
"""


def writer(folder: Path, count: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(folder), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_several_programs_append_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    writers = [writer(tmp_path, 300) for _ in range(4)]
    for it in writers:
        it.communicate(timeout=60)
        assert it.returncode == 0
    reading = audit_log.read(tmp_path)
    assert reading.verdict.verified
    assert len(reading.entries) == 1200
    for it in writers:
        mine = [entry.person for entry in reading.entries if entry.person and entry.person.startswith(f"{it.pid}-")]
        assert mine == [f"{it.pid}-{number}" for number in range(300)]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_programs_that_are_killed_leave_a_chain_that_holds(tmp_path: Path) -> None:
    survivor = writer(tmp_path, 2000)
    for _ in range(4):
        victim = writer(tmp_path, 1_000_000)
        assert victim.stdout is not None
        assert victim.stdout.readline() == "begun\n"
        victim.send_signal(signal.SIGKILL)
        victim.communicate(timeout=20)
    survivor.communicate(timeout=60)
    assert survivor.returncode == 0
    filled(tmp_path, 1)
    reading = audit_log.read(tmp_path)
    assert reading.verdict.verified, reading.verdict.words
    assert (
        sum(entry.person is not None and entry.person.startswith(f"{survivor.pid}-") for entry in reading.entries)
        == 2000
    )


@pytest.mark.parametrize("kept", [1, 40, 150, -2, -1])
def test_a_torn_last_line_is_told_and_the_chain_goes_on_behind_it(kept: int, sample: Path, tmp_path: Path) -> None:
    """As after kill -9 in the middle of a write: the mark knows nothing of that line yet."""
    path = copied(sample, tmp_path)
    whole = path.read_bytes()
    AuditFile(tmp_path).append([entry(99).payload()])
    line = path.read_bytes()[len(whole) :]
    path.write_bytes(whole + line[:kept])
    all_there = kept == -1  # only its end is missing
    before = audit_log.verify(tmp_path)
    assert (before.verified, before.entries) == (True, 13 if all_there else 12)
    filled(tmp_path, 2)
    after = audit_log.verify(tmp_path)
    assert (after.verified, after.entries, after.torn) == (True, 15 if all_there else 14, 0 if all_there else 1)
    assert ("unfinished" in after.words) is not all_there
    if not all_there:
        content = path.read_bytes()
        assert whole + line[:kept] + b"\n" == content[: len(whole) + kept % len(line) + 1]
        path.write_bytes(content.replace(line[:kept] + b"\n", b"", 1))
        assert not audit_log.verify(tmp_path).verified, "a torn line cannot be taken away, either"


def test_a_torn_line_is_exported_with_what_tells_it(sample: Path, tmp_path: Path) -> None:
    path = copied(sample, tmp_path)
    path.write_bytes(path.read_bytes() + b'{"time":"20')
    assert audit_log.export(tmp_path / "export.log", tmp_path).verified
    verdict = audit_log.verify_file(tmp_path / "export.log")
    assert (verdict.verified, verdict.entries, verdict.torn) == (True, 12, 1)


def test_a_line_cut_in_the_middle_after_it_was_kept_is_no_torn_one(sample: Path, tmp_path: Path) -> None:
    path = copied(sample, tmp_path)
    path.write_bytes(path.read_bytes()[:-30])
    assert audit_log.verify(tmp_path).first_bad == 12
    filled(tmp_path, 1)
    assert audit_log.verify(tmp_path).first_bad == 12


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
def test_a_full_disk_is_told_and_tears_nothing(tmp_path: Path) -> None:
    filled(tmp_path, 3)
    size = (tmp_path / "activity.log").stat().st_size
    script = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size + 300}, {size + 300}))\n"
        + textwrap.dedent(WRITER).replace("assert log.flush(30)", "sys.exit(0 if not log.flush(30) else 3)")
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), "50"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "The activity log" in done.stderr
    assert (tmp_path / "activity.log").read_bytes().endswith(b"}\n")
    filled(tmp_path, 1)
    assert audit_log.verify(tmp_path).verified


@pytest.mark.skipif(sys.platform == "win32", reason="no flock")
def test_a_program_that_holds_the_log_stops_nobody_for_long(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.__dict__["expected"] = ("activity log",)
    filled(tmp_path, 1)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "activity.mark")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    written = AuditLog(tmp_path)
    began = time.monotonic()
    written.note(entry(1))
    assert time.monotonic() - began < 0.2, "the caller never waits"
    assert not written.flush(0.3)
    holder.communicate(timeout=10)
    assert written.flush(10)
    assert audit_log.verify(tmp_path).entries == 2


HOLDER = """
import fcntl, sys
with open(sys.argv[1], "r+b") as mark:
    fcntl.flock(mark, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_line_costs_little_and_many_are_read_at_once(tmp_path: Path) -> None:
    written = AuditLog(tmp_path)
    count = 20_000
    began = time.process_time()
    for number in range(count):
        written.note(entry(number))
        if number % 5000 == 4999:
            assert written.flush(30)
    each = (time.process_time() - began) / count
    assert each < 50e-6, f"{each * 1e6:.0f} µs of processor time a line"  # 9 on a quiet machine
    began = time.monotonic()
    reading = audit_log.read(tmp_path)
    assert reading.verdict.entries == count
    assert time.monotonic() - began < 3


def test_what_cannot_be_written_is_counted_and_memory_has_a_bound(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.__dict__["expected"] = ("activity log",)
    folder = tmp_path / "data"
    folder.write_text("a file in the folder's place")
    written = AuditLog(folder)
    for number in range(audit_log.MOST_WAITING + 7000):
        written.note(entry(number))
    assert not written.flush(20)
    assert caplog.text.count("without a record") == 1
    assert f"lacks {audit_log.MOST_WAITING + 7000:,} changes" in caplog.text
    folder.unlink()
    written.note(entry(1))
    assert written.flush()
    assert audit_log.verify(folder).entries == 1
