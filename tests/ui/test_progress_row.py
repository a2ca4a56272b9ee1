"""Progress with rate and time left."""

from types import SimpleNamespace

import pytest
from pytestqt.qtbot import QtBot

from spoke_admin.ui import progress_row
from spoke_admin.ui.progress_row import ProgressRow


def test_progress_is_told_in_its_unit(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(progress_row, "SECONDS_TO_TELL", 0.0)
    monkeypatch.setattr(progress_row, "time", SimpleNamespace(monotonic=lambda: now[0]))
    in_bytes, in_rows = ProgressRow("Progress", "a_"), ProgressRow("Progress", "b_", "rows")
    for it in (in_bytes, in_rows):
        qtbot.addWidget(it)
        it.begin()
        now[0] += 2
        it.tell(10_000_000, 40_000_000)
        assert it.bar.value() == 250
    assert in_bytes.label.text() == "5.0 MB/s, 6 s left"
    assert in_rows.label.text() == "5,000,000 rows/s, 6 s left"
    in_rows.tell(0, 0)
    with qtbot.waitSignal(in_rows.cancelled):
        in_rows.cancel_button.click()
