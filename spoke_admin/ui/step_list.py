"""The steps of a guide as a list: icon, title and a word for the state; the current one selected."""

from collections.abc import Mapping

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from spoke_admin.domain.guide import Guide, Status, Step, StepState
from spoke_admin.ui import theme

WORDS = {Status.DONE: "Done", Status.READY: "Ready", Status.BLOCKED: "Blocked", Status.MANUAL: "Manual"}
LOOKING = "Looking…"
BESIDE_WORDS = 48  # icon, padding and the gaps between them


def sign(status: Status | None) -> tuple[str, str]:
    """Icon and colour of a status; None: not known yet."""
    now = theme.colours()
    if status is None:
        return "asking", now.dim
    colour = {Status.DONE: now.done, Status.BLOCKED: now.warning}.get(status, now.link)
    return status.value, colour


class StepList(QListWidget):
    """The stepper. Choosing an item only shows that step; what may be done there the page decides."""

    def __init__(self, guide: Guide) -> None:
        super().__init__()
        self._guide = guide
        self.setObjectName("step_list")
        self.setAccessibleName(f"Steps: {guide.title}")
        self.setIconSize(QSize(18, 18))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrap(True)
        for step in guide.steps:
            self.addItem(QListWidgetItem(step.title))

    def show_states(self, states: Mapping[str, StepState], current: Step, open_: bool) -> None:
        """Draws every step's state, by step id; `open_`: there is a connection whose answers may still come."""
        for row, step in enumerate(self._guide.steps):
            state = states.get(step.id)
            name, colour = sign(state.status if state else None)
            word = WORDS[state.status] if state else LOOKING if open_ else WORDS[Status.BLOCKED]
            item = self.item(row)
            item.setText(f"{step.title}\n{word}")
            item.setToolTip(step.title)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{step.title}: {word}")
            item.setIcon(theme.icon(name, theme.colours().on_accent if step is current else colour))
        self._make_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Every row as high as its wrapped words: padding in a style sheet would overlap rows."""
        metrics = self.fontMetrics()
        room = QRect(0, 0, self.viewport().width() - BESIDE_WORDS, 1000)
        for row in range(self.count()):
            item = self.item(row)
            words = metrics.boundingRect(room, Qt.TextFlag.TextWordWrap, item.text())
            item.setSizeHint(QSize(0, words.height() + 14))
