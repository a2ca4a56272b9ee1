"""A question on the page itself, before a click that hurts; the safe answer has the keyboard."""

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from spoke_admin.ui.form import button, wrapped


class Question(QFrame):
    """Hidden until `ask`. Object names: NAME_box, NAME_words, confirm_NAME_button, cancel_NAME_button."""

    def __init__(self, name: str, yes: str, no: str, do: Callable[[], None]) -> None:
        super().__init__()
        self.setObjectName(f"{name}_box")
        self.setProperty("role", "warning_box")
        self.words = wrapped("", f"{name}_words")
        self.yes = button(yes, f"confirm_{name}_button", "danger")
        self.no = button(no, f"cancel_{name}_button")
        self._do = do
        self._asked_from: QWidget | None = None  # what had the keyboard before
        self.yes.clicked.connect(self._confirmed)
        self.no.clicked.connect(self._leave)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.addWidget(self.words)
        line = QHBoxLayout()
        line.addWidget(self.yes)
        line.addWidget(self.no)
        line.addStretch(1)
        column.addLayout(line)
        self.hide()

    def ask(self, words: str) -> None:
        """Shows the question; what follows waits for the answer."""
        if self.isHidden():
            self._asked_from = self.window().focusWidget()
        self.words.setText(words)
        self.show()
        self.no.setFocus()
        QTimer.singleShot(0, self, self._come_into_view)  # once it has its place

    def _come_into_view(self) -> None:
        """The whole of it: an answer at the lower edge of a small window would be read as the end of the page."""
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if isinstance(area, QScrollArea):
            area.ensureWidgetVisible(self, 0, 16)

    def _leave(self) -> None:
        """The keyboard goes back to where it was: else Qt hands it to what comes next, often outside the page."""
        if self._asked_from is not None and self.isAncestorOf(self.window().focusWidget()):
            self._asked_from.setFocus()
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
        else:
            super().keyPressEvent(event)

    def _confirmed(self) -> None:
        self._leave()
        self._do()
