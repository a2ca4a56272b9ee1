"""The one place in the window that shows a fault: what happened, how to fix it, one button, raw text folded below."""

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from spoke_admin.domain.error import AdminError
from spoke_admin.ui import theme
from spoke_admin.ui.form import button, wrapped


class Message(QFrame):
    """An inline message of a page; hidden until something is to be said.

    `prefix` goes before the object names message, message_title, message_remedy, message_button, message_fold and
    message_detail where a page has more than one.
    """

    def __init__(self, parent: QWidget | None = None, prefix: str = "") -> None:
        super().__init__(parent)
        self.setObjectName(f"{prefix}message")
        self.title = wrapped("", f"{prefix}message_title")
        self.title.setProperty("role", "strong")
        self.remedy = wrapped("", f"{prefix}message_remedy")
        self.button = button("Try again", f"{prefix}message_button")
        self.fold = _link("Details", f"{prefix}message_fold")
        self.detail = QPlainTextEdit()
        self.detail.setObjectName(f"{prefix}message_detail")
        self.detail.setAccessibleName("Details")
        self.detail.setReadOnly(True)
        self.detail.setMaximumHeight(120)
        self.detail.setTabChangesFocus(True)
        self._act: Callable[[], None] | None = None
        self.button.clicked.connect(self._pressed)
        self.fold.toggled.connect(self.detail.setVisible)
        self._lay_out()
        self.clear()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(6)
        column.addWidget(self.title)
        column.addWidget(self.remedy)
        line = QHBoxLayout()
        line.addWidget(self.button)
        line.addWidget(self.fold)
        line.addStretch(1)
        column.addLayout(line)
        column.addWidget(self.detail)

    def show_error(self, error: AdminError, act: Callable[[], None] | None = None, words: str = "Try again") -> None:
        """Shows a fault. `act` is what the one button does; without it there is no button."""
        self._show("error", error.title, error.remedy, error.detail)
        self._act = act
        self.button.setText(words)
        self.button.setVisible(act is not None)

    def show_warning(self, title: str, words: str = "") -> None:
        """Something to know before the next click."""
        self._show("warning", title, words, "")

    def show_note(self, title: str, words: str = "") -> None:
        """Something went well, or is worth knowing."""
        self._show("note", title, words, "")

    def offer(self, words: str, act: Callable[[], None]) -> None:
        """Gives the message that shows its one button."""
        self._act = act
        self.button.setText(words)
        self.button.show()

    def clear(self) -> None:
        """Takes the message away."""
        self._act = None
        self.hide()

    def _show(self, role: str, title: str, words: str, detail: str) -> None:
        self._act = None
        self.button.hide()
        self.title.setText(title)
        self.remedy.setText(words)
        self.remedy.setVisible(bool(words))
        self.detail.setPlainText(detail)
        self.fold.setChecked(False)
        self.fold.setVisible(bool(detail))
        self.detail.hide()
        theme.set_role(self, f"{role}_box")
        self.show()

    def showEvent(self, event: QShowEvent) -> None:
        """What is said must be seen and heard: scrolled into view, and told to a screen reader."""
        super().showEvent(event)
        QTimer.singleShot(0, self, self._come_into_view)
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def _come_into_view(self) -> None:
        parent = self.parentWidget()
        while parent is not None and not isinstance(parent, QScrollArea):
            parent = parent.parentWidget()
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(self)

    def _pressed(self) -> None:
        act = self._act
        self.clear()
        if act is not None:
            act()


def _link(text: str, name: str) -> QPushButton:
    it = button(text, name, "link")
    it.setCheckable(True)
    return it
