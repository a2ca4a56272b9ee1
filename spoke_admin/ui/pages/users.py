"""A file of users: every fault before anything is sent."""

import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QTableView,
    QWidget,
)

from spoke_admin.domain.error import AdminError
from spoke_admin.ui.code_bars import CodeBars
from spoke_admin.ui.findings_model import Filter, FindingsModel, chosen
from spoke_admin.ui.form import button, dim, identify, wrapped
from spoke_admin.ui.page import Page
from spoke_admin.ui.tasks import Cancelled, Task, Tasks, TellProgress

if TYPE_CHECKING:
    from spoke_admin.domain.finding import Severity
    from spoke_admin.roster.checking import Result

WIDTHS = (70, 120, 250, 170, 330)


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
        self._result: Result | None = None
        self._build_head()
        self._build_progress()
        self.summary = wrapped("No file is open.", "summary_label")
        self.bars = CodeBars()
        self.bars.wanted.connect(self._choose_code)
        self.body.addWidget(self.summary)
        self.body.addWidget(self.bars)
        self._build_filters()
        self._build_table()
        self.detail = wrapped("", "finding_detail")
        self.body.addWidget(self.detail)
        self._show_result(None)

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
        identify(self.table, "findings_table", "Findings")
        self.table.setModel(self.model)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setAlternatingRowColors(True)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.setMinimumHeight(220)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.table.verticalHeader().setDefaultSectionSize(30)
        head = self.table.horizontalHeader()
        head.setStretchLastSection(True)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setSortIndicatorShown(True)
        head.setSectionsClickable(True)
        head.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        head.sortIndicatorChanged.connect(self._sort)
        for column, width in enumerate(WIDTHS):
            self.table.setColumnWidth(column, width)
        self.table.selectionModel().currentChanged.connect(self._show_detail)
        self.body.addWidget(self.table, 1)

    # opening and checking

    def open_file(self, path: Path) -> None:
        """Checks a file. One that is being checked is left."""
        if self._check is not None:
            self._check.cancel()
        self.message.clear()
        self._show_result(None)
        self.file_label.setText(path.name)
        self.summary.setText("Reading…")
        self._began = time.monotonic()
        self.progress.setRange(0, 1000)
        self.progress.setValue(0)
        self.rate.setText("")
        self.progress_row.show()
        profile = self.connection.profile.name if self.connection else "askspoke"
        self._check = self.tasks.work(
            partial(_checked, path, profile), self._checked, partial(self._refused, path), self._tell, owner=self
        )

    def cancel(self) -> None:
        """Leaves the file that is being checked."""
        if self._check is not None:
            self._check.cancel()
        self._check = None
        self.progress_row.hide()
        self.summary.setText("The check was stopped. Nothing was changed.")
        self.open_button.setFocus()

    def _tell(self, done: int, total: int) -> None:
        seconds = time.monotonic() - self._began
        self.progress.setValue(done * 1000 // max(total, 1))
        if done and seconds > 0.3:
            left = seconds * (total - done) / done
            self.rate.setText(f"{done / seconds / 1e6:.1f} MB/s, {left:.0f} s left")

    def _checked(self, result: "Result") -> None:
        self._check = None
        self.progress_row.hide()
        self._show_result(result)

    def _refused(self, path: Path, error: AdminError) -> None:
        self._check = None
        self.progress_row.hide()
        self.summary.setText("No file is open.")
        self.message.show_error(error, lambda: self.open_file(path))

    # showing

    def _show_result(self, result: "Result | None") -> None:
        self._result = result
        self._filter = Filter(self.search.text(), "", self.only_errors.isChecked())
        self.table.horizontalHeader().setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        self.save_button.setEnabled(result is not None)
        self.model.show_findings((), ())
        self.detail.setText("")
        for widget in (self.search, self.only_errors, self.table, self.bars):
            widget.setVisible(result is not None)
        self.body.setStretchFactor(self.table, 1)
        if result is None:
            self.bars.show_kinds({})
            return
        counts = result.counts
        delimiter = {",": "comma", ";": "semicolon", "\t": "tab"}.get(result.delimiter, result.delimiter)
        found = f"{counts['error']:,} errors, {counts['warning']:,} warnings"
        fine = "Nothing was found: every row can be imported." if not result.findings else found
        self.summary.setText(f"{result.rows:,} rows, {result.encoding}, delimiter {delimiter}. {fine}")
        self._show_kinds()
        self._refilter()

    def _show_kinds(self) -> None:
        if self._result is None:
            return
        severities: dict[str, Severity] = {}
        for finding in self._result.findings:
            severities.setdefault(finding.code, finding.severity)
        kinds = {code: (count, severities[code]) for code, count in self._result.by_code.items()}
        self.bars.show_kinds(kinds, self._filter.code)

    def _choose_code(self, code: str) -> None:
        self._refilter(code=code)
        self._show_kinds()

    def _sort(self, column: int, order: Qt.SortOrder) -> None:
        self._refilter(column=column, descending=order is Qt.SortOrder.DescendingOrder)

    def _refilter(self, **changes: object) -> None:
        """Filters and sorts beside the window, then shows what came of it."""
        self._filter = replace(self._filter, **changes)  # type: ignore[arg-type]  # the names are a Filter's
        if self._filtering is not None:
            self._filtering.cancel()
        if self._result is None:
            return
        findings, wish = self._result.findings, self._filter

        def work(_progress: TellProgress, cancelled: Cancelled) -> list[int]:
            return chosen(findings, wish, cancelled)

        def show(places: list[int]) -> None:
            self.model.show_findings(findings, places)
            self.detail.setText("" if places else "No finding fits the filter." if findings else "")

        self._filtering = self.tasks.work(work, show, self.message.show_error, owner=self)

    def _show_detail(self, current: QModelIndex, _before: QModelIndex) -> None:
        if not current.isValid():
            self.detail.setText("")
            return
        from spoke_admin.roster.words import WORDS

        finding = self.model.finding(current.row())
        where = f"Line {finding.line:,}" + (f", {finding.column}" if finding.column else "")
        quote = f"\nOkta's guide: “{WORDS[finding.code].quote}”" if WORDS[finding.code].quote else ""
        self.detail.setText(f"{where}: {finding.message}\n{finding.fix}{quote}")

    def recolour(self) -> None:
        if hasattr(self, "model"):
            self.model.recolour()
            self.bars.recolour()

    # dialogs

    def _ask_for_file(self) -> None:
        chosen_path, _ = QFileDialog.getOpenFileName(
            self, "Open a file of users", "", "CSV (*.csv *.txt);;All files (*)"
        )
        if chosen_path:
            self.open_file(Path(chosen_path))

    def _ask_where_to_save(self) -> None:
        chosen_path, _ = QFileDialog.getSaveFileName(
            self, "Save the report", "findings.csv", "CSV (*.csv);;JSON (*.json)"
        )
        if chosen_path:
            self.save_report(Path(chosen_path))

    def save_report(self, path: Path) -> None:
        """Saves all findings, as CSV or, by the suffix, as JSON."""
        result = self._result
        if result is None:
            return

        def work(_progress: TellProgress, _cancelled: Cancelled) -> None:
            from spoke_admin.connection import save_report

            save_report(result, path)

        said = partial(self.message.show_note, f"The report is saved as {path.name}.", str(path))
        self.tasks.work(work, lambda _: said(), self.message.show_error, owner=self)


def _checked(path: Path, profile: str, progress: TellProgress, cancelled: Cancelled) -> "Result":
    from spoke_admin import connection
    from spoke_admin.roster.checking import check_file

    return check_file(path, connection.profile(profile), progress, cancelled)
