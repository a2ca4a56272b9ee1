"""The head of a step's page: title, state as icon and word, the reason, and the way to what comes first."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from spoke_admin.domain.guide import Status, Step, StepState
from spoke_admin.ui import theme
from spoke_admin.ui.form import button, dim, wrapped
from spoke_admin.ui.step_list import LOOKING, WORDS, sign


class StepHead(QWidget):
    """`led_back` is pressed to go where the reason is mended."""

    led_back = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("step_head")
        self._title = wrapped("", "step_title")
        theme.set_role(self._title, "title")
        self._icon = QLabel()
        self._icon.setObjectName("step_status_icon")
        self._status = QLabel()
        self._status.setObjectName("step_status")
        self._reason = wrapped("", "step_reason")
        self.progress = dim("", "step_progress")
        self._way = button("", "blocking_button")
        self._way.clicked.connect(self.led_back)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self._icon)
        line.addWidget(self._status)
        line.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(self._title)
        column.addLayout(line)
        column.addWidget(self._reason)
        column.addWidget(self.progress)
        column.addWidget(self._way, 0, Qt.AlignmentFlag.AlignLeft)

    def show_step(self, step: Step, number: int, of: int) -> None:
        self._title.setText(step.title)
        self._title.setToolTip(f"Step {number} of {of}")

    def show_state(self, state: StepState | None, *, settled: bool) -> None:
        """The state, with an ellipsis while it is being found out; None: nothing is known yet."""
        words = WORDS[state.status] if state else LOOKING
        self._status.setText(words if settled or state is None else f"{words}…")
        self._colour(state.status if state else None)
        self._reason.setText(_reason(state) if state else "")
        blocking = state.blocked_by if state and settled else None
        self._lead(f"Go to {blocking.title}" if blocking else "")

    def show_closed(self, *, connecting: bool) -> None:
        """There is no connection, or not yet."""
        self._status.setText(LOOKING if connecting else WORDS[Status.BLOCKED])
        self._colour(None if connecting else Status.BLOCKED)
        closed = "No connection is open. Open one, or start the rehearsal on this computer."
        self._reason.setText("The connection is being opened." if connecting else closed)
        self._lead("" if connecting else "Open a connection")

    def _lead(self, words: str) -> None:
        self._way.setText(words)
        self._way.setVisible(bool(words))

    def _colour(self, status: Status | None) -> None:
        name, colour = sign(status)
        self._icon.setPixmap(theme.pixmap(name, 18, colour))
        role = {Status.DONE: "done", Status.BLOCKED: "warning", None: "dim"}.get(status, "strong")
        theme.set_role(self._status, role)


def _reason(state: StepState) -> str:
    if state.status is Status.DONE:
        return state.evidence.summary
    fault = state.evidence.error if state.blocked_by is None else None
    return fault.title if fault is not None else state.reason  # the remedy stands in the message
