"""Opening the rehearsal: the stand-ins start beside the window, answer, and end with it."""

from pytestqt.qtbot import QtBot

from spoke_admin.ui.opening import Opened
from spoke_admin.ui.pages.overview import OverviewPage
from spoke_admin.ui.window import Window


def test_the_rehearsal_starts_by_one_button_and_ends_with_the_window(qtbot: QtBot) -> None:
    window = Window()
    window.show()
    page = window.page("overview")
    assert isinstance(page, OverviewPage)
    with qtbot.waitSignal(window.opening.opened, timeout=60_000) as opened:
        page.form.start_button.click()
        assert not page.form.start_button.isEnabled()
    assert isinstance(opened.args[0], Opened)
    connection = opened.args[0].connection
    assert connection.sandbox
    assert connection.identity_provider is not None
    assert page.form.isHidden()
    qtbot.waitUntil(lambda: window.tasks.quiet, timeout=20_000)
    running = window.opening._own_stand_ins
    assert running is not None
    window.close()
    window.deleteLater()
    assert window.opening._own_stand_ins is None
    assert running._process.poll() is not None
