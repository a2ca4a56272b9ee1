"""What a step shows below its title: why, where, what it asks, what hurts, what was found, the guide's words."""

import re
from collections.abc import Mapping
from html import unescape

from PySide6.QtCore import QByteArray, QRectF, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from spoke_admin.domain.guide import Filled, Guide, Status, Step, StepState
from spoke_admin.domain.systems import Connection
from spoke_admin.ui import theme
from spoke_admin.ui.facts import FactsCard
from spoke_admin.ui.fields import field_view
from spoke_admin.ui.form import button, dim, form, wrapped
from spoke_admin.ui.tasks import Tasks

DRAWING_WIDTH = 460


class StepView(QWidget):
    """The body of one step's page. `fill` and `show_state` may come in any order and again."""

    def __init__(self, guide: Guide, step: Step, tasks: Tasks, connection: Connection) -> None:
        super().__init__()
        self.setObjectName("step_body")
        self.step = step
        self._connection = connection
        self._rows: QFormLayout | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(16)
        self._column.addWidget(wrapped(step.why, "step_why"))
        if guide.steps and step is guide.steps[0]:
            self._column.addWidget(_introduction(guide))
        self._place = self._place_card()
        self._column.addWidget(self._place)
        self._fields = [field_view(field, tasks, connection, self) for field in step.fields]
        self._column.addLayout(self._form())
        if step.warning:
            self._column.addWidget(_warning(step.warning))
        self._found = QVBoxLayout()
        self._column.addLayout(self._found)
        self._facts: QWidget | None = None
        if step.quotes:
            self._column.addWidget(_quotes(step))
        self._drawing = _Drawing(step.drawing) if step.drawing else None
        if self._drawing is not None:
            self._column.addWidget(self._drawing)
        self._column.addStretch(1)

    def _form(self) -> QVBoxLayout:
        column = QVBoxLayout()
        if self._fields:
            self._rows = rows = form()
            for view in self._fields:
                view.add_to(rows)
                view.widget.setEnabled(False)
            column.addLayout(rows)
        return column

    def fill(self, filled: Mapping[str, Filled], kept: Mapping[str, str]) -> None:
        """Options and starting values; what a person had given before (`kept`) wins."""
        for view in self._fields:
            start = filled.get(view.field.name, Filled())
            given = kept.get(view.field.name)
            view.fill(start if given is None else Filled(given, start.options))
            view.edited = given is not None
            # of a step done by hand they only say what to enter over there
            view.widget.setEnabled(self.step.by_program(self._connection))

    def answers(self) -> dict[str, str]:
        return {view.field.name: view.answer() for view in self._fields}

    def given(self) -> dict[str, str]:
        """What a person changed: it survives leaving the step."""
        return {view.field.name: view.answer() for view in self._fields if view.edited}

    def show_state(self, state: StepState) -> None:
        """What the look at the live systems showed."""
        if self._facts is not None:
            self._facts.hide()
            self._facts.deleteLater()
            self._facts = None
        if state.evidence.facts or state.evidence.notes:
            self._facts = FactsCard(state.evidence.facts, state.evidence.notes)
            self._found.addWidget(self._facts)
            self._facts.show()  # a layout shows what is added to it only later
        by_hand = state.status is Status.MANUAL
        self._place_title.setText(self._place_words(by_hand))
        theme.set_role(self._place, "card" if by_hand else "")
        margin = 16 if by_hand else 0
        self._place_column.setContentsMargins(margin, margin, margin, margin)

    def set_narrow(self, *, narrow: bool) -> None:
        """Labels above their fields where there is little room."""
        policy = QFormLayout.RowWrapPolicy
        if self._rows is not None:
            self._rows.setRowWrapPolicy(policy.WrapAllRows if narrow else policy.WrapLongRows)
        for view in self._fields:
            view.set_narrow(narrow=narrow)

    def recolour(self) -> None:
        if self._drawing is not None:
            self._drawing.draw()

    def _place_card(self) -> QFrame:
        place = self.step.place(self._connection)
        card = QFrame()
        card.setObjectName("place_card")
        self._place_column = column = QVBoxLayout(card)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self._place_title = dim(self._place_words(by_hand=False), "place_title")
        column.addWidget(self._place_title)
        column.addWidget(wrapped(" > ".join(place.path), "place_path"))
        if place.link:
            link = button("Open in the browser", "open_place_button")
            link.setToolTip(place.link)
            link.clicked.connect(lambda: QDesktopServices.openUrl(QUrl(place.link)))
            column.addSpacing(6)
            column.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
        return card

    def _place_words(self, by_hand: bool) -> str:
        place = self.step.place(self._connection)
        provider = self._connection.identity_provider
        console = (
            self._connection.profile.title if place.console == "service" else provider.title if provider else "Okta"
        )
        return f"Do this by hand in {console}, then verify:" if by_hand else f"Where it is in {console}:"


def _introduction(guide: Guide) -> QWidget:
    """The end state and what is needed: only the first step shows it."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    column.addWidget(wrapped(guide.intro, "guide_intro"))
    column.addSpacing(8)
    column.addWidget(dim("What you need", "prerequisites_heading"))
    for number, needed in enumerate(guide.prerequisites, 1):
        column.addWidget(wrapped(f"•  {needed}", f"prerequisite_{number}"))
    return holder


def _warning(words: str) -> QFrame:
    frame = QFrame()
    frame.setObjectName("step_warning_frame")
    frame.setProperty("role", "warning_box")
    line = QHBoxLayout(frame)
    line.setContentsMargins(16, 12, 16, 12)
    line.addWidget(wrapped(f"⚠ {words}", "step_warning"))
    return frame


def _quotes(step: Step) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    fold = button("▸ What the guide says, word for word", "quotes_button", "link")
    fold.setCheckable(True)
    text = dim("\n".join(f"“{quote}”" for quote in step.quotes), "step_quotes")
    text.hide()
    fold.toggled.connect(text.setVisible)
    fold.toggled.connect(lambda shown: fold.setText(("▾" if shown else "▸") + " What the guide says, word for word"))
    column.addWidget(fold, 0, Qt.AlignmentFlag.AlignLeft)
    column.addWidget(text)
    return holder


class _Drawing(QLabel):
    """A drawing of the screen in the other product; its alternative text is the SVG's title."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.setObjectName("step_drawing")
        title = re.search(r"<title>(.*?)</title>", theme.drawing(name).decode(), re.DOTALL)
        self.setAccessibleName(unescape(title[1]) if title else name)
        self.setMinimumWidth(DRAWING_WIDTH // 2)
        self.draw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.draw()

    def draw(self) -> None:
        """Draws it as wide as there is room, in the colours that hold now."""
        from PySide6.QtSvg import QSvgRenderer

        renderer = QSvgRenderer(QByteArray(theme.drawing(self._name)))
        size = renderer.defaultSize()
        width = min(DRAWING_WIDTH, max(self.width(), DRAWING_WIDTH // 2))
        height = width * size.height() / size.width()
        ratio = self.devicePixelRatioF()
        picture = QPixmap(round(width * ratio), round(height * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        renderer.render(painter, QRectF(0, 0, width, height))
        painter.end()
        self.setPixmap(picture)
