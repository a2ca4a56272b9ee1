"""The window: pages on first visit, keyboard, dropped files, and always visible which connection this is."""

import asyncio
import base64
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from spoke_admin.domain.error import AdminError
from spoke_admin.ui import theme
from spoke_admin.ui.application import application
from spoke_admin.ui.opening import NotOpened, Opened
from spoke_admin.ui.page import GoTo, Page
from spoke_admin.ui.palette import Palette
from spoke_admin.ui.window import PAGES, Window
from spoke_admin.ui.wizard import Wizard
from tests.ui.names import faults_of_names
from tests.ui.small_guide import GUIDE, World, connection_to


class SmallPage(Wizard):
    name = "set_up"


class FilePage(Page):
    name = "users"
    title = "Users"
    opened: Path | None = None
    verified = 0

    def open_file(self, path: Path) -> None:
        self.opened = path

    def verify(self) -> None:
        self.verified += 1


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[Window]:
    """A window whose guide is the small one and whose page of users only notes the file."""
    application()
    made = Window()
    made._add("set_up", SmallPage(GUIDE, made.tasks))
    made._add("users", FilePage(made.tasks))
    made.show()
    yield made
    made.close()
    made.deleteLater()


def text(window: QWidget, name: str) -> str:
    label = window.findChild(QLabel, name)
    assert isinstance(label, QLabel)
    return label.text()


def opened(window: Window, world: World, qtbot: QtBot, *, sandbox: bool = True) -> None:
    window.show_page("set_up")
    window._opened(Opened(connection_to(world, sandbox=sandbox, name="Acme")))
    page = window.page("set_up")
    assert isinstance(page, SmallPage)
    qtbot.waitUntil(lambda: page.settled)


def test_paints_once_and_tells(qtbot: QtBot) -> None:
    window = Window()
    qtbot.addWidget(window)
    with qtbot.waitSignal(window.painted):
        window.show()
    with qtbot.assertNotEmitted(window.painted, wait=50):
        window.repaint()
    window.close()


def test_only_pages_that_are_there_are_offered_and_built_when_visited(window: Window) -> None:
    names = [it.objectName() for it in window.findChildren(QPushButton) if it.objectName().startswith("nav_")]
    pages = ["overview", "set_up", "tokens", "mappings", "users", "doctor", "activity"]
    assert names == [f"nav_{name}" for name in pages]
    assert [f"nav_{name}" for name in PAGES] == names
    assert set(window._pages) == {"overview", "set_up", "users"}


def test_sandbox_and_live_never_look_alike(window: Window, qtbot: QtBot) -> None:
    assert text(window, "mode_label") == "NONE OPEN"
    opened(window, World(), qtbot)
    assert text(window, "mode_label") == "SANDBOX"
    assert text(window, "connection_label") == "Acme\n127.0.0.1:9"
    calm = window.findChild(QLabel, "mode_label").grab().toImage()  # type: ignore[union-attr]  # it is there
    opened(window, World(), qtbot, sandbox=False)
    assert text(window, "mode_label") == "LIVE"
    loud = window.findChild(QLabel, "mode_label").grab().toImage()  # type: ignore[union-attr]  # it is there
    middle = QPoint(calm.width() - 12, calm.height() // 2)
    assert calm.pixelColor(middle) != loud.pixelColor(middle)


def test_pages_by_keyboard(window: Window, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    assert window.current is window.page("users")
    QTest.keyClick(window, Qt.Key.Key_F5)
    page = window.page("users")
    assert isinstance(page, FilePage)
    assert page.verified == 1
    opened(window, World(done={"first"}), qtbot)
    guide = window.page("set_up")
    assert isinstance(guide, Wizard)
    guide.back()
    qtbot.waitUntil(lambda: guide.settled)
    QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert text(window, "step_title") == "Second door"
    qtbot.waitUntil(lambda: guide.settled)


def test_the_palette_filters_and_does(window: Window, qtbot: QtBot) -> None:
    window.show_palette()
    palette = window.findChild(Palette)
    assert isinstance(palette, Palette)
    assert palette.list.count() >= len(PAGES) + 3
    QTest.keyClicks(palette.filter, "users")
    assert palette.list.count() == 1
    assert faults_of_names(palette) == []
    QTest.keyClick(palette.filter, Qt.Key.Key_Return)
    assert window.current is window.page("users")
    window.show_palette()
    other = next(it for it in window.findChildren(Palette) if it.isVisible())
    QTest.keyClick(other.filter, Qt.Key.Key_Down)
    assert other.list.currentRow() == 1
    QTest.keyClicks(other.filter, "nothing of that name")
    QTest.keyClick(other.filter, Qt.Key.Key_Return)
    assert other.isVisible()
    other.reject()


def test_the_side_bar_tells_which_page_was_chosen(window: Window, qtbot: QtBot) -> None:
    it = window.findChild(QPushButton, "nav_users")
    assert isinstance(it, QPushButton)
    with qtbot.waitSignal(window.side_bar.chosen) as chosen:
        it.toggle()  # what a screen reader's press does
    assert chosen.args == ["users"]
    assert window.current is window.page("users")
    with qtbot.assertNotEmitted(window.side_bar.chosen):
        window.show_page("overview")
    assert not it.isChecked()


def test_while_a_connection_is_opened_the_guide_does_not_say_blocked(window: Window, qtbot: QtBot) -> None:
    window.show_page("set_up")
    assert text(window, "step_status") == "Blocked"
    window.opening.began.emit()
    assert text(window, "step_status") == "Looking…"
    opened(window, World(), qtbot)
    assert text(window, "step_status") == "Ready"


def test_colours_are_chosen_and_kept(window: Window) -> None:
    kept: list[str] = []
    window.keep_colours = kept.append
    window.set_colours("dark")
    assert theme.colours() is theme.DARK
    window.set_colours("light")
    assert theme.colours() is theme.LIGHT
    assert kept == ["dark", "light"]

    def refuse(_scheme: str) -> None:
        raise AdminError("The preferences cannot be changed.", "Check who may write to the folder.")

    window.keep_colours = refuse
    window.set_colours("light")
    assert text(window, "overview_message_title") == "The preferences cannot be changed."


def test_a_file_dropped_anywhere_goes_to_users(window: Window, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "Zoë.csv"))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, buttons, keys)
    window.dragEnterEvent(entered)
    assert entered.isAccepted()
    window.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, buttons, keys))
    page = window.page("users")
    assert isinstance(page, FilePage)
    assert window.current is page
    assert page.opened == tmp_path / "Zoë.csv"
    other = QMimeData()
    other.setUrls([QUrl("https://example.com/users.csv")])
    refused = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, other, buttons, keys)
    refused.ignore()
    window.dragEnterEvent(refused)
    assert not refused.isAccepted()


