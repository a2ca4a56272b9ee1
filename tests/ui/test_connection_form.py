"""Opening a connection: rehearsal, one that was kept, or new addresses."""

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from spoke_admin.connection import profiles
from spoke_admin.domain.systems import Addresses
from spoke_admin.ui.connection_form import ConnectionForm
from tests.ui.names import faults_of_names

KEPT = Addresses("Acme", "https://acme.askspoke.com/scim/v2", profile="generic")


def shown(qtbot: QtBot, *kept: Addresses) -> tuple[QWidget, ConnectionForm]:
    form = ConnectionForm()
    qtbot.addWidget(form)
    form.offer(profiles(), kept)
    form.show()
    return form, form


def test_what_is_typed_is_wanted(qtbot: QtBot) -> None:
    _page, form = shown(qtbot)
    form.scim_url.setText("  https://acme.askspoke.com/scim/v2 ")
    form.identity_provider_url.setText("https://acme.okta.com")
    form.profile.setCurrentIndex(form.profile.findData("askspoke"))
    with qtbot.waitSignal(form.wanted) as wanted:
        form.open_button.click()
    assert wanted.args == [
        Addresses("acme.askspoke.com", "https://acme.askspoke.com/scim/v2", "", "https://acme.okta.com", "askspoke")
    ]


def test_a_kept_connection_is_wanted_as_it_was(qtbot: QtBot) -> None:
    _page, form = shown(qtbot, KEPT)
    assert form.open_saved_button.isVisible()
    with qtbot.waitSignal(form.wanted) as wanted:
        form.open_saved_button.click()
    assert wanted.args == [KEPT]


def test_without_kept_connections_none_is_offered(qtbot: QtBot) -> None:
    page, form = shown(qtbot)
    assert not form.open_saved_button.isVisible()
    assert faults_of_names(page) == []


def test_while_one_is_opened_nothing_else_can_be(qtbot: QtBot) -> None:
    _page, form = shown(qtbot, KEPT)
    form.set_busy(True)
    assert not any(it.isEnabled() for it in (form.start_button, form.open_button, form.open_saved_button))
    with qtbot.assertNotEmitted(form.rehearse):
        form.start_button.click()
    form.set_busy(False)
    with qtbot.waitSignal(form.rehearse):
        form.start_button.click()
