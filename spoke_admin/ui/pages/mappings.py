"""What each attribute of a person becomes at the service: the default mapping, and one person's forecast."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QHeaderView, QTableWidget, QTableWidgetItem

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.forecast import FieldForecast, Verdict, forecast
from spoke_admin.domain.person import Person
from spoke_admin.domain.profile import Attribute, ServiceProfile
from spoke_admin.domain.systems import Connection
from spoke_admin.ui import theme
from spoke_admin.ui.form import dim, form, identify, row, wrapped
from spoke_admin.ui.page import Page
from spoke_admin.ui.tasks import Task, Tasks

WORDS = {
    Verdict.SET: "will be set",
    Verdict.UNCHANGED: "unchanged",
    Verdict.NORMALISED: "will be normalised",
    Verdict.IGNORED: "will be ignored",
    Verdict.REJECTED: "will be rejected",
}
SIGNS = {
    Verdict.SET: "ready",
    Verdict.UNCHANGED: "done",
    Verdict.NORMALISED: "ready",
    Verdict.IGNORED: "warning",
    Verdict.REJECTED: "error",
}


@dataclass(frozen=True)
class Preview:
    """One person's forecast; `compared` says whether the live profile was looked at."""

    rows: tuple[FieldForecast, ...]
    compared: str


class MappingsPage(Page):
    """The profile's default mapping, and below it what becomes of one person."""

    name = "mappings"
    title = "Mappings"
    lead = "What Okta sends for each attribute, and what becomes of it. Nothing is sent from here."

    def __init__(self, tasks: Tasks) -> None:
        super().__init__(tasks)
        self._people: Sequence[Person] = ()
        self._rows: tuple[FieldForecast, ...] = ()
        self._task: Task | None = None
        self.mapping = _table(
            "mapping_table", "Default mapping", ("Okta attribute", "Service attribute", "SCIM path", "Rule")
        )
        self.mapping.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.body.addWidget(self.mapping)
        rows = form()
        self.person = QComboBox()
        self.person.currentIndexChanged.connect(lambda _: self._forecast())
        row(rows, "&Preview of", self.person, "person_picker")
        self.body.addLayout(rows)
        self.summary = wrapped("", "verdict_summary")
        self.compared = dim("", "preview_compared")
        self.body.addWidget(self.summary)
        self.preview = _table("preview_table", "Forecast", ("Field", "From", "Value", "Verdict", "Reason"))
        self.body.addWidget(self.preview, 1)
        self.body.addWidget(self.compared)
        self.set_connection(None)

    def set_connection(self, connection: Connection | None) -> None:
        super().set_connection(connection)
        self._take_people(())
        for widget in (self.mapping, self.person, self.preview):
            widget.setEnabled(connection is not None)
        if connection is None:
            self.mapping.setRowCount(0)
            self.summary.setText("No connection is open: open one on the page Overview.")
            return
        self._show_mapping(connection.profile)

    def shown(self) -> None:
        self.verify()

    def verify(self) -> None:
        """Asks for the people again."""
        connection = self.connection
        if connection is None:
            return
        self.message.clear()
        if connection.identity_provider is None:
            self.summary.setText("The identity provider cannot be asked for its people yet.")
            return
        self.summary.setText("Asking for the people…")
        self._task = self.tasks.run(connection.identity_provider.people, self._take_people, self._failed, owner=self)

    def _show_mapping(self, profile: ServiceProfile) -> None:
        lines = [
            (_sources(attribute), attribute.label, attribute.path, _rule(attribute, profile))
            for attribute in profile.attribute
        ]
        _fill(self.mapping, [[QTableWidgetItem(text) for text in line] for line in lines])
        self.mapping.setColumnWidth(2, 240)

    def _take_people(self, people: Sequence[Person]) -> None:
        chosen = self.person.currentData()
        self._people = people
        with QSignalBlocker(self.person):
            self.person.clear()
            for person in people:
                self.person.addItem(f"{person.name} ({person.login})", person.id)
            self.person.setCurrentIndex(max(0, self.person.findData(chosen)) if people else -1)
        self._show_preview(Preview((), ""))
        if people:
            self._forecast()
        elif self.connection is not None:
            self.summary.setText("There are no people yet.")

    def _forecast(self) -> None:
        place, connection = self.person.currentIndex(), self.connection
        if connection is None or not 0 <= place < len(self._people):
            return
        if self._task is not None:
            self._task.cancel()
        self.summary.setText("Forecasting…")
        self._task = self.tasks.run(
            partial(_preview, connection, self._people[place]), self._show_preview, self._failed, owner=self
        )

    def _failed(self, error: AdminError) -> None:
        self.summary.setText(error.title)
        self.message.show_error(error, self.verify)

    def _show_preview(self, preview: Preview) -> None:
        self._rows = preview.rows
        self.compared.setText(preview.compared)
        counts = Counter(row.verdict for row in preview.rows)
        words = [f"{counts[verdict]} {text}" for verdict, text in WORDS.items() if counts[verdict]]
        self.summary.setText(", ".join(words))
        _fill(self.preview, [_items(row) for row in preview.rows])

    def recolour(self) -> None:
        if hasattr(self, "preview"):
            _fill(self.preview, [_items(row) for row in self._rows])


