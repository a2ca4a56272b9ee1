"""A running program keeps its memory to itself: no core file, nothing for the same person's other programs to read."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

linux = pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's own")
# root may read everything: whoever is root becomes somebody else, which by itself closes the process to others
AS_A_PERSON = """
import os, sys
from spoke_admin.adapters import process_guard
process_guard.protect()  # what it imports, nobody else may read here
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
"""
GUARDED = """
process_guard.open_to_the_desktop()
if "guarded" in sys.argv:
    process_guard.protect()
print("ready", flush=True)
sys.stdin.read()
"""
NEIGHBOUR = """
for name in ("environ", "mem", "maps", "fd/0"):
    try:
        open(f"/proc/{sys.argv[1]}/{name}", "rb").close()
    except PermissionError:
        continue
    print(name)
"""


def as_a_person(script: str, word: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", AS_A_PERSON + script, word]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def readable(how: str) -> list[str]:
    """What a neighbour of the same person reads of a program that was started so."""
    guarded = as_a_person(GUARDED, how)
    try:
        assert guarded.stdout is not None
        assert guarded.stdout.readline() == "ready\n"
        return as_a_person(NEIGHBOUR, str(guarded.pid)).communicate(timeout=20)[0].split()
    finally:
        guarded.communicate(timeout=20)


@linux
def test_neighbours_read_nothing_of_it() -> None:
    assert "environ" in readable("open"), "while Qt starts, the desktop's portal must see who asks"
    assert readable("guarded") == []


@linux
def test_every_command_is_guarded_and_so_are_the_stand_ins_it_starts(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "spoke_admin", "sandbox", "--data", str(tmp_path / "data"), "--end-with-stdin"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline()
    limits = Path(f"/proc/{process.pid}/limits").read_text()
    assert next(line for line in limits.splitlines() if "core file" in line).split()[4:6] == ["0", "0"]
    assert Path(f"/proc/{process.pid}/environ").stat().st_uid == 0
    process.send_signal(signal.SIGABRT)
    process.communicate(timeout=20)
    assert process.returncode == -signal.SIGABRT
    assert [path for path in Path.cwd().glob("core*") if path.is_file()] == []


def test_importing_it_changes_nothing() -> None:
    """Tests, and programs that use this one as a library, keep their own ways."""
    script = "import sys; before = sys.excepthook; import spoke_admin.__main__; print(sys.excepthook is before)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "True\n"
