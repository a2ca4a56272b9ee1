"""The buttons below a step: back, verify, act, next; and why next is not open."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from spoke_admin.ui import theme
from spoke_admin.ui.form import button, dim


class WizardFoot(QWidget):
    """Two lines when it is narrow, one when there is room."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("wizard_foot")
        self.back = button("&Back", "back_button")
        self.verify = button("&Verify", "verify_button")
        self.verify.setToolTip("Look again at the live systems (F5). Changes nothing.")
        self.act = button("", "act_button", "primary")
        self.next = button("&Next", "next_button")
        self.next.setToolTip("The next step (Ctrl+Enter)")
        self._reason = dim("", "next_reason")
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(8)
        rows.addWidget(self._reason)
        self._upper, self._lower = QHBoxLayout(), QHBoxLayout()
        for line in (self._upper, self._lower):
            line.setSpacing(12)
            rows.addLayout(line)
        self._lower.addWidget(self.back)
        self._lower.addStretch(1)
        for it in (self.verify, self.act, self.next):
            self._lower.addWidget(it)

    def set_narrow(self, narrow: bool) -> None:
        """Gives the long button a line of its own, or not."""
        if narrow:
            self._upper.addWidget(self.act)
        elif self._lower.indexOf(self.act) < 0:
            self._lower.insertWidget(self._lower.indexOf(self.next), self.act)

    def lead_with(self, leading: QWidget | None) -> None:
        """Makes one of verify, act and next the button that leads on."""
        for it in (self.verify, self.act, self.next):
            theme.set_role(it, "primary" if it is leading else "")

    def show_reason(self, words: str) -> None:
        """Why next is not open, "" when it is."""
        self._reason.setText(words)
        self._reason.setVisible(bool(words))
