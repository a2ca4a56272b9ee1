"""How many findings of each kind: a small bar chart whose words filter the table."""

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from spoke_admin.domain.finding import Severity
from spoke_admin.ui import theme
from spoke_admin.ui.findings_model import SIGNS, WORDS, words_of
from spoke_admin.ui.form import button

Kinds = Mapping[str, tuple[int, Severity]]  # code -> how many, how bad


ROW = 24  # pixels: a chart of rows keeps its height in a layout that is short of it
SIDE_BY_SIDE = 6  # codes; more stand in two columns


class CodeBars(QWidget):
    """A bar for each code, the most frequent first. `wanted` carries the code that was chosen, "" for all."""

    wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("code_bars")
        self.setAccessibleName("Findings by kind")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(2)
        for column in (2, 6):
            self._grid.setColumnStretch(column, 1)
        self._kinds: Kinds = {}
        self._chosen = ""

    def show_kinds(self, kinds: Kinds, chosen: str = "") -> None:
        """Draws the chart anew."""
        self._kinds, self._chosen = kinds, chosen
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        most = max((count for count, _ in kinds.values()), default=1)
        lines = len(kinds) if len(kinds) <= SIDE_BY_SIDE else (len(kinds) + 1) // 2
        for place, (code, (count, severity)) in enumerate(sorted(kinds.items(), key=lambda it: (-it[1][0], it[0]))):
            self._add(divmod(place, max(lines, 1)), code, count, severity, count / most)
        self.setFixedHeight(lines * (ROW + 2))

    def recolour(self) -> None:
        self.show_kinds(self._kinds, self._chosen)

    def _add(self, place: tuple[int, int], code: str, count: int, severity: Severity, share: float) -> None:
        now = theme.colours()
        colour = now.error if severity is Severity.ERROR else now.warning
        sign = QLabel()
        sign.setObjectName(f"sign_{code}")
        sign.setPixmap(theme.pixmap(SIGNS[severity], 16, colour))
        sign.setAccessibleName(WORDS[severity])
        word = button(words_of(code), f"bar_{code}", "bar")
        word.setFixedHeight(ROW)
        word.setCheckable(True)
        word.setChecked(code == self._chosen)
        word.setAccessibleName(f"{count:,} times {words_of(code)}: list these")
        word.setToolTip("Lists only these. Press again for all.")
        word.clicked.connect(lambda: self._choose(code))
        number = QLabel(f"{count:,}")
        number.setObjectName(f"count_{code}")
        number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        half, line = place
        for column, widget in enumerate((sign, word, Bar(share, colour), number)):
            self._grid.addWidget(widget, line, half * 4 + column)

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
