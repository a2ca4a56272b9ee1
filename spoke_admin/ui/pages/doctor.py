"""Checks of the open connection's SCIM service: what identity providers would trip over, and how to mend it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLineEdit, QTableView

from spoke_admin.doctor.marked import MAIL_DOMAIN, mail_domain
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.systems import Connection
from spoke_admin.ui.doctor_card import DoctorCard
from spoke_admin.ui.doctor_model import DoctorModel
from spoke_admin.ui.form import button, identify, wrapped
from spoke_admin.ui.page import Page
from spoke_admin.ui.progress_row import ProgressRow
from spoke_admin.ui.question import Question
from spoke_admin.ui.tables import as_list
from spoke_admin.ui.tasks import Cancelled, Task, Tasks, TellProgress
from spoke_admin.ui.text_filter import TextFilter
from spoke_admin.ui.wrapping import WrappingLine

if TYPE_CHECKING:
    from spoke_admin.doctor.results import Report, Result

WIDTHS = (136, 112, 300)  # pixels; what was found has the rest
SHORTEST_TABLE = 160  # pixels: the head and four rows
KINDS_OF_REPORTS = {"A report to send on (*.md)": "md", "JSON (*.json)": "json", "JUnit XML (*.xml)": "xml"}


@dataclass(frozen=True)
class Told:
    """A result of the run under way, as it comes from the network's thread."""

    result: "Result"
    done: int
    total: int


