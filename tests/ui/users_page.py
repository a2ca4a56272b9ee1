"""What tests of the page Users share: files of users, and waiting until the page is idle."""

from pathlib import Path

from pytestqt.qtbot import QtBot

from spoke_admin.ui.pages.users import UsersPage

HEADER = "login,email,firstName,lastName,primaryPhone\r\n"


def settle(page: UsersPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: page.tasks.quiet, timeout=30_000)


def opened(page: UsersPage, path: Path, qtbot: QtBot) -> UsersPage:
    page.open_file(path)
    settle(page, qtbot)
    return page


def roster(folder: Path, rows: int) -> Path:
    path = folder / "users.csv"
    with path.open("w", newline="") as file:
        file.write(HEADER)
        for number in range(rows):
            phone = "1-800-555-0199" if number % 3 == 0 else "415-555-2671"
            file.write(f"u{number}@example.com,u{number}@example.com,Ada,{'' if number % 5 == 0 else 'B'},{phone}\r\n")
    return path
