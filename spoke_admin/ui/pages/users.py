"""A file of users: every fault before anything is sent."""

import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.systems import Connection
from spoke_admin.ui.code_bars import CodeBars
from spoke_admin.ui.findings_model import Filter, FindingsModel, chosen, visible
from spoke_admin.ui.form import button, dim, identify, wrapped
from spoke_admin.ui.page import Page
from spoke_admin.ui.roster_check import DEFAULT_PROFILE, Checked, check, explanation
from spoke_admin.ui.tables import as_list
from spoke_admin.ui.tasks import Cancelled, Task, Tasks, TellProgress

if TYPE_CHECKING:
    from spoke_admin.domain.profile import ServiceProfile

WIDTHS = (64, 112, 262, 150, 240)
SHORTEST_TABLE = 160  # pixels: the head and four rows
SECONDS_TO_TELL = 0.3  # before that, rate and time left would be guesses


class UsersPage(Page):
    """Open or drop a CSV; summary, a bar chart by kind, the findings, and what to do about the chosen one."""

    name = "users"
    title = "Users"
    lead = "Drop a CSV of users here, or open one. It is only read; nothing is sent."

    def __init__(self, tasks: Tasks) -> None:
        super().__init__(tasks)
        self._check: Task | None = None
        self._filtering: Task | None = None
        self._began = 0.0
        self._filter = Filter()
        self._path: Path | None = None
        self._profile: ServiceProfile | None = None  # whose rules the file is checked by; None: the default's
        self._checked: Checked | None = None
        self._build_head()
        self._build_progress()
        self.summary = wrapped("No file is open.", "summary_label")
        self.bars = CodeBars()
        self.bars.wanted.connect(self._choose_code)
        self.body.addWidget(self.summary)
        self.body.addWidget(self.bars)
        self._build_filters()
        self._build_table()
        self._build_detail()
        self.body.addStretch(0)  # without a table, everything stays at the top
        self._show(None)

    # building

    def _build_head(self) -> None:
        line = QHBoxLayout()
        self.open_button = button("&Open a file…", "open_file_button", "primary")
        self.open_button.clicked.connect(self._ask_for_file)
        self.save_button = button("&Save the report…", "save_report_button")
        self.save_button.clicked.connect(self._ask_where_to_save)
        self.file_label = dim("", "file_label")
        line.addWidget(self.open_button)
        line.addWidget(self.save_button)
        line.addWidget(self.file_label, 1)
        self.body.addLayout(line)

    def _build_progress(self) -> None:
        self.progress_row = QWidget()
        self.progress_row.setObjectName("progress_row")
        line = QHBoxLayout(self.progress_row)
        line.setContentsMargins(0, 0, 0, 0)
        self.progress = QProgressBar()
        identify(self.progress, "progress_bar", "Progress of the check")
        self.rate = dim("", "progress_label")
        self.rate.setMinimumWidth(240)
        self.cancel_button = button("&Cancel", "cancel_button")
        self.cancel_button.clicked.connect(self.cancel)
        line.addWidget(self.progress, 1)
        line.addWidget(self.rate)
        line.addWidget(self.cancel_button)
        self.body.addWidget(self.progress_row)
        self.progress_row.hide()

    def _build_filters(self) -> None:
        line = QHBoxLayout()
        self.search = QLineEdit()
        identify(self.search, "finding_filter", "Filter findings by text")
        self.search.setPlaceholderText("Filter by text")
        self.search.setAcceptDrops(False)  # a file that is dropped here is to be opened, too
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda text: self._refilter(text=text))
        self.only_errors = QCheckBox("Only &problems that stop a row")
        identify(self.only_errors, "only_problems_check", "Only problems that stop a row")
        self.only_errors.toggled.connect(lambda on: self._refilter(only_errors=on))
        line.addWidget(self.search, 1)
        line.addWidget(self.only_errors)
        self.body.addLayout(line)

    def _build_table(self) -> None:
        self.model = FindingsModel()
        self.table = QTableView()
        as_list(self.table, "findings_table", "Findings")
        self.table.setModel(self.model)
        self.table.setWordWrap(False)
        self.table.setMinimumHeight(SHORTEST_TABLE)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)  # rows are not measured
        head = self.table.horizontalHeader()
        head.setSortIndicatorShown(True)
        head.setSectionsClickable(True)
        head.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        head.sortIndicatorChanged.connect(self._sort)
        for column, width in enumerate(WIDTHS):
            self.table.setColumnWidth(column, width)
        self.table.selectionModel().currentChanged.connect(self._show_detail)
        self.body.addWidget(self.table, 1)

    def _build_detail(self) -> None:
        self.detail_card = QFrame()
        self.detail_card.setObjectName("finding_card")
        self.detail_card.setProperty("role", "card")
        column = QVBoxLayout(self.detail_card)
        column.setContentsMargins(16, 12, 16, 12)
        self.detail = wrapped("", "finding_detail")
        column.addWidget(self.detail)
        self.body.addWidget(self.detail_card)

    # opening and checking

    def set_connection(self, connection: Connection | None) -> None:
        """Another service may have other rules: a file that is open is then checked by those."""
        super().set_connection(connection)
        is_open = self._check is not None or self._checked is not None
        before = self._profile.name if self._profile else DEFAULT_PROFILE
        if self._path is not None and is_open and connection is not None and connection.profile.name != before:
            self.open_file(self._path)

    def verify(self) -> None:
        """Checks the open file again: it may have been mended."""
        if self._path is not None and self._check is None:
            self.open_file(self._path)

    def open_file(self, path: Path) -> None:
        """Checks a file. One that is being checked is left."""
        if self._check is not None:
            self._check.cancel()
        self.message.clear()
        self._show(None)
        self._path, self._profile = path, self.connection.profile if self.connection else None
        self.file_label.setText(visible(path.name, 120))
        self.summary.setText("Reading…")
        self._began = time.monotonic()
        self.progress.setRange(0, 1000)
        self.progress.setValue(0)
        self.rate.setText("")
        self.progress_row.show()
        self._check = self.tasks.work(
            partial(check, path, self._profile), self._take, partial(self._refused, path), self._tell, owner=self
        )

    def cancel(self) -> None:
        """Leaves the file that is being checked."""
        if self._check is None:
            return
        self._check.cancel()
        self._check = None
        self.progress_row.hide()
        self.summary.setText("The check was stopped. Nothing was changed.")
        self.open_button.setFocus()

    def _tell(self, done: int, total: int) -> None:
        seconds = time.monotonic() - self._began
        self.progress.setValue(done * 1000 // max(total, 1))
        if done and seconds > SECONDS_TO_TELL:
            left = seconds * (total - done) / done
            self.rate.setText(f"{done / seconds / 1e6:.1f} MB/s, {left:.0f} s left")

    def _take(self, checked: Checked) -> None:
        self._check = None
        self.progress_row.hide()
        self._show(checked)
        self.roster_read.emit(checked.result.file)

    def _refused(self, path: Path, error: AdminError) -> None:
        self._check = None
        self.progress_row.hide()
        self.summary.setText("No file is open.")
        self.message.show_error(error, lambda: self.open_file(path))

    # showing

    def _show(self, checked: Checked | None) -> None:
        self._checked = checked
        self._filter = Filter(self.search.text(), "", self.only_errors.isChecked())
        self.table.horizontalHeader().setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        self.save_button.setEnabled(checked is not None)
        self.model.show_findings((), ())
        self._say_detail("")
        any_found = checked is not None and bool(checked.kinds)
        for widget in (self.search, self.only_errors, self.table, self.bars):
            widget.setVisible(any_found)
        self.bars.show_kinds(checked.kinds if checked else {})
        if checked is not None:
            self.summary.setText(checked.summary)
            self._refilter()

    def _choose_code(self, code: str) -> None:
        if self._checked is not None:
            self._refilter(code=code)
            self.bars.show_kinds(self._checked.kinds, code)

    def _sort(self, column: int, order: Qt.SortOrder) -> None:
        self._refilter(column=column, descending=order is Qt.SortOrder.DescendingOrder)

    def _refilter(self, **changes: object) -> None:
        """Filters and sorts beside the window, then shows what came of it."""
        self._filter = replace(self._filter, **changes)  # type: ignore[arg-type]  # the names are a Filter's
        if self._filtering is not None:
            self._filtering.cancel()
        if self._checked is None:
            return
        findings, wish = self._checked.result.findings, self._filter

        def work(_progress: TellProgress, cancelled: Cancelled) -> list[int]:
            return chosen(findings, wish, cancelled)

        def show(places: list[int]) -> None:
            self.model.show_findings(findings, places)
            self._say_detail("" if places or not findings else "No finding fits the filter.")

        self._filtering = self.tasks.work(work, show, self.message.show_error, owner=self)

    def _show_detail(self, current: QModelIndex, _before: QModelIndex) -> None:
        self._say_detail(explanation(self.model.finding(current.row())) if current.isValid() else "")

    def _say_detail(self, words: str) -> None:
        self.detail.setText(words)
        self.detail_card.setVisible(bool(words))

    def recolour(self) -> None:
        if hasattr(self, "model"):
            self.model.recolour()
            self.bars.recolour()

    # dialogs

    def _ask_for_file(self) -> None:
        dialog = QFileDialog(self, "Open a file of users", "", "CSV (*.csv *.txt *.tsv);;All files (*)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda chosen_path: self.open_file(Path(chosen_path)))
        _show_dialog(dialog, "open_file_dialog")

    def _ask_where_to_save(self) -> None:
        dialog = QFileDialog(self, "Save the report", "findings.csv", "CSV (*.csv);;JSON (*.json)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.filterSelected.connect(lambda words: dialog.setDefaultSuffix("json" if "json" in words else "csv"))
        dialog.fileSelected.connect(lambda chosen_path: self.save_report(Path(chosen_path)))
        _show_dialog(dialog, "save_report_dialog")

    def save_report(self, path: Path) -> None:
        """Saves all findings, as CSV or, by the suffix, as JSON."""
        if self._checked is None:
            return
        result = self._checked.result

        def work(_progress: TellProgress, _cancelled: Cancelled) -> None:
            from spoke_admin.connection import save_report

            save_report(result, path)

        said = partial(self.message.show_note, f"The report is saved as {path.name}.", str(path))
        self.tasks.work(work, lambda _: said(), self.message.show_error, owner=self)


def _show_dialog(dialog: QFileDialog, name: str) -> None:
    """Beside the page, which goes on working."""
    dialog.setObjectName(name)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
