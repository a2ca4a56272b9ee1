"""Pictures of every page, light and dark, without a display."""

from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from spoke_admin import connection
from spoke_admin.domain.error import AdminError
from spoke_admin.guides.set_up import GUIDE
from spoke_admin.ui import theme
from spoke_admin.ui.application import application
from spoke_admin.ui.pictures import SIZE, draw_pages
from spoke_admin.ui.theme import DARK, LIGHT


def test_every_page_and_every_step_is_drawn_light_and_dark(qtbot: QtBot, tmp_path: Path) -> None:
    app = application()
    stand_ins = connection.start_stand_ins(tmp_path / "stand-ins")
    try:
        assert draw_pages(stand_ins, connection.sample_roster(), tmp_path / "pictures") == 0
    finally:
        stand_ins.stop()
        theme.apply(app, "light")
    steps = [f"set_up_{number}_{step.id}" for number, step in enumerate(GUIDE.steps, 1)]
    names = ["overview", "tokens", "mappings", "users", "doctor", "activity", *steps]
    drawn = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert drawn == sorted(f"{name}_{scheme}.png" for name in names for scheme in ("light", "dark"))
    for name in names:
        for scheme, colours in (("light", LIGHT), ("dark", DARK)):
            picture = QImage(str(tmp_path / "pictures" / f"{name}_{scheme}.png"))
            assert (picture.width(), picture.height()) == SIZE
            assert picture.pixelColor(4, 4).name() == colours.side
            assert picture.pixelColor(SIZE[0] - 16, 4).name() == colours.window


def test_a_folder_that_cannot_be_made_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AdminError) as refusal:
        draw_pages(None, None, tmp_path / "file" / "pictures")
    assert "cannot be saved" in refusal.value.title
