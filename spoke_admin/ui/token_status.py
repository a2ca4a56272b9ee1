"""How a token stands: a sign with a word for who cannot see it, and a sentence."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from spoke_admin.ui import theme
from spoke_admin.ui.form import wrapped
from spoke_admin.ui.token_states import Role

SIGNS: dict[Role, str] = {"done": "done", "warning": "warning", "error": "error", "dim": "asking"}
WORDS: dict[Role, str] = {"done": "In order", "warning": "Needs you", "error": "Does not work", "dim": "Looking"}
WORST: tuple[Role, ...] = ("error", "warning", "dim", "done")


class StatusLine(QWidget):
    """The sign token_sign and the label token_status."""

    def __init__(self) -> None:
        super().__init__()
        self._role: Role = "dim"
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        self.sign = QLabel()
        self.sign.setObjectName("token_sign")
        self.label = wrapped("", "token_status")
        line.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.label, 1)

    def say(self, words: str, role: Role) -> None:
        self._role = role
        self.label.setText(words)
        theme.set_role(self.label, role)
        self.draw_sign()

    def draw_sign(self) -> None:
        """Also when the palette has changed."""
        now = theme.colours()
        colour = {"done": now.done, "warning": now.warning, "error": now.error}.get(self._role, now.dim)
        self.sign.setPixmap(theme.pixmap(SIGNS[self._role], 16, colour))
        self.sign.setAccessibleName(WORDS[self._role])
        self.sign.setVisible(bool(self.label.text()))


def worse(one: Role, other: Role) -> Role:
    return min(one, other, key=WORST.index)
