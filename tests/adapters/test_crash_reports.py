"""A mistake of the program is one sentence for the person, and a report that holds no value and no secret."""

import asyncio
import json
import logging
import os
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from spoke_admin.adapters import crash_reports
from spoke_admin.adapters.folders import data_folder
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import Secret

CANARY = "canary-0123456789-abcdef"
PROGRAM = """
import asyncio, logging, sys, threading
from spoke_admin import __main__, cli
from spoke_admin.domain.secret import Secret
from spoke_admin.adapters import crash_reports, process_guard

def begin(arguments, open_window):
    kept = Secret(sys.stdin.readline())
    def mistake(local=kept.reveal()):
        token = kept.reveal()
        try:
            raise KeyError(token)
        except KeyError as cause:
            raise ValueError(f"cannot use {token}: short-1") from cause
    how = sys.argv[1]
    if how == "main":
        mistake()
    if how == "thread":
        thread = threading.Thread(target=mistake, args=(kept.reveal(),))
        thread.start()
        thread.join()
    if how == "loop":
        async def run():
            asyncio.get_running_loop().call_soon(mistake, kept.reveal())
            await asyncio.sleep(0)
            lost = asyncio.get_running_loop().create_future()
            lost.set_exception(RuntimeError(kept.reveal()))
            del lost
            await asyncio.sleep(0)
        asyncio.run(run())
    if how == "del":
        class Thing:
            def __del__(self):
                mistake()
        Thing()
    if how == "slot":
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication
        app = QApplication([])
        QTimer.singleShot(0, mistake)
        QTimer.singleShot(0, app.quit)
        app.exec()
    if how == "log":
        cli._log_level(2)
        log = logging.getLogger("some.library")
        log.debug("Authorization: Bearer %s", kept.reveal())
        try:
            mistake()
        except ValueError:
            log.exception("it failed with %s", kept.reveal())
    if how == "group":
        raise ExceptionGroup(kept.reveal(), [ValueError(kept.reveal()), RuntimeError("x")])
    print("went on")
    return 0

cli.main = begin
sys.exit(__main__.main(["x", "y"]))
"""


def run(how: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), how], input=CANARY, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def reports() -> list[Path]:
    return sorted((data_folder() / "crash-reports").glob("*.txt"))


@pytest.mark.parametrize("how", ["main", "thread", "loop", "del", "slot", "group"])
def test_what_nobody_catches_is_one_sentence_and_a_report_without_secrets(how: str) -> None:
    done = run(how)
    assert done.returncode == (1 if how in ("main", "group") else 0)
    assert ("went on" in done.stdout) is (how not in ("main", "group"))
    sentences = done.stderr.splitlines()
    assert len(sentences) == (2 if how == "loop" else 1), done.stderr
    assert all(line.startswith("The program made a mistake. Try again. If it stays, report it") for line in sentences)
    written = reports()
    assert len(written) == len(sentences)
    assert str(written[0]) in done.stderr
    content = "".join(path.read_text() for path in written)
    assert CANARY not in content + done.stderr + done.stdout
    assert "ValueError" in content
    assert "line " in content
    if how != "group":
        assert "short-1" in content
        assert "KeyError" in content, "the cause is told, too"
        assert "in mistake" in content
    assert "local" not in content.replace("<locals>", "")
    if sys.platform != "win32":
        assert [stat.S_IMODE(path.stat().st_mode) for path in written] == [0o600] * len(written)
        assert stat.S_IMODE(written[0].parent.stat().st_mode) == 0o700


def test_debug_lines_of_any_library_are_without_the_secrets_this_process_holds() -> None:
    done = run("log")
    assert done.returncode == 0
    assert CANARY not in done.stderr
    assert "DEBUG some.library: Authorization: Bearer …" in done.stderr
    assert "ERROR some.library: it failed with …" in done.stderr
    assert "builtins.ValueError: cannot use …: short-1" in done.stderr


