"""A file of users: every fault before anything is sent."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QFormLayout, QLabel, QVBoxLayout, QWidget

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.systems import Connection
from spoke_admin.ui.cross_check_card import CrossCheckCard
from spoke_admin.ui.findings_model import visible
from spoke_admin.ui.findings_panel import FindingsPanel
from spoke_admin.ui.form import button, row, wrapped
from spoke_admin.ui.page import Page
from spoke_admin.ui.progress_row import ProgressRow
from spoke_admin.ui.repair_card import RepairCard
from spoke_admin.ui.roster_check import DEFAULT_PROFILE, Checked, check
from spoke_admin.ui.tasks import Cancelled, Task, Tasks, TellProgress
from spoke_admin.ui.wrapping import WrappingLine

if TYPE_CHECKING:
    from spoke_admin.domain.profile import ServiceProfile

KINDS_OF_REPORTS = {"CSV (*.csv)": "csv", "Excel (*.xlsx)": "xlsx", "JSON (*.json)": "json"}  # and their suffixes
KINDS_OF_FILES = "Files of users (*.csv *.txt *.tsv *.xlsx *.xlsm);;All files (*)"


class UsersPage(Page):
    """Open or drop a file of users: what was found, by kind and one by one; repairs; a comparison with the service."""

    name = "users"
    title = "Users"
    lead = "Drop a file of users here (CSV or Excel), or open one. It is only read; nothing is sent."

    def __init__(self, tasks: Tasks) -> None:
        super().__init__(tasks)
        self._check: Task | None = None
        self._saving: Task | None = None
        self._path: Path | None = None
        self._sheet: str | None = None
        self._profile: ServiceProfile | None = None  # whose rules the file is checked by; None: the default's
        self._checked: Checked | None = None
        self.repairs = RepairCard(self, self.message)
        self.repairs.check_wanted.connect(self.open_file)
        self._build_head()
        self.progress = ProgressRow("Progress of the check")
        self.progress.cancelled.connect(self.cancel)
        self.body.addWidget(self.progress)
        self.saving = ProgressRow("Progress of the report", "report_", "findings")
        self.saving.cancelled.connect(self._cancel_saving)
        self.body.addWidget(self.saving)
        self._build_summary()
        self.body.addWidget(self.repairs)
        self.cross_check = CrossCheckCard(tasks)
        self.cross_check.closed.connect(self._show_findings_again)
        self.body.addWidget(self.cross_check, 1)
        self.findings = FindingsPanel(tasks)
        self.findings.again.connect(self.verify)
        self.findings.refused.connect(self._refused_later)
        self.body.addWidget(self.findings, 1)
        self.body.addStretch(0)  # without a table, everything stays at the top
        self._show(None)

    # building

    def _build_head(self) -> None:
        self.open_button = button("&Open a file…", "open_file_button", "primary")
        self.open_button.clicked.connect(self._ask_for_file)
        self.save_button = button("&Save the report…", "save_report_button")
        self.save_button.clicked.connect(self._ask_where_to_save)
        self.compare_button = button("Co&mpare", "cross_check_button")
        self.compare_button.clicked.connect(self._compare)
        repair, save_repaired = self.repairs.repair_button, self.repairs.save_button
        self.body.addWidget(
            WrappingLine("actions", self.open_button, self.save_button, repair, save_repaired, self.compare_button)
        )

    def _build_summary(self) -> None:
        column = QVBoxLayout()
        column.setSpacing(4)
        self.file_label = wrapped("", "file_label")
        self.file_label.setProperty("role", "strong")
        self.file_label.hide()
        self.summary = wrapped("", "summary_label")
        column.addWidget(self.file_label)
        column.addWidget(self.summary)
        self.body.addLayout(column)
        self.sheet_row = QWidget()
        self.sheet_row.setObjectName("sheet_row")
        line = QFormLayout(self.sheet_row)
        line.setContentsMargins(0, 0, 0, 0)
        self.sheet_picker = QComboBox()
        row(line, "S&heet", self.sheet_picker, "sheet_picker")
        self.sheet_picker.textActivated.connect(self._choose_sheet)
        self.body.addWidget(self.sheet_row)

    # opening and checking

    def set_connection(self, connection: Connection | None) -> None:
        """Another service may have other rules: a file that is open is then checked by those."""
        super().set_connection(connection)
        self._offer_comparison()
        is_open = self._check is not None or self._checked is not None
        before = self._profile.name if self._profile else DEFAULT_PROFILE
        if self._path is not None and is_open and connection is not None and connection.profile.name != before:
            self.open_file(self._path, self._sheet)

    def verify(self) -> None:
        """Checks the open file again: it may have been mended."""
        if self._path is not None and self._check is None:
            self.open_file(self._path, self._sheet)

    def _choose_sheet(self, name: str) -> None:
        if self._path is not None and self._checked is not None and name != self._checked.result.sheet:
            self.open_file(self._path, name)

    def open_file(self, path: Path, sheet: str | None = None) -> None:
        """Checks a file, of a workbook a `sheet`. One that is being checked is left."""
        if self._check is not None:
            self._check.cancel()
        self.message.clear()
        self._show(None)
        self._path, self._sheet, self._profile = path, sheet, self.connection.profile if self.connection else None
        self._show_lead()
        self.file_label.setText(visible(path.name, 120))
        self.file_label.show()
        self.summary.setText("Reading…")
        self.progress.begin()
        work, refused = partial(check, path, sheet, self._profile), partial(self._refused, path)
        self._check = self.tasks.work(work, self._take, refused, self.progress.tell, owner=self)

    def cancel(self) -> None:
        """Leaves the file that is being checked."""
        if self._check is None:
            return
        self._check.cancel()
        self._check = None
        self.progress.hide()
        self.summary.setText("The check was stopped. Nothing was changed.")
        self.open_button.setFocus()

    def _take(self, checked: Checked) -> None:
        self._check = None
        self.progress.hide()
        self._show(checked)
        self.roster_read.emit(checked.result.file)

    def _refused(self, path: Path, error: AdminError) -> None:
        self._check = None
        self.progress.hide()
        self.file_label.hide()
        self.summary.setText("No file is open.")
        self.message.show_error(error, lambda: self.open_file(path))

    def _refused_later(self, error: AdminError) -> None:
        """What was checked cannot be read any more."""
        self.message.show_error(error, self.verify, "Check again")

    # showing

    def _show(self, checked: Checked | None) -> None:
        self._checked = checked
        self.save_button.setEnabled(checked is not None)
        self.cross_check.leave()
        self.repairs.show_checked(checked, checked.profile if checked is not None else None)
        self.findings.show_checked(checked)
        self._offer_comparison()
        if checked is not None:
            self.summary.setText(checked.summary)
            self._offer_sheets(checked.result.sheets, checked.result.sheet or "")
        else:
            self._offer_sheets((), "")
            self.file_label.hide()
            self.summary.setText("No file is open.")

    def _offer_sheets(self, names: Sequence[str], current: str) -> None:
        """Of a workbook with more sheets than one."""
        self.sheet_row.setVisible(len(names) > 1)
        self.sheet_picker.clear()
        self.sheet_picker.addItems(names)
        self.sheet_picker.setCurrentText(current)

    def _show_lead(self) -> None:
        """What can be done here, as long as nothing is open: then the room is the file's."""
        if (lead := self.findChild(QLabel, "page_lead")) is not None:
            lead.setVisible(self._path is None)

    def recolour(self) -> None:
        if hasattr(self, "findings"):
            self.findings.recolour()

    def _offer_comparison(self) -> None:
        title = self.connection.profile.title if self.connection else ""
        self.compare_button.setText(f"Co&mpare with {title}")
        self.compare_button.setVisible(self.connection is not None)
        self.compare_button.setEnabled(self._checked is not None)

    def _compare(self) -> None:
        if self.connection is not None and self._checked is not None:
            self.findings.hide()
            result = self._checked.result
            self.cross_check.compare(result.file, self.connection, result.sheet)

    def _show_findings_again(self) -> None:
        self.findings.setVisible(self._checked is not None and bool(self._checked.kinds))
        self.compare_button.setFocus()

    # dialogs

    def _ask_for_file(self) -> None:
        dialog = QFileDialog(self, "Open a file of users", "", KINDS_OF_FILES)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda chosen_path: self.open_file(Path(chosen_path)))
        _show_dialog(dialog, "open_file_dialog")

    def _ask_where_to_save(self) -> None:
        dialog = QFileDialog(self, "Save the report", "findings.csv", ";;".join(KINDS_OF_REPORTS))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.filterSelected.connect(lambda kind: dialog.setDefaultSuffix(KINDS_OF_REPORTS.get(kind, "csv")))
        dialog.fileSelected.connect(lambda chosen_path: self.save_report(Path(chosen_path)))
        _show_dialog(dialog, "save_report_dialog")

    def save_report(self, path: Path) -> None:
        """Saves all findings: CSV or, by the suffix, JSON or a workbook."""
        if self._checked is None:
            return
        result = self._checked.result
        self._cancel_saving()

        def work(progress: TellProgress, cancelled: Cancelled) -> None:
            from spoke_admin.connection import save_report

            save_report(result, path, progress, cancelled)

        def saved(_nothing: None) -> None:
            self._cancel_saving()
            self.message.show_note(f"The report is saved as {path.name}.", str(path))

        def refused(error: AdminError) -> None:
            self._cancel_saving()
            self.message.show_error(error)

        self.saving.begin()
        self._saving = self.tasks.work(work, saved, refused, self.saving.tell, owner=self)

    def _cancel_saving(self) -> None:
        """Ends a report that is being written; harmless where there is none."""
        if self._saving is not None:
            self._saving.cancel()
        self._saving = None
        self.saving.hide()


def _show_dialog(dialog: QFileDialog, name: str) -> None:
    """Beside the page, which goes on working."""
    dialog.setObjectName(name)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
