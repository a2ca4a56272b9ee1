"""The comparison of a file with the users a service has: first how many stand how, then who."""

from functools import partial
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.systems import Connection, ServiceUsers
from spoke_admin.ui.comparison import NAMES, Comparison, LoginsModel, compare
from spoke_admin.ui.form import button, dim, identify, wrapped
from spoke_admin.ui.messages import Message
from spoke_admin.ui.tables import as_list
from spoke_admin.ui.tasks import Cancelled, Task, Tasks, TellProgress
from spoke_admin.ui.text_filter import TextFilter
from spoke_admin.ui.wrapping import WrappingLine

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WIDTHS = (320, 90)  # pixels; the standing has the rest
SHORTEST_TABLE = 160  # pixels: the head and four rows


class CrossCheckCard(QWidget):
    """Reads the service's users and the file's logins, and shows how each login stands. `closed`: it was left."""

    closed = Signal()

    def __init__(self, tasks: Tasks) -> None:
        super().__init__()
        self.setObjectName("cross_check_card")
        self._tasks = tasks
        self._task: Task | None = None
        self._filtering: Task | None = None
        self._comparison: Comparison | None = None
        self._standing = ""
        self._path = Path()
        self._sheet: str | None = None
        self._connection: Connection | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)
        self._build_head()
        self._build_progress()
        self.message = Message(prefix="cross_check_")
        self._column.addWidget(self.message)
        self.counts = QWidget()
        self.counts.setObjectName("standings")
        self._grid = QGridLayout(self.counts)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(2, 1)
        self._column.addWidget(self.counts)
        self._build_list()
        self._column.addStretch(0)
        self.hide()

    # building

    def _build_head(self) -> None:
        line = QHBoxLayout()
        self.heading = wrapped("", "cross_check_heading")
        self.heading.setProperty("role", "heading")
        self.back_button = button("&Back to the findings", "back_to_findings_button")
        self.back_button.clicked.connect(self._back)
        line.addWidget(self.heading, 1)
        line.addWidget(self.back_button)
        self._column.addLayout(line)
        self.summary = wrapped("", "cross_check_summary")
        self._column.addWidget(self.summary)

    def _build_progress(self) -> None:
        self.progress_row = QWidget()
        self.progress_row.setObjectName("cross_check_progress_row")
        line = QHBoxLayout(self.progress_row)
        line.setContentsMargins(0, 0, 0, 0)
        self.progress = QProgressBar()
        identify(self.progress, "cross_check_progress", "Progress of the comparison")
        self.cancel_button = button("&Cancel", "cancel_cross_check_button")
        self.cancel_button.clicked.connect(self.cancel)
        line.addWidget(self.progress, 1)
        line.addWidget(self.cancel_button)
        self._column.addWidget(self.progress_row)

    def _build_list(self) -> None:
        self.listing = QWidget()
        self.listing.setObjectName("cross_check_list")
        column = QVBoxLayout(self.listing)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self.search = TextFilter("cross_check_filter", "Filter logins by text", "Filter logins by text (Ctrl+F)")
        self.search.textChanged.connect(lambda _text: self._refilter())
        self.search.entered.connect(self._to_the_list)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self._to_the_filter)
        self.shown_label = QLabel()
        self.shown_label.setObjectName("cross_check_shown_label")
        self.shown_label.setProperty("role", "dim")
        self.model = LoginsModel()
        self.table = QTableView()
        as_list(self.table, "cross_check_table", "Logins and how they stand")
        self.table.setModel(self.model)
        self.table.setWordWrap(False)
        self.table.setMinimumHeight(SHORTEST_TABLE)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        for place, width in enumerate(WIDTHS):
            self.table.setColumnWidth(place, width)
        column.addWidget(WrappingLine("cross_check_filters", self.search, self.shown_label))
        column.addWidget(self.table, 1)
        self._column.addWidget(self.listing, 1)

    # comparing

    def compare(self, path: Path, connection: Connection, sheet: str | None = None) -> None:
        """Begins. What was compared before is forgotten. `sheet`: of a workbook."""
        self._stop()
        self._path, self._sheet, self._connection = path, sheet, connection
        title = connection.profile.title
        self.heading.setText(f"Compared with {title}")
        self.summary.setText(f"Reading the users of {title}…")
        self.message.clear()
        self._show(None)
        self.progress.setRange(0, 0)
        self.progress_row.show()
        self.show()
        self.cancel_button.setFocus()
        told = self._tasks.here(self._tell, owner=self)
        paused = self._tasks.here(self._tell_pause, owner=self)
        service = connection.service

        def users_read(read: int, in_all: int) -> None:
            told((read, in_all))

        self._task = self._tasks.run(
            lambda: service.users(users_read, paused), self._take_users, self._failed, owner=self
        )

    def cancel(self) -> None:
        """Ends the comparison; nothing was changed anywhere."""
        if self._task is not None:
            self._stop()
            self.progress_row.hide()
            self.summary.setText("The comparison was stopped. Nothing was changed.")
            self.back_button.setFocus()

    def leave(self) -> None:
        """Another file or another connection: what was compared holds no more."""
        self._stop()
        self._show(None)
        self.hide()

    def _back(self) -> None:
        self.leave()
        self.closed.emit()

    def _stop(self) -> None:
        for task in (self._task, self._filtering):
            if task is not None:
                task.cancel()
        self._task = None

    def _tell(self, users: tuple[int, int]) -> None:
        read, in_all = users
        if self._task is None or self._connection is None:
            return
        self.progress.setRange(0, in_all)
        self.progress.setValue(read)
        of_all = f" of {in_all:,}" if in_all else ""
        self.summary.setText(f"Reading the users of {self._connection.profile.title}: {read:,}{of_all}…")

    def _tell_pause(self, seconds: float) -> None:
        if self._task is not None and self._connection is not None:
            title = self._connection.profile.title
            self.summary.setText(f"{title} asks to wait {ceil(seconds)} s; the reading goes on then…")

    def _take_users(self, users: ServiceUsers) -> None:
        connection, path, sheet = self._connection, self._path, self._sheet
        if connection is None:
            return
        self.progress.setRange(0, 0)
        self.summary.setText(f"Looking up the logins of the file among {len(users.users):,} users…")

        def work(_progress: TellProgress, cancelled: Cancelled) -> Comparison:
            return compare(path, users, connection.profile, cancelled, sheet)

        self._task = self._tasks.work(work, self._take, self._failed, owner=self)

    def _take(self, comparison: Comparison) -> None:
        self._task = None
        self.progress_row.hide()
        self._show(comparison)

    def _failed(self, error: AdminError) -> None:
        self._task = None
        self.progress_row.hide()
        self.summary.setText("Nothing could be compared.")
        if self._connection is not None:
            self.message.show_error(error, partial(self.compare, self._path, self._connection, self._sheet))

    # showing

    def _show(self, comparison: Comparison | None) -> None:
        self._comparison, self._standing = comparison, ""
        self.model.show_logins(None, None)
        self.search.clear()
        self._draw_counts()
        self.counts.setVisible(comparison is not None)
        self.listing.setVisible(comparison is not None)
        if comparison is None or self._connection is None:
            return
        title = self._connection.profile.title
        logins = len(comparison.logins) - comparison.counts[-1]
        self.summary.setText(f"{logins:,} logins of the file, {comparison.users:,} users of {title}.")
        if not comparison.complete:
            words = "Whoever was not found may be there all the same."
            self.message.show_warning(f"{title} may have users that it did not show.", words)
        self._refilter()

    def _draw_counts(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()
        if self._comparison is None:
            return
        for line, (name, words, count) in enumerate(
            zip(NAMES, self._comparison.words, self._comparison.counts, strict=True)
        ):
            if count:
                self._add_count(line, name, count, words.title, words.meaning)

    def _add_count(self, line: int, name: str, count: int, title: str, meaning: str) -> None:
        number = QLabel(f"{count:,}")
        number.setObjectName(f"count_{name}")
        number.setProperty("role", "strong")
        number.setContentsMargins(0, 3, 0, 0)  # on one line with the words beside it
        choose = button(title, f"standing_{name}", "bar")
        choose.setCheckable(True)
        choose.setAccessibleName(f"{title}: {count:,}; list these")
        choose.setToolTip("Lists only these. Press again for all.")
        choose.clicked.connect(partial(self._choose, name))
        top = Qt.AlignmentFlag.AlignTop
        self._grid.addWidget(number, line, 0, top | Qt.AlignmentFlag.AlignRight)
        self._grid.addWidget(choose, line, 1, top)
        words = dim(meaning, f"meaning_{name}")
        words.setContentsMargins(0, 3, 0, 0)
        self._grid.addWidget(words, line, 2)

    def _choose(self, name: str) -> None:
        self._standing = "" if name == self._standing else name
        for it in self.counts.findChildren(QPushButton):
            it.setChecked(it.objectName() == f"standing_{self._standing}")
        self._refilter()

    def _to_the_list(self) -> None:
        self.table.setFocus()

    def _to_the_filter(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _refilter(self) -> None:
        comparison, name, text = self._comparison, self._standing, self.search.text()
        if self._filtering is not None:
            self._filtering.cancel()
        if comparison is None:
            return

        def work(_progress: TellProgress, cancelled: Cancelled) -> "NDArray[np.int64]":
            return comparison.chosen(name, text, cancelled)

        def show(places: "NDArray[np.int64]") -> None:
            self.model.show_logins(comparison, places)
            every = len(comparison.logins)
            listed = f"{len(places):,} of {every:,}" if len(places) < every else f"All {every:,}"
            self.shown_label.setText(listed if len(places) or not every else "Nobody fits")

        self._filtering = self._tasks.work(work, show, self._failed, owner=self)