def test_a_page_can_ask_for_another_one(window: Window, qtbot: QtBot) -> None:
    opened(window, World(), qtbot)
    window.show_page("users")
    window.page("users").go.emit(GoTo("set_up", "third"))
    assert text(window, "step_title") == "Third door"
    guide = window.page("set_up")
    assert isinstance(guide, Wizard)
    qtbot.waitUntil(lambda: guide.settled)


def test_a_connection_that_cannot_be_opened_is_said_on_the_overview(window: Window) -> None:
    window.show_page("users")
    window.opening.failed.emit(NotOpened(AdminError("That is no address.", "Begin with https://.")))
    assert window.current is window.page("overview")
    assert text(window, "overview_message_title") == "That is no address."


def test_the_place_of_the_window_is_kept_and_comes_back(qtbot: QtBot) -> None:
    kept: list[str] = []
    first = Window()
    first.keep_geometry = kept.append
    first.resize(701, 603)
    first.show()
    first.close()
    first.deleteLater()
    assert base64.b64decode(kept[0])
    second = Window(kept[0])
    assert (second.width(), second.height()) == (701, 603)
    second.close()
    second.deleteLater()


def test_an_old_connection_is_closed_with_the_window(window: Window, qtbot: QtBot) -> None:
    world, later = World(), World()
    window.show_page("users")
    window.opening._take(connection_to(world))
    window.opening._take(connection_to(later))
    qtbot.waitUntil(lambda: world.closed)
    assert not later.closed
    window.close()
    assert later.closed


def test_closing_in_the_middle_of_a_look_is_quick_and_quiet(window: Window, qtbot: QtBot) -> None:
    world = World()
    world.waiting = asyncio.Event()
    window.show_page("set_up")
    window._opened(Opened(connection_to(world)))
    qtbot.waitUntil(lambda: world.looks > 0)
    began = time.monotonic()
    window.close()
    assert time.monotonic() - began < 1
    window.verify()  # events that still come are dropped without a word


def test_small_and_large_nothing_is_cut_off(window: Window, qtbot: QtBot) -> None:
    opened(window, World(done={"first"}), qtbot)
    page = window.page("set_up")
    for width, height in ((640, 400), (1280, 800)):
        window.resize(width, height)
        qtbot.waitUntil(lambda: window.width() in (640, 1280) and page.area.horizontalScrollBar().maximum() == 0)
        for name in ("act_button", "verify_button", "next_button", "back_button", "mode_label", "step_title"):
            it = (window if name == "mode_label" else page).findChild(QWidget, name)
            assert isinstance(it, QWidget)
            box = it.rect().translated(it.mapTo(window, QPoint(0, 0)))
            assert window.rect().contains(box), f"{name} at {width}x{height}: {box}"
            assert it.width() >= it.minimumSizeHint().width()


def test_every_control_of_window_and_overview_has_a_name(window: Window) -> None:
    assert faults_of_names(window) == []