def test_a_command_says_it_as_json_too(tmp_path: Path) -> None:
    script = (
        "import sys; from spoke_admin import __main__; from spoke_admin.cli import validate\n"
        "def check(*_): raise ZeroDivisionError\n"
        "validate.check = check; sys.exit(__main__.main(['validate', sys.argv[1], '--json']))"
    )
    roster = tmp_path / "users.csv"
    roster.write_text("login\n")
    done = subprocess.run(
        [sys.executable, "-c", script, str(roster)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["title"] == "The program made a mistake."
    assert "Traceback" not in done.stderr
    assert str(reports()[0]) in done.stderr


@pytest.fixture
def told() -> Iterator[list[AdminError]]:
    found: list[AdminError] = []
    crash_reports.listen(found.append)
    yield found
    crash_reports.listen(None)


def thrown(words: str) -> Exception:
    try:
        raise ValueError(words)
    except ValueError as fault:
        return fault


def test_the_same_mistake_is_kept_once_and_many_are_capped() -> None:
    first = crash_reports.mistake(thrown("same"))
    assert crash_reports.mistake(thrown("same")).remedy == first.remedy
    assert len(reports()) == 1
    for number in range(50):
        crash_reports.mistake(thrown(f"no. {number}"))
    assert len(reports()) == crash_reports.MOST_OF_A_RUN
    folder = data_folder() / "crash-reports"
    for number in range(60):
        (folder / f"2020-01-01T00-00-{number:02}-000000-1.txt").touch()
    crash_reports._written(folder, "new")
    left = reports()
    assert len(left) == crash_reports.MOST_REPORTS
    assert left[-1].read_text().endswith("new\n"), "the oldest went"


def test_where_no_report_can_be_written_it_is_said_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    data_folder().parent.mkdir(parents=True, exist_ok=True)
    data_folder().write_text("a file in the folder's place")
    with caplog.at_level(logging.INFO):
        assert "with the log that `spoke-admin -v` prints" in crash_reports.mistake(thrown("x")).remedy
    assert "in thrown" in caplog.text, "that log tells where it was"


def test_odd_faults_are_told(told: list[AdminError], capsys: pytest.CaptureFixture[str]) -> None:
    class Mute(Exception):  # noqa: N818  # it cannot even say its name
        def __str__(self) -> str:
            raise RuntimeError

    endless = thrown("round")
    endless.__cause__ = thrown("and round")
    endless.__cause__.__cause__ = endless
    deep = thrown("0")
    for number in range(1, 50):
        above = thrown(str(number))
        above.__context__ = deep
        deep = above
    for fault in (Mute(), endless, deep, BaseExceptionGroup("x", [KeyboardInterrupt()])):
        crash_reports._tell(fault)
    crash_reports._tell(AdminError("Said already.", "Do this.", "raw"))
    assert len(told) == 5
    assert told[-1].title == "Said already."
    assert all(len(path.read_text()) < 64_000 for path in reports())
    assert "in its own words" in "".join(path.read_text() for path in reports())
    for quiet in (KeyboardInterrupt(), SystemExit(3), None):
        crash_reports._tell(quiet)
    assert len(told) == 5
    assert len(capsys.readouterr().err.splitlines()) == 5


def test_a_formatter_of_another_handler_does_not_bring_the_secret_back() -> None:
    secret = Secret(CANARY)
    record = logging.LogRecord("x", logging.ERROR, "x", 1, "with %s", (secret.reveal(),), None)
    record.exc_info = (ValueError, ValueError(secret.reveal()), None)
    plain = logging.Formatter().format(record)
    assert CANARY in plain
    assert CANARY in (record.exc_text or "")
    assert CANARY not in crash_reports.LogFormatter().format(record)
    import base64

    for form in (base64.b64encode(CANARY.encode()).decode(), f"{CANARY}%2F"):
        line = logging.LogRecord("x", logging.INFO, "x", 1, "%s", (form,), None)
        assert form[:16] not in crash_reports.LogFormatter().format(line)


def test_a_loop_says_its_other_faults_without_the_arguments_of_what_it_called(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.__dict__["expected"] = ("Task was destroyed",)
    record = logging.LogRecord("asyncio", logging.ERROR, "x", 1, "Task was destroyed\n%s", (CANARY,), None)
    assert crash_reports._loop_says(record)
    assert record.getMessage() == "Task was destroyed"
    assert crash_reports._loop_says(logging.LogRecord("asyncio", logging.DEBUG, "x", 1, "Using selector", (), None))
    assert os.getpid()
    assert asyncio.run(asyncio.sleep(0)) is None
