"""What every page of the window has in common."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from spoke_admin.domain.systems import Connection
from spoke_admin.ui.form import wrapped
from spoke_admin.ui.messages import Message
from spoke_admin.ui.tasks import Tasks


@dataclass(frozen=True)
class GoTo:
    """A wish to see another page: "overview", "set_up", "tokens", "mappings", "users". `part`: a step's id there."""

    page: str
    part: str = ""


class Page(QWidget):
    """A page: its title, its content in `body` (scrolls when the window is small), its buttons in `foot`.

    Subclasses set `title`, `name` and `lead`, build their widgets in `__init__` after `super().__init__(tasks)` and add
    them to `self.body` and `self.foot`. `self.message` shows faults; `self.tasks` does what must not wait here.
    `self.connection` is the open one or None.
    """

    name = ""  # the page's word in object names: users
    title = ""
    lead = ""  # one sentence below the title
    go = Signal(object)  # GoTo
    roster_read = Signal(object)  # the Path of a file of users that was read

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tasks = tasks
        self.connection: Connection | None = None
        self.connecting = False  # a connection is being opened right now
        self.setObjectName(f"{self.name}_page")
        self.setAccessibleName(self.title)
        self.columns = QHBoxLayout(self)
        self.columns.setContentsMargins(0, 0, 0, 0)
        self.columns.setSpacing(0)
        outer = QVBoxLayout()
        self.columns.addLayout(outer, 1)
        content = QWidget()
        content.setObjectName("page_content")
        self.body = QVBoxLayout(content)
        self.body.setContentsMargins(36, 28, 36, 16)
        self.body.setSpacing(16)
        self.area = scrolling(content, "page_scroll", self.title)
        outer.addWidget(self.area, 1)
        self.foot = QHBoxLayout()
        self.foot.setContentsMargins(36, 8, 36, 20)
        self.foot.setSpacing(12)
        outer.addLayout(self.foot)
        self.message = Message(prefix=f"{self.name}_")
        self._head()

    def _head(self) -> None:
        if not self.title:
            return
        heading = QLabel(self.title)
        heading.setObjectName("page_title")
        heading.setProperty("role", "title")
        self.body.addWidget(heading)
        if self.lead:
            lead = wrapped(self.lead, "page_lead")
            lead.setProperty("role", "dim")
            self.body.addWidget(lead)
        self.body.addWidget(self.message)

    def shown(self) -> None:
        """The page came to the front: a good moment to verify."""

    def set_connection(self, connection: Connection | None) -> None:
        """Another connection was opened, or the one there was closed. Subclasses that keep more extend this."""
        self.connection = connection
        self.connecting = False

    def set_connecting(self, connecting: bool) -> None:
        """A connection is being opened, or that failed. Subclasses that show it extend this."""
        self.connecting = connecting

    def set_roster(self, path: Path) -> None:
        """A file of users was read. Subclasses that use its people extend this."""

    def verify(self) -> None:
        """F5: look again at the live systems. Changes nothing."""

    def hold_focus(self) -> None:
        """What has the keyboard is about to be hidden or disabled: the page holds it, or Qt would take it elsewhere."""
        focus = QApplication.focusWidget()
        if focus is not None and self.isAncestorOf(focus):
            self.setFocus()

    def recolour(self) -> None:
        """Light or dark was chosen: draw own icons again. Subclasses that have some extend this."""

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.recolour()

    def open_file(self, path: Path) -> None:
        """A file was dropped on the window. Only the page Users takes one."""


def scrolling(content: QWidget, name: str, words: str) -> QScrollArea:
    """A frameless area that scrolls when its content does not fit.

    The room of its scroll bar stays where there is nothing to scroll. Qt counts that bar among the area's accessible
    children while it shows, and does not look whether a child that is asked for is still there
    (QAccessibleAbstractScrollArea): a screen reader that asked between the two ended the program.
    """
    area = QScrollArea()
    area.setObjectName(name)
    area.setAccessibleName(words)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
    area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
    bar = area.verticalScrollBar()
    bar.setEnabled(False)
    bar.rangeChanged.connect(lambda least, most: bar.setEnabled(most > least))
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(content)
    return area
