"""The window: side bar, pages built when they are first visited, keyboard, dropped files."""

import base64
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QSize, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeySequence,
    QPaintEvent,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QStackedWidget, QWidget

from spoke_admin.domain.error import AdminError
from spoke_admin.ui import theme
from spoke_admin.ui.opening import NotOpened, Opened, Opening
from spoke_admin.ui.page import GoTo, Page
from spoke_admin.ui.pages.overview import OverviewPage
from spoke_admin.ui.palette import Entry, Palette
from spoke_admin.ui.side_bar import SideBar
from spoke_admin.ui.tasks import Tasks
from spoke_admin.ui.wizard import Wizard

if TYPE_CHECKING:
    from collections.abc import Callable

    from spoke_admin.domain.systems import Connection

PAGES = {
    "overview": "Overview", "set_up": "Set-up", "tokens": "Tokens", "mappings": "Mappings", "users": "Users",
    "doctor": "Doctor", "activity": "Activity",
}  # fmt: skip
NARROW = 900

log = logging.getLogger(__name__)


class Window(QMainWindow):
    """`painted` comes once, after the first paint: what is heavy begins then."""

    painted = Signal()

    def __init__(self, geometry: str = "") -> None:
        """`geometry` as `kept_geometry` was given it, "" for the first time."""
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("Spoke Admin")
        self.setAcceptDrops(True)
        self.tasks = Tasks(self)
        self.opening = Opening(self.tasks, self)
        self.connection: Connection | None = None
        self.keep_geometry: Callable[[str], None] = lambda _geometry: None
        self.keep_colours: Callable[[theme.Scheme], None] = lambda _scheme: None
        self._painted = self._connecting = False
        self._pages: dict[str, Page] = {}
        self._roster: Path | None = None
        self._build()
        self._wire()
        self._overview = OverviewPage(self.tasks)
        self._overview.rehearse.connect(self.opening.rehearse)
        self._overview.wanted.connect(self.opening.open)
        self._add("overview", self._overview)
        self._stack.setCurrentWidget(self._overview)
        self.side_bar.show_page("overview")
        if not (geometry and self.restoreGeometry(QByteArray(base64.b64decode(geometry)))):
            self.resize(QSize(1180, 780).boundedTo(self.screen().availableSize()))

    def _build(self) -> None:
        central = QWidget()
        central.setObjectName("central")
        line = QHBoxLayout(central)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        self.side_bar = SideBar(PAGES)
        self._stack = QStackedWidget()
        self._stack.setObjectName("pages")
        line.addWidget(self.side_bar)
        line.addWidget(self._stack, 1)
        self.setCentralWidget(central)
        self.setMinimumSize(560, 360)

    def _wire(self) -> None:
        self.side_bar.chosen.connect(self.show_page)
        self.opening.began.connect(self._opening)
        self.opening.opened.connect(self._opened)
        self.opening.failed.connect(self._not_opened)
        keys = {"F5": self.verify, "Ctrl+Return": self.next, "Ctrl+Enter": self.next, "Ctrl+K": self.show_palette}
        for sequence, does in keys.items():
            QShortcut(QKeySequence(sequence), self, does)
        for number, name in enumerate(PAGES, 1):
            QShortcut(QKeySequence(f"Ctrl+{number}"), self, partial(self.show_page, name))

    # pages

    @property
    def current(self) -> Page:
        """The page that shows."""
        return self._pages[next(name for name, it in self._pages.items() if it is self._stack.currentWidget())]

    def page(self, name: str) -> Page:
        """A page by its name, built when it is first asked for."""
        if name not in self._pages:
            self._add(name, _built(name, self.tasks))
        return self._pages[name]

    def show_page(self, name: str) -> None:
        """Brings a page to the front; it verifies what it shows."""
        page = self.page(name)
        self._stack.setCurrentWidget(page)
        self.side_bar.show_page(name)
        page.shown()

    def go_to(self, wish: GoTo) -> None:
        """What a page asked for."""
        page = self.page(wish.page)
        self.show_page(wish.page)
        if wish.part and isinstance(page, Wizard):
            page.show_part(wish.part)

    def open_file(self, path: Path) -> None:
        """Shows a file of users."""
        self.show_page("users")
        self.page("users").open_file(path)

    def verify(self) -> None:
        self.current.verify()

    def next(self) -> None:
        if isinstance(self.current, Wizard):
            self.current.next()

    def show_palette(self) -> None:
        """Pages and actions by name."""
        entries = [
            Entry(title, partial(self.show_page, name), f"Ctrl+{number}")
            for number, (name, title) in enumerate(PAGES.items(), 1)
        ]
        entries += [
            Entry("Verify this page", self.verify, "F5"),
            Entry("Next step", self.next, "Ctrl+Enter"),
            Entry("Start the rehearsal", self.opening.rehearse),
        ]
        colours: dict[str, theme.Scheme] = {
            "Light colours": "light", "Dark colours": "dark", "The system's colours": "system",
        }  # fmt: skip
        entries += [Entry(words, partial(self.set_colours, scheme)) for words, scheme in colours.items()]
        Palette(entries, self).open()

    def set_colours(self, scheme: theme.Scheme) -> None:
        """Light, dark or as the desktop has it; kept for the next time."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, scheme)
        try:
            self.keep_colours(scheme)
        except AdminError as error:
            self.current.message.show_error(error)

    def _add(self, name: str, page: Page) -> None:
        self._pages[name] = page
        self._stack.addWidget(page)
        page.go.connect(self.go_to)
        page.roster_read.connect(self._take_roster)
        if self._roster is not None:
            page.set_roster(self._roster)
        page.set_connection(self.connection)
        page.set_connecting(self._connecting)

    def _take_roster(self, path: Path) -> None:
        self._roster = path
        for page in self._pages.values():
            page.set_roster(path)

    # connections

    def _opening(self) -> None:
        self._tell_connecting(connecting=True)
        self._overview.opening()
        if self.connection is None:
            self.side_bar.show_connection(None, "Opening…")

    def _tell_connecting(self, *, connecting: bool) -> None:
        self._connecting = connecting
        for page in self._pages.values():
            page.set_connecting(connecting)

    def _opened(self, opened: Opened) -> None:
        self._connecting = False
        self.connection = opened.connection
        self.side_bar.show_connection(self.connection)
        for page in self._pages.values():
            page.set_connection(self.connection)
        self.current.shown()

    def _not_opened(self, failed: NotOpened) -> None:
        self._tell_connecting(connecting=False)
        self.side_bar.show_connection(self.connection)
        self.show_page("overview")
        self._overview.opening_failed(failed.error)

    # events

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self.painted.emit)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.side_bar.set_narrow(self.width() < NARROW)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if (path := _dropped(event)) is not None:
            event.acceptProposedAction()
            self.open_file(path)

    def closeEvent(self, event: QCloseEvent) -> None:
        try:
            self.keep_geometry(base64.b64encode(self.saveGeometry().data()).decode())
        except AdminError as error:
            log.info("the window's place was not kept: %s", error.title)
        self.tasks.close(self.opening.farewell)
        self.opening.end_stand_ins()
        super().closeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.side_bar.recolour()


def _dropped(event: QDropEvent) -> Path | None:
    files = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return files[0] if files else None


def _built(name: str, tasks: Tasks) -> Page:
    """A page by its name; its module is imported now, not at the start."""
    if name == "set_up":
        from spoke_admin.ui.pages.set_up import SetUpPage

        return SetUpPage(tasks)
    if name == "tokens":
        from spoke_admin.ui.pages.tokens import TokensPage

        return TokensPage(tasks)
    if name == "mappings":
        from spoke_admin.ui.pages.mappings import MappingsPage

        return MappingsPage(tasks)
    if name == "doctor":
        from spoke_admin.ui.pages.doctor import DoctorPage

        return DoctorPage(tasks)
    if name == "activity":
        from spoke_admin.ui.pages.activity import ActivityPage

        return ActivityPage(tasks)
    from spoke_admin.ui.pages.users import UsersPage

    return UsersPage(tasks)
