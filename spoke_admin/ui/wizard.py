"""Draws any guide: the steps at the left, one decision a page. Every state comes from a look at the live systems."""

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.guide import Filled, Guide, Status, Step, StepState
from spoke_admin.domain.systems import Connection
from spoke_admin.ui import theme
from spoke_admin.ui.form import dim, wrapped
from spoke_admin.ui.page import GoTo, Page
from spoke_admin.ui.step_head import StepHead
from spoke_admin.ui.step_list import StepList
from spoke_admin.ui.step_view import StepView
from spoke_admin.ui.tasks import Task, Tasks
from spoke_admin.ui.wizard_foot import WizardFoot

LIST_WIDTH, NARROW_LIST_WIDTH = 250, 150
NARROW = 760


class Wizard(Page):
    """A page for one guide. With a connection it opens at the first step that is not done."""

    def __init__(self, guide: Guide, tasks: Tasks) -> None:
        super().__init__(tasks)
        self.guide = guide
        self.current = guide.steps[0]
        self._states: dict[str, StepState] = {}
        self._fresh: set[str] = set()  # looked at in the latest look
        self._given: dict[str, Mapping[str, str]] = {}
        self._filled = False
        self._opening = True
        self._acting = False
        self._focus_wanted = False
        self._look_number = 0
        self._look_task: Task | None = None
        self._fill_task: Task | None = None
        self._act_task: Task | None = None
        self._view: StepView | None = None
        self._build_list()
        self._build_head()
        self._build_foot()
        self._show_header()

    # what a person or another page asks for

    def set_connection(self, connection: Connection | None) -> None:
        """Another connection: everything is looked at anew."""
        super().set_connection(connection)
        self._stop_looking()
        if self._act_task is not None:  # what comes of it would be shown as the new connection's
            self._act_task.cancel()
        self._states.clear()
        self._fresh.clear()
        self._given.clear()
        self._drop_view()
        self.message.clear()
        self._opening, self._acting = True, False
        self._show_step(self.guide.steps[0])

    def set_connecting(self, connecting: bool) -> None:
        super().set_connecting(connecting)
        self._show_header()

    def shown(self) -> None:
        self.verify()

    def verify(self) -> None:
        """Looks again at every step. Changes nothing."""
        if not self._acting:
            self.message.clear()
            self._look()

    def show_part(self, part: str) -> None:
        """Shows the step of this id."""
        self._opening = False
        self._show_step(self.guide.step(part))

    def act(self) -> None:
        """Does the step; when it is proved, the next one shows."""
        connection, view = self.connection, self._view
        if connection is None or view is None or not self._can_act():
            return
        self.message.clear()
        self._stop_looking()
        self._acting = True
        step, answers = self.current, view.answers()
        tell = self.tasks.here(self.head.progress.setText, self)
        self._show_header()
        self._act_task = self.tasks.run(
            lambda: self.guide.act(step, connection, answers, tell), self._acted, self._act_failed, owner=self
        )

    def next(self) -> None:
        """The next step, when this one is done."""
        if self._may_go_on():
            self._go_by(1)

    def back(self) -> None:
        """The step before; nothing that was typed is lost."""
        self._go_by(-1)

    @property
    def settled(self) -> bool:
        """Whether the current step's state is known, from the latest look, and its fields are filled."""
        known = self.current.id in self._fresh and self._filled
        return known and not self._opening and not self._acting

    # building

    def _build_list(self) -> None:
        self.step_list = StepList(self.guide)
        self.step_list.setFixedWidth(LIST_WIDTH)
        self.step_list.currentRowChanged.connect(self._chosen)
        column = QVBoxLayout()
        column.setContentsMargins(20, 28, 0, 20)
        column.setSpacing(8)
        heading = wrapped(self.guide.title, "guide_title")
        theme.set_role(heading, "heading")
        column.addWidget(heading)
        column.addWidget(self.step_list, 1)
        self.columns.insertLayout(0, column)

    def _build_head(self) -> None:
        self.head = StepHead()
        self.head.led_back.connect(self._go_to_the_cause)
        self._empty = dim(self.guide.intro, "step_empty")
        for widget in (self.head, self.message, self._empty):
            self.body.addWidget(widget)
        self.body.addStretch(1)

    def _build_foot(self) -> None:
        self.buttons = WizardFoot()
        self.buttons.back.clicked.connect(self.back)
        self.buttons.verify.clicked.connect(self.verify)
        self.buttons.act.clicked.connect(self.act)
        self.buttons.next.clicked.connect(self.next)
        self.foot.addWidget(self.buttons)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        side = 16 if narrow else 36
        self.step_list.setFixedWidth(NARROW_LIST_WIDTH if narrow else LIST_WIDTH)
        self.body.setContentsMargins(side, 28, side, 16)
        self.foot.setContentsMargins(side, 8, side, 20)
        self.buttons.set_narrow(narrow)
        if self._view is not None:
            self._view.set_narrow(narrow=narrow)

    # moving between steps

    def _chosen(self, row: int) -> None:
        if 0 <= row < len(self.guide.steps) and self.guide.steps[row] is not self.current:
            self._opening = False
            self._show_step(self.guide.steps[row])

    def _go_by(self, by: int) -> None:
        at = self.guide.steps.index(self.current) + by
        if 0 <= at < len(self.guide.steps) and not self._acting:
            self._opening = False
            self._show_step(self.guide.steps[at])
            self._focus_wanted = True

    def _go_to_the_cause(self) -> None:
        if self.connection is None:
            self.go.emit(GoTo("overview"))
            return
        state = self._states.get(self.current.id)
        if state is not None and state.blocked_by is not None:
            self._opening = False
            self._show_step(state.blocked_by)

    def _show_step(self, step: Step) -> None:
        self._keep_given()
        self.current = step
        self.message.clear()
        self.head.progress.clear()
        self._drop_view()
        with QSignalBlocker(self.step_list):
            self.step_list.setCurrentRow(self.guide.steps.index(step))
        connection = self.connection
        if connection is not None:
            self._view = StepView(self.guide, step, self.tasks, connection)
            self.body.insertWidget(self.body.count() - 1, self._view)
            self._view.set_narrow(narrow=self.width() < NARROW)
            self._view.show()
            self._fill(step, connection)
            self._look()
        self._show_header()
        self.area.verticalScrollBar().setValue(0)

    def _keep_given(self) -> None:
        if self._view is not None:
            self._given[self._view.step.id] = self._view.given()

    def _drop_view(self) -> None:
        if self._fill_task is not None:
            self._fill_task.cancel()
        if self._view is not None:
            self._view.hide()
            self._view.setParent(None)
            self._view.deleteLater()
            self._view = None

    # looking and filling

    def _fill(self, step: Step, connection: Connection) -> None:
        self._filled = not step.fields
        if step.fields:
            self._fill_task = self.tasks.run(
                lambda: step.fill(connection), self._take_filled, self._fill_failed, owner=self._view
            )

    def _take_filled(self, filled: Mapping[str, Filled]) -> None:
        self._filled = True
        if self._view is not None:
            self._view.fill(filled, self._given.get(self.current.id, {}))
        self._show_header()

    def _fill_failed(self, error: AdminError) -> None:
        self._take_filled({})
        if not self.message.isVisible():
            self.message.show_error(error, self._show_again)

    def _show_again(self) -> None:
        self._show_step(self.current)

    def _look(self) -> None:
        connection = self.connection
        if connection is None:
            return
        self._stop_looking()
        self._fresh.clear()
        number = self._look_number

        def take(state: StepState) -> None:
            self._seen(number, state)

        seen = self.tasks.here(take, self)
        self._look_task = self.tasks.run(
            lambda: self.guide.look(connection, seen), self._looked, self._look_failed, owner=self
        )
        self._show_header()

    def _stop_looking(self) -> None:
        self._look_number += 1
        if self._look_task is not None:
            self._look_task.cancel()

    def _seen(self, number: int, state: StepState) -> None:
        if number != self._look_number:
            return
        self._take(state)
        if self._opening and state.status is not Status.DONE:
            self._opening = False
            if state.step is not self.current:
                self._show_step(state.step)
        self._show_header()

    def _looked(self, states: list[StepState]) -> None:
        if self._opening and states:
            self._opening = False
            self._show_step(states[-1].step)

    def _look_failed(self, error: AdminError) -> None:
        self._opening = False
        self.message.show_error(error, self.verify)
        self._show_header()

    def _take(self, state: StepState) -> None:
        self._states[state.step.id] = state
        self._fresh.add(state.step.id)
        if self._view is not None and state.step is self.current:
            self._view.show_state(state)
            error = state.evidence.error
            if error is not None and state.blocked_by is None and not self.message.isVisible():
                self.message.show_error(error, self.verify, "Check again")

    # doing

    def _acted(self, state: StepState) -> None:
        self._acting = False
        self._take(state)
        self._given.pop(state.step.id, None)
        last = state.step is self.guide.steps[-1]
        if state.status is Status.DONE and not last:
            self._go_by(1)
            return
        if state.status is Status.DONE:
            self.message.show_note("Proved.", state.evidence.summary)
        elif state.evidence.error is None:
            self.message.show_warning("It was done, but the proof does not show it yet.", state.reason)
        self._show_header()
        self._look()

    def _act_failed(self, error: AdminError) -> None:
        self._acting = False
        self.head.progress.clear()
        self.message.show_error(error, self.act)
        self.message.button.setFocus(Qt.FocusReason.OtherFocusReason)
        self._look()

    def _can_act(self) -> bool:
        state = self._states.get(self.current.id)
        if state is None or not self.settled:
            return False
        return state.status is Status.READY or (state.status is Status.DONE and self._can_redo(self.current))

    def _can_redo(self, step: Step) -> bool:
        """A step that is done can be done again where it asks for something: other features, another person."""
        return bool(step.fields) and self.connection is not None and step.by_program(self.connection)

    def _may_go_on(self) -> bool:
        state = self._states.get(self.current.id)
        if state is None or not self.settled or self.current is self.guide.steps[-1]:
            return False
        by_eye = state.status is Status.MANUAL and not state.evidence.provable
        return state.status is Status.DONE or by_eye

    # showing

    def _show_header(self) -> None:
        state = self._states.get(self.current.id) if not self._opening else None
        self.head.show_step(self.current, self.guide.steps.index(self.current) + 1, len(self.guide.steps))
        if self.connection is None:
            self.head.show_closed(connecting=self.connecting)
        else:
            self.head.show_state(state, settled=self.settled)
        self.head.progress.setVisible(self._acting)
        self._empty.setVisible(self.connection is None)
        self._show_buttons(state)
        open_ = self.connection is not None or self.connecting
        self.step_list.show_states(self._states, self.current, open_=open_)

    def _show_buttons(self, state: StepState | None) -> None:
        last = self.current is self.guide.steps[-1]
        may_go_on = self._may_go_on()
        done = state is not None and state.status is Status.DONE
        self.buttons.act.setText(self.current.action)
        self.buttons.act.setEnabled(self._can_act())
        self.buttons.back.setEnabled(self.current is not self.guide.steps[0] and not self._acting)
        self.buttons.verify.setEnabled(self.connection is not None and not self._acting)
        self.buttons.next.setEnabled(may_go_on)
        by_hand = state is not None and state.status is Status.MANUAL and not may_go_on
        leading = self.buttons.next if done or may_go_on else self.buttons.verify if by_hand else self.buttons.act
        self.buttons.lead_with(None if last and done else leading)
        self.step_list.setEnabled(not self._acting)
        gate = "" if may_go_on or not self.settled or state is None else self._gate(state, last)
        self.buttons.show_reason(gate)
        if self._focus_wanted and self.settled:
            self._focus_wanted = False
            may_follow = (self.buttons.act, self.buttons.next)
            decision = next((it for it in may_follow if it.isEnabled()), self.buttons.verify)
            decision.setFocus(Qt.FocusReason.OtherFocusReason)

    @staticmethod
    def _gate(state: StepState, last: bool) -> str:
        if last and state.status is Status.DONE:
            return "This was the last step: everything is proved."
        return f"{'The guide ends' if last else 'Next opens'} when this step is done: {state.reason}"

    def recolour(self) -> None:
        self._show_header()
        if self._view is not None:
            self._view.recolour()
