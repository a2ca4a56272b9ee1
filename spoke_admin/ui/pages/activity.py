"""Every change this program made, and whether the log of it is as it was written."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QHeaderView, QLabel, QTableView, QWidget

from spoke_admin.domain.error import AdminError
from spoke_admin.ui import activity_model, theme
from spoke_admin.ui.activity_model import Activity, ActivityModel
from spoke_admin.ui.findings_model import visible
from spoke_admin.ui.form import button, dim, form, wrapped
from spoke_admin.ui.page import Page
from spoke_admin.ui.tables import as_list
from spoke_admin.ui.tasks import Cancelled, Task, Tasks, TellProgress
from spoke_admin.ui.text_filter import TextFilter
from spoke_admin.ui.wrapping import WrappingLine

if TYPE_CHECKING:
    from spoke_admin.adapters.audit_chain import Entry
    from spoke_admin.adapters.audit_log import Verdict

WIDTHS = (160, 200, 204, 150)  # pixels; the change has the rest
SHORTEST_TABLE = 160  # pixels: the head and four rows
LONGEST_SHOWN = 1000  # characters of a value in the detail
SIGNS = {"done": "done", "error": "error", "dim": "asking"}  # by role of the status
WORDS = {"done": "In order", "error": "Tampered with or damaged", "dim": "Looking"}


class ActivityPage(Page):
    """The log is read, and its chain followed, whenever the page is shown and at F5."""

    name = "activity"
    title = "Activity"
    lead = (
        "Every change that was sent from this computer, and every one of its keychain. "
        "Each line is tied to the one before it: tampering shows."
    )

    def __init__(self, tasks: Tasks) -> None:
        super().__init__(tasks)
        self._activity: Activity | None = None
        self._reading: Task | None = None
        self._filtering: Task | None = None
        self._role = "dim"
        self._build_status()
        self._build_filter()
        self._build_table()
        self._build_detail()
        self.body.addStretch(0)

    # building

    def _build_status(self) -> None:
        holder = QWidget()
        holder.setObjectName("activity_status_row")
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        self.sign = QLabel()
        self.sign.setObjectName("activity_sign")
        self.status = wrapped("", "activity_status")
        line.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.status, 1)
        self.body.addWidget(holder)
        self._say("Reading the log…", "dim")

    def _build_filter(self) -> None:
        self.filter = TextFilter("activity_filter", "Filter changes by text", "Filter by text (Ctrl+F)")
        self.filter.textChanged.connect(lambda _text: self._refilter())
        self.filter.entered.connect(self._to_the_list)
        self.count = QLabel()
        self.count.setObjectName("activity_count")
        self.count.setProperty("role", "dim")
        self.verify_button = button("&Check again", "verify_button")
        self.verify_button.setToolTip("Reads the log again and follows its chain (F5).")
        self.verify_button.clicked.connect(self.verify)
        self.export_button = button("&Export…", "export_button")
        self.export_button.setToolTip("A copy whose end tells how many changes it holds.")
        self.export_button.clicked.connect(self._ask_where_to_export)
        self.body.addWidget(
            WrappingLine("activity_actions", self.filter, self.count, self.verify_button, self.export_button)
        )
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self._to_the_filter)

    def _build_table(self) -> None:
        self.model = ActivityModel()
        self.table = QTableView()
        as_list(self.table, "activity_table", "Changes, newest first")
        self.table.setModel(self.model)
        self.table.setWordWrap(False)
        self.table.setMinimumHeight(SHORTEST_TABLE)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)  # rows are not measured
        for column, width in enumerate(WIDTHS):
            self.table.setColumnWidth(column, width)
        self.table.selectionModel().currentChanged.connect(self._show_detail)
        self.body.addWidget(self.table, 1)

    def _build_detail(self) -> None:
        self.detail = QFrame()
        self.detail.setObjectName("activity_detail")
        self.detail.setProperty("role", "card")
        rows = form()
        rows.setContentsMargins(20, 14, 20, 14)
        self.detail.setLayout(rows)
        self._values: dict[str, QLabel] = {}
        for name, caption in (("time", "Time"), ("change", "Change"), ("person", "Person"), ("result", "Result")):
            self._values[name] = wrapped("", f"activity_detail_{name}")
            rows.addRow(dim(caption, f"activity_detail_{name}_label"), self._values[name])
        self.body.addWidget(self.detail)
        self.detail.hide()

    # reading

    def shown(self) -> None:
        self.verify()

    def verify(self) -> None:
        """Reads the log again and follows its chain; what is shown stays until then."""
        if self._reading is not None:
            self._reading.cancel()
        self.message.clear()
        self._say("Reading the log…", "dim")
        self._reading = self.tasks.work(activity_model.read, self._take, self._failed, self._tell, owner=self)

    def _tell(self, done: int, total: int) -> None:
        self._say(f"Reading the log: {done * 100 // max(total, 1)} %…", "dim")

    def _take(self, activity: Activity) -> None:
        self._reading = None
        self._activity = activity
        verdict = activity.verdict
        self._say(verdict.words, "error" if not verdict.verified else "done" if verdict.entries else "dim")
        self._refilter()

    def _failed(self, error: AdminError) -> None:
        self._reading = None
        self._say(error.title, "error")
        self.message.show_error(error, self.verify)

    def _say(self, words: str, role: str) -> None:
        self._role = role
        self.status.setText(words)
        theme.set_role(self.status, role)
        self._draw_sign()

    def _draw_sign(self) -> None:
        now = theme.colours()
        colour = {"done": now.done, "error": now.error}.get(self._role, now.dim)
        self.sign.setPixmap(theme.pixmap(SIGNS[self._role], 16, colour))
        self.sign.setAccessibleName(WORDS[self._role])
        self.sign.setVisible(self._role != "dim")

    def recolour(self) -> None:
        if hasattr(self, "detail"):  # the palette may change while the page is built
            self.model.recolour()
            self._draw_sign()

    # the list

    def _refilter(self) -> None:
        """Filters beside the window, then shows what came of it."""
        if self._filtering is not None:
            self._filtering.cancel()
        activity, text = self._activity, self.filter.text()
        if activity is None:
            return

        def work(_progress: TellProgress, cancelled: Cancelled) -> Sequence[int]:
            return activity.chosen(text, cancelled)

        self._filtering = self.tasks.work(
            work, partial(self._show_chosen, activity), self.message.show_error, owner=self
        )

    def _show_chosen(self, activity: Activity, places: Sequence[int]) -> None:
        """The chosen change stays chosen, if it is still listed."""
        current = self.table.currentIndex()
        place = self.model.number(current.row()) - activity.earlier if current.isValid() else -1
        self.model.show_entries(activity, places)
        self.count.setText(_counted(activity, len(places)))
        if place in places:
            self.table.selectRow(places.index(place))
        else:
            self.detail.hide()

    def _show_detail(self, current: QModelIndex, _before: QModelIndex) -> None:
        if not current.isValid():
            return
        entry = self.model.entry(current.row())
        for name, words in _details(entry).items():
            self._values[name].setText(visible(words, LONGEST_SHOWN))
        self.detail.show()

    def _to_the_list(self) -> None:
        self.table.setFocus()

    def _to_the_filter(self) -> None:
        self.filter.setFocus()
        self.filter.selectAll()

    # exporting

    def _ask_where_to_export(self) -> None:
        """Beside the page, which goes on working."""
        dialog = QFileDialog(self, "Export the activity log", f"activity-{datetime.now().astimezone():%Y-%m-%d}.log")
        dialog.setObjectName("export_dialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda chosen_path: self.export(Path(chosen_path)))
        dialog.open()

    def export(self, path: Path) -> None:
        """Copies the log, with a record at its end of what it holds."""

        def work(_progress: TellProgress, _cancelled: Cancelled) -> "Verdict":
            from spoke_admin.connection import export_activity

            return export_activity(path)

        self.tasks.work(work, partial(self._exported, path), self.message.show_error, owner=self)

    def _exported(self, path: Path, verdict: "Verdict") -> None:
        if not verdict.verified:
            self.message.show_warning(f"The log is exported as {path.name}, but it does not hold.", verdict.words)
            return
        self.message.show_note(
            f"{verdict.entries:,} changes are exported as {path.name}.",
            f"Keep its last digest elsewhere: {verdict.digest}",
        )


def _counted(activity: Activity, shown: int) -> str:
    """How many changes are listed, and of how many."""
    every = len(activity.entries)
    if every and not shown:
        return "No change fits"
    if activity.earlier:
        last = f"the last {every:,}" if shown < every else f"The last {every:,}"
        whole = f"{last} of {every + activity.earlier:,}; an export has all"
        return f"{shown:,} of {whole}" if shown < every else whole
    return f"{shown:,} of {every:,}" if shown < every else f"All {every:,}"


def _details(entry: "Entry") -> dict[str, str]:
    """Everything of a change, by field."""
    return {
        "time": f"{activity_model.when(entry.time)} ({entry.time})",
        "change": f"{entry.method} {entry.path} at {entry.host}",
        "person": entry.person or "none is named",
        "result": f"{entry.result}, after {entry.seconds:g} s",
    }
