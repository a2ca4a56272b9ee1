"""A field that filters a list by text."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QToolButton

from spoke_admin.ui.form import identify


class TextFilter(QLineEdit):
    """Esc clears it; Enter and the arrow down lead to the list (`entered`). Object names: NAME, clear_NAME_button."""

    entered = Signal()

    def __init__(self, name: str, words: str, hint: str) -> None:
        super().__init__()
        identify(self, name, words)
        self.setPlaceholderText(hint)
        self.setAcceptDrops(False)  # a file that is dropped here is to be opened, too
        self.setClearButtonEnabled(True)
        for clear in self.findChildren(QToolButton):
            identify(clear, f"clear_{name}_button", f"Clear: {words}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit()
        else:
            super().keyPressEvent(event)