class DoctorPage(Page):
    """Runs at the press of a button or F5; test objects are made only where a question was answered with yes."""

    name = "doctor"
    title = "Doctor"
    lead = "What Okta and Entra would trip over at this service, and how to mend it. Reads only, unless you allow more."

    def __init__(self, tasks: Tasks) -> None:
        super().__init__(tasks)
        self._run: Task | None = None
        self._report: Report | None = None
        self._build_head()
        self._build_filter()
        self._build_table()
        self.card = DoctorCard()
        self.card.left.connect(self._back_to_the_list)
        self.body.addWidget(self.card, 2)
        self.body.addStretch(0)
        self._enable()

    # building

    def _build_head(self) -> None:
        self.run_button = button("&Run the checks", "run_doctor_button", "primary")
        self.run_button.setToolTip("Asks the service (F5).")
        self.run_button.clicked.connect(self._start)
        self.write_check = QCheckBox("Make &test objects, too, and remove them again")
        identify(self.write_check, "doctor_write_check", "Make test objects, too, and remove them again")
        self.domain = QLineEdit()
        identify(self.domain, "doctor_domain", "Mail domain of test users")
        self.domain.setPlaceholderText("Mail domain: example.com")
        self.domain.setToolTip("For a service that takes addresses of its own domains only; example.com takes no mail.")
        self.domain.hide()
        self.write_check.toggled.connect(self.domain.setVisible)
        self.save_button = button("&Save the report…", "save_doctor_report_button")
        self.save_button.setToolTip("Without the token and without people's data: fit to be sent on.")
        self.save_button.clicked.connect(self._ask_where_to_save)
        self.body.addWidget(
            WrappingLine("doctor_line", self.run_button, self.write_check, self.domain, self.save_button)
        )
        self.sure = Question("doctor_write", "Make test objects", "Only read", self._write)
        self.domain.textChanged.connect(lambda _text: self.sure.hide())  # it named the one before
        self.body.addWidget(self.sure)
        self.progress = ProgressRow("Progress of the checks", "doctor_", "checks")
        self.progress.cancelled.connect(self.cancel)
        self.body.addWidget(self.progress)
        self.summary = wrapped("", "doctor_summary")
        self.body.addWidget(self.summary)

    def _build_filter(self) -> None:
        self.filter = TextFilter("doctor_filter", "Filter results by text", "Filter by text (Ctrl+F)")
        self.filter.textChanged.connect(lambda _text: self._refilter())
        self.filter.entered.connect(self._back_to_the_list)
        self.only_problems = QCheckBox("Only &problems")
        identify(self.only_problems, "doctor_problems_check", "Only what failed or was warned of")
        self.only_problems.toggled.connect(lambda _on: self._refilter())
        self.body.addWidget(WrappingLine("doctor_filter_line", self.filter, self.only_problems))
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.filter.setFocus)

    def _build_table(self) -> None:
        self.model = DoctorModel()
        self.table = QTableView()
        as_list(self.table, "doctor_table", "Results of the checks")
        self.table.setModel(self.model)
        self.table.setWordWrap(False)
        self.table.setMinimumHeight(SHORTEST_TABLE)
        for column, width in enumerate(WIDTHS):
            self.table.setColumnWidth(column, width)
        self.table.selectionModel().currentChanged.connect(self._show_result)
        self.table.clicked.connect(lambda index: self._show_result(index, QModelIndex()))
        self.body.addWidget(self.table, 3)

    # running

    def set_connection(self, connection: Connection | None) -> None:
        """What was found of one service says nothing of another."""
        super().set_connection(connection)
        if self._run is not None:
            self._run.cancel()
            self._run = None
        self._report = None
        self.progress.hide()
        self.sure.hide()
        self.model.show_results(())
        self.card.clear()
        self.summary.setText(
            f"{connection.name}: not looked at yet." if connection else "Open a connection on the page Overview."
        )
        self._enable()

    def verify(self) -> None:
        """Looks again, and only reads: F5 must not make anything."""
        if self.connection is not None and self._run is None:
            self._examine(write=False)

    def _start(self) -> None:
        if self.connection is None:
            return
        if not self.write_check.isChecked():
            self._examine(write=False)
            return
        try:
            domain = mail_domain(self.domain.text())
        except AdminError as error:
            self.message.show_error(error)
            return
        where = "the rehearsal" if self.connection.sandbox else f"{self.connection.name}, a live service"
        mail = "take no mail" if domain == MAIL_DOMAIN else f"are at {domain}, where mail to them comes back"
        self.sure.ask(
            f"About 60 users and a group are made in {where}, changed, and removed again. Their names begin with"
            f" spoke-admin-doctor- and their addresses {mail}. An import that runs now sees them."
        )

    def _write(self) -> None:
        self._examine(write=True)

    def _examine(self, *, write: bool) -> None:
        connection = self.connection
        if connection is None or self._run is not None:
            return
        self.message.clear()
        self.sure.hide()
        self._report = None
        self.model.show_results(())
        self.card.clear()
        self.summary.setText("Asking…")
        self.progress.begin()
        told = self.tasks.here(partial(self._tell, connection), self)
        self._run = self.tasks.run(
            partial(_examined, connection, told, write=write, domain=self.domain.text()),
            self._take,
            self._failed,
            owner=self,
        )
        self._enable()

    def cancel(self) -> None:
        """Ends the run; what it made is removed all the same."""
        if self._run is None:
            return
        self._run.cancel()
        self._run = None
        self.progress.hide()
        self.summary.setText("Stopped. What was made is being removed; what a sudden end leaves, the next run removes.")
        self._enable()
        self.run_button.setFocus()

    def _tell(self, connection: Connection, told: Told) -> None:
        if self._run is None or connection is not self.connection:
            return  # of a run that was left
        self.progress.tell(told.done, told.total)
        current = self._current()
        self.model.add(told.result)
        self._choose(current)

    def _take(self, report: "Report") -> None:
        self._run = None
        self._report = report
        self.progress.hide()
        current = self._current()
        self.model.show_results(report.results)
        self._choose(current)
        self.summary.setText(summary_of(report))
        if report.nothing_asked is not None:
            self.message.show_error(report.nothing_asked, self.verify)
        self._enable()

    def _failed(self, error: AdminError) -> None:
        self._run = None
        self.progress.hide()
        self.summary.setText("Nothing was found out.")
        self.message.show_error(error, self.verify)
        self._enable()

    def _enable(self) -> None:
        free = self.connection is not None and self._run is None
        self.run_button.setEnabled(free)
        self.write_check.setEnabled(free)
        self.domain.setEnabled(free)
        self.save_button.setEnabled(self._report is not None)

    # showing

    def _refilter(self) -> None:
        current = self._current()
        self.model.choose(self.filter.text(), only_problems=self.only_problems.isChecked())
        self._choose(current)

    def _current(self) -> str:
        """The code of the chosen result, "" when none is."""
        index = self.table.currentIndex()
        return self.model.result(index.row()).code if index.isValid() else ""

    def _choose(self, code: str) -> None:
        """The chosen result stays chosen, if it is still listed."""
        row = self.model.row_of(code)
        if row >= 0:
            self.table.selectRow(row)
        else:
            self.card.clear()

    def _show_result(self, current: QModelIndex, _before: QModelIndex) -> None:
        if current.isValid():
            self.card.show_result(self.model.result(current.row()))

    def _back_to_the_list(self) -> None:
        self.table.setFocus()

    def recolour(self) -> None:
        if hasattr(self, "card"):
            self.model.recolour()
            self.card.recolour()

    # saving

    def _ask_where_to_save(self) -> None:
        dialog = QFileDialog(self, "Save the report", "doctor.md", ";;".join(KINDS_OF_REPORTS))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("md")
        dialog.filterSelected.connect(lambda kind: dialog.setDefaultSuffix(KINDS_OF_REPORTS.get(kind, "md")))
        dialog.fileSelected.connect(lambda chosen: self.save_report(Path(chosen)))
        dialog.setObjectName("save_doctor_report_dialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def save_report(self, path: Path) -> None:
        """Saves the report to send on: Markdown, or by its suffix JSON or JUnit XML."""
        report = self._report
        if report is None:
            return

        def work(_progress: TellProgress, _cancelled: Cancelled) -> None:
            from spoke_admin.connection import save
            from spoke_admin.doctor.saving import junit_bytes, report_bytes

            save(path, junit_bytes(report) if path.suffix.lower() == ".xml" else report_bytes(report, path.suffix))

        def saved(_nothing: None) -> None:
            self.message.show_note(f"The report is in {path}.", "It holds neither the token nor people's data.")

        self.tasks.work(work, saved, self.message.show_error, owner=self)


async def _examined(connection: Connection, told: Callable[[Told], None], *, write: bool, domain: str) -> "Report":
    """Runs the doctor with the connection's own token. On the network's loop."""
    from spoke_admin.connection import diagnose

    address = connection.service.scim_url
    kept = await connection.tokens.read(address)

    def tell(result: "Result", done: int, total: int) -> None:
        told(Told(result, done, total))

    return await diagnose(
        address, connection.profile, kept.secret, write=write, domain=domain if write else "", tell=tell
    )


def summary_of(report: "Report") -> str:
    """How many of each, how, and how long it took."""
    counts = report.counts
    words = [
        f"{counts['fail']} failed", f"{counts['warn']} with a warning", f"{counts['pass']} passed",
        f"{counts['expected']} as the profile declares", f"{counts['skipped']} not looked at",
    ]  # fmt: skip
    software = f" The software seems to be {report.software}." if report.software else ""
    way = "with test objects" if report.write else "reading only"
    return f"{', '.join(words)}; {way}, {report.elapsed_s:.1f} s, by the profile {report.profile}.{software}"
