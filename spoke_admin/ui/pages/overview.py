"""Is it all right, and what expires when; and, while no connection is open, how to open one."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QGridLayout, QLabel, QVBoxLayout

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.expiry import calendar
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.systems import Addresses, Connection
from spoke_admin.guides.set_up import GUIDE
from spoke_admin.ui import theme
from spoke_admin.ui.connection_form import ConnectionForm
from spoke_admin.ui.form import button, dim, wrapped
from spoke_admin.ui.page import GoTo, Page
from spoke_admin.ui.survey import SUBJECTS, WORDS, Line, State, survey
from spoke_admin.ui.tasks import Cancelled, Task, Tasks, TellProgress

AGE_EVERY_MS = 15_000
GOES: dict[str, tuple[str, GoTo | None]] = {
    "saml": ("Show the step", GoTo("set_up", "saml")),
    "scim": ("Show the step", GoTo("set_up", "scim")),
    "token": ("Tokens", GoTo("tokens")),
    "expiry": ("Save calendar…", None),
    "mapping": ("Mappings", GoTo("mappings")),
    "users": ("Check a file", GoTo("users")),
    "groups": ("Show the step", GoTo("set_up", "to_app")),
}
SIGNS: dict[State, str] = {"good": "done", "attention": "warning", "blocked": "blocked", "unknown": "asking"}


class OverviewPage(Page):
    """Seven subjects, each with state, evidence, age of that evidence and one button."""

    name = "overview"
    title = "Overview"
    rehearse = Signal()
    wanted = Signal(object)  # Addresses

    def __init__(self, tasks: Tasks) -> None:
        super().__init__(tasks)
        self._task: Task | None = None
        self._offered = False
        self.form = ConnectionForm()
        self.form.rehearse.connect(self.rehearse)
        self.form.wanted.connect(self.wanted)
        self._rows = {subject: _Row(self, subject) for subject in SUBJECTS}
        self._card = self._summary_card()
        self.body.addWidget(self._card)
        self.body.addWidget(self.form)
        self.body.addStretch(1)
        self._build_foot()
        self._ages = QTimer(self)
        self._ages.setInterval(AGE_EVERY_MS)
        self._ages.timeout.connect(self._show_ages)
        self.set_connection(None)

    def set_connection(self, connection: Connection | None) -> None:
        """Shows the subjects of a connection, or how to open one."""
        super().set_connection(connection)
        if self._task is not None:
            self._task.cancel()
        for row in self._rows.values():
            row.show_line(None)
        self._show_form(shown=connection is None)
        self.form.set_busy(False)
        if connection is not None:
            self.message.clear()

    def shown(self) -> None:
        if self.connection is not None:
            self.verify()
        elif not self._offered:
            self._offered = True
            self.tasks.work(lambda _progress, _cancelled: _offers(), self._offer, self.message.show_error, owner=self)

    def verify(self) -> None:
        """Asks the live systems again."""
        connection = self.connection
        if connection is None:
            return
        if self._task is not None:
            self._task.cancel()
        self.message.clear()
        self._verify.setEnabled(False)

        def show(line: Line) -> None:
            if self.connection is connection:
                self._rows[line.subject].show_line(line)

        seen = self.tasks.here(show, self)
        self._task = self.tasks.run(
            lambda: survey(connection, GUIDE, seen), self._surveyed, self._survey_failed, owner=self
        )

    def opening(self) -> None:
        """A connection is being opened."""
        self.message.clear()
        self.form.set_busy(True)

    def opening_failed(self, error: AdminError) -> None:
        """It could not be opened: what was typed stays."""
        self.form.set_busy(False)
        self._show_form(shown=True)
        self.message.show_error(error)
        self.form.focus_first_error()

    def _summary_card(self) -> QFrame:
        card = QFrame()
        card.setObjectName("summary_card")
        card.setProperty("role", "card")
        column = QVBoxLayout(card)
        column.setContentsMargins(20, 8, 20, 8)
        column.setSpacing(0)
        for row in self._rows.values():
            column.addWidget(row)
        return card

    def _build_foot(self) -> None:
        self._change = button("Another connection…", "change_connection_button")
        self._change.clicked.connect(lambda: self._show_form(shown=self.form.isHidden()))
        self._verify = button("&Verify", "verify_button")
        self._verify.setToolTip("Look again at the live systems (F5). Changes nothing.")
        self._verify.clicked.connect(self.verify)
        self._continue = button("Set-up guide", "continue_button", "primary")
        self._continue.clicked.connect(lambda: self.go.emit(GoTo("set_up")))
        self.foot.addWidget(self._change)
        self.foot.addStretch(1)
        self.foot.addWidget(self._verify)
        self.foot.addWidget(self._continue)

    def _show_form(self, *, shown: bool) -> None:
        open_ = self.connection is not None
        self.form.setVisible(shown)
        self._card.setVisible(open_ and not shown)
        self._change.setText("Back to the overview" if shown else "Another connection…")
        for it in (self._change, self._verify, self._continue):
            it.setVisible(open_)
        if shown and not self._offered and self.isVisible():
            self._offered = True
            self.tasks.work(lambda _progress, _cancelled: _offers(), self._offer, self.message.show_error, owner=self)

    def _offer(self, offers: tuple[Sequence[ServiceProfile], Sequence[Addresses]]) -> None:
        self.form.offer(*offers)

    def _surveyed(self, _nothing: None) -> None:
        self._verify.setEnabled(True)

    def _survey_failed(self, error: AdminError) -> None:
        self._verify.setEnabled(True)
        self.message.show_error(error, self.verify)

    def ask_where_to_save_calendar(self) -> None:
        """A file that calendars import, with reminders 60, 30 and 7 days ahead."""
        dialog = QFileDialog(self, "Save the calendar", "spoke-admin-expiry.ics", "Calendar (*.ics)")
        dialog.setObjectName("save_calendar_dialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("ics")
        dialog.fileSelected.connect(lambda chosen_path: self.save_calendar(Path(chosen_path)))
        dialog.open()

    def save_calendar(self, path: Path) -> None:
        """Saves what the last look found."""
        line, connection = self._rows["expiry"].line, self.connection
        if line is None or connection is None:
            return
        data = calendar(line.expiries, connection.name, datetime.now(UTC))

        def work(_progress: TellProgress, _cancelled: Cancelled) -> None:
            from spoke_admin.connection import save

            save(path, data)

        def saved(_nothing: None) -> None:
            self.message.show_note(
                f"The calendar is saved as {path.name}.", "Import it into the calendar of your team."
            )

        self.tasks.work(work, saved, self.message.show_error, owner=self)

    def _show_ages(self) -> None:
        for row in self._rows.values():
            row.show_age()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ages.start()
        self._show_ages()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._ages.stop()

    def recolour(self) -> None:
        for row in self._rows.values():
            row.show_sign()


class _Row(QFrame):
    """One subject: SUBJECT_title, SUBJECT_state, SUBJECT_summary, SUBJECT_age, SUBJECT_button."""

    def __init__(self, page: OverviewPage, subject: str) -> None:
        super().__init__()
        self.setObjectName(f"{subject}_row")
        self._subject = subject
        self._line: Line | None = None
        self._icon = QLabel()
        self._icon.setObjectName(f"{subject}_icon")
        title = wrapped(SUBJECTS[subject], f"{subject}_title")
        title.setProperty("role", "strong")
        title.setFixedWidth(90)
        self._state = QLabel()
        self._state.setObjectName(f"{subject}_state")
        self._summary = wrapped("", f"{subject}_summary")
        self._age = dim("", f"{subject}_age")
        words, goes = GOES[subject]
        it = button(words, f"{subject}_button")
        it.setAccessibleName(f"{SUBJECTS[subject]}: {words}")
        it.clicked.connect(page.ask_where_to_save_calendar if goes is None else lambda: page.go.emit(goes))
        self._button = it
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 12, 0, 12)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.addWidget(self._icon, 0, 0)
        grid.addWidget(title, 0, 1)
        grid.addWidget(self._state, 0, 2)
        grid.addWidget(self._summary, 1, 1, 1, 2)
        grid.addWidget(self._age, 2, 1, 1, 2)
        grid.addWidget(it, 0, 3, 3, 1)
        grid.setColumnStretch(2, 1)
        self.show_line(None)

    def show_line(self, line: Line | None) -> None:
        """What is known; None: it is being found out."""
        self._line = line
        self._state.setText(WORDS[line.state] if line else "Looking…")
        self._summary.setText(line.summary if line else "")
        if GOES[self._subject][1] is None:  # there is something to save, or not
            self._button.setEnabled(line is not None and bool(line.expiries))
        self.show_sign()
        self.show_age()

    @property
    def line(self) -> Line | None:
        return self._line

    def show_sign(self) -> None:
        now, state = theme.colours(), self._line.state if self._line else "unknown"
        colour = {"good": now.done, "attention": now.warning, "blocked": now.warning}.get(state, now.dim)
        self._icon.setPixmap(theme.pixmap(SIGNS[state], 18, colour))
        theme.set_role(self._state, {"good": "done", "unknown": "dim"}.get(state, "warning"))

    def show_age(self) -> None:
        if self._line is None:
            self._age.clear()
            return
        self._age.setText(age((datetime.now(UTC) - self._line.looked).total_seconds()))


def age(seconds: float) -> str:
    """How old evidence is, in words."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return "looked at just now"
    hours = minutes // 60
    return f"looked at {hours} h ago" if hours else f"looked at {minutes} min ago"


def _offers() -> tuple[Sequence[ServiceProfile], Sequence[Addresses]]:
    """The profiles there are, and the connections that were kept: from files, so not on the window's thread."""
    from spoke_admin import connection

    return connection.profiles(), connection.preferences().connections