async def _preview(connection: Connection, person: Person) -> Preview:
    """The forecast of a person, against what the service holds now where it can be asked."""
    title = connection.profile.title
    try:
        held = await connection.service.find_user(person.login)
        there = f"{title} holds this person already." if held else f"{title} does not know this person yet."
        compared = f"{there} Compared with the live profile."
    except AdminError as error:
        held, compared = None, f"Not compared with the live profile: {error.title}"
    return Preview(tuple(forecast(person, connection.profile, held)), compared)


def _sources(attribute: Attribute) -> str:
    return f"user.{attribute.source}" + (f", else user.{attribute.fallback}" if attribute.fallback else "")


def _rule(attribute: Attribute, profile: ServiceProfile) -> str:
    rules = ["required"] if attribute.required else []
    if attribute.rule == "email":
        rules.append("valid e-mail address")
    if attribute.rule == "phone" and profile.phone is not None:
        refused = " or ".join(f"1-{prefix}" for prefix in profile.phone.refused_prefixes)
        rules.append(f"valid US number, not {refused}; anything else is silently ignored")
    if attribute.path in profile.user.fixed:
        rules.append("a later change is ignored")
    rules.append(f"at most {attribute.max_length} characters")
    return ", ".join(rules)


def _items(row: FieldForecast) -> list[QTableWidgetItem]:
    now = theme.colours()
    colours = {Verdict.IGNORED: now.warning, Verdict.REJECTED: now.error}
    verdict = QTableWidgetItem(theme.icon(SIGNS[row.verdict], colours.get(row.verdict, now.done)), WORDS[row.verdict])
    texts = [QTableWidgetItem(text) for text in (row.label, row.source, row.value)]
    return [*texts, verdict, QTableWidgetItem(row.reason)]


def _table(name: str, words: str, heads: Sequence[str]) -> QTableWidget:
    table = QTableWidget(0, len(heads))
    identify(table, name, words)
    table.setHorizontalHeaderLabels(list(heads))
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setAlternatingRowColors(True)
    table.setTabKeyNavigation(False)
    table.setMinimumHeight(210)
    table.verticalHeader().hide()
    head = table.horizontalHeader()
    head.setStretchLastSection(True)
    head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    return table


def _fill(table: QTableWidget, lines: Sequence[Sequence[QTableWidgetItem]]) -> None:
    table.setRowCount(len(lines))
    for line, items in enumerate(lines):
        for column, item in enumerate(items):
            item.setToolTip(item.text())
            table.setItem(line, column, item)
    table.resizeColumnsToContents()
