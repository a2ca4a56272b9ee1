"""How many findings of each kind: a small bar chart whose words filter the table."""

from collections.abc import Mapping
from math import ceil

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QSizePolicy, QWidget

from spoke_admin.domain.finding import Severity
from spoke_admin.ui import theme
from spoke_admin.ui.findings_model import SIGNS, WORDS, words_of
from spoke_admin.ui.form import button

Kinds = Mapping[str, tuple[int, Severity]]  # code -> how many, how bad

ROW = 24  # pixels: a chart of rows keeps its height in a layout that is short of it
WIDEST = 270  # pixels that one bar and its words need; where there is more, several stand side by side
MOST_ACROSS = 4
LINES = 4  # bars stand side by side only beyond that many
WORST_FIRST = tuple(Severity)
PARTS = 5  # sign, words, bar, number and the gap behind them


class CodeBars(QWidget):
    """A bar for each code: errors first, then by how many. `wanted` carries the code that was chosen, "" for all."""

    wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("code_bars")
        self.setAccessibleName("Findings by kind")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(2)
        self._kinds: Kinds = {}
        self._chosen = ""
        self._across = 1

    def show_kinds(self, kinds: Kinds, chosen: str = "") -> None:
        """Draws the chart anew, or where only another code is chosen, marks that."""
        same = kinds == self._kinds
        self._kinds, self._chosen = kinds, chosen
        if same:
            for word in self.findChildren(QPushButton):
                word.setChecked(word.objectName() == f"bar_{chosen}")
        else:
            self._draw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fitting() != self._across:
            self._draw()

    def _fitting(self) -> int:
        """How many bars fit side by side."""
        return max(1, min(MOST_ACROSS, self.width() // WIDEST, ceil(len(self._kinds) / LINES)))

    def _draw(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()
        self._across = self._fitting()
        lines = max(1, ceil(len(self._kinds) / self._across))
        most = max((count for count, _ in self._kinds.values()), default=1)
        ordered = sorted(self._kinds.items(), key=lambda it: (WORST_FIRST.index(it[1][1]), -it[1][0], it[0]))
        for place, (code, (count, severity)) in enumerate(ordered):
            self._add(divmod(place, lines), code, count, severity, count / most)
        for across in range(MOST_ACROSS):
            self._grid.setColumnStretch(across * PARTS + 2, 1 if across < self._across else 0)
            self._grid.setColumnMinimumWidth(across * PARTS + 4, 16 if across < self._across - 1 else 0)
        self.setFixedHeight(lines * (ROW + 2) if self._kinds else 0)

    def recolour(self) -> None:
        self._draw()

    def _add(self, place: tuple[int, int], code: str, count: int, severity: Severity, share: float) -> None:
        now = theme.colours()
        colour = {Severity.ERROR: now.error, Severity.WARNING: now.warning}.get(severity, now.dim)
        sign = QLabel()
        sign.setObjectName(f"sign_{code}")
        sign.setPixmap(theme.pixmap(SIGNS[severity], 16, colour))
        sign.setAccessibleName(WORDS[severity])
        word = button(words_of(code), f"bar_{code}", "bar")
        word.setFixedHeight(ROW)
        word.setCheckable(True)
        word.setChecked(code == self._chosen)
        times = "once" if count == 1 else f"{count:,} times"
        word.setAccessibleName(f"{WORDS[severity]}: {words_of(code)}, {times}; list these")
        word.setToolTip("Lists only these. Press again for all.")
        word.clicked.connect(lambda: self._choose(code))
        number = QLabel(f"{count:,}")
        number.setObjectName(f"count_{code}")
        number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        across, line = place
        for column, widget in enumerate((sign, word, Bar(share, colour), number)):
            self._grid.addWidget(widget, line, across * PARTS + column)

    def _choose(self, code: str) -> None:
        self.wanted.emit("" if code == self._chosen else code)


class Bar(QWidget):
    """One bar, as long as its share (0 to 1) of the width."""

    def __init__(self, share: float, colour: str) -> None:
        super().__init__()
        self._share = share
        self._colour = QColor(colour)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(200, 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour)
        painter.drawRoundedRect(QRectF(0, 2, max(4.0, self.width() * self._share), self.height() - 4), 3, 3)
        painter.end()
