"""The page Tokens, shown, for tests; what it put on the clipboard and opened goes with it."""

from collections.abc import Iterator

from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from spoke_admin.ui.pages.tokens import TokensPage
from spoke_admin.ui.tasks import Tasks


def tokens_page(tasks: Tasks, qtbot: QtBot) -> Iterator[TokensPage]:
    made = TokensPage(tasks)
    qtbot.addWidget(made)
    made.resize(980, 700)
    made.show()
    yield made
    made.clipboard.clear()
    QGuiApplication.clipboard().clear()
    if made.connection is not None:
        tasks.close(made.connection.close)
