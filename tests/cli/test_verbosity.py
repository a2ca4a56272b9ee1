"""`-v` and `-vv`, before a command or behind it, and for the window, which has none."""

import subprocess
import sys

import pytest

SCRIPT = """
import logging, sys
from spoke_admin import cli
from spoke_admin.cli import activity

def work(*_):
    logging.getLogger("work").info("told at -v")
    logging.getLogger("work").debug("told at -vv")
    return 0

activity.show = work
sys.exit(cli.main(sys.argv[1:], work))
"""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], 0),
        (["-v"], 1),
        (["--verbose"], 1),
        (["-vv"], 2),
        (["-v", "--connection", "Acme"], 1),
        (["activity"], 0),
        (["activity", "-v"], 1),
        (["-v", "activity"], 1),
        (["-v", "activity", "-v"], 2),
        (["activity", "-vv"], 2),
        (["-vv", "activity", "--json"], 2),
    ],
)
def test_it_is_the_same_for_the_window_and_every_command(words: list[str], told: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0
    assert done.stdout == ""
    assert done.stderr.splitlines() == ["INFO work: told at -v", "DEBUG work: told at -vv"][:told]


def test_the_help_of_the_program_tells_of_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "spoke_admin", "--help"], capture_output=True, text=True, timeout=60, check=True
    )
    assert "-v, --verbose" in done.stdout
