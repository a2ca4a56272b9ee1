"""A line of controls that goes on in the next one where the window is too narrow for it."""

from collections.abc import Iterator

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

SPACING = 12  # pixels


class WrappingLine(QWidget):
    """Controls side by side, as many as fit. One that may grow sideways takes what is left of its line.

    A widget that places its children, and no layout: layout items that Python holds outlive what they stand for.
    """

    def __init__(self, name: str, *widgets: QWidget) -> None:
        super().__init__()
        self.setObjectName(name)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)  # Fixed would cut lines off
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._widgets = widgets
        for widget in widgets:
            widget.setParent(self)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max((rect.bottom() + 1 for _, rect in self._places(width)), default=0)

    def sizeHint(self) -> QSize:
        """All in one line."""
        sizes = [widget.sizeHint() for widget in self._shown()]
        width = sum(size.width() for size in sizes) + SPACING * max(len(sizes) - 1, 0)
        return QSize(width, max((size.height() for size in sizes), default=0))

    def minimumSizeHint(self) -> QSize:
        """The widest alone in its line."""
        sizes = [widget.minimumSizeHint() for widget in self._shown()]
        return QSize(max((it.width() for it in sizes), default=0), max((it.height() for it in sizes), default=0))

    def event(self, event: QEvent) -> bool:
        """A control came, went or has other words."""
        if event.type() is QEvent.Type.LayoutRequest:
            self.updateGeometry()
            self._place()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        for widget, rect in self._places(self.width()):
            widget.setGeometry(rect)

    def _shown(self) -> list[QWidget]:
        return [widget for widget in self._widgets if not widget.isHidden()]

    def _places(self, width: int) -> Iterator[tuple[QWidget, QRect]]:
        """Line after line, where each control is."""
        top = 0
        for line in self._lines(width):
            height = max(widget.sizeHint().height() for widget in line)
            wide = [min(widget.sizeHint().width(), width) for widget in line]
            left = width - sum(wide) - SPACING * (len(line) - 1)
            growing = next((at for at, it in enumerate(line) if _may_grow(it)), -1)
            if growing >= 0:
                wide[growing] += max(0, left)
            x = 0
            for widget, its_width in zip(line, wide, strict=True):
                its_height = widget.sizeHint().height()
                place = QPoint(x, top + (height - its_height) // 2)
                yield widget, QRect(place, QSize(its_width, its_height))
                x += its_width + SPACING
            top += height + SPACING

    def _lines(self, width: int) -> list[list[QWidget]]:
        lines: list[list[QWidget]] = []
        used = 0
        for widget in self._shown():
            wide = widget.sizeHint().width()
            if lines and used + SPACING + wide <= width:
                used += SPACING + wide
                lines[-1].append(widget)
            else:
                used = wide
                lines.append([widget])
        return lines


def _may_grow(widget: QWidget) -> bool:
    return bool(widget.sizePolicy().expandingDirections() & Qt.Orientation.Horizontal)
