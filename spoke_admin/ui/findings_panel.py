"""The list of findings on the page Users: filters, the table, and the row of the chosen one."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.finding import Finding
from spoke_admin.ui.code_bars import CodeBars
from spoke_admin.ui.findings_model import FindingsModel, in_words, read_words
from spoke_admin.ui.form import button, dim, identify
from spoke_admin.ui.row_card import RowCard
from spoke_admin.ui.tables import as_list
from spoke_admin.ui.tasks import Cancelled, Task, Tasks, TellProgress
from spoke_admin.ui.text_filter import TextFilter
from spoke_admin.ui.wrapping import WrappingLine

if TYPE_CHECKING:
    from spoke_admin.roster.choosing import Chooser, Chosen, Wish
    from spoke_admin.ui.roster_check import Checked

WIDTHS = (72, 112, 262, 150, 240)
SHORTEST_TABLE = 160  # pixels: the head and four rows
FIRST_ROWS = 64  # whose words are looked up before they are shown: what a screen holds


class FindingsPanel(QWidget):
    """`show_checked` fills it. `again`: the file is to be checked again; `refused`: an AdminError to be shown."""

    again = Signal()
    refused = Signal(object)

    def __init__(self, tasks: Tasks) -> None:
        super().__init__()
        self.setObjectName("findings_panel")
        self._tasks = tasks
        self._checked: Checked | None = None
        self._chooser: Chooser | None = None
        self._wish: Wish | None = None
        self._chosen: Chosen | None = None
        self._current = -1  # the place of the finding whose row is shown
        self._filtering: Task | None = None
        self._preparing: Task | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)
        self.bars = CodeBars()
        self.bars.wanted.connect(self._choose_code)
        self._column.addWidget(self.bars)
        self._build_filters()
        self._build_table()
        self.card = RowCard(tasks)
        self.card.again.connect(self.again)
        self.card.left.connect(self._back_to_the_list)
        self._column.addWidget(self.card, 2)
        self.hide()

    # building

    def _build_filters(self) -> None:
        self.search = TextFilter("finding_filter", "Filter findings by text", "Filter by text (Ctrl+F)")
        self.search.textChanged.connect(lambda text: self._refilter(text=text))
        self.search.entered.connect(self._back_to_the_list)
        self.only_errors = QCheckBox("Only &problems that stop a row")
        identify(self.only_errors, "only_problems_check", "Only problems that stop a row")
        self.only_errors.toggled.connect(lambda on: self._refilter(only_errors=on))
        self.shown_label = QLabel()
        self.shown_label.setObjectName("shown_label")
        self.shown_label.setProperty("role", "dim")
        self._column.addWidget(WrappingLine("filters", self.search, self.shown_label, self.only_errors))
        self.unread_row = QWidget()
        self.unread_row.setObjectName("unread_row")
        told = QHBoxLayout(self.unread_row)
        told.setContentsMargins(0, 0, 0, 0)
        self.unread_label = dim("", "unread_label")
        self.search_on = button("&Search them, too", "search_on_button")
        self.search_on.clicked.connect(self._search_on)
        told.addWidget(self.unread_label, 1)
        told.addWidget(self.search_on)
        self._column.addWidget(self.unread_row)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self._to_the_filter)

    def _build_table(self) -> None:
        self.model = FindingsModel()
        self.model.wanted.connect(self._read_words)
        self.table = _FindingsTable()
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
        self.table.selectionModel().selectionChanged.connect(self._show_selected)
        self.table.clicked.connect(self._clicked)
        self.table.entered_row.connect(self._enter_row)
        self._column.addWidget(self.table, 3)

    # showing

    def show_checked(self, checked: "Checked | None") -> None:
        """The findings of another check; None for none. Text and severity that are filtered by stay."""
        self._stop()
        if self._preparing is not None:
            self._preparing.cancel()
        self._checked, self._chosen, self._current = checked, None, -1
        self._chooser = self._wish = None
        self.table.horizontalHeader().setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        self.model.show_findings(None, None)
        self.card.show_result(checked.result if checked else None)
        self._tell(None)
        self.setVisible(checked is not None and bool(checked.kinds))
        self.bars.show_kinds(checked.kinds if checked else {})
        if checked is None or not checked.kinds:
            return
        from spoke_admin.roster.choosing import Wish

        self._chooser = chooser = checked.chooser
        self._wish = Wish(self.search.text(), "", self.only_errors.isChecked())
        self._refilter()

        def prepare(_progress: TellProgress, cancelled: Cancelled) -> None:
            chooser.prepare(cancelled)

        self._preparing = self._tasks.work(prepare, lambda _: None, self.refused.emit, owner=self)

    def recolour(self) -> None:
        """Light or dark was chosen."""
        self.model.recolour()
        self.bars.recolour()
        self.card.recolour()

    def _choose_code(self, code: str) -> None:
        if self._checked is not None:
            self._refilter(code=code)
            self.bars.show_kinds(self._checked.kinds, code)

    def _sort(self, column: int, order: Qt.SortOrder) -> None:
        self._refilter(column=column, descending=order is Qt.SortOrder.DescendingOrder)

    def _stop(self) -> None:
        if self._filtering is not None:
            self._filtering.cancel()

    def _refilter(self, **changes: object) -> None:
        """Filters and sorts beside the window, then shows what came of it."""
        self._stop()
        if self._chooser is None or self._wish is None:
            return
        self._wish = wish = replace(self._wish, **changes)  # type: ignore[arg-type]  # the names are a Wish's
        chooser = self._chooser

        def work(_progress: TellProgress, cancelled: Cancelled) -> "Chosen":
            chosen = chooser.chosen(wish, cancelled)
            for place in chosen.places[:FIRST_ROWS].tolist():  # what words need is imported here, not by the window
                if cancelled():
                    break
                if chooser.in_memory(place):
                    in_words(chooser, place)
            return chosen

        def show(chosen: "Chosen") -> None:
            self._show_chosen(chosen)
            if len(chosen.unread):
                self._read_on(limited=True)

        self._filtering = self._tasks.work(work, show, self.refused.emit, owner=self)

    def _read_on(self, *, limited: bool) -> None:
        """Searches values that only the file has: some at once, all when the admin says so."""
        chooser, wish, before = self._chooser, self._wish, self._chosen
        if chooser is None or wish is None or before is None:
            return
        from spoke_admin.roster.choosing import MOST_READ

        most = MOST_READ if limited else len(before.unread)
        self._tell(before, searching=True)

        def work(_progress: TellProgress, cancelled: Cancelled) -> "Chosen":
            return chooser.read_on(before, wish, most, cancelled)

        def show(chosen: "Chosen") -> None:
            if len(chosen.places) == len(before.places):
                self._chosen = chosen
                self._tell(chosen)
            else:
                self._show_chosen(chosen)

        def refused(error: AdminError) -> None:
            self._tell(before)
            self.refused.emit(error)

        self._filtering = self._tasks.work(work, show, refused, owner=self)

    def _search_on(self) -> None:
        self._stop()
        self._read_on(limited=False)
        self.search.setFocus()

    def _show_chosen(self, chosen: "Chosen") -> None:
        """The chosen finding stays chosen, if it is still listed."""
        current = self._current
        self._chosen = chosen
        self.model.show_findings(self._chooser, chosen.places)
        self._tell(chosen)
        row = self.model.row_of(current) if current >= 0 else -1
        if row >= 0:
            self._current = current
            self.table.selectRow(row)
            self.table.scrollTo(self.model.index(row, 0), QAbstractItemView.ScrollHint.PositionAtCenter)
        else:
            self._current = -1
            self.card.clear()

    def _tell(self, chosen: "Chosen | None", *, searching: bool = False) -> None:
        """How many are listed, and how many values were not searched because only the file has them."""
        every = len(self._checked.result.findings) if self._checked is not None else 0
        listed, unread = (len(chosen.places), len(chosen.unread)) if chosen is not None else (0, 0)
        if chosen is None:
            self.shown_label.setText("")
        elif not listed:
            self.shown_label.setText("No finding fits")
        else:
            self.shown_label.setText(f"{listed:,} of {every:,}" if listed < every else f"All {every:,}")
        where = "that are not in memory"
        if searching:
            self.unread_label.setText(f"Searching {unread:,} values {where}…")
        else:
            self.unread_label.setText(f"{unread:,} values {where} were not searched.")
        self.unread_row.setVisible(bool(unread))
        self.search_on.setVisible(not searching)

    # rows

    def _read_words(self, places: tuple[int, ...]) -> None:
        """What the table shows but only the file has."""
        chooser = self._chooser
        if chooser is None:
            return

        def work(_progress: TellProgress, _cancelled: Cancelled) -> dict[int, Finding]:
            return read_words(chooser, places)

        def take(words: dict[int, Finding]) -> None:
            if chooser is self._chooser:
                self.model.take(words)

        self._tasks.work(work, take, self.refused.emit, owner=self)

    def _show_selected(self) -> None:
        """However it was chosen: by a click, the keyboard, or an aid that reads the screen."""
        for index in self.table.selectionModel().selectedRows():
            self._show_row(index)

    def _show_row(self, current: QModelIndex) -> None:
        if not current.isValid() or self._chooser is None:
            return
        place = self.model.place(current.row())
        if place != self._current or not self.card.isVisible():
            self._current = place
            self.card.show_finding(self._chooser, place, self.model.finding(current.row()))
            QTimer.singleShot(0, self, self._keep_in_view)

    def _keep_in_view(self) -> None:
        """The row that is current, when the table became lower, and below it all of its card."""
        if self.card.isVisible():
            self.table.scrollTo(self.table.currentIndex())
            self.card.come_into_view(self.table)

    def _reopen(self) -> None:
        """The row of the current finding, also after it was closed."""
        self._show_row(self.table.currentIndex())

    def _clicked(self, _index: QModelIndex) -> None:
        self._reopen()
        QTimer.singleShot(0, self, self.card.come_into_view)

    def _enter_row(self) -> None:
        self._reopen()
        if self.card.isVisible():
            self.card.enter()

    def _back_to_the_list(self) -> None:
        self.table.setFocus()

    def _to_the_filter(self) -> None:
        self.search.setFocus()
        self.search.selectAll()


class _FindingsTable(QTableView):
    """Home and End are the first row and the last; Enter and the space bar lead into the row."""

    entered_row = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.entered_row.emit()
        else:
            super().keyPressEvent(event)

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        rows, now = self.model().rowCount(), self.currentIndex()
        column = max(now.column(), 0)
        if action is QAbstractItemView.CursorAction.MoveHome:
            return self.model().index(0, column)
        if action is QAbstractItemView.CursorAction.MoveEnd:
            return self.model().index(rows - 1, column)
        return super().moveCursor(action, modifiers)
