"""What tests of the window share."""

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from spoke_admin.ui.tasks import Tasks


@pytest.fixture
def tasks(qtbot: QtBot) -> Iterator[Tasks]:
    """Background work that ends with the test."""
    made = Tasks()
    yield made
    made.close()
