"""One result of the doctor in full: found, expected, how to mend it, and the calls that showed it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout

from spoke_admin.doctor.results import Outcome, Result
from spoke_admin.ui import theme
from spoke_admin.ui.doctor_model import SIGNS, WORDS
from spoke_admin.ui.findings_model import visible
from spoke_admin.ui.form import CopyButton, button, dim, form, identify, wrapped

LONGEST = 2000  # characters of one line of words
ROLES = {Outcome.FAIL: "error", Outcome.WARN: "warning", Outcome.PASSED: "done"}
LINES = (
    ("found", "Found"),
    ("expected", "Expected"),
    ("fix", "To mend it"),
    ("trips", "Who trips"),
    ("source", "Source"),
)


class DoctorCard(QFrame):
    """Hidden until `show_result`. `left`: Esc or its button, back to the list."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("doctor_card")
        self.setProperty("role", "card")
        self._outcome = Outcome.PASSED
        self.sign = QLabel()
        self.sign.setObjectName("doctor_sign")
        self.kind = wrapped("", "doctor_kind")
        self.lines = {name: wrapped("", f"doctor_{name}") for name, _ in LINES}
        self.captions = {name: dim(words, f"doctor_{name}_label") for name, words in LINES}
        self.calls = QPlainTextEdit()
        identify(self.calls, "doctor_calls", "Requests and replies")
        self.calls.setReadOnly(True)
        self.calls.setTabChangesFocus(True)
        self.calls.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.calls.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.calls.setMinimumHeight(110)
        self.copy = CopyButton("the calls", "copy_doctor_calls", self.calls.toPlainText)
        self.close_button = button("&Close", "close_doctor_card_button", "link")
        self.close_button.clicked.connect(self._close)
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.sign)
        head.addWidget(self.kind, 1)
        head.addWidget(self.copy)
        head.addWidget(self.close_button)
        column.addLayout(head)
        rows = form()
        rows.setVerticalSpacing(4)
        for name, _ in LINES:
            rows.addRow(self.captions[name], self.lines[name])
        column.addLayout(rows)
        column.addWidget(self.calls, 1)

    def show_result(self, result: Result) -> None:
        """Shows a result; the calls as they were, but for the token."""
        self._outcome = result.outcome
        self.kind.setText(f"{WORDS[result.outcome]}: {result.title} ({result.code})")
        theme.set_role(self.kind, ROLES.get(result.outcome, "strong"))
        for name, label in self.lines.items():
            text = visible(getattr(result, name), LONGEST)
            label.setText(text)
            label.setVisible(bool(text))
            self.captions[name].setVisible(bool(text))
        calls = [
            f"{it.request.text()}\n\n{it.reply.text() if it.reply else it.fault}\n\n({it.seconds:.2f} s)"
            for it in result.exchanges
        ]
        self.calls.setPlainText("\n\n――――――――\n\n".join(calls))
        self.calls.setVisible(bool(calls))
        self.copy.setVisible(bool(calls))
        self._draw_sign()
        self.show()

    def clear(self) -> None:
        """Nothing is chosen."""
        self.hide()

    def recolour(self) -> None:
        """Light or dark was chosen."""
        self._draw_sign()

    def _draw_sign(self) -> None:
        now = theme.colours()
        colour = {Outcome.FAIL: now.error, Outcome.WARN: now.warning, Outcome.PASSED: now.done}
        self.sign.setPixmap(theme.pixmap(SIGNS[self._outcome], 16, colour.get(self._outcome, now.dim)))

    def _close(self) -> None:
        self.clear()
        self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
