"""Repairs of a file of users, offered by class: how many, what each does, before and after. Nothing is written here."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.ui.findings_model import visible
from spoke_admin.ui.form import button, dim, form, identify, row, wrapped
from spoke_admin.ui.messages import Message
from spoke_admin.ui.page import scrolling
from spoke_admin.ui.progress_row import ProgressRow
from spoke_admin.ui.repairs import (
    MEANINGS,
    SENTENCES,
    Applied,
    ChangesModel,
    UnknownColumn,
    counted,
    plan,
    sentence,
    unknown_columns,
)
from spoke_admin.ui.tables import as_list
from spoke_admin.ui.tasks import Cancelled, Task, Tasks, TellProgress

if TYPE_CHECKING:
    from spoke_admin.roster.repair.cells import RepairPlan
    from spoke_admin.ui.roster_check import Checked

SIZE = QSize(800, 620)
WIDTHS = (72, 130, 220)
SHORTEST_TABLE = 160  # pixels: the head and four rows
LONGEST_NAME = 60  # characters of a column's name
UNASKED = ("line_ends",)  # not chosen at first: a file is no worse for the line ends of its system
LEAD = "The file itself is not changed: a repaired copy is saved afterwards, where you say."


class RepairDialog(QDialog):
    """Plans the repairs of a checked file and lets the admin choose. `applied` carries an Applied."""

    applied = Signal(object)

    def __init__(self, parent: QWidget, tasks: Tasks, checked: "Checked", profile: ServiceProfile) -> None:
        super().__init__(parent)
        self.setObjectName("repair_dialog")
        self.setWindowTitle(f"Repair {visible(checked.result.file.name, LONGEST_NAME)}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(SIZE.boundedTo(self.screen().availableSize() * 0.9))
        self._tasks = tasks
        self._checked = checked
        self._profile = profile
        self._plan: RepairPlan | None = None
        self._task: Task | None = None
        self._unwanted = set(UNASKED)
        self.checks: dict[str, QCheckBox] = {}
        self.combos: dict[int, QComboBox] = {}
        self._build()
        self._look_at_headers()
        self._replan()

    # building

    def _build(self) -> None:
        content = QWidget()
        content.setObjectName("repair_content")
        self._body = QVBoxLayout(content)
        self._body.setContentsMargins(0, 0, 8, 0)
        self._body.setSpacing(12)
        self._body.addWidget(dim(LEAD, "repair_lead"))
        self.message = Message(prefix="repair_")
        self.progress = ProgressRow("Progress of the look for repairs", "repair_")
        self.progress.cancelled.connect(self.reject)
        self.summary = wrapped("", "repair_summary")
        self._classes = QGridLayout()
        self._classes.setColumnStretch(0, 1)
        self._classes.setVerticalSpacing(2)
        self.headers = QWidget()
        self.headers.setObjectName("repair_headers")
        self._body.addWidget(self.message)
        self._body.addWidget(self.progress)
        self._body.addWidget(self.summary)
        self._body.addLayout(self._classes)
        self._body.addWidget(self.headers)
        self._build_preview()
        self._body.addStretch(0)
        self.apply_button = button("&Apply", "apply_repairs_button", "primary")
        self.apply_button.clicked.connect(self._apply)
        cancel = button("&Cancel", "cancel_repairs_button")
        cancel.clicked.connect(self.reject)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(cancel)
        foot.addWidget(self.apply_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 16, 16)
        self.area = scrolling(content, "repair_scroll", "Repairs")
        column.addWidget(self.area, 1)
        column.addLayout(foot)

    def _build_preview(self) -> None:
        self.preview = QWidget()
        self.preview.setObjectName("repair_preview")
        column = QVBoxLayout(self.preview)
        column.setContentsMargins(0, 0, 0, 0)
        self.preview_label = wrapped("", "repair_preview_label")
        self.model = ChangesModel()
        self.table = QTableView()
        as_list(self.table, "repair_preview_table", "Before and after")
        self.table.setModel(self.model)
        self.table.setWordWrap(False)
        self.table.setMinimumHeight(SHORTEST_TABLE)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        for place, width in enumerate(WIDTHS):
            self.table.setColumnWidth(place, width)
        column.addWidget(self.preview_label)
        column.addWidget(self.table, 1)
        self._body.addWidget(self.preview, 1)

    def _look_at_headers(self) -> None:
        """Names for unknown columns, once the likely ones were found beside the window."""
        checked = self._checked
        self.headers.hide()

        def work(_progress: TellProgress, _cancelled: Cancelled) -> tuple[list[UnknownColumn], list[str]]:
            return unknown_columns(checked)

        self._tasks.work(work, lambda found: self._offer_names(*found), self._failed, owner=self)

    def _offer_names(self, unknown: list[UnknownColumn], free: list[str]) -> None:
        if not unknown or not free:
            return
        rows: QFormLayout = form()
        rows.setContentsMargins(0, 0, 0, 0)
        for column in unknown:
            combo = QComboBox()
            combo.addItem("Leave as it is", "")
            if column.likely:
                combo.addItem(f"{column.likely} (likely)", column.likely)
            for field in free:
                if field != column.likely:
                    combo.addItem(field, field)
            combo.currentIndexChanged.connect(self._replan)
            row(rows, visible(column.name, LONGEST_NAME).replace("&", "&&"), combo, f"header_{column.place + 1}_combo")
            self.combos[column.place] = combo
        words = wrapped("Nobody knows these columns. Which field does each hold?", "repair_headers_label")
        column_layout = QVBoxLayout(self.headers)
        column_layout.setContentsMargins(0, 0, 0, 0)
        column_layout.addWidget(words)
        column_layout.addLayout(rows)
        self.headers.show()

    # planning

    def _names(self) -> dict[int, str]:
        """The new names that were chosen, by the columns' places."""
        return {place: combo.currentData() for place, combo in self.combos.items() if combo.currentData()}

    def _replan(self) -> None:
        if self._task is not None:
            self._task.cancel()
        result, profile, headers = self._checked.result, self._profile, self._names()

        def work(progress: TellProgress, cancelled: Cancelled) -> "RepairPlan":
            return plan(result, profile, headers, progress, cancelled)

        self.message.clear()
        self.apply_button.setEnabled(False)
        self.summary.setText("Looking for what can be repaired…")
        self.progress.begin()
        self._task = self._tasks.work(work, self._take, self._failed, self.progress.tell, owner=self)

    def _take(self, found: "RepairPlan") -> None:
        first = self._plan is None
        self._task, self._plan = None, found
        self.progress.hide()
        offered = [repair.value for repair, count in found.counts.items() if count]
        self.summary.setText("Choose what is to be repaired." if offered else "There is nothing to repair by class.")
        while (item := self._classes.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()
        self.checks.clear()
        for line, repair in enumerate(offered):
            self._add_class(2 * line, repair, self._count(repair))
        self.preview.setVisible(bool(offered))
        if offered:
            self._show_preview(offered[0])
            if first:
                self.checks[offered[0]].setFocus()
        self._tell()

    def _add_class(self, line: int, repair: str, count: int) -> None:
        check = QCheckBox(sentence(repair, count))
        identify(check, f"repair_{repair}_check", sentence(repair, count))
        check.setChecked(repair not in self._unwanted)
        check.toggled.connect(partial(self._toggle, repair))
        preview = button("Preview", f"preview_{repair}_button", "link")
        preview.setAccessibleName(f"Preview: {sentence(repair, count)}")
        preview.clicked.connect(partial(self._look_closer, repair))
        meaning = dim(MEANINGS[repair], f"repair_{repair}_meaning")
        meaning.setContentsMargins(29, 0, 0, 6)  # below the words, not below the box
        self._classes.addWidget(check, line, 0)
        self._classes.addWidget(preview, line, 1)
        self._classes.addWidget(meaning, line + 1, 0, 1, 2)
        self.checks[repair] = check

    def _failed(self, error: AdminError) -> None:
        self._task = None
        self.progress.hide()
        self.summary.setText("")
        self.message.show_error(error, self._replan)

    # choosing

    def _count(self, repair: str) -> int:
        if self._plan is None:
            return 0
        return next((count for it, count in self._plan.counts.items() if it.value == repair), 0)

    def _toggle(self, repair: str, on: bool) -> None:  # as Qt calls it
        (self._unwanted.discard if on else self._unwanted.add)(repair)
        self._show_preview(repair)
        self._tell()

    def _show_preview(self, repair: str) -> None:
        if self._plan is None:
            return
        changes = next(found for it, found in self._plan.examples.items() if it.value == repair)
        first = f" The first {len(changes):,}:" if len(changes) < self._count(repair) else ""
        self.preview_label.setText(f"{sentence(repair, self._count(repair))}.{first}")
        self.model.show_changes(changes)

    def _look_closer(self, repair: str) -> None:
        self._show_preview(repair)
        self.area.ensureWidgetVisible(self.preview)

    def _wanted(self) -> tuple[str, ...]:
        return tuple(repair for repair in SENTENCES if repair in self.checks and self.checks[repair].isChecked())

    def _tell(self) -> None:
        wanted = self._wanted()
        self.apply_button.setText(f"&Apply {counted(sum(map(self._count, wanted)))}")
        self.apply_button.setEnabled(bool(wanted))

    def _apply(self) -> None:
        if self._plan is None:
            return
        wanted = self._wanted()
        counts = {repair: self._count(repair) for repair in wanted}
        self.applied.emit(Applied(wanted, self._names(), counts, self._plan.as_of))
        self.accept()

    def done(self, result: int) -> None:
        """Whatever closes it ends the look for repairs, too."""
        if self._task is not None:
            self._task.cancel()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._task is not None:
            self._task.cancel()
        super().closeEvent(event)
