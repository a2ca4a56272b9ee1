"""A question on the page itself, before a click that hurts; the safe answer has the keyboard."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

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
        self.yes.clicked.connect(self._confirmed)
        self.no.clicked.connect(self.hide)
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
        self.words.setText(words)
        self.show()
        self.no.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def _confirmed(self) -> None:
        self.hide()
        self._do()
