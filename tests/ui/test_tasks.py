"""Background work: results arrive on the window's thread, faults in words, and nothing outlives its owner."""

import asyncio
import threading
import time

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from spoke_admin.domain.error import AdminError
from spoke_admin.ui.tasks import Tasks, redacted


def refuse(error: AdminError) -> None:
    raise AssertionError(f"unexpected: {error.title} {error.detail}")


def never(value: object) -> None:
    raise AssertionError(f"unexpected: {value}")


def test_a_coroutine_runs_elsewhere_and_its_value_arrives_here(tasks: Tasks, qtbot: QtBot) -> None:
    got: list[tuple[str, str, threading.Thread]] = []

    async def answer() -> str:
        await asyncio.sleep(0)
        return threading.current_thread().name

    tasks.run(answer, lambda name: got.append(("Zoë", name, threading.current_thread())), refuse)
    qtbot.waitUntil(lambda: bool(got))
    assert got == [("Zoë", "spoke-admin network", threading.main_thread())]
    assert tasks.quiet


def test_an_admin_error_goes_to_failed_as_it_is(tasks: Tasks, qtbot: QtBot) -> None:
    errors: list[AdminError] = []
    fault = AdminError("No answer.", "Try later.", "timed out")

    async def fail() -> str:
        raise fault

    tasks.run(fail, never, errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert errors == [fault]


def test_a_mistake_is_said_in_words_and_logged_without_what_could_be_a_token(
    tasks: Tasks, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.__dict__["expected"] = ("ValueError",)
    errors: list[AdminError] = []
    secret = "canary" + "0123456789abcdef"

    def mistake(_progress: object, _cancelled: object) -> None:
        raise ValueError(f"cannot use {secret} here")

    tasks.work(mistake, never, errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert errors[0].title == "The program made a mistake."
    assert "in mistake" in caplog.text
    assert secret not in caplog.text
    assert redacted(f"Bearer {secret}, again") == "Bearer …, again"
    assert redacted("at https://ada:enigma@acme.test") == "at https://…@acme.test"


def test_progress_arrives_in_order_and_the_last_always(tasks: Tasks, qtbot: QtBot) -> None:
    told: list[tuple[int, int]] = []
    done: list[str] = []

    def count(progress: "object", _cancelled: object) -> str:
        for number in range(1, 10_001):
            progress(number, 10_000)  # type: ignore[operator]  # a callable of two numbers
        return "counted"

    tasks.work(count, done.append, refuse, lambda number, total: told.append((number, total)))
    qtbot.waitUntil(lambda: done == ["counted"])
    assert told[-1] == (10_000, 10_000)
    assert told == sorted(told)
    assert len(told) < 1_000  # a flood would make the window stop answering


def test_cancelling_ends_a_coroutine_and_nothing_arrives(tasks: Tasks, qtbot: QtBot) -> None:
    began, ended = threading.Event(), threading.Event()

    async def long() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = tasks.run(long, never, never)
    assert began.wait(5)
    with qtbot.waitSignal(tasks.settled):
        task.cancel()
    assert ended.wait(5)
    assert not task.running
    assert tasks.quiet


def test_cancelling_is_seen_by_work_and_nothing_arrives(tasks: Tasks, qtbot: QtBot) -> None:
    began, ended = threading.Event(), threading.Event()

    def long(_progress: object, cancelled: "object") -> int:
        began.set()
        while not cancelled():  # type: ignore[operator]  # a callable without arguments
            ended.wait(0.001)
        ended.set()
        return 1

    task = tasks.work(long, never, never)
    assert began.wait(5)
    with qtbot.waitSignal(tasks.settled):
        task.cancel()
    assert ended.is_set()


def test_work_of_an_owner_that_is_gone_is_dropped(tasks: Tasks, qtbot: QtBot) -> None:
    page = QWidget()
    began, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def long(_progress: object, _cancelled: object) -> int:
        began.set()
        may_end.wait(5)
        return 1

    async def also() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    tasks.work(long, never, never, owner=page)
    tasks.run(also, never, never, owner=page)
    assert began.wait(5)
    page.deleteLater()
    qtbot.waitUntil(ended.is_set)
    with qtbot.waitSignal(tasks.settled):
        may_end.set()
    assert tasks.quiet


def test_here_makes_calls_of_other_threads_arrive_here(tasks: Tasks, qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    got: list[tuple[int, bool]] = []

    def note(number: int) -> None:
        got.append((number, threading.current_thread() is threading.main_thread()))

    tell = tasks.here(note, page)

    async def count() -> None:
        for number in range(3):
            tell(number)

    tasks.run(count, lambda _nothing: None, refuse)
    qtbot.waitUntil(lambda: len(got) == 3)
    assert got == [(0, True), (1, True), (2, True)]


def test_close_runs_the_farewell_and_keeps_its_deadline(qtbot: QtBot) -> None:
    tasks = Tasks()
    said: list[str] = []
    stubborn, let_go = threading.Event(), threading.Event()

    async def farewell() -> None:
        said.append("goodbye")

    async def waits() -> None:
        await asyncio.Event().wait()

    def deaf(_progress: object, _cancelled: object) -> None:
        stubborn.set()
        let_go.wait(30)

    tasks.run(waits, never, never)
    tasks.work(deaf, never, never)
    assert stubborn.wait(5)
    began = time.monotonic()
    tasks.close(farewell, seconds=1)
    assert time.monotonic() - began < 2
    assert said == ["goodbye"]
    let_go.set()  # the thread ends; the leak check of the suite sees to it
    tasks.close()
    assert not tasks.run(waits, never, never).running
    assert not tasks.work(deaf, never, never).running
    assert tasks.quiet
