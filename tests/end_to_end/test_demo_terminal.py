"""`spoke-admin demo` on a machine without a display: the guide walked, the file read, the pages drawn."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

WORDS = [sys.executable, "-m", "spoke_admin", "demo"]


def headless() -> dict[str, str]:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "DBUS_SESSION_BUS_ADDRESS")
    return {name: value for name, value in os.environ.items() if name not in hidden}


def test_it_walks_the_guide_reads_the_file_and_draws_the_pages(tmp_path: Path) -> None:
    roster = tmp_path / "users.csv"
    roster.write_text("login,email,firstName,lastName\nada@example.com,ada@example.com,Ada,Lovelace\nbad,bad,B,\n")
    done = subprocess.run(
        [*WORDS, str(roster)], env=headless(), capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("✓ Done") == 9
    assert "email_invalid" in done.stdout
    assert "missing_value" in done.stdout
    folder = re.search(r"Pictures of the pages: (.+)", done.stdout)
    assert folder
    pictures = sorted(path.name for path in Path(folder[1]).glob("*.png"))
    assert len(pictures) >= 12
    assert {name.rpartition("_")[2] for name in pictures} == {"light.png", "dark.png"}
    assert all(path.stat().st_size > 5_000 for path in Path(folder[1]).glob("*.png"))


def test_without_a_file_it_shows_a_sample(tmp_path: Path) -> None:
    done = subprocess.run(WORDS, env=headless(), capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr
    assert "phone_toll_free_800_888" in done.stdout


def test_a_file_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    missing = str(tmp_path / "nothing.csv")
    done = subprocess.run([*WORDS, missing], env=headless(), capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 2
    assert "nothing.csv" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_demo_that_ends_takes_its_stand_ins_with_it(how: signal.Signals) -> None:
    demo = subprocess.Popen(WORDS, env=headless(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert demo.stderr is not None
    assert demo.stdout is not None
    child = 0
    for line in demo.stderr:
        if "walked" in line:
            children = Path(f"/proc/{demo.pid}/task/{demo.pid}/children").read_text().split()
            child = int(children[0])
            break
    assert child, "the stand-ins never started"
    waiting = os.pidfd_open(child)
    demo.send_signal(how)
    demo.communicate(timeout=30)
    try:
        import select

        assert select.select([waiting], [], [], 20)[0], "the stand-ins outlived the demo"
    finally:
        os.close(waiting)
    if how == signal.SIGINT:
        assert demo.returncode == 130
